/* Steady state and linear response of the exponential integrate-and-fire neuron in white noise, by threshold
 * integration of its Fokker-Planck equation.
 *
 *     V' = f(V) + sigma xi,   f(V) = mu + (E_L - V + Delta exp((V - V_T) / Delta)) / tau_m,   V_s -> V_r after T_ref
 *
 * Steady: with unit flux, p' = (2 / sigma^2) (f p - H(V - V_r)), p(V_s) = 0, from V_s down to where p vanishes;
 * r = 1 / (integral p + T_ref). To mu + e exp(i w t) the rate answers with r_1: J_1' = -i w p_1,
 * p_1' = (2 / sigma^2) (f p_1 + p_0 - J_1), and J_1 falls by r_1 exp(-i w T_ref) below V_r. The equations are
 * linear: one solution a for r_1 = 1 without p_0, one solution b with p_0 alone, and r_1 = -J_b / J_a at the lower
 * end, where no flux is left. Downwards every exponential is the physical one, so nothing cancels.
 *
 * In a cell f is that of its middle, p exact for a constant flux, and J is moved half before and half after p: order 2.
 *
 * The answer r_1(w) / r_1(0) is that of a filter; the time constant is that of 1 / (1 + i w tau) nearest to it in the
 * mean square over 0 to 1 kHz.
 * Sources: Richardson (2007), Phys. Rev. E 76, 021919; Augustin, Ladenbauer, Baumann & Obermayer (2017), PLoS Comput.
 * Biol. 13, e1005545. */
#ifndef CALI_NMM_EIF_RESPONSE_H
#define CALI_NMM_EIF_RESPONSE_H

#include <math.h>
#include <stdlib.h>

/** The neuron of Cakan & Obermayer (2020): pF / nS = ms, mV. */
typedef struct eif_neuron {
    double tau_m, e_l, delta, v_t, v_r, v_s, t_ref;
} eif_neuron;
static const eif_neuron eif_cakan = {20.0, -65.0, 1.5, -50.0, -70.0, -40.0, 1.5};

typedef struct eif_answer {
    double rate, v, tau; /* 1/ms, mV, ms */
} eif_answer;

enum { EIF_N_FREQUENCIES = 192 };
#define EIF_FINE_MV 0.005 /* cells of the table; halving them moves tau by less than 1e-4 of itself */

/* Grid downwards from V_s; cell k lies between points k and k + 1. */
typedef struct eif_grid {
    size_t n, reset; /* cells; those from `reset` on lie below V_r */
    double h;
    double *decay, *gain; /* n: p(k + 1) = decay p(k) + gain J */
    double *p;            /* n + 1 */
} eif_grid;

static inline void eif_make_grid(const eif_neuron *neuron, double mu, double sigma, double h_mV, eif_grid *g)
{
    const double rest = neuron->e_l + neuron->tau_m * mu;
    const double spread = 8.0 * sigma * sqrt(0.5 * neuron->tau_m);
    const double lowest = fmin(rest, neuron->v_r) - spread;
    g->reset = (size_t)lround((neuron->v_s - neuron->v_r) / h_mV);
    g->h = (neuron->v_s - neuron->v_r) / (double)g->reset;
    g->n = (size_t)ceil((neuron->v_s - lowest) / g->h);
    g->decay = malloc((3 * g->n + 1) * sizeof *g->decay);
    g->gain = g->decay + g->n;
    g->p = g->gain + g->n;
    for (size_t k = 0; k < g->n; k++) {
        const double v = neuron->v_s - ((double)k + 0.5) * g->h;
        const double f =
            mu + (neuron->e_l - v + neuron->delta * exp((v - neuron->v_t) / neuron->delta)) / neuron->tau_m;
        const double slope = 2.0 * f / (sigma * sigma), z = slope * g->h;
        g->decay[k] = exp(-z);
        g->gain[k] = 2.0 / (sigma * sigma) * (fabs(z) < 1e-12 ? g->h : -expm1(-z) / slope);
    }
}

/* The density per unit flux, its integral and the mean potential. */
static inline double eif_steady(const eif_neuron *neuron, eif_grid *g, double *v_mean)
{
    double sum = 0.0, moment = 0.0;
    g->p[0] = 0.0;
    for (size_t k = 0; k < g->n; k++) {
        g->p[k + 1] = g->decay[k] * g->p[k] + (k < g->reset ? g->gain[k] : 0.0);
        const double mean = 0.5 * (g->p[k] + g->p[k + 1]);
        sum += mean;
        moment += mean * (neuron->v_s - ((double)k + 0.5) * g->h);
    }
    *v_mean = moment / sum;
    return sum * g->h;
}

/* r_1 at m frequencies (rad/ms), in units of the steady rate times an unknown common factor: real and imaginary part. */
static inline void eif_respond(const eif_neuron *neuron, const eif_grid *g, size_t m, const double *omega, double *re,
                               double *im)
{
    enum { PA_RE, PA_IM, JA_RE, JA_IM, PB_RE, PB_IM, JB_RE, JB_IM, N_ROWS };
    double *x = calloc(N_ROWS * m, sizeof *x);
    for (size_t w = 0; w < m; w++)
        x[JA_RE * m + w] = 1.0;
    for (size_t k = 0; k < g->n; k++) {
        const double decay = g->decay[k], gain = g->gain[k], p0 = 0.5 * (g->p[k] + g->p[k + 1]);
        if (k == g->reset)
            for (size_t w = 0; w < m; w++) {
                x[JA_RE * m + w] -= cos(omega[w] * neuron->t_ref);
                x[JA_IM * m + w] += sin(omega[w] * neuron->t_ref);
            }
        for (int b = 0; b < 2; b++) {
            double *restrict p_re = x + (b ? PB_RE : PA_RE) * m, *restrict p_im = x + (b ? PB_IM : PA_IM) * m;
            double *restrict j_re = x + (b ? JB_RE : JA_RE) * m, *restrict j_im = x + (b ? JB_IM : JA_IM) * m;
            const double source = b ? p0 : 0.0;
            for (size_t w = 0; w < m; w++) {
                const double half = 0.5 * g->h * omega[w];
                j_re[w] -= half * p_im[w];
                j_im[w] += half * p_re[w];
                p_re[w] = decay * p_re[w] + gain * (j_re[w] - source);
                p_im[w] = decay * p_im[w] + gain * j_im[w];
                j_re[w] -= half * p_im[w];
                j_im[w] += half * p_re[w];
            }
        }
    }
    for (size_t w = 0; w < m; w++) { /* -J_b / J_a; both may be huge, so the quotient is scaled */
        const double big = hypot(x[JA_RE * m + w], x[JA_IM * m + w]);
        const double a = x[JA_RE * m + w] / big, b = x[JA_IM * m + w] / big;
        const double c = x[JB_RE * m + w] / big, d = x[JB_IM * m + w] / big;
        re[w] = -(c * a + d * b);
        im[w] = -(d * a - c * b);
    }
    free(x);
}

/* Nodes and weights of an integral over 0 to 1 kHz (f = u^3 kHz, midpoints in u: most of them where slow filters end);
 * the first frequency stands for 0 and has no weight. */
static inline void eif_frequencies(double *omega, double *weight)
{
    const size_t n = EIF_N_FREQUENCIES - 1;
    omega[0] = 2.0 * 3.14159265358979323846 * 1e-6;
    weight[0] = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double u = ((double)i + 0.5) / (double)n;
        omega[i + 1] = 2.0 * 3.14159265358979323846 * u * u;
        weight[i + 1] = 2.0 * u / (double)n;
    }
}

static inline double eif_misfit(double tau, const double *omega, const double *weight, const double *re,
                                const double *im)
{
    double sum = 0.0;
    for (size_t i = 0; i < EIF_N_FREQUENCIES; i++) {
        const double z = omega[i] * tau, d = 1.0 / (1.0 + z * z);
        sum += weight[i] * ((d - re[i]) * (d - re[i]) + (-z * d - im[i]) * (-z * d - im[i]));
    }
    return sum;
}

/* The best tau between 0.001 and 100 ms: a scan, then golden section. */
static inline double eif_fit(const double *omega, const double *weight, const double *re, const double *im)
{
    enum { N_SCAN = 200 };
    double best = 0.0, least = INFINITY;
    for (int i = 0; i <= N_SCAN; i++) {
        const double t = -3.0 + 5.0 * i / N_SCAN, e = eif_misfit(pow(10.0, t), omega, weight, re, im);
        if (e < least) {
            least = e;
            best = t;
        }
    }
    double low = fmax(best - 5.0 / N_SCAN, -3.0), high = fmin(best + 5.0 / N_SCAN, 2.0);
    const double golden = 0.61803398874989484820;
    while (high - low > 1e-9) {
        const double a = high - golden * (high - low), b = low + golden * (high - low);
        if (eif_misfit(pow(10.0, a), omega, weight, re, im) < eif_misfit(pow(10.0, b), omega, weight, re, im))
            high = b;
        else
            low = a;
    }
    return pow(10.0, 0.5 * (low + high));
}

/** The three quantities at one point, with cells of about `h_mV`. */
static inline eif_answer eif_answer_at(const eif_neuron *neuron, double mu, double sigma, double h_mV)
{
    double omega[EIF_N_FREQUENCIES], weight[EIF_N_FREQUENCIES], re[EIF_N_FREQUENCIES], im[EIF_N_FREQUENCIES];
    eif_grid g;
    eif_answer answer;
    eif_make_grid(neuron, mu, sigma, h_mV, &g);
    answer.rate = 1.0 / (eif_steady(neuron, &g, &answer.v) + neuron->t_ref);
    eif_frequencies(omega, weight);
    eif_respond(neuron, &g, EIF_N_FREQUENCIES, omega, re, im);
    const double at_zero = re[0];
    for (size_t i = 0; i < EIF_N_FREQUENCIES; i++) {
        re[i] /= at_zero;
        im[i] /= at_zero;
    }
    answer.tau = eif_fit(omega, weight, re, im);
    free(g.decay);
    return answer;
}

#endif
