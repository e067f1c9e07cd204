/* Formulas of the way between two places: the text, one value, and the search for the largest. */
#include "base/spatial_formula.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISTANCE, FIRST_AXIS, N_INPUTS = FIRST_AXIS + CALI_AXES, MAX_PARTS = 2000 };

struct cal_spatial_formula {
    cali_formula_file file;
    cali_formula_program program;
    cali_formula_symbol symbols[N_INPUTS];
    unsigned n_dimensions; /* that it needs */
};

static const char *const names[N_INPUTS] = {"d", "dx", "dy", "dz"};

/* ---- reading ---------------------------------------------------------------------------------------- */

static cali_unit unit_of(const char *text)
{
    cali_unit unit;
    cali_unit_parse(text, &unit);
    return cali_formula_host_unit(&unit);
}

static void set_symbols(cali_formula_file *file, cali_formula_symbol symbols[N_INPUTS])
{
    for (int i = 0; i < N_INPUTS; i++)
        symbols[i] = (cali_formula_symbol){names[i], CALI_FORMULA_INPUT, i, unit_of("mm"), false};
    file->symbols = symbols;
    file->n_symbols = N_INPUTS;
}

bool cali_spatial_formula_check(cali_formula_reader *r, const cali_node *scalar, const char *label, const cali_unit *wanted,
                                cali_unit *unit)
{
    cali_formula_symbol symbols[N_INPUTS];
    cali_formula_expression e;
    if (strlen(scalar->text) > CALI_SPATIAL_FORMULA_MAX_BYTES)
        return cali_formula_refuse_at(r, scalar, 0, "C106", "%s: the formula has %zu bytes, of at most %d", label,
                                      strlen(scalar->text), CALI_SPATIAL_FORMULA_MAX_BYTES);
    set_symbols(r->file, symbols);
    if (!cali_formula_read_expression(r, label, label, scalar, wanted, &e))
        return false;
    *unit = e.root->is_zero && wanted != NULL ? *wanted : e.root->unit;
    return true;
}

typedef struct listener {
    char *why;
    size_t size;
    bool has_heard;
} listener;

/* The first mistake; what follows in lines of its own (known words) is left out. */
static void hear(void *arg, unsigned line, unsigned column, const char *code, const char *text)
{
    listener *l = arg;
    (void)line, (void)code;
    if (!l->has_heard)
        snprintf(l->why, l->size, "column %u: %.*s", column, (int)strcspn(text, "\n"), text);
    l->has_heard = true;
}

static bool make(cal_spatial_formula *f, cali_formula_reader *r, const cali_node *scalar, const cali_unit *unit)
{
    cali_formula_expression e;
    set_symbols(&f->file, f->symbols);
    if (!cali_formula_read_expression(r, "formula", "formula", scalar, unit, &e) ||
        !cali_formula_make(r, &e, 1, &f->program) || !cali_formula_compact(r, &f->program) ||
        !cali_formula_finish(r, &f->program))
        return false;
    for (int i = 0; i < f->program.n; i++)
        if (f->program.ops[i].code == CALI_FORMULA_ROW_INPUT && (unsigned)f->program.ops[i].a > f->n_dimensions)
            f->n_dimensions = (unsigned)f->program.ops[i].a;
    return true;
}

cal_spatial_formula *cali_spatial_formula_read(const char *text, const char *unit, char *why, size_t size)
{
    const size_t n = strlen(text);
    if (n > CALI_SPATIAL_FORMULA_MAX_BYTES) {
        snprintf(why, size, "it has %zu bytes, of at most %d", n, CALI_SPATIAL_FORMULA_MAX_BYTES);
        return NULL;
    }
    cal_spatial_formula *f = calloc(1, sizeof *f);
    listener l = {why, size, false};
    cali_formula_reader r = {.file = f == NULL ? NULL : &f->file, .what = "formula", .tell = hear, .listener = &l};
    snprintf(why, size, "no memory");
    if (f == NULL)
        return NULL;
    f->file.path = cali_formula_keep(&r, "", 0);
    f->file.text = cali_formula_keep(&r, text, n);
    f->file.text_size = n;
    const cali_node scalar = {.kind = CALI_NODE_SCALAR, .text = f->file.text, .line = 1, .column = 1};
    const cali_unit wanted = unit_of(unit);
    if (f->file.text == NULL || !make(f, &r, &scalar, &wanted) || r.is_out_of_memory)
        cal_spatial_formula_destroy(&f);
    return f;
}

cal_status cal_spatial_formula_create(cal_context *ctx, const char *text, const char *unit, cal_spatial_formula **out)
{
    char why[512];
    *out = cali_spatial_formula_read(text, unit, why, sizeof why);
    return *out != NULL ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_INPUT, "formula \"%.80s\": %s", text, why);
}

void cal_spatial_formula_destroy(cal_spatial_formula **formula)
{
    if (formula == NULL || *formula == NULL)
        return;
    cali_arena_free(&(*formula)->file.arena);
    free(*formula);
    *formula = NULL;
}

const char *cal_spatial_formula_text(const cal_spatial_formula *formula)
{
    return formula->file.text;
}

unsigned cali_spatial_formula_dimensions(const cal_spatial_formula *formula)
{
    return formula->n_dimensions;
}

/* ---- values ----------------------------------------------------------------------------------------- */

double cali_spatial_formula_at(const cal_spatial_formula *f, unsigned n, const double *way_mm)
{
    double inputs[N_INPUTS] = {0.0}, squares = 0.0, out;
    for (unsigned k = 0; k < n; k++) {
        inputs[FIRST_AXIS + k] = way_mm[k];
        squares += way_mm[k] * way_mm[k];
    }
    inputs[DISTANCE] = sqrt(squares);
    cali_formula_run(&f->program, 1, NULL, NULL, inputs, &out);
    return out;
}

cali_range cali_spatial_formula_range(const cal_spatial_formula *f, const cali_ways *ways)
{
    cali_range inputs[N_INPUTS] = {[DISTANCE] = ways->length};
    for (unsigned k = 0; k < ways->n_dimensions; k++)
        inputs[FIRST_AXIS + k] = ways->along[k];
    return cali_formula_range(&f->program, inputs);
}

/* ---- the largest value ------------------------------------------------------------------------------- */

/* Ways whose values are at most `bound`; those of a formula of the distance alone have no components. */
typedef struct part {
    cali_ways ways;
    double bound;
} part;

typedef struct search {
    const cal_spatial_formula *f;
    cali_ways all;
    int sign;
    part *parts; /* a heap: the largest bound first */
    size_t n;
    cali_extreme best;
} search;

/* A length that components have, or a component's part of a length. */
static void try_way(search *s, const double *way_mm, double length_mm)
{
    double way[CALI_AXES] = {0.0};
    const unsigned n = s->all.n_dimensions;
    if (n == 0)
        way[0] = length_mm;
    else
        memcpy(way, way_mm, n * sizeof *way);
    const double value = cali_spatial_formula_at(s->f, n == 0 ? 1 : n, way);
    if (!isfinite(s->best.value) && s->best.length_mm >= 0.0)
        return; /* found already */
    if (isfinite(value) && s->best.length_mm >= 0.0 && !(s->sign * value > s->sign * s->best.value))
        return;
    double squares = 0.0;
    for (unsigned k = 0; k < CALI_AXES; k++)
        squares += way[k] * way[k];
    s->best.value = value;
    s->best.length_mm = sqrt(squares);
    memcpy(s->best.way_mm, way, sizeof way);
}

/* The lengths that fit the components; false: there are none. */
static bool fit_length(const search *s, cali_ways *w)
{
    double least = 0.0, most = 0.0;
    for (unsigned k = 0; k < w->n_dimensions; k++) {
        const double a = fabs(w->along[k].low), b = fabs(w->along[k].high);
        const double near = w->along[k].low <= 0.0 && w->along[k].high >= 0.0 ? 0.0 : a < b ? a : b;
        least += near * near;
        most += (a > b ? a : b) * (a > b ? a : b);
    }
    if (w->n_dimensions > 0) {
        w->length.low = fmax(sqrt(least) * (1.0 - 1e-12), s->all.length.low);
        w->length.high = fmin(sqrt(most) * (1.0 + 1e-12), s->all.length.high);
    }
    return w->length.low <= w->length.high;
}

/* Both ends and the middle, where they are ways that there can be. */
static void try_part(search *s, const cali_ways *w)
{
    for (int at = 0; at < 3; at++) {
        const double share = 0.5 * at;
        double way[CALI_AXES] = {0.0}, squares = 0.0;
        for (unsigned k = 0; k < w->n_dimensions; k++) {
            way[k] = at == 2 ? w->along[k].high : w->along[k].low + share * (w->along[k].high - w->along[k].low);
            squares += way[k] * way[k];
        }
        const double length = w->n_dimensions > 0 ? sqrt(squares)
                              : at == 2           ? w->length.high
                                                  : w->length.low + share * (w->length.high - w->length.low);
        if (length >= s->all.length.low && length <= s->all.length.high)
            try_way(s, way, length);
    }
}

static void add(search *s, cali_ways w)
{
    if (!fit_length(s, &w))
        return;
    const cali_range range = cali_spatial_formula_range(s->f, &w);
    const part new = {w, s->sign > 0 ? range.high : -range.low};
    try_part(s, &w);
    size_t i = s->n++;
    for (; i > 0 && s->parts[(i - 1) / 2].bound < new.bound; i = (i - 1) / 2)
        s->parts[i] = s->parts[(i - 1) / 2];
    s->parts[i] = new;
}

static part take(search *s)
{
    const part first = s->parts[0], last = s->parts[--s->n];
    size_t i = 0;
    for (size_t child = 1; child < s->n; child = 2 * i + 1) {
        child += child + 1 < s->n && s->parts[child + 1].bound > s->parts[child].bound;
        if (s->parts[child].bound <= last.bound)
            break;
        s->parts[i] = s->parts[child];
        i = child;
    }
    s->parts[i] = last;
    return first;
}

static double width(cali_range r)
{
    return r.high - r.low;
}

/* Halves the range that is widest beside the whole. False: all are too narrow. */
static bool halve(search *s, const part *p)
{
    cali_ways halves[2] = {p->ways, p->ways};
    double widest = 1e-9;
    int axis = -1; /* the length */
    bool is_wide = false;
    for (int k = 0; k < (int)p->ways.n_dimensions; k++)
        if (width(p->ways.along[k]) > widest * width(s->all.along[k])) {
            widest = width(p->ways.along[k]) / width(s->all.along[k]);
            axis = k;
            is_wide = true;
        }
    if (p->ways.n_dimensions == 0)
        is_wide = width(p->ways.length) > widest * width(s->all.length);
    if (!is_wide)
        return false;
    cali_range *first = axis < 0 ? &halves[0].length : &halves[0].along[axis];
    cali_range *second = axis < 0 ? &halves[1].length : &halves[1].along[axis];
    first->high = second->low = first->low + 0.5 * width(*first);
    add(s, halves[0]);
    add(s, halves[1]);
    return true;
}

cali_extreme cali_spatial_formula_extreme(const cal_spatial_formula *f, const cali_ways *ways, int sign)
{
    part parts[MAX_PARTS + 2];
    search s = {.f = f, .all = *ways, .sign = sign, .parts = parts, .best = {.value = NAN, .length_mm = -1.0}};
    if (f->n_dimensions == 0)
        s.all.n_dimensions = 0;
    add(&s, s.all);
    double bound = -INFINITY; /* of what is not halved any more */
    for (int i = 0; i < MAX_PARTS && s.n > 0; i++) {
        const double value = sign * s.best.value;
        if (s.best.length_mm >= 0.0 && (!isfinite(value) || parts[0].bound <= value + 1e-4 * fabs(value)))
            break;
        const part p = take(&s);
        if (!halve(&s, &p) && isfinite(p.bound))
            bound = fmax(bound, p.bound);
    }
    if (s.best.length_mm < 0.0) /* no way was found, if there is any */
        s.best.value = s.best.length_mm = 0.0;
    if (s.n > 0 && isfinite(parts[0].bound))
        bound = fmax(bound, parts[0].bound);
    else if (s.n > 0) /* still open: what was found, and something more */
        bound = fmax(bound, sign * s.best.value + 1e-2 * fabs(s.best.value));
    s.best.bound = sign * fmax(bound, sign * s.best.value);
    return s.best;
}

void cali_spatial_formula_place(const cal_spatial_formula *f, const cali_extreme *at, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned k = 0; k < (f->n_dimensions > 0 ? f->n_dimensions : 1); k++) {
        const double mm = f->n_dimensions > 0 ? at->way_mm[k] : at->length_mm;
        const bool is_short = fabs(mm) < 1.0;
        const int more = snprintf(out + n, size - n, "%s%s = %.4g %s", k > 0 ? ", " : "",
                                  names[f->n_dimensions > 0 ? FIRST_AXIS + k : DISTANCE], is_short ? 1e3 * mm : mm,
                                  is_short ? "um" : "mm");
        n = more < 0 || (size_t)more >= size - n ? size - 1 : n + (size_t)more;
    }
}
