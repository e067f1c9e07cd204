/* A definition as a map and back: every field of every struct travels, and a network that has travelled is the same one.
 * Nothing that a peer sends is taken for granted. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "support/network_wire.h"
#include "support/snn_networks.h"

/* ---- no field is forgotten ----------------------------------------------------------------------- */

static const cali_model_struct *struct_of(const char *type)
{
    for (size_t i = 0; i < cali_model_n_structs; i++)
        if (strcmp(cali_model_structs[i]->type, type) == 0)
            return cali_model_structs[i];
    return NULL;
}

static bool is_listed(const cali_model_struct *of, const char *member)
{
    for (size_t i = 0; i < of->n_fields; i++)
        if (strcmp(of->fields[i].member, member) == 0 ||
            (of->fields[i].n_member != NULL && strcmp(of->fields[i].n_member, member) == 0))
            return true;
    return false;
}

/* `text` without comments. */
static void strip(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        const char *end = strncmp(from, "/*", 2) == 0 ? strstr(from, "*/") : NULL;
        if (end != NULL)
            from = end + 2;
        else
            *to++ = *from++;
    }
    *to = '\0';
}

/* Every name that a declaration declares: "const double *times_ms, *values", "double center_mm[3]". Returns how many. */
static size_t check_declaration(const cali_model_struct *of, const char *prefix, char *declaration)
{
    size_t n = 0;
    for (char *piece = strtok(declaration, ","); piece != NULL; piece = strtok(NULL, ",")) {
        char *end = strchr(piece, '[');
        end = end != NULL ? end : piece + strlen(piece);
        while (end > piece && !isalnum((unsigned char)end[-1]) && end[-1] != '_')
            end--;
        *end = '\0';
        char *name = end;
        while (name > piece && (isalnum((unsigned char)name[-1]) || name[-1] == '_'))
            name--;
        if (*name == '\0')
            continue;
        char member[128];
        snprintf(member, sizeof member, "%s%s", prefix, name);
        cr_expect(is_listed(of, member), "%s of %s does not travel: it needs a line in workers/network_model_fields.c", name,
                  of->type);
        n++;
    }
    return n;
}

static size_t check_struct(const char *header, const char *type, const cali_model_struct *of, const char *prefix)
{
    char start[96], body[8192];
    snprintf(start, sizeof start, "typedef struct %s {", type);
    const char *at = strstr(header, start);
    cr_assert(at != NULL, "%s", type);
    at += strlen(start);
    const char *end = strchr(at, '}');
    cr_assert(end != NULL && (size_t)(end - at) < sizeof body);
    memcpy(body, at, (size_t)(end - at));
    body[end - at] = '\0';
    size_t n = 0;
    for (char *from = body, *semicolon; (semicolon = strchr(from, ';')) != NULL; from = semicolon + 1) {
        *semicolon = '\0';
        n += check_declaration(of, prefix, from);
    }
    return n;
}

/* The header is read: what it declares stands in the tables. */
Test(network_model, every_member_of_every_struct_has_a_field)
{
    cal_context *ctx = cali_test_context(1);
    char *header = NULL;
    size_t size = 0;
    cr_assert(cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/include/callosum/snn.h", 1 << 20, &header, &size) == CAL_OK);
    strip(header);
    cr_assert(ge(sz, check_struct(header, "cal_snn_def", struct_of("cali_model_root"), "def."), 32));
    size_t n = 0;
    for (size_t i = 0; i < cali_model_n_structs; i++)
        if (strncmp(cali_model_structs[i]->type, "cali_", 5) != 0)
            n += check_struct(header, cali_model_structs[i]->type, cali_model_structs[i], "");
    cr_expect(ge(sz, n, 100));
    free(header);
    cal_context_destroy(&ctx);
}

/* Sizes are those of the kinds, keys are unique, and structs that are named are listed. */
Test(network_model, fields_are_of_their_kinds)
{
    for (size_t i = 0; i < cali_model_n_structs; i++) {
        const cali_model_struct *of = cali_model_structs[i];
        for (size_t k = 0; k < of->n_fields; k++) {
            const cali_model_field *f = &of->fields[k];
            const bool is_pointer = f->kind == CALI_MODEL_TEXT || f->kind == CALI_MODEL_ENTRY || f->kind == CALI_MODEL_OWN ||
                                    f->kind == CALI_MODEL_FORMULA || f->kind == CALI_MODEL_MAP_AT || f->kind == CALI_MODEL_LIST || f->kind == CALI_MODEL_ARRAY;
            const bool is_struct = f->kind == CALI_MODEL_MAP || f->kind == CALI_MODEL_MAP_AT || f->kind == CALI_MODEL_LIST;
            const size_t size = is_pointer                     ? sizeof(void *)
                                : f->kind == CALI_MODEL_MAP    ? f->of->size
                                : f->kind == CALI_MODEL_CHOICE ? sizeof(cal_rule)
                                : f->kind == CALI_MODEL_BOOL   ? sizeof(bool)
                                : f->kind == CALI_MODEL_REAL || f->kind == CALI_MODEL_TIME ? 8 : f->size;
            cr_expect(f->size == size, "%s %s", of->type, f->member);
            cr_expect(f->meaning != NULL && (f->kind == CALI_MODEL_STAYS || f->key[0] != '\0'), "%s %s", of->type, f->member);
            cr_expect(is_struct ? struct_of(f->of->type) == f->of : true, "%s %s", of->type, f->member);
            cr_expect(f->kind != CALI_MODEL_UINT || size == 4 || size == 8, "%s %s", of->type, f->member);
            for (size_t j = 0; j < k; j++)
                cr_expect(strcmp(of->fields[j].key, f->key) != 0 || f->key[0] == '\0', "%s %s", of->type, f->key);
        }
    }
}

/* ---- a definition in which nothing is 0 ---------------------------------------------------------- */

enum { N_ITEMS = 3, MAX_BLOCKS = 4096 };

typedef struct filler {
    const cal_neuron *own;
    const cal_spatial_formula *formula;
    unsigned count; /* of values so far: no two are the same */
    void *blocks[MAX_BLOCKS];
    size_t n_blocks;
} filler;

static void *block(filler *x, size_t size)
{
    cr_assert(x->n_blocks < MAX_BLOCKS);
    return x->blocks[x->n_blocks++] = calloc(1, size);
}

static const void *entry_of(filler *x, const cali_model_field *f, size_t index)
{
    if (strcmp(f->entries->what, "neuron") == 0)
        return index == 1 ? x->own : cal_snn_neuron_at(1 + x->count++ % (cal_snn_n_neurons() - 1));
    if (strcmp(f->entries->what, "synapse") == 0)
        return cal_snn_synapse_at(1 + x->count++ % (cal_snn_n_synapse_models() - 1));
    if (strcmp(f->entries->what, "kernel") == 0)
        return &cal_spatial_kernels[1 + x->count++ % (CAL_N_SPATIAL_KERNELS - 1)];
    return &cal_waveforms[x->count++ % CAL_N_WAVEFORMS];
}

static void fill(filler *x, const cali_model_struct *of, char *item, size_t index);

static void fill_numbers(filler *x, cal_dtype dtype, size_t n, char *data)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t number = UINT64_C(1) + x->count++;
        const double real = (double)number + 0.25;
        if (dtype == CAL_F64)
            memcpy(data + i * 8, &real, 8);
        else
            memcpy(data + i * cal_dtype_size(dtype), &number, cal_dtype_size(dtype)); /* little-endian */
    }
}

/* Pointers to structs or numbers, and their counts. */
static void fill_many(filler *x, const cali_model_field *f, char *item, size_t index)
{
    size_t n = f->kind == CALI_MODEL_MAP_AT ? 1 : N_ITEMS;
    if (f->kind != CALI_MODEL_MAP_AT && f->n_member == NULL) {
        const cal_snn_population three[N_ITEMS] = {{.n = N_ITEMS}, {.n = N_ITEMS}, {.n = N_ITEMS}};
        const cal_snn_def def = {.populations = three, .n_populations = N_ITEMS};
        cr_assert(cali_model_expect(&def, f, item, index, &n));
    } else if (n == N_ITEMS) {
        memcpy(item + f->n_offset, &n, f->n_size);
    }
    const size_t size = f->kind == CALI_MODEL_ARRAY ? cal_dtype_size(f->dtype) : f->of->size;
    char *items = n == 0 ? NULL : block(x, n * size);
    memcpy(item + f->offset, &items, sizeof items);
    if (f->kind == CALI_MODEL_ARRAY)
        fill_numbers(x, f->dtype, n, items);
    else
        for (size_t i = 0; i < n; i++)
            fill(x, f->of, items + i * size, i);
}

static void fill_field(filler *x, const cali_model_field *f, char *item, size_t index)
{
    const void *entry;
    char *text;
    size_t n = f->size / 8;
    int choice;
    switch (f->kind) {
    case CALI_MODEL_UINT:
        fill_numbers(x, f->size == 8 ? CAL_U64 : CAL_U32, 1, item + f->offset);
        break;
    case CALI_MODEL_TIME:
        fill_numbers(x, CAL_I64, 1, item + f->offset);
        break;
    case CALI_MODEL_REAL:
        fill_numbers(x, CAL_F64, 1, item + f->offset);
        break;
    case CALI_MODEL_BOOL:
        item[f->offset] = 1;
        break;
    case CALI_MODEL_TEXT:
        text = block(x, 32);
        snprintf(text, 32, "text %u", x->count++);
        memcpy(item + f->offset, &text, sizeof text);
        break;
    case CALI_MODEL_CHOICE:
        choice = (int)f->names->n - 1;
        memcpy(item + f->offset, &choice, sizeof choice);
        break;
    case CALI_MODEL_ENTRY:
        entry = entry_of(x, f, index);
        memcpy(item + f->offset, &entry, sizeof entry);
        break;
    case CALI_MODEL_FORMULA:
        memcpy(item + f->offset, &x->formula, sizeof x->formula);
        break;
    case CALI_MODEL_MAP:
        fill(x, f->of, item + f->offset, index);
        break;
    case CALI_MODEL_FIXED:
        if (f->count == CALI_COUNT_KERNEL)
            cr_assert(cali_model_expect(&(cal_snn_def){0}, f, item, index, &n));
        else
            n = f->size / cal_dtype_size(f->dtype);
        fill_numbers(x, f->dtype, n, item + f->offset);
        break;
    case CALI_MODEL_MAP_AT:
    case CALI_MODEL_LIST:
    case CALI_MODEL_ARRAY:
        fill_many(x, f, item, index);
        break;
    case CALI_MODEL_OWN:
    case CALI_MODEL_STAYS:
        break;
    }
}

static void fill(filler *x, const cali_model_struct *of, char *item, size_t index)
{
    for (size_t i = 0; i < of->n_fields; i++) {
        const cali_model_field *f = &of->fields[i];
        if (of == cali_model_structs[0] && strcmp(f->member, "own") == 0)
            continue; /* made by the writer */
        fill_field(x, f, item, index);
        if (strcmp(of->type, "cal_snn_space") == 0 && strcmp(f->member, "n_dimensions") == 0)
            ((cal_snn_space *)(void *)item)->n_dimensions = 2;
        if (strcmp(of->type, "cal_snn_population") == 0 && strcmp(f->member, "n") == 0)
            ((cal_snn_population *)(void *)item)->n = N_ITEMS;
        if (strcmp(of->type, "cal_snn_values") == 0 && strcmp(f->member, "population") == 0)
            ((cal_snn_values *)(void *)item)->population = 1;
    }
}

static void expect_same(const cali_model_struct *of, const char *a, const char *b, size_t index, const cal_snn_def *def);

static void expect_same_field(const cali_model_struct *of, const cali_model_field *f, const char *a, const char *b, size_t index,
                              const cal_snn_def *def)
{
    const char *many_a = cali_model_pointer(a, f), *many_b = cali_model_pointer(b, f);
    size_t n = 1;
    if (f->n_member != NULL) {
        n = (size_t)cali_model_uint(a, f->n_offset, f->n_size);
        cr_expect(n == cali_model_uint(b, f->n_offset, f->n_size), "%s %s", of->type, f->n_member);
    } else if (f->kind == CALI_MODEL_LIST || f->kind == CALI_MODEL_ARRAY) {
        cr_assert(cali_model_expect(def, f, a, index, &n));
    }
    switch (f->kind) {
    case CALI_MODEL_TEXT:
        cr_expect(strcmp(many_a, many_b) == 0, "%s %s", of->type, f->member);
        break;
    case CALI_MODEL_ENTRY: /* own neurons are other objects of the same text */
        cr_expect(many_a == many_b || strcmp(((const cal_neuron *)(const void *)many_a)->name,
                                             ((const cal_neuron *)(const void *)many_b)->name) == 0, "%s %s", of->type, f->member);
        break;
    case CALI_MODEL_FORMULA:
        cr_expect(strcmp(cal_spatial_formula_text((const void *)many_a), cal_spatial_formula_text((const void *)many_b)) == 0, "%s %s",
                  of->type, f->member);
        break;
    case CALI_MODEL_MAP:
        expect_same(f->of, a + f->offset, b + f->offset, index, def);
        break;
    case CALI_MODEL_MAP_AT:
    case CALI_MODEL_LIST:
        for (size_t i = 0; i < n; i++)
            expect_same(f->of, many_a + i * f->of->size, many_b + i * f->of->size, i, def);
        break;
    case CALI_MODEL_ARRAY:
        cr_expect(n == 0 || memcmp(many_a, many_b, n * cal_dtype_size(f->dtype)) == 0, "%s %s", of->type, f->member);
        break;
    case CALI_MODEL_OWN:
    case CALI_MODEL_STAYS:
        break;
    default:
        cr_expect(memcmp(a + f->offset, b + f->offset, f->size) == 0, "%s %s", of->type, f->member);
    }
}

static void expect_same(const cali_model_struct *of, const char *a, const char *b, size_t index, const cal_snn_def *def)
{
    for (size_t i = 0; i < of->n_fields; i++)
        if (of != cali_model_structs[0] || strcmp(of->fields[i].member, "own") != 0)
            expect_same_field(of, &of->fields[i], a, b, index, def);
}

static cal_neuron *own_neuron(cal_context *ctx)
{
    cal_neuron *neuron = NULL;
    cr_assert(cal_snn_neuron_load(ctx, CALLOSUM_SOURCE_DIR "/tests/support/own_neurons/lif.yaml", &neuron) == CAL_OK);
    return neuron;
}

/* All values of a definition are different from each other and from 0, and all arrive. */
Test(network_model, every_value_arrives)
{
    cal_context *ctx = cali_test_context(1);
    cal_neuron *own = own_neuron(ctx);
    static filler x;
    cali_model_root root = {.n_own = 0};
    cal_spatial_formula *zero = NULL; /* of every unit */
    cr_assert(cal_spatial_formula_create(ctx, "0", "1", &zero) == CAL_OK, "%s", cal_context_message(ctx));
    x.own = own;
    x.formula = zero;
    fill(&x, cali_model_structs[0], (char *)&root, 0);
    cr_assert(gt(u32, x.count, 300));
    cali_network_model *model = cali_wire_round(ctx, &root.def);
    cali_model_root there = {.def = *cali_network_model_def(model)};
    expect_same(cali_model_structs[0], (const char *)&root, (const char *)&there, 0, &root.def);
    size_t n = 0, m = 0;
    const char *text = cal_snn_neuron_text(own, &n), *copy = NULL;
    for (size_t i = 0; i < N_ITEMS; i++)
        if (there.def.populations[i].neuron->self != NULL)
            copy = cal_snn_neuron_text(there.def.populations[i].neuron, &m);
    cr_assert(copy != NULL && copy != text);
    cr_expect(n == m && memcmp(copy, text, n) == 0);
    cali_network_model_destroy(&model);
    cal_snn_neuron_destroy(&own);
    cal_spatial_formula_destroy(&zero);
    for (size_t i = 0; i < x.n_blocks; i++)
        free(x.blocks[i]);
    cal_context_destroy(&ctx);
}

/* ---- networks ------------------------------------------------------------------------------------ */

/* The networks of the reference data, cut to a size that is quick. */
static void make_network(cali_network *n, int which)
{
    static const char *const rules[] = {"stdp", "tsodyks-markram", "vogels", "triplet"};
    if (which == 0)
        cali_network_cobab(n, 1.0);
    else if (which == 1)
        cali_network_cuba(n, 1.0);
    else if (which == 2)
        cali_network_brunel(n, 1.0);
    else if (which == 3)
        cali_network_qif(n, 2000, 10.0, 0.01, 1.0, 2);
    else if (which == 4)
        cali_network_izhikevich(n, 1000, 100, 0.5, 1.0);
    else
        cali_network_plastic(n, rules[which - 5], 1.0);
    n->def.seed = 17;
    n->def.stream = 3;
}

Test(network_model, reference_networks_arrive_as_they_are, .timeout = 120)
{
    static cali_network n;
    cal_context *ctx = cali_test_context(2);
    for (int i = 0; i < 9; i++) {
        make_network(&n, i);
        cr_expect(gt(u64, cali_wire_expect_same(ctx, &n.def, i < 3 ? 30 : 20), 0), "%s spikes", n.def.name);
    }
    cal_context_destroy(&ctx);
}

/* 300 million synapses are not built twice here: the estimate sees every rule and population. */
Test(network_model, the_microcircuit_arrives)
{
    static cali_network n;
    cal_context *ctx = cali_test_context(1);
    double bytes[2], n_synapses[2];
    cali_network_microcircuit(&n, 1.0);
    cali_network_model *model = cali_wire_round(ctx, &n.def);
    cr_assert(cal_snn_estimate(ctx, &n.def, &bytes[0], &n_synapses[0]) == CAL_OK);
    cr_assert(cal_snn_estimate(ctx, cali_network_model_def(model), &bytes[1], &n_synapses[1]) == CAL_OK);
    cr_expect(bytes[0] == bytes[1] && n_synapses[0] == n_synapses[1] && n_synapses[0] > 2.9e8);
    cali_network_model_destroy(&model);
    cal_context_destroy(&ctx);
}

/* ---- digest --------------------------------------------------------------------------------------- */

static void digest_of(cal_context *ctx, const cal_snn_def *def, char hex[CALI_DIGEST_SIZE])
{
    cr_assert(cali_network_model_digest(ctx, def, hex) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(eq(sz, strlen(hex), CALI_DIGEST_SIZE - 1));
}

/* What restoring a state asks for, and nothing else. */
Test(network_model, the_digest_is_of_what_a_state_depends_on)
{
    static cali_network n;
    static const double fraction[2] = {0.5, 0.5};
    char before[CALI_DIGEST_SIZE], after[CALI_DIGEST_SIZE];
    cal_context *ctx = cali_test_context(1);
    cali_network_cuba(&n, 1.0);
    digest_of(ctx, &n.def, before);
    cali_network_model *model = cali_wire_round(ctx, &n.def);
    digest_of(ctx, cali_network_model_def(model), after);
    cr_expect(eq(str, before, after));
    cal_snn *snn = NULL;
    char *bytes = NULL;
    size_t size = 0;
    cr_assert(cal_snn_create(ctx, cali_network_model_def(model), &snn) == CAL_OK);
    for (int i = 0; i < 4; i++)
        cr_assert(cal_snn_advance(snn) == CAL_OK);
    cr_assert(cal_snn_save_state(snn, &bytes, &size) == CAL_OK);
    cal_snn_destroy(&snn);
    cali_network_model_destroy(&model);

    n.def.window *= 2;
    n.def.name = "another";
    n.def.n_tiles = 3;
    n.def.memory_budget_bytes = 1e9;
    n.def.record_fraction = fraction;
    n.ports[0].samples = 2;
    n.ports[0].name = "out";
    digest_of(ctx, &n.def, after);
    cr_expect(eq(str, before, after));
    cal_snn *other = NULL; /* the state of the one goes on in the other */
    cr_assert(cal_snn_create(ctx, &n.def, &other) == CAL_OK);
    cr_expect(cal_snn_restore_state(other, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK, "%s", cal_context_message(ctx));
    cal_snn_destroy(&other);
    free(bytes);
    n.populations[0].name = "F";
    digest_of(ctx, &n.def, after);
    cr_expect(ne(str, before, after));
    n.populations[0].name = "E";
    n.def.seed++;
    digest_of(ctx, &n.def, after);
    cr_expect(ne(str, before, after));
    n.def.seed--;
    n.projections[2].weight.a *= 1.0 + 1e-15;
    digest_of(ctx, &n.def, after);
    cr_expect(ne(str, before, after));
    cal_context_destroy(&ctx);
}

/* ---- what cannot travel, and what cannot be believed ---------------------------------------------- */

/* Beyond the limits of a message it is for LOAD alone; there the array is borrowed, not copied. */
Test(network_model, an_array_beyond_a_frame_is_no_part_of_a_message)
{
    static cali_network n;
    enum { N = 9000000 };
    double *values = calloc(N, sizeof *values);
    const cal_snn_values given = {0, "V", values};
    cal_packer *packer = NULL;
    cal_context *ctx = cali_test_context(1);
    cali_network_cuba(&n, 1.0);
    n.populations[0].n = N;
    n.def.values = &given;
    n.def.n_values = 1;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    const cal_frame *frames = NULL;
    size_t n_frames = 0;
    char digest[CALI_DIGEST_SIZE];
    cr_expect(cali_network_model_encode(ctx, &n.def, packer, "model") == CAL_OK);
    cr_expect(cal_packer_get(packer, &frames, &n_frames) == CAL_ERR_ARGUMENT);
    cr_expect(strstr(cal_context_message(ctx), "the array \"values\" cannot travel") != NULL, "%s", cal_context_message(ctx));
    cal_context_clear(ctx);
    cal_packer_clear(packer);
    cal_packer_set_limits(packer, &cal_limits_loaded);
    cr_expect(cali_network_model_encode(ctx, &n.def, packer, "model") == CAL_OK);
    cr_expect(cal_packer_get(packer, &frames, &n_frames) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(n_frames == 2 && frames[1].data == values && frames[1].size == N * sizeof *values);
    cr_expect(cali_network_model_digest(ctx, &n.def, digest) == CAL_OK, "%s", cal_context_message(ctx));
    cal_packer_destroy(&packer);
    free(values);
    cal_context_destroy(&ctx);
}

Test(network_model, more_values_than_a_message_holds_are_refused)
{
    static cali_network n;
    enum { N = 99000 };
    cal_snn_projection *many = calloc(N, sizeof *many);
    cal_packer *packer = NULL;
    cal_context *ctx = cali_test_context(1);
    cali_network_cuba(&n, 1.0);
    for (size_t i = 0; i < N; i++)
        many[i] = n.projections[0];
    n.def.projections = many;
    n.def.n_projections = N;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    cr_expect(cali_network_model_encode(ctx, &n.def, packer, "model") == CAL_ERR_UNSUPPORTED);
    cr_expect(strstr(cal_context_message(ctx), "CUBA: from projections[") != NULL, "%s", cal_context_message(ctx));
    cal_packer_clear(packer);
    cal_context_clear(ctx);
    n.def.n_projections = 50000;
    cali_network_model *model = cali_wire_round(ctx, &n.def);
    cr_expect(eq(sz, cali_network_model_def(model)->n_projections, 50000));
    cali_network_model_destroy(&model);
    cal_packer_destroy(&packer);
    free(many);
    cal_context_destroy(&ctx);
}

Test(network_model, a_definition_that_points_nowhere_is_refused)
{
    static cali_network n;
    const cal_snn_values given = {7, "V", NULL};
    cal_packer *packer = NULL;
    cal_context *ctx = cali_test_context(1);
    cali_network_cuba(&n, 1.0);
    n.def.values = &given;
    n.def.n_values = 1;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    cr_expect(cali_network_model_encode(ctx, &n.def, packer, "model") == CAL_ERR_ARGUMENT);
    cal_packer_destroy(&packer);
    cal_context_destroy(&ctx);
}

/* The beginnings of a map, and what is said of each. */
static void open_network(cal_packer *p)
{
    cal_pack_open_map(p, "model");
    cal_pack_text(p, "name", CALI_NETWORK_MODEL);
    cal_pack_int(p, "dt_ns", 100000);
    cal_pack_int(p, "window_ns", 1000000);
}

static void open_item(cal_packer *p, const char *list)
{
    open_network(p);
    cal_pack_open_list(p, list);
    cal_pack_open_map(p, NULL);
}

static void close_item(cal_packer *p)
{
    cal_pack_close(p);
    cal_pack_close(p);
    cal_pack_close(p);
}

static void pack_other_model(cal_packer *p)
{
    cal_pack_open_map(p, "model");
    cal_pack_text(p, "name", "wilson-cowan");
    cal_pack_close(p);
}

static void pack_unknown_member(cal_packer *p)
{
    open_network(p);
    cal_pack_uint(p, "telepathy", 1);
    cal_pack_close(p);
}

static void pack_unknown_neuron(cal_packer *p)
{
    open_item(p, "populations");
    cal_pack_text(p, "neuron", "lif-of-tomorrow");
    cal_pack_uint(p, "n", 3);
    close_item(p);
}

static void pack_no_size(cal_packer *p)
{
    open_item(p, "populations");
    cal_pack_text(p, "neuron", "lif");
    close_item(p);
}

static void pack_two_neurons(cal_packer *p)
{
    open_item(p, "populations");
    cal_pack_uint(p, "n", 3);
    cal_pack_uint(p, "own_neuron", 0);
    close_item(p);
}

static void pack_stranger(cal_packer *p)
{
    open_item(p, "values");
    cal_pack_uint(p, "population", 3);
    cal_pack_text(p, "name", "V");
    cal_pack_vector(p, "values", CAL_F64, 2, (const double[]){1.0, 2.0});
    close_item(p);
}

static void pack_uneven_train(cal_packer *p)
{
    open_item(p, "trains");
    cal_pack_uint(p, "population", 0);
    cal_pack_vector(p, "time_ns", CAL_I64, 0, "");
    cal_pack_vector(p, "id", CAL_U32, 2, (const uint32_t[]){1, 2});
    close_item(p);
}

static void pack_wrong_numbers(cal_packer *p)
{
    open_item(p, "trains");
    cal_pack_uint(p, "population", 0);
    cal_pack_vector(p, "time_ns", CAL_F64, 1, (const double[]){1.0});
    cal_pack_vector(p, "id", CAL_U32, 1, (const uint32_t[]){1});
    close_item(p);
}

static void pack_unknown_kind(cal_packer *p)
{
    open_item(p, "ports");
    cal_pack_text(p, "kind", "teleport");
    cal_pack_uint(p, "population", 0);
    close_item(p);
}

static void pack_unpaid_items(cal_packer *p)
{
    open_network(p);
    cal_pack_open_list(p, "projections");
    for (int i = 0; i < 100000; i++) {
        cal_pack_open_map(p, NULL);
        cal_pack_close(p);
    }
    cal_pack_close(p);
    cal_pack_close(p);
}

static void pack_bad_text(cal_packer *p)
{
    open_item(p, "own_neurons");
    cal_pack_vector(p, "text", CAL_U8, 7, "neuron:");
    close_item(p);
}

static void pack_large_number(cal_packer *p)
{
    open_item(p, "populations");
    cal_pack_uint(p, "n", UINT64_C(4294967296));
    close_item(p);
}

static const struct {
    void (*pack)(cal_packer *p);
    const char *code, *text;
} hostile[] = {
    {pack_other_model, "E201", "the model is \"wilson-cowan\""},
    {pack_unknown_member, "E203", "does not know the member \"telepathy\" of a network"},
    {pack_unknown_neuron, "E201", "populations[0].neuron: this build knows no neuron \"lif-of-tomorrow\""},
    {pack_no_size, "E106", "populations[0].n: \"n\" is missing"},
    {pack_two_neurons, "E203", "populations[0].own_neuron: there are 0 own neurons"},
    {pack_stranger, "E203", "values[0].values: it belongs to a population"},
    {pack_uneven_train, "E203", "trains[0].id: it has 2 items instead of 0"},
    {pack_wrong_numbers, "E106", "trains[0].time_ns: \"time_ns\" is an array of f64 instead of i64"},
    {pack_unknown_kind, "E203", "ports[0].kind: there is no \"teleport\""},
    {pack_unpaid_items, "E106", "projections: item 0 is no map of at least"},
    {pack_bad_text, "E203", "own_neurons: "},
    {pack_large_number, "E106", "populations[0].n: \"n\" is 4294967296"},
};

Test(network_model, what_is_wrong_in_a_map_is_named)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        cal_context *ctx = cali_test_context(1);
        cal_packer *packer = NULL;
        const cal_frame *frames = NULL;
        size_t n = 0;
        cal_problem problem;
        cali_network_model *model = NULL;
        cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
        hostile[i].pack(packer);
        cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK, "%zu: %s", i, cal_context_message(ctx));
        cali_wire_copy w = {.n = n};
        memcpy(w.frames, frames, n * sizeof *frames);
        cr_expect(cali_wire_decode(ctx, &w, &model, &problem) == CAL_ERR_INPUT, "%zu", i);
        cr_expect(model == NULL && strcmp(problem.code, hostile[i].code) == 0 && strstr(problem.text, hostile[i].text) != NULL,
                  "%zu: %s %s", i, problem.code, problem.text);
        cr_expect(cal_context_message(ctx)[0] != '\0');
        cal_packer_destroy(&packer);
        cal_context_destroy(&ctx);
    }
}
