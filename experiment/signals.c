/* From the windows of a session to the rows of its recording.
 *
 * Neural masses are sampled by the host's probes. A spiking region has no state on the host's grid: in a rate signal
 * its column is the mean of what it sends over the sample's interval, elsewhere NaN. Populations add signals of their
 * own (mean voltage and the like) and spikes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

/* A generous guess for the estimate of spikes; the budget's message says so. */
#define EXPECTED_RATE_HZ 20.0

/* Rates are kept in 1/ms by the host and shown in Hz. */
static double shown_unit(const char *unit, const char **shown)
{
    const bool is_rate = strcmp(unit, "1/ms") == 0;
    *shown = is_rate ? "Hz" : unit;
    return is_rate ? 1000.0 : 1.0;
}

static cal_status declare_matrices(cal_session *s)
{
    const cal_connectome *c = s->connectome;
    const size_t n = s->n_regions;
    CAL_TRY(cal_recorder_add_matrix(s->recorder, "connectome/weights", "1", n, n, cal_connectome_weights(c)));
    CAL_TRY(cal_recorder_add_matrix(s->recorder, "connectome/lengths_mm", "mm", n, n, cal_connectome_lengths_mm(c)));
    if (cal_connectome_centres_mm(c) != NULL)
        CAL_TRY(cal_recorder_add_matrix(s->recorder, "connectome/centres_mm", "mm", n, 3,
                                        cal_connectome_centres_mm(c)));
    return cal_recorder_add_texts(s->recorder, "connectome/labels", n, cal_connectome_labels(c));
}

/* Whether `what` is what spiking regions send: the first output of the mass that they stand in for. */
static bool is_sent(const cal_session *s, const char *what)
{
    if (s->plan.n_networks == 0)
        return false;
    const cali_role *role = &s->roles[s->networks[0].index];
    return strcmp(what, s->experiment->masses[role->mass].model->outputs[0].name) == 0;
}

/* "coupling" or "coupling INPUT": what arrives from the other regions. */
static bool is_coupling(const char *what)
{
    return strcmp(what, "coupling") == 0 || strncmp(what, "coupling ", 9) == 0;
}

/* The rows as they are, one column per region. */
static cal_status declare_rows(cal_session *s, const cali_signal *wish, cal_time every, const char *unit, cali_track *t)
{
    char long_name[160], name[128];
    snprintf(name, sizeof name, "%s", wish->name != NULL ? wish->name : wish->what);
    if (wish->name == NULL && is_coupling(wish->what) && name[8] == ' ')
        name[8] = '_';
    snprintf(long_name, sizeof long_name, "%s%s of every region", wish->what,
             wish->is_mean ? ", mean over the interval," : "");
    const cal_signal_def def = {.name = name, .unit = unit,
                                .long_name = long_name, .t_first = every, .every = every, .axis = "region",
                                .n_columns = s->n_regions, .labels = cal_connectome_labels(s->connectome)};
    return cal_recorder_add_signal(s->recorder, &def, &t->signal);
}

static cal_status declare_track(cal_session *s, const cali_signal *wish)
{
    cali_track *t = &s->tracks[s->n_tracks];
    const bool is_rate = strcmp(wish->what, "rate") == 0, has_monitor = wish->monitor.kind != NULL;
    const char *unit = NULL, *shown = NULL;
    cal_probe_def probe = {.what = is_rate ? NULL : wish->what, .every = wish->every == 0 ? s->plan.dt : wish->every,
                           .is_mean = wish->is_mean};
    if (is_coupling(wish->what)) {
        probe.is_coupling = true;
        probe.what = wish->what[8] == ' ' ? wish->what + 9 : NULL;
    }
    if (has_monitor)
        CAL_TRY(cali_monitor_feed(s, wish, &probe.every, &probe.is_mean));
    cal_nmm *host = cal_coupler_nmm(s->coupler);
    if (cal_nmm_add_probe(host, &probe, &t->probe, &unit) != CAL_OK) {
        char cause[512];
        snprintf(cause, sizeof cause, "%s", cal_context_message(s->ctx));
        cal_context_clear(s->ctx);
        return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C107", "cannot record \"%s\": %s", wish->what,
                                    cause);
    }
    t->factor = shown_unit(unit, &shown);
    if (is_rate && strcmp(shown, "Hz") != 0)
        return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C107",
                                    "cannot record \"rate\": what the regions send is no rate, its unit is %s.\n"
                                    "try the name of the output (callosum models NAME lists them)",
                                    unit);
    t->is_output = is_rate || is_sent(s, wish->what);
    t->n_steps = (size_t)(probe.every / s->plan.dt);
    t->max_rows = (size_t)(s->plan.window / probe.every) + 1;
    CAL_TRY(cali_alloc(s->ctx, s->plan.n_networks, sizeof(double), "signal", &t->sums));
    CAL_TRY(cali_alloc(s->ctx, t->max_rows * s->n_regions, sizeof(double), "signal", &t->rows));
    s->n_tracks++;
    return has_monitor ? cali_monitor_declare(s, wish, probe.every, shown, t)
                       : declare_rows(s, wish, probe.every, shown, t);
}

/* Mean rows of populations: every output port of kind MEAN whose state is wished for ("mean v"). */
static cal_status declare_port_tracks(cal_session *s, const cali_signal *wish)
{
    const char *state = wish->what + strlen("mean ");
    const cal_time every = wish->every == 0 ? s->plan.dt : wish->every;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        const cal_snn_def *net = &s->builds[k].def;
        for (size_t p = 0; p < net->n_ports; p++) {
            const cal_snn_port *port = &net->ports[p];
            if (port->kind != CAL_PORT_MEAN || strcmp(port->state, state) != 0)
                continue;
            cali_port_track *t = &s->port_tracks[s->n_port_tracks++];
            const cal_time bin = s->plan.window / (cal_time)port->samples;
            *t = (cali_port_track){.sub = k, .port = p, .n_steps = (size_t)(every / bin)};
            CAL_TRY(cali_alloc(s->ctx, (size_t)(s->plan.window / every) + 1, sizeof(double), "signal", &t->rows));
            const cal_neuron *neuron = net->populations[port->population].neuron;
            const int index = cal_field_find(neuron->states, neuron->n_states, state);
            const char *label = net->populations[port->population].name;
            char name[160], axis[180], text[256];
            snprintf(name, sizeof name, "%s_%s_mean_%s", s->plan.networks[k].region, label, state);
            snprintf(text, sizeof text, "%s of %s, mean over the population and the interval", state, label);
            for (char *c = name; *c != '\0'; c++)
                *c = *c == ' ' || *c == '/' ? '_' : *c;
            snprintf(axis, sizeof axis, "population_%s", name);
            const cal_signal_def def = {.name = name, .unit = neuron->states[index].unit, .long_name = text,
                                        .t_first = every, .every = every, .axis = axis, .n_columns = 1,
                                        .labels = &label};
            CAL_TRY(cal_recorder_add_signal(s->recorder, &def, &t->signal));
        }
    }
    return CAL_OK;
}

cal_status cali_declare_train(cal_session *s, size_t sub, size_t p)
{
    const cali_population *population = &s->experiment->networks[s->builds[sub].network].populations[p];
    cali_train_track *t = &s->train_tracks[s->n_train_tracks++];
    *t = (cali_train_track){.sub = sub, .population = (uint32_t)p};
    const double recorded = ceil(s->builds[sub].fractions[p] * population->n);
    const cal_spikes_def def = {.region = s->plan.networks[sub].region, .population = population->name,
                                .n_neurons = population->n, .n_recorded = (uint32_t)recorded,
                                .expected_rate_Hz = EXPECTED_RATE_HZ};
    return cal_recorder_add_spikes(s->recorder, &def, &t->train);
}

static cal_status declare_trains(cal_session *s, const cali_signal *wish, size_t *chosen)
{
    size_t n = 0;
    CAL_TRY(cali_select(s, wish->of, wish->place, chosen, &n));
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        bool is_chosen = false;
        for (size_t i = 0; i < n; i++)
            is_chosen = is_chosen || chosen[i] == s->plan.networks[k].index;
        for (size_t p = 0; is_chosen && p < s->plan.networks[k].n_populations; p++)
            CAL_TRY(cali_declare_train(s, k, p));
    }
    return CAL_OK;
}

cal_status cali_signals_declare(cal_session *s)
{
    if (s->experiment->is_alone)
        return cali_alone_declare(s);
    const cal_experiment *e = s->experiment;
    size_t n_ports = 0, n_trains = 0;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        n_ports += s->builds[k].def.n_ports;
        n_trains += s->plan.networks[k].n_populations;
    }
    size_t *chosen = NULL;
    CAL_TRY(declare_matrices(s));
    CAL_TRY(cali_alloc(s->ctx, e->n_signals, sizeof *s->tracks, "signals", &s->tracks));
    CAL_TRY(cali_alloc(s->ctx, n_ports * e->n_signals, sizeof *s->port_tracks, "signals", &s->port_tracks));
    CAL_TRY(cali_alloc(s->ctx, n_trains * e->n_signals, sizeof *s->train_tracks, "spikes", &s->train_tracks));
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *chosen, "regions", &chosen));
    cal_status status = CAL_OK;
    for (size_t i = 0; i < e->n_signals && status == CAL_OK; i++) {
        const cali_signal *wish = &e->signals[i];
        if (strcmp(wish->what, "spikes") == 0)
            status = declare_trains(s, wish, chosen);
        else if (strncmp(wish->what, "mean ", 5) == 0)
            status = declare_port_tracks(s, wish);
        else
            status = declare_track(s, wish);
    }
    free(chosen);
    return status;
}

/* ---- one window ------------------------------------------------------------------------------------- */

/* Replaces the columns of spiking regions in rows that the window completed. */
static void fill_spiking_columns(cal_session *s, cali_track *t, size_t n_rows)
{
    const size_t taken = t->n_taken;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        size_t n_bins = 0, row = 0, filled = taken;
        const double *bins = cal_coupler_output(s->coupler, k, &n_bins);
        for (size_t b = 0; b < n_bins; b++) {
            t->sums[k] += bins[b];
            if (++filled < t->n_steps)
                continue;
            if (row < n_rows && t->is_output)
                t->rows[row * s->n_regions + s->plan.networks[k].index] =
                    t->sums[k] / (double)t->n_steps * t->factor;
            row++;
            t->sums[k] = 0.0;
            filled = 0;
        }
        t->n_taken = filled;
    }
}

static cal_status append_track(cal_session *s, cali_track *t)
{
    size_t n_rows = 0;
    const double *rows = cal_nmm_probe_rows(cal_coupler_nmm(s->coupler), t->probe, &n_rows);
    for (size_t i = 0; i < n_rows * s->n_regions; i++)
        t->rows[i] = rows[i] * t->factor;
    fill_spiking_columns(s, t, n_rows);
    if (t->monitor != NULL) {
        CAL_TRY(cal_monitor_push(t->monitor, n_rows, t->rows));
        rows = cal_monitor_rows(t->monitor, &n_rows);
        return n_rows == 0 ? CAL_OK : cal_recorder_append(s->recorder, t->signal, n_rows, rows);
    }
    return n_rows == 0 ? CAL_OK : cal_recorder_append(s->recorder, t->signal, n_rows, t->rows);
}

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

static cal_status append_train(cal_session *s, const cali_train_track *t)
{
    const cal_sub_spikes spikes =
        s->experiment->is_alone ? cal_snn_get_spikes(s->alone.snn) : cal_coupler_spikes(s->coupler, t->sub);
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

cal_status cali_signals_append(cal_session *s)
{
    if (s->experiment->is_alone)
        CAL_TRY(cali_alone_append(s));
    for (size_t i = 0; i < s->n_tracks; i++)
        CAL_TRY(append_track(s, &s->tracks[i]));
    for (size_t i = 0; i < s->n_port_tracks; i++)
        CAL_TRY(append_port_track(s, &s->port_tracks[i]));
    for (size_t i = 0; i < s->n_train_tracks; i++)
        CAL_TRY(append_train(s, &s->train_tracks[i]));
    return cal_recorder_commit(s->recorder, cal_session_time(s));
}
