#include "snn/kernels/lif_phase.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum { TAU, I_0, N_PARAMS };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 10.0, 1e-3, 1e6, "membrane time constant"},
    [I_0] = {"I_0", "1", 1.5, 1.000001, 1e6, "constant drive, in units of the threshold; above 1"},
};

static const cal_field states[] = {
    {"phase", "1", 0.0, -8.0, 1.0, "phase: 0 at the reset, 1 at the threshold"},
    {"phase_low", "1", 0.0, -1.0, 1.0, "rounding of the phase, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"pulse", "1", "jump of V, in units of the threshold", false},
};

static double turn_of(const double *p)
{
    return cali_log(p[I_0] / (p[I_0] - 1.0));
}

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)current;
    if (turn_of(p) * p[TAU] >= dt_ms)
        return true;
    snprintf(why, size, "its period is %.3g ms, shorter than dt %g ms", turn_of(p) * p[TAU], dt_ms);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double turn = turn_of(p); /* T / tau */
    const double top = 8.0 * turn;
    *(cali_lif_phase_constants *)(void *)constants = (cali_lif_phase_constants){
        .advance = (float)(dt_ms / p[TAU] / turn),
        .decay = (float)cali_exp(-dt_ms / p[TAU]),
        .turn = (float)turn,
        .per_turn = (float)(1.0 / turn),
        .per_drive = (float)(1.0 / p[I_0]),
        .top = (float)cali_exp(top < 80.0 ? top : 80.0),
    };
}

CALI_DECLARE_LOOPS(lif_phase);

const cali_neuron cali_neuron_lif_phase = {
    .face = {.name = "lif-phase",
             .alias = NULL,
             .title = "leaky integrate-and-fire above threshold in its phase, pulse-coupled",
             .equations = "V = I_0 (1 - exp(-phase T / tau)), T = tau log(I_0 / (I_0 - 1)); phase' = 1 / T + drive by I; "
                          "a pulse w: V += w; phase >= 1: spike, phase - 1 (a pulse: 0)",
             .source = "Mirollo & Strogatz (1990), SIAM J. Appl. Math. 50, 1645-1662",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_lif_phase_constants),
    .rest_param = -1,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(lif_phase),
};
