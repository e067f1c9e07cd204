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
    return p->kernel != NULL || p->formula != NULL || p->within_mm > 0.0;
}

bool cali_needs_positions(const cal_snn_projection *p)
{
    return cali_is_searched(p) || cali_has_profile(&p->weight_profile) || cali_has_way_delay(p);
}

static void describe(const cal_snn_profile *p, cali_text *out)
{
    cali_text_format(out, " %s %d %.17g", p->kernel == NULL ? "-" : p->kernel->name, (int)p->metric, p->within_mm);
    for (size_t k = 0; p->kernel != NULL && k < p->kernel->n_params; k++)
        cali_text_format(out, " %.17g", p->params[k]);
    if (p->formula != NULL)
        cali_text_format(out, " \"%s\"", cal_spatial_formula_text(p->formula));
}

void cali_distance_describe(const cal_snn_projection *p, cali_text *out)
{
    if (!cali_needs_positions(p))
        return;
    cali_text_format(out, " nearest %u velocity %.17g", p->n_nearest, p->velocity_mm_per_ms);
    describe(&p->kernel, out);
    describe(&p->weight_profile, out);
    if (p->delay_formula != NULL)
        cali_text_format(out, " \"%s\"", cal_spatial_formula_text(p->delay_formula));
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
    if (p->formula != NULL)
        return cali_spatial_formula_at(p->formula, n, way);
    return p->kernel == NULL ? 1.0 : p->kernel->value(p->params, length_of(CAL_EUCLIDEAN, n, way));
}

double cali_profile_end(const cal_snn_profile *p, unsigned n)
{
    const double within = p->within_mm * SLACK;
    return !(within > 0.0) ? INFINITY : p->metric == CAL_MAXIMUM ? within * sqrt((double)n) : within;
}

cali_range cali_profile_range(const cal_snn_profile *p, const cali_ways *ways)
{
    cali_range out = {1.0, 1.0};
    if (p->formula != NULL)
        return cali_spatial_formula_range(p->formula, ways);
    if (p->kernel != NULL)
        p->kernel->range(p->params, ways->length.low, ways->length.high, &out.low, &out.high);
    return out;
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

/* The ways between neurons of both ends that are no longer than `most`. */
static cali_ways ways_between(const cali_ends *e, double most)
{
    const cal_snn_space *from = e->from, *to = e->to;
    cali_ways ways = {.n_dimensions = from->n_dimensions};
    double squares = 0.0;
    for (unsigned k = 0; k < from->n_dimensions; k++) {
        double low, high, other_low, other_high;
        box_of(from, e->n_from, k, &low, &high);
        box_of(to, e->n_to, k, &other_low, &other_high);
        const double half = 0.5 * from->extent_mm[k];
        ways.along[k] = from->is_periodic ? (cali_range){-half, half} : (cali_range){other_low - high, other_high - low};
        const double farthest = fmax(ways.along[k].high, -ways.along[k].low);
        squares += farthest * farthest;
    }
    ways.length.high = fmin(sqrt(squares), most);
    return ways;
}

/* Where a function of the way matters: as far as the connection's kernel and its own limit reach. */
static cali_ways ways_of(const cal_snn_projection *p, const cali_ends *ends, const cal_snn_profile *profile)
{
    const unsigned n = ends->from->n_dimensions;
    return ways_between(ends, fmin(cali_profile_end(&p->kernel, n), cali_profile_end(profile, n)));
}

static cali_range formula_bounds(const cal_spatial_formula *formula, const cali_ways *ways)
{
    const cali_extreme low = cali_spatial_formula_extreme(formula, ways, -1), high = cali_spatial_formula_extreme(formula, ways, 1);
    const bool is_rounding = low.value >= 0.0 && low.bound > -1e-9 * fabs(high.bound);
    return (cali_range){is_rounding ? fmax(low.bound, 0.0) : low.bound, high.bound};
}

static cali_range profile_bounds(const cal_snn_projection *p, const cali_ends *ends, const cal_snn_profile *profile)
{
    cali_range out;
    if (profile->formula != NULL) {
        const cali_ways ways = ways_of(p, ends, profile);
        out = formula_bounds(profile->formula, &ways);
    } else {
        out = cali_profile_range(profile, &(cali_ways){.length = {0.0, INFINITY}});
    }
    if (profile->within_mm > 0.0) {
        out.low = fmin(out.low, 0.0);
        out.high = fmax(out.high, 0.0);
    }
    return out;
}

/* ---- checks ----------------------------------------------------------------------------------------- */

#define WRONG(...) return snprintf(why, size, __VA_ARGS__), true

static bool is_bad_profile(const cal_snn_profile *p, const char *what, char *why, size_t size)
{
    if (!(p->within_mm >= 0.0 && isfinite(p->within_mm)))
        WRONG("%s ends at a distance that must be finite and not negative, is %g mm", what, p->within_mm);
    if (p->kernel != NULL && p->formula != NULL)
        WRONG("%s is given twice, by its name and as a formula", what);
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

/* Values of a formula outside of `low` to `high`, or no numbers. */
static bool is_bad_formula(const cal_spatial_formula *formula, const char *what, const cali_ways *ways, double factor, double low,
                           double high, char *why, size_t size)
{
    char place[160];
    const unsigned n = ways->n_dimensions;
    if (formula == NULL)
        return false;
    if (cali_spatial_formula_dimensions(formula) > n)
        WRONG("the formula of %s asks for d%c, but the neurons lie in %u dimension%s", what,
              "xyz"[cali_spatial_formula_dimensions(formula) - 1], n, n == 1 ? "" : "s");
    for (int sign = -1; sign <= 1; sign += 2) {
        const cali_extreme e = cali_spatial_formula_extreme(formula, ways, sign);
        const double value = factor * e.value;
        cali_spatial_formula_place(formula, &e, place, sizeof place);
        if (!isfinite(e.value))
            WRONG("%s is %s at %s; a formula gives a number everywhere: where(d > 0 um, ..., 1)", what,
                  isnan(e.value) ? "no number" : "infinite", place);
        if (value < low && isinf(high))
            WRONG("%s is %.6g at %s, but must be at least %g", what, value, place, low);
        if (value > high + 1e-12 * fabs(high) || value < low)
            WRONG("%s is %.6g at %s, allowed are %g to %g", what, value, place, low, high);
        if (sign > 0 && low == 0.0 && high < INFINITY && !(value > 0.0))
            WRONG("%s is nowhere above 0", what);
    }
    return false;
}

static bool are_bad_formulas(const cal_snn_projection *p, const cali_ends *ends, char *why, size_t size)
{
    const cal_snn_profile none = {.kernel = NULL};
    const cali_ways joined = ways_of(p, ends, &none), weighed = ways_of(p, ends, &p->weight_profile);
    const bool is_chance = p->rule == CAL_PAIRWISE_BERNOULLI;
    return is_bad_formula(p->kernel.formula, is_chance ? "the probability" : "the kernel", &joined, is_chance ? p->probability : 1.0,
                          0.0, is_chance ? 1.0 : 1e100, why, size) ||
           is_bad_formula(p->weight_profile.formula, "the weight's formula", &weighed, 1.0, -1e100, 1e100, why, size) ||
           is_bad_formula(p->delay_formula, "the delay in ms", &joined, 1.0, 0.0, INFINITY, why, size);
}

static bool is_bad_kernel(const cal_snn_projection *p, char *why, size_t size)
{
    if (!cali_has_profile(&p->kernel))
        return false;
    if (p->rule != CAL_PAIRWISE_BERNOULLI && p->rule != CAL_FIXED_IN_DEGREE && p->rule != CAL_FIXED_OUT_DEGREE)
        WRONG("a kernel shapes a probability, an in-degree or an out-degree, not the rule %s",
              (int)p->rule >= 0 && (int)p->rule < CAL_N_RULES ? cal_rule_names[p->rule] : "(unknown)");
    if (p->kernel.formula != NULL)
        return false; /* are_bad_formulas */
    const double high = profile_bounds(p, NULL, &p->kernel).high;
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

bool cal_snn_distance_is_impossible(const cal_snn_projection *p, const cal_snn_space *from, const cal_snn_space *to,
                                    uint32_t n_from, uint32_t n_to, char *why, size_t size)
{
    const cali_ends ends = {from, to, n_from, n_to};
    if (!(p->velocity_mm_per_ms >= 0.0 && isfinite(p->velocity_mm_per_ms)))
        WRONG("the velocity must be finite and not negative, is %g mm/ms", p->velocity_mm_per_ms);
    return is_bad_profile(&p->kernel, "the kernel", why, size) || is_bad_profile(&p->weight_profile, "the weight's kernel", why, size) ||
           is_bad_kernel(p, why, size) || (cali_needs_positions(p) && (are_bad_spaces(from, to, why, size) || are_bad_formulas(p, &ends, why, size)));
}

cali_ends cali_ends_of(const cal_snn_def *def, const cal_snn_projection *p)
{
    return (cali_ends){cali_space_of(def, p->from), cali_space_of(def, p->to), def->populations[p->from].n,
                       def->populations[p->to].n};
}

cali_ends cali_ends_in(const cal_snn *self, const cal_snn_projection *p)
{
    const cali_population *from = &self->populations[p->from], *to = &self->populations[p->to];
    return (cali_ends){&from->space, &to->space, from->n, to->n};
}

cal_status cali_check_distance(cal_context *ctx, const cal_snn_def *def, const cal_snn_projection *p, const char *where)
{
    char why[256];
    const cali_ends ends = cali_ends_of(def, p);
    if (cal_snn_distance_is_impossible(p, ends.from, ends.to, ends.n_from, ends.n_to, why, sizeof why))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s", where, why);
    return CAL_OK;
}

/* ---- weights and delays ------------------------------------------------------------------------------ */

/* Bounds of formulas hold but for ways that differ by a part in 1e9: what is beyond is held within. */
static double hold(double x, const double bounds[2])
{
    return fmin(fmax(x, bounds[0]), bounds[1]);
}

void cali_distance_plan(const cal_snn *self, cali_projection *p)
{
    const cali_ends ends = cali_ends_in(self, &p->def);
    const cal_snn_profile none = {.kernel = NULL};
    if (p->def.weight_profile.formula != NULL) {
        const cali_range factor = profile_bounds(&p->def, &ends, &p->def.weight_profile);
        p->weight_factor[0] = factor.low;
        p->weight_factor[1] = factor.high;
    }
    if (p->def.delay_formula != NULL) {
        const cali_ways ways = ways_of(&p->def, &ends, &none);
        const cali_range delay = formula_bounds(p->def.delay_formula, &ways);
        p->way_delay[0] = delay.low;
        p->way_delay[1] = delay.high;
    }
}

double cali_synapse_weight(const cal_snn *self, const cali_projection *p, uint32_t source, uint32_t target, uint32_t k)
{
    const double w = cali_draw_weight(p, target, k);
    if (!p->has_weight_profile)
        return w;
    const cal_snn_space *to = &self->populations[p->def.to].space;
    double way[CAL_MAX_DIMENSIONS];
    cali_way(&self->populations[p->def.from].space, source, to, target, way);
    const double factor = cali_profile_at(&p->def.weight_profile, to->n_dimensions, way);
    return w * (p->def.weight_profile.formula == NULL ? factor : hold(factor, p->weight_factor));
}

double cali_synapse_delay_ms(const cal_snn *self, const cali_projection *p, uint32_t source, uint32_t target, uint32_t k)
{
    double delay_ms = cali_draw_delay_ms(p, target, k);
    if (!cali_has_way_delay(&p->def))
        return delay_ms;
    const cal_snn_space *to = &self->populations[p->def.to].space;
    double way[CAL_MAX_DIMENSIONS];
    cali_way(&self->populations[p->def.from].space, source, to, target, way);
    if (p->def.delay_formula != NULL)
        delay_ms += hold(cali_spatial_formula_at(p->def.delay_formula, to->n_dimensions, way), p->way_delay);
    if (p->def.velocity_mm_per_ms > 0.0)
        delay_ms += length_of(CAL_EUCLIDEAN, to->n_dimensions, way) / p->def.velocity_mm_per_ms;
    return delay_ms;
}

void cali_weight_bounds(const cal_snn_projection *p, const cali_ends *ends, double *low, double *high)
{
    cali_distribution_bounds(&p->weight, low, high);
    if (!cali_has_profile(&p->weight_profile))
        return;
    const cali_range factor = profile_bounds(p, ends, &p->weight_profile);
    const double a = *low, b = *high, c = factor.low, d = factor.high;
    *low = fmin(fmin(a * c, a * d), fmin(b * c, b * d));
    *high = fmax(fmax(a * c, a * d), fmax(b * c, b * d));
}

double cali_weight_mean_size(const cal_snn_projection *p, const cali_ends *ends)
{
    const cali_range factor = profile_bounds(p, ends, &p->weight_profile);
    return cali_distribution_mean_size(&p->weight) * fmax(fabs(factor.low), fabs(factor.high));
}

void cali_delay_bounds(const cal_snn_projection *p, const cali_ends *ends, double *low, double *high)
{
    cali_distribution_bounds(&p->delay_ms, low, high);
    if (!cali_has_way_delay(p))
        return;
    const cal_snn_profile none = {.kernel = NULL};
    const cali_ways ways = ways_of(p, ends, &none);
    if (p->delay_formula != NULL) {
        const cali_range delay = formula_bounds(p->delay_formula, &ways);
        *low += delay.low;
        *high += delay.high;
    }
    if (p->velocity_mm_per_ms > 0.0)
        *high += ways.length.high / p->velocity_mm_per_ms;
}
