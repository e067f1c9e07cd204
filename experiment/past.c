/* What was before t = 0: the past of states and outputs from tables and from recordings of earlier runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/units.h"
#include "callosum/recording.h"
#include "experiment/reader.h"
#include "experiment/session.h"

enum { MORE_ROWS = 4 }; /* beyond the longest delay, for the cubic and the rounding of delays */

/* One past while it is read. */
typedef struct reading {
    cal_session *session;
    cali_inputs *inputs;
    const cali_past *past;
    const char *unit;    /* of the model */
    const char *path;    /* of the file */
    size_t *column_of;   /* n_regions: in the file, SIZE_MAX: none */
    bool *is_wanted;     /* n_regions: its model has what is asked for */
    cal_nmm_history *to;
} reading;

#define REFUSE(code, ...) return cali_experiment_fail(s->ctx, s->experiment, in->past->place, code, __VA_ARGS__)

cal_status cali_past_path(cal_context *ctx, const cali_past *past, char **out)
{
    struct stat info;
    const char *path = past->file != NULL ? past->file : past->run;
    if (past->run != NULL && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return cali_path_join(ctx, path, "run.h5", out);
    return cali_path_join(ctx, NULL, path, out);
}

/* ---- regions --------------------------------------------------------------------------------- */

static const cal_field *find_row(const cal_nmm_model *m, const char *what)
{
    const int state = cal_field_find(m->states, m->n_states, what);
    const int output = cal_field_find(m->outputs, m->n_outputs, what);
    return state >= 0 ? &m->states[state] : output >= 0 ? &m->outputs[output] : NULL;
}

static cal_status find_wanted(reading *in)
{
    cal_session *s = in->session;
    for (size_t i = 0; i < s->n_regions; i++) {
        const cal_field *row = find_row(s->experiment->masses[s->roles[i].mass].model, in->past->what);
        in->is_wanted[i] = row != NULL && s->roles[i].network < 0;
        if (!in->is_wanted[i])
            continue;
        if (in->unit != NULL && strcmp(in->unit, row->unit) != 0)
            REFUSE("C103", "%s has two units here, %s and %s in \"%s\"\ntry another state or output", in->past->what,
                   in->unit, row->unit, cal_connectome_labels(s->connectome)[i]);
        in->unit = row->unit;
    }
    if (in->unit == NULL)
        REFUSE("C107", "no neural mass has a state or an output \"%s\"", in->past->what);
    return CAL_OK;
}

/* Notes which region a column of the file is; `place` begins the message. */
static cal_status note_column(reading *in, const char *label, size_t column, const char *place)
{
    const cal_session *s = in->session;
    const char *const *labels = cal_connectome_labels(s->connectome);
    for (size_t i = 0; i < s->n_regions; i++)
        if (strcmp(labels[i], label) == 0) {
            in->column_of[i] = column;
            return CAL_OK;
        }
    const char *nearest = cali_nearest_of(label, labels, s->n_regions, cali_word_in_array);
    return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s  C303  no region is called \"%.60s\"%s%s", place, label,
                    nearest != NULL ? "\n  try  " : "", nearest != NULL ? nearest : "");
}

static cal_status check_columns(const reading *in)
{
    const cal_session *s = in->session;
    for (size_t i = 0; i < s->n_regions; i++)
        if (in->is_wanted[i] && in->column_of[i] == SIZE_MAX)
            REFUSE("C303", "%s has no column for the region \"%s\"\nbecause its model has %s", in->path,
                   cal_connectome_labels(s->connectome)[i], in->past->what);
    return CAL_OK;
}

/* The last time is t = 0. */
static void end_at_zero(double *times, size_t n)
{
    const double last = times[n - 1];
    for (size_t j = 0; j < n; j++)
        times[j] -= last;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static cal_status copy_table(reading *in, cali_csv *csv)
{
    cal_session *s = in->session;
    double *times, *values;
    const int time = cali_csv_find(csv, "time");
    if (time < 0)
        REFUSE("C107", "no column \"time\" in %s\ntry time (ms) in the header", in->path);
    for (size_t c = 0; c < csv->n_columns; c++) {
        char place[600];
        snprintf(place, sizeof place, "%.560s:%u:%u", in->path, csv->names[c].line, csv->names[c].column);
        if (c == (size_t)time)
            continue;
        if (csv->units[c] == NULL)
            csv->units[c] = in->past->unit;
        CAL_TRY(note_column(in, csv->names[c].text, c, place));
    }
    CAL_TRY(check_columns(in));
    CAL_TRY(cali_inputs_own(s, in->inputs, csv->n_rows, &times));
    CAL_TRY(cali_inputs_own(s, in->inputs, csv->n_rows * s->n_regions, &values));
    CAL_TRY(cali_csv_times(s->ctx, csv, (size_t)time, times));
    for (size_t j = 0; j < csv->n_rows; j++)
        for (size_t i = 0; i < s->n_regions; i++)
            if (in->is_wanted[i])
                CAL_TRY(cali_csv_number(s->ctx, csv, j, in->column_of[i], in->unit, &values[j * s->n_regions + i]));
    end_at_zero(times, csv->n_rows);
    *in->to = (cal_nmm_history){in->past->what, times, values, csv->n_rows};
    return CAL_OK;
}

static cal_status read_table(reading *in)
{
    cali_csv csv;
    CAL_TRY(cali_csv_load(in->session->ctx, in->path, &csv));
    const cal_status status = copy_table(in, &csv);
    cali_csv_free(&csv);
    return status;
}

/* ---- recordings ------------------------------------------------------------------------------ */

static double longest_delay_ms(const cal_session *s)
{
    double longest = s->experiment->min_delay_ms;
    for (size_t i = 0; i < s->n_regions; i++)
        for (size_t j = 0; j < s->n_regions; j++)
            longest = fmax(longest, cali_delay_ms(s, i, j));
    return longest;
}

static cal_status find_signal(const reading *in, const cal_recording *recording, size_t *signal)
{
    const cal_session *s = in->session;
    const char *name = in->past->signal != NULL ? in->past->signal : in->past->what;
    const size_t n = cal_recording_n_signals(recording);
    cali_text known = {0};
    for (size_t k = 0; k < n; k++) {
        const cal_recording_signal here = cal_recording_get_signal(recording, k);
        if (strcmp(here.name, name) == 0) {
            *signal = k;
            cali_text_free(&known);
            return CAL_OK;
        }
        if (here.monitor == NULL && strcmp(here.axis, "region") == 0)
            cali_text_format(&known, "%s%.60s", known.size > 0 ? ", " : "", here.name);
    }
    const cal_status status =
        cali_experiment_fail(s->ctx, s->experiment, in->past->place, "C107", "%s has no signal \"%.60s\"%s%s", in->path,
                             name, known.size > 0 ? "\nknown " : "", known.size > 0 ? known.data : "");
    cali_text_free(&known);
    return status;
}

static cal_status check_signal(reading *in, const cal_recording_signal *signal, double *factor)
{
    const cal_session *s = in->session;
    cali_unit from, to;
    if (signal->monitor != NULL || strcmp(signal->axis, "region") != 0)
        REFUSE("C107", "the signal \"%s\" of %s is no state or output of regions", signal->name, in->path);
    if (!cali_unit_parse(signal->unit, &from) || !cali_unit_parse(in->unit, &to) ||
        !cali_unit_is_same_dimension(&from, &to))
        REFUSE("C103", "%s is in %s, but the signal \"%s\" of %s in %s", in->past->what, in->unit, signal->name,
               in->path, signal->unit);
    if (signal->n_rows == 0)
        REFUSE("C301", "the signal \"%s\" of %s has no samples", signal->name, in->path);
    for (size_t c = 0; c < signal->n_columns; c++)
        CAL_TRY(note_column(in, signal->labels[c], c, in->path));
    *factor = cali_unit_convert(1.0, &from, &to);
    return check_columns(in);
}

static cal_status copy_rows(reading *in, const cal_recording_signal *signal, const double *rows, size_t n,
                            double factor)
{
    const cal_session *s = in->session;
    double *times, *values;
    CAL_TRY(cali_inputs_own(in->session, in->inputs, n, &times));
    CAL_TRY(cali_inputs_own(in->session, in->inputs, n * s->n_regions, &values));
    for (size_t j = 0; j < n; j++) {
        times[j] = -cal_time_ms((cal_time)(n - 1 - j) * signal->every);
        for (size_t i = 0; i < s->n_regions; i++) {
            if (!in->is_wanted[i])
                continue;
            const double value = rows[j * signal->n_columns + in->column_of[i]];
            if (!isfinite(value))
                REFUSE("C301", "the signal \"%s\" of %s is not finite in \"%s\", %g ms before its end", signal->name,
                       in->path, cal_connectome_labels(s->connectome)[i], -times[j]);
            values[j * s->n_regions + i] = value * factor;
        }
    }
    *in->to = (cal_nmm_history){in->past->what, times, values, n};
    return CAL_OK;
}

static cal_status copy_recording(reading *in, cal_recording *recording)
{
    cal_session *s = in->session;
    size_t index = 0;
    double factor = 1.0, *rows = NULL;
    CAL_TRY(find_signal(in, recording, &index));
    const cal_recording_signal signal = cal_recording_get_signal(recording, index);
    CAL_TRY(check_signal(in, &signal, &factor));
    const double needed = ceil(longest_delay_ms(s) / cal_time_ms(signal.every)) + MORE_ROWS;
    const size_t n = needed < (double)signal.n_rows ? (size_t)needed : signal.n_rows;
    CAL_TRY(cali_inputs_own(s, in->inputs, n * signal.n_columns, &rows));
    CAL_TRY(cal_recording_read(recording, index, signal.n_rows - n, n, rows));
    return copy_rows(in, &signal, rows, n, factor);
}

static cal_status read_recording(reading *in)
{
    cal_recording *recording = NULL;
    CAL_TRY(cal_recording_open(in->session->ctx, in->path, &recording));
    const cal_status status = copy_recording(in, recording);
    cal_recording_close(&recording);
    return status;
}

/* ---- both ------------------------------------------------------------------------------------ */

static cal_status make_past(reading *in)
{
    cal_session *s = in->session;
    char *path = NULL;
    for (size_t i = 0; i < s->n_regions; i++)
        in->column_of[i] = SIZE_MAX;
    CAL_TRY(find_wanted(in));
    CAL_TRY(cali_past_path(s->ctx, in->past, &path));
    in->path = path;
    const cal_status status = in->past->file != NULL ? read_table(in) : read_recording(in);
    free(path);
    return status;
}

cal_status cali_pasts_make(cal_session *s, cali_inputs *inputs)
{
    const cal_experiment *e = s->experiment;
    reading in = {.session = s, .inputs = inputs};
    CAL_TRY(cali_alloc(s->ctx, e->n_pasts, sizeof *inputs->histories, "histories", &inputs->histories));
    cal_status status = cali_alloc(s->ctx, s->n_regions, sizeof *in.column_of, "regions", &in.column_of);
    if (status == CAL_OK)
        status = cali_alloc(s->ctx, s->n_regions, sizeof *in.is_wanted, "regions", &in.is_wanted);
    for (size_t k = 0; k < e->n_pasts && status == CAL_OK; k++) {
        in.past = &e->pasts[k];
        in.to = &inputs->histories[k];
        in.unit = NULL;
        status = make_past(&in);
    }
    free(in.column_of);
    free(in.is_wanted);
    return status;
}

cal_status cali_pasts_explain(cal_session *s, cal_status status)
{
    const cal_experiment *e = s->experiment;
    for (size_t k = 0; k < e->n_pasts && status == CAL_ERR_ARGUMENT; k++) {
        char start[200], cause[1024];
        snprintf(start, sizeof start, "the history of %.160s ", e->pasts[k].what);
        snprintf(cause, sizeof cause, "%s", cal_context_message(s->ctx));
        if (strncmp(cause, start, strlen(start)) != 0)
            continue;
        cal_context_clear(s->ctx);
        return cali_experiment_fail(s->ctx, e, e->pasts[k].place, "C106", "%s", cause);
    }
    return status;
}
