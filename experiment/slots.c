/* Which spiking regions run in worker processes, and what they are told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "experiment/session.h"

const char *const cal_place_names[] = {"inproc", "local", "remote"};

static cal_place find_place(const char *name)
{
    for (int i = 0; i < CAL_N_PLACES; i++)
        if (strcmp(cal_place_names[i], name) == 0)
            return (cal_place)i;
    return CAL_N_PLACES;
}

/* Gives all networks that `region` names their place; false: there is none. */
static bool place_region(cal_session *s, const char *region, size_t length, cal_place place, unsigned when_lost)
{
    bool is_found = false;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        const char *name = s->networks[k].region;
        const bool is_meant = (length == 3 && strncmp(region, "all", 3) == 0) ||
                              (strlen(name) == length && strncmp(name, region, length) == 0);
        if (is_meant) {
            s->builds[k].place = place;
            s->builds[k].when_lost = when_lost;
        }
        is_found = is_found || is_meant;
    }
    return is_found;
}

static void list_regions(const cal_session *s, char *names, size_t size)
{
    size_t at = (size_t)snprintf(names, size, s->plan.n_networks > 0 ? "all" : "none");
    for (size_t k = 0; k < s->plan.n_networks && at < size; k++)
        at += (size_t)snprintf(names + at, size - at, ", \"%s\"", s->networks[k].region);
}

/* "REGION=local": the region may hold "=" itself. */
static cal_status read_wish(cal_session *s, const char *wish)
{
    const char *equals = strrchr(wish, '=');
    const cal_place place = equals == NULL ? CAL_N_PLACES : find_place(equals + 1);
    char names[600];
    if (place == CAL_N_PLACES)
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "--slot %s: it reads REGION=inproc, REGION=local or REGION=remote. Try --slot all=local", wish);
    if (place_region(s, wish, (size_t)(equals - wish), place, (unsigned)s->def.workers->when_lost))
        return CAL_OK;
    list_regions(s, names, sizeof names);
    return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "C303 --slot %s: no spiking %s has that name. There are: %s", wish,
                    s->experiment->is_alone ? "network" : "region", names);
}

/* `workers` of the experiment, then --slot. */
static cal_status read_wishes(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    const cal_workers_def *def = s->def.workers;
    char names[600];
    for (size_t i = 0; i < e->n_workers; i++) {
        const cali_worker_wish *w = &e->workers[i];
        const unsigned lost = w->when_lost > 0 ? w->when_lost - 1 : (unsigned)def->when_lost;
        if (place_region(s, w->region, strlen(w->region), (cal_place)w->on, lost) || s->def.is_mean_field)
            continue;
        list_regions(s, names, sizeof names);
        return cali_experiment_fail(s->ctx, e, w->place, "C303", "no spiking %s is called \"%.100s\"\nknown %s",
                                    s->experiment->is_alone ? "network" : "region", w->region, names);
    }
    for (size_t i = 0; i < def->n_slots; i++)
        CAL_TRY(read_wish(s, def->slots[i]));
    return CAL_OK;
}

static bool is_elsewhere(const cal_session *s, size_t k)
{
    return s->builds[k].place != CAL_PLACE_INPROC;
}

static const cali_simulator *simulator_of(const cal_session *s, size_t k)
{
    return &s->experiment->networks[s->roles[s->networks[k].index].network].simulator;
}

static cal_status check_place(cal_session *s, size_t k)
{
    const cali_build *b = &s->builds[k];
    const cali_simulator *simulator = simulator_of(s, k);
    const bool has_door = s->def.workers != NULL && s->def.workers->host.listen != NULL;
    if (simulator->model != NULL && (b->place != CAL_PLACE_REMOTE || !has_door))
        return cali_experiment_fail(s->ctx, s->experiment, simulator->place, "C105",
                                    "the model %s is computed by a worker of its own\nbecause `simulator` names it\ntry --slot "
                                    "\"%s\"=remote --listen tcp://127.0.0.1:7711", simulator->model, s->networks[k].region);
    if (b->place == CAL_PLACE_REMOTE && !has_door)
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "\"%s\" is remote: that needs --listen tcp://ADDRESS:PORT, where its worker comes to",
                        s->networks[k].region);
    return CAL_OK;
}

cal_status cali_slots_plan(cal_session *s)
{
    if (s->def.is_check)
        return CAL_OK;
    for (size_t k = 0; k < s->plan.n_networks; k++)
        s->builds[k].place = simulator_of(s, k)->model != NULL ? CAL_PLACE_REMOTE : CAL_PLACE_INPROC;
    if (s->def.workers != NULL)
        CAL_TRY(read_wishes(s));
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        CAL_TRY(check_place(s, k));
        s->n_elsewhere += s->builds[k].place != CAL_PLACE_INPROC;
        s->n_local += s->builds[k].place == CAL_PLACE_LOCAL;
    }
    if (s->def.workers != NULL && s->def.workers->host.listen != NULL && s->n_elsewhere == 0 && s->def.workers->n_slots == 0)
        cal_context_note(s->ctx, "--listen %s: no region is remote, so nobody is waited for. Try --slot all=remote",
                         s->def.workers->host.listen);
    return CAL_OK;
}

cal_status cali_slots_add(cal_session *s, size_t k)
{
    cali_build *b = &s->builds[k];
    void *slot = NULL;
    const unsigned threads = cal_context_n_threads(s->ctx) / (unsigned)(s->n_local > 0 ? s->n_local : 1);
    if (s->host == NULL)
        CAL_TRY(cal_host_create(s->ctx, &s->def.workers->host, &s->host));
    const cali_simulator *simulator = simulator_of(s, k);
    const cal_when_lost lost = (cal_when_lost)b->when_lost;
    const bool is_local = b->place == CAL_PLACE_LOCAL;
    const cal_slot_def def = {.name = s->networks[k].region, .is_local = is_local, .n_threads = threads > 0 ? threads : 1,
                              .when_lost = is_local && lost == CAL_LOST_WAIT ? CAL_LOST_RESTART : lost,
                              .network = &b->def, .model = simulator->model,
                              .parameters = (const char *const *)simulator->names,
                              .values = (const char *const *)simulator->values, .n_parameters = simulator->n,
                              .window = s->plan.window, .lag = s->plan.lag,
                              .key = {s->experiment->seed, b->def.stream}};
    CAL_TRY(cali_network_located(s, k, cal_host_add(s->host, &def, &slot)));
    b->slot = s->n_slots++;
    return cal_coupler_add(s->coupler, s->networks[k].region, b->region, &cal_sub_remote, slot, b->links, b->n_links);
}

cal_status cali_slots_start(cal_session *s)
{
    if (s->host == NULL)
        return CAL_OK;
    if (s->def.workers->announce != NULL)
        s->def.workers->announce(s->def.workers->host.user, s);
    CAL_TRY(cal_host_start(s->host));
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        if (!is_elsewhere(s, k))
            continue;
        const cal_slot_info info = cal_host_slot(s->host, s->builds[k].slot);
        s->networks[k].n_synapses = (double)info.n_synapses;
        s->networks[k].bytes = info.bytes;
    }
    return CAL_OK;
}

cal_host *cal_session_host(cal_session *session)
{
    return session->host;
}
