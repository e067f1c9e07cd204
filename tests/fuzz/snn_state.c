/* Bytes as the saved state of a small network that has everything a state can hold: plastic synapses, some that form and break,
 * broadcasts, noise, gap junctions, input on its way. They are refused and change nothing, or taken, and the network runs on; nothing crashes.
 *
 * The first byte chooses: bit 0 to continue or to begin a run; bit 1 whether the rest is the state itself, or edits of a good
 * one - two bytes of place, one that is added - whose digest is then made right, so that they reach the parts; bit 2 whether the
 * first edit cuts the state off. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "callosum/snn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEX = CALI_DIGEST_SIZE - 1 };
static cal_context *ctx; /* made once for all inputs */
static cal_snn *snn;
static char *good;
static size_t good_size;

static void make(void)
{
    static const cal_snn_setting current[] = {{"I_e", {CAL_UNIFORM, 300.0, 900.0, 0, 0}}};
    static const cal_snn_setting limit[] = {{"w_max", {CAL_CONSTANT, 30.0, 0, 0, 0}}};
    static const cal_snn_setting growth[] = {{"capacity", {CAL_CONSTANT, 6.0, 0, 0, 0}}, {"interval", {CAL_CONSTANT, 0.7, 0, 0, 0}},
                                             {"axon_growth", {CAL_CONSTANT, 900.0, 0, 0, 0}}, {"beta_Ca", {CAL_CONSTANT, 0.03, 0, 0, 0}},
                                             {"dendrite_growth", {CAL_CONSTANT, 900.0, 0, 0, 0}}};
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {{"A", lif, 7, current, 1}, {"B", lif, 5, current, 1}, {"S", NULL, 3, NULL, 0}};
    cal_snn_projection p[5];
    for (size_t i = 0; i < 5; i++) {
        p[i] = cal_snn_projection_default(i == 1 ? CAL_ALL_TO_ALL : CAL_PAIRWISE_BERNOULLI);
        p[i].probability = 0.6;
        p[i].from = i % 3;
        p[i].to = i % 2;
        p[i].receptor = "excitatory";
        p[i].weight.a = 20.0;
        p[i].delay_ms = (cal_distribution){i == 1 ? CAL_CONSTANT : CAL_UNIFORM, 0.5, 2.0, 0, 0};
    }
    p[2].synapse = cal_snn_synapse_find("stdp");
    p[2].settings = limit;
    p[2].n_settings = 1;
    p[3].synapse = cal_snn_synapse_find("tsodyks-markram");
    p[4].synapse = cal_snn_synapse_find("structural");
    p[4].settings = growth;
    p[4].n_settings = sizeof growth / sizeof growth[0];
    cal_snn_projection gap = cal_snn_projection_default(CAL_ALL_TO_ALL);
    gap.to = 1;
    gap.weight.a = 1.0;
    const cal_snn_noise noise = {.sd = 50.0, .tau_ms = 3.0};
    const cal_time time[] = {300000, 1700000, 9000000, 9100000};
    const uint32_t id[] = {0, 1, 2, 0};
    const cal_snn_train train = {2, 4, time, id};
    cal_context_def context = cal_context_def_default();
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 3;
    def.projections = p;
    def.n_projections = 5;
    def.gap_junctions = &gap;
    def.n_gap_junctions = 1;
    def.noises = &noise;
    def.n_noises = 1;
    def.trains = &train;
    def.n_trains = 1;
    def.n_tiles = 2;
    context.n_threads = 1;
    if (cal_context_create(&context, &ctx) != CAL_OK || cal_snn_create(ctx, &def, &snn) != CAL_OK)
        abort();
    for (int i = 0; i < 10; i++)
        if (cal_snn_advance(snn) != CAL_OK)
            abort();
    if (cal_snn_save_state(snn, &good, &good_size) != CAL_OK)
        abort();
}

/* A good state with edits and a right digest; released by the caller. */
static char *edit(const uint8_t *data, size_t size, bool is_cut, size_t *n)
{
    char *bytes = malloc(good_size), hex[CALI_DIGEST_SIZE];
    if (bytes == NULL)
        abort();
    memcpy(bytes, good, good_size);
    *n = good_size - HEX;
    for (size_t i = 0; i + 3 <= size; i += 3) {
        const size_t at = (size_t)(data[i] << 8 | data[i + 1]) % *n;
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
    if (snn == NULL)
        make();
    if (size == 0)
        return 0;
    const cal_restore how = data[0] & 1 ? CAL_RESTORE_BEGIN : CAL_RESTORE_CONTINUE;
    size_t n = size - 1;
    char *edited = data[0] & 2 ? NULL : edit(data + 1, n, (data[0] & 4) != 0, &n);
    const uint64_t before = cal_snn_hash(snn);
    cal_context_clear(ctx);
    const cal_status status = cal_snn_restore_state(snn, edited != NULL ? edited : (const char *)data + 1, n, how);
    if (status == CAL_OK) {
        const cal_status ran = cal_snn_advance(snn);
        assert(ran == CAL_OK || ran == CAL_ERR_NUMERIC);
    } else {
        assert(status == CAL_ERR_INPUT && strstr(cal_context_message(ctx), "C305") != NULL);
        assert(cal_snn_hash(snn) == before);
    }
    cal_context_clear(ctx);
    const cal_status again = cal_snn_restore_state(snn, good, good_size, CAL_RESTORE_CONTINUE);
    assert(again == CAL_OK);
    (void)again, (void)before;
    free(edited);
    return 0;
}
