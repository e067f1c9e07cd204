/* The operation table of a slot: what the coupler sees of a region that is computed elsewhere. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "workers/network_model.h"
#include "workers/host.h"

enum { SLICE_MS = 50 };
static const double PATIENCE_S = 20.0; /* for a window, once the run is to stop */

/* ---- making a slot ---- */

static const char *kind_of(const cal_port *p)
{
    return p->is_spikes ? "spikes" : strcmp(p->unit, "Hz") == 0 ? "rate" : strcmp(p->unit, "mV") == 0 ? "voltage"
           : strcmp(p->unit, "nS") == 0                         ? "conductance"
                                                                : "current";
}

static cal_status copy_ports(cali_slot *s, const cal_port *ports, size_t n)
{
    cal_context *ctx = s->host->ctx;
    CAL_TRY(cali_alloc(ctx, n, sizeof *s->ports, "ports", &s->ports));
    CAL_TRY(cali_alloc(ctx, 2 * n, sizeof *s->texts, "ports", &s->texts));
    for (; s->n_ports < n; s->n_ports++) {
        for (size_t i = 0; i < s->n_ports; i++)
            if (strcmp(s->ports[i].name, ports[s->n_ports].name) == 0)
                return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: two ports are called %s", s->name, ports[s->n_ports].name);
        char **texts = s->texts + 2 * s->n_ports;
        s->ports[s->n_ports] = ports[s->n_ports];
        CAL_TRY(cali_copy_text(ctx, ports[s->n_ports].name, &texts[0]));
        CAL_TRY(cali_copy_text(ctx, ports[s->n_ports].unit, &texts[1]));
        s->ports[s->n_ports].name = texts[0];
        s->ports[s->n_ports].unit = texts[1];
    }
    return CAL_OK;
}

static cal_status take_network(cali_slot *s, const cal_snn_def *network)
{
    cal_context *ctx = s->host->ctx;
    cal_port *ports = NULL;
    CAL_TRY(cali_alloc(ctx, network->n_ports, sizeof *ports, "ports", &ports));
    for (size_t i = 0; i < network->n_ports; i++)
        ports[i] = cal_sub_snn_describe(network, i);
    const cal_status status = copy_ports(s, ports, network->n_ports);
    free(ports);
    CAL_TRY(status);
    s->n_samplers = network->n_samplers;
    s->n_populations = network->n_populations;
    CAL_TRY(cali_alloc(ctx, s->n_populations, sizeof *s->n_neurons_of, "populations", &s->n_neurons_of));
    for (size_t i = 0; i < s->n_populations; i++) {
        s->n_neurons_of[i] = network->populations[i].n;
        s->wants_spikes = s->wants_spikes || (network->record_fraction != NULL && network->record_fraction[i] > 0.0) ||
                          (network->record_subset != NULL && network->record_subset[i].n > 0);
    }
    CAL_TRY(cali_alloc(ctx, s->n_samplers, sizeof *s->samples, "samples", &s->samples));
    CAL_TRY(cali_alloc(ctx, s->n_samplers, sizeof *s->sample_rows, "samples", &s->sample_rows));
    CAL_TRY(cali_alloc(ctx, s->n_samplers, sizeof *s->sample_columns, "samples", &s->sample_columns));
    CAL_TRY(cali_alloc(ctx, s->n_samplers, sizeof *s->sample_capacity, "samples", &s->sample_capacity));
    CAL_TRY(cali_alloc(ctx, s->n_samplers, sizeof *s->sample_every, "samples", &s->sample_every));
    for (size_t i = 0; i < s->n_samplers; i++) {
        const cal_snn_sampler *sampler = &network->samplers[i];
        if (sampler->population >= network->n_populations || sampler->every <= 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: sampler %zu of population %zu", s->name, i, sampler->population);
        s->sample_columns[i] = sampler->neurons != NULL ? sampler->neurons->n : network->populations[sampler->population].n;
        s->sample_every[i] = sampler->every;
    }
    return cali_watches_take(s, network);
}

static void pack_ports(const cali_slot *s, cal_packer *p)
{
    cal_pack_open_list(p, "ports");
    for (size_t i = 0; i < s->n_ports; i++) {
        const cal_port *port = &s->ports[i];
        cal_pack_open_map(p, NULL);
        cal_pack_text(p, "name", port->name);
        cal_pack_text(p, "dir", port->is_input ? "in" : "out");
        cal_pack_text(p, "kind", kind_of(port));
        cal_pack_text(p, "unit", port->unit);
        cal_pack_uint(p, "channels", port->channels);
        cal_pack_uint(p, "samples", port->samples);
        if (port->is_points)
            cal_pack_bool(p, "points", true);
        cal_pack_close(p);
    }
    cal_pack_close(p);
}

/* A bare number is one, "true" and "false" are what they say, all else is a text. */
static void pack_parameter(cal_packer *p, const char *name, const char *value)
{
    double number = 0.0;
    const char *end = value;
    if (cali_parse_number(value, &number, &end) && *end == '\0')
        cal_pack_real(p, name, number);
    else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        cal_pack_bool(p, name, value[0] == 't');
    else
        cal_pack_text(p, name, value);
}

static cal_status pack_foreign(cali_slot *s, const cal_slot_def *def)
{
    cal_packer *p = s->host->packer;
    cal_pack_open_map(p, "model");
    cal_pack_text(p, "name", def->model);
    cal_pack_open_map(p, "parameters");
    for (size_t i = 0; i < def->n_parameters; i++)
        pack_parameter(p, def->parameters[i], def->values[i]);
    cal_pack_close(p);
    CAL_TRY(cali_network_model_encode(s->host->ctx, def->network, p, "network"));
    cal_pack_close(p);
    return CAL_OK;
}

static cal_status pack_body(cali_slot *s, const cal_slot_def *def, const char *digest)
{
    cal_packer *p = s->host->packer;
    cal_packer_clear(p);
    if (def->model == NULL)
        CAL_TRY(cali_network_model_encode(s->host->ctx, def->network, p, "model"));
    else
        CAL_TRY(pack_foreign(s, def));
    cal_pack_int(p, "window_ns", s->window);
    cal_pack_uint(p, "lag", s->lag);
    cal_pack_int(p, "start_ns", 0);
    cal_pack_vector(p, "key", CAL_U8, sizeof def->key, def->key);
    pack_ports(s, p);
    cal_pack_open_map(p, "record");
    cal_pack_close(p);
    cal_pack_open_map(p, "options");
    cal_pack_close(p);
    cal_pack_text(p, "digest", digest);
    return CAL_OK;
}

/* What is larger than a message travels in pieces, and is bounded all the same. */
static cal_status measure(cali_slot *s)
{
    const cal_host *host = s->host;
    const double most = cali_load_limit(host->def.load_bytes);
    s->is_large = s->configure.size > cal_limits_open.message - CAL_HEADER_SIZE ||
                  (host->def.message_bytes > 0 && s->configure.size > host->def.message_bytes);
    for (size_t i = 0; i < s->configure.n; i++)
        s->is_large = s->is_large || s->configure.frames[i].size > cal_limits_open.frame;
    if (s->is_large && (double)s->configure.size > most)
        return CAL_FAIL(host->ctx, CAL_ERR_UNSUPPORTED, "E402 %s: its lists and tables have %.3g GB, and at most %.3g GB are sent to a "
                        "worker. Try --largest-model, or this region in process", s->name, (double)s->configure.size * 1e-9,
                        most * 1e-9);
    return s->is_large ? cali_digest_bytes(host->ctx, s->configure.bytes, s->configure.size, s->load_sha256) : CAL_OK;
}

/* The digest is over the same body with an empty digest. */
static cal_status pack_configure(cali_slot *s, const cal_slot_def *def)
{
    cal_packer *p = s->host->packer;
    const cal_frame *frames = NULL;
    size_t n = 0;
    cal_packer_set_limits(p, &cal_limits_loaded);
    cal_status status = pack_body(s, def, "");
    if (status == CAL_OK)
        status = cal_packer_get(p, &frames, &n);
    if (status == CAL_OK)
        status = cali_frames_sha256(s->host->ctx, "CONFIGURE", frames, n, s->digest);
    if (status == CAL_OK)
        status = pack_body(s, def, s->digest);
    if (status == CAL_OK)
        status = cali_kept_take(s->host->ctx, p, NULL, &s->configure);
    cal_packer_clear(p); /* nothing lent stays */
    cal_packer_set_limits(p, &cal_limits_open);
    return status == CAL_OK ? measure(s) : status;
}

static cal_status init(cali_slot *s, const cal_slot_def *def)
{
    s->is_local = def->is_local;
    s->n_threads = def->n_threads;
    s->when_lost = def->when_lost;
    s->window = def->window;
    s->lag = def->lag;
    s->lost_s = cali_wall_s();
    CAL_TRY(cali_copy_text(s->host->ctx, def->name, &s->name));
    CAL_TRY(cali_copy_text(s->host->ctx, def->model != NULL ? def->model : cal_worker_network.name, &s->model));
    CAL_TRY(take_network(s, def->network));
    return pack_configure(s, def);
}

cal_status cal_host_add(cal_host *host, const cal_slot_def *def, void **self)
{
    cali_slot *slot = NULL;
    *self = NULL;
    CAL_TRY(cali_alloc(host->ctx, 1, sizeof *slot, "a slot", &slot));
    slot->host = host;
    pthread_mutex_lock(&host->lock);
    cal_status status = init(slot, def);
    if (status == CAL_OK)
        status = cali_reserve(host->ctx, host->n_slots + 1, sizeof(cali_slot *), &host->slots, &host->capacity);
    if (status == CAL_OK)
        host->slots[host->n_slots++] = slot;
    pthread_mutex_unlock(&host->lock);
    if (status != CAL_OK)
        cali_slot_free(slot);
    else
        *self = slot;
    return status;
}

/* ---- the operations ---- */

static size_t get_n_ports(const void *self)
{
    return ((const cali_slot *)self)->n_ports;
}

static const cal_port *get_port(const void *self, size_t index)
{
    return &((const cali_slot *)self)->ports[index];
}

static cal_time get_window(const void *self)
{
    return ((const cali_slot *)self)->window;
}

static double get_compute_s(const void *self)
{
    cali_slot *s = (cali_slot *)(uintptr_t)self;
    pthread_mutex_lock(&s->host->lock);
    const double compute_s = s->facts.compute_s;
    pthread_mutex_unlock(&s->host->lock);
    return compute_s;
}

static void pack_step(cali_slot *s, cal_time t0, const cal_port_data *data)
{
    cal_packer *p = s->host->packer;
    cal_packer_clear(p);
    cal_pack_int(p, "t0_ns", t0);
    cal_pack_int(p, "t1_ns", t0 + s->window);
    cal_pack_open_map(p, "in");
    for (size_t i = 0; i < s->n_ports; i++) {
        const cal_port *port = &s->ports[i];
        const size_t dims[] = {port->channels, port->samples};
        if (port->is_input && port->is_spikes) {
            cal_pack_open_map(p, port->name);
            cal_pack_vector(p, "dt_ns", CAL_U32, data[i].spikes.n, data[i].spikes.offset_ns);
            cal_pack_vector(p, "id", CAL_U32, data[i].spikes.n, data[i].spikes.id);
            cal_pack_close(p);
        } else if (port->is_input) {
            cal_pack_lent_array(p, port->name, CAL_F64, 2, dims, data[i].values); /* kept before `data` changes */
        }
    }
    cal_pack_close(p);
}

static cal_status begin(void *self, cal_time t0, const cal_port_data *data)
{
    cali_slot *s = self;
    cal_host *host = s->host;
    cali_log_entry e = {.window = (uint64_t)(t0 / s->window)};
    pthread_mutex_lock(&host->lock);
    pack_step(s, t0, data);
    cal_status status = e.window == s->n_begun ? cali_kept_take(host->ctx, host->packer, &s->pool, &e.step)
                                               : CAL_FAIL(host->ctx, CAL_ERR_STATE, "%s is at window %llu, not %llu", s->name,
                                                          (unsigned long long)s->n_begun, (unsigned long long)e.window);
    if (status == CAL_OK)
        status = cali_reserve(host->ctx, s->n_log + 1, sizeof e, &s->log, &s->log_capacity);
    if (status == CAL_OK) {
        s->log[s->n_log++] = e;
        s->log_bytes += e.step.size;
        s->n_begun++;
        cali_slot_feed(s);
    } else {
        cali_kept_free(&e.step);
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

static cal_status read_spikes(cali_slot *s, cal_reader *r, const cal_value *rec, cal_time t0)
{
    cal_context *ctx = s->host->ctx;
    s->n_spikes = 0;
    const cal_value *map = cal_value_find(rec, "spikes");
    if (map == NULL) {
        if (s->wants_spikes)
            cal_context_note(ctx, "%s: worker %s gives no spikes of single neurons, so that none are recorded", s->name, s->worker);
        s->wants_spikes = false;
        return CAL_OK;
    }
    const cal_array offset = cal_read_array(r, map, "dt_ns", CAL_U32);
    const cal_array population = cal_read_array(r, map, "population", CAL_U32), id = cal_read_array(r, map, "id", CAL_U32);
    if (!cal_reader_is_broken(r) && (population.n != offset.n || id.n != offset.n))
        cal_reader_fail(r, "E106", "recorded spikes with %zu times and %zu neurons", offset.n, id.n);
    if (cal_reader_is_broken(r))
        return CAL_OK;
    CAL_TRY(cali_reserve(ctx, offset.n, sizeof *s->spike_times, &s->spike_times, &s->spike_capacities[0]));
    CAL_TRY(cali_reserve(ctx, offset.n, sizeof *s->spike_ids, &s->spike_ids, &s->spike_capacities[1]));
    CAL_TRY(cali_reserve(ctx, offset.n, sizeof *s->spike_populations, &s->spike_populations, &s->spike_capacities[2]));
    uint32_t before = 0;
    for (size_t i = 0; i < offset.n; i++) {
        uint32_t dt;
        memcpy(&dt, (const char *)offset.data + 4 * i, sizeof dt);
        memcpy(&s->spike_populations[i], (const char *)population.data + 4 * i, sizeof dt);
        memcpy(&s->spike_ids[i], (const char *)id.data + 4 * i, sizeof dt);
        s->spike_times[i] = t0 + dt;
        if (dt < before || dt == 0 || dt > s->window || s->spike_populations[i] >= s->n_populations ||
            s->spike_ids[i] >= s->n_neurons_of[s->spike_populations[i]]) {
            cal_reader_fail(r, "E106", "a recorded spike lies outside of the window or the network");
            return CAL_OK;
        }
        before = dt;
    }
    s->n_spikes = offset.n;
    return CAL_OK;
}

static cal_status read_samples(cali_slot *s, cal_reader *r, const cal_value *rec, cal_time t0)
{
    const cal_value *list = cal_value_find(rec, "samples");
    if (cal_value_n(list) != s->n_samplers && s->n_samplers > 0)
        cal_reader_fail(r, "E106", "%zu states of single neurons are recorded, the worker gives %zu", s->n_samplers,
                        cal_value_n(list));
    for (size_t i = 0; i < s->n_samplers && !cal_reader_is_broken(r); i++) {
        const cal_array a = cal_value_array(r, cal_value_at(list, i), CAL_F32);
        const size_t n_rows = (size_t)((t0 + s->window) / s->sample_every[i] - t0 / s->sample_every[i]);
        if (cal_reader_is_broken(r) || a.n_dims != 2 || a.dims[0] != n_rows || a.dims[1] != s->sample_columns[i]) {
            cal_reader_fail(r, "E106", "samples of state %zu are no %zu x %zu numbers", i, n_rows, s->sample_columns[i]);
            return CAL_OK;
        }
        CAL_TRY(cali_reserve(s->host->ctx, a.n, sizeof(float), &s->samples[i], &s->sample_capacity[i]));
        s->sample_rows[i] = a.dims[0];
        if (a.n > 0)
            memcpy(s->samples[i], a.data, a.n * sizeof(float));
    }
    return CAL_OK;
}

/* The outputs of a window, checked as what comes from a stranger. */
static cal_status read_output(cali_slot *s, const cal_message *m, cal_time t0, cal_port_data *data)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m), *out = cal_read_map(&r, body, "out"), *rec = cal_value_find(body, "rec");
    if (cal_read_int(&r, body, "t0_ns", 0, INT64_MAX) != t0)
        cal_reader_fail(&r, "E304", "the answer is of another window");
    for (size_t i = 0; i < s->n_ports && !cal_reader_is_broken(&r); i++) {
        const cal_port *p = &s->ports[i];
        if (p->is_input)
            continue;
        const cal_array a = cal_read_array(&r, out, p->name, CAL_F64);
        if (cal_reader_is_broken(&r))
            break;
        if (a.n_dims != 2 || a.dims[0] != p->channels || a.dims[1] != p->samples) {
            cal_reader_fail(&r, "E202", "port %s gives %u x %u values", p->name, p->channels, p->samples);
            break;
        }
        if (a.n > 0)
            memcpy(data[i].values, a.data, a.n * sizeof(double));
        for (size_t k = 0; k < a.n; k++)
            if (!isfinite(data[i].values[k]))
                cal_reader_fail(&r, "E302", "port %s gave a value that is not finite", p->name);
    }
    cal_status status = cal_reader_is_broken(&r) ? CAL_OK : read_spikes(s, &r, rec, t0);
    if (status == CAL_OK && !cal_reader_is_broken(&r))
        status = read_samples(s, &r, rec, t0);
    if (status == CAL_OK && !cal_reader_is_broken(&r))
        cali_watches_read(s, &r, cal_value_find(rec, "watched"), t0 + s->window);
    if (status == CAL_OK && cal_reader_is_broken(&r))
        return CAL_FAIL(s->host->ctx, strcmp(r.problem.code, "E302") == 0 ? CAL_ERR_NUMERIC : CAL_ERR_INPUT, "%s %s, worker %s: %s",
                        r.problem.code, s->name, s->worker, r.problem.text);
    return status;
}

/* The user stops the run: a window that is being computed is waited for, for the run then ends between two windows and can go
 * on later; a worker that is not there, or computes for long, is not. */
static bool is_vain(const cali_slot *s, double begin_s)
{
    return cali_host_is_stopped(s->host) &&
           (s->phase != CALI_LIVE || s->is_suspect || s->channel.wire == NULL || cali_wall_s() - begin_s > PATIENCE_S);
}

/* With the lock: moves messages until `is_there`, or the slot failed, or the user stops. */
static cal_status await(cali_slot *s, bool (*is_there)(const cali_slot *))
{
    cal_host *host = s->host;
    const double begin_s = cali_wall_s();
    while (!is_there(s)) {
        if (s->phase == CALI_SLOT_FAILED)
            return CAL_FAIL(host->ctx, s->status, "%s: %s", s->name, s->failure);
        if (is_vain(s, begin_s))
            return CAL_FAIL(host->ctx, CAL_ERR_STATE, "stopped while %s waited for its worker", s->name);
        cali_host_pump(host, SLICE_MS);
    }
    return CAL_OK;
}

static bool has_next_output(const cali_slot *s)
{
    const cali_log_entry *e = cali_slot_find_entry(s, s->n_finished);
    return e != NULL && e->output != NULL;
}

static cal_status finish(void *self, cal_time t0, cal_port_data *data)
{
    cali_slot *s = self;
    cal_host *host = s->host;
    pthread_mutex_lock(&host->lock);
    cal_status status = s->n_finished < s->n_begun ? await(s, has_next_output)
                                                   : CAL_FAIL(host->ctx, CAL_ERR_STATE, "%s: no window was begun", s->name);
    if (status == CAL_OK) {
        cali_log_entry *e = cali_slot_find_entry(s, s->n_finished);
        status = read_output(s, e->output, t0, data);
        cal_message_destroy(&e->output);
        s->n_finished++;
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

static cal_sub_spikes get_spikes(const void *self)
{
    const cali_slot *s = self;
    return (cal_sub_spikes){s->n_spikes, s->spike_times, s->spike_populations, s->spike_ids};
}

static cal_sub_samples get_samples(const void *self, size_t sampler)
{
    const cali_slot *s = self;
    return (cal_sub_samples){s->sample_rows[sampler], s->sample_columns[sampler], s->samples[sampler]};
}

static cal_sub_watched get_watched(const void *self, size_t watch)
{
    const cali_slot *s = self;
    if (watch >= s->n_watches)
        return (cal_sub_watched){0};
    const cali_watch *w = &s->watches[watch];
    return (cal_sub_watched){w->n, w->source, w->target, w->delay_ms, w->is_due ? w->values : NULL};
}

/* ---- states ---- */

static bool has_present_state(const cali_slot *s)
{
    return s->saved.bytes != NULL && s->saved.window == s->n_begun;
}

/* As await, but asks whoever serves the slot: a worker that dies on the way is followed by another one. */
static cal_status await_state(cali_slot *s)
{
    const double begin_s = cali_wall_s();
    while (!has_present_state(s)) {
        if (s->phase == CALI_LIVE && !s->has_snapshots)
            return CAL_FAIL(s->host->ctx, CAL_ERR_UNSUPPORTED, "%s: worker %s has no snapshots", s->name, s->worker);
        if (s->phase == CALI_LIVE && s->expected == s->n_begun)
            cali_slot_ask_snapshot(s);
        if (s->phase == CALI_SLOT_FAILED)
            return CAL_FAIL(s->host->ctx, s->status, "%s: %s", s->name, s->failure);
        if (is_vain(s, begin_s))
            return CAL_FAIL(s->host->ctx, CAL_ERR_STATE, "stopped while %s waited for its worker", s->name);
        cali_host_pump(s->host, SLICE_MS);
    }
    return CAL_OK;
}

static cal_status save_state(const void *self, char **bytes, size_t *size)
{
    cali_slot *s = (cali_slot *)(uintptr_t)self;
    *bytes = NULL;
    *size = 0;
    pthread_mutex_lock(&s->host->lock);
    cal_status status = await_state(s);
    if (status == CAL_OK && (*bytes = malloc(s->saved.size)) == NULL)
        status = CAL_FAIL(s->host->ctx, CAL_ERR_MEMORY, "no memory for the state of %s", s->name);
    if (status == CAL_OK) {
        memcpy(*bytes, s->saved.bytes, s->saved.size);
        *size = s->saved.size;
    }
    pthread_mutex_unlock(&s->host->lock);
    return status;
}

static bool is_live(const cali_slot *s)
{
    return s->phase == CALI_LIVE;
}

static cal_status restore_state(void *self, cal_time time, const char *bytes, size_t size, cal_restore how)
{
    cali_slot *s = self;
    cal_host *host = s->host;
    cali_saved saved = {.size = size, .number = 1, .how = how};
    pthread_mutex_lock(&host->lock);
    cal_status status = s->n_begun == 0 ? CAL_OK : CAL_FAIL(host->ctx, CAL_ERR_STATE, "a state is restored before the first window");
    if (status == CAL_OK && (saved.bytes = malloc(size)) == NULL)
        status = CAL_FAIL(host->ctx, CAL_ERR_MEMORY, "no memory for the state of %s", s->name);
    if (status == CAL_OK)
        status = cali_digest_bytes(host->ctx, bytes, size, saved.sha256);
    if (status == CAL_OK) {
        memcpy(saved.bytes, bytes, size);
        saved.window = (uint64_t)(time / s->window);
        free(s->saved.bytes);
        s->saved = saved;
        s->n_begun = s->n_finished = s->expected = s->to_send = saved.window;
        s->is_begin_awaited = true;
        if (s->phase == CALI_LIVE)
            cali_slot_restore(s);
        status = await(s, is_live);
    } else {
        free(saved.bytes);
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

/* The host keeps the slot: its worker hears BYE when the host ends. */
static void destroy(void *self)
{
    (void)self;
}

const cal_sub_ops cal_sub_remote = {
    .kind = "remote",
    .state_kind = "network",
    .n_ports = get_n_ports,
    .port = get_port,
    .begin = begin,
    .finish = finish,
    .compute_s = get_compute_s,
    .spikes = get_spikes,
    .samples = get_samples,
    .watched = get_watched,
    .destroy = destroy,
    .window = get_window,
    .save_state = save_state,
    .restore_state = restore_state,
};
