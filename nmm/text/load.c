/* An own model from its file to a cal_nmm_model: read, checked against its test value, compiled or interpreted. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "nmm/text/own.h"

static void interpret_derive(const void *self, size_t n, double *p)
{
    const cali_own *own = self;
    cali_formula_run(&own->derive, n, p, NULL, NULL, p + own->model.n_params * n);
}

static void interpret_rhs(const void *self, size_t n, const double *p, const double *x, const double *c, double *dx)
{
    const cali_own *own = self;
    cali_formula_run(&own->rhs, n, p, x, c, dx);
}

static void interpret_observe(const void *self, size_t n, const double *p, const double *x, double *y)
{
    const cali_own *own = self;
    cali_formula_run(&own->observe, n, p, x, NULL, y);
}

/* ---- the test value ----------------------------------------------------------------------------------- */

enum { TOLERANCE_DIGITS = 9 };

/* `size`: what counts as 1 of this quantity, for values that cancel to 0. */
static void compare(cali_formula_reader *r, const char *label, const char *unit, double wanted, double got, double size)
{
    if (isnan(wanted) || fabs(got - wanted) <= 1e-9 * fabs(wanted) + 1e-13 * size)
        return;
    char words[2][32];
    cali_format_number(wanted, words[0]);
    cali_format_number(got, words[1]);
    cali_formula_refuse(r, cali_own_of(r)->test_line, cali_own_of(r)->test_column, "C110",
                    "%s: the test says %s %s, but the expressions give %s %s\nbecause both must agree to %d digits", label,
                    words[0], unit, isfinite(got) ? words[1] : "no finite number", unit, TOLERANCE_DIGITS);
}

static void check_test(cali_formula_reader *r)
{
    const cali_own *own = cali_own_of(r);
    const cal_nmm_model *m = &own->model;
    double *dx = cali_formula_take(r, m->n_states, sizeof *dx), *y = cali_formula_take(r, m->n_outputs, sizeof *y);
    if (dx == NULL || y == NULL)
        return;
    interpret_derive(own, 1, own->test_p);
    cali_formula_run(&own->rhs, 1, own->test_p, own->test_x, own->test_c, dx);
    cali_formula_run(&own->observe, 1, own->test_p, own->test_x, NULL, y);
    for (size_t i = 0; i < m->n_states; i++) {
        cali_unit unit, ms;
        char text[CALI_UNIT_TEXT];
        cali_unit_parse(m->states[i].unit, &unit);
        cali_unit_parse("ms", &ms);
        unit = cali_unit_divide(&unit, &ms);
        cali_formula_unit_text(&unit, text);
        compare(r, own->equations[i].label, text, own->test_dx[i], dx[i], m->scales[i]);
    }
    for (size_t i = 0; i < m->n_outputs; i++)
        compare(r, m->outputs[i].name, m->outputs[i].unit, own->test_y[i], y[i], 0.0);
}

/* ---- compiled ----------------------------------------------------------------------------------------------- */

typedef struct entry_points {
    void (*derive)(size_t n, double *p);
    void (*rhs)(size_t n, const double *p, const double *x, const double *c, double *dx);
    void (*observe)(size_t n, const double *p, const double *x, double *y);
} entry_points;

/* POSIX's way from a symbol to a function. */
static bool find_entries(void *library, entry_points *out)
{
    void *rhs = dlsym(library, "cali_own_rhs"), *observe = dlsym(library, "cali_own_observe");
    void *derive = dlsym(library, "cali_own_derive");
    memcpy(&out->derive, &derive, sizeof derive);
    memcpy(&out->rhs, &rhs, sizeof rhs);
    memcpy(&out->observe, &observe, sizeof observe);
    return rhs != NULL && observe != NULL && derive != NULL;
}

static bool is_same(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(isnan(a[i]) && isnan(b[i])) && memcmp(&a[i], &b[i], sizeof *a) != 0)
            return false;
    return true;
}

/* Values around those of the test, another in every region: so many that whole vectors and remainders run. */
enum { PROBES = CALI_FORMULA_LANES + 5 };
static void spread(double *rows, const double *values, size_t n_rows)
{
    for (size_t k = 0; k < n_rows; k++)
        for (size_t i = 0; i < PROBES; i++)
            rows[k * PROBES + i] = values[k] * (1.0 + 0.03 * (double)((i * (k + 3)) % 17)) +
                                   (i == 0 ? 0.0 : 0.01 * (double)((i + 5 * k) % 13) - 0.06);
}

/* Room for all rows of PROBES regions, twice where both ways write. */
typedef struct probe_rows {
    double *p[2], *x, *c, *out[2];
} probe_rows;

static bool take_probes(cali_formula_reader *r, probe_rows *rows)
{
    const cal_nmm_model *m = &cali_own_of(r)->model;
    const size_t n_out = m->n_states > m->n_outputs ? m->n_states : m->n_outputs;
    for (int k = 0; k < 2; k++) {
        rows->p[k] = cali_formula_take(r, PROBES * (m->n_params + m->n_derived), sizeof(double));
        rows->out[k] = cali_formula_take(r, PROBES * n_out, sizeof(double));
    }
    rows->x = cali_formula_take(r, PROBES * m->n_states, sizeof(double));
    rows->c = cali_formula_take(r, PROBES * m->n_inputs, sizeof(double));
    return !r->is_out_of_memory;
}

/* The compiled model against the interpreter, bit by bit: a compiler that takes liberties is not used. */
static bool agrees(cali_formula_reader *r, const entry_points *entries)
{
    const cali_own *own = cali_own_of(r);
    const cal_nmm_model *m = &own->model;
    probe_rows rows;
    if (!take_probes(r, &rows))
        return false;
    spread(rows.p[0], own->test_p, m->n_params);
    spread(rows.p[1], own->test_p, m->n_params);
    spread(rows.x, own->test_x, m->n_states);
    spread(rows.c, own->test_c, m->n_inputs);
    interpret_derive(own, PROBES, rows.p[0]);
    entries->derive(PROBES, rows.p[1]);
    if (!is_same(rows.p[0], rows.p[1], PROBES * (m->n_params + m->n_derived)))
        return false;
    cali_formula_run(&own->rhs, PROBES, rows.p[0], rows.x, rows.c, rows.out[0]);
    entries->rhs(PROBES, rows.p[0], rows.x, rows.c, rows.out[1]);
    if (!is_same(rows.out[0], rows.out[1], PROBES * m->n_states))
        return false;
    cali_formula_run(&own->observe, PROBES, rows.p[0], rows.x, NULL, rows.out[0]);
    entries->observe(PROBES, rows.p[0], rows.x, rows.out[1]);
    return is_same(rows.out[0], rows.out[1], PROBES * m->n_outputs);
}

static void choose_compiled(cali_formula_reader *r, const cali_formula_compiler *compiler, void *library, bool was_cached, char *why,
                            size_t size)
{
    cali_own *own = cali_own_of(r);
    cal_nmm_model *m = &own->model;
    entry_points entries;
    own->library = library;
    if (!find_entries(library, &entries) || !agrees(r, &entries)) {
        snprintf(why, size, "%.200s does not compute what the model says", compiler->path);
        return;
    }
    m->derive = m->n_derived > 0 ? entries.derive : NULL;
    m->derive_of = NULL;
    m->rhs = entries.rhs;
    m->observe = entries.observe;
    m->rhs_of = NULL;
    m->observe_of = NULL;
    cali_text how = {0};
    cali_text_format(&how, "compiled by %s%s", compiler->version, was_cached ? " (kept from before)" : "");
    own->how = cali_formula_keep(r, how.is_broken ? "compiled" : how.data, how.is_broken ? 8 : how.size);
    cali_text_free(&how);
}

static void choose_way(cali_formula_reader *r)
{
    cali_own *own = cali_own_of(r);
    cali_formula_compiler compiler;
    char why[640] = "";
    own->model.self = own;
    own->model.derive_of = own->model.n_derived > 0 ? interpret_derive : NULL;
    own->model.rhs_of = interpret_rhs;
    own->model.observe_of = interpret_observe;
    if (cali_formula_find_compiler(&compiler, why, sizeof why)) {
        cali_text source = {0};
        bool was_cached = false;
        void *library = cali_own_emit(own, &source)
                            ? cali_formula_library(r->ctx, &compiler, &source, &was_cached, why, sizeof why)
                            : NULL;
        cali_text_free(&source);
        if (library != NULL)
            choose_compiled(r, &compiler, library, was_cached, why, sizeof why);
    }
    if (own->model.rhs != NULL)
        return;
    cali_text how = {0};
    cali_text_format(&how, "interpreted, because %s", why);
    own->how = cali_formula_keep(r, how.is_broken ? "interpreted" : how.data, how.is_broken ? 11 : how.size);
    cali_text_free(&how);
    cal_context_note(r->ctx, "%s runs interpreted, with the same numbers but slower, because %s", own->file.path, why);
}

/* ---- the file ------------------------------------------------------------------------------------------------- */

static bool make_programs(cali_formula_reader *r)
{
    cali_own *own = cali_own_of(r);
    cal_nmm_model *m = &own->model;
    if (!cali_formula_make(r, own->equations, m->n_states, &own->rhs) ||
        !cali_formula_make(r, own->outputs, m->n_outputs, &own->observe) ||
        !cali_formula_hoist(r, &own->rhs, &own->derive, m->n_params, false) ||
        !cali_formula_hoist(r, &own->observe, &own->derive, m->n_params, false))
        return false;
    m->n_derived = own->derive.n_results;
    return cali_formula_finish(r, &own->rhs) && cali_formula_finish(r, &own->observe) &&
           cali_formula_finish(r, &own->derive);
}

static void read_all(cali_formula_reader *r)
{
    cali_node *root = cali_formula_root(r);
    if (root == NULL)
        return;
    cali_own_read(r, root);
    if (r->n_mistakes > 0 || r->is_out_of_memory || !make_programs(r))
        return;
    check_test(r);
    if (r->n_mistakes == 0 && !r->is_out_of_memory && !r->is_dry)
        choose_way(r);
}

cal_status cali_own_load_text(cal_context *ctx, const char *path, const char *text, size_t size, bool is_dry,
                              cal_nmm_model **out)
{
    *out = NULL;
    cali_own *own = calloc(1, sizeof *own);
    cali_tree *tree = cali_tree_create();
    cali_formula_reader r = {.ctx = ctx, .file = own == NULL ? NULL : &own->file, .owner = own, .what = "model", .tree = tree, .is_dry = is_dry};
    cal_status status = CAL_ERR_MEMORY;
    if (own != NULL && tree != NULL) {
        own->file.path = cali_formula_keep(&r, path, strlen(path));
        own->file.text = cali_formula_keep(&r, text, size);
        own->file.text_size = size;
    }
    if (own == NULL || own->file.path == NULL || own->file.text == NULL) {
        CAL_FAIL(ctx, status, "%s: no memory", path);
    } else {
        read_all(&r);
        status = cali_formula_verdict(&r);
    }
    cali_text_free(&r.mistakes);
    cali_tree_destroy(&tree);
    cal_nmm_model *model = own == NULL ? NULL : &own->model;
    if (status != CAL_OK)
        cal_nmm_model_destroy(&model);
    *out = model;
    return status;
}

cal_status cal_nmm_model_load(cal_context *ctx, const char *path, cal_nmm_model **out)
{
    char *text = NULL;
    size_t size = 0;
    *out = NULL;
    CAL_TRY(cali_file_read(ctx, path, CALI_FORMULA_MAX_BYTES, &text, &size));
    const cal_status status = cali_own_load_text(ctx, path, text, size, false, out);
    free(text);
    return status;
}

const char *cal_nmm_model_how(const cal_nmm_model *model)
{
    return model->self == NULL ? "built in" : ((const cali_own *)model->self)->how;
}

void cal_nmm_model_destroy(cal_nmm_model **model)
{
    if (model == NULL || *model == NULL)
        return;
    cali_own *own = (cali_own *)(void *)*model; /* its first member */
    if (own->library != NULL)
        dlclose(own->library);
    cali_arena_free(&own->file.arena);
    free(own);
    *model = NULL;
}
