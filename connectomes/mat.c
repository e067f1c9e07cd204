/* MATLAB files, read by libmatio where this program was built with it: levels 4 and 5, and 7.3. A child process reads them
 * (guard.h). Writing needs no library: mat_save.c. */
#include "connectomes/guard.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "connectomes/text_table.h"

#ifdef CALLOSUM_HAS_MATIO
#include <matio.h>

static cal_status refuse(cal_context *ctx, const char *file, const char *name, const char *what)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s %s.", file, name, what);
}

/* Rows and columns of what was announced, before any of it is read. */
static cal_status check_extent(cal_context *ctx, const char *file, const matvar_t *v, const char *name)
{
    if (v->rank != 2)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s has %d dimensions, not 2.", file, name, v->rank);
    if (v->dims[0] == 0 || v->dims[1] == 0)
        return refuse(ctx, file, name, "is empty");
    if (v->dims[0] > CALI_MAX_REGIONS || v->dims[1] > CALI_MAX_REGIONS ||
        v->dims[0] > CALI_MAX_BYTES / sizeof(double) / v->dims[1])
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %zu x %zu, at most %zu regions are possible.", file, name,
                        v->dims[0], v->dims[1], CALI_MAX_REGIONS);
    return CAL_OK;
}

static double item(const matvar_t *v, size_t i)
{
    switch (v->data_type) {
    case MAT_T_DOUBLE: return ((const double *)v->data)[i];
    case MAT_T_SINGLE: return (double)((const float *)v->data)[i];
    case MAT_T_INT8: return ((const int8_t *)v->data)[i];
    case MAT_T_UTF8:
    case MAT_T_UINT8: return ((const uint8_t *)v->data)[i];
    case MAT_T_INT16: return ((const int16_t *)v->data)[i];
    case MAT_T_UTF16:
    case MAT_T_UINT16: return ((const uint16_t *)v->data)[i];
    case MAT_T_INT32: return ((const int32_t *)v->data)[i];
    case MAT_T_UTF32:
    case MAT_T_UINT32: return ((const uint32_t *)v->data)[i];
    case MAT_T_INT64: return (double)((const int64_t *)v->data)[i];
    case MAT_T_UINT64: return (double)((const uint64_t *)v->data)[i];
    default: return 0.0;
    }
}

static size_t item_size(enum matio_types type)
{
    switch (type) {
    case MAT_T_DOUBLE:
    case MAT_T_INT64:
    case MAT_T_UINT64: return 8;
    case MAT_T_SINGLE:
    case MAT_T_INT32:
    case MAT_T_UINT32:
    case MAT_T_UTF32: return 4;
    case MAT_T_INT16:
    case MAT_T_UINT16:
    case MAT_T_UTF16: return 2;
    case MAT_T_INT8:
    case MAT_T_UINT8:
    case MAT_T_UTF8: return 1;
    default: return 0;
    }
}

/* Whether as many items were read as the extents say. */
static bool is_whole(const matvar_t *v)
{
    const size_t size = item_size(v->data_type);
    return v->data != NULL && size > 0 && !v->isComplex && v->nbytes / size / v->dims[0] >= v->dims[1];
}

static cal_status read_numbers(cal_context *ctx, const char *file, mat_t *mat, matvar_t *v, cali_array *out)
{
    if (v->class_type == MAT_C_SPARSE)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is sparse.\n  try full(%s) in MATLAB before saving.", file, v->name,
                        v->name);
    if (v->class_type < MAT_C_DOUBLE || v->class_type > MAT_C_UINT64 || v->isComplex)
        return refuse(ctx, file, v->name, "holds no real numbers");
    CAL_TRY(check_extent(ctx, file, v, v->name));
    if (Mat_VarReadDataAll(mat, v) != 0 || !is_whole(v))
        return refuse(ctx, file, v->name, "cannot be read");
    const size_t n_rows = v->dims[0], n_columns = v->dims[1];
    cali_array_free(out);
    CAL_TRY(cali_alloc(ctx, n_rows * n_columns, sizeof(double), v->name, &out->values));
    out->n_rows = n_rows;
    out->n_columns = n_columns;
    cali_array_name(out->file, file, NULL);
    for (size_t j = 0; j < n_columns; j++) /* MATLAB stores columns */
        for (size_t i = 0; i < n_rows; i++)
            out->values[i * n_columns + j] = item(v, j * n_rows + i);
    return CAL_OK;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* One row of a matrix of characters, without blanks at its end. */
static cal_status row_text(cal_context *ctx, const matvar_t *v, size_t row, char **out)
{
    char clean[256];
    cali_text text = {0};
    const bool is_bytes = item_size(v->data_type) == 1; /* UTF-8: more bytes than characters */
    const size_t n_items = is_bytes && v->dims[0] == 1 ? v->nbytes : v->dims[1];
    for (size_t j = 0; j < n_items; j++) {
        uint32_t c = (uint32_t)item(v, j * v->dims[0] + row);
        if (is_bytes) {
            const char byte = (char)c;
            cali_text_add_bytes(&text, &byte, 1);
            continue;
        }
        if (c >= 0xd800 && c < 0xdc00 && j + 1 < n_items) /* the first half of a pair */
            c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)item(v, ++j * v->dims[0] + row) - 0xdc00);
        cali_text_add_character(&text, c);
    }
    if (text.is_broken)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for labels");
    const char *data = text.data == NULL ? "" : text.data;
    size_t n = strnlen(data, text.size);
    while (v->dims[0] > 1 && n > 0 && data[n - 1] == ' ') /* rows are as long as the longest */
        n--;
    cali_text_clean(data, data + n, false, clean, sizeof clean - 1);
    cali_text_free(&text);
    return cali_copy_text(ctx, clean, out);
}

static cal_status cell_text(cal_context *ctx, const char *file, const char *name, const matvar_t *cell, char **out)
{
    if (cell != NULL && cell->class_type == MAT_C_CHAR && cell->rank == 2 && (cell->dims[0] == 0 || cell->dims[1] == 0))
        return cali_copy_text(ctx, "", out);
    if (cell == NULL || cell->class_type != MAT_C_CHAR || cell->rank != 2 || cell->dims[0] != 1 || !is_whole(cell))
        return refuse(ctx, file, name, "holds something else than texts");
    return row_text(ctx, cell, 0, out);
}

static cal_status read_texts(cal_context *ctx, const char *file, mat_t *mat, matvar_t *v, char ***texts, size_t *n)
{
    if (v->class_type != MAT_C_CELL && v->class_type != MAT_C_CHAR)
        return refuse(ctx, file, v->name, v->class_type == MAT_C_OPAQUE
                                              ? "is an array of strings, which has no public format: try cellstr(...)"
                                              : "holds no texts");
    CAL_TRY(check_extent(ctx, file, v, v->name));
    const bool is_cell = v->class_type == MAT_C_CELL;
    *n = is_cell ? v->dims[0] * v->dims[1] : v->dims[0];
    if (*n > CALI_MAX_REGIONS)
        return refuse(ctx, file, v->name, "is too long");
    if (Mat_VarReadDataAll(mat, v) != 0 || v->data == NULL || (!is_cell && !is_whole(v)))
        return refuse(ctx, file, v->name, "cannot be read");
    CAL_TRY(cali_alloc(ctx, *n, sizeof **texts, v->name, texts));
    for (size_t i = 0; i < *n; i++)
        CAL_TRY(is_cell ? cell_text(ctx, file, v->name, Mat_VarGetCell(v, (int)i), &(*texts)[i])
                        : row_text(ctx, v, i, &(*texts)[i]));
    return CAL_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

static cal_status read_variable(cal_context *ctx, const char *file, mat_t *mat, matvar_t *v, cali_named which, cali_raw *raw)
{
    cali_array *array = cali_named_array(raw, which);
    if (array != NULL)
        return read_numbers(ctx, file, mat, v, array);
    char **texts = NULL;
    size_t n = 0;
    const cal_status status = read_texts(ctx, file, mat, v, &texts, &n);
    if (status == CAL_OK && which != CALI_NAMED_LABELS)
        cali_named_state(raw, which, texts[0]);
    if (status != CAL_OK || which != CALI_NAMED_LABELS) {
        cali_labels_free(texts, n);
        return status;
    }
    cali_labels_free(raw->labels, raw->n_labels);
    raw->labels = texts;
    raw->n_labels = n;
    cali_array_name(raw->labels_file, file, NULL);
    return CAL_OK;
}

static cal_status read_variables(cal_context *ctx, const char *file, mat_t *mat, cali_text *names, cali_raw *raw)
{
    size_t best[CALI_N_NAMED];
    for (int i = 0; i < CALI_N_NAMED; i++)
        best[i] = SIZE_MAX;
    cal_status status = CAL_OK;
    for (matvar_t *v; status == CAL_OK && (v = Mat_VarReadNextInfo(mat)) != NULL; Mat_VarFree(v)) {
        char clean[64];
        size_t rank = 0;
        if (v->name == NULL)
            continue;
        cali_text_clean(v->name, v->name + strlen(v->name), false, clean, sizeof clean - 1);
        if (names->size < 400)
            cali_text_format(names, "%s%s", names->size == 0 ? "" : ", ", clean);
        const int which = cali_named_find(v->name, &rank);
        if (which < 0 || best[which] <= rank)
            continue;
        best[which] = rank;
        status = read_variable(ctx, file, mat, v, (cali_named)which, raw);
    }
    return status == CAL_OK ? cali_named_check(ctx, file, names->data == NULL ? "" : names->data, raw) : status;
}

static void say_nothing(int level, char *message)
{
    (void)level;
    (void)message;
}

static cal_status read_file(cal_context *ctx, const cali_input *input, cali_raw *raw)
{
    Mat_LogInitFunc("callosum", say_nothing); /* its findings become messages here */
    mat_t *mat = Mat_Open(input->path, MAT_ACC_RDONLY);
    if (mat == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is no readable MATLAB file.", input->name);
    cali_text names = {0};
    const cal_status status = read_variables(ctx, input->name, mat, &names, raw);
    cali_text_free(&names);
    Mat_Close(mat);
    return status;
}

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths, cali_raw *raw)
{
    (void)lengths;
    if (input->path == NULL)
        return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "%s: MATLAB files are read from a path only", input->name);
    return cali_guarded_load(ctx, input, "libmatio", read_file, raw);
}

#else

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths, cali_raw *raw)
{
    (void)lengths;
    (void)raw;
    return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "%s C307 is a MATLAB file, which this program cannot read.\n  because it was "
                    "built without libmatio.\n  try installing libmatio-dev and building again, or saving the file as .npz, "
                    ".h5 or .csv.", input->name);
}

#endif

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 19 && (memcmp(head, "MATLAB 5.0 MAT-file", 19) == 0 || memcmp(head, "MATLAB 7.3 MAT-file", 19) == 0);
}

static const char *const suffixes[] = {".mat", NULL};
const cali_loader cali_loader_mat = {
    .name = "mat", .suffixes = suffixes, .opens_path = true, .probe = probe, .load = load};
