/* A product of values, written out as a table whose last column varies fastest.
 *
 *      product = factor { " x " factor }          factor = path "=" item { "," item }
 *      item    = a value as in the experiment file, or a range:
 *                FIRST..LAST               in steps of one
 *                FIRST..LAST step STEP     LAST included where a step meets it
 *                FIRST..LAST in N          N values at equal distances
 *                FIRST..LAST in N log      N values in equal ratios
 *
 * Units stand behind FIRST, LAST or both ("1..5 ms step 0.5 ms"). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/numeric.h"
#include "base/units.h"
#include "experiment/sweep.h"

enum { MOST_FACTORS = 16, MOST_ITEM = 256 };

typedef struct factor {
    char path[MOST_ITEM];
    char **values;
    size_t n, capacity;
} factor;

typedef struct product {
    cal_context *ctx;
    const char *text;
    factor factors[MOST_FACTORS];
    size_t n;
} product;

static cal_status refuse(product *p, const char *at, const char *why)
{
    return CAL_FAIL(p->ctx, CAL_ERR_INPUT, "--sweep:1:%u  C109  %s\n  try      --sweep \"coupling.gain=0.1,0.2,0.5 x run.seed=1..20\", "
                    "or the path of a table", (unsigned)(at - p->text) + 1, why);
}

static cal_status add_value(product *p, const char *text)
{
    factor *f = &p->factors[p->n - 1];
    if (f->n == CALI_SWEEP_MOST_ROWS)
        return refuse(p, p->text, "more than 1,000,000 values");
    CAL_TRY(cali_reserve(p->ctx, f->n + 1, sizeof *f->values, &f->values, &f->capacity));
    CAL_TRY(cali_copy_text(p->ctx, text, &f->values[f->n]));
    f->n++;
    return CAL_OK;
}

/* ---- ranges --------------------------------------------------------------------------------------------- */

typedef struct range {
    double first, last, step;
    size_t n; /* 0: by the step */
    bool is_log;
    const char *unit;
} range;

/* `text` as a number in `unit` ("" if the text has none of its own). */
static bool number_in(const char *text, const char *unit, double *value)
{
    cali_quantity q;
    cali_unit to;
    if (cali_quantity_parse(text, &q) != CALI_QUANTITY_OK || !cali_unit_parse(unit, &to))
        return false;
    const bool is_bare = q.unit_text[0] == '\0';
    if (!is_bare && !cali_unit_is_same_dimension(&q.unit, &to))
        return false;
    *value = is_bare ? q.value : cali_quantity_in(&q, &to);
    return isfinite(*value);
}

/* Cuts `text` at the last " word ", returning what follows, or NULL. */
static char *cut_at(char *text, const char *word)
{
    char *found = strstr(text, word);
    if (found == NULL)
        return NULL;
    *found = '\0';
    return found + strlen(word);
}

static bool read_range(char *item, range *r)
{
    char *count = cut_at(item, " in "), *step = count == NULL ? cut_at(item, " step ") : NULL;
    char *last = cut_at(item, "..");
    cali_quantity first_q, last_q;
    *r = (range){.step = 1.0};
    if (last == NULL || cali_quantity_parse(item, &first_q) != CALI_QUANTITY_OK ||
        cali_quantity_parse(last, &last_q) != CALI_QUANTITY_OK)
        return false;
    r->unit = last_q.unit_text[0] != '\0' ? last_q.unit_text : first_q.unit_text;
    if (!number_in(item, r->unit, &r->first) || !number_in(last, r->unit, &r->last))
        return false;
    if (step != NULL)
        return number_in(step, r->unit, &r->step) && r->step != 0.0;
    if (count == NULL)
        return true;
    char *log_word = cut_at(count, " log");
    double n;
    const char *end;
    if (!cali_parse_number(count, &n, &end) || *end != '\0' || !(n >= 2.0) || n > CALI_SWEEP_MOST_ROWS || n != floor(n))
        return false;
    r->n = (size_t)n;
    r->is_log = log_word != NULL;
    return !r->is_log || (r->first > 0.0 && r->last > 0.0);
}

static double value_at(const range *r, size_t k, size_t n)
{
    const double part = n > 1 ? (double)k / (double)(n - 1) : 0.0;
    if (r->n == 0)
        return r->first + (double)k * r->step;
    if (k + 1 == n)
        return r->last;
    return r->is_log ? cali_exp(cali_log(r->first) + part * (cali_log(r->last) - cali_log(r->first)))
                     : r->first + part * (r->last - r->first);
}

static cal_status add_range(product *p, const range *given, const char *at)
{
    range r = *given;
    if (r.n == 0 && r.last < r.first && r.step > 0.0)
        r.step = -r.step;
    const double steps = (r.last - r.first) / r.step;
    if (r.n == 0 && !(steps >= 0.0 && steps < CALI_SWEEP_MOST_ROWS))
        return refuse(p, at, "this range has no end, or more than 1,000,000 values");
    const size_t n = r.n > 0 ? r.n : (size_t)floor(steps + 1e-9) + 1;
    for (size_t k = 0; k < n; k++) {
        char digits[40], shortest[40], text[MOST_ITEM];
        double value;
        const char *end;
        /* 0.1 + 2 x 0.1 is meant as 0.3 */
        snprintf(digits, sizeof digits, "%.12g", value_at(&r, k, n));
        cali_parse_number(digits, &value, &end);
        cali_format_number(value, shortest);
        snprintf(text, sizeof text, "%s%s%.200s", shortest, r.unit[0] != '\0' ? " " : "", r.unit);
        CAL_TRY(add_value(p, text));
    }
    return CAL_OK;
}

/* ---- factors ---------------------------------------------------------------------------------------------- */

static cal_status add_item(product *p, const char *begin, const char *end)
{
    char item[MOST_ITEM], copy[MOST_ITEM];
    while (begin < end && *begin == ' ')
        begin++;
    while (end > begin && end[-1] == ' ')
        end--;
    const size_t size = (size_t)(end - begin);
    if (size == 0)
        return refuse(p, begin, "a value is missing");
    if (size >= sizeof item)
        return refuse(p, begin, "a value of more than 255 letters");
    memcpy(item, begin, size);
    item[size] = '\0';
    memcpy(copy, item, size + 1);
    range r;
    double first;
    const char *rest;
    if (strstr(item, "..") == NULL || !cali_parse_number(item, &first, &rest)) /* "../other.zip" is a path */
        return add_value(p, item);
    return read_range(copy, &r) ? add_range(p, &r, begin)
                                : refuse(p, begin, "this is no range: FIRST..LAST, FIRST..LAST step STEP, FIRST..LAST in N, "
                                                   "FIRST..LAST in N log");
}

/* The end of a factor: " x " followed by a path and "=", outside of brackets and quotes; a comma ends an item. */
static const char *find_end(const char *at, char stop)
{
    int depth = 0;
    char quote = '\0';
    for (; *at != '\0'; at++) {
        if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
            continue;
        }
        if (*at == '"' || *at == '\'')
            quote = *at;
        depth += strchr("[{(", *at) != NULL;
        depth -= strchr("]})", *at) != NULL;
        if (depth == 0 && stop == ',' && *at == ',')
            return at;
        if (depth == 0 && stop == 'x' && strncmp(at, " x ", 3) == 0)
            return at;
    }
    return at;
}

static cal_status read_factor(product *p, const char *begin, const char *end)
{
    begin += strspn(begin, " ");
    const char *equals = begin;
    for (char quote = '\0'; equals < end && (quote != '\0' || *equals != '='); equals++)
        quote = quote == '\0' && (*equals == '"' || *equals == '\'') ? *equals : quote == *equals ? '\0' : quote;
    if (equals >= end || equals == begin || (size_t)(equals - begin) >= MOST_ITEM)
        return refuse(p, begin, "this is no path=values");
    if (p->n == MOST_FACTORS)
        return refuse(p, begin, "more than 16 factors");
    factor *f = &p->factors[p->n++];
    memcpy(f->path, begin, (size_t)(equals - begin));
    for (char *c = f->path + strlen(f->path); c > f->path && c[-1] == ' ';)
        *--c = '\0';
    for (size_t i = 0; i + 1 < p->n; i++)
        if (strcmp(p->factors[i].path, f->path) == 0)
            return refuse(p, begin, "this path is there twice");
    for (const char *at = equals + 1;; at++) {
        const char *comma = find_end(at, ',');
        comma = comma > end ? end : comma;
        CAL_TRY(add_item(p, at, comma));
        at = comma;
        if (at >= end)
            return CAL_OK;
    }
}

static void add_cell(cali_text *csv, const char *text, bool is_last)
{
    cali_text_add(csv, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            cali_text_add(csv, "\"");
        cali_text_add_bytes(csv, c, 1);
    }
    cali_text_add(csv, is_last ? "\"\n" : "\",");
}

static cal_status write_rows(product *p, cali_text *csv)
{
    double n_rows = 1.0;
    for (size_t i = 0; i < p->n; i++)
        n_rows *= (double)p->factors[i].n;
    if (n_rows > CALI_SWEEP_MOST_ROWS)
        return refuse(p, p->text, "more than 1,000,000 runs");
    for (size_t i = 0; i < p->n; i++)
        add_cell(csv, p->factors[i].path, i + 1 == p->n);
    for (size_t row = 0; row < (size_t)n_rows; row++) {
        size_t below = (size_t)n_rows; /* rows that one value of this factor lasts */
        for (size_t i = 0; i < p->n; i++) {
            const factor *f = &p->factors[i];
            below /= f->n;
            add_cell(csv, f->values[row / below % f->n], i + 1 == p->n);
        }
    }
    return csv->is_broken ? CAL_FAIL(p->ctx, CAL_ERR_MEMORY, "no memory for the rows of the sweep") : CAL_OK;
}

cal_status cali_sweep_expand(cal_context *ctx, const char *text, cali_text *csv)
{
    product *p = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *p, "product", &p));
    p->ctx = ctx;
    p->text = text;
    cal_status status = CAL_OK;
    if (strpbrk(text, "\n\r") != NULL)
        status = refuse(p, text, "a product stands in one line");
    for (const char *at = text; status == CAL_OK;) {
        const char *end = find_end(at, 'x');
        status = read_factor(p, at, end);
        if (*end == '\0')
            break;
        at = end + 3;
    }
    if (status == CAL_OK)
        status = write_rows(p, csv);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; k < p->factors[i].n; k++)
            free(p->factors[i].values[k]);
        free(p->factors[i].values);
    }
    free(p);
    return status;
}
