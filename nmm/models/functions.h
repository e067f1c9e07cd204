/* Functions that several models share. */
#ifndef CALI_NMM_MODELS_FUNCTIONS_H
#define CALI_NMM_MODELS_FUNCTIONS_H

#include "base/numeric.h"

/** Rate of a population at potential v, from 0 to `top`: top / (1 + exp(r (v0 - v))). */
CAL_HD double cali_sigmoid(double top, double r, double v0, double v)
{
    return top / (1.0 + cali_exp(r * (v0 - v)));
}

/** x / (1 - exp(-d x)), inv_d = 1 / d; the series near d x = 0, where the quotient loses digits. Its next term:
 *  (d x)^8 / 1209600. */
CAL_HD double cali_softplus_rate(double d, double inv_d, double x)
{
    const double z = d * x, q = z * z;
    const double series = 1.0 + 0.5 * z + q * (1.0 / 12.0 - q * (1.0 / 720.0 - q * (1.0 / 30240.0)));
    const double is_small = q < 0.0025 ? 1.0 : 0.0;
    const double denominator = 1.0 - cali_exp(-z) + is_small; /* never 0 */
    return q < 0.0025 ? series * inv_d : x / denominator;
}

/** z / (1 - exp(-z)) */
CAL_HD double cali_softplus_like(double z)
{
    return cali_softplus_rate(1.0, 1.0, z);
}

/** Slope of the firing rate of quadratic integrate-and-fire neurons with a Lorentzian spread of drives:
 *    tau r' = Delta / (pi tau) + 2 r V.  Source: Montbrio, Pazo & Roxin (2015), Phys. Rev. X 5, 021028 */
CAL_HD double cali_qif_rate_slope(double tau, double delta, double r, double v)
{
    return (delta / (CALI_PI * tau) + 2.0 * r * v) / tau;
}

/** What moves their mean potential without any drive:  tau V' = V^2 - (pi tau r)^2 + drives;  `rate` is tau r. */
CAL_HD double cali_qif_own_drive(double rate, double v)
{
    return v * v - (CALI_PI * rate) * (CALI_PI * rate);
}

#endif
