/* Every unit in a table of models, neurons and transducers can be written in an experiment file. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "callosum/coupler.h"
#include "callosum/nmm.h"
#include "callosum/snn.h"

static void expect_unit(const char *unit_text, const char *owner, const char *name)
{
    cali_unit unit;
    const bool parses = unit_text != NULL && cali_unit_parse(unit_text, &unit);
    cr_expect(parses, "%s: unit \"%s\" of %s", owner, unit_text, name);
}

static void expect_units(const cal_field *fields, size_t n, const char *owner)
{
    for (size_t i = 0; i < n; i++)
        expect_unit(fields[i].unit, owner, fields[i].name);
}

Test(experiment_units, those_of_neural_masses_parse)
{
    cr_assert(gt(sz, cal_nmm_n_models(), 0));
    for (size_t i = 0; i < cal_nmm_n_models(); i++) {
        const cal_nmm_model *m = cal_nmm_model_at(i);
        expect_units(m->params, m->n_params, m->name);
        expect_units(m->states, m->n_states, m->name);
        expect_units(m->inputs, m->n_inputs, m->name);
        expect_units(m->outputs, m->n_outputs, m->name);
    }
}

Test(experiment_units, those_of_neurons_parse)
{
    cr_assert(gt(sz, cal_snn_n_neurons(), 0));
    for (size_t i = 0; i < cal_snn_n_neurons(); i++) {
        const cal_neuron *n = cal_snn_neuron_at(i);
        expect_units(n->params, n->n_params, n->name);
        expect_units(n->states, n->n_states, n->name);
        expect_unit(n->current_unit, n->name, "current");
        for (size_t k = 0; k < n->n_receptors; k++)
            expect_unit(n->receptors[k].unit, n->name, n->receptors[k].name);
    }
}

/* "port", "coupling" and "output" stand for units of what a transducer connects. */
Test(experiment_units, those_of_transducers_parse_or_stand_for_others)
{
    cr_assert(gt(sz, cal_n_transducers(), 0));
    for (size_t i = 0; i < cal_n_transducers(); i++) {
        const cal_transducer *t = cal_transducer_at(i);
        for (size_t k = 0; k < t->n_params; k++) {
            char text[64];
            snprintf(text, sizeof text, "%s", t->params[k].unit);
            for (char *word = strtok(text, "/"); word != NULL; word = strtok(NULL, "/"))
                if (strcmp(word, "port") != 0 && strcmp(word, "coupling") != 0 && strcmp(word, "output") != 0)
                    expect_unit(word, t->name, t->params[k].name);
        }
    }
}
