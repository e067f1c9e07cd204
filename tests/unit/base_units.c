/* base/units.h. Truth: the SI brochure's prefixes and derived units. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/units.h"

static double convert(const char *quantity, const char *unit)
{
    cali_quantity q;
    cali_unit to;
    cr_assert(eq(int, cali_quantity_parse(quantity, &q), CALI_QUANTITY_OK), "%s", quantity);
    cr_assert(cali_unit_parse(unit, &to), "%s", unit);
    cr_assert(cali_unit_is_same_dimension(&q.unit, &to), "%s in %s", quantity, unit);
    return cali_unit_convert(q.value, &q.unit, &to);
}

/* Powers of ten apart from the factor: each result is the nearest double of the decimal. */
Test(base_units, conversions_are_exact_where_decimals_are)
{
    static const struct {
        const char *quantity, *unit;
        double value;
    } cases[] = {
        {"20 ms", "ms", 20.0},        {"0.1 nS", "pS", 100.0},      {"3 mm/ms", "m/s", 3.0},
        {"10 1/s", "Hz", 10.0},       {"80 Hz", "1/ms", 0.08},      {"1 %", "1", 0.01},
        {"2 GB", "B", 2e9},           {"1 GiB", "B", 1073741824.0}, {"-64.5 mV", "V", -0.0645},
        {"5 s", "ms", 5000.0},        {"2 min", "s", 120.0},        {"1 h", "min", 60.0},
        {"3 nA*MOhm", "mV", 3.0},     {"10 nS*mV", "pA", 10.0},     {"200 pF/nS", "ms", 200.0},
        {"0.1 mV/ms", "V/s", 0.1},    {"1/ms", "Hz", 1000.0},       {"5", "1", 5.0},
        {"0.02 mm^2", "m^2", 2e-8},   {"1 1/(ms mV)", "1/(s V)", 1e6}, {"2 mV/sqrt(ms)", "mV/ms^0.5", 2.0},
        {"1.5 µm", "nm", 1500.0},     {"4 s^-1", "Hz", 4.0},        {"7 m·s", "s m", 7.0},
        {"200 fT", "pT", 0.2},        {"3 V s/m^2", "T", 3.0},
        {"1e3ms", "s", 1.0},          {"0.25 /ms", "1/ms", 0.25},   {"3 s²", "s^2", 3.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(eq(dbl, convert(cases[i].quantity, cases[i].unit), cases[i].value), "%s", cases[i].quantity);
    cr_expect(epsilon_eq(dbl, convert("180 deg", "rad"), 3.14159265358979323846, 1e-15));
    cr_expect(epsilon_eq(dbl, convert("1 V/sqrt(s)", "mV/sqrt(ms)"), 31.622776601683793, 1e-13));
}

/* 1.001 * 1000 is 1000.9999999999999 in binary; the decimal 1.001 s is 1001 ms. */
Test(base_units, decimal_prefixes_move_the_point_and_nothing_else)
{
    static const struct {
        const char *quantity, *unit;
        double value;
    } cases[] = {{"1.001 s", "ms", 1001.0}, {"0.03 ms", "s", 3e-5}, {"4.1 MHz", "Hz", 4100000.0},    {"1.1e-3 V", "mV", 1.1}, {"+2.3E2 pA", "nA", 0.23},
                 {"1.1 nS", "S", 1.1e-9},   {"1.7 %", "1", 0.017},    {".29 kHz", "Hz", 290.}, {"4.1 mm/ms", "m/s", 4.1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cali_quantity q;
        cali_unit to;
        cr_assert(eq(int, cali_quantity_parse(cases[i].quantity, &q), CALI_QUANTITY_OK));
        cr_assert(cali_unit_parse(cases[i].unit, &to));
        cr_expect(eq(dbl, cali_quantity_in(&q, &to), cases[i].value), "%s", cases[i].quantity);
    }
}

Test(base_units, si_texts_read_back_as_the_same_double)
{
    static const char *const units[] = {"ms", "mV/ms", "1/(ms mV)", "deg", "min", "mV/sqrt(ms)", "1", "%", "GiB", "nS"};
    const double values[] = {0.1, 70.0, 1.0 / 3.0, 6.02e23, -2.2e-308, 0.0, 12345678.9};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            cali_text text = {0};
            cali_quantity q;
            cali_unit unit;
            cr_assert(cali_unit_parse(units[i], &unit));
            cali_quantity_add_si(&text, values[k], units[i]);
            cr_assert(eq(int, cali_quantity_parse(text.data, &q), CALI_QUANTITY_OK), "%s", text.data);
            cr_expect(eq(dbl, cali_quantity_in(&q, &unit), values[k]), "%s", text.data);
            cali_text_free(&text);
        }
    cali_text text = {0};
    cali_quantity_add_si(&text, 20.0, "ms");
    cr_expect(eq(str, text.data, "0.02 s"));
    cali_text_free(&text);
}

Test(base_units, what_is_no_unit_is_refused)
{
    static const char *const wrong[] = {"Ms/", "msec", "/", "m//s", "(ms", "ms)", "m^", "m^x", "dB", "kmin",
                                        "mm ms x", "1/ms)", "sqrt(ms", "((((((ms))))))", "m^9 m^9 m^9 m^9 m^9 m^9",
                                        "m\xe2\x81\xa0s", "ms,", "#", "fB", "Mm^9 Mm^9 Mm^9"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cali_unit unit;
        cr_expect(not(cali_unit_parse(wrong[i], &unit)), "%s", wrong[i]);
    }
    cali_quantity q;
    cr_expect(eq(int, cali_quantity_parse("nan", &q), CALI_QUANTITY_NO_NUMBER));
    cr_expect(eq(int, cali_quantity_parse("inf ms", &q), CALI_QUANTITY_NO_NUMBER));
    cr_expect(eq(int, cali_quantity_parse("0x10 ms", &q), CALI_QUANTITY_NO_NUMBER));
    cr_expect(eq(int, cali_quantity_parse("3 msec", &q), CALI_QUANTITY_UNKNOWN_UNIT));
    cr_expect(eq(str, (char *)q.unit_text, "msec"));
}

Test(base_units, dimensions_have_words_and_an_si_text_that_parses_again)
{
    static const char *const cases[][3] = {
        {"mm/ms", "a velocity", "m/s"},       {"nS", "a conductance", "S"}, {"ms", "a duration", "s"},
        {"1", "a plain number", "1"},         {"%", "a plain number", "1"}, {"pA", "a current", "A"},
        {"1/ms", "a rate", "1/s"},            {"Hz", "a rate", "1/s"},      {"rad/ms", "an angular frequency", "rad/s"},
        {"GB", "an amount of data", "B"},     {"mV/ms", "a voltage per time", "V/s"},
        {"g mm^2", "a quantity in kg m^2", "kg m^2"},
        {"mV/sqrt(ms)", "a quantity in kg m^2 s^-3.5 A^-1", "kg m^2 s^-3.5 A^-1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cali_unit unit, again;
        char text[CALI_UNIT_TEXT];
        cr_assert(cali_unit_parse(cases[i][0], &unit), "%s", cases[i][0]);
        cali_unit_describe(&unit, text);
        cr_expect(eq(str, text, (char *)cases[i][1]));
        cali_unit_si_text(&unit, text);
        cr_expect(eq(str, text, (char *)cases[i][2]));
        cr_expect(cali_unit_parse(text, &again) && cali_unit_is_same_dimension(&unit, &again), "%s", text);
    }
    cali_unit hertz, angular;
    cr_expect(cali_unit_parse("Hz", &hertz) && cali_unit_parse("rad/s", &angular));
    cr_expect(not(cali_unit_is_same_dimension(&hertz, &angular)));
}

Test(base_units, other_spellings_lead_to_the_unit)
{
    cr_expect(eq(str, (char *)cali_unit_suggest("msec"), "ms"));
    cr_expect(eq(str, (char *)cali_unit_suggest("Seconds"), "s"));
    cr_expect(eq(str, (char *)cali_unit_suggest("Gb"), "GB"));
    cr_expect(eq(str, (char *)cali_unit_suggest("mohm"), "MOhm"));
    cr_expect(eq(str, (char *)cali_unit_suggest("femtotesla"), "fT"));
    cr_expect(eq(str, (char *)cali_unit_suggest("mm/m"), "mm/ms"));
    cr_expect(cali_unit_suggest("parsec") == NULL);
}
