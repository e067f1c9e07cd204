#include "nmm/reference.h"

#include <math.h>
#include <string.h>

#include "callosum/nmm.h"

/* A text in a cell of a table: a bar would end the cell. */
static void add_cell(cali_text *out, const char *text)
{
    cali_text_add(out, " ");
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '|')
            cali_text_add(out, "\\");
        cali_text_add_bytes(out, at, 1);
    }
    cali_text_add(out, " |");
}

static void add_range(cali_text *out, const cal_field *field)
{
    cali_text_add(out, " ");
    if (isfinite(field->low) && isfinite(field->high)) {
        cali_text_add_number(out, field->low);
        cali_text_add(out, " to ");
        cali_text_add_number(out, field->high);
    } else if (isfinite(field->low) || isfinite(field->high)) {
        cali_text_add(out, isfinite(field->low) ? "from " : "up to ");
        cali_text_add_number(out, isfinite(field->low) ? field->low : field->high);
    } else
        cali_text_add(out, "any");
    cali_text_add(out, " |");
}

/* `value` heads the column of values; NULL: neither values nor ranges are shown. */
static void add_fields(cali_text *out, const char *heading, const char *value, const cal_field *fields, size_t n)
{
    if (n == 0)
        return;
    cali_text_format(out, "\n| %s | unit |", heading);
    if (value != NULL)
        cali_text_format(out, " %s | range |", value);
    cali_text_format(out, " meaning |\n|---|---|%s---|\n", value != NULL ? "---:|---|" : "");
    for (size_t i = 0; i < n; i++) {
        cali_text_format(out, "| `%s` |", fields[i].name);
        add_cell(out, fields[i].unit);
        if (value != NULL) {
            cali_text_add(out, " ");
            cali_text_add_number(out, fields[i].value);
            cali_text_add(out, " |");
            add_range(out, &fields[i]);
        }
        add_cell(out, fields[i].meaning);
        cali_text_add(out, "\n");
    }
}

static void add_model(cali_text *out, const cal_nmm_model *m)
{
    cali_text_format(out, "\n## %s\n\n%s.", m->name, m->title);
    if (m->alias != NULL)
        cali_text_format(out, " Short name `%s`.", m->alias);
    if (m->is_stiff)
        cali_text_add(out, " Slow or stiff: without delays `auto` may take BDF.");
    cali_text_add(out, "\n\n");
    for (const char *at = m->equations; *at != '\0';) { /* four blanks make a block of code */
        const size_t n = strcspn(at, "\n");
        cali_text_add(out, "    ");
        cali_text_add_bytes(out, at, n);
        cali_text_add(out, "\n");
        at += n + (at[n] != '\0');
    }
    cali_text_format(out, "\nSource: %s.\n", m->source);
    add_fields(out, "parameter", "default", m->params, m->n_params);
    add_fields(out, "state", "initial", m->states, m->n_states);
    add_fields(out, "input", NULL, m->inputs, m->n_inputs);
    add_fields(out, "output", NULL, m->outputs, m->n_outputs);
}

void cali_nmm_reference(cali_text *out)
{
    cali_text_format(
        out,
        "# The neural masses\n\n"
        "The %zu neural masses that a model of an experiment file may name (`models: {field: {neural_mass: mpr}}`). This page\n"
        "is made from their table entries (`nmm/models/`), and so is what `callosum models NAME` prints. A prime is a derivative\n"
        "by time, in ms. Parameters and initial states are set by name; inputs are what coupling, stimuli and noise add to, the\n"
        "first one where a term does not say which; outputs are what terms carry and recordings show, again the first one\n"
        "unless another is named. Models of one's own: [adding-a-model.md](adding-a-model.md).\n\n"
        "A mass can be evaluated by itself, to look at nullclines or to compare with another program:\n\n"
        "    callosum models mpr --rhs points.csv\n\n"
        "The table has one point per row. Its header names states, parameters and inputs, with units where they have a\n"
        "dimension (`r (Hz),V,eta,c_r`); what it leaves out is at its default, inputs at 0. Printed are its columns, the\n"
        "derivatives (`dr/dt`) and the outputs (`outputs.r`). A name that two lists have is written with its list:\n"
        "`inputs.c`, `parameters.c`. With `--json` the same comes as JSON.\n\n"
        "| name | short | states | what it is |\n|---|---|---:|---|\n",
        cal_nmm_n_models());
    for (size_t i = 0; i < cal_nmm_n_models(); i++) {
        const cal_nmm_model *m = cal_nmm_model_at(i);
        cali_text_format(out, "| [%s](#%s) | %s | %zu |", m->name, m->name, m->alias != NULL ? m->alias : "",
                         m->n_states);
        add_cell(out, m->title);
        cali_text_add(out, "\n");
    }
    for (size_t i = 0; i < cal_nmm_n_models(); i++)
        add_model(out, cal_nmm_model_at(i));
}
