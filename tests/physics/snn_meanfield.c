/* QIF network against its exact mean field (Montbrio, Pazo & Roxin 2015, Phys. Rev. X 5, 021028), and
 * LIF neurons with Poisson drive against the diffusion limit. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>

#include "support/snn_networks.h"
#include "support/support.h"

/* Time in units of tau = 10 ms; rates in 1 / tau. Bins of 0.25 tau from -5 to 60, step of the drive I = 3
 * on [0, 30); reference/numerics/mpr/qif_step_N10000.csv has the bin averages of the mean field,
 * finite_size.csv the rms of a reference network of the same size per window. */
enum { N_CELLS = 10000, STEPS_PER_BIN = 250 };

static cal_snn *start(cal_context *ctx, cali_network *n)
{
    cali_network_qif(n, N_CELLS, 10.0, 0.01, 2.5, 1);
    n->def.seed = 7;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &n->def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    return snn;
}

static double bin_rate(cal_snn *snn, double drive)
{
    double rate_Hz;
    cr_assert(eq(int, cal_snn_write(snn, 0, &drive), CAL_OK));
    cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
    cr_assert(eq(int, cal_snn_read(snn, 1, &rate_Hz), CAL_OK));
    return rate_Hz * 0.01; /* tau = 10 ms */
}

static double finite_size_rms(const char *window)
{
    const char *path = cali_test_shared("reference/numerics/mpr/finite_size.csv");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    cr_assert(file != NULL);
    char line[256], name[64];
    double n, from, to, mean, bias, std, rms, found = NAN;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%lf,%63[^,],%lf,%lf,%lf,%lf,%lf,%lf", &n, name, &from, &to, &mean, &bias,
                   &std, &rms) == 8 &&
            n == N_CELLS && strcmp(name, window) == 0)
            found = rms;
    fclose(file);
    return found;
}

Test(snn_meanfield, qif_network_follows_the_mean_field_through_a_step_of_the_drive)
{
    const char *path = cali_test_shared("reference/numerics/mpr/qif_step_N10000.csv");
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *table = cali_test_read_csv(path);
    cal_context *ctx = cali_test_context(2);
    cali_network n;
    cal_snn *snn = start(ctx, &n);
    for (int i = 0; i < 140; i++) /* 35 tau: to rest, from -40 to -5 */
        bin_rate(snn, 0.0);
    static const struct {
        const char *name;
        double from, to, factor; /* the README's tolerance */
    } windows[] = {{"low", -5, 0, 1.5}, {"onset", 0, 10, 2.0}, {"high_on", 18, 30, 1.5}, {"after", 50, 60, 1.5}};
    double squares[4] = {0};
    int bins[4] = {0};
    for (size_t row = 0; row < table->n_rows; row++) {
        const double t = cali_test_value(table, row, "t_bin_centre");
        const double rate = bin_rate(snn, t > 0.0 && t < 30.0 ? 3.0 : 0.0);
        const double error = rate - cali_test_value(table, row, "r_meanfield_bin_average");
        for (int w = 0; w < 4; w++)
            if (t > windows[w].from && t < windows[w].to) {
                squares[w] += error * error;
                bins[w]++;
            }
    }
    for (int w = 0; w < 4; w++) {
        const double rms = sqrt(squares[w] / bins[w]), allowed = finite_size_rms(windows[w].name);
        cr_log_info("%s: rms %.4f, reference %.4f", windows[w].name, rms, allowed);
        cr_expect(rms <= windows[w].factor * allowed, "%s: rms %.4f, reference %.4f",
                  windows[w].name, rms, allowed);
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    cali_test_table_free(table);
}

/* Diffusion limit: theta 20, V_r 10 mV, tau 20 ms, t_ref 2 ms. Two balanced Poisson trains of weights +-J give
 * mu = tau J (nu_e - nu_i) + mu_0 and sigma^2 = tau J^2 (nu_e + nu_i); mu comes from a current, so nu_e
 * = nu_i = sigma^2 / (2 tau J^2). J = 0.05 mV against sigma of 3 to 5 mV. The step tests the threshold
 * on a grid: V crosses and returns unseen, which acts like a threshold higher by 0.5826 sigma
 * sqrt(dt / tau) (Chernoff's constant |zeta(1/2)| / sqrt(2 pi) for the maximum of a sampled Brownian
 * path; noise per unit time sigma / sqrt(tau)). The rate is compared with Siegert's formula at the
 * shifted threshold. */
static double siegert_Hz(double mu, double sigma, double theta, double reset)
{
    const double tau = 20.0, a = (reset - mu) / sigma, b = (theta - mu) / sigma;
    const int n = 20000;
    double sum = 0.0; /* midpoint rule */
    for (int i = 0; i < n; i++) {
        const double u = a + (b - a) * (i + 0.5) / n;
        sum += exp(u * u) * erfc(-u);
    }
    return 1e3 / (2.0 + tau * sqrt(3.14159265358979) * sum * (b - a) / n);
}

Test(snn_meanfield, lif_with_poisson_drive_fires_at_siegert_rate)
{
    static const double mu_mV[] = {14, 16, 18, 20, 25}, sigma_mV[] = {4, 5, 3, 5, 3};
    static const double listed_Hz[] = {3.5272367, 12.556957, 12.511528, 27.340567, 44.070592};
    enum { N_LIF = 1000 };
    const double dt_ms = 0.02, weight_mV = 0.05;
    for (int c = 0; c < 5; c++) {
        cr_expect(fabs(siegert_Hz(mu_mV[c], sigma_mV[c], 20.0, 10.0) / listed_Hz[c] - 1.0) < 1e-6,
                  "the formula of this test");
        cali_network n;
        cali_network_start(&n, "LIF", dt_ms, 10.0);
        const char *const names[] = {"E_L", "V_th", "V_reset", "C_m", "tau_m", "t_ref", "I_e"};
        const double values[] = {0, 20, 10, 20, 20, 2, mu_mV[c]}; /* mu = I_e tau_m / C_m */
        for (int i = 0; i < 7; i++)
            n.settings[i] = (cal_snn_setting){names[i], CALI_CONSTANT(values[i])};
        cali_network_pair(&n, "lif", N_LIF, 0, 7);
        n.def.n_populations = 1;
        n.def.n_ports = 1;
        const double rate_Hz = 1e3 * sigma_mV[c] * sigma_mV[c] / (2.0 * 20.0 * weight_mV * weight_mV);
        n.poissons[0] = (cal_snn_poisson){.receptor = "delta", .rate_Hz = rate_Hz, .n_trains = 1.0, .weight = weight_mV};
        n.poissons[1] = (cal_snn_poisson){.receptor = "delta", .rate_Hz = rate_Hz, .n_trains = 1.0, .weight = -weight_mV};
        n.def.n_poissons = 2;
        n.def.seed = 11 + (uint64_t)c;
        cal_context *ctx = cali_test_context(2);
        cal_snn *snn = NULL;
        cr_assert(eq(int, cal_snn_create(ctx, &n.def, &snn), CAL_OK), "%s", cal_context_message(ctx));
        uint64_t spikes = 0;
        const int n_warm = 15, n_windows = 115;
        for (int w = 0; w < n_windows; w++) {
            cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
            spikes += w < n_warm ? 0 : cal_snn_get_spikes(snn).n;
        }
        const double seconds = (n_windows - n_warm) * 0.01;
        const double measured = (double)spikes / N_LIF / seconds;
        const double shift = 0.5826 * sigma_mV[c] * sqrt(dt_ms / 20.0);
        const double expected = siegert_Hz(mu_mV[c], sigma_mV[c], 20.0 + shift, 10.0);
        const double sem = sqrt(expected / (N_LIF * seconds)); /* Poisson: an upper bound */
        cr_log_info("mu %g sigma %g: %.3f Hz, expected %.3f, Siegert %.3f", mu_mV[c], sigma_mV[c],
                    measured, expected, listed_Hz[c]);
        cr_expect(fabs(measured - expected) <= 3.0 * sem + 0.02 * expected,
                  "mu %g sigma %g: %.3f Hz, expected %.3f", mu_mV[c], sigma_mV[c], measured, expected);
        cal_snn_destroy(&snn);
        cal_context_destroy(&ctx);
    }
}
