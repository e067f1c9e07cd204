/* The common part of C17 and CUDA C++: functions marked CAL_HD compile for host and device. */
#ifndef CALI_BASE_HD_H
#define CALI_BASE_HD_H

#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define CAL_HD __host__ __device__ static __forceinline__
#elif defined(__GNUC__)
#define CAL_HD static inline __attribute__((always_inline, unused))
#else
#define CAL_HD static inline
#endif

/* Bits of a number and back. memcpy is what both compilers turn into a register move. */
CAL_HD uint32_t cali_bits_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

CAL_HD float cali_f32_from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

CAL_HD uint64_t cali_bits_f64(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

CAL_HD double cali_f64_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/** a b + c with one rounding, on every target. */
CAL_HD float cali_fma_f32(float a, float b, float c)
{
#ifdef __CUDA_ARCH__
    return __fmaf_rn(a, b, c);
#else
    return __builtin_fmaf(a, b, c);
#endif
}

#endif
