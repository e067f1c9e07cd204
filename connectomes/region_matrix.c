/* One more matrix between the regions of a connectome. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "connectomes/connectome.h"
#include "connectomes/text_table.h"

#define REFUSE(...) return CAL_FAIL(ctx, CAL_ERR_INPUT, __VA_ARGS__)

static cal_status check_matrix(cal_context *ctx, const cal_connectome *c, const cali_array *a, char *const *labels)
{
    const size_t n = c->n_regions;
    if (a->n_rows != n || a->n_columns != n)
        REFUSE("%s: C301 the matrix has %zu rows and %zu columns, the connectome %zu regions", a->file, a->n_rows,
               a->n_columns, n);
    if (a->line_not_finite > 0)
        REFUSE("%s:%zu:%zu: C301 a number is not finite", a->file, a->line_not_finite, a->column_not_finite);
    for (size_t i = 0; labels != NULL && i < n; i++)
        if (strcmp(labels[i], c->labels[i]) != 0)
            REFUSE("%s: C301 row %zu is called \"%s\", region %zu of the connectome \"%s\"", a->file, i + 1, labels[i],
                   i + 1, c->labels[i]);
    return CAL_OK;
}

static void transpose(double *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const double other = m[i * n + j];
            m[i * n + j] = m[j * n + i];
            m[j * n + i] = other;
        }
}

cal_status cal_connectome_load_matrix(cal_context *ctx, const cal_connectome *connectome, const char *path,
                                      cal_orientation orientation, double **out)
{
    char *data = NULL, *unpacked = NULL, **labels = NULL;
    size_t size = 0, unpacked_size = 0;
    cali_array array = {0};
    *out = NULL;
    CAL_TRY(cali_file_read(ctx, path, CALI_MAX_BYTES, &data, &size));
    const char *name = cali_path_name(path);
    cal_status status = cali_unpack(ctx, name, data, size, &unpacked, &unpacked_size);
    if (status == CAL_OK)
        status = cali_text_matrix(ctx, name, "matrix", true, unpacked != NULL ? unpacked : data,
                                  unpacked != NULL ? unpacked_size : size, &array, &labels);
    if (status == CAL_OK)
        status = check_matrix(ctx, connectome, &array, labels);
    if (status == CAL_OK) {
        if (orientation == CAL_FROM_TO)
            transpose(array.values, array.n_rows);
        *out = array.values;
        array.values = NULL;
    }
    cali_labels_free(labels, labels == NULL ? 0 : array.n_rows);
    cali_array_free(&array);
    free(unpacked);
    free(data);
    return status;
}
