/* The object: made from arrays, asked through accessors. */
#include "connectomes/connectome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void cali_labels_free(char **labels, size_t n)
{
    for (size_t i = 0; labels != NULL && i < n; i++)
        free(labels[i]);
    free(labels);
}

void cali_array_free(cali_array *array)
{
    free(array->values);
    array->values = NULL;
}

void cali_raw_free(cali_raw *raw)
{
    cali_array *const arrays[] = {&raw->weights, &raw->lengths,  &raw->centres,    &raw->orientations,
                                  &raw->areas,   &raw->cortical, &raw->hemispheres};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        cali_array_free(arrays[i]);
    cali_labels_free(raw->labels, raw->n_labels);
    *raw = (cali_raw){0};
}

void cali_array_name(char file[512], const char *name, const char *member)
{
    snprintf(file, 512, member == NULL ? "%.250s" : "%.250s/%.250s", name, member);
}

void cal_connectome_destroy(cal_connectome **connectome)
{
    if (connectome == NULL || *connectome == NULL)
        return;
    cal_connectome *self = *connectome;
    free(self->name);
    free(self->weights);
    free(self->lengths_mm);
    cali_labels_free(self->labels, self->n_regions);
    free(self->centres_mm);
    free(self->orientations);
    free(self->areas_mm2);
    free(self->is_cortical);
    free(self->is_right);
    free(self);
    *connectome = NULL;
}

static cal_status copy_array(cal_context *ctx, const double *from, size_t n_rows, size_t n_columns,
                             const char *name, cali_array *to)
{
    if (from == NULL)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n_rows * n_columns, sizeof *from, name, &to->values));
    memcpy(to->values, from, n_rows * n_columns * sizeof *from);
    to->n_rows = n_rows;
    to->n_columns = n_columns;
    cali_array_name(to->file, name, NULL);
    return CAL_OK;
}

static cal_status copy_flags(cal_context *ctx, const uint8_t *from, size_t n, const char *name,
                             cali_array *to)
{
    if (from == NULL)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n, sizeof *to->values, name, &to->values));
    for (size_t i = 0; i < n; i++)
        to->values[i] = from[i] != 0;
    to->n_rows = n;
    to->n_columns = 1;
    cali_array_name(to->file, name, NULL);
    return CAL_OK;
}

static cal_status copy_labels(cal_context *ctx, const cal_connectome_def *def, const char *name,
                              cali_raw *raw)
{
    const size_t n = def->n_regions;
    if (def->labels == NULL)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n, sizeof *raw->labels, "labels", &raw->labels));
    raw->n_labels = n;
    cali_array_name(raw->labels_file, name, NULL);
    for (size_t i = 0; i < n; i++) {
        if (def->labels[i] == NULL)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: label %zu is NULL", name, i);
        CAL_TRY(cali_copy_text(ctx, def->labels[i], &raw->labels[i]));
    }
    int bad = -1;
    const int reason = cali_labels_check(ctx, n, raw->labels, &bad);
    if (reason < 0)
        return CAL_ERR_MEMORY;
    if (reason > 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 label %d \"%s\" %s.", name, bad,
                        raw->labels[bad],
                        reason == 1   ? "is empty"
                        : reason == 2 ? "has control characters"
                                      : "occurs twice");
    return CAL_OK;
}

static cal_status copy_def(cal_context *ctx, const cal_connectome_def *def, const char *name,
                           cali_raw *raw)
{
    const size_t n = def->n_regions;
    CAL_TRY(copy_array(ctx, def->weights, n, n, name, &raw->weights));
    CAL_TRY(copy_array(ctx, def->lengths_mm, n, n, name, &raw->lengths));
    CAL_TRY(copy_array(ctx, def->centres_mm, n, 3, name, &raw->centres));
    CAL_TRY(copy_array(ctx, def->orientations, n, 3, name, &raw->orientations));
    CAL_TRY(copy_array(ctx, def->areas_mm2, n, 1, name, &raw->areas));
    CAL_TRY(copy_flags(ctx, def->is_cortical, n, name, &raw->cortical));
    CAL_TRY(copy_flags(ctx, def->is_right, n, name, &raw->hemispheres));
    return copy_labels(ctx, def, name, raw);
}

cal_status cal_connectome_create(cal_context *ctx, const cal_connectome_def *def,
                                 cal_connectome **out)
{
    *out = NULL;
    const char *name = def->name == NULL ? "connectome" : def->name;
    if (def->weights == NULL || def->lengths_mm == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: weights and lengths_mm are needed", name);
    if (def->n_regions == 0 || def->n_regions > CALI_MAX_REGIONS)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: n_regions must be 1 to %zu, is %zu", name,
                        CALI_MAX_REGIONS, def->n_regions);
    const cal_connectome_source source = cal_connectome_source_default();
    cali_raw raw = {.is_oriented = true};
    cal_status status = copy_def(ctx, def, name, &raw);
    /* lengths come with their unit in the name, so they are never taken for another unit */
    if (status == CAL_OK)
        status = cali_connectome_finish(ctx, &source, NULL, name, &raw, out);
    cali_raw_free(&raw);
    return status;
}

const char *cal_connectome_name(const cal_connectome *self)
{
    return self->name;
}

size_t cal_connectome_n_regions(const cal_connectome *self)
{
    return self->n_regions;
}

const double *cal_connectome_weights(const cal_connectome *self)
{
    return self->weights;
}

const double *cal_connectome_lengths_mm(const cal_connectome *self)
{
    return self->lengths_mm;
}

const char *const *cal_connectome_labels(const cal_connectome *self)
{
    return (const char *const *)self->labels;
}

const double *cal_connectome_centres_mm(const cal_connectome *self)
{
    return self->centres_mm;
}

const double *cal_connectome_orientations(const cal_connectome *self)
{
    return self->orientations;
}

const double *cal_connectome_areas_mm2(const cal_connectome *self)
{
    return self->areas_mm2;
}

const uint8_t *cal_connectome_is_cortical(const cal_connectome *self)
{
    return self->is_cortical;
}

const uint8_t *cal_connectome_is_right(const cal_connectome *self)
{
    return self->is_right;
}

int cal_connectome_find(const cal_connectome *self, const char *label)
{
    for (size_t i = 0; i < self->n_regions; i++)
        if (strcmp(self->labels[i], label) == 0)
            return (int)i;
    return -1;
}

cal_status cal_connectome_scale(cal_context *ctx, const cal_connectome *from, cal_normalisation normalisation,
                                bool drops_self_connections, cal_connectome **out)
{
    const size_t n = from->n_regions;
    const cal_connectome_def def = {.name = from->name,
                                    .n_regions = n,
                                    .weights = from->weights,
                                    .lengths_mm = from->lengths_mm,
                                    .labels = (const char *const *)from->labels,
                                    .centres_mm = from->centres_mm,
                                    .orientations = from->orientations,
                                    .areas_mm2 = from->areas_mm2,
                                    .is_cortical = from->is_cortical,
                                    .is_right = from->is_right};
    CAL_TRY(cal_connectome_create(ctx, &def, out));
    for (size_t i = 0; drops_self_connections && i < n; i++)
        (*out)->weights[i * n + i] = 0.0;
    const cal_status status = cali_weights_normalise(ctx, from->name, normalisation, n, (*out)->weights);
    if (status != CAL_OK)
        cal_connectome_destroy(out);
    return status;
}
