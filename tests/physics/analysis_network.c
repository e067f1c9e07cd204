/* The figures of analysis/spikes.h on networks, against NEST's (reference/spiking/network): means within 3 sd sqrt(1/n + 1/m)
 * of the mean over the reference's m seeds, sd at least 1 % of the value; the distributions over neurons and pairs have a
 * Kolmogorov-Smirnov distance to the reference's pooled quantiles below 1.5 times the largest between two of its seeds (the
 * README's rules). The reference divides the variance of n intervals by n, these figures by n - 1. */
#include <math.h>
#include <stdio.h>

#include "analysis/spikes.h"
#include "support/network_run.h"

enum { N_SEEDS = 4 };

static cali_test_table *reference(const char *name, const char *kind)
{
    char path[128];
    snprintf(path, sizeof path, "reference/spiking/network/%s_%s.csv", name, kind);
    const char *found = cali_test_shared(path);
    return found == NULL ? NULL : cali_test_read_csv(found);
}

static cali_trains trains_of(cal_context *ctx, cal_recording *recording, size_t train, double from_ms, double to_ms)
{
    const cal_recording_train facts = cal_recording_get_train(recording, train);
    double *times = malloc((facts.n_spikes + 1) * sizeof *times);
    uint32_t *ids = malloc((facts.n_spikes + 1) * sizeof *ids);
    cali_trains t;
    cr_assert(cal_recording_read_spikes(recording, train, 0, facts.n_spikes, times, ids) == CAL_OK);
    cr_assert(cali_trains_make(ctx, times, ids, facts.n_spikes, facts.n_recorded, from_ms, to_ms, &t) == CAL_OK);
    free(times);
    free(ids);
    return t;
}

/* CVs with the reference's divisor. */
static size_t plain_cvs(const cali_trains *t, double *cv)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const cali_regularity r = cali_train_regularity(t, i);
        if (!isnan(r.cv))
            cv[n++] = r.cv * sqrt(((double)r.n_intervals - 1.0) / (double)r.n_intervals);
    }
    return n;
}

static void expect_distance(const char *what, double *x, size_t n, const cali_test_table *quantiles, const char *column,
                            const cali_test_table *distances, size_t row)
{
    const double is = cali_distance_to_quantiles(x, n, quantiles, column);
    const double bound = 1.5 * cali_test_value(distances, row, "ks_max");
    cr_log_info("%s %s: distance %.4f, bound %.4f", what, column, is, bound);
    cr_expect(is < bound, "%s %s: distance %.4f, bound %.4f", what, column, is, bound);
}

/* Rows of the distances: (E, I) x (cc, cv, rate). */
static void expect_distributions(const char *name, size_t p, const cali_trains *t, cali_train_details *d)
{
    static const char *const columns[2][3] = {{"E_cc", "E_cv", "E_rate"}, {"I_cc", "I_cv", "I_rate"}};
    cali_test_table *quantiles = reference(name, "quantiles"), *distances = reference(name, "ks_between_seeds");
    double *cv = malloc((t->n + 1) * sizeof *cv);
    const size_t n_cv = plain_cvs(t, cv);
    expect_distance(name, d->pairs.r, d->pairs.n, quantiles, columns[p][0], distances, 3 * p);
    expect_distance(name, cv, n_cv, quantiles, columns[p][1], distances, 3 * p + 1);
    expect_distance(name, d->rate_Hz, t->n_recorded, quantiles, columns[p][2], distances, 3 * p + 2);
    free(cv);
    cali_test_table_free(quantiles);
    cali_test_table_free(distances);
}

/* Rows of the summary, population by population: rate, sd of rates, CV, LV, correlation, its sd, Fano factor, silent ones. */
static const struct {
    const char *name;
    size_t row;
} quantities[] = {{"rate", 0}, {"LV", 3}, {"correlation", 4}, {"sd of correlations", 5}, {"Fano factor of the population", 6}};
enum { N_QUANTITIES = sizeof quantities / sizeof quantities[0] };

static void expect_means(const char *name, double values[2][N_QUANTITIES][N_SEEDS])
{
    cali_test_table *summary = reference(name, "summary");
    for (size_t p = 0; p < 2; p++)
        for (size_t q = 0; q < N_QUANTITIES; q++) {
            const size_t row = 8 * p + quantities[q].row;
            const double mean = cali_test_value(summary, row, "mean_over_seeds"), value = cali_mean_of(values[p][q], N_SEEDS);
            const double own = cali_sd_of(values[p][q], N_SEEDS) * sqrt(N_SEEDS / (N_SEEDS - 1.0));
            const double sd = fmax(fmax(cali_test_value(summary, row, "sd_over_seeds"), own), 0.01 * fabs(mean));
            const double bound = 3.0 * sd * sqrt(1.0 / N_SEEDS + 1.0 / cali_test_value(summary, row, "n_seeds"));
            cr_log_info("%s %s of %c: %.5f, reference %.5f +- %.5f", name, quantities[q].name, "EI"[p], value, mean, bound);
            cr_expect(fabs(value - mean) <= bound, "%s %s of %c: %.5f, reference %.5f +- %.5f", name, quantities[q].name, "EI"[p],
                      value, mean, bound);
        }
    cali_test_table_free(summary);
}

static void compare_with_nest(const char *example, const char *name, double from_ms, double to_ms, const char *const *set,
                              size_t n_set)
{
    cali_test_table *there = reference(name, "summary");
    if (there == NULL)
        cr_skip_test("no reference data");
    cali_test_table_free(there);
    double values[2][N_QUANTITIES][N_SEEDS];
    char seed[32];
    const char *texts[8] = {seed};
    for (size_t i = 0; i < n_set; i++)
        texts[i + 1] = set[i];
    for (size_t k = 0; k < N_SEEDS; k++) {
        cal_context *ctx = cali_test_context(2);
        snprintf(seed, sizeof seed, "run.seed=%zu", k + 1);
        cal_recording *recording = cali_run_example(ctx, example, texts, n_set + 1);
        for (size_t p = 0; p < 2; p++) {
            cali_train_options options = cali_train_options_default();
            options.seed = k + 1;
            cali_trains t = trains_of(ctx, recording, p, from_ms, to_ms);
            cali_train_figures f;
            cali_train_details d;
            cr_assert(cali_train_describe(ctx, &t, &options, &f, &d) == CAL_OK);
            const double own[] = {f.rate_Hz, f.lv, f.correlation, f.correlation_sd, f.population_fano};
            for (size_t q = 0; q < N_QUANTITIES; q++)
                values[p][q][k] = own[q];
            if (k == 0)
                expect_distributions(name, p, &t, &d);
            cali_train_details_free(&d);
            cali_trains_free(&t);
        }
        cal_recording_close(&recording);
        cal_context_destroy(&ctx);
    }
    expect_means(name, values);
}

Test(analysis_network, cuba_has_the_figures_of_nest)
{
    compare_with_nest("cuba", "net_cuba", 500.0, 5500.0, NULL, 0);
}

/* The reference's variant of COBA, which never falls silent: a bias of 200 pA, weights of 4 and 51 nS. */
Test(analysis_network, coba_with_a_bias_has_the_figures_of_nest)
{
    static const char *const set[] = {
        "run.duration=2500 ms", "network.populations.E.parameters.I_e=200 pA", "network.populations.I.parameters.I_e=200 pA",
        "network.connections[0].weight=4 nS", "network.connections[1].weight=51 nS"};
    compare_with_nest("coba", "net_cobab", 500.0, 2500.0, set, 5);
}
