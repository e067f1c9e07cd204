/* Watched synapses of a slot: which they are is said once by READY, what they weigh by READY, RESTORED and each OUTPUT whose window
 * ends at a time that is asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "workers/host.h"

cal_status cali_watches_take(cali_slot *s, const cal_snn_def *network)
{
    CAL_TRY(cali_alloc(s->host->ctx, network->n_watches, sizeof *s->watches, "watched synapses", &s->watches));
    for (; s->n_watches < network->n_watches; s->n_watches++) {
        const cal_snn_watch *w = &network->watches[s->n_watches];
        if (w->choice.projection >= network->n_projections || w->every <= 0)
            return CAL_FAIL(s->host->ctx, CAL_ERR_ARGUMENT, "%s: watch %zu of projection %zu", s->name, s->n_watches,
                            w->choice.projection);
        const cal_snn_projection *p = &network->projections[w->choice.projection];
        s->watches[s->n_watches] = (cali_watch){.every = w->every, .is_structure = cal_snn_forms_synapses(p->synapse),
                                                .n_sources = network->populations[p->from].n,
                                                .n_targets = network->populations[p->to].n};
    }
    return CAL_OK;
}

/* A member of one dimension and `n` items, or of any number where `n` says so. */
static cal_array read_member(cal_reader *r, const cal_value *map, const char *key, cal_dtype dtype, size_t *n)
{
    const cal_array a = cal_read_array(r, map, key, dtype);
    if (*n == SIZE_MAX && !cal_reader_is_broken(r))
        *n = a.n;
    if (!cal_reader_is_broken(r) && (a.n_dims != 1 || a.n != *n))
        cal_reader_fail(r, "E106", "watched: %s has %zu items instead of %zu", key, a.n, *n);
    return a;
}

static void check_ids(cal_reader *r, const cal_array *ids, uint32_t limit)
{
    for (size_t i = 0; i < ids->n && !cal_reader_is_broken(r); i++) {
        uint32_t id;
        memcpy(&id, (const char *)ids->data + 4 * i, sizeof id);
        if (id >= limit)
            cal_reader_fail(r, "E106", "a watched synapse of neuron %u, of %u", id, limit);
    }
}

static void read_values(cali_watch *w, cal_reader *r, const cal_array *a, cal_time time)
{
    w->is_due = time % w->every == 0;
    if (!cal_reader_is_broken(r) && (a->n_dims != 1 || a->n != (w->is_due ? w->n : 0)))
        cal_reader_fail(r, "E106", "%zu values of what is watched instead of %zu", a->n, w->is_due ? w->n : 0);
    if (!cal_reader_is_broken(r) && !cal_array_is_finite(a))
        cal_reader_fail(r, "E302", "a weight that is not finite");
    if (!cal_reader_is_broken(r) && a->n > 0)
        memcpy(w->values, a->data, a->n * sizeof *w->values);
}

static cal_status copy(cal_context *ctx, const cal_array *from, void *out)
{
    void *data = NULL;
    CAL_TRY(cali_alloc(ctx, from->n, cal_dtype_size(from->dtype), "watched synapses", &data));
    if (from->n > 0)
        memcpy(data, from->data, from->n * cal_dtype_size(from->dtype));
    memcpy(out, &data, sizeof data);
    return CAL_OK;
}

/* `columns`: source, target, delay. */
static cal_status keep(cal_context *ctx, cali_watch *w, size_t n, const cal_array columns[3])
{
    w->n = n;
    CAL_TRY(cali_alloc(ctx, n, sizeof *w->values, "watched synapses", &w->values));
    if (w->is_structure)
        return CAL_OK;
    CAL_TRY(copy(ctx, &columns[0], &w->source));
    CAL_TRY(copy(ctx, &columns[1], &w->target));
    return copy(ctx, &columns[2], &w->delay_ms);
}

static bool is_same(const void *a, const cal_array *b)
{
    return b->n == 0 || memcmp(a, b->data, b->n * cal_dtype_size(b->dtype)) == 0;
}

static cal_status learn(cali_slot *s, cali_watch *w, cal_reader *r, const cal_value *map)
{
    cal_array columns[3] = {{0}};
    size_t n = w->is_structure ? CAL_N_STRUCTURE_VALUES : SIZE_MAX;
    if (!w->is_structure) {
        columns[0] = read_member(r, map, "source", CAL_U32, &n);
        columns[1] = read_member(r, map, "target", CAL_U32, &n);
        columns[2] = read_member(r, map, "delay_ms", CAL_F64, &n);
        check_ids(r, &columns[0], w->n_sources);
        check_ids(r, &columns[1], w->n_targets);
    }
    const cal_array values = cal_read_array(r, map, "values", CAL_F64);
    if (cal_reader_is_broken(r))
        return CAL_OK;
    if (!s->has_watches) {
        CAL_TRY(keep(s->host->ctx, w, n, columns));
        read_values(w, r, &values, 0);
    } else if (n != w->n || !is_same(w->source, &columns[0]) || !is_same(w->target, &columns[1]) || !is_same(w->delay_ms, &columns[2])) {
        cal_reader_fail(r, "E211", "other synapses are watched than by the worker before");
    }
    return CAL_OK;
}

cal_status cali_watches_learn(cali_slot *s, cal_reader *r, const cal_value *ready)
{
    const cal_value *list = cal_value_find(ready, "watched");
    cal_status status = CAL_OK;
    if (cal_value_n(list) != s->n_watches)
        cal_reader_fail(r, "E203", "the weights of %zu connections are to be recorded, this worker gives %zu", s->n_watches,
                        cal_value_n(list));
    for (size_t i = 0; i < s->n_watches && status == CAL_OK && !cal_reader_is_broken(r); i++)
        status = learn(s, &s->watches[i], r, cal_value_at(list, i));
    s->has_watches = s->has_watches || (status == CAL_OK && !cal_reader_is_broken(r));
    return status;
}

void cali_watches_read(cali_slot *s, cal_reader *r, const cal_value *list, cal_time time)
{
    if (cal_value_n(list) != s->n_watches)
        cal_reader_fail(r, "E106", "%zu connections are watched, the worker gives %zu", s->n_watches, cal_value_n(list));
    for (size_t i = 0; i < s->n_watches && !cal_reader_is_broken(r); i++) {
        const cal_array a = cal_value_array(r, cal_value_at(list, i), CAL_F64);
        read_values(&s->watches[i], r, &a, time);
    }
}

void cali_watches_free(cali_slot *s)
{
    for (size_t i = 0; i < s->n_watches; i++) {
        free(s->watches[i].source);
        free(s->watches[i].target);
        free(s->watches[i].delay_ms);
        free(s->watches[i].values);
    }
    free(s->watches);
}
