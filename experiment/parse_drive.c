/* The drive of a network: Poisson trains, currents and noise that come from no region. */
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "experiment/reader.h"

/* ---- courses ------------------------------------------------------------------------------------- */

static cal_status copy_samples(cali_reader *r, const cali_csv *csv, const cali_column *column, const char *unit, cal_snn_wave *out)
{
    const int time = cali_csv_find(csv, "time"), value = cali_csv_find(csv, column->name);
    if (time < 0 || value < 0)
        return CAL_FAIL(r->ctx, CAL_ERR_INPUT, "%s:1:1  C301  there is no column \"%.100s\"", csv->name, time < 0 ? "time" : column->name);
    double *times = cali_take(r, csv->n_rows, sizeof *times), *values = cali_take(r, csv->n_rows, sizeof *values);
    if (times == NULL || values == NULL)
        return CAL_FAIL(r->ctx, CAL_ERR_MEMORY, "no memory for %zu samples", csv->n_rows);
    CAL_TRY(cali_csv_times(r->ctx, csv, (size_t)time, times));
    for (size_t i = 0; i < csv->n_rows; i++)
        CAL_TRY(cali_csv_number(r->ctx, csv, i, (size_t)value, unit, &values[i]));
    out->times_ms = times;
    out->values = values;
    out->n_samples = csv->n_rows;
    return CAL_OK;
}

/* Samples of a table, noted as an input of the run. */
static bool read_samples(cali_reader *r, const cali_node *node, const cali_wave_text *text, const char *unit, cali_network *network,
                         cal_snn_wave *out)
{
    cali_csv csv = {0};
    cali_samples_file file = {.column = {text->file, text->column != NULL ? text->column : cali_keep(r, "value")}};
    if (file.column.name == NULL)
        return false;
    cal_status status = cali_csv_load(r->ctx, text->file, &csv);
    if (status == CAL_OK)
        status = copy_samples(r, &csv, &file.column, unit, out);
    cali_csv_free(&csv);
    if (status != CAL_OK)
        return cali_refuse_foreign(r, cali_place_of(cali_node_get(node, "file")), "C301");
    file.times_ms = out->times_ms;
    if (!cali_arena_grow(&r->exp->arena, &network->samples, network->n_samples, sizeof file)) {
        r->is_out_of_memory = true;
        return false;
    }
    network->samples[network->n_samples++] = file;
    return true;
}

/* A course in time whose unit "input" is `unit`; no node: none. */
static bool read_wave(cali_reader *r, const cali_node *node, const char *label, const char *unit, cali_network *network,
                      cal_snn_wave *out)
{
    char name[2 * CALI_LABEL], owner[CALI_LABEL];
    cali_wave_text text = {0};
    if (node == NULL)
        return true;
    const cal_waveform *form = cali_find_waveform(r, cali_node_get(node, "form"));
    double *params = cali_take(r, CAL_WAVEFORM_MAX_PARAMS, sizeof *params);
    if (form == NULL || params == NULL)
        return false;
    if (form->source == CAL_WAVEFORM_PATH)
        return cali_refuse(r, cali_place_of(cali_node_get(node, "form")), "C106",
                           "the waveform %s is no course of a drive\ntry kind: noise", form->name);
    snprintf(name, sizeof name, "%.100s.wave", label);
    snprintf(owner, sizeof owner, "waveform %s", form->name);
    const cali_extra extra = {cali_waveform_fields(r, form, unit, params), form->n_params, params, owner};
    const size_t before = r->n_mistakes;
    if (extra.fields == NULL || !cali_read_mapping(r, &cali_keys_wave, node, name, &text, &extra) || r->n_mistakes > before)
        return false;
    const char *wrong = form->check != NULL ? form->check(params) : NULL;
    if (wrong != NULL)
        return cali_refuse(r, cali_place_of(node), "C106", "%s cannot be\nbecause %s", name, wrong);
    *out = (cal_snn_wave){.form = form, .params = params};
    const bool has_samples = form->source == CAL_WAVEFORM_SAMPLES;
    if (has_samples && text.file == NULL)
        return cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"file\": table with a column `time`", name);
    if (!has_samples && (text.file != NULL || text.column != NULL))
        return cali_refuse(r, cali_place_of(node), "C104", "%s: a file means nothing to the waveform %s\ntry form: file", name, form->name);
    return !has_samples || read_samples(r, node, &text, unit, network, out);
}

/* ---- kinds of drive ------------------------------------------------------------------------------ */

static void parse_poisson(cali_reader *r, const cali_node *node, const char *label, const cali_drive_text *text,
                          cali_network *network)
{
    const cali_node *weight = cali_node_get(node, "weight"), *into = cali_node_get(node, "into");
    cal_snn_poisson poisson = {.rate_Hz = text->rate_Hz, .n_trains = text->n_trains};
    const cal_receptor *receptor = NULL;
    char name[CALI_LABEL];
    const cali_node *wave = cali_node_get(node, "wave"), *rate = cali_node_get(node, "rate");
    if (wave == NULL && rate == NULL)
        cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"rate\"\ntry rate: 10 Hz", label);
    if (wave != NULL && rate != NULL)
        cali_refuse(r, cali_place_of(rate), "C104", "%s has both a rate and a wave", label);
    if (weight == NULL) {
        cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"weight\"", label);
        return;
    }
    if (!cali_find_target(r, network, into, text->into, cali_node_text(weight, ""), &poisson.to, &receptor))
        return;
    cali_label_weight(name, &network->populations[poisson.to], receptor);
    poisson.receptor = receptor->name;
    if (!cali_check_weight_unit(r, weight, name, network->populations[poisson.to].neuron, receptor) ||
        !cali_read_quantity(r, weight, name, receptor->unit, &poisson.weight) ||
        !cali_check_modulus(r, cali_place_of(weight), name, receptor, &(cal_distribution){.a = poisson.weight}) ||
        !read_wave(r, wave, label, "Hz", network, &poisson.wave))
        return;
    if (!cali_arena_grow(&r->exp->arena, &network->poissons, network->n_poissons, sizeof poisson))
        r->is_out_of_memory = true;
    else
        network->poissons[network->n_poissons++] = poisson;
}

/* The population that a current or noise goes into; NULL and a mistake if there is none. */
static const cali_population *find_population(cali_reader *r, const cali_node *node, const char *label,
                                              const cali_drive_text *text, const cali_network *network, size_t *to)
{
    if (!cali_find_target(r, network, cali_node_get(node, "into"), text->into, NULL, to, NULL) ||
        network->populations[*to].neuron == NULL)
        return NULL;
    if (text->stop != 0 && text->stop <= text->start)
        cali_refuse(r, cali_place_of(cali_node_get(node, "stop")), "C106", "%s.stop is not after its start", label);
    return &network->populations[*to];
}

static void parse_current(cali_reader *r, const cali_node *node, const char *label, const cali_drive_text *text,
                          cali_network *network)
{
    const cali_node *amplitude = cali_node_get(node, "amplitude"), *wave = cali_node_get(node, "wave");
    cal_snn_current current = {.start = text->start, .stop = text->stop};
    char name[CALI_LABEL];
    if ((amplitude == NULL) == (wave == NULL)) {
        cali_refuse(r, cali_place_of(node), "C105", "%s needs one of the keys \"amplitude\" and \"wave\"", label);
        return;
    }
    const cali_population *p = find_population(r, node, label, text, network, &current.to);
    if (p == NULL || !read_wave(r, wave, label, p->neuron->current_unit, network, &current.wave))
        return;
    snprintf(name, sizeof name, "amplitude into %.100s", p->name);
    if (wave == NULL && !cali_read_quantity(r, amplitude, name, p->neuron->current_unit, &current.amplitude))
        return;
    if (!cali_arena_grow(&r->exp->arena, &network->currents, network->n_currents, sizeof current))
        r->is_out_of_memory = true;
    else
        network->currents[network->n_currents++] = current;
}

static void parse_noise(cali_reader *r, const cali_node *node, const char *label, const cali_drive_text *text,
                        cali_network *network)
{
    const cali_node *mean = cali_node_get(node, "mean"), *sd = cali_node_get(node, "sd"), *hold = cali_node_get(node, "hold");
    cal_snn_noise noise = {.start = text->start, .stop = text->stop, .tau_ms = cal_time_ms(text->tau), .hold = text->hold,
                           .is_common = text->is_common};
    char name[CALI_LABEL];
    if (sd == NULL) {
        cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"sd\"", label);
        return;
    }
    if (text->tau != 0 && hold != NULL) {
        cali_refuse(r, cali_place_of(hold), "C104", "%s: noise with a correlation time changes at every step; hold is for white noise", label);
        return;
    }
    const cali_population *p = find_population(r, node, label, text, network, &noise.to);
    if (p == NULL)
        return;
    snprintf(name, sizeof name, "noise into %.100s", p->name);
    if ((mean != NULL && !cali_read_quantity(r, mean, name, p->neuron->current_unit, &noise.mean)) ||
        !cali_read_quantity(r, sd, name, p->neuron->current_unit, &noise.sd))
        return;
    if (noise.sd < 0.0)
        cali_refuse(r, cali_place_of(sd), "C106", "%s has a negative standard deviation", name);
    if (!cali_arena_grow(&r->exp->arena, &network->noises, network->n_noises, sizeof noise))
        r->is_out_of_memory = true;
    else
        network->noises[network->n_noises++] = noise;
}

/* Keys that only some kinds have; in another they would be ignored, so they are refused. */
static const struct {
    const char *name;
    bool is_of[CALI_N_DRIVES];
} partial_keys[] = {
    {"rate", {[CALI_DRIVE_POISSON] = true}},    {"trains", {[CALI_DRIVE_POISSON] = true}},
    {"weight", {[CALI_DRIVE_POISSON] = true}},  {"wave", {[CALI_DRIVE_POISSON] = true, [CALI_DRIVE_CURRENT] = true}},
    {"amplitude", {[CALI_DRIVE_CURRENT] = true}}, {"start", {[CALI_DRIVE_CURRENT] = true, [CALI_DRIVE_NOISE] = true}},
    {"stop", {[CALI_DRIVE_CURRENT] = true, [CALI_DRIVE_NOISE] = true}}, {"mean", {[CALI_DRIVE_NOISE] = true}},
    {"sd", {[CALI_DRIVE_NOISE] = true}},        {"tau", {[CALI_DRIVE_NOISE] = true}},
    {"hold", {[CALI_DRIVE_NOISE] = true}},      {"common", {[CALI_DRIVE_NOISE] = true}},
};

void cali_parse_drive(cali_reader *r, const cali_node *node, const char *label, cali_network *network)
{
    static void (*const parse[])(cali_reader *, const cali_node *, const char *, const cali_drive_text *, cali_network *) = {
        [CALI_DRIVE_POISSON] = parse_poisson, [CALI_DRIVE_CURRENT] = parse_current, [CALI_DRIVE_NOISE] = parse_noise};
    cali_drive_text text = {.kind = -1};
    if (!cali_read_mapping(r, &cali_keys_drive, node, label, &text, NULL) || text.into == NULL || text.kind < 0)
        return;
    for (size_t i = 0; i < sizeof partial_keys / sizeof *partial_keys; i++) {
        const cali_node *value = cali_node_get(node, partial_keys[i].name);
        if (value != NULL && !partial_keys[i].is_of[text.kind])
            cali_refuse(r, cali_place_of(value), "C104", "\"%s\" is no key of a drive of kind %s", partial_keys[i].name,
                        cali_drive_kinds[text.kind]);
    }
    parse[text.kind](r, node, label, &text, network);
}
