/* The order of every neuron's scheme: a line per neuron (more where a scheme has several regimes), from a start
 * whose synapses and adaptation are already moving. The truth is the solution of the published equations by
 * snn_order.py beside this file, which has a case for each line.
 *
 * order p: halving dt divides the error at `until_ms` by 2^p within 20 %. dt is coarse, so that the error is far
 * above the roundings of float32.
 * EXACT: at dt, dt / 2 and dt / 4 the value is right within roundings, 4 units in the last place of its size.
 * NO_ORDER: for neurons without a differential equation (random ones, devices): nothing is compared. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <float.h>

#include "support/snn_single.h"

enum { EXACT = 0, NO_ORDER = -1 };

#define NO_TRAIN NULL, NULL, 0, 0, 0, false
#define SET(...) {__VA_ARGS__}

typedef struct order_case {
    cali_single single; /* its dt is the coarse one */
    int order;
    double until_ms;
    double exact; /* states[0] at until_ms */
} order_case;

static const order_case cases[] = {
    {{"lif", SET("tau_inh", "V", "I_exc", "I_inh", "I_e"), SET(8, -60, 300, -100, 100), 2.0, NO_TRAIN}, EXACT, 8.0, -60.56082343},
    {{"lif", SET("tau_exc", "tau_inh", "V", "I_exc", "I_inh", "I_e"), SET(10, 10, -60, 300, -100, 100), 2.0, NO_TRAIN}, EXACT, 8.0, -57.67496567},
    {{"lif-alpha", SET("tau_inh", "V", "I_exc", "d_exc", "I_inh", "d_inh", "I_e"), SET(10, -60, 50, 100, -20, -30, 100), 2.0, NO_TRAIN}, EXACT, 8.0, -61.41714993},
    {{"lif-delta", SET("V", "I_e"), SET(-60, 100), 2.0, NO_TRAIN}, EXACT, 8.0, -60.55067104},
    {{"lif-cond", SET("V_th", "g_exc", "g_inh"), SET(1e3, 60, 0), 2.0, NO_TRAIN}, 4, 8.0, -25.98456384},
    {{"lif-cond-alpha", SET("V_th", "tau_exc", "tau_inh", "g_exc", "r_exc", "g_inh", "r_inh"), SET(1e3, 3, 6, 10, 5, 10, 5), 4.0, NO_TRAIN}, 4, 8.0, -57.18627611},
    {{"lif-cond-beta", SET("V_th", "tau_rise_exc", "tau_rise_inh", "g_exc", "r_exc", "g_inh", "r_inh"), SET(1e3, 2, 3, 10, 5, 10, 5), 4.0, NO_TRAIN}, 4, 8.0, -55.02855127},
    {{"alif", SET("tau_inh", "V", "I_exc", "I_inh", "I_e", "w"), SET(8, -60, 300, -100, 100, 80), 2.0, NO_TRAIN}, EXACT, 8.0, -62.24540079},
    {{"qif", SET("eta", "v"), SET(2, -3), 2.5, NO_TRAIN}, EXACT, 5.0, -0.6369488022},
    {{"theta", SET("eta", "theta"), SET(2, -2.5), 2.5, NO_TRAIN}, EXACT, 5.0, -1.137260007},
    {{"theta", SET("eta", "theta", "i_exp"), SET(-0.5, -0.8, 1.5), 1.0, NO_TRAIN}, 2, 10.0, -0.4404951154},
    {{"aqif", SET("eta", "tau_A", "v", "i_exp", "A", "D"), SET(-0.5, 10, -0.5, 1.5, 0.2, 2), 1.0, NO_TRAIN}, 2, 10.0, -0.741390053},
    {{"eglif", SET("V_th", "tau_syn1", "V", "I_adap", "I_dep", "g1", "d1", "g2", "d2", "g3", "d3", "g4", "d4"), SET(1e3, 1, -70, -3, 4, 0.5, 1, 0.2, 0.4, 0.1, 0.3, 0.3, 0.2), 1.0, NO_TRAIN}, 4, 8.0, -58.91905255},
    {{"eglif-escape", SET("lambda_0", "tau_syn1", "V", "I_adap", "I_dep", "g1", "d1", "g2", "d2", "g3", "d3", "g4", "d4"), SET(0, 1, -70, -3, 4, 0.5, 1, 0.2, 0.4, 0.1, 0.3, 0.3, 0.2), 1.0, NO_TRAIN}, 4, 8.0, -58.91905255},
    {{"adex", SET("V", "w", "g_exc", "g_inh"), SET(-52, 100, 10, 30), 16.0, NO_TRAIN}, 4, 16.0, -69.45431734},
    {{"adex-cond-alpha", SET("V", "w", "g_exc", "r_exc", "g_inh", "r_inh"), SET(-52, 100, 10, 5, 30, 10), 16.0, NO_TRAIN}, 4, 16.0, -73.57335677},
    {{"adex-psc", SET("V", "w", "I_exc", "I_inh"), SET(-60, 100, 2000, -2000), 16.0, NO_TRAIN}, 4, 16.0, -78.65537243},
    {{"adex-receptors", SET("V", "w", "g_AMPA", "g_NMDA", "r_NMDA", "g_GABA_A", "R_GABA_B", "s_GABA_B"), SET(-60, 100, 10, 10, 5, 60, 0.5, 1), 16.0, NO_TRAIN}, 4, 16.0, -72.11528331},
    {{"eif", SET("V", "I_exc", "I_inh"), SET(-60, 2000, -2000), 16.0, NO_TRAIN}, 4, 16.0, -76.12554351},
    {{"alif-power", SET("tau_inh", "V", "I_exc", "I_inh", "I_e", "z_1", "z_4", "z_8"), SET(8, -60, 300, -100, 100, 1, 0.5, 0.25), 2.0, NO_TRAIN}, EXACT, 8.0, -61.73420602},
    {{"lif-receptors", SET("V_th", "V", "g_AMPA", "g_NMDA", "r_NMDA", "g_GABA_A", "R_GABA_B", "s_GABA_B"), SET(1e3, -60, 40, 20, 20, 20, 0.5, 1), 4.0, NO_TRAIN}, 4, 16.0, -59.32777672},
    {{"izhikevich", SET("I_e"), SET(10), 0.02, NO_TRAIN}, 1, 2.0, -47.79663719},
    {{"izhikevich-2007", SET("u", "I_exc", "I_inh", "I_e"), SET(50, 200, -100, 300), 1.0, NO_TRAIN}, 4, 16.0, -48.29165118}, /* through a spike */
    {{"izhikevich-2007-cond", SET("b_3", "b_3_below", "v_b", "u", "g_exc", "g_inh", "I_e"), SET(0, 0, -55, 50, 7, 9, 300), 1.0, NO_TRAIN}, 4, 16.0, -48.97872086}, /* through a spike */
    {{"izhikevich-2007-cond", SET("b_3", "b_3_below", "v_b", "u", "g_exc", "g_inh", "I_e"), SET(0.001, 7, -80, 50, 8, 5, 300), 1.0, NO_TRAIN}, 4, 10.0, -20.05275819},
    {{"izhikevich-2007-cond", SET("b_3", "b_3_below", "v_b", "u", "g_exc", "g_inh", "I_e"), SET(7, 0.0003, 40, 50, 8, 5, 300), 1.0, NO_TRAIN}, 4, 11.0, 4.503490989},
    {{"hh-squid", SET("d_exc", "d_inh", "I_exc", "I_inh", "I_e"), SET(100, -30, 50, -20, 1000), 0.2, NO_TRAIN}, 4, 2.0, 24.01633526},
    {{"hh-traub", SET("g_exc", "g_inh", "I_e"), SET(30, 10, 300), 0.1, NO_TRAIN}, 4, 1.6, 22.94629179},
    {{"morris-lecar", SET("V", "w", "I_exc", "I_inh", "I_e"), SET(-40, 0, 15, -8, 100), 1.0, NO_TRAIN}, 4, 10.0, 16.31660985},
    {{"hindmarsh-rose", SET("x", "y", "z", "I_exc", "I_inh", "I_e"), SET(-1, -4, 1, 1, -0.5, 2), 0.1, NO_TRAIN}, 4, 4.0, 0.4269069577},
    {{"lif-escape", SET("rate_0", "tau_inh", "V", "I_exc", "I_inh", "I_e"), SET(0, 8, -60, 300, -100, 100), 2.0, NO_TRAIN}, EXACT, 8.0, -60.56082343},
    {{"lif-phase", SET("phase"), SET(0.1), 2.0, NO_TRAIN}, EXACT, 8.0, 0.8281913813},
    {{"poisson", SET(NULL), SET(0), 1.0, NO_TRAIN}, NO_ORDER, 1.0, 0.0},
    {{"parrot", SET(NULL), SET(0), 1.0, NO_TRAIN}, NO_ORDER, 1.0, 0.0},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static double value_at(const order_case *c, double dt_ms)
{
    cali_single s = c->single;
    s.dt_ms = dt_ms;
    cali_single_run run;
    cali_single_start(&s, dt_ms, &run);
    while (cal_time_ms(cal_snn_time(run.snn)) < c->until_ms - 1e-9)
        cali_single_step(&run);
    const double value = cali_single_state(&run, cal_snn_neuron_find(s.neuron)->states[0].name);
    cali_single_stop(&run);
    return value;
}

ParameterizedTestParameters(snn_order, is_what_the_kernel_says)
{
    static int index[N_CASES];
    for (int i = 0; i < N_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_CASES);
}

ParameterizedTest(int *index, snn_order, is_what_the_kernel_says)
{
    const order_case *c = &cases[*index];
    if (c->order == NO_ORDER)
        return;
    double error[3];
    for (int i = 0; i < 3; i++)
        error[i] = fabs(value_at(c, c->single.dt_ms / (1 << i)) - c->exact);
    cr_log_info("%s: errors %.3g, %.3g, %.3g", c->single.neuron, error[0], error[1], error[2]);
    const double rounding = 4.0 * (double)FLT_EPSILON * fmax(fabs(c->exact), 1.0);
    if (c->order == EXACT) {
        for (int i = 0; i < 3; i++)
            cr_expect(error[i] < rounding, "%s: %.3g off at dt / %d", c->single.neuron, error[i], 1 << i);
        return;
    }
    const double ratio = error[0] / error[1], expected = 1 << c->order;
    cr_expect(error[1] > 4.0 * rounding, "%s: error %.3g is rounding: take a longer dt", c->single.neuron, error[1]);
    cr_expect(ratio > 0.8 * expected && ratio < 1.2 * expected, "%s: errors %.3g and %.3g, ratio %.3g, not %g",
              c->single.neuron, error[0], error[1], ratio, expected);
}

/* Each neuron of the list has a line. */
Test(snn_order, is_known_for_every_neuron)
{
    for (size_t i = 0; i < cal_snn_n_neurons(); i++) {
        const char *name = cal_snn_neuron_at(i)->name;
        bool is_found = false;
        for (int k = 0; k < N_CASES; k++)
            is_found |= strcmp(cases[k].single.neuron, name) == 0;
        cr_expect(is_found, "%s has no line in tests/physics/snn_order.c", name);
    }
}
