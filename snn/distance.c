/* Profiles, ways, and what weights and delays make of them. */
#include "snn/distance.h"

#include <math.h>
#include <stdio.h>

#include "snn/rules.h"
#include "snn/space.h"

const char *const cal_metric_names[] = {"euclidean", "maximum", "manhattan"};

/* Places of a grid are multiples of its spacing but for roundings: a distance equal to the limit is within. */
#define SLACK (1.0 + 1e-9)

/* ---- profiles -------------------------------------------------------------------------------------- */

bool cali_has_profile(const cal_snn_profile *p)
{
    return p->kernel != NULL || p->within_mm > 0.0;
}

bool cali_needs_positions(const cal_snn_projection *p)
{
    return cali_is_searched(p) || cali_has_profile(&p->weight_profile) || p->velocity_mm_per_ms > 0.0;
}

static void describe(const cal_snn_profile *p, cali_text *out)
{
    cali_text_format(out, " %s %d %.17g", p->kernel == NULL ? "-" : p->kernel->name, (int)p->metric, p->within_mm);
    for (size_t k = 0; p->kernel != NULL && k < p->kernel->n_params; k++)
        cali_text_format(out, " %.17g", p->params[k]);
}

void cali_distance_describe(const cal_snn_projection *p, cali_text *out)
{
    if (!cali_needs_positions(p))
        return;
    cali_text_format(out, " nearest %u velocity %.17g", p->n_nearest, p->velocity_mm_per_ms);
    describe(&p->kernel, out);
    describe(&p->weight_profile, out);
}

static double length_of(cal_metric metric, unsigned n, const double *way)
{
    double squares = 0.0, sum = 0.0, largest = 0.0;
    for (unsigned k = 0; k < n; k++) {
        const double size = fabs(way[k]);
        squares += size * size;
        sum += size;
        largest = size > largest ? size : largest;
    }
    return metric == CAL_MAXIMUM ? largest : metric == CAL_MANHATTAN ? sum : sqrt(squares);
}

double cali_profile_at(const cal_snn_profile *p, unsigned n, const double way[CAL_MAX_DIMENSIONS])
{
    if (p->within_mm > 0.0 && length_of(p->metric, n, way) > p->within_mm * SLACK)
        return 0.0;
    return p->kernel == NULL ? 1.0 : p->kernel->value(p->params, length_of(CAL_EUCLIDEAN, n, way));
}

double cali_profile_end(const cal_snn_profile *p, unsigned n)
{
    const double within = p->within_mm * SLACK;
    return !(within > 0.0) ? INFINITY : p->metric == CAL_MAXIMUM ? within * sqrt((double)n) : within;
}

void cali_profile_bounds(const cal_snn_profile *p, double *low, double *high)
{
    *low = *high = 1.0;
    if (p->kernel != NULL)
        p->kernel->range(p->params, 0.0, INFINITY, low, high);
    if (p->within_mm > 0.0) {
        *low = fmin(*low, 0.0);
        *high = fmax(*high, 0.0);
    }
}

/* ---- ways ------------------------------------------------------------------------------------------- */

void cali_way(const cal_snn_space *from, uint32_t i, const cal_snn_space *to, uint32_t j, double way[CAL_MAX_DIMENSIONS])
{
    const unsigned n = from->n_dimensions;
    const double *a = from->positions_mm + (size_t)i * n, *b = to->positions_mm + (size_t)j * n;
    for (unsigned k = 0; k < n; k++) {
        double x = b[k] - a[k];
        if (from->is_periodic) {
            const double period = from->extent_mm[k];
            x = x > 0.5 * period ? x - period : x < -0.5 * period ? x + period : x;
        }
        way[k] = x;
    }
}

static void box_of(const cal_snn_space *s, uint32_t n, unsigned axis, double *low, double *high)
{
    *low = s->center_mm[axis] - 0.5 * s->extent_mm[axis];
    *high = s->center_mm[axis] + 0.5 * s->extent_mm[axis];
    if (s->arrangement != CAL_LISTED || n == 0)
        return;
    *low = *high = s->positions_mm[axis];
    for (uint32_t i = 1; i < n; i++) {
        const double x = s->positions_mm[(size_t)i * s->n_dimensions + axis];
        *low = x < *low ? x : *low;
        *high = x > *high ? x : *high;
    }
}

/* No two neurons of the spaces are farther apart. */
static double largest_distance(const cal_snn_space *from, uint32_t n_from, const cal_snn_space *to, uint32_t n_to)
{
    double squares = 0.0;
    for (unsigned k = 0; k < from->n_dimensions; k++) {
        double low, high, other_low, other_high;
        box_of(from, n_from, k, &low, &high);
        box_of(to, n_to, k, &other_low, &other_high);
        const double farthest = fmax(other_high - low, high - other_low);
        const double size = from->is_periodic ? 0.5 * from->extent_mm[k] : farthest;
        squares += size * size;
    }
    return sqrt(squares);
}

/* ---- checks ----------------------------------------------------------------------------------------- */

#define WRONG(...) return snprintf(why, size, __VA_ARGS__), true

static bool is_bad_profile(const cal_snn_profile *p, const char *what, char *why, size_t size)
{
    if (!(p->within_mm >= 0.0 && isfinite(p->within_mm)))
        WRONG("%s ends at a distance that must be finite and not negative, is %g mm", what, p->within_mm);
    if ((int)p->metric < 0 || (int)p->metric >= CAL_N_METRICS)
        WRONG("%s has no known metric", what);
    for (size_t k = 0; p->kernel != NULL && k < p->kernel->n_params; k++) {
        const cal_field *f = &p->kernel->params[k];
        if (!(p->params[k] >= f->low && p->params[k] <= f->high))
            WRONG("%s of %s %s is %g %s, allowed are %g to %g", f->name, what, p->kernel->name, p->params[k], f->unit, f->low,
                  f->high);
    }
    return false;
}

static bool is_bad_kernel(const cal_snn_projection *p, char *why, size_t size)
{
    double low, high;
    if (!cali_has_profile(&p->kernel))
        return false;
    if (p->rule != CAL_PAIRWISE_BERNOULLI && p->rule != CAL_FIXED_IN_DEGREE && p->rule != CAL_FIXED_OUT_DEGREE)
        WRONG("a kernel shapes a probability, an in-degree or an out-degree, not the rule %s",
              (int)p->rule >= 0 && (int)p->rule < CAL_N_RULES ? cal_rule_names[p->rule] : "(unknown)");
    cali_profile_bounds(&p->kernel, &low, &high);
    if (p->rule == CAL_PAIRWISE_BERNOULLI && p->probability * high > 1.0 + 1e-12)
        WRONG("probability %g times a kernel that can be %g is above 1", p->probability, high);
    if (!(high > 0.0))
        WRONG("the kernel is nowhere above 0");
    return false;
}

static bool are_bad_spaces(const cal_snn_space *from, const cal_snn_space *to, char *why, size_t size)
{
    if (from == NULL || to == NULL || from->n_dimensions == 0 || to->n_dimensions == 0)
        WRONG("a connection by distance needs positions, which the %s lack", from == NULL || from->n_dimensions == 0 ? "sources"
                                                                                                                   : "targets");
    if (from->n_dimensions != to->n_dimensions)
        WRONG("the sources lie in %u dimension%s, the targets in %u", from->n_dimensions, from->n_dimensions == 1 ? "" : "s",
              to->n_dimensions);
    bool is_same = from->is_periodic == to->is_periodic;
    for (unsigned k = 0; is_same && from->is_periodic && k < from->n_dimensions; k++)
        is_same = from->extent_mm[k] == to->extent_mm[k] && from->center_mm[k] == to->center_mm[k];
    if (!is_same)
        WRONG("where sources or targets are periodic, both must be so in the same box");
    return false;
}

bool cal_snn_distance_is_impossible(const cal_snn_projection *p, const cal_snn_space *from, const cal_snn_space *to, char *why,
                                    size_t size)
{
    if (!(p->velocity_mm_per_ms >= 0.0 && isfinite(p->velocity_mm_per_ms)))
        WRONG("the velocity must be finite and not negative, is %g mm/ms", p->velocity_mm_per_ms);
    return is_bad_profile(&p->kernel, "the kernel", why, size) || is_bad_profile(&p->weight_profile, "the weight's kernel", why, size) ||
           is_bad_kernel(p, why, size) || (cali_needs_positions(p) && are_bad_spaces(from, to, why, size));
}

cali_ends cali_ends_of(const cal_snn_def *def, const cal_snn_projection *p)
{
    return (cali_ends){cali_space_of(def, p->from), cali_space_of(def, p->to), def->populations[p->from].n,
                       def->populations[p->to].n};
}

cal_status cali_check_distance(cal_context *ctx, const cal_snn_def *def, const cal_snn_projection *p, const char *where)
{
    char why[256];
    const cali_ends ends = cali_ends_of(def, p);
    if (cal_snn_distance_is_impossible(p, ends.from, ends.to, why, sizeof why))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s", where, why);
    return CAL_OK;
}

/* ---- weights and delays ------------------------------------------------------------------------------ */

double cali_synapse_weight(const cal_snn *self, const cali_projection *p, uint32_t source, uint32_t target, uint32_t k)
{
    const double w = cali_draw_weight(p, target, k);
    if (!p->has_weight_profile)
        return w;
    const cal_snn_space *to = &self->populations[p->def.to].space;
    double way[CAL_MAX_DIMENSIONS];
    cali_way(&self->populations[p->def.from].space, source, to, target, way);
    return w * cali_profile_at(&p->def.weight_profile, to->n_dimensions, way);
}

double cali_synapse_delay_ms(const cal_snn *self, const cali_projection *p, uint32_t source, uint32_t target, uint32_t k)
{
    const double delay_ms = cali_draw_delay_ms(p, target, k);
    if (!(p->def.velocity_mm_per_ms > 0.0))
        return delay_ms;
    const cal_snn_space *to = &self->populations[p->def.to].space;
    double way[CAL_MAX_DIMENSIONS];
    cali_way(&self->populations[p->def.from].space, source, to, target, way);
    return delay_ms + length_of(CAL_EUCLIDEAN, to->n_dimensions, way) / p->def.velocity_mm_per_ms;
}

void cali_weight_bounds(const cal_snn_projection *p, double *low, double *high)
{
    double a, b, c, d;
    cali_distribution_bounds(&p->weight, low, high);
    if (!cali_has_profile(&p->weight_profile))
        return;
    cali_profile_bounds(&p->weight_profile, &c, &d);
    a = *low, b = *high;
    *low = fmin(fmin(a * c, a * d), fmin(b * c, b * d));
    *high = fmax(fmax(a * c, a * d), fmax(b * c, b * d));
}

double cali_weight_mean_size(const cal_snn_projection *p)
{
    double low, high;
    cali_profile_bounds(&p->weight_profile, &low, &high);
    return cali_distribution_mean_size(&p->weight) * fmax(fabs(low), fabs(high));
}

void cali_delay_bounds(const cal_snn_projection *p, const cali_ends *ends, double *low, double *high)
{
    cali_distribution_bounds(&p->delay_ms, low, high);
    if (!(p->velocity_mm_per_ms > 0.0))
        return;
    const double largest = largest_distance(ends->from, ends->n_from, ends->to, ends->n_to);
    *high += fmin(largest, cali_profile_end(&p->kernel, ends->from->n_dimensions)) / p->velocity_mm_per_ms;
}
