/* What the Coombes-Byrne masses share: the neurons, under the conductance g of their synapses. */
#ifndef CALI_NMM_MODELS_COOMBES_BYRNE_H
#define CALI_NMM_MODELS_COOMBES_BYRNE_H

#include "nmm/models/model.h"

/* r' */
CAL_HD double rate_slope(double delta, double r, double v, double g)
{
    return delta / CALI_PI + 2.0 * r * v - g * r;
}

/* V' */
CAL_HD double potential_slope(double drive, double v_syn, double r, double v, double g)
{
    return v * v - (CALI_PI * r) * (CALI_PI * r) + drive + (v_syn - v) * g;
}

/* |Z| = |(1 - W) / (1 + W)| with W = pi r - i V, from 0 (phases all over the circle) to 1 (all alike). */
CAL_HD double synchrony(double r, double v)
{
    const double w = CALI_PI * r;
    return sqrt(((1.0 - w) * (1.0 - w) + v * v) / ((1.0 + w) * (1.0 + w) + v * v));
}

#endif
