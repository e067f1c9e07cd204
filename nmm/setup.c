/* From the definition to terms, channels and blocks of regions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "nmm/host.h"

const char *const cal_integrator_names[] = {"auto", "cvode-adams", "cvode-bdf", "rk4", "heun"};
const char *const cal_coupling_names[] = {"linear", "sigmoidal", "difference", "kuramoto",
                                          "sigmoidal-jansen-rit"};

cal_coupling cal_coupling_default(void)
{
    return (cal_coupling){.a = 1.0, .cmin = -1.0, .cmax = 1.0, .sigma = 230.0};
}

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

static bool has_delays(const cal_nmm *nmm, const cal_nmm_def *def)
{
    const size_t n2 = nmm->n_regions * nmm->n_regions;
    const double *w = cal_connectome_weights(nmm->connectome);
    const double *lengths = cal_connectome_lengths_mm(nmm->connectome);
    for (size_t e = 0; e < n2; e++) {
        if (w[e] * def->gain == 0.0)
            continue;
        if (def->min_delay_ms > 0.0)
            return true;
        if (def->delays_ms != NULL ? def->delays_ms[e] != 0.0
                                   : lengths[e] > 0.0 && !isinf(def->speed_mm_per_ms))
            return true;
    }
    return false;
}

static bool all_slow(const cal_nmm_def *def, size_t n_regions)
{
    for (size_t i = 0; i < n_regions; i++)
        if (def->regions[i].model != NULL && !def->regions[i].model->is_stiff)
            return false;
    return true;
}

/* The rule of docs/numerics.md. */
static cal_integrator choose(const cal_nmm *nmm, const cal_nmm_def *def, const char **reason)
{
    bool has_white = false, has_coloured = false;
    for (size_t i = 0; i < def->n_noises; i++) {
        has_white |= def->noises[i].tau_ms == 0.0;
        has_coloured |= def->noises[i].tau_ms != 0.0;
    }
    *reason = "white noise needs a stochastic scheme";
    if (has_white)
        return CAL_HEUN;
    *reason = "regions are exchanged at windows, where one-step methods lose nothing";
    if (nmm->n_externals > 0)
        return CAL_RK4;
    *reason = "with delays, whole batches of steps share one pass over the edges";
    if (has_delays(nmm, def))
        return CAL_RK4;
    *reason = "coloured noise has corners on the grid, where one-step methods lose nothing";
    if (has_coloured)
        return CAL_RK4;
    *reason = "no delays, and all models are slow or stiff: long implicit steps";
    if (all_slow(def, nmm->n_regions))
        return CAL_CVODE_BDF;
    *reason = "no delays: the step follows the solution";
    return CAL_CVODE_ADAMS;
}

static cal_status choose_integrator(cal_nmm *nmm, const cal_nmm_def *def)
{
    if ((int)def->integrator < 0 || (int)def->integrator >= CAL_N_INTEGRATORS)
        REFUSE("integrator %d does not exist", (int)def->integrator);
    nmm->integrator = def->integrator;
    nmm->reason = "asked for";
    if (def->integrator == CAL_INTEGRATOR_AUTO)
        nmm->integrator = choose(nmm, def, &nmm->reason);
    for (size_t i = 0; i < def->n_noises; i++)
        if (def->noises[i].tau_ms == 0.0 && nmm->integrator != CAL_HEUN)
            return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                            "white noise on %s cannot be integrated by %s. Try heun, or coloured noise "
                            "(tau > 0).",
                            def->noises[i].state, cal_integrator_names[nmm->integrator]);
    return CAL_OK;
}

static cal_status choose_times(cal_nmm *nmm, const cal_nmm_def *def)
{
    const bool is_fixed = nmm->integrator == CAL_RK4 || nmm->integrator == CAL_HEUN;
    if (def->window <= 0)
        REFUSE("the window is %g ms, must be > 0", cal_time_ms(def->window));
    nmm->dt = def->dt;
    if (def->dt == 0) { /* the longest step up to the default that divides the window */
        const cal_time longest = is_fixed ? CAL_NS_PER_MS / 10 : CAL_NS_PER_MS / 4;
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

/* ---- coupling terms and channels --------------------------------------------------------------- */

/* Row of the output that a channel takes from a model, or -1. */
static int channel_output(const cali_channel *channel, const cal_nmm_model *model)
{
    if (channel->from != NULL)
        return cal_field_find(model->outputs, model->n_outputs, channel->from);
    const int potential = cal_field_find(model->outputs, model->n_outputs, "potential");
    return channel->kind == CALI_CHANNEL_LOGISTIC && potential >= 0 ? potential : 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static cal_status add_channel(cal_nmm *nmm, const cal_coupling *coupling, cali_channel_kind kind,
                              size_t *index)
{
    for (size_t c = 0; c < nmm->n_channels; c++) /* plain rows are shared between terms */
        if (kind == CALI_CHANNEL_PLAIN && nmm->channels[c].kind == kind &&
            same_text(nmm->channels[c].from, coupling->from)) {
            *index = c;
            return CAL_OK;
        }
    cali_channel *channel = &nmm->channels[nmm->n_channels];
    *channel = (cali_channel){.kind = kind,
                              .q = {0.0, coupling->cmin, coupling->cmax, coupling->midpoint,
                                    coupling->sigma}};
    channel->has_external = nmm->n_terms == 0 || coupling->from == NULL;
    *index = nmm->n_channels++;
    return cali_copy_text(nmm->ctx, coupling->from, &channel->from);
}

static cal_status check_coupling(cal_nmm *nmm, const cal_coupling *coupling)
{
    if ((int)coupling->kind < 0 || (int)coupling->kind >= CAL_N_COUPLINGS)
        REFUSE("coupling kind %d does not exist", (int)coupling->kind);
    if (!isfinite(coupling->a) || !isfinite(coupling->b) || !isfinite(coupling->cmin) ||
        !isfinite(coupling->cmax) || !isfinite(coupling->midpoint))
        REFUSE("a parameter of the %s coupling is not finite", cal_coupling_names[coupling->kind]);
    const bool has_sigma = coupling->kind == CAL_COUPLING_SIGMOIDAL ||
                           coupling->kind == CAL_COUPLING_SIGMOIDAL_JANSEN_RIT;
    if (has_sigma && !(coupling->sigma > 0.0 && isfinite(coupling->sigma)))
        REFUSE("sigma of the %s coupling is %g, must be > 0", cal_coupling_names[coupling->kind],
               coupling->sigma);
    return CAL_OK;
}

static cal_status add_term(cal_nmm *nmm, const cal_coupling *coupling)
{
    CAL_TRY(check_coupling(nmm, coupling));
    cali_term *term = &nmm->terms[nmm->n_terms];
    *term = (cali_term){.kind = coupling->kind, .a = coupling->a, .b = coupling->b,
                        .q = {coupling->a, coupling->cmin, coupling->cmax, coupling->midpoint,
                              coupling->sigma}};
    CAL_TRY(cali_copy_text(nmm->ctx, coupling->to, &term->to));
    size_t cosine;
    if (term->kind == CAL_COUPLING_KURAMOTO) {
        CAL_TRY(add_channel(nmm, coupling, CALI_CHANNEL_SINE, &term->channel));
        CAL_TRY(add_channel(nmm, coupling, CALI_CHANNEL_COSINE, &cosine));
    } else if (term->kind == CAL_COUPLING_SIGMOIDAL_JANSEN_RIT) {
        term->b = 0.0;
        CAL_TRY(add_channel(nmm, coupling, CALI_CHANNEL_LOGISTIC, &term->channel));
    } else
        CAL_TRY(add_channel(nmm, coupling, CALI_CHANNEL_PLAIN, &term->channel));
    nmm->n_terms++;
    return CAL_OK;
}

/* Rows of a block for each term and channel. */
static cal_status resolve_block(cal_nmm *nmm, cali_block *b)
{
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_terms, sizeof(int), "terms", &b->term_input));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_channels, sizeof(int), "terms", &b->channel_output));
    for (size_t c = 0; c < nmm->n_channels; c++)
        b->channel_output[c] = channel_output(&nmm->channels[c], b->model);
    for (size_t t = 0; t < nmm->n_terms; t++) {
        const cali_term *term = &nmm->terms[t];
        b->term_input[t] = term->to == NULL
                               ? 0
                               : cal_field_find(b->model->inputs, b->model->n_inputs, term->to);
        const int own = b->channel_output[term->channel];
        const bool needs_own =
            term->kind == CAL_COUPLING_DIFFERENCE || term->kind == CAL_COUPLING_KURAMOTO;
        if (needs_own && b->term_input[t] >= 0 && own < 0)
            return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                            "%s coupling into %s needs its output \"%s\", which %s has not",
                            cal_coupling_names[term->kind], cali_nmm_label(nmm, b->region[0]),
                            nmm->channels[term->channel].from, b->model->name);
        if (term->kind == CAL_COUPLING_KURAMOTO && own >= 0 &&
            strcmp(b->model->outputs[own].unit, "rad") != 0)
            REFUSE("kuramoto coupling needs a phase; %s of %s is in %s",
                   b->model->outputs[own].name, b->model->name, b->model->outputs[own].unit);
    }
    return CAL_OK;
}

/* A name that no region has is a mistake of the user. */
static cal_status check_names(cal_nmm *nmm)
{
    for (size_t t = 0; t < nmm->n_terms && nmm->n_blocks > 0; t++) {
        const bool is_for_externals = nmm->terms[t].to != NULL && nmm->terms[t].to[0] == '\0';
        bool has_input = is_for_externals && nmm->n_externals > 0, has_output = false;
        for (size_t i = 0; i < nmm->n_blocks; i++) {
            has_input |= nmm->blocks[i].term_input[t] >= 0;
            has_output |= nmm->blocks[i].channel_output[nmm->terms[t].channel] >= 0;
        }
        const cal_nmm_model *model = nmm->blocks[0].model;
        if (!has_input)
            REFUSE("no region has an input \"%s\"; %s has \"%s\"", nmm->terms[t].to, model->name,
                   model->inputs[0].name);
        if (!has_output)
            REFUSE("no region has an output \"%s\"; %s has \"%s\"",
                   nmm->channels[nmm->terms[t].channel].from, model->name, model->outputs[0].name);
    }
    return CAL_OK;
}

static cal_status make_terms(cal_nmm *nmm, const cal_nmm_def *def)
{
    CAL_TRY(cali_alloc(nmm->ctx, def->n_couplings, sizeof *nmm->terms, "terms", &nmm->terms));
    CAL_TRY(cali_alloc(nmm->ctx, 2 * def->n_couplings, sizeof *nmm->channels, "channels",
                       &nmm->channels));
    for (size_t i = 0; i < def->n_couplings; i++)
        CAL_TRY(add_term(nmm, &def->couplings[i]));
    for (size_t i = 0; i < nmm->n_blocks; i++)
        CAL_TRY(resolve_block(nmm, &nmm->blocks[i]));
    return check_names(nmm);
}

/* After the edges are known. */
static cal_status check_externals(cal_nmm *nmm)
{
    for (size_t k = 0; k < nmm->n_externals; k++) {
        cali_external *external = &nmm->externals[k];
        const size_t t = nmm->position[external->region];
        for (size_t e = 0; e < nmm->n_external_edges; e++)
            external->has_targets |= nmm->external_edges[e].source == external->region;
        const bool has_sources = nmm->far.first[t + 1] > nmm->far.first[t] ||
                                 nmm->near.first[t + 1] > nmm->near.first[t];
        for (size_t i = 0; i < nmm->n_terms && has_sources; i++)
            if (nmm->terms[i].kind == CAL_COUPLING_DIFFERENCE ||
                nmm->terms[i].kind == CAL_COUPLING_KURAMOTO)
                return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                                "%s coupling into %s, which is computed elsewhere, is not offered. Try "
                                "linear coupling.",
                                cal_coupling_names[nmm->terms[i].kind],
                                cali_nmm_label(nmm, external->region));
    }
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
    CAL_TRY(choose_integrator(nmm, def));
    CAL_TRY(choose_times(nmm, def));
    CAL_TRY(make_terms(nmm, def));
    CAL_TRY(cali_nmm_build_edges(nmm, def));
    CAL_TRY(check_externals(nmm));
    nmm->is_static = nmm->instant.n == 0;
    for (size_t t = 0; t < nmm->n_terms; t++)
        nmm->is_static &= nmm->terms[t].kind != CAL_COUPLING_DIFFERENCE &&
                          nmm->terms[t].kind != CAL_COUPLING_KURAMOTO;
    return cali_nmm_fill_blocks(nmm, def);
}
