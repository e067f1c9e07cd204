/* The loops of loops.h and one loop per neuron around its kernel. The bits do not depend on the
 * instruction set: see kernels/kernel.h. */
#include "snn/loops.h"

#include <string.h>

#include "base/isa.h"
#include "base/philox_rows.h"
#include "snn/kernels/adex.h"
#include "snn/kernels/adex_cond_alpha.h"
#include "snn/kernels/adex_psc.h"
#include "snn/kernels/adex_receptors.h"
#include "snn/kernels/alif.h"
#include "snn/kernels/alif_power.h"
#include "snn/kernels/aqif.h"
#include "snn/kernels/eglif.h"
#include "snn/kernels/eglif_escape.h"
#include "snn/kernels/eif.h"
#include "snn/kernels/hh_squid.h"
#include "snn/kernels/hh_traub.h"
#include "snn/kernels/hindmarsh_rose.h"
#include "snn/kernels/izhikevich.h"
#include "snn/kernels/izhikevich_2007.h"
#include "snn/kernels/izhikevich_2007_cond.h"
#include "snn/kernels/lif.h"
#include "snn/kernels/lif_alpha.h"
#include "snn/kernels/lif_cond.h"
#include "snn/kernels/lif_cond_beta.h"
#include "snn/kernels/lif_delta.h"
#include "snn/kernels/lif_receptors.h"
#include "snn/kernels/morris_lecar.h"
#include "snn/kernels/lif_escape.h"
#include "snn/kernels/lif_phase.h"
#include "snn/kernels/parrot.h"
#include "snn/kernels/poisson.h"
#include "snn/kernels/qif.h"
#include "snn/kernels/theta.h"

/* The rows of a block never overlap. */
#if defined(__clang__)
#define NO_OVERLAP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define NO_OVERLAP _Pragma("GCC ivdep")
#else
#define NO_OVERLAP
#endif

#define STATE_POINTER(f) float *const state_##f = b->state[n_states++];
#define CONSTANT_POINTER(f) const float *const constant_##f = b->constant[n_constants++];
#define INPUT_POINTER(f) const float *const input_##f = b->input[n_inputs++];
#define LOAD_STATE(f) x.f = state_##f[i];
#define LOAD_CONSTANT(f) k.f = constant_##f[i];
#define LOAD_SHARED(f) shared.f = constant_##f[0];
#define LOAD_INPUT(f) in.f = input_##f[i];
#define SUMS_POINTER(f)                                                                            \
    int32_t *const sums_##f = b->sums[n_sums];                                                     \
    const float quantum_##f = b->quantum[n_sums++];
#define TAKE_INPUT(f)                                                                              \
    in.f = (float)sums_##f[i] * quantum_##f;                                                       \
    sums_##f[i] = 0;
#define STORE_STATE(f) state_##f[i] = x.f;

/* One neuron i with the constants that `load` fetches, its current, and inputs by LOAD_INPUT or TAKE_INPUT. */
#define STEP(name, NAME, load, its_current, get_input)                                                      \
    NO_OVERLAP for (size_t i = 0; i < n; i++)                                                      \
    {                                                                                              \
        cali_##name##_state x;                                                                     \
        cali_##name##_constants k;                                                                 \
        cali_##name##_inputs in;                                                                   \
        load CALI_##NAME##_STATES(LOAD_STATE) CALI_##NAME##_INPUTS(get_input)                      \
        spiked[i] = cali_##name##_step(&k, &in, its_current, &x);                                  \
        CALI_##NAME##_STATES(STORE_STATE)                                                          \
    }

/* Constants that all neurons share stay in registers: most populations have no others. Currents of their own go with
 * constants of their own: less code. */
#define CALI_NEURON(name, NAME)                                                                    \
    static void name##_takes(const cali_block *b)                                                  \
    {                                                                                              \
        size_t n_states = 0, n_sums = 0, n_constants = 0;                                          \
        CALI_##NAME##_STATES(STATE_POINTER) CALI_##NAME##_CONSTANTS(CONSTANT_POINTER)              \
        CALI_##NAME##_INPUTS(SUMS_POINTER)                                                         \
        const size_t n = b->n / 16 * 16;                                                           \
        const float current = b->current;                                                          \
        int32_t *const spiked = b->spiked;                                                         \
        cali_##name##_constants shared;                                                            \
        CALI_##NAME##_CONSTANTS(LOAD_SHARED)                                                       \
        STEP(name, NAME, k = shared;, current, TAKE_INPUT)                                         \
    }                                                                                              \
    void CALI_ISA_NAME(cali_##name##_loop)(const cali_block *b);                                   \
    void CALI_ISA_NAME(cali_##name##_loop)(const cali_block *b)                                    \
    {                                                                                              \
        if (b->takes_sums) {                                                                       \
            name##_takes(b);                                                                       \
            return;                                                                                \
        }                                                                                          \
        size_t n_states = 0, n_constants = 0, n_inputs = 0;                                        \
        CALI_##NAME##_STATES(STATE_POINTER) CALI_##NAME##_CONSTANTS(CONSTANT_POINTER)              \
        CALI_##NAME##_INPUTS(INPUT_POINTER)                                                        \
        const size_t n = b->n / 16 * 16;                                                           \
        const float current = b->current;                                                          \
        int32_t *const spiked = b->spiked;                                                         \
        const float *const currents = b->currents;                                                 \
        if (currents != NULL) {                                                                    \
            STEP(name, NAME, CALI_##NAME##_CONSTANTS(LOAD_CONSTANT), currents[i], LOAD_INPUT)      \
        } else if (b->is_uniform) {                                                                \
            cali_##name##_constants shared;                                                        \
            CALI_##NAME##_CONSTANTS(LOAD_SHARED)                                                   \
            STEP(name, NAME, k = shared;, current, LOAD_INPUT)                                     \
        } else {                                                                                   \
            STEP(name, NAME, CALI_##NAME##_CONSTANTS(LOAD_CONSTANT), current, LOAD_INPUT)          \
        }                                                                                          \
    }
#include "snn/neurons.def"

static void take(size_t n, int32_t *restrict sums, int32_t everyone, float quantum,
                 float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)(sums[i] + everyone) * quantum;
        sums[i] = 0;
    }
}

static void draw(size_t n, cali_key key, uint32_t id, uint32_t stride, uint32_t step_4,
                 uint32_t *const words[4])
{
    cali_philox_rows(n, key, id, stride, step_4, 0, 0, words);
}

typedef uint32_t lanes __attribute__((vector_size(64)));

/* Few thresholds: 16 neurons at a time compare with all of them. Many: bisect for each neuron. */
static uint64_t poisson(size_t n, const uint32_t *restrict words, const cali_poisson_table *table,
                        float weight, float *restrict out)
{
    int32_t count[CALI_BLOCK];
    const uint32_t m = table->n;
    if (m <= 48) {
        for (size_t i = 0; i < n; i += 16) { /* the rows have room for whole groups */
            lanes w, above = {0};
            memcpy(&w, words + i, sizeof w);
            for (uint32_t j = 0; j < m; j++)
                above += (lanes)(w >= table->threshold[j]); /* -1 where it is */
            const lanes sums = (uint32_t)table->low - above;
            memcpy(count + i, &sums, sizeof sums);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            uint32_t low = 0, high = m; /* thresholds before `low` are <= the word */
            while (low < high) {
                const uint32_t middle = (low + high) / 2;
                const bool is_below = table->threshold[middle] <= words[i];
                low = is_below ? middle + 1 : low;
                high = is_below ? high : middle;
            }
            count[i] = table->low + (int32_t)low;
        }
    }
    int32_t total = 0; /* a block holds at most 512 x 1e5 events */
    for (size_t i = 0; i < n; i++) {
        out[i] = cali_fma_f32((float)count[i], weight, out[i]);
        total += count[i];
    }
    return (uint64_t)total;
}

static int64_t sum(size_t n, const float *values)
{
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)values[i] * 1048576.0;
        x = x <= 1099511627776.0 ? x : 1099511627776.0; /* NaN too: the run ends at the window */
        x = x >= -1099511627776.0 ? x : -1099511627776.0;
        total += (int64_t)x;
    }
    return total;
}

/* Hardly any flag is set. */
static void pack(size_t n, const int32_t *restrict flags, uint64_t *restrict bits)
{
    for (size_t i = 0; i < n; i += 64, flags += 64) {
        uint64_t word = 0;
#if defined(__AVX512F__)
        for (size_t k = 0; k < 64; k += 16) {
            const __m512i vector = _mm512_loadu_si512(flags + k);
            word |= (uint64_t)_mm512_test_epi32_mask(vector, vector) << k;
        }
#else
        int32_t any = 0;
        for (size_t k = 0; k < 64; k++)
            any |= flags[k];
        for (size_t k = 0; any != 0 && k < 64; k++)
            word |= (uint64_t)(flags[k] != 0) << k;
#endif
        *bits++ = n - i < 64 ? word & (((uint64_t)1 << (n - i)) - 1) : word;
    }
}

static bool is_finite(size_t n, const float *values)
{
    uint32_t n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        n_bad += (bits & 0x7F800000u) == 0x7F800000u;
    }
    return n_bad == 0;
}

extern const cali_loops CALI_ISA_NAME(cali_loops);
const cali_loops CALI_ISA_NAME(cali_loops) = {take, draw, poisson, sum, pack, is_finite};
