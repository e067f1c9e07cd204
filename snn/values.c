/* Values of parameters and initial states that are given neuron by neuron. For the plan each is a setting between its
 * bounds; what a neuron gets is read from the list. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/check.h"
#include "snn/values.h"

cal_status cali_check_values(cal_context *ctx, const cal_snn_def *def)
{
    for (size_t i = 0; i < def->n_values; i++) {
        const cal_snn_values *v = &def->values[i];
        const cal_snn_population *p = v->population < def->n_populations ? &def->populations[v->population] : NULL;
        if (p == NULL || p->neuron == NULL)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: values %zu: population %zu has no neurons with parameters",
                            def->name == NULL ? "network" : def->name, i, v->population);
        if (v->name == NULL || (cal_field_find(p->neuron->params, p->neuron->n_params, v->name) < 0 &&
                                cal_field_find(p->neuron->states, p->neuron->n_states, v->name) < 0))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: values %zu: \"%s\" is no parameter or state of %s",
                            p->name == NULL ? "" : p->name, i, v->name == NULL ? "" : v->name, p->neuron->name);
        for (uint32_t k = 0; k < p->n; k++)
            if (v->values == NULL || !isfinite(v->values[k]))
                return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s of neuron %u is not finite", p->name == NULL ? "" : p->name,
                                v->name, k);
    }
    return CAL_OK;
}

cal_status cali_values_keep(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(cali_alloc(self->ctx, def->n_values, sizeof *self->values, "values", &self->values));
    for (size_t i = 0; i < def->n_values; i++)
        self->values[self->n_values++] = def->values[i];
    return CAL_OK;
}

size_t cali_count_values(const cal_snn_def *def, size_t population)
{
    size_t n = 0;
    for (size_t i = 0; i < def->n_values; i++)
        n += def->values[i].population == population;
    return n;
}

void cali_add_values(const cal_snn_def *def, size_t population, cali_population *p)
{
    for (size_t i = 0; i < def->n_values; i++) {
        const cal_snn_values *v = &def->values[i];
        if (v->population != population)
            continue;
        const cal_neuron *face = &p->neuron->face;
        const int param = cal_field_find(face->params, face->n_params, v->name);
        const int state = cal_field_find(face->states, face->n_states, v->name);
        const char *name = param >= 0 ? face->params[param].name : face->states[state].name;
        p->settings[p->n_settings++] = (cal_snn_setting){name, cali_bounds_of(v->values, p->n)};
    }
}

const double *cali_values_of(const cal_snn *self, size_t population, const char *name)
{
    const double *found = NULL; /* the last one counts */
    for (size_t i = 0; i < self->n_values; i++)
        if (self->values[i].population == population && strcmp(self->values[i].name, name) == 0)
            found = self->values[i].values;
    return found;
}

cal_status cal_snn_draw_setting(const cal_snn *self, size_t population, const cal_snn_setting *setting, double *values)
{
    const cali_population *p = population < self->n_populations ? &self->populations[population] : NULL;
    if (p == NULL || p->neuron == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: there is no population %zu with parameters", self->name, population);
    const cal_neuron *face = &p->neuron->face;
    const int param = cal_field_find(face->params, face->n_params, setting->name);
    const int state = cal_field_find(face->states, face->n_states, setting->name);
    if (param < 0 && state < 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: no parameter \"%s\"", p->name, setting->name);
    const cali_key key = cali_setting_key(self, population, param >= 0 ? (size_t)param : face->n_params + (size_t)state);
    for (uint32_t id = 0; id < p->n; id++)
        values[id] = cali_distribution_draw(&setting->value, key, id, 0, p->n);
    return CAL_OK;
}
