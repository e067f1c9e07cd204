/* Rows sampled for recording: end points, or means over an interval by the trapezoid rule. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nmm/host.h"

/* Row of `what` in a model: an output first, then a state; NULL: the default output. */
static void find_row(const cal_nmm_model *model, const char *what, int *output, int *state)
{
    *state = -1;
    *output = what == NULL ? 0 : cal_field_find(model->outputs, model->n_outputs, what);
    if (*output < 0)
        *state = cal_field_find(model->states, model->n_states, what);
    if (*output < 0 && *state < 0) /* by quantity */
        *output = cal_nmm_model_output(model, what);
}

static cal_status resolve_coupling(cal_nmm *nmm, const char *what, cali_probe *probe, const char **unit)
{
    *unit = NULL;
    if (nmm->n_instant > 0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED, "coupling without delay is known inside of steps only; a smallest "
                        "delay of one step makes it a quantity of the grid, unless a term is local");
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        const cal_nmm_model *model = nmm->blocks[i].model;
        probe->input[i] = what == NULL ? (model->n_inputs > 0 ? 0 : -1)
                                       : cal_field_find(model->inputs, model->n_inputs, what);
        if (probe->input[i] < 0)
            continue;
        const char *its = model->inputs[probe->input[i]].unit;
        if (*unit != NULL && strcmp(*unit, its) != 0)
            return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "the input %s is in %s in one region and in %s in another",
                            what == NULL ? "" : what, *unit, its);
        *unit = its;
    }
    return *unit != NULL || nmm->n_blocks == 0
               ? CAL_OK
               : CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "no region has the input \"%s\"", what == NULL ? "" : what);
}

static cal_status resolve(cal_nmm *nmm, const char *what, cali_probe *probe, const char **unit)
{
    *unit = NULL;
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        const cal_nmm_model *model = nmm->blocks[i].model;
        find_row(model, what, &probe->output[i], &probe->state[i]);
        if (probe->output[i] < 0 && probe->state[i] < 0)
            continue;
        const char *its = probe->output[i] >= 0 ? model->outputs[probe->output[i]].unit
                                                : model->states[probe->state[i]].unit;
        if (*unit != NULL && strcmp(*unit, its) != 0)
            return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "%s is in %s in one region and in %s in another",
                            what == NULL ? "the default output" : what, *unit, its);
        *unit = its;
    }
    if (*unit == NULL && nmm->n_blocks > 0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "no region has \"%s\"; %s has \"%s\"", what,
                        nmm->blocks[0].model->name, nmm->blocks[0].model->outputs[0].name);
    return CAL_OK;
}

static cal_status allocate_probe(cal_nmm *nmm, cali_probe *probe)
{
    const size_t n = nmm->n_regions;
    probe->capacity = (size_t)(nmm->window / probe->every) + 1;
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_blocks, sizeof(int), "probes", &probe->output));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_blocks, sizeof(int), "probes", &probe->state));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_blocks, sizeof(int), "probes", &probe->input));
    for (size_t i = 0; i < nmm->n_blocks; i++)
        probe->output[i] = probe->state[i] = probe->input[i] = -1;
    CAL_TRY(cali_alloc(nmm->ctx, probe->capacity * n, sizeof(double), "probes", &probe->rows));
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof(double), "probes", &probe->sum));
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof(double), "probes", &probe->first));
    for (size_t i = 0; i < probe->capacity * n; i++)
        probe->rows[i] = NAN;
    return CAL_OK;
}

static const double *probe_row(cal_nmm *nmm, cali_block *b, const cali_probe *probe, const double *x, int64_t step)
{
    const size_t i = (size_t)(b - nmm->blocks);
    if (probe->input[i] >= 0)
        return cali_block_coupling(nmm, b, step) + (size_t)probe->input[i] * b->n;
    if (probe->output[i] >= 0)
        return b->outputs + (size_t)probe->output[i] * b->n;
    return probe->state[i] >= 0 ? x + (size_t)probe->state[i] * b->n : NULL;
}

/* The interval begins with the present value. */
static void begin_probe(cal_nmm *nmm, cali_probe *p)
{
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        cali_block *b = &nmm->blocks[i];
        const double *x = nmm->y + b->first_state;
        cali_block_observe(nmm, b, nmm->now);
        const double *row = probe_row(nmm, b, p, x, nmm->now);
        for (size_t r = 0; row != NULL && r < b->n_real; r++) {
            p->first[b->region[r]] = row[r];
            p->sum[b->region[r]] = nmm->now % p->every == 0 ? 0.0 : NAN; /* part of the interval is unknown */
        }
    }
}

void cali_nmm_begin_probes(cal_nmm *nmm)
{
    for (size_t k = 0; k < nmm->n_probes; k++)
        begin_probe(nmm, &nmm->probes[k]);
}

cal_status cal_nmm_add_probe(cal_nmm *nmm, const cal_probe_def *def, size_t *probe, const char **unit)
{
    if (nmm->has_started)
        return CAL_FAIL(nmm->ctx, CAL_ERR_STATE, "probes are added before the first advance");
    if (def->every <= 0 || def->every % nmm->dt != 0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT,
                        "recording every %g ms is not a multiple of the step %g ms",
                        cal_time_ms(def->every), nmm->dt_ms);
    CAL_TRY(cali_reserve(nmm->ctx, nmm->n_probes + 1, sizeof *nmm->probes, &nmm->probes,
                         &nmm->probe_capacity));
    cali_probe *p = &nmm->probes[nmm->n_probes];
    *p = (cali_probe){.every = def->every / nmm->dt, .is_mean = def->is_mean};
    nmm->n_probes++; /* from here on the destructor frees it */
    const char *its_unit = NULL;
    cal_status status = allocate_probe(nmm, p);
    if (status == CAL_OK)
        status = (def->is_coupling ? resolve_coupling : resolve)(nmm, def->what, p, &its_unit);
    if (status != CAL_OK) {
        for (size_t i = 0; i < nmm->n_blocks && p->input != NULL; i++)
            p->output[i] = p->state[i] = p->input[i] = -1;
        return status;
    }
    begin_probe(nmm, p);
    *probe = nmm->n_probes - 1;
    if (unit != NULL)
        *unit = its_unit;
    return CAL_OK;
}

/* Samples stand at the multiples of `every` in (now, until]. */
void cali_nmm_start_probes(cal_nmm *nmm, int64_t until)
{
    for (size_t k = 0; k < nmm->n_probes; k++) {
        cali_probe *p = &nmm->probes[k];
        p->n_samples = (size_t)(until / p->every - nmm->now / p->every);
    }
}

void cali_block_sample_probes(cal_nmm *nmm, cali_block *b, const double *x, int64_t step)
{
    for (size_t k = 0; k < nmm->n_probes; k++) {
        cali_probe *p = &nmm->probes[k];
        const bool is_sample = step % p->every == 0;
        const double *row = is_sample || p->is_mean ? probe_row(nmm, b, p, x, step) : NULL;
        if (row == NULL)
            continue;
        const size_t j = (size_t)(step / p->every - nmm->probes_from / p->every - 1);
        double *sample = is_sample ? p->rows + j * nmm->n_regions : NULL;
        for (size_t r = 0; r < b->n_real; r++) {
            const size_t i = b->region[r];
            if (p->is_mean)
                p->sum[i] += row[r];
            if (!is_sample)
                continue;
            sample[i] = row[r];
            if (p->is_mean) {
                sample[i] = (p->sum[i] + 0.5 * (p->first[i] - row[r])) / (double)p->every;
                p->sum[i] = 0.0;
                p->first[i] = row[r];
            }
        }
    }
}

const double *cal_nmm_probe_rows(const cal_nmm *nmm, size_t probe, size_t *n_samples)
{
    *n_samples = probe < nmm->n_probes ? nmm->probes[probe].n_samples : 0;
    return probe < nmm->n_probes ? nmm->probes[probe].rows : NULL;
}

/* ---- intervals under way ------------------------------------------------------------------------------ */

size_t cal_nmm_n_probe_sums(const cal_nmm *nmm)
{
    size_t n = 0;
    for (size_t k = 0; k < nmm->n_probes; k++)
        n += nmm->probes[k].is_mean ? 2 * nmm->n_regions : 0;
    return n;
}

void cal_nmm_get_probe_sums(const cal_nmm *nmm, double *sums)
{
    const size_t n = nmm->n_regions;
    for (size_t k = 0; k < nmm->n_probes; k++) {
        if (!nmm->probes[k].is_mean)
            continue;
        memcpy(sums, nmm->probes[k].sum, n * sizeof *sums);
        memcpy(sums + n, nmm->probes[k].first, n * sizeof *sums);
        sums += 2 * n;
    }
}

void cal_nmm_set_probe_sums(cal_nmm *nmm, const double *sums)
{
    const size_t n = nmm->n_regions;
    for (size_t k = 0; k < nmm->n_probes; k++) {
        if (!nmm->probes[k].is_mean)
            continue;
        memcpy(nmm->probes[k].sum, sums, n * sizeof *sums);
        memcpy(nmm->probes[k].first, sums + n, n * sizeof *sums);
        sums += 2 * n;
    }
}

void cali_nmm_free_probes(cal_nmm *nmm)
{
    for (size_t k = 0; k < nmm->n_probes; k++) {
        cali_probe *p = &nmm->probes[k];
        free(p->output);
        free(p->state);
        free(p->input);
        free(p->rows);
        free(p->sum);
        free(p->first);
    }
    free(nmm->probes);
}
