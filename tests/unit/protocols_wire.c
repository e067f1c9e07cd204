/* The sockets of the wire protocol: who is let in, what comes out, and what a peer cannot do. All on ipc and loopback. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "callosum/protocols.h"
#include "support/support.h"

enum { WAIT_MS = 30000 };
static cal_context *ctx;
static char folder[64], keys[80];

static void begin(void)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    cr_assert(cal_context_create(&def, &ctx) == CAL_OK);
    snprintf(folder, sizeof folder, "/tmp/callosum-wire-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(keys, sizeof keys, "%s/keys", folder);
    char *made = NULL;
    cr_assert(cal_keys_folder(ctx, keys, &made) == CAL_OK);
    free(made);
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(system(command) == 0);
    cal_context_destroy(&ctx);
}

TestSuite(protocols_wire, .init = begin, .fini = end, .timeout = 200);

/* ---- helpers ----------------------------------------------------------------------------------- */

static cal_hub *make_hub(const char *with_keys)
{
    cal_hub *hub = NULL;
    cr_assert(cal_hub_create(ctx, with_keys, &hub) == CAL_OK, "%s", cal_context_message(ctx));
    return hub;
}

static cal_wire *open_wire(cal_hub *hub, cal_wire_def def)
{
    cal_wire *wire = NULL;
    cr_assert(cal_hub_open(hub, &def, &wire) == CAL_OK, "%s", cal_context_message(ctx));
    return wire;
}

static bool send_text(cal_wire *wire, const cal_peer *to, const char *text)
{
    const cal_frame frame = {text, strlen(text)};
    return cal_wire_send(wire, to, &frame, 1);
}

/* The next message within WAIT_MS is this text alone. */
static void expect_text(cal_wire *wire, cal_peer *from, const char *text)
{
    cal_frames got;
    cal_peer peer;
    cr_assert(cal_wire_wait(&wire, 1, WAIT_MS), "nothing came instead of \"%s\"", text);
    cr_assert(cal_wire_receive(wire, &peer, &got));
    cr_expect(got.n == 1 && got.frames[0].size == strlen(text) && memcmp(got.frames[0].data, text, strlen(text)) == 0);
    cal_frames_release(&got);
    if (from != NULL)
        *from = peer;
}

static cal_wire_link wait_for_link(cal_wire *wire)
{
    const double until = cali_wall_s() + 1e-3 * WAIT_MS;
    while (cal_wire_get_link(wire) == CAL_LINK_OPENING && cali_wall_s() < until)
        cal_wire_wait(&wire, 1, 50);
    return cal_wire_get_link(wire);
}

/* There and back between two hubs. */
static void expect_exchange(cal_wire *host, cal_wire *worker)
{
    cal_peer peer;
    cr_assert(send_text(worker, NULL, "hello"));
    expect_text(host, &peer, "hello");
    cr_assert(send_text(host, &peer, "welcome"));
    expect_text(worker, NULL, "welcome");
}

/* The failure of opening names what is wrong and what to try. */
static void expect_refused(cal_hub *hub, cal_wire_def def, cal_status status, const char *words)
{
    cal_wire *wire = NULL;
    cr_expect(cal_hub_open(hub, &def, &wire) == status, "%s", def.endpoint);
    cr_expect(wire == NULL);
    cr_expect(strstr(cal_context_message(ctx), words) != NULL, "\"%s\" lacks \"%s\"", cal_context_message(ctx), words);
    cr_expect(strstr(cal_context_message(ctx), "ry ") != NULL || status == CAL_ERR_IO, "no hint: %s", cal_context_message(ctx));
    cal_context_clear(ctx);
}

static cal_key_pair make_keys(const char *name, bool is_allowed)
{
    cal_key_pair pair;
    cr_assert(cal_keys_pair(ctx, keys, name, true, &pair) == CAL_OK, "%s", cal_context_message(ctx));
    if (is_allowed)
        cr_assert(cal_keys_allow(ctx, keys, name, pair.public_key, NULL) == CAL_OK, "%s", cal_context_message(ctx));
    return pair;
}

/* ---- exchange ---------------------------------------------------------------------------------- */

Test(protocols_wire, plaintext_goes_there_and_back_on_ipc_and_loopback_of_both_families)
{
    static const char *const endpoints[] = {"ipc://*", "tcp://127.0.0.1:*", "tcp://localhost:*", "tcp://[::1]:*"};
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        cal_hub *at_host = make_hub(NULL), *at_worker = make_hub(NULL);
        cal_wire *host = NULL;
        const cal_wire_def def = {.endpoint = endpoints[i], .is_listening = true};
        if (cal_hub_open(at_host, &def, &host) != CAL_OK && i == 3) {
            cal_context_clear(ctx); /* a machine without IPv6 */
        } else {
            cal_wire *worker = open_wire(at_worker, (cal_wire_def){.endpoint = cal_wire_endpoint(host)});
            expect_exchange(host, worker);
            cr_expect(cal_wire_get_link(worker) == CAL_LINK_UP);
            cr_expect(cal_hub_get_door(at_host).n_admitted == 1 && cal_hub_get_door(at_host).n_refused == 0);
            cal_wire_close(&worker);
            cal_wire_close(&host);
        }
        cal_hub_destroy(&at_worker);
        cal_hub_destroy(&at_host);
    }
}

Test(protocols_wire, curve_lets_an_allowed_key_in_and_a_revoked_one_no_more)
{
    const cal_key_pair host_keys = make_keys("host", false), gpu1 = make_keys("gpu1", true);
    cal_hub *at_host = make_hub(keys), *at_worker = make_hub(NULL);
    cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "tcp://127.0.0.1:*", .is_listening = true, .keys = &host_keys});
    const cal_wire_def def = {.endpoint = cal_wire_endpoint(host), .keys = &gpu1, .host_key = host_keys.public_key};
    cal_wire *worker = open_wire(at_worker, def);
    expect_exchange(host, worker);
    cal_wire_close(&worker);

    cr_assert(cal_keys_revoke(ctx, keys, "gpu1") == CAL_OK);
    worker = open_wire(at_worker, def);
    cr_expect(wait_for_link(worker) == CAL_LINK_REFUSED);
    cr_expect(!send_text(worker, NULL, "hello"));
    const cal_door door = cal_hub_get_door(at_host);
    cr_expect(door.n_admitted == 1 && door.n_refused == 1);
    cr_expect(strcmp(door.last_key, gpu1.public_key) == 0 && strcmp(door.last_address, "127.0.0.1") == 0, "%s %s",
              door.last_key, door.last_address);
    cal_wire_close(&worker);

    cr_assert(cal_keys_allow(ctx, keys, "gpu1", gpu1.public_key, NULL) == CAL_OK);
    worker = open_wire(at_worker, def); /* and is welcome again */
    expect_exchange(host, worker);
    cal_wire_close(&worker);
    cal_wire_close(&host);
    cal_hub_destroy(&at_worker);
    cal_hub_destroy(&at_host);
}

/* Sends until a message is heard (`is_heard`) or one is dropped; whether that came within half a minute. */
static bool send_until(cal_wire *host, cal_wire *worker, bool is_heard)
{
    const uint64_t n_dropped = cal_wire_n_dropped(host);
    for (const double begin_s = cali_wall_s(); cali_wall_s() - begin_s < 30.0;) {
        cal_frames got;
        cal_peer from;
        send_text(worker, NULL, "do you hear me");
        cal_wire_wait(&host, 1, 20);
        const bool has_come = cal_wire_receive(host, &from, &got);
        cal_frames_release(&got);
        if (is_heard ? has_come : cal_wire_n_dropped(host) > n_dropped)
            return true;
    }
    return false;
}

Test(protocols_wire, a_revoked_key_is_no_longer_heard_over_an_open_connection_and_others_are)
{
    const cal_key_pair host_keys = make_keys("host", false), good = make_keys("good", true), bad = make_keys("bad", true);
    cal_hub *at_host = make_hub(keys), *at_worker = make_hub(NULL);
    cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "tcp://127.0.0.1:*", .is_listening = true, .keys = &host_keys});
    cal_wire_def def = {.endpoint = cal_wire_endpoint(host), .keys = &good, .host_key = host_keys.public_key};
    cal_wire *one = open_wire(at_worker, def);
    def.keys = &bad;
    cal_wire *two = open_wire(at_worker, def);
    expect_exchange(host, one);
    expect_exchange(host, two);
    cr_assert(cal_keys_revoke(ctx, keys, "bad") == CAL_OK);
    cr_expect(send_until(host, two, false));
    for (int i = 0; i < 10; i++) { /* and from then on nothing */
        cal_frames got;
        cal_peer from;
        send_text(two, NULL, "and now");
        cal_wire_wait(&host, 1, 10);
        cr_expect(!cal_wire_receive(host, &from, &got));
    }
    expect_exchange(host, one);
    cr_assert(cal_keys_allow(ctx, keys, "bad", bad.public_key, NULL) == CAL_OK); /* a mistake, taken back */
    cr_expect(send_until(host, two, true));
    cal_wire_close(&one);
    cal_wire_close(&two);
    cal_wire_close(&host);
    cal_hub_destroy(&at_worker);
    cal_hub_destroy(&at_host);
}

Test(protocols_wire, nobody_gets_past_curve_without_the_right_keys)
{
    const cal_key_pair host_keys = make_keys("host", false), gpu1 = make_keys("gpu1", true), other = make_keys("other", false);
    const struct {
        const char *what;
        const cal_key_pair *keys;
        const char *host_key;
        cal_wire_link link;
    } cases[] = {{"a key that is not allowed", &other, host_keys.public_key, CAL_LINK_REFUSED},
                 {"another host than it says", &gpu1, other.public_key, CAL_LINK_UNTRUSTED},
                 {"plaintext", NULL, NULL, CAL_LINK_UNTRUSTED}};
    cal_hub *at_host = make_hub(keys), *at_worker = make_hub(NULL);
    cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "tcp://127.0.0.1:*", .is_listening = true, .keys = &host_keys});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cal_wire_def def = {.endpoint = cal_wire_endpoint(host), .keys = cases[i].keys, .host_key = cases[i].host_key};
        cal_wire *worker = open_wire(at_worker, def);
        send_text(worker, NULL, "let me in");
        cr_expect(wait_for_link(worker) == cases[i].link, "%s: %d", cases[i].what, (int)cal_wire_get_link(worker));
        cr_expect(!cal_wire_wait(&host, 1, 100), "%s: a message came through", cases[i].what);
        cal_wire_close(&worker);
    }
    cr_expect(cal_hub_get_door(at_host).n_admitted == 0);
    cal_wire *good = open_wire(at_worker, (cal_wire_def){.endpoint = cal_wire_endpoint(host), .keys = &gpu1,
                                                         .host_key = host_keys.public_key});
    expect_exchange(host, good);
    cal_wire_close(&good);
    cal_wire_close(&host);
    cal_hub_destroy(&at_worker);
    cal_hub_destroy(&at_host);
}

Test(protocols_wire, frames_arrive_as_they_were_and_outlive_the_socket)
{
    enum { BIG = 3 << 20 };
    static unsigned char big[BIG];
    for (size_t i = 0; i < BIG; i++)
        big[i] = (unsigned char)(i * 2654435761u >> 24);
    cal_hub *at_host = make_hub(NULL), *at_worker = make_hub(NULL);
    cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    cal_wire *worker = open_wire(at_worker, (cal_wire_def){.endpoint = cal_wire_endpoint(host)});
    const cal_frame sent[] = {{"head", 4}, {"", 0}, {big, BIG}, {NULL, 0}};
    cr_assert(cal_wire_send(worker, NULL, sent, 4));
    cal_frames got;
    cal_peer from;
    cr_assert(cal_wire_wait(&host, 1, WAIT_MS) && cal_wire_receive(host, &from, &got));
    cal_frames none;
    cr_expect(!cal_wire_receive(host, &from, &none) && none.n == 0);
    cal_wire_close(&worker);
    cal_wire_close(&host);
    cal_hub_destroy(&at_worker);
    cal_hub_destroy(&at_host);
    cr_assert(got.n == 4);
    for (size_t i = 0; i < 4; i++)
        cr_expect(got.frames[i].size == sent[i].size &&
                  (sent[i].size == 0 || memcmp(got.frames[i].data, sent[i].data, sent[i].size) == 0));
    cal_frames_release(&got);
    cal_frames_release(&got);
}

/* ---- opening: each error of the header --------------------------------------------------------- */

Test(protocols_wire, endpoints_that_cannot_be_are_refused_with_a_hint)
{
    char long_path[256], file[128];
    snprintf(long_path, sizeof long_path, "ipc://%s/%0100d", folder, 0);
    snprintf(file, sizeof file, "ipc://%s/file", folder);
    FILE *foreign = fopen(file + 6, "w");
    cr_assert(foreign != NULL && fclose(foreign) == 0);
    cal_hub *hub = make_hub(NULL);
    const struct {
        const char *endpoint, *words;
        cal_status status;
        bool is_listening;
    } cases[] = {
        {"", "begins with", CAL_ERR_INPUT, true},
        {"udp://127.0.0.1:5000", "begins with", CAL_ERR_INPUT, true},
        {"tcp://127.0.0.1", "port", CAL_ERR_INPUT, true},
        {"tcp://127.0.0.1:0", "port", CAL_ERR_INPUT, true},
        {"tcp://127.0.0.1:65536", "port", CAL_ERR_INPUT, true},
        {"tcp://127.0.0.1:55x", "port", CAL_ERR_INPUT, true},
        {"tcp://::1:5000", "[::1]", CAL_ERR_INPUT, true},
        {"tcp://:5000", "port", CAL_ERR_INPUT, true},
        {"tcp://*:5000", "without keys", CAL_ERR_INPUT, true},
        {"tcp://0.0.0.0:5000", "without keys", CAL_ERR_INPUT, true},
        {"tcp://192.0.2.1:5000", "without keys", CAL_ERR_INPUT, false},
        {"tcp://127.0.0.1:*", "port", CAL_ERR_INPUT, false},
        {"tcp://*:5000", "listening side", CAL_ERR_INPUT, false},
        {"tcp://no-such-host.invalid:5000", "no-such-host.invalid", CAL_ERR_IO, false},
        {"ipc://", "path", CAL_ERR_INPUT, true},
        {"ipc://@abstract", "path", CAL_ERR_INPUT, true},
        {long_path, "at most 100", CAL_ERR_INPUT, true},
        {long_path, "at most 100", CAL_ERR_INPUT, false},
        {file, "no socket", CAL_ERR_INPUT, true},
        {"ipc:///tmp/callosum-hub", "ipc:///tmp/private/hub", CAL_ERR_INPUT, true},
        {"ipc:///no/such/folder/hub", "/no/such/folder", CAL_ERR_IO, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused(hub, (cal_wire_def){.endpoint = cases[i].endpoint, .is_listening = cases[i].is_listening},
                       cases[i].status, cases[i].words);
    cr_expect(access(file + 6, F_OK) == 0, "a foreign file was removed");
    cal_hub_destroy(&hub);
}

Test(protocols_wire, keys_that_do_not_fit_are_refused_with_a_hint)
{
    const cal_key_pair pair = make_keys("gpu1", false), broken = {"short", "shorter"};
    cal_hub *hub = make_hub(keys);
    const char *endpoint = "tcp://127.0.0.1:5000";
    expect_refused(hub, (cal_wire_def){.endpoint = endpoint, .keys = &broken, .is_listening = true}, CAL_ERR_INPUT, "broken");
    expect_refused(hub, (cal_wire_def){.endpoint = endpoint, .keys = &pair}, CAL_ERR_INPUT, "--host-key");
    expect_refused(hub, (cal_wire_def){.endpoint = endpoint, .host_key = pair.public_key}, CAL_ERR_INPUT, "keys new");
    cal_wire_def def = {.endpoint = endpoint, .keys = &pair, .host_key = "nonsense"};
    cal_wire *wire = NULL;
    cr_expect(cal_hub_open(hub, &def, &wire) == CAL_ERR_INPUT && wire == NULL);
    cal_context_clear(ctx);
    cal_hub_destroy(&hub);
}

Test(protocols_wire, an_address_in_use_is_refused_and_free_again_after_close)
{
    char endpoint[128];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/hub", folder);
    cal_hub *first = make_hub(NULL), *second = make_hub(NULL);
    const char *const wishes[] = {endpoint, "tcp://127.0.0.1:*"};
    for (size_t i = 0; i < 2; i++) {
        char bound[128];
        cal_wire *wire = open_wire(first, (cal_wire_def){.endpoint = wishes[i], .is_listening = true});
        snprintf(bound, sizeof bound, "%s", cal_wire_endpoint(wire));
        for (int k = 0; k < 20; k++) {
            expect_refused(second, (cal_wire_def){.endpoint = bound, .is_listening = true}, CAL_ERR_IO, bound);
            cal_wire_close(&wire);
            if (i == 0)
                cr_expect(access(endpoint + 6, F_OK) != 0, "the file is still there");
            wire = open_wire(first, (cal_wire_def){.endpoint = bound, .is_listening = true});
        }
        cal_wire_close(&wire);
    }
    cal_hub_destroy(&first);
    cal_hub_destroy(&second);
}

/* What kill -9 leaves behind. */
Test(protocols_wire, the_socket_file_of_a_dead_process_is_no_obstacle)
{
    char endpoint[128];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/hub", folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", endpoint + 6);
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(bind(dead, (struct sockaddr *)&address, sizeof address) == 0 && listen(dead, 1) == 0 && close(dead) == 0);
    cal_hub *hub = make_hub(NULL);
    cal_wire *host = open_wire(hub, (cal_wire_def){.endpoint = endpoint, .is_listening = true});
    cal_wire *worker = open_wire(hub, (cal_wire_def){.endpoint = endpoint});
    expect_exchange(host, worker);
    struct stat facts;
    cr_expect(stat(endpoint + 6, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    cal_wire_close(&worker);
    cal_wire_close(&host);
    cal_hub_destroy(&hub);
}

Test(protocols_wire, a_free_path_is_private_and_leaves_nothing_behind)
{
    cal_hub *hub = make_hub(NULL);
    cal_wire *host = open_wire(hub, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    char path[128];
    snprintf(path, sizeof path, "%s", cal_wire_endpoint(host) + 6);
    struct stat facts;
    *strrchr(path, '/') = '\0';
    cr_expect(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0700);
    cal_wire_close(&host);
    cr_expect(stat(path, &facts) != 0);
    cal_hub_destroy(&hub);
}

/* kill -9 leaves a private folder behind; the next one that is made takes it away, but none that is new, alive or foreign. */
Test(protocols_wire, private_folders_of_dead_processes_are_swept)
{
    enum { DEAD, NEW, ALIVE, FOREIGN, N };
    static const char *const names[N] = {"callosum-dead00", "callosum-new000", "callosum-alive0", "callosum-other0"};
    char paths[N][128], copy[128];
    int sockets[N];
    const struct timespec old[2] = {{.tv_sec = time(NULL) - 600}, {.tv_sec = time(NULL) - 600}};
    setenv("TMPDIR", folder, 1);
    unsetenv("XDG_RUNTIME_DIR");
    for (int i = 0; i < N; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
        cr_assert(mkdir(paths[i], 0700) == 0);
        strcat(paths[i], i == FOREIGN ? "/data" : "/hub");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%.100s", paths[i]);
        sockets[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        cr_assert(bind(sockets[i], (struct sockaddr *)&address, sizeof address) == 0 && listen(sockets[i], 1) == 0);
        if (i != NEW)
            cr_assert(utimensat(AT_FDCWD, paths[i], old, 0) == 0);
        if (i != ALIVE)
            close(sockets[i]);
    }
    cal_hub *hub = make_hub(NULL);
    cal_wire *host = open_wire(hub, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    cr_expect(strncmp(cal_wire_endpoint(host) + 6, folder, strlen(folder)) == 0);
    for (int i = 0; i < N; i++)
        cr_expect((access(paths[i], F_OK) == 0) == (i != DEAD), "%s", paths[i]);
    snprintf(copy, sizeof copy, "%s/%s", folder, names[DEAD]);
    cr_expect(access(copy, F_OK) != 0);
    close(sockets[ALIVE]);
    cal_wire_close(&host);
    cal_hub_destroy(&hub);
}

/* ---- ends -------------------------------------------------------------------------------------- */

Test(protocols_wire, the_last_word_arrives_although_its_sender_closes_at_once)
{
    for (int k = 0; k < 24; k++) {
        cal_hub *at_host = make_hub(NULL), *at_worker = make_hub(NULL);
        cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "tcp://127.0.0.1:*", .is_listening = true});
        cal_wire *worker = open_wire(at_worker, (cal_wire_def){.endpoint = cal_wire_endpoint(host)});
        cal_peer peer;
        cr_assert(send_text(worker, NULL, "hello"));
        expect_text(host, &peer, "hello");
        if (k % 2 == 0) { /* the host says BYE */
            cr_assert(send_text(host, &peer, "bye"));
            cal_wire_close(&host);
            cal_hub_destroy(&at_host);
            if (k % 4 == 0)
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* the connection has ended before it is read */
            expect_text(worker, NULL, "bye");
        } else {
            cr_assert(send_text(worker, NULL, "bye"));
            cal_wire_close(&worker);
            cal_hub_destroy(&at_worker);
            expect_text(host, NULL, "bye");
        }
        cal_wire_close(&worker);
        cal_wire_close(&host);
        cal_hub_destroy(&at_worker);
        cal_hub_destroy(&at_host);
    }
}

Test(protocols_wire, a_cut_connection_stays_cut_and_sending_says_so)
{
    static const char *const endpoints[] = {"ipc://*", "tcp://127.0.0.1:*"};
    for (size_t i = 0; i < 2; i++) {
        char bound[128];
        cal_hub *at_host = make_hub(NULL), *at_worker = make_hub(NULL);
        cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = endpoints[i], .is_listening = true});
        snprintf(bound, sizeof bound, "%s", cal_wire_endpoint(host));
        cal_wire *worker = open_wire(at_worker, (cal_wire_def){.endpoint = bound});
        expect_exchange(host, worker);
        cal_wire_close(&host);
        cal_hub_destroy(&at_host);
        for (int k = 0; k < 100 && cal_wire_get_link(worker) == CAL_LINK_UP; k++)
            cal_wire_wait(&worker, 1, 50);
        cr_expect(cal_wire_get_link(worker) == CAL_LINK_CUT);
        cr_expect(!send_text(worker, NULL, "are you there"));
        cal_wire *late = open_wire(at_worker, (cal_wire_def){.endpoint = i == 0 ? "ipc:///tmp/callosum-no-such-file" : bound});
        cr_expect(wait_for_link(late) == CAL_LINK_NOBODY, "%d", (int)cal_wire_get_link(late));
        cal_wire_close(&late);
        cal_wire_close(&worker);
        cal_hub_destroy(&at_worker);
    }
}

Test(protocols_wire, a_peer_that_is_gone_or_was_never_there_is_no_silent_loss)
{
    cal_hub *at_host = make_hub(NULL), *at_worker = make_hub(NULL);
    cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    cal_wire *worker = open_wire(at_worker, (cal_wire_def){.endpoint = cal_wire_endpoint(host)});
    const cal_peer stranger = {.size = 5, .id = {0, 1, 2, 3, 4}};
    cr_expect(!send_text(host, &stranger, "anybody?"));
    cal_peer peer;
    cr_assert(send_text(worker, NULL, "hello"));
    expect_text(host, &peer, "hello");
    cal_wire_close(&worker);
    cal_hub_destroy(&at_worker);
    bool is_taken = true; /* until the end of the connection is seen */
    for (int i = 0; i < 100 && is_taken; i++) {
        cal_wire_wait(&host, 1, 20);
        is_taken = send_text(host, &peer, "still there?");
    }
    cr_expect(!is_taken);
    cal_wire_close(&host);
    cal_hub_destroy(&at_host);
}

Test(protocols_wire, a_full_queue_is_said_and_ending_does_not_wait_for_the_reader)
{
    enum { BIG = 1 << 20 };
    static char big[BIG];
    cal_hub *at_host = make_hub(NULL), *at_worker = make_hub(NULL);
    cal_wire *host = open_wire(at_host, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    cal_wire *worker = open_wire(at_worker, (cal_wire_def){.endpoint = cal_wire_endpoint(host)});
    cal_peer peer;
    cr_assert(send_text(worker, NULL, "hello"));
    expect_text(host, &peer, "hello");
    const cal_frame frame = {big, BIG};
    int n = 0;
    while (n < 2000 && cal_wire_send(host, &peer, &frame, 1)) /* nobody reads */
        n++;
    cr_expect(n >= 256 && n < 2000, "%d", n);
    const double begin_s = cali_wall_s();
    cal_wire_close(&host);
    cal_hub_destroy(&at_host);
    cr_expect(cali_wall_s() - begin_s < 20.0, "%g s", cali_wall_s() - begin_s);
    cal_wire_close(&worker);
    cal_hub_destroy(&at_worker);
}

Test(protocols_wire, messages_of_too_many_frames_are_dropped_and_counted)
{
    /* 70 frames cannot be sent by cal_wire_send, so they come byte by byte: ZMTP 3.0, NULL, a frame is flags, size, data */
    cal_hub *hub = make_hub(NULL);
    cal_wire *host = open_wire(hub, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", cal_wire_endpoint(host) + 6);
    const int peer = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(connect(peer, (struct sockaddr *)&address, sizeof address) == 0);
    unsigned char greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    const unsigned char ready[] = "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06" "DEALER";
    cr_assert(write(peer, greeting, sizeof greeting) == (ssize_t)sizeof greeting);
    cr_assert(write(peer, ready, 2 + 0x1c) == 2 + 0x1c);
    unsigned char answer[66]; /* its greeting, and flags and size of its READY; before that nothing else may be sent */
    cr_assert(recv(peer, answer, sizeof answer, MSG_WAITALL) == sizeof answer && answer[64] == 4);
    for (int i = 0; i < 70; i++)
        cr_assert(write(peer, (const unsigned char[]){i < 69, 1, 'x'}, 3) == 3);
    cr_assert(write(peer, "\0\x02ok", 4) == 4);
    expect_text(host, NULL, "ok");
    cr_expect(cal_wire_n_dropped(host) == 1);
    close(peer);
    cal_wire_close(&host);
    cal_hub_destroy(&hub);
}

Test(protocols_wire, waiting_ends_in_time_and_at_the_first_of_several)
{
    cal_hub *hub = make_hub(NULL);
    cal_wire *hosts[2], *worker;
    for (size_t i = 0; i < 2; i++)
        hosts[i] = open_wire(hub, (cal_wire_def){.endpoint = "ipc://*", .is_listening = true});
    const double begin_s = cali_wall_s();
    cr_expect(!cal_wire_wait(hosts, 2, 50));
    cr_expect(cali_wall_s() - begin_s >= 0.045);
    worker = open_wire(hub, (cal_wire_def){.endpoint = cal_wire_endpoint(hosts[1])});
    cr_assert(send_text(worker, NULL, "hello"));
    cr_expect(cal_wire_wait(hosts, 2, WAIT_MS));
    expect_text(hosts[1], NULL, "hello");
    cal_wire_close(&worker);
    for (size_t i = 0; i < 2; i++)
        cal_wire_close(&hosts[i]);
    cal_hub_destroy(&hub);
}
