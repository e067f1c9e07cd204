/* Recorded weights: a signal (time x synapse) for each connection that is watched, with its neurons and delays in
 * /synapses/SIGNAL. Which synapses and what they weigh is said by the network, here or elsewhere, between windows. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

/* Of a connection whose synapses form and break. */
static const char *const structure_labels[] = {"synapses", "formed", "broken", "axonal", "dendritic", "calcium"};

/* Columns of one signal: its unfinished chunks hold 128 rows, 1 KB for each. */
enum { MOST_SYNAPSES = 200000 };

static const cali_network *network_of(const cal_session *s, size_t sub)
{
    return &s->experiment->networks[s->builds[sub].network];
}

/* Weights are read at the ends of windows. */
static cal_status check_interval(const cal_session *s, const cali_weight_wish *wish)
{
    const cal_time window = s->plan.window, whole = wish->every / window * window;
    char shorter[48] = "";
    if (wish->every == whole)
        return CAL_OK;
    if (whole > 0)
        snprintf(shorter, sizeof shorter, "%g ms or ", cal_time_ms(whole));
    return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C202", "weights every %g ms: no whole number of windows of "
                                "%g ms\nbecause they are read between two windows\ntry every: %s%g ms", cal_time_ms(wish->every),
                                cal_time_ms(window), shorter, cal_time_ms(whole + window));
}

/* weights_I_to_E, with what else tells it from others. */
static void name_track(const cal_session *s, const cali_weight_wish *wish, size_t projection, bool is_only, cali_weight_track *t)
{
    const cali_network *network = network_of(s, t->sub);
    const cal_snn_projection *p = &network->projections[projection];
    char connection[120], base[140];
    if (network->projection_names[projection] != NULL)
        snprintf(connection, sizeof connection, "%.100s", network->projection_names[projection]);
    else
        snprintf(connection, sizeof connection, "%.50s_to_%.50s", network->populations[p->from].name,
                 network->populations[p->to].name);
    if (wish->name != NULL && is_only)
        snprintf(base, sizeof base, "%.120s", wish->name);
    else
        snprintf(base, sizeof base, "%.40s%s%.40s_%.50s", s->experiment->is_alone ? "" : s->plan.networks[t->sub].region,
                 s->experiment->is_alone ? "" : "_", wish->name != NULL ? wish->name : t->is_structure ? "synapses" : "weights", connection);
    for (char *c = base; *c != '\0'; c++)
        *c = isalnum((unsigned char)*c) || *c == '.' ? *c : '_';
    snprintf(t->name, sizeof t->name, "%s", base);
    for (size_t i = 0, number = 2; i < s->n_weight_tracks; i++)
        if (strcmp(s->weight_tracks[i].name, t->name) == 0) {
            snprintf(t->name, sizeof t->name, "%s_%zu", base, number++);
            i = SIZE_MAX; /* from the first one again */
        }
}

/* The neurons of a choice; NULL: all. */
static cal_status list_neurons(const cal_session *s, const cali_choice *wish, const cali_population *p, uint32_t stream,
                               uint32_t **ids, size_t *n)
{
    uint32_t *bits = NULL, n_ids = 0;
    if (wish->kind == CALI_CHOICE_NONE || wish->kind == CALI_CHOICE_ALL)
        return CAL_OK;
    CAL_TRY(cali_alloc(s->ctx, (size_t)p->n / 32 + 1, sizeof *bits, "watched neurons", &bits));
    cal_status status = cali_choice_mark(s, wish, stream, p->name, p->n, bits);
    if (status == CAL_OK)
        status = cali_bits_list(s->ctx, bits, p->n, ids, &n_ids);
    free(bits);
    *n = n_ids;
    return status;
}

static double share_of(const cali_choice *wish, const cali_population *p)
{
    return wish->kind == CALI_CHOICE_NONE ? 1.0 : (double)cali_choice_most(wish, p->n) / p->n;
}

/* In a check no network is built: as many synapses as are expected. */
static cal_status expect_synapses(cal_session *s, const cali_weight_wish *wish, size_t projection, cali_weight_track *t)
{
    const cali_network *network = network_of(s, t->sub);
    const cal_snn_projection *p = &network->projections[projection];
    cal_snn_def alone = s->builds[t->sub].def;
    double bytes, n;
    alone.projections = p;
    alone.n_projections = 1;
    alone.n_gap_junctions = alone.n_ports = alone.n_watches = 0;
    CAL_TRY(cal_snn_estimate(s->ctx, &alone, &bytes, &n));
    n = floor(n * wish->fraction * share_of(&wish->sources, &network->populations[p->from]) *
              share_of(&wish->targets, &network->populations[p->to]) + 0.5);
    t->n = (size_t)(wish->most > 0 && (double)wish->most < n ? (double)wish->most : n);
    return CAL_OK;
}

/* What the network says now of a track. */
static cal_sub_watched look(const cal_session *s, const cali_weight_track *t)
{
    if (s->def.is_check)
        return (cal_sub_watched){.n = t->n};
    return cal_coupler_watched(s->coupler, t->sub, t->watch);
}

static cal_status count_columns(cal_session *s, const cali_weight_wish *wish, size_t projection, cali_weight_track *t)
{
    if (t->is_structure)
        t->n = CAL_N_STRUCTURE_VALUES;
    else if (s->def.is_check)
        CAL_TRY(expect_synapses(s, wish, projection, t));
    else
        t->n = look(s, t).n;
    if (t->n <= MOST_SYNAPSES)
        return CAL_OK;
    return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C501", "%s has more than %d synapses to record\nbecause their "
                                "weights are kept as columns\ntry synapses: random 1000", t->name, MOST_SYNAPSES);
}

static cal_status add_columns(cal_session *s, const cal_snn_projection *p, const cali_weight_track *t)
{
    const cali_network *network = network_of(s, t->sub);
    const char *names[] = {network->populations[p->from].name, network->populations[p->to].name};
    const cal_sub_watched watched = look(s, t);
    const uint32_t *ids[] = {watched.source, watched.target};
    static const char *const paths[] = {"source_ids", "target_ids"};
    char path[200];
    double *values = NULL;
    snprintf(path, sizeof path, "synapses/%s/populations", t->name);
    CAL_TRY(cal_recorder_add_texts(s->recorder, path, 2, names));
    CAL_TRY(cali_alloc(s->ctx, t->n, sizeof *values, "weights", &values));
    snprintf(path, sizeof path, "synapses/%s/delays", t->name);
    cal_status status = cal_recorder_add_matrix(s->recorder, path, "ms", t->n, 1, watched.delay_ms != NULL ? watched.delay_ms : values);
    for (int k = 0; status == CAL_OK && k < 2; k++) {
        for (size_t i = 0; ids[k] != NULL && i < t->n; i++)
            values[i] = ids[k][i];
        snprintf(path, sizeof path, "synapses/%s/%s", t->name, paths[k]);
        status = cal_recorder_add_matrix(s->recorder, path, "1", t->n, 1, values);
    }
    free(values);
    return status;
}

static const char *unit_of(const cal_neuron *neuron, const char *receptor)
{
    for (size_t i = 0; i < neuron->n_receptors; i++)
        if (strcmp(neuron->receptors[i].name, receptor) == 0)
            return neuron->receptors[i].unit;
    return "1";
}

/* Labels are source>target. */
static cal_status add_signal(cal_session *s, const cal_snn_projection *p, cali_weight_track *t)
{
    enum { LABEL = 24 };
    const cali_network *network = network_of(s, t->sub);
    const cal_sub_watched watched = look(s, t);
    const char **labels = NULL;
    char axis[200], title[400], *texts = NULL;
    cal_status status = cali_alloc(s->ctx, t->n, sizeof *labels, "weights", &labels);
    if (status == CAL_OK)
        status = cali_alloc(s->ctx, t->n, LABEL, "weights", &texts);
    for (size_t i = 0; status == CAL_OK && i < t->n; i++) {
        labels[i] = t->is_structure ? structure_labels[i] : texts + i * LABEL;
        if (!t->is_structure)
            snprintf(texts + i * LABEL, LABEL, "%u>%u", watched.source != NULL ? watched.source[i] : 0,
                     watched.target != NULL ? watched.target[i] : 0);
    }
    snprintf(axis, sizeof axis, "synapse_%s", t->name);
    snprintf(title, sizeof title, "%s from %s to %s, %s", t->is_structure ? "synapses" : "weights of synapses", network->populations[p->from].name,
             network->populations[p->to].name, p->synapse->name);
    const cal_signal_def def = {.name = t->name, .unit = t->is_structure ? "1" : unit_of(network->populations[p->to].neuron, p->receptor),
                                .long_name = title, .t_first = 0, .every = t->every, .axis = axis,
                                .n_columns = t->n, .labels = labels, .monitor = "weights"};
    if (status == CAL_OK)
        status = cal_recorder_add_signal(s->recorder, &def, &t->signal);
    free(labels);
    free(texts);
    return status == CAL_OK && !t->is_structure ? add_columns(s, p, t) : status;
}

/* Tracks of a network stand in the order of its watches. */
static size_t watches_before(const cal_session *s, size_t sub)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_weight_tracks; i++)
        n += s->weight_tracks[i].sub == sub;
    return n;
}

static cal_status declare(cal_session *s, const cali_weight_wish *wish, size_t sub, size_t projection, bool is_only)
{
    const cali_network *network = network_of(s, sub);
    cali_weight_track *t = &s->weight_tracks[s->n_weight_tracks];
    *t = (cali_weight_track){.sub = sub, .every = wish->every, .watch = watches_before(s, sub),
                             .is_structure = cal_snn_forms_synapses(network->projections[projection].synapse)};
    name_track(s, wish, projection, is_only, t);
    s->n_weight_tracks++;
    CAL_TRY(count_columns(s, wish, projection, t));
    if (t->n > 0)
        return add_signal(s, &network->projections[projection], t);
    cal_context_note(s->ctx, "%s: the connection has no synapses to record", t->name);
    return CAL_OK;
}

/* Whether the network that a wish is about is among the regions it names. */
static cal_status is_chosen(cal_session *s, const cali_weight_wish *wish, size_t sub, bool *is)
{
    size_t *chosen = NULL, n = 0;
    *is = s->experiment->is_alone;
    if (*is)
        return CAL_OK;
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *chosen, "regions", &chosen));
    const cal_status status = cali_select(s, wish->of, wish->place, chosen, &n);
    for (size_t i = 0; status == CAL_OK && i < n; i++)
        *is = *is || chosen[i] == s->networks[sub].index;
    free(chosen);
    return status;
}

static bool is_meant(const cali_network *network, const cali_weight_wish *wish, size_t projection)
{
    return cali_is_connection(network, projection, wish->connection) && cali_is_learning(network->projections[projection].synapse);
}

/* ---- the definition of a network ------------------------------------------------------------------ */

static cal_status add_watch(cal_session *s, cali_build *b, const cali_weight_wish *wish, size_t projection)
{
    const cali_network *network = &s->experiment->networks[b->network];
    const cal_snn_projection *p = &network->projections[projection];
    cal_snn_watch *w = &b->watches[b->def.n_watches++]; /* from now on its lists are freed with it */
    *w = (cal_snn_watch){.choice = {.projection = projection}, .every = wish->every};
    if (cal_snn_forms_synapses(p->synapse))
        return CAL_OK;
    const uint64_t one_too_many = MOST_SYNAPSES + 1;
    uint32_t *sources = NULL, *targets = NULL;
    w->choice.fraction = wish->fraction;
    w->choice.most = wish->most > 0 && wish->most < one_too_many ? wish->most : one_too_many;
    cal_status status = list_neurons(s, &wish->sources, &network->populations[p->from], (uint32_t)p->from, &sources, &w->choice.n_sources);
    if (status == CAL_OK)
        status = list_neurons(s, &wish->targets, &network->populations[p->to], (uint32_t)p->to, &targets, &w->choice.n_targets);
    w->choice.sources = sources;
    w->choice.targets = targets;
    return status;
}

cal_status cali_weights_define(cal_session *s, size_t k)
{
    const cal_experiment *e = s->experiment;
    cali_build *b = &s->builds[k];
    const cali_network *network = network_of(s, k);
    CAL_TRY(cali_alloc(s->ctx, e->n_weights * network->n_projections, sizeof *b->watches, "weights", &b->watches));
    b->def.watches = b->watches;
    for (size_t i = 0; i < e->n_weights; i++) {
        bool is = false;
        CAL_TRY(is_chosen(s, &e->weights[i], k, &is));
        if (is)
            CAL_TRY(check_interval(s, &e->weights[i]));
        for (size_t p = 0; is && p < network->n_projections; p++)
            if (is_meant(network, &e->weights[i], p))
                CAL_TRY(add_watch(s, b, &e->weights[i], p));
    }
    return CAL_OK;
}

void cali_weights_clear(cali_build *b)
{
    for (size_t i = 0; b->watches != NULL && i < b->def.n_watches; i++) {
        free((void *)(uintptr_t)b->watches[i].choice.sources);
        free((void *)(uintptr_t)b->watches[i].choice.targets);
    }
    free(b->watches);
}

/* ---- the recorder ---------------------------------------------------------------------------------- */

/* Counts what a wish means, or declares it. */
static cal_status walk(cal_session *s, const cali_weight_wish *wish, bool is_only, bool is_counting, size_t *n)
{
    for (size_t sub = 0; sub < s->plan.n_networks; sub++) {
        const cali_network *network = network_of(s, sub);
        bool is = false;
        CAL_TRY(is_chosen(s, wish, sub, &is));
        for (size_t i = 0; is && i < network->n_projections; i++) {
            if (!is_meant(network, wish, i))
                continue;
            ++*n;
            if (!is_counting)
                CAL_TRY(declare(s, wish, sub, i, is_only));
        }
    }
    return CAL_OK;
}

cal_status cali_weights_declare(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    size_t n = 0, n_declared = 0;
    for (size_t i = 0; i < e->n_weights; i++)
        CAL_TRY(walk(s, &e->weights[i], false, true, &n));
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *s->weight_tracks, "weights", &s->weight_tracks));
    for (size_t i = 0; i < e->n_weights; i++) {
        size_t n_own = 0;
        CAL_TRY(walk(s, &e->weights[i], false, true, &n_own));
        CAL_TRY(walk(s, &e->weights[i], n_own == 1, false, &n_declared));
    }
    return CAL_OK;
}

cal_status cali_weights_append(cal_session *s)
{
    for (size_t i = 0; i < s->n_weight_tracks; i++) {
        const cali_weight_track *t = &s->weight_tracks[i];
        if (t->n == 0 || cal_session_time(s) % t->every != 0)
            continue;
        const cal_sub_watched watched = look(s, t);
        if (watched.values == NULL || watched.n != t->n)
            return CAL_FAIL(s->ctx, CAL_ERR_STATE, "%s: no weights at %g ms", t->name, cal_time_ms(cal_session_time(s)));
        CAL_TRY(cal_recorder_append(s->recorder, t->signal, 1, watched.values));
    }
    return CAL_OK;
}

void cali_weights_free(cal_session *s)
{
    free(s->weight_tracks);
}
