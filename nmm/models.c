/* The table of neural masses: one column per instruction-set level, all of equal bits. */
#include <string.h>

#include "base/isa.h"
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
