/* docs/experiment-file.md and docs/experiment.schema.json, both from the tables of keys.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "experiment/keys.h"

static bool is_plain(const char *unit_text)
{
    cali_unit unit;
    return unit_text == NULL || (cali_unit_parse(unit_text, &unit) && cali_unit_is_plain(&unit));
}

/* ---- the reference ---------------------------------------------------------------------------------- */

static void add_words(cali_text *out, const cali_key *key)
{
    for (size_t i = 0; i < key->n_words; i++)
        cali_text_format(out, "%s`%s`", i > 0 ? ", " : "", key->words[i]);
}

/* What a value looks like, in words. */
static void add_type(cali_text *out, const cali_key *key)
{
    char words[CALI_UNIT_TEXT];
    cali_unit unit;
    switch (key->type) {
    case CALI_KEY_TEXT: cali_text_add(out, "text"); break;
    case CALI_KEY_PATH: cali_text_add(out, "path"); break;
    case CALI_KEY_FLAG: cali_text_add(out, "`true` or `false`"); break;
    case CALI_KEY_WORD: add_words(out, key); break;
    case CALI_KEY_COUNT: cali_text_add(out, "whole number"); break;
    case CALI_KEY_MAPPING: cali_text_format(out, "mapping, see `%s`", key->inner->path); break;
    case CALI_KEY_LIST: cali_text_format(out, "list of mappings, see `%s`", key->inner->path); break;
    case CALI_KEY_NAMED: cali_text_format(out, "mapping of names, see `%s`", key->inner->path); break;
    case CALI_KEY_OWN: cali_text_add(out, key->shape); break;
    default:
        cali_unit_parse(key->unit, &unit);
        cali_unit_describe(&unit, words);
        cali_text_format(out, "%s%s%s%s", is_plain(key->unit) ? "number" : words, is_plain(key->unit) ? "" : " (",
                         is_plain(key->unit) ? "" : key->unit, is_plain(key->unit) ? "" : ")");
        if (key->special != NULL)
            cali_text_format(out, ", or `%s`", key->special);
    }
}

static void add_range(cali_text *out, const cali_key *key)
{
    if (key->low == 0.0 && key->high == 0.0)
        return;
    const bool is_open = key->high >= 1e9 || isinf(key->high);
    const char *unit = is_plain(key->unit) ? "" : key->unit;
    cali_text_add(out, key->is_above_low ? "above " : is_open ? "from " : "");
    cali_text_add_number(out, key->low);
    if (!is_open) {
        cali_text_add(out, " to ");
        cali_text_add_number(out, key->high);
    }
    cali_text_format(out, "%s%s", unit[0] != '\0' ? " " : "", unit);
}

static void add_mapping(cali_text *out, const cali_mapping *mapping)
{
    cali_text_format(out, "\n## %s%s%s\n\n%s\n\n", mapping->path[0] == '\0' ? "Top" : "`", mapping->path,
                     mapping->path[0] == '\0' ? "" : "`", mapping->meaning);
    cali_text_add(out, "| key | value | default | range | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < mapping->n_keys; i++) {
        const cali_key *key = &mapping->keys[i];
        cali_text_format(out, "| `%s` | ", key->name);
        add_type(out, key);
        if (key->is_required && key->not_beside != NULL)
            cali_text_format(out, " | *required* without `%s` | ", key->not_beside);
        else if (key->is_required)
            cali_text_add(out, " | *required* | ");
        else if (key->fallback != NULL && strcmp(key->fallback, "\"\"") != 0)
            cali_text_format(out, " | `%s` | ", key->fallback);
        else
            cali_text_add(out, " | | ");
        add_range(out, key);
        cali_text_format(out, " | %s |\n", key->meaning);
    }
    if (mapping->more != NULL)
        cali_text_format(out, "\nAlso %s.\n", mapping->more);
    if (mapping->example != NULL)
        cali_text_format(out, "\n```yaml\n%s\n```\n", mapping->example);
}

/* Formulas and numbers of the kinds of coupling, from the host's own table. */
static void add_couplings(cali_text *out)
{
    cali_text_add(out, "\n## Kinds of coupling\n\n"
                       "s = G sum_j w_ij x_j(t - tau_ij) is what arrives at region i, c what it adds to the input. A function S acts\n"
                       "on the source before its value travels; the others act on the sum. Units follow `to` and `from`.\n\n"
                       "| kind | c | numbers |\n|---|---|---|\n");
    for (int kind = 0; kind < CAL_N_COUPLINGS; kind++) {
        const cal_coupling_info *info = cal_coupling_info_of((cal_coupling_kind)kind);
        cali_text_format(out, "| `%s` | %s | ", info->name, info->formula);
        for (size_t k = 0; k < info->n_params; k++) {
            const cal_field *number = &info->params[k];
            cali_text_format(out, "%s`%s` %s (", k > 0 ? ", " : "", number->name, number->meaning);
            cali_text_add_number(out, number->value);
            cali_text_format(out, "%s%s)", strcmp(number->unit, "1") == 0 ? "" : ", unit of ",
                             strcmp(number->unit, "1") == 0         ? ""
                             : strcmp(number->unit, "to/from") == 0 ? "`to` over unit of `from`"
                             : strcmp(number->unit, "to") == 0      ? "`to`"
                                                                    : "`from`");
        }
        cali_text_add(out, " |\n");
    }
}

void cali_experiment_reference(cali_text *out)
{
    cali_text_add(
        out,
        "# The experiment file\n\n"
        "YAML (JSON is YAML too), written by hand or by a program. This page is made from the tables that read the file\n"
        "(`experiment/keys.c`); the JSON schema `docs/experiment.schema.json` is made from the same tables. What goes wrong\n"
        "is said as `docs/messages.md` describes.\n\n"
        "A complete file is `examples/one-spiking-region/experiment.yaml`.\n\n"
        "## Numbers and units\n\n"
        "Every number that has a dimension carries its unit: `20 ms`, `3 mm/ms`, `0.1 nS`, `10 1/s`, `2 GB`; only 0 may go\n"
        "without. Units are\n"
        "m, g, s, A, V, S, F, C, Ohm, T, Hz, rad with prefixes f p n u m c k M G T; min, h, deg, B (kB to TB, KiB to GiB), %, 1;\n"
        "products and quotients (`1/(ms mV)`, `mV^2`, `mV/sqrt(ms)`). A slash acts on the next factor only. A rate in Hz is no\n"
        "angular frequency: that is `rad/s`.\n\n"
        "Values of neurons and synapses may be distributions, in quotes where they stand inside of braces:\n\n"
        "| distribution | meaning |\n|---|---|\n");
    for (size_t i = 0; i < CALI_N_DISTRIBUTION_WORDS; i++) {
        const cali_distribution_word *word = &cali_distribution_words[i];
        cali_text_format(out, "| `%s(a, b)` | a %s, b %s: %s |\n", word->name, word->first, word->second, word->meaning);
    }
    cali_text_add(
        out,
        "\nTwo more arguments are a lower and an upper limit to which values are clipped: "
        "`normal(-55 mV, 2 mV, -60 mV, -50 mV)`.\n\n"
        "## Values from the command line\n\n"
        "`--set path=value` acts after the file is read. A path has keys with dots between them and `[0]` for places in lists;\n"
        "keys with dots or blanks stand in quotes; what is missing is made. Paths of files begin where you stand.\n\n"
        "    callosum run exp.yaml --set run.duration=2s --set 'record.signals[0].every=5 ms'\n"
        "    callosum run exp.yaml --set 'regions.\"most connected\".spiking.populations.E.count=4000'\n");
    for (size_t i = 0; cali_all_mappings[i] != NULL; i++)
        add_mapping(out, cali_all_mappings[i]);
    add_couplings(out);
}

/* ---- the schema --------------------------------------------------------------------------------------- */

/* Pattern of a number with a unit; the unit's sense is checked by the program. */
static const char quantity_pattern[] = "^\\s*([+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*[^0-9\\s.].*|0)$";

static void add_reference_to(cali_text *out, const cali_mapping *mapping)
{
    cali_text_add(out, "{\"$ref\": ");
    cali_text path = {0};
    cali_text_format(&path, "#/$defs/%s", mapping->path[0] == '\0' ? "top" : mapping->path);
    for (char *c = path.data; c != NULL && *c != '\0'; c++)
        if (*c == '[' || *c == ']')
            *c = '_';
    cali_text_add_json(out, path.is_broken ? "" : path.data);
    cali_text_add(out, "}");
    cali_text_free(&path);
}

static void add_quantity_schema(cali_text *out, const cali_key *key)
{
    cali_text_add(out, "\"anyOf\": [");
    if (key->special != NULL)
        cali_text_format(out, "{\"const\": \"%s\"}, ", key->special);
    if (is_plain(key->unit))
        cali_text_add(out, "{\"type\": \"number\"}, ");
    else
        cali_text_add(out, "{\"const\": 0}, ");
    cali_text_add(out, "{\"type\": \"string\", \"pattern\": ");
    cali_text_add_json(out, quantity_pattern);
    cali_text_add(out, "}]");
}

static void add_structure_schema(cali_text *out, const cali_key *key)
{
    cali_text_add(out, "\"anyOf\": [");
    if (key->type == CALI_KEY_LIST)
        cali_text_add(out, "{\"type\": \"array\", \"items\": ");
    if (key->type == CALI_KEY_NAMED)
        cali_text_add(out, "{\"type\": \"object\", \"additionalProperties\": ");
    if (key->inner == &cali_keys_region) {
        cali_text_add(out, "{\"anyOf\": [{\"type\": \"string\"}, ");
        add_reference_to(out, key->inner);
        cali_text_add(out, "]}");
    } else {
        add_reference_to(out, key->inner);
    }
    if (key->type != CALI_KEY_MAPPING)
        cali_text_add(out, "}");
    if (key->type == CALI_KEY_LIST) {
        cali_text_add(out, ", ");
        add_reference_to(out, key->inner);
    }
    if (key->inner == &cali_keys_integrator) {
        cali_text_add(out, ", {\"enum\": [");
        for (size_t i = 0; i < key->inner->keys[0].n_words; i++)
            cali_text_format(out, "%s\"%s\"", i > 0 ? ", " : "", key->inner->keys[0].words[i]);
        cali_text_add(out, "]}");
    }
    for (size_t i = 0; key->inner == &cali_keys_monitor && i < cal_monitor_n_kinds(); i++)
        cali_text_format(out, "%s\"%s\"%s", i == 0 ? ", {\"enum\": [" : ", ", cal_monitor_kind_at(i)->name,
                         i + 1 == cal_monitor_n_kinds() ? "]}" : "");
    cali_text_add(out, "]");
}

static void add_key_schema(cali_text *out, const cali_key *key)
{
    cali_text_add(out, "      ");
    cali_text_add_json(out, key->name);
    cali_text_add(out, ": {");
    switch (key->type) {
    case CALI_KEY_TEXT: cali_text_add(out, "\"type\": [\"string\", \"number\"]"); break;
    case CALI_KEY_PATH: cali_text_add(out, "\"type\": \"string\""); break;
    case CALI_KEY_FLAG: cali_text_add(out, "\"type\": \"boolean\""); break;
    case CALI_KEY_COUNT:
        cali_text_add(out, "\"type\": \"integer\", \"minimum\": ");
        cali_text_add_number(out, key->low);
        break;
    case CALI_KEY_WORD:
        cali_text_add(out, "\"enum\": [");
        for (size_t i = 0; i < key->n_words; i++) /* words that are digits are numbers in YAML */
            cali_text_format(out, "%s%s%s%s", i > 0 ? ", " : "", key->words[i][0] <= '9' ? "" : "\"", key->words[i],
                             key->words[i][0] <= '9' ? "" : "\"");
        cali_text_add(out, "]");
        break;
    case CALI_KEY_NUMBER:
    case CALI_KEY_TIME: add_quantity_schema(out, key); break;
    case CALI_KEY_OWN: break;
    default: add_structure_schema(out, key);
    }
    cali_text_format(out, "%s\"description\": ", key->type == CALI_KEY_OWN ? "" : ", ");
    cali_text_add_json(out, key->meaning);
    cali_text_add(out, "}");
}

static void add_keys_schema(cali_text *out, const cali_mapping *mapping, bool *has_any)
{
    for (size_t i = 0; i < mapping->n_keys; i++) {
        cali_text_add(out, *has_any ? ",\n" : "\n");
        add_key_schema(out, &mapping->keys[i]);
        *has_any = true;
    }
}

/* The keys that are required without the key `instead`; NULL: that are so in any case. */
static void add_required_schema(cali_text *out, const cali_mapping *mapping, const char *instead)
{
    bool has_any = false;
    for (size_t i = 0; i < mapping->n_keys; i++) {
        const cali_key *key = &mapping->keys[i];
        const bool is_of_group = key->not_beside == instead ||
                                 (instead != NULL && key->not_beside != NULL && strcmp(key->not_beside, instead) == 0);
        /* gives and receives may stand beside spiking */
        if (!key->is_required || !is_of_group || key->inner == &cali_keys_give)
            continue;
        cali_text_format(out, "%s\"%s\"", has_any ? ", " : ",\n      \"required\": [", key->name);
        has_any = true;
    }
    cali_text_add(out, has_any ? "]" : "");
}

static void add_mapping_schema(cali_text *out, const cali_mapping *mapping)
{
    const bool is_coupling = mapping == &cali_keys_coupling;
    bool has_any = false;
    cali_text_format(out, "{\n      \"type\": \"object\",\n      \"description\": ");
    cali_text_add_json(out, mapping->meaning);
    cali_text_format(out, ",\n      \"additionalProperties\": %s,\n      \"properties\": {",
                     mapping->more != NULL && !is_coupling ? "true" : "false");
    add_keys_schema(out, mapping, &has_any);
    if (is_coupling)
        add_keys_schema(out, &cali_keys_term, &has_any);
    cali_text_add(out, "\n      }");
    add_required_schema(out, mapping, NULL);
    const char *instead = NULL;
    for (size_t i = 0; i < mapping->n_keys; i++)
        instead = mapping->keys[i].is_required && mapping->keys[i].not_beside != NULL ? mapping->keys[i].not_beside : instead;
    if (instead != NULL) {
        cali_text_format(out, ",\n      \"oneOf\": [{\"required\": [\"%s\"]}, {\"description\": \"without it\"", instead);
        add_required_schema(out, mapping, instead);
        cali_text_add(out, "}]");
    }
    cali_text_add(out, "\n    }");
}

void cali_experiment_schema(cali_text *out)
{
    cali_text_add(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                       "  \"title\": \"callosum experiment\",\n  \"$ref\": \"#/$defs/top\",\n  \"$defs\": {");
    for (size_t i = 0; cali_all_mappings[i] != NULL; i++) {
        cali_text name = {0};
        cali_text_add(&name, cali_all_mappings[i]->path[0] == '\0' ? "top" : cali_all_mappings[i]->path);
        for (char *c = name.data; c != NULL && *c != '\0'; c++)
            if (*c == '[' || *c == ']')
                *c = '_';
        cali_text_add(out, i > 0 ? ",\n    " : "\n    ");
        cali_text_add_json(out, name.is_broken ? "" : name.data);
        cali_text_add(out, ": ");
        add_mapping_schema(out, cali_all_mappings[i]);
        cali_text_free(&name);
    }
    cali_text_add(out, "\n  }\n}\n");
}
