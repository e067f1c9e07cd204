/* Bytes as a checkpoint of a small brain with a spiking region, or of a network of its own, with means, BOLD and plastic
 * synapses under way. They are refused with C305, or taken and the session goes on; nothing crashes.
 *
 * The first byte chooses: bit 0 the network in the place of the brain; bit 1 whether the rest is the checkpoint itself, or
 * edits of a good one - two bytes of place, one that is added - whose digest is then made right, so that they reach the parts;
 * bit 2 whether the first edit cuts it off; bit 3 whether places count from the end, where the sums stand. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "experiment/checkpoint.h"
#include "experiment/experiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEX = CALI_DIGEST_SIZE - 1, N_KINDS = 2, N_WINDOWS = 7 };

static const char *const texts[N_KINDS] = {
    "callosum: 1\n"
    "run: {duration: 1 s}\n"
    "connectome: {generate: {regions: 4, seed: 1}, speed: 20 mm/ms}\n"
    "coupling: {min_delay: 2 ms, a: 10 ms}\n"
    "sync: {window: 1 ms, lag: 2}\n"
    "integrator: {method: rk4, step: 0.1 ms}\n"
    "models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}\n"
    "regions:\n"
    "  default: field\n"
    "  \"#1\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations: {E: {neuron: lif, count: 6, parameters: {I_e: 900 pA}}}\n"
    "      receives: [{by: rate-current, into: E}]\n"
    "      gives: [{by: rate-exp, from: E}]\n"
    "record:\n"
    "  signals:\n"
    "    - {what: rate, every: 4 ms, mean: true}\n"
    "    - {what: rate, every: 8 ms, monitor: {kind: bold, length: 20 ms}}\n"
    "    - {what: rate, every: 3 ms, populations: E, name: slow}\n"
    "    - {what: spikes, of: all}\n",
    "callosum: 1\n"
    "run: {duration: 1 s}\n"
    "sync: {window: 1 ms}\n"
    "network:\n"
    "  populations: {E: {neuron: lif, count: 6, parameters: {I_e: 900 pA}}}\n"
    "  connections:\n"
    "    - {from: E, to: E, in_degree: 2, weight: 60 pA, delay: 1.5 ms, plasticity: {rule: stdp, w_max: 200 pA}}\n"
    "record: {signals: [{what: rate, every: 4 ms}, {what: mean V, every: 3 ms}, {what: spikes}]}\n"};

static cal_context *ctx; /* made once for all inputs */
static cal_experiment *experiments[N_KINDS];
static char *good[N_KINDS];
static size_t good_size[N_KINDS];

static cal_session *start(int kind)
{
    cal_session_def def = cal_session_def_default();
    cal_session *session = NULL;
    def.sink = "memory";
    if (cal_session_create(ctx, experiments[kind], &def, &session) != CAL_OK)
        abort();
    return session;
}

static void make(void)
{
    cal_context_def context = cal_context_def_default();
    context.n_threads = 1;
    if (cal_context_create(&context, &ctx) != CAL_OK)
        abort();
    for (int kind = 0; kind < N_KINDS; kind++) {
        if (cali_experiment_parse(ctx, "fuzz.yaml", texts[kind], strlen(texts[kind]), NULL, 0, &experiments[kind]) != CAL_OK)
            abort();
        cal_session *session = start(kind);
        for (int i = 0; i < N_WINDOWS; i++)
            if (cal_session_advance(session) != CAL_OK)
                abort();
        if (cali_checkpoint_save(session, &good[kind], &good_size[kind]) != CAL_OK)
            abort();
        cal_session_destroy(&session);
    }
}

/* A good checkpoint with edits and a right digest; released by the caller. */
static char *edit(int kind, const uint8_t *data, size_t size, bool is_cut, bool is_from_end, size_t *n)
{
    char *bytes = malloc(good_size[kind]), hex[CALI_DIGEST_SIZE];
    if (bytes == NULL)
        abort();
    memcpy(bytes, good[kind], good_size[kind]);
    *n = good_size[kind] - HEX;
    for (size_t i = 0; i + 3 <= size; i += 3) {
        const size_t place = (size_t)(data[i] << 8 | data[i + 1]) % *n, at = is_from_end ? *n - 1 - place : place;
        bytes[at] = (char)(bytes[at] + data[i + 2]);
        if (is_cut && i == 0 && at > 0)
            *n = at;
    }
    if (cali_digest_bytes(ctx, bytes, *n, hex) != CAL_OK)
        abort();
    memcpy(bytes + *n, hex, HEX);
    *n += HEX;
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (ctx == NULL)
        make();
    if (size == 0)
        return 0;
    const int kind = data[0] & 1;
    size_t n = size - 1;
    char *edited = data[0] & 2 ? NULL : edit(kind, data + 1, n, (data[0] & 4) != 0, (data[0] & 8) != 0, &n);
    cal_session *session = start(kind);
    const cal_status status = cali_checkpoint_restore(session, edited != NULL ? edited : (const char *)data + 1, n);
    if (status == CAL_OK) {
        assert(cal_session_time(session) == N_WINDOWS * CAL_NS_PER_MS);
        const cal_status ran = cal_session_advance(session);
        assert(ran == CAL_OK || ran == CAL_ERR_NUMERIC);
        (void)ran;
    } else
        assert(status == CAL_ERR_INPUT && strstr(cal_context_message(ctx), "C305") != NULL);
    cal_context_clear(ctx);
    cal_session_destroy(&session);
    free(edited);
    return 0;
}
