/* The table of neural masses: one column per instruction-set level, all of equal bits. */
#include <string.h>

#include "base/isa.h"
#include "base/units.h"
#include "callosum/nmm.h"

#if defined(__x86_64__)
#define CALI_NMM_MODEL(id) \
    extern const cal_nmm_model cali_model_##id##_base, cali_model_##id##_v3, cali_model_##id##_v4;
#include "nmm/models/models.def"
#undef CALI_NMM_MODEL
#define CALI_NMM_MODEL(id) {&cali_model_##id##_base, &cali_model_##id##_v3, &cali_model_##id##_v4},
#else
#define CALI_NMM_MODEL(id) extern const cal_nmm_model cali_model_##id##_base;
#include "nmm/models/models.def"
#undef CALI_NMM_MODEL
#define CALI_NMM_MODEL(id) \
    {&cali_model_##id##_base, &cali_model_##id##_base, &cali_model_##id##_base},
#endif

static const cal_nmm_model *const models[][CALI_N_ISA] = {
#include "nmm/models/models.def"
};

size_t cal_nmm_n_models(void)
{
    return sizeof models / sizeof models[0];
}

const cal_nmm_model *cal_nmm_model_at(size_t index)
{
    return index < cal_nmm_n_models() ? models[index][cali_isa()] : NULL;
}

const cal_nmm_model *cal_nmm_model_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < cal_nmm_n_models(); i++) {
        const cal_nmm_model *model = models[i][cali_isa()];
        if (strcmp(name, model->name) == 0 ||
            (model->alias != NULL && strcmp(name, model->alias) == 0))
            return model;
    }
    return NULL;
}

void cal_nmm_model_derive(const cal_nmm_model *model, size_t n, double *p)
{
    if (model->derive != NULL)
        model->derive(n, p);
    else if (model->derive_of != NULL)
        model->derive_of(model->self, n, p);
}

int cal_nmm_model_output(const cal_nmm_model *model, const char *name)
{
    static const char *const quantities[][2] = {{"rate", "1/ms"}, {"potential", "mV"}};
    const int found = name == NULL ? 0 : cal_field_find(model->outputs, model->n_outputs, name);
    for (int q = 0; q < 2 && found < 0; q++) {
        cali_unit wanted, unit;
        if (strcmp(name, quantities[q][0]) != 0 || !cali_unit_parse(quantities[q][1], &wanted))
            continue;
        for (size_t i = 0; i < model->n_outputs; i++)
            if (cali_unit_parse(model->outputs[i].unit, &unit) && cali_unit_is_same_dimension(&unit, &wanted))
                return (int)i;
    }
    return found;
}
