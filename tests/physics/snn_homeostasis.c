/* Neurons that move a parameter until they spike at a rate: the shift is step (spikes - rate t) while it stays in its range,
 * so over a long time T the number of spikes is rate T within range / step. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/own_neurons.h"
#include "support/support.h"

enum { N = 40 };

typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
    unsigned n_spikes[N];
} bed;

static cal_status create_of(bed *b, cal_context *ctx, const cal_neuron *neuron, const cal_snn_setting *settings, size_t n,
                            cal_snn_homeostasis h)
{
    const cal_snn_population population = {"cell", neuron, N, settings, n};
    cal_snn_def def = cal_snn_def_default();
    def.window = 10 * CAL_NS_PER_MS;
    def.seed = 3;
    def.populations = &population;
    def.n_populations = 1;
    def.homeostases = &h;
    def.n_homeostases = 1;
    def.n_tiles = 3;
    *b = (bed){.ctx = ctx};
    return cal_snn_create(ctx, &def, &b->snn);
}

static cal_status create(bed *b, const char *neuron, const cal_snn_setting *settings, size_t n, cal_snn_homeostasis h)
{
    return create_of(b, cali_test_context(1), cal_snn_neuron_find(neuron), settings, n, h);
}

static void advance(bed *b, unsigned n_windows)
{
    for (unsigned i = 0; i < n_windows; i++) {
        cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
        const cal_snn_spikes s = cal_snn_get_spikes(b->snn);
        for (size_t k = 0; k < s.n; k++)
            b->n_spikes[s.id[k]]++;
    }
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

static const cal_snn_setting currents[] = {{"I_e", {CAL_UNIFORM, 390.0, 700.0, 0, 0}}};

Test(snn_homeostasis, a_threshold_is_moved_by_the_spikes_alone)
{
    bed b;
    double shift[N], worst = 0.0;
    cr_assert(eq(int, create(&b, "lif", currents, 1, (cal_snn_homeostasis){0, "V_th", 20.0, 0.25, 14.0}), CAL_OK), "%s",
              cal_context_message(b.ctx));
    unsigned least = 10000, most = 0;
    for (int k = 1; k <= 20; k++) {
        advance(&b, 100);
        cr_assert(eq(int, cal_snn_get_state(b.snn, 0, "homeostasis", shift), CAL_OK));
        for (int i = 0; i < N; i++)
            worst = fmax(worst, fabs(shift[i] - 0.25 * (b.n_spikes[i] - 20.0 * k)));
    }
    cr_expect(worst < 1e-9, "%.3g mV", worst); /* 200,000 roundings of numbers near 5 */
    for (int i = 0; i < N; i++) {
        least = b.n_spikes[i] < least ? b.n_spikes[i] : least;
        most = b.n_spikes[i] > most ? b.n_spikes[i] : most;
    }
    /* 400 spikes aimed at; without homeostasis from 0 to over 1,200 */
    cr_expect(least > 350 && most < 500, "%u to %u spikes", least, most);
    clear(&b);
}

/* The threshold that neurons end at is that of a LIF neuron at this rate, Lapicque's interval solved for the threshold:
 *     V_th - E_L = R I (1 - e^(-(1 / rate - t_ref) / tau)),   V_reset = E_L. */
Test(snn_homeostasis, thresholds_are_those_of_the_rate)
{
    for (double i_pA = 260.0; i_pA < 390.0; i_pA += 40.0) {
        const cal_snn_setting cell[] = {{"I_e", {.a = i_pA}},   {"C_m", {.a = 250.0}},     {"tau_m", {.a = 20.0}},
                                        {"E_L", {.a = -65.0}},  {"V_reset", {.a = -65.0}}, {"V_th", {.a = -45.0}},
                                        {"t_ref", {.a = 2.0}}};
        bed b;
        double shift[N];
        cr_assert(eq(int, create(&b, "lif", cell, 7, (cal_snn_homeostasis){0, "V_th", 20.0, 0.05, 16.0}), CAL_OK), "%s",
                  cal_context_message(b.ctx));
        advance(&b, 5000);
        cr_assert(eq(int, cal_snn_get_state(b.snn, 0, "homeostasis", shift), CAL_OK));
        const double expected = 20.0 / 250.0 * i_pA * (1.0 - exp(-(50.0 - 2.0) / 20.0)) - 20.0;
        /* the shift rises by 0.05 mV at each spike and falls in between; 50 s are eight time constants or more */
        for (int i = 0; i < N; i++)
            cr_expect(fabs(shift[i] - expected) < 0.08, "%g pA: %g mV, expected %g mV", i_pA, shift[i], expected);
        clear(&b);
    }
}

/* A current may take the threshold's place, with the other sign. */
Test(snn_homeostasis, a_current_does_it_too)
{
    bed b;
    cr_assert(eq(int, create(&b, "adex", NULL, 0, (cal_snn_homeostasis){0, "I_e", 8.0, -5.0, 1500.0}), CAL_OK), "%s",
              cal_context_message(b.ctx));
    advance(&b, 6000); /* the current rises by 40 pA/s until the neuron spikes */
    for (int i = 0; i < N; i++)
        b.n_spikes[i] = 0;
    advance(&b, 1000);
    for (int i = 0; i < N; i++)
        cr_expect(b.n_spikes[i] >= 76 && b.n_spikes[i] <= 84, "%u spikes in 10 s", b.n_spikes[i]);
    clear(&b);
}

/* Own neurons have parameters too. */
Test(snn_homeostasis, an_own_neuron_does_it_too)
{
    static const cal_snn_setting strong[] = {{"I_e", {CAL_UNIFORM, 500.0, 900.0, 0, 0}}};
    bed b;
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = cali_test_neuron(ctx, "lif_cond", true);
    double shift[N], worst = 0.0;
    cr_assert(eq(int, create_of(&b, ctx, neuron, strong, 1, (cal_snn_homeostasis){0, "V_th", 20.0, 0.02, 4.0}), CAL_OK), "%s",
              cal_context_message(ctx));
    advance(&b, 100);
    cr_assert(eq(int, cal_snn_get_state(b.snn, 0, "homeostasis", shift), CAL_OK));
    unsigned n_moved = 0;
    for (int i = 0; i < N; i++) {
        const double expected = 0.02 * (b.n_spikes[i] - 20.0);
        worst = fmax(worst, fabs(shift[i] - expected));
        n_moved += b.n_spikes[i] > 0 && expected != 0.0;
    }
    cr_expect(n_moved > N / 2, "%u moved", n_moved);
    cr_expect(worst < 1e-9, "%.3g mV", worst);
    cal_snn_destroy(&b.snn);
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&b.ctx);
}

static void expect_refused(const char *neuron, const cal_snn_setting *settings, size_t n, cal_snn_homeostasis h,
                           const char *text)
{
    bed b;
    cr_expect(ne(int, create(&b, neuron, settings, n, h), CAL_OK), "accepted: %s", text);
    cr_expect(strstr(cal_context_message(b.ctx), text) != NULL, "\"%s\" lacks \"%s\"", cal_context_message(b.ctx), text);
    clear(&b);
}

Test(snn_homeostasis, what_cannot_work_is_said)
{
    static const cal_snn_setting capacities[] = {{"C_m", {CAL_UNIFORM, 100.0, 300.0, 0, 0}}};
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){1, "V_th", 5.0, 0.1, 5.0}, "population 1");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "V_ht", 5.0, 0.1, 5.0}, "no parameter of neuron lif");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "E_L", 5.0, 0.1, 5.0}, "counted from E_L");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "tau_m", 5.0, 0.1, 5.0}, "straight line");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "t_ref", 5.0, 0.1, 1.0}, "least time");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "V_th", 5.0, 0.1, 1e8}, "could become");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "V_th", 5.0, 0.0, 5.0}, "step 0");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "V_th", 5.0, NAN, 5.0}, "step nan");
    expect_refused("lif", NULL, 0, (cal_snn_homeostasis){0, "V_th", -5.0, 0.1, 5.0}, "rate -5");
    expect_refused("lif", capacities, 1, (cal_snn_homeostasis){0, "I_e", 5.0, -1.0, 100.0}, "depend on C_m");
}
