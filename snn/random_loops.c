/* The loops of random_loops.h; the numbers are those of kernels/random.h. */
#include "snn/random_loops.h"

#include "snn/kernels/random.h"

static void uniform(size_t n, const uint32_t *restrict words, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = cali_uniform_f32(words[i]);
}

static void normal(size_t n, const uint32_t *restrict words, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = cali_normal_f32(words[i]);
}

static void add_white(size_t n, const uint32_t *restrict words, float mean, float sd, float *restrict current)
{
    for (size_t i = 0; i < n; i++)
        current[i] += cali_fma_f32(sd, cali_normal_f32(words[i]), mean);
}

static void add_process(size_t n, const uint32_t *restrict words, float mean, float decay, float kick,
                        float *restrict x, float *restrict current)
{
    for (size_t i = 0; i < n; i++) {
        current[i] += mean + x[i];
        x[i] = cali_fma_f32(decay, x[i], kick * cali_normal_f32(words[i]));
    }
}

static void add_scaled(size_t n, float value, const float *restrict factor, float *restrict current)
{
    for (size_t i = 0; i < n; i++)
        current[i] = cali_fma_f32(value, factor[i], current[i]);
}

extern const cali_random_loops CALI_ISA_NAME(cali_random_loops);
const cali_random_loops CALI_ISA_NAME(cali_random_loops) = {uniform, normal, add_white, add_process, add_scaled};
