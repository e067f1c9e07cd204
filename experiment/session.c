/* A session: the objects of one run, from the plan to the last commit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "experiment/session.h"

cal_session_def cal_session_def_default(void)
{
    return (cal_session_def){.sink = "hdf5"};
}

/* ---- host -------------------------------------------------------------------------------------------- */

/* What a spiking region sent before t = 0: the output of the mass that it stands in for, at its initial state. */
static cal_status rest_output(cal_session *s, const cal_nmm_model *m, const double *params, const double *initial,
                              double *output)
{
    const size_t n_p = m->n_params + m->n_derived;
    double *p = NULL;
    CAL_TRY(cali_alloc(s->ctx, n_p + m->n_outputs, sizeof *p, "outputs", &p));
    double *y = p + n_p;
    memcpy(p, params, m->n_params * sizeof *p);
    cal_nmm_model_derive(m, 1, p);
    cal_nmm_model_observe(m, 1, p, initial, y);
    *output = y[0];
    free(p);
    return CAL_OK;
}

/* `values` holds `stride` numbers per region: parameters, then initial states. */
static cal_status describe_regions(cal_session *s, cali_regional *regional, cal_nmm_region *regions, double *values,
                                   size_t stride)
{
    for (size_t i = 0; i < s->n_regions; i++) {
        const cal_nmm_model *model = s->experiment->masses[s->roles[i].mass].model;
        double *params = values + i * stride, *initial = params + model->n_params;
        CAL_TRY(cali_regional_values(regional, i, params, initial));
        if (s->roles[i].network >= 0)
            CAL_TRY(rest_output(s, model, params, initial, &regions[i].external_initial));
        else
            regions[i] = (cal_nmm_region){.model = model, .params = params, .initial = initial};
    }
    return CAL_OK;
}

static cal_status create_host(cal_session *s, cal_nmm **host)
{
    const cal_experiment *e = s->experiment;
    size_t stride = 1;
    for (size_t m = 0; m < e->n_masses; m++)
        if (e->masses[m].model->n_params + e->masses[m].model->n_states > stride)
            stride = e->masses[m].model->n_params + e->masses[m].model->n_states;
    cal_nmm_region *regions = NULL;
    cali_regional *regional = NULL;
    cali_inputs inputs = {0};
    double *values = NULL;
    cal_nmm_def def = cal_nmm_def_default();
    cal_status status = cali_alloc(s->ctx, s->n_regions, sizeof *regions, "regions", &regions);
    if (status == CAL_OK)
        status = cali_alloc(s->ctx, s->n_regions * stride, sizeof *values, "parameters", &values);
    if (status == CAL_OK)
        status = cali_regional_create(s, &regional);
    if (status == CAL_OK)
        status = describe_regions(s, regional, regions, values, stride);
    if (status == CAL_OK)
        status = cali_inputs_make(s, &inputs);
    if (status == CAL_OK) {
        def.connectome = s->connectome;
        def.regions = regions;
        def.couplings = s->couplings;
        def.delays_ms = s->delays_ms;
        def.n_couplings = e->n_couplings;
        def.gain = e->gain;
        def.speed_mm_per_ms = e->speed_mm_per_ms;
        def.min_delay_ms = e->min_delay_ms;
        def.integrator = e->integrator;
        def.dt = s->plan.dt;
        def.rtol = e->rtol;
        def.window = s->plan.window;
        def.lag = s->plan.window * (cal_time)s->plan.lag;
        def.seed = e->seed;
        def.noises = inputs.noises;
        def.n_noises = e->n_noises;
        def.stimuli = inputs.stimuli;
        def.n_stimuli = e->n_stimuli;
        def.histories = inputs.histories;
        def.n_histories = e->n_pasts;
        status = cali_pasts_explain(s, cal_nmm_create(s->ctx, &def, host));
        if (status != CAL_OK)
            status = cali_experiment_locate(s->ctx, e, e->coupling_place, "C103", NULL);
    }
    if (status != CAL_OK)
        cal_nmm_destroy(host);
    if (status == CAL_OK)
        s->plan.integrator = cal_nmm_integrator(*host, &s->plan.integrator_reason);
    cali_regional_destroy(&regional);
    cali_inputs_free(&inputs);
    free(values);
    free(regions);
    return status;
}

/* ---- networks, coupler, recorder --------------------------------------------------------------------- */

static cal_status check_room(cal_session *s, double bytes, double n_synapses)
{
    const cal_experiment *e = s->experiment;
    const double room = e->memory_bytes > 0.0 ? e->memory_bytes : cali_memory_limit();
    if (bytes <= room)
        return CAL_OK;
    const cali_network *first = &e->networks[s->roles[s->networks[0].index].network];
    char synapses[64] = "the neurons alone";
    if (n_synapses > 0.0)
        snprintf(synapses, sizeof synapses, "%.3g synapses", n_synapses);
    return cali_experiment_fail(s->ctx, e, e->memory_bytes > 0.0 ? e->memory_place : first->place, "E402",
                                "%.3g GB for %s do not fit into %s of %.3g GB\nbecause a network is held in memory "
                                "as a whole\ntry fewer neurons or synapses (`scale`), or another machine", bytes * 1e-9, synapses,
                                e->memory_bytes > 0.0 ? "run.memory" : "the memory", room * 1e-9);
}

/* Neurons alone, before lists of them are made: each takes a state, two places in lists and one in the record at least. */
static cal_status check_neurons(cal_session *s)
{
    double n = 0.0;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        const cali_network *net = &s->experiment->networks[s->roles[s->networks[k].index].network];
        for (size_t p = 0; p < net->n_populations; p++)
            n += net->populations[p].n;
    }
    return check_room(s, 24.0 * n, 0.0);
}

/* All networks together, before the first of them is built. */
static cal_status define_networks(cal_session *s)
{
    double bytes = 0.0, n_synapses = 0.0;
    CAL_TRY(check_neurons(s));
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        CAL_TRY(cali_build_define(s, k));
        CAL_TRY(cali_network_located(s, k, cal_snn_estimate(s->ctx, &s->builds[k].def, &s->networks[k].bytes,
                                                            &s->networks[k].n_synapses)));
        if (s->builds[k].place == CAL_PLACE_REMOTE)
            continue; /* it is not held here */
        bytes += s->networks[k].bytes;
        n_synapses += s->networks[k].n_synapses;
    }
    return check_room(s, bytes, n_synapses);
}

static cal_status add_networks(cal_session *s)
{
    const double start = cali_wall_s();
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        cali_build *b = &s->builds[k];
        cal_snn *snn = NULL;
        void *sub = NULL;
        if (b->place != CAL_PLACE_INPROC) {
            CAL_TRY(cali_slots_add(s, k));
            continue;
        }
        CAL_TRY(cali_network_located(s, k, cal_snn_create(s->ctx, &b->def, &snn)));
        s->networks[k].n_synapses = (double)cal_snn_get_counts(snn).n_synapses;
        s->networks[k].bytes = cal_snn_get_counts(snn).bytes;
        b->snn = snn;
        CAL_TRY(cal_sub_snn_create(s->ctx, &snn, &sub));
        CAL_TRY(cal_coupler_add(s->coupler, s->networks[k].region, b->region, &cal_sub_snn, sub, b->links,
                                b->n_links));
    }
    CAL_TRY(cali_slots_start(s));
    s->build_s = cali_wall_s() - start;
    return CAL_OK;
}

static cal_status create_recorder(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    cal_recorder_def def = cal_recorder_def_default();
    def.sink = s->def.is_check ? "memory" : s->def.sink;
    def.path = s->def.path;
    def.title = e->title;
    def.budget_bytes = e->budget_bytes;
    def.duration = e->duration;
    CAL_TRY(cal_recorder_create(s->ctx, &def, &s->recorder));
    CAL_TRY(cali_signals_declare(s));
    s->plan.recording_bytes = cal_recorder_estimate(s->recorder);
    s->plan.budget_bytes = e->budget_bytes;
    if (cal_recorder_start(s->recorder) == CAL_OK)
        return CAL_OK;
    return cali_experiment_locate(s->ctx, e, e->budget_place, "C501", NULL);
}

cal_status cali_keep_states(cal_session *s)
{
    if (s->states == NULL) {
        size_t n = 0;
        CAL_TRY(cali_alloc(s->ctx, s->n_regions + 1, sizeof *s->state_offsets, "states", &s->state_offsets));
        for (size_t i = 0; i < s->n_regions; i++) {
            s->state_offsets[i] = n;
            n += s->roles[i].network >= 0 ? 0 : s->experiment->masses[s->roles[i].mass].model->n_states;
        }
        s->state_offsets[s->n_regions] = n;
        CAL_TRY(cali_alloc(s->ctx, n, sizeof *s->states, "states", &s->states));
    }
    for (size_t i = 0; i < s->n_regions; i++)
        if (s->roles[i].network < 0)
            CAL_TRY(cal_nmm_get_state(cal_coupler_nmm(s->coupler), i, s->states + s->state_offsets[i]));
    return CAL_OK;
}

/* The columns of recorded weights are known once the networks are built. */
static bool is_recorded_late(const cal_session *s)
{
    return s->experiment->n_weights > 0 && !s->def.is_check;
}

static void plan_checkpoints(cal_session *s)
{
    const cal_time every = s->experiment->checkpoint_every, window = s->plan.window;
    const cal_time first = (every / window + (every % window != 0)) * window;
    s->plan.checkpoint_every = every;
    s->plan.checkpoint_first = first < s->experiment->duration ? first : 0;
}

static cal_status init(cal_session *s)
{
    CAL_TRY(cali_plan_make(s));
    plan_checkpoints(s);
    CAL_TRY(cali_slots_plan(s));
    CAL_TRY(define_networks(s));
    cal_nmm *host = NULL;
    if (!s->experiment->is_alone)
        CAL_TRY(create_host(s, &host));
    const cal_coupler_def def = {.window = s->plan.window, .lag = s->plan.lag, .end = s->experiment->duration,
                                 .seed = s->experiment->seed};
    CAL_TRY(cal_coupler_create(s->ctx, &def, &host, &s->coupler));
    if (is_recorded_late(s))
        CAL_TRY(add_networks(s));
    CAL_TRY(create_recorder(s));   /* refuses a recording above its budget before anything is built */
    if (!s->def.is_check && !is_recorded_late(s))
        CAL_TRY(add_networks(s));
    CAL_TRY(cali_wiring_begin(s));
    if (s->def.is_check)
        return CAL_OK;
    CAL_TRY(cali_weights_append(s));
    return cali_keep_states(s);
}

cal_status cal_session_create(cal_context *ctx, const cal_experiment *experiment, const cal_session_def *def,
                              cal_session **out)
{
    *out = NULL;
    cal_session *s = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *s, "session", &s));
    s->ctx = ctx;
    s->experiment = experiment;
    s->def = *def;
    const cal_status status = init(s);
    if (status != CAL_OK) {
        cal_session_destroy(&s);
        return status;
    }
    *out = s;
    return CAL_OK;
}

void cal_session_destroy(cal_session **session)
{
    if (session == NULL || *session == NULL)
        return;
    cal_session *s = *session;
    cal_recorder_destroy(&s->recorder);
    cal_coupler_destroy(&s->coupler);
    cal_host_destroy(&s->host);
    cali_alone_free(s);
    for (size_t k = 0; s->builds != NULL && k < s->plan.n_networks; k++)
        cali_build_clear(&s->builds[k]);
    for (size_t i = 0; i < s->n_tracks; i++) {
        cal_monitor_destroy(&s->tracks[i].monitor);
        free(s->tracks[i].sums);
        free(s->tracks[i].rows);
    }
    cali_neurons_free(s);
    cali_weights_free(s);
    cali_wiring_free(s);
    cal_connectome_destroy(&s->own_connectome);
    free(s->roles);
    free(s->mass_names);
    free(s->mass_counts);
    free(s->networks);
    free(s->builds);
    free(s->tracks);
    free(s->inputs);
    free(s->states);
    free(s->state_offsets);
    free(s);
    *session = NULL;
}

/* ---- running ------------------------------------------------------------------------------------------ */

cal_status cal_session_advance(cal_session *s)
{
    const double start = cali_wall_s();
    if (s->host != NULL && cali_is_checkpoint_due_at(s, cal_session_time(s) + s->plan.window))
        cal_coupler_hold(s->coupler);
    CAL_TRY(cal_coupler_advance(s->coupler));
    const double advanced = cali_wall_s();
    CAL_TRY(cali_signals_append(s));
    CAL_TRY(cali_keep_states(s));
    if (!s->experiment->is_alone && cal_session_is_checkpoint_due(s)) /* whether or not somebody writes one: equal bits */
        CAL_TRY(cal_nmm_restart(cal_coupler_nmm(s->coupler)));
    const double end = cali_wall_s();
    s->recording_s += end - advanced;
    s->wall_s += end - start;
    return CAL_OK;
}

cal_status cal_session_settle(cal_session *s)
{
    if (s->host == NULL || s->plan.lag == 1 || cal_session_is_done(s))
        return CAL_OK;
    cal_coupler_hold(s->coupler);
    return cal_session_advance(s);
}

cal_status cal_session_finish(cal_session *s)
{
    const cal_status analysed = cali_results_record(s), finished = cal_recorder_finish(s->recorder);
    return finished != CAL_OK ? finished : analysed;
}

cal_time cal_session_time(const cal_session *s)
{
    return s->coupler == NULL ? 0 : cal_coupler_time(s->coupler);
}

bool cal_session_is_done(const cal_session *s)
{
    return cal_session_time(s) >= s->experiment->duration;
}

cal_plan cal_session_plan(const cal_session *s)
{
    return s->plan;
}

cal_cost cal_session_cost(const cal_session *s)
{
    cal_cost cost = {.coupler = cal_coupler_get_cost(s->coupler), .wall_s = s->wall_s, .build_s = s->build_s,
                     .recording_s = s->recording_s};
    const double simulated_s = (double)cal_session_time(s) * 1e-9;
    cost.real_time_factor = simulated_s > 0.0 ? s->wall_s / simulated_s : 0.0;
    return cost;
}

/* One matrix per neural mass in use: (states x regions of it), with the regions' labels and the states' names. */
static cal_status save_states(cal_session *s, cal_recorder *file, size_t mass)
{
    const cal_nmm_model *model = s->experiment->masses[mass].model;
    double *values = NULL;
    const char **labels = NULL, **names = NULL;
    CAL_TRY(cali_alloc(s->ctx, model->n_states * s->n_regions, sizeof *values, "states", &values));
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *labels, "labels", &labels));
    CAL_TRY(cali_alloc(s->ctx, model->n_states, sizeof *names, "names", &names));
    size_t n = 0;
    for (size_t i = 0; i < s->n_regions; i++)
        n += s->roles[i].network < 0 && s->roles[i].mass == (int)mass;
    size_t at = 0;
    for (size_t i = 0; i < s->n_regions; i++) {
        if (s->roles[i].network >= 0 || s->roles[i].mass != (int)mass)
            continue;
        labels[at] = cal_connectome_labels(s->connectome)[i];
        for (size_t r = 0; r < model->n_states; r++)
            values[r * n + at] = s->states[s->state_offsets[i] + r];
        at++;
    }
    for (size_t r = 0; r < model->n_states; r++)
        names[r] = model->states[r].name;
    char path[200];
    cali_text group = {0};
    cali_text_format(&group, "last_finite_state/%s", s->experiment->masses[mass].name);
    cal_status status = group.is_broken ? CAL_ERR_MEMORY : CAL_OK;
    const char *const parts[] = {"states", "regions", "values"};
    for (int k = 0; k < 3 && n > 0 && status == CAL_OK; k++) {
        strncpy(path, group.data, sizeof path - 12);
        path[sizeof path - 12] = '\0';
        strcat(strcat(path, "/"), parts[k]);
        status = k == 0   ? cal_recorder_add_texts(file, path, model->n_states, names)
                 : k == 1 ? cal_recorder_add_texts(file, path, n, labels)
                          : cal_recorder_add_matrix(file, path, "1", model->n_states, n, values);
    }
    cali_text_free(&group);
    free(names);
    free(labels);
    free(values);
    return status;
}

cal_status cal_session_save_crash(cal_session *s, const char *path)
{
    cal_recorder *file = NULL;
    cal_recorder_def def = cal_recorder_def_default();
    if (s->experiment->is_alone)
        return CAL_FAIL(s->ctx, CAL_ERR_UNSUPPORTED, "a spiking network keeps no earlier state");
    def.path = path;
    def.title = s->experiment->title;
    cal_status status = cal_recorder_create(s->ctx, &def, &file);
    for (size_t m = 0; m < s->experiment->n_masses && status == CAL_OK; m++)
        status = save_states(s, file, m);
    if (status == CAL_OK)
        status = cal_recorder_start(file);
    if (status == CAL_OK)
        status = cal_recorder_finish(file);
    cal_recorder_destroy(&file);
    return status;
}
