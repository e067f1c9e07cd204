/* A definition as a map, field by field of the table. */
#include "workers/network_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "workers/channel.h"

/* A message holds more than the map. */
enum { MAX_VALUES = CAL_PROTOCOL_MAX_VALUES - 1000 };

typedef struct coder {
    cal_context *ctx;
    cal_packer *packer;
    const cali_model_root *root;
    cali_model_path path;
    bool is_digest; /* without what no state depends on, and of any size */
    size_t n_values;  /* so far */
} coder;

static const char *name_of(const coder *c)
{
    return c->root->def.name == NULL ? "network" : c->root->def.name;
}

/* ---- what travels -------------------------------------------------------------------------------- */

/* 0, false, NULL, or a struct of nothing else. */
static bool is_nothing(const cali_model_field *f, const void *item)
{
    if (f->when != NULL && cali_model_is_zero(item, f->when_offset, f->when_size))
        return true;
    if (f->kind == CALI_MODEL_MAP) {
        for (size_t i = 0; i < f->of->n_fields; i++)
            if (!is_nothing(&f->of->fields[i], (const char *)item + f->offset))
                return false;
        return true;
    }
    size_t size = f->size;
    if (f->kind == CALI_MODEL_FIXED && f->count == CALI_COUNT_KERNEL)
        size = cal_dtype_size(f->dtype) * ((const cal_snn_profile *)item)->kernel->n_params;
    if (cali_model_is_zero(item, f->offset, size))
        return true;
    if (f->kind == CALI_MODEL_ENTRY)
        return f->entries->name(cali_model_pointer(item, f)) == NULL;
    if (f->kind == CALI_MODEL_OWN)
        return ((const cal_neuron *)cali_model_pointer(item, f))->self == NULL;
    if (f->kind == CALI_MODEL_LIST && f->n_member != NULL)
        return cali_model_uint(item, f->n_offset, f->n_size) == 0;
    return false;
}

static bool travels(const coder *c, const cali_model_field *f, const void *item)
{
    if (f->kind == CALI_MODEL_STAYS || (c->is_digest && (f->flags & CALI_MODEL_FREE) != 0))
        return false;
    return (f->flags & CALI_MODEL_ALWAYS) != 0 || !is_nothing(f, item);
}

/* ---- fields -------------------------------------------------------------------------------------- */

static cal_status pack_struct(coder *c, const cali_model_struct *of, const void *item, size_t index);

static cal_status count(coder *c, const cali_model_field *f, const void *item, size_t index, size_t *n)
{
    if (f->n_member != NULL)
        *n = (size_t)cali_model_uint(item, f->n_offset, f->n_size);
    else if (!cali_model_expect(&c->root->def, f, item, index, n))
        return CAL_FAIL(c->ctx, CAL_ERR_ARGUMENT, "%s: %s belongs to a population that there is not", name_of(c), c->path.text);
    return CAL_OK;
}

/* Lent: the definition stays until the frames are taken. */
static cal_status pack_array(coder *c, const cali_model_field *f, const void *data, size_t n)
{
    if (data == NULL && n > 0)
        return CAL_FAIL(c->ctx, CAL_ERR_ARGUMENT, "%s: %s is missing", name_of(c), c->path.text);
    cal_pack_lent_array(c->packer, f->key, f->dtype, 1, &n, data == NULL ? "" : data);
    return CAL_OK;
}

static cal_status pack_choice(coder *c, const cali_model_field *f, const void *item)
{
    const uint64_t at = cali_model_uint(item, f->offset, f->size);
    if (at >= f->names->n)
        return CAL_FAIL(c->ctx, CAL_ERR_ARGUMENT, "%s: %s is of no known kind", name_of(c), c->path.text);
    cal_pack_text(c->packer, f->key, f->names->names[at]);
    return CAL_OK;
}

/* Names and texts that must be there. */
static cal_status pack_text(coder *c, const cali_model_field *f, const char *text)
{
    if (text == NULL)
        return CAL_FAIL(c->ctx, CAL_ERR_ARGUMENT, "%s: %s is missing", name_of(c), c->path.text);
    if (strlen(text) >= CAL_PROTOCOL_MAX_TEXT)
        return CAL_FAIL(c->ctx, CAL_ERR_UNSUPPORTED, "%s: %s has %zu letters, too many to send", name_of(c), c->path.text,
                        strlen(text));
    cal_pack_text(c->packer, f->key, text);
    return CAL_OK;
}

static cal_status pack_own(coder *c, const cali_model_field *f, const void *item)
{
    size_t i = 0;
    while (c->root->own[i].neuron != cali_model_pointer(item, f))
        i++;
    cal_pack_uint(c->packer, f->key, i);
    return CAL_OK;
}

static cal_status pack_list(coder *c, const cali_model_field *f, const void *item, size_t index)
{
    size_t n = 0;
    const char *items = cali_model_pointer(item, f);
    CAL_TRY(count(c, f, item, index, &n));
    cal_pack_open_list(c->packer, f->key);
    for (size_t i = 0; i < n; i++) {
        const size_t before = cali_model_enter(&c->path, f->key, i);
        c->n_values++;
        cal_pack_open_map(c->packer, NULL);
        CAL_TRY(pack_struct(c, f->of, items + i * f->of->size, i));
        cal_pack_close(c->packer);
        cali_model_leave(&c->path, before);
    }
    cal_pack_close(c->packer);
    return CAL_OK;
}

static cal_status pack_map(coder *c, const cali_model_field *f, const void *part, size_t index)
{
    cal_pack_open_map(c->packer, f->key);
    CAL_TRY(pack_struct(c, f->of, part, index));
    cal_pack_close(c->packer);
    return CAL_OK;
}

static cal_status pack_field(coder *c, const cali_model_field *f, const void *item, size_t index)
{
    const void *place = (const char *)item + f->offset;
    size_t n = f->size / (f->kind == CALI_MODEL_FIXED ? cal_dtype_size(f->dtype) : 1);
    cal_time time;
    double real;
    switch (f->kind) {
    case CALI_MODEL_UINT:
        cal_pack_uint(c->packer, f->key, cali_model_uint(item, f->offset, f->size));
        break;
    case CALI_MODEL_TIME:
        memcpy(&time, place, sizeof time);
        cal_pack_int(c->packer, f->key, time);
        break;
    case CALI_MODEL_REAL:
        memcpy(&real, place, sizeof real);
        cal_pack_real(c->packer, f->key, real);
        break;
    case CALI_MODEL_BOOL:
        cal_pack_bool(c->packer, f->key, !cali_model_is_zero(item, f->offset, f->size));
        break;
    case CALI_MODEL_TEXT:
        return pack_text(c, f, cali_model_pointer(item, f));
    case CALI_MODEL_CHOICE:
        return pack_choice(c, f, item);
    case CALI_MODEL_ENTRY:
        cal_pack_text(c->packer, f->key, f->entries->name(cali_model_pointer(item, f)));
        break;
    case CALI_MODEL_OWN:
        return pack_own(c, f, item);
    case CALI_MODEL_FORMULA:
        cal_pack_text(c->packer, f->key, cal_spatial_formula_text(cali_model_pointer(item, f)));
        break;
    case CALI_MODEL_MAP:
        return pack_map(c, f, place, index);
    case CALI_MODEL_MAP_AT:
        return pack_map(c, f, cali_model_pointer(item, f), index);
    case CALI_MODEL_LIST:
        return pack_list(c, f, item, index);
    case CALI_MODEL_FIXED:
        if (f->count == CALI_COUNT_KERNEL)
            CAL_TRY(count(c, f, item, index, &n));
        return pack_array(c, f, place, n);
    case CALI_MODEL_ARRAY:
        CAL_TRY(count(c, f, item, index, &n));
        if (n > 0 || f->n_member != NULL || (f->flags & CALI_MODEL_ALWAYS) != 0)
            return pack_array(c, f, cali_model_pointer(item, f), n);
        break;
    case CALI_MODEL_STAYS:
        break;
    }
    return CAL_OK;
}

static cal_status pack_struct(coder *c, const cali_model_struct *of, const void *item, size_t index)
{
    for (size_t i = 0; i < of->n_fields; i++) {
        const cali_model_field *f = &of->fields[i];
        if (!travels(c, f, item))
            continue;
        const size_t before = cali_model_enter(&c->path, f->key, SIZE_MAX);
        if (c->n_values++ > MAX_VALUES && !c->is_digest)
            return CAL_FAIL(c->ctx, CAL_ERR_UNSUPPORTED,
                            "%s: from %s on it has more than %d values, too many to send. Try this region in process, or lists of "
                            "synapses instead of many projections", name_of(c), c->path.text, MAX_VALUES);
        CAL_TRY(pack_field(c, f, item, index));
        cali_model_leave(&c->path, before);
    }
    return CAL_OK;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

/* Each own neuron once, in the order of the populations; `own` has room for all. */
static void collect_own(cali_model_root *root)
{
    for (size_t i = 0; i < root->def.n_populations; i++) {
        const cal_neuron *neuron = root->def.populations[i].neuron;
        size_t k = 0;
        while (k < root->n_own && root->own[k].neuron != neuron)
            k++;
        if (neuron == NULL || neuron->self == NULL || k < root->n_own)
            continue;
        cali_model_own *own = &root->own[root->n_own++];
        own->neuron = neuron;
        own->text = cal_snn_neuron_text(neuron, &own->n);
    }
}

static cal_status encode(cal_context *ctx, const cal_snn_def *def, cal_packer *packer, const char *key, bool is_digest)
{
    cali_model_root root = {.def = *def};
    coder c = {.ctx = ctx, .packer = packer, .root = &root, .is_digest = is_digest};
    CAL_TRY(cali_alloc(ctx, def->n_populations, sizeof *root.own, "own neurons", &root.own));
    collect_own(&root);
    cal_pack_open_map(packer, key);
    cal_pack_text(packer, "name", CALI_NETWORK_MODEL);
    const cal_status status = pack_struct(&c, cali_model_structs[0], &root, 0);
    cal_pack_close(packer);
    free(root.own);
    return status;
}

cal_status cali_network_model_encode(cal_context *ctx, const cal_snn_def *def, cal_packer *packer, const char *key)
{
    return encode(ctx, def, packer, key, false);
}

cal_status cali_network_model_digest(cal_context *ctx, const cal_snn_def *def, char hex[CALI_DIGEST_SIZE])
{
    cal_packer *packer = NULL;
    const cal_frame *frames = NULL;
    size_t n = 0;
    CAL_TRY(cal_packer_create(ctx, &packer));
    cal_packer_set_limits(packer, &cal_limits_loaded);
    cal_status status = encode(ctx, def, packer, "model", true);
    if (status == CAL_OK)
        status = cal_packer_get(packer, &frames, &n);
    if (status == CAL_OK)
        status = cali_frames_sha256(ctx, "callosum " CAL_VERSION, frames, n, hex);
    cal_packer_destroy(&packer);
    return status;
}
