/* From the coupling terms of the definition, and the models' own delays, to terms, channels and wirings. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/units.h"
#include "nmm/couplings.h"
#include "nmm/host.h"

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, __VA_ARGS__)

/* Row of the output that a channel takes from a model, or -1. */
static int channel_output(const cali_channel *channel, const cal_nmm_model *model)
{
    if (channel->from != NULL)
        return cal_nmm_model_output(model, channel->from);
    const int potential = cal_field_find(model->outputs, model->n_outputs, "potential");
    return channel->kind == CALI_CHANNEL_LOGISTIC && potential >= 0 ? potential : 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_values(const cali_channel *a, const cali_channel *b)
{
    return a->kind == b->kind && same_text(a->from, b->from) &&
           same_text(a->threshold, b->threshold) && memcmp(a->q, b->q, sizeof a->q) == 0;
}

/* The channel of these values on a wiring. Channels of one value are shared between terms; a phase needs its
 * sine beside its cosine and keeps both to itself. */
static cal_status add_channel(cal_nmm *nmm, const cali_channel *wanted, size_t *index)
{
    const bool is_pair = wanted->kind == CALI_CHANNEL_SINE || wanted->kind == CALI_CHANNEL_COSINE;
    cali_channel *channel = &nmm->channels[nmm->n_channels];
    *channel = *wanted;
    channel->from = channel->threshold = NULL;
    channel->track = nmm->n_tracks;
    channel->is_keeper = true;
    for (size_t c = 0; c < nmm->n_channels && !is_pair; c++) {
        if (!same_values(&nmm->channels[c], wanted))
            continue;
        *index = c;
        if (nmm->channels[c].wiring == wanted->wiring)
            return CAL_OK;
        channel->track = nmm->channels[c].track;
        channel->has_external = nmm->channels[c].has_external;
        channel->is_keeper = false;
    }
    nmm->n_tracks += channel->is_keeper;
    *index = nmm->n_channels++;
    CAL_TRY(cali_copy_text(nmm->ctx, wanted->threshold, &channel->threshold));
    return cali_copy_text(nmm->ctx, wanted->from, &channel->from);
}

/* The wiring of these weights, matrices and delays, shared between terms. */
static size_t add_wiring(cal_nmm *nmm, const cali_wiring *wanted)
{
    for (size_t w = 0; w < nmm->n_wirings; w++) {
        const cali_wiring *other = &nmm->wirings[w];
        if (other->weights == wanted->weights && other->is_local == wanted->is_local &&
            other->model == wanted->model && other->param == wanted->param)
            return w;
    }
    nmm->wirings[nmm->n_wirings] = *wanted;
    return nmm->n_wirings++;
}

static cal_status check_coupling(cal_nmm *nmm, cal_coupling *coupling)
{
    if ((int)coupling->kind < 0 || (int)coupling->kind >= CAL_N_COUPLINGS)
        REFUSE("coupling kind %d does not exist", (int)coupling->kind);
    cal_coupling_complete(coupling);
    const cali_coupling_entry *entry = cali_coupling_entry_of(coupling->kind);
    for (size_t k = 0; k < entry->info.n_params; k++) {
        const cal_field *field = &entry->info.params[k];
        const double value = *cal_coupling_number(coupling, field->name);
        if (!isfinite(value))
            REFUSE("%s of the %s coupling is %g, not finite", field->name, entry->info.name, value);
        if (field->low == 0.0 && !(value > 0.0))
            REFUSE("%s of the %s coupling is %g, must be > 0", field->name, entry->info.name, value);
    }
    if (coupling->threshold != NULL && !entry->takes_threshold)
        REFUSE("%s coupling takes no threshold \"%s\"; pre-sigmoidal coupling does", entry->info.name,
               coupling->threshold);
    return CAL_OK;
}

static cali_wiring wiring_of(const cal_nmm *nmm, const cal_coupling *coupling)
{
    const bool is_own = coupling->is_local && coupling->weights == NULL;
    const double *weights = coupling->weights == NULL && !is_own ? cal_connectome_weights(nmm->connectome)
                                                                 : coupling->weights;
    return (cali_wiring){.weights = weights, .is_local = coupling->is_local, .is_own = is_own};
}

/* What travels: the numbers that its function reads, 0 where there is none. */
static void set_numbers(cali_channel *channel, const cal_coupling *coupling)
{
    const bool is_hyperbolic = coupling->kind == CAL_COUPLING_HYPERBOLIC_TANGENT;
    if (channel->kind == CALI_CHANNEL_LOGISTIC) {
        channel->q[1] = coupling->cmin;
        channel->q[2] = coupling->cmax;
    } else if (channel->kind == CALI_CHANNEL_TANGENT) {
        channel->q[0] = is_hyperbolic ? coupling->b : coupling->ratio;
        channel->q[1] = is_hyperbolic ? 1.0 : coupling->b;
    } else
        return;
    channel->q[3] = coupling->midpoint;
    channel->q[4] = coupling->sigma;
}

static cal_status add_term(cal_nmm *nmm, const cal_coupling *asked)
{
    cal_coupling coupling = *asked;
    CAL_TRY(check_coupling(nmm, &coupling));
    cali_term *term = &nmm->terms[nmm->n_terms];
    *term = (cali_term){.entry = cali_coupling_entry_of(coupling.kind)};
    const double q[] = {coupling.a, coupling.cmin, coupling.cmax, coupling.midpoint, coupling.sigma, coupling.b};
    memcpy(term->q, q, sizeof q);
    CAL_TRY(cali_copy_text(nmm->ctx, coupling.to, &term->to));
    const cali_wiring wiring = wiring_of(nmm, &coupling);
    cali_channel channel = {.kind = term->entry->channel, .from = (char *)coupling.from,
                            .threshold = (char *)coupling.threshold, .wiring = add_wiring(nmm, &wiring),
                            .has_external = nmm->n_terms == 0 || coupling.from == NULL};
    set_numbers(&channel, &coupling);
    CAL_TRY(add_channel(nmm, &channel, &term->channel));
    if (channel.kind == CALI_CHANNEL_SINE) {
        size_t cosine;
        channel.kind = CALI_CHANNEL_COSINE;
        CAL_TRY(add_channel(nmm, &channel, &cosine));
    }
    nmm->n_terms++;
    return CAL_OK;
}

/* A model's own delays: one linear term each. */
static cal_status add_own_delays(cal_nmm *nmm, const cal_nmm_model *model)
{
    for (size_t k = 0; k < model->n_own_delays; k++) {
        const cal_own_delay *own = &model->own_delays[k];
        const cali_wiring wiring = {.model = model, .param = own->param, .is_own = true};
        const cali_channel channel = {.from = (char *)model->outputs[own->output].name,
                                      .wiring = add_wiring(nmm, &wiring)};
        cali_term *term = &nmm->terms[nmm->n_terms];
        *term = (cali_term){.entry = cali_coupling_entry_of(CAL_COUPLING_LINEAR), .model = model, .q = {1.0}};
        CAL_TRY(cali_copy_text(nmm->ctx, model->inputs[own->input].name, &term->to));
        CAL_TRY(add_channel(nmm, &channel, &term->channel));
        nmm->n_terms++;
    }
    return CAL_OK;
}

/* Blocks of one model stand together. */
static bool begins_model(const cal_nmm *nmm, size_t block)
{
    return block == 0 || nmm->blocks[block].model != nmm->blocks[block - 1].model;
}

static cal_status resolve_channels(cal_nmm *nmm, cali_block *b)
{
    const cal_nmm_model *m = b->model;
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_channels, sizeof(int), "terms", &b->channel_output));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_channels, sizeof(int), "terms", &b->channel_threshold));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_channels, sizeof(double), "terms", &b->channel_factor));
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const cali_channel *channel = &nmm->channels[c];
        b->channel_output[c] = channel_output(channel, m);
        b->channel_threshold[c] =
            channel->threshold == NULL ? -1 : cal_field_find(m->outputs, m->n_outputs, channel->threshold);
        if (channel->threshold != NULL && b->channel_output[c] >= 0 && b->channel_threshold[c] < 0)
            REFUSE("the threshold \"%s\" of %s is no output of %s", channel->threshold,
                   cali_nmm_label(nmm, b->region[0]), m->name);
    }
    return CAL_OK;
}

/* Rows of a block for each term and channel. */
static cal_status resolve_block(cal_nmm *nmm, cali_block *b)
{
    const cal_nmm_model *m = b->model;
    CAL_TRY(resolve_channels(nmm, b));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_terms, sizeof(int), "terms", &b->term_input));
    for (size_t t = 0; t < nmm->n_terms; t++) {
        const cali_term *term = &nmm->terms[t];
        b->term_input[t] = term->to == NULL ? 0 : cal_field_find(m->inputs, m->n_inputs, term->to);
        if (term->model != NULL && term->model != m)
            b->term_input[t] = -1;
        const int own = b->channel_output[term->channel];
        if (term->entry->needs_own && b->term_input[t] >= 0 && own < 0)
            return CAL_FAIL(nmm->ctx, CAL_ERR_UNSUPPORTED,
                            "%s coupling into %s needs its output \"%s\", which %s has not", term->entry->info.name,
                            cali_nmm_label(nmm, b->region[0]), nmm->channels[term->channel].from, m->name);
        if (term->entry->needs_phase && own >= 0 && strcmp(m->outputs[own].unit, "rad") != 0)
            REFUSE("kuramoto coupling needs a phase; %s of %s is in %s", m->outputs[own].name, m->name,
                   m->outputs[own].unit);
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

/* One unit of `from` in units of `to`; 0: other dimensions. */
static double unit_ratio(const char *from, const char *to)
{
    cali_unit a, b;
    if (strcmp(from, to) == 0)
        return 1.0;
    if (!cali_unit_parse(from, &a) || !cali_unit_parse(to, &b) || !cali_unit_is_same_dimension(&a, &b))
        return 0.0;
    return cali_unit_convert(1.0, &a, &b);
}

/* An edge carries one quantity: what leaves a region of another model has the same dimension, and is converted to
 * the unit of the first model that sends. */
static cal_status match_sources(cal_nmm *nmm, size_t c)
{
    const cali_block *first = NULL;
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        cali_block *b = &nmm->blocks[i];
        b->channel_factor[c] = 1.0;
        if (b->channel_output[c] < 0)
            continue;
        first = first == NULL ? b : first;
        const cal_field *ours = &b->model->outputs[b->channel_output[c]];
        const cal_field *theirs = &first->model->outputs[first->channel_output[c]];
        b->channel_factor[c] = unit_ratio(ours->unit, theirs->unit);
        nmm->has_factor |= b->channel_factor[c] != 1.0;
        if (b->channel_factor[c] == 0.0 || (b->channel_factor[c] != 1.0 && nmm->channels[c].kind != CALI_CHANNEL_PLAIN))
            REFUSE("C103 coupling carries one quantity, but %s of %s is in %s and %s of %s in %s\ntry from: "
                   "rate, from: potential, or one term for each output", theirs->name,
                   first->model->name, theirs->unit, ours->name, b->model->name, ours->unit);
    }
    return CAL_OK;
}

/* `a` and `b` of a term have one unit, so all inputs that it acts on do. */
static cal_status match_targets(cal_nmm *nmm, size_t t)
{
    const cali_block *first = NULL;
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        const cali_block *b = &nmm->blocks[i];
        if (b->term_input[t] < 0)
            continue;
        first = first == NULL ? b : first;
        const cal_field *ours = &b->model->inputs[b->term_input[t]];
        const cal_field *theirs = &first->model->inputs[first->term_input[t]];
        if (unit_ratio(ours->unit, theirs->unit) != 1.0)
            REFUSE("C103 a coupling term acts in one unit, but %s of %s is in %s and %s of %s in %s\ntry %s",
                   theirs->name, first->model->name, theirs->unit, ours->name, b->model->name,
                   ours->unit, strcmp(ours->name, theirs->name) != 0 ? "one term for each, with to"
                                   : "an own model with another name for its input: to cannot tell these two apart");
    }
    return CAL_OK;
}

static cal_status match_units(cal_nmm *nmm)
{
    for (size_t c = 0; c < nmm->n_channels; c++)
        CAL_TRY(match_sources(nmm, c));
    for (size_t t = 0; t < nmm->n_terms; t++)
        CAL_TRY(match_targets(nmm, t));
    return CAL_OK;
}

static cal_status allocate_terms(cal_nmm *nmm, const cal_nmm_def *def)
{
    size_t n = def->n_couplings;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        n += begins_model(nmm, i) ? nmm->blocks[i].model->n_own_delays : 0;
    CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *nmm->terms, "terms", &nmm->terms));
    CAL_TRY(cali_alloc(nmm->ctx, 2 * n, sizeof *nmm->channels, "channels", &nmm->channels));
    return cali_alloc(nmm->ctx, n + 1, sizeof *nmm->wirings, "wirings", &nmm->wirings);
}

cal_status cali_nmm_make_terms(cal_nmm *nmm, const cal_nmm_def *def)
{
    CAL_TRY(allocate_terms(nmm, def));
    add_wiring(nmm, &(cali_wiring){.weights = cal_connectome_weights(nmm->connectome)});
    for (size_t i = 0; i < def->n_couplings; i++)
        CAL_TRY(add_term(nmm, &def->couplings[i]));
    nmm->n_couplings = nmm->n_terms;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        if (begins_model(nmm, i))
            CAL_TRY(add_own_delays(nmm, nmm->blocks[i].model));
    for (size_t i = 0; i < nmm->n_blocks; i++)
        CAL_TRY(resolve_block(nmm, &nmm->blocks[i]));
    CAL_TRY(check_names(nmm));
    return match_units(nmm);
}
