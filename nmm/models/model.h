/* What the files of this folder share. Each is compiled once per instruction-set level, so each
 * entry exists once per level; nmm/models.c picks the one for this processor. */
#ifndef CALI_NMM_MODEL_H
#define CALI_NMM_MODEL_H

#include <math.h>

#include "base/isa.h"
#include "base/numeric.h"
#include "callosum/nmm.h"

#define CALI_MODEL(id) CALI_ISA_NAME(cali_model_##id)
#define N_ROWS(fields) (sizeof(fields) / sizeof(fields)[0])

/** The members of an entry that have the same names in every file of this folder. */
#define CALI_MODEL_PARTS                                                                           \
    .states = states, .n_states = N_ROWS(states), .scales = scales, .params = params,              \
    .n_params = N_ROWS(params), .inputs = inputs, .n_inputs = N_ROWS(inputs), .outputs = outputs,  \
    .n_outputs = N_ROWS(outputs), .rhs = rhs, .observe = observe

/** Stands before a loop over regions whose iterations are independent. */
#if defined(__clang__)
#define EACH_REGION _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH_REGION _Pragma("GCC ivdep")
#endif

#endif
