#include "cli/selftest.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "callosum/connectomes.h"
#include "callosum/nmm.h"
#include "callosum/protocols.h"
#include "callosum/snn.h"

/* Known answer of Philox4x32-10 for counter and key of pi's digits: Random123 1.09, kat_vectors. */
static void check_random(cal_context *ctx, cali_check *check)
{
    (void)ctx;
    const cali_key key = {{0xa4093822u, 0x299f31d0u}};
    const cali_random got = cali_philox(key, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u);
    check->is_ok = got.word[0] == 0xd16cfe09u && got.word[1] == 0x94fdccebu && got.word[2] == 0x5001e420u &&
                   got.word[3] == 0x24126ea1u;
    snprintf(check->text, sizeof check->text, "Philox4x32-10 known answer: %08" PRIx32 " (d16cfe09)", got.word[0]);
}

/* The mean field of quadratic integrate-and-fire neurons at rest, on CVODE through the host that runs use. Its
 * equations vanish at Delta / pi + 2 r V = 0, V^2 + eta + J r - (pi r)^2 = 0; for J = 15, Delta = 1, eta = -5 the low
 * stable solution is r = 0.0811344419501, V = -1.96161998858 in units of tau (Montbrio, Pazo & Roxin 2015). */
static cal_status rest(cal_context *ctx, cal_connectome **brain, cal_nmm **nmm, double state[2])
{
    enum { N = 2 }; /* two regions that are not connected */
    static const double none[N * N] = {0.0};
    const cal_connectome_def brain_def = {.name = "self-test", .n_regions = N, .weights = none, .lengths_mm = none};
    const double params[] = {/* tau */ 1.0, /* Delta */ 1.0, /* Gamma */ 0.0, /* J */ 15.0, /* eta */ -5.0,
                             /* I */ 0.0,   /* cr */ 1.0,    /* cv */ 0.0};
    const cal_nmm_model *model = cal_nmm_model_find("montbrio-pazo-roxin");
    if (model == NULL || model->n_params != sizeof params / sizeof params[0])
        return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "the model montbrio-pazo-roxin is not as the self-test knows it");
    const cal_nmm_region region = {.model = model, .params = params};
    const cal_nmm_region regions[N] = {region, region};
    CAL_TRY(cal_connectome_create(ctx, &brain_def, brain));
    cal_nmm_def def = cal_nmm_def_default();
    def.connectome = *brain;
    def.regions = regions;
    def.integrator = CAL_CVODE_ADAMS;
    def.rtol = 1e-9;
    def.window = 100 * CAL_NS_PER_MS; /* 100 tau: the slowest mode decays in about one */
    CAL_TRY(cal_nmm_create(ctx, &def, nmm));
    CAL_TRY(cal_nmm_advance(*nmm, def.window));
    return cal_nmm_get_state(*nmm, 1, state);
}

static void check_rest(cal_context *ctx, cali_check *check)
{
    const double r = 0.0811344419501, v = -1.96161998858;
    double state[2] = {NAN, NAN};
    cal_connectome *brain = NULL;
    cal_nmm *nmm = NULL;
    /* solver: 1e-9 relative per step, contracting; printed with six digits */
    check->is_ok = rest(ctx, &brain, &nmm, state) == CAL_OK && fabs(state[0] - r) < 1e-7 && fabs(state[1] - v) < 1e-6;
    snprintf(check->text, sizeof check->text, "QIF mean field at rest: r = %.6f (%.6f), v = %.6f (%.6f)", state[0], r,
             state[1], v);
    cal_nmm_destroy(&nmm);
    cal_connectome_destroy(&brain);
}

/* A leaky integrate-and-fire neuron under a constant current, through the engine that runs use. From reset at E_L it
 * needs tau_m ln(RI / (RI - (V_th - E_L))) to the threshold, then waits t_ref; each is taken up to whole steps. With
 * R = tau_m / C_m, I = 500 pA: 10 ms ln(20 / 5) = 13.863 ms -> 13.9 ms, and 2 ms: one spike every 15.9 ms. */
static cal_status intervals(cal_context *ctx, cal_snn **snn, cal_time *first, cal_time *last, size_t *n)
{
    const cal_snn_population cell = {.name = "cell", .neuron = cal_snn_neuron_find("lif"), .n = 1};
    const cal_snn_current drive = {.to = 0, .amplitude = 500.0};
    const double all = 1.0;
    if (cell.neuron == NULL)
        return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "the neuron lif is missing");
    cal_snn_def def = cal_snn_def_default();
    def.name = "self-test";
    def.dt = CAL_NS_PER_MS / 10;
    def.window = CAL_NS_PER_MS;
    def.populations = &cell;
    def.n_populations = 1;
    def.currents = &drive;
    def.n_currents = 1;
    def.record_fraction = &all;
    CAL_TRY(cal_snn_create(ctx, &def, snn));
    *n = 0;
    for (int window = 0; window < 200; window++) {
        CAL_TRY(cal_snn_advance(*snn));
        const cal_snn_spikes spikes = cal_snn_get_spikes(*snn);
        for (size_t i = 0; i < spikes.n; i++) {
            *first = *n == 0 ? spikes.time[i] : *first;
            *last = spikes.time[i];
            (*n)++;
        }
    }
    return CAL_OK;
}

static void check_lif(cal_context *ctx, cali_check *check)
{
    const cal_time expected = 159 * (CAL_NS_PER_MS / 10);
    cal_snn *snn = NULL;
    cal_time first = 0, last = 0;
    size_t n = 0;
    const bool has_run = intervals(ctx, &snn, &first, &last, &n) == CAL_OK;
    check->is_ok = has_run && n == 12 && last - first == 11 * expected; /* 13.9 + 11 x 15.9 < 200 ms */
    snprintf(check->text, sizeof check->text, "LIF neuron at 500 pA: one spike every %.1f ms (%.1f ms)",
             n > 1 ? cal_time_ms(last - first) / (double)(n - 1) : 0.0, cal_time_ms(expected));
    cal_snn_destroy(&snn);
}

/* A message there and back between a host's and a worker's socket of this machine, with keys or without. */
static cal_status exchange(cal_context *ctx, const cal_wire_def *host_def, const char *folder, const cal_key_pair *keys,
                           cal_hub *hubs[2], cal_wire *wires[2])
{
    const cal_frame question = {"how are you", 11};
    cal_frames got = {0};
    cal_peer worker;
    CAL_TRY(cal_hub_create(ctx, folder, &hubs[0]));
    CAL_TRY(cal_hub_create(ctx, NULL, &hubs[1]));
    CAL_TRY(cal_hub_open(hubs[0], host_def, &wires[0]));
    const cal_wire_def worker_def = {.endpoint = cal_wire_endpoint(wires[0]), .keys = keys,
                                     .host_key = keys != NULL ? host_def->keys->public_key : NULL};
    CAL_TRY(cal_hub_open(hubs[1], &worker_def, &wires[1]));
    cal_wire_send(wires[1], NULL, &question, 1);
    for (int to = 0; to < 2; to++) {
        if (!cal_wire_wait(&wires[to], 1, 5000) || !cal_wire_receive(wires[to], &worker, &got))
            return CAL_FAIL(ctx, CAL_ERR_IO, "%s: no message arrives", host_def->endpoint);
        if (to == 0)
            cal_wire_send(wires[0], &worker, got.frames, got.n);
        cal_frames_release(&got);
    }
    return CAL_OK;
}

/* All keys are made for this in a folder that is removed again. */
static cal_status exchange_all(cal_context *ctx, const char *folder)
{
    cal_key_pair host, worker;
    CAL_TRY(cal_keys_new_pair(ctx, folder, "host", &host));
    CAL_TRY(cal_keys_new_pair(ctx, folder, "worker", &worker));
    CAL_TRY(cal_keys_allow(ctx, folder, "worker", worker.public_key, NULL));
    const cal_wire_def hosts[] = {{.endpoint = "ipc://*", .is_listening = true},
                                  {.endpoint = "tcp://127.0.0.1:*", .is_listening = true},
                                  {.endpoint = "tcp://127.0.0.1:*", .is_listening = true, .keys = &host}};
    cal_status status = CAL_OK;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts && status == CAL_OK; i++) {
        cal_hub *hubs[2] = {0};
        cal_wire *wires[2] = {0};
        status = exchange(ctx, &hosts[i], folder, hosts[i].keys != NULL ? &worker : NULL, hubs, wires);
        for (size_t k = 0; k < 2; k++)
            cal_wire_close(&wires[k]);
        for (size_t k = 0; k < 2; k++)
            cal_hub_destroy(&hubs[k]);
    }
    return status;
}

static void remove_keys(const char *folder)
{
    static const char *const parts[] = {"/pairs/host", "/pairs/worker", "/allowed/worker", "/pairs", "/allowed", ""};
    char path[128];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s%s", folder, parts[i]);
        remove(path);
    }
}

static void check_worker(cal_context *ctx, cali_check *check)
{
    char folder[] = "/tmp/callosum-doctor-XXXXXX";
    check->what = "worker";
    snprintf(check->text, sizeof check->text, "ipc and tcp, CURVE");
    if (mkdtemp(folder) == NULL) {
        CAL_FAIL(ctx, CAL_ERR_IO, "cannot make a folder in /tmp: %s", strerror(errno));
        return;
    }
    check->is_ok = exchange_all(ctx, folder) == CAL_OK;
    remove_keys(folder);
}

static void (*const tests[])(cal_context *ctx, cali_check *check) = {check_worker, check_rest, check_lif, check_random};

size_t cali_selftest(cal_context *ctx, cali_check *checks, size_t n_max)
{
    size_t n = 0;
    for (; n < sizeof tests / sizeof tests[0] && n < n_max; n++) {
        checks[n] = (cali_check){.what = "self-test"};
        cal_context_clear(ctx);
        tests[n](ctx, &checks[n]);
        if (cal_context_status(ctx) != CAL_OK) {
            checks[n].is_ok = false;
            snprintf(checks[n].text, sizeof checks[n].text, "%s", cal_context_message(ctx));
        }
        cal_context_clear(ctx);
    }
    return n;
}
