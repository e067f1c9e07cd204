/* The nearest candidates: cells are looked at in rings until no closer one can come. */
#include <math.h>

#include "snn/search.h"

typedef struct nearest {
    const cali_search *s;
    uint32_t unit, own, k, n;
    uint32_t *chosen;
    double distance[CALI_MAX_NEAREST]; /* of the chosen */
} nearest;

/* Distances that are equal but for roundings come out equal, so that numbers decide between them. */
static double compare_distance(const cali_search *s, uint32_t unit, uint32_t candidate)
{
    double way[CAL_MAX_DIMENSIONS], squares = 0.0;
    cali_way(s->at, unit, s->of, candidate, way);
    for (unsigned k = 0; k < s->n_dimensions; k++)
        squares += way[k] * way[k];
    return (double)cali_f32_from_bits((cali_bits_f32((float)squares) + 4) & ~(uint32_t)7);
}

static void offer(nearest *q, uint32_t candidate)
{
    if (candidate == q->own)
        return;
    const double x = compare_distance(q->s, q->unit, candidate);
    uint32_t i = q->n;
    if (q->n == q->k) {
        if (x > q->distance[q->n - 1] || (x == q->distance[q->n - 1] && candidate > q->chosen[q->n - 1]))
            return;
        i--;
    } else {
        q->n++;
    }
    for (; i > 0 && (x < q->distance[i - 1] || (x == q->distance[i - 1] && candidate < q->chosen[i - 1])); i--) {
        q->distance[i] = q->distance[i - 1];
        q->chosen[i] = q->chosen[i - 1];
    }
    q->distance[i] = x;
    q->chosen[i] = candidate;
}

/* The candidates in the cells of a ring, which has the cell in its middle; the first axis jumps from side to side inside. */
static void offer_ring(nearest *q, const int32_t *cell, int32_t ring, const int32_t *low, const int32_t *high)
{
    int32_t at[CAL_MAX_DIMENSIONS];
    for (at[2] = low[2]; at[2] <= high[2]; at[2]++)
        for (at[1] = low[1]; at[1] <= high[1]; at[1]++) {
            const bool is_edge = at[1] == ring || at[1] == -ring || at[2] == ring || at[2] == -ring;
            const int32_t step = is_edge || ring == 0 ? 1 : 2 * ring;
            for (at[0] = is_edge ? low[0] : -ring; at[0] <= high[0]; at[0] += step) {
                uint32_t n;
                if (at[0] < low[0])
                    continue;
                const uint32_t *member = cali_members_at(q->s, cell, at, &n);
                for (uint32_t i = 0; i < n; i++)
                    offer(q, member[i]);
            }
        }
}

/* All cells of ring r are at least r - 1 edges away. */
uint32_t cali_search_nearest(const cali_search *s, uint32_t unit, uint32_t own, uint32_t k, uint32_t *chosen)
{
    nearest q = {.s = s, .unit = unit, .own = own, .k = k, .chosen = chosen};
    int32_t cell[CAL_MAX_DIMENSIONS], least[CAL_MAX_DIMENSIONS] = {0}, most[CAL_MAX_DIMENSIONS] = {0}, last = 0;
    double edge = INFINITY;
    for (unsigned d = 0; d < s->n_dimensions; d++) {
        cali_axis_offsets(s, d, &least[d], &most[d]);
        last = most[d] > last ? most[d] : last;
        last = -least[d] > last ? -least[d] : last;
        edge = s->n_cells[d] > 1 && s->edge[d] < edge ? s->edge[d] : edge;
    }
    cali_cell_of(s, s->at, unit, cell);
    for (int32_t ring = 0; ring <= last && k > 0; ring++) {
        int32_t low[CAL_MAX_DIMENSIONS], high[CAL_MAX_DIMENSIONS];
        const double near = ring > 1 ? (ring - 1) * edge : 0.0;
        if (q.n == k && near * near > q.distance[k - 1] * (1.0 + 1e-5))
            break;
        for (unsigned d = 0; d < CAL_MAX_DIMENSIONS; d++) {
            low[d] = -ring > least[d] ? -ring : least[d];
            high[d] = ring < most[d] ? ring : most[d];
        }
        offer_ring(&q, cell, ring, low, high);
    }
    return q.n;
}
