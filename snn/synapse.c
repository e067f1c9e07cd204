/* The list of synapses. */
#include "snn/synapse.h"

#include <string.h>

#define CALI_SYNAPSE(name) extern const cali_synapse cali_synapse_##name;
#include "snn/synapses.def"
#undef CALI_SYNAPSE

static const cali_synapse *const synapses[] = {
#define CALI_SYNAPSE(name) &cali_synapse_##name,
#include "snn/synapses.def"
#undef CALI_SYNAPSE
};
enum { N_SYNAPSES = sizeof synapses / sizeof synapses[0] };

size_t cal_snn_n_synapse_models(void)
{
    return N_SYNAPSES;
}

const cal_synapse *cal_snn_synapse_at(size_t index)
{
    return index < N_SYNAPSES ? &synapses[index]->face : NULL;
}

const cal_synapse *cal_snn_synapse_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < N_SYNAPSES; i++) {
        const cal_synapse *face = &synapses[i]->face;
        if (strcmp(face->name, name) == 0 || (face->alias != NULL && strcmp(face->alias, name) == 0))
            return face;
    }
    return NULL;
}

const cali_synapse *cali_synapse_of(const cal_synapse *face)
{
    for (size_t i = 0; i < N_SYNAPSES; i++)
        if (face == &synapses[i]->face)
            return synapses[i];
    return NULL;
}

bool cal_snn_changes_weights(const cal_synapse *face)
{
    const cali_synapse *synapse = face == NULL ? NULL : cali_synapse_of(face);
    return synapse != NULL && synapse->limit >= 0;
}

bool cali_is_plastic(const cal_synapse *face)
{
    const cali_synapse *synapse = face == NULL ? NULL : cali_synapse_of(face);
    return synapse != NULL && synapse->loop[0] != NULL;
}

bool cal_snn_forms_synapses(const cal_synapse *face)
{
    return cali_is_structural(face);
}

bool cali_is_structural(const cal_synapse *face)
{
    const cali_synapse *synapse = face == NULL ? NULL : cali_synapse_of(face);
    return synapse != NULL && synapse->growth != NULL;
}
