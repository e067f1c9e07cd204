/* The neural masses, or the neurons of a network of its own, as the manifest of a run tells them, beside the defaults of the models of this program. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "callosum/nmm.h"
#include "callosum/snn.h"
#include "report/page_encode.h"
#include "report/page_parts.h"

/* A value of the manifest (in SI) in the unit of the field; NaN if it is no single quantity of that dimension. */
static double value_in(const cali_node *node, const char *unit_text)
{
    cali_quantity quantity;
    cali_unit unit;
    if (node == NULL || node->kind != CALI_NODE_SCALAR || !cali_unit_parse(unit_text, &unit) ||
        cali_quantity_parse(node->text, &quantity) != CALI_QUANTITY_OK ||
        !cali_unit_is_same_dimension(&quantity.unit, &unit))
        return NAN;
    return cali_quantity_in(&quantity, &unit);
}

static bool is_equal(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b)); /* of the way through texts and units */
}

static void add_parameter(const cali_entry *entry, const cal_field *field, cali_text *json)
{
    const cali_node *node = entry->value;
    cali_page_text(json, "name", entry->key);
    cali_page_text(json, "text", node->kind == CALI_NODE_SCALAR ? node->text : "differs between regions");
    cali_page_number(json, "value", field == NULL ? NAN : value_in(node, field->unit));
    cali_page_number(json, "default", field == NULL ? NAN : field->value);
    cali_page_text(json, "unit", field == NULL ? "" : field->unit);
    cali_page_text(json, "meaning", field == NULL ? "" : field->meaning);
}

enum { MAX_OWN = 256 }; /* parameters of one text */

typedef struct catalogue {
    const cal_field *fields; /* NULL: not known to this program */
    size_t n_fields;
} catalogue;

/* Parameters of a text of the experiment's own, which the manifest tells; in `room` up to the next call. */
static catalogue own_fields(const cali_run *run, const char *path, cal_field room[MAX_OWN])
{
    const cali_node *own = cali_node_path(run->manifest, "own", path, NULL);
    size_t n = own != NULL && own->kind == CALI_NODE_LIST ? own->n : 0;
    n = n < MAX_OWN ? n : MAX_OWN;
    for (size_t i = 0; i < n; i++) {
        const cali_node *field = own->entries[i].value;
        room[i] = (cal_field){.name = cali_node_text(cali_node_get(field, "name"), ""),
                              .unit = cali_node_text(cali_node_get(field, "unit"), ""),
                              .value = cali_node_number(cali_node_get(field, "default"), NAN),
                              .meaning = cali_node_text(cali_node_get(field, "meaning"), "")};
    }
    return n == 0 ? (catalogue){0} : (catalogue){room, n};
}

static catalogue mass_fields(const cali_run *run, const char *equations, cal_field room[MAX_OWN])
{
    const cal_nmm_model *model = cal_nmm_model_find(equations);
    return model == NULL ? own_fields(run, equations, room) : (catalogue){model->params, model->n_params};
}

static catalogue neuron_fields(const cali_run *run, const char *name, cal_field room[MAX_OWN])
{
    const cal_neuron *neuron = cal_snn_neuron_find(name);
    return neuron == NULL ? own_fields(run, name, room) : (catalogue){neuron->params, neuron->n_params};
}

/* `is_all`: also those that have their default, because another value held before. */
static void add_changed(const cali_node *parameters, catalogue known, bool is_all, cali_text *json)
{
    const size_t n = parameters != NULL && parameters->kind == CALI_NODE_MAP ? parameters->n : 0;
    size_t n_listed = 0;
    cali_page_key(json, "is_known");
    cali_text_add(json, known.fields != NULL ? "true" : "false");
    cali_page_number(json, "parameters", (double)n);
    cali_page_key(json, "changed");
    cali_text_add(json, "[");
    for (size_t i = 0; i < n; i++) {
        const cali_entry *entry = &parameters->entries[i];
        const int index = known.fields == NULL ? -1 : cal_field_find(known.fields, known.n_fields, entry->key);
        const cal_field *field = index < 0 ? NULL : &known.fields[index];
        if (!is_all && field != NULL && is_equal(value_in(entry->value, field->unit), field->value))
            continue;
        cali_text_add(json, n_listed++ == 0 ? "{" : ",{");
        add_parameter(entry, field, json);
        cali_text_add(json, "}");
    }
    cali_text_add(json, "]");
}

/* Of a network of its own: the neurons of each population. */
static void add_populations(const cali_run *run, const cali_node *populations, cali_text *json)
{
    cal_field room[MAX_OWN];
    for (size_t i = 0; i < populations->n; i++) {
        const cali_node *population = populations->entries[i].value;
        const char *neuron = cali_node_text(cali_node_get(population, "neuron"), "");
        cali_text_add(json, i == 0 ? "{" : ",{");
        cali_page_text(json, "name", populations->entries[i].key);
        cali_page_text(json, "equations", neuron);
        add_changed(cali_node_get(population, "parameters"), neuron_fields(run, neuron, room), false, json);
        cali_text_add(json, "}");
    }
}

void cali_page_models(const cali_run *run, cali_text *json)
{
    const cali_node *populations = cali_node_path(run->manifest, "experiment", "network", "populations", NULL);
    const cali_node *models = cali_node_path(run->manifest, "experiment", "models", NULL);
    const cali_node *regions = cali_node_path(run->manifest, "experiment", "regions", NULL);
    cal_field room[MAX_OWN];
    size_t n_listed = 0;
    cali_page_key(json, "models");
    cali_text_add(json, "[");
    if (populations != NULL && populations->kind == CALI_NODE_MAP)
        add_populations(run, populations, json);
    for (size_t i = 0; models != NULL && models->kind == CALI_NODE_MAP && i < models->n; i++) {
        const char *equations = cali_node_text(cali_node_get(models->entries[i].value, "neural_mass"), "");
        cali_text_add(json, n_listed++ == 0 ? "{" : ",{");
        cali_page_text(json, "name", models->entries[i].key);
        cali_page_text(json, "equations", equations);
        add_changed(cali_node_get(models->entries[i].value, "parameters"), mass_fields(run, equations, room), false, json);
        cali_text_add(json, "}");
    }
    for (size_t i = 0; regions != NULL && regions->kind == CALI_NODE_MAP && i < regions->n; i++) {
        const cali_node *parameters = cali_node_get(regions->entries[i].value, "parameters");
        const char *name = cali_node_text(cali_node_get(regions->entries[i].value, "model"), "");
        if (parameters == NULL || parameters->kind != CALI_NODE_MAP || parameters->n == 0)
            continue;
        const char *equations = cali_node_text(cali_node_get(cali_node_get(models, name), "neural_mass"), "");
        cali_text_add(json, n_listed++ == 0 ? "{" : ",{");
        cali_page_text(json, "name", name);
        cali_page_text(json, "equations", equations);
        cali_page_text(json, "regions", regions->entries[i].key);
        add_changed(parameters, mass_fields(run, equations, room), true, json);
        cali_text_add(json, "}");
    }
    cali_text_add(json, "]");
}
