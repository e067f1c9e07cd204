/* libhdf5 1.10 reads beyond its buffers on some broken files (found by fuzzing), and nothing outside
 * of it can tell which. So a child process reads the file and writes the arrays into a pipe; when it
 * dies, the file is refused and the program goes on. */
#include "connectomes/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

enum { LABEL_SIZE = 256, LONGEST_S = 60, N_ARRAYS = 7, MESSAGE_SIZE = 2048 };

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

static bool put(int fd, const void *bytes, size_t n)
{
    for (const char *at = bytes; n > 0;) {
        const ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

static bool get(int fd, void *bytes, size_t n)
{
    for (char *at = bytes; n > 0;) {
        const ssize_t done = read(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
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
    if (!put(fd, &h, sizeof h) || status != CAL_OK)
        return status != CAL_OK;
    for (int i = 0; i < N_ARRAYS; i++)
        if (!put(fd, arrays[i]->values, h.n_rows[i] * h.n_columns[i] * sizeof(double)))
            return false;
    for (size_t i = 0; i < h.n_labels; i++) {
        char label[LABEL_SIZE] = {0};
        strncpy(label, raw->labels[i], LABEL_SIZE - 1);
        if (!put(fd, label, sizeof label))
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
    if (!get(fd, &h, sizeof h))
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
        if (!get(fd, arrays[i]->values, n_rows * n_columns * sizeof(double)))
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
        if (!get(fd, label, sizeof label))
            return CAL_OK;
        label[LABEL_SIZE - 1] = '\0';
        CAL_TRY(cali_copy_text(ctx, label, &raw->labels[i]));
    }
    *is_whole = true;
    return CAL_OK;
}

cal_status cali_guarded_load(cal_context *ctx, const cali_input *input, const char *library,
                             cal_status (*load)(cal_context *, const cali_input *, cali_raw *), cali_raw *raw)
{
    int ends[2];
    if (pipe(ends) != 0)
        return load(ctx, input, raw);
    const pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return load(ctx, input, raw);
    }
    if (child == 0) {
        close(ends[0]);
        signal(SIGALRM, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        alarm(LONGEST_S);
        const cal_status status = load(ctx, input, raw);
        _exit(send_all(ctx, ends[1], status, raw) ? 0 : 1);
    }
    close(ends[1]);
    bool is_whole = false;
    cal_status status = receive_all(ctx, ends[0], input, raw, &is_whole);
    close(ends[0]);
    int result = 0;
    pid_t ended;
    do
        ended = waitpid(child, &result, 0);
    while (ended < 0 && errno == EINTR);
    if (status != CAL_OK || is_whole)
        return status;
    const int number = ended == child && WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is broken in a way that %s cannot take (%s).", input->name, library,
                    number == SIGALRM ? "no end within a minute"
                    : number != 0     ? "it crashed"
                                      : "it ended early");
}
