/* Spiking regions in the place of neural masses: quadratic integrate-and-fire neurons, whose mean field is exact. */
#include "support/pair.h"

#include <criterion/new/assert.h>
#include <stdio.h>

/* All-to-all QIF neurons with the parameters of an MPR region; ports 0 current, 1 rate, 2 Poisson if `weight` != 0. */
static void *qif_region(cal_context *ctx, uint32_t n, double j, double eta, double delta, uint32_t samples,
                        double weight, double n_trains)
{
    const cal_snn_setting settings[] = {
        {"tau", {.kind = CAL_CONSTANT, .a = 10.0}},
        {"eta", {.kind = CAL_LORENTZIAN_QUANTILES, .a = eta, .b = delta}},
        {"v", {.kind = CAL_NORMAL, .a = -0.5, .b = 1.0}},
    };
    const cal_snn_population population = {
        .name = "B", .neuron = cal_snn_neuron_find("qif"), .n = n, .settings = settings, .n_settings = 3};
    cal_snn_projection recurrent = cal_snn_projection_default(CAL_ALL_TO_ALL);
    recurrent.receptor = "input";
    recurrent.weight = (cal_distribution){.kind = CAL_CONSTANT, .a = j / n};
    recurrent.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.01};
    const cal_snn_port ports[] = {
        {.name = "drive", .kind = weight == 0.0 ? CAL_PORT_CURRENT : CAL_PORT_POISSON, .receptor = "input",
         .weight = weight, .n_trains = n_trains, .samples = samples},
        {.name = "rate", .kind = CAL_PORT_RATE, .samples = samples}};
    cal_snn_def def = cal_snn_def_default();
    def.name = "B";
    def.dt = CAL_NS_PER_MS / 100;
    def.window = CAL_NS_PER_MS;
    def.seed = 11;
    def.populations = &population;
    def.n_populations = 1;
    def.projections = &recurrent;
    def.n_projections = j == 0.0 ? 0 : 1;
    def.ports = ports;
    def.n_ports = 2;
    cal_snn *snn = NULL;
    void *self = NULL;
    cr_assert(cal_snn_create(ctx, &def, &snn) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_sub_snn_create(ctx, &snn, &self) == CAL_OK);
    return self;
}

enum { LENGTH_MS = 200, SETTLE_MS = 300 };

static void mean_field(double *a, double *b)
{
    pair p = pair_make(false, 2.0, CAL_NS_PER_MS / 20, 2);
    cal_nmm *nmm = pair_host(&p, true, CAL_NS_PER_MS, 1);
    const cal_probe_def probe = {.every = CAL_NS_PER_MS, .is_mean = true};
    size_t number, n;
    cr_assert(cal_nmm_add_probe(nmm, &probe, &number, NULL) == CAL_OK);
    for (int k = 0; k < LENGTH_MS; k++) {
        cr_assert(cal_nmm_advance(nmm, (k + 1) * CAL_NS_PER_MS) == CAL_OK);
        const double *row = cal_nmm_probe_rows(nmm, number, &n);
        a[k] = row[0];
        b[k] = row[1];
    }
    cal_nmm_destroy(&nmm);
    pair_free(&p);
}

static void with_network(uint32_t n_neurons, double *a, double *b)
{
    pair p = pair_make(false, 2.0, CAL_NS_PER_MS / 20, 2);
    for (int i = 0; i < 3; i++) /* three periods of 100 ms later */
        p.stimuli[i].start = SETTLE_MS * CAL_NS_PER_MS;
    cal_nmm *nmm = pair_host(&p, false, CAL_NS_PER_MS, 1);
    const cal_probe_def probe = {.every = CAL_NS_PER_MS, .is_mean = true};
    size_t number, n;
    cr_assert(cal_nmm_add_probe(nmm, &probe, &number, NULL) == CAL_OK);
    cal_coupler *coupler = pair_coupler(&p, &nmm, CAL_NS_PER_MS, 1);
    const cal_link links[] = {{.transducer = cal_transducer_find("current"), .port = 0},
                              {.transducer = cal_transducer_find("rate"), .port = 1}};
    void *region = qif_region(p.ctx, n_neurons, 6.0, -1.5, 2.0, 20, 0.0, 0.0);
    cr_assert(cal_coupler_add(coupler, "B", 1, &cal_sub_snn, region, links, 2) == CAL_OK, "%s",
              cal_context_message(p.ctx));
    for (int k = -SETTLE_MS; k < LENGTH_MS; k++) {
        cr_assert(cal_coupler_advance(coupler) == CAL_OK, "%s", cal_context_message(p.ctx));
        if (k < 0)
            continue;
        a[k] = cal_nmm_probe_rows(cal_coupler_nmm(coupler), number, &n)[0];
        const double *y = cal_coupler_output(coupler, 0, &n);
        b[k] = 0.0;
        for (size_t i = 0; i < n; i++)
            b[k] += y[i] / (double)n;
    }
    cal_coupler_destroy(&coupler);
    pair_free(&p);
}

/* The gate between the scales (reference/numerics/pair/qif_replacement.csv): region A cannot tell the network from
 * the mean field but for N^-1/2. */
Test(coupler_qif, a_network_replaces_its_mean_field)
{
    const char *path = cali_test_shared("reference/numerics/pair/qif_replacement.csv");
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *table = cali_test_read_csv(path);
    static double a0[LENGTH_MS], b0[LENGTH_MS], a[LENGTH_MS], b[LENGTH_MS];
    double largest = 0.0, log_n[3], log_rms[3];
    mean_field(a0, b0);
    for (int k = 0; k < LENGTH_MS; k++)
        largest = fmax(largest, a0[k]);
    for (size_t row = 0; row < 3; row++) {
        const double n = cali_test_value(table, row, "N");
        double sum_a = 0.0, sum_b = 0.0;
        with_network((uint32_t)n, a, b);
        for (int k = 0; k < LENGTH_MS; k++) {
            sum_a += (a[k] - a0[k]) * (a[k] - a0[k]) / LENGTH_MS;
            sum_b += (b[k] - b0[k]) * (b[k] - b0[k]) / LENGTH_MS;
        }
        const double rms_a = sqrt(sum_a) / largest, rms_b = sqrt(sum_b) / largest;
        const double limit_a = 2.0 * cali_test_value(table, row, "rms_rel_rA");
        const double limit_b = 2.0 * cali_test_value(table, row, "rms_rel_rB_1ms_bins");
        if (getenv("CALLOSUM_TEST_PRINT") != NULL)
            fprintf(stderr, "N %g: A %g (%g), B %g (%g)\n", n, rms_a, limit_a / 2.0, rms_b, limit_b / 2.0);
        cr_expect(lt(dbl, rms_a, limit_a), "N %g", n);
        cr_expect(lt(dbl, rms_b, limit_b), "N %g", n);
        log_n[row] = log(n);
        log_rms[row] = log(rms_a);
    }
    double mean_x = 0.0, mean_y = 0.0, xy = 0.0, xx = 0.0;
    for (int i = 0; i < 3; i++) {
        mean_x += log_n[i] / 3.0;
        mean_y += log_rms[i] / 3.0;
    }
    for (int i = 0; i < 3; i++) {
        xy += (log_n[i] - mean_x) * (log_rms[i] - mean_y);
        xx += (log_n[i] - mean_x) * (log_n[i] - mean_x);
    }
    cr_expect(lt(dbl, xy / xx, -0.40));
    cr_expect(gt(dbl, xy / xx, -0.65));
    cali_test_table_free(table);
}

/* Rate of the region driven by a constant output of A, 0.02 per ms, through one link, in 1/ms. */
static double driven_rate(const char *transducer, uint32_t n_neurons, double weight, double n_trains,
                          const double *params)
{
    pair p = pair_make(true, 2.0, CAL_NS_PER_MS / 10, 2);
    p.params[0][0] = 0.1; /* x' = 0.1 (0.02 - x): at rest */
    p.start[0][0] = 0.02;
    memset(p.stimuli, 0, sizeof p.stimuli);
    p.stimuli[0].region = p.stimuli[1].region = p.stimuli[2].region = 0;
    p.stimuli[0].offset = 0.002;
    p.weights[1] = 0.0; /* nothing back */
    p.weights[2] = 1.0;
    cal_nmm *nmm = pair_host(&p, false, CAL_NS_PER_MS, 1);
    cal_coupler *coupler = pair_coupler(&p, &nmm, CAL_NS_PER_MS, 1);
    const cal_link links[] = {{.transducer = cal_transducer_find(transducer), .port = 0, .params = params},
                              {.transducer = cal_transducer_find("rate-exp"), .port = 1}};
    void *region = qif_region(p.ctx, n_neurons, 0.0, -1.0, 1.0, 10, weight, n_trains);
    cr_assert(cal_coupler_add(coupler, "B", 1, &cal_sub_snn, region, links, 2) == CAL_OK, "%s",
              cal_context_message(p.ctx));
    double sum = 0.0;
    enum { FROM = 100, UNTIL = 500 };
    for (int k = 0; k < UNTIL; k++) {
        size_t n;
        cr_assert(cal_coupler_advance(coupler) == CAL_OK, "%s", cal_context_message(p.ctx));
        const double *y = cal_coupler_output(coupler, 0, &n);
        for (size_t i = 0; i < n && k >= FROM; i++)
            sum += y[i] / (double)n / (UNTIL - FROM);
    }
    cal_coupler_destroy(&coupler);
    pair_free(&p);
    return sum;
}

/* QIF neurons with drives eta + I, Lorentzian of half width Delta, no recurrence:
 *   r = a / (pi tau),  a^2 = (eta + I + sqrt((eta + I)^2 + Delta^2)) / 2.
 * N = 4000: the quantiles cut the tail at N Delta / pi, which costs 1 / (pi a) sqrt(4 Delta / (pi N)) or so: 1.2 %;
 * with the noise of 400 ms the tolerance is 2 %. The Poisson input is 10^4 trains: its noise moves V by 0.03 within
 * tau. */
Test(coupler_qif, poisson_and_current_drive_the_region_to_the_rate_of_theory)
{
    const double drive = 3.0, eta = -1.0 + drive, tau = 10.0;
    const double theory = sqrt(0.5 * (eta + sqrt(eta * eta + 1.0))) / (CALI_PI * tau);
    const double gain[] = {drive / 0.02, 0.0};
    const double current = driven_rate("current", 4000, 0.0, 0.0, gain);
    cr_expect(epsilon_eq(dbl, current, theory, 0.02 * theory));
    /* weight tau x trains x 20 Hz = 3 */
    const double trains = 1e4, weight = drive / (tau * trains * 0.02), scale[] = {1.0, 0.0};
    const double poisson = driven_rate("poisson", 4000, weight, trains, scale);
    cr_expect(epsilon_eq(dbl, poisson, theory, 0.02 * theory));
    cr_expect(epsilon_eq(dbl, poisson, current, 0.01 * theory));
    if (getenv("CALLOSUM_TEST_PRINT") != NULL)
        fprintf(stderr, "current %g, poisson %g, theory %g per ms\n", current, poisson, theory);
}
