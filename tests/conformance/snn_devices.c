/* Generators, noise and drives: mean, variance and correlation against theory, and every spike accounted for. Seeds are
 * fixed; bounds are five standard deviations of the estimate, whose formula stands at each test. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numeric.h"
#include "callosum/snn.h"
#include "support/support.h"

enum { MAX_NEURONS = 20000 };

/* One population with its drives; windows of `steps` steps of 0.1 ms. */
typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
    cal_snn_def def;
    cal_snn_population population;
    double x[MAX_NEURONS];
} bed;

static bed *lay(const char *neuron, uint32_t n, const cal_snn_setting *settings, size_t n_settings, int steps)
{
    bed *b = calloc(1, sizeof *b);
    cr_assert(b != NULL);
    b->ctx = cali_test_context(2);
    b->population = (cal_snn_population){"P", cal_snn_neuron_find(neuron), n, settings, n_settings};
    b->def = cal_snn_def_default();
    b->def.window = steps * b->def.dt;
    b->def.populations = &b->population;
    b->def.n_populations = 1;
    b->def.seed = 2026;
    return b;
}

/* Parrots that never spike show their current. */
static const cal_snn_setting deaf = {"threshold", {CAL_CONSTANT, 1e9, 0, 0, 0}};

static void begin(bed *b)
{
    cr_assert(eq(int, cal_snn_create(b->ctx, &b->def, &b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
}

static const double *advance(bed *b, const char *state)
{
    cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
    if (state != NULL)
        cr_assert(eq(int, cal_snn_get_state(b->snn, 0, state, b->x), CAL_OK));
    return b->x;
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
    free(b);
}

/* ---- noise -------------------------------------------------------------------------------------- */

/* n = 1000 neurons x 400 steps of independent numbers: the mean has standard deviation sd / sqrt(n), the variance
 * sd^2 sqrt(2 / n), a correlation (of neighbours in time, of neighbours in the population) 1 / sqrt(n). */
Test(snn_devices, white_noise_has_its_mean_and_variance_and_no_correlation)
{
    enum { N = 1000, STEPS = 400 };
    const cal_snn_noise noise = {.mean = 3.0, .sd = 2.0};
    bed *b = lay("parrot", N, &deaf, 1, 1);
    b->def.noises = &noise;
    b->def.n_noises = 1;
    begin(b);
    static double before[N];
    double sum = 0.0, squares = 0.0, in_time = 0.0, in_space = 0.0;
    for (int t = 0; t < STEPS; t++) {
        const double *x = advance(b, "heard");
        for (int i = 0; i < N; i++) {
            const double z = (x[i] - 3.0) / 2.0;
            sum += z;
            squares += z * z;
            in_time += z * before[i];
            in_space += i > 0 ? z * (x[i - 1] - 3.0) / 2.0 : 0.0;
        }
        for (int i = 0; i < N; i++)
            before[i] = (x[i] - 3.0) / 2.0;
    }
    const double n = (double)N * STEPS;
    cr_expect(lt(dbl, fabs(sum / n), 5.0 / sqrt(n)));
    cr_expect(lt(dbl, fabs(squares / n - 1.0), 5.0 * sqrt(2.0 / n)));
    cr_expect(lt(dbl, fabs(in_time / n), 5.0 / sqrt(n)));
    cr_expect(lt(dbl, fabs(in_space / n), 5.0 / sqrt(n)));
    clear(b);
}

/* With hold = 5 steps a value lasts from step 5 k to 5 k + 4; the noise acts from 1 ms to 3 ms only. */
Test(snn_devices, white_noise_holds_its_values_and_acts_between_start_and_stop)
{
    const cal_snn_noise noise = {.sd = 1.0, .hold = 500000, .start = 1000000, .stop = 3000000};
    bed *b = lay("parrot", 40, &deaf, 1, 1);
    b->def.noises = &noise;
    b->def.n_noises = 1;
    begin(b);
    double before[40] = {0};
    for (int t = 0; t < 40; t++) {
        const double *x = advance(b, "heard");
        for (int i = 0; i < 40; i++) {
            const bool acts = t >= 10 && t < 30, changes = acts && t % 5 == 0;
            cr_expect(acts == (x[i] != 0.0), "step %d", t);
            cr_expect(acts == false || changes == (x[i] != before[i]), "step %d", t);
            before[i] = x[i];
        }
    }
    clear(b);
}

/* 20,000 independent processes with tau = 2 ms, so that the correlation over k steps is exp(-k dt / tau): an estimate
 * over n pairs has standard deviation (1 - rho^2) / sqrt(n), the variance sd^2 sqrt(2 / n), also in the first step. */
Test(snn_devices, ornstein_uhlenbeck_noise_is_stationary_from_the_start_with_its_correlation_time)
{
    enum { N = 20000 };
    static double start[N];
    const cal_snn_noise noise = {.mean = -1.0, .sd = 4.0, .tau_ms = 2.0};
    bed *b = lay("parrot", N, &deaf, 1, 1);
    b->def.noises = &noise;
    b->def.n_noises = 1;
    begin(b);
    for (int k = 0; k <= 40; k++) {
        const double *x = advance(b, "heard");
        double mean = 0.0, variance = 0.0, product = 0.0;
        for (int i = 0; i < N; i++) {
            const double z = (x[i] + 1.0) / 4.0;
            start[i] = k == 0 ? z : start[i];
            mean += z / N;
            variance += z * z / N;
            product += z * start[i] / N;
        }
        const double rho = exp(-k * 0.1 / 2.0);
        cr_expect(lt(dbl, fabs(mean), 5.0 / sqrt(N)), "lag %d", k);
        cr_expect(lt(dbl, fabs(variance - 1.0), 5.0 * sqrt(2.0 / N)), "lag %d", k);
        /* the product is not normalised: variance 1 + rho^2 */
        cr_expect(lt(dbl, fabs(product - rho), 5.0 * sqrt((1.0 + rho * rho) / N)), "lag %d: %g, not %g", k, product, rho);
    }
    clear(b);
}

/* One path for all, white or with a correlation time: no spread over the neurons, variance over time. 3000 steps of a
 * process of tau = 1 ms hold (1 - a) / (1 + a) of them, a = exp(-0.1), independent ones. */
Test(snn_devices, common_noise_is_one_path_for_all_neurons)
{
    for (int k = 0; k < 2; k++) {
        const cal_snn_noise noise = {.sd = 1.0, .tau_ms = k, .is_common = true};
        bed *b = lay("parrot", 700, &deaf, 1, 1);
        b->def.noises = &noise;
        b->def.n_noises = 1;
        b->def.n_tiles = 3;
        begin(b);
        double squares = 0.0;
        for (int t = 0; t < 3000; t++) {
            const double *x = advance(b, "heard");
            for (int i = 1; i < 700; i++)
                cr_assert(eq(dbl, x[i], x[0]), "step %d", t);
            squares += x[0] * x[0] / 3000;
        }
        const double a = k == 0 ? 0.0 : exp(-0.1), n = 3000 * (1 - a * a) / (1 + a * a); /* of squares: a^2 per step */
        cr_expect(lt(dbl, fabs(squares - 1.0), 5.0 * sqrt(2.0 / n)), "%g", squares);
        clear(b);
    }
}

/* ---- currents ------------------------------------------------------------------------------------- */

/* Simpson's rule over 20,000 pieces of the step from t. */
static double mean_over(const cal_waveform *w, const double *p, double t, double dt)
{
    const int n = 20000;
    double sum = w->value(p, t) + w->value(p, t + dt);
    for (int i = 1; i < n; i++)
        sum += (i % 2 == 1 ? 4.0 : 2.0) * w->value(p, t + dt * i / n);
    return sum / (3.0 * n);
}

/* A step gets the mean of the waveform over it: pulses whose edges lie inside of steps to the resolution of the sum
 * (two edges of height 5 in 20,000 pieces: 1e-3), smooth ones by their middle: dt^2 / 24 times the second derivative, at
 * most (2 pi f)^2 A for a sine of 40 Hz. Before the start there is none; t counts from there, a sine's from 0. */
Test(snn_devices, a_current_gives_each_step_the_mean_of_its_waveform)
{
    static const struct {
        const char *name;
        double p[CAL_WAVEFORM_MAX_PARAMS], tolerance;
    } cases[] = {{"sine", {1.0, 5.0, 40.0, 0.3}, 2e-4},
                 {"step", {5.0}, 1e-6},
                 {"ramp", {0.0, 5.0, 3.0}, 1e-2},
                 {"pulse-train", {5.0, 1.33, 0.27, 0.2}, 2e-3},
                 {"dbs-monophasic", {5.0, 1300.0, 0.06}, 2e-3},
                 {"dbs-biphasic", {5.0, 1300.0, 0.06, 0.02, 2.0, 1.0}, 2e-3},
                 {"alpha", {5.0, 2.0, 0.5}, 1e-2},
                 {"double-exponential", {5.0, 0.8, 4.0, 0.5}, 1e-2},
                 {"gaussian", {1.0, 5.0, 4.0, 1.0}, 1e-2},
                 {"sigmoid", {1.0, 5.0, 4.0, 1.0}, 1e-2},
                 {"chirp", {1.0, 5.0, 10.0, 100.0, 10.0, 0.1}, 2e-2}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const cal_waveform *w = cal_waveform_find(cases[c].name);
        const cal_snn_current current = {.start = 500000, .stop = 8500000, .wave = {.form = w, .params = cases[c].p}};
        bed *b = lay("parrot", 3, &deaf, 1, 1);
        b->def.currents = &current;
        b->def.n_currents = 1;
        begin(b);
        for (int t = 0; t < 100; t++) {
            const double *x = advance(b, "heard"), at = 0.1 * t - (w->is_of_run ? 0.0 : 0.5);
            const double expected = t < 5 || t >= 85 ? 0.0 : mean_over(w, cases[c].p, at, 0.1);
            cr_expect(lt(dbl, fabs(x[2] - expected), cases[c].tolerance), "%s, step %d: %g, not %g", w->name, t, x[2], expected);
        }
        clear(b);
    }
}

/* Samples: straight lines (the middle of the step), or held (the mean over the step; 0.25 ms lies inside of one). */
Test(snn_devices, samples_are_joined_by_lines_or_held)
{
    const double times[] = {0.0, 0.25, 0.6}, values[] = {1.0, 3.0, -2.0};
    for (int hold = 0; hold < 2; hold++) {
        const double p[] = {10.0, 2.0, hold};
        const cal_snn_current current = {.wave = {.form = cal_waveform_find("file"), .params = p, .times_ms = times,
                                                  .values = values, .n_samples = 3}};
        bed *b = lay("parrot", 1, &deaf, 1, 1);
        b->def.currents = &current;
        b->def.n_currents = 1;
        begin(b);
        static const double expected[2][8] = {{1.4, 2.2, 3.0, 3.0 - 5.0 / 3.5, 3.0 - 10.0 / 3.5 * 1.0, -2.0, -2.0, -2.0},
                                              {1.0, 1.0, 2.0, 3.0, 3.0, 3.0, -2.0, -2.0}};
        for (int t = 0; t < 8; t++) {
            const double *x = advance(b, "heard"), middle = 0.1 * t + 0.05;
            const double line = middle <= 0.25 ? 1.0 + 8.0 * middle : middle < 0.6 ? 3.0 - (middle - 0.25) / 0.35 * 5.0 : -2.0;
            const double y = hold ? expected[1][t] : line;
            cr_expect(epsilon_eq(dbl, x[0], 10.0 + 2.0 * y, 1e-5), "hold %d step %d", hold, t);
        }
        clear(b);
    }
}

/* A factor of each neuron: the same draw in every step, mean and variance of its distribution over 5000 neurons. */
Test(snn_devices, factors_scale_a_current_for_each_neuron)
{
    enum { N = 5000 };
    const cal_snn_current current = {.amplitude = 6.0, .has_factor = true, .factor = {CAL_NORMAL, 1.0, 0.25, 0, 0}};
    bed *b = lay("parrot", N, &deaf, 1, 1);
    b->def.currents = &current;
    b->def.n_currents = 1;
    begin(b);
    static double first[N];
    memcpy(first, advance(b, "heard"), sizeof first);
    const double *x = advance(b, "heard");
    double mean = 0.0, variance = 0.0;
    for (int i = 0; i < N; i++) {
        cr_assert(eq(dbl, x[i], first[i]));
        mean += x[i] / 6.0 / N;
        variance += pow(x[i] / 6.0 - 1.0, 2) / N;
    }
    cr_expect(lt(dbl, fabs(mean - 1.0), 5.0 * 0.25 / sqrt(N)));
    cr_expect(lt(dbl, fabs(variance / 0.0625 - 1.0), 5.0 * sqrt(2.0 / N)));
    clear(b);
}

/* ---- Poisson neurons -------------------------------------------------------------------------------- */

/* 2000 neurons at 80 Hz for 500 ms, p = 0.008 per step: counts are binomial; the mean of m counts has variance
 * v / m, their variance about v^2 (2 + 1/v) / m. Intervals are geometric: CV sqrt(1 - p). */
Test(snn_devices, poisson_neurons_have_binomial_counts_and_every_spike_is_counted)
{
    enum { N = 2000 };
    const cal_snn_setting rate = {"rate", {CAL_CONSTANT, 80.0, 0, 0, 0}};
    const cal_snn_port port = {.name = "r", .kind = CAL_PORT_RATE, .samples = 1};
    bed *b = lay("poisson", N, &rate, 1, 100);
    b->def.ports = &port;
    b->def.n_ports = 1;
    begin(b);
    static double count[N], last[N];
    double counted = 0.0, in_port = 0.0, gap = 0.0, gap_2 = 0.0, n_gaps = 0.0, value;
    for (int w = 0; w < 50; w++) {
        advance(b, NULL);
        cr_assert(eq(int, cal_snn_read(b->snn, 0, &value), CAL_OK));
        in_port += value * N * 0.01;
        const cal_snn_spikes s = cal_snn_get_spikes(b->snn);
        for (size_t i = 0; i < s.n; i++) {
            const double at = cal_time_ms(s.time[i]);
            if (count[s.id[i]]++ > 0.0) {
                gap += at - last[s.id[i]];
                gap_2 += pow(at - last[s.id[i]], 2);
                n_gaps++;
            }
            last[s.id[i]] = at;
        }
        counted += (double)s.n;
    }
    const double p = 0.008, v = 5000 * p * (1.0 - p), m = N;
    double mean = 0.0, variance = 0.0;
    for (int i = 0; i < N; i++)
        mean += count[i] / m;
    for (int i = 0; i < N; i++)
        variance += pow(count[i] - 5000 * p, 2) / m;
    cr_expect(lt(dbl, fabs(mean - 5000 * p), 5.0 * sqrt(v / m)), "%g", mean);
    cr_expect(lt(dbl, fabs(variance - v), 5.0 * v * sqrt((2.0 + 1.0 / v) / m)), "%g, not %g", variance, v);
    /* gaps that end within 500 ms are a little shorter and less spread: 2 % */
    const double cv = sqrt(gap_2 / n_gaps - pow(gap / n_gaps, 2)) / (gap / n_gaps);
    cr_expect(lt(dbl, fabs(cv - sqrt(1.0 - p)), 0.03), "%g", cv);
    cr_expect(epsilon_eq(dbl, in_port, counted, 1e-6));
    cr_expect(eq(u64, cal_snn_get_counts(b->snn).n_spikes, (uint64_t)counted));
    clear(b);
}

/* rate + I = 50 + 100 sin(2 pi 5 Hz t) Hz, negative for a third of the time: in each bin of 10 ms the 3000 neurons give a
 * Poisson number of spikes, whose mean is the integral of the positive part. */
Test(snn_devices, a_sine_current_makes_poisson_neurons_inhomogeneous)
{
    enum { N = 3000 };
    const cal_snn_setting rate = {"rate", {CAL_CONSTANT, 50.0, 0, 0, 0}};
    const double p[] = {0.0, 100.0, 5.0, 0.0};
    const cal_snn_current current = {.wave = {.form = cal_waveform_find("sine"), .params = p}};
    bed *b = lay("poisson", N, &rate, 1, 100);
    b->def.currents = &current;
    b->def.n_currents = 1;
    begin(b);
    for (int w = 0; w < 40; w++) {
        advance(b, NULL);
        double expected = 0.0;
        for (int t = 0; t < 100; t++)
            expected += N * 1e-4 * fmax(0.0, 50.0 + 100.0 * sin(2.0 * CALI_PI * 0.005 * (w * 10.0 + 0.1 * t + 0.05)));
        const double n = (double)cal_snn_get_spikes(b->snn).n;
        cr_expect(le(dbl, fabs(n - expected), 5.0 * sqrt(expected)), "bin %d: %g, not %g", w, n, expected);
    }
    clear(b);
}

/* 500 cells get 4 trains of rate 1000 (1 + sin) Hz each: a receptor's events in every window are Poisson, and a port counts
 * nothing, since these are no port events. The parrot hears the number of events. */
Test(snn_devices, a_poisson_drive_follows_its_waveform)
{
    enum { N = 500 };
    const double p[] = {1000.0, 1000.0, 20.0, 0.0};
    const cal_snn_poisson poisson = {.receptor = "spikes", .n_trains = 4.0, .weight = 1.0,
                                     .wave = {.form = cal_waveform_find("sine"), .params = p}};
    bed *b = lay("parrot", N, &deaf, 1, 1);
    b->def.poissons = &poisson;
    b->def.n_poissons = 1;
    begin(b);
    double heard = 0.0, expected = 0.0;
    for (int t = 0; t < 1000; t++) {
        const double *x = advance(b, "heard");
        for (int i = 0; i < N; i++)
            heard += x[i];
        expected += N * 4.0 * 0.1 * (1.0 + sin(2.0 * CALI_PI * 0.02 * (0.1 * t + 0.05)));
        if (t % 50 == 49) { /* 5 ms */
            cr_expect(le(dbl, fabs(heard - expected), 5.0 * sqrt(expected) + 1e-3), "step %d: %g, not %g", t, heard, expected);
            heard = expected = 0.0;
        }
    }
    clear(b);
}

/* ---- stochastic neurons ------------------------------------------------------------------------------- */

/* At V = V_reset = E_L the hazard h is constant: after t_ref the neuron waits 1 / h. In steps of dt a wait is geometric
 * with p = 1 - exp(-h dt), mean dt / p, and the rate 1 / (t_ref + dt / p); counts of a renewal process in T have variance
 * T CV^2 / mean interval. */
Test(snn_devices, escape_noise_is_a_renewal_process_with_the_rate_of_its_hazard)
{
    enum { N = 4000 };
    const cal_snn_setting s[] = {{"V_th", {CAL_CONSTANT, -61.0, 0, 0, 0}}, {"t_ref", {CAL_CONSTANT, 4.0, 0, 0, 0}},
                                 {"rate_0", {CAL_CONSTANT, 0.5, 0, 0, 0}}};
    bed *b = lay("lif-escape", N, s, 3, 100);
    begin(b);
    for (int w = 0; w < 10; w++) /* 100 ms, until the phases have spread */
        advance(b, NULL);
    const double before = (double)cal_snn_get_counts(b->snn).n_spikes;
    for (int w = 0; w < 40; w++)
        advance(b, NULL);
    const double n = (double)cal_snn_get_counts(b->snn).n_spikes - before;
    const double h = 0.5 * exp(-4.0 / 4.0), p = -expm1(-h * 0.1), wait = 0.1 / p, interval = 4.0 + wait;
    const double expected = N * 400.0 / interval, cv_2 = pow(wait / interval, 2) * (1.0 - p);
    cr_expect(lt(dbl, fabs(n - expected), 5.0 * sqrt(expected * cv_2 + N * 0.25)), "%g, not %g", n, expected);
    clear(b);
}

/* Driven by 300 pA, V = E_L + 12 (1 - exp(-t / tau)) mV after a reset: the first spike has the survivor function
 * exp(-integral of the hazard). Kolmogorov-Smirnov over n first spikes: D < 2 / sqrt(n) (P = 7e-4), and a step's worth
 * of time, in which at most h dt = 0.05 of the probability lies. */
Test(snn_devices, escape_noise_follows_the_survivor_function_on_a_rising_voltage)
{
    enum { N = 20000 };
    static double at[N];
    const cal_snn_setting s[] = {{"I_e", {CAL_CONSTANT, 300.0, 0, 0, 0}}, {"Delta_V", {CAL_CONSTANT, 2.0, 0, 0, 0}}};
    bed *b = lay("lif-escape", N, s, 2, 100);
    begin(b);
    for (int w = 0; w < 30; w++) {
        advance(b, NULL);
        const cal_snn_spikes spikes = cal_snn_get_spikes(b->snn);
        for (size_t i = 0; i < spikes.n; i++)
            if (at[spikes.id[i]] == 0.0)
                at[spikes.id[i]] = cal_time_ms(spikes.time[i]);
    }
    double integral = 0.0, worst = 0.0;
    for (int t = 1; t <= 3000; t += 1) {
        integral += 0.1 * 0.1 * exp((12.0 * (1.0 - exp(-0.1 * t / 10.0)) - 15.0) / 2.0);
        double n = 0.0;
        for (int i = 0; t % 25 == 0 && i < N; i++)
            n += at[i] > 0.0 && at[i] < 0.1 * t + 0.01;
        if (t % 25 == 0)
            worst = fmax(worst, fabs(n / N - (1.0 - exp(-integral))));
    }
    cr_expect(lt(dbl, worst, 2.0 / sqrt(N)), "%g", worst);
    cr_expect(gt(dbl, 1.0 - exp(-integral), 0.4), "enough of the distribution is seen");
    clear(b);
}

/* Without input the phase neuron fires with period tau log(I_0 / (I_0 - 1)) whatever the step: the time of spike k is the
 * end of the step of k T, for a thousand of them. */
Test(snn_devices, the_phase_neuron_keeps_its_period_exactly)
{
    bed *b = lay("lif-phase", 1, NULL, 0, 10);
    begin(b);
    const double period = 10.0 * log(3.0);
    int n = 0;
    while (n < 1000) {
        advance(b, NULL);
        const cal_snn_spikes s = cal_snn_get_spikes(b->snn);
        for (size_t i = 0; i < s.n; i++) {
            const double exact = ++n * period, at = cal_time_ms(s.time[i]);
            cr_expect(at > exact - 1e-3 && at < exact + 0.1 + 1e-3, "spike %d at %g, period %g", n, at, exact);
        }
    }
    clear(b);
}

/* The same neuron in its voltage, in double precision: tau V' = -V + I_0 + I, threshold 1, pulses of 0.07 and -0.05 at the
 * ends of steps, a current of 0.2 during the second half. Spike steps are the same. */
Test(snn_devices, the_phase_neuron_is_the_leaky_neuron_under_pulses_and_current)
{
    enum { N_SPIKES = 300 };
    static cal_time time[N_SPIKES];
    static uint32_t id[N_SPIKES];
    for (int i = 0; i < N_SPIKES; i++) {
        time[i] = (cal_time)(13 + 17 * i + (i * i) % 11) * 100000;
        id[i] = (uint32_t)(i % 3 == 2);
    }
    const cal_snn_population populations[] = {{"P", cal_snn_neuron_find("lif-phase"), 1, NULL, 0}, {"S", NULL, 2, NULL, 0}};
    cal_snn_projection projection[2] = {cal_snn_projection_default(CAL_ALL_TO_ALL), cal_snn_projection_default(CAL_ALL_TO_ALL)};
    const cal_snn_population split[] = {populations[0], {"up", NULL, 1, NULL, 0}, {"down", NULL, 1, NULL, 0}};
    static cal_time up_time[N_SPIKES], down_time[N_SPIKES];
    static uint32_t zero[N_SPIKES];
    size_t n_up = 0, n_down = 0;
    for (int i = 0; i < N_SPIKES; i++)
        *(id[i] == 0 ? &up_time[n_up++] : &down_time[n_down++]) = time[i];
    const cal_snn_train trains[] = {{1, n_up, up_time, zero}, {2, n_down, down_time, zero}};
    for (size_t i = 0; i < 2; i++) {
        projection[i].from = i + 1;
        projection[i].receptor = "pulse";
        projection[i].weight.a = i == 0 ? 0.07 : -0.05;
        projection[i].delay_ms.a = 0.1;
    }
    const cal_snn_current current = {.amplitude = 0.2, .start = 250 * CAL_NS_PER_MS};
    bed *b = lay("lif-phase", 1, NULL, 0, 10);
    b->def.populations = split;
    b->def.n_populations = 3;
    b->def.projections = projection;
    b->def.n_projections = 2;
    b->def.trains = trains;
    b->def.n_trains = 2;
    b->def.currents = &current;
    b->def.n_currents = 1;
    begin(b);
    static bool spikes[5000];
    for (int w = 0; w < 500; w++) {
        advance(b, NULL);
        const cal_snn_spikes s = cal_snn_get_spikes(b->snn);
        for (size_t i = 0; i < s.n; i++)
            spikes[s.time[i] / 100000 - 1] = true;
    }
    double v = 0.0;
    int n = 0, next = 0, wrong = 0;
    for (int t = 0; t < 5000; t++) {
        const double drive = 1.5 + (t >= 2500 ? 0.2 : 0.0), decay = exp(-0.01);
        double target = drive + (v - drive) * decay;
        bool fires = target >= 1.0;
        if (fires) /* the phase that is left over: the rest of the step from the reset, on the free flow */
            target = 1.5 - (1.5 - target) / (1.5 - 1.0) * 1.5;
        v = target;
        while (next < N_SPIKES && time[next] / 100000 + 1 <= t + 1) {
            v += id[next] == 0 ? 0.07 : -0.05;
            next++;
        }
        if (v >= 1.0) {
            fires = true;
            v = 0.0;
        }
        n += fires;
        wrong += fires != spikes[t];
    }
    cr_expect(gt(int, n, 40));
    cr_expect(eq(int, wrong, 0), "%d of %d spikes", wrong, n);
    clear(b);
}

/* ---- parrots and trains ------------------------------------------------------------------------------- */

/* Source 0 spikes at 1.0, 1.7, 2.0 ms, source 1 at 1.7 and 3.2 ms, twice in that step; all to all into a parrot with delay
 * 1.5 ms: it repeats 2.5, 3.2, 3.5, 4.7 ms, one spike per step, and hears how many there were. */
Test(snn_devices, a_parrot_repeats_after_the_delay_and_several_spikes_of_a_step_as_one)
{
    const cal_time time[] = {1000000, 1700000, 1700000, 2000000, 3200000, 3200000};
    const uint32_t id[] = {0, 0, 1, 0, 1, 1};
    const cal_snn_population populations[] = {{"P", cal_snn_neuron_find("parrot"), 2, NULL, 0}, {"S", NULL, 2, NULL, 0}};
    cal_snn_projection projection = cal_snn_projection_default(CAL_ALL_TO_ALL);
    projection.from = 1;
    projection.receptor = "spikes";
    projection.weight.a = 1.0;
    projection.delay_ms.a = 1.5;
    const cal_snn_train train = {1, 6, time, id};
    const cal_snn_port port = {.name = "r", .kind = CAL_PORT_RATE, .population = 1, .samples = 1};
    for (int rows = 0; rows < 2; rows++) { /* by broadcast, and by rows of synapses */
        bed *b = lay("parrot", 2, NULL, 0, 1);
        projection.rule = rows ? CAL_PAIRWISE_BERNOULLI : CAL_ALL_TO_ALL;
        projection.probability = 1.0;
        b->def.populations = populations;
        b->def.n_populations = 2;
        b->def.projections = &projection;
        b->def.n_projections = 1;
        b->def.trains = &train;
        b->def.n_trains = 1;
        b->def.ports = &port;
        b->def.n_ports = 1;
        begin(b);
        double sources = 0.0, rate;
        for (int t = 1; t <= 60; t++) {
            const double *x = advance(b, "heard");
            const double heard = t == 25 || t == 35 ? 1.0 : t == 32 || t == 47 ? 2.0 : 0.0;
            cr_expect(epsilon_eq(dbl, x[0], heard, 1e-4), "step %d: %g", t, x[0]);
            cr_expect(eq(sz, cal_snn_get_spikes(b->snn).n, heard > 0.0 ? 2 : 0), "step %d", t);
            cr_assert(eq(int, cal_snn_read(b->snn, 0, &rate), CAL_OK));
            sources += rate * 2 * 1e-4;
        }
        cr_expect(epsilon_eq(dbl, sources, 6.0, 1e-9));
        cr_expect(eq(u64, cal_snn_get_counts(b->snn).n_events, 12));
        cr_expect(eq(u64, cal_snn_get_counts(b->snn).n_spikes, 8));
        clear(b);
    }
}

/* ---- same bits ---------------------------------------------------------------------------------------- */

/* 40 ms. The state is saved at `save_ms` and goes on in a network of `then_tiles` tiles; -1: at no time. */
static uint64_t hash_of(unsigned n_threads, unsigned n_tiles, const char *isa, int steps, uint64_t seed, int save_ms,
                        unsigned then_tiles)
{
    setenv("CALLOSUM_ISA", isa, 1);
    cal_context *ctx = cali_test_context(n_threads);
    const cal_snn_setting escape[] = {{"I_e", {CAL_NORMAL, 300.0, 50.0, 0, 0}}};
    const cal_snn_setting rates[] = {{"rate", {CAL_UNIFORM, 10.0, 200.0, 0, 0}}};
    const cal_snn_population populations[] = {
        {"escape", cal_snn_neuron_find("lif-escape"), 301, escape, 1}, {"poisson", cal_snn_neuron_find("poisson"), 120, rates, 1},
        {"lif", cal_snn_neuron_find("lif"), 77, NULL, 0}, {"phase", cal_snn_neuron_find("lif-phase"), 50, NULL, 0},
        {"parrot", cal_snn_neuron_find("parrot"), 120, NULL, 0}};
    cal_snn_projection p[3] = {cal_snn_projection_default(CAL_ONE_TO_ONE), cal_snn_projection_default(CAL_FIXED_IN_DEGREE),
                               cal_snn_projection_default(CAL_FIXED_IN_DEGREE)};
    p[0].from = 1, p[0].to = 4, p[0].receptor = "spikes", p[0].weight.a = 1.0;
    p[1].from = 4, p[1].to = 0, p[1].receptor = "delta", p[1].weight.a = 0.5, p[1].in_degree = 10;
    p[2].from = 1, p[2].to = 3, p[2].receptor = "pulse", p[2].weight.a = 0.1, p[2].in_degree = 3;
    const double sine[] = {20.0, 200.0, 37.0, 0.1};
    const cal_snn_noise noises[] = {{.to = 2, .mean = 350.0, .sd = 200.0, .tau_ms = 3.0},
                                    {.to = 2, .sd = 50.0, .hold = 300000},
                                    {.to = 0, .sd = 60.0, .tau_ms = 2.0, .is_common = true},
                                    {.to = 1, .sd = 20.0, .is_common = true}};
    const cal_snn_current currents[] = {
        {.to = 2, .wave = {.form = cal_waveform_find("sine"), .params = sine}, .has_factor = true,
         .factor = {CAL_UNIFORM, 0.5, 1.5, 0, 0}},
        {.to = 1, .wave = {.form = cal_waveform_find("sine"), .params = sine}}};
    const cal_snn_poisson poisson = {.to = 0, .receptor = "excitatory", .n_trains = 3.0, .weight = 20.0,
                                     .wave = {.form = cal_waveform_find("sine"), .params = sine}};
    cal_snn_def def = cal_snn_def_default();
    def.window = steps * def.dt;
    def.seed = seed;
    def.n_tiles = n_tiles;
    def.populations = populations;
    def.n_populations = 5;
    def.projections = p;
    def.n_projections = 3;
    def.noises = noises;
    def.n_noises = 4;
    def.currents = currents;
    def.n_currents = 2;
    def.poissons = &poisson;
    def.n_poissons = 1;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    while (cal_snn_time(snn) < 40 * CAL_NS_PER_MS) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        if (cal_snn_time(snn) != save_ms * CAL_NS_PER_MS)
            continue;
        char *bytes;
        size_t size;
        cr_assert(eq(int, cal_snn_save_state(snn, &bytes, &size), CAL_OK));
        cal_snn_destroy(&snn);
        def.n_tiles = then_tiles;
        cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK));
        cr_assert(eq(int, cal_snn_restore_state(snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_OK), "%s",
                  cal_context_message(ctx));
        free(bytes);
    }
    cr_expect(gt(u64, cal_snn_get_counts(snn).n_spikes, 500));
    const uint64_t hash = cal_snn_hash(snn);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return hash;
}

Test(snn_devices, do_not_depend_on_threads_tiles_isa_or_windows)
{
    const uint64_t hash = hash_of(1, 1, "v4", 20, 42, -1, 0);
    cr_expect(eq(u64, hash_of(2, 3, "v4", 20, 42, -1, 0), hash));
    cr_expect(eq(u64, hash_of(3, 7, "v4", 5, 42, -1, 0), hash));
    cr_expect(eq(u64, hash_of(1, 2, "v3", 40, 42, -1, 0), hash));
    cr_expect(eq(u64, hash_of(7, 5, "base", 100, 42, -1, 0), hash));
    cr_expect(ne(u64, hash_of(1, 1, "v4", 20, 43, -1, 0), hash));
}

/* 15 and 30 ms (steps 150 and 300): inside of four random words and at their border. */
Test(snn_devices, go_on_from_a_saved_state_on_other_tiles)
{
    const uint64_t hash = hash_of(1, 1, "v4", 10, 42, -1, 0);
    cr_expect(eq(u64, hash_of(1, 1, "v4", 10, 42, 15, 4), hash));
    cr_expect(eq(u64, hash_of(2, 3, "v4", 10, 42, 30, 1), hash));
}

/* ---- what is refused ------------------------------------------------------------------------------------ */

static void expect_refused(cal_snn_def *def, const char *expected)
{
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_expect(eq(int, cal_snn_create(ctx, def, &snn), CAL_ERR_ARGUMENT), "%s", expected);
    cr_expect(strstr(cal_context_message(ctx), expected) != NULL, "%s", cal_context_message(ctx));
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

Test(snn_devices, bad_devices_are_refused_with_a_reason)
{
    const cal_snn_population populations[] = {{"P", cal_snn_neuron_find("parrot"), 2, NULL, 0}, {"S", NULL, 2, NULL, 0}};
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 2;
    cal_snn_noise noise = {.to = 0, .sd = -1.0};
    def.noises = &noise;
    def.n_noises = 1;
    expect_refused(&def, "standard deviation -1");
    noise = (cal_snn_noise){.to = 1};
    expect_refused(&def, "a source population");
    noise = (cal_snn_noise){.to = 7};
    expect_refused(&def, "there is no population 7");
    noise = (cal_snn_noise){.tau_ms = 1.0, .hold = 100000};
    expect_refused(&def, "hold is for white noise");
    noise = (cal_snn_noise){.hold = 150000};
    expect_refused(&def, "multiples of dt");
    noise = (cal_snn_noise){.mean = NAN};
    expect_refused(&def, "must be finite");
    def.n_noises = 0;

    cal_snn_current current = {.wave = {.form = cal_waveform_find("noise")}};
    def.currents = &current;
    def.n_currents = 1;
    expect_refused(&def, "Try a noise");
    current.wave.form = cal_waveform_find("file");
    expect_refused(&def, "has no samples");
    const double times[] = {0.0, 0.0}, values[] = {1.0, 2.0}, bad[] = {0.0, -1.0, 0.0, 0.0};
    current.wave = (cal_snn_wave){.form = cal_waveform_find("file"), .times_ms = times, .values = values, .n_samples = 2};
    expect_refused(&def, "not after the one");
    current.wave = (cal_snn_wave){.form = cal_waveform_find("ramp"), .params = bad};
    expect_refused(&def, "rise of waveform ramp");
    current = (cal_snn_current){.amplitude = 1.0, .has_factor = true, .factor = {CAL_NORMAL, 1.0, -1.0, 0, 0}};
    expect_refused(&def, "the factor of a current has a negative width");
    def.n_currents = 0;

    cal_time time[] = {200000, 100000};
    uint32_t id[] = {0, 0};
    cal_snn_train train = {1, 2, time, id};
    def.trains = &train;
    def.n_trains = 1;
    expect_refused(&def, "out of order");
    time[1] = 250000;
    expect_refused(&def, "is no step");
    time[0] = 0;
    expect_refused(&def, "is no step");
    time[0] = 200000, time[1] = 200000, id[1] = 2;
    expect_refused(&def, "but there are 2");
    train.population = 0;
    expect_refused(&def, "no source population");
}

/* A rate beyond what a Poisson table takes ends the run with its time. */
Test(snn_devices, a_poisson_rate_out_of_bounds_ends_the_run)
{
    const double p[] = {0.0, 1e12, 0.5};
    const cal_snn_poisson poisson = {.receptor = "spikes", .n_trains = 1.0, .weight = 1.0,
                                     .wave = {.form = cal_waveform_find("ramp"), .params = p}};
    bed *b = lay("parrot", 1, &deaf, 1, 10);
    b->def.poissons = &poisson;
    b->def.n_poissons = 1;
    begin(b);
    cr_expect(eq(int, cal_snn_advance(b->snn), CAL_ERR_NUMERIC));
    cr_expect(strstr(cal_context_message(b->ctx), "E302 P: a Poisson rate of") != NULL, "%s", cal_context_message(b->ctx));
    clear(b);
}
