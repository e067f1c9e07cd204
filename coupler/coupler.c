/* The window. What the host needs for window k was known at the end of window k - lag, so the host and
 * all sub-simulators compute it at the same time. Before that, one thread writes the outputs of window
 * k - lag into the host's history and reads the drives; after it, nothing is left to do: each
 * participant's block converts its own values. No step depends on the number of threads.
 *
 * Sub-simulators that compute elsewhere are given their window before the host's begins, and are waited for after it.
 * With lag 2 they are given window k + 1 before the host's window k begins: all that it needs was done by the end of
 * window k - 1. While window k + 1 is on its way, window k is computed.
 *
 * Without a host all this holds, less what is exchanged: sub-simulators are then computed side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/context.h"
#include "coupler/inside.h"

static cal_time start_of(const cal_coupler *self, uint64_t window)
{
    return (cal_time)window * self->window;
}

static cal_time window_start(const cal_coupler *self)
{
    return start_of(self, self->n_windows);
}

double *cali_sub_output(const cal_coupler *coupler, const cali_sub *sub, uint64_t window)
{
    return sub->outputs + window % coupler->lag * coupler->n_steps;
}

/* ---- before: the host's history and the drives ---- */

static cal_status read_drive(cal_coupler *self, cali_sub *sub, cali_link *l, uint64_t window)
{
    const size_t n = self->n_steps;
    double *drive = l->drive;
    if (sub->has_past)
        memmove(drive, drive + n, CALI_BINS_PAST * sizeof *drive);
    CAL_TRY(cal_nmm_read_drive(self->nmm, sub->region, l->coupling, start_of(self, window), n, drive + CALI_BINS_PAST));
    if (!sub->has_past) /* the history before the start is constant */
        for (size_t i = 0; i < CALI_BINS_PAST; i++)
            drive[i] = drive[CALI_BINS_PAST];
    for (size_t i = 0; i <= n; i++)
        if (!isfinite(drive[CALI_BINS_PAST + i]))
            return CAL_FAIL(self->ctx, CAL_ERR_NUMERIC, "E302 %s: the drive is not finite at %g ms", sub->name,
                            cal_time_ms(start_of(self, window) + (cal_time)i * self->dt));
    return CAL_OK;
}

static cal_status read_drives(cal_coupler *self, cali_sub *sub, uint64_t window)
{
    for (size_t i = 0; i < sub->n_links; i++)
        if (sub->links[i].transducer->face.direction == CAL_RECEIVES)
            CAL_TRY(read_drive(self, sub, &sub->links[i], window));
    sub->has_past = true;
    return CAL_OK;
}

static bool is_elsewhere(const cali_sub *sub)
{
    return sub->ops->begin != NULL;
}

cal_status cali_coupler_write_outputs(cal_coupler *self, uint64_t end)
{
    for (; self->n_written < end; self->n_written++)
        for (size_t s = 0; self->nmm != NULL && s < self->n_subs; s++)
            CAL_TRY(cal_nmm_write(self->nmm, self->subs[s].region,
                                  cali_sub_output(self, &self->subs[s], self->n_written), self->n_steps));
    return CAL_OK;
}

/* Everything before `window` - lag is done and goes into the host's history. */
static cal_status open_window(cal_coupler *self, uint64_t window)
{
    return window >= self->lag ? cali_coupler_write_outputs(self, window - self->lag + 1) : CAL_OK;
}

static cal_status exchange(cal_coupler *self)
{
    CAL_TRY(open_window(self, self->n_windows));
    for (size_t s = 0; s < self->n_subs; s++)
        if (!is_elsewhere(&self->subs[s]))
            CAL_TRY(read_drives(self, &self->subs[s], self->n_windows));
    return CAL_OK;
}

/* ---- the window itself: block 0 is the host, block 1 + s sub-simulator s ---- */

static cal_status receive(cal_coupler *self, cali_sub *sub, uint64_t window)
{
    for (size_t i = 0; i < sub->n_links; i++) {
        cali_link *l = &sub->links[i];
        if (l->transducer->face.direction != CAL_RECEIVES)
            continue;
        cali_bins_from_grid(&l->bins, l->drive, l->values);
        CAL_TRY(l->transducer->receive(l->state, &l->place, start_of(self, window), l->values, &sub->data[l->port],
                                       &l->counts));
    }
    return CAL_OK;
}

static cal_status give(cal_coupler *self, cali_sub *sub)
{
    double *y = cali_sub_output(self, sub, self->n_windows);
    for (size_t n = 0; n < self->n_steps; n++)
        y[n] = 0.0;
    for (size_t i = 0; i < sub->n_links; i++) {
        cali_link *l = &sub->links[i];
        if (l->transducer->face.direction != CAL_GIVES)
            continue;
        cali_bins_to_host(&l->bins, l->place.port->channels, sub->data[l->port].values, l->values);
        l->transducer->give(l->state, &l->place, l->values, y);
    }
    for (size_t n = 0; n < self->n_steps; n++)
        if (!isfinite(y[n]))
            return CAL_FAIL(self->ctx, CAL_ERR_NUMERIC, "E302 the output is not finite at %g ms",
                            cal_time_ms(window_start(self) + (cal_time)(n + 1) * self->dt));
    return CAL_OK;
}

static cal_status run_sub(cal_coupler *self, cali_sub *sub)
{
    const double begin = cali_wall_s();
    CAL_TRY(receive(self, sub, self->n_windows));
    const double received = cali_wall_s();
    CAL_TRY(sub->ops->advance(sub->self, window_start(self), sub->data));
    const double advanced = cali_wall_s();
    CAL_TRY(give(self, sub));
    sub->advance_s = advanced - received;
    sub->transducers_s = received - begin + (cali_wall_s() - advanced);
    return CAL_OK;
}

/* Gives the windows up to `last` to one that computes elsewhere. */
static cal_status begin(cal_coupler *self, cali_sub *sub, uint64_t last)
{
    for (; sub->n_begun <= last; sub->n_begun++) {
        CAL_TRY(open_window(self, sub->n_begun));
        CAL_TRY(read_drives(self, sub, sub->n_begun));
        CAL_TRY(receive(self, sub, sub->n_begun));
        CAL_TRY(sub->ops->begin(sub->self, start_of(self, sub->n_begun), sub->data));
    }
    return CAL_OK;
}

static void begin_elsewhere(cal_coupler *self)
{
    const uint64_t ahead = self->n_windows + 1;
    const bool is_ahead = self->lag == 2 && !self->is_held && (self->end == 0 || start_of(self, ahead) < self->end);
    for (size_t s = 0; s < self->n_subs; s++)
        if (is_elsewhere(&self->subs[s]))
            self->subs[s].status = begin(self, &self->subs[s], is_ahead ? ahead : self->n_windows);
}

static cal_status finish(cal_coupler *self, size_t s)
{
    cali_sub *sub = &self->subs[s];
    const double start = cali_wall_s(), computed = sub->ops->compute_s == NULL ? 0.0 : sub->ops->compute_s(sub->self);
    CAL_TRY(sub->ops->finish(sub->self, window_start(self), sub->data));
    const double finished = cali_wall_s();
    self->wait_s[s] += finished - start;
    sub->advance_s = sub->ops->compute_s == NULL ? finished - start : sub->ops->compute_s(sub->self) - computed;
    CAL_TRY(give(self, sub));
    sub->transducers_s = cali_wall_s() - finished;
    return CAL_OK;
}

static void finish_elsewhere(cal_coupler *self)
{
    for (size_t s = 0; s < self->n_subs; s++)
        if (is_elsewhere(&self->subs[s]) && self->subs[s].status == CAL_OK)
            self->subs[s].status = finish(self, s);
}

static void run_block(void *arg, size_t block)
{
    cal_coupler *self = arg;
    block += self->nmm == NULL;
    if (block > 0) {
        cali_sub *sub = &self->subs[block - 1];
        if (!is_elsewhere(sub))
            sub->status = run_sub(self, sub);
        return;
    }
    const double start = cali_wall_s();
    self->host_status = cal_nmm_advance(self->nmm, window_start(self) + self->window);
    self->host_s += cali_wall_s() - start;
}

/* The message says who failed, unless several did, or there is no host beside: then the first message stands as it is. */
static cal_status collect(cal_coupler *self)
{
    cal_status status = self->host_status;
    size_t n_failed = status != CAL_OK, failed = 0;
    for (size_t s = 0; s < self->n_subs; s++) {
        if (self->subs[s].status == CAL_OK)
            continue;
        status = status == CAL_OK ? self->subs[s].status : status;
        n_failed++;
        failed = s;
    }
    const char *message = cal_context_message(self->ctx);
    if (n_failed == 0)
        return CAL_OK;
    if (n_failed == 1 && self->nmm != NULL && self->host_status == CAL_OK &&
        strstr(message, self->subs[failed].name) == NULL) {
        char text[1024];
        snprintf(text, sizeof text, "%s: %s", self->subs[failed].name, message);
        cal_context_clear(self->ctx);
        return CAL_FAIL(self->ctx, status, "%s", text);
    }
    return status;
}

cal_status cal_coupler_advance(cal_coupler *coupler)
{
    if (coupler->is_broken)
        return CAL_FAIL(coupler->ctx, CAL_ERR_STATE, "the coupler failed before");
    const double start = cali_wall_s();
    coupler->is_broken = true; /* until the window is done */
    begin_elsewhere(coupler);
    CAL_TRY(exchange(coupler));
    coupler->exchange_s += cali_wall_s() - start;
    cali_parallel_for(cali_context_pool(coupler->ctx), coupler->n_subs + (coupler->nmm != NULL), run_block, coupler);
    finish_elsewhere(coupler);
    CAL_TRY(collect(coupler));
    coupler->is_held = false;
    for (size_t s = 0; s < coupler->n_subs; s++) {
        coupler->sub_s[s] += coupler->subs[s].advance_s;
        coupler->exchange_s += coupler->subs[s].transducers_s;
    }
    coupler->n_windows++;
    coupler->has_past = true;
    coupler->total_s += cali_wall_s() - start;
    coupler->is_broken = false;
    return CAL_OK;
}

void cal_coupler_hold(cal_coupler *coupler)
{
    coupler->is_held = true;
}

/* ---- what is known afterwards ---- */

cal_time cal_coupler_time(const cal_coupler *coupler)
{
    return window_start(coupler);
}

cal_nmm *cal_coupler_nmm(cal_coupler *coupler)
{
    return coupler->nmm;
}

size_t cal_coupler_n_subs(const cal_coupler *coupler)
{
    return coupler->n_subs;
}

const char *cal_coupler_sub_name(const cal_coupler *coupler, size_t sub)
{
    return coupler->subs[sub].name;
}

size_t cal_coupler_sub_region(const cal_coupler *coupler, size_t sub)
{
    return coupler->subs[sub].region;
}

const double *cal_coupler_output(const cal_coupler *coupler, size_t sub, size_t *n)
{
    *n = coupler->n_windows > 0 ? coupler->n_steps : 0;
    return cali_sub_output(coupler, &coupler->subs[sub],
                           coupler->n_windows > 0 ? coupler->n_windows - 1 : 0);
}

const double *cal_coupler_port_values(const cal_coupler *coupler, size_t sub, size_t port)
{
    return coupler->subs[sub].data[port].values;
}

cal_port_spikes cal_coupler_port_spikes(const cal_coupler *coupler, size_t sub, size_t port)
{
    return coupler->subs[sub].data[port].spikes;
}

cal_sub_spikes cal_coupler_spikes(const cal_coupler *coupler, size_t sub)
{
    const cali_sub *s = &coupler->subs[sub];
    return s->ops->spikes == NULL ? (cal_sub_spikes){0} : s->ops->spikes(s->self);
}

cal_sub_samples cal_coupler_samples(const cal_coupler *coupler, size_t sub, size_t sampler)
{
    const cali_sub *s = &coupler->subs[sub];
    return s->ops->samples == NULL ? (cal_sub_samples){0} : s->ops->samples(s->self, sampler);
}

cal_sub_watched cal_coupler_watched(const cal_coupler *coupler, size_t sub, size_t watch)
{
    const cali_sub *s = &coupler->subs[sub];
    return s->ops->watched == NULL ? (cal_sub_watched){0} : s->ops->watched(s->self, watch);
}

cal_link_counts cal_coupler_link_counts(const cal_coupler *coupler, size_t sub, size_t link)
{
    return coupler->subs[sub].links[link].counts;
}

cal_coupler_cost cal_coupler_get_cost(const cal_coupler *coupler)
{
    return (cal_coupler_cost){.host_s = coupler->host_s,
                              .exchange_s = coupler->exchange_s,
                              .total_s = coupler->total_s,
                              .sub_s = coupler->sub_s,
                              .wait_s = coupler->wait_s,
                              .n_windows = coupler->n_windows};
}
