/* From what a loader found to a connectome: shapes, values, unit, orientation, normalisation. The
 * order is fixed: a message about a shape comes before one about a value, and that before one about
 * a unit, because the earlier usually explains the later. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connectomes/connectome.h"

/* "file:line:column" or "file" of an array. */
static void place(const cali_array *a, size_t line, size_t column, char text[600])
{
    if (line > 0)
        snprintf(text, 600, "%s:%zu:%zu", a->file, line, column);
    else
        snprintf(text, 600, "%s", a->file);
}

static cal_status check_finite(cal_context *ctx, const char *what, const cali_array *a)
{
    const size_t n = a->n_rows * a->n_columns;
    size_t n_bad = 0, first = 0;
    for (size_t i = 0; a->values != NULL && i < n; i++) {
        if (isfinite(a->values[i]))
            continue;
        first = n_bad == 0 ? i : first;
        n_bad++;
    }
    if (n_bad == 0)
        return CAL_OK;
    char at[600];
    place(a, a->line_not_finite, a->column_not_finite, at);
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s: %zu %s not finite, %s [%zu][%zu].", at, what,
                    n_bad, n_bad == 1 ? "entry is" : "entries are", n_bad == 1 ? "at" : "first at",
                    first / a->n_columns, first % a->n_columns);
}

static cal_status check_lengths(cal_context *ctx, const cali_array *a)
{
    const size_t n = a->n_rows * a->n_columns;
    for (size_t i = 0; i < n; i++) {
        if (a->values[i] >= 0.0)
            continue;
        char at[600];
        place(a, a->line_negative, a->column_negative, at);
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 lengths[%zu][%zu] is %g, lengths must be >= 0.", at,
                        i / a->n_columns, i % a->n_columns, a->values[i]);
    }
    return CAL_OK;
}

static cal_status check_shapes(cal_context *ctx, const char *file, const cali_raw *raw)
{
    const cali_array *w = &raw->weights, *l = &raw->lengths;
    if (w->values == NULL || l->values == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no %s.", file,
                        w->values == NULL ? "weights" : "tract lengths");
    if (w->n_rows != w->n_columns)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 weights is %zu x %zu, not square.", file, w->n_rows,
                        w->n_columns);
    if (l->n_rows != w->n_rows || l->n_columns != w->n_rows)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 weights is %zu x %zu but lengths is %zu x %zu.", file,
                        w->n_rows, w->n_columns, l->n_rows, l->n_columns);
    const struct {
        const char *what;
        const cali_array *a;
        size_t n_columns;
    } others[] = {{"centres", &raw->centres, 3}, {"orientations", &raw->orientations, 3},
                  {"areas", &raw->areas, 1},     {"cortical", &raw->cortical, 1},
                  {"hemispheres", &raw->hemispheres, 1}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const cali_array *a = others[i].a;
        if (a->values != NULL && others[i].n_columns == 1 && a->n_rows * a->n_columns == w->n_rows)
            continue; /* a column or a row */
        if (a->values != NULL && (a->n_rows != w->n_rows || a->n_columns != others[i].n_columns))
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %zu x %zu but there are %zu regions.",
                            a->file, others[i].what, a->n_rows, a->n_columns, w->n_rows);
    }
    if (raw->labels != NULL && raw->n_labels != w->n_rows)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has %zu labels but there are %zu regions.",
                        raw->labels_file, raw->n_labels, w->n_rows);
    return CAL_OK;
}

static cal_status check_values(cal_context *ctx, const cali_raw *raw)
{
    CAL_TRY(check_finite(ctx, "weights", &raw->weights));
    CAL_TRY(check_finite(ctx, "lengths", &raw->lengths));
    CAL_TRY(check_lengths(ctx, &raw->lengths));
    CAL_TRY(check_finite(ctx, "centres", &raw->centres));
    CAL_TRY(check_finite(ctx, "orientations", &raw->orientations));
    CAL_TRY(check_finite(ctx, "areas", &raw->areas));
    CAL_TRY(check_finite(ctx, "cortical", &raw->cortical));
    return check_finite(ctx, "hemispheres", &raw->hemispheres);
}

/* ---- unit of length -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    double mm;
} units[] = {{"mm", 1.0}, {"cm", 10.0}, {"m", 1e3}, {"um", 1e-3}};
enum { N_UNITS = sizeof units / sizeof units[0] };

static const char *unit_name(double mm, char buffer[32])
{
    for (int i = 0; i < N_UNITS; i++)
        if (units[i].mm == mm)
            return units[i].name;
    snprintf(buffer, 32, "%g mm", mm);
    return buffer;
}

static double longest_edge(const cali_raw *raw)
{
    const size_t n = raw->weights.n_rows * raw->weights.n_columns;
    double longest = 0.0;
    for (size_t i = 0; i < n; i++)
        if (raw->weights.values[i] != 0.0 && raw->lengths.values[i] > longest)
            longest = raw->lengths.values[i];
    return longest;
}

/* Tracts of the smallest mammal's brain reach several mm and of a human one 500 mm (streamlines).
 * All edges below 1 mm, or one beyond 5 m, is another unit. All-zero lengths are a choice. */
static cal_status check_unit(cal_context *ctx, const char *file, double length_unit_mm,
                             const cali_raw *raw)
{
    const double shortest_brain_mm = 1.0, longest_brain_mm = 5000.0, speed_mm_per_ms = 3.0;
    char own[32];
    if (raw->length_unit[0] != '\0' && length_unit_mm == 1.0)
        for (int i = 1; i < N_UNITS; i++)
            if (strcmp(units[i].name, raw->length_unit) == 0)
                return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C302 the file says that lengths are in %s, but "
                                "length_unit is mm.\n  try length_unit: %s", file, units[i].name,
                                units[i].name);
    const double longest = longest_edge(raw), longest_mm = longest * length_unit_mm;
    const bool is_short = longest > 0.0 && longest_mm < shortest_brain_mm;
    if (!is_short && !(longest_mm > longest_brain_mm))
        return CAL_OK;
    const char *guess = NULL;
    static const int order[] = {0, 2, 1, 3}; /* mm before m before cm before um */
    for (int i = 0; i < N_UNITS && guess == NULL; i++) {
        const double mm = longest * units[order[i]].mm;
        if (mm >= 5.0 && mm <= 600.0)
            guess = units[order[i]].name;
    }
    const double delay_ms = longest_mm / speed_mm_per_ms;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C302 lengths go up to %.3g. With length_unit %s %s %.2g ms at "
                    "3 mm/ms%s%s%s", file, longest, unit_name(length_unit_mm, own),
                    is_short ? "all delays are below" : "delays go up to",
                    is_short ? delay_ms * 1.005 + 1e-300 : delay_ms,
                    guess == NULL ? "." : "; did you mean ", guess == NULL ? "" : guess,
                    guess == NULL ? "" : "?");
}

/* ---- orientation ----------------------------------------------------------------------------- */

static double largest_asymmetry(size_t n, const double *a, double *scale)
{
    double largest = 0.0;
    *scale = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const double size = fabs(a[i * n + j]);
            *scale = size > *scale ? size : *scale;
        }
        for (size_t j = 0; j < i; j++) {
            const double difference = fabs(a[i * n + j] - a[j * n + i]);
            largest = difference > largest ? difference : largest;
        }
    }
    return largest;
}

static void transpose(size_t n, double *a)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const double keep = a[i * n + j];
            a[i * n + j] = a[j * n + i];
            a[j * n + i] = keep;
        }
}

static cal_status orient(cal_context *ctx, const char *file, cal_orientation orientation, cali_raw *raw)
{
    const size_t n = raw->weights.n_rows;
    if (orientation == CAL_FROM_TO || (orientation == CAL_ORIENTATION_UNSTATED && raw->is_from_to)) {
        transpose(n, raw->weights.values);
        transpose(n, raw->lengths.values);
    }
    if (orientation != CAL_ORIENTATION_UNSTATED || raw->is_oriented || raw->is_from_to)
        return CAL_OK;
    /* symmetric up to the rounding of an average taken in another order */
    double scale;
    const char *what = "weights";
    double difference = largest_asymmetry(n, raw->weights.values, &scale);
    if (difference <= 1e-9 * scale) {
        what = "lengths";
        difference = largest_asymmetry(n, raw->lengths.values, &scale);
    }
    if (difference <= 1e-9 * scale)
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C304 %s are not symmetric (max difference %.3g) and orientation "
                    "is not given. Try to-from or from-to.", file, what, difference);
}

/* ---- the whole way --------------------------------------------------------------------------- */

static cal_status scale_lengths(cal_context *ctx, double length_unit_mm, cali_array *lengths)
{
    const size_t n = lengths->n_rows * lengths->n_columns;
    for (size_t i = 0; length_unit_mm != 1.0 && i < n; i++) {
        lengths->values[i] *= length_unit_mm;
        if (!isfinite(lengths->values[i]))
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C302 lengths overflow with a unit of %g mm.",
                            lengths->file, length_unit_mm);
    }
    return CAL_OK;
}

static cal_status take_flags(cal_context *ctx, const cali_array *from, size_t n, uint8_t **to)
{
    if (from->values == NULL)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n, 1, "flags", to));
    for (size_t i = 0; i < n; i++)
        (*to)[i] = from->values[i] != 0.0;
    return CAL_OK;
}

static double *take(cali_array *from)
{
    double *values = from->values;
    from->values = NULL;
    return values;
}

static cal_status fill(cal_context *ctx, const char *name, cali_raw *raw, cal_connectome *self)
{
    const size_t n = raw->weights.n_rows;
    self->n_regions = n;
    CAL_TRY(cali_copy_text(ctx, name, &self->name));
    if (raw->labels == NULL) {
        CAL_TRY(cali_labels_default(ctx, n, &self->labels));
    } else {
        self->labels = raw->labels;
        raw->labels = NULL;
        CAL_TRY(cali_labels_finish(ctx, raw->labels_file, n, self->labels));
    }
    CAL_TRY(take_flags(ctx, &raw->cortical, n, &self->is_cortical));
    CAL_TRY(take_flags(ctx, &raw->hemispheres, n, &self->is_right));
    self->weights = take(&raw->weights);
    self->lengths_mm = take(&raw->lengths);
    self->centres_mm = take(&raw->centres);
    self->orientations = take(&raw->orientations);
    self->areas_mm2 = take(&raw->areas);
    return CAL_OK;
}

cal_status cali_connectome_finish(cal_context *ctx, const cal_connectome_source *source,
                                  const char *file, const char *name, cali_raw *raw,
                                  cal_connectome **out)
{
    const char *begin = file == NULL ? name : file;
    *out = NULL;
    CAL_TRY(check_shapes(ctx, begin, raw));
    CAL_TRY(check_values(ctx, raw));
    const size_t n = raw->weights.n_rows;
    for (size_t i = 0; source->drops_self_connections && i < n; i++)
        raw->weights.values[i * n + i] = 0.0;
    if (file != NULL)
        CAL_TRY(check_unit(ctx, begin, source->length_unit_mm, raw));
    CAL_TRY(scale_lengths(ctx, source->length_unit_mm, &raw->lengths));
    CAL_TRY(orient(ctx, begin, source->orientation, raw));
    CAL_TRY(cali_weights_normalise(ctx, begin, source->normalisation, n, raw->weights.values));
    cal_connectome *self = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "connectome", &self));
    const cal_status status = fill(ctx, name, raw, self);
    if (status != CAL_OK) {
        cal_connectome_destroy(&self);
        return status;
    }
    *out = self;
    return CAL_OK;
}
