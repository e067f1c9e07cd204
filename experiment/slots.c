/* Which spiking regions run in worker processes, and what they are told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

/* "REGION=local": the region may hold "=" itself. */
static cal_status read_wish(cal_session *s, const char *wish, cal_place *places)
{
    const char *equals = strrchr(wish, '=');
    const cal_place place = equals == NULL ? CAL_N_PLACES : find_place(equals + 1);
    const size_t length = equals == NULL ? 0 : (size_t)(equals - wish);
    if (place == CAL_N_PLACES)
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "--slot %s: it reads REGION=inproc, REGION=local or REGION=remote", wish);
    bool is_found = false;
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        const char *region = s->networks[k].region;
        const bool is_meant = (length == 3 && strncmp(wish, "all", 3) == 0) ||
                              (strlen(region) == length && strncmp(region, wish, length) == 0);
        if (is_meant)
            places[k] = place;
        is_found = is_found || is_meant;
    }
    if (is_found)
        return CAL_OK;
    cali_text names = {0};
    for (size_t k = 0; k < s->plan.n_networks; k++)
        cali_text_format(&names, "%s\"%s\"", k > 0 ? ", " : "", s->networks[k].region);
    CAL_FAIL(s->ctx, CAL_ERR_INPUT, "C303 --slot %s: no spiking region has that name. %s%s", wish,
             s->plan.n_networks > 0 ? "There are: " : "This experiment has none", names.data == NULL ? "" : names.data);
    cali_text_free(&names);
    return CAL_ERR_INPUT;
}

static bool is_elsewhere(const cal_session *s, size_t k)
{
    return s->builds[k].place != CAL_PLACE_INPROC;
}

static const cali_simulator *simulator_of(const cal_session *s, size_t k)
{
    return &s->experiment->networks[s->roles[s->networks[k].index].network].simulator;
}

cal_status cali_slots_plan(cal_session *s)
{
    enum { MOST = 1024 };
    cal_place places[MOST] = {CAL_PLACE_INPROC};
    const cal_workers_def *def = s->def.workers;
    if (s->plan.n_networks > MOST)
        return def == NULL || def->n_slots == 0 ? CAL_OK
                                                : CAL_FAIL(s->ctx, CAL_ERR_INPUT, "--slot: %zu spiking regions; at most %d can be placed",
                                                           s->plan.n_networks, MOST);
    if (s->def.is_check)
        return CAL_OK;
    for (size_t k = 0; k < s->plan.n_networks; k++)
        places[k] = simulator_of(s, k)->model != NULL ? CAL_PLACE_REMOTE : CAL_PLACE_INPROC;
    if (s->experiment->is_alone && def != NULL && def->n_slots > 0)
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "--slot: a network of its own is one process; regions of a brain can be elsewhere");
    for (size_t i = 0; def != NULL && i < def->n_slots; i++)
        CAL_TRY(read_wish(s, def->slots[i], places));
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        s->builds[k].place = places[k];
        const cali_simulator *simulator = simulator_of(s, k);
        if (simulator->model != NULL && (places[k] != CAL_PLACE_REMOTE || def == NULL || def->host.listen == NULL))
            return cali_experiment_fail(s->ctx, s->experiment, simulator->place, "C105",
                                        "the model %s is computed by a worker of its own\nbecause `simulator` names it\ntry --slot "
                                        "\"%s\"=remote --listen tcp://127.0.0.1:7711", simulator->model, s->networks[k].region);
        if (places[k] == CAL_PLACE_REMOTE && def->host.listen == NULL)
            return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "--slot \"%s\"=remote needs --listen tcp://ADDRESS:PORT, where its worker comes to",
                            s->networks[k].region);
        if (places[k] != CAL_PLACE_INPROC)
            s->n_elsewhere++;
        s->n_local += places[k] == CAL_PLACE_LOCAL;
    }
    if (s->n_elsewhere > 0 && s->experiment->n_weights > 0)
        return CAL_FAIL(s->ctx, CAL_ERR_UNSUPPORTED, "record.weights is not offered while a region is elsewhere (--slot): single "
                        "synapses do not travel. Record in process, or leave the weights away");
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
    const cal_when_lost lost = s->def.workers->when_lost;
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
