#include "base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- tables ------------------------------------------------------------------------------------ */

typedef enum prefixes { NO_PREFIX, ALL_PREFIXES, BIG_PREFIXES } prefixes;

typedef struct symbol {
    const char *name;
    prefixes prefixes;
    cali_unit unit;
} symbol;

#define DIM(m, kg, s, a) {2 * (m), 2 * (kg), 2 * (s), 2 * (a), 0, 0}

static const symbol symbols[] = {
    {"m", ALL_PREFIXES, {1.0, 0, DIM(1, 0, 0, 0)}},
    {"g", ALL_PREFIXES, {1.0, -6, DIM(0, 1, 0, 0)}},
    {"s", ALL_PREFIXES, {1.0, 0, DIM(0, 0, 1, 0)}},
    {"A", ALL_PREFIXES, {1.0, 0, DIM(0, 0, 0, 1)}},
    {"V", ALL_PREFIXES, {1.0, 0, DIM(2, 1, -3, -1)}},
    {"S", ALL_PREFIXES, {1.0, 0, DIM(-2, -1, 3, 2)}},
    {"F", ALL_PREFIXES, {1.0, 0, DIM(-2, -1, 4, 2)}},
    {"C", ALL_PREFIXES, {1.0, 0, DIM(0, 0, 1, 1)}},
    {"Ohm", ALL_PREFIXES, {1.0, 0, DIM(2, 1, -3, -2)}},
    {"Ω", ALL_PREFIXES, {1.0, 0, DIM(2, 1, -3, -2)}},
    {"T", ALL_PREFIXES, {1.0, 0, DIM(0, 1, -2, -1)}},
    {"Hz", ALL_PREFIXES, {1.0, 0, DIM(0, 0, -1, 0)}},
    {"min", NO_PREFIX, {60.0, 0, DIM(0, 0, 1, 0)}},
    {"h", NO_PREFIX, {3600.0, 0, DIM(0, 0, 1, 0)}},
    {"rad", ALL_PREFIXES, {1.0, 0, {0, 0, 0, 0, 2, 0}}},
    {"deg", NO_PREFIX, {0.017453292519943295, 0, {0, 0, 0, 0, 2, 0}}},
    {"°", NO_PREFIX, {0.017453292519943295, 0, {0, 0, 0, 0, 2, 0}}},
    {"B", BIG_PREFIXES, {1.0, 0, {0, 0, 0, 0, 0, 2}}},
    {"KiB", NO_PREFIX, {1024.0, 0, {0, 0, 0, 0, 0, 2}}},
    {"MiB", NO_PREFIX, {1048576.0, 0, {0, 0, 0, 0, 0, 2}}},
    {"GiB", NO_PREFIX, {1073741824.0, 0, {0, 0, 0, 0, 0, 2}}},
    {"1", NO_PREFIX, {1.0, 0, {0}}},
    {"%", NO_PREFIX, {1.0, -4, {0}}},
    {"event", NO_PREFIX, {1.0, 0, {0}}},
    {"spike", NO_PREFIX, {1.0, 0, {0}}},
};

static const struct {
    const char *name;
    int tens;
    bool is_big;
} prefix_table[] = {
    {"f", -30, false}, {"p", -24, false}, {"n", -18, false}, {"u", -12, false}, {"µ", -12, false},
    {"μ", -12, false}, {"m", -6, false},  {"c", -4, false},  {"k", 6, true},    {"M", 12, true},
    {"G", 18, true},   {"T", 24, true},
};

/* Dimensions that have a name of their own; `si` is the text of their SI unit. */
static const struct {
    cali_dimension dimension;
    const char *words, *si;
} dimension_table[] = {
    {{0}, "a plain number", "1"},
    {DIM(0, 0, 1, 0), "a duration", "s"},
    {DIM(1, 0, 0, 0), "a length", "m"},
    {DIM(1, 0, -1, 0), "a velocity", "m/s"},
    {DIM(0, 0, -1, 0), "a rate", "1/s"},
    {DIM(0, 0, -2, 0), "a rate per time", "1/s^2"},
    {DIM(0, 0, 0, 1), "a current", "A"},
    {DIM(0, 0, -1, 1), "a current per time", "A/s"},
    {DIM(2, 1, -3, -1), "a voltage", "V"},
    {DIM(2, 1, -4, -1), "a voltage per time", "V/s"},
    {DIM(2, 1, -5, -1), "a voltage per time squared", "V/s^2"},
    {DIM(-2, -1, 3, 1), "an inverse voltage", "1/V"},
    {DIM(-2, -1, 3, 2), "a conductance", "S"},
    {DIM(-2, -1, 2, 2), "a conductance per time", "S/s"},
    {DIM(-2, -1, 4, 2), "a capacitance", "F"},
    {DIM(2, 1, -3, -2), "a resistance", "Ohm"},
    {DIM(0, 1, -2, -1), "a magnetic flux density", "T"},
    {DIM(0, 0, 1, 1), "a charge", "C"},
    {DIM(0, 1, 0, 0), "a mass", "kg"},
    {DIM(2, 0, 0, 0), "an area", "m^2"},
    {{0, 0, 0, 0, 2, 0}, "an angle", "rad"},
    {{0, 0, -2, 0, 2, 0}, "an angular frequency", "rad/s"},
    {{0, 0, 0, 0, 0, 2}, "an amount of data", "B"},
};

/* Words that are no units here but that people write. */
static const char *const other_spellings[][2] = {
    {"sec", "s"}, {"second", "s"}, {"seconds", "s"}, {"msec", "ms"}, {"msecs", "ms"},
    {"millisecond", "ms"}, {"milliseconds", "ms"}, {"usec", "us"}, {"microseconds", "us"},
    {"minute", "min"}, {"minutes", "min"}, {"mins", "min"}, {"hour", "h"}, {"hours", "h"}, {"hr", "h"},
    {"metre", "m"}, {"meter", "m"}, {"metres", "m"}, {"meters", "m"}, {"millimetre", "mm"},
    {"millimeter", "mm"}, {"volt", "V"}, {"volts", "V"}, {"millivolt", "mV"}, {"millivolts", "mV"},
    {"amp", "A"}, {"ampere", "A"}, {"picoampere", "pA"}, {"nanoampere", "nA"}, {"siemens", "S"},
    {"nanosiemens", "nS"}, {"picofarad", "pF"}, {"farad", "F"}, {"ohm", "Ohm"}, {"ohms", "Ohm"},
    {"Mohm", "MOhm"}, {"tesla", "T"}, {"femtotesla", "fT"}, {"hertz", "Hz"}, {"kilohertz", "kHz"}, {"percent", "%"}, {"radian", "rad"},
    {"radians", "rad"}, {"degree", "deg"}, {"degrees", "deg"}, {"gigabyte", "GB"}, {"gb", "GB"},
    {"Gb", "GB"}, {"mb", "MB"}, {"Mb", "MB"}, {"megabyte", "MB"}, {"tb", "TB"}, {"bytes", "B"},
    {"spikes/s", "Hz"}, {"events", "event"}, {"spikes", "spike"}, {"kmh", "m/s"}, {"km/h", "m/s"}, {"mps", "m/s"},
    {"events/s", "Hz"},
};

static const char *const common_units[] = {
    "ms", "s",  "us",  "ns",   "mm",  "cm", "m",    "mm/ms", "m/s", "mV",  "V",   "pA",
    "nA", "uA", "nS",  "uS",   "pS",  "pF", "nF",   "MOhm",  "Hz",  "kHz", "1/ms", "1/s",
    "%",  "GB", "MB",  "TB",   "rad", "deg", "mV/ms", "rad/s", "rad/ms", "pC", "fC",
};

/* ---- reading ------------------------------------------------------------------------------------ */

typedef struct scanner {
    const char *at;
    unsigned depth;
} scanner;

static bool skip(scanner *in, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(in->at, word, n) != 0)
        return false;
    in->at += n;
    return true;
}

static void skip_blanks(scanner *in)
{
    while (*in->at == ' ' || *in->at == '\t')
        in->at++;
}

bool cali_unit_multiply(cali_unit *a, const cali_unit *b, int halves)
{
    int8_t *to[] = {&a->dimension.m, &a->dimension.kg, &a->dimension.s,
                    &a->dimension.a, &a->dimension.rad, &a->dimension.byte};
    const int from[] = {b->dimension.m, b->dimension.kg, b->dimension.s,
                        b->dimension.a, b->dimension.rad, b->dimension.byte};
    for (int i = 0; i < 6; i++) {
        const int sum = 2 * *to[i] + from[i] * halves;
        if (sum % 2 != 0 || sum > 100 || sum < -100)
            return false;
        *to[i] = (int8_t)(sum / 2);
    }
    const int tens = 2 * a->tens + b->tens * halves;
    if (tens % 2 != 0 || tens > 240 || tens < -240)
        return false;
    a->tens = tens / 2;
    for (int k = halves; k >= 2; k -= 2)
        a->factor *= b->factor;
    for (int k = halves; k <= -2; k += 2)
        a->factor /= b->factor;
    if (halves % 2 != 0)
        a->factor = halves > 0 ? a->factor * sqrt(b->factor) : a->factor / sqrt(b->factor);
    return true;
}

static bool ends_symbol(char c)
{
    return !isalpha((unsigned char)c) && (unsigned char)c < 0x80 && c != '%';
}

static bool read_symbol(scanner *in, cali_unit *out)
{
    size_t n = 0; /* the letters up to a sign that no symbol has */
    while (in->at[n] != '\0' && strncmp(in->at + n, "²", 2) != 0 && strncmp(in->at + n, "³", 2) != 0 &&
           strncmp(in->at + n, "·", 2) != 0 && !(ends_symbol(in->at[n]) && !(n == 0 && in->at[n] == '1')))
        n++;
    const size_t n_prefixes = sizeof prefix_table / sizeof *prefix_table;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        const symbol *s = &symbols[i];
        const size_t n_name = strlen(s->name);
        if (n_name > n || strncmp(in->at + n - n_name, s->name, n_name) != 0)
            continue;
        if (n_name == n) {
            *out = s->unit;
            in->at += n;
            return true;
        }
        for (size_t p = 0; p < n_prefixes && s->prefixes != NO_PREFIX; p++) {
            if (strlen(prefix_table[p].name) != n - n_name ||
                strncmp(in->at, prefix_table[p].name, n - n_name) != 0 ||
                (s->prefixes == BIG_PREFIXES && !prefix_table[p].is_big))
                continue;
            *out = s->unit;
            out->tens += prefix_table[p].tens;
            in->at += n;
            return true;
        }
    }
    return false;
}

/* In halves; 2 without one. */
static bool read_exponent(scanner *in, int *halves)
{
    *halves = 2;
    if (skip(in, "²"))
        *halves = 4;
    else if (skip(in, "³"))
        *halves = 6;
    else if (skip(in, "^")) {
        const int sign = skip(in, "-") ? -1 : 1;
        if (*in->at < '0' || *in->at > '9')
            return false;
        *halves = 2 * (*in->at++ - '0');
        if (skip(in, ".5"))
            (*halves)++;
        *halves *= sign;
    }
    return true;
}

static bool read_product(scanner *in, cali_unit *out);

static bool read_factor(scanner *in, cali_unit *out)
{
    const bool is_root = skip(in, "sqrt(");
    if (is_root || skip(in, "(")) {
        if (++in->depth > 4 || !read_product(in, out) || !skip(in, ")"))
            return false;
        in->depth--;
        if (is_root)
            *out = cali_unit_square_root(out);
        return true;
    }
    return read_symbol(in, out);
}

static bool read_product(scanner *in, cali_unit *out)
{
    *out = (cali_unit){1.0, 0, {0}};
    skip_blanks(in);
    int sign = skip(in, "/") ? -1 : 1;
    for (int n = 0; n < 12; n++) {
        skip_blanks(in);
        cali_unit factor;
        int halves;
        if (!read_factor(in, &factor) || !read_exponent(in, &halves) ||
            !cali_unit_multiply(out, &factor, sign * halves))
            return false;
        skip_blanks(in);
        if (*in->at == '\0' || *in->at == ')')
            return true;
        sign = skip(in, "/") ? -1 : 1;
        if (sign == 1 && !skip(in, "*"))
            skip(in, "·");
    }
    return false;
}

bool cali_unit_parse(const char *text, cali_unit *out)
{
    scanner in = {text, 0};
    *out = (cali_unit){1.0, 0, {0}};
    skip_blanks(&in);
    if (*in.at == '\0')
        return true;
    return read_product(&in, out) && *in.at == '\0';
}

cali_quantity_result cali_quantity_parse(const char *text, cali_quantity *out)
{
    *out = (cali_quantity){0.0, {1.0, 0, {0}}, "", "", 0};
    scanner in = {text, 0};
    skip_blanks(&in);
    const char *end = NULL;
    if (!cali_parse_number(in.at, &out->value, &end))
        return CALI_QUANTITY_NO_NUMBER;
    out->number_text = in.at;
    out->number_size = (size_t)(end - in.at);
    in.at = end;
    skip_blanks(&in);
    out->unit_text = in.at;
    return cali_unit_parse(in.at, &out->unit) ? CALI_QUANTITY_OK : CALI_QUANTITY_UNKNOWN_UNIT;
}

/* ---- arithmetic --------------------------------------------------------------------------------- */

static bool is_same(const cali_dimension *a, const cali_dimension *b)
{
    return a->m == b->m && a->kg == b->kg && a->s == b->s && a->a == b->a && a->rad == b->rad &&
           a->byte == b->byte;
}

bool cali_unit_is_same_dimension(const cali_unit *a, const cali_unit *b)
{
    return is_same(&a->dimension, &b->dimension);
}

bool cali_unit_is_plain(const cali_unit *unit)
{
    return is_same(&unit->dimension, &(cali_dimension){0});
}

/* value 10^n with one rounding while 10^|n| is exact (|n| <= 22). */
static double scale_by_tens(double value, int n)
{
    while (n != 0) {
        const int step = n > 22 ? 22 : n < -22 ? -22 : n;
        double power = 1.0;
        for (int i = 0; i < (step < 0 ? -step : step); i++)
            power *= 10.0;
        value = step < 0 ? value / power : value * power;
        n -= step;
    }
    return value;
}

double cali_unit_convert(double value, const cali_unit *from, const cali_unit *to)
{
    if (from->factor != to->factor)
        value *= from->factor / to->factor;
    int tens = from->tens - to->tens;
    if (tens % 2 != 0) {
        value *= 3.1622776601683795; /* sqrt(10) */
        tens--;
    }
    return scale_by_tens(value, tens / 2);
}

/* The number with its decimal exponent shifted; false if it is too long to be one that a person writes. */
static bool shift_decimal(const char *number, size_t size, int shift, double *out)
{
    char text[80];
    const size_t mantissa = strcspn(number, "eE") < size ? strcspn(number, "eE") : size;
    int exponent = 0;
    if (mantissa > 60 || size - mantissa > 7)
        return false;
    for (const char *c = number + mantissa + 1; c < number + size; c++)
        if (*c >= '0' && *c <= '9')
            exponent = exponent * 10 + (*c - '0');
    if (mantissa < size && number[mantissa + 1] == '-')
        exponent = -exponent;
    snprintf(text, sizeof text, "%.*se%d", (int)mantissa, number, exponent + shift);
    const char *end;
    return cali_parse_number(text, out, &end);
}

double cali_quantity_in(const cali_quantity *quantity, const cali_unit *to)
{
    const int tens = quantity->unit.tens - to->tens;
    double value;
    if (quantity->unit.factor == to->factor && tens % 2 == 0 &&
        shift_decimal(quantity->number_text, quantity->number_size, tens / 2, &value))
        return value;
    return cali_unit_convert(quantity->value, &quantity->unit, to);
}

static bool reads_back(const char *text, const cali_unit *unit, double value)
{
    cali_quantity q;
    return cali_quantity_parse(text, &q) == CALI_QUANTITY_OK && cali_unit_is_same_dimension(&q.unit, unit) &&
           cali_quantity_in(&q, unit) == value;
}

void cali_quantity_add_si(cali_text *out, double value, const char *unit_text)
{
    cali_unit unit;
    char number[32], si_text[CALI_UNIT_TEXT], text[160];
    if (!isfinite(value)) {
        cali_text_add(out, value > 0.0 ? "infinite" : "-infinite");
        return;
    }
    cali_unit_parse(unit_text, &unit);
    cali_unit_si_text(&unit, si_text);
    const cali_unit si = cali_unit_si(&unit);
    cali_format_number(value, number);
    double converted;
    if (unit.factor != 1.0 || unit.tens % 2 != 0 ||
        !shift_decimal(number, strlen(number), unit.tens / 2, &converted))
        converted = cali_unit_convert(value, &unit, &si);
    cali_format_number(converted, number);
    const bool is_plain = cali_unit_is_plain(&unit);
    snprintf(text, sizeof text, "%s%s%s", number, is_plain ? "" : " ", is_plain ? "" : si_text);
    if (!reads_back(text, &unit, value)) {
        cali_format_number(value, number);
        snprintf(text, sizeof text, "%s %.90s", number, unit_text);
    }
    cali_text_add(out, text);
}

cali_unit cali_unit_divide(const cali_unit *a, const cali_unit *b)
{
    cali_unit out = *a;
    cali_unit_multiply(&out, b, -2);
    return out;
}

cali_unit cali_unit_square_root(const cali_unit *a)
{
    cali_unit out = {1.0, 0, {0}};
    cali_unit_multiply(&out, a, 1);
    return out;
}

cali_unit cali_unit_si(const cali_unit *unit)
{
    return (cali_unit){1.0, 0, unit->dimension};
}

/* ---- words -------------------------------------------------------------------------------------- */

void cali_unit_si_text(const cali_unit *unit, char text[CALI_UNIT_TEXT])
{
    for (size_t i = 0; i < sizeof dimension_table / sizeof *dimension_table; i++)
        if (is_same(&unit->dimension, &dimension_table[i].dimension)) {
            snprintf(text, CALI_UNIT_TEXT, "%s", dimension_table[i].si);
            return;
        }
    const char *const names[] = {"kg", "m", "s", "A", "rad", "B"};
    const int halves[] = {unit->dimension.kg, unit->dimension.m, unit->dimension.s,
                          unit->dimension.a, unit->dimension.rad, unit->dimension.byte};
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < 6; i++) {
        const int h = halves[i], size = h < 0 ? -h : h;
        if (h == 0)
            continue;
        n += (size_t)snprintf(text + n, CALI_UNIT_TEXT - n, "%s%s", n > 0 ? " " : "", names[i]);
        if (h != 2)
            n += (size_t)snprintf(text + n, CALI_UNIT_TEXT - n, "^%s%d%s", h < 0 ? "-" : "", size / 2,
                                  size % 2 != 0 ? ".5" : "");
    }
}

void cali_unit_describe(const cali_unit *unit, char text[CALI_UNIT_TEXT])
{
    for (size_t i = 0; i < sizeof dimension_table / sizeof *dimension_table; i++)
        if (is_same(&unit->dimension, &dimension_table[i].dimension)) {
            snprintf(text, CALI_UNIT_TEXT, "%s", dimension_table[i].words);
            return;
        }
    char si[CALI_UNIT_TEXT];
    cali_unit_si_text(unit, si);
    snprintf(text, CALI_UNIT_TEXT, "a quantity in %.80s", si);
}

static bool is_equal_ignoring_case(const char *a, const char *b)
{
    while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

const char *cali_unit_suggest(const char *text)
{
    for (size_t i = 0; i < sizeof other_spellings / sizeof *other_spellings; i++)
        if (is_equal_ignoring_case(text, other_spellings[i][0]))
            return other_spellings[i][1];
    const size_t n_common = sizeof common_units / sizeof *common_units;
    for (size_t i = 0; i < n_common; i++)
        if (is_equal_ignoring_case(text, common_units[i]))
            return common_units[i];
    for (size_t i = 0; i < n_common && strlen(text) > 2; i++)
        if (cali_edit_distance(text, common_units[i]) == 1)
            return common_units[i];
    return NULL;
}
