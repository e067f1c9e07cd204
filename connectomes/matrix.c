/* A matrix of numbers from a text file, for whoever has numbers of pairs of regions. */
#include <stdlib.h>

#include "base/file.h"
#include "connectomes/text_table.h"

enum { MAX_BYTES = 1 << 30 };

cal_status cal_matrix_load(cal_context *ctx, const char *path, const char *what, cal_matrix *out)
{
    char *data = NULL;
    size_t size = 0;
    cali_array array = {0};
    *out = (cal_matrix){0};
    CAL_TRY(cali_file_read(ctx, path, MAX_BYTES, &data, &size));
    const cal_status status = cali_text_matrix(ctx, path, what, true, data, size, &array, &out->labels);
    free(data);
    if (status != CAL_OK)
        return status;
    out->values = array.values;
    out->n_rows = array.n_rows;
    out->n_columns = array.n_columns;
    return CAL_OK;
}

void cal_matrix_free(cal_matrix *matrix)
{
    cali_labels_free(matrix->labels, matrix->labels != NULL ? matrix->n_rows : 0);
    free(matrix->values);
    *matrix = (cal_matrix){0};
}
