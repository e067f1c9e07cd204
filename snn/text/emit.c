/* The kernel of an own neuron in the common part of C17 and CUDA C++, in the form of the headers of snn/kernels: a struct
 * of states, of constants and of inputs, and a function that moves one neuron over one step. Then the loop over neurons,
 * in C, or a launch with a thread per neuron, in CUDA. */
#include <string.h>

#include "snn/text/own.h"

/* The name with _ for -: a part of the names in C. */
static void add_name(cali_text *out, const cali_own_neuron *own)
{
    for (const char *c = own->neuron.face.name; *c != '\0'; c++)
        cali_text_add_bytes(out, *c == '-' ? "_" : c, 1);
}

static const char *constant_name(const cali_own_neuron *own, size_t at)
{
    const cal_neuron *face = &own->neuron.face;
    const size_t row = (size_t)own->row_of[at];
    return row < face->n_params       ? face->params[row].name
           : row == face->n_params     ? "dt"
           : row == face->n_params + 1 ? "refractory steps"
           : row < own->n_base         ? "propagator"
                                       : "of parameters and dt";
}

/* "typedef struct cali_NAME_state { ... } cali_NAME_state;" */
static void add_struct(cali_text *out, const cali_own_neuron *own, const char *kind)
{
    const cal_neuron *face = &own->neuron.face;
    cali_text_add(out, "typedef struct cali_");
    add_name(out, own);
    cali_text_format(out, "_%s {\n", kind);
    if (strcmp(kind, "state") == 0)
        for (size_t i = 0; i < face->n_states; i++)
            cali_text_format(out, "    float x%zu; /* %s */\n", i, face->states[i].name);
    if (strcmp(kind, "constants") == 0)
        for (size_t i = 0; i < own->neuron.n_constants; i++)
            cali_text_format(out, "    float k%zu; /* %s */\n", i, constant_name(own, i));
    if (strcmp(kind, "inputs") == 0) {
        cali_text_add(out, "    float c0; /* current */\n");
        for (size_t i = 0; i < face->n_receptors; i++)
            cali_text_format(out, "    float c%zu; /* %s */\n", i + 1, face->receptors[i].name);
    }
    cali_text_add(out, "} cali_");
    add_name(out, own);
    cali_text_format(out, "_%s;\n\n", kind);
}

static void add_row(cali_text *out, const void *owner, const cali_formula_op *op)
{
    (void)owner;
    const char *from = op->code == CALI_FORMULA_ROW_PARAM ? "k->k" : op->code == CALI_FORMULA_ROW_STATE ? "x->x" : "in->c";
    cali_text_format(out, "%s%d;\n", from, op->a);
}

static void add_kernel(cali_text *out, const cali_own_neuron *own)
{
    const size_t n_states = own->neuron.face.n_states;
    const int *results = own->step.results;
    cali_text_add(out, "/* One step: moves x, returns 1 at a spike. */\nCAL_HD int cali_");
    add_name(out, own);
    const char *const types[] = {"_step(const cali_", "_constants *k, const cali_", "_inputs *in, cali_"};
    for (int i = 0; i < 3; i++) {
        cali_text_add(out, types[i]);
        add_name(out, own);
    }
    cali_text_add(out, "_state *x)\n{\n    (void)k, (void)in;\n");
    cali_formula_emit_ops(out, &own->step, true, "    ", add_row, own);
    for (size_t i = 0; i < n_states; i++)
        cali_text_format(out, "    x->x%zu = v%d;\n", i, results[i]);
    cali_text_format(out, "    return v%d > 0.0f;\n}\n\n", results[n_states]);
}

static void declare(cali_text *out, const cali_own_neuron *own, const char *indent, const char *what)
{
    cali_text_format(out, "%scali_", indent);
    add_name(out, own);
    cali_text_format(out, "_%s;\n", what);
}

/* "k.k0 = constant[0][i];" for n rows; `at` is the place in a row. */
static void add_loads(cali_text *out, const char *indent, const char *to, const char *from, size_t n, const char *at)
{
    for (size_t i = 0; i < n; i++)
        cali_text_format(out, "%s%s%zu = %s%zu%s[%s];\n", indent, to, i, from, i, from[strlen(from) - 1] == '[' ? "]" : "", at);
}

/* One neuron i: loads it, steps it, stores it. Rows are locals (row_0) or arrays of rows (row[0]). */
static void add_body(cali_text *out, const cali_own_neuron *own, const char *indent, bool has_locals, bool is_uniform)
{
    const size_t n_states = own->neuron.face.n_states;
    if (!is_uniform) {
        declare(out, own, indent, "constants k");
        add_loads(out, indent, "k.k", has_locals ? "constant_" : "constant[", own->neuron.n_constants, "i");
    }
    declare(out, own, indent, "inputs in");
    declare(out, own, indent, "state x");
    add_loads(out, indent, "in.c", has_locals ? "input_" : "input[", own->neuron.face.n_receptors + 1, "i");
    add_loads(out, indent, "x.x", has_locals ? "state_" : "state[", n_states, "i");
    cali_text_format(out, "%sspiked[i] = cali_", indent);
    add_name(out, own);
    cali_text_add(out, "_step(&k, &in, &x);\n");
    for (size_t i = 0; i < n_states; i++)
        cali_text_format(out, "%s%s%zu%s[i] = x.x%zu;\n", indent, has_locals ? "state_" : "state[", i, has_locals ? "" : "]", i);
}

/* Constants that all neurons share stay in registers. */
static void add_loop(cali_text *out, const cali_own_neuron *own)
{
    static const char head[] = "void cali_own_neuron_loop(size_t n, int is_uniform, float *const *state,\n"
                               "                          const float *const *constant, const float *const *input,\n"
                               "                          int32_t *spiked)";
    const size_t n_constants = own->neuron.n_constants;
    cali_text_format(out, "%s;\n%s\n{\n    (void)constant;\n", head, head);
    for (size_t i = 0; i < own->neuron.face.n_states; i++)
        cali_text_format(out, "    float *const state_%zu = state[%zu];\n", i, i);
    for (size_t i = 0; i < n_constants; i++)
        cali_text_format(out, "    const float *const constant_%zu = constant[%zu];\n", i, i);
    for (size_t i = 0; i <= own->neuron.face.n_receptors; i++)
        cali_text_format(out, "    const float *const input_%zu = input[%zu];\n", i, i);
    cali_text_add(out, "    if (is_uniform) {\n");
    declare(out, own, "        ", "constants k");
    add_loads(out, "        ", "k.k", "constant_", n_constants, "0");
    cali_text_add(out, "        EACH\n        for (size_t i = 0; i < n; i++) {\n");
    add_body(out, own, "            ", true, true);
    cali_text_add(out, "        }\n        return;\n    }\n    EACH\n    for (size_t i = 0; i < n; i++) {\n");
    add_body(out, own, "        ", true, false);
    cali_text_add(out, "    }\n}\n");
}

static void add_launch(cali_text *out, const cali_own_neuron *own)
{
    cali_text_add(out, "extern \"C\" __global__ void cali_own_neuron_launch(unsigned n, float *const *state,\n"
                       "                                                   const float *const *constant,\n"
                       "                                                   const float *const *input, int32_t *spiked)\n{\n"
                       "    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;\n"
                       "    if (i >= n)\n        return;\n");
    add_body(out, own, "    ", false, false);
    cali_text_add(out, "}\n");
}

bool cali_own_neuron_emit(const cali_own_neuron *own, bool is_cuda, cali_text *out)
{
    cali_text_format(out, "/* The neuron %s, made by callosum %s from its text; safe to delete. */\n", own->neuron.face.name,
                     CAL_VERSION);
    if (is_cuda)
        cali_text_add(out, "/* nvcc -fmad=false: every sum and product is rounded once, as on the host. */\n"
                           "#pragma nv_diag_suppress declared_but_not_referenced\n");
    cali_text_add(out, "#include <stddef.h>\n\n");
    cali_formula_emit_headers(out);
    add_struct(out, own, "state");
    add_struct(out, own, "constants");
    add_struct(out, own, "inputs");
    add_kernel(out, own);
    if (is_cuda)
        add_launch(out, own);
    else
        add_loop(out, own);
    return !out->is_broken;
}
