/* The state of a coupled run as bytes.
 *
 *     magic, version, byte order | windows done, sub-simulators | host: size, bytes
 *     each sub-simulator: lengths of name, kind, bytes, and the number of links | name | kind | bytes
 *         each link: counts, number of values | drive before the window | memory of the transducer
 *     digest of all before
 *
 * Outputs of the last windows are in the host's history before it is saved. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/snapshot.h"
#include "coupler/inside.h"

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)

static const char MAGIC[16] = "callosum brain\n";
enum { VERSION = 1 };

typedef struct header {
    char magic[16];
    uint64_t version, byte_order, n_windows, n_subs, host_size;
} header;

typedef struct sub_header {
    uint64_t name_length, kind_length, size, n_links;
} sub_header;

typedef struct link_header {
    uint64_t n_clipped, n_spikes;
    double clipped, expected;
    uint64_t n_values;
} link_header;

static const char *state_kind(const cali_sub *sub)
{
    return sub->ops->state_kind != NULL ? sub->ops->state_kind : sub->ops->kind;
}

static bool receives(const cali_link *l)
{
    return l->transducer->face.direction == CAL_RECEIVES;
}

static size_t n_memory(const cali_link *l)
{
    return l->transducer->n_memory == NULL ? 0 : l->transducer->n_memory(l->state);
}

static size_t n_values(const cali_link *l)
{
    return (receives(l) ? CALI_BINS_PAST : 0) + n_memory(l);
}

/* ---- saving --------------------------------------------------------------------------------------- */

static cal_status put_link(const cal_coupler *self, const cali_link *l, cali_text *out)
{
    const link_header h = {.n_clipped = l->counts.n_clipped, .n_spikes = l->counts.n_spikes,
                           .clipped = l->counts.clipped, .expected = l->counts.expected, .n_values = n_values(l)};
    cali_text_add_bytes(out, &h, sizeof h);
    if (receives(l))
        cali_text_add_bytes(out, l->drive + self->n_steps, CALI_BINS_PAST * sizeof(double));
    if (n_memory(l) == 0)
        return CAL_OK;
    double *memory = NULL;
    CAL_TRY(cali_alloc(self->ctx, n_memory(l), sizeof *memory, "memory of a link", &memory));
    l->transducer->save(l->state, memory);
    cali_text_add_bytes(out, memory, n_memory(l) * sizeof *memory);
    free(memory);
    return CAL_OK;
}

static cal_status put_sub(const cal_coupler *self, const cali_sub *sub, cali_text *out)
{
    char *bytes = NULL;
    size_t size = 0;
    if (sub->ops->save_state == NULL || sub->ops->restore_state == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "%s runs %s, where no state can be saved", sub->name,
                        sub->ops->kind);
    CAL_TRY(sub->ops->save_state(sub->self, &bytes, &size));
    const sub_header h = {strlen(sub->name), strlen(state_kind(sub)), size, sub->n_links};
    cali_text_add_bytes(out, &h, sizeof h);
    cali_text_add_bytes(out, sub->name, h.name_length);
    cali_text_add_bytes(out, state_kind(sub), h.kind_length);
    cali_text_add_bytes(out, bytes, size);
    free(bytes);
    for (size_t i = 0; i < sub->n_links; i++)
        CAL_TRY(put_link(self, &sub->links[i], out));
    return CAL_OK;
}

cal_status cal_coupler_save_state(cal_coupler *self, char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    if (self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "the coupler failed before");
    if (self->n_subs == 0)
        return cal_nmm_save_state(self->nmm, bytes, size);
    if (!self->has_past)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "a run with spiking regions is saved after its first window");
    for (size_t s = 0; s < self->n_subs; s++)
        if (self->subs[s].n_begun > self->n_windows)
            return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s has begun the window that follows", self->subs[s].name);
    CAL_TRY(cali_coupler_write_outputs(self, self->n_windows));
    char *host = NULL;
    header h = {.version = VERSION, .byte_order = CALI_BYTE_ORDER_MARK, .n_windows = self->n_windows,
                .n_subs = self->n_subs};
    memcpy(h.magic, MAGIC, sizeof h.magic);
    size_t host_size = 0;
    if (self->nmm != NULL)
        CAL_TRY(cal_nmm_save_state(self->nmm, &host, &host_size));
    h.host_size = host_size;
    cali_text out = {0};
    cali_text_add_bytes(&out, &h, sizeof h);
    cali_text_add_bytes(&out, host, host_size);
    free(host);
    cal_status status = CAL_OK;
    for (size_t s = 0; s < self->n_subs && status == CAL_OK; s++)
        status = put_sub(self, &self->subs[s], &out);
    if (status == CAL_OK)
        return cali_snapshot_seal(self->ctx, &out, "the run", bytes, size);
    cali_text_free(&out);
    return status;
}

/* ---- restoring ------------------------------------------------------------------------------------- */

/* Bytes that are taken from the front. */
typedef struct source {
    const char *at;
    size_t left;
} source;

/* NULL: there are fewer. */
static const char *take(source *from, uint64_t n)
{
    if (n > from->left)
        return NULL;
    const char *at = from->at;
    from->at += n;
    from->left -= (size_t)n;
    return at;
}

static cal_status take_link(const cal_coupler *self, const cali_sub *sub, cali_link *l, source *from, cal_restore how)
{
    link_header h;
    const char *at = take(from, sizeof h);
    if (at == NULL)
        REFUSE("the state is cut short at %s", sub->name);
    memcpy(&h, at, sizeof h);
    if (h.n_values != n_values(l))
        REFUSE("%s: the transducer %s of the state remembers %llu numbers, here %zu", sub->name,
               l->transducer->face.name, (unsigned long long)h.n_values, n_values(l));
    at = take(from, h.n_values * sizeof(double));
    if (at == NULL)
        REFUSE("the state is cut short at %s", sub->name);
    double *values = NULL;
    CAL_TRY(cali_alloc(self->ctx, n_values(l), sizeof *values, "memory of a link", &values));
    memcpy(values, at, n_values(l) * sizeof *values);
    bool is_finite = true;
    for (size_t i = 0; i < n_values(l); i++)
        is_finite = is_finite && isfinite(values[i]);
    const size_t n_past = receives(l) ? CALI_BINS_PAST : 0;
    if (is_finite && n_past > 0)
        memcpy(l->drive + self->n_steps, values, n_past * sizeof *values);
    if (is_finite && n_memory(l) > 0)
        l->transducer->restore(l->state, values + n_past);
    free(values);
    if (!is_finite)
        REFUSE("%s: the state holds a number that is not finite", sub->name);
    l->counts = (cal_link_counts){0};
    if (how == CAL_RESTORE_CONTINUE)
        l->counts = (cal_link_counts){h.n_clipped, h.clipped, h.n_spikes, h.expected};
    return CAL_OK;
}

static cal_status take_sub(const cal_coupler *self, cali_sub *sub, source *from, cal_time time, cal_restore how)
{
    sub_header h;
    const char *at = take(from, sizeof h);
    if (at == NULL)
        REFUSE("the state is cut short at %s", sub->name);
    memcpy(&h, at, sizeof h);
    const char *name = take(from, h.name_length), *kind = name == NULL ? NULL : take(from, h.kind_length);
    const char *bytes = kind == NULL ? NULL : take(from, h.size);
    if (bytes == NULL)
        REFUSE("the state is cut short at %s", sub->name);
    if (h.name_length != strlen(sub->name) || memcmp(name, sub->name, h.name_length) != 0 || h.n_links != sub->n_links)
        REFUSE("the state is of other spiking regions or transducers: %.*s stands where %s is here",
               (int)(h.name_length < 60 ? h.name_length : 60), name, sub->name);
    if (h.kind_length != strlen(state_kind(sub)) || memcmp(kind, state_kind(sub), h.kind_length) != 0)
        REFUSE("%s: the state is of another kind of simulator than %s", sub->name, sub->ops->kind);
    if (sub->ops->restore_state == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "%s runs %s, where no state can be restored", sub->name,
                        sub->ops->kind);
    CAL_TRY(sub->ops->restore_state(sub->self, time, bytes, (size_t)h.size, how));
    for (size_t i = 0; i < sub->n_links; i++)
        CAL_TRY(take_link(self, sub, &sub->links[i], from, how));
    return CAL_OK;
}

static cal_status take_subs(cal_coupler *self, const header *h, source *from, cal_restore how)
{
    if (h->n_subs != self->n_subs)
        REFUSE("the state is of %llu spiking regions, the run has %zu", (unsigned long long)h->n_subs, self->n_subs);
    const cal_time time = how == CAL_RESTORE_CONTINUE ? (cal_time)h->n_windows * self->window : 0;
    for (size_t s = 0; s < self->n_subs; s++)
        CAL_TRY(take_sub(self, &self->subs[s], from, time, how));
    if (from->left != 0)
        REFUSE("the state is broken: %zu bytes too many", from->left);
    self->n_windows = self->n_written = how == CAL_RESTORE_CONTINUE ? h->n_windows : 0;
    self->has_past = true;
    for (size_t s = 0; s < self->n_subs; s++) {
        self->subs[s].has_past = true;
        self->subs[s].n_begun = self->n_windows;
    }
    return CAL_OK;
}

static bool is_coupled(const char *bytes, size_t size)
{
    return bytes != NULL && size >= sizeof(header) + CALI_SEAL_SIZE && memcmp(bytes, MAGIC, sizeof MAGIC) == 0;
}

/* A run without spiking regions: its state is the host's. */
static cal_status take_host(cal_coupler *self, const char *bytes, size_t size, cal_restore how)
{
    CAL_TRY(cal_nmm_restore_state(self->nmm, bytes, size, how));
    const cal_time now = cal_nmm_time(self->nmm);
    self->is_broken = now % self->window != 0;
    if (self->is_broken)
        REFUSE("the state is of %g ms, which is no whole number of windows of %g ms", cal_time_ms(now),
               cal_time_ms(self->window));
    self->n_windows = (uint64_t)(now / self->window);
    return CAL_OK;
}

cal_status cal_coupler_restore_state(cal_coupler *self, const char *bytes, size_t size, cal_restore how)
{
    if (self->n_windows > 0 || self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "a state is restored before the first advance");
    if (!is_coupled(bytes, size)) {
        if (self->n_subs == 0 && self->nmm != NULL)
            return take_host(self, bytes, size, how);
        REFUSE("this is no saved state of a %s", self->nmm != NULL ? "run with spiking regions" : "network of its own");
    }
    header h;
    source from = {bytes, size - CALI_SEAL_SIZE};
    memcpy(&h, take(&from, sizeof h), sizeof h);
    if (h.version != VERSION || h.byte_order != CALI_BYTE_ORDER_MARK)
        REFUSE("the state is of version %llu, this program reads %d of its own byte order",
               (unsigned long long)h.version, VERSION);
    CAL_TRY(cali_snapshot_check(self->ctx, "", bytes, size));
    const char *host = take(&from, h.host_size);
    if (host == NULL || h.n_windows > (uint64_t)(INT64_MAX / self->window))
        REFUSE("the state is cut short or broken: %zu bytes", size);
    if ((self->nmm == NULL) != (h.host_size == 0))
        REFUSE("%s", self->nmm == NULL ? "the state is of a brain, this is a network of its own"
                                       : "the state is of a network of its own, this is a brain");
    if (self->nmm != NULL)
        CAL_TRY(cal_nmm_restore_state(self->nmm, host, (size_t)h.host_size, how));
    if (self->n_subs == 0)
        return CAL_OK;
    const cal_status status = take_subs(self, &h, &from, how);
    self->is_broken = status != CAL_OK;
    return status;
}
