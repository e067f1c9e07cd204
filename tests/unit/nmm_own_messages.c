/* The mistakes of an own model's file: what is wrong, where to the column, what to try. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nmm/text/own.h"
#include "support/support.h"

/* A right model; each case changes one line of it. */
static const char *const lines[] = {
    "neural_mass: leaky",
    "states: {V: {initial: -60 mV, low: -200 mV}, r: {initial: 0 1/ms}}",
    "parameters: {tau: {value: 10 ms, low: 1 ms, high: 1 s}, E: -65 mV, s: 2 mV, k: 3}",
    "inputs: {c: {unit: mV}}",
    "let: {drive: c + 1 mV}",
    "equations:",
    "  V': (E - V + drive) / tau",
    "  r': where(V > -50 mV, 1 1/ms, 0) / tau - r / tau",
    "outputs: {r: r, V: {value: V}}",
    "test: {at: {V: -60 mV, r: 0.5 1/ms, c: 3 mV}, gives: {V': -0.1 mV/ms, r': -0.05 1/ms^2, V: -60 mV}}",
};
enum { N_LINES = sizeof lines / sizeof *lines };

static const struct {
    int line;
    const char *text, *message;
} cases[] = {
    {0, "neural_mass: Leaky Cell", "model.yaml:1:14  C104  neural_mass: \"Leaky Cell\" is no name of a model"},
    {0, "neural_mass: mpr", "C104  neural_mass: \"mpr\" is a built-in model\n    1 | neural_mass: mpr\n      |              ^\n"
                            "  try      my-mpr"},
    {0, "neural_mas: leaky", "model.yaml:1:1  C101  unknown key \"neural_mas\"\n    1 | neural_mas: leaky\n      | ^\n"
                             "  try      neural_mass\n"},
    {1, "states: {V: {initial: -60, low: -200 mV}, r: {initial: 0}}",
     "C103  states.V.low is a plain number (1), got \"-200 mV\", which is a voltage"},
    {1, "states: {V: {initial: -300 mV, low: -200 mV}, r: 0 1/ms}",
     "model.yaml:2:10  C106  states.V is -300 mV, but must be from -200 to inf mV"},
    {1, "states: {exp: 1}", "model.yaml:2:10  C104  states: \"exp\" is a word of the expressions"},
    {1, "states: {\"\\u03c4\": 1}", "is no name"},
    {1, "states: {V: {unit: mVolt, initial: 1}}", "model.yaml:2:20  C102  states.V: unknown unit \"mVolt\""},
    {1, "states: {V: -60 mV, V: 1}", "C100"},
    {1, "states: [V]", "model.yaml:2:9  C104  states needs a mapping of names, got a list"},
    {1, "states: {}", "C105  the model needs states"},
    {2, "parameters: {tau: {low: 1 ms}}", "C105  parameters.tau needs the key \"value\""},
    {2, "parameters: {tau: {value: 10 ms, hihg: 1 s}}", "C101  unknown key \"hihg\" in parameters.tau"},
    {2, "parameters: {V: 1}", "C104  parameters: the name \"V\" is taken already"},
    {2, "parameters: {tau: 1e400 ms}", "C106  parameters.tau is beyond all numbers"},
    {3, "inputs: {c: mV}", "model.yaml:4:13  C104  inputs.c needs a mapping, got \"mV\""},
    {4, "let: {drive: c + 1}", "model.yaml:5:16  C103  let drive: a sum of a voltage (mV) and a plain number\n"
                               "    5 | let: {drive: c + 1}\n      |                ^\n  try      1 mV"},
    {4, "let: {drive: c, drive2: drive < 3 mV}",
     "model.yaml:5:31  C108  let drive2: a number is wanted here, got a condition"},
    {4, "let: {a: b, b: c}", "C101  let a: unknown name \"b\""},
    {6, "  V': (E - V + drive) * tau", "model.yaml:7:7  C103  V' is a voltage per time (mV/ms), but the expression is a "
                                     "quantity in mV ms"},
    {6, "  V': (E - V + drve) / tau", "model.yaml:7:16  C101  V': unknown name \"drve\"\n"
                                      "    7 |   V': (E - V + drve) / tau\n      |                ^\n  try      drive\n"},
    {6, "  V: (E - V + drive) / tau", "model.yaml:7:3  C101  unknown key \"V\" in equations\n    7 |   V: (E - V + drive) / tau\n"
                                      "      |   ^\n  try      V'\n"},
    {6, "  V': (E - V + drive / tau", "model.yaml:7:27  C108  V': expected an operator or \")\", got the end"},
    {6, "  V': (E - V + ) / tau", "model.yaml:7:16  C108  V': expected a number, a name or \"(\", got \")\""},
    {6, "  V': (E - V + drive) / tau)", "model.yaml:7:28  C108  V': expected an operator or the end, got \")\""},
    {6, "  V': exp(V) * 1 mV/ms", "model.yaml:7:11  C103  V': exp takes a plain number, got a voltage (mV)\n"},
    {6, "  V': exp(V/s, 2) * 1 mV/ms", "model.yaml:7:7  C108  V': exp takes 1 value, got 2"},
    {6, "  V': ex(V/s) * 1 mV/ms", "model.yaml:7:7  C101  V': unknown function \"ex\"\n"},
    {6, "  V': 2 V / tau", "C108  V': in \"2 V\" a unit is also the name of a quantity of this model\n"},
    {6, "  V': 2 drive / tau", "model.yaml:7:9  C108  V': a sign is missing between 2 and \"drive\"\n"
                               "    7 |   V': 2 drive / tau\n      |         ^\n  try      2*drive"},
    {6, "  V': 2 mVolt / tau", "model.yaml:7:9  C102  V': unknown unit \"mVolt\""},
    {6, "  V': mV / tau", "C101  V': unknown name \"mV\"\n"},
    {6, "  V': (E - V)^tau / tau", "C103  V': an exponent is a plain number, got a duration (ms)"},
    {6, "  V': (E - V)^1.3 / tau", "C103  V': a power that is no whole or half number wants a plain number below it, got a "
                                   "voltage (mV)"},
    {6, "  V': sin(V) * s / tau", "C103  V': sin takes a plain number or radians, got a voltage (mV)"},
    {6, "  V': (if V > tau then s else E) / tau",
     "model.yaml:7:13  C103  V': a comparison of a duration (ms) and a voltage (mV)"},
    {6, "  V': (if V then s else E) / tau", "model.yaml:7:11  C108  V': a condition is wanted here, got a number"},
    {6, "  V': where(V > s, s, k) / tau", "C103  V': a choice of a voltage (mV) and a plain number"},
    {6, "  V': max(s, tau) / tau", "C103  V': max of a voltage (mV) and a duration (ms)"},
    {6, "  V': V = 3", "C108  V': expected an operator or the end, got \"=\""},
    {6, "  V': s(3) / tau", "C108  V': a sign is missing between \"s\" and \"(\""},
    {6, "  V': sqrt(V / s", "C108  V': expected \",\" or \")\", got the end"},
    {6, "  V': s / 0", "C106  V': a division by 0"},
    {6, "  V': (V * V * V * V * V * V * V * V * V * V) ^ 16 / tau", "C103  V': the powers of the units become too large"},
    {6, "  V': >\n    (E - V\n    + 1) / tau", "model.yaml:9:5  C103  V': a sum of a voltage (mV) and a plain number"},
    {6, "  V': \"(E - V + 1) / tau\"", "model.yaml:7:15  C103  V': a sum of a voltage (mV) and a plain number"},
    {6, "  V': [1]", "C104  V' needs an expression, got a list"},
    {6, "  V':", "C104  V' needs an expression, got nothing"},
    {6, "  V': V\xc3\xa9", "C108  V': expected an operator or the end, got \"\xc3\xa9\""},
    {7, "  r': 0.1 s / (3 ms)", "in \"0.1 s\" a unit is also the name of a quantity"},
    {7, "", "C105  equations lack r', the derivative of the state r"},
    {8, "outputs: {drive: drive}", "C107  output drive depends on the input drive"},
    {8, "outputs: {r: V}", "model.yaml:9:14  C103  output r is a rate (1/ms), but the expression is a voltage (mV)"},
    {9, "test: {gives: {V': 0.1 mV}}", "C103  test.gives.V' is a voltage per time (mV/ms), got \"0.1 mV\", which is a voltage"},
    {9, "test: {at: {V: -60 mV, r: 0.5 1/ms, c: 3 mV}, gives: {V': 0.1, r': -0.05}}",
     "model.yaml:10:7  C110  V': the test says 0.1 mV/ms, but the expressions give -0.1 mV/ms"},
    {9, "test: {gives: {V': 0.1}}", "C105  test.gives lacks r'"},
    {9, "test: {at: {W: 1}, gives: {V': 1, r': 1}}", "C101  test.at: no state, parameter or input \"W\""},
    {9, "test: {gives: {V: 1 ms}}", "C103  test.gives.V is a voltage (mV), got \"1 ms\", which is a duration"},
    {9, "test: {gives: {W': 1}}", "C101  test.gives: no derivative or output \"W'\""},
    {9, "", "C105  the model needs a test value"},
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
    cal_nmm_model *model = NULL;
    const cal_status status = cali_own_load_text(ctx, "model.yaml", text, strlen(text), true, &model);
    const bool has_model = model != NULL;
    cr_expect(has_model == (status == CAL_OK));
    cal_nmm_model_destroy(&model);
    return status;
}

Test(nmm_own_messages, the_model_that_they_change_is_right)
{
    cal_context *ctx = cali_test_context(1);
    char *text = join(-1, "");
    cr_expect(load(ctx, text) == CAL_OK, "%s", cal_context_message(ctx));
    free(text);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(nmm_own_messages, name_the_place_and_what_to_try)
{
    enum { N = sizeof cases / sizeof *cases };
    static int index[N];
    for (int i = 0; i < N; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N);
}
ParameterizedTest(int *index, nmm_own_messages, name_the_place_and_what_to_try)
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
Test(nmm_own_messages, hostile_texts_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    enum { LONG = 200000 };
    char *expression = calloc(LONG + 64, 1);
    const char *const pieces[] = {"(", "-", "1+", "exp(", "not ", "if ", "2^", "k*", "where(k<1,"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        strcpy(expression, "  V': ");
        for (size_t n = 6; n < LONG; n += strlen(pieces[i]))
            strcpy(expression + n, pieces[i]);
        char *text = join(6, expression);
        cal_context_clear(ctx);
        cr_expect(load(ctx, text) == CAL_ERR_INPUT, "%s...", pieces[i]);
        free(text);
    }
    free(expression);
    cal_context_destroy(&ctx);
}

/* What does not fit into a message is counted. */
Test(nmm_own_messages, are_ten_at_most)
{
    cal_context *ctx = cali_test_context(1);
    cali_text text = {0};
    cali_text_add(&text, "neural_mass: many\nstates: {V: 0}\n");
    for (int i = 0; i < 25; i++)
        cali_text_format(&text, "key_%d: 1\n", i);
    cr_expect(load(ctx, text.data) == CAL_ERR_INPUT);
    const char *message = cal_context_message(ctx);
    cr_expect(strstr(message, "unknown key \"key_9\"") != NULL && strstr(message, "key_10") == NULL, "%s", message);
    const char *end = strstr(message, "\nand 16 more"); /* the inputs are missing too */
    cr_expect(end != NULL && strlen(end) == strlen("\nand 16 more"), "%s", message);
    cali_text_free(&text);
    cal_context_destroy(&ctx);
}

/* Powers of whole numbers are products; the words of comparison bind as in Python. */
Test(nmm_own_messages, expressions_mean_what_they_do_elsewhere)
{
    static const struct {
        const char *text;
        double value;
    } values[] = {
        {"2 + 3*4", 14.0}, {"2 - 3 - 4", -5.0}, {"2 / 4 / 8", 0.0625}, {"-2^2", -4.0}, {"2^-1", 0.5}, {"2^3^2", 512.0},
        {"2**3", 8.0}, {"(1 + 2)*3", 9.0}, {"9^0.5", 3.0}, {"16^(-1/2)", 0.25}, {"2^1.5", 2.8284271247461903},
        {"if 1 < 2 and not 2 < 1 then 5 else 6", 5.0}, {"where(1 >= 2 or 3 != 3, 5, 6)", 6.0},
        {"if 2 <= 2 then if 1 > 2 then 1 else 2 else 3", 2.0}, {"max(2, min(5, 3))", 3.0}, {"abs(-2)", 2.0},
        {"sign(-3) + heaviside(0) + heaviside(2)", 0.0}, {"exp(log(7))", 7.0}, {"sigmoid(0)", 0.5},
        {"tan(pi/4)", 1.0}, {"sin(90 deg) + cos(0 rad)", 2.0}, {"tanh(100)", 1.0}, {"sqrt(4 ms^2)/(1 ms)", 2.0},
        {"erf(0.5) + erfc(0.5)", 1.0}, {"erfc(1)", 0.15729920705028513}, {"1e3", 1000.0}, {".5", 0.5}, {"50 %", 0.5}, {"6 mV/s * 1 s / (2 mV)", 3.0}, {"3^2.5", 15.588457268119896},
        {"2.5^3.3", 20.568471942722457},
    };
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[512], number[32];
        cali_format_number(values[i].value, number);
        snprintf(text, sizeof text, "neural_mass: value\nstates: {x: 0}\ninputs: {c: {}}\nequations: {\"x'\": \"(%s)/(1 ms)\"}\n"
                 "outputs: {x: x}\ntest: {gives: {\"x'\": %s}}\n", values[i].text, number);
        cr_expect(load(ctx, text) == CAL_OK, "%s: %s", values[i].text, cal_context_message(ctx));
        cal_context_clear(ctx);
    }
    cal_context_destroy(&ctx);
}
