#include "snn/kernels/tsodyks_markram.h"

#include "snn/synapse.h"

enum { USE, TAU_REC, TAU_FAC };
enum { STATE_U, STATE_X };

static const cal_field params[] = {
    [USE] = {"U", "1", 0.5, 0.0, 1.0, "share of the resources that the first spike uses"},
    [TAU_REC] = {"tau_rec", "ms", 800.0, 1e-3, 1e9, "recovery of the resources"},
    [TAU_FAC] = {"tau_fac", "ms", 0.0, 0.0, 1e9, "decay of facilitation; 0: none"},
};

static const cal_field states[] = {
    [STATE_U] = {"u", "1", 0.0, 0.0, 1.0, "share used by the last spike; U before the first"},
    [STATE_X] = {"x", "1", 1.0, 0.0, 1.0, "resources that the last spike found"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_tsodyks_markram_constants *)(void *)constants = (cali_tsodyks_markram_constants){
        .use = p[USE],
        .per_tau_rec = 1.0 / p[TAU_REC],
        .per_tau_fac = p[TAU_FAC] > 0.0 ? 1.0 / p[TAU_FAC] : 1e300,
    };
}

static void start(const double *p, double *x)
{
    x[STATE_U] = p[USE];
    x[STATE_X] = 1.0;
}

CALI_DECLARE_ROW_LOOPS(tsodyks_markram);

const cali_synapse cali_synapse_tsodyks_markram = {
    .face = {.name = "tsodyks-markram",
             .alias = "tsodyks2_synapse",
             .title = "short-term depression and facilitation",
             .equations = "at a spike of the source, h after its last one: x = 1 + (x - x u - 1) exp(-h / tau_rec), "
                          "u = U + u (1 - U) exp(-h / tau_fac), with the old u in x; delivers w u x; at first x = 1, "
                          "u = U",
             .source = "Tsodyks, Pawelzik & Markram (1998), Neural Comput. 10, 821-835; Maass & Markram (2002), "
                       "Neural Netw. 15, 155-161",
             CALI_SYNAPSE_PARAMS,
             .states = states,
             .n_states = sizeof states / sizeof states[0]},
    .n_pre = CALI_TSODYKS_MARKRAM_PRE,
    .n_post = CALI_TSODYKS_MARKRAM_POST,
    .is_pre_only = CALI_TSODYKS_MARKRAM_IS_PRE_ONLY,
    .limit = -1,
    .n_constants = CALI_N_DOUBLES(cali_tsodyks_markram_constants),
    .prepare = prepare,
    .start = start,
    .loop = CALI_ROW_LOOPS(tsodyks_markram),
};
