/* The search for partners by distance: see distance.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/search.h"

/* A profile without an end is cut where it is below this share of its largest value. */
#define NEGLIGIBLE 1e-15
/* A drawn partner that is refused so often is looked for among all candidates. */
enum { MAX_ATTEMPTS = 1000 };

/* ---- cells -------------------------------------------------------------------------------------------- */

/* Over ways of lengths between two. What a formula is over all ways bounds it over a part of them. */
static double chance_bound(const cali_search *s, const cali_range *along, double low, double high)
{
    cali_ways ways = s->ways;
    if (along != NULL && ways.n_dimensions > 0)
        memcpy(ways.along, along, sizeof ways.along);
    ways.length = (cali_range){low, s->profile->formula == NULL ? high : fmin(high, s->ways.length.high)};
    return fmin(cali_profile_range(s->profile, &ways).high, s->most) * s->factor;
}

/* The distance from which on the bound is below `share` of its largest value, at most `farthest`. */
static double distance_of_share(const cali_search *s, double share, double farthest)
{
    const double wanted = share * chance_bound(s, NULL, 0.0, INFINITY);
    double low = 0.0, high = farthest;
    if (chance_bound(s, NULL, farthest, INFINITY) > wanted)
        return farthest;
    for (int i = 0; i < 60 && high - low > 1e-3 * high; i++) {
        const double middle = 0.5 * (low + high);
        if (chance_bound(s, NULL, middle, INFINITY) > wanted)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* The box around all neurons of both spaces; a periodic one is that of the space. */
static void find_box(cali_search *s, uint32_t n_at, double size[CAL_MAX_DIMENSIONS])
{
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        double low = INFINITY, high = -INFINITY;
        for (int side = 0; side < 2; side++) {
            const cal_snn_space *space = side == 0 ? s->of : s->at;
            const uint32_t n = side == 0 ? s->n_of : n_at;
            for (uint32_t i = 0; i < n && !s->of->is_periodic; i++) {
                const double x = space->positions_mm[(size_t)i * s->n_dimensions + k];
                low = x < low ? x : low;
                high = x > high ? x : high;
            }
        }
        if (s->of->is_periodic) {
            low = s->of->center_mm[k] - 0.5 * s->of->extent_mm[k];
            high = low + s->of->extent_mm[k];
        }
        s->origin[k] = low;
        size[k] = high > low ? high - low : 0.0;
    }
}

/* Cells of about `edge`, as many as candidates at most; whole numbers of them fill the box. */
static void choose_cells(cali_search *s, const double size[CAL_MAX_DIMENSIONS], double edge)
{
    for (double n = INFINITY; n > 2.0 * s->n_of + 16.0; edge *= 1.25) {
        n = 1.0;
        for (unsigned k = 0; k < s->n_dimensions; k++) {
            const double along = edge > 0.0 ? floor(size[k] / edge) : 0.0;
            s->n_cells[k] = along >= 1e9 ? 1000000000 : along < 1.0 ? 1 : (int32_t)along;
            s->edge[k] = size[k] > 0.0 ? size[k] / s->n_cells[k] : 1.0;
            n *= s->n_cells[k];
        }
    }
}

void cali_cell_of(const cali_search *s, const cal_snn_space *space, uint32_t i, int32_t cell[CAL_MAX_DIMENSIONS])
{
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        const double at = floor((space->positions_mm[(size_t)i * s->n_dimensions + k] - s->origin[k]) / s->edge[k]);
        cell[k] = at < 0.0 ? 0 : at >= s->n_cells[k] ? s->n_cells[k] - 1 : (int32_t)at;
    }
}

static size_t index_of(const cali_search *s, const int32_t cell[CAL_MAX_DIMENSIONS])
{
    size_t index = 0;
    for (unsigned k = s->n_dimensions; k-- > 0;)
        index = index * (size_t)s->n_cells[k] + (size_t)cell[k];
    return index;
}

static cal_status fill_cells(cal_context *ctx, cali_search *s)
{
    size_t n_cells = 1;
    int32_t cell[CAL_MAX_DIMENSIONS];
    for (unsigned k = 0; k < s->n_dimensions; k++)
        n_cells *= (size_t)s->n_cells[k];
    CAL_TRY(cali_alloc(ctx, n_cells + 1, sizeof *s->start, "cells of neurons", &s->start));
    CAL_TRY(cali_alloc(ctx, s->n_of, sizeof *s->member, "cells of neurons", &s->member));
    for (uint32_t i = 0; i < s->n_of; i++) {
        cali_cell_of(s, s->of, i, cell);
        s->start[index_of(s, cell)]++;
    }
    uint32_t before = 0;
    for (size_t c = 0; c <= n_cells; c++) { /* the last places, from which the candidates are filled in downwards */
        before += c < n_cells ? s->start[c] : 0;
        s->start[c] = before;
    }
    for (uint32_t i = s->n_of; i-- > 0;) {
        cali_cell_of(s, s->of, i, cell);
        s->member[--s->start[index_of(s, cell)]] = i;
    }
    return CAL_OK;
}

/* ---- offsets ------------------------------------------------------------------------------------------ */

/* Offsets along one axis: each cell of a periodic axis once, those within reach. */
void cali_axis_offsets(const cali_search *s, unsigned axis, int32_t *low, int32_t *high)
{
    const int32_t n = s->n_cells[axis];
    const double cells = s->reach / s->edge[axis] + 1.5;
    const int32_t within = cells < n ? (int32_t)cells : n;
    const int32_t below = s->of->is_periodic ? (n - 1) / 2 : n - 1, above = s->of->is_periodic ? n / 2 : n - 1;
    *low = -(within < below ? within : below);
    *high = within < above ? within : above;
}

/* The components of ways into the cell at an offset, from the source to the target. */
static void components_of(const cali_search *s, const int32_t *offset, cali_range along[CAL_MAX_DIMENSIONS])
{
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        const double low = (offset[k] - 1) * s->edge[k], high = (offset[k] + 1) * s->edge[k], half = 0.5 * s->of->extent_mm[k];
        const bool is_around = s->of->is_periodic && (low < -half || high > half); /* some go the other way round */
        along[k] = s->is_out ? (cali_range){low, high} : (cali_range){-high, -low};
        if (is_around)
            along[k] = (cali_range){-half, half};
        along[k].low -= 1e-12 * s->edge[k];
        along[k].high += 1e-12 * s->edge[k];
    }
}

/* Smallest and largest length of a way into the cell at an offset, and the smallest in the profile's metric. */
static void distances_of(const cali_search *s, const int32_t *offset, double *smallest, double *largest, double *limited)
{
    double near_squares = 0.0, far_squares = 0.0, sum = 0.0, maximum = 0.0;
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        const int32_t size = offset[k] < 0 ? -offset[k] : offset[k];
        const double near = size > 1 ? (size - 1) * s->edge[k] : 0.0, far = (size + 1) * s->edge[k];
        near_squares += near * near;
        far_squares += far * far;
        sum += near;
        maximum = near > maximum ? near : maximum;
    }
    *smallest = sqrt(near_squares);
    *largest = sqrt(far_squares) * (1.0 + 1e-12);
    *limited = s->profile->metric == CAL_MAXIMUM ? maximum : s->profile->metric == CAL_MANHATTAN ? sum : *smallest;
}

/* The shell of an offset by the power of 2 of its bound, or -1: no candidate there. */
static int shell_of(const cali_search *s, const int32_t *offset, double largest_bound, double *bound)
{
    double smallest, largest, limited;
    int exponent;
    distances_of(s, offset, &smallest, &largest, &limited);
    if (smallest > s->reach || (s->profile->within_mm > 0.0 && limited > s->profile->within_mm * (1.0 + 1e-6)))
        return -1;
    cali_range along[CAL_MAX_DIMENSIONS];
    components_of(s, offset, along);
    *bound = chance_bound(s, along, smallest, largest);
    if (!(*bound > 0.0))
        return -1;
    frexp(largest_bound / *bound, &exponent);
    return exponent < 0 ? 0 : exponent >= CALI_MAX_SHELLS ? CALI_MAX_SHELLS - 1 : exponent;
}

/* Calls for each offset in a fixed order; the first time they are counted, the second time put in place. */
static void walk_offsets(cali_search *s, double largest_bound, bool has_fill)
{
    int32_t low[CAL_MAX_DIMENSIONS] = {0}, high[CAL_MAX_DIMENSIONS] = {0}, at[CAL_MAX_DIMENSIONS];
    for (unsigned k = 0; k < s->n_dimensions; k++)
        cali_axis_offsets(s, k, &low[k], &high[k]);
    for (at[2] = low[2]; at[2] <= high[2]; at[2]++)
        for (at[1] = low[1]; at[1] <= high[1]; at[1]++)
            for (at[0] = low[0]; at[0] <= high[0]; at[0]++) {
                double bound = 0.0;
                const int i = shell_of(s, at, largest_bound, &bound);
                if (i < 0)
                    continue;
                cali_shell *sh = &s->shells[i];
                if (has_fill)
                    memcpy(s->offset[sh->last], at, sizeof at);
                sh->last++;
                sh->bound = bound > sh->bound ? bound : sh->bound;
            }
}

static cal_status sort_offsets(cal_context *ctx, cali_search *s)
{
    const double largest = chance_bound(s, NULL, 0.0, INFINITY);
    walk_offsets(s, largest, false);
    for (size_t i = 0; i < CALI_MAX_SHELLS; i++) {
        s->shells[i].first = s->n_offsets;
        s->n_offsets += s->shells[i].last;
        s->shells[i].last = s->shells[i].first;
    }
    CAL_TRY(cali_alloc(ctx, s->n_offsets, sizeof *s->offset, "cells of neurons", &s->offset));
    walk_offsets(s, largest, true);
    for (size_t i = 0; i < CALI_MAX_SHELLS; i++)
        if (s->shells[i].last > s->shells[i].first)
            s->shells[s->n_shells++] = s->shells[i];
    return CAL_OK;
}

/* ---- creation ------------------------------------------------------------------------------------------ */

/* Half of the width of the profile, where it ends early enough; cells of one candidate or more. Few offsets: fewer
 * cells to look at where the profile reaches far. */
static double choose_edge(const cali_search *s, const double size[CAL_MAX_DIMENSIONS], double diagonal)
{
    static const double most[] = {0.0, 200.0, 32.0, 12.0}; /* cells within reach, by dimension */
    double edge = 0.0, volume = 1.0, widest = 0.0;
    unsigned n = 0;
    if (s->profile != NULL) {
        const double width = fmin(distance_of_share(s, 0.5, diagonal), cali_profile_end(s->profile, s->n_dimensions));
        edge = fmax(0.5 * width, s->reach / most[s->n_dimensions]);
    }
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        volume *= size[k] > 0.0 ? size[k] : 1.0;
        n += size[k] > 0.0;
        widest = fmax(widest, size[k]);
    }
    const double density = volume / fmax(s->n_of, 1.0); /* the edge of a cell of one candidate is its n-th root */
    const double own = n < 2 ? density : n == 2 ? sqrt(density) : cali_cbrt(density);
    return fmin(fmax(edge, own), widest);
}

static cal_status create(cal_context *ctx, cali_search *s, uint32_t n_at)
{
    double size[CAL_MAX_DIMENSIONS], squares = 0.0;
    find_box(s, n_at, size);
    for (unsigned k = 0; k < s->n_dimensions; k++)
        squares += size[k] * size[k];
    const double diagonal = sqrt(squares) * (1.0 + 1e-9);
    s->reach = diagonal;
    s->most = INFINITY;
    if (s->profile != NULL && s->profile->formula != NULL) {
        s->ways = (cali_ways){.n_dimensions = s->n_dimensions, .length = {0.0, diagonal}};
        for (unsigned k = 0; k < s->n_dimensions; k++)
            s->ways.along[k] = (cali_range){-size[k], size[k]};
        s->most = cali_spatial_formula_extreme(s->profile->formula, &s->ways, 1).bound;
    }
    if (s->profile != NULL)
        s->reach = fmin(distance_of_share(s, NEGLIGIBLE, diagonal), cali_profile_end(s->profile, s->n_dimensions));
    choose_cells(s, size, choose_edge(s, size, diagonal));
    CAL_TRY(fill_cells(ctx, s));
    return s->profile == NULL ? CAL_OK : sort_offsets(ctx, s);
}

cal_status cali_search_create(cal_context *ctx, const cali_ends *ends, bool is_out, const cal_snn_profile *profile, double factor,
                              cali_search **out)
{
    const cal_snn_space *of = is_out ? ends->to : ends->from, *at = is_out ? ends->from : ends->to;
    const uint32_t n_of = is_out ? ends->n_to : ends->n_from, n_at = is_out ? ends->n_from : ends->n_to;
    *out = NULL;
    cali_search *s = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *s, "cells of neurons", &s));
    *s = (cali_search){.of = of, .at = at, .is_out = is_out, .profile = profile, .factor = factor, .n_dimensions = of->n_dimensions, .n_of = n_of};
    const cal_status status = create(ctx, s, n_at);
    if (status != CAL_OK) {
        cali_search_destroy(&s);
        return status;
    }
    *out = s;
    return CAL_OK;
}

void cali_search_destroy(cali_search **search)
{
    if (*search == NULL)
        return;
    free((*search)->start);
    free((*search)->member);
    free((*search)->offset);
    free(*search);
    *search = NULL;
}

double cali_search_bytes(const cali_search *s)
{
    double n_cells = 1.0;
    for (unsigned k = 0; k < s->n_dimensions; k++)
        n_cells *= s->n_cells[k];
    return sizeof *s + sizeof *s->start * (n_cells + 1.0) + sizeof *s->member * (double)s->n_of +
           sizeof *s->offset * (double)s->n_offsets;
}

/* ---- walks over candidates ------------------------------------------------------------------------------ */

/* The members of the cell at an offset from another; n 0: there is no such cell. */
const uint32_t *cali_members_at(const cali_search *s, const int32_t *cell, const int32_t *offset, uint32_t *n)
{
    size_t index = 0;
    *n = 0;
    for (unsigned k = s->n_dimensions; k-- > 0;) {
        int32_t at = cell[k] + offset[k];
        if (s->of->is_periodic)
            at += at < 0 ? s->n_cells[k] : at >= s->n_cells[k] ? -s->n_cells[k] : 0;
        if (at < 0 || at >= s->n_cells[k])
            return NULL;
        index = index * (size_t)s->n_cells[k] + (size_t)at;
    }
    *n = s->start[index + 1] - s->start[index];
    return s->member + s->start[index];
}

static double chance_of(const cali_search *s, uint32_t unit, uint32_t candidate)
{
    double way[CAL_MAX_DIMENSIONS];
    if (s->is_out)
        cali_way(s->at, unit, s->of, candidate, way);
    else
        cali_way(s->of, candidate, s->at, unit, way);
    return s->factor * cali_profile_at(s->profile, s->n_dimensions, way);
}

double cali_search_sum(const cali_search *s, uint32_t unit, uint32_t own)
{
    int32_t cell[CAL_MAX_DIMENSIONS];
    double sum = 0.0;
    cali_cell_of(s, s->at, unit, cell);
    for (size_t o = 0; o < s->n_offsets; o++) {
        uint32_t n;
        const uint32_t *member = cali_members_at(s, cell, s->offset[o], &n);
        for (uint32_t i = 0; i < n; i++)
            sum += member[i] != own ? fmax(chance_of(s, unit, member[i]), 0.0) : 0.0;
    }
    return sum;
}

bool cali_search_has(const cali_search *s, uint32_t unit, uint32_t own, uint32_t k)
{
    int32_t cell[CAL_MAX_DIMENSIONS];
    uint32_t found = 0;
    cali_cell_of(s, s->at, unit, cell);
    for (size_t o = 0; o < s->n_offsets && found < k; o++) {
        uint32_t n;
        const uint32_t *member = cali_members_at(s, cell, s->offset[o], &n);
        for (uint32_t i = 0; i < n && found < k; i++)
            found += member[i] != own && chance_of(s, unit, member[i]) > 0.0;
    }
    return found >= k;
}

/* ---- each pair by chance --------------------------------------------------------------------------------- */

/* Candidates of a shell that are tried before the next one: geometric with chance `bound`. */
static double gap_of(const cali_random *r, double per_log)
{
    if (per_log == 0.0) /* the bound is 1 */
        return 0.0;
    const double gap = floor(cali_log(cali_uniform(r->word[0], r->word[1])) * per_log);
    return gap < 1e15 ? gap : 1e15;
}

uint32_t cali_search_thin(const cali_search *s, cali_key key, uint32_t unit, uint32_t own, uint32_t *chosen)
{
    int32_t cell[CAL_MAX_DIMENSIONS];
    uint32_t count = 0, tried = 0;
    cali_cell_of(s, s->at, unit, cell);
    for (size_t i = 0; i < s->n_shells; i++) {
        const cali_shell *sh = &s->shells[i];
        const double bound = fmin(sh->bound, 1.0); /* chances are at most 1, what a formula may be by a quick look is not */
        const double per_log = bound < 1.0 ? cali_per_log(bound) : 0.0;
        cali_random r = cali_philox(key, unit, tried++, 0, 0);
        double at = gap_of(&r, per_log), before = 0.0;
        for (size_t o = sh->first; o < sh->last; o++) {
            uint32_t n;
            const uint32_t *member = cali_members_at(s, cell, s->offset[o], &n);
            for (; at < before + n; at += 1.0 + gap_of(&r, per_log)) {
                const uint32_t candidate = member[(uint32_t)(at - before)];
                const double u = cali_uniform(r.word[2], r.word[3]);
                if (candidate != own && u * bound < chance_of(s, unit, candidate))
                    chosen[count++] = candidate;
                r = cali_philox(key, unit, tried++, 0, 0);
            }
            before += n;
        }
    }
    return count;
}

/* ---- a number of partners in proportion ------------------------------------------------------------------- */

typedef struct draw {
    const cali_search *s;
    uint32_t unit, own;
    int32_t cell[CAL_MAX_DIMENSIONS];
    double until[CALI_MAX_SHELLS]; /* candidates times bound, summed up */
    const uint8_t *is_taken;       /* NULL: repeats are allowed */
} draw;

static bool is_allowed(const draw *d, uint32_t candidate)
{
    return candidate != d->own && (d->is_taken == NULL || !(d->is_taken[candidate / 8] >> (candidate % 8) & 1));
}

static void weigh_shells(draw *d)
{
    double sum = 0.0;
    for (size_t i = 0; i < d->s->n_shells; i++) {
        const cali_shell *sh = &d->s->shells[i];
        uint64_t total = 0;
        for (size_t o = sh->first; o < sh->last; o++) {
            uint32_t n;
            cali_members_at(d->s, d->cell, d->s->offset[o], &n);
            total += n;
        }
        sum += (double)total * sh->bound;
        d->until[i] = sum;
    }
}

/* Member number `at` of a shell. */
static uint32_t member_of(const draw *d, const cali_shell *sh, double at)
{
    uint32_t n, last = CALI_NO_ONE;
    for (size_t o = sh->first; o < sh->last; o++) {
        const uint32_t *member = cali_members_at(d->s, d->cell, d->s->offset[o], &n);
        if (at < n)
            return member[(uint32_t)at];
        at -= n;
        last = n > 0 ? member[n - 1] : last;
    }
    return last; /* rounding brought `at` to the end */
}

/* A candidate by its bound, kept with chance / bound; CALI_NO_ONE: not kept. */
static uint32_t try_one(const draw *d, cali_random r)
{
    const cali_search *s = d->s;
    const double x = cali_uniform(r.word[0], r.word[1]) * d->until[s->n_shells - 1];
    size_t i = 0;
    while (i + 1 < s->n_shells && x >= d->until[i])
        i++;
    const double bound = s->shells[i].bound;
    const uint32_t candidate = member_of(d, &s->shells[i], (x - (i > 0 ? d->until[i - 1] : 0.0)) / bound);
    const bool is_kept = candidate != CALI_NO_ONE && is_allowed(d, candidate) &&
                         cali_uniform(r.word[2], r.word[3]) * bound < chance_of(s, d->unit, candidate);
    return is_kept ? candidate : CALI_NO_ONE;
}

double cali_search_chance(const cali_search *s, uint32_t unit, uint32_t candidate)
{
    return chance_of(s, unit, candidate);
}

uint32_t cali_search_try(const cali_search *s, cali_key key, uint32_t unit, uint32_t n_attempts,
                         bool (*accepts)(const void *arg, uint32_t candidate, double x), const void *arg, cali_counter counter)
{
    draw d = {.s = s, .unit = unit, .own = CALI_NO_ONE};
    if (s->n_shells == 0)
        return CALI_NO_ONE;
    cali_cell_of(s, s->at, unit, d.cell);
    weigh_shells(&d);
    for (uint32_t attempt = 0; d.until[s->n_shells - 1] > 0.0 && attempt < n_attempts; attempt++) {
        const uint32_t x = try_one(&d, cali_philox(key, counter.c0, counter.c1, counter.c2, 2 * attempt));
        const cali_random r = cali_philox(key, counter.c0, counter.c1, counter.c2, 2 * attempt + 1);
        if (x != CALI_NO_ONE && accepts(arg, x, cali_uniform(r.word[0], r.word[1])))
            return x;
    }
    return CALI_NO_ONE;
}

/* Among all candidates: by the sum of their chances up to each. */
static uint32_t draw_among_all(const draw *d, double u)
{
    double sum = 0.0, wanted = INFINITY;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t n, last = CALI_NO_ONE;
        wanted = pass == 0 ? INFINITY : u * sum;
        sum = 0.0;
        for (size_t o = 0; o < d->s->n_offsets; o++) {
            const uint32_t *member = cali_members_at(d->s, d->cell, d->s->offset[o], &n);
            for (uint32_t i = 0; i < n; i++) {
                const double chance = is_allowed(d, member[i]) ? chance_of(d->s, d->unit, member[i]) : 0.0;
                if (!(chance > 0.0))
                    continue;
                sum += chance;
                last = member[i];
                if (sum > wanted)
                    return last;
            }
        }
        if (pass == 1)
            return last;
    }
    return CALI_NO_ONE;
}

void cali_search_draw(const cali_search *s, cali_key key, uint32_t use, uint32_t unit, uint32_t own, uint32_t k,
                      bool has_repeats, uint8_t *is_taken, uint32_t *chosen)
{
    draw d = {.s = s, .unit = unit, .own = own, .is_taken = has_repeats ? NULL : is_taken};
    cali_cell_of(s, s->at, unit, d.cell);
    weigh_shells(&d);
    for (uint32_t i = 0; i < k; i++) {
        uint32_t x = CALI_NO_ONE;
        for (uint32_t attempt = 0; x == CALI_NO_ONE && attempt < MAX_ATTEMPTS; attempt++)
            x = try_one(&d, cali_philox(key, unit, i, use, attempt));
        if (x == CALI_NO_ONE) {
            const cali_random r = cali_philox(key, unit, i, use, MAX_ATTEMPTS);
            x = draw_among_all(&d, cali_uniform(r.word[0], r.word[1]));
        }
        chosen[i] = x;
        if (!has_repeats)
            is_taken[x / 8] = (uint8_t)(is_taken[x / 8] | 1u << (x % 8));
    }
    for (uint32_t i = 0; !has_repeats && i < k; i++)
        is_taken[chosen[i] / 8] = 0;
}
