/* Wirings as edges. A delay of s = tau / dt steps, not rounded, is read with the cubic through
 * four neighbouring grid points:
 *
 *     x(t_n - tau) = sum_q w_q x_n+b+q,     b = floor(-s) - 1,   w_q = prod_r (-s - b - r) / (q - r)
 *
 * moved into the past where a point would not be known yet. By the newest point that they touch, edges
 * are far (known for a whole batch of steps ahead) or near; a delay of 0 makes them instantaneous. Integrators
 * that hold the coupling over a step round delays to whole steps, and edges read one value. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nmm/host.h"

static const double EXACT = 1e-9; /* steps: rounding of a length divided by a speed */

void cali_stencil_points(double steps, int64_t limit, double weight, int64_t *base, double *w)
{
    int64_t b = (int64_t)floor(-steps) - 1;
    if (b + 3 > -limit)
        b = -limit - 3;
    const double s = -steps - (double)b;
    w[0] = weight * ((s - 1.0) * (s - 2.0) * (s - 3.0) / -6.0);
    w[1] = weight * (s * (s - 2.0) * (s - 3.0) / 2.0);
    w[2] = weight * (s * (s - 1.0) * (s - 3.0) / -2.0);
    w[3] = weight * (s * (s - 1.0) * (s - 2.0) / 6.0);
    *base = b;
}

void cali_stencil_bins(double steps, int64_t limit, double weight, int64_t *base, double *w)
{
    /* the bin in slot n has its centre at n - 1/2 */
    const double at = -steps + 0.5;
    int64_t older = (int64_t)floor(at);
    if (older + 1 > -limit)
        older = -limit - 1;
    const double s = at - (double)older;
    w[0] = w[1] = 0.0;
    w[2] = weight * (1.0 - s);
    w[3] = weight * s;
    *base = older - 2;
}

/* What is needed of one connection. */
typedef struct link {
    size_t to, from;
    double weight, delay_ms, steps;
    bool crosses; /* one end is external */
} link;

typedef struct builder {
    cal_nmm *nmm;
    const cal_nmm_def *def;
    cali_wiring *wiring; /* the one under way */
    const double *lengths;
    double smallest, largest, smallest_crossing; /* steps; delayed edges only */
    link tightest;                               /* the smallest crossing one */
    size_t n_delayed[CALI_N_REACHES], n_instant, n_self, n_external, n_raised;
    int64_t reach; /* steps that an internal edge must lie back */
    void (*visit)(struct builder *self, const link *l);
} builder;

static bool is_external(const cal_nmm *nmm, size_t region)
{
    return nmm->block_of[region] < 0;
}

static double get_weight(const builder *self, size_t to, size_t from)
{
    const cali_wiring *wiring = self->wiring;
    if (wiring->model != NULL)
        return self->def->regions[to].model == wiring->model ? 1.0 : 0.0;
    if (wiring->is_local && to == from && is_external(self->nmm, to))
        return 0.0; /* what it does to itself is computed elsewhere */
    if (wiring->weights == NULL)
        return 1.0;
    const double weight = wiring->weights[to * self->nmm->n_regions + from];
    return wiring->is_local ? weight : self->def->gain * weight;
}

static double get_delay_ms(const builder *self, size_t to, size_t from)
{
    const cali_wiring *wiring = self->wiring;
    const cal_nmm_def *def = self->def;
    const size_t e = to * self->nmm->n_regions + from;
    if (wiring->model != NULL) {
        const double *params = def->regions[to].params;
        return params != NULL ? params[wiring->param] : wiring->model->params[wiring->param].value;
    }
    if (wiring->is_local)
        return 0.0;
    if (def->delays_ms != NULL)
        return def->delays_ms[e];
    return isinf(def->speed_mm_per_ms) ? 0.0 : self->lengths[e] / def->speed_mm_per_ms;
}

/* Values that an edge reads at one time. */
static size_t n_points(const cal_nmm *nmm)
{
    return nmm->traits.holds ? 1 : 4;
}

/* Connection from -> to; false if there is none. */
static bool get_link(const builder *self, size_t to, size_t from, link *l, bool *is_raised)
{
    const cal_nmm_def *def = self->def;
    const double weight = get_weight(self, to, from);
    if (weight == 0.0)
        return false;
    double delay_ms = get_delay_ms(self, to, from);
    const bool is_tract = self->wiring->model == NULL && !self->wiring->is_local;
    *is_raised = is_tract && delay_ms < def->min_delay_ms;
    delay_ms = *is_raised ? def->min_delay_ms : delay_ms;
    double steps = delay_ms / self->nmm->dt_ms;
    const double whole = floor(steps + 0.5);
    if (self->nmm->traits.holds)
        steps = rint(steps); /* ties to even */
    else if (fabs(steps - whole) < EXACT)
        steps = whole; /* what was meant to lie on the grid lies on it */
    *l = (link){.to = to, .from = from, .weight = weight, .delay_ms = delay_ms, .steps = steps,
                .crosses = is_external(self->nmm, to) || is_external(self->nmm, from)};
    return true;
}

/* The sources that a target may have: all, or itself. */
static size_t first_source(const builder *self, size_t to)
{
    return self->wiring->is_own ? to : 0;
}

static size_t end_source(const builder *self, size_t to)
{
    return self->wiring->is_own ? to + 1 : self->nmm->n_regions;
}

bool cali_nmm_has_delays(cal_nmm *nmm, const cal_nmm_def *def)
{
    builder self = {.nmm = nmm, .def = def, .lengths = cal_connectome_lengths_mm(nmm->connectome)};
    for (size_t w = 0; w < nmm->n_wirings; w++) {
        self.wiring = &nmm->wirings[w];
        for (size_t to = 0; to < nmm->n_regions; to++)
            for (size_t from = first_source(&self, to); from < end_source(&self, to); from++) {
                link l;
                bool is_raised;
                if (get_link(&self, to, from, &l, &is_raised) && l.delay_ms != 0.0)
                    return true;
            }
    }
    return false;
}

/* A parameter of the region is the delay. */
static cal_status check_own_link(builder *self, const link *l)
{
    cal_nmm *nmm = self->nmm;
    const cali_wiring *wiring = self->wiring;
    const char *name = wiring->model->params[wiring->param].name, *region = cali_nmm_label(nmm, l->to);
    if (!(l->delay_ms >= 0.0) || isinf(l->delay_ms))
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "%s of %s in %s is %g ms, must be >= 0", name,
                        wiring->model->name, region, l->delay_ms);
    if (l->steps > 0.0 && l->steps < 1.0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT,
                        "the delay %s = %g ms of %s in %s is shorter than the step %g ms. Set a smaller step, or 0: "
                        "instantaneous.",
                        name, l->delay_ms, wiring->model->name, region, nmm->dt_ms);
    return CAL_OK;
}

static cal_status check_link(builder *self, const link *l)
{
    if (self->wiring->model != NULL)
        return check_own_link(self, l);
    cal_nmm *nmm = self->nmm;
    const char *from = cali_nmm_label(nmm, l->from), *to = cali_nmm_label(nmm, l->to);
    if (!isfinite(l->weight))
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "the weight of %s -> %s is not finite", from, to);
    if (!(l->delay_ms >= 0.0) || isinf(l->delay_ms))
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "the delay of %s -> %s is %g ms", from, to,
                        l->delay_ms);
    if (l->crosses && l->steps == 0.0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_INPUT,
                        "C203 \"%s\" is connected to \"%s\" with delay 0, so no window exists. Give a "
                        "length, or set coupling.min_delay.",
                        is_external(nmm, l->to) ? to : from, is_external(nmm, l->to) ? from : to);
    if (l->steps > 0.0 && l->steps < 1.0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT,
                        "the delay %g ms (%s -> %s) is shorter than the step %g ms. Set a smaller step, "
                        "or coupling.min_delay.",
                        l->delay_ms, from, to, nmm->dt_ms);
    return CAL_OK;
}

static void note_extent(builder *self, const link *l)
{
    if (l->steps == 0.0)
        return;
    self->largest = fmax(self->largest, l->steps);
    if (!l->crosses)
        self->smallest = fmin(self->smallest, l->steps);
    else if (l->steps < self->smallest_crossing) {
        self->smallest_crossing = l->steps;
        self->tightest = *l;
    }
}

static cal_status survey(builder *self)
{
    cal_nmm *nmm = self->nmm;
    for (size_t to = 0; to < nmm->n_regions; to++)
        for (size_t from = first_source(self, to); from < end_source(self, to); from++) {
            link l;
            bool is_raised;
            if (!get_link(self, to, from, &l, &is_raised))
                continue;
            self->n_raised += is_raised;
            CAL_TRY(check_link(self, &l));
            note_extent(self, &l);
        }
    return CAL_OK;
}

static cal_status check_window(builder *self)
{
    cal_nmm *nmm = self->nmm;
    const link *l = &self->tightest;
    nmm->min_external_delay_ms = INFINITY;
    if (isinf(self->smallest_crossing))
        return CAL_OK;
    nmm->min_external_delay_ms = l->delay_ms;
    nmm->min_external_from = l->from;
    nmm->min_external_to = l->to;
    if (self->smallest_crossing >= (double)nmm->lag)
        return CAL_OK;
    char way[64] = "";
    if (self->def->delays_ms == NULL)
        snprintf(way, sizeof way, ", %.4g mm at %.4g mm/ms",
                 self->lengths[l->to * nmm->n_regions + l->from], self->def->speed_mm_per_ms);
    /* the lag is a whole number of windows */
    const int64_t per = nmm->lag / nmm->window > 0 ? nmm->lag / nmm->window : 1;
    const double legal = floor(self->smallest_crossing / (double)per + EXACT) * nmm->dt_ms;
    if (per == 1)
        return CAL_FAIL(nmm->ctx, CAL_ERR_INPUT,
                        "C201 window %.6g ms is longer than the smallest delay %.4g ms (%s -> %s%s). "
                        "Longest legal window here: %.6g ms.",
                        (double)nmm->lag * nmm->dt_ms, l->delay_ms, cali_nmm_label(nmm, l->from),
                        cali_nmm_label(nmm, l->to), way, legal);
    return CAL_FAIL(nmm->ctx, CAL_ERR_INPUT,
                    "C201 %ld windows of %.6g ms are longer than the smallest delay %.4g ms (%s -> "
                    "%s%s). Longest legal window here: %.6g ms.",
                    (long)per, (double)nmm->window * nmm->dt_ms, l->delay_ms,
                    cali_nmm_label(nmm, l->from), cali_nmm_label(nmm, l->to), way, legal);
}

/* Adaptive steps may not go over what is not known yet, so all its delayed edges are far edges of a batch no
 * longer than the smallest delay. The grid methods take near edges step by step instead. */
static void choose_batch(builder *self)
{
    cal_nmm *nmm = self->nmm;
    self->reach = 1;
    nmm->batch = CALI_NMM_BATCH;
    if (!nmm->traits.is_adaptive)
        return;
    const double smallest = fmin(self->smallest, self->smallest_crossing);
    nmm->batch = nmm->window < 256 ? nmm->window : 256;
    if (smallest < (double)nmm->batch)
        nmm->batch = (int64_t)floor(smallest + EXACT);
    self->reach = nmm->batch;
}

/* ---- filling ----------------------------------------------------------------------------------- */

static int64_t limit_of(const builder *self, const link *l)
{
    const int64_t limit = l->crosses ? self->nmm->lag : 1;
    return limit > self->reach ? limit : self->reach;
}

/* Where an edge reads: delays that are rounded need one value. */
static void find_stencil(const cal_nmm *nmm, const cali_external_edge *edge, cal_samples samples, int64_t *base,
                         double *w)
{
    if (nmm->traits.holds) {
        *base = -(int64_t)edge->steps;
        w[0] = edge->weight;
    } else if (samples == CAL_SAMPLES_BINS)
        cali_stencil_bins(edge->steps, edge->limit, edge->weight, base, w);
    else
        cali_stencil_points(edge->steps, edge->limit, edge->weight, base, w);
}

static cali_reach find_reach(const builder *self, const link *l, int64_t *base, double *w)
{
    const cali_external_edge edge = {.steps = l->steps, .weight = l->weight, .limit = limit_of(self, l)};
    find_stencil(self->nmm, &edge, CAL_SAMPLES_POINTS, base, w);
    const int64_t newest = *base + (int64_t)n_points(self->nmm) - 1;
    if (self->nmm->traits.is_adaptive || newest <= -CALI_NMM_BATCH)
        return CALI_FAR;
    return newest <= -CALI_NMM_STRIDE ? CALI_MIDDLE : CALI_NEAR;
}

static void count_link(builder *self, const link *l)
{
    int64_t base;
    double w[4];
    if (l->steps == 0.0 && l->from == l->to)
        self->n_self++;
    else if (l->steps == 0.0)
        self->n_instant++;
    else
        self->n_delayed[find_reach(self, l, &base, w)]++;
    self->n_external += l->steps > 0.0 && is_external(self->nmm, l->from);
}

static void place(builder *self, cali_reach reach, const link *l, int64_t base, const double *w)
{
    cal_nmm *nmm = self->nmm;
    cali_edges *edges = &self->wiring->delayed[reach];
    edges->offset[edges->n] = (int32_t)((int64_t)(l->from * nmm->ring_stride) + base);
    memcpy(edges->w + edges->n_points * edges->n, w, edges->n_points * sizeof *w);
    if (is_external(nmm, l->from))
        nmm->external_edges[nmm->n_external_edges++] =
            (cali_external_edge){l->from, edges->n, (size_t)(self->wiring - nmm->wirings), reach, l->steps, l->weight,
                                 limit_of(self, l)};
    edges->n++;
}

/* Regions whose near edges read them within a batch. */
static void note_prompt(cal_nmm *nmm, size_t region)
{
    if (is_external(nmm, region))
        return;
    cali_block *b = &nmm->blocks[nmm->block_of[region]];
    const size_t at = nmm->position[region] - b->at;
    for (size_t i = 0; i < b->n_prompt; i++)
        if (b->prompt[i] == at)
            return;
    b->prompt[b->n_prompt++] = at;
}

/* Blocks that must go step by step together: both ends of an edge that acts within a stride. */
static void note_meeting(cal_nmm *nmm, const link *l)
{
    const size_t ends[2] = {l->from, l->to};
    for (int i = 0; i < 2; i++)
        if (!is_external(nmm, ends[i]) && !nmm->blocks[nmm->block_of[ends[i]]].meets) {
            nmm->blocks[nmm->block_of[ends[i]]].meets = true;
            nmm->n_meeting++;
        }
}

static void add_link(builder *self, const link *l)
{
    const cal_nmm *nmm = self->nmm;
    cali_wiring *wiring = self->wiring;
    int64_t base;
    double w[4];
    wiring->row_weights[nmm->position[l->to]] += l->weight;
    if (l->steps == 0.0 && l->from == l->to) {
        wiring->self[nmm->position[l->to]] += l->weight;
        return;
    }
    if (l->steps == 0.0) {
        wiring->instant.source[wiring->instant.n] = nmm->position[l->from];
        wiring->instant.w[wiring->instant.n++] = l->weight;
    } else {
        const cali_reach reach = find_reach(self, l, &base, w);
        place(self, reach, l, base, w);
        if (reach == CALI_NEAR)
            note_prompt(self->nmm, l->from);
        if (reach != CALI_NEAR)
            return;
    }
    if (l->from != l->to)
        note_meeting(self->nmm, l);
}

/* All connections of the wiring, by position of the target. */
static void each_link(builder *self)
{
    const cal_nmm *nmm = self->nmm;
    cali_wiring *wiring = self->wiring;
    for (size_t t = 0; t < nmm->n_regions; t++) {
        for (size_t from = first_source(self, nmm->order[t]); from < end_source(self, nmm->order[t]); from++) {
            link l;
            bool is_raised;
            if (get_link(self, nmm->order[t], from, &l, &is_raised))
                self->visit(self, &l);
        }
        if (wiring->delayed[CALI_FAR].first == NULL)
            continue;
        for (int reach = 0; reach < CALI_N_REACHES; reach++)
            wiring->delayed[reach].first[t + 1] = wiring->delayed[reach].n;
        wiring->instant.first[t + 1] = wiring->instant.n;
    }
}

static cal_status allocate_edges(cal_nmm *nmm, cali_edges *edges, size_t n)
{
    edges->n_targets = nmm->n_regions;
    edges->n_points = n_points(nmm);
    CAL_TRY(cali_alloc(nmm->ctx, n + 16, sizeof *edges->offset, "edges", &edges->offset));
    CAL_TRY(cali_alloc(nmm->ctx, n * edges->n_points, sizeof *edges->w, "edge weights", &edges->w));
    return cali_alloc(nmm->ctx, nmm->n_regions + 1, sizeof *edges->first, "edge rows", &edges->first);
}

static cal_status allocate_ring(cal_nmm *nmm, double largest)
{
    /* drives and outputs of external regions are exchanged for whole windows */
    const int64_t exchanged = nmm->n_externals > 0 ? 2 * nmm->window + 2 * nmm->lag : 0;
    const double steps = largest + (double)(exchanged + nmm->batch) + 32.0;
    size_t length = 64;
    while ((double)length < steps && length < ((size_t)1 << 30))
        length *= 2;
    nmm->ring_length = length;
    nmm->longest_steps = largest;
    nmm->ring_stride = 2 * length + 24; /* rows start in different cache sets */
    if ((double)nmm->n_regions * (double)nmm->ring_stride > 2147483647.0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_MEMORY,
                        "a history of %zu regions x %zu steps is too long; take a larger step",
                        nmm->n_regions, length);
    const size_t n = nmm->n_tracks * nmm->n_regions * nmm->ring_stride;
    nmm->counts.history_bytes = n * sizeof(double);
    return cali_alloc(nmm->ctx, n, sizeof(double), "the history", &nmm->ring);
}

static void choose_wiring(builder *self, size_t index)
{
    self->wiring = &self->nmm->wirings[index];
    memset(self->n_delayed, 0, sizeof self->n_delayed);
    self->n_instant = self->n_self = 0;
}

/* Counts the edges of a wiring and makes room for them. */
static cal_status allocate_wiring(builder *self)
{
    cal_nmm *nmm = self->nmm;
    cali_wiring *wiring = self->wiring;
    self->visit = count_link;
    each_link(self);
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_regions, sizeof(double), "row weights", &wiring->row_weights));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_regions, sizeof(double), "edges", &wiring->self));
    CAL_TRY(cali_alloc(nmm->ctx, self->n_instant, sizeof(uint32_t), "edges", &wiring->instant.source));
    CAL_TRY(cali_alloc(nmm->ctx, self->n_instant, sizeof(double), "edges", &wiring->instant.w));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_regions + 1, sizeof(size_t), "edges", &wiring->instant.first));
    for (int reach = CALI_N_REACHES - 1; reach >= 0; reach--)
        CAL_TRY(allocate_edges(nmm, &wiring->delayed[reach], self->n_delayed[reach]));
    nmm->n_middle += self->n_delayed[CALI_MIDDLE];
    nmm->n_near += self->n_delayed[CALI_NEAR];
    nmm->n_instant += self->n_instant;
    nmm->n_self += self->n_self;
    if (wiring->is_own)
        return CAL_OK;
    nmm->counts.n_edges += self->n_instant + self->n_self;
    for (int reach = 0; reach < CALI_N_REACHES; reach++)
        nmm->counts.n_edges += self->n_delayed[reach];
    nmm->counts.n_near_edges += self->n_delayed[CALI_NEAR];
    nmm->counts.n_instant_edges += self->n_instant + self->n_self;
    return CAL_OK;
}

cal_status cali_nmm_build_edges(cal_nmm *nmm, const cal_nmm_def *def)
{
    builder self = {.nmm = nmm, .def = def, .smallest = INFINITY, .smallest_crossing = INFINITY};
    self.lengths = cal_connectome_lengths_mm(nmm->connectome);
    for (size_t w = 0; w < nmm->n_wirings; w++) {
        choose_wiring(&self, w);
        CAL_TRY(survey(&self));
    }
    if (self.n_raised > 0)
        cal_context_note(nmm->ctx, "%zu delays are raised to coupling.min_delay = %g ms", self.n_raised,
                         def->min_delay_ms);
    nmm->counts.n_raised_delays = self.n_raised;
    CAL_TRY(check_window(&self));
    choose_batch(&self);
    CAL_TRY(allocate_ring(nmm, self.largest));
    for (size_t w = 0; w < nmm->n_wirings; w++) {
        choose_wiring(&self, w);
        CAL_TRY(allocate_wiring(&self));
    }
    CAL_TRY(cali_alloc(nmm->ctx, self.n_external, sizeof *nmm->external_edges, "edges",
                       &nmm->external_edges));
    for (size_t i = 0; i < nmm->n_blocks; i++)
        CAL_TRY(cali_alloc(nmm->ctx, nmm->blocks[i].n_real, sizeof(size_t), "regions", &nmm->blocks[i].prompt));
    self.visit = add_link;
    for (size_t w = 0; w < nmm->n_wirings; w++) {
        choose_wiring(&self, w);
        each_link(&self);
    }
    for (size_t i = 0; i < nmm->n_externals; i++)
        cali_nmm_apply_samples(nmm, &nmm->externals[i]);
    return CAL_OK;
}

/* Sets the stencils of the edges that leave an external region. The linear stencil of bins never
 * reaches later than the cubic one, so no edge changes its reach. */
void cali_nmm_apply_samples(cal_nmm *nmm, const cali_external *external)
{
    for (size_t i = 0; i < nmm->n_external_edges; i++) {
        const cali_external_edge *edge = &nmm->external_edges[i];
        if (edge->source != external->region)
            continue;
        cali_wiring *wiring = &nmm->wirings[edge->wiring];
        cali_edges *edges = &wiring->delayed[edge->reach];
        int64_t base;
        find_stencil(nmm, edge, external->samples, &base, edges->w + edges->n_points * edge->edge);
        edges->offset[edge->edge] = (int32_t)((int64_t)(edge->source * nmm->ring_stride) + base);
    }
}
