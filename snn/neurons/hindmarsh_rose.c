#include "snn/kernels/hindmarsh_rose.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum { TAU, A, B, C, D, R, S, X_0, TAU_EXC, TAU_INH, X_SPIKE, I_E, N_PARAMS };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 1.0, 1e-3, 1e6, "unit of the neuron's time"},
    [A] = {"a", "1", 1.0, 1e-6, 1e3, "cubic term of x"},
    [B] = {"b", "1", 3.0, -1e3, 1e3, "quadratic term of x"},
    [C] = {"c", "1", 1.0, -1e3, 1e3, "constant drive of y"},
    [D] = {"d", "1", 5.0, -1e3, 1e3, "quadratic term of y"},
    [R] = {"r", "1", 0.006, 0.0, 1e2, "rate of the adaptation z"},
    [S] = {"s", "1", 4.0, -1e3, 1e3, "strength of the adaptation"},
    [X_0] = {"x_0", "1", -1.6, -1e3, 1e3, "x at which the adaptation rests"},
    [TAU_EXC] = {"tau_exc", "ms", 5.0, 1e-3, 1e6, "decay time of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 5.0, 1e-3, 1e6, "decay time of inhibitory currents"},
    [X_SPIKE] = {"x_spike", "1", 1.0, -1e3, 1e3, "a spike is an upward crossing of this x"},
    [I_E] = {"I_e", "1", 0.0, -1e6, 1e6, "constant current"},
};

static const cal_field states[] = {
    {"x", "1", -1.6, -INFINITY, INFINITY, "membrane voltage"},
    {"y", "1", -12.0, -INFINITY, INFINITY, "fast recovery"},
    {"z", "1", 1.0, -INFINITY, INFINITY, "slow adaptation"},
    {"I_exc", "1", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"I_inh", "1", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"x_low", "1", 0.0, -1.0, 1.0, "rounding of x, carried to the next step"},
    {"y_low", "1", 0.0, -1.0, 1.0, "rounding of y, carried to the next step"},
    {"z_low", "1", 0.0, -1.0, 1.0, "rounding of z, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "1", "jump of the excitatory current; the weight may be negative", false},
    {"inhibitory", "1", "jump of the inhibitory current; inhibits where the weight is negative", false},
};

/* The cubic term moves x by up to 12 per unit of time and x; longer steps leave the region of stability. */
static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)current;
    if (dt_ms <= 0.2 * p[TAU])
        return true;
    snprintf(why, size, "its spikes are too fast for dt %g ms, at most a fifth of tau: %g ms", dt_ms, 0.2 * p[TAU]);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_hindmarsh_rose_constants *)(void *)constants = (cali_hindmarsh_rose_constants){
        .step = (float)(dt_ms / p[TAU]),
        .a = (float)p[A],
        .b = (float)p[B],
        .c = (float)p[C],
        .d = (float)p[D],
        .r = (float)p[R],
        .s = (float)p[S],
        .x_0 = (float)p[X_0],
        .loss_exc = (float)cali_loss(0.5 * dt_ms / p[TAU_EXC]),
        .loss_inh = (float)cali_loss(0.5 * dt_ms / p[TAU_INH]),
        .drive = (float)p[I_E],
        .x_spike = (float)p[X_SPIKE],
    };
}

CALI_DECLARE_LOOPS(hindmarsh_rose);

const cali_neuron cali_neuron_hindmarsh_rose = {
    .face = {.name = "hindmarsh-rose",
             .alias = NULL,
             .title = "Hindmarsh-Rose: bursts of spikes, exponential currents",
             .equations = "tau x' = y - a x^3 + b x^2 - z + I_exc + I_inh + I_e + I; tau y' = c - d x^2 - y; "
                          "tau z' = r (s (x - x_0) - z); x rises through x_spike: spike",
             .source = "Hindmarsh & Rose (1984), Proc. R. Soc. Lond. B 221, 87-102",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_hindmarsh_rose_constants),
    .rest_param = -1,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(hindmarsh_rose),
};
