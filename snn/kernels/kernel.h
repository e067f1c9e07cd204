/* What all neuron kernels share. A kernel is written once, in the common part of C17 and CUDA C++;
 * loops over neurons belong to the backends.
 *
 * A kernel header lists its rows with three macros, CALI_<NAME>_STATES(X), _CONSTANTS(X) and
 * _INPUTS(X); each row is one float32 per neuron. CALI_KERNEL_TYPES makes the structs of one neuron
 * from them. Then
 *
 *     CAL_HD int cali_<name>_step(const cali_<name>_constants *k, const cali_<name>_inputs *in,
 *                                 float current, cali_<name>_state *x)
 *
 * moves the neuron over one step and returns 1 if it spikes. `in` is what arrives at the end of the
 * step, in the units of the receptors; `current` is constant over the step.
 *
 * The same bits on every target: + - x and explicit cali_fma_f32; division and sqrt, which IEEE 754
 * rounds correctly everywhere; comparisons; cali_exp_f32 and cali_log_f32. No libm. Both sides of
 * a choice are computed and one is selected, so that the loops vectorise. */
#ifndef CALI_SNN_KERNELS_KERNEL_H
#define CALI_SNN_KERNELS_KERNEL_H

#include "base/hd.h"
#include "base/numeric_f32.h"

#define CALI_KERNEL_FLOAT(field) float field;
#define CALI_KERNEL_TYPES(name, NAME)                                                              \
    typedef struct cali_##name##_state {                                                           \
        CALI_##NAME##_STATES(CALI_KERNEL_FLOAT)                                                    \
    } cali_##name##_state;                                                                         \
    typedef struct cali_##name##_constants {                                                       \
        CALI_##NAME##_CONSTANTS(CALI_KERNEL_FLOAT)                                                 \
    } cali_##name##_constants;                                                                     \
    typedef struct cali_##name##_inputs {                                                          \
        CALI_##NAME##_INPUTS(CALI_KERNEL_FLOAT)                                                    \
    } cali_##name##_inputs

/* Between a neuron's rows and those of a part that neurons share: constants k to c, states x to y and back. */
#define CALI_KERNEL_LOAD_CONSTANT(f) c.f = k->f;
#define CALI_KERNEL_LOAD_STATE(f) y.f = x->f;
#define CALI_KERNEL_STORE_STATE(f) x->f = y.f;

/** x e^-s with loss = 1 - e^-s: the rounding of a small loss matters far less than that of a factor near 1. */
CAL_HD float cali_decay_f32(float loss, float x)
{
    return cali_fma_f32(-loss, x, x);
}

#endif
