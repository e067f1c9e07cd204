/* What is recorded of spiking networks: spikes, states of single neurons, and of the populations of spiking regions rates and
 * means. The populations of a network of its own are in alone.c. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

/* A generous guess for the estimate of spikes; the budget's message says so. */
#define EXPECTED_RATE_HZ 20.0
/* Samples that are turned from the engine's precision to the recorder's at once. */
enum { PIECE = 65536 };

cali_wish_kind cali_wish_kind_of(const cal_experiment *e, const cali_signal *wish)
{
    if (strcmp(wish->what, "spikes") == 0)
        return CALI_WISH_SPIKES;
    if (strncmp(wish->what, "mean ", 5) == 0)
        return CALI_WISH_MEAN;
    if (strcmp(wish->what, "rate") == 0)
        return e->is_alone || wish->populations != NULL ? CALI_WISH_RATE : CALI_WISH_REGIONS;
    return e->is_alone || wish->populations != NULL || wish->neurons.kind != CALI_CHOICE_NONE ? CALI_WISH_NEURONS
                                                                                              : CALI_WISH_REGIONS;
}

/* ---- which populations a signal takes ------------------------------------------------------------- */

static const cali_network *network_of(const cal_session *s, size_t k)
{
    return &s->experiment->networks[s->roles[s->plan.networks[k].index].network];
}

/* A state, or the shift of homeostasis, which each neuron has too. NULL: the population has neither. */
static const char *state_of(const cali_signal *wish, const cali_population *p)
{
    const char *name = strncmp(wish->what, "mean ", 5) == 0 ? wish->what + 5 : wish->what;
    const int at = p->neuron == NULL ? -1 : cal_field_find(p->neuron->states, p->neuron->n_states, name);
    if (at >= 0)
        return p->neuron->states[at].name;
    return p->homeostasis_unit != NULL && strcmp(wish->what, "homeostasis") == 0 ? "homeostasis" : NULL;
}

static const char *unit_of(const cali_population *p, const char *state)
{
    const int at = cal_field_find(p->neuron->states, p->neuron->n_states, state);
    return at < 0 ? p->homeostasis_unit : p->neuron->states[at].unit;
}

/* Given spikes are not recorded: they stand in their file. */
static bool takes_population(const cal_session *s, const cali_signal *wish, const cali_population *p)
{
    const char *selector = s->experiment->is_alone ? wish->of : wish->populations;
    const cali_wish_kind kind = cali_wish_kind_of(s->experiment, wish);
    return (selector == NULL || cali_is_chosen(selector, p->name)) &&
           (kind == CALI_WISH_RATE || (kind == CALI_WISH_SPIKES && p->neuron != NULL) || state_of(wish, p) != NULL);
}

/* Whether a signal takes network k. Errors: those of the selector of regions. */
static cal_status takes_network(cal_session *s, const cali_signal *wish, size_t k, bool *out)
{
    size_t *chosen = NULL, n = 0;
    *out = s->experiment->is_alone;
    if (s->experiment->is_alone)
        return CAL_OK;
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *chosen, "regions", &chosen));
    const cal_status status = cali_select(s, wish->of, wish->place, chosen, &n);
    for (size_t i = 0; status == CAL_OK && i < n; i++)
        *out = *out || chosen[i] == s->networks[k].index;
    free(chosen);
    return status;
}

/* ---- definition: neurons, samplers, ports --------------------------------------------------------- */

static uint32_t stream_of(const cali_build *b, size_t population)
{
    return (uint32_t)(b->region << 12 ^ population);
}

/* Adds to the spikes of a population that are kept; several signals may. */
static cal_status mark_spikes(cal_session *s, cali_build *b, const cali_signal *wish, size_t p, uint32_t *bits)
{
    const cal_snn_population *population = &b->populations[p];
    const bool is_share = wish->neurons.kind == CALI_CHOICE_NONE;
    const cali_choice first = {.kind = CALI_CHOICE_FIRST, .n = (uint32_t)(wish->fraction * population->n + 0.5)};
    return cali_choice_mark(s, is_share ? &first : &wish->neurons, stream_of(b, p), population->name, population->n, bits);
}

static cal_status define_spikes(cal_session *s, cali_build *b, size_t k, size_t p)
{
    const cal_experiment *e = s->experiment;
    const cali_population *population = &network_of(s, k)->populations[p];
    uint32_t *bits = NULL, *ids = NULL;
    cal_status status = cali_alloc(s->ctx, (size_t)population->n / 32 + 1, sizeof *bits, "recorded neurons", &bits);
    for (size_t i = 0; i < e->n_signals && status == CAL_OK; i++) {
        const cali_signal *wish = &e->signals[i];
        bool is_taken = false;
        if (cali_wish_kind_of(e, wish) != CALI_WISH_SPIKES || !takes_population(s, wish, population))
            continue;
        status = takes_network(s, wish, k, &is_taken);
        if (status == CAL_OK && is_taken)
            status = mark_spikes(s, b, wish, p, bits);
    }
    if (status == CAL_OK)
        status = cali_bits_list(s->ctx, bits, population->n, &ids, &b->subsets[p].n);
    free(bits);
    b->fractions[p] = status == CAL_OK && b->subsets[p].n == population->n && population->n > 0 ? 1.0 : 0.0;
    if (status == CAL_OK && b->fractions[p] == 0.0 && b->subsets[p].n > 0)
        b->subsets[p].ids = ids; /* none or all need no list */
    else
        free(ids);
    return status;
}

static cal_status check_interval(const cal_session *s, const cali_signal *wish, cal_time every, cal_time step)
{
    if (every % step == 0)
        return CAL_OK;
    char shorter[48] = "";
    if (every > step)
        snprintf(shorter, sizeof shorter, "%g ms or ", cal_time_ms(every / step * step));
    return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C202", "every %g ms is no whole number of steps of %g ms\n"
                                "try every: %s%g ms", cal_time_ms(every), cal_time_ms(step), shorter,
                                cal_time_ms(every / step * step + step));
}

static cal_status add_sampler(cal_session *s, cali_build *b, const cali_signal *wish, size_t p)
{
    const cal_snn_population *population = &b->populations[p];
    const size_t i = b->def.n_samplers;
    uint32_t *bits = NULL, *ids = NULL;
    const cal_time every = wish->every == 0 ? b->def.dt : wish->every;
    const cali_choice all = {.kind = CALI_CHOICE_ALL};
    CAL_TRY(check_interval(s, wish, every, b->def.dt));
    CAL_TRY(cali_alloc(s->ctx, (size_t)population->n / 32 + 1, sizeof *bits, "recorded neurons", &bits));
    cal_status status = cali_choice_mark(s, wish->neurons.kind == CALI_CHOICE_NONE ? &all : &wish->neurons, stream_of(b, p),
                                         population->name, population->n, bits);
    if (status == CAL_OK)
        status = cali_bits_list(s->ctx, bits, population->n, &ids, &b->sampled[i].n);
    free(bits);
    CAL_TRY(status);
    b->sampled[i].ids = ids;
    b->sampler_wishes[i] = wish;
    const char *state = state_of(wish, &s->experiment->networks[b->network].populations[p]);
    b->samplers[i] = (cal_snn_sampler){p, state, every, &b->sampled[i]};
    if (b->sampled[i].n > 0)
        b->def.n_samplers++;
    else
        free(ids);
    return CAL_OK;
}

/* The output port of a population's rate (state NULL) or mean in a spiking region; one for all who want the same. */
static size_t find_port(const cal_session *s, cali_build *b, const char *state, size_t p)
{
    cal_snn_port port = {.name = state == NULL ? "rate" : state, .kind = state == NULL ? CAL_PORT_RATE : CAL_PORT_MEAN,
                         .population = p, .state = state};
    for (size_t i = 0; i < b->def.n_ports; i++)
        if (b->ports[i].kind == port.kind && b->ports[i].population == p &&
            (state == NULL || strcmp(b->ports[i].state, state) == 0))
            return i;
    port.samples = (uint32_t)(s->plan.window / cali_common_multiple(s->plan.dt, b->def.dt));
    b->ports[b->def.n_ports] = port;
    return b->def.n_ports++;
}

static cal_status define_wish(cal_session *s, size_t k, const cali_signal *wish)
{
    cali_build *b = &s->builds[k];
    const cali_network *network = network_of(s, k);
    const cali_wish_kind kind = cali_wish_kind_of(s->experiment, wish);
    bool is_taken = false;
    CAL_TRY(takes_network(s, wish, k, &is_taken));
    for (size_t p = 0; is_taken && p < network->n_populations; p++) {
        if (!takes_population(s, wish, &network->populations[p]))
            continue;
        if (kind == CALI_WISH_NEURONS)
            CAL_TRY(add_sampler(s, b, wish, p));
        else if (!s->experiment->is_alone)
            find_port(s, b, state_of(wish, &network->populations[p]), p);
    }
    return CAL_OK;
}

cal_status cali_neurons_define(cal_session *s, size_t k)
{
    const cal_experiment *e = s->experiment;
    cali_build *b = &s->builds[k];
    const size_t n = network_of(s, k)->n_populations, most = n * e->n_signals;
    CAL_TRY(cali_alloc(s->ctx, b->def.n_populations, sizeof *b->subsets, "recorded neurons", &b->subsets));
    CAL_TRY(cali_alloc(s->ctx, most, sizeof *b->samplers, "samples", &b->samplers));
    CAL_TRY(cali_alloc(s->ctx, most, sizeof *b->sampled, "samples", &b->sampled));
    CAL_TRY(cali_alloc(s->ctx, most, sizeof *b->sampler_wishes, "samples", &b->sampler_wishes));
    b->def.record_subset = b->subsets;
    b->def.samplers = b->samplers;
    for (size_t p = 0; p < n; p++)
        CAL_TRY(define_spikes(s, b, k, p));
    for (size_t i = 0; i < e->n_signals; i++) {
        const cali_wish_kind kind = cali_wish_kind_of(e, &e->signals[i]);
        if (kind != CALI_WISH_REGIONS && kind != CALI_WISH_SPIKES)
            CAL_TRY(define_wish(s, k, &e->signals[i]));
    }
    return CAL_OK;
}

void cali_neurons_clear(cali_build *b)
{
    for (size_t p = 0; b->subsets != NULL && p < b->def.n_populations; p++)
        free((void *)b->subsets[p].ids);
    for (size_t i = 0; b->sampled != NULL && i < b->def.n_samplers; i++)
        free((void *)b->sampled[i].ids);
    free(b->subsets);
    free(b->samplers);
    free(b->sampled);
    free(b->sampler_wishes);
}

/* ---- declaration at the recorder ------------------------------------------------------------------ */

/* REGION_POPULATION_WHAT, of a network of its own WHAT_POPULATION, with _ for what a name cannot hold. */
static void name_signal(const cal_session *s, const cali_signal *wish, size_t k, const char *population, char *name, size_t size)
{
    const char *what = wish->name != NULL ? wish->name : wish->what;
    if (s->experiment->is_alone)
        snprintf(name, size, "%s_%s", what, population);
    else
        snprintf(name, size, "%s_%s_%s", s->plan.networks[k].region, population, what);
    for (char *c = name; *c != '\0'; c++)
        *c = isalnum((unsigned char)*c) || *c == '.' ? *c : '_';
}

/* A second signal of the same name is the user's to rename. */
static cal_status add_signal(cal_session *s, const cali_signal *wish, const cal_signal_def *def, size_t *out)
{
    const cal_status status = cal_recorder_add_signal(s->recorder, def, out);
    char cause[512];
    if (status != CAL_ERR_ARGUMENT)
        return status;
    snprintf(cause, sizeof cause, "%s", cal_context_message(s->ctx));
    cal_context_clear(s->ctx);
    return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C107", "cannot record \"%s\": %s\ntry another name: for it",
                                wish->what, cause);
}

static cal_status declare_sampler(cal_session *s, size_t k, size_t i)
{
    const cali_build *b = &s->builds[k];
    const cal_snn_sampler *sampler = &b->samplers[i];
    const cal_snn_population *p = &b->populations[sampler->population];
    const size_t n = sampler->neurons->n;
    char name[256], axis[272], text[256], *labels = NULL;
    const char **columns = NULL;
    name_signal(s, b->sampler_wishes[i], k, p->name, name, sizeof name);
    snprintf(axis, sizeof axis, "neuron_%s", name);
    snprintf(text, sizeof text, "%s of neurons of %s%s%s", sampler->state, p->name, s->experiment->is_alone ? "" : " in ",
             s->experiment->is_alone ? "" : s->plan.networks[k].region);
    cal_status status = cali_alloc(s->ctx, n, 12, "numbers of neurons", &labels);
    if (status == CAL_OK)
        status = cali_alloc(s->ctx, n, sizeof *columns, "numbers of neurons", &columns);
    for (size_t c = 0; status == CAL_OK && c < n; c++) {
        snprintf(labels + 12 * c, 12, "%u", sampler->neurons->ids[c]);
        columns[c] = labels + 12 * c;
    }
    const cal_signal_def def = {.name = name, .long_name = text, .t_first = sampler->every, .every = sampler->every,
                                .unit = unit_of(&network_of(s, k)->populations[sampler->population], sampler->state),
                                .axis = axis, .n_columns = n, .labels = columns, .is_float32 = true};
    cali_sampler_track *t = &s->sampler_tracks[s->n_sampler_tracks];
    *t = (cali_sampler_track){.sub = k, .sampler = i};
    if (status == CAL_OK)
        status = add_signal(s, b->sampler_wishes[i], &def, &t->signal);
    s->n_sampler_tracks += status == CAL_OK;
    free(labels);
    free(columns);
    return status;
}

static cal_status declare_port_track(cal_session *s, const cali_signal *wish, size_t k, size_t p)
{
    const cali_population *population = &network_of(s, k)->populations[p];
    const char *state = state_of(wish, population), *label = population->name;
    const size_t port = find_port(s, &s->builds[k], state, p);
    const cal_time bin = s->plan.window / (cal_time)s->builds[k].def.ports[port].samples;
    const cal_time every = wish->every == 0 ? bin : wish->every;
    CAL_TRY(check_interval(s, wish, every, bin));
    cali_port_track *t = &s->port_tracks[s->n_port_tracks++];
    *t = (cali_port_track){.sub = k, .port = port, .n_steps = (size_t)(every / bin)};
    CAL_TRY(cali_alloc(s->ctx, (size_t)(s->plan.window / every) + 1, sizeof(double), "signal", &t->rows));
    const char *unit = "Hz";
    if (state != NULL)
        unit = population->neuron->states[cal_field_find(population->neuron->states, population->neuron->n_states, state)].unit;
    char name[256], axis[272], text[256];
    name_signal(s, wish, k, label, name, sizeof name);
    snprintf(text, sizeof text, "%s of %s in %s, mean over the population and the interval", state == NULL ? "rate" : state, label,
             s->plan.networks[k].region);
    snprintf(axis, sizeof axis, "population_%s", name);
    const cal_signal_def def = {.name = name, .unit = unit, .long_name = text, .t_first = every, .every = every, .axis = axis,
                                .n_columns = 1, .labels = &label};
    return add_signal(s, wish, &def, &t->signal);
}

static cal_status declare_train(cal_session *s, size_t k, size_t p)
{
    const cali_population *population = &network_of(s, k)->populations[p];
    cali_train_track *t = &s->train_tracks[s->n_train_tracks++];
    *t = (cali_train_track){.sub = k, .population = (uint32_t)p};
    const cal_spikes_def def = {.region = s->plan.networks[k].region, .population = population->name,
                                .n_neurons = population->n, .n_recorded = s->builds[k].subsets[p].n,
                                .expected_rate_Hz = EXPECTED_RATE_HZ};
    return cal_recorder_add_spikes(s->recorder, &def, &t->train);
}

/* No population has what the signal wants: says what they have. */
static cal_status refuse_unknown(cal_session *s, const cali_signal *wish)
{
    cali_text known = {0};
    for (size_t k = 0; k < s->plan.n_networks; k++)
        for (size_t p = 0; p < network_of(s, k)->n_populations; p++) {
            const cali_population *population = &network_of(s, k)->populations[p];
            cali_text_format(&known, "%s%s: rate", known.size == 0 ? "" : "; ", population->name);
            for (size_t i = 0; population->neuron != NULL && i < population->neuron->n_states; i++)
                cali_text_format(&known, ", %s", population->neuron->states[i].name);
            if (population->homeostasis_unit != NULL)
                cali_text_add(&known, ", homeostasis");
        }
    const cal_status status = cali_experiment_fail(s->ctx, s->experiment, wish->place, "C107", "cannot record \"%s\": no "
                                                   "population of the spiking regions that are chosen has it\nknown %s",
                                                   wish->what, known.is_broken ? "rate" : known.data);
    cali_text_free(&known);
    return status;
}

/* A signal that no population of any network has is a mistake. */
static cal_status declare_wish(cal_session *s, const cali_signal *wish)
{
    const cali_wish_kind kind = cali_wish_kind_of(s->experiment, wish);
    size_t n_taken = 0;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        bool is_taken = false;
        CAL_TRY(takes_network(s, wish, k, &is_taken));
        for (size_t p = 0; is_taken && p < network_of(s, k)->n_populations; p++) {
            if (!takes_population(s, wish, &network_of(s, k)->populations[p]))
                continue;
            n_taken++;
            if (kind == CALI_WISH_RATE || kind == CALI_WISH_MEAN)
                CAL_TRY(declare_port_track(s, wish, k, p));
        }
    }
    if (n_taken == 0 && s->plan.n_networks > 0 && (kind == CALI_WISH_NEURONS || wish->populations != NULL))
        return refuse_unknown(s, wish);
    return CAL_OK;
}

cal_status cali_neurons_declare(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    size_t n_trains = 0, n_samplers = 0;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        n_trains += network_of(s, k)->n_populations;
        n_samplers += s->builds[k].def.n_samplers;
    }
    CAL_TRY(cali_alloc(s->ctx, n_trains, sizeof *s->train_tracks, "spikes", &s->train_tracks));
    CAL_TRY(cali_alloc(s->ctx, n_samplers, sizeof *s->sampler_tracks, "samples", &s->sampler_tracks));
    CAL_TRY(cali_alloc(s->ctx, n_trains * e->n_signals, sizeof *s->port_tracks, "signals", &s->port_tracks));
    for (size_t i = 0; !e->is_alone && i < e->n_signals; i++)
        if (cali_wish_kind_of(e, &e->signals[i]) != CALI_WISH_REGIONS)
            CAL_TRY(declare_wish(s, &e->signals[i]));
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        for (size_t i = 0; i < s->builds[k].def.n_samplers; i++)
            CAL_TRY(declare_sampler(s, k, i));
        for (size_t p = 0; p < network_of(s, k)->n_populations; p++)
            if (s->builds[k].subsets[p].n > 0)
                CAL_TRY(declare_train(s, k, p));
    }
    return CAL_OK;
}

/* ---- one window ----------------------------------------------------------------------------------- */

static cal_status append_port_track(cal_session *s, cali_port_track *t)
{
    const double *bins = cal_coupler_port_values(s->coupler, t->sub, t->port);
    const size_t n_bins = s->builds[t->sub].def.ports[t->port].samples;
    size_t n_rows = 0;
    for (size_t b = 0; b < n_bins; b++) {
        t->sum += bins[b];
        if (++t->n_taken < t->n_steps)
            continue;
        t->rows[n_rows++] = t->sum / (double)t->n_steps;
        t->sum = 0.0;
        t->n_taken = 0;
    }
    return n_rows == 0 ? CAL_OK : cal_recorder_append(s->recorder, t->signal, n_rows, t->rows);
}

size_t cali_sampler_piece(size_t n_columns)
{
    return n_columns == 0 || PIECE / n_columns == 0 ? 1 : PIECE / n_columns;
}

static cal_status append_sampler(cal_session *s, const cali_sampler_track *t)
{
    const cal_sub_samples x = cal_coupler_samples(s->coupler, t->sub, t->sampler);
    const size_t n_piece = cali_sampler_piece(x.n_columns);
    CAL_TRY(cali_reserve(s->ctx, n_piece * x.n_columns, sizeof *s->sample_rows, &s->sample_rows, &s->sample_capacity));
    for (size_t first = 0; first < x.n_rows; first += n_piece) {
        const size_t n = x.n_rows - first < n_piece ? x.n_rows - first : n_piece;
        for (size_t i = 0; i < n * x.n_columns; i++)
            s->sample_rows[i] = (double)x.rows[first * x.n_columns + i];
        CAL_TRY(cal_recorder_append(s->recorder, t->signal, n, s->sample_rows));
    }
    return CAL_OK;
}

static cal_status append_train(cal_session *s, const cali_train_track *t)
{
    const cal_sub_spikes spikes = cal_coupler_spikes(s->coupler, t->sub);
    if (spikes.n > s->train_capacity) {
        size_t capacity = s->train_capacity;
        CAL_TRY(cali_reserve(s->ctx, spikes.n, sizeof *s->train_times, &s->train_times, &capacity));
        capacity = s->train_capacity;
        CAL_TRY(cali_reserve(s->ctx, spikes.n, sizeof *s->train_ids, &s->train_ids, &capacity));
        s->train_capacity = capacity;
    }
    size_t n = 0;
    for (size_t i = 0; i < spikes.n; i++) {
        if (spikes.population[i] != t->population)
            continue;
        s->train_times[n] = spikes.time[i];
        s->train_ids[n++] = spikes.id[i];
    }
    return n == 0 ? CAL_OK : cal_recorder_append_spikes(s->recorder, t->train, n, s->train_times, s->train_ids);
}

cal_status cali_neurons_append(cal_session *s)
{
    for (size_t i = 0; i < s->n_port_tracks; i++)
        CAL_TRY(append_port_track(s, &s->port_tracks[i]));
    for (size_t i = 0; i < s->n_sampler_tracks; i++)
        CAL_TRY(append_sampler(s, &s->sampler_tracks[i]));
    for (size_t i = 0; i < s->n_train_tracks; i++)
        CAL_TRY(append_train(s, &s->train_tracks[i]));
    return CAL_OK;
}

void cali_neurons_free(cal_session *s)
{
    for (size_t i = 0; i < s->n_port_tracks; i++)
        free(s->port_tracks[i].rows);
    free(s->port_tracks);
    free(s->sampler_tracks);
    free(s->sample_rows);
    free(s->train_tracks);
    free(s->train_times);
    free(s->train_ids);
}
