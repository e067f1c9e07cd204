/* What synapses and currents do to a voltage u = V - E_L during one Runge-Kutta step: u' = a - g u at its start,
 * middle and end, and NMDA receptors.
 *
 * The magnesium block of NMDA receptors (Jahr & Stevens 1990, J. Neurosci. 10, 3178-3182): the share of open
 * channels that magnesium leaves free,
 *     B(V) = 1 / (1 + [Mg] / 3.57 mM e^(-0.062 V / mV)).
 * B obeys B' = s B (1 - B) with s = 0.062 / mV; within a step it is followed by its Taylor polynomial of degree 3
 * about the voltage of the start. The remainder, of order dt^4, keeps a scheme of order 4 what it is, and one
 * exponential is enough for all stages. */
#ifndef CALI_SNN_KERNELS_DRIVE_H
#define CALI_SNN_KERNELS_DRIVE_H

#include "snn/kernels/kernel.h"

#define CALI_MAGNESIUM_PER_MV 0.062f

typedef struct cali_magnesium {
    float at, b0, b1, b2, b3;
} cali_magnesium;

/* `scale` = [Mg] / 3.57 mM e^(-0.062 E_L / mV), u = V - E_L. */
CAL_HD cali_magnesium cali_magnesium_about(float scale, float u)
{
    const float s = CALI_MAGNESIUM_PER_MV;
    cali_magnesium m;
    const float b = 1.0f / cali_fma_f32(scale, cali_exp_f32(-s * u), 1.0f);
    const float slope = s * b * (1.0f - b);
    m.at = u;
    m.b0 = b;
    m.b1 = slope;
    m.b2 = slope * (0.5f * s) * cali_fma_f32(-2.0f, b, 1.0f);
    m.b3 = slope * (s * s * (1.0f / 6.0f)) * cali_fma_f32(6.0f * b, b - 1.0f, 1.0f);
    return m;
}

CAL_HD float cali_magnesium_near(const cali_magnesium *m, float u)
{
    const float d = u - m->at;
    return cali_fma_f32(d, cali_fma_f32(d, cali_fma_f32(d, m->b3, m->b2), m->b1), m->b0);
}

/* All over C, g with the leak. n is the NMDA conductance without its block; e_nmda is relative to E_L. */
typedef struct cali_drive {
    float a[3], g[3], n[3], e_nmda;
    cali_magnesium block;
} cali_drive;

/* u' at one of the three times; `has_nmda` is a literal. */
CAL_HD float cali_drive_slope(const cali_drive *d, int at, int has_nmda, float u)
{
    const float slope = cali_fma_f32(-d->g[at], u, d->a[at]);
    return has_nmda ? cali_fma_f32(d->n[at] * cali_magnesium_near(&d->block, u), d->e_nmda - u, slope)
                    : slope;
}

#endif
