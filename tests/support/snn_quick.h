/* Parameters with which synapses that form and break do so within milliseconds. */
#ifndef CALI_TESTS_SNN_QUICK_H
#define CALI_TESTS_SNN_QUICK_H

#include "callosum/snn.h"

/** Adds those that the synapse has to its settings, of which there are `n`; returns their number. */
static inline size_t cali_quick_settings(const cal_synapse *synapse, cal_snn_setting *settings, size_t n)
{
    static const cal_snn_setting quick[] = {{"beta_Ca", {CAL_CONSTANT, 0.02, 0, 0, 0}},
                                            {"axon_growth", {CAL_CONSTANT, 500.0, 0, 0, 0}},
                                            {"dendrite_growth", {CAL_CONSTANT, 300.0, 0, 0, 0}},
                                            {"interval", {CAL_CONSTANT, 3.7, 0, 0, 0}}};
    for (size_t i = 0; i < sizeof quick / sizeof quick[0]; i++)
        if (cal_field_find(synapse->params, synapse->n_params, quick[i].name) >= 0)
            settings[n++] = quick[i];
    return n;
}

#endif
