/* callosum connectome info FILE, callosum connectome generate OUT.zip. */
#include <math.h>
#include <string.h>

#include "callosum/connectomes.h"
#include "cli/connectome_source.h"
#include "cli/output.h"

/* ---- info ------------------------------------------------------------------------------------ */

static const cali_option info_options[] = {
    {.name = "speed", .kind = CALI_OPTION_QUANTITY, .value = "V", .unit = "mm/ms", .low = 1e-3, .high = 1e6,
     .meaning = "conduction speed with unit, for the delays; default \"3 mm/ms\""},
    CALI_SOURCE_OPTIONS,
    CALI_OPTION_JSON,
};

cal_status cali_read_source(cal_context *ctx, const cali_arguments *arguments, cal_connectome_source *source)
{
    *source = cal_connectome_source_default();
    source->path = arguments->words[0];
    source->lengths_path = cali_get_text(arguments, "lengths", NULL);
    source->labels_path = cali_get_text(arguments, "labels", NULL);
    source->length_unit_mm = cali_get_number(arguments, "length-unit", 1.0);
    const char *way = cali_get_text(arguments, "orientation", NULL);
    static const char *const ways[] = {"to-from", "from-to"};
    if (way == NULL)
        return CAL_OK;
    const int nearest = cali_nearest_word(way, ways, 2);
    if (nearest < 0 || cali_edit_distance(way, ways[nearest]) > 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --orientation is to-from or from-to, got \"%s\".",
                        arguments->verb->name, way);
    source->orientation = nearest == 0 ? CAL_TO_FROM : CAL_FROM_TO;
    return CAL_OK;
}

cal_status cali_read_normalisation(cal_context *ctx, const cali_arguments *arguments, cal_normalisation *kind)
{
    const char *name = cali_get_text(arguments, "normalise", cal_normalisation_names[0]);
    const int nearest = cali_nearest_word(name, cal_normalisation_names, CAL_N_NORMALISATIONS);
    if (nearest < 0 || strcmp(name, cal_normalisation_names[nearest]) != 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: no normalisation \"%s\".%s%s%s", arguments->verb->name, name,
                        nearest < 0 ? " Try callosum connectome normalisations" : " Try ",
                        nearest < 0 ? "" : cal_normalisation_names[nearest], ".");
    *kind = (cal_normalisation)nearest;
    return CAL_OK;
}

static const char *yes(bool value)
{
    return value ? "yes" : "no";
}

static void print_facts(const cal_connectome *connectome, const cal_connectome_facts *f, double speed)
{
    static const char *const headings[] = {"", ""};
    const double n = (double)f->n_regions, pairs = n * (n - 1.0);
    cali_table t;
    cali_table_begin(&t, 2, headings);
    cali_table_add(&t, "name");
    cali_table_add(&t, "%s", cal_connectome_name(connectome));
    cali_table_add(&t, "regions");
    cali_table_add(&t, "%zu, the first %s, the last %s", f->n_regions, cal_connectome_labels(connectome)[0],
                   cal_connectome_labels(connectome)[f->n_regions - 1]);
    cali_table_add(&t, "connections");
    cali_table_add(&t, "%zu (%.1f %% of pairs), %zu from a region to itself", f->n_edges,
                   pairs > 0.0 ? 100.0 * (double)(f->n_edges - f->n_self_connections) / pairs : 0.0,
                   f->n_self_connections);
    cali_table_add(&t, "weights");
    cali_table_add(&t, "%g to %g, row i, column j: from j to i", f->weight_min, f->weight_max);
    cali_table_add(&t, "symmetric");
    if (f->asymmetry == 0.0)
        cali_table_add(&t, "yes");
    else
        cali_table_add(&t, "no, largest difference %g", f->asymmetry);
    cali_table_add(&t, "lengths");
    cali_table_add(&t, "%g to %g mm, %zu connections of length 0", f->length_min_mm, f->length_max_mm,
                   f->n_zero_lengths);
    cali_table_add(&t, "isolated");
    cali_table_add(&t, "%zu regions; without input %zu, without output %zu", f->n_isolated, f->n_without_input,
                   f->n_without_output);
    cali_table_add(&t, "delays");
    cali_table_add(&t, "at %g mm/ms: %.3g ms least, %.3g, %.3g, %.3g ms quartiles, %.3g ms most", speed, f->delay_ms[0],
                   f->delay_ms[1], f->delay_ms[2], f->delay_ms[3], f->delay_ms[4]);
    cali_table_add(&t, "also");
    cali_table_add(&t, "centres %s, areas %s, orientations %s, cortical %s, hemispheres %s", yes(f->has_centres),
                   yes(f->has_areas), yes(f->has_orientations), yes(f->has_cortical), yes(f->has_hemispheres));
    cali_table_print(&t, stdout, 0);
}

static cali_exit print_facts_json(const cal_connectome *connectome, const cal_connectome_facts *f, double speed)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "name", cal_connectome_name(connectome));
    cali_json_number(&json, "n_regions", (double)f->n_regions);
    cali_json_number(&json, "n_edges", (double)f->n_edges);
    cali_json_number(&json, "n_self_connections", (double)f->n_self_connections);
    cali_json_number(&json, "weight_min", f->weight_min);
    cali_json_number(&json, "weight_max", f->weight_max);
    cali_json_bool(&json, "is_symmetric", f->asymmetry == 0.0);
    cali_json_number(&json, "asymmetry", f->asymmetry);
    cali_json_number(&json, "length_min_mm", f->length_min_mm);
    cali_json_number(&json, "length_max_mm", f->length_max_mm);
    cali_json_number(&json, "n_zero_lengths", (double)f->n_zero_lengths);
    cali_json_number(&json, "n_isolated", (double)f->n_isolated);
    cali_json_number(&json, "n_without_input", (double)f->n_without_input);
    cali_json_number(&json, "n_without_output", (double)f->n_without_output);
    cali_json_number(&json, "speed_mm_per_ms", speed);
    cali_json_open(&json, "delay_quartiles_ms", "[");
    for (size_t i = 0; i < 5; i++)
        cali_json_number(&json, NULL, f->delay_ms[i]);
    cali_json_close(&json, "]");
    cali_json_bool(&json, "has_centres", f->has_centres);
    cali_json_bool(&json, "has_areas", f->has_areas);
    cali_json_bool(&json, "has_orientations", f->has_orientations);
    cali_json_bool(&json, "has_cortical", f->has_cortical);
    cali_json_bool(&json, "has_hemispheres", f->has_hemispheres);
    cali_json_open(&json, "labels", "[");
    for (size_t i = 0; i < f->n_regions; i++)
        cali_json_text(&json, NULL, cal_connectome_labels(connectome)[i]);
    cali_json_close(&json, "]");
    cali_json_close(&json, "}");
    return cali_print_json(&json);
}

static cali_exit run_info(cal_context *ctx, const cali_arguments *arguments)
{
    const double speed = cali_get_number(arguments, "speed", 3.0);
    cal_connectome_source source;
    cal_connectome *connectome = NULL;
    cal_connectome_facts facts;
    cali_exit result = CALI_EXIT_OK;
    if (cali_read_source(ctx, arguments, &source) != CAL_OK || cal_connectome_load(ctx, &source, &connectome) != CAL_OK ||
        cal_connectome_describe(ctx, connectome, speed, &facts) != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_INPUT);
    else if (cali_has(arguments, "json"))
        result = print_facts_json(connectome, &facts, speed);
    else
        print_facts(connectome, &facts, speed);
    cal_connectome_destroy(&connectome);
    return result;
}

extern const cali_verb cali_verb_connectome_info;
const cali_verb cali_verb_connectome_info = {
    .name = "connectome info",
    .words = "FILE",
    .summary = "shape, units, symmetry, isolated regions, lengths and delays",
    .details = "FILE is TVB's .zip or .h5, NumPy's .npz, MATLAB's .mat, a folder of tables, a folder of BIDS, or the weights as\n"
               ".csv, .tsv, .txt (also .gz) or .npy with the lengths beside them.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(info_options),
    .run = run_info,
};

/* ---- generate -------------------------------------------------------------------------------- */

static const cali_option generate_options[] = {
    {.name = "regions", .kind = CALI_OPTION_COUNT, .value = "N", .low = 4, .high = 20000,
     .meaning = "an even number; default 68, with the names of the Desikan-Killiany atlas"},
    {.name = "seed", .kind = CALI_OPTION_COUNT, .value = "S", .meaning = "default 1"},
    {.name = "density", .kind = CALI_OPTION_NUMBER, .value = "X", .low = 0.02, .high = 1.0,
     .meaning = "share of pairs that are connected; default 0.3"},
    {.name = "decay", .kind = CALI_OPTION_QUANTITY, .value = "L", .unit = "mm", .low = 1e-3, .high = 1e6,
     .meaning = "length constant of the distance rule; default \"40 mm\""},
    {.name = "log-sd", .kind = CALI_OPTION_NUMBER, .value = "X", .low = 0.0, .high = 10.0,
     .meaning = "standard deviation of the logarithm of weights; default 1"},
    {.name = "tract-factor", .kind = CALI_OPTION_NUMBER, .value = "X", .low = 1.0, .high = 100.0,
     .meaning = "tract length over straight distance; default 1.3"},
    CALI_OPTION_JSON,
};

static cali_exit run_generate(cal_context *ctx, const cali_arguments *arguments)
{
    cal_generate_def def = cal_generate_def_default();
    def.n_regions = (size_t)cali_get_number(arguments, "regions", (double)def.n_regions);
    def.seed = (uint64_t)cali_get_number(arguments, "seed", (double)def.seed);
    def.density = cali_get_number(arguments, "density", def.density);
    def.decay_mm = cali_get_number(arguments, "decay", def.decay_mm);
    def.log_sd = cali_get_number(arguments, "log-sd", def.log_sd);
    def.tract_factor = cali_get_number(arguments, "tract-factor", def.tract_factor);
    const char *path = arguments->words[0];
    cal_connectome *made = NULL, *read = NULL;
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path;
    cal_connectome_facts facts;
    cali_exit result = CALI_EXIT_OK;
    if (cal_connectome_generate(ctx, &def, &made) != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_INPUT);
    else if (cal_connectome_save_zip(ctx, made, path) != CAL_OK ||
             cal_connectome_load(ctx, &source, &read) != CAL_OK || /* what is printed is what was written */
             cal_connectome_describe(ctx, read, 3.0, &facts) != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_FAILED);
    else if (cali_has(arguments, "json"))
        result = print_facts_json(read, &facts, 3.0);
    else {
        print_facts(read, &facts, 3.0);
        printf("written  %s\n", path);
    }
    cal_connectome_destroy(&read);
    cal_connectome_destroy(&made);
    return result;
}

extern const cali_verb cali_verb_connectome_generate;
const cali_verb cali_verb_connectome_generate = {
    .name = "connectome generate",
    .words = "OUT.zip",
    .summary = "a made-up connectome of realistic statistics as a TVB zip",
    .details = "Two hemispheres, lengths proportional to distance, log-normal weights that fall with distance. The\n"
               "same options give the same file on every machine.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(generate_options),
    .run = run_generate,
};
