#include "base/isa.h"
#include "nmm/kernels.h"

extern const cali_kernels cali_nmm_kernels_base;
#if defined(__x86_64__)
extern const cali_kernels cali_nmm_kernels_v3, cali_nmm_kernels_v4;
static const cali_kernels *const table[CALI_N_ISA] = {&cali_nmm_kernels_base, &cali_nmm_kernels_v3,
                                                      &cali_nmm_kernels_v4};
#else
static const cali_kernels *const table[CALI_N_ISA] = {&cali_nmm_kernels_base, &cali_nmm_kernels_base,
                                                      &cali_nmm_kernels_base};
#endif

const cali_kernels *cali_kernels_get(void)
{
    return table[cali_isa()];
}
