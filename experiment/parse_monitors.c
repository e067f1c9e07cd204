/* monitor: of a recorded signal: a word, or a mapping with the parameters of the kind or of its kernel. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

static const char *kind_name_at(const void *list, size_t i)
{
    (void)list;
    return cal_monitor_kind_at(i)->name;
}

static const char *kernel_name_at(const void *list, size_t i)
{
    (void)list;
    return cal_hrf_at(i)->name;
}

static const cal_monitor_kind *find_kind(cali_reader *r, const cali_node *node)
{
    const char *name = cali_node_text(node, "");
    const cal_monitor_kind *kind = cal_monitor_kind_find(name);
    char what[2 * CALI_LABEL];
    if (kind != NULL)
        return kind;
    snprintf(what, sizeof what, "unknown monitor \"%.60s\"", name);
    cali_refuse_word(r, cali_place_of(node), "C101", what, name, NULL, cal_monitor_n_kinds(), kind_name_at);
    return NULL;
}

static const cal_hrf *find_kernel(cali_reader *r, const cali_node *node)
{
    const char *name = cali_node_text(node, "volterra");
    const cal_hrf *kernel = cal_hrf_find(name);
    char what[2 * CALI_LABEL];
    if (kernel != NULL)
        return kernel;
    snprintf(what, sizeof what, "unknown kernel \"%.60s\" of the monitor bold", name);
    cali_refuse_word(r, cali_place_of(node), "C101", what, name, NULL, cal_hrf_n(), kernel_name_at);
    return NULL;
}

/* Keys that only some kinds have. */
static void check_keys(cali_reader *r, const cali_node *node, const cal_monitor_kind *kind)
{
    const bool is_spatial = strcmp(kind->name, "spatial-average") == 0;
    const struct {
        const char *key;
        bool is_taken;
    } keys[] = {{"kernel", kind->has_kernel}, {"form", kind->has_kernel}, {"length", kind->has_kernel},
                {"groups", is_spatial}, {"table", is_spatial}, {"lead_field", kind->has_lead_field},
                {"unit", kind->has_lead_field}, {"average_reference", kind->has_lead_field}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cali_node *value = cali_node_get(node, keys[i].key);
        if (value != NULL && !keys[i].is_taken)
            cali_refuse(r, cali_place_of(value), "C104", "the monitor %s has no %s", kind->name, keys[i].key);
    }
    if (is_spatial && cali_node_get(node, "groups") == NULL)
        cali_refuse(r, cali_place_of(node), "C105", "the monitor spatial-average needs groups\ntry groups: hemisphere, or "
                    "monitor: global-average");
    if (kind->has_lead_field && cali_node_get(node, "lead_field") == NULL)
        cali_refuse(r, cali_place_of(node), "C105", "the monitor %s needs a lead_field: a table with a row per sensor and a "
                    "column per region\ntry monitor: {kind: %s, lead_field: FILE.csv}", kind->name, kind->name);
    cali_unit unit;
    const char *text = cali_node_text(cali_node_get(node, "unit"), "1");
    if (!cali_unit_parse(text, &unit))
        cali_refuse(r, cali_place_of(cali_node_get(node, "unit")), "C102", "\"%.60s\" is no unit\ntry uV, nV or fT", text);
}

static void check_signal(cali_reader *r, const cali_node *item, const cali_node *node, const cal_monitor_kind *kind,
                         cali_signal *signal)
{
    const cali_node *every = cali_node_get(item, "every"), *of = cali_node_get(item, "of"),
                    *mean = cali_node_get(item, "mean");
    if (every == NULL && kind->feed == CAL_FEED_MEANS)
        signal->every = 2000 * CAL_NS_PER_MS;
    if (strcmp(kind->name, "raw") == 0) {
        if (every != NULL && signal->every != 0)
            cali_refuse(r, cali_place_of(every), "C106", "the monitor raw gives every step\ntry monitor: sub-sample, or leave "
                        "`every` out");
        signal->every = 0;
    }
    if (of != NULL && strcmp(signal->of, "all") != 0 && !kind->has_groups)
        cali_refuse(r, cali_place_of(of), "C104", "the monitor %s takes all regions\nbecause `of` says which regions an average "
                    "takes", kind->name);
    if (mean != NULL && signal->is_mean && kind->feed != CAL_FEED_SAMPLES)
        cali_refuse(r, cali_place_of(mean), "C104", "the monitor %s averages by itself\ntry without `mean`", kind->name);
    if (signal->what != NULL && (strcmp(signal->what, "spikes") == 0 || strncmp(signal->what, "mean ", 5) == 0))
        cali_refuse(r, cali_place_of(node), "C104", "a monitor takes a quantity of regions, not \"%.60s\"\ntry what: rate, or an "
                    "output of the model", signal->what);
}

void cali_parse_monitor(cali_reader *r, const cali_node *item, const char *label, cali_signal *signal)
{
    const cali_node *node = cali_node_get(item, "monitor");
    if (node == NULL || cali_node_is_null(node))
        return;
    char name[2 * CALI_LABEL];
    const bool is_word = node->kind == CALI_NODE_SCALAR;
    const cali_node *word = is_word ? node : cali_node_get(node, "kind");
    const cal_monitor_kind *kind = word == NULL ? NULL : find_kind(r, word);
    if (word != NULL && kind == NULL)
        return;
    const cal_hrf *kernel = kind != NULL && kind->has_kernel ? find_kernel(r, cali_node_get(node, "kernel")) : NULL;
    if (kind != NULL && kind->has_kernel && kernel == NULL)
        return;
    cali_monitor_text text = {0};
    cali_extra extra = {.owner = "no monitor"};
    snprintf(name, sizeof name, "%.100s.monitor", label);
    if (kind != NULL) {
        extra.fields = kernel != NULL ? kernel->params : kind->params;
        extra.n_fields = kernel != NULL ? kernel->n_params : kind->n_params;
        extra.owner = kernel != NULL ? kernel->name : kind->name;
    }
    extra.values = cali_take(r, extra.n_fields + 1, sizeof *extra.values);
    if (extra.values == NULL)
        return;
    for (size_t i = 0; i < extra.n_fields; i++)
        extra.values[i] = extra.fields[i].value;
    if (is_word)
        cali_fill_defaults(r, &cali_keys_monitor, &text);
    else if (!cali_read_mapping(r, &cali_keys_monitor, node, name, &text, &extra))
        return;
    if (kind == NULL)
        return;
    signal->monitor = text.wish;
    signal->monitor.kind = kind;
    signal->monitor.kernel = kernel;
    signal->monitor.params = extra.values;
    signal->monitor.place = cali_place_of(node);
    check_keys(r, node, kind);
    check_signal(r, item, node, kind, signal);
}
