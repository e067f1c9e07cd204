/* The test values of an own neuron: derivatives at a state, and the times of spikes, which the author has from elsewhere. A
 * sign that is wrong in the file is found here and not in a figure. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/text/own.h"

enum { MAX_SPIKES = 1000, MAX_WORK = 20000000, TOLERANCE_DIGITS = 9 };

static const char example[] = "test: {at: {V: -60 mV, I: 10 pA}, gives: {V': 1.5 mV/ms}}";

/* ---- reading ------------------------------------------------------------------------------------------- */

static bool refuse_key(cali_formula_reader *r, const cali_entry *entry, const char *what, const char *const *known, size_t n)
{
    const cali_node place = {.kind = CALI_NODE_MAP, .line = entry->line, .column = entry->column};
    char text[192];
    snprintf(text, sizeof text, "%s \"%.60s\"", what, entry->key);
    return cali_formula_refuse_word(r, &place, 0, text, entry->key, known, n);
}

/* Where the value of a name stands; NULL: it has none. */
static double *place_of(cali_own_neuron *own, const cali_formula_symbol *s)
{
    return s->kind == CALI_FORMULA_STATE   ? &own->test_x[s->index]
           : s->kind == CALI_FORMULA_PARAM && (size_t)s->index < own->neuron.face.n_params ? &own->test_p[s->index]
           : s->kind == CALI_FORMULA_INPUT ? &own->test_current
                                           : NULL;
}

static void read_at(cali_formula_reader *r, const cali_node *map)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const char *known[3 * CALI_FORMULA_MAX_FIELDS];
    size_t n = 0;
    for (size_t i = 0; i < r->file->n_symbols; i++)
        if (place_of(own, &r->file->symbols[i]) != NULL)
            known[n++] = r->file->symbols[i].name;
    for (size_t i = 0; map != NULL && i < map->n; i++) {
        const cali_entry *entry = &map->entries[i];
        const int at = cali_formula_find_symbol(r->file, entry->key);
        double *value = at < 0 ? NULL : place_of(own, &r->file->symbols[at]);
        char label[128];
        cali_unit ignored;
        snprintf(label, sizeof label, "test.at.%.80s", entry->key);
        if (value == NULL)
            refuse_key(r, entry, "test.at: no state, parameter or current", known, n);
        else
            cali_formula_read_number(r, entry->value, label,
                                     &r->file->declared[r->file->symbols[at].kind][r->file->symbols[at].index], &ignored, value);
    }
}

static void read_gives(cali_formula_reader *r, const cali_node *map)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const char *known[CALI_MAX_STATES];
    for (size_t i = 0; i < own->n_states; i++)
        known[i] = own->equations[i].label;
    for (size_t i = 0; i < map->n; i++) {
        const cali_entry *entry = &map->entries[i];
        size_t at = 0;
        while (at < own->n_states && strcmp(known[at], entry->key) != 0)
            at++;
        if (at == own->n_states) {
            refuse_key(r, entry, "test.gives: no derivative", known, own->n_states);
            continue;
        }
        const cali_unit unit = cali_formula_per_ms(&r->file->declared[CALI_FORMULA_STATE][at]);
        cali_unit ignored;
        char label[128];
        snprintf(label, sizeof label, "test.gives.%.80s", entry->key);
        cali_formula_read_number(r, entry->value, label, &unit, &ignored, &own->test_dx[at]);
    }
    for (size_t i = 0; i < own->n_states; i++)
        if (isnan(own->test_dx[i]) && r->n_mistakes == 0)
            cali_formula_refuse(r, map->line, map->column, "C105", "test.gives lacks %s\nbecause each equation is checked once",
                                own->equations[i].label);
}

static bool read_time(cali_formula_reader *r, const cali_node *node, const char *label, double *out)
{
    cali_unit ms, ignored;
    cali_unit_parse("ms", &ms);
    if (!cali_formula_read_number(r, node, label, &ms, &ignored, out))
        return false;
    return *out > 0.0 || cali_formula_refuse(r, node->line, node->column, "C106", "%s must be above 0", label);
}

/* `spikes: {step: 0.1 ms, times: [12.3 ms, 30 ms]}` */
static void read_spikes(cali_formula_reader *r, const cali_node *map)
{
    static const char *const known[] = {"step", "times"};
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cali_node *step = cali_node_get(map, "step"), *times = cali_node_get(map, "times");
    if (map->kind == CALI_NODE_MAP)
        cali_formula_check_keys(r, map, "test.spikes", known, 2);
    if (step == NULL || times == NULL || times->kind != CALI_NODE_LIST || times->n == 0 || times->n > MAX_SPIKES) {
        cali_formula_refuse(r, map->line, map->column, "C105", "test.spikes needs a step and 1 to %d times\ntry spikes: {step: "
                            "0.1 ms, times: [12.3 ms, 30.1 ms]}", MAX_SPIKES);
        return;
    }
    own->test_spikes = cali_formula_take(r, times->n, sizeof *own->test_spikes);
    if (own->test_spikes == NULL || !read_time(r, step, "test.spikes.step", &own->test_step_ms))
        return;
    for (size_t i = 0; i < times->n; i++) {
        const cali_node *node = times->entries[i].value;
        if (!read_time(r, node, "test.spikes.times", &own->test_spikes[i]))
            return;
        if (i > 0 && !(own->test_spikes[i] > own->test_spikes[i - 1])) {
            cali_formula_refuse(r, node->line, node->column, "C106", "test.spikes.times must increase");
            return;
        }
    }
    own->n_test_spikes = times->n;
}

static bool take_rows(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cal_neuron *face = &own->neuron.face;
    own->test_x = cali_formula_take(r, own->n_states, sizeof(double));
    own->test_dx = cali_formula_take(r, own->n_states, sizeof(double));
    own->test_p = cali_formula_take(r, face->n_params + 1, sizeof(double)); /* dt behind them */
    if (r->is_out_of_memory)
        return false;
    for (size_t i = 0; i < own->n_states; i++) {
        own->test_x[i] = face->states[i].value;
        own->test_dx[i] = NAN;
    }
    for (size_t i = 0; i < face->n_params; i++)
        own->test_p[i] = face->params[i].value;
    own->test_p[face->n_params] = own->test_step_ms = 0.1;
    return true;
}

void cali_own_neuron_read_test(cali_formula_reader *r, const cali_node *root)
{
    static const char *const known[] = {"at", "gives", "spikes"};
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cali_node *node = cali_node_get(root, "test");
    const cali_node *at = cali_node_get(node, "at"), *gives = cali_node_get(node, "gives"), *spikes = cali_node_get(node, "spikes");
    if (!take_rows(r))
        return;
    if ((gives == NULL && spikes == NULL) || (gives != NULL && gives->kind != CALI_NODE_MAP) ||
        (at != NULL && at->kind != CALI_NODE_MAP)) {
        const cali_node *place = node != NULL ? node : root;
        cali_formula_refuse(r, place->line, place->column, "C105", "the neuron needs a test value\nbecause a wrong sign is "
                            "found so, and not in a figure\ntry %s", example);
        return;
    }
    own->test_line = node->line;
    own->test_column = node->column;
    cali_formula_check_keys(r, node, "test", known, 3);
    read_at(r, at);
    if (gives != NULL)
        read_gives(r, gives);
    if (spikes != NULL)
        read_spikes(r, spikes);
    own->test_p[own->neuron.face.n_params] = own->test_step_ms;
}

/* ---- checking ---------------------------------------------------------------------------------------------- */

static void check_slopes(cali_formula_reader *r)
{
    const cali_own_neuron *own = cali_own_neuron_of(r);
    double dx[CALI_MAX_STATES];
    cali_formula_run(&own->slopes, 1, own->test_p, own->test_x, &own->test_current, dx);
    for (size_t i = 0; i < own->n_states; i++) {
        const double wanted = own->test_dx[i], size = fmax(fabs(own->test_x[i]), 1.0);
        if (isnan(wanted) || fabs(dx[i] - wanted) <= 1e-9 * fabs(wanted) + 1e-13 * size)
            continue;
        char words[2][32], text[CALI_UNIT_TEXT];
        const cali_unit unit = cali_formula_per_ms(&r->file->symbols[cali_own_state_symbol(own, i)].unit);
        cali_formula_unit_text(&unit, text);
        cali_format_number(wanted, words[0]);
        cali_format_number(dx[i], words[1]);
        cali_formula_refuse(r, own->test_line, own->test_column, "C110", "%s: the test says %s %s, but the expressions give %s "
                            "%s\nbecause both must agree to %d digits", own->equations[i].label, words[0], text,
                            isfinite(dx[i]) ? words[1] : "no finite number", text, TOLERANCE_DIGITS);
    }
}

/* One neuron from the state of the test on: the times of its spikes up to `until`, at most `max` of them. */
static size_t run(const cali_own_neuron *own, size_t n_steps, double *times, size_t max)
{
    float x[CALI_MAX_STATES] = {0.0f}, constants[CALI_MAX_CONSTANTS + 1], inputs[CALI_MAX_RECEPTORS + 1] = {0.0f};
    float *state[CALI_MAX_STATES];
    const float *constant[CALI_MAX_CONSTANTS + 1], *input[CALI_MAX_RECEPTORS + 1];
    size_t n = 0;
    cali_own_neuron_prepare(own, own->test_p, own->test_step_ms, constants);
    for (size_t i = 0; i < own->neuron.face.n_states; i++) {
        x[i] = i < own->n_states ? (float)own->test_x[i] : 0.0f;
        state[i] = &x[i];
    }
    for (size_t i = 0; i < own->neuron.n_constants; i++)
        constant[i] = &constants[i];
    inputs[0] = (float)own->test_current;
    for (size_t i = 0; i <= own->neuron.face.n_receptors; i++)
        input[i] = &inputs[i];
    for (size_t k = 1; k <= n_steps && n < max; k++) {
        int32_t has_spiked = 0;
        cali_own_neuron_interpret(own, 1, state, constant, input, &has_spiked);
        if (has_spiked != 0)
            times[n++] = (double)k * own->test_step_ms;
    }
    return n;
}

/* As many spikes as the test has, each within a step. */
static void check_spikes(cali_formula_reader *r)
{
    const cali_own_neuron *own = cali_own_neuron_of(r);
    const size_t n = own->n_test_spikes;
    const double step_ms = own->test_step_ms, n_steps = own->test_spikes[n - 1] / step_ms + 1.5;
    double *times = cali_formula_take(r, n + 1, sizeof *times);
    if (times == NULL)
        return;
    if (!(n_steps * (own->step.n + 50) < MAX_WORK)) {
        cali_formula_refuse(r, own->test_line, own->test_column, "C106", "test.spikes would take %.0f steps\ntry fewer spikes",
                            n_steps);
        return;
    }
    const size_t n_got = run(own, (size_t)n_steps, times, n + 1);
    for (size_t i = 0; i < n && i < n_got; i++) {
        if (fabs(times[i] - own->test_spikes[i]) <= 1.001 * step_ms)
            continue;
        cali_formula_refuse(r, own->test_line, own->test_column, "C110", "spike %zu: the test says %.9g ms, but the neuron "
                            "spikes at %.9g ms\nbecause both must agree within a step", i + 1, own->test_spikes[i], times[i]);
        return;
    }
    if (n_got != n)
        cali_formula_refuse(r, own->test_line, own->test_column, "C110", "the test has %zu spike%s, but the neuron has %s", n,
                            n == 1 ? "" : "s", n_got > n ? "more" : n_got == 0 ? "none" : "fewer");
}

void cali_own_neuron_check_test(cali_formula_reader *r)
{
    check_slopes(r);
    if (cali_own_neuron_of(r)->n_test_spikes > 0)
        check_spikes(r);
}
