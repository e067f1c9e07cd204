/* Reading back: checks of indices and ranges before a source is asked. */
#include <stdlib.h>
#include <string.h>

#include "base/fork_gate.h"
#include "base/memory.h"
#include "base/rehearsal.h"
#include "recording/parts.h"

typedef struct rehearsal {
    cal_context *ctx;
    const char *path;
} rehearsal;

static void open_once(void *arg)
{
    const rehearsal *r = arg;
    cal_recording self = {.ctx = r->ctx};
    cali_hdf5_open(r->ctx, r->path, &self);
}

cal_status cali_recording_open_here(cal_context *ctx, const char *path, cal_recording **out)
{
    *out = NULL;
    cal_recording *self = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "recording", &self));
    self->ctx = ctx;
    cali_fork_gate_enter();
    const cal_status status = cali_hdf5_open(ctx, path, self);
    cali_fork_gate_leave();
    if (status != CAL_OK) {
        cal_recording_close(&self);
        return status;
    }
    *out = self;
    return CAL_OK;
}

/* libhdf5 1.10 reads beyond its buffers on some broken headers (found by fuzzing) and nothing outside of it can tell
 * which: a child process opens the file first, and when it dies the file is refused. */
cal_status cal_recording_open(cal_context *ctx, const char *path, cal_recording **out)
{
    *out = NULL;
    CAL_TRY(cali_rehearse(ctx, path, "the HDF5 library", 60, open_once, &(rehearsal){ctx, path}));
    return cali_recording_open_here(ctx, path, out);
}

void cal_recording_close(cal_recording **recording)
{
    if (recording == NULL || *recording == NULL)
        return;
    cal_recording *self = *recording;
    cali_fork_gate_enter();
    if (self->source != NULL)
        self->source->close(self->self);
    cali_fork_gate_leave();
    cali_layout_clear(&self->layout);
    free(self);
    *recording = NULL;
}

const char *cal_recording_title(const cal_recording *self)
{
    return self->layout.title == NULL ? "" : self->layout.title;
}

cal_time cal_recording_stop(const cal_recording *self)
{
    return self->stop;
}

bool cal_recording_is_complete(const cal_recording *self)
{
    return self->is_complete;
}

size_t cal_recording_n_signals(const cal_recording *self)
{
    return self->layout.n_signals;
}

cal_recording_signal cal_recording_get_signal(const cal_recording *self, size_t index)
{
    const cali_rec_signal *signal = &self->layout.signals[index];
    return (cal_recording_signal){.name = signal->name,
                                  .unit = signal->unit,
                                  .long_name = signal->long_name,
                                  .axis = signal->axis,
                                  .monitor = signal->monitor,
                                  .t_first = signal->t_first,
                                  .every = signal->every,
                                  .n_rows = signal->n_rows,
                                  .n_columns = signal->n_columns,
                                  .labels = (const char *const *)signal->labels};
}

cal_status cal_recording_read(cal_recording *self, size_t signal, size_t first, size_t n,
                              double *rows)
{
    if (signal >= self->layout.n_signals)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "there is no signal %zu", signal);
    const cali_rec_signal *s = &self->layout.signals[signal];
    if (first > s->n_rows || n > s->n_rows - first)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                        "signal %s has %zu rows; asked for %zu from %zu", s->name, s->n_rows, n,
                        first);
    if (n == 0)
        return CAL_OK;
    cali_fork_gate_enter();
    const cal_status status = self->source->read(self->self, signal, first, n, rows);
    cali_fork_gate_leave();
    return status;
}

size_t cal_recording_n_trains(const cal_recording *self)
{
    return self->layout.n_trains;
}

cal_recording_train cal_recording_get_train(const cal_recording *self, size_t index)
{
    const cali_rec_train *train = &self->layout.trains[index];
    return (cal_recording_train){.region = train->region,
                                 .population = train->population,
                                 .n_neurons = train->n_neurons,
                                 .n_recorded = train->n_recorded,
                                 .n_spikes = train->n_spikes};
}

cal_status cal_recording_read_spikes(cal_recording *self, size_t train, size_t first, size_t n,
                                     double *times_ms, uint32_t *ids)
{
    if (train >= self->layout.n_trains)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "there is no train %zu", train);
    const cali_rec_train *t = &self->layout.trains[train];
    if (first > t->n_spikes || n > t->n_spikes - first)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s.%s has %zu spikes; asked for %zu from %zu",
                        t->region, t->population, t->n_spikes, n, first);
    if (n == 0)
        return CAL_OK;
    cali_fork_gate_enter();
    const cal_status status = self->source->read_spikes(self->self, train, first, n, times_ms, ids);
    cali_fork_gate_leave();
    return status;
}

cal_status cal_recording_read_matrix(cal_recording *self, const char *path, size_t *n_rows,
                                     size_t *n_columns, double **values)
{
    *n_rows = 0;
    *n_columns = 0;
    *values = NULL;
    cali_fork_gate_enter();
    const cal_status status = self->source->read_matrix(self->self, path, n_rows, n_columns, values);
    cali_fork_gate_leave();
    return status;
}

cal_status cal_recording_read_texts(cal_recording *self, const char *path, size_t *n, char ***texts)
{
    *n = 0;
    *texts = NULL;
    cali_fork_gate_enter();
    const cal_status status = self->source->read_texts(self->self, path, n, texts);
    cali_fork_gate_leave();
    return status;
}
