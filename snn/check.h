/* Checks of a definition. */
#ifndef CALI_SNN_CHECK_H
#define CALI_SNN_CHECK_H

#include "snn/network.h"

cal_status cali_check(cal_context *ctx, const cal_snn_def *def);
/** Index of a receptor; n_receptors if there is none of that name. */
size_t cali_receptor_index(const cal_neuron *neuron, const char *name);

#endif
