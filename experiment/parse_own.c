/* Own models in the place of built-in ones: a file named under models.NAME.neural_mass. */
#include <stdlib.h>
#include <string.h>

#include "experiment/reader.h"

bool cali_is_own_model(const char *name)
{
    const size_t n = strlen(name);
    return (n > 5 && strcmp(name + n - 5, ".yaml") == 0) || (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

/* A file that several masses name is loaded once: regions of one model stand in common blocks. */
const cal_nmm_model *cali_load_own_model(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    char *path = NULL;
    if (!cali_read_path(r, node, "neural_mass", &path))
        return NULL;
    for (size_t i = 0; i < e->n_own_models; i++)
        if (strcmp(e->own_models[i].path, path) == 0)
            return e->own_models[i].model;
    if (!cali_arena_grow(&e->arena, &e->own_models, e->n_own_models, sizeof *e->own_models)) {
        r->is_out_of_memory = true;
        return NULL;
    }
    cal_nmm_model *model = NULL;
    const bool had_failed = cal_context_status(r->ctx) != CAL_OK;
    const cal_status status = cal_nmm_model_load(r->ctx, path, &model);
    if (status == CAL_OK) {
        e->own_models[e->n_own_models++] = (cali_own_file){path, model};
        return model;
    }
    if (status == CAL_ERR_MEMORY || had_failed) {
        r->is_out_of_memory = r->is_out_of_memory || status == CAL_ERR_MEMORY;
        cali_refuse(r, cali_place_of(node), "C107", "the model %s is not usable", path);
        return NULL;
    }
    /* the mistakes of that file stand before those of this one */
    char *text = cali_keep(r, cal_context_message(r->ctx));
    cal_context_clear(r->ctx);
    if (status == CAL_ERR_INPUT)
        r->foreign = text;
    cali_refuse(r, cali_place_of(node), "C107", status == CAL_ERR_INPUT ? "the model \"%.200s\" has mistakes" : "no model: %.200s",
                status == CAL_ERR_INPUT ? path : text != NULL ? text : path);
    return NULL;
}

const char *cali_own_model_path(const cal_experiment *e, const cal_nmm_model *model)
{
    for (size_t i = 0; i < e->n_own_models; i++)
        if (e->own_models[i].model == model)
            return e->own_models[i].path;
    return NULL;
}

void cali_free_own_models(cal_experiment *e)
{
    for (size_t i = 0; i < e->n_own_models; i++)
        cal_nmm_model_destroy(&e->own_models[i].model);
}
