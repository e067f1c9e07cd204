/* A map that came from a peer as a definition. Nothing is believed: types and lengths are checked against the table, names are
 * looked up, and what is allocated is paid for by what was received. What is then left - ranges, combinations - is said by
 * cal_snn_create, which a definition of any numbers must not bring down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "workers/network_model.h"

enum {
    MAX_OWN = 256,     /* own neurons: each may start a compiler */
    MAX_FORMULAS = 1000, /* different ones: each is compared with those before it */
    MAX_ITEMS = 100000 /* of a list: some are compared with each other */
};

struct cali_network_model {
    cal_context *ctx;
    cal_neuron *own[MAX_OWN]; /* made of the texts */
    size_t n_own;
    cali_model_root root;
    cali_arena arena;
    struct {
        cal_spatial_formula *formula;
        const char *unit; /* of the table */
    } formulas[MAX_FORMULAS];
    size_t n_formulas;
};

typedef struct decoder {
    cali_network_model *model;
    cal_reader reader;
    cali_model_path path;
    bool is_placed; /* the problem names its path */
    bool is_out_of_memory;
} decoder;

/* A struct that is being read from a map. */
typedef struct place {
    const cali_model_struct *of;
    const cal_value *map;
    void *item;
    size_t index; /* of the item in its list */
} place;

static bool is_stopped(const decoder *d)
{
    return d->is_out_of_memory || cal_reader_is_broken(&d->reader);
}

/* Memory of the model; NULL: none. */
static void *take(decoder *d, size_t n, size_t size)
{
    void *data = size > 0 && n > SIZE_MAX / 2 / size ? NULL : cali_arena_take(&d->model->arena, n * size + 1);
    d->is_out_of_memory |= data == NULL;
    return data;
}

/* A number of a field or of a count, as wide as its member. */
static void put(void *item, size_t offset, size_t size, uint64_t value)
{
    const uint32_t narrow = (uint32_t)value;
    if (size == sizeof value)
        memcpy((char *)item + offset, &value, sizeof value);
    else
        memcpy((char *)item + offset, &narrow, sizeof narrow);
}

static void put_pointer(const cali_model_field *f, void *item, const void *pointer)
{
    memcpy((char *)item + f->offset, &pointer, sizeof pointer);
}

/* ---- fields -------------------------------------------------------------------------------------- */

static void read_struct(decoder *d, place at);

/* Whether an array of the same count has been read. */
static bool is_counted(const place *at, const cali_model_field *f)
{
    for (const cali_model_field *g = at->of->fields; g < f; g++)
        if (g->n_member != NULL && g->n_offset == f->n_offset && cali_model_pointer(at->item, g) != NULL)
            return true;
    return false;
}

/* Whether `n` items are as many as there have to be; where the definition counts them, the first array says how many. */
static bool counts(decoder *d, const place *at, const cali_model_field *f, size_t n)
{
    size_t expected = n;
    if (f->n_member == NULL && !cali_model_expect(&d->model->root.def, f, at->item, at->index, &expected))
        cal_reader_fail(&d->reader, "E203", "it belongs to a population, or to dimensions, that there are not");
    else if (f->n_member != NULL && is_counted(at, f))
        expected = (size_t)cali_model_uint(at->item, f->n_offset, f->n_size);
    else if (f->n_member != NULL)
        put(at->item, f->n_offset, f->n_size, n);
    if (expected != n)
        cal_reader_fail(&d->reader, "E203", "it has %zu items instead of %zu", n, expected);
    return !is_stopped(d);
}

static void read_array(decoder *d, const place *at, const cali_model_field *f)
{
    const cal_array array = cal_read_array(&d->reader, at->map, f->key, f->dtype);
    if (is_stopped(d) || !counts(d, at, f, array.n))
        return;
    void *data = take(d, array.n, cal_dtype_size(f->dtype));
    if (data == NULL)
        return;
    cal_read_vector(&d->reader, at->map, f->key, f->dtype, array.n, data);
    put_pointer(f, at->item, data);
}

static void read_fixed(decoder *d, const place *at, const cali_model_field *f)
{
    size_t n = f->size / cal_dtype_size(f->dtype);
    if (f->count != CALI_COUNT_MEMBER && (!cali_model_expect(&d->model->root.def, f, at->item, at->index, &n) || n == 0))
        cal_reader_fail(&d->reader, "E203", "there is nothing that takes them");
    cal_read_vector(&d->reader, at->map, f->key, f->dtype, n, (char *)at->item + f->offset);
}

/* Every item is paid for before there is room for any: it is a map with at least what it must have. */
static bool are_paid(decoder *d, const cali_model_struct *of, const cal_value *list)
{
    size_t n_least = 0;
    for (size_t i = 0; i < of->n_fields; i++)
        n_least += (of->fields[i].flags & CALI_MODEL_ALWAYS) != 0;
    for (size_t i = 0; i < cal_value_n(list); i++) {
        const cal_value *value = cal_value_at(list, i);
        if (cal_value_get_kind(value) != CAL_MAP || cal_value_n(value) < n_least) {
            cal_reader_fail(&d->reader, "E106", "item %zu is no map of at least %zu members", i, n_least);
            return false;
        }
    }
    return true;
}

static void read_list(decoder *d, const place *at, const cali_model_field *f)
{
    const cal_value *list = cal_read_list(&d->reader, at->map, f->key);
    const size_t n = cal_value_n(list);
    if (n > MAX_ITEMS)
        cal_reader_fail(&d->reader, "E106", "it has %zu items, of at most %d", n, MAX_ITEMS);
    if (is_stopped(d) || !counts(d, at, f, n) || !are_paid(d, f->of, list))
        return;
    char *items = take(d, n, f->of->size);
    if (items == NULL)
        return;
    put_pointer(f, at->item, items);
    for (size_t i = 0; i < n && !is_stopped(d); i++) {
        const size_t before = cali_model_enter(&d->path, f->key, i);
        read_struct(d, (place){f->of, cal_value_at(list, i), items + i * f->of->size, i});
        cali_model_leave(&d->path, before);
    }
}

static void read_map_at(decoder *d, const place *at, const cali_model_field *f)
{
    const cal_value *part = cal_read_map(&d->reader, at->map, f->key);
    void *to = is_stopped(d) ? NULL : take(d, 1, f->of->size);
    if (to == NULL)
        return;
    put_pointer(f, at->item, to);
    read_struct(d, (place){f->of, part, to, at->index});
}

static void read_text(decoder *d, const place *at, const cali_model_field *f)
{
    const char *text = cal_read_text(&d->reader, at->map, f->key, false);
    if (text == NULL)
        return;
    char *copy = cali_arena_copy(&d->model->arena, text, strlen(text));
    d->is_out_of_memory |= copy == NULL;
    put_pointer(f, at->item, copy);
}

static void read_choice(decoder *d, const place *at, const cali_model_field *f)
{
    const char *name = cal_read_text(&d->reader, at->map, f->key, false);
    for (size_t i = 0; name != NULL && i < f->names->n; i++)
        if (strcmp(f->names->names[i], name) == 0) {
            put(at->item, f->offset, f->size, i);
            return;
        }
    cal_reader_fail(&d->reader, "E203", "there is no \"%.60s\"", name == NULL ? "" : name);
}

static void read_entry(decoder *d, const place *at, const cali_model_field *f)
{
    const char *name = cal_read_text(&d->reader, at->map, f->key, false);
    const void *entry = name == NULL ? NULL : f->entries->find(name);
    if (entry == NULL)
        cal_reader_fail(&d->reader, f->entries->code, "this build knows no %s \"%.60s\"", f->entries->what, name == NULL ? "" : name);
    put_pointer(f, at->item, entry);
}

static void read_own(decoder *d, const place *at, const cali_model_field *f)
{
    const cali_model_root *root = &d->model->root;
    const uint64_t number = cal_read_uint(&d->reader, at->map, f->key, 0, UINT32_MAX);
    if (number >= root->n_own)
        cal_reader_fail(&d->reader, "E203", "there are %zu own neurons, counted from 0, not %llu", root->n_own, (unsigned long long)number);
    else if (cali_model_pointer(at->item, f) != NULL)
        cal_reader_fail(&d->reader, "E203", "a built-in neuron is given, too");
    else
        put_pointer(f, at->item, root->own[number].neuron);
}

/* A text that occurs often is one formula. */
static void read_formula(decoder *d, const place *at, const cali_model_field *f)
{
    cali_network_model *m = d->model;
    const char *text = cal_read_text(&d->reader, at->map, f->key, false), *unit = f->unit != NULL ? f->unit : "1";
    size_t i = 0;
    if (text == NULL)
        return;
    while (i < m->n_formulas &&
           (strcmp(cal_spatial_formula_text(m->formulas[i].formula), text) != 0 || strcmp(m->formulas[i].unit, unit) != 0))
        i++;
    if (i == MAX_FORMULAS) {
        cal_reader_fail(&d->reader, "E203", "more than %d different formulas", MAX_FORMULAS);
        return;
    }
    if (i == m->n_formulas) {
        if (cal_spatial_formula_create(m->ctx, text, unit, &m->formulas[i].formula) != CAL_OK) {
            cal_reader_fail(&d->reader, "E203", "%.180s", cal_context_message(m->ctx));
            return;
        }
        m->formulas[i].unit = unit;
        m->n_formulas++;
    }
    put_pointer(f, at->item, m->formulas[i].formula);
}

static void read_field(decoder *d, const place *at, const cali_model_field *f)
{
    cal_reader *r = &d->reader;
    void *member = (char *)at->item + f->offset;
    switch (f->kind) {
    case CALI_MODEL_UINT:
        put(at->item, f->offset, f->size, cal_read_uint(r, at->map, f->key, 0, f->size == sizeof(uint64_t) ? UINT64_MAX : UINT32_MAX));
        break;
    case CALI_MODEL_TIME:
        put(at->item, f->offset, f->size, (uint64_t)cal_read_int(r, at->map, f->key, INT64_MIN, INT64_MAX));
        break;
    case CALI_MODEL_REAL: {
        const double real = cal_read_real(r, at->map, f->key, true);
        memcpy(member, &real, sizeof real);
        break;
    }
    case CALI_MODEL_BOOL: {
        const bool is_true = cal_read_bool(r, at->map, f->key);
        memcpy(member, &is_true, sizeof is_true);
        break;
    }
    case CALI_MODEL_TEXT:
        read_text(d, at, f);
        break;
    case CALI_MODEL_CHOICE:
        read_choice(d, at, f);
        break;
    case CALI_MODEL_ENTRY:
        read_entry(d, at, f);
        break;
    case CALI_MODEL_OWN:
        read_own(d, at, f);
        break;
    case CALI_MODEL_FORMULA:
        read_formula(d, at, f);
        break;
    case CALI_MODEL_MAP:
        read_struct(d, (place){f->of, cal_read_map(r, at->map, f->key), member, at->index});
        break;
    case CALI_MODEL_MAP_AT:
        read_map_at(d, at, f);
        break;
    case CALI_MODEL_LIST:
        read_list(d, at, f);
        break;
    case CALI_MODEL_FIXED:
        read_fixed(d, at, f);
        break;
    case CALI_MODEL_ARRAY:
        read_array(d, at, f);
        break;
    case CALI_MODEL_STAYS:
        break;
    }
}

/* ---- maps ---------------------------------------------------------------------------------------- */

static bool is_known(const cali_model_struct *of, const char *key)
{
    if (of == cali_model_structs[0] && strcmp(key, "name") == 0)
        return true;
    for (size_t i = 0; i < of->n_fields; i++)
        if (of->fields[i].kind != CALI_MODEL_STAYS && strcmp(of->fields[i].key, key) == 0)
            return true;
    return false;
}

/* Puts the place before the sentence of the first problem. */
static void say_where(decoder *d)
{
    cal_problem *problem = &d->reader.problem;
    char text[sizeof problem->text];
    if (!cal_reader_is_broken(&d->reader) || d->is_placed)
        return;
    d->is_placed = true;
    snprintf(text, sizeof text, "%s", problem->text);
    snprintf(problem->text, sizeof problem->text, "%s%s%.*s", d->path.text, d->path.size > 0 ? ": " : "",
             (int)(sizeof problem->text - d->path.size - 3), text);
}

static void read_own_neurons(decoder *d)
{
    cali_model_root *root = &d->model->root;
    if (root->n_own > MAX_OWN)
        cal_reader_fail(&d->reader, "E203", "more than %d of them", MAX_OWN);
    for (size_t i = 0; i < root->n_own && !is_stopped(d); i++) {
        char name[40];
        cal_neuron *neuron = NULL;
        snprintf(name, sizeof name, "own_neurons[%zu]", i);
        const cal_status status = cal_snn_neuron_load_text(d->model->ctx, name, root->own[i].text, root->own[i].n, &neuron);
        root->own[i].neuron = neuron;
        if (neuron != NULL)
            d->model->own[d->model->n_own++] = neuron;
        d->is_out_of_memory |= status == CAL_ERR_MEMORY;
        if (status != CAL_OK)
            cal_reader_fail(&d->reader, "E203", "%.180s", cal_context_message(d->model->ctx));
    }
}

static void read_struct(decoder *d, place at)
{
    for (size_t i = 0; i < cal_value_n(at.map); i++)
        if (!is_known(at.of, cal_value_key(at.map, i)))
            cal_reader_fail(&d->reader, "E203", "this build does not know the member \"%.60s\" of a %s", cal_value_key(at.map, i),
                            at.of->title);
    say_where(d);
    for (size_t i = 0; i < at.of->n_fields && !is_stopped(d); i++) {
        const cali_model_field *f = &at.of->fields[i];
        if (f->kind == CALI_MODEL_STAYS || ((f->flags & CALI_MODEL_ALWAYS) == 0 && cal_value_find(at.map, f->key) == NULL))
            continue;
        const size_t before = cali_model_enter(&d->path, f->key, SIZE_MAX);
        read_field(d, &at, f);
        if (!is_stopped(d) && at.of == cali_model_structs[0] && strcmp(f->key, "own_neurons") == 0)
            read_own_neurons(d);
        say_where(d);
        cali_model_leave(&d->path, before);
    }
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static void read_all(decoder *d, const cal_value *map)
{
    const char *name = cal_read_text(&d->reader, map, "name", false);
    if (name != NULL && strcmp(name, CALI_NETWORK_MODEL) != 0)
        cal_reader_fail(&d->reader, "E201", "the model is \"%.60s\", not " CALI_NETWORK_MODEL, name);
    if (!is_stopped(d))
        read_struct(d, (place){cali_model_structs[0], map, &d->model->root, 0});
}

cal_status cali_network_model_decode(cal_context *ctx, const cal_value *map, cali_network_model **out, cal_problem *problem)
{
    decoder d = {.model = calloc(1, sizeof *d.model)};
    *out = NULL;
    if (d.model != NULL) {
        d.model->ctx = ctx;
        d.model->root.def = cal_snn_def_default();
        read_all(&d, map);
    }
    if (d.model == NULL || d.is_out_of_memory) {
        d.reader.problem = (cal_problem){"E402", "no memory for the definition of the network"};
        cali_network_model_destroy(&d.model);
        *problem = d.reader.problem;
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s", problem->text);
    }
    *problem = d.reader.problem;
    if (cal_reader_is_broken(&d.reader)) {
        cali_network_model_destroy(&d.model);
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s %s", problem->code, problem->text);
    }
    *out = d.model;
    return CAL_OK;
}

void cali_network_model_destroy(cali_network_model **model)
{
    if (model == NULL || *model == NULL)
        return;
    for (size_t i = 0; i < (*model)->n_own; i++)
        cal_snn_neuron_destroy(&(*model)->own[i]);
    for (size_t i = 0; i < (*model)->n_formulas; i++)
        cal_spatial_formula_destroy(&(*model)->formulas[i].formula);
    cali_arena_free(&(*model)->arena);
    free(*model);
    *model = NULL;
}

void cali_network_model_shrink(cali_network_model *model)
{
    cali_arena_free(&model->arena);
    model->root = (cali_model_root){.def = cal_snn_def_default()};
}

const cal_snn_def *cali_network_model_def(const cali_network_model *model)
{
    return &model->root.def;
}
