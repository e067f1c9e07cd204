/* coupler/transducers.c and the transducers one by one, without a host. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "coupler/transducer.h"
#include "support/support.h"

enum { MAX_BINS = 64 };

/* One link by hand: a window of 1 ms with n bins, host step 1 ms / n. */
typedef struct rig {
    cal_context *ctx;
    const cali_transducer *t;
    cal_port port;
    cali_link_place place;
    double params[8], values[4 * MAX_BINS];
    void *state;
    cal_port_data data;
    cal_link_counts counts;
} rig;

static void set_up(rig *r, const char *name, const char *unit, uint32_t channels, uint32_t samples)
{
    const cal_transducer *face = cal_transducer_find(name);
    cr_assert(ne(ptr, (void *)face, NULL));
    *r = (rig){.ctx = cali_test_context(1), .t = cali_transducer_of(face)};
    for (size_t i = 0; i < face->n_params; i++)
        r->params[i] = face->params[i].value;
    r->port = (cal_port){.name = "p",
                         .unit = unit,
                         .is_input = face->direction == CAL_RECEIVES,
                         .is_spikes = r->t->is_for_spikes,
                         .channels = channels,
                         .samples = samples};
    r->place = (cali_link_place){.ctx = r->ctx,
                                 .region = "left V1",
                                 .port = &r->port,
                                 .params = r->params,
                                 .window = CAL_NS_PER_MS,
                                 .dt_ms = 1.0 / samples,
                                 .n_steps = samples,
                                 .key = cali_key_from_seed(7)};
    r->data.values = r->values;
    r->state = calloc(1, r->t->state_size + 1);
}

static void set_param(rig *r, const char *name, double value)
{
    const int i = cal_field_find(r->t->face.params, r->t->face.n_params, name);
    cr_assert(ge(int, i, 0));
    r->params[i] = value;
}

static void start(rig *r)
{
    if (r->t->init != NULL)
        cr_assert(eq(int, (int)r->t->init(r->state, &r->place), CAL_OK));
}

static void tear_down(rig *r)
{
    if (r->t->destroy != NULL)
        r->t->destroy(r->state);
    free(r->state);
    cal_context_destroy(&r->ctx);
}

static void receive(rig *r, cal_time t0, const double *c)
{
    cr_assert(eq(int, r->t->receive(r->state, &r->place, t0, c, &r->data, &r->counts), CAL_OK));
}

Test(coupler_transducers, the_list_is_found_by_name_and_documented)
{
    cr_expect(eq(sz, cal_n_transducers(), 7));
    for (size_t i = 0; i < cal_n_transducers(); i++) {
        const cal_transducer *t = cal_transducer_at(i);
        cr_expect(eq(ptr, (void *)cal_transducer_find(t->name), (void *)t));
        cr_expect(gt(sz, strlen(t->title), 10));
        cr_expect(gt(sz, strlen(t->formula), 5));
        cr_expect(gt(sz, strlen(t->source), 20));
        cr_expect(gt(sz, strlen(t->takes), 0));
        cr_expect(gt(sz, strlen(t->gives), 0));
        for (size_t k = 0; k < t->n_params; k++) {
            cr_expect(le(dbl, t->params[k].low, t->params[k].value));
            cr_expect(ge(dbl, t->params[k].high, t->params[k].value));
        }
        cr_expect(t->direction == CAL_RECEIVES ? cali_transducer_of(t)->receive != NULL
                                               : cali_transducer_of(t)->give != NULL);
    }
    cr_expect(eq(ptr, (void *)cal_transducer_at(7), NULL));
    cr_expect(eq(ptr, (void *)cal_transducer_find("no"), NULL));
}

Test(coupler_transducers, current_is_gain_times_coupling_plus_offset_on_every_channel)
{
    rig r;
    set_up(&r, "current", "1", 2, 2);
    set_param(&r, "gain", 3.0);
    set_param(&r, "offset", -0.5);
    start(&r);
    receive(&r, 0, (double[]){0.25, 2.0});
    const double truth[] = {0.25, 5.5, 0.25, 5.5};
    for (int i = 0; i < 4; i++)
        cr_expect(eq(dbl, r.values[i], truth[i]));
    tear_down(&r);
}

/* K = 200 synapses of 40 pA x 5 ms at 10 Hz = 0.01 per ms: 200 x 200 x 0.01 = 400 pA = 0.4 nA. */
Test(coupler_transducers, rate_current_is_the_mean_of_the_shot_noise)
{
    rig r;
    for (int nano = 0; nano < 2; nano++) {
        set_up(&r, "rate-current", nano ? "nA" : "pA", 1, 1);
        set_param(&r, "synapses", 200.0);
        set_param(&r, "charge", 40.0 * 5.0);
        set_param(&r, "offset", 50.0);
        start(&r);
        receive(&r, 0, (double[]){0.01});
        cr_expect(epsilon_eq(dbl, r.values[0], nano ? 0.45 : 450.0, 1e-12));
        tear_down(&r);
    }
}

Test(coupler_transducers, poisson_converts_to_hertz_and_counts_what_it_clips)
{
    rig r;
    set_up(&r, "poisson", "Hz", 1, 4);
    set_param(&r, "scale", 2.0);
    set_param(&r, "offset", 5.0);
    start(&r);
    receive(&r, 0, (double[]){0.01, 0.0, -0.01, -0.0025});
    const double truth[] = {25.0, 5.0, 0.0, 0.0};
    for (int i = 0; i < 4; i++)
        cr_expect(epsilon_eq(dbl, r.values[i], truth[i], 1e-12));
    cr_expect(eq(u64, r.counts.n_clipped, 1)); /* -15 Hz for 0.25 ms; the last is exactly 0 */
    cr_expect(epsilon_eq(dbl, r.counts.clipped, -15e-3 * 0.25, 1e-15));
    cr_expect(eq(str, (char *)cali_test_last_note(),
                 "left V1, port p: the rate of a train would be -15 Hz at 0.5 ms and is clipped to 0 Hz"
                 " (noted once, counted always)"));
    tear_down(&r);
}

/* Counts of 200 trains over 100 s at 10 Hz (the case of generators.csv): Poisson with mean 200000 in total and
 * 1000 per train; Fano factor of counts in 50 ms windows 1 (2000 windows x 200 trains), no correlation of pairs. */
Test(coupler_transducers, shared_poisson_sends_what_the_integral_of_the_rate_asks)
{
    enum { TRAINS = 200, WINDOWS = 100000, LONG = 2000 };
    const char *path = cali_test_shared("reference/numerics/transduction/generators.csv");
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *table = cali_test_read_csv(path);
    const double asked = cali_test_value(table, 3, "expected_spikes"); /* equal in all rows; names with commas shift columns */
    rig r;
    set_up(&r, "shared-poisson", "event", TRAINS, 10);
    start(&r);
    static unsigned total[TRAINS], now[TRAINS];
    double sum2 = 0.0, mean_pair = 0.0, c[10];
    uint64_t n = 0;
    for (int j = 0; j < 10; j++)
        c[j] = 0.01;
    for (int k = 0; k < WINDOWS; k++) {
        receive(&r, k * CAL_NS_PER_MS, c);
        n += r.data.spikes.n;
        for (size_t i = 0; i < r.data.spikes.n; i++) {
            total[r.data.spikes.id[i]]++;
            now[r.data.spikes.id[i]]++;
        }
        if (k % 50 != 49)
            continue;
        double all = 0.0;
        for (int i = 0; i < TRAINS; i++) {
            const double d = now[i] - 0.5;
            sum2 += d * d;
            all += d;
            now[i] = 0;
        }
        mean_pair += all * all; /* = sum of squares + pairs */
    }
    cr_expect(eq(u64, r.counts.n_spikes, n));
    cr_expect(epsilon_eq(dbl, r.counts.expected, asked, 1e-6 * asked));
    cr_expect(lt(dbl, fabs((double)n - asked), 4.0 * sqrt(asked)));
    for (int i = 0; i < TRAINS; i++) /* 5 sigma: 200 trains at once */
        cr_expect(lt(dbl, fabs(total[i] - 1000.0), 5.0 * sqrt(1000.0)));
    const double fano = sum2 / (0.5 * LONG * TRAINS);
    /* variance of a sample variance of Poisson(1/2): (1 / m + 2) per sample */
    cr_expect(lt(dbl, fabs(fano - 1.0), 4.0 * sqrt(4.0 / (LONG * TRAINS))));
    const double correlation = (mean_pair - sum2) / (0.5 * LONG * TRAINS * (TRAINS - 1));
    cr_expect(lt(dbl, fabs(correlation), 4.0 * sqrt(2.0 / LONG) / TRAINS));
    cali_test_table_free(table);
    tear_down(&r);
}

/* A rate that changes from step to step, up to where a step holds many spikes: the counts of each step follow. */
Test(coupler_transducers, shared_poisson_follows_the_rate_step_by_step)
{
    enum { WINDOWS = 4000 };
    const double c[4] = {0.0, 0.002, 0.3, -0.1};
    rig r;
    set_up(&r, "shared-poisson", "event", 1000, 4);
    start(&r);
    double count[4] = {0};
    for (int k = 0; k < WINDOWS; k++) {
        receive(&r, k * CAL_NS_PER_MS, c);
        const cal_port_spikes *s = &r.data.spikes;
        for (size_t i = 0; i < s->n; i++) {
            cr_assert(eq(u32, s->offset_ns[i] % 250000, 0));
            cr_assert(lt(u32, s->id[i], 1000));
            if (i > 0)
                cr_assert(s->offset_ns[i] > s->offset_ns[i - 1] ||
                          (s->offset_ns[i] == s->offset_ns[i - 1] && s->id[i] >= s->id[i - 1]));
            count[s->offset_ns[i] / 250000 - 1] += 1.0;
        }
    }
    for (int j = 0; j < 4; j++) {
        const double expected = WINDOWS * 1000 * 0.25 * (c[j] > 0.0 ? c[j] : 0.0);
        cr_expect(le(dbl, fabs(count[j] - expected), 4.0 * sqrt(expected)));
    }
    cr_expect(eq(u64, r.counts.n_clipped, WINDOWS));
    cr_expect(epsilon_eq(dbl, r.counts.clipped, -0.1 * 0.25 * WINDOWS, 1e-9));
    tear_down(&r);
}

/* Spikes belong to times, not to windows: one window of 4 steps or the same steps again give the same. */
Test(coupler_transducers, shared_poisson_is_a_function_of_seed_and_step)
{
    const double c[4] = {0.2, 0.2, 0.2, 0.2};
    rig one, four, other;
    set_up(&one, "shared-poisson", "event", 100, 4);
    start(&one);
    receive(&one, 8 * CAL_NS_PER_MS, c);
    set_up(&four, "shared-poisson", "event", 100, 1);
    four.place.window = CAL_NS_PER_MS / 4;
    start(&four);
    size_t at = 0;
    for (uint32_t j = 0; j < 4; j++) {
        receive(&four, 8 * CAL_NS_PER_MS + j * (CAL_NS_PER_MS / 4), c);
        for (size_t i = 0; i < four.data.spikes.n; i++, at++) {
            cr_assert(lt(sz, at, one.data.spikes.n));
            cr_expect(eq(u32, four.data.spikes.id[i], one.data.spikes.id[at]));
            cr_expect(eq(u32, four.data.spikes.offset_ns[i] + j * 250000, one.data.spikes.offset_ns[at]));
        }
    }
    cr_expect(eq(sz, at, one.data.spikes.n));
    cr_expect(gt(sz, at, 5));
    set_up(&other, "shared-poisson", "event", 100, 4);
    other.place.key = cali_key_from_seed(8);
    start(&other);
    receive(&other, 8 * CAL_NS_PER_MS, c);
    cr_expect(other.data.spikes.n != one.data.spikes.n ||
              memcmp(other.data.spikes.id, one.data.spikes.id, one.data.spikes.n * sizeof(uint32_t)) != 0);
    tear_down(&one);
    tear_down(&four);
    tear_down(&other);
}

Test(coupler_transducers, shared_poisson_clips_at_its_highest_rate)
{
    rig r;
    set_up(&r, "shared-poisson", "event", 50, 1);
    set_param(&r, "highest", 20.0);
    start(&r);
    receive(&r, 0, (double[]){5.0});
    cr_expect(epsilon_eq(dbl, r.counts.expected, 50 * 0.02, 1e-12));
    cr_expect(epsilon_eq(dbl, r.counts.clipped, 4.98, 1e-12));
    tear_down(&r);
}

Test(coupler_transducers, mean_and_rate_convert_units_and_add)
{
    rig r;
    double y[2] = {1.0, 2.0};
    set_up(&r, "mean", "mV", 1, 2);
    set_param(&r, "scale", 0.1);
    set_param(&r, "offset", 6.5);
    start(&r);
    r.t->give(r.state, &r.place, (double[]){-65.0, -60.0}, y);
    cr_expect(epsilon_eq(dbl, y[0], 1.0, 1e-14));
    cr_expect(epsilon_eq(dbl, y[1], 2.5, 1e-14));
    tear_down(&r);
    set_up(&r, "rate", "Hz", 1, 2);
    set_param(&r, "scale", 0.8);
    start(&r);
    r.t->give(r.state, &r.place, (double[]){100.0, 10.0}, y);
    cr_expect(epsilon_eq(dbl, y[0], 1.08, 1e-14));
    cr_expect(epsilon_eq(dbl, y[1], 2.508, 1e-14));
    tear_down(&r);
}

/* An impulse comes out as the box: n bins of 1/n. */
Test(coupler_transducers, the_box_of_a_rate_is_causal_and_keeps_the_integral)
{
    rig r;
    double y[8] = {0};
    set_up(&r, "rate", "Hz", 1, 8);
    set_param(&r, "width", 0.5); /* 4 bins of 0.125 ms */
    start(&r);
    r.t->give(r.state, &r.place, (double[]){0.0, 4000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, y);
    const double truth[8] = {0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0};
    for (int i = 0; i < 8; i++)
        cr_expect(epsilon_eq(dbl, y[i], truth[i], 1e-14));
    tear_down(&r);
    set_up(&r, "rate", "Hz", 1, 8);
    set_param(&r, "width", 0.3);
    cr_expect(eq(int, r.t->init(r.state, &r.place), CAL_ERR_ARGUMENT));
    tear_down(&r);
}

/* tau u' = x - u with x = 1000 Hz during the first bin: mean over the bins by the exact solution. */
Test(coupler_transducers, the_exponential_kernel_is_exact_on_bins)
{
    rig r;
    double y[4] = {0};
    set_up(&r, "rate-exp", "Hz", 1, 4);
    set_param(&r, "tau", 0.5);
    set_param(&r, "initial", 200.0);
    start(&r);
    r.t->give(r.state, &r.place, (double[]){1000.0, 0.0, 0.0, 0.0}, y);
    const double a = 0.5, d = exp(-a), m = (1.0 - d) / a; /* bin over tau */
    double u = 0.2;
    cr_expect(epsilon_eq(dbl, y[0], 1.0 + (u - 1.0) * m, 1e-15));
    u = 1.0 + (u - 1.0) * d;
    for (int i = 1; i < 4; i++, u *= d)
        cr_expect(epsilon_eq(dbl, y[i], u * m, 1e-15));
    tear_down(&r);
}

/* What a kernel does to the counts of 1000 neurons at nu(t) = 10 + 6 sin(2 pi 10 Hz t) Hz, as in kernels.csv: standard
 * deviation around the filtered rate, and lag of the 10 Hz component. The host's bins are 0.125 ms. */
typedef struct kernel_case {
    int row;
    bool is_exp;
} kernel_case;

static double run_kernel(const kernel_case *k, double width_ms, double *lag_ms)
{
    enum { N_WINDOWS = 60000, BINS = 8, N_NEURONS = 1000, SETTLED = 200 };
    rig r;
    set_up(&r, k->is_exp ? "rate-exp" : "rate", "Hz", 1, BINS);
    set_param(&r, k->is_exp ? "tau" : "width", width_ms);
    start(&r);
    rig quiet; /* the same kernel on the expectation */
    set_up(&quiet, k->is_exp ? "rate-exp" : "rate", "Hz", 1, BINS);
    set_param(&quiet, k->is_exp ? "tau" : "width", width_ms);
    start(&quiet);
    const double dt = 0.125, omega = 2.0 * CALI_PI * 0.01;
    const cali_key key = cali_key_from_seed(99);
    double sum2 = 0.0, s = 0.0, c = 0.0;
    for (uint32_t w = 0; w < N_WINDOWS; w++) {
        double x[BINS], nu[BINS], y[BINS] = {0}, z[BINS] = {0};
        for (uint32_t j = 0; j < BINS; j++) {
            const double t = w + j * dt;
            nu[j] = 10.0 - 6.0 * (cos(omega * (t + dt)) - cos(omega * t)) / (omega * dt);
            double u = 0.0;
            const double mean = nu[j] * N_NEURONS * dt * 1e-3; /* about 1.25: inversion */
            const cali_random rnd = cali_philox(key, j, w, 1, 0);
            u = cali_uniform(rnd.word[0], rnd.word[1]);
            double p = exp(-mean), f = p;
            int n = 0;
            while (u > f && n < 50)
                f += p *= mean / ++n;
            x[j] = n / (N_NEURONS * dt * 1e-3);
        }
        r.t->give(r.state, &r.place, x, y);
        quiet.t->give(quiet.state, &quiet.place, nu, z);
        for (uint32_t j = 0; j < BINS && w >= SETTLED; j++) {
            sum2 += (y[j] - z[j]) * (y[j] - z[j]);
            const double centre = w + (j + 0.5) * dt;
            s += z[j] * sin(omega * centre);
            c += z[j] * cos(omega * centre);
        }
    }
    *lag_ms = atan2(-c, s) / omega;
    tear_down(&r);
    tear_down(&quiet);
    return 1e3 * sqrt(sum2 / ((double)(N_WINDOWS - SETTLED) * BINS));
}

/* Lag of a box of W: (W - dt) / 2 after the bin's own centre; of an exponential: atan(omega tau) / omega, tau for
 * slow signals. 60 s give the standard deviation to about 1.5 %. */
Test(coupler_transducers, kernels_have_the_variance_and_the_lag_of_theory)
{
    const char *path = cali_test_shared("reference/numerics/transduction/kernels.csv");
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *table = cali_test_read_csv(path);
    const kernel_case cases[] = {{0, false}, {2, false}, {4, false}, {5, true}, {7, true}, {8, true}};
    for (int i = 0; i < 6; i++) {
        const size_t row = (size_t)cases[i].row;
        const double width = cali_test_value(table, row, "width_ms");
        const double theory = cali_test_value(table, row, "std_theory_Hz");
        const double lag = cali_test_value(table, row, "mean_lag_ms");
        const double omega = 2.0 * CALI_PI * 0.01;
        double measured_lag = 0.0;
        const double std = run_kernel(&cases[i], width, &measured_lag);
        cr_expect(epsilon_eq(dbl, std, theory, 0.03 * theory), "row %zu: std %g, theory %g", row, std, theory);
        const double exact = cases[i].is_exp ? atan(omega * lag) / omega : lag - 0.0625;
        cr_expect(epsilon_eq(dbl, measured_lag, exact, 0.03 * exact), "row %zu: lag %g, theory %g", row,
                  measured_lag, exact);
    }
    cali_test_table_free(table);
}
