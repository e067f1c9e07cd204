/* From the text of an experiment file to cal_experiment. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "experiment/reader.h"

static void parse_version(cali_reader *r, const cali_node *node)
{
    char buffer[CALI_LABEL];
    if (node != NULL && strcmp(cali_node_text(node, ""), "1") != 0)
        cali_refuse(r, cali_place_of(node), "C104", "the version of the format is 1, got %s\ntry callosum: 1",
                    cali_describe_node(node, buffer));
}

static void parse_run(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    if (node == NULL || !cali_read_mapping(r, &cali_keys_run, node, "run", e, NULL))
        return;
    const cali_node *transient = cali_node_get(node, "transient");
    if (transient != NULL && e->duration > 0 && e->transient >= e->duration)
        cali_refuse(r, cali_place_of(transient), "C106", "run.transient is %g s, but must be shorter than the run of %g s",
                    (double)e->transient * 1e-9, (double)e->duration * 1e-9);
}

static void parse_length_unit(cali_reader *r, const cali_node *node)
{
    cali_unit unit, mm;
    char buffer[CALI_LABEL];
    r->exp->source.length_unit_mm = 1.0;
    if (node == NULL)
        return;
    cali_unit_parse("mm", &mm);
    /* "m", or a number of them: "0.7 mm" */
    const char *text = cali_node_text(node, "1");
    cali_quantity q = {.number_text = "1", .number_size = 1, .value = 1.0};
    if (cali_unit_parse(text, &unit))
        q.unit = unit;
    else
        cali_quantity_parse(text, &q);
    const double length = cali_quantity_in(&q, &mm);
    if (!cali_unit_is_same_dimension(&q.unit, &mm) || !(length > 0.0 && length < 1e12))
        cali_refuse(r, cali_place_of(node), "C104", "connectome.length_unit needs a unit of length, got %s\ntry mm, cm or m",
                    cali_describe_node(node, buffer));
    else
        r->exp->source.length_unit_mm = length;
}

static void parse_connectome(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    if (node == NULL)
        return;
    e->connectome_place = cali_place_of(node);
    if (!cali_read_mapping(r, &cali_keys_connectome, node, "connectome", e, NULL))
        return;
    parse_length_unit(r, cali_node_get(node, "length_unit"));
    if (e->delays_path != NULL && e->speeds_path != NULL)
        cali_refuse(r, e->speeds_place, "C104", "connectome.speeds stands beside connectome.delays\ntry one of the two");
    const cali_node *made = cali_node_get(node, "generate");
    const bool has_file = cali_node_get(node, "file") != NULL;
    if (made != NULL) {
        cali_read_mapping(r, &cali_keys_generate, made, "connectome.generate", e, NULL);
        if (e->generate.n_regions % 2 != 0)
            cali_refuse(r, cali_place_of(cali_node_get(made, "regions")), "C106",
                        "connectome.generate.regions is %zu, but must be even: two hemispheres\ntry %zu",
                        e->generate.n_regions, e->generate.n_regions + 1);
    }
    e->is_generated = !has_file && made != NULL;
    if (!has_file && made == NULL)
        cali_refuse(r, e->connectome_place, "C105", "connectome needs the key \"file\" or \"generate\"\ntry file: "
                    "connectivity_76.zip, or generate: {regions: 68}");
}

static void parse_integrator(cali_reader *r, const cali_node *node)
{
    cali_fill_defaults(r, &cali_keys_integrator, r->exp);
    if (node == NULL)
        return;
    if (node->kind == CALI_NODE_SCALAR && !cali_node_is_null(node))
        cali_read_value(r, node, "integrator", &cali_keys_integrator.keys[0], r->exp);
    else
        cali_read_mapping(r, &cali_keys_integrator, node, "integrator", r->exp, NULL);
}

static bool has_default_mass(const cal_experiment *e)
{
    return e->n_assignments > 0 && e->assignments[0].mass >= 0 && e->masses[e->assignments[0].mass].model != NULL;
}

/* Single neurons: spikes and states have them. */
static void parse_neurons(cali_reader *r, const cali_node *item, cali_signal *signal)
{
    const cali_node *node = cali_node_get(item, "neurons"), *mean = cali_node_get(item, "mean");
    if (!cali_read_neurons(r, node, &signal->neurons) || signal->what == NULL)
        return;
    const cali_wish_kind kind = cali_wish_kind_of(r->exp, signal);
    const bool has_neurons = kind == CALI_WISH_SPIKES || kind == CALI_WISH_NEURONS;
    if (node != NULL && !has_neurons)
        cali_refuse(r, cali_place_of(node), "C104", "\"%.60s\" is of populations or regions, not of single neurons\n"
                    "try what: spikes, or a state of the neurons", signal->what);
    else if (node != NULL && signal->fraction != 1.0)
        cali_refuse(r, cali_place_of(node), "C104", "\"neurons\" stands beside \"fraction\"\nbecause one excludes the other\n"
                    "try to take one of them away");
    if (kind == CALI_WISH_NEURONS && signal->is_mean)
        cali_refuse(r, cali_place_of(mean), "C104", "states of single neurons are kept as they are, not as means\n"
                    "try without mean, or what: mean %.60s for that over the population", signal->what);
    if (kind != CALI_WISH_REGIONS && cali_node_get(item, "monitor") != NULL && !r->exp->is_alone)
        cali_refuse(r, cali_place_of(cali_node_get(item, "monitor")), "C104", "monitors look at regions, not at populations or "
                    "neurons\ntry without monitor");
}

static void parse_signals(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    const size_t n = cali_list_size(r, node, "record.signals");
    e->signals = cali_take(r, n + 2, sizeof *e->signals);
    if (e->signals == NULL)
        return;
    if (node == NULL && e->is_alone) {
        cali_fill_alone_signals(r);
        return;
    }
    char *first = e->is_alone ? cali_keep(r, "rate") : has_default_mass(e) ? cali_keep(r, e->masses[e->assignments[0].mass].model->outputs[0].name) : NULL;
    if (node == NULL && first != NULL) {
        cali_fill_defaults(r, &cali_keys_signal, &e->signals[0]);
        e->signals[0].what = first;
        e->n_signals = 1;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char label[CALI_LABEL];
        const cali_node *item = cali_list_at(node, i);
        snprintf(label, sizeof label, "record.signals[%zu]", i);
        cali_signal *signal = &e->signals[e->n_signals++];
        signal->place = cali_place_of(item);
        if (!cali_read_mapping(r, &cali_keys_signal, item, label, signal, NULL))
            continue;
        if (signal->what == NULL)
            signal->what = first;
        parse_neurons(r, item, signal);
        if (e->is_alone)
            cali_check_alone_signal(r, item, signal);
        else
            cali_parse_monitor(r, item, label, signal);
    }
}

static void parse_record(cali_reader *r, const cali_node *node)
{
    cali_fill_defaults(r, &cali_keys_record, r->exp);
    if (node != NULL && !cali_read_mapping(r, &cali_keys_record, node, "record", r->exp, NULL))
        return;
    parse_signals(r, cali_node_get(node, "signals"));
    cali_parse_weights(r, cali_node_get(node, "weights"));
}

static void parse_analysis(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    cali_fill_defaults(r, &cali_keys_analysis, e);
    if (node == NULL || !cali_read_mapping(r, &cali_keys_analysis, node, "analysis", e, NULL))
        return;
    if (e->fcd_overlap >= e->fcd_window)
        cali_refuse(r, cali_place_of(node), "C106", "analysis.overlap is %g s, but must be shorter than the window of %g s",
                    (double)e->fcd_overlap * 1e-9, (double)e->fcd_window * 1e-9);
}

/* ---- checks across keys ------------------------------------------------------------------------------ */

static void add_time(cali_text *out, cal_time t)
{
    cali_text_add_number(out, cal_time_ms(t));
    cali_text_add(out, " ms");
}

/* The next shorter steps of few digits that divide the window. */
static void add_divisors(cali_text *out, cal_time window, cal_time step)
{
    unsigned n = 0;
    for (cal_time parts = window / step + 1; n < 2 && parts <= window && parts < window / step + 100000; parts++) {
        const cal_time shorter = window / parts;
        cal_time digits = shorter;
        while (digits > 0 && digits % 10 == 0)
            digits /= 10;
        if (window % parts != 0 || digits >= 1000)
            continue;
        cali_text_add(out, n++ > 0 ? ", " : "\ntry ");
        add_time(out, shorter);
    }
}

static void check_step(cali_reader *r, cal_time step, cali_place place, const char *label)
{
    const cal_time window = r->exp->window;
    if (step <= 0 || window <= 0 || window % step == 0)
        return;
    cali_text text = {0};
    cali_text_format(&text, "%s ", label);
    add_time(&text, step);
    cali_text_add(&text, " does not divide the window ");
    add_time(&text, window);
    add_divisors(&text, window, step);
    cali_refuse(r, place, "C202", "%s", text.is_broken ? label : text.data);
    cali_text_free(&text);
}

static void check_across(cali_reader *r, const cali_node *root)
{
    cal_experiment *e = r->exp;
    const cali_node *step = cali_node_path(root, "integrator", "step", NULL);
    if (step != NULL)
        check_step(r, e->dt, cali_place_of(step), "integrator.step");
    for (size_t i = 0; i < e->n_networks; i++)
        check_step(r, e->networks[i].step, e->networks[i].step_place, "step");
    const bool takes_white = e->integrator == CAL_INTEGRATOR_AUTO || cal_integrators[e->integrator].takes_white;
    for (size_t i = 0; i < e->n_noises; i++)
        if (e->noises[i].tau_ms == 0.0 && !takes_white && r->n_mistakes == 0) {
            const cali_node *item = cali_list_at(cali_node_get(root, "noise"), i);
            cali_refuse(r, cali_place_of(item), "C205", "white noise and the integrator %s do not go together\nbecause it "
                        "is no solution of an ordinary differential equation\ntry integrator: heun, or tau: 5 ms here",
                        cal_integrator_names[e->integrator]);
        }
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static void parse_brain(cali_reader *r, const cali_node *root)
{
    parse_connectome(r, cali_node_get(root, "connectome"));
    parse_integrator(r, cali_node_get(root, "integrator"));
    r->regions = cali_node_get(root, "regions");
    cali_parse_models(r, cali_node_get(root, "models"));
    cali_parse_couplings(r, cali_node_get(root, "coupling"));
    cali_parse_regions(r, r->regions);
    cali_parse_initial(r, cali_node_get(root, "initial"));
    cali_parse_noises(r, cali_node_get(root, "noise"));
    cali_parse_stimuli(r, cali_node_get(root, "stimuli"));
}

static void parse_root(cali_reader *r, const cali_node *root)
{
    if (!cali_read_mapping(r, &cali_keys_top, root, "", r->exp, NULL))
        return;
    parse_version(r, cali_node_get(root, "callosum"));
    parse_run(r, cali_node_get(root, "run"));
    cali_fill_defaults(r, &cali_keys_sync, r->exp);
    if (cali_node_get(root, "sync") != NULL)
        cali_read_mapping(r, &cali_keys_sync, cali_node_get(root, "sync"), "sync", r->exp, NULL);
    if (cali_node_get(root, "network") != NULL)
        cali_parse_alone(r, root);
    else
        parse_brain(r, root);
    parse_record(r, cali_node_get(root, "record"));
    cali_fill_defaults(r, &cali_keys_checkpoint, r->exp);
    if (cali_node_get(root, "checkpoint") != NULL)
        cali_read_mapping(r, &cali_keys_checkpoint, cali_node_get(root, "checkpoint"), "checkpoint", r->exp, NULL);
    cali_parse_workers(r, cali_node_get(root, "workers"));
    parse_analysis(r, cali_node_get(root, "analysis"));
    check_across(r, root);
}

static cal_status refuse_syntax(cali_reader *r, const cali_tree_error *error)
{
    cali_refuse(r, (cali_place){error->line, error->column, 0}, "C100", "%s%s%s%s%s", error->what,
                error->because[0] != '\0' ? "\nbecause " : "", error->because, error->hint[0] != '\0' ? "\ntry " : "",
                error->hint);
    return cali_reader_finish(r);
}

static cal_status read_experiment(cali_reader *r)
{
    cal_experiment *e = r->exp;
    cali_tree_error error;
    cali_node *root = NULL;
    const cal_status status = cali_tree_read_yaml(r->tree, e->text, e->text_size, &root, &error);
    if (status == CAL_ERR_MEMORY)
        return CAL_FAIL(r->ctx, status, "%s: no memory", e->path);
    if (status != CAL_OK)
        return refuse_syntax(r, &error);
    if (root == NULL) {
        cali_refuse(r, (cali_place){0}, "C100", "the file holds nothing\ntry callosum new NAME, which writes one");
        return cali_reader_finish(r);
    }
    for (size_t i = 0; i < e->n_overrides; i++)
        cali_apply_override(r, &root, e->overrides[i], (unsigned)i + 1);
    parse_root(r, root);
    return cali_reader_finish(r);
}

static cal_status keep_inputs(cali_reader *r, const char *path, const char *text, size_t size,
                              const char *const *overrides, const char *const *heads, size_t n_overrides)
{
    cal_experiment *e = r->exp;
    e->path = cali_keep(r, path);
    e->text = cali_arena_copy(&e->arena, text, size);
    e->text_size = size;
    e->overrides = cali_take(r, n_overrides, sizeof *e->overrides);
    for (size_t i = 0; i < n_overrides && e->overrides != NULL; i++)
        e->overrides[e->n_overrides++] = cali_keep(r, overrides[i]);
    e->override_heads = heads == NULL ? NULL : cali_take(r, n_overrides, sizeof *e->override_heads);
    for (size_t i = 0; i < n_overrides && e->override_heads != NULL; i++)
        e->override_heads[i] = heads[i] == NULL ? NULL : cali_keep(r, heads[i]);
    if (e->text == NULL || r->is_out_of_memory)
        return CAL_FAIL(r->ctx, CAL_ERR_MEMORY, "%s: no memory", path);
    e->generate = cal_generate_def_default();
    e->source = cal_connectome_source_default();
    return CAL_OK;
}

cal_status cali_experiment_parse(cal_context *ctx, const char *path, const char *text, size_t size,
                                 const char *const *overrides, size_t n_overrides, cal_experiment **out)
{
    return cali_experiment_parse_from(ctx, path, text, size, overrides, NULL, n_overrides, out);
}

cal_status cali_experiment_parse_from(cal_context *ctx, const char *path, const char *text, size_t size,
                                      const char *const *overrides, const char *const *heads, size_t n_overrides,
                                      cal_experiment **out)
{
    *out = NULL;
    cali_reader *r = calloc(1, sizeof *r);
    cal_experiment *e = calloc(1, sizeof *e);
    cali_tree *tree = cali_tree_create();
    cal_status status = CAL_OK;
    if (r == NULL || e == NULL || tree == NULL) {
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory", path);
    } else {
        *r = (cali_reader){.ctx = ctx, .exp = e, .tree = tree};
        status = keep_inputs(r, path, text, size, overrides, heads, n_overrides);
        if (status == CAL_OK)
            status = read_experiment(r);
    }
    cali_tree_destroy(&tree);
    free(r);
    if (status == CAL_OK)
        *out = e;
    else
        cal_experiment_destroy(&e);
    return status;
}

cal_status cal_experiment_load(cal_context *ctx, const char *path, const char *const *overrides, size_t n_overrides,
                               cal_experiment **out)
{
    *out = NULL;
    char *text = NULL;
    size_t size = 0;
    CAL_TRY(cali_file_read(ctx, path, CALI_TREE_MAX_BYTES, &text, &size));
    const cal_status status = cali_experiment_parse(ctx, path, text, size, overrides, n_overrides, out);
    free(text);
    return status;
}

void cal_experiment_destroy(cal_experiment **experiment)
{
    if (experiment == NULL || *experiment == NULL)
        return;
    cali_free_own_models(*experiment);
    cali_arena_free(&(*experiment)->arena);
    free(*experiment);
    *experiment = NULL;
}

const char *cal_experiment_text(const cal_experiment *experiment)
{
    return experiment->text;
}

cal_time cal_experiment_duration(const cal_experiment *experiment)
{
    return experiment->duration;
}
