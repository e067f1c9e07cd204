/* The state of a session between two windows as bytes, and back.
 *
 *     magic, version, byte order | time, window | lengths of what follows
 *     layout | state of the coupler | sums under way | digest of all before
 *
 * The layout is a text that names everything with a sum; it must be that of the session. One walk over the session both
 * saves and restores the sums. What was recorded is not here but in run.h5, which is on the disk before a checkpoint
 * is written: `cal_recorder_replay` brings the recorder to the same place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/snapshot.h"
#include "experiment/session.h"

#define REFUSE(ctx, ...) return CAL_FAIL((ctx), CAL_ERR_INPUT, "C305 " __VA_ARGS__)

static const char MAGIC[16] = "callosum ckpt\n";
enum { VERSION = 1 };

typedef struct header {
    char magic[16];
    uint64_t version, byte_order;
    int64_t time, window;
    uint64_t layout_size, state_size, sums_size;
} header;

/* ---- layout ------------------------------------------------------------------------------------------ */

static void describe_tracks(const cal_session *s, cali_text *out)
{
    for (size_t i = 0; i < s->n_tracks; i++) {
        const cali_track *t = &s->tracks[i];
        size_t n_state = 0;
        if (t->monitor != NULL)
            cal_monitor_get_state(t->monitor, &n_state);
        cali_text_format(out, "signal %zu probe %zu steps %zu monitor %zu\n", t->signal, t->probe, t->n_steps, n_state);
    }
    for (size_t i = 0; i < s->n_port_tracks; i++) {
        const cali_port_track *t = &s->port_tracks[i];
        cali_text_format(out, "signal %zu sub %zu port %zu steps %zu\n", t->signal, t->sub, t->port, t->n_steps);
    }
    for (size_t i = 0; i < s->alone.n_tracks; i++) {
        const cali_population_track *t = &s->alone.tracks[i];
        cali_text_format(out, "signal %zu columns %zu bins %zu\n", t->signal, t->n_columns, t->n_bins);
    }
}

static cal_status describe(cal_session *s, cali_text *out)
{
    cal_replay *order = NULL;
    size_t n = 0;
    cali_text_format(out, "callosum %s\nwindow %lld step %lld lag %u regions %zu\n", CAL_VERSION, (long long)s->plan.window,
                     (long long)s->plan.dt, s->plan.lag, s->n_regions);
    for (size_t k = 0; k < s->plan.n_networks; k++)
        cali_text_format(out, "network %s %llu\n", s->plan.networks[k].region,
                         (unsigned long long)s->plan.networks[k].n_neurons);
    describe_tracks(s, out);
    CAL_TRY(cali_signals_order(s, &order, &n));
    for (size_t i = 0; i < n; i++)
        cali_text_format(out, "%s %zu\n", order[i].is_train ? "spikes" : "rows", order[i].index);
    free(order);
    return out->is_broken ? CAL_FAIL(s->ctx, CAL_ERR_MEMORY, "no memory for a checkpoint") : CAL_OK;
}

/* ---- sums under way ------------------------------------------------------------------------------------ */

/* One walk for both directions: bytes go from the session into `out`, or from `at` into the session. */
typedef struct passage {
    cali_text *out; /* NULL: restoring */
    const char *at;
    size_t left;
    bool is_broken;
} passage;

static void pass(passage *p, void *data, size_t size)
{
    if (p->out != NULL) {
        cali_text_add_bytes(p->out, data, size);
        return;
    }
    p->is_broken = p->is_broken || size > p->left;
    if (p->is_broken)
        return;
    memcpy(data, p->at, size);
    p->at += size;
    p->left -= size;
}

/* A count that stays below `most`. */
static void pass_count(passage *p, size_t *count, size_t most)
{
    uint64_t value = *count;
    pass(p, &value, sizeof value);
    p->is_broken = p->is_broken || value >= most;
    if (!p->is_broken)
        *count = (size_t)value;
}

static void pass_seconds(passage *p, double *seconds)
{
    double value = *seconds;
    pass(p, &value, sizeof value);
    p->is_broken = p->is_broken || !(value >= 0.0 && value < 1e12);
    if (!p->is_broken)
        *seconds = value;
}

/* The count of the rows that a monitor took is known from the time. */
static cal_status pass_monitor(cal_session *s, passage *p, cali_track *t)
{
    size_t n = 0;
    double *copy = NULL;
    const double *state = cal_monitor_get_state(t->monitor, &n);
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *copy, "monitor", &copy));
    memcpy(copy, state, n * sizeof *copy);
    pass(p, copy, n * sizeof *copy);
    const cal_time every = (cal_time)t->n_steps * s->plan.dt;
    p->is_broken = p->is_broken || copy[0] != (double)(cal_session_time(s) / every);
    const cal_status status = p->is_broken || p->out != NULL ? CAL_OK : cal_monitor_set_state(t->monitor, n, copy);
    free(copy);
    return status;
}

static cal_status pass_probes(cal_session *s, passage *p)
{
    cal_nmm *host = cal_coupler_nmm(s->coupler);
    if (host == NULL)
        return CAL_OK;
    const size_t n = cal_nmm_n_probe_sums(host);
    double *sums = NULL;
    CAL_TRY(cali_alloc(s->ctx, n, sizeof *sums, "sums", &sums));
    cal_nmm_get_probe_sums(host, sums);
    pass(p, sums, n * sizeof *sums);
    if (p->out == NULL && !p->is_broken)
        cal_nmm_set_probe_sums(host, sums);
    free(sums);
    return CAL_OK;
}

static cal_status pass_sums(cal_session *s, passage *p)
{
    pass_seconds(p, &s->wall_s);
    pass_seconds(p, &s->recording_s);
    CAL_TRY(pass_probes(s, p));
    for (size_t i = 0; i < s->n_tracks; i++) {
        cali_track *t = &s->tracks[i];
        pass_count(p, &t->n_taken, t->n_steps);
        pass(p, t->sums, s->plan.n_networks * sizeof *t->sums);
        if (t->monitor != NULL)
            CAL_TRY(pass_monitor(s, p, t));
    }
    for (size_t i = 0; i < s->n_port_tracks; i++) {
        pass_count(p, &s->port_tracks[i].n_taken, s->port_tracks[i].n_steps);
        pass(p, &s->port_tracks[i].sum, sizeof s->port_tracks[i].sum);
    }
    for (size_t i = 0; i < s->alone.n_tracks; i++) {
        cali_population_track *t = &s->alone.tracks[i];
        pass_count(p, &t->n_taken, t->n_bins);
        pass(p, t->sums, t->n_columns * sizeof *t->sums);
    }
    return CAL_OK;
}

/* ---- saving -------------------------------------------------------------------------------------------- */

static cal_status collect(cal_session *s, cali_text *layout, cali_text *sums, char **state, size_t *state_size)
{
    CAL_TRY(describe(s, layout));
    CAL_TRY(pass_sums(s, &(passage){.out = sums}));
    return cal_coupler_save_state(s->coupler, state, state_size);
}

cal_status cali_checkpoint_save(cal_session *s, char **bytes, size_t *size)
{
    cali_text layout = {0}, sums = {0}, out = {0};
    char *state = NULL;
    size_t state_size = 0;
    const cal_status status = collect(s, &layout, &sums, &state, &state_size);
    if (status == CAL_OK) {
        header h = {.version = VERSION, .byte_order = CALI_BYTE_ORDER_MARK, .time = cal_session_time(s),
                    .window = s->plan.window, .layout_size = layout.size, .state_size = state_size, .sums_size = sums.size};
        memcpy(h.magic, MAGIC, sizeof h.magic);
        cali_text_add_bytes(&out, &h, sizeof h);
        cali_text_add_bytes(&out, layout.data, layout.size);
        cali_text_add_bytes(&out, state, state_size);
        cali_text_add_bytes(&out, sums.data, sums.size);
        out.is_broken = out.is_broken || sums.is_broken;
    }
    free(state);
    cali_text_free(&layout);
    cali_text_free(&sums);
    return status == CAL_OK ? cali_snapshot_seal(s->ctx, &out, "the run", bytes, size) : status;
}

/* ---- restoring ----------------------------------------------------------------------------------------- */

cal_status cali_checkpoint_check(cal_context *ctx, const char *bytes, size_t size, cal_time *time)
{
    header h;
    if (bytes == NULL || size < sizeof h + CALI_SEAL_SIZE)
        REFUSE(ctx, "the checkpoint is cut short: %zu bytes", size);
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.magic, MAGIC, sizeof h.magic) != 0)
        REFUSE(ctx, "this is no checkpoint");
    if (h.version != VERSION || h.byte_order != CALI_BYTE_ORDER_MARK)
        REFUSE(ctx, "the checkpoint is of version %llu, this program reads %d of its own byte order",
               (unsigned long long)h.version, VERSION);
    CAL_TRY(cali_snapshot_check(ctx, "", bytes, size));
    const uint64_t inner = size - sizeof h - CALI_SEAL_SIZE;
    if (h.layout_size > inner || h.state_size > inner - h.layout_size ||
        h.sums_size != inner - h.layout_size - h.state_size || h.time <= 0 || h.window <= 0 || h.time % h.window != 0)
        REFUSE(ctx, "the checkpoint is broken: %zu bytes", size);
    *time = h.time;
    return CAL_OK;
}

static cal_status check_layout(cal_session *s, const header *h, const char *layout)
{
    cali_text own = {0};
    cal_status status = describe(s, &own);
    if (status == CAL_OK && (h->window != s->plan.window || h->time > s->experiment->duration ||
                             own.size != h->layout_size || memcmp(own.data, layout, own.size) != 0))
        status = CAL_FAIL(s->ctx, CAL_ERR_INPUT, "C305 the checkpoint is of another experiment, or of another version of "
                          "the program");
    cali_text_free(&own);
    return status;
}

cal_status cali_checkpoint_restore(cal_session *s, const char *bytes, size_t size)
{
    header h;
    cal_time time = 0;
    CAL_TRY(cali_checkpoint_check(s->ctx, bytes, size, &time));
    memcpy(&h, bytes, sizeof h);
    const char *layout = bytes + sizeof h, *state = layout + h.layout_size;
    CAL_TRY(check_layout(s, &h, layout));
    CAL_TRY(cal_coupler_restore_state(s->coupler, state, (size_t)h.state_size, CAL_RESTORE_CONTINUE));
    if (cal_session_time(s) != time)
        REFUSE(s->ctx, "the checkpoint is broken: its state is of %g ms, not of %g ms", cal_time_ms(cal_session_time(s)),
               cal_time_ms(time));
    passage p = {.at = state + h.state_size, .left = (size_t)h.sums_size};
    CAL_TRY(pass_sums(s, &p));
    if (p.is_broken || p.left != 0)
        REFUSE(s->ctx, "the checkpoint is broken where its sums should stand");
    return cali_keep_states(s);
}
