/* From the definition to the noise of blocks and external regions: checks, streams, correlations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nmm/host.h"

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, __VA_ARGS__)

static const uint32_t COMMON_UNIT = UINT32_MAX;

const char *const cal_noise_form_names[CAL_N_NOISE_FORMS] = {"additive", "affine", "absolute", "root"};

static const char *name_of(const cal_nmm_noise *noise)
{
    return noise->state != NULL ? noise->state : noise->input;
}

/* A noise's stream depends on what it acts on, not on the order of states or noises (FNV-1a). */
static uint32_t stream_of(const cal_nmm_noise *noise)
{
    const char kind = noise->input != NULL ? 'i' : noise->tau_ms > 0.0 ? 'c' : 'w';
    uint32_t hash = (2166136261u ^ (uint32_t)kind) * 16777619u;
    for (const char *c = name_of(noise); *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static double level_at(const cal_nmm_noise *noise, size_t region)
{
    return noise->levels != NULL ? noise->level * noise->levels[region] : noise->level;
}

static cal_status check_twice(cal_nmm *nmm, const cal_nmm_def *def, size_t k)
{
    const cal_nmm_noise *noise = &def->noises[k];
    for (size_t j = 0; j < k; j++) {
        const cal_nmm_noise *other = &def->noises[j];
        const char *taken = noise->state != NULL ? other->state : other->input;
        if (taken == NULL || strcmp(name_of(noise), taken) != 0 || (noise->tau_ms > 0.0) != (other->tau_ms > 0.0))
            continue;
        for (size_t i = 0; i < nmm->n_regions; i++)
            if (level_at(noise, i) > 0.0 && level_at(other, i) > 0.0)
                REFUSE("noise on %s is given twice for %s", name_of(noise), cali_nmm_label(nmm, i));
    }
    return CAL_OK;
}

static cal_status check_noise(cal_nmm *nmm, const cal_nmm_def *def, size_t k)
{
    const cal_nmm_noise *noise = &def->noises[k];
    if (!(noise->level >= 0.0 && isfinite(noise->level)) || !(noise->tau_ms >= 0.0 && isfinite(noise->tau_ms)) ||
        (noise->state == NULL) == (noise->input == NULL))
        REFUSE("noise needs a state or an input, a level >= 0 and tau >= 0");
    const char *name = name_of(noise);
    for (size_t i = 0; noise->levels != NULL && i < nmm->n_regions; i++)
        if (!(noise->levels[i] >= 0.0 && isfinite(noise->levels[i])))
            REFUSE("the level of the noise on %s in %s is %g times the common one, must be >= 0", name,
                   cali_nmm_label(nmm, i), noise->levels[i]);
    if (noise->input != NULL && noise->tau_ms == 0.0)
        REFUSE("noise on the input %s needs a correlation time tau > 0", name);
    if ((int)noise->form < 0 || (int)noise->form >= CAL_N_NOISE_FORMS || !isfinite(noise->a) || !isfinite(noise->b))
        REFUSE("the noise on %s has a form that does not exist, or a or b is not finite", name);
    if (noise->form != CAL_NOISE_ADDITIVE && noise->tau_ms > 0.0)
        REFUSE("%s noise on %s must be white: tau is %g ms, must be 0", cal_noise_form_names[noise->form], name,
               noise->tau_ms);
    if (!(noise->correlation >= 0.0 && noise->correlation <= 1.0))
        REFUSE("the correlation of the noise on %s is %g, must be between 0 and 1", name, noise->correlation);
    if (noise->correlation > 0.0 && noise->correlations != NULL)
        REFUSE("the noise on %s has both one correlation and a matrix of them", name);
    return check_twice(nmm, def, k);
}

/* ---- correlations ---------------------------------------------------------------------------- */

static cal_status check_correlations(cal_nmm *nmm, const cal_nmm_noise *noise)
{
    const size_t n = nmm->n_regions;
    const double *c = noise->correlations;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const char *a = cali_nmm_label(nmm, i), *b = cali_nmm_label(nmm, j);
            if (!(fabs(c[i * n + j]) <= 1.0))
                REFUSE("the correlation of the noise on %s between %s and %s is %g, must be between -1 and 1",
                       name_of(noise), a, b, c[i * n + j]);
            if (i == j && c[i * n + i] != 1.0)
                REFUSE("the correlation of the noise on %s of %s with itself is %g, must be 1", name_of(noise), a,
                       c[i * n + i]);
            if (c[i * n + j] != c[j * n + i])
                REFUSE("the correlations of the noise on %s between %s and %s differ: %g and %g; the matrix must be "
                       "symmetric",
                       name_of(noise), a, b, c[i * n + j], c[j * n + i]);
        }
    return CAL_OK;
}

/* Cholesky's factor, rows of n: C = L L'. */
static cal_status factorise(cal_nmm *nmm, const cal_nmm_noise *noise, double *factor)
{
    const size_t n = nmm->n_regions;
    CAL_TRY(check_correlations(nmm, noise));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double rest = noise->correlations[i * n + j];
            for (size_t k = 0; k < j; k++)
                rest -= factor[i * n + k] * factor[j * n + k];
            if (i == j && !(rest > 1e-12))
                REFUSE("the correlations of the noise on %s are not positive definite: those of %s with the regions "
                       "before it leave it a variance of %.3g, must be above 0",
                       name_of(noise), cali_nmm_label(nmm, i), rest);
            factor[i * n + j] = i == j ? sqrt(rest) : rest / factor[j * n + j];
        }
    return CAL_OK;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Units of a matrix are all regions up to the last that a row needs; of one correlation, own ones and a common one. */
static size_t choose_units(const cal_nmm_noise *noise, const double *factor, size_t n, const uint32_t *regions,
                           uint32_t *units)
{
    size_t n_units = n;
    for (size_t i = 0; factor != NULL && i < n; i++)
        n_units = i == 0 || regions[i] + 1 > n_units ? (size_t)regions[i] + 1 : n_units;
    for (size_t k = 0; k < n_units; k++)
        units[k] = factor != NULL ? (uint32_t)k : regions[k];
    if (factor == NULL && noise->correlation > 0.0)
        units[n_units++] = COMMON_UNIT;
    return n_units;
}

static cal_status fill_mix(cal_nmm *nmm, const double *factor, const uint32_t *regions, cali_mixed_paths *to)
{
    CAL_TRY(cali_alloc(nmm->ctx, to->n * to->units.n, sizeof *to->mix, "noise", &to->mix));
    CAL_TRY(cali_alloc(nmm->ctx, to->n, sizeof *to->n_mixed, "noise", &to->n_mixed));
    for (size_t i = 0; i < to->n; i++) {
        to->n_mixed[i] = (size_t)regions[i] + 1;
        memcpy(to->mix + i * to->units.n, factor + regions[i] * nmm->n_regions, to->n_mixed[i] * sizeof *factor);
    }
    return CAL_OK;
}

static cal_status make_paths(cal_nmm *nmm, const cal_nmm_noise *noise, const double *factor, size_t n,
                             const uint32_t *regions, cali_mixed_paths *to)
{
    uint32_t *units = NULL;
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_regions + 1, sizeof *units, "noise", &units));
    const size_t n_units = choose_units(noise, factor, n, regions, units);
    to->n = n;
    to->is_common = factor == NULL && noise->correlation > 0.0;
    to->common = sqrt(noise->correlation);
    to->own = sqrt(1.0 - noise->correlation);
    cal_status status = cali_paths_create(nmm->ctx, nmm->key, stream_of(noise), nmm->dt, noise->tau_ms, n_units, units,
                                          &to->units);
    free(units);
    if (status == CAL_OK && factor != NULL)
        status = fill_mix(nmm, factor, regions, to);
    return status;
}

static cal_status add_noise(cal_nmm *nmm, cali_block *b, const cal_nmm_noise *from, const double *factor, size_t row)
{
    cali_noise *to = &b->noises[b->n_noises++];
    to->state = row;
    to->form = from->form;
    to->a = from->a;
    to->b = from->b;
    to->tau_ms = from->tau_ms;
    to->is_on_input = from->input != NULL;
    to->is_coloured = from->tau_ms > 0.0;
    CAL_TRY(cali_alloc(nmm->ctx, b->n, sizeof *to->level, "noise", &to->level));
    for (size_t i = 0; i < b->n_real; i++)
        to->level[i] = level_at(from, b->region[i]);
    CAL_TRY(make_paths(nmm, from, factor, b->n_real, b->region, &to->source));
    if (to->is_coloured)
        return cali_alloc(nmm->ctx, ((size_t)nmm->batch + 1) * b->n, sizeof *to->path, "noise", &to->path);
    CAL_TRY(cali_alloc(nmm->ctx, 2 * b->n, sizeof *to->strength, "noise", &to->strength));
    return cali_alloc(nmm->ctx, 2 * (size_t)nmm->batch * b->n, sizeof *to->normals, "noise", &to->normals);
}

/* An external region has no model: its noise is that of the coupling term that ends at the input. `is_first`: this is
 * the first input of a model that has it by this name. */
static cal_status add_external_noise(cal_nmm *nmm, const cal_nmm_noise *from, const double *factor, bool is_first)
{
    for (size_t k = 0; k < nmm->n_externals; k++)
        for (size_t t = 0; t < nmm->n_couplings; t++) {
            const char *to = nmm->terms[t].to;
            if (to == NULL ? !is_first : strcmp(to, from->input) != 0)
                continue;
            cali_external_noise *noise = &nmm->external_noises[nmm->n_external_noises++];
            const uint32_t region = (uint32_t)nmm->externals[k].region;
            *noise = (cali_external_noise){.region = region, .term = t, .level = level_at(from, region), .known = -1};
            CAL_TRY(make_paths(nmm, from, factor, 1, &region, &noise->source));
            CAL_TRY(cali_alloc(nmm->ctx, nmm->ring_length, sizeof(double), "noise", &noise->values));
            break; /* once per region, however many terms end there */
        }
    return CAL_OK;
}

static cal_status place_noise(cal_nmm *nmm, const cal_nmm_noise *noise, const double *factor)
{
    const bool is_on_input = noise->input != NULL;
    bool is_used = false;
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        cali_block *b = &nmm->blocks[i];
        const int row = is_on_input ? cal_field_find(b->model->inputs, b->model->n_inputs, noise->input)
                                    : cal_field_find(b->model->states, b->model->n_states, noise->state);
        if (row < 0)
            continue;
        CAL_TRY(add_noise(nmm, b, noise, factor, (size_t)row));
        if (is_on_input && !is_used)
            CAL_TRY(add_external_noise(nmm, noise, factor, row == 0));
        is_used = true;
    }
    if (!is_used)
        REFUSE("noise on \"%s\", which no region has as %s", name_of(noise), is_on_input ? "an input" : "a state");
    return CAL_OK;
}

static cal_status make_one(cal_nmm *nmm, const cal_nmm_def *def, size_t k)
{
    const cal_nmm_noise *noise = &def->noises[k];
    CAL_TRY(check_noise(nmm, def, k));
    if (noise->correlations == NULL)
        return place_noise(nmm, noise, NULL);
    double *factor = NULL;
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_regions * nmm->n_regions, sizeof *factor, "correlations", &factor));
    cal_status status = factorise(nmm, noise, factor);
    if (status == CAL_OK)
        status = place_noise(nmm, noise, factor);
    free(factor);
    return status;
}

cal_status cali_nmm_make_noise(cal_nmm *nmm, const cal_nmm_def *def)
{
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        cali_block *b = &nmm->blocks[i];
        CAL_TRY(cali_alloc(nmm->ctx, def->n_noises, sizeof *b->noises, "noise", &b->noises));
        for (int k = 0; k < 3; k++)
            CAL_TRY(cali_alloc(nmm->ctx, def->n_noises * b->n, sizeof(double), "noise", &b->force[k]));
    }
    CAL_TRY(cali_alloc(nmm->ctx, def->n_noises * nmm->n_externals, sizeof *nmm->external_noises, "noise",
                       &nmm->external_noises));
    for (size_t k = 0; k < def->n_noises; k++)
        CAL_TRY(make_one(nmm, def, k));
    return CAL_OK;
}

static void free_paths(cali_mixed_paths *source)
{
    cali_paths_destroy(&source->units);
    free(source->mix);
    free(source->n_mixed);
}

void cali_noise_free(cali_noise *noise)
{
    free(noise->level);
    free(noise->path);
    free(noise->normals);
    free(noise->strength);
    free_paths(&noise->source);
}

void cali_external_noise_free(cali_external_noise *noise)
{
    free(noise->values);
    free_paths(&noise->source);
}
