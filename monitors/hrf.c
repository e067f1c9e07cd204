/* Haemodynamic responses. Times in s; powers by exp and log of base/numeric.h, so that all machines agree. */
#include <math.h>
#include <string.h>

#include "base/numeric.h"
#include "callosum/monitors.h"

/* x^(a - 1) exp(-x - c) for x >= 0 and a >= 1, in one exponential: neither factor overflows alone. */
static double gamma_shape(double x, double a, double c)
{
    if (x > 0.0)
        return cali_exp((a - 1.0) * cali_log(x) - x - c);
    return a == 1.0 ? cali_exp(-c) : 0.0;
}

/* log Gamma(a), a > 0: Stirling's series at a + 12 or beyond, brought back by the recurrence. Error below 1e-15 of
 * the largest term. */
static double log_gamma(double a)
{
    double product = 1.0, z = a;
    for (; z < 12.0; z += 1.0)
        product *= z;
    const double r = 1.0 / z, q = r * r;
    const double series = r * (1.0 / 12.0 - q * (1.0 / 360.0 - q * (1.0 / 1260.0 - q * (1.0 / 1680.0 - q / 1188.0))));
    return (z - 0.5) * cali_log(z) - z + 0.5 * cali_log(2.0 * CALI_PI) + series - cali_log(product);
}

/* ---- first order Volterra ------------------------------------------------------------------------------------ */

static const cal_field volterra_params[] = {
    {"tau_s", "s", 0.8, 0.01, 100.0, "decay of the vasodilatory signal"},
    {"tau_f", "s", 0.4, 0.01, 100.0, "feedback of the flow"},
    {"k_1", "1", 5.6, 0.0, 100.0, "weight of the deoxyhaemoglobin"},
    {"V_0", "1", 0.02, 1e-6, 1.0, "resting blood volume"},
};

/* A damped oscillation; without one (tau_f > 4 tau_s^2) the sine becomes a hyperbolic one, at the border t itself. */
static void fill_volterra(const double *p, size_t n, const double *t_s, double *h)
{
    const double square = 1.0 / p[1] - 1.0 / (4.0 * p[0] * p[0]);
    const double w = sqrt(fabs(square));
    for (size_t i = 0; i < n; i++) {
        const double t = t_s[i], decay = -0.5 * t / p[0];
        double sine, cosine;
        cali_sincos(w * t, &sine, &cosine);
        double wave = w * t < 1e-9 ? t : sine / w;
        if (square < 0.0 && w * t >= 1e-9) {
            h[i] = (cali_exp(decay + w * t) - cali_exp(decay - w * t)) / (6.0 * w);
            continue;
        }
        h[i] = cali_exp(decay) * wave / 3.0;
    }
}

/* ---- difference of damped sines --------------------------------------------------------------------------------- */

static const cal_field double_exponential_params[] = {
    {"tau_1", "s", 7.22, 0.01, 1000.0, "decay of the first wave"},
    {"f_1", "Hz", 0.03, 0.0, 10.0, "frequency of the first wave"},
    {"amp_1", "1", 0.1, -100.0, 100.0, "amplitude of the first wave"},
    {"tau_2", "s", 7.4, 0.01, 1000.0, "decay of the second wave"},
    {"f_2", "Hz", 0.12, 0.0, 10.0, "frequency of the second wave"},
    {"amp_2", "1", 0.1, -100.0, 100.0, "amplitude of the second wave, which is taken away"},
    {"a", "1", 0.1, 1e-9, 1e9, "height of the response"},
};

static void fill_double_exponential(const double *p, size_t n, const double *t_s, double *h)
{
    for (size_t i = 0; i < n; i++) {
        double first, second, cosine;
        cali_sincos(2.0 * CALI_PI * p[1] * t_s[i], &first, &cosine);
        cali_sincos(2.0 * CALI_PI * p[4] * t_s[i], &second, &cosine);
        h[i] = p[2] * cali_exp(-t_s[i] / p[0]) * first - p[5] * cali_exp(-t_s[i] / p[3]) * second;
    }
}

/* ---- gamma densities ----------------------------------------------------------------------------------------------- */

static const cal_field gamma_params[] = {
    {"tau", "s", 1.08, 0.01, 100.0, "time constant"},
    {"n", "1", 3.0, 1.0, 50.0, "phase: the peak is at (n - 1) tau"},
    {"a", "1", 0.1, 1e-9, 1e9, "height of the response"},
};

static void fill_gamma(const double *p, size_t n, const double *t_s, double *h)
{
    const double scale = log_gamma(p[1]) + cali_log(p[0]);
    for (size_t i = 0; i < n; i++)
        h[i] = gamma_shape(t_s[i] / p[0], p[1], scale);
}

static const cal_field mixture_params[] = {
    {"a_1", "1", 6.0, 1.01, 100.0, "shape of the response"},
    {"a_2", "1", 13.0, 1.01, 100.0, "shape of the undershoot"},
    {"l", "1/s", 1.0, 0.01, 100.0, "rate of both"},
    {"c", "1", 0.4, 0.0, 10.0, "weight of the undershoot"},
};

static void fill_mixture(const double *p, size_t n, const double *t_s, double *h)
{
    const double first = log_gamma(p[0]), second = log_gamma(p[1]);
    for (size_t i = 0; i < n; i++) {
        const double x = p[2] * t_s[i];
        h[i] = gamma_shape(x, p[0], first) - p[3] * gamma_shape(x, p[1], second);
    }
}

#define PARAMS(of) .params = of##_params, .n_params = sizeof of##_params / sizeof *of##_params, .fill = fill_##of

static const cal_hrf kernels[] = {
    {.name = "volterra", .title = "First-order Volterra kernel of the balloon model",
     .formula = "h(t) = exp(-t / (2 tau_s)) sin(w t) / (3 w),  w = sqrt(1/tau_f - 1/(4 tau_s^2));\n"
                "y = k_1 V_0 (h * x - 1)",
     .source = "Friston, Mechelli, Turner & Price (2000), NeuroImage 12, 466-477", .is_first_order = true,
     PARAMS(volterra)},
    {.name = "double-exponential", .title = "Difference of two damped sines",
     .formula = "h(t) = amp_1 exp(-t/tau_1) sin(2 pi f_1 t) - amp_2 exp(-t/tau_2) sin(2 pi f_2 t), scaled to the height a",
     .source = "Polonsky, Blake, Braun & Heeger (2000), Nat. Neurosci. 3, 1153-1159", .is_scaled = true,
     PARAMS(double_exponential)},
    {.name = "gamma", .title = "Gamma density",
     .formula = "h(t) = (t/tau)^(n - 1) exp(-t/tau) / (tau Gamma(n)), scaled to the height a",
     .source = "Boynton, Engel, Glover & Heeger (1996), J. Neurosci. 16, 4207-4221", .is_scaled = true, PARAMS(gamma)},
    {.name = "mixture-of-gammas", .title = "Response and undershoot, each a gamma density",
     .formula = "h(t) = (l t)^(a_1 - 1) exp(-l t) / Gamma(a_1) - c (l t)^(a_2 - 1) exp(-l t) / Gamma(a_2)",
     .source = "Glover (1999), NeuroImage 9, 416-429", PARAMS(mixture)},
};

size_t cal_hrf_n(void)
{
    return sizeof kernels / sizeof *kernels;
}

const cal_hrf *cal_hrf_at(size_t index)
{
    return index < cal_hrf_n() ? &kernels[index] : NULL;
}

const cal_hrf *cal_hrf_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < cal_hrf_n(); i++)
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i];
    return NULL;
}
