#include "nmm/reference.h"

#include <string.h>

#include "base/markdown.h"
#include "callosum/nmm.h"

static void add_model(cali_text *out, const cal_nmm_model *m)
{
    cali_text_format(out, "\n## %s\n\n%s.", m->name, m->title);
    if (m->alias != NULL)
        cali_text_format(out, " Short name `%s`.", m->alias);
    if (m->is_stiff)
        cali_text_add(out, " Slow or stiff: without delays `auto` takes BDF.");
    cali_text_add(out, "\n\n");
    for (const char *at = m->equations; *at != '\0';) { /* four blanks make a block of code */
        const size_t n = strcspn(at, "\n");
        cali_text_add(out, "    ");
        cali_text_add_bytes(out, at, n);
        cali_text_add(out, "\n");
        at += n + (at[n] != '\0');
    }
    cali_text_format(out, "\nSource: %s.\n", m->source);
    cali_markdown_fields(out, "parameter", "default", m->params, m->n_params);
    cali_markdown_fields(out, "state", "initial", m->states, m->n_states);
    cali_markdown_fields(out, "input", NULL, m->inputs, m->n_inputs);
    cali_markdown_fields(out, "output", NULL, m->outputs, m->n_outputs);
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
        cali_markdown_cell(out, m->title);
        cali_text_add(out, "\n");
    }
    for (size_t i = 0; i < cal_nmm_n_models(); i++)
        add_model(out, cal_nmm_model_at(i));
}

/* ---- stimuli ------------------------------------------------------------------------------------- */

static void add_formula(cali_text *out, const char *name, const char *title, const char *equation)
{
    cali_text_format(out, "\n### %s\n\n%s%s", name, title, title[0] != '\0' ? ".\n\n" : "");
    cali_text_format(out, "    %s\n", equation);
}

void cali_nmm_stimuli_reference(cali_text *out)
{
    cali_text_add(
        out,
        "# Stimuli\n\n"
        "A stimulus adds a waveform to an input of neural masses, or to the derivative of a state (`stimuli` of an experiment\n"
        "file). This page is made from the tables of `base/waveforms.c`. Spiking regions get a stimulus on an input with their\n"
        "drive, as a mass in their place would; one on a state passes them by.\n\n"
        "    stimuli:\n"
        "      - {of: L.precuneus, amplitude: 1, frequency: 10 Hz, start: 1 s, stop: 2 s}\n"
        "      - {wave: dbs-biphasic, of: \"most connected\", amplitude: 5, frequency: 130 Hz, width: 60 us}\n"
        "      - {wave: gaussian, amplitude: 2, midpoint: 500 ms, sigma: 50 ms,\n"
        "         weights: {kernel: gaussian, focus: L.precuneus, sigma: 20 mm}}\n"
        "      - {wave: file, file: stimulus.csv, scale: 0.5}\n"
        "      - {wave: pulse-train, state: V, amplitude: 1, period: 50 ms, width: 10 ms}\n\n"
        "`of` selects regions, `input` the input (left out: the first of each model), `weights` their factors, `start` and `stop`\n"
        "when it acts: in the steps from `start` to `stop`, both multiples of the step. The rest are parameters of the waveform.\n"
        "`input` in the column of units stands for the unit of the input. With `state` instead of `input` it is added to that\n"
        "state's derivative, as The Virtual Brain's stimuli are, and `input` stands for the unit of the state per ms. t is the time since `start`, that of the sine the time\n"
        "since the begin of the run, so that sines of several windows stay in phase.\n\n"
        "## What a step sees\n\n"
        "Smooth waveforms are evaluated where the integrator asks. Those with pulses enter as their mean over each step of the\n"
        "grid: a pulse keeps its area wherever it lies in a step and however short it is (60 us in steps of 0.1 ms), and where its\n"
        "edges lie on the grid the mean is the value. Adaptive integrators see the same means and restart at the steps where they\n"
        "change; a shorter `integrator.step` resolves more of a pulse. Held integrators take the value at the begin of the step,\n"
        "as The Virtual Brain does: there a pulse that is shorter than a step may be missed or counted whole.\n\n"
        "Noise as a stimulus is one path for all regions of the stimulus, scaled by their weights, and does not depend on the\n"
        "step (docs/numerics.md); independent noise in each region is `noise`. A table has a column `time` and one of values,\n"
        "with units in the header where they have a dimension (`time (ms),value`); times count from `start` and rise.\n\n"
        "## Waveforms\n");
    for (size_t i = 0; i < CAL_N_WAVEFORMS; i++) {
        const cal_waveform *w = &cal_waveforms[i];
        add_formula(out, w->name, w->title, w->equation);
        cali_markdown_fields(out, "parameter", "default", w->params, w->n_params);
    }
    cali_text_add(out, "\n## Kernels of weights\n\nd is the distance between the centres of a region and of the focus.\n");
    for (size_t i = 0; i < CAL_N_SPATIAL_KERNELS; i++) {
        const cal_spatial_kernel *k = &cal_spatial_kernels[i];
        add_formula(out, k->name, "", k->equation);
        cali_markdown_fields(out, "parameter", "default", k->params, k->n_params);
    }
}
