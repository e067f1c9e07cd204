/* The plan of a run: the connectome, what each region is, and the sync window.
 *
 * The window W is what all participants compute at the same time. With lag L it may be as long as the smallest
 * delay across the border of the spiking regions divided by L, and it is a whole number of steps of the host and
 * of every network. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

/* The longest windows that are chosen by themselves, with and without spiking regions: they bound what is recorded at
 * once, and how coarse progress is. */
#define LONGEST_WINDOW_MS 10.0
#define LONGEST_ALONE_MS 100.0

/* ---- connectome ------------------------------------------------------------------------------------ */

cal_status cali_connectome_obtain(cal_context *ctx, const cal_experiment *e, cal_connectome **out)
{
    if (!e->is_generated)
        return cal_connectome_load(ctx, &e->source, out);
    cal_connectome *raw = NULL;
    CAL_TRY(cal_connectome_generate(ctx, &e->generate, &raw));
    const cal_status status =
        cal_connectome_scale(ctx, raw, e->source.normalisation, e->source.drops_self_connections, out);
    cal_connectome_destroy(&raw);
    return status;
}

static cal_status find_connectome(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    if (s->def.connectome == NULL)
        CAL_TRY(cali_connectome_obtain(s->ctx, e, &s->own_connectome));
    s->connectome = s->def.connectome != NULL ? s->def.connectome : s->own_connectome;
    s->n_regions = cal_connectome_n_regions(s->connectome);
    s->plan.connectome = s->connectome;
    s->plan.speed_mm_per_ms = e->speed_mm_per_ms;
    CAL_TRY(cal_connectome_describe(s->ctx, s->connectome, e->speed_mm_per_ms, &s->plan.facts));
    CAL_TRY(cali_wiring_load(s));
    s->plan.has_delay_matrix = s->delays_ms != NULL;
    return CAL_OK;
}

/* ---- selectors --------------------------------------------------------------------------------------- */

static size_t most_connected(const cal_session *s)
{
    const double *w = cal_connectome_weights(s->connectome);
    size_t best = 0, most = 0;
    for (size_t i = 0; i < s->n_regions; i++) {
        size_t n_inputs = 0;
        for (size_t j = 0; j < s->n_regions; j++)
            n_inputs += j != i && w[i * s->n_regions + j] != 0.0;
        if (n_inputs > most) {
            most = n_inputs;
            best = i;
        }
    }
    return best;
}

/* The up to three labels nearest to `word`, for a message. */
static void nearest_labels(const cal_session *s, const char *word, char *text, size_t size)
{
    const char *const *labels = cal_connectome_labels(s->connectome);
    size_t found[3];
    size_t n = 0;
    for (unsigned limit = 0; limit <= 1 + strlen(word) / 3 && n < 3; limit++)
        for (size_t i = 0; i < s->n_regions && n < 3; i++)
            if (cali_edit_distance(word, labels[i]) == limit)
                found[n++] = i;
    size_t at = 0;
    text[0] = '\0';
    if (n == 0) {
        snprintf(text, size, "known \"%s\", \"%s\", ... (%zu regions)", labels[0],
                 labels[s->n_regions > 1 ? 1 : 0], s->n_regions);
        return;
    }
    at += (size_t)snprintf(text, size, "try");
    for (size_t i = 0; i < n && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s \"%s\"", i ? "," : "", labels[found[i]]);
}

static cal_status select_one(const cal_session *s, const char *word, cali_place place, size_t *region)
{
    const int found = cal_connectome_find(s->connectome, word);
    if (found >= 0) {
        *region = (size_t)found;
        return CAL_OK;
    }
    double number;
    const char *end;
    if (word[0] == '#' && cali_parse_number(word + 1, &number, &end) && *end == '\0') {
        if (number >= 0.0 && number < (double)s->n_regions && number == floor(number)) {
            *region = (size_t)number;
            return CAL_OK;
        }
        return cali_experiment_fail(s->ctx, s->experiment, place, "C303",
                                    "no region number %s.\nknown #0 to #%zu", word, s->n_regions - 1);
    }
    char nearest[512];
    nearest_labels(s, word, nearest, sizeof nearest);
    return cali_experiment_fail(s->ctx, s->experiment, place, "C303", "no region \"%s\".\n%s", word, nearest);
}

cal_status cali_select(const cal_session *s, const char *selector, cali_place place, size_t *regions, size_t *n)
{
    *n = 0;
    if (strcmp(selector, "all") == 0 || strcmp(selector, "default") == 0) {
        for (size_t i = 0; i < s->n_regions; i++)
            regions[(*n)++] = i;
        return CAL_OK;
    }
    if (strcmp(selector, "most connected") == 0) {
        regions[(*n)++] = most_connected(s);
        return CAL_OK;
    }
    if (cal_connectome_find(s->connectome, selector) >= 0)   /* a label may hold a comma */
        return select_one(s, selector, place, &regions[(*n)++]);
    char word[256];
    for (const char *at = selector; *at != '\0';) {
        const char *comma = strchr(at, ',');
        size_t length = comma == NULL ? strlen(at) : (size_t)(comma - at);
        const char *next = at + length + (comma != NULL);
        while (length > 0 && at[length - 1] == ' ')
            length--;
        while (length > 0 && *at == ' ')
            at++, length--;
        snprintf(word, sizeof word, "%.*s", (int)(length > 255 ? 255 : length), at);
        size_t region = 0;
        CAL_TRY(select_one(s, word, place, &region));
        bool is_new = true;
        for (size_t i = 0; i < *n; i++)
            is_new = is_new && regions[i] != region;
        if (is_new)
            regions[(*n)++] = region;
        at = next;
    }
    return CAL_OK;
}

/* ---- roles ------------------------------------------------------------------------------------------- */

static cal_status assign_roles(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    size_t *chosen = NULL;
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *s->roles, "regions", &s->roles));
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *chosen, "regions", &chosen));
    cal_status status = CAL_OK;
    for (size_t a = 0; a < e->n_assignments && status == CAL_OK; a++) {
        const cali_assignment *line = &e->assignments[a];
        size_t n = 0;
        status = cali_select(s, line->selector, line->place, chosen, &n);
        for (size_t i = 0; status == CAL_OK && i < n; i++) {
            const int stand_in = line->mass >= 0 ? line->mass : e->assignments[0].mass;
            const bool spikes = line->network >= 0 && !s->def.is_mean_field;
            s->roles[chosen[i]] = (cali_role){.mass = stand_in, .network = spikes ? line->network : -1,
                                              .assignment = line};
        }
    }
    free(chosen);
    return status;
}

static cal_status count_masses(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    CAL_TRY(cali_alloc(s->ctx, e->n_masses, sizeof *s->mass_names, "models", &s->mass_names));
    CAL_TRY(cali_alloc(s->ctx, e->n_masses, sizeof *s->mass_counts, "models", &s->mass_counts));
    size_t n = 0;
    for (size_t m = 0; m < e->n_masses; m++) {
        size_t count = 0;
        for (size_t i = 0; i < s->n_regions; i++)
            count += s->roles[i].network < 0 && s->roles[i].mass == (int)m;
        if (count == 0)
            continue;
        s->mass_names[n] = e->masses[m].model->name;
        s->mass_counts[n++] = count;
    }
    s->plan.n_masses = n;
    s->plan.mass_names = s->mass_names;
    s->plan.mass_counts = s->mass_counts;
    return CAL_OK;
}

cal_plan_network cali_describe_network(const cali_network *network, const char *name, size_t index)
{
    cal_plan_network entry = {.region = name, .index = index, .step = network->step, .n_populations = network->n_populations,
                              .neuron = ""};
    for (size_t p = 0; p < network->n_populations; p++) {
        const cal_neuron *neuron = network->populations[p].neuron;
        entry.neuron = entry.neuron[0] == '\0' && neuron != NULL ? neuron->name : entry.neuron;
        entry.n_neurons += network->populations[p].n;
    }
    return entry;
}

static cal_status list_networks(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    size_t n = 0;
    for (size_t i = 0; i < s->n_regions; i++)
        n += s->roles[i].network >= 0;
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *s->networks, "spiking regions", &s->networks));
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *s->builds, "spiking regions", &s->builds));
    for (size_t i = 0; i < s->n_regions; i++) {
        if (s->roles[i].network < 0)
            continue;
        s->networks[s->plan.n_networks++] =
            cali_describe_network(&e->networks[s->roles[i].network], cal_connectome_labels(s->connectome)[i], i);
    }
    s->plan.networks = s->networks;
    return CAL_OK;
}

/* ---- window ------------------------------------------------------------------------------------------ */

cal_time cali_common_divisor(cal_time a, cal_time b)
{
    while (b != 0) {
        const cal_time rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

cal_time cali_common_multiple(cal_time a, cal_time b)
{
    return a / cali_common_divisor(a, b) * b;
}

static void note_instant(cal_plan *p, size_t to, size_t from)
{
    if (p->n_instant < 3) {
        p->instant_from[p->n_instant] = from;
        p->instant_to[p->n_instant] = to;
    }
    p->n_instant++;
}

/* Smallest delay into or out of a spiking region, and how many delays min_delay raises. */
static cal_status find_min_delay(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    const double *w = cal_connectome_weights(s->connectome);
    const char *const *labels = cal_connectome_labels(s->connectome);
    s->plan.min_delay_ms = INFINITY;
    for (size_t i = 0; i < s->n_regions; i++)
        for (size_t j = 0; j < s->n_regions; j++) {
            if (w[i * s->n_regions + j] == 0.0)
                continue;
            double delay = cali_delay_ms(s, i, j);
            if (delay < e->min_delay_ms) {
                delay = e->min_delay_ms;
                s->plan.n_raised_delays++;
            }
            if (delay == 0.0)
                note_instant(&s->plan, i, j);
            if ((s->roles[i].network < 0 && s->roles[j].network < 0) || delay >= s->plan.min_delay_ms)
                continue;
            s->plan.min_delay_ms = delay;
            s->plan.min_delay_from = j;
            s->plan.min_delay_to = i;
        }
    if (s->plan.min_delay_ms > 0.0)
        return CAL_OK;
    const size_t i = s->plan.min_delay_to, j = s->plan.min_delay_from;
    const bool is_target = s->roles[i].network >= 0;
    return cali_experiment_fail(s->ctx, e, s->roles[is_target ? i : j].assignment->place, "C203",
                                "\"%s\" is connected to \"%s\" with delay 0, so no window exists.\n"
                                "try a length for it, or coupling.min_delay%s",
                                labels[is_target ? i : j], labels[is_target ? j : i],
                                i == j ? ", or connectome.self_connections: drop" : "");
}

static void say_window(cal_session *s, cal_time base)
{
    const char *const *labels = cal_connectome_labels(s->connectome);
    cal_plan *p = &s->plan;
    if (p->n_networks == 0)
        snprintf(s->window_reason, sizeof s->window_reason, "no spiking region, so nothing limits it");
    else
        snprintf(s->window_reason, sizeof s->window_reason,
                 "divides the run, multiple of the step %g ms, not above the smallest delay into or out of a spiking "
                 "region%s (%.4g ms, from \"%s\" to \"%s\")",
                 cal_time_ms(base), p->lag == 2 ? " divided by the lag" : "", p->min_delay_ms,
                 labels[p->min_delay_from], labels[p->min_delay_to]);
    p->window_reason = s->window_reason;
}

/* Steps near `step` that divide the window, for message C202. */
static void near_divisors(cal_time window, cal_time step, char *text, size_t size)
{
    size_t at = 0, n = 0;
    text[0] = '\0';
    for (cal_time parts = window / step + 1; n < 2 && parts <= window / 1000; parts++) {
        if (window % (parts * 1000) != 0)
            continue;
        at += (size_t)snprintf(text + at, size - at, "%s%g ms", n ? ", " : "", cal_time_ms(window / parts));
        n++;
    }
}

static cal_status check_window(cal_session *s, cal_time longest)
{
    const cal_experiment *e = s->experiment;
    const char *const *labels = cal_connectome_labels(s->connectome);
    cal_plan *p = &s->plan;
    const double *l = cal_connectome_lengths_mm(s->connectome);
    if (p->n_networks > 0 && p->window > longest) {
        char way[64] = "";
        if (!p->has_delay_matrix)
            snprintf(way, sizeof way, ", %.4g mm at %g mm/ms", l[p->min_delay_to * s->n_regions + p->min_delay_from],
                     p->speed_mm_per_ms);
        char legal[96] = "a smaller step or coupling.min_delay: no window is legal here";
        if (longest > 0)
            snprintf(legal, sizeof legal, "%g ms, the longest legal window here", cal_time_ms(longest));
        return cali_experiment_fail(
            s->ctx, e, e->window_place, "C201",
            "window %g ms%s is longer than the smallest delay %.3g ms (%s -> %s%s).\ntry %s",
            cal_time_ms(p->window), p->lag == 2 ? " times the lag 2" : "", p->min_delay_ms, labels[p->min_delay_from],
            labels[p->min_delay_to], way, legal);
    }
    char near[96];
    for (size_t k = 0; k < p->n_networks; k++) {
        const cali_network *network = &e->networks[s->roles[p->networks[k].index].network];
        if (p->window % network->step == 0)
            continue;
        near_divisors(p->window, network->step, near, sizeof near);
        return cali_experiment_fail(s->ctx, e, network->step_place, "C202",
                                    "step %g ms does not divide the window %g ms.\ntry %s",
                                    cal_time_ms(network->step), cal_time_ms(p->window), near);
    }
    if (p->window % p->dt != 0) {
        near_divisors(p->window, p->dt, near, sizeof near);
        return cali_experiment_fail(s->ctx, e, e->window_place, "C202",
                                    "the host's step %g ms does not divide the window %g ms.\ntry %s",
                                    cal_time_ms(p->dt), cal_time_ms(p->window), near);
    }
    if (e->duration % p->window != 0 && e->window == 0 && p->n_networks == 0) { /* the window is one step */
        near_divisors(e->duration, p->window, near, sizeof near);
        return cali_experiment_fail(s->ctx, e, e->window_place, "C204", "run.duration %g ms is no whole number of steps of "
                                    "%g ms\ntry integrator.step: %s", cal_time_ms(e->duration), cal_time_ms(p->window),
                                    near);
    }
    if (e->duration % p->window != 0)
        return cali_experiment_fail(s->ctx, e, e->window_place, "C204",
                                    "run.duration %g ms is no whole number of windows of %g ms.\ntry sync.window: auto",
                                    cal_time_ms(e->duration), cal_time_ms(p->window));
    return CAL_OK;
}

static cal_status choose_window(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    cal_plan *p = &s->plan;
    const bool is_adaptive = cal_integrators[e->integrator].is_adaptive;
    p->dt = e->dt != 0 ? e->dt : is_adaptive ? CAL_NS_PER_MS / 4 : CAL_NS_PER_MS / 10;
    p->lag = e->lag != 0 ? e->lag : 1;
    cal_time base = p->dt;
    for (size_t k = 0; k < p->n_networks; k++)
        base = cali_common_multiple(base, p->networks[k].step);
    CAL_TRY(find_min_delay(s));
    const double cap_ms = (p->n_networks > 0 ? LONGEST_WINDOW_MS : LONGEST_ALONE_MS) * p->lag;
    const double delay_ms = p->n_networks > 0 ? p->min_delay_ms : cap_ms;
    const cal_time legal = cal_coupler_longest_window(delay_ms, base, p->lag, e->duration);
    const cal_time usual = cal_coupler_longest_window(fmin(delay_ms, cap_ms), base, p->lag, e->duration);
    p->window = e->window != 0 ? e->window : usual > 0 ? usual : base;
    say_window(s, base);
    return check_window(s, legal);
}

cal_status cali_plan_make(cal_session *s)
{
    if (s->experiment->is_alone)
        return cali_alone_plan(s);
    CAL_TRY(find_connectome(s));
    CAL_TRY(assign_roles(s));
    CAL_TRY(count_masses(s));
    CAL_TRY(list_networks(s));
    return choose_window(s);
}
