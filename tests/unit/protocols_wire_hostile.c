/* What a peer may try at an open port: noise, scans, silence, lies about lengths and names. Others are served all the while, and
 * memory and open files stay bounded. Sockets of the system play the hostile side. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "callosum/protocols.h"
#include "support/support.h"

static cal_context *ctx;
static cal_hub *at_host, *at_worker;
static cal_wire *host, *worker;
static cal_key_pair host_keys, worker_keys;

/* A host with CURVE and a worker with an allowed key. */
static void begin_curve(void)
{
    char path[1024], *keys = NULL;
    ctx = cali_test_context(1);
    snprintf(path, sizeof path, "%s/keys", cali_test_directory());
    cr_assert(cal_keys_folder(ctx, path, &keys) == CAL_OK);
    cr_assert(cal_keys_pair(ctx, keys, "host", true, &host_keys) == CAL_OK &&
              cal_keys_pair(ctx, keys, "worker", true, &worker_keys) == CAL_OK &&
              cal_keys_allow(ctx, keys, "worker", worker_keys.public_key, NULL) == CAL_OK);
    cr_assert(cal_hub_create(ctx, keys, &at_host) == CAL_OK && cal_hub_create(ctx, NULL, &at_worker) == CAL_OK);
    const cal_wire_def def = {.endpoint = "tcp://127.0.0.1:*", .is_listening = true, .keys = &host_keys};
    cr_assert(cal_hub_open(at_host, &def, &host) == CAL_OK);
    const cal_wire_def worker_def = {.endpoint = cal_wire_endpoint(host), .keys = &worker_keys, .host_key = host_keys.public_key};
    cr_assert(cal_hub_open(at_worker, &worker_def, &worker) == CAL_OK);
    free(keys);
}

static void begin_plain(void)
{
    ctx = cali_test_context(1);
    cr_assert(cal_hub_create(ctx, NULL, &at_host) == CAL_OK && cal_hub_create(ctx, NULL, &at_worker) == CAL_OK);
    cr_assert(cal_hub_open(at_host, &(cal_wire_def){.endpoint = "ipc://*", .is_listening = true}, &host) == CAL_OK);
    cr_assert(cal_hub_open(at_worker, &(cal_wire_def){.endpoint = cal_wire_endpoint(host)}, &worker) == CAL_OK);
}

static void begin_tcp(void)
{
    ctx = cali_test_context(1);
    cr_assert(cal_hub_create(ctx, NULL, &at_host) == CAL_OK && cal_hub_create(ctx, NULL, &at_worker) == CAL_OK);
    cr_assert(cal_hub_open(at_host, &(cal_wire_def){.endpoint = "tcp://127.0.0.1:*", .is_listening = true}, &host) == CAL_OK);
    cr_assert(cal_hub_open(at_worker, &(cal_wire_def){.endpoint = cal_wire_endpoint(host)}, &worker) == CAL_OK);
}

static void end(void)
{
    cal_wire_close(&worker);
    cal_wire_close(&host);
    cal_hub_destroy(&at_worker);
    cal_hub_destroy(&at_host);
    cal_context_destroy(&ctx);
}

TestSuite(protocols_hostile_curve, .init = begin_curve, .fini = end, .timeout = 200);
TestSuite(protocols_hostile_plain, .init = begin_plain, .fini = end, .timeout = 200);
TestSuite(protocols_hostile_tcp, .init = begin_tcp, .fini = end, .timeout = 200);

/* ---- helpers ----------------------------------------------------------------------------------- */

static int connect_raw(void)
{
    struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un ipc = {.sun_family = AF_UNIX};
    const char *endpoint = cal_wire_endpoint(host);
    const bool is_tcp = strncmp(endpoint, "tcp", 3) == 0;
    tcp.sin_port = htons((uint16_t)strtol(strrchr(endpoint, ':') + 1, NULL, 10));
    snprintf(ipc.sun_path, sizeof ipc.sun_path, "%.100s", endpoint + 6);
    const int s = socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
    cr_assert(s >= 0);
    cr_assert(is_tcp ? connect(s, (struct sockaddr *)&tcp, sizeof tcp) == 0 : connect(s, (struct sockaddr *)&ipc, sizeof ipc) == 0);
    return s;
}

/* The peer may have closed already: that is what is wanted, not SIGPIPE. */
static void push(int s, const void *bytes, size_t n)
{
    const ssize_t sent = send(s, bytes, n, MSG_NOSIGNAL);
    (void)sent;
}

/* Whether the host closes the connection within `timeout_ms`. */
static bool is_closed(int s, int timeout_ms)
{
    char bytes[4096];
    struct pollfd item = {.fd = s, .events = POLLIN};
    const double until_s = cali_wall_s() + 1e-3 * timeout_ms;
    do
        if (poll(&item, 1, timeout_ms > 20 ? 20 : timeout_ms) > 0 && recv(s, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            return true;
    while (cali_wall_s() < until_s);
    return false;
}

/* ZMTP 3.0: signature, version, mechanism. */
static void greet(int s, const char *mechanism)
{
    unsigned char greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0};
    memcpy(greeting + 12, mechanism, strlen(mechanism));
    push(s, greeting, sizeof greeting);
}

/* A whole handshake without keys, as a DEALER of this name. */
static int join_raw(const char *name)
{
    unsigned char ready[512] = "\x04\0\x05READY\x0bSocket-Type\0\0\0\x06" "DEALER\x08Identity\0\0\0";
    const size_t length = strlen(name), n = 2 + 28 + 13 + length;
    cr_assert(length < 200);
    ready[1] = (unsigned char)(n - 2);
    ready[2 + 28 + 12] = (unsigned char)length;
    memcpy(ready + 2 + 28 + 13, name, length);
    const int s = connect_raw();
    greet(s, "NULL");
    push(s, ready, n);
    unsigned char answer[66];
    cr_assert(recv(s, answer, sizeof answer, MSG_WAITALL) == sizeof answer && answer[64] == 4);
    return s;
}

/* There and back with the honest worker. */
static void expect_served(void)
{
    cal_peer peer;
    cal_frames got;
    cr_assert(cal_wire_send(worker, NULL, &(cal_frame){"hello", 5}, 1));
    cr_assert(cal_wire_wait(&host, 1, 30000) && cal_wire_receive(host, &peer, &got), "the honest worker is not heard");
    cr_expect(got.n == 1 && got.frames[0].size == 5 && memcmp(got.frames[0].data, "hello", 5) == 0);
    cal_frames_release(&got);
    cr_assert(cal_wire_send(host, &peer, &(cal_frame){"welcome", 7}, 1));
    cr_assert(cal_wire_wait(&worker, 1, 30000) && cal_wire_receive(worker, &peer, &got));
    cal_frames_release(&got);
}

static double resident_mb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file != NULL && fscanf(file, "%*s %ld", &pages) == 1);
    fclose(file);
    return 1e-6 * (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static int count_files(void)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

/* Sends a piece again and again, while the host looks for messages, until the host has had enough. Returns the bytes. */
static size_t push_without_end(int s, const void *piece, size_t size)
{
    enum { ENOUGH = 256 << 20 };
    size_t n = 0;
    for (cal_frames got; n < ENOUGH && !is_closed(s, 0); n += size) {
        cal_peer from;
        push(s, piece, size);
        cr_expect(!cal_wire_receive(host, &from, &got), "something came of it");
        poll(NULL, 0, 1);
    }
    return n;
}

/* The open files come down to n. A connection of one's own is greeted first: connections are taken in their order, so none
 * of those before it waits to be taken and to count later. */
static void expect_files(int n)
{
    char greeting[64];
    const int last = connect_raw();
    cr_assert(recv(last, greeting, sizeof greeting, 0) > 0);
    close(last);
    int n_open = count_files();
    for (int i = 0; i < 400 && n_open > n; i++) {
        poll(NULL, 0, 50);
        n_open = count_files();
    }
    cr_expect(n_open <= n, "%d open files, %d before", n_open, n);
}

/* ---- at a port with CURVE ---------------------------------------------------------------------- */

Test(protocols_hostile_curve, random_bytes_reach_nobody_and_others_are_served)
{
    enum { N = 300, SIZE = 3000 };
    const cali_key key = cali_key_from_seed(7);
    unsigned char bytes[SIZE];
    expect_served();
    for (uint32_t i = 0; i < N; i++) {
        const int s = connect_raw();
        if (i % 3 == 1)
            greet(s, "CURVE"); /* the noise comes behind a right beginning */
        if (i % 3 == 2)
            greet(s, "NULL");
        for (uint32_t k = 0; k < SIZE; k++)
            bytes[k] = (unsigned char)cali_philox(key, i, k, 0, 0).word[0];
        push(s, bytes, 1 + cali_philox(key, i, 0, 1, 0).word[0] % SIZE);
        if (i % 50 == 0)
            expect_served();
        close(s);
    }
    expect_served();
    cal_frames got;
    cal_peer from;
    cr_expect(!cal_wire_wait(&host, 1, 200) && !cal_wire_receive(host, &from, &got));
    cr_expect(cal_hub_get_door(at_host).n_admitted == 1);
}

Test(protocols_hostile_curve, a_port_scanner_leaves_no_open_files_behind)
{
    expect_served();
    const int n_before = count_files();
    for (int i = 0; i < 1000; i++) {
        close(connect_raw());
        if (i % 200 == 0)
            expect_served();
    }
    expect_files(n_before);
    expect_served();
}

Test(protocols_hostile_curve, a_thousand_connections_that_say_nothing_cost_little_and_are_closed)
{
    enum { N = 1000 };
    static int silent[N];
    struct rlimit limit;
    cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < 2 * N + 100)
        cr_skip("only %ld open files allowed", (long)limit.rlim_cur);
    expect_served();
    const double before_mb = resident_mb();
    const int n_before = count_files();
    for (int i = 0; i < N; i++)
        silent[i] = connect_raw();
    expect_served();
    poll(NULL, 0, 500);
    expect_served();
    /* about 20 KB each: buffers of the decoder and the encoder. The sanitizers' own memory comes on top. */
    cr_expect(resident_mb() - before_mb < 100.0, "%.1f MB more", resident_mb() - before_mb);
    cr_log_info("%.1f MB for %d silent connections", resident_mb() - before_mb, N);
    for (int i = 0; i < N; i += 333)
        cr_expect(is_closed(silent[i], 60000), "connection %d is still open", i);
    for (int i = 0; i < N; i++)
        close(silent[i]);
    expect_files(n_before);
    expect_served();
}

Test(protocols_hostile_curve, a_length_beyond_the_limit_before_the_handshake_ends_the_connection)
{
    expect_served();
    const double before_mb = resident_mb();
    for (int i = 0; i < 50; i++) {
        const int s = connect_raw();
        greet(s, "CURVE");
        push(s, "\x06\0\0\0\0\x08\0\0\0\x05HELLO", 15); /* a command of 128 MiB, says this one */
        cr_expect(is_closed(s, 30000));
        close(s);
    }
    cr_expect(resident_mb() - before_mb < 50.0);
    expect_served();
}

/* Without a key: a command of 63 MiB, which is below the limit of a frame. */
Test(protocols_hostile_curve, a_handshake_that_does_not_end_is_cut)
{
    static unsigned char piece[64 << 10];
    expect_served();
    const double before_mb = resident_mb();
    const int s = connect_raw();
    greet(s, "CURVE");
    push(s, "\x06\0\0\0\0\x03\xf0\0\0\x05HELLO", 15);
    const size_t n = push_without_end(s, piece, sizeof piece);
    cr_expect(is_closed(s, 30000) && n > 4 << 20, "%zu bytes", n);
    cr_expect(resident_mb() - before_mb < 100.0, "%.1f MB more", resident_mb() - before_mb);
    cr_expect(cal_wire_n_dropped(host) == 1);
    close(s);
    expect_served();
}

/* ---- at a port of tcp without ------------------------------------------------------------------- */

/* Each frame is below the limit of a frame, and each says that one more comes. */
Test(protocols_hostile_tcp, a_message_without_end_is_cut)
{
    enum { SIZE = 64 << 10 };
    static unsigned char frame[9 + SIZE] = {0x03, 0, 0, 0, 0, 0, 1, 0, 0};
    expect_served();
    const double before_mb = resident_mb();
    const int s = join_raw("endless");
    const size_t n = push_without_end(s, frame, sizeof frame);
    cr_expect(is_closed(s, 30000) && n > 4 << 20, "%zu bytes", n);
    cr_expect(resident_mb() - before_mb < 150.0, "%.1f MB more", resident_mb() - before_mb);
    cr_expect(cal_wire_n_dropped(host) == 1);
    cr_expect(strstr(cali_test_last_note(), "E106 a peer at 127.0.0.1") != NULL, "%s", cali_test_last_note());
    close(s);
    expect_served();
}

/* Whoever said something before may send what a message may have: a hundred times the limit of the first one is on the way here. */
Test(protocols_hostile_tcp, a_long_message_of_somebody_known_is_not)
{
    enum { SIZE = 64 << 10, N = 640 }; /* 40 MiB */
    static unsigned char frame[9 + SIZE] = {0x03, 0, 0, 0, 0, 0, 1, 0, 0};
    cal_peer from;
    cal_frames got;
    const int s = join_raw("long");
    push(s, "\0\x02hi", 4);
    cr_assert(cal_wire_wait(&host, 1, 30000) && cal_wire_receive(host, &from, &got));
    cal_frames_release(&got);
    for (int i = 0; i < N; i++) {
        push(s, frame, sizeof frame);
        cr_assert(!cal_wire_receive(host, &from, &got));
        poll(NULL, 0, i % 8 == 0);
    }
    push(s, "\0\x03" "end", 5);
    cr_expect(!is_closed(s, 100));
    cr_expect(cal_wire_wait(&host, 1, 30000));
    cr_expect(!cal_wire_receive(host, &from, &got), "it has more frames than ours may have");
    cr_expect(cal_wire_n_dropped(host) == 1);
    push(s, "\0\x02hi", 4);
    cr_expect(cal_wire_wait(&host, 1, 30000) && cal_wire_receive(host, &from, &got));
    cal_frames_release(&got);
    close(s);
    expect_served();
}

/* ---- at a port of ipc --------------------------------------------------------------------------- */

Test(protocols_hostile_plain, a_frame_beyond_the_limit_ends_the_connection)
{
    expect_served();
    const int s = join_raw("liar");
    push(s, "\x02\0\0\0\0\x04\x10\0\0", 9); /* 65 MiB and more follow, says this one */
    cr_expect(is_closed(s, 30000));
    close(s);
    expect_served();
}

Test(protocols_hostile_plain, a_peer_that_is_too_old_to_be_asked_who_it_is_is_not_taken)
{
    static const unsigned char old[] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0, 5}; /* ZMTP 2.0, a DEALER */
    const int two = connect_raw(), one = connect_raw();
    push(two, old, sizeof old);
    push(two, "\0\0\0\x02hi", 6);
    push(one, "\x01\0\x03\0hi", 6); /* ZMTP 1.0: no greeting at all */
    cr_expect(is_closed(two, 3000) && is_closed(one, 3000));
    close(one);
    close(two);
    expect_served();
    cal_frames got;
    cal_peer from;
    cr_expect(!cal_wire_receive(host, &from, &got));
}

Test(protocols_hostile_plain, a_name_that_is_taken_cannot_be_taken_over)
{
    cal_peer first, from;
    cal_frames got;
    const int honest = join_raw("thalamus");
    push(honest, "\0\x02hi", 4);
    cr_assert(cal_wire_wait(&host, 1, 30000) && cal_wire_receive(host, &first, &got));
    cal_frames_release(&got);
    cr_expect(first.size == 8 && memcmp(first.id, "thalamus", 8) == 0);
    const int thief = join_raw("thalamus");
    push(thief, "\0\x04mine", 6);
    cr_expect(!cal_wire_wait(&host, 1, 200), "the thief is heard");
    char bytes[256];
    while (recv(honest, bytes, sizeof bytes, MSG_DONTWAIT) > 0 || recv(thief, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ; /* what is left of the handshakes */
    cr_assert(cal_wire_send(host, &first, &(cal_frame){"secret", 6}, 1));
    cr_expect(recv(honest, bytes, 8, MSG_WAITALL) == 8 && memcmp(bytes, "\0\x06secret", 8) == 0);
    cr_expect(recv(thief, bytes, sizeof bytes, MSG_DONTWAIT) <= 0);
    close(thief);
    close(honest);
    cal_wire_receive(host, &from, &got);
    expect_served();
}

Test(protocols_hostile_plain, a_name_longer_than_ours_can_be_is_dropped_and_counted)
{
    const int s = join_raw("a-name-of-more-than-thirty-two-bytes");
    push(s, "\0\x02hi", 4);
    cal_frames got;
    cal_peer from;
    cr_expect(cal_wire_wait(&host, 1, 30000) && !cal_wire_receive(host, &from, &got));
    cr_expect(cal_wire_n_dropped(host) == 1);
    close(s);
    expect_served();
}

Test(protocols_hostile_plain, sixty_four_workers_are_told_apart)
{
    enum { N = 64 };
    cal_wire *wires[N];
    cal_peer peers[N], from;
    cal_frames got;
    for (int i = 0; i < N; i++)
        cr_assert(cal_hub_open(at_worker, &(cal_wire_def){.endpoint = cal_wire_endpoint(host)}, &wires[i]) == CAL_OK);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < N; i++)
            cr_assert(cal_wire_send(wires[i], NULL, &(cal_frame){&i, sizeof i}, 1));
        for (int n = 0, i = 0; n < N; n++) {
            cr_assert(cal_wire_wait(&host, 1, 30000) && cal_wire_receive(host, &from, &got));
            memcpy(&i, got.frames[0].data, sizeof i);
            cal_frames_release(&got);
            cr_expect(round == 0 || (peers[i].size == from.size && memcmp(peers[i].id, from.id, from.size) == 0));
            peers[i] = from;
        }
        for (int i = 0; i < N; i++)
            cr_assert(cal_wire_send(host, &peers[i], &(cal_frame){&i, sizeof i}, 1));
        for (int i = 0, k = 0; i < N; i++) {
            cr_assert(cal_wire_wait(&wires[i], 1, 5000) && cal_wire_receive(wires[i], &from, &got));
            memcpy(&k, got.frames[0].data, sizeof k);
            cal_frames_release(&got);
            cr_expect(k == i);
        }
    }
    for (int i = 0; i < N; i++)
        cal_wire_close(&wires[i]);
    expect_served();
}
