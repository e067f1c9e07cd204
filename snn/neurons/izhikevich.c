#include "snn/kernels/izhikevich.h"

#include <math.h>

#include "snn/neuron.h"

enum { A, B, C, D, V_PEAK, I_E, PUBLISHED, N_PARAMS };

static const cal_field params[] = {
    [A] = {"a", "1/ms", 0.02, -1e3, 1e3, "rate of the recovery"},
    [B] = {"b", "1", 0.2, -1e3, 1e3, "sensitivity of the recovery to v"},
    [C] = {"c", "mV", -65.0, -1e4, 1e4, "v after a spike"},
    [D] = {"d", "1", 8.0, -1e4, 1e4, "jump of u at a spike"},
    [V_PEAK] = {"V_peak", "mV", 30.0, -1e4, 1e4, "v at which the neuron spikes"},
    [I_E] = {"I_e", "1", 0.0, -1e6, 1e6, "constant drive"},
    [PUBLISHED] = {"published_form", "1", 0.0, 0.0, 1.0,
                   "1: two half steps for v as published (made for dt = 1 ms); 0: forward Euler"},
};

static const cal_field states[] = {
    {"v", "mV", -65.0, -INFINITY, INFINITY, "membrane voltage"},
    {"u", "1", -13.0, -INFINITY, INFINITY, "recovery"},
    {"v_low", "mV", 0.0, -1.0, 1.0, "rounding of v, carried to the next step"},
    {"u_low", "1", 0.0, -1.0, 1.0, "rounding of u, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"input", "mV", "jump of v (published form: drive during the step)", false},
};

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_izhikevich_constants *)(void *)constants = (cali_izhikevich_constants){
        .dt = (float)dt_ms,
        .half = (float)(0.5 * dt_ms),
        .a_dt = (float)(p[A] * dt_ms),
        .b = (float)p[B],
        .c = (float)p[C],
        .d = (float)p[D],
        .v_peak = (float)p[V_PEAK],
        .drive = (float)p[I_E],
        .published = p[PUBLISHED] > 0.5 ? 1.0f : 0.0f,
    };
}

CALI_DECLARE_LOOPS(izhikevich);

const cali_neuron cali_neuron_izhikevich = {
    .face = {.name = "izhikevich",
             .alias = NULL,
             .title = "Izhikevich 2003",
             .equations = "v' = 0.04 v^2 + 5 v + 140 - u + I_e + I; u' = a (b v - u); "
                          "v >= V_peak: spike, v = c, u += d",
             .source = "Izhikevich (2003), IEEE Trans. Neural Netw. 14, 1569-1572",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_izhikevich_constants),
    .rest_param = -1,
    .prepare = prepare,
    .loop = CALI_LOOPS(izhikevich),
};
