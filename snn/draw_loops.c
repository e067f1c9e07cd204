/* The loops of draw_loops.h. */
#include "snn/draw_loops.h"

#include <math.h>

#include "base/philox_rows.h"
#include "snn/network.h"

enum { CHUNK = 512 };

/* Words of a chunk of draws. */
typedef struct words {
    uint32_t row[4][CHUNK];
} words;

static void draw_words(size_t n, cali_key key, uint32_t unit, uint32_t first, uint32_t use, words *w)
{
    uint32_t *const rows[4] = {w->row[0], w->row[1], w->row[2], w->row[3]};
    cali_philox_unit(n, key, unit, first, use, rows);
}

static void normals(size_t n, const words *w, double *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        const cali_random r = {{w->row[0][i], w->row[1][i], w->row[2][i], w->row[3][i]}};
        double a, b;
        cali_normal(r, &a, &b);
        a = a > CALI_MAX_SD ? CALI_MAX_SD : a;
        out[i] = a < -CALI_MAX_SD ? -CALI_MAX_SD : a;
    }
}

static void uniforms(size_t n, const words *w, double *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = cali_uniform(w->row[0][i], w->row[1][i]);
}

/* Values of draws (unit, first), (unit, first + 1), ... */
static void draw(size_t n, const cal_distribution *d, cali_key key, uint32_t unit, uint32_t first, double *restrict x)
{
    const double a = d->a, b = d->b, low = d->low, high = d->high;
    words w;
    if (d->kind == CAL_CONSTANT) {
        for (size_t i = 0; i < n; i++)
            x[i] = a;
        return;
    }
    draw_words(n, key, unit, first, 0, &w);
    if (d->kind == CAL_NORMAL || d->kind == CAL_LOGNORMAL)
        normals(n, &w, x);
    else
        uniforms(n, &w, x);
    for (size_t i = 0; d->kind == CAL_LORENTZIAN && i < n; i++)
        x[i] = cali_half_tangent(2.0 * x[i] - 1.0);
    const double width = d->kind == CAL_UNIFORM ? b - a : b;
    for (size_t i = 0; i < n; i++)
        x[i] = a + width * x[i];
    for (size_t i = 0; d->kind == CAL_LOGNORMAL && i < n; i++)
        x[i] = cali_exp(x[i]);
    if (low == 0.0 && high == 0.0)
        return;
    for (size_t i = 0; i < n; i++) {
        const double above = x[i] < low ? low : x[i];
        x[i] = above > high ? high : above;
    }
}

static size_t chunk_of(size_t n, size_t first)
{
    return n - first < CHUNK ? n - first : CHUNK;
}

static void draw_weights(size_t n, const cal_distribution *d, cali_key key, uint32_t unit, double scale,
                         int32_t *restrict out)
{
    double x[CHUNK];
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t size = chunk_of(n, first);
        draw(size, d, key, unit, (uint32_t)first, x);
        for (size_t i = 0; i < size; i++)
            out[first + i] = (int32_t)floor(x[i] * scale + 0.5);
    }
}

static void draw_delays(size_t n, const cal_distribution *d, cali_key key, uint32_t unit, double dt_ms,
                        uint32_t *restrict out)
{
    double x[CHUNK];
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t size = chunk_of(n, first);
        draw(size, d, key, unit, (uint32_t)first, x);
        for (size_t i = 0; i < size; i++)
            out[first + i] = cali_delay_steps(x[i], dt_ms);
    }
}

static void draw_below(size_t n, cali_key key, uint32_t unit, uint32_t use, uint64_t limit, uint32_t *restrict out)
{
    words w;
    for (size_t first = 0; first < n; first += 2 * CHUNK) {
        const size_t pairs = chunk_of((n + 1) / 2, first / 2), last = n - first < 2 * pairs ? n - first : 2 * pairs;
        draw_words(pairs, key, unit, (uint32_t)(first / 2), use, &w);
        for (size_t i = 0; i < last; i++)
            out[first + i] = cali_below(w.row[i % 2 * 2][i / 2], w.row[i % 2 * 2 + 1][i / 2], limit);
    }
}

static void draw_below_rising(size_t n, cali_key key, uint32_t unit, uint32_t use, uint64_t limit,
                              uint32_t *restrict out)
{
    words w;
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t size = chunk_of(n, first);
        draw_words(size, key, unit, (uint32_t)first, use, &w);
        for (size_t i = 0; i < size; i++)
            out[first + i] = cali_below(w.row[0][i], w.row[1][i], limit + first + i);
    }
}

static void draw_gaps(size_t n, cali_key key, uint32_t unit, uint32_t first, double factor, double *restrict out)
{
    words w;
    for (size_t done = 0; done < n; done += CHUNK) {
        const size_t size = chunk_of(n, done);
        draw_words(size, key, unit, first + (uint32_t)done, 0, &w);
        for (size_t i = 0; i < size; i++) {
            const double gap = cali_log(cali_uniform(w.row[0][i], w.row[1][i])) * factor;
            out[done + i] = floor(gap < 1e15 ? gap : 1e15);
        }
    }
}

extern const cali_draw_loops CALI_ISA_NAME(cali_draw_loops);
const cali_draw_loops CALI_ISA_NAME(cali_draw_loops) = {draw_weights, draw_delays, draw_below, draw_below_rising,
                                                        draw_gaps};
