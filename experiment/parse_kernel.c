/* Connections by distance: `kernel`, `weight_kernel`, `velocity`, and formulas of the way. */
#include <stdio.h>
#include <string.h>

#include "base/spatial_formula.h"
#include "experiment/reader.h"

/* ---- formulas ---------------------------------------------------------------------------------------- */

/* A quantity, and names of distributions, hold neither. */
bool cali_is_formula(const cali_node *node)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const char *text = node == NULL ? "" : cali_node_text(node, "");
    cali_quantity q;
    if (cali_quantity_parse(text, &q) == CALI_QUANTITY_OK)
        return false;
    for (size_t n; *text != '\0'; text += n > 0 ? n : 1) {
        n = strspn(text, letters);
        if (*text == '*' || (n == 1 && *text == 'd') || (n == 2 && *text == 'd' && text[1] >= 'x' && text[1] <= 'z'))
            return true;
    }
    return false;
}

typedef struct listener {
    cali_reader *r;
    const cali_node *node;
} listener;

static void hear(void *arg, unsigned line, unsigned column, const char *code, const char *text)
{
    const listener *l = arg;
    const cali_place place = l->node->origin > 0 ? cali_place_of(l->node) : (cali_place){line, column, 0};
    cali_refuse(l->r, place, code, "%s", text);
}

static bool check_formula(cali_reader *r, const cali_node *node, const char *label, const cali_unit *wanted, cali_unit *unit)
{
    cali_formula_file file = {.path = r->exp->path, .text = r->exp->text, .text_size = r->exp->text_size};
    listener l = {r, node};
    cali_formula_reader reader = {.ctx = r->ctx, .file = &file, .what = "formula", .tell = hear, .listener = &l};
    const bool is_good = cali_spatial_formula_check(&reader, node, label, wanted, unit);
    r->is_out_of_memory = r->is_out_of_memory || reader.is_out_of_memory;
    cali_arena_free(&file.arena);
    return is_good;
}

bool cali_formula_sample(cali_reader *r, const cali_node *node, const char *label, char *out, size_t size)
{
    cali_unit unit;
    char text[CALI_UNIT_TEXT];
    if (!check_formula(r, node, label, NULL, &unit))
        return false;
    cali_formula_unit_text(&unit, text);
    snprintf(out, size, "%s1%s%s", node->text[strspn(node->text, " ")] == '-' ? "-" : "", cali_unit_is_plain(&unit) ? "" : " ",
             cali_unit_is_plain(&unit) ? "" : text);
    return true;
}

const cal_spatial_formula *cali_read_formula(cali_reader *r, const cali_node *node, const char *label, const char *unit, bool is_factor)
{
    cal_experiment *e = r->exp;
    cali_unit wanted, found;
    char why[256];
    cali_text text = {0};
    if (!cali_unit_parse(unit, &wanted) || !check_formula(r, node, label, &wanted, &found))
        return NULL;
    const bool is_plain = cali_unit_is_plain(&wanted);
    cali_text_format(&text, is_factor && !is_plain ? "(%s) / (1 %s)" : "%s", node->text, unit);
    cal_spatial_formula *formula = NULL;
    if (text.is_broken || !cali_arena_grow(&e->arena, &e->formulas, e->n_formulas, sizeof *e->formulas))
        r->is_out_of_memory = true;
    else if ((formula = cali_spatial_formula_read(text.data, is_factor ? "1" : unit, why, sizeof why)) == NULL)
        cali_refuse(r, cali_place_of(node), "C106", "%s: %s", label, why);
    else
        e->formulas[e->n_formulas++] = formula;
    cali_text_free(&text);
    return formula;
}

bool cali_read_probability(cali_reader *r, const cali_node *node, cal_snn_projection *out)
{
    static const cali_key number = {"probability", CALI_KEY_NUMBER, "1", .low = 0.0, .high = 1.0, .size = sizeof(double)};
    const cali_node *probability = cali_node_get(node, "probability"), *kernel = cali_node_get(node, "kernel");
    if (probability == NULL)
        return true;
    if (!cali_is_formula(probability))
        return cali_read_value(r, probability, "probability", &number, &out->probability);
    if (kernel != NULL && (out->kernel.formula != NULL || cali_node_get(kernel, "kind") != NULL))
        return cali_refuse(r, cali_place_of(kernel), "C104", "a probability by formula stands beside a kernel\ntry one formula, and "
                           "of kernel within and metric alone");
    out->kernel.kernel = NULL;
    out->probability = 1.0;
    out->kernel.formula = cali_read_formula(r, probability, "probability", "1", true);
    return out->kernel.formula != NULL;
}

/* ---- profiles ------------------------------------------------------------------------------------------ */

static const char *kernel_at(const void *list, size_t i)
{
    (void)list;
    return cal_spatial_kernels[i].name;
}

/* Defaults of lengths are those of a brain, so the file must say them. */
static bool has_lengths(cali_reader *r, const cali_node *node, const char *label, const cal_spatial_kernel *kernel)
{
    for (size_t k = 0; k < kernel->n_params; k++)
        if (strcmp(kernel->params[k].unit, "mm") == 0 && cali_node_get(node, kernel->params[k].name) == NULL)
            return cali_refuse(r, cali_place_of(node), "C105", "%s %s needs %s: %s\ntry %s: 100 um", label, kernel->name,
                               kernel->params[k].name, kernel->params[k].meaning, kernel->params[k].name);
    return true;
}

static bool read_profile(cali_reader *r, const cali_node *node, const char *label, cal_snn_profile *out)
{
    char owner[CALI_LABEL], what[2 * CALI_LABEL];
    cali_kernel_text text = {0};
    if (node == NULL)
        return true;
    const cali_node *word = cali_node_get(node, "kind"), *formula = cali_node_get(node, "formula");
    const char *name = word == NULL ? "constant" : cali_node_text(word, "");
    const cal_spatial_kernel *kernel = cal_spatial_kernel_find(name);
    if (node->kind == CALI_NODE_MAP && kernel == NULL) {
        snprintf(what, sizeof what, "unknown kernel \"%.60s\"", name);
        return cali_refuse_word(r, cali_place_of(word), "C101", what, name, NULL, CAL_N_SPATIAL_KERNELS, kernel_at);
    }
    snprintf(owner, sizeof owner, "kernel %.60s", name);
    cali_extra extra = {.values = out->params, .owner = owner};
    if (kernel != NULL) {
        extra.fields = kernel->params;
        extra.n_fields = kernel->n_params;
        for (size_t k = 0; k < kernel->n_params; k++)
            out->params[k] = kernel->params[k].value;
    }
    const size_t before = r->n_mistakes;
    if (!cali_read_mapping(r, &cali_keys_kernel, node, label, &text, &extra) || r->n_mistakes > before)
        return false;
    if (word != NULL && formula != NULL)
        return cali_refuse(r, cali_place_of(formula), "C104", "%s has both a kind and a formula\ntry one of both", label);
    out->within_mm = text.within_mm;
    out->metric = (cal_metric)text.metric;
    if (formula != NULL)
        return (out->formula = cali_read_formula(r, formula, label, "1", true)) != NULL;
    out->kernel = kernel;
    return has_lengths(r, node, label, kernel);
}

bool cali_read_distance(cali_reader *r, const cali_node *node, const cali_connection_text *text, cal_snn_projection *out)
{
    out->n_nearest = text->nearest;
    out->velocity_mm_per_ms = text->velocity_mm_per_ms;
    return read_profile(r, cali_node_get(node, "kernel"), "kernel", &out->kernel) &&
           read_profile(r, cali_node_get(node, "weight_kernel"), "weight_kernel", &out->weight_profile);
}

bool cali_check_distances(cali_reader *r, const cali_node *node, const cali_network *network, const cal_snn_projection *p)
{
    char why[256];
    const cali_population *from = &network->populations[p->from], *to = &network->populations[p->to];
    const bool is_listed = from->positions_path != NULL || to->positions_path != NULL; /* what lies where is not read yet */
    if ((is_listed && from->space != NULL && to->space != NULL) ||
        !cal_snn_distance_is_impossible(p, from->space, to->space, from->n, to->n, why, sizeof why))
        return true;
    return cali_refuse(r, cali_place_of(node), "C106", "%.60s to %.60s: %s", from->name, to->name, why);
}
