/* Nobody can tell from the numbers where a region was computed: run.h5 is equal byte for byte in one process, with local workers
 * (ipc), over tcp, over tcp with CURVE, for any number of workers and threads; within lag 1, and within lag 2. The brain has three
 * spiking regions: one that learns, one whose input are shared trains, one whose voltages are recorded. A network of its own is one
 * participant; of it everything is recorded that can be. */
#include <pthread.h>
#include <stdatomic.h>

#include "support/placed_runs.h"

static const char brain[] =
    "callosum: 1\n"
    "run: {duration: 120 ms, seed: 5}\n"
    "connectome: {generate: {regions: 8, seed: 1}, speed: 8 mm/ms}\n"
    "coupling: {gain: 0.5, min_delay: 4 ms, a: 10 ms}\n"
    "noise: [{state: V, level: 0.1 1/sqrt(ms)}]\n"
    "models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}\n"
    "regions:\n"
    "  default: field\n"
    "  \"#1\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations: {E: {neuron: lif, count: 120}}\n"
    "      connections: [{from: E, to: E, in_degree: 20, weight: 5 pA, delay: 1.5 ms,"
    " plasticity: {rule: stdp, w_max: 20 pA}}]\n"
    "      drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]\n"
    "      receives: [{by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}]\n"
    "      gives: [{by: rate-exp, from: E}]\n"
    "  \"#3\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations: {E: {neuron: lif, count: 100}}\n"
    "      drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]\n"
    "      receives: [{by: shared-poisson, into: E.excitatory, trains: 200, synapses: 20, weight: 20 pA}]\n"
    "      gives: [{by: rate, from: E}]\n"
    "  \"#6\":\n"
    "    spiking:\n"
    "      step: 0.05 ms\n"
    "      populations: {Q: {neuron: qif, count: 150, parameters: {tau: 10 ms, eta: \"lorentzian(1, 0.5)\"}}}\n"
    "      receives: [{by: current, into: Q}]\n"
    "      gives: [{by: rate, from: Q}]\n"
    "record:\n"
    "  signals:\n"
    "    - {what: rate, every: 1 ms}\n"
    "    - {what: spikes, of: all}\n"
    "    - {what: v, of: \"#6\", neurons: 7, every: 0.1 ms}\n"
    "  weights:\n"
    "    - {of: \"#1\", every: 8 ms}\n"
    "    - {of: \"#1\", every: 40 ms, synapses: random 30, sources: \"0..59\", name: some}\n";

static const char network[] =
    "callosum: 1\n"
    "run: {duration: 240 ms, seed: 5}\n"
    "network:\n"
    "  step: 0.1 ms\n"
    "  populations:\n"
    "    E: {neuron: lif, count: 160, homeostasis: {parameter: V_th, rate: 8 Hz, step: 0.02 mV, range: 3 mV}}\n"
    "    I: {neuron: lif-cond, count: 40, initial: {V: -58 mV}}\n"
    "  connections:\n"
    "    - {from: E, to: E, in_degree: 20, weight: 5 pA, delay: 1.5 ms, plasticity: {rule: stdp, w_max: 20 pA}}\n"
    "    - {from: E, to: I, receptor: excitatory, in_degree: 30, weight: 1 nS, delay: 1.5 ms}\n"
    "    - {from: I, to: E, in_degree: 10, weight: -50 pA, delay: 0.8 ms}\n"
    "  drive:\n"
    "    - {kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}\n"
    "    - {kind: current, into: I, amplitude: 300 pA}\n"
    "record:\n"
    "  signals:\n"
    "    - {what: rate, every: 1 ms}\n"
    "    - {what: spikes}\n"
    "    - {what: mean V, of: I, every: 7 ms}\n"
    "    - {what: V, of: E, neurons: random 9, every: 0.1 ms}\n"
    "    - {what: homeostasis, of: E, neurons: every 40, every: 3 ms}\n"
    "  weights: [{every: 20 ms}]\n";

enum { N_REGIONS = 3 };

/* An experiment with the overrides that it is run with, a slot of it, and how many workers it takes. */
typedef struct work_load {
    const char *text, *override, *slot;
    unsigned n_regions;
} work_load;
static const work_load loads[] = {{brain, "sync.lag=1", "L.region_01=local", N_REGIONS},
                                  {brain, "sync.lag=2", "L.region_01=local", N_REGIONS},
                                  {network, "sync.window=4 ms", "network=local", 1}};

/* ---- workers in threads of this program ---- */

typedef struct crew {
    pthread_t threads[N_REGIONS];
    unsigned n, n_wanted;
    const char *keys; /* folder; NULL: plaintext */
    char endpoint[200], host_key[CAL_KEY_SIZE];
    atomic_bool is_over;
} crew;

static bool is_over(void *user)
{
    return atomic_load(&((crew *)user)->is_over);
}

static void *work(void *arg)
{
    crew *c = arg;
    cal_context *ctx = cali_test_context(1);
    cal_key_pair keys;
    cal_worker_def def = {.endpoint = c->endpoint, .name = "thread", .is_stopped = is_over, .user = c};
    if (c->keys != NULL) {
        cr_assert(cal_keys_pair(ctx, c->keys, "worker", false, &keys) == CAL_OK, "%s", cal_context_message(ctx));
        def.keys = &keys;
        def.host_key = c->host_key;
    }
    cr_assert(cal_worker_run(ctx, &def) == CAL_OK, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
    return NULL;
}

/* The session listens: workers come. */
static void announce(void *user, cal_session *session)
{
    crew *c = user;
    cal_host *host = cal_session_host(session);
    snprintf(c->endpoint, sizeof c->endpoint, "%s", cal_host_endpoint(host));
    snprintf(c->host_key, sizeof c->host_key, "%s", cal_host_key(host));
    for (; c->n < c->n_wanted; c->n++)
        cr_assert(pthread_create(&c->threads[c->n], NULL, work, c) == 0);
}

/* ---- runs ---- */

static void check(const work_load *load)
{
    const char *const one[] = {load->slot};
    static const char *const all[] = {"all=local"}, *const far[] = {"all=remote"};
    char folder[1000], keys[1100];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    snprintf(keys, sizeof keys, "%s/keys", folder);
    cali_run_placed(load->text, folder, "inproc", load->override, 1, NULL, NULL);
    const struct {
        const char *name, *const *slots;
        unsigned n_threads;
        bool is_remote, has_keys;
    } ways[] = {{"threads3", NULL, 3, false, false},    {"one_local", one, 2, false, false}, {"local", all, 1, false, false},
                {"local_threads", all, 3, false, false}, {"tcp", far, 2, true, false},        {"curve", far, 1, true, true}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        crew c = {.keys = ways[i].has_keys ? keys : NULL, .n_wanted = load->n_regions};
        cal_workers_def def = cali_placed(ways[i].slots, ways[i].slots != NULL);
        if (ways[i].is_remote) {
            cal_context *ctx = cali_test_context(1);
            cal_key_pair pair;
            char *made = NULL;
            cr_assert(cal_keys_folder(ctx, keys, &made) == CAL_OK, "%s", cal_context_message(ctx));
            cr_assert(cal_keys_pair(ctx, keys, "worker", true, &pair) == CAL_OK, "%s", cal_context_message(ctx));
            cr_assert(cal_keys_allow(ctx, keys, "worker", pair.public_key, NULL) == CAL_OK, "%s", cal_context_message(ctx));
            free(made);
            cal_context_destroy(&ctx);
            def.host.listen = "tcp://127.0.0.1:*";
            def.host.keys_folder = keys;
            def.host.is_insecure = !ways[i].has_keys;
            def.host.user = &c;
            def.announce = announce;
        }
        cali_run_placed(load->text, folder, ways[i].name, load->override, ways[i].n_threads, ways[i].slots != NULL ? &def : NULL, NULL);
        atomic_store(&c.is_over, true);
        for (unsigned k = 0; k < c.n; k++)
            pthread_join(c.threads[k], NULL);
        cali_expect_same_runs(folder, "inproc", ways[i].name);
    }
}

Test(workers_same_bits, lag_1)
{
    check(&loads[0]);
}

Test(workers_same_bits, lag_2)
{
    check(&loads[1]);
}

Test(workers_same_bits, a_network_of_its_own)
{
    check(&loads[2]);
}
