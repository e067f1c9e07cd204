/* analysis/spikes.h against processes whose figures are known in closed form. Tolerances are four standard errors of the
 * estimates unless said otherwise; seeds are fixed. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/spikes.h"
#include "base/numeric.h"
#include "base/random.h"
#include "support/support.h"

typedef struct spikes {
    size_t n, capacity;
    double *times;
    uint32_t *ids;
} spikes;

typedef struct spike {
    double time;
    uint32_t id;
} spike;

static double uniform(uint32_t unit, uint32_t step, uint32_t use)
{
    const cali_random r = cali_philox(cali_key_from_seed(11), unit, step, use, 0);
    return cali_uniform(r.word[0], r.word[1]);
}

static void add(spikes *s, double time, uint32_t id)
{
    if (s->n == s->capacity) {
        s->capacity = 2 * s->capacity + 1024;
        s->times = realloc(s->times, s->capacity * sizeof *s->times);
        s->ids = realloc(s->ids, s->capacity * sizeof *s->ids);
    }
    s->times[s->n] = time;
    s->ids[s->n++] = id;
}

static int by_time(const void *a, const void *b)
{
    const spike *x = a, *y = b;
    return x->time != y->time ? (x->time > y->time) - (x->time < y->time) : (x->id > y->id) - (x->id < y->id);
}

static void sort(spikes *s)
{
    spike *all = malloc((s->n + 1) * sizeof *all);
    for (size_t k = 0; k < s->n; k++)
        all[k] = (spike){s->times[k], s->ids[k]};
    qsort(all, s->n, sizeof *all, by_time);
    for (size_t k = 0; k < s->n; k++) {
        s->times[k] = all[k].time;
        s->ids[k] = all[k].id;
    }
    free(all);
}

/* Gamma processes of whole shape k, each interval a sum of k exponential ones; k = 1: Poisson. Started 10 intervals early. */
static spikes gamma_trains(uint32_t n, uint32_t shape, double rate_Hz, double stop_ms)
{
    spikes s = {0};
    const double scale_ms = 1e3 / rate_Hz / shape;
    for (uint32_t id = 0; id < n; id++) {
        double t = -1e4 / rate_Hz;
        for (uint32_t step = 0;; step++) {
            for (uint32_t j = 0; j < shape; j++)
                t -= scale_ms * cali_log(uniform(id, step, j));
            if (t > stop_ms)
                break;
            if (t > 0.0)
                add(&s, t, id);
        }
    }
    sort(&s);
    return s;
}

static cali_trains trains_of(cal_context *ctx, spikes *s, size_t n_recorded, double t0_ms, double t1_ms)
{
    cali_trains t;
    cr_assert(cali_trains_make(ctx, s->times, s->ids, s->n, n_recorded, t0_ms, t1_ms, &t) == CAL_OK);
    free(s->times);
    free(s->ids);
    return t;
}

static cali_train_figures figures_of(cal_context *ctx, const cali_trains *t, cali_train_details *d)
{
    const cali_train_options options = cali_train_options_default();
    cali_train_figures f;
    cr_assert(cali_train_describe(ctx, t, &options, &f, d) == CAL_OK);
    return f;
}

Test(analysis_spikes, are_sorted_by_neuron_and_cut_to_the_interval)
{
    static const double times[] = {1.0, 2.0, 2.0, 3.0, 4.0, 5.0};
    static const uint32_t ids[] = {7, 2, 7, 2, 90, 7};
    cal_context *ctx = cali_test_context(1);
    cali_trains t;
    cr_assert(cali_trains_make(ctx, times, ids, 6, 10, 1.0, 4.0, &t) == CAL_OK); /* 1.0 is outside, 4.0 inside */
    cr_assert(eq(sz, t.n, 3));
    cr_expect(eq(sz, t.n_spikes, 4));
    cr_expect(t.id[0] == 2 && t.id[1] == 7 && t.id[2] == 90);
    cr_expect(t.start[0] == 0 && t.start[1] == 2 && t.start[2] == 3 && t.start[3] == 4);
    cr_expect(t.times_ms[0] == 2.0 && t.times_ms[1] == 3.0 && t.times_ms[2] == 2.0 && t.times_ms[3] == 4.0);
    double counts[3];
    cr_assert(eq(sz, cali_trains_bins(&t, 1.0), 3));
    cali_trains_count(&t, 1.0, 3, counts); /* (1, 2], (2, 3], (3, 4] */
    cr_expect(counts[0] == 2.0 && counts[1] == 1.0 && counts[2] == 1.0);
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* Intervals 1, 3, 1, 3, ...: CV of nine, CV2 = 2 2/4 = 1 and LV = 3 (2/4)^2 = 3/4 whatever their number. */
Test(analysis_spikes, regularity_of_a_train_is_that_of_its_definition)
{
    spikes s = {0}, clock = {0};
    double t_ms = 10.0, intervals[9];
    add(&s, t_ms, 0);
    for (int k = 0; k < 9; k++) {
        intervals[k] = k % 2 == 0 ? 1.0 : 3.0;
        add(&s, t_ms += intervals[k], 0);
    }
    cal_context *ctx = cali_test_context(1);
    cali_trains t = trains_of(ctx, &s, 1, 0.0, 100.0);
    const cali_regularity r = cali_train_regularity(&t, 0);
    cr_expect(eq(sz, r.n_intervals, 9));
    cr_expect(epsilon_eq(dbl, r.rate_Hz, 100.0, 1e-9));
    cr_expect(epsilon_eq(dbl, r.cv, cali_series_sd(intervals, 9) / cali_series_mean(intervals, 9), 1e-12));
    cr_expect(epsilon_eq(dbl, r.cv2, 1.0, 1e-12));
    cr_expect(epsilon_eq(dbl, r.lv, 0.75, 1e-12));
    cali_trains_free(&t);
    for (int k = 0; k < 50; k++)
        add(&clock, 0.1 * (3 + 70 * k), 0); /* rounded times */
    t = trains_of(ctx, &clock, 1, 0.0, 1000.0);
    const cali_regularity even = cali_train_regularity(&t, 0);
    cr_expect(even.cv == 0.0 && even.cv2 == 0.0 && even.lv == 0.0);
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* Gamma processes of rate r and shape k: CV = 1 / sqrt(k); LV = 3 / (2 k + 1); CV2 = 4 / (k 4^k B(k, k)), as I / (I + I') is
 * Beta(k, k); Fano factor of long windows CV^2, with the edge term (1 - k^-2) / (6 n) for n spikes in a window (Cox & Lewis
 * 1966). */
static const struct {
    uint32_t shape;
    double cv2;
} shapes[] = {{1, 1.0}, {2, 0.75}, {4, 0.546875}};

static void expect_gamma(uint32_t shape, double cv2)
{
    enum { N = 200 };
    cal_context *ctx = cali_test_context(1);
    spikes s = gamma_trains(N, shape, 40.0, 50000.0);
    cali_trains t = trains_of(ctx, &s, N, 0.0, 50000.0);
    const cali_train_figures f = figures_of(ctx, &t, NULL);
    const double k = shape, n_intervals = 2000.0 * N;
    cr_expect(epsilon_eq(dbl, f.rate_Hz, 40.0, 4.0 * 40.0 / sqrt(k * n_intervals)));
    cr_expect(epsilon_eq(dbl, f.rate_sd_Hz, sqrt(40.0 / k / 50.0), 4.0 * sqrt(40.0 / k / 50.0 / (2.0 * N))));
    cr_expect(epsilon_eq(dbl, f.cv, 1.0 / sqrt(k), 4.0 / sqrt(n_intervals) + 1.0 / 2000.0), "shape %u", shape); /* bias 1/(2 n) */
    cr_expect(epsilon_eq(dbl, f.lv, 3.0 / (2.0 * k + 1.0), 4.0 * 1.2 / sqrt(n_intervals)));
    cr_expect(epsilon_eq(dbl, f.cv2, cv2, 4.0 * 0.7 / sqrt(n_intervals)));
    /* windows of 100 ms hold 4 spikes */
    const double fano = 1.0 / k + (1.0 - 1.0 / (k * k)) / 6.0 / 4.0;
    cr_expect(epsilon_eq(dbl, f.fano, fano, 4.0 * sqrt(2.0 / (500.0 * N)) + (shape > 1 ? 0.005 : 0.0)), "shape %u", shape);
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

Test(analysis_spikes, of_a_poisson_process_all_measures_are_one)
{
    expect_gamma(shapes[0].shape, shapes[0].cv2);
}

Test(analysis_spikes, of_a_gamma_process_of_shape_two_are_those_of_theory)
{
    expect_gamma(shapes[1].shape, shapes[1].cv2);
}

Test(analysis_spikes, of_a_gamma_process_of_shape_four_are_those_of_theory)
{
    expect_gamma(shapes[2].shape, shapes[2].cv2);
}

/* A slow change of the rate between 10 and 70 Hz raises CV and the Fano factor, but not LV. */
Test(analysis_spikes, local_measures_do_not_see_a_slow_rate)
{
    spikes all = gamma_trains(100, 1, 70.0, 40000.0), s = {0};
    for (size_t k = 0; k < all.n; k++)
        if ((uint32_t)(all.times[k] / 4000.0) % 2 == 0 || uniform(all.ids[k], (uint32_t)k, 99) < 1.0 / 7.0)
            add(&s, all.times[k], all.ids[k]);
    free(all.times);
    free(all.ids);
    cal_context *ctx = cali_test_context(1);
    cali_trains t = trains_of(ctx, &s, 100, 0.0, 40000.0);
    const cali_train_figures f = figures_of(ctx, &t, NULL);
    cr_expect(f.cv > 1.4 && f.fano > 2.0, "CV %g, Fano factor %g", f.cv, f.fano);
    cr_expect(epsilon_eq(dbl, f.lv, 1.0, 0.03));
    cr_expect(epsilon_eq(dbl, f.cv2, 1.0, 0.03));
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* Poisson processes whose common rate is drawn anew in each bin D from {a, b}: with its mean m and variance v the counts have
 * variance m D + v D^2 and covariance v D^2. So r = v D / (m + v D), the Fano factor of the population 1 + N v D / m, and
 * chi^2 = r + (1 - r) / N. */
Test(analysis_spikes, of_a_doubly_stochastic_process_are_those_of_theory)
{
    enum { N = 60, N_BINS = 20000 };
    const double bin_s = 5e-3, low = 10.0, high = 50.0, mean = 30.0, variance = 400.0;
    spikes s = {0};
    for (uint32_t b = 0; b < N_BINS; b++) {
        const double rate = uniform(0, b, 1) < 0.5 ? low : high;
        for (uint32_t i = 0; i < N; i++) {
            double t = 0.0;
            for (uint32_t k = 0; (t -= cali_log(uniform(i, b, 2 + k)) / rate) < bin_s; k++)
                add(&s, 5.0 * b + 1e3 * t, i);
        }
    }
    sort(&s);
    cal_context *ctx = cali_test_context(1);
    cali_trains t = trains_of(ctx, &s, N, 0.0, 5.0 * N_BINS);
    const cali_train_figures f = figures_of(ctx, &t, NULL);
    const double r = variance * bin_s / (mean + variance * bin_s);
    cr_expect(eq(sz, f.n_pairs, N * (N - 1) / 2));
    cr_expect(epsilon_eq(dbl, f.correlation, r, 0.003)); /* of v D^2: 1 % over 20,000 bins */
    cr_expect(epsilon_eq(dbl, f.population_fano, 1.0 + N * variance * bin_s / mean, 0.15));
    cr_expect(epsilon_eq(dbl, f.chi * f.chi, r + (1.0 - r) / N, 0.003));
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* Independent ones: no correlation, whose spread over pairs is 1 / sqrt(bins); chi = 1 / sqrt(N), also with silent neurons
 * among them. Identical ones: all 1. */
Test(analysis_spikes, synchrony_ends_at_independence_and_identity)
{
    cal_context *ctx = cali_test_context(1);
    spikes s = gamma_trains(50, 1, 20.0, 100000.0);
    cali_trains t = trains_of(ctx, &s, 100, 0.0, 100000.0);
    cali_train_figures f = figures_of(ctx, &t, NULL);
    cr_expect(epsilon_eq(dbl, f.correlation, 0.0, 4.0 / sqrt(20000.0 * 1225.0)));
    cr_expect(epsilon_eq(dbl, f.correlation_sd, 1.0 / sqrt(20000.0), 0.1 / sqrt(20000.0)));
    cr_expect(epsilon_eq(dbl, f.chi, 0.1, 0.1 * 4.0 / sqrt(2.0 * 20000.0)));
    cr_expect(epsilon_eq(dbl, f.population_fano, 1.0, 4.0 * sqrt(2.0 / 20000.0)));
    cr_expect(eq(sz, f.n_active, 50));
    cr_expect(epsilon_eq(dbl, f.rate_Hz, 10.0, 0.2));
    cr_expect(isnan(f.peak_Hz), "%g Hz", f.peak_Hz);
    cali_trains_free(&t);
    spikes one = gamma_trains(1, 1, 20.0, 10000.0), many = {0};
    for (size_t k = 0; k < one.n; k++)
        for (uint32_t i = 0; i < 10; i++)
            add(&many, one.times[k], 3 * i);
    free(one.times);
    free(one.ids);
    t = trains_of(ctx, &many, 10, 0.0, 10000.0);
    f = figures_of(ctx, &t, NULL);
    cr_expect(epsilon_eq(dbl, f.correlation, 1.0, 1e-12));
    cr_expect(epsilon_eq(dbl, f.chi, 1.0, 1e-12));
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* One-sided density of the rate of N independent Poisson neurons: 2 r / N at all frequencies, in Hz^2/Hz. */
Test(analysis_spikes, the_spectrum_of_independent_neurons_is_flat)
{
    cal_context *ctx = cali_test_context(1);
    spikes s = gamma_trains(100, 1, 20.0, 60000.0);
    cali_trains t = trains_of(ctx, &s, 100, 0.0, 60000.0);
    cali_train_details d;
    figures_of(ctx, &t, &d);
    cr_assert(d.spectrum.n > 500);
    double sum = 0.0;
    for (size_t k = 10; k + 10 < d.spectrum.n; k++)
        sum += d.spectrum.power[k] / (double)(d.spectrum.n - 20);
    cr_expect(epsilon_eq(dbl, sum, 0.4, 4.0 * 0.4 / sqrt((double)d.spectrum.n * (double)d.spectrum.n_segments * 0.8)));
    cr_expect(d.rate_Hz[0] <= d.rate_Hz[99] && d.pairs.n == 4950);
    cali_train_details_free(&d);
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* A rhythm: neurons fire with chance 0.3 in each cycle of 25 ms. */
Test(analysis_spikes, a_rhythm_has_its_frequency)
{
    spikes s = {0};
    for (uint32_t cycle = 0; cycle < 800; cycle++)
        for (uint32_t i = 0; i < 80; i++)
            if (uniform(i, cycle, 1) < 0.3)
                add(&s, 25.0 * cycle + 6.0 * uniform(i, cycle, 2) + 1.0, i);
    sort(&s);
    cal_context *ctx = cali_test_context(1);
    cali_trains t = trains_of(ctx, &s, 80, 0.0, 20000.0);
    const cali_train_figures f = figures_of(ctx, &t, NULL);
    cr_expect(epsilon_eq(dbl, f.peak_Hz, 40.0, 0.2));
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}

/* After a spike a gamma process of shape 2 and rate r has the rate r (1 - exp(-4 r lag)), a Poisson process r. */
Test(analysis_spikes, the_autocorrelogram_is_the_renewal_density)
{
    enum { N_LAGS = 40 };
    cal_context *ctx = cali_test_context(1);
    double h[N_LAGS];
    for (uint32_t shape = 1; shape <= 2; shape++) {
        spikes s = gamma_trains(100, shape, 30.0, 40000.0);
        cali_trains t = trains_of(ctx, &s, 100, 0.0, 40000.0);
        const double level_Hz = cali_trains_autocorrelogram(&t, 0, 2.0, N_LAGS, h);
        cr_expect(epsilon_eq(dbl, level_Hz, 30.0, 0.5));
        for (int j = 0; j < N_LAGS; j++) {
            const double a = 4.0 * 0.03 * 2.0 * j, b = 4.0 * 0.03 * 2.0 * (j + 1), mean = (exp(-a) - exp(-b)) / (b - a);
            const double truth = shape == 1 ? 30.0 : 30.0 * (1.0 - mean);
            cr_expect(epsilon_eq(dbl, h[j], truth, 4.0 * sqrt(truth / (2e-3 * 120000.0))), "shape %u, lag %d", shape, j);
        }
        cali_trains_free(&t);
    }
    cal_context_destroy(&ctx);
}

Test(analysis_spikes, the_crosscorrelation_shows_the_lag)
{
    enum { N = 4000 };
    static double x[N], y[N];
    double r[21];
    for (uint32_t k = 0; k < N; k++)
        x[k] = uniform(0, k, 1) < 0.3 ? 1.0 : 0.0;
    for (uint32_t k = 0; k < N; k++)
        y[k] = 5.0 + 2.0 * x[(k + N - 3) % N]; /* y follows x by three */
    cali_series_crosscorrelation(x, y, N, 10, r);
    for (int k = -10; k <= 10; k++)
        cr_expect(epsilon_eq(dbl, r[k + 10], k == 3 ? 1.0 : 0.0, k == 3 ? 2e-3 : 4.0 / sqrt((double)N)), "lag %d", k); /* three terms are lost */
    memset(y, 0, sizeof y);
    cali_series_crosscorrelation(x, y, N, 1, r);
    cr_expect(isnan(r[1]));
}

/* Traces x_i = common + own noise of equal variance: chi^2 = (1 + 1/N) / 2. */
Test(analysis_spikes, synchrony_of_traces_is_that_of_theory)
{
    enum { N = 10, ROWS = 20000 };
    double *x = malloc(N * ROWS * sizeof *x);
    for (uint32_t r = 0; r < ROWS; r++)
        for (uint32_t i = 0; i < N; i++)
            x[i * ROWS + r] = -60.0 + uniform(1000, r, 3) + uniform(i, r, 3);
    const double chi = cali_traces_synchrony(x, N, ROWS, ROWS);
    cr_expect(epsilon_eq(dbl, chi * chi, 0.55, 0.01));
    free(x);
}

Test(analysis_spikes, what_has_too_little_is_no_number)
{
    cal_context *ctx = cali_test_context(1);
    spikes none = {0}, one = {0};
    cali_trains t = trains_of(ctx, &none, 5, 0.0, 1000.0);
    cali_train_details d;
    cali_train_figures f = figures_of(ctx, &t, &d);
    cr_expect(f.rate_Hz == 0.0 && f.n_active == 0 && isnan(f.cv) && isnan(f.fano) && isnan(f.chi) && isnan(f.correlation));
    cali_train_details_free(&d);
    cali_trains_free(&t);
    add(&one, 3.0, 0);
    t = trains_of(ctx, &one, 1, 0.0, 4.0);
    f = figures_of(ctx, &t, NULL);
    cr_expect(f.rate_Hz == 250.0 && isnan(f.cv) && isnan(f.fano));
    cali_trains_free(&t);
    t = trains_of(ctx, &(spikes){0}, 0, 0.0, 100.0); /* a population of nobody */
    f = figures_of(ctx, &t, NULL);
    cr_expect(f.n_recorded == 0 && isnan(f.rate_Hz));
    cali_trains_free(&t);
    cal_context_destroy(&ctx);
}
