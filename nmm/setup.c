/* From the definition to blocks of regions; integrator, step and window. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "nmm/couplings.h"
#include "nmm/host.h"

const char *const cal_integrator_names[] = {"auto",  "cvode-adams", "cvode-bdf", "erk",       "rk4",
                                            "heun",  "euler",       "sra1",      "euler-held", "heun-held", "rk4-held"};
const cal_integrator_traits cal_integrators[CAL_N_INTEGRATORS] = {
    [CAL_CVODE_ADAMS] = {.is_adaptive = true},
    [CAL_CVODE_BDF] = {.is_adaptive = true},
    [CAL_ERK] = {.is_adaptive = true},
    [CAL_HEUN] = {.takes_white = true},
    [CAL_EULER] = {.takes_white = true},
    [CAL_SRA1] = {.takes_white = true, .only_additive = true},
    [CAL_EULER_HELD] = {.takes_white = true, .holds = true},
    [CAL_HEUN_HELD] = {.takes_white = true, .holds = true},
    [CAL_RK4_HELD] = {.holds = true},
};

cal_nmm_def cal_nmm_def_default(void)
{
    return (cal_nmm_def){
        .gain = 1.0, .speed_mm_per_ms = 3.0, .rtol = 1e-6, .window = 8 * CAL_NS_PER_MS, .seed = 1};
}

const char *cali_nmm_label(const cal_nmm *nmm, size_t region)
{
    return cal_connectome_labels(nmm->connectome)[region];
}

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, __VA_ARGS__)

/* ---- integrator, step, window ------------------------------------------------------------------ */

static size_t count_stiff(const cal_nmm_def *def, size_t n_regions)
{
    size_t n = 0;
    for (size_t i = 0; i < n_regions; i++)
        n += def->regions[i].model != NULL && def->regions[i].model->is_stiff;
    return n;
}

/* Coloured noise is straight between grid points, samples and paths of stimuli likewise. */
static bool has_corners(const cal_nmm_def *def)
{
    for (size_t i = 0; i < def->n_noises; i++)
        if (def->noises[i].tau_ms != 0.0)
            return true;
    for (size_t i = 0; i < def->n_stimuli; i++)
        if (def->stimuli[i].wave != NULL && def->stimuli[i].wave->source != CAL_WAVEFORM_FORMULA)
            return true;
    return false;
}

/* The rule of docs/numerics.md. */
static cal_integrator choose(cal_nmm *nmm, const cal_nmm_def *def, const char **reason)
{
    bool has_white = false, is_additive = true;
    for (size_t i = 0; i < def->n_noises; i++) {
        has_white |= def->noises[i].tau_ms == 0.0;
        is_additive &= def->noises[i].form == CAL_NOISE_ADDITIVE;
    }
    *reason = is_additive ? "additive white noise: strong order 1.5 for two evaluations per step"
                          : "white noise that depends on the state: Heun solves the Stratonovich equation";
    if (has_white)
        return is_additive ? CAL_SRA1 : CAL_HEUN;
    *reason = "regions are exchanged at windows, where one-step methods lose nothing";
    if (nmm->n_externals > 0)
        return CAL_RK4;
    *reason = "with delays, whole batches of steps share one pass over the edges";
    if (cali_nmm_has_delays(nmm, def))
        return CAL_RK4;
    *reason = "noise or samples have corners on the grid, where one-step methods lose nothing";
    if (has_corners(def))
        return CAL_RK4;
    const size_t n_stiff = count_stiff(def, nmm->n_regions);
    *reason = "no delays, and all models are slow or stiff: long implicit steps";
    if (n_stiff == nmm->n_regions)
        return CAL_CVODE_BDF;
    *reason = "no delays, and some models are slow or stiff: the step follows the solution";
    if (n_stiff > 0)
        return CAL_CVODE_ADAMS;
    *reason = "one step for all: regions that are apart in their cycles would share the shortest of their own";
    return CAL_RK4;
}

static cal_status choose_integrator(cal_nmm *nmm, const cal_nmm_def *def)
{
    if ((int)def->integrator < 0 || (int)def->integrator >= CAL_N_INTEGRATORS)
        REFUSE("integrator %d does not exist", (int)def->integrator);
    nmm->integrator = def->integrator;
    nmm->reason = "asked for";
    if (def->integrator == CAL_INTEGRATOR_AUTO)
        nmm->integrator = choose(nmm, def, &nmm->reason);
    nmm->traits = cal_integrators[nmm->integrator];
    for (size_t i = 0; i < def->n_noises; i++)
        if (def->noises[i].tau_ms == 0.0 && !nmm->traits.takes_white)
            return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                            "white noise on %s cannot be integrated by %s. Try heun, or coloured noise "
                            "(tau > 0).",
                            def->noises[i].state, cal_integrator_names[nmm->integrator]);
        else if (def->noises[i].form != CAL_NOISE_ADDITIVE && nmm->traits.only_additive)
            return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                            "the noise on %s depends on the state, and %s takes additive noise only. Try heun.",
                            def->noises[i].state, cal_integrator_names[nmm->integrator]);
    return CAL_OK;
}

static cal_status choose_times(cal_nmm *nmm, const cal_nmm_def *def)
{
    if (def->window <= 0)
        REFUSE("the window is %g ms, must be > 0", cal_time_ms(def->window));
    nmm->dt = def->dt;
    if (def->dt == 0) { /* the longest step up to the default that divides the window */
        const cal_time longest = nmm->traits.is_adaptive ? CAL_NS_PER_MS / 4 : CAL_NS_PER_MS / 10;
        cal_time n = (def->window + longest - 1) / longest;
        while (def->window % n != 0)
            n++;
        nmm->dt = def->window / n;
    }
    if (nmm->dt <= 0 || def->window % nmm->dt != 0)
        REFUSE("the window %g ms is not a multiple of the step %g ms", cal_time_ms(def->window),
               cal_time_ms(nmm->dt));
    const cal_time lag = def->lag == 0 ? def->window : def->lag;
    if (lag < def->window || lag % nmm->dt != 0)
        REFUSE("the lag %g ms must be at least the window and a multiple of the step",
               cal_time_ms(lag));
    nmm->dt_ms = cal_time_ms(nmm->dt);
    nmm->window = def->window / nmm->dt;
    nmm->lag = lag / nmm->dt;
    if (nmm->window > 1000000 || nmm->lag > 1000000)
        REFUSE("a window of %ld steps is too long", (long)nmm->window);
    return CAL_OK;
}

static cal_status check_numbers(cal_nmm *nmm, const cal_nmm_def *def)
{
    if (!isfinite(def->gain))
        REFUSE("the gain is %g", def->gain);
    if (def->delays_ms == NULL && !(def->speed_mm_per_ms > 0.0))
        REFUSE("the speed is %g mm/ms, must be > 0", def->speed_mm_per_ms);
    if (!(def->min_delay_ms >= 0.0) || isinf(def->min_delay_ms))
        REFUSE("min_delay is %g ms, must be >= 0", def->min_delay_ms);
    if (!(def->rtol >= 1e-13 && def->rtol <= 0.1))
        REFUSE("rtol is %g, must be between 1e-13 and 0.1", def->rtol);
    if (nmm->n_regions == 0 || nmm->n_regions > 1000000)
        REFUSE("%zu regions", nmm->n_regions);
    nmm->rtol = def->rtol;
    return CAL_OK;
}

/* ---- regions ----------------------------------------------------------------------------------- */

/* Regions of one model in the order of their numbers, models by first appearance; externals last. */
static cal_status order_regions(cal_nmm *nmm, const cal_nmm_def *def)
{
    size_t at = 0;
    for (size_t i = 0; i < nmm->n_regions; i++) {
        const cal_nmm_model *model = def->regions[i].model;
        bool is_first = model != NULL;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = def->regions[j].model != model;
        for (size_t j = i; j < nmm->n_regions && is_first; j++)
            if (def->regions[j].model == model)
                nmm->order[at++] = (uint32_t)j;
    }
    nmm->n_native = at;
    for (size_t i = 0; i < nmm->n_regions; i++)
        if (def->regions[i].model == NULL) {
            nmm->externals[nmm->n_externals++] =
                (cali_external){.region = i, .samples = CAL_SAMPLES_BINS};
            nmm->order[at++] = (uint32_t)i;
        }
    for (size_t t = 0; t < nmm->n_regions; t++)
        nmm->position[nmm->order[t]] = (uint32_t)t;
    return CAL_OK;
}

/* Cuts the ordered regions into blocks: with `blocks` NULL only counts. */
static size_t cut_blocks(cal_nmm *nmm, const cal_nmm_def *def, cali_block *blocks)
{
    size_t n = 0;
    for (size_t t = 0; t < nmm->n_native; n++) {
        const cal_nmm_model *model = def->regions[nmm->order[t]].model;
        size_t end = t;
        while (end < nmm->n_native && end - t < CALI_NMM_BLOCK &&
               def->regions[nmm->order[end]].model == model)
            end++;
        if (blocks != NULL) {
            blocks[n].model = model;
            blocks[n].at = t;
            blocks[n].n_real = end - t;
            blocks[n].region = nmm->order + t;
            for (size_t i = t; i < end; i++)
                nmm->block_of[nmm->order[i]] = (int64_t)n;
        }
        t = end;
    }
    return n;
}

static cal_status make_blocks(cal_nmm *nmm, const cal_nmm_def *def)
{
    const size_t n = nmm->n_regions;
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *nmm->order, "regions", &nmm->order));
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *nmm->position, "regions", &nmm->position));
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *nmm->block_of, "regions", &nmm->block_of));
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *nmm->externals, "regions", &nmm->externals));
    memset(nmm->block_of, 0xff, n * sizeof *nmm->block_of);
    CAL_TRY(order_regions(nmm, def));
    const size_t n_blocks = cut_blocks(nmm, def, NULL);
    CAL_TRY(cali_alloc(nmm->ctx, n_blocks, sizeof *nmm->blocks, "blocks", &nmm->blocks));
    nmm->n_blocks = cut_blocks(nmm, def, nmm->blocks);
    nmm->is_parallel = nmm->n_native >= CALI_NMM_PARALLEL;
    return CAL_OK;
}

/* Do delayed edges of the term's wiring end at this position? */
static bool has_sources(const cal_nmm *nmm, const cali_term *term, size_t position)
{
    const cali_wiring *w = &nmm->wirings[nmm->channels[term->channel].wiring];
    for (int reach = 0; reach < CALI_N_REACHES; reach++)
        if (w->delayed[reach].first[position + 1] > w->delayed[reach].first[position])
            return true;
    return false;
}

/* After the edges are known. */
static cal_status check_externals(cal_nmm *nmm)
{
    for (size_t k = 0; k < nmm->n_externals; k++) {
        cali_external *external = &nmm->externals[k];
        const size_t t = nmm->position[external->region];
        for (size_t e = 0; e < nmm->n_external_edges; e++)
            external->has_targets |= nmm->external_edges[e].source == external->region;
        for (size_t i = 0; i < nmm->n_couplings; i++)
            if (nmm->terms[i].entry->needs_own && has_sources(nmm, &nmm->terms[i], t))
                return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                                "%s coupling into %s, which is computed elsewhere, is not offered. Try "
                                "linear coupling.",
                                nmm->terms[i].entry->info.name,
                                cali_nmm_label(nmm, external->region));
    }
    return CAL_OK;
}

/* Outputs that depend on inputs are computed after them. */
static cal_status check_driven(cal_nmm *nmm)
{
    for (size_t i = 0; i < nmm->n_blocks && !nmm->is_static; i++)
        if (nmm->blocks[i].model->observe_driven != NULL)
            return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                            "the outputs of %s (%s) depend on its inputs, so all of them must come later than they are "
                            "sent: an edge without a delay or a coupling by differences cannot be in its network. Try "
                            "min_delay, own delays above 0, and linear coupling.",
                            nmm->blocks[i].model->name, cali_nmm_label(nmm, nmm->blocks[i].region[0]));
    return CAL_OK;
}

cal_status cali_nmm_setup(cal_nmm *nmm, const cal_nmm_def *def)
{
    if (def->connectome == NULL || def->regions == NULL)
        REFUSE("a neural-mass host needs a connectome and regions");
    nmm->connectome = def->connectome;
    nmm->n_regions = cal_connectome_n_regions(def->connectome);
    nmm->kernels = cali_kernels_get();
    nmm->key = cali_key_derive(cali_key_from_seed(def->seed), 0x6e6d6d, 0);
    CAL_TRY(check_numbers(nmm, def));
    CAL_TRY(make_blocks(nmm, def));
    CAL_TRY(cali_nmm_make_terms(nmm, def));
    CAL_TRY(choose_integrator(nmm, def));
    CAL_TRY(choose_times(nmm, def));
    CAL_TRY(cali_nmm_build_edges(nmm, def));
    CAL_TRY(check_externals(nmm));
    nmm->is_static = nmm->n_instant + nmm->n_self == 0;
    for (size_t t = 0; t < nmm->n_terms; t++)
        nmm->is_static &= !nmm->terms[t].entry->needs_own;
    CAL_TRY(check_driven(nmm));
    return cali_nmm_fill_blocks(nmm, def);
}
