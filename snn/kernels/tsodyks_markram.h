/* Short-term plasticity: each spike uses the share u of the resources x, which recover with tau_rec; use makes u grow
 * (facilitation), which fades with tau_fac. At the spike that follows the last one after an interval h,
 *     x <- 1 + (x - x u - 1) e^(-h / tau_rec)      with the old u
 *     u <- U + u (1 - U) e^(-h / tau_fac)
 *  and w u x is delivered. The first spike finds a rested synapse: x = 1, u = U.
 *  Source: Tsodyks, Pawelzik & Markram (1998), Neural Comput. 10, 821-835; in the form of Maass & Markram (2002),
 *  Neural Netw. 15, 155-161. */
#ifndef CALI_SNN_KERNELS_TSODYKS_MARKRAM_H
#define CALI_SNN_KERNELS_TSODYKS_MARKRAM_H

#include "snn/kernels/synapse.h"

#define CALI_TSODYKS_MARKRAM_STATES(X) X(weight) X(u) X(x)
#define CALI_TSODYKS_MARKRAM_CONSTANTS(X) X(use) X(per_tau_rec) X(per_tau_fac)
enum { CALI_TSODYKS_MARKRAM_PRE = 0, CALI_TSODYKS_MARKRAM_POST = 0, CALI_TSODYKS_MARKRAM_IS_PRE_ONLY = 1 };
CALI_SYNAPSE_TYPES(tsodyks_markram, TSODYKS_MARKRAM);

CAL_HD void cali_tsodyks_markram_post(const cali_tsodyks_markram_constants *k, const double *pre, const double *post,
                                      cali_tsodyks_markram_state *x)
{
    (void)k;
    (void)pre;
    (void)post;
    (void)x;
}

CAL_HD void cali_tsodyks_markram_pre(const cali_tsodyks_markram_constants *k, const double *pre, const double *post,
                                     double since_ms, cali_tsodyks_markram_state *x)
{
    (void)pre;
    (void)post;
    const double rec = -since_ms * k->per_tau_rec, fac = -since_ms * k->per_tau_fac;
    const double recovered = rec > -80.0 ? cali_exp(rec) : 0.0, faded = fac > -80.0 ? cali_exp(fac) : 0.0;
    x->x = 1.0 + (x->x - x->x * x->u - 1.0) * recovered;
    x->u = k->use + x->u * (1.0 - k->use) * faded;
}

CAL_HD double cali_tsodyks_markram_gain(const cali_tsodyks_markram_state *x)
{
    return x->u * x->x;
}

#endif
