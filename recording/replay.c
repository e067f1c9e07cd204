/* What a former recording holds goes once more through a recorder, window by window, so that every row and every place
 * in the new file is what it would have been without the interruption. The rows are read in pieces ahead of the windows;
 * the recorder feeds its sink directly meanwhile, since only one thread at a time may use HDF5. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "recording/recorder.h"

enum { PIECE_VALUES = 65536 };

/* A signal or train, and what was read of it ahead. */
typedef struct reel {
    cal_replay what;
    size_t n_total;   /* rows or spikes of the former recording */
    size_t n_columns; /* signals */
    cal_time t_first, every;
    size_t first, n;  /* read ahead: these rows or spikes */
    size_t done;      /* appended so far */
    size_t capacity;  /* rows or spikes */
    double *values;   /* rows, or times in ms */
    uint32_t *ids;
    cal_time *times;
} reel;

static cal_status refuse(cal_context *ctx, const char *what, const char *name)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "C305 the former recording is of another run: %s %s", what, name);
}

static cal_status check_signal(cal_context *ctx, const cali_rec_signal *own, const cali_rec_signal *its)
{
    const bool is_same = strcmp(own->name, its->name) == 0 && own->n_columns == its->n_columns &&
                         own->t_first == its->t_first && own->every == its->every;
    return is_same ? CAL_OK : refuse(ctx, "it lacks", own->name);
}

static cal_status check_layout(cal_context *ctx, const cali_layout *own, const cali_layout *its)
{
    if (own->n_signals != its->n_signals || own->n_trains != its->n_trains)
        return refuse(ctx, "it has more or fewer signals", "");
    for (size_t i = 0; i < own->n_signals; i++)
        CAL_TRY(check_signal(ctx, &own->signals[i], &its->signals[i]));
    for (size_t i = 0; i < own->n_trains; i++)
        if (strcmp(own->trains[i].region, its->trains[i].region) != 0 ||
            strcmp(own->trains[i].population, its->trains[i].population) != 0 ||
            own->trains[i].n_neurons != its->trains[i].n_neurons)
            return refuse(ctx, "it lacks the spikes of", own->trains[i].population);
    return CAL_OK;
}

/* Holds all rows of a window at least: where a signal is cut into appends decides where its chunks lie. */
static cal_status open_reel(cal_recorder *recorder, cal_recording *former, const cal_replay *what, cal_time window, reel *r)
{
    cal_context *ctx = former->ctx;
    *r = (reel){.what = *what, .n_columns = 1};
    if (what->is_train) {
        r->n_total = former->layout.trains[what->index].n_spikes;
        r->capacity = PIECE_VALUES;
        CAL_TRY(cali_alloc(ctx, r->capacity, sizeof *r->ids, "spikes", &r->ids));
        CAL_TRY(cali_alloc(ctx, r->capacity, sizeof *r->times, "spikes", &r->times));
        return cali_alloc(ctx, r->capacity, sizeof *r->values, "spikes", &r->values);
    }
    const cali_rec_signal *signal = &former->layout.signals[what->index];
    r->n_total = signal->n_rows;
    r->n_columns = signal->n_columns;
    r->t_first = signal->t_first;
    r->every = signal->every;
    r->first = r->done = cal_recorder_n_rows(recorder, what->index);
    const size_t n_window = (size_t)(window / r->every) + 1, n_piece = PIECE_VALUES / r->n_columns + 1;
    r->capacity = n_window > n_piece ? n_window : n_piece;
    return cali_alloc(ctx, r->capacity * r->n_columns, sizeof *r->values, "rows", &r->values);
}

static void close_reel(reel *r)
{
    free(r->values);
    free(r->ids);
    free(r->times);
}

static cal_status read_ahead(cal_recording *former, reel *r)
{
    if (!r->what.is_train)
        return cal_recording_read(former, r->what.index, r->first, r->n, r->values);
    return cal_recording_read_spikes(former, r->what.index, r->first, r->n, r->values, r->ids);
}

/* Reads ahead what follows `done`. What cannot be read is the former recording's fault, unlike what cannot be written. */
static cal_status fill(cal_recording *former, reel *r)
{
    r->first = r->done;
    r->n = r->n_total - r->done < r->capacity ? r->n_total - r->done : r->capacity;
    const cal_status status = read_ahead(former, r);
    if (status == CAL_ERR_IO) {
        char message[1000];
        snprintf(message, sizeof message, "%s", cal_context_message(former->ctx));
        cal_context_clear(former->ctx);
        return CAL_FAIL(former->ctx, CAL_ERR_INPUT, "C305 the former recording cannot be read: %s", message);
    }
    CAL_TRY(status);
    if (!r->what.is_train)
        return CAL_OK;
    for (size_t i = 0; i < r->n; i++) {
        const bool is_time = r->values[i] >= 0.0 && r->values[i] < 9e12;
        if (!is_time)
            return refuse(former->ctx, "a spike of it is at no time of", former->layout.trains[r->what.index].population);
        r->times[i] = (cal_time)llround(r->values[i] * 1e6);
    }
    return CAL_OK;
}

/* Of what is read ahead: how much belongs to the windows up to t. */
static size_t count_until(const reel *r, cal_time t)
{
    const size_t at = r->done - r->first;
    if (!r->what.is_train) {
        const size_t until = cali_layout_rows_until(r->t_first, r->every, t);
        const size_t n = until > r->done ? until - r->done : 0;
        return n < r->n - at ? n : r->n - at;
    }
    size_t end = at;
    while (end < r->n && r->times[end] <= t)
        end++;
    return end - at;
}

/* Appends what lies in the window that ends at t. Pieces are those of the run: a window's rows, cut at `n_piece`. */
static cal_status append_window(cal_recorder *recorder, cal_recording *former, reel *r, cal_time t)
{
    for (;;) {
        if (r->done == r->first + r->n && r->done < r->n_total)
            CAL_TRY(fill(former, r));
        const size_t n = count_until(r, t), at = r->done - r->first;
        if (n == 0)
            return CAL_OK;
        const bool is_cut = at + n == r->n && r->done + n < r->n_total && at > 0;
        if (is_cut) { /* the rest of the window is not read yet: read it as a whole */
            CAL_TRY(fill(former, r));
            continue;
        }
        const size_t n_now = r->what.n_piece > 0 && n > r->what.n_piece ? r->what.n_piece : n;
        CAL_TRY(r->what.is_train ? cal_recorder_append_spikes(recorder, r->what.index, n_now, r->times + at, r->ids + at)
                                 : cal_recorder_append(recorder, r->what.index, n_now, r->values + at * r->n_columns));
        r->done += n_now;
    }
}

static cal_status play(cal_recorder *recorder, cal_recording *former, reel *reels, size_t n, cal_time window, cal_time until)
{
    for (cal_time t = window; t <= until; t += window) {
        for (size_t i = 0; i < n; i++)
            CAL_TRY(append_window(recorder, former, &reels[i], t));
        CAL_TRY(cal_recorder_commit(recorder, t));
    }
    for (size_t i = 0; i < n; i++)
        if (!reels[i].what.is_train &&
            reels[i].done != cali_layout_rows_until(reels[i].t_first, reels[i].every, until))
            return refuse(former->ctx, "rows are missing in", former->layout.signals[reels[i].what.index].name);
    return CAL_OK;
}

cal_status cal_recorder_replay(cal_recorder *recorder, cal_recording *former, const cal_replay *order, size_t n,
                               cal_time window, cal_time until)
{
    reel *reels = NULL;
    CAL_TRY(check_layout(former->ctx, cali_recorder_layout(recorder), &former->layout));
    if (cal_recording_stop(former) < until)
        return CAL_FAIL(former->ctx, CAL_ERR_INPUT, "C305 the former recording ends at %g ms, before the checkpoint at %g ms",
                        cal_time_ms(cal_recording_stop(former)), cal_time_ms(until));
    CAL_TRY(cali_alloc(former->ctx, n, sizeof *reels, "recording", &reels));
    cali_recorder_set_direct(recorder, true);
    cal_status status = CAL_OK;
    for (size_t i = 0; i < n && status == CAL_OK; i++)
        status = open_reel(recorder, former, &order[i], window, &reels[i]);
    if (status == CAL_OK)
        status = play(recorder, former, reels, n, window, until);
    cali_recorder_set_direct(recorder, false);
    if (status == CAL_OK) /* tells the recorder's thread how far it is */
        status = cal_recorder_commit(recorder, until);
    for (size_t i = 0; i < n; i++)
        close_reel(&reels[i]);
    free(reels);
    return status;
}
