/* BOLD as a convolution: averages A_k of the signal over short intervals d stand in a ring, and meet the kernel when
 * a row is due.
 *
 *   integral   y_K = d sum_{m=0}^{S-1} h((m + 1/2) d) A_{K-m}      midpoint rule: A_{K-m} is centred there
 *   tvb        y_K = h_{S-1} A_K + sum_{m=0}^{S-2} h_m A_{K-1-m},  h_m = h(m d)
 *
 * with A_k = 0 for k < 1. Both are sum_m weights[m] A_{K-m} with fixed weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "monitors/monitor.h"

static void scale_to_height(size_t n, double height, double *h)
{
    double most = h[0];
    for (size_t i = 1; i < n; i++)
        most = h[i] > most ? h[i] : most;
    for (size_t i = 0; i < n && most > 0.0; i++)
        h[i] *= height / most;
}

static cal_status fill_weights(cal_monitor *m, double interim_s)
{
    const size_t n = m->n_weights;
    const bool is_integral = m->form == CAL_BOLD_INTEGRAL;
    double *t_s = NULL;
    CAL_TRY(cali_alloc(m->ctx, n, sizeof *t_s, "kernel", &t_s));
    for (size_t k = 0; k < n; k++)
        t_s[k] = ((double)k + (is_integral ? 0.5 : 0.0)) * interim_s;
    m->kernel->fill(m->params, n, t_s, m->weights);
    free(t_s);
    if (m->kernel->is_scaled)
        scale_to_height(n, m->params[m->n_params - 1], m->weights);
    if (is_integral) {
        for (size_t k = 0; k < n; k++)
            m->weights[k] *= interim_s;
        return CAL_OK;
    }
    const double last = m->weights[n - 1]; /* meets the newest average */
    memmove(m->weights + 1, m->weights, (n - 1) * sizeof *m->weights);
    m->weights[0] = last;
    return CAL_OK;
}

static cal_status prepare(cal_monitor *m, const cal_monitor_def *def)
{
    const cal_time interim = def->interim == 0 ? def->dt : def->interim;
    if (interim <= 0 || interim % def->dt != 0 || def->every % interim != 0)
        return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "bold averages over %g ms, which must be a multiple of %g ms and divide %g ms",
                        cal_time_ms(interim), cal_time_ms(def->dt), cal_time_ms(def->every));
    if (def->length < 2 * interim)
        return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "the kernel's length %g ms is shorter than two of its intervals of %g ms",
                        cal_time_ms(def->length), cal_time_ms(interim));
    m->n_per_interim = interim / def->dt;
    m->n_weights = (size_t)((def->length + interim - 1) / interim);
    m->n_state = m->n_regions * (m->n_weights + 1); /* the sum under way, and the ring */
    CAL_TRY(cali_alloc(m->ctx, m->n_weights, sizeof *m->weights, "kernel", &m->weights));
    return fill_weights(m, cal_time_ms(interim) * 1e-3);
}

static void take(cal_monitor *m, const double *row)
{
    double *sum = m->own;
    for (size_t i = 0; i < m->n_regions; i++)
        sum[i] += row[i];
    const int64_t at = cali_monitor_row(m);
    if (at % m->n_per_interim != 0)
        return;
    const size_t slot = (size_t)(at / m->n_per_interim) % m->n_weights;
    double *average = m->own + (1 + slot) * m->n_regions;
    for (size_t i = 0; i < m->n_regions; i++) {
        average[i] = sum[i] / (double)m->n_per_interim;
        sum[i] = 0.0;
    }
}

static void give(cal_monitor *m, double *out)
{
    const size_t n = m->n_regions, newest = (size_t)(cali_monitor_row(m) / m->n_per_interim) % m->n_weights;
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < m->n_weights; k++) {
        const size_t slot = newest >= k ? newest - k : newest + m->n_weights - k;
        const double w = m->weights[k], *average = m->own + (1 + slot) * n;
        for (size_t i = 0; i < n; i++)
            out[i] += w * average[i];
    }
    if (!m->kernel->is_first_order)
        return;
    const double k_1 = m->params[m->n_params - 2], v_0 = m->params[m->n_params - 1];
    for (size_t i = 0; i < n; i++)
        out[i] = (out[i] - 1.0) * k_1 * v_0;
}

const cali_monitor_ops cali_ops_bold = {prepare, NULL, take, give};
