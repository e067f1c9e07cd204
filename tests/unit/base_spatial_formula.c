/* Formulas of the way between two places: values, bounds that hold, the largest value, and what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <string.h>

#include "base/numeric.h"
#include "base/spatial_formula.h"

static cal_spatial_formula *formula_of(const char *text)
{
    char why[512];
    cal_spatial_formula *f = cali_spatial_formula_read(text, "1", why, sizeof why);
    cr_assert(f != NULL, "%s: %s", text, why);
    return f;
}

/* By hand, in mm; cali_exp is the project's own exponential, so the bits agree. */
Test(base_spatial_formula, values_are_those_of_the_text)
{
    const double way[] = {0.03, -0.04, 0.0};
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"d / (1 mm)", 0.05}, {"dx / (1 mm)", 0.03}, {"dy / (1 um)", -40.0}, {"dz / (1 mm)", 0.0},
                 {"(d < 60 um) * 0.25", 0.25}, {"0.5 * (d < 40 um) + 0.125", 0.125}, {"where(dx > 0 um and dy < 0 um, 1, 2)", 1.0},
                 {"(dx^2 + dy^2) / d^2", 1.0}, {"max(0, 1 - d / (40 um))", 0.0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_spatial_formula *f = formula_of(cases[i].text);
        cr_expect(epsilon_eq(dbl, cali_spatial_formula_at(f, 3, way), cases[i].value, 1e-13), "%s", cases[i].text);
        cr_expect(strcmp(cal_spatial_formula_text(f), cases[i].text) == 0);
        cal_spatial_formula_destroy(&f);
        cal_spatial_formula_destroy(&f);
    }
    cal_spatial_formula *f = formula_of("0.3 * exp(-d / (0.125 mm))");
    const double d[] = {0.2};
    cr_expect(cali_spatial_formula_at(f, 1, d) == 0.3 * cali_exp(-0.2 / 0.125));
    cal_spatial_formula_destroy(&f);
}

/* Every function and operation stands in one of them. */
static const char *const texts[] = {
    "0.3 * exp(-d / (150 um)) + 0.1 * (d < 50 um)",
    "max(0, 1 - d / (0.5 mm)) * (1 + 0.5 * cos(dx / (40 um)))",
    "min(1, 50 um / d) + abs(sin(3 * dy / (100 um)))",
    "where(d > 0 um, sin(d / (70 um)) / (d / (70 um)), 1)",
    "exp(-(dx^2 + 4 * dy^2) / (2 * (200 um)^2)) - 0.5 * exp(-d^2 / (2 * (300 um)^2))",
    "sigmoid((0.4 mm - d) / (20 um)) * (dx > 0 um or dy >= 0.1 mm) * (not (d == 0 um))",
    "erf(d / (1 mm)) + erfc(dx / (1 mm)) + tanh(dy / (1 mm)) + heaviside(dx) - sign(dy)",
    "log(1 + d / (1 mm)) + sqrt(d / (1 mm)) + exprel(-d / (0.1 mm)) + (1 + d / (1 mm))^(-1.7) + tan(d / (2 mm))",
    "(d / (1 mm))^3 - (dx / (1 mm))**2 / (1 + (dy / (1 mm))^2) + (dz != 0 um) * 0.01",
};

/* Bounds over boxes of ways of all sizes, and values at 40 places of each: none is beyond. */
Test(base_spatial_formula, bounds_hold)
{
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        cal_spatial_formula *f = formula_of(texts[t]);
        uint32_t state = 1;
        for (int box = 0; box < 400; box++) {
            cali_ways ways = {.n_dimensions = 2, .length = {INFINITY, 0.0}};
            double places[40][2];
            const double size = pow(10.0, -3.5 * (box % 8) / 8.0);
            for (int k = 0; k < 2; k++) {
                state = state * 1664525u + 1013904223u;
                ways.along[k].low = (state / 4294967296.0 - 0.5) * 2.0;
                ways.along[k].high = ways.along[k].low + size;
            }
            for (int i = 0; i < 40; i++) {
                double squares = 0.0;
                for (int k = 0; k < 2; k++) {
                    state = state * 1664525u + 1013904223u;
                    places[i][k] = ways.along[k].low + size * (i == 0 ? 0.0 : i == 1 ? 1.0 : state / 4294967296.0);
                    squares += places[i][k] * places[i][k];
                }
                ways.length.low = fmin(ways.length.low, sqrt(squares));
                ways.length.high = fmax(ways.length.high, sqrt(squares));
            }
            const cali_range range = cali_spatial_formula_range(f, &ways);
            for (int i = 0; i < 40; i++) {
                const double value = cali_spatial_formula_at(f, 2, places[i]);
                cr_assert(value >= range.low && value <= range.high, "%s: %g is not in %g ... %g", texts[t], value, range.low,
                          range.high);
            }
        }
        cal_spatial_formula_destroy(&f);
    }
}

/* Largest and smallest values that are known: of x exp(-x) it is 1/e at x = 1; a cosine of two axes; a sum of an exponential and
 * a step; a Mexican hat's smallest value, where both slopes are equal. */
Test(base_spatial_formula, the_largest_value_is_found)
{
    static const struct {
        const char *text;
        int sign;
        double value, length_mm; /* -1: anywhere */
    } cases[] = {
        {"d / (0.2 mm) * exp(-d / (0.2 mm))", 1, 0.36787944117144233, 0.2},
        {"0.3 * exp(-d / (150 um)) + (d < 50 um) * 0.9", 1, 1.2, 0.0},
        {"0.3 * exp(-d / (150 um)) + (d > 50 um) * 0.5", 1, 0.71496, 0.05},
        {"0.4 * (1 + cos(dx / (50 um))) * (dy > 0.2 mm)", 1, 0.8, -1.0},
        {"where(d > 0 um, sin(d / (70 um)) / (d / (70 um)), 1)", -1, -0.21723362821, 0.07 * 4.49340945790906},
        {"exp(-d^2 / (2 * (0.1 mm)^2)) - 0.5 * exp(-d^2 / (2 * (0.2 mm)^2))", -1, -0.1875, 0.23548},
        {"1 - dx / (2 mm)", -1, 0.5, -1.0},
    };
    const cali_ways ways = {.n_dimensions = 2, .along = {{-1.0, 1.0}, {-1.0, 1.0}}, .length = {0.0, 1.4142135623730951}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_spatial_formula *f = formula_of(cases[i].text);
        const cali_extreme e = cali_spatial_formula_extreme(f, &ways, cases[i].sign);
        cr_expect(fabs(e.value - cases[i].value) < 2e-4 * fabs(cases[i].value), "%s: %.9g", cases[i].text, e.value);
        cr_expect(cases[i].sign * e.bound >= cases[i].sign * cases[i].value - 1e-9 && fabs(e.bound - e.value) < 0.02, "%s: bound %.9g",
                  cases[i].text, e.bound);
        cr_expect(cases[i].length_mm < 0.0 || fabs(e.length_mm - cases[i].length_mm) < 0.01, "%s: at %g", cases[i].text, e.length_mm);
        cal_spatial_formula_destroy(&f);
    }
}

Test(base_spatial_formula, what_is_no_number_is_found)
{
    static const char *const bad[] = {"50 um / d", "sin(d / (1 um)) / (d / (1 um))", "sqrt(1 - d / (0.1 mm))", "log(d / (1 mm))"};
    const cali_ways ways = {.n_dimensions = 1, .along = {{-1.0, 1.0}}, .length = {0.0, 1.0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cal_spatial_formula *f = formula_of(bad[i]);
        const double most = cali_spatial_formula_extreme(f, &ways, 1).value, least = cali_spatial_formula_extreme(f, &ways, -1).value;
        cr_expect(isfinite(most) + isfinite(least) < 2, "%s", bad[i]);
        cal_spatial_formula_destroy(&f);
    }
}

Test(base_spatial_formula, what_cannot_be_read_is_refused_with_its_column)
{
    static char long_text[1003];
    memset(long_text, '1', sizeof long_text - 1);
    const char *const cases[][2] = {
        {"0.3 * exp(-r / (150 um))", "column 12: formula: unknown name \"r\""},
        {"0.3 * exp(-d)", "column 11: formula: exp takes a plain number"},
        {"d", "column 1: formula is a plain number, but the expression is a length (mm)"},
        {"d < 50 um", "column 3: formula: a number is wanted here, got a condition"},
        {"0.1 + (d < 50 um)", "got a condition"},
        {"exp(-d / (150 um)", "column 18"},
        {"", "column 1"},
        {"exp(-d / 150)", "exp takes a plain number"},
        {long_text, "1002 bytes, of at most 1000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[512];
        cal_spatial_formula *f = cali_spatial_formula_read(cases[i][0], "1", why, sizeof why);
        cr_expect(f == NULL && strstr(why, cases[i][1]) != NULL, "%.60s: %s", cases[i][0], why);
        cal_spatial_formula_destroy(&f);
    }
}

/* Values count in the unit that is asked for, in the words of the text. */
Test(base_spatial_formula, values_have_a_unit)
{
    char why[512];
    const double way[] = {0.6};
    cal_spatial_formula *f = cali_spatial_formula_read("0.5 ms + d / (0.3 m/s)", "ms", why, sizeof why);
    cr_assert(f != NULL, "%s", why);
    cr_expect(epsilon_eq(dbl, cali_spatial_formula_at(f, 1, way), 2.5, 1e-12));
    cal_spatial_formula_destroy(&f);
    cr_expect(cali_spatial_formula_read("0.5 + d / (0.3 mm)", "ms", why, sizeof why) == NULL);
}
