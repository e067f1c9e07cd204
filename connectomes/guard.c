/* libhdf5 1.10 reads beyond its buffers on some broken files (found by fuzzing), and nothing outside
 * of it can tell which. So a child process reads the file and writes the arrays into a pipe; when it
 * dies, the file is refused and the program goes on. */
#include "connectomes/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/memory.h"

enum { LABEL_SIZE = 256, N_ARRAYS = 7, MESSAGE_SIZE = 2048 };

typedef struct head {
    int status;
    char message[MESSAGE_SIZE];
    size_t n_rows[N_ARRAYS], n_columns[N_ARRAYS]; /* 0: absent */
    size_t n_labels;
    bool is_oriented, is_from_to;
    char length_unit[8];
} head;

static void list_arrays(cali_raw *raw, cali_array *arrays[N_ARRAYS])
{
    cali_array *const all[N_ARRAYS] = {&raw->weights, &raw->lengths,  &raw->centres,    &raw->orientations,
                                       &raw->areas,   &raw->cortical, &raw->hemispheres};
    memcpy(arrays, all, sizeof all);
}

/* The child: everything into the pipe, the head first. */
static bool send_all(cal_context *ctx, int fd, cal_status status, cali_raw *raw)
{
    cali_array *arrays[N_ARRAYS];
    head h = {.status = (int)status, .n_labels = raw->labels == NULL ? 0 : raw->n_labels,
              .is_oriented = raw->is_oriented, .is_from_to = raw->is_from_to};
    memcpy(h.length_unit, raw->length_unit, sizeof h.length_unit);
    strncpy(h.message, cal_context_message(ctx), MESSAGE_SIZE - 1);
    list_arrays(raw, arrays);
    for (int i = 0; i < N_ARRAYS; i++) {
        h.n_rows[i] = arrays[i]->values == NULL ? 0 : arrays[i]->n_rows;
        h.n_columns[i] = arrays[i]->values == NULL ? 0 : arrays[i]->n_columns;
    }
    if (!cali_child_put(fd, &h, sizeof h) || status != CAL_OK)
        return status != CAL_OK;
    for (int i = 0; i < N_ARRAYS; i++)
        if (!cali_child_put(fd, arrays[i]->values, h.n_rows[i] * h.n_columns[i] * sizeof(double)))
            return false;
    for (size_t i = 0; i < h.n_labels; i++) {
        char label[LABEL_SIZE] = {0};
        strncpy(label, raw->labels[i], LABEL_SIZE - 1);
        if (!cali_child_put(fd, label, sizeof label))
            return false;
    }
    return true;
}

/* The parent: false in `*is_whole` when the pipe ends too early or holds what cannot be. */
static cal_status receive_all(cal_context *ctx, int fd, const cali_input *input, cali_raw *raw, bool *is_whole)
{
    cali_array *arrays[N_ARRAYS];
    head h;
    *is_whole = false;
    if (!cali_child_get(fd, &h, sizeof h))
        return CAL_OK;
    h.message[MESSAGE_SIZE - 1] = '\0';
    if (h.status != CAL_OK) {
        *is_whole = true;
        return CAL_FAIL(ctx, (cal_status)h.status, "%s", h.message);
    }
    list_arrays(raw, arrays);
    raw->is_oriented = h.is_oriented;
    raw->is_from_to = h.is_from_to;
    memcpy(raw->length_unit, h.length_unit, sizeof raw->length_unit);
    raw->length_unit[sizeof raw->length_unit - 1] = '\0';
    for (int i = 0; i < N_ARRAYS; i++) {
        const size_t n_rows = h.n_rows[i], n_columns = h.n_columns[i];
        if (n_rows == 0 || n_columns == 0)
            continue;
        if (n_rows > CALI_MAX_REGIONS || n_columns > CALI_MAX_REGIONS)
            return CAL_OK;
        CAL_TRY(cali_alloc(ctx, n_rows * n_columns, sizeof(double), input->name, &arrays[i]->values));
        arrays[i]->n_rows = n_rows;
        arrays[i]->n_columns = n_columns;
        cali_array_name(arrays[i]->file, input->name, NULL);
        if (!cali_child_get(fd, arrays[i]->values, n_rows * n_columns * sizeof(double)))
            return CAL_OK;
    }
    cali_array_name(raw->labels_file, input->name, NULL);
    if (h.n_labels > CALI_MAX_REGIONS)
        return CAL_OK;
    if (h.n_labels > 0)
        CAL_TRY(cali_alloc(ctx, h.n_labels, sizeof *raw->labels, "labels", &raw->labels));
    raw->n_labels = h.n_labels;
    for (size_t i = 0; i < h.n_labels; i++) {
        char label[LABEL_SIZE];
        if (!cali_child_get(fd, label, sizeof label))
            return CAL_OK;
        label[LABEL_SIZE - 1] = '\0';
        CAL_TRY(cali_copy_text(ctx, label, &raw->labels[i]));
    }
    *is_whole = true;
    return CAL_OK;
}

typedef struct job {
    const cali_input *input;
    cal_status (*load)(cal_context *, const cali_input *, cali_raw *);
    cali_raw *raw;
} job;

static bool send_job(cal_context *ctx, void *arg, int fd)
{
    const job *j = arg;
    return send_all(ctx, fd, j->load(ctx, j->input, j->raw), j->raw);
}

static cal_status receive_job(cal_context *ctx, void *arg, int fd, bool *is_whole)
{
    const job *j = arg;
    return receive_all(ctx, fd, j->input, j->raw, is_whole);
}

static cal_status do_job(cal_context *ctx, void *arg)
{
    const job *j = arg;
    return j->load(ctx, j->input, j->raw);
}

cal_status cali_guarded_load(cal_context *ctx, const cali_input *input, const char *library,
                             cal_status (*load)(cal_context *, const cali_input *, cali_raw *), cali_raw *raw)
{
    static const cali_child child = {send_job, receive_job, do_job};
    job j = {input, load, raw};
    return cali_child_run(ctx, input->name, library, &child, &j);
}
