/* A network of its own: a session without connectome and neural masses, whose coupler has no host.
 *
 * Its windows are as long as memory, messages to a worker and progress like; no bit depends on them. What is recorded of the
 * populations are output ports of the network, in bins that divide the window and every interval that is asked for; a row is
 * the mean over its bins, and may span windows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

/* What is computed at once: long enough that a window's way to a worker and back is little beside it, short enough to show progress
 * and to obey a stop between windows. */
#define NEURONS_TIMES_MS 4e5
#define LONGEST_WINDOW_MS 100.0
#define LONGEST_WINDOW_OF_LARGE_MS 20.0
/* What a window records is kept as a whole, and is one message of a worker. */
#define MOST_RECORD_BYTES 6e7
#define SPIKE_BYTES 12.0
#define MOST_RATE_PER_MS 1.0 /* of a neuron that spikes are counted on; the protocol has room for four times as many */

const char cali_alone_name[] = "network";

/* ---- populations ------------------------------------------------------------------------------------ */

bool cali_is_chosen(const char *selector, const char *population)
{
    if (strcmp(selector, "all") == 0)
        return true;
    const size_t length = strlen(population);
    for (const char *at = selector; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        at += strspn(at, " ");
        const char *end = at + strcspn(at, ",");
        while (end > at && end[-1] == ' ')
            end--;
        if ((size_t)(end - at) == length && strncmp(at, population, length) == 0)
            return true;
    }
    return false;
}

static bool is_rate(const cali_signal *wish)
{
    return strcmp(wish->what, "rate") == 0;
}

/* Whether a signal is over populations. */
static bool is_track(const cal_experiment *e, const cali_signal *wish)
{
    const cali_wish_kind kind = cali_wish_kind_of(e, wish);
    return kind == CALI_WISH_RATE || kind == CALI_WISH_MEAN;
}

/* Name of the state whose mean is wished for in a population's neuron, or NULL: it has none. */
static const char *wished_state(const cali_signal *wish, const cal_neuron *neuron)
{
    const int at = neuron != NULL && strncmp(wish->what, "mean ", 5) == 0 ? cal_field_find(neuron->states, neuron->n_states, wish->what + 5) : -1;
    return at < 0 ? NULL : neuron->states[at].name;
}

static bool has_column(const cali_signal *wish, const cali_population *p)
{
    return cali_is_chosen(wish->of, p->name) && (is_rate(wish) || wished_state(wish, p->neuron) != NULL);
}

/* ---- plan ------------------------------------------------------------------------------------------- */

/* Every interval is a whole number of steps. */
static cal_status check_intervals(const cal_session *s, cal_time step)
{
    const cal_experiment *e = s->experiment;
    for (size_t i = 0; i < e->n_signals; i++) {
        const cali_signal *wish = &e->signals[i];
        const cal_time whole = wish->every / step * step;
        if (wish->every == whole || !is_track(e, wish))
            continue;
        char shorter[48] = "";
        if (whole > 0)
            snprintf(shorter, sizeof shorter, "%g ms or ", cal_time_ms(whole));
        return cali_experiment_fail(s->ctx, e, wish->place, "C202", "every %g ms is no whole number of steps of %g ms\n"
                                    "try every: %s%g ms", cal_time_ms(wish->every), cal_time_ms(step), shorter,
                                    cal_time_ms(whole + step));
    }
    return CAL_OK;
}

/* Of the neurons that a signal takes of a population, at most. */
static double record_bytes_per_ms(const cal_experiment *e, const cali_signal *wish, const cali_population *p)
{
    const cali_wish_kind kind = cali_wish_kind_of(e, wish);
    const double every_ms = cal_time_ms(wish->every == 0 ? e->networks[0].step : wish->every);
    const bool is_share = wish->neurons.kind == CALI_CHOICE_NONE;
    if (!cali_is_chosen(wish->of, p->name))
        return 0.0;
    if (kind == CALI_WISH_NEURONS)
        return sizeof(float) * cali_choice_most(&wish->neurons, p->n) / every_ms;
    if (kind != CALI_WISH_SPIKES || p->neuron == NULL)
        return 0.0;
    return SPIKE_BYTES * MOST_RATE_PER_MS * (is_share ? wish->fraction * p->n : cali_choice_most(&wish->neurons, p->n));
}

/* Shorter for many neurons, for frequent checkpoints, and where much is recorded. */
static double longest_window_ms(const cal_experiment *e)
{
    const cali_network *network = &e->networks[0];
    double n_neurons = 0.0, bytes_per_ms = 0.0;
    for (size_t p = 0; p < network->n_populations; p++) {
        n_neurons += network->populations[p].n;
        for (size_t i = 0; i < e->n_signals; i++)
            bytes_per_ms += record_bytes_per_ms(e, &e->signals[i], &network->populations[p]);
    }
    double usual_ms = fmin(fmax(NEURONS_TIMES_MS / n_neurons, LONGEST_WINDOW_OF_LARGE_MS), LONGEST_WINDOW_MS);
    if (e->checkpoint_every > 0)
        usual_ms = fmin(usual_ms, cal_time_ms(e->checkpoint_every));
    return bytes_per_ms * usual_ms > MOST_RECORD_BYTES ? MOST_RECORD_BYTES / bytes_per_ms : usual_ms;
}

static cal_status choose_window(cal_session *s, cal_time step)
{
    const cal_experiment *e = s->experiment;
    cal_plan *p = &s->plan;
    cal_time whole = e->duration; /* of windows */
    for (size_t i = 0; i < e->n_weights; i++)
        whole = e->weights[i].every % step == 0 ? cali_common_divisor(whole, e->weights[i].every) : whole;
    if (e->duration % step != 0)
        return cali_experiment_fail(s->ctx, e, e->networks[0].step_place, "C204", "run.duration %g ms is no whole number of "
                                    "steps of %g ms\ntry run.duration: %g ms", cal_time_ms(e->duration), cal_time_ms(step),
                                    cal_time_ms(e->duration / step * step + step));
    const double longest_ms = longest_window_ms(e);
    const cal_time longest = cal_coupler_longest_window(longest_ms, step, 1, whole);
    p->window = e->window != 0 ? e->window : longest > step ? longest : step;
    if (p->window > UINT32_MAX)
        return cali_experiment_fail(s->ctx, e, e->window_place, "C106", "the window of %g ms is longer than 4294 ms\ntry "
                                    "sync.window: auto", cal_time_ms(p->window));
    if (p->window % step != 0)
        return cali_experiment_fail(s->ctx, e, e->window_place, "C202", "step %g ms does not divide the window %g ms\ntry "
                                    "sync.window: auto", cal_time_ms(step), cal_time_ms(p->window));
    if (e->duration % p->window != 0)
        return cali_experiment_fail(s->ctx, e, e->window_place, "C204", "run.duration %g ms is no whole number of windows of "
                                    "%g ms\ntry sync.window: auto", cal_time_ms(e->duration), cal_time_ms(p->window));
    snprintf(s->window_reason, sizeof s->window_reason, e->window != 0 ? "as the experiment says" : "divides the run, at most "
             "%.3g ms; the spikes do not depend on it", longest_ms);
    p->window_reason = s->window_reason;
    return CAL_OK;
}

cal_status cali_alone_plan(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    const cali_network *network = &e->networks[0];
    if (s->def.is_mean_field)
        return cali_experiment_fail(s->ctx, e, network->place, "C107", "a network of its own has no mean field to run in its "
                                    "place\nbecause the experiment names no neural mass\ntry without --mean-field");
    CAL_TRY(cali_alloc(s->ctx, 1, sizeof *s->roles, "network", &s->roles));
    CAL_TRY(cali_alloc(s->ctx, 1, sizeof *s->networks, "network", &s->networks));
    CAL_TRY(cali_alloc(s->ctx, 1, sizeof *s->builds, "network", &s->builds));
    s->roles[0] = (cali_role){.mass = -1, .network = 0};
    s->networks[0] = cali_describe_network(network, cali_alone_name, 0);
    s->plan.networks = s->networks;
    s->plan.n_networks = 1;
    s->plan.dt = network->step;
    s->plan.lag = 2; /* nothing is exchanged: a worker is given its next window while one is recorded */
    CAL_TRY(check_intervals(s, network->step));
    CAL_TRY(choose_window(s, network->step));
    s->alone.bin = s->plan.window;
    for (size_t i = 0; i < e->n_signals; i++)
        if (is_track(e, &e->signals[i]))
            s->alone.bin = cali_common_divisor(s->alone.bin, e->signals[i].every == 0 ? network->step : e->signals[i].every);
    s->alone.n_bins = (size_t)(s->plan.window / s->alone.bin);
    return CAL_OK;
}

/* ---- ports of the network ----------------------------------------------------------------------------- */

/* The port that gives what a signal wants of a population, added where no other signal wants the same. */
static size_t find_port(cali_build *b, const cal_session *s, const cali_signal *wish, size_t population)
{
    const cal_snn_port port = {.name = wish->what, .kind = is_rate(wish) ? CAL_PORT_RATE : CAL_PORT_MEAN,
                               .population = population, .samples = (uint32_t)s->alone.n_bins,
                               .state = wished_state(wish, b->populations[population].neuron)};
    for (size_t i = 0; i < b->def.n_ports; i++)
        if (b->ports[i].kind == port.kind && b->ports[i].population == population && b->ports[i].state == port.state)
            return i;
    b->ports[b->def.n_ports] = port;
    return b->def.n_ports++;
}

void cali_alone_define(const cal_session *s, cali_build *b)
{
    const cal_experiment *e = s->experiment;
    const cali_network *network = &e->networks[0];
    for (size_t i = 0; i < e->n_signals; i++)
        for (size_t p = 0; p < network->n_populations; p++) {
            const cali_signal *wish = &e->signals[i];
            if (has_column(wish, &network->populations[p]))
                find_port(b, s, wish, p);
        }
}

/* ---- signals ------------------------------------------------------------------------------------------ */

/* "mean V" becomes mean_V. */
static void name_signal(const cali_signal *wish, char *name, size_t size)
{
    snprintf(name, size, "%s", wish->name != NULL ? wish->name : wish->what);
    for (char *c = name; wish->name == NULL && *c != '\0'; c++)
        *c = *c == ' ' ? '_' : *c;
}

static cal_status declare_rows(cal_session *s, const cali_signal *wish, const char **labels, cali_population_track *t)
{
    const cali_network *network = &s->experiment->networks[0];
    const cal_time every = wish->every == 0 ? network->step : wish->every;
    const char *unit = "Hz";
    char name[128], axis[160], text[256];
    for (size_t p = 0; p < network->n_populations; p++) {
        const cali_population *population = &network->populations[p];
        if (!has_column(wish, population))
            continue;
        const char *state = wished_state(wish, population->neuron);
        if (state != NULL)
            unit = population->neuron->states[cal_field_find(population->neuron->states, population->neuron->n_states, state)].unit;
        labels[t->n_columns] = population->name;
        t->ports[t->n_columns++] = find_port(&s->builds[0], s, wish, p);
    }
    t->n_bins = (size_t)(every / s->alone.bin);
    CAL_TRY(cali_alloc(s->ctx, t->n_columns, sizeof *t->sums, "signal", &t->sums));
    CAL_TRY(cali_alloc(s->ctx, (s->alone.n_bins / t->n_bins + 1) * t->n_columns, sizeof *t->rows, "signal", &t->rows));
    name_signal(wish, name, sizeof name);
    snprintf(axis, sizeof axis, t->n_columns == network->n_populations ? "population" : "population_%s", name);
    snprintf(text, sizeof text, "%s of each population, mean over the interval", wish->what);
    const cal_signal_def def = {.name = name, .unit = unit, .long_name = text, .t_first = every, .every = every,
                                .axis = axis, .n_columns = t->n_columns, .labels = labels};
    return cal_recorder_add_signal(s->recorder, &def, &t->signal);
}

static cal_status declare_track(cal_session *s, const cali_signal *wish)
{
    cali_population_track *t = &s->alone.tracks[s->alone.n_tracks++];
    const char **labels = NULL;
    const size_t n = s->experiment->networks[0].n_populations;
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *t->ports, "signal", &t->ports));
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *labels, "signal", &labels));
    const cal_status status = declare_rows(s, wish, labels, t);
    free(labels);
    return status;
}

/* Names and sizes of the populations, so that run.h5 tells them without the manifest. */
static cal_status declare_populations(cal_session *s)
{
    const cali_network *network = &s->experiment->networks[0];
    const size_t n = network->n_populations;
    const char **names = NULL;
    double *sizes = NULL;
    cal_status status = cali_alloc(s->ctx, n, sizeof *names, "populations", &names);
    if (status == CAL_OK)
        status = cali_alloc(s->ctx, n, sizeof *sizes, "populations", &sizes);
    for (size_t p = 0; status == CAL_OK && p < n; p++) {
        names[p] = network->populations[p].name;
        sizes[p] = network->populations[p].n;
    }
    if (status == CAL_OK)
        status = cal_recorder_add_texts(s->recorder, "network/populations", n, names);
    if (status == CAL_OK)
        status = cal_recorder_add_matrix(s->recorder, "network/neurons", "1", n, 1, sizes);
    free(names);
    free(sizes);
    return status;
}

cal_status cali_alone_declare(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    CAL_TRY(declare_populations(s));
    CAL_TRY(cali_alloc(s->ctx, e->n_signals, sizeof *s->alone.tracks, "signals", &s->alone.tracks));
    for (size_t i = 0; i < e->n_signals; i++)
        if (is_track(e, &e->signals[i]))
            CAL_TRY(declare_track(s, &e->signals[i]));
    return cali_neurons_declare(s);
}

static cal_status append_track(cal_session *s, cali_population_track *t)
{
    size_t n_rows = 0;
    for (size_t b = 0; b < s->alone.n_bins; b++) {
        for (size_t c = 0; c < t->n_columns; c++)
            t->sums[c] += cal_coupler_port_values(s->coupler, 0, t->ports[c])[b];
        if (++t->n_taken < t->n_bins)
            continue;
        for (size_t c = 0; c < t->n_columns; c++) {
            t->rows[n_rows * t->n_columns + c] = t->sums[c] / (double)t->n_bins;
            t->sums[c] = 0.0;
        }
        n_rows++;
        t->n_taken = 0;
    }
    return n_rows == 0 ? CAL_OK : cal_recorder_append(s->recorder, t->signal, n_rows, t->rows);
}

cal_status cali_alone_append(cal_session *s)
{
    for (size_t i = 0; i < s->alone.n_tracks; i++)
        CAL_TRY(append_track(s, &s->alone.tracks[i]));
    return CAL_OK;
}

void cali_alone_free(cal_session *s)
{
    for (size_t i = 0; i < s->alone.n_tracks; i++) {
        free(s->alone.tracks[i].ports);
        free(s->alone.tracks[i].sums);
        free(s->alone.tracks[i].rows);
    }
    free(s->alone.tracks);
}
