/* Values of parameters and initial states that are given neuron by neuron. */
#ifndef CALI_SNN_VALUES_H
#define CALI_SNN_VALUES_H

#include "snn/network.h"

enum { CALI_MAX_VALUES = 80 }; /* parameters and states of a neuron */

cal_status cali_check_values(cal_context *ctx, const cal_snn_def *def);
/** The definition's lists, borrowed. Errors: MEMORY. */
cal_status cali_values_keep(cal_snn *self, const cal_snn_def *def);
size_t cali_count_values(const cal_snn_def *def, size_t population);
/** Appends a setting between the bounds of each list. */
void cali_add_values(const cal_snn_def *def, size_t population, cali_population *p);
/** The list of a parameter or state while the network is built, or NULL. */
const double *cali_values_of(const cal_snn *self, size_t population, const char *name);
/** What draws of a setting depend on; `slot`: number of the parameter, or of the state behind all parameters. */
static inline cali_key cali_setting_key(const cal_snn *self, size_t population, size_t slot)
{
    return cali_key_derive(self->key, CALI_USE_PARAM, (uint32_t)(population * CALI_MAX_VALUES + slot));
}
/** A constant if all are equal, else uniform between the least and the greatest. */
cal_distribution cali_bounds_of(const double *values, size_t n);

#endif
