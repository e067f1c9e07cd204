/* Who sends on and on and no message comes of it is cut: connections of this program with itself, and limits of a few thousand bytes. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/flow.h"

enum { FIRST = 1000, MOST = 10000 };

static cali_flows flows;
static int listener;

static void begin(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    flows = (cali_flows){.most_first = FIRST, .most = MOST};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(listener >= 0 && bind(listener, (struct sockaddr *)&own, sizeof own) == 0 && listen(listener, 4) == 0);
}

static void end(void)
{
    cali_flow_free(&flows);
    close(listener);
}

TestSuite(protocols_flow, .init = begin, .fini = end, .timeout = 60);

typedef struct line {
    int peer, file; /* its end and ours */
} line;

static line open_line(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    line l = {.peer = socket(AF_INET, SOCK_STREAM, 0)};
    cr_assert(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    cr_assert(connect(l.peer, (struct sockaddr *)&address, sizeof address) == 0);
    l.file = accept(listener, NULL, NULL);
    cr_assert(l.file >= 0 && cali_flow_open(&flows, l.file));
    return l;
}

static void close_line(line l)
{
    close(l.peer);
    close(l.file);
}

/* Over the line, read as ZeroMQ would, so that the system counts it. */
static void push(line l, size_t n)
{
    static char bytes[4 * MOST];
    cr_assert(n <= sizeof bytes && send(l.peer, bytes, n, MSG_NOSIGNAL) == (ssize_t)n);
    cr_assert(recv(l.file, bytes, n, MSG_WAITALL) == (ssize_t)n);
}

static size_t look(void)
{
    char address[64] = "";
    const size_t n = cali_flow_look(&flows, address, sizeof address);
    cr_expect(eq(str, address, n > 0 ? (char *)"127.0.0.1" : (char *)""));
    return n;
}

/* Whether the peer is told that the line has ended. */
static bool is_cut(line l)
{
    char byte;
    struct pollfd item = {.fd = l.peer, .events = POLLIN};
    return poll(&item, 1, 0) > 0 && recv(l.peer, &byte, 1, MSG_DONTWAIT) == 0;
}

Test(protocols_flow, the_first_message_has_a_small_limit)
{
    const line a = open_line(), b = open_line();
    push(a, FIRST);
    push(b, FIRST);
    cr_expect(eq(sz, look(), 0));
    push(b, 1);
    cr_expect(eq(sz, look(), 1));
    cr_expect(is_cut(b) && !is_cut(a));
    cr_expect(eq(sz, look(), 0), "it is cut once");
    close_line(a);
    close_line(b);
}

Test(protocols_flow, later_ones_may_be_as_long_as_a_message_and_each_begins_anew)
{
    const line l = open_line();
    push(l, 10);
    cali_flow_heard(&flows, l.file);
    cr_expect(eq(sz, look(), 0));
    for (int i = 0; i < 5; i++) {
        push(l, MOST);
        cr_expect(eq(sz, look(), 0));
        cali_flow_heard(&flows, l.file);
        cr_expect(eq(sz, look(), 0));
    }
    push(l, MOST);
    cr_expect(eq(sz, look(), 0));
    push(l, 1);
    cr_expect(eq(sz, look(), 1));
    cr_expect(is_cut(l));
    close_line(l);
}

/* The list of connections is read now and then, messages at once. */
Test(protocols_flow, a_message_may_be_heard_before_its_connection_is_known)
{
    line l = open_line();
    flows.of[l.file] = (cali_flow){.is_open = false};
    cali_flow_heard(&flows, l.file);
    cr_assert(cali_flow_open(&flows, l.file));
    push(l, MOST);
    cr_expect(eq(sz, look(), 0));
    push(l, MOST);
    cr_expect(eq(sz, look(), 0), "what is there when a message was heard is not counted");
    push(l, 1);
    cr_expect(eq(sz, look(), 1));
    close_line(l);
}

/* Numbers of files are used again at once. */
Test(protocols_flow, a_new_connection_with_an_old_number_begins_anew)
{
    const line old = open_line();
    cali_flow_heard(&flows, old.file);
    push(old, MOST);
    cr_expect(eq(sz, look(), 0));
    close_line(old);
    const line l = open_line(), other = open_line();
    cr_assert(l.file == old.file || other.file == old.file);
    const line again = l.file == old.file ? l : other;
    push(again, FIRST);
    cr_expect(eq(sz, look(), 0));
    push(again, 1);
    cr_expect(eq(sz, look(), 1));
    close_line(l);
    close_line(other);
}

Test(protocols_flow, closed_ones_and_those_without_a_count_are_forgotten)
{
    int pair[2];
    const line l = open_line();
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    cr_assert(cali_flow_open(&flows, pair[0]) && flows.of[pair[0]].is_open && flows.of[l.file].is_open);
    close_line(l);
    cr_expect(eq(sz, look(), 0));
    cr_expect(eq(int, flows.of[l.file].is_open || flows.of[pair[0]].is_open, 0));
    cali_flow_heard(&flows, -1); /* a message without a file */
    cr_expect(eq(int, cali_flow_open(&flows, -1), 0));
    close(pair[0]);
    close(pair[1]);
}
