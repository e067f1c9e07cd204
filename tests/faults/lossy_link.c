/* A link of IP packets that loses, delays, reorders, doubles and damages them, between two network namespaces of its own.
 *
 *     lossy_link SEED STATE...          lossy_link 7 packets=300 delay=20,jitter=100,loss=0.3,for=2000 down,for=800 delay=0.25
 *
 *        side 0                              side 1
 *        10.77.0.1   TUN  --> queue -->  TUN   10.77.0.2        packets leave the queue when they are due: a delay that
 *        the kernel's     <-- queue <--        the kernel's     differs from packet to packet changes their order
 *        own TCP                               own TCP
 *
 * A state says what happens to packets that come while it lasts: delay and jitter (up to so much later) in ms, loss, twice and
 * damage (one bit) as probabilities, down for a cable that is pulled. It lasts `for` ms or until so many packets have come; the
 * last one stays. What happens to the n-th packet of a side is a function of the seed. First the program prints for
 * each side how to run a command there (nsenter ...), at the end of each state its figures; when stdin ends, it ends, and the
 * namespaces with it. It needs /dev/net/tun and either root or namespaces of users; without them it says so: exit status 77. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"

enum { MTU = 1500, QUEUE = 8192, MAX_STATES = 64, NOT_HERE = 77 };
enum { DELAY, JITTER, LOSS, TWICE, DAMAGE, DOWN, FOR, PACKETS, N_KEYS };

static const struct {
    const char *name;
    double limit;
} keys[N_KEYS] = {
    [DELAY] = {"delay", 60e3},  [JITTER] = {"jitter", 60e3}, [LOSS] = {"loss", 1.0},   [TWICE] = {"twice", 1.0},
    [DAMAGE] = {"damage", 1.0}, [DOWN] = {"down", 1.0},     [FOR] = {"for", 3600e3}, [PACKETS] = {"packets", 1e9},
};

typedef struct packet {
    int64_t due_ns;
    uint64_t number; /* among those of its side */
    int to;
    size_t length;
    unsigned char bytes[MTU];
} packet;

typedef struct side {
    int tun, control, space;
    uint64_t n_read, last_written;
} side;

enum { CARRIED, LOST, DOUBLED, DAMAGED, OVERTAKEN, N_FIGURES };
static const char *const figure_names[N_FIGURES] = {"carried", "lost", "doubled", "damaged", "overtaken"};

typedef struct lossy_link {
    cali_key key;
    side sides[2];
    double states[MAX_STATES][N_KEYS];
    int n_states, state;
    int64_t state_end_ns;
    uint64_t packets_left; /* until the state ends */
    uint64_t figures[N_FIGURES];
    packet *heap[QUEUE], *free[QUEUE]; /* a heap: none is due before heap[0] */
    size_t n_heap, n_free;
} lossy_link;

__attribute__((noreturn, format(printf, 2, 3))) static void leave(int status, const char *format, ...)
{
    const int error = errno;
    va_list words;
    va_start(words, format);
    vfprintf(stderr, format, words);
    va_end(words);
    fprintf(stderr, status == NOT_HERE ? ": %s\n" : "\n", strerror(error));
    exit(status);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- the arguments -------------------------------------------------------------------------------------------------- */

static void read_state(const char *text, double *state)
{
    char name[9];
    for (int n = 0; *text != '\0'; text += n + (text[n] == ',')) {
        double x = 1.0; /* of "down" alone */
        int k = 0;
        if (sscanf(text, "%8[a-z]%n=%lf%n", name, &n, &x, &n) < 1)
            leave(2, "what is \"%s\"?", text);
        while (k < N_KEYS && strcmp(name, keys[k].name) != 0)
            k++;
        if (k == N_KEYS || !(x >= 0.0 && x <= keys[k].limit) || (text[n] != '\0' && text[n] != ','))
            leave(2, "what is \"%s\"? A state has delay, jitter, loss, twice, damage, for and packets, =NUMBER, and down", text);
        state[k] = x;
    }
}

/* ---- the two sides -------------------------------------------------------------------------------------------------- */

static void write_map(const char *file, const char *text)
{
    const int map = open(file, O_WRONLY | O_CLOEXEC);
    if (map < 0 || write(map, text, strlen(text)) < 0)
        leave(NOT_HERE, "%s", file);
    close(map);
}

/* A namespace of users of one's own, where one may make those of networks. True if one was needed. */
static bool become_able(void)
{
    char uid[64], gid[64];
    if (unshare(CLONE_NEWNET) == 0)
        return false;
    snprintf(uid, sizeof uid, "%u %u 1", geteuid(), geteuid());
    snprintf(gid, sizeof gid, "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER) != 0)
        leave(NOT_HERE, "no namespaces of networks and of users");
    write_map("/proc/self/setgroups", "deny");
    write_map("/proc/self/uid_map", uid);
    write_map("/proc/self/gid_map", gid);
    return true;
}

static void set_up(const side *s, const char *device, bool is_up)
{
    struct ifreq request = {.ifr_flags = (short)(is_up ? IFF_UP | IFF_RUNNING : 0)};
    strcpy(request.ifr_name, device);
    if (ioctl(s->control, SIOCSIFFLAGS, &request) != 0)
        leave(NOT_HERE, "setting \"%s\" up or down", device);
}

static void set_address(const side *s, unsigned long what, uint32_t address)
{
    struct ifreq request = {.ifr_name = "link"};
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(&request.ifr_addr, &in, sizeof in);
    if (ioctl(s->control, what, &request) != 0)
        leave(NOT_HERE, "the address of a side");
}

static void open_side(side *s, int number)
{
    struct ifreq request = {.ifr_name = "link", .ifr_flags = IFF_TUN | IFF_NO_PI};
    if (unshare(CLONE_NEWNET) != 0)
        leave(NOT_HERE, "a namespace of networks");
    s->space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    s->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    s->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (s->space < 0 || s->control < 0 || s->tun < 0 || ioctl(s->tun, TUNSETIFF, &request) != 0)
        leave(NOT_HERE, "/dev/net/tun");
    set_address(s, SIOCSIFADDR, 0x0a4d0001u + (uint32_t)number);
    set_address(s, SIOCSIFNETMASK, 0xffffff00u);
    set_up(s, "lo", true);
}

/* ---- packets -------------------------------------------------------------------------------------------------------- */

static bool is_before(const packet *a, const packet *b)
{
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->number < b->number);
}

static void push(lossy_link *l, packet *p)
{
    size_t i = l->n_heap++;
    for (; i > 0 && is_before(p, l->heap[(i - 1) / 2]); i = (i - 1) / 2)
        l->heap[i] = l->heap[(i - 1) / 2];
    l->heap[i] = p;
}

static packet *pop(lossy_link *l)
{
    packet *first = l->heap[0], *last = l->heap[--l->n_heap];
    size_t i = 0;
    for (size_t child = 1; child < l->n_heap; child = 2 * i + 1) {
        if (child + 1 < l->n_heap && is_before(l->heap[child + 1], l->heap[child]))
            child++;
        if (!is_before(l->heap[child], last))
            break;
        l->heap[i] = l->heap[child];
        i = child;
    }
    l->heap[i] = last;
    return first;
}

static double uniform(uint32_t word)
{
    return (word + 0.5) / 4294967296.0;
}

/* What becomes of the packet that a side has sent. `copy` 1: its double. */
static void take(lossy_link *l, int from, uint32_t copy, const unsigned char *bytes, size_t length, int64_t now)
{
    const double *state = l->states[l->state];
    const uint64_t number = l->sides[from].n_read;
    const cali_random r = cali_philox(l->key, (uint32_t)number, (uint32_t)(number >> 32), (uint32_t)from, copy);
    const cali_random where = cali_philox(l->key, (uint32_t)number, (uint32_t)(number >> 32), (uint32_t)from, 2 + copy);
    if (uniform(r.word[0]) < state[LOSS] || l->n_free == 0) {
        l->figures[LOST]++;
    } else {
        packet *p = l->free[--l->n_free];
        p->due_ns = now + (int64_t)(1e6 * (state[DELAY] + state[JITTER] * uniform(r.word[1])));
        p->number = number;
        p->to = 1 - from;
        p->length = length;
        memcpy(p->bytes, bytes, length);
        if (uniform(r.word[2]) < state[DAMAGE]) {
            p->bytes[where.word[0] % length] ^= (unsigned char)(1u << where.word[1] % 8);
            l->figures[DAMAGED]++;
        }
        push(l, p);
    }
    if (copy == 0 && uniform(r.word[3]) < state[TWICE]) {
        l->figures[DOUBLED]++;
        take(l, from, 1, bytes, length, now);
    }
}

static void read_packets(lossy_link *l, int from)
{
    for (int i = 0; i < 64 && l->packets_left > 0; i++) { /* then those that are due */
        unsigned char bytes[MTU];
        const ssize_t length = read(l->sides[from].tun, bytes, sizeof bytes);
        if (length <= 0)
            break;
        if (bytes[0] >> 4 != 4) /* the kernel looks for neighbours by IPv6 */
            continue;
        take(l, from, 0, bytes, (size_t)length, now_ns());
        l->sides[from].n_read++;
        l->packets_left--;
    }
}

static void write_packets(lossy_link *l)
{
    while (l->n_heap > 0 && l->heap[0]->due_ns <= now_ns()) {
        packet *p = pop(l);
        side *to = &l->sides[p->to];
        if (write(to->tun, p->bytes, p->length) < 0) { /* the device is down */
            l->figures[LOST]++;
        } else {
            l->figures[CARRIED]++;
            l->figures[OVERTAKEN] += p->number < to->last_written;
            if (p->number > to->last_written)
                to->last_written = p->number;
        }
        l->free[l->n_free++] = p;
    }
}

/* ---- the course of things ------------------------------------------------------------------------------------------- */

static void begin_state(lossy_link *l, int number)
{
    const double *state = l->states[number];
    const bool has_next = number + 1 < l->n_states;
    for (int i = 0; i < 2; i++)
        set_up(&l->sides[i], "link", !(state[DOWN] > 0.0));
    l->state = number;
    l->state_end_ns = has_next && state[FOR] > 0.0 ? now_ns() + (int64_t)(1e6 * state[FOR]) : INT64_MAX;
    l->packets_left = has_next && state[PACKETS] > 0.0 ? (uint64_t)state[PACKETS] : UINT64_MAX;
}

static void end_state(lossy_link *l)
{
    for (int i = 0; i < N_FIGURES; i++)
        printf("%" PRIu64 " %s%c", l->figures[i], figure_names[i], i + 1 < N_FIGURES ? ' ' : '\n');
    fflush(stdout);
    memset(l->figures, 0, sizeof l->figures);
}

static void carry(lossy_link *l)
{
    for (char c;;) {
        write_packets(l);
        int64_t next = l->n_heap > 0 ? l->heap[0]->due_ns : INT64_MAX;
        next = next < l->state_end_ns ? next : l->state_end_ns;
        const int64_t now = now_ns(), left = next > now ? next - now : 0;
        const struct timespec wait = {left / 1000000000, left % 1000000000};
        struct pollfd files[] = {{l->sides[0].tun, POLLIN, 0}, {l->sides[1].tun, POLLIN, 0}, {0, POLLIN, 0}};
        if (ppoll(files, 3, next == INT64_MAX ? NULL : &wait, NULL) < 0 && errno != EINTR)
            leave(1, "ppoll: %s", strerror(errno));
        for (int i = 0; i < 2; i++)
            if (files[i].revents != 0)
                read_packets(l, i);
        if (files[2].revents != 0 && read(0, &c, 1) <= 0)
            return;
        if (now_ns() >= l->state_end_ns || l->packets_left == 0) {
            end_state(l);
            begin_state(l, l->state + 1);
        }
    }
}

int main(int n, char **words)
{
    static lossy_link l;
    static packet packets[QUEUE];
    if (n < 3 || n - 2 > MAX_STATES)
        leave(2, "usage: lossy_link SEED STATE..., from 1 to %d states", MAX_STATES);
    l.key = cali_key_from_seed(strtoull(words[1], NULL, 10));
    for (l.n_states = 0; l.n_states < n - 2; l.n_states++)
        read_state(words[2 + l.n_states], l.states[l.n_states]);
    for (; l.n_free < QUEUE; l.n_free++)
        l.free[l.n_free] = &packets[l.n_free];

    const bool has_users = become_able();
    prctl(PR_SET_TIMERSLACK, 1); /* the kernel may wake us 50 us too late otherwise */
    for (int i = 0; i < 2; i++) {
        open_side(&l.sides[i], i);
        printf("nsenter -t %d %s--net=/proc/%d/fd/%d\n", (int)getpid(),
               has_users ? "-U --preserve-credentials " : "", (int)getpid(), l.sides[i].space);
    }
    fflush(stdout);
    begin_state(&l, 0);
    carry(&l);
    end_state(&l);
    return 0;
}
