/* Own models and neurons in the place of built-in ones: a file named under models.NAME.neural_mass or under
 * populations.NAME.neuron. */
#include <stdlib.h>
#include <string.h>

#include "experiment/reader.h"

bool cali_is_own_model(const char *name)
{
    const size_t n = strlen(name);
    return (n > 5 && strcmp(name + n - 5, ".yaml") == 0) || (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

/* Why a file could not be used, at the place that names it. The mistakes of that file stand before those of this one. */
static void refuse_file(cali_reader *r, const cali_node *node, const char *kind, const char *path, cal_status status,
                        bool had_failed)
{
    if (status == CAL_ERR_MEMORY || had_failed) {
        r->is_out_of_memory = r->is_out_of_memory || status == CAL_ERR_MEMORY;
        cali_refuse(r, cali_place_of(node), "C107", "the %s %s is not usable", kind, path);
        return;
    }
    char *text = cali_keep(r, cal_context_message(r->ctx));
    cal_context_clear(r->ctx);
    if (status == CAL_ERR_INPUT) {
        r->foreign = text;
        cali_refuse(r, cali_place_of(node), "C107", "the %s \"%.200s\" has mistakes", kind, path);
    } else {
        cali_refuse(r, cali_place_of(node), "C107", "no %s: %.200s", kind, text != NULL ? text : path);
    }
}

/* A file that several masses or populations name is loaded once: regions of one model stand in common blocks. NULL: a
 * mistake. */
static const cali_own_file *load_file(cali_reader *r, const cali_node *node, const char *key, bool is_neuron)
{
    cal_experiment *e = r->exp;
    char *path = NULL;
    if (!cali_read_path(r, node, key, &path))
        return NULL;
    for (size_t i = 0; i < e->n_own_models; i++)
        if (strcmp(e->own_models[i].path, path) == 0 && (e->own_models[i].neuron != NULL) == is_neuron)
            return &e->own_models[i];
    if (!cali_arena_grow(&e->arena, &e->own_models, e->n_own_models, sizeof *e->own_models)) {
        r->is_out_of_memory = true;
        return NULL;
    }
    cali_own_file file = {.path = path};
    const bool had_failed = cal_context_status(r->ctx) != CAL_OK;
    const cal_status status = is_neuron ? cal_snn_neuron_load(r->ctx, path, &file.neuron)
                                        : cal_nmm_model_load(r->ctx, path, &file.model);
    if (status == CAL_OK) {
        e->own_models[e->n_own_models++] = file;
        return &e->own_models[e->n_own_models - 1];
    }
    refuse_file(r, node, is_neuron ? "neuron" : "model", path, status, had_failed);
    return NULL;
}

const cal_nmm_model *cali_load_own_model(cali_reader *r, const cali_node *node)
{
    const cali_own_file *file = load_file(r, node, "neural_mass", false);
    return file != NULL ? file->model : NULL;
}

const cal_neuron *cali_load_own_neuron(cali_reader *r, const cali_node *node)
{
    const cali_own_file *file = load_file(r, node, "neuron", true);
    return file != NULL ? file->neuron : NULL;
}

const char *cali_own_model_path(const cal_experiment *e, const cal_nmm_model *model)
{
    for (size_t i = 0; i < e->n_own_models; i++)
        if (e->own_models[i].model == model)
            return e->own_models[i].path;
    return NULL;
}

const char *cali_own_neuron_path(const cal_experiment *e, const cal_neuron *neuron)
{
    for (size_t i = 0; i < e->n_own_models; i++)
        if (e->own_models[i].neuron == neuron)
            return e->own_models[i].path;
    return NULL;
}

void cali_free_own_models(cal_experiment *e)
{
    for (size_t i = 0; i < e->n_own_models; i++) {
        cal_nmm_model_destroy(&e->own_models[i].model);
        cal_snn_neuron_destroy(&e->own_models[i].neuron);
    }
    for (size_t i = 0; i < e->n_formulas; i++)
        cal_spatial_formula_destroy(&e->formulas[i]);
}
