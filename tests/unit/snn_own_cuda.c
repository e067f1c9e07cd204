/* The CUDA text of an own neuron, without a device: read as C++ with the words of CUDA defined away, a thread after the other,
 * it gives the bits of the interpreter; and the compilers of CUDA take it, where they are installed. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/own_neurons.h"

enum { N = 37, N_STEPS = 400 };

/* What nvcc knows without being told; a launch of n threads is a loop. */
static const char words[] = "#define __CUDACC__ 1\n"
                            "#define __host__\n"
                            "#define __device__\n"
                            "#define __global__\n"
                            "#define __forceinline__ inline\n"
                            "struct cuda_index { unsigned x; };\n"
                            "static cuda_index blockIdx, blockDim = {16}, threadIdx;\n";
static const char launch[] = "extern \"C\" void launch(unsigned n, float *const *state, const float *const *constant,\n"
                             "                       const float *const *input, int32_t *spiked)\n"
                             "{\n"
                             "    for (blockIdx.x = 0; blockIdx.x * blockDim.x < n; blockIdx.x++)\n"
                             "        for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++)\n"
                             "            cali_own_neuron_launch(n, state, constant, input, spiked);\n"
                             "}\n";

typedef void launched(unsigned n, float *const *state, const float *const *constant, const float *const *input, int32_t *spiked);

typedef struct rows {
    float state[CALI_MAX_STATES][N], constant[CALI_MAX_CONSTANTS + 1][N], input[CALI_MAX_RECEPTORS + 1][N];
    int32_t spiked[N];
    float *x[CALI_MAX_STATES];
    const float *k[CALI_MAX_CONSTANTS + 1], *in[CALI_MAX_RECEPTORS + 1];
} rows;

/* Neurons with other currents each, whose parameters are the defaults. */
static void fill(const cali_own_neuron *own, double current, rows *r)
{
    float constants[CALI_MAX_CONSTANTS + 1];
    double params[CALI_OWN_MAX_PARAMS];
    const cal_neuron *face = &own->neuron.face;
    memset(r, 0, sizeof *r);
    for (size_t p = 0; p < face->n_params; p++)
        params[p] = face->params[p].value;
    cali_own_neuron_prepare(own, params, 0.1, constants);
    for (size_t s = 0; s < CALI_MAX_STATES; s++)
        r->x[s] = r->state[s];
    for (size_t c = 0; c <= CALI_MAX_CONSTANTS; c++)
        r->k[c] = r->constant[c];
    for (size_t c = 0; c <= CALI_MAX_RECEPTORS; c++)
        r->in[c] = r->input[c];
    for (size_t i = 0; i < N; i++) {
        for (size_t s = 0; s < own->n_states; s++)
            r->state[s][i] = (float)face->states[s].value;
        for (size_t c = 0; c < own->neuron.n_constants; c++)
            r->constant[c][i] = constants[c];
        r->input[0][i] = (float)(current * (0.5 + (double)i / N));
    }
}

/* Writes text before and behind the CUDA of a neuron into folder/name. */
static void write_source(cal_context *ctx, const cal_neuron *neuron, const char *before, const char *behind, const char *folder,
                         const char *name)
{
    char path[1100], *source = NULL;
    cali_text text = {0};
    cr_assert(eq(int, cal_snn_neuron_source(ctx, neuron, "cuda", &source), CAL_OK));
    cali_text_format(&text, "%s%s%s", before, source, behind);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(cali_file_write(ctx, path, text.data, text.size) == CAL_OK);
    free(source);
    cali_text_free(&text);
}

static void *build(cal_context *ctx, const cal_neuron *neuron)
{
    char command[2048], path[1100];
    const char *folder = cali_test_directory();
    write_source(ctx, neuron, words, launch, folder, "kernel.cpp");
    snprintf(command, sizeof command, "c++ -std=c++17 -O2 -ffp-contract=off -Wall -Wextra -Wno-unused-function "
             "-Wno-unknown-pragmas -Werror -fPIC -shared -o '%s/kernel.so' '%s/kernel.cpp' 2>&1", folder, folder);
    cr_assert(eq(int, system(command), 0), "%s", command);
    snprintf(path, sizeof path, "%s/kernel.so", folder);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cr_assert(library != NULL);
    return library;
}

ParameterizedTestParameters(snn_own_cuda, text_read_as_cpp_has_the_bits_of_the_interpreter)
{
    static int index[CALI_N_OWN_CASES];
    for (int i = 0; i < CALI_N_OWN_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, CALI_N_OWN_CASES);
}
ParameterizedTest(int *index, snn_own_cuda, text_read_as_cpp_has_the_bits_of_the_interpreter)
{
    if (system("c++ --version > /dev/null 2>&1") != 0)
        cr_skip("no C++ compiler");
    static rows a, b;
    const cali_own_case *c = &cali_own_cases[*index];
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = cali_test_neuron(ctx, c->name, true);
    const cali_own_neuron *own = ((const cali_neuron *)neuron->self)->own;
    void *library = build(ctx, neuron);
    launched *step = NULL;
    void *symbol = dlsym(library, "launch");
    memcpy(&step, &symbol, sizeof symbol);
    fill(own, c->current, &a);
    fill(own, c->current, &b);
    size_t n_spikes = 0;
    for (int k = 0; k < N_STEPS; k++) {
        for (size_t r = 1; r <= neuron->n_receptors; r++) /* some arrive */
            for (size_t i = 0; i < N; i++)
                a.input[r][i] = b.input[r][i] = (i + (size_t)k) % 29 == r ? 0.7f : 0.0f;
        step(N, a.x, a.k, a.in, a.spiked);
        cali_own_neuron_interpret(own, N, b.x, b.k, b.in, b.spiked);
        cr_assert(eq(int, memcmp(a.state, b.state, sizeof a.state), 0), "%s: step %d", c->name, k);
        cr_assert(eq(int, memcmp(a.spiked, b.spiked, sizeof a.spiked), 0), "%s: step %d", c->name, k);
        for (size_t i = 0; i < N; i++)
            n_spikes += (size_t)a.spiked[i];
    }
    cr_expect(gt(sz, n_spikes, N), "%s: %zu spikes", c->name, n_spikes);
    dlclose(library);
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&ctx);
}

/* ---- compilers of CUDA ------------------------------------------------------------------------------------------------ */

/* Every function of the language. */
static const char all_functions[] =
    "neuron: everything\n"
    "states: {x: 0.5, y: 0.25}\n"
    "parameters: {a: 0.5, tau: 1 ms}\n"
    "current: {I: {}}\n"
    "let:\n"
    "  s: exp(-x) + log(1 + x^2) + sqrt(abs(x)) + sin(x) + cos(y) + tan(0.1*x) + tanh(x) + erf(x) + erfc(y)\n"
    "  t: sigmoid(x) + exprel(y) + min(x, y) + max(x, a) + heaviside(x) + sign(y) + abs(x)^1.3 + 1/(1 + x^2)\n"
    "equations:\n"
    "  x': where(x > y and not x > 10 or I > 3, -x, s + t + I)/tau\n"
    "  y': (a - y)/tau\n"
    "receptors: {input: x += weight}\n"
    "threshold: x >= 1\n"
    "reset: x = 0\n"
    "refractory: 1 ms\n"
    "test: {at: {x: 2, y: 0.5}, gives: {x': -2, y': 0}}\n";

/* What the headers of CUDA say, as far as the text uses it. */
static const char headers_of_cuda[] = "#define __host__ __attribute__((host))\n"
                                      "#define __device__ __attribute__((device))\n"
                                      "#define __global__ __attribute__((global))\n"
                                      "#define __forceinline__ inline\n"
                                      "#define __CUDACC__ 1\n"
                                      "struct cuda_index { unsigned x; };\n"
                                      "extern const __device__ cuda_index blockIdx, blockDim, threadIdx;\n"
                                      "extern \"C\" __device__ void *memcpy(void *, const void *, unsigned long);\n"
                                      "__device__ float __fmaf_rn(float, float, float);\n"
                                      "__device__ float __fsqrt_rn(float);\n";

static void expect_accepted(const char *compiler, const char *before, const char *options)
{
    char command[2048];
    snprintf(command, sizeof command, "PATH=\"$PATH:/usr/local/cuda/bin\" %s --version > /dev/null 2>&1", compiler);
    if (system(command) != 0)
        cr_skip("no %s", compiler);
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = cali_test_neuron_of(ctx, all_functions, true);
    const char *folder = cali_test_directory();
    write_source(ctx, neuron, before, "", folder, "kernel.cu");
    snprintf(command, sizeof command, "cd '%s' && PATH=\"$PATH:/usr/local/cuda/bin\" %s %s kernel.cu 2>&1", folder, compiler, options);
    cr_expect(eq(int, system(command), 0), "%s", command);
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&ctx);
}

Test(snn_own_cuda, text_of_all_functions_is_taken_by_nvcc)
{
    expect_accepted("nvcc", "", "-arch=sm_80 -fmad=false -Werror all-warnings -cubin -o kernel.cubin");
}

Test(snn_own_cuda, text_of_all_functions_is_taken_by_clang_for_host_and_device)
{
    expect_accepted("clang", headers_of_cuda, "-x cuda -nocudainc -nocudalib --cuda-gpu-arch=sm_70 -fsyntax-only -Wall -Werror "
                    "-Wno-unused-function -Wno-unknown-pragmas -Wno-unknown-cuda-version");
}
