/* An own neuron from its file to a cal_neuron: read, checked against its test values, compiled or interpreted. */
#include <assert.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "snn/text/own.h"

/* ---- constants -------------------------------------------------------------------------------------- */

void cali_own_neuron_prepare(const cali_own_neuron *own, const double *params, double dt_ms, float *constants)
{
    const size_t n_params = own->neuron.face.n_params, n = own->n_states;
    double rows[CALI_OWN_MAX_ROWS], prelude[1 + CALI_MAX_STATES * CALI_OWN_LINEAR];
    if (n_params > 0)
        memcpy(rows, params, n_params * sizeof *rows);
    rows[n_params] = dt_ms;
    cali_formula_run(&own->prelude, 1, rows, NULL, NULL, prelude);
    const double refractory_ms = prelude[0] > 0.0 ? fmin(prelude[0], 1e6 * dt_ms) : 0.0;
    rows[n_params + 1] = cali_steps(refractory_ms, dt_ms);
    if (own->scheme == CALI_OWN_EXACT) {
        double system[CALI_OWN_LINEAR * CALI_OWN_LINEAR];
        memcpy(system, prelude + 1, n * (n + 2) * sizeof *system);
        cali_own_propagators(n, dt_ms / own->n_sub_steps, system);
        memcpy(rows + n_params + 2, system, n * (n + 2) * sizeof *rows);
    }
    cali_formula_run(&own->derive, 1, rows, NULL, NULL, rows + own->n_base);
    for (size_t k = 0; k < own->neuron.n_constants; k++)
        constants[k] = (float)rows[own->row_of[k]];
}

static void prepare_of(const cali_neuron *neuron, const double *params, double dt_ms, float *constants)
{
    cali_own_neuron_prepare(neuron->own, params, dt_ms, constants);
}

/* Constants that are no numbers, a division by 0 for example, are refused before the run. */
static bool check_of(const cali_neuron *neuron, const double *params, double dt_ms, char *why, size_t size)
{
    const cali_own_neuron *own = neuron->own;
    float constants[CALI_MAX_CONSTANTS + 1];
    cali_own_neuron_prepare(own, params, dt_ms, constants);
    for (size_t k = 0; k < neuron->n_constants; k++)
        if (!isfinite(constants[k])) {
            snprintf(why, size, "a part that depends on parameters and dt alone is not finite");
            return false;
        }
    return true;
}

/* ---- loops ------------------------------------------------------------------------------------------------ */

void cali_own_neuron_interpret(const cali_own_neuron *own, size_t n, float *const *state, const float *const *constant,
                               const float *const *input, int32_t *spiked)
{
    float flags[CALI_BLOCK], *out[CALI_MAX_STATES + 1];
    const size_t n_states = own->neuron.face.n_states;
    memcpy(out, state, n_states * sizeof *out);
    out[n_states] = flags;
    const cali_formula_rows_f32 rows = {constant, state, input, out};
    cali_formula_run_f32(&own->step, n, &rows);
    for (size_t i = 0; i < n; i++)
        spiked[i] = flags[i] > 0.0f;
}

/* The loop of all own neurons: the current becomes a row like the others. */
static void loop(const cali_block *b)
{
    const cali_own_neuron *own = b->neuron->own;
    float current[CALI_BLOCK];
    const float *input[CALI_MAX_RECEPTORS + 1] = {b->currents != NULL ? b->currents : current};
    for (size_t i = 0; b->currents == NULL && i < b->n; i++)
        current[i] = b->current;
    memcpy(input + 1, b->input, own->neuron.face.n_receptors * sizeof *input);
    if (own->compiled != NULL)
        own->compiled(b->n, b->is_uniform, b->state, b->constant, input, b->spiked);
    else
        cali_own_neuron_interpret(own, b->n, b->state, b->constant, input, b->spiked);
}

/* ---- compiled ------------------------------------------------------------------------------------------------ */

/* Neurons around the test state, another in every place, over some steps: so many that whole vectors and remainders
 * run, with inputs that make some of them spike. */
enum { PROBES = CALI_FORMULA_LANES + 5, PROBE_STEPS = 24 };
typedef struct probe {
    float state[CALI_MAX_STATES][PROBES], constant[CALI_MAX_CONSTANTS + 1][PROBES], input[CALI_MAX_RECEPTORS + 1][PROBES];
    int32_t spiked[PROBE_STEPS][PROBES];
} probe;

static void fill_probe(const cali_own_neuron *own, bool is_uniform, probe *p)
{
    float constants[CALI_MAX_CONSTANTS + 1];
    memset(p, 0, sizeof *p);
    cali_own_neuron_prepare(own, own->test_p, own->test_step_ms, constants);
    for (size_t i = 0; i < PROBES; i++) {
        for (size_t k = 0; k < own->n_states; k++)
            p->state[k][i] = (float)(own->test_x[k] * (1.0 + 0.03 * (double)((i * (k + 3)) % 17)) + 0.01 * (double)(i % 13));
        for (size_t k = 0; k < own->neuron.n_constants; k++)
            p->constant[k][i] = is_uniform ? constants[k] : constants[k] * (float)(1.0 + 0.001 * (double)((i + 3 * k) % 5));
        p->input[0][i] = (float)(own->test_current * (1.0 + 0.2 * (double)(i % 7)) + (double)(i % 5));
        for (size_t k = 0; k < own->neuron.face.n_receptors; k++)
            p->input[k + 1][i] = (float)(0.3 * (double)((i + k) % 4));
    }
}

static void run_probe(const cali_own_neuron *own, cali_own_compiled *compiled, bool is_uniform, probe *p)
{
    float *state[CALI_MAX_STATES];
    const float *constant[CALI_MAX_CONSTANTS + 1], *input[CALI_MAX_RECEPTORS + 1];
    for (size_t k = 0; k < CALI_MAX_STATES; k++)
        state[k] = p->state[k];
    for (size_t k = 0; k <= CALI_MAX_CONSTANTS; k++)
        constant[k] = p->constant[k];
    for (size_t k = 0; k <= CALI_MAX_RECEPTORS; k++)
        input[k] = p->input[k];
    for (size_t k = 0; k < PROBE_STEPS; k++) {
        if (compiled != NULL)
            compiled(PROBES, is_uniform, state, constant, input, p->spiked[k]);
        else
            cali_own_neuron_interpret(own, PROBES, state, constant, input, p->spiked[k]);
    }
}

static bool is_same(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(isnan(a[i]) && isnan(b[i])) && memcmp(&a[i], &b[i], sizeof *a) != 0)
            return false;
    return true;
}

/* The compiled step against the interpreter, bit by bit: a compiler that takes liberties is not used. */
static bool agrees(cali_formula_reader *r, cali_own_compiled *compiled)
{
    const cali_own_neuron *own = cali_own_neuron_of(r);
    probe *p = cali_formula_take(r, 2, sizeof *p);
    if (p == NULL)
        return false;
    for (int is_uniform = 0; is_uniform < 2; is_uniform++) {
        for (int k = 0; k < 2; k++) {
            fill_probe(own, is_uniform, &p[k]);
            run_probe(own, k == 0 ? NULL : compiled, is_uniform, &p[k]);
        }
        if (!is_same(&p[0].state[0][0], &p[1].state[0][0], sizeof p->state / sizeof(float)) ||
            memcmp(p[0].spiked, p[1].spiked, sizeof p->spiked) != 0)
            return false;
    }
    return true;
}

static void say(cali_formula_reader *r, const char *format, const char *what, const char *more)
{
    cali_text how = {0};
    cali_text_format(&how, format, what, more);
    cali_own_neuron_of(r)->how = cali_formula_keep(r, how.is_broken ? "" : how.data, how.is_broken ? 0 : how.size);
    cali_text_free(&how);
}

static void choose_way(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    cali_formula_compiler compiler;
    char why[640] = "";
    if (cali_formula_find_compiler(&compiler, why, sizeof why)) {
        cali_text source = {0};
        bool was_cached = false;
        own->library = cali_own_neuron_emit(own, false, &source)
                           ? cali_formula_library(r->ctx, &compiler, &source, &was_cached, why, sizeof why)
                           : NULL;
        cali_text_free(&source);
        void *symbol = own->library != NULL ? dlsym(own->library, "cali_own_neuron_loop") : NULL;
        cali_own_compiled *compiled = NULL;
        memcpy(&compiled, &symbol, sizeof symbol); /* POSIX's way from a symbol to a function */
        if (compiled != NULL && agrees(r, compiled))
            own->compiled = compiled;
        else if (own->library != NULL)
            snprintf(why, sizeof why, "%.200s does not compute what the neuron says", compiler.path);
        if (own->compiled != NULL) {
            say(r, "compiled by %s%s", compiler.version, was_cached ? " (kept from before)" : "");
            return;
        }
    }
    say(r, "interpreted, because %s%s", why, "");
    cal_context_note(r->ctx, "%s runs interpreted, with the same numbers but slower, because %s", own->file.path, why);
}

/* ---- the file ------------------------------------------------------------------------------------------------- */

static void set_entry(cali_own_neuron *own)
{
    cali_neuron *neuron = &own->neuron;
    neuron->own = own;
    neuron->face.self = neuron;
    neuron->rest_param = -1;
    neuron->prepare_of = prepare_of;
    neuron->check_of = check_of;
    for (int i = 0; i < CALI_N_ISA; i++)
        neuron->loop[i] = loop; /* the compiled step and the interpreter know their instruction set */
}

static void read_all(cali_formula_reader *r)
{
    cali_node *root = cali_formula_root(r);
    if (root == NULL)
        return;
    cali_own_neuron_read(r, root);
    if (r->n_mistakes > 0 || r->is_out_of_memory || !cali_own_neuron_make(r))
        return;
    cali_own_neuron_check_test(r);
    if (r->n_mistakes == 0 && !r->is_out_of_memory && !r->is_dry)
        choose_way(r);
}

cal_status cali_own_neuron_load_text(cal_context *ctx, const char *path, const char *text, size_t size, bool is_dry,
                                     cal_neuron **out)
{
    *out = NULL;
    cali_own_neuron *own = calloc(1, sizeof *own);
    cali_tree *tree = cali_tree_create();
    cali_formula_reader r = {.ctx = ctx, .file = own == NULL ? NULL : &own->file, .owner = own, .what = "neuron", .tree = tree,
                             .is_dry = is_dry};
    cal_status status = CAL_ERR_MEMORY;
    if (own != NULL)
        set_entry(own);
    if (own != NULL && tree != NULL) {
        own->file.path = cali_formula_keep(&r, path, strlen(path));
        own->file.text = cali_formula_keep(&r, text, size);
        own->file.text_size = size;
        own->neuron.digest = own->digest;
    }
    if (own == NULL || own->file.path == NULL || own->file.text == NULL) {
        CAL_FAIL(ctx, status, "%s: no memory", path);
    } else if ((status = cali_digest_bytes(ctx, text, size, own->digest)) == CAL_OK) {
        read_all(&r);
        status = cali_formula_verdict(&r);
    }
    cali_text_free(&r.mistakes);
    cali_tree_destroy(&tree);
    cal_neuron *face = own == NULL ? NULL : &own->neuron.face;
    if (status != CAL_OK)
        cal_snn_neuron_destroy(&face);
    *out = face;
    return status;
}

cal_status cal_snn_neuron_load(cal_context *ctx, const char *path, cal_neuron **out)
{
    char *text = NULL;
    size_t size = 0;
    *out = NULL;
    CAL_TRY(cali_file_read(ctx, path, CALI_FORMULA_MAX_BYTES, &text, &size));
    const cal_status status = cali_own_neuron_load_text(ctx, path, text, size, false, out);
    free(text);
    return status;
}

cal_status cal_snn_neuron_load_text(cal_context *ctx, const char *name, const char *text, size_t size, cal_neuron **out)
{
    *out = NULL;
    if (size > CALI_FORMULA_MAX_BYTES)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: has %zu bytes, of at most %d", name, size, (int)CALI_FORMULA_MAX_BYTES);
    return cali_own_neuron_load_text(ctx, name, text, size, false, out);
}

const char *cal_snn_neuron_text(const cal_neuron *neuron, size_t *size)
{
    const cali_neuron *self = neuron->self;
    *size = self == NULL ? 0 : self->own->file.text_size;
    return self == NULL ? NULL : self->own->file.text;
}

const char *cal_snn_neuron_how(const cal_neuron *neuron)
{
    return neuron->self == NULL ? "built in" : ((const cali_neuron *)neuron->self)->own->how;
}

cal_status cal_snn_neuron_source(cal_context *ctx, const cal_neuron *neuron, const char *language, char **out)
{
    const bool is_cuda = strcmp(language, "cuda") == 0;
    cali_text text = {0};
    *out = NULL;
    if (neuron->self == NULL)
        return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "%s is built in; its source is snn/kernels", neuron->name);
    if (!is_cuda && strcmp(language, "c") != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "unknown language \"%.40s\"; c or cuda", language);
    if (!cali_own_neuron_emit(((const cali_neuron *)neuron->self)->own, is_cuda, &text)) {
        cali_text_free(&text);
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory", neuron->name);
    }
    *out = text.data;
    return CAL_OK;
}

void cal_snn_neuron_destroy(cal_neuron **neuron)
{
    if (neuron == NULL || *neuron == NULL)
        return;
    assert((*neuron)->self != NULL); /* built-in neurons are constant */
    cali_own_neuron *own = (cali_own_neuron *)(uintptr_t)((const cali_neuron *)(*neuron)->self)->own;
    if (own->library != NULL)
        dlclose(own->library);
    cali_arena_free(&own->file.arena);
    free(own);
    *neuron = NULL;
}
