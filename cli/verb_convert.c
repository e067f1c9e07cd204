/* callosum connectome convert FROM TO: any format that is read into any that is written. */
#include "callosum/connectomes.h"
#include "cli/connectome_source.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "format", .kind = CALI_OPTION_TEXT, .value = "NAME", .meaning = "zip, h5, csv, tsv, npz, mat or bids; default: by the ending of TO"},
    {.name = "normalise", .kind = CALI_OPTION_TEXT, .value = "KIND", .meaning = "how weights are scaled: see connectome normalisations"},
    {.name = "drop-self", .kind = CALI_OPTION_FLAG, .meaning = "sets the connections of regions to themselves to 0"},
    CALI_SOURCE_OPTIONS,
    {.name = "force", .kind = CALI_OPTION_FLAG, .meaning = "replaces TO if it exists"},
    CALI_OPTION_JSON,
};

static void print_json(const cal_connectome *brain, const cal_connectome_facts *facts, const char *from, const char *to,
                       const char *normalisation)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "read", from);
    cali_json_text(&json, "written", to);
    cali_json_text(&json, "name", cal_connectome_name(brain));
    cali_json_number(&json, "n_regions", (double)facts->n_regions);
    cali_json_number(&json, "n_edges", (double)facts->n_edges);
    cali_json_text(&json, "normalisation", normalisation);
    cali_json_close(&json, "}");
    cali_print_json(&json);
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const char *from = arguments->words[0], *to = arguments->words[1];
    cal_connectome_source source;
    cal_connectome *brain = NULL;
    cal_connectome_facts facts;
    cali_exit result = CALI_EXIT_OK;
    if (cali_read_source(ctx, arguments, &source) != CAL_OK ||
        cali_read_normalisation(ctx, arguments, &source.normalisation) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    source.drops_self_connections = cali_has(arguments, "drop-self");
    if (cal_connectome_load(ctx, &source, &brain) != CAL_OK ||
        cal_connectome_describe(ctx, brain, 3.0, &facts) != CAL_OK ||
        cal_connectome_save(ctx, brain, to, cali_get_text(arguments, "format", NULL), cali_has(arguments, "force")) != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_INPUT);
    else if (cali_has(arguments, "json"))
        print_json(brain, &facts, from, to, cal_normalisation_names[source.normalisation]);
    else
        printf("read     %s: %zu regions, %zu connections, lengths up to %g mm\nwritten  %s\n", from, facts.n_regions,
               facts.n_edges, facts.length_max_mm, to);
    cal_connectome_destroy(&brain);
    return result;
}

extern const cali_verb cali_verb_connectome_convert;
const cali_verb cali_verb_connectome_convert = {
    .name = "connectome convert",
    .words = "FROM TO",
    .summary = "a connectome in another format",
    .details = "FROM is TVB's .zip or .h5, NumPy's .npz, MATLAB's .mat, a folder of tables, a folder of BIDS, or the weights as\n"
               ".csv, .tsv, .txt (also .gz) or .npy with the lengths beside them. TO ends with .zip, .h5, .npz or .mat, or is\n"
               "a folder: NAME/ or NAME_csv, NAME_tsv, NAME_bids. docs/connectomes.md describes each format.",
    .min_words = 2,
    .max_words = 2,
    CALI_OPTIONS(options),
    .run = run,
};

/* ---- normalisations -------------------------------------------------------------------------- */

static const cali_option list_options[] = {CALI_OPTION_JSON};

static cali_exit run_list(cal_context *ctx, const cali_arguments *arguments)
{
    (void)ctx;
    if (cali_has(arguments, "json")) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "[");
        for (int i = 0; i < CAL_N_NORMALISATIONS; i++) {
            cali_json_open(&json, NULL, "{");
            cali_json_text(&json, "name", cal_normalisation_names[i]);
            cali_json_text(&json, "formula", cal_normalisation_get((cal_normalisation)i)->formula);
            cali_json_text(&json, "meaning", cal_normalisation_get((cal_normalisation)i)->meaning);
            cali_json_close(&json, "}");
        }
        cali_json_close(&json, "]");
        return cali_print_json(&json);
    }
    static const char *const headings[] = {"name", "formula", "meaning"};
    cali_table t;
    cali_table_begin(&t, 3, headings);
    for (int i = 0; i < CAL_N_NORMALISATIONS; i++) {
        cali_table_add(&t, "%s", cal_normalisation_names[i]);
        cali_table_add(&t, "%s", cal_normalisation_get((cal_normalisation)i)->formula);
        cali_table_add(&t, "%s", cal_normalisation_get((cal_normalisation)i)->meaning);
    }
    cali_table_print(&t, stdout, 0);
    return CALI_EXIT_OK;
}

extern const cali_verb cali_verb_connectome_normalisations;
const cali_verb cali_verb_connectome_normalisations = {
    .name = "connectome normalisations",
    .summary = "how weights can be scaled, with formulas",
    .details = "w_ij is the connection from region j to region i. All but none need weights that are not negative.",
    CALI_OPTIONS(list_options),
    .run = run_list,
};
