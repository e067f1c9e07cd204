/* From definitions to a coupler: all checks, all memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "coupler/inside.h"

enum { USE_LINK = 0x6c696e6b, MAX_PORTS = 1 << 16, MAX_VALUES = 1 << 28 };

/* ---- the coupler ---- */

cal_coupler_def cal_coupler_def_default(void)
{
    return (cal_coupler_def){.window = CAL_NS_PER_MS, .lag = 1};
}

cal_time cal_coupler_longest_window(double min_delay_ms, cal_time step, unsigned lag, cal_time duration)
{
    if (step <= 0 || lag == 0 || !(min_delay_ms > 0.0) || duration < 0 || duration % step != 0)
        return 0;
    /* a thousandth of a nanosecond: rounding of a length divided by a speed */
    const double delay_ns = min_delay_ms * 1e6 + 1e-3;
    const int64_t most = INT64_MAX / 2 / step;
    const double ratio = floor(delay_ns / lag) / (double)step;
    int64_t m = ratio >= (double)most ? most : (int64_t)(floor(delay_ns / lag)) / step;
    if (duration == 0 || m == 0)
        return m * step;
    const int64_t steps = duration / step;
    if (m >= steps)
        return duration;
    int64_t best = 0;
    for (int64_t i = 1; i <= steps / i; i++) {
        if (steps % i != 0)
            continue;
        if (i <= m && i > best)
            best = i;
        if (steps / i <= m && steps / i > best)
            best = steps / i;
    }
    return best * step;
}

static void name_region(const cal_connectome *connectome, size_t region, size_t size, char *name)
{
    if (connectome != NULL && region < cal_connectome_n_regions(connectome))
        snprintf(name, size, "%s", cal_connectome_labels(connectome)[region]);
    else
        snprintf(name, size, "region %zu", region);
}

static cal_status fail_window(const cal_coupler *self, const cal_coupler_def *def, double delay_ms,
                              size_t from, size_t to)
{
    char source[128], target[128], tract[96] = "";
    name_region(def->connectome, from, sizeof source, source);
    name_region(def->connectome, to, sizeof target, target);
    if (def->connectome != NULL && def->speed_mm_per_ms > 0.0) {
        const size_t n = cal_connectome_n_regions(def->connectome);
        snprintf(tract, sizeof tract, ", %.3g mm at %g mm/ms",
                 cal_connectome_lengths_mm(def->connectome)[to * n + from], def->speed_mm_per_ms);
    }
    const double longest =
        cal_time_ms(cal_coupler_longest_window(delay_ms, self->dt, def->lag, 0));
    return CAL_FAIL(self->ctx, CAL_ERR_INPUT,
                    "C201 window %g ms is longer than %sthe smallest delay %.3g ms (%s -> %s%s)."
                    " Longest legal window here: %g ms.",
                    cal_time_ms(def->window), def->lag == 2 ? "half " : "", delay_ms, source, target,
                    tract, longest);
}

static cal_status init(cal_coupler *self, const cal_coupler_def *def)
{
    self->dt = self->nmm != NULL ? cal_nmm_dt(self->nmm) : def->window;
    self->window = def->window;
    self->lag = def->lag;
    self->end = def->end;
    self->key = cali_key_from_seed(def->seed);
    if (def->lag != 1 && def->lag != 2)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "lag must be 1 or 2 windows, is %u", def->lag);
    if (def->window <= 0 || def->window > UINT32_MAX || def->window % self->dt != 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                        "window %g ms is not a multiple of the host's step %g ms, or above 4294 ms",
                        cal_time_ms(def->window), cal_time_ms(self->dt));
    self->n_steps = (size_t)(def->window / self->dt);
    if (self->nmm == NULL)
        return CAL_OK;
    if (cal_nmm_time(self->nmm) != 0)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "the host has been advanced already");
    size_t from = 0, to = 0;
    const double delay_ms = cal_nmm_min_external_delay_ms(self->nmm, &from, &to);
    /* a thousandth of a nanosecond, as above */
    if (isfinite(delay_ms) && (double)(def->lag * def->window) > delay_ms * 1e6 + 1e-3)
        return fail_window(self, def, delay_ms, from, to);
    return CAL_OK;
}

cal_status cal_coupler_create(cal_context *ctx, const cal_coupler_def *def, cal_nmm **nmm, cal_coupler **out)
{
    cal_coupler *self = NULL;
    *out = NULL;
    const cal_status status = cali_alloc(ctx, 1, sizeof *self, "coupler", &self);
    if (status != CAL_OK) {
        cal_nmm_destroy(nmm);
        return status;
    }
    self->ctx = ctx;
    if (nmm != NULL) {
        self->nmm = *nmm;
        *nmm = NULL;
    }
    const cal_status made = init(self, def);
    if (made != CAL_OK)
        cal_coupler_destroy(&self);
    else
        *out = self;
    return made;
}

void cali_sub_free(cali_sub *sub)
{
    for (size_t i = 0; i < sub->n_links; i++) {
        cali_link *l = &sub->links[i];
        if (l->state != NULL && l->transducer->destroy != NULL)
            l->transducer->destroy(l->state);
        cali_bins_free(&l->bins);
        free(l->state);
        free(l->params);
        free(l->drive);
        free(l->values);
    }
    for (size_t i = 0; sub->data != NULL && i < sub->n_ports; i++)
        free(sub->data[i].values);
    if (sub->self != NULL)
        sub->ops->destroy(sub->self);
    free(sub->links);
    free(sub->data);
    free(sub->ports);
    free(sub->outputs);
    free(sub->name);
}

void cal_coupler_destroy(cal_coupler **coupler)
{
    cal_coupler *self = coupler == NULL ? NULL : *coupler;
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->n_subs; i++)
        cali_sub_free(&self->subs[i]);
    cal_nmm_destroy(&self->nmm);
    free(self->subs);
    free(self->sub_s);
    free(self->wait_s);
    free(self);
    *coupler = NULL;
}

/* ---- sub-simulators ---- */

static cal_status take_ports(cal_coupler *self, cali_sub *sub)
{
    const size_t n = sub->ops->n_ports(sub->self);
    if (n > MAX_PORTS)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s has %zu ports, at most %d are possible",
                        sub->name, n, MAX_PORTS);
    CAL_TRY(cali_alloc(self->ctx, n, sizeof *sub->ports, "ports", &sub->ports));
    CAL_TRY(cali_alloc(self->ctx, n, sizeof *sub->data, "port data", &sub->data));
    sub->n_ports = n;
    for (size_t i = 0; i < n; i++) {
        const cal_port *p = sub->ops->port(sub->self, i);
        sub->ports[i] = *p;
        if (p->channels == 0 || p->samples == 0 || (uint64_t)p->channels * p->samples > MAX_VALUES)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                            "%s, port %s: %u channels x %u samples are out of range", sub->name,
                            p->name, p->channels, p->samples);
        if (p->is_spikes && !p->is_input)
            return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED,
                            "%s, port %s: an output port of spikes; give a rate instead", sub->name,
                            p->name);
        if (p->is_spikes)
            continue;
        CAL_TRY(cali_alloc(self->ctx, (size_t)p->channels * p->samples, sizeof(double),
                           "values of a port", &sub->data[i].values));
    }
    return CAL_OK;
}

static bool has_unit(const cali_transducer *t, const cal_port *port)
{
    if (t->units == NULL)
        return strcmp(port->unit, "event") != 0;
    for (size_t i = 0; t->units[i] != NULL; i++)
        if (strcmp(t->units[i], port->unit) == 0)
            return true;
    return false;
}

static cal_status check_link(cal_coupler *self, const cali_sub *sub, const cal_link *link)
{
    cal_context *ctx = self->ctx;
    const cali_transducer *t = link->transducer == NULL ? NULL : cali_transducer_of(link->transducer);
    if (t == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: a link without a known transducer", sub->name);
    const char *name = t->face.name;
    if (link->port >= sub->n_ports)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: transducer %s at port %zu, but there are %zu",
                        sub->name, name, link->port, sub->n_ports);
    const cal_port *port = &sub->ports[link->port];
    const bool receives = t->face.direction == CAL_RECEIVES;
    if (receives != port->is_input)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: transducer %s %s, but port %s is an %s",
                        sub->name, name, receives ? "writes inputs" : "reads outputs", port->name,
                        port->is_input ? "input" : "output");
    if (t->is_for_spikes != port->is_spikes || !has_unit(t, port))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%s: transducer %s does not fit port %s of unit %s; it %s %s", sub->name, name,
                        port->name, port->unit, receives ? "gives" : "takes",
                        receives ? t->face.gives : t->face.takes);
    if (t->needs_means && port->is_points)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%s: transducer %s needs means over bins, port %s carries points", sub->name,
                        name, port->name);
    if (!receives && port->is_points && port->samples % self->n_steps != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%s: port %s gives %u points per window, the host needs one per step (%zu)",
                        sub->name, port->name, port->samples, self->n_steps);
    return CAL_OK;
}

static cal_status take_params(cal_coupler *self, const cali_sub *sub, const double *values, cali_link *l)
{
    const cal_transducer *face = &l->transducer->face;
    CAL_TRY(cali_alloc(self->ctx, face->n_params, sizeof(double), "parameters of a link", &l->params));
    for (size_t i = 0; i < face->n_params; i++) {
        const cal_field *f = &face->params[i];
        const double x = values == NULL ? f->value : values[i];
        if (!isfinite(x) || x < f->low || x > f->high)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                            "%s: %s of transducer %s is %g %s, its range is %g to %g", sub->name,
                            f->name, face->name, x, f->unit, f->low, f->high);
        l->params[i] = x;
    }
    return CAL_OK;
}

static cal_status make_link(cal_coupler *self, cali_sub *sub, const cal_link *from, size_t index)
{
    CAL_TRY(check_link(self, sub, from));
    cali_link *l = &sub->links[index];
    const cal_port *port = &sub->ports[from->port];
    l->transducer = cali_transducer_of(from->transducer);
    l->port = from->port;
    l->coupling = from->coupling;
    CAL_TRY(take_params(self, sub, from->params, l));
    CAL_TRY(cali_bins_create(self->ctx, self->n_steps, port->samples, port->is_points, &l->bins));
    const size_t n = port->samples > self->n_steps ? port->samples : self->n_steps;
    CAL_TRY(cali_alloc(self->ctx, n, sizeof(double), "values of a link", &l->values));
    CAL_TRY(cali_alloc(self->ctx, CALI_BINS_PAST + self->n_steps + 1, sizeof(double),
                       "drive of a link", &l->drive));
    const cali_key own = cali_key_derive(self->key, USE_LINK, (uint32_t)sub->region);
    l->place = (cali_link_place){.ctx = self->ctx,
                                 .region = sub->name,
                                 .port = port,
                                 .params = l->params,
                                 .window = self->window,
                                 .dt_ms = cal_time_ms(self->dt),
                                 .n_steps = self->n_steps,
                                 .key = cali_key_derive(own, USE_LINK, (uint32_t)index)};
    CAL_TRY(cali_alloc(self->ctx, 1, l->transducer->state_size, "state of a link", &l->state));
    return l->transducer->init == NULL ? CAL_OK : l->transducer->init(l->state, &l->place);
}

/* Every input once, at least one output where there is a host; points and bins do not mix in one region's output. */
static cal_status check_links(cal_coupler *self, const cali_sub *sub, cal_samples *samples)
{
    size_t n_gives = 0, n_points = 0;
    for (size_t i = 0; i < sub->n_links; i++)
        if (sub->links[i].transducer->face.direction == CAL_GIVES) {
            n_gives++;
            n_points += sub->ports[sub->links[i].port].is_points;
        }
    if (self->nmm == NULL && sub->n_links > 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s has %zu links, but there is no host", sub->name, sub->n_links);
    if (self->nmm != NULL && n_gives == 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                        "%s gives nothing to the host: link one of its outputs", sub->name);
    if (n_points != 0 && n_points != n_gives)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                        "%s gives points on one port and means on another; its output is one or the other",
                        sub->name);
    *samples = n_points > 0 ? CAL_SAMPLES_POINTS : CAL_SAMPLES_BINS;
    for (size_t p = 0; p < sub->n_ports; p++) {
        size_t n = 0;
        for (size_t i = 0; i < sub->n_links; i++)
            n += sub->links[i].port == p;
        if (sub->ports[p].is_input && n != 1)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                            "%s: input port %s has %zu links, it needs exactly one", sub->name,
                            sub->ports[p].name, n);
    }
    return CAL_OK;
}

static cal_status make_sub(cal_coupler *self, cali_sub *sub, const char *name, const cal_link *links,
                           size_t n_links)
{
    CAL_TRY(cali_copy_text(self->ctx, name, &sub->name));
    if (self->n_windows > 0)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s comes too late: the run has begun", name);
    if (self->nmm != NULL && sub->region >= cal_nmm_n_regions(self->nmm))
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: region %zu, but there are %zu", name,
                        sub->region, cal_nmm_n_regions(self->nmm));
    for (size_t i = 0; i < self->n_subs; i++)
        if (self->subs[i].region == sub->region)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s and %s stand in the place of region %zu",
                            self->subs[i].name, name, sub->region);
    const cal_time window = sub->ops->window == NULL ? self->window : sub->ops->window(sub->self);
    if (window != self->window)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s was built for windows of %g ms, not %g ms",
                        name, cal_time_ms(window), cal_time_ms(self->window));
    CAL_TRY(take_ports(self, sub));
    CAL_TRY(cali_alloc(self->ctx, n_links, sizeof *sub->links, "links", &sub->links));
    for (size_t i = 0; i < n_links; i++) {
        sub->n_links = i + 1; /* half-built ones are freed */
        CAL_TRY(make_link(self, sub, &links[i], i));
    }
    CAL_TRY(cali_alloc(self->ctx, self->lag * self->n_steps, sizeof(double), "outputs of a region",
                       &sub->outputs));
    cal_samples samples = CAL_SAMPLES_BINS;
    CAL_TRY(check_links(self, sub, &samples));
    return self->nmm != NULL ? cal_nmm_set_samples(self->nmm, sub->region, samples) : CAL_OK;
}

cal_status cal_coupler_add(cal_coupler *coupler, const char *name, size_t region, const cal_sub_ops *ops,
                           void *self, const cal_link *links, size_t n_links)
{
    cali_sub sub = {.region = region, .ops = ops, .self = self};
    cal_status status = make_sub(coupler, &sub, name, links, n_links);
    if (status == CAL_OK)
        status = cali_reserve(coupler->ctx, coupler->n_subs + 1, sizeof sub, &coupler->subs,
                              &coupler->capacity);
    if (status == CAL_OK)
        status = cali_reserve(coupler->ctx, coupler->n_subs + 1, sizeof(double), &coupler->sub_s,
                              &coupler->n_costs);
    if (status == CAL_OK)
        status = cali_reserve(coupler->ctx, coupler->n_subs + 1, sizeof(double), &coupler->wait_s, &coupler->n_waits);
    if (status != CAL_OK) {
        cali_sub_free(&sub);
        return status;
    }
    coupler->subs[coupler->n_subs] = sub;
    coupler->sub_s[coupler->n_subs] = coupler->wait_s[coupler->n_subs] = 0.0;
    coupler->n_subs++;
    return CAL_OK;
}
