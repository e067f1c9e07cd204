#include "base/isa.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[CALI_N_ISA] = {"base", "v3", "v4"};

const char *cali_isa_name(cali_isa_level level)
{
    return names[level];
}

cali_isa_level cali_isa(void)
{
    cali_isa_level level = CALI_ISA_BASE;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2"))
        level = CALI_ISA_V3;
    if (level == CALI_ISA_V3 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        level = CALI_ISA_V4;
#endif
    const char *wish = getenv("CALLOSUM_ISA");
    for (int i = 0; wish != NULL && i < (int)level; i++)
        if (strcmp(wish, names[i]) == 0)
            return (cali_isa_level)i;
    return level;
}
