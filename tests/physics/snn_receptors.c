/* Time courses after spikes against closed forms: AMPA, NMDA with its block, GABA-A, GABA-B; alpha and
 * bi-exponential conductances; the power law of adaptation. Input spikes are written to a source population, so
 * that what is compared includes delivery. What these conductances do to V is in snn_order.c and snn_nest.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "snn/kernels/drive.h"
#include "snn/neuron.h"
#include "support/snn_single.h"

enum { N_SPIKES = 8 };

/* One cell and one source, which spikes at `times_ms`; both synapse delays are 1 ms. */
typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
} bed;

static bed lay(const char *neuron, const char *receptor, double weight, const cal_snn_setting *settings, size_t n)
{
    bed b = {.ctx = cali_test_context(1)};
    const cal_snn_population populations[] = {{"cell", cal_snn_neuron_find(neuron), 1, settings, n},
                                              {"source", NULL, 1, NULL, 0}};
    cal_snn_projection projection = cal_snn_projection_default(CAL_ALL_TO_ALL);
    projection.from = 1;
    projection.receptor = receptor;
    projection.weight.a = weight;
    projection.delay_ms.a = 1.0;
    const cal_snn_port port = {.name = "in", .kind = CAL_PORT_SPIKES, .population = 1};
    cal_snn_def def = cal_snn_def_default();
    def.dt = 100000;
    def.window = CAL_NS_PER_MS;
    def.populations = populations;
    def.n_populations = 2;
    def.projections = &projection;
    def.n_projections = receptor != NULL;
    def.ports = &port;
    def.n_ports = 1;
    cr_assert(eq(int, cal_snn_create(b.ctx, &def, &b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
    return b;
}

static double state(const bed *b, const char *name)
{
    double value = NAN;
    cr_assert(eq(int, cal_snn_get_state(b->snn, 0, name, &value), CAL_OK), "%s", name);
    return value;
}

/* One window of 1 ms; the source spikes at its end if `spikes`. */
static void advance(const bed *b, bool spikes)
{
    const uint32_t offset_ns = 1000000, id = 0;
    cr_assert(eq(int, cal_snn_write_spikes(b->snn, 0, spikes, &offset_ns, &id), CAL_OK));
    cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

/* Emission times in ms; each acts 1 ms later. */
static const int emitted_ms[N_SPIKES] = {1, 4, 9, 10, 11, 12, 30, 80};

static bool is_emitted(int ms)
{
    for (int i = 0; i < N_SPIKES; i++)
        if (emitted_ms[i] == ms)
            return true;
    return false;
}

/* g after a unit weight: e^(-t / decay), or the difference of exponentials scaled to the peak 1. */
static double unit_course(double t, double rise, double decay)
{
    if (t < 0.0)
        return 0.0;
    if (rise == 0.0)
        return exp(-t / decay);
    if (rise == decay)
        return t / rise * exp(1.0 - t / rise);
    const double peak_ms = log(decay / rise) * rise * decay / (decay - rise);
    return (exp(-t / decay) - exp(-t / rise)) / (exp(-peak_ms / decay) - exp(-peak_ms / rise));
}

static const struct {
    const char *neuron, *receptor, *state;
    double rise, decay;
} linear[] = {
    {"lif-receptors", "AMPA", "g_AMPA", 0, 2},        {"lif-receptors", "NMDA", "g_NMDA", 2, 100},
    {"lif-receptors", "GABA_A", "g_GABA_A", 0, 5},    {"adex-receptors", "AMPA", "g_AMPA", 0, 2},
    {"adex-receptors", "NMDA", "g_NMDA", 2, 100},     {"adex-receptors", "GABA_A", "g_GABA_A", 0, 5},
    {"lif-cond", "excitatory", "g_exc", 0, 5},        {"lif-cond", "inhibitory", "g_inh", 0, 10},
    {"lif-cond-alpha", "excitatory", "g_exc", 1, 1},  {"lif-cond-alpha", "inhibitory", "g_inh", 3, 3},
    {"lif-cond-beta", "excitatory", "g_exc", 0.5, 5}, {"lif-cond-beta", "inhibitory", "g_inh", 0.5, 10},
    {"adex", "inhibitory", "g_inh", 0, 5},            {"adex-psc", "excitatory", "I_exc", 0, 2},
    {"adex-cond-alpha", "excitatory", "g_exc", 2, 2}, {"adex-cond-alpha", "inhibitory", "g_inh", 5, 5},
    {"eif", "inhibitory", "I_inh", 0, 5},             {"lif-alpha", "excitatory", "I_exc", 2, 2},
};
enum { N_LINEAR = sizeof linear / sizeof linear[0] };

ParameterizedTestParameters(snn_receptors, follow_the_closed_form_after_spikes)
{
    static int index[N_LINEAR];
    for (int i = 0; i < N_LINEAR; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_LINEAR);
}

/* 1e-5 of the peak: roundings of 2,000 sub-steps of float32. */
ParameterizedTest(int *index, snn_receptors, follow_the_closed_form_after_spikes)
{
    const double weight = 0.75; /* a weight that quanta of 2^-k hold exactly */
    bed b = lay(linear[*index].neuron, linear[*index].receptor, weight, NULL, 0);
    double worst = 0.0, peak = 0.0;
    for (int ms = 1; ms <= 200; ms++) {
        advance(&b, is_emitted(ms));
        double expected = 0.0;
        for (int i = 0; i < N_SPIKES; i++)
            expected += weight * unit_course(ms - emitted_ms[i] - 1, linear[*index].rise, linear[*index].decay);
        worst = fmax(worst, fabs(state(&b, linear[*index].state) - expected));
        peak = fmax(peak, expected);
    }
    cr_expect(worst < 1e-5 * peak, "%s %s: %.3g of %.3g", linear[*index].neuron, linear[*index].receptor, worst, peak);
    cr_expect(peak > 0.7);
    clear(&b);
}

/* R_i just after each arrival by R += (1 - R) (1 - e^(-bind w)); between arrivals R and s in closed form. The
 * spikes cooperate: eight of them open over 8^2 times what one does. */
static double gaba_b(const char *neuron, int n_spikes, double *largest_s)
{
    const double bind = 0.078, tau_r = 769.0, k_s = 0.031, tau_s = 30.3, weight = 2.0;
    bed b = lay(neuron, "GABA_B", weight, NULL, 0);
    double bound = 0.0, s = 0.0, worst = 0.0;
    *largest_s = 0.0;
    for (int ms = 1; ms <= 400; ms++) {
        bool spikes = false, arrives = false;
        for (int i = 0; i < n_spikes; i++) {
            spikes |= emitted_ms[i] == ms;
            arrives |= emitted_ms[i] + 1 == ms;
        }
        advance(&b, spikes);
        const double r = exp(-1.0 / tau_r), d = exp(-1.0 / tau_s);
        s = s * d + k_s * bound * (r - d) / (1.0 / tau_s - 1.0 / tau_r);
        bound *= r;
        bound += arrives ? (1.0 - bound) * (1.0 - exp(-bind * weight)) : 0.0;
        worst = fmax(worst, fmax(fabs(state(&b, "R_GABA_B") - bound), fabs(state(&b, "s_GABA_B") - s)));
        *largest_s = fmax(*largest_s, s);
    }
    clear(&b);
    return worst;
}

Test(snn_receptors, gaba_b_follows_its_kinetics_and_cooperates)
{
    static const char *const names[] = {"lif-receptors", "adex-receptors"};
    for (int i = 0; i < 2; i++) {
        double one, eight;
        const double worst = fmax(gaba_b(names[i], 1, &one), gaba_b(names[i], N_SPIKES, &eight));
        cr_expect(worst < 2e-5, "%s: %.3g", names[i], worst); /* roundings of 400 ms of steps */
        const double ratio = pow(eight / one, 4.0) * (1.0 + pow(one, 4.0)) / (1.0 + pow(eight, 4.0));
        cr_expect(ratio > 64.0, "%g", ratio);
    }
}

/* B(V) of Jahr & Stevens, and its polynomial: the remainder over 2 mV is below (0.062 * 2)^4 / 24 = 1e-5. */
Test(snn_receptors, magnesium_blocks_as_published)
{
    for (double v = -100.0; v <= 40.0; v += 5.0) {
        const double e_l = -70.0;
        const cali_magnesium m = cali_magnesium_about((float)(exp(-0.062 * e_l) / 3.57), (float)(v - e_l));
        for (double d = -2.0; d <= 2.0; d += 0.5) {
            const double exact = 1.0 / (1.0 + exp(-0.062 * (v + d)) / 3.57);
            const double near = (double)cali_magnesium_near(&m, (float)(v + d - e_l));
            cr_expect(epsilon_eq(dbl, near, exact, d == 0.0 ? 1e-6 : 1e-5), "%g mV: %g", v + d, near - exact);
        }
    }
}

/* Without any other input the NMDA conductance pulls V to where the clamped block says: I = g B(V) (E - V). With a
 * slow g the cell follows its fixed point; lowering magnesium to 0 frees all channels. */
Test(snn_receptors, magnesium_zero_leaves_all_channels_free)
{
    for (int is_blocked = 0; is_blocked < 2; is_blocked++) {
        const cal_snn_setting settings[] = {{"Mg", {CAL_CONSTANT, is_blocked, 0, 0, 0}},
                                            {"V_th", {CAL_CONSTANT, 1e3, 0, 0, 0}},
                                            {"tau_NMDA_decay", {CAL_CONSTANT, 1e6, 0, 0, 0}},
                                            {"g_NMDA", {CAL_CONSTANT, 25.0, 0, 0, 0}}};
        bed b = lay("lif-receptors", NULL, 0.0, settings, 4);
        for (int ms = 0; ms < 1000; ms++)
            advance(&b, false);
        double low = -70.0, high = 0.0; /* 25 nS (V + 70) + g B(V) V = 0, by bisection */
        const double g = 25.0 * exp(-1e3 / 1e6);
        for (int i = 0; i < 60; i++) {
            const double v = 0.5 * (low + high), block = 1.0 / (1.0 + is_blocked * exp(-0.062 * v) / 3.57);
            *(25.0 * (v + 70.0) + g * block * v < 0.0 ? &low : &high) = v;
        }
        cr_expect(epsilon_eq(dbl, state(&b, "V"), low, 3e-2), "%g, not %g", state(&b, "V"), low); /* lag: tau / 1e6 ms */
        clear(&b);
    }
}

/* z after one spike is (1 + t / t_0)^-beta: relative error as the kernel says, from 0 to 1000 t_0 = 8 s. */
Test(snn_receptors, adaptation_decays_as_a_power_of_time)
{
    static const double cases[][2] = {{0.5, 0.035}, {0.8, 0.015}, {1.0, 0.035}};
    for (int c = 0; c < 3; c++) {
        const cal_snn_setting settings[] = {{"beta", {CAL_CONSTANT, cases[c][0], 0, 0, 0}},
                                            {"V", {CAL_CONSTANT, -40.0, 0, 0, 0}}}; /* one spike, at 0.1 ms */
        bed b = lay("alif-power", NULL, 0.0, settings, 2);
        double worst = 0.0;
        for (int ms = 1; ms <= 8000; ms++) {
            advance(&b, false);
            double z = 0.0;
            for (int k = 1; k <= 8; k++) {
                char name[8];
                snprintf(name, sizeof name, "z_%d", k);
                z += state(&b, name);
            }
            worst = fmax(worst, fabs(z / pow(1.0 + (ms - 0.1) / 8.0, -cases[c][0]) - 1.0));
        }
        cr_expect(worst < cases[c][1], "beta %g: %.3g", cases[c][0], worst);
        cr_log_info("beta %g: %.3g", cases[c][0], worst);
        clear(&b);
    }
}

/* A spike raises threshold and current: alif's intervals under constant current grow to the solution of the
 * implicit equation of the periodic state, q / (1 - e^(-T / tau)) after each spike. */
Test(snn_receptors, adaptive_threshold_settles_where_its_decay_balances_its_jumps)
{
    const cali_single s = {"alif", {"b", "I_e", "t_ref"}, {0, 600, 2}, 0.1, NULL, NULL, 0, 0, 0, false};
    cali_single_run run;
    cali_single_start(&s, 1.0, &run);
    while (cal_time_ms(cal_snn_time(run.snn)) < 2000.0)
        cali_single_step(&run);
    cr_assert(gt(sz, run.n_spikes, 20));
    const double first = run.spikes_ms[1] - run.spikes_ms[0];
    const double last = run.spikes_ms[run.n_spikes - 1] - run.spikes_ms[run.n_spikes - 2];
    /* u(T) = 24 (1 - e^(-(T - 2) / 10)) mV meets 15 + theta, theta = 2 e^(-T / 50) / (1 - e^(-T / 50)) */
    double low = 10.0, high = 200.0;
    for (int i = 0; i < 60; i++) {
        const double t = 0.5 * (low + high), e = exp(-t / 50.0);
        *(24.0 * (1.0 - exp(-(t - 2.0) / 10.0)) < 15.0 + 2.0 * e / (1.0 - e) ? &low : &high) = t;
    }
    cr_expect(last >= low - 0.11 && last <= low + 0.21, "%g ms, not %g", last, low); /* spikes on the grid */
    cr_expect(first < last - 0.5);
    cali_single_stop(&run);
}
