/* STEP -> sub-simulator -> OUTPUT. Each window is computed once: a STEP that comes again gets the answer that was kept, byte for
 * byte; the same window with other content is an error. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "workers/worker.h"

void cali_answers_free(cali_service *s)
{
    for (size_t i = 0; i < CALI_KEPT_OUTPUTS; i++) {
        cali_kept_free(&s->answers[i].frames);
        s->answers[i].is_kept = false;
    }
    cali_kept_pool_free(&s->pool);
}

static void send_answer(cali_worker *w, const cali_answer *a, uint64_t answers)
{
    cali_worker_send_kept(w, (cal_header){.type = CAL_OUTPUT, .answers = answers, .window = a->window, .has_window = true,
                                          .digest = a->frames.digest, .has_digest = true, .compute_ns = a->compute_ns}, &a->frames);
}

/* ---- inputs ---- */

static void read_values(cal_reader *r, const cal_value *in, const cal_port *p, double *values)
{
    const cal_array a = cal_read_array(r, in, p->name, CAL_F64);
    if (cal_reader_is_broken(r))
        return;
    if (a.n_dims != 2 || a.dims[0] != p->channels || a.dims[1] != p->samples) {
        cal_reader_fail(r, "E202", "port %s takes %u x %u values", p->name, p->channels, p->samples);
        return;
    }
    if (a.n > 0)
        memcpy(values, a.data, a.n * sizeof *values);
    for (size_t i = 0; i < a.n; i++)
        if (!isfinite(values[i])) {
            cal_reader_fail(r, "E302", "port %s is given a value that is not finite", p->name);
            return;
        }
}

/* Offsets within the window, sorted by (offset, id). */
static bool are_in_order(const cal_port *p, cal_time window, size_t n, const uint32_t *offset, const uint32_t *id)
{
    for (size_t i = 0; i < n; i++) {
        if (offset[i] == 0 || offset[i] > window || id[i] >= p->channels)
            return false;
        if (i > 0 && (offset[i] < offset[i - 1] || (offset[i] == offset[i - 1] && id[i] < id[i - 1])))
            return false;
    }
    return true;
}

static cal_status read_spikes(cali_worker *w, cal_reader *r, const cal_value *in, size_t port)
{
    cali_service *s = &w->service;
    const cal_port *p = s->sub.ops->port(s->sub.self, port);
    const cal_value *map = cal_read_map(r, in, p->name);
    const cal_array offset = cal_read_array(r, map, "dt_ns", CAL_U32), id = cal_read_array(r, map, "id", CAL_U32);
    if (!cal_reader_is_broken(r) && (offset.n_dims != 1 || id.n_dims != 1 || offset.n != id.n))
        cal_reader_fail(r, "E106", "port %s is given %zu times and %zu numbers of neurons", p->name, offset.n, id.n);
    if (cal_reader_is_broken(r))
        return CAL_OK;
    cal_port_spikes *spikes = &s->data[port].spikes;
    uint32_t *offsets = (uint32_t *)(uintptr_t)spikes->offset_ns, *ids = (uint32_t *)(uintptr_t)spikes->id;
    if (offset.n > s->spike_capacity[port] || offsets == NULL) {
        free(offsets);
        free(ids);
        *spikes = (cal_port_spikes){0};
        s->spike_capacity[port] = 0;
        CAL_TRY(cali_alloc(w->ctx, 2 * offset.n, sizeof *offsets, "spikes", &offsets));
        spikes->offset_ns = offsets;
        CAL_TRY(cali_alloc(w->ctx, 2 * offset.n, sizeof *ids, "spikes", &ids));
        spikes->id = ids;
        s->spike_capacity[port] = 2 * offset.n;
    }
    spikes->n = offset.n;
    if (offset.n > 0) {
        memcpy(offsets, offset.data, offset.n * sizeof *offsets);
        memcpy(ids, id.data, id.n * sizeof *ids);
    }
    if (!are_in_order(p, s->window, spikes->n, offsets, ids))
        cal_reader_fail(r, "E106", "the spikes of port %s are not sorted, or lie outside of the window", p->name);
    return CAL_OK;
}

static cal_status read_inputs(cali_worker *w, cal_reader *r, const cal_value *body)
{
    cali_service *s = &w->service;
    const cal_value *in = cal_read_map(r, body, "in"), *set = cal_value_find(body, "set");
    const cal_time t0 = s->start + (cal_time)s->next * s->window;
    if (cal_read_int(r, body, "t0_ns", 0, INT64_MAX) != t0 || cal_read_int(r, body, "t1_ns", 0, INT64_MAX) != t0 + s->window)
        cal_reader_fail(r, "E304", "window %llu begins at %lld ns", (unsigned long long)s->next, (long long)t0);
    if (cal_value_n(set) > 0)
        cal_reader_fail(r, "E203", "this model has no parameters that can be set in a run");
    for (size_t i = 0; i < s->n_ports && !cal_reader_is_broken(r); i++) {
        const cal_port *p = s->sub.ops->port(s->sub.self, i);
        if (p->is_input && p->is_spikes)
            CAL_TRY(read_spikes(w, r, in, i));
        else if (p->is_input)
            read_values(r, in, p, s->data[i].values);
    }
    return CAL_OK;
}

/* ---- outputs ---- */

static cal_status pack_spikes(cali_worker *w, cal_packer *p, cal_time t0)
{
    cali_service *s = &w->service;
    if (s->sub.ops->spikes == NULL)
        return CAL_OK;
    const cal_sub_spikes spikes = s->sub.ops->spikes(s->sub.self);
    CAL_TRY(cali_reserve(w->ctx, spikes.n, sizeof *s->offsets, &s->offsets, &s->offset_capacity));
    for (size_t i = 0; i < spikes.n; i++)
        s->offsets[i] = (uint32_t)(spikes.time[i] - t0);
    cal_pack_open_map(p, "spikes"); /* kept before they change */
    cal_pack_lent_array(p, "dt_ns", CAL_U32, 1, &spikes.n, s->offsets);
    cal_pack_lent_array(p, "population", CAL_U32, 1, &spikes.n, spikes.population);
    cal_pack_lent_array(p, "id", CAL_U32, 1, &spikes.n, spikes.id);
    cal_pack_close(p);
    return CAL_OK;
}

void cali_watched_pack(const cali_service *s, cal_packer *p)
{
    if (s->sub.n_watches == 0 || s->sub.ops->watched == NULL)
        return;
    cal_pack_open_list(p, "watched");
    for (size_t i = 0; i < s->sub.n_watches; i++) {
        const cal_sub_watched x = s->sub.ops->watched(s->sub.self, i);
        const size_t n = x.values == NULL ? 0 : x.n;
        cal_pack_lent_array(p, NULL, CAL_F64, 1, &n, n == 0 ? (const void *)"" : x.values);
    }
    cal_pack_close(p);
}

static cal_status pack_output(cali_worker *w, cal_packer *p, cal_time t0)
{
    const cali_service *s = &w->service;
    cal_packer_clear(p);
    cal_pack_int(p, "t0_ns", t0);
    cal_pack_int(p, "t1_ns", t0 + s->window);
    cal_pack_open_map(p, "out");
    for (size_t i = 0; i < s->n_ports; i++) {
        const cal_port *port = s->sub.ops->port(s->sub.self, i);
        const size_t dims[] = {port->channels, port->samples};
        if (!port->is_input)
            cal_pack_lent_array(p, port->name, CAL_F64, 2, dims, s->data[i].values); /* kept before it changes */
    }
    cal_pack_close(p);
    cal_pack_open_map(p, "rec");
    CAL_TRY(pack_spikes(w, p, t0));
    if (s->sub.n_samplers > 0 && s->sub.ops->samples != NULL) {
        cal_pack_open_list(p, "samples");
        for (size_t i = 0; i < s->sub.n_samplers; i++) {
            const cal_sub_samples x = s->sub.ops->samples(s->sub.self, i);
            const size_t dims[] = {x.n_rows, x.n_columns};
            cal_pack_lent_array(p, NULL, CAL_F32, 2, dims, x.rows);
        }
        cal_pack_close(p);
    }
    cali_watched_pack(s, p);
    cal_pack_close(p);
    return CAL_OK;
}

static cal_status compute(cali_worker *w, const cal_message *m)
{
    cali_service *s = &w->service;
    const cal_time t0 = s->start + (cal_time)s->next * s->window;
    cali_answer *a = &s->answers[s->next % CALI_KEPT_OUTPUTS];
    const double begin = cali_wall_s();
    CAL_TRY(s->sub.ops->advance(s->sub.self, t0, s->data));
    const double end = cali_wall_s();
    CAL_TRY(pack_output(w, w->outputs, t0));
    cali_kept_recycle(&s->pool, &a->frames);
    a->is_kept = false;
    CAL_TRY(cali_kept_take(w->ctx, w->outputs, &s->pool, &a->frames));
    a->is_kept = true;
    a->window = s->next;
    a->compute_ns = (uint64_t)(1e9 * (end - begin)) + 1;
    a->step_digest = cal_message_header(m)->digest;
    s->next++;
    send_answer(w, a, cal_message_header(m)->number);
    return CAL_OK;
}

/* A window that was computed before. */
static void repeat(cali_worker *w, const cal_header *h)
{
    const cali_answer *a = &w->service.answers[h->window % CALI_KEPT_OUTPUTS];
    if (!a->is_kept || a->window != h->window)
        cali_worker_error(w, "E304", "window", "this window was computed, and its answer is no longer kept", h->number);
    else if (a->step_digest != h->digest)
        cali_worker_error(w, "E303", "window", "this window was computed from another STEP", h->number);
    else
        send_answer(w, a, h->number);
}

void cali_worker_step(cali_worker *w, const cal_message *m)
{
    const cal_header *h = cal_message_header(m);
    cal_reader r = {0};
    if (h->window < w->service.next) {
        repeat(w, h);
        return;
    }
    if (h->window > w->service.next) {
        cali_worker_error(w, "E304", "window", "a window was skipped", h->number);
        return;
    }
    cal_status status = read_inputs(w, &r, cal_message_body(m));
    if (status == CAL_OK && cal_reader_is_broken(&r)) {
        cali_worker_error(w, r.problem.code, "window", r.problem.text, h->number);
        return;
    }
    if (status == CAL_OK)
        status = compute(w, m);
    if (status != CAL_OK)
        cali_worker_fail(w, h->number);
}
