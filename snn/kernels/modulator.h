/* A neuromodulator and the eligibility of synapses. Eligibility c and concentration n (releases per time) decay,
 *
 *     c' = -c / tau_c,   n' = -n / tau_n,   n grows by release / tau_n at each spike of the modulating neurons,
 *     w' = c (n - b),
 *
 * so without events over h the weight gains c times
 *
 *     gain = n tau_s (1 - e^(-h / tau_s)) - b tau_c (1 - e^(-h / tau_c)),   1 / tau_s = 1 / tau_c + 1 / tau_n.
 *
 *  Source: Izhikevich (2007), Cereb. Cortex 17, 2443-2452; Potjans, Morrison & Diesmann (2010), Front. Comput. Neurosci.
 *  4, 141, equations 7 to 11. */
#ifndef CALI_SNN_KERNELS_MODULATOR_H
#define CALI_SNN_KERNELS_MODULATOR_H

#include "snn/kernels/synapse.h"

typedef struct cali_modulator {
    double c_rate, n_rate, s_rate; /* dt / tau */
    double tau_c_ms, tau_s_ms;
    double baseline, kick; /* b and release / tau_n, 1/ms */
} cali_modulator;

/** What an interval without events does to a synapse of eligibility 1: weight that it gains, eligibility that is left. */
typedef struct cali_drift {
    double gain, keep;
} cali_drift;

/** e^(-steps rate) - 1 */
CAL_HD double cali_fall(double rate, int64_t steps)
{
    const double x = (double)steps * rate;
    return x < 80.0 ? cali_expm1(-x) : -1.0;
}

/** The interval of `steps` that begins `age` steps after the concentration was n. */
CAL_HD cali_drift cali_drift_over(const cali_modulator *m, double n, int64_t age, int64_t steps)
{
    const double c = cali_fall(m->c_rate, steps), s = cali_fall(m->s_rate, steps);
    n = n * cali_decay_exp(m->n_rate, age);
    return (cali_drift){m->baseline * m->tau_c_ms * c - n * m->tau_s_ms * s, 1.0 + c};
}

#endif
