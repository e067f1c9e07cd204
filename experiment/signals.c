/* From the windows of a session to the rows of its recording.
 *
 * Neural masses are sampled by the host's probes. A spiking region has no state on the host's grid: in a rate signal
 * its column is the mean of what it sends over the sample's interval, elsewhere NaN. Its populations and neurons add signals
 * of their own: neurons.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

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

cal_status cali_signals_declare(cal_session *s)
{
    CAL_TRY(cali_weights_declare(s));
    CAL_TRY(cali_positions_declare(s));
    if (s->experiment->is_alone)
        return cali_alone_declare(s);
    const cal_experiment *e = s->experiment;
    CAL_TRY(declare_matrices(s));
    CAL_TRY(cali_alloc(s->ctx, e->n_signals, sizeof *s->tracks, "signals", &s->tracks));
    for (size_t i = 0; i < e->n_signals; i++)
        if (cali_wish_kind_of(e, &e->signals[i]) == CALI_WISH_REGIONS)
            CAL_TRY(declare_track(s, &e->signals[i]));
    return cali_neurons_declare(s);
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

cal_status cali_signals_append(cal_session *s)
{
    if (s->experiment->is_alone)
        CAL_TRY(cali_alone_append(s));
    for (size_t i = 0; i < s->n_tracks; i++)
        CAL_TRY(append_track(s, &s->tracks[i]));
    CAL_TRY(cali_neurons_append(s));
    CAL_TRY(cali_weights_append(s));
    return cal_recorder_commit(s->recorder, cal_session_time(s));
}

cal_status cali_signals_order(cal_session *s, cal_replay **order, size_t *n)
{
    const size_t most = s->alone.n_tracks + s->n_tracks + s->n_port_tracks + s->n_sampler_tracks + s->n_train_tracks +
                        s->n_weight_tracks;
    CAL_TRY(cali_alloc(s->ctx, most, sizeof **order, "signals", order));
    cal_replay *at = *order;
    for (size_t i = 0; i < s->alone.n_tracks; i++)
        *at++ = (cal_replay){.index = s->alone.tracks[i].signal};
    for (size_t i = 0; i < s->n_tracks; i++)
        *at++ = (cal_replay){.index = s->tracks[i].signal};
    for (size_t i = 0; i < s->n_port_tracks; i++)
        *at++ = (cal_replay){.index = s->port_tracks[i].signal};
    for (size_t i = 0; i < s->n_sampler_tracks; i++) {
        const cali_sampler_track *t = &s->sampler_tracks[i];
        const size_t n_columns = s->builds[t->sub].samplers[t->sampler].neurons->n;
        *at++ = (cal_replay){.index = t->signal, .n_piece = cali_sampler_piece(n_columns)};
    }
    for (size_t i = 0; i < s->n_train_tracks; i++)
        *at++ = (cal_replay){.is_train = true, .index = s->train_tracks[i].train};
    for (size_t i = 0; i < s->n_weight_tracks; i++)
        if (s->weight_tracks[i].n > 0)
            *at++ = (cal_replay){.index = s->weight_tracks[i].signal};
    *n = (size_t)(at - *order);
    return CAL_OK;
}
