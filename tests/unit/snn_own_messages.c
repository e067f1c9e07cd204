/* The mistakes of an own neuron's file: what is wrong, where to the column, what to try. Expressions, fields and numbers
 * are read as those of own masses are (nmm_own_messages); here stands what neurons have alone. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/text/own.h"
#include "support/support.h"

/* A right neuron; each case changes one line of it. */
static const char *const lines[] = {
    "neuron: leaky",
    "states: {V: -65 mV, g: {initial: 0 nS, low: 0}}",
    "parameters: {tau: 10 ms, tau_g: 5 ms, E: -65 mV, C: 200 pF, V_th: -50 mV, t_ref: 2 ms}",
    "current: {I: {unit: pA}}",
    "let: {drive: (I - g*V)/C}",
    "equations:",
    "  V': (E - V)/tau + drive",
    "  g': -g/tau_g",
    "receptors: {excitatory: g += weight}",
    "threshold: V >= V_th",
    "reset: V = E",
    "refractory: {time: t_ref, hold: V}",
    "scheme: rk4",
    "sub_steps: 1",
    "test: {at: {V: -60 mV, g: 1 nS, I: 340 pA}, gives: {V': 1.5, g': -0.2}}",
};
enum { N_LINES = sizeof lines / sizeof *lines };

static const struct {
    int line;
    const char *text, *message;
} cases[] = {
    {0, "", "neuron.yaml:2:1  C105  the neuron needs a name"},
    {0, "neuron: Leaky Cell", "neuron.yaml:1:9  C104  neuron: \"Leaky Cell\" is no name of a neuron"},
    {0, "neuron: lif", "C104  neuron: \"lif\" is a built-in neuron\n    1 | neuron: lif\n      |         ^\n  try      my-lif"},
    {0, "neurom: leaky", "neuron.yaml:1:1  C101  unknown key \"neurom\""},
    {1, "states: {}", "C105  the neuron needs states"},
    {1, "states: {V: -65 mV, g: {initial: 0 nS, low: 0}, V_low: 1}",
     "C105  equations lack V_low', the derivative of the state V_low"},
    {2, "parameters: {tau: 10 ms, tau_g: 5 ms, E: -65 mV, C: 200 pF, V_th: -50 mV, t_ref: 2 ms, dt: 1 ms}",
     "C104  no quantity of a neuron is called dt or weight"},
    {3, "", "C105  the neuron needs current"},
    {3, "current: {I: {unit: pA}, J: {unit: pA}}", "neuron.yaml:4:10  C104  current has 2 names, but a neuron has one current"},
    {4, "let: {drive: (300 pA - g*V)/C}", "neuron.yaml:4:10  C107  the current I is in no equation"},
    {6, "  V': (E - V)/tau + drive + g", "neuron.yaml:7:27  C103  V': a sum of a voltage per time (mV/ms) and a conductance (nS)"},
    {8, "receptors: {excitatory: g + weight}", "neuron.yaml:9:27  C108  receptors.excitatory: "},
    {8, "receptors: {excitatory: h += weight}", "neuron.yaml:9:25  C101  receptors.excitatory: "},
    {8, "receptors: {excitatory: tau += weight}", "neuron.yaml:9:25  C101  receptors.excitatory: \"tau\" is no state, and only states change"},
    {8, "receptors: {excitatory: V += weight; g += weight}", "neuron.yaml:9:43  C103  receptors.excitatory: g is a "
                                                              "conductance (nS), but the expression is a voltage (mV)"},
    {8, "receptors: {excitatory: g += 1 nS}", "neuron.yaml:9:25  C107  receptors.excitatory does nothing with the weight"},
    {8, "receptors: {excitatory: {unit: nS}}", "C105  receptors.excitatory needs the key \"does\""},
    {8, "receptors: {excitatory: {does: g += weight, unit: nSi}}", "C102  receptors.excitatory: unknown unit \"nSi\""},
    {8, "receptors: {excitatory: {does: g += weight, maening: x}}", "C101  unknown key \"maening\" in receptors.excitatory"},
    {8, "receptors: [g]", "C104  receptors needs a mapping of names, got a list"},
    {8, "receptors: {a: g += weight, b: g += weight, c: g += weight, d: g += weight, e: g += weight, f: g += weight,\n"
        "  g1: g += weight, h: g += weight, i: g += weight}", "C106  9 receptors; at most 8"},
    {9, "", "C105  the neuron needs a threshold"},
    {9, "threshold: V", "neuron.yaml:10:12  C108  threshold: a condition is wanted here, got a number"},
    {9, "threshold: V >= t_ref", "neuron.yaml:10:14  C103  threshold: a comparison of a duration (ms) and a voltage (mV)"},
    {10, "reset: V = 3", "neuron.yaml:11:12  C103  reset: V is a voltage (mV), but the expression is a plain number"},
    {10, "reset: E = V", "neuron.yaml:11:8  C101  reset: \"E\" is no state, and only states change"},
    {10, "reset: V", "C108  reset: "},
    {10, "reset: {V: E}", "C104  reset needs a statement, got a mapping"},
    {11, "refractory: {hold: V}", "C105  refractory needs the key \"time\""},
    {11, "refractory: {time: t_ref, hold: [W]}", "neuron.yaml:12:34  C101  refractory.hold: \"W\" is no state"},
    {11, "refractory: E", "neuron.yaml:12:13  C103  refractory.time is a duration (ms), but the expression is a voltage (mV)"},
    {11, "refractory: t_ref*(1 + V/E)", "neuron.yaml:12:13  C107  refractory.time depends on more than parameters"},
    {12, "scheme: rk5", "neuron.yaml:13:9  C101  unknown scheme \"rk5\""},
    {12, "scheme: exact", "neuron.yaml:7:7  C107  V' is not linear in V with constant coefficients"},
    {13, "sub_steps: 101", "neuron.yaml:14:12  C106  sub_steps is a whole number from 1 to 100"},
    {13, "sub_steps: 1.5", "C106  sub_steps is a whole number from 1 to 100"},
    {13, "carry_rounding: maybe", "C104  carry_rounding needs true or false"},
    {14, "", "C105  the neuron needs a test value"},
    {14, "test: {at: {V: -60 mV}}", "C105  the neuron needs a test value"},
    {14, "test: {at: {V: -60 mV, g: 1 nS, I: 340 pA}, gives: {V': -1.5, g': -0.2}}",
     "neuron.yaml:15:7  C110  V': the test says -1.5 mV/ms, but the expressions give 1.5 mV/ms"},
    {14, "test: {at: {dt: 1 ms}, gives: {V': 0, g': 0}}", "C101  test.at: no state, parameter or current \"dt\""},
    {14, "test: {gives: {V': 0, W': 0}}", "C101  test.gives: no derivative \"W'\""},
    {14, "test: {gives: {V': 0}}", "C105  test.gives lacks g'"},
    /* E + 60 mV is where it goes: V_th after tau log(60 / 45) = 2.877 ms */
    {14, "test: {at: {I: 1200 pA}, spikes: {step: 0.1 ms, times: [4 ms]}}",
     "C110  spike 1: the test says 4 ms, but the neuron spikes at 2.9 ms"},
    {14, "test: {spikes: {step: 0.1 ms, times: [3 ms]}}", "C110  the test has 1 spike, but the neuron has none"},
    {14, "test: {spikes: {step: 0.1 ms, times: [3 ms, 2 ms]}}", "C106  test.spikes.times must increase"},
    {14, "test: {spikes: {times: [3 ms]}}", "C105  test.spikes needs a step and 1 to 1000 times"},
    {14, "test: {spikes: {step: 1 ns, times: [1000 s]}}", "C106  test.spikes would take 1000000000002 steps"},
};

static char *join(int changed, const char *text)
{
    cali_text out = {0};
    for (int i = 0; i < N_LINES; i++)
        cali_text_format(&out, "%s\n", i == changed ? text : lines[i]);
    cr_assert(out.is_broken == false);
    return out.data;
}

static cal_status load(cal_context *ctx, const char *text)
{
    cal_neuron *neuron = NULL;
    const cal_status status = cali_own_neuron_load_text(ctx, "neuron.yaml", text, strlen(text), true, &neuron);
    const bool has_neuron = neuron != NULL;
    cr_expect(has_neuron == (status == CAL_OK));
    cal_snn_neuron_destroy(&neuron);
    return status;
}

Test(snn_own_messages, the_neuron_that_they_change_is_right)
{
    cal_context *ctx = cali_test_context(1);
    char *text = join(-1, "");
    cr_expect(load(ctx, text) == CAL_OK, "%s", cal_context_message(ctx));
    free(text);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(snn_own_messages, name_the_place_and_what_to_try)
{
    enum { N = sizeof cases / sizeof *cases };
    static int index[N];
    for (int i = 0; i < N; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N);
}
ParameterizedTest(int *index, snn_own_messages, name_the_place_and_what_to_try)
{
    cal_context *ctx = cali_test_context(1);
    char *text = join(cases[*index].line, cases[*index].text);
    cr_expect(load(ctx, text) == CAL_ERR_INPUT, "%s: accepted", cases[*index].text);
    cr_expect(strstr(cal_context_message(ctx), cases[*index].message) != NULL, "%s\n--- gives\n%s\n--- not\n%s",
              cases[*index].text, cal_context_message(ctx), cases[*index].message);
    free(text);
    cal_context_destroy(&ctx);
}

/* Texts that would cost stack or time are refused early. */
Test(snn_own_messages, hostile_texts_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    enum { LONG = 200000 };
    static const struct {
        int line;
        const char *begin, *piece;
    } hostile[] = {{10, "reset: ", "V = E; "}, {10, "reset: V = ", "("}, {9, "threshold: ", "not "}, {9, "threshold: V >= E", " or V >= E"},
                   {8, "receptors: {a: ", "g += weight; "}, {6, "  V': ", "exp("}, {11, "refractory: ", "-"}};
    char *line = calloc(LONG + 64, 1);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        size_t n = strlen(strcpy(line, hostile[i].begin));
        for (; n < LONG; n += strlen(hostile[i].piece))
            strcpy(line + n, hostile[i].piece);
        char *text = join(hostile[i].line, line);
        cal_context_clear(ctx);
        cr_expect(load(ctx, text) == CAL_ERR_INPUT, "%s%s...", hostile[i].begin, hostile[i].piece);
        free(text);
    }
    free(line);
    cal_context_destroy(&ctx);
}

/* 24 rows: twelve states with their roundings just fit, thirteen do without them. */
Test(snn_own_messages, too_many_rows_are_refused_with_the_way_out)
{
    cal_context *ctx = cali_test_context(1);
    static const struct {
        int n;
        const char *more;
        bool is_right;
    } sizes[] = {{12, "", true}, {13, "", false}, {13, "carry_rounding: false\n", true}, {24, "carry_rounding: false\n", true},
                 {25, "carry_rounding: false\n", false}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        cali_text text = {0};
        cali_text_format(&text, "neuron: wide\n%scurrent: {I: {}}\nthreshold: x0 > 1\nreset: x0 = 0\nstates: {", sizes[k].more);
        for (int i = 0; i < sizes[k].n; i++)
            cali_text_format(&text, "%sx%d: 0", i > 0 ? ", " : "", i);
        cali_text_add(&text, "}\nequations: {");
        for (int i = 0; i < sizes[k].n; i++)
            cali_text_format(&text, "%sx%d': (I - x%d^3)*1 1/ms", i > 0 ? ", " : "", i, i);
        cali_text_add(&text, "}\ntest: {gives: {");
        for (int i = 0; i < sizes[k].n; i++)
            cali_text_format(&text, "%sx%d': 0", i > 0 ? ", " : "", i);
        cali_text_add(&text, "}}\n");
        cal_context_clear(ctx);
        const bool is_right = load(ctx, text.data) == CAL_OK;
        cr_expect(is_right == sizes[k].is_right, "%d%s: %s", sizes[k].n, sizes[k].more, cal_context_message(ctx));
        if (sizes[k].n == 13 && !sizes[k].is_right)
            cr_expect(strstr(cal_context_message(ctx), "try      carry_rounding: false") != NULL, "%s", cal_context_message(ctx));
        cali_text_free(&text);
    }
    cal_context_destroy(&ctx);
}
