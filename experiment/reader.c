#include "experiment/reader.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/numeric.h"

/* ---- places, memory, words ---------------------------------------------------------------------- */

cali_place cali_place_of(const cali_node *node)
{
    if (node->origin > 0)
        return (cali_place){0, 0, node->origin};
    return (cali_place){node->line, node->column, 0};
}

cali_place cali_place_of_key(const cali_entry *entry)
{
    if (entry->value->origin > 0 && entry->line == 0)
        return (cali_place){0, 0, entry->value->origin};
    return (cali_place){entry->line, entry->column, 0};
}

void *cali_take(cali_reader *r, size_t n, size_t size)
{
    void *out = n > PTRDIFF_MAX / 2 / (size + 1) ? NULL : cali_arena_take(&r->exp->arena, n * size + 1);
    if (out == NULL)
        r->is_out_of_memory = true;
    return out;
}

char *cali_keep(cali_reader *r, const char *text)
{
    char *out = cali_arena_copy(&r->exp->arena, text, strlen(text));
    if (out == NULL)
        r->is_out_of_memory = true;
    return out;
}

const char *cali_word_in_array(const void *list, size_t i)
{
    return ((const char *const *)list)[i];
}

const char *cali_word_in_fields(const void *list, size_t i)
{
    return ((const cal_field *)list)[i].name;
}

const char *cali_nearest_of(const char *word, const void *list, size_t n, cali_word_at get)
{
    const size_t third = strlen(word) / 3;
    unsigned best = (unsigned)(third < 2 ? 2 : third) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *candidate = get(list, i);
        const unsigned distance = cali_edit_distance(word, candidate);
        if (distance < best) {
            best = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

bool cali_refuse_word(cali_reader *r, cali_place place, const char *code, const char *what, const char *word,
                      const void *list, size_t n, cali_word_at get)
{
    const char *nearest = cali_nearest_of(word, list, n, get);
    cali_text known = {0};
    for (size_t i = 0; i < n && i <= 40; i++)
        cali_text_format(&known, "%s%.80s", i > 0 ? ", " : "", i < 40 ? get(list, i) : "...");
    cali_refuse(r, place, code, "%s%s%s%s%s", what, nearest != NULL ? "\ntry " : "", nearest != NULL ? nearest : "",
                known.size > 0 ? "\nknown " : "", known.size > 0 ? known.data : "");
    cali_text_free(&known);
    return false;
}

const char *cali_describe_node(const cali_node *node, char buffer[CALI_LABEL])
{
    if (node->kind == CALI_NODE_LIST)
        return "a list";
    if (node->kind == CALI_NODE_MAP)
        return "a mapping";
    if (cali_node_is_null(node))
        return "nothing";
    snprintf(buffer, CALI_LABEL, "\"%.60s\"%s", node->text, strlen(node->text) > 60 ? "..." : "");
    return buffer;
}

/* ---- scalars ------------------------------------------------------------------------------------- */

bool cali_read_text(cali_reader *r, const cali_node *node, const char *label, char **out)
{
    char buffer[CALI_LABEL];
    if (node->kind != CALI_NODE_SCALAR || cali_node_is_null(node))
        return cali_refuse(r, cali_place_of(node), "C104", "%s needs a text, got %s", label,
                           cali_describe_node(node, buffer));
    *out = cali_keep(r, node->text);
    return *out != NULL;
}

bool cali_read_flag(cali_reader *r, const cali_node *node, const char *label, bool *out)
{
    char buffer[CALI_LABEL];
    const char *text = cali_node_text(node, "");
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return cali_refuse(r, cali_place_of(node), "C104", "%s needs true or false, got %s", label,
                           cali_describe_node(node, buffer));
    *out = text[0] == 't';
    return true;
}

/* "1.5 mm/ms (= 1.5 m/s)": an example in the unit that is wanted, and in SI where that looks different. */
static void show_in_unit(double value, const char *unit_text, const cali_unit *unit, char *out, size_t size)
{
    char number[32], si_number[32], si_text[CALI_UNIT_TEXT];
    cali_format_number(value, number);
    const cali_unit si = cali_unit_si(unit);
    cali_format_number(cali_unit_convert(value, unit, &si), si_number);
    cali_unit_si_text(unit, si_text);
    if (strchr(unit_text, '/') != NULL && strcmp(si_text, unit_text) != 0 && strlen(si_number) <= 8)
        snprintf(out, size, "%s %s (= %s %s)", number, unit_text, si_number, si_text);
    else
        snprintf(out, size, "%s %s", number, unit_text);
}

static bool refuse_bare(cali_reader *r, cali_place place, const char *label, const cali_quantity *q,
                        const char *unit_text, const cali_unit *unit)
{
    char words[CALI_UNIT_TEXT], number[32], example[160];
    cali_unit_describe(unit, words);
    cali_format_number(q->value, number);
    show_in_unit(q->value, unit_text, unit, example, sizeof example);
    return cali_refuse(r, place, "C102", "%s needs %s, got the bare number %s\ntry %s", label, words, number,
                       example);
}

static bool refuse_dimension(cali_reader *r, cali_place place, const char *label, const cali_quantity *q,
                             const char *unit_text, const cali_unit *unit)
{
    char words[CALI_UNIT_TEXT], got[CALI_UNIT_TEXT], number[32];
    cali_unit_describe(unit, words);
    cali_unit_describe(&q->unit, got);
    cali_format_number(q->value, number);
    const bool is_plain = cali_unit_is_plain(unit);
    cali_unit hertz, angular;
    cali_unit_parse("Hz", &hertz);
    cali_unit_parse("rad/s", &angular);
    char advice[160] = "";
    if (cali_unit_is_same_dimension(unit, &angular) && cali_unit_is_same_dimension(&q->unit, &hertz))
        snprintf(advice, sizeof advice, "\ntry %.4g rad/s, which is 2 pi times %s %.40s",
                 2.0 * CALI_PI * cali_unit_convert(q->value, &q->unit, &hertz), number, q->unit_text);
    else if (is_plain)
        snprintf(advice, sizeof advice, "\ntry %s, without a unit", number);
    return cali_refuse(r, place, "C103", "%s is %s%s%s%s, got %s %.40s, which is %s%s", label, words,
                       is_plain ? "" : " (", is_plain ? "" : unit_text, is_plain ? "" : ")", number, q->unit_text,
                       got, advice);
}

bool cali_read_quantity_text(cali_reader *r, cali_place place, const char *text, const char *label,
                             const char *unit_text, double *out)
{
    cali_unit unit;
    cali_quantity q;
    char words[CALI_UNIT_TEXT], number[32];
    cali_unit_parse(unit_text, &unit);
    cali_unit_describe(&unit, words);
    const cali_quantity_result result = cali_quantity_parse(text, &q);
    const char *open = strchr(text, '(');
    if (result == CALI_QUANTITY_NO_NUMBER && open != NULL && strchr(open, ')') == NULL)
        return cali_refuse(r, place, "C104", "%s needs %s, got \"%.60s\"\nbecause a comma ends a value inside of "
                           "braces\ntry quotes around all of it", label, words, text);
    if (result == CALI_QUANTITY_NO_NUMBER)
        return cali_refuse(r, place, "C104", "%s needs %s, got \"%.60s\"\ntry 1%s%s", label, words, text,
                           cali_unit_is_plain(&unit) ? "" : " ", cali_unit_is_plain(&unit) ? "" : unit_text);
    cali_format_number(q.value, number);
    if (result == CALI_QUANTITY_UNKNOWN_UNIT) {
        const char *meant = cali_unit_suggest(q.unit_text);
        return cali_refuse(r, place, "C102", "%s: unknown unit \"%.40s\"\ntry %s%s%s", label, q.unit_text, number,
                           meant == NULL && cali_unit_is_plain(&unit) ? "" : " ",
                           meant != NULL ? meant : cali_unit_is_plain(&unit) ? "" : unit_text);
    }
    if (!isfinite(q.value))
        return cali_refuse(r, place, "C106", "%s is beyond all numbers: \"%.60s\"", label, text);
    const bool is_zero = q.value == 0.0 && q.unit_text[0] == '\0'; /* 0 is 0 in every unit */
    if (!is_zero && q.unit_text[0] == '\0' && !cali_unit_is_plain(&unit))
        return refuse_bare(r, place, label, &q, unit_text, &unit);
    if (!is_zero && !cali_unit_is_same_dimension(&q.unit, &unit))
        return refuse_dimension(r, place, label, &q, unit_text, &unit);
    *out = is_zero ? 0.0 : cali_quantity_in(&q, &unit);
    if (!isfinite(*out))
        return cali_refuse(r, place, "C106", "%s is beyond all numbers: \"%.60s\"", label, text);
    return true;
}

bool cali_read_quantity(cali_reader *r, const cali_node *node, const char *label, const char *unit_text, double *out)
{
    if (node->kind == CALI_NODE_SCALAR && !cali_node_is_null(node))
        return cali_read_quantity_text(r, cali_place_of(node), node->text, label, unit_text, out);
    char words[CALI_UNIT_TEXT], buffer[CALI_LABEL];
    cali_unit unit;
    cali_unit_parse(unit_text, &unit);
    cali_unit_describe(&unit, words);
    return cali_refuse(r, cali_place_of(node), "C104", "%s needs %s, got %s", label, words,
                       cali_describe_node(node, buffer));
}

/* ---- ranges ---------------------------------------------------------------------------------------- */

static void add_bound(cali_text *out, double value, const char *unit)
{
    char number[32];
    cali_format_number(value, number);
    cali_text_format(out, "%s%s%s", number, strcmp(unit, "1") == 0 ? "" : " ", strcmp(unit, "1") == 0 ? "" : unit);
}

static bool refuse_range(cali_reader *r, cali_place place, const char *label, const char *unit, double value,
                         double low, double high, bool is_above_low)
{
    cali_text text = {0};
    cali_text_format(&text, "%s is ", label);
    add_bound(&text, value, unit);
    cali_text_add(&text, ", but must be ");
    if (is_above_low) {
        cali_text_add(&text, "above ");
        add_bound(&text, low, unit);
    } else if (isfinite(low)) {
        cali_text_add(&text, isfinite(high) ? "from " : "at least ");
        add_bound(&text, low, unit);
    }
    if (isfinite(high)) {
        cali_text_add(&text, is_above_low ? " and at most " : isfinite(low) ? " to " : "at most ");
        add_bound(&text, high, unit);
    }
    cali_refuse(r, place, "C106", "%s", text.is_broken ? label : text.data);
    cali_text_free(&text);
    return false;
}

static bool check_field(cali_reader *r, cali_place place, const char *label, const cal_field *field, double value)
{
    if (value >= field->low && value <= field->high)
        return true;
    return refuse_range(r, place, label, field->unit, value, field->low, field->high, false);
}

bool cali_read_field(cali_reader *r, const cali_node *node, const char *label, const cal_field *field, double *out)
{
    const char *text = cali_node_text(node, "");
    if (isinf(field->value) && strcmp(text, "infinite") == 0)
        *out = INFINITY;
    else if (isinf(field->value) && strcmp(text, "-infinite") == 0)
        *out = -INFINITY;
    else if (!cali_read_quantity(r, node, label, field->unit, out))
        return false;
    return check_field(r, cali_place_of(node), label, field, *out);
}

static bool check_key(cali_reader *r, cali_place place, const char *label, const cali_key *key, double value)
{
    if (key->low == 0.0 && key->high == 0.0)
        return true;
    if (value <= key->high && (key->is_above_low ? value > key->low : value >= key->low))
        return true;
    return refuse_range(r, place, label, key->unit == NULL ? "1" : key->unit, value, key->low, key->high,
                        key->is_above_low);
}

/* ---- distributions ----------------------------------------------------------------------------------- */

/* Splits "name(a, b, ...)" in place: arguments at commas outside of inner parentheses. */
static size_t split_call(char *text, char **arguments, size_t max)
{
    char *open = strchr(text, '(');
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    if (open == NULL || length == 0 || text[length - 1] != ')')
        return 0;
    text[length - 1] = '\0';
    *open = '\0';
    for (char *c = open; c > text && isspace((unsigned char)c[-1]); c--)
        c[-1] = '\0';
    size_t n = 0, depth = 0;
    arguments[n++] = open + 1;
    for (char *c = open + 1; *c != '\0'; c++) {
        depth += *c == '(';
        depth -= *c == ')' && depth > 0;
        if (*c != ',' || depth > 0)
            continue;
        *c = '\0';
        if (n == max)
            return max + 1;
        arguments[n++] = c + 1;
    }
    return n;
}

static const char *distribution_word_at(const void *list, size_t i)
{
    return ((const cali_distribution_word *)list)[i].name;
}

static bool check_distribution(cali_reader *r, cali_place place, const char *label, const cali_distribution_word *word,
                               const cal_distribution *d, size_t n)
{
    if (word->kind == CAL_UNIFORM && !(d->a <= d->b))
        return cali_refuse(r, place, "C106", "%s: the lower end of uniform is above the upper one", label);
    if (word->kind != CAL_UNIFORM && d->b < 0.0)
        return cali_refuse(r, place, "C106", "%s: the %s of %s is negative", label, word->second, word->name);
    if (n == 4 && !(d->low < d->high))
        return cali_refuse(r, place, "C106", "%s: the limits of %s are in the wrong order", label, word->name);
    return true;
}

static bool read_call(cali_reader *r, cali_place place, char *text, const char *label, const char *unit_text,
                      cal_distribution *out)
{
    char *arguments[4], part[2 * CALI_LABEL], what[2 * CALI_LABEL];
    const size_t n = split_call(text, arguments, 4);
    const cali_distribution_word *word = NULL;
    for (size_t i = 0; i < CALI_N_DISTRIBUTION_WORDS; i++)
        if (strcmp(cali_distribution_words[i].name, text) == 0)
            word = &cali_distribution_words[i];
    if (n == 0)
        return cali_refuse(r, place, "C104", "%s: \"%.60s\" does not end with )\nbecause a comma ends a value inside of "
                           "braces\ntry quotes around all of it", label, text);
    if (word == NULL) {
        snprintf(what, sizeof what, "%s: unknown distribution \"%.60s\"", label, text);
        return cali_refuse_word(r, place, "C101", what, text, cali_distribution_words, CALI_N_DISTRIBUTION_WORDS,
                                distribution_word_at);
    }
    if (n != 2 && (n != 4 || word->kind == CAL_UNIFORM))
        return cali_refuse(r, place, "C104", "%s: %s needs %s and %s%s", label, word->name, word->first,
                           word->second, word->kind == CAL_UNIFORM ? "" : ", and may have a lower and an upper limit");
    double values[4] = {0};
    const bool is_log = word->kind == CAL_LOGNORMAL;
    const char *const names[] = {word->first, word->second, "lower limit", "upper limit"};
    for (size_t i = 0; i < n; i++) {
        snprintf(part, sizeof part, "%.100s: the %s", label, names[i]);
        if (!cali_read_quantity_text(r, place, arguments[i], part, is_log && i == 1 ? "1" : unit_text, &values[i]))
            return false;
    }
    if (is_log && !(values[0] > 0.0))
        return cali_refuse(r, place, "C106", "%s: the median of lognormal must be above 0", label);
    *out = (cal_distribution){word->kind, is_log ? cali_log(values[0]) : values[0], values[1], values[2], values[3]};
    return check_distribution(r, place, label, word, out, n);
}

bool cali_read_distribution(cali_reader *r, const cali_node *node, const char *label, const char *unit_text,
                            const cal_field *field, cal_distribution *out)
{
    if (node->kind == CALI_NODE_SCALAR && isalpha((unsigned char)node->text[0]) && strchr(node->text, '(') != NULL) {
        char *text = cali_keep(r, node->text);
        return text != NULL && read_call(r, cali_place_of(node), text, label, unit_text, out);
    }
    *out = (cal_distribution){.kind = CAL_CONSTANT};
    return field != NULL ? cali_read_field(r, node, label, field, &out->a)
                         : cali_read_quantity(r, node, label, unit_text, &out->a);
}

/* ---- values of the tables ---------------------------------------------------------------------------- */

static void store_integer(const cali_key *key, void *target, uint64_t value)
{
    char *at = (char *)target + key->offset;
    const uint8_t small = (uint8_t)value;
    const uint32_t middle = (uint32_t)value;
    if (key->size == 1)
        memcpy(at, &small, 1);
    else if (key->size == 4)
        memcpy(at, &middle, 4);
    else
        memcpy(at, &value, 8);
}

/* Digits, with "_" between them as one likes; or a number like 1e4 that is whole. */
static bool parse_count(const char *text, uint64_t *value)
{
    *value = 0;
    bool is_digits = text[0] != '\0' && text[0] != '_';
    for (const char *c = text; *c != '\0' && is_digits; c++) {
        const uint64_t digit = (uint64_t)(*c - '0');
        if (*c == '_')
            continue;
        if (*c < '0' || *c > '9' || *value > (UINT64_MAX - digit) / 10)
            is_digits = false;
        else
            *value = *value * 10 + digit;
    }
    if (is_digits)
        return true;
    double number;
    const char *end;
    if (!cali_parse_number(text, &number, &end) || *end != '\0' || !(number >= 0.0 && number <= 9007199254740992.0) ||
        number != floor(number))
        return false;
    *value = (uint64_t)number;
    return true;
}

static bool read_count(cali_reader *r, const cali_node *node, const char *label, const cali_key *key, void *target)
{
    char buffer[CALI_LABEL];
    uint64_t value;
    const char *text = cali_node_text(node, "");
    if (!parse_count(text, &value))
        return cali_refuse(r, cali_place_of(node), "C104", "%s needs a whole number from %.0f to %s, got %s", label,
                           key->low, key->high > 0.0 ? (key->high < 4.2e9 ? "2147483647" : "4294967295") : "2^64 - 1",
                           cali_describe_node(node, buffer));
    if (!check_key(r, cali_place_of(node), label, key, (double)value))
        return false;
    store_integer(key, target, value);
    return true;
}

static bool read_word(cali_reader *r, const cali_node *node, const char *label, const cali_key *key, void *target)
{
    char buffer[CALI_LABEL], what[2 * CALI_LABEL];
    const char *text = cali_node_text(node, "");
    for (size_t i = 0; i < key->n_words; i++)
        if (strcmp(key->words[i], text) == 0) {
            store_integer(key, target, i);
            return true;
        }
    snprintf(what, sizeof what, "%.100s cannot be %s", label, cali_describe_node(node, buffer));
    return cali_refuse_word(r, cali_place_of(node), "C101", what, text, key->words, key->n_words, cali_word_in_array);
}

static bool read_number(cali_reader *r, const cali_node *node, const char *label, const cali_key *key, void *target)
{
    double value;
    if (key->special != NULL && strcmp(cali_node_text(node, ""), key->special) == 0)
        value = key->special_value;
    else if (!cali_read_quantity(r, node, label, key->unit, &value) ||
             !check_key(r, cali_place_of(node), label, key, value))
        return false;
    memcpy((char *)target + key->offset, &value, sizeof value);
    return true;
}

static bool read_time(cali_reader *r, const cali_node *node, const char *label, const cali_key *key, void *target)
{
    cal_time time = 0;
    if (key->special == NULL || strcmp(cali_node_text(node, ""), key->special) != 0) {
        double value, ns;
        if (!cali_read_quantity(r, node, label, key->unit, &value) ||
            !check_key(r, cali_place_of(node), label, key, value) ||
            !cali_read_quantity(r, node, label, "ns", &ns))
            return false;
        if (fabs(ns - rint(ns)) > 1e-6 * fmax(1.0, fabs(ns) * 1e-6))
            return cali_refuse(r, cali_place_of(node), "C106", "%s is no whole number of nanoseconds: %.60s\n"
                               "because simulated time is counted in nanoseconds", label, cali_node_text(node, ""));
        time = (cal_time)rint(ns);
    }
    memcpy((char *)target + key->offset, &time, sizeof time);
    return true;
}

bool cali_read_path(cali_reader *r, const cali_node *node, const char *label, char **out)
{
    char *text = NULL, *folder = NULL, *joined = NULL;
    if (!cali_read_text(r, node, label, &text))
        return false;
    while (text[0] == '.' && text[1] == '/' && text[2] != '/')
        text += 2;
    /* a path typed behind --set begins where the user stands, one in the file where the file is */
    const bool is_typed = node->origin > 0;
    if (!is_typed && cali_path_directory(r->ctx, r->exp->path, &folder) != CAL_OK)
        r->is_out_of_memory = true;
    else if (cali_path_join(r->ctx, is_typed || strcmp(folder, ".") == 0 ? NULL : folder, text, &joined) != CAL_OK)
        r->is_out_of_memory = true;
    else
        *out = cali_keep(r, joined);
    free(folder);
    free(joined);
    return !r->is_out_of_memory;
}

bool cali_read_value(cali_reader *r, const cali_node *node, const char *label, const cali_key *key, void *target)
{
    char *text = NULL;
    bool flag = false;
    switch (key->type) {
    case CALI_KEY_TEXT:
        if (!cali_read_text(r, node, label, &text))
            return false;
        memcpy((char *)target + key->offset, &text, sizeof text);
        return true;
    case CALI_KEY_PATH:
        if (!cali_read_path(r, node, label, &text))
            return false;
        memcpy((char *)target + key->offset, &text, sizeof text);
        return true;
    case CALI_KEY_FLAG:
        if (!cali_read_flag(r, node, label, &flag))
            return false;
        memcpy((char *)target + key->offset, &flag, sizeof flag);
        return true;
    case CALI_KEY_WORD:
        return read_word(r, node, label, key, target);
    case CALI_KEY_NUMBER:
        return read_number(r, node, label, key, target);
    case CALI_KEY_TIME:
        return read_time(r, node, label, key, target);
    case CALI_KEY_COUNT:
        return read_count(r, node, label, key, target);
    default: /* structured, or read by the parser */
        return true;
    }
}

void cali_fill_defaults(cali_reader *r, const cali_mapping *mapping, void *target)
{
    for (size_t i = 0; i < mapping->n_keys; i++) {
        const cali_key *key = &mapping->keys[i];
        if (key->fallback == NULL || key->size == 0)
            continue;
        const bool is_quoted = key->fallback[0] == '"';
        const cali_node node = {.text = is_quoted ? "" : key->fallback, .is_quoted = is_quoted};
        cali_read_value(r, &node, key->name, key, target);
    }
}
