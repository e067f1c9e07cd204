/* Quadratic integrate-and-fire neurons whose firing calls up a slow adaptation A, an alpha function of the
 * rate. The two entries made of this file define DEFAULT_ALPHA, DEFAULT_ETA, MEANING_OF_A and
 * ADAPT(recurrent, a), the recurrent drive under adaptation. */
#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum { TAU, TAU_A, ALPHA, I_EXT, DELTA, J, ETA, CR, CV };
enum { R, V, A, B };
enum { C_R, C_V };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 1.0, 1e-3, 1e4, "membrane time constant"},
    [TAU_A] = {"tau_A", "ms", 10.0, 1e-2, 1e5, "time constant of the adaptation"},
    [ALPHA] = {"alpha", "ms", DEFAULT_ALPHA, 0.0, 1e3, "adaptation per rate"},
    [I_EXT] = {"I", "1", 0.0, -1e3, 1e3, "constant drive"},
    [DELTA] = {"Delta", "1", 2.0, 0.0, 1e3, "half width of the spread of the drives"},
    [J] = {"J", "1", 21.2132, -1e3, 1e3, "weight within the region"},
    [ETA] = {"eta", "1", DEFAULT_ETA, -1e3, 1e3, "centre of the drives"},
    [CR] = {"cr", "1", 1.0, -1e3, 1e3, "weight of the coupling input c_r"},
    [CV] = {"cv", "1", 0.0, -1e3, 1e3, "weight of the coupling input c_V"},
};
static const cal_field states[] = {
    [R] = {"r", "1/ms", 0.1, 0.0, INFINITY, "firing rate"},
    [V] = {"V", "1", -2.0, -INFINITY, INFINITY, "mean membrane potential"},
    [A] = {"A", "1", 0.0, -INFINITY, INFINITY, MEANING_OF_A},
    [B] = {"B", "1", 0.0, -INFINITY, INFINITY, "tau_A times the derivative of A"},
};
static const double scales[] = {0.1, 1.0, 0.1, 0.1};
static const cal_field inputs[] = {
    [C_R] = {"c_r", "1", 0.0, -INFINITY, INFINITY, "drive, multiplied by cr"},
    [C_V] = {"c_V", "1", 0.0, -INFINITY, INFINITY, "drive, multiplied by cv"},
};
static const cal_field outputs[] = {
    [R] = {"r", "1/ms", 0.0, 0.0, INFINITY, "firing rate"},
    [V] = {"V", "1", 0.0, -INFINITY, INFINITY, "mean membrane potential"},
    [A] = {"A", "1", 0.0, -INFINITY, INFINITY, MEANING_OF_A},
    [B] = {"B", "1", 0.0, -INFINITY, INFINITY, "tau_A times the derivative of A"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double tau = p[TAU * n + i], tau_a = p[TAU_A * n + i];
        const double r = x[R * n + i], v = x[V * n + i], a = x[A * n + i], b = x[B * n + i];
        const double rate = tau * r, recurrent = p[J * n + i] * rate;
        const double drive = p[ETA * n + i] + p[I_EXT * n + i] + ADAPT(recurrent, a) +
                             p[CR * n + i] * c[C_R * n + i] + p[CV * n + i] * c[C_V * n + i];
        dx[R * n + i] = cali_qif_rate_slope(tau, p[DELTA * n + i], r, v);
        dx[V * n + i] = (cali_qif_own_drive(rate, v) + drive) / tau;
        dx[A * n + i] = b / tau_a;
        dx[B * n + i] = (p[ALPHA * n + i] * r - a - 2.0 * b) / tau_a;
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < 4 * n; i++)
        y[i] = x[i];
}
