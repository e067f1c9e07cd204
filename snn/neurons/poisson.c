#include "snn/kernels/poisson.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum { RATE, N_PARAMS };

static const cal_field params[] = {
    [RATE] = {"rate", "Hz", 10.0, 0.0, 1e6, "mean rate"},
};

static const cal_field states[] = {
    {"present_rate", "Hz", 0.0, 0.0, INFINITY, "rate + I of the last step, at least 0"},
};

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)current;
    if (p[RATE] * dt_ms * 1e-3 <= 1.0)
        return true;
    snprintf(why, size, "a rate of %g Hz is more than one spike per step of %g ms; dt at most %.3g ms", p[RATE], dt_ms,
             1e3 / p[RATE]);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_poisson_constants *)(void *)constants =
        (cali_poisson_constants){.base = (float)p[RATE], .dt_s = (float)(dt_ms * 1e-3)};
}

CALI_DECLARE_LOOPS(poisson);

const cali_neuron cali_neuron_poisson = {
    .face = {.name = "poisson",
             .alias = "poisson_generator",
             .title = "Poisson neuron, with a drive inhomogeneous",
             .equations = "a spike in a step with probability (rate + I) dt, cut to 0 .. 1; at most one per step",
             .source = "Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, section 7.2",
             .params = params,
             .n_params = N_PARAMS,
             .states = states,
             .n_states = CALI_COUNT(states),
             .current_unit = "Hz"},
    .n_constants = CALI_N_FLOATS(cali_poisson_constants),
    .n_uniforms = 1,
    .rest_param = -1,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(poisson),
};
