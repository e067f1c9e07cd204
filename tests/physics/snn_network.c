/* Networks against NEST's statistics (reference/spiking/network): the mean over n seeds lies within
 * 3 sd sqrt(1/n + 1/10) of the mean over the reference's ten seeds, sd at least 1 % of the value (the
 * README's rule). Durations are the reference's, or shorter where that costs too much; a shorter
 * recording adds variance, so sd is scaled by the root of the ratio. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "support/snn_networks.h"
#include "support/support.h"

typedef struct statistics {
    double rate_Hz[2], rate_sd_Hz[2];
} statistics;

enum { MAX_CELLS = 10000 };

/* Mean and standard deviation over neurons of the rates in [from, to) ms. */
static statistics run(cali_network *n, uint64_t seed, double from_ms, double to_ms)
{
    cal_context *ctx = cali_test_context(2);
    cal_snn *snn = NULL;
    n->def.seed = seed;
    cr_assert(eq(int, cal_snn_create(ctx, &n->def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    static uint32_t count[2][MAX_CELLS];
    memset(count, 0, sizeof count);
    while (cal_time_ms(cal_snn_time(snn)) < to_ms - 1e-9) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
        const cal_snn_spikes spikes = cal_snn_get_spikes(snn);
        for (size_t i = 0; i < spikes.n; i++)
            if (cal_time_ms(spikes.time[i]) > from_ms)
                count[spikes.population[i]][spikes.id[i]]++;
    }
    statistics s = {0};
    for (size_t p = 0; p < 2; p++) {
        const uint32_t cells = n->populations[p].n;
        const double per_Hz = (to_ms - from_ms) * 1e-3;
        double sum = 0.0, squares = 0.0;
        for (uint32_t i = 0; i < cells; i++)
            sum += count[p][i] / per_Hz;
        s.rate_Hz[p] = sum / cells;
        for (uint32_t i = 0; i < cells; i++)
            squares += pow(count[p][i] / per_Hz - s.rate_Hz[p], 2.0);
        s.rate_sd_Hz[p] = sqrt(squares / cells);
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return s;
}

/* mean, sd: from *_summary.csv; stretch: reference's duration over ours. */
static void expect_near(const char *what, double value, double mean, double sd, int n_seeds,
                        double stretch)
{
    const double least = 0.01 * mean, wide = fmax(sd * sqrt(stretch), least);
    const double bound = 3.0 * wide * sqrt(1.0 / n_seeds + 0.1);
    cr_log_info("%s: %.4f, reference %.4f +- %.4f", what, value, mean, bound);
    cr_expect(fabs(value - mean) <= bound, "%s: %.4f, reference %.4f +- %.4f", what, value, mean,
              bound);
}

Test(snn_network, coba_with_bias_fires_as_in_nest)
{
    statistics mean = {0};
    for (uint64_t seed = 1; seed <= 5; seed++) {
        cali_network n;
        cali_network_cobab(&n, 10.0);
        const statistics s = run(&n, seed, 500.0, 2500.0);
        for (int p = 0; p < 2; p++) {
            mean.rate_Hz[p] += s.rate_Hz[p] / 5;
            mean.rate_sd_Hz[p] += s.rate_sd_Hz[p] / 5;
        }
    }
    expect_near("COBA E rate", mean.rate_Hz[0], 13.1814, 0.28524, 5, 1.0);
    expect_near("COBA I rate", mean.rate_Hz[1], 13.2347, 0.136039, 5, 1.0);
    expect_near("COBA E sd of rates", mean.rate_sd_Hz[0], 4.46249, 0.133396, 5, 1.0);
    expect_near("COBA I sd of rates", mean.rate_sd_Hz[1], 4.55921, 0.274369, 5, 1.0);
}

Test(snn_network, cuba_fires_as_in_nest)
{
    statistics mean = {0};
    for (uint64_t seed = 1; seed <= 5; seed++) {
        cali_network n;
        cali_network_cuba(&n, 10.0);
        const statistics s = run(&n, seed, 500.0, 5500.0);
        for (int p = 0; p < 2; p++) {
            mean.rate_Hz[p] += s.rate_Hz[p] / 5;
            mean.rate_sd_Hz[p] += s.rate_sd_Hz[p] / 5;
        }
    }
    expect_near("CUBA E rate", mean.rate_Hz[0], 4.00955, 0.0413217, 5, 1.0);
    expect_near("CUBA I rate", mean.rate_Hz[1], 4.0207, 0.00590762, 5, 1.0);
    expect_near("CUBA E sd of rates", mean.rate_sd_Hz[0], 0.913609, 0.0135607, 5, 1.0);
    expect_near("CUBA I sd of rates", mean.rate_sd_Hz[1], 0.916136, 0.0328376, 5, 1.0);
}

Test(snn_network, brunel_is_asynchronous_irregular_as_in_nest)
{
    statistics mean = {0};
    for (uint64_t seed = 1; seed <= 2; seed++) {
        cali_network n;
        cali_network_brunel(&n, 15.0);
        const statistics s = run(&n, seed, 510.0, 2010.0);
        for (int p = 0; p < 2; p++)
            mean.rate_Hz[p] += s.rate_Hz[p] / 2;
    }
    expect_near("Brunel E rate", mean.rate_Hz[0], 13.7809, 0.10257, 2, 2.0 / 1.5);
    expect_near("Brunel I rate", mean.rate_Hz[1], 13.8181, 0.0550752, 2, 2.0 / 1.5);
}
