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

/** Stands before a loop over regions whose iterations are independent. */
#if defined(__clang__)
#define EACH_REGION _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH_REGION _Pragma("GCC ivdep")
#endif

#endif
