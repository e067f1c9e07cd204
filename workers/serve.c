/* What a host asks of a worker. A message that the state does not allow is answered with E104 and changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "workers/worker.h"

void cali_service_end(cali_worker *w)
{
    cali_service *s = &w->service;
    for (size_t i = 0; i < s->n_ports; i++) {
        free(s->data[i].values);
        free((void *)(uintptr_t)s->data[i].spikes.offset_ns);
        free((void *)(uintptr_t)s->data[i].spikes.id);
    }
    if (s->sub.ops != NULL)
        s->sub.ops->destroy(s->sub.self);
    cali_answers_free(s);
    free(s->data);
    free(s->spike_capacity);
    free(s->offsets);
    free(s->state);
    *s = (cali_service){0};
    w->has_service = false;
}

static cal_status make_ports(cali_worker *w)
{
    cali_service *s = &w->service;
    const size_t n = s->sub.ops->n_ports(s->sub.self);
    CAL_TRY(cali_alloc(w->ctx, n, sizeof *s->data, "ports", &s->data));
    CAL_TRY(cali_alloc(w->ctx, n, sizeof *s->spike_capacity, "ports", &s->spike_capacity));
    for (; s->n_ports < n; s->n_ports++) {
        const cal_port *p = s->sub.ops->port(s->sub.self, s->n_ports);
        if (!p->is_spikes)
            CAL_TRY(cali_alloc(w->ctx, (size_t)p->channels * p->samples, sizeof(double), p->name,
                               &s->data[s->n_ports].values));
    }
    return CAL_OK;
}

static const cal_worker_model *find_model(const cali_worker *w, const char *name)
{
    for (size_t i = 0; i < w->def->n_models; i++)
        if (strcmp(w->def->models[i]->name, name) == 0)
            return w->def->models[i];
    return NULL;
}

/* The ports that the host will use must be those of the model: the first difference, or "". */
static bool has_ports(const cali_service *s, const cal_value *list, cal_reader *r)
{
    if (cal_value_n(list) != s->n_ports)
        cal_reader_fail(r, "E202", "the host names %zu ports, the model has %zu", cal_value_n(list), s->n_ports);
    for (size_t i = 0; i < s->n_ports && !cal_reader_is_broken(r); i++) {
        const cal_port *p = s->sub.ops->port(s->sub.self, i);
        const cal_value *v = cal_value_at(list, i);
        const char *name = cal_read_text(r, v, "name", false), *unit = cal_read_text(r, v, "unit", false);
        const char *dir = cal_read_text(r, v, "dir", false);
        const uint64_t channels = cal_read_uint(r, v, "channels", 0, UINT32_MAX);
        const uint64_t samples = cal_read_uint(r, v, "samples", 0, UINT32_MAX);
        if (!cal_reader_is_broken(r) &&
            (strcmp(name, p->name) != 0 || strcmp(unit, p->unit) != 0 || strcmp(dir, p->is_input ? "in" : "out") != 0 ||
             channels != p->channels || samples != p->samples))
            cal_reader_fail(r, "E202", "port %s (%s, %s, %llu x %llu) is here %s (%s, %s, %u x %u)", name, dir, unit,
                            (unsigned long long)channels, (unsigned long long)samples, p->name, p->is_input ? "in" : "out",
                            p->unit, p->channels, p->samples);
    }
    return !cal_reader_is_broken(r);
}

static void send_progress(cali_worker *w, const char *stage, const char *text)
{
    pthread_mutex_lock(&w->lock);
    cal_packer_clear(w->packer);
    cal_pack_text(w->packer, "stage", stage);
    cal_pack_real(w->packer, "fraction", 0.0);
    cal_pack_text(w->packer, "text", text);
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_PROGRESS}, w->packer);
    pthread_mutex_unlock(&w->lock);
}

/* What is watched, and what it is now. */
static void pack_watches(const cal_worker_sub *sub, cal_packer *p)
{
    if (sub->n_watches == 0 || sub->ops->watched == NULL)
        return;
    cal_pack_open_list(p, "watched");
    for (size_t i = 0; i < sub->n_watches; i++) {
        const cal_sub_watched x = sub->ops->watched(sub->self, i);
        const size_t n = x.n, n_values = x.values == NULL ? 0 : n;
        cal_pack_open_map(p, NULL);
        if (x.source != NULL) {
            cal_pack_lent_array(p, "source", CAL_U32, 1, &n, x.source);
            cal_pack_lent_array(p, "target", CAL_U32, 1, &n, x.target);
            cal_pack_lent_array(p, "delay_ms", CAL_F64, 1, &n, x.delay_ms);
        }
        cal_pack_lent_array(p, "values", CAL_F64, 1, &n_values, x.values == NULL ? (const void *)"" : x.values);
        cal_pack_close(p);
    }
    cal_pack_close(p);
}

/* Errors: what is watched is too large to travel. */
static cal_status send_ready(cali_worker *w, const char *digest, uint64_t answers)
{
    const cal_worker_sub *sub = &w->service.sub;
    const cal_frame *frames = NULL;
    size_t n = 0;
    pthread_mutex_lock(&w->lock);
    cal_packer_clear(w->packer);
    cal_pack_text(w->packer, "digest", digest);
    cal_pack_int(w->packer, "step_ns", sub->step);
    cal_pack_uint(w->packer, "memory_bytes", (uint64_t)sub->bytes);
    cal_pack_uint(w->packer, "neurons", sub->n_neurons);
    cal_pack_uint(w->packer, "synapses", sub->n_synapses);
    cal_pack_text(w->packer, "model", sub->digest);
    pack_watches(sub, w->packer);
    const cal_status status = cal_packer_get(w->packer, &frames, &n);
    if (status == CAL_OK && !cali_channel_send(&w->channel, (cal_header){.type = CAL_READY, .answers = answers}, frames, n))
        w->is_cut = true;
    cal_packer_clear(w->packer);
    pthread_mutex_unlock(&w->lock);
    return status;
}

void cali_worker_configure(cali_worker *w, const cal_message *m)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m);
    const uint64_t number = cal_message_header(m)->number;
    cali_service *s = &w->service;
    cali_service_end(w);
    w->has_service = true;
    const char *name = cal_read_text(&r, cal_read_map(&r, body, "model"), "name", false);
    s->window = cal_read_int(&r, body, "window_ns", 1, UINT32_MAX);
    s->start = cal_read_int(&r, body, "start_ns", 0, INT64_MAX / 4);
    const char *digest = cal_read_text(&r, body, "digest", false);
    const cal_value *ports = cal_read_list(&r, body, "ports");
    const cal_worker_model *model = cal_reader_is_broken(&r) ? NULL : find_model(w, name);
    if (model == NULL && !cal_reader_is_broken(&r))
        cal_reader_fail(&r, "E201", "this worker has no model \"%.60s\"", name);
    cal_status status = CAL_OK;
    if (!cal_reader_is_broken(&r)) {
        send_progress(w, "building", w->slot);
        status = model->build(w->ctx, body, &s->sub, &r.problem);
    }
    if (status == CAL_OK && !cal_reader_is_broken(&r))
        status = make_ports(w);
    if (status == CAL_OK && !cal_reader_is_broken(&r) && has_ports(s, ports, &r) && s->window % s->sub.step != 0)
        cal_reader_fail(&r, "E210", "a step of %g ms does not divide the window of %g ms", cal_time_ms(s->sub.step),
                        cal_time_ms(s->window));
    if (status != CAL_OK) {
        cali_worker_fail(w, number);
    } else if (cal_reader_is_broken(&r)) {
        w->state = CALI_FAILED;
        cali_worker_error(w, r.problem.code, "fatal", r.problem.text, number);
    } else {
        w->state = CALI_READY;
        if (send_ready(w, digest, number) != CAL_OK)
            cali_worker_fail(w, number);
    }
}

static void answer_query(cali_worker *w, const cal_message *m)
{
    const cal_value *names = cal_value_find(cal_message_body(m), "names");
    pthread_mutex_lock(&w->lock);
    cal_packer_clear(w->packer);
    cal_pack_open_map(w->packer, "values");
    for (size_t i = 0; i < cal_value_n(names); i++) {
        cal_reader r = {0};
        const char *name = cal_value_text(&r, cal_value_at(names, i), false);
        if (name != NULL && strcmp(name, "windows") == 0)
            cal_pack_uint(w->packer, name, w->service.next);
        else if (name != NULL && strcmp(name, "memory_bytes") == 0)
            cal_pack_uint(w->packer, name, (uint64_t)w->service.sub.bytes);
    }
    cal_pack_close(w->packer);
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_ANSWER, .answers = cal_message_header(m)->number}, w->packer);
    pthread_mutex_unlock(&w->lock);
}

/* The state by the names of the protocol. */
static cal_worker_state state_of(const cali_worker *w)
{
    if (w->state == CALI_FAILED)
        return CAL_WORKER_CLOSED;
    if (w->state != CALI_READY)
        return CAL_WORKER_CONFIGURING;
    return w->service.state_size > 0 ? CAL_WORKER_RESTORING : CAL_WORKER_READY;
}

static bool is_fatal(const cal_message *m)
{
    cal_reader r = {0};
    const char *severity = cal_read_text(&r, cal_message_body(m), "severity", false);
    return severity == NULL || strcmp(severity, "fatal") == 0;
}

bool cali_worker_handle(cali_worker *w, const cal_message *m)
{
    const cal_header *h = cal_message_header(m);
    if (h->session != w->channel.session || h->incarnation != w->channel.incarnation)
        return true; /* of another run, or before this worker took the slot */
    if (cal_message_name(h->type) == NULL)
        return true; /* of a later release */
    const cal_worker_state state = state_of(w);
    if (h->type == CAL_BYE) {
        cal_reader r = {0};
        const char *reason = cal_read_text(&r, cal_message_body(m), "reason", false);
        w->is_drained = reason != NULL && strcmp(reason, "drain") == 0;
        return false;
    }
    if (h->type == CAL_ERROR)
        return !is_fatal(m);
    if (h->type == CAL_ACK)
        return true; /* of a snapshot that was given up */
    if (!cal_message_is_handled(h->type, state))
        cali_worker_error(w, "E104", "warn", "this message is not allowed in the present state", h->number);
    else if (h->type == CAL_CONFIGURE)
        cali_worker_configure(w, m);
    else if (h->type == CAL_LOAD)
        cali_worker_load(w, m);
    else if (h->type == CAL_STEP)
        cali_worker_step(w, m);
    else if (h->type == CAL_SNAPSHOT)
        cali_worker_snapshot(w, m);
    else if (h->type == CAL_RESTORE_STATE)
        cali_worker_restore(w, m);
    else if (h->type == CAL_CHUNK)
        cali_worker_chunk(w, m);
    else if (h->type == CAL_QUERY)
        answer_query(w, m);
    return true;
}
