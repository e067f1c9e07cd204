/* Gap junctions: the closed form of two passive cells, order of convergence, conservation of charge, synchrony, pairs. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/gap.h"
#include "support/snn_networks.h"
#include "support/support.h"

/* Populations A and B of one neuron, joined by the first junction of the definition. */
typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
    cal_snn_population populations[2];
    cal_snn_projection gap;
    cal_snn_def def;
} bed;

static void lay(bed *b, const char *neuron, uint32_t n_a, uint32_t n_b, cal_rule rule, double g)
{
    memset(b, 0, sizeof *b);
    b->ctx = cali_test_context(1);
    for (int i = 0; i < 2; i++)
        b->populations[i] = (cal_snn_population){i == 0 ? "A" : "B", cal_snn_neuron_find(neuron), i == 0 ? n_a : n_b, NULL, 0};
    b->gap = cal_snn_projection_default(rule);
    b->gap.to = 1;
    b->gap.weight.a = g;
    b->def = cal_snn_def_default();
    b->def.populations = b->populations;
    b->def.n_populations = 2;
    b->def.gap_junctions = &b->gap;
    b->def.n_gap_junctions = 1;
}

static void build(bed *b)
{
    cr_assert(cal_snn_create(b->ctx, &b->def, &b->snn) == CAL_OK, "%s", cal_context_message(b->ctx));
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

static double voltage(const bed *b, size_t population)
{
    double v;
    cr_assert(cal_snn_get_state(b->snn, population, b->populations[0].neuron->states[0].name, &v) == CAL_OK);
    return v;
}

/* ---- two passive cells: C V1' = -gL (V1 - EL) + g (V2 - V1) + I, and V2 without I ------------------------------- */

enum { C_pF = 200, GL_nS = 10, I_pA = 100, G_nS = 2 };
static const double EL_mV = -65.0;

/* Sum and difference of the two voltages decay with gL / C and (gL + 2 g) / C. */
static void closed_form(double t_ms, double *v1, double *v2)
{
    const double fast = (GL_nS + 2.0 * G_nS) / C_pF, slow = (double)GL_nS / C_pF;
    const double sum = (double)I_pA / GL_nS * -expm1(-slow * t_ms);
    const double difference = I_pA / (GL_nS + 2.0 * G_nS) * -expm1(-fast * t_ms);
    *v1 = EL_mV + 0.5 * (sum + difference);
    *v2 = EL_mV + 0.5 * (sum - difference);
}

static void lay_passive(bed *b, double dt_ms, cal_snn_setting settings[2][5])
{
    lay(b, "lif", 1, 1, CAL_ONE_TO_ONE, G_nS);
    for (int i = 0; i < 2; i++) {
        settings[i][0] = (cal_snn_setting){"C_m", CALI_CONSTANT(C_pF)};
        settings[i][1] = (cal_snn_setting){"tau_m", CALI_CONSTANT((double)C_pF / GL_nS)};
        settings[i][2] = (cal_snn_setting){"E_L", CALI_CONSTANT(EL_mV)};
        settings[i][3] = (cal_snn_setting){"V_th", CALI_CONSTANT(0.0)};
        settings[i][4] = (cal_snn_setting){"I_e", CALI_CONSTANT(i == 0 ? I_pA : 0.0)};
        b->populations[i].settings = settings[i];
        b->populations[i].n_settings = 5;
    }
    b->def.dt = (cal_time)(dt_ms * 1e6 + 0.5);
    b->def.window = 8 * CAL_NS_PER_MS;
    build(b);
}

static double passive_error(double dt_ms)
{
    cal_snn_setting settings[2][5];
    double worst = 0.0, v1, v2;
    bed b;
    lay_passive(&b, dt_ms, settings);
    for (int w = 1; w <= 12; w++) {
        cr_assert(cal_snn_advance(b.snn) == CAL_OK);
        closed_form(8.0 * w, &v1, &v2);
        worst = fmax(worst, fmax(fabs(voltage(&b, 0) - v1), fabs(voltage(&b, 1) - v2)));
    }
    clear(&b);
    return worst;
}

Test(snn_gap, two_passive_cells_follow_the_closed_form_with_order_2)
{
    const double coarse = passive_error(2.0), middle = passive_error(1.0), fine = passive_error(0.5);
    cr_log_info("largest errors: %g, %g, %g mV at 2, 1, 0.5 ms\n", coarse, middle, fine);
    cr_expect(fabs(coarse / middle - 4.0) < 0.8, "%g and %g mV", coarse, middle);
    cr_expect(fabs(middle / fine - 4.0) < 0.8, "%g and %g mV", middle, fine);
    cr_expect(passive_error(0.1) < 1e-4, "%g mV", passive_error(0.1));
}

/* The same against the reference file. */
Test(snn_gap, two_passive_cells_follow_the_reference)
{
    const char *shared = getenv("CALLOSUM_SHARED");
    char path[512], line[512];
    snprintf(path, sizeof path, "%s/reference/spiking/gap/gap_passive_pair.csv", shared == NULL ? "" : shared);
    FILE *file = shared == NULL ? NULL : fopen(path, "r");
    if (file == NULL)
        cr_skip_test("CALLOSUM_SHARED has no gap/gap_passive_pair.csv");
    size_t n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        double t, v1, v2, w1, w2;
        if (sscanf(line, "%lf,%lf,%lf", &t, &v1, &v2) != 3)
            continue;
        closed_form(t, &w1, &w2);
        cr_expect(fabs(v1 - w1) < 1e-9 && fabs(v2 - w2) < 1e-9, "%g ms", t);
        n++;
    }
    fclose(file);
    cr_expect(n > 50);
}

/* ---- spiking cells ------------------------------------------------------------------------------------------ */

/* Two axons of the squid that begin apart: V of the first every 0.4 ms over its spike, and the times of the last spikes. */
enum { N_SAMPLES = 20 };

static void lay_axons(bed *b, double dt_ms, double window_ms, double g_nS)
{
    static const cal_snn_setting start[2][2] = {{{"V", CALI_CONSTANT(-55.0)}, {"I_e", CALI_CONSTANT(800.0)}},
                                                {{"V", CALI_CONSTANT(-65.0)}, {"I_e", CALI_CONSTANT(800.0)}}};
    lay(b, "hh-squid", 1, 1, CAL_ONE_TO_ONE, g_nS);
    for (int i = 0; i < 2; i++) {
        b->populations[i].settings = start[i];
        b->populations[i].n_settings = 2;
    }
    b->def.dt = (cal_time)(dt_ms * 1e6 + 0.5);
    b->def.window = (cal_time)(window_ms * 1e6 + 0.5);
    build(b);
}

static void trace(double dt_ms, double v[N_SAMPLES])
{
    bed b;
    lay_axons(&b, dt_ms, 0.4, 20.0);
    for (int i = 0; i < N_SAMPLES; i++) {
        cr_assert(cal_snn_advance(b.snn) == CAL_OK);
        v[i] = voltage(&b, 0);
    }
    clear(&b);
}

Test(snn_gap, two_axons_converge_with_order_2)
{
    double v[4][N_SAMPLES], difference[3] = {0.0};
    for (int k = 0; k < 4; k++)
        trace(0.1 / (1 << k), v[k]);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < N_SAMPLES; i++)
            difference[k] = fmax(difference[k], fabs(v[k + 1][i] - v[k][i]));
    const double ratio = difference[1] / difference[2];
    cr_log_info("%g %g %g mV\n", difference[0], difference[1], difference[2]);
    cr_expect(fabs(ratio - 4.0) < 0.8, "%g, %g, %g mV", difference[0], difference[1], difference[2]);
}

/* Between the last spikes of the two within 300 ms. */
static double lag_ms(double g_nS)
{
    double last[2] = {0.0, 0.0};
    bed b;
    lay_axons(&b, 0.1, 1.0, g_nS);
    for (int w = 0; w < 300; w++) {
        cr_assert(cal_snn_advance(b.snn) == CAL_OK);
        const cal_snn_spikes s = cal_snn_get_spikes(b.snn);
        for (size_t i = 0; i < s.n; i++)
            last[s.population[i]] = cal_time_ms(s.time[i]);
    }
    clear(&b);
    cr_assert(last[0] > 250.0 && last[1] > 250.0, "%g %g", last[0], last[1]);
    return fabs(last[0] - last[1]);
}

Test(snn_gap, two_axons_synchronise)
{
    cr_log_info("%g ms apart without junctions, %g ms with\n", lag_ms(0.0), lag_ms(10.0));
    cr_expect(lag_ms(0.0) > 0.5, "%g ms", lag_ms(0.0));
    cr_expect(lag_ms(10.0) <= 0.1, "%g ms", lag_ms(10.0));
}

/* ---- networks ------------------------------------------------------------------------------------------------- */

static double mean_of(const bed *b, size_t population)
{
    double *v = malloc(b->populations[population].n * sizeof *v), sum = 0.0;
    cal_snn_get_state(b->snn, population, "V", v);
    for (uint32_t i = 0; i < b->populations[population].n; i++)
        sum += v[i];
    free(v);
    return sum / b->populations[population].n;
}

/* No charge is made or lost: the currents add up to 0, and the mean voltage of passive cells is what it is without them. */
Test(snn_gap, the_currents_add_up_to_zero)
{
    static const cal_snn_setting passive[] = {{"V_th", CALI_CONSTANT(0.0)}, {"V", {CAL_UNIFORM, -80.0, -50.0, 0, 0}}};
    double mean[2];
    for (int k = 0; k < 2; k++) {
        bed b;
        lay(&b, "lif", 150, 70, CAL_PAIRWISE_BERNOULLI, 0.0);
        b.gap.to = 0;
        b.gap.probability = 0.2;
        b.gap.weight = (cal_distribution){CAL_UNIFORM, 0.1, k == 0 ? 0.1 : 1.0, 0, 0};
        b.gap.weight.low = b.gap.weight.high = 0.0;
        b.populations[0].settings = passive;
        b.populations[0].n_settings = 2;
        b.def.n_tiles = 3;
        b.def.n_gap_junctions = (size_t)k;
        build(&b);
        for (int w = 0; w < 5; w++)
            cr_assert(cal_snn_advance(b.snn) == CAL_OK);
        mean[k] = mean_of(&b, 0);
        double sum = 0.0, size = 0.0;
        const cali_gaps *gaps = b.snn->gaps;
        for (size_t at = 0; k == 1 && at < gaps->n_shown; at++)
            for (uint64_t i = gaps->first[at]; i < gaps->first[at + 1]; i++) {
                const double *shown = gaps->shown[b.snn->step & 1];
                const double current = gaps->g[i] * (shown[gaps->partner[i]] - shown[at]);
                sum += current;
                size += fabs(current);
            }
        cr_expect(fabs(sum) <= 1e-12 * size && (k == 0 || size > 1000.0), "%g of %g pA", sum, size);
        clear(&b);
    }
    cr_expect(fabs(mean[0] - mean[1]) < 1e-5, "%g mV", mean[0] - mean[1]);
}

static uint64_t count(cal_rule rule, uint32_t n_a, uint32_t n_b, size_t to)
{
    bed b;
    lay(&b, "lif", n_a, n_b, rule, 0.01);
    b.gap.to = to;
    b.gap.probability = 0.1;
    b.gap.in_degree = 4;
    b.gap.total = 333;
    b.gap.n_neighbours = 6;
    if (rule == CAL_SMALL_WORLD)
        b.gap.probability = 0.2;
    build(&b);
    const uint64_t n = cal_snn_get_counts(b.snn).n_gap_junctions;
    clear(&b);
    return n;
}

/* Within a population a pair is drawn once; between two each junction has one end in either. */
Test(snn_gap, pairs_follow_the_rules)
{
    cr_expect(eq(u64, count(CAL_ALL_TO_ALL, 40, 3, 0), 40 * 39 / 2));
    cr_expect(eq(u64, count(CAL_ALL_TO_ALL, 40, 30, 1), 40 * 30));
    cr_expect(eq(u64, count(CAL_ONE_TO_ONE, 30, 30, 1), 30));
    cr_expect(eq(u64, count(CAL_FIXED_IN_DEGREE, 40, 30, 1), 120));
    cr_expect(eq(u64, count(CAL_FIXED_IN_DEGREE, 40, 30, 0), 160));
    cr_expect(eq(u64, count(CAL_FIXED_TOTAL, 40, 30, 1), 333));
    cr_expect(eq(u64, count(CAL_SMALL_WORLD, 40, 30, 0), 120));
    cr_expect(eq(u64, count(CAL_ALL_TO_ALL, 0, 1, 0), 0));
    cr_expect(eq(u64, count(CAL_ALL_TO_ALL, 1, 0, 0), 0));
    const double mean = 0.1 * 400 * 399 / 2, sd = sqrt(mean * 0.9), n = (double)count(CAL_PAIRWISE_BERNOULLI, 400, 3, 0);
    cr_expect(fabs(n - mean) < 4.0 * sd, "%g, expected %g +- %g", n, mean, sd);
}

static void refused(bed *b, const char *say)
{
    cr_expect(cal_snn_create(b->ctx, &b->def, &b->snn) == CAL_ERR_ARGUMENT && b->snn == NULL, "%s", say);
    cr_expect(strstr(cal_context_message(b->ctx), say) != NULL, "\"%s\", not \"%s\"", cal_context_message(b->ctx), say);
    clear(b);
}

Test(snn_gap, mistakes_are_named)
{
    bed b;
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, -1.0);
    refused(&b, "A to B: conductance of gap junctions must be >= 0");
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, NAN);
    refused(&b, "A to B: conductance of gap junctions");
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, 1.0);
    b.gap.to = 0;
    refused(&b, "each neuron with itself");
    lay(&b, "lif", 2, 3, CAL_ONE_TO_ONE, 1.0);
    refused(&b, "one-to-one between populations of 2 and 3 neurons");
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, 1.0);
    b.populations[1].neuron = NULL;
    refused(&b, "B: gap junctions need a voltage, which a source population has not");
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, 1.0);
    b.populations[1].neuron = cal_snn_neuron_find("qif");
    refused(&b, "whose currents have other units");
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, 1.0);
    b.gap.from = 2;
    refused(&b, "there is no population 2");
    lay(&b, "lif", 2, 2, CAL_ONE_TO_ONE, 2000.0);
    refused(&b, "C202 A: the gap junctions of neuron 0 add up to 2000, too much for a step of 0.1 ms with the smallest C_m");
}
