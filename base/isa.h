/* Instruction-set levels. A hot file is compiled once per level (callosum_isa_sources in CMake),
 * names its functions CALI_ISA_NAME(name), and a small table picks one at run time. All levels give
 * the same bits: the code uses + - x /, explicit fma and integer operations only. */
#ifndef CALI_BASE_ISA_H
#define CALI_BASE_ISA_H

typedef enum cali_isa_level { CALI_ISA_BASE, CALI_ISA_V3, CALI_ISA_V4, CALI_N_ISA } cali_isa_level;

/** The best level that this processor and this build have (v3: AVX2 and FMA, v4: AVX-512); the
 *  environment variable CALLOSUM_ISA = base, v3 or v4 lowers it. The same for the whole process. */
cali_isa_level cali_isa(void);
const char *cali_isa_name(cali_isa_level level);

#define CALI_ISA_JOIN_(name, level) name##_##level
#define CALI_ISA_JOIN(name, level) CALI_ISA_JOIN_(name, level)
#define CALI_ISA_NAME(name) CALI_ISA_JOIN(name, CALI_ISA)

/** Declares `type name_base args; type name_v3 args; ...` and defines the table
 *  `name_table[CALI_N_ISA]`, to be written once in the file that dispatches. */
#if defined(__x86_64__)
#define CALI_ISA_TABLE(type, name, ...)                                                            \
    type name##_base(__VA_ARGS__);                                                                 \
    type name##_v3(__VA_ARGS__);                                                                   \
    type name##_v4(__VA_ARGS__);                                                                   \
    static type (*const name##_table[CALI_N_ISA])(__VA_ARGS__) = {name##_base, name##_v3, name##_v4}
#else
#define CALI_ISA_TABLE(type, name, ...)                                                            \
    type name##_base(__VA_ARGS__);                                                                 \
    static type (*const name##_table[CALI_N_ISA])(__VA_ARGS__) = {name##_base, name##_base,        \
                                                                  name##_base}
#endif

/** Defines `const type *name_at(cali_isa_level level)`, which picks one of the objects name_base, name_v3, name_v4; to be
 *  written once in the file that dispatches. */
#if defined(__x86_64__)
#define CALI_ISA_OBJECTS(type, name)                                                               \
    extern const type name##_base, name##_v3, name##_v4;                                           \
    const type *name##_at(cali_isa_level level)                                                    \
    {                                                                                              \
        static const type *const table[CALI_N_ISA] = {&name##_base, &name##_v3, &name##_v4};       \
        return table[level];                                                                       \
    }
#else
#define CALI_ISA_OBJECTS(type, name)                                                               \
    extern const type name##_base;                                                                 \
    const type *name##_at(cali_isa_level level)                                                    \
    {                                                                                              \
        (void)level;                                                                               \
        return &name##_base;                                                                       \
    }
#endif

#endif
