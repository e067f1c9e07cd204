/* What is worth knowing before a run. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "connectomes/connectome.h"

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996, American
 * Statistician 50, 361-365; the usual default). */
static double quantile(const double *sorted, size_t n, double share)
{
    const double at = share * (double)(n - 1);
    const size_t low = (size_t)at;
    const double part = at - (double)low;
    if (low + 1 >= n || part == 0.0)
        return sorted[low];
    return sorted[low] + part * (sorted[low + 1] - sorted[low]);
}

/* Counts everything that needs one look at each entry; fills `lengths` with those of the edges. */
static void look(const cal_connectome *self, cal_connectome_facts *facts, double *lengths,
                 uint8_t *has_output)
{
    const size_t n = self->n_regions;
    for (size_t i = 0; i < n; i++) {
        bool has_input = false;
        for (size_t j = 0; j < n; j++) {
            const double w = self->weights[i * n + j], l = self->lengths_mm[i * n + j];
            const double difference = fabs(w - self->weights[j * n + i]);
            facts->asymmetry = difference > facts->asymmetry ? difference : facts->asymmetry;
            if (w == 0.0)
                continue;
            const bool is_first = facts->n_edges == 0;
            facts->weight_min = is_first || w < facts->weight_min ? w : facts->weight_min;
            facts->weight_max = is_first || w > facts->weight_max ? w : facts->weight_max;
            facts->length_min_mm = is_first || l < facts->length_min_mm ? l : facts->length_min_mm;
            facts->length_max_mm = is_first || l > facts->length_max_mm ? l : facts->length_max_mm;
            facts->n_self_connections += i == j;
            facts->n_zero_lengths += l == 0.0;
            lengths[facts->n_edges++] = l;
            has_input = true;
            has_output[j] |= 1;
        }
        facts->n_without_input += !has_input;
        has_output[i] |= has_input ? 2 : 0;
    }
    for (size_t i = 0; i < n; i++) {
        facts->n_without_output += (has_output[i] & 1) == 0;
        facts->n_isolated += has_output[i] == 0;
    }
}

cal_status cal_connectome_describe(cal_context *ctx, const cal_connectome *self,
                                   double speed_mm_per_ms, cal_connectome_facts *out)
{
    *out = (cal_connectome_facts){.n_regions = self->n_regions};
    if (!(speed_mm_per_ms > 0.0)) /* infinite: no delays */
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "speed must be > 0 mm/ms, is %g", speed_mm_per_ms);
    const size_t n = self->n_regions;
    size_t n_edges = 0;
    for (size_t i = 0; i < n * n; i++)
        n_edges += self->weights[i] != 0.0;
    double *lengths = NULL;
    uint8_t *has_output = NULL;
    cal_status status = cali_alloc(ctx, n_edges, sizeof *lengths, "lengths of edges", &lengths);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n, 1, "flags", &has_output);
    if (status == CAL_OK) {
        look(self, out, lengths, has_output);
        qsort(lengths, n_edges, sizeof *lengths, compare_doubles);
        for (int q = 0; q < 5 && n_edges > 0; q++)
            out->delay_ms[q] = quantile(lengths, n_edges, 0.25 * q) / speed_mm_per_ms;
        out->has_centres = self->centres_mm != NULL;
        out->has_areas = self->areas_mm2 != NULL;
        out->has_orientations = self->orientations != NULL;
        out->has_cortical = self->is_cortical != NULL;
        out->has_hemispheres = self->is_right != NULL;
    }
    free(lengths);
    free(has_output);
    return status;
}
