/* `initial:` of the experiment: a saved state, or the past of states and outputs. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

static void check_sources(cali_reader *r, const cali_node *item, const char *label, const cali_past *past)
{
    cali_unit unit;
    const cali_node *signal = cali_node_get(item, "signal"), *given = cali_node_get(item, "unit");
    if (past->file == NULL && past->run == NULL)
        cali_refuse(r, past->place, "C105", "%s needs the key \"file\" or \"run\"", label);
    if (past->file != NULL && past->run != NULL)
        cali_refuse(r, cali_place_of(cali_node_get(item, "run")), "C104", "%s has both a file and a run\ntry one of "
                    "them", label);
    if (signal != NULL && past->run == NULL)
        cali_refuse(r, cali_place_of(signal), "C104", "%s.signal belongs to \"run\"", label);
    if (given != NULL && past->file == NULL)
        cali_refuse(r, cali_place_of(given), "C104", "%s.unit belongs to \"file\"\nbecause signals of runs carry their "
                    "unit", label);
    if (past->unit != NULL && !cali_unit_parse(past->unit, &unit))
        cali_refuse(r, cali_place_of(given), "C102", "%s.unit: unknown unit \"%.40s\"", label, past->unit);
}

static void parse_past(cali_reader *r, const cali_node *item, size_t i)
{
    cal_experiment *e = r->exp;
    cali_past *past = &e->pasts[i];
    char label[CALI_LABEL];
    snprintf(label, sizeof label, "initial.history[%zu]", i);
    past->place = cali_place_of(item);
    if (!cali_read_mapping(r, &cali_keys_history, item, label, past, NULL))
        return;
    check_sources(r, item, label, past);
    if (past->what == NULL)
        return;
    const cali_place place = cali_place_of(cali_node_get(item, "what"));
    for (size_t j = 0; j < i; j++)
        if (e->pasts[j].what != NULL && strcmp(e->pasts[j].what, past->what) == 0)
            cali_refuse(r, place, "C104", "the history of %s is given twice", past->what);
    cali_find_row(r, past->what, place);
}

void cali_parse_initial(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    if (node == NULL || !cali_read_mapping(r, &cali_keys_initial, node, "initial", e, NULL))
        return;
    const cali_node *history = cali_node_get(node, "history");
    const size_t n = cali_list_size(r, history, "initial.history");
    if (e->is_alone && history != NULL) {
        cali_refuse(r, cali_place_of(history), "C104", "initial.history stands beside \"network\"\nbecause a history is that "
                    "of neural masses\ntry initial.state");
        return;
    }
    e->pasts = cali_take(r, n, sizeof *e->pasts);
    if (e->pasts == NULL || n == 0)
        return;
    if (e->initial_state != NULL)
        cali_refuse(r, cali_place_of(history), "C104", "initial.history stands beside initial.state\nbecause a saved "
                    "state brings its own history\ntry one of them");
    for (size_t i = 0; i < n; i++) {
        parse_past(r, cali_list_at(history, i), i);
        e->n_pasts++;
    }
}
