/* Examples of networks of Hodgkin-Huxley neurons, as a user runs them: gap junctions that synchronise (examples/gap-junctions) and
 * 4000 neurons that keep each other going (examples/hodgkin-huxley). */
#include <stdio.h>

#include "support/network_run.h"

/* ---- gap junctions ---- */

typedef struct swing {
    double rate_Hz, swing; /* mean of the rate of all in bins of 1 ms, and its standard deviation over the mean */
    double independent;    /* that of neurons which know nothing of each other: 1 / sqrt(neurons x rate x 1 ms) */
} swing;

static swing run_junctions(const char *conductance)
{
    enum { FROM = 100, N = 300 };
    char set[96];
    const char *sets[] = {set, "run.duration=400 ms"};
    double rows[N];
    snprintf(set, sizeof set, "network.connections[1].gap_junction=%s", conductance);
    cal_context *ctx = cali_test_context(2);
    cal_recording *recording = cali_run_example(ctx, "gap-junctions", sets, 2);
    cr_assert(cal_recording_read(recording, 0, FROM, N, rows) == CAL_OK);
    swing s = {.rate_Hz = cali_mean_of(rows, N)};
    s.swing = cali_sd_of(rows, N) / s.rate_Hz;
    s.independent = 1.0 / sqrt(500 * s.rate_Hz * 1e-3);
    cr_log_info("%s: %.1f Hz, swing %.3f, of independent neurons %.3f", conductance, s.rate_Hz, s.swing, s.independent);
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
    return s;
}

/* Without junctions the rate varies as that of independent neurons does, its only structure being 300 samples of one network
 * (their variance is known to sqrt(2 / 300) = 8 %, and neurons that have a period are less variable in sums: 25 %). Weak junctions
 * draw neurons together, strong ones make all of them spike within a few ms: the swing of a rate that is zero most of
 * the time, as in the network of Hahne et al. (2015), is above 1.5. */
Test(network_channels, gap_junctions_synchronise_what_is_asynchronous_without)
{
    const swing none = run_junctions("0 nS"), weak = run_junctions("0.1 nS"), strong = run_junctions("0.5 nS");
    cr_expect(epsilon_eq(dbl, none.swing, none.independent, 0.25 * none.independent));
    cr_expect(gt(dbl, weak.swing, 1.4 * none.swing));
    cr_expect(gt(dbl, strong.swing, 1.5));
    cr_expect(gt(dbl, strong.swing, 3.0 * weak.swing));
    cr_expect(gt(dbl, strong.rate_Hz, none.rate_Hz), "a neuron that spikes pulls the others up");
}

/* ---- 4000 Hodgkin-Huxley neurons ---- */

/* Brian2 2.5.1 with this network (its example COBAHH, exponential Euler, dt 0.1 ms, no synaptic delay, one spike per crossing of -20 mV),
 * two seeds, 200 to 600 ms: E 36.15 and 35.59 Hz, I 35.58 and 36.05 Hz, CVs 1.68 and 1.60. Over those and two seeds of ours E
 * has a standard deviation of 1.1 Hz, I of 0.3 Hz (taken as 1 % of the rate) and the CV of 0.04: bounds 3 sd sqrt(1/2 + 1/2). */
Test(network_channels, hodgkin_huxley_neurons_keep_each_other_going_as_in_brian)
{
    double rate[2] = {0.0}, cv = 0.0;
    for (int seed = 1; seed <= 2; seed++) {
        char set[32];
        const char *sets[] = {set, "run.duration=600 ms"};
        snprintf(set, sizeof set, "run.seed=%d", seed);
        cal_context *ctx = cali_test_context(2);
        cal_recording *recording = cali_run_example(ctx, "hodgkin-huxley", sets, 2);
        for (size_t p = 0; p < 2; p++) {
            cali_cells cells = cali_cells_of(recording, p, 200.0, 600.0);
            rate[p] += 0.5 * cali_mean_of(cells.rate_Hz, cells.n);
            cv += p == 0 ? 0.5 * cali_mean_of(cells.cv, cells.n_cv) : 0.0;
            cr_expect(gt(dbl, cells.last_ms, 590.0), "it lasts");
            cali_cells_free(&cells);
        }
        cal_recording_close(&recording);
        cal_context_destroy(&ctx);
    }
    cr_log_info("E %.2f Hz, I %.2f Hz, CV %.3f", rate[0], rate[1], cv);
    cr_expect(epsilon_eq(dbl, rate[0], 35.87, 3.3));
    cr_expect(epsilon_eq(dbl, rate[1], 35.82, 1.1));
    cr_expect(epsilon_eq(dbl, cv, 1.64, 0.12));
}
