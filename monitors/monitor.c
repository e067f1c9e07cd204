/* A monitor's life: checks, the count of rows, and the rows out. */
#include "monitors/monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const cal_bold_form_names[] = {"integral", "tvb"};

cal_monitor_def cal_monitor_def_default(void)
{
    return (cal_monitor_def){.length = 20000 * CAL_NS_PER_MS};
}

cal_time cal_monitor_interim(cal_time dt, cal_time every, cal_time longest)
{
    cal_time best = dt;
    for (cal_time n = 1; n * dt <= longest && n * dt <= every; n++)
        if (every % (n * dt) == 0)
            best = n * dt;
    return best;
}

/* ---- create -------------------------------------------------------------------------------------------- */

static cal_status copy_params(cal_monitor *m, const cal_monitor_def *def)
{
    const cal_field *fields = def->kernel != NULL ? def->kernel->params : def->kind->params;
    m->n_params = def->kernel != NULL ? def->kernel->n_params : def->kind->n_params;
    CAL_TRY(cali_alloc(m->ctx, m->n_params, sizeof(double), "parameters of a monitor", &m->params));
    for (size_t i = 0; i < m->n_params; i++) {
        const cal_field *f = &fields[i];
        m->params[i] = def->params != NULL ? def->params[i] : f->value;
        if (!(m->params[i] >= f->low && m->params[i] <= f->high))
            return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "%s of %s must lie from %g to %g %s, is %g", f->name,
                            def->kind->name, f->low, f->high, f->unit, m->params[i]);
    }
    return CAL_OK;
}

static cal_status check(cal_context *ctx, const cal_monitor_def *def)
{
    const cal_monitor_kind *kind = def->kind;
    if (kind == NULL || def->n_regions == 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "a monitor needs a kind and regions");
    if (def->dt <= 0 || def->every <= 0 || def->every % def->dt != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s every %g ms is no multiple of its input's interval %g ms", kind->name,
                        cal_time_ms(def->every), cal_time_ms(def->dt));
    if (kind->feed == CAL_FEED_SAMPLES && def->every != def->dt)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s takes one row for each that it gives", kind->name);
    if (kind->has_kernel != (def->kernel != NULL))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s %s kernel", kind->name, kind->has_kernel ? "needs a" : "has no");
    if (kind->has_lead_field != (def->lead_field != NULL))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s %s lead field", kind->name, kind->has_lead_field ? "needs a" : "has no");
    if (!kind->has_groups && def->groups != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s has no groups", kind->name);
    return CAL_OK;
}

static cal_status init(cal_monitor *m, const cal_monitor_def *def)
{
    CAL_TRY(check(m->ctx, def));
    m->kind = def->kind;
    m->kernel = def->kernel;
    m->form = def->form;
    m->n_regions = def->n_regions;
    m->n_channels = def->n_regions;
    m->dt_ms = cal_time_ms(def->dt);
    m->n_per_sample = def->every / def->dt;
    m->has_average_reference = def->has_average_reference;
    CAL_TRY(copy_params(m, def));
    CAL_TRY(m->kind->ops->prepare(m, def));
    m->n_state++;
    CAL_TRY(cali_alloc(m->ctx, m->n_state, sizeof(double), "state of a monitor", &m->state));
    m->own = m->state + 1;
    if (m->kind->ops->begin != NULL)
        m->kind->ops->begin(m);
    return CAL_OK;
}

cal_status cal_monitor_create(cal_context *ctx, const cal_monitor_def *def, cal_monitor **out)
{
    *out = NULL;
    cal_monitor *m = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *m, "monitor", &m));
    m->ctx = ctx;
    const cal_status status = init(m, def);
    if (status != CAL_OK) {
        cal_monitor_destroy(&m);
        return status;
    }
    *out = m;
    return CAL_OK;
}

void cal_monitor_destroy(cal_monitor **monitor)
{
    if (monitor == NULL || *monitor == NULL)
        return;
    cal_monitor *m = *monitor;
    free(m->params);
    free(m->state);
    free(m->weights);
    free(m->groups);
    free(m->matrix);
    free(m->rows);
    free(m);
    *monitor = NULL;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

size_t cal_monitor_n_channels(const cal_monitor *m)
{
    return m->n_channels;
}

/* A region without the quantity stays not a number; one that overflows is a failure. */
static cal_status check_finite(const cal_monitor *m, const double *in, const double *out)
{
    for (size_t i = 0; m->kind->feed == CAL_FEED_MEANS && i < m->n_channels; i++)
        if (!isfinite(out[i]) && isfinite(in[i]))
            return CAL_FAIL(m->ctx, CAL_ERR_NUMERIC, "E302 %s of column %zu is not finite; its input is %g there", m->kind->name,
                            i, in[i]);
    return CAL_OK;
}

cal_status cal_monitor_push(cal_monitor *m, size_t n, const double *rows)
{
    const int64_t taken = (int64_t)m->state[0];
    const size_t n_out = (size_t)((taken + (int64_t)n) / m->n_per_sample - taken / m->n_per_sample);
    m->n_rows = 0;
    if (n_out * m->n_channels > m->row_capacity)
        CAL_TRY(cali_reserve(m->ctx, n_out * m->n_channels, sizeof *m->rows, &m->rows, &m->row_capacity));
    for (size_t j = 0; j < n; j++) {
        const double *row = rows + j * m->n_regions;
        m->state[0] += 1.0;
        m->kind->ops->take(m, row);
        if (cali_monitor_row(m) % m->n_per_sample != 0)
            continue;
        double *out = m->rows + m->n_rows * m->n_channels;
        m->kind->ops->give(m, out);
        CAL_TRY(check_finite(m, row, out));
        m->n_rows++;
    }
    return CAL_OK;
}

const double *cal_monitor_rows(const cal_monitor *m, size_t *n)
{
    *n = m->n_rows;
    return m->rows;
}

const double *cal_monitor_get_state(const cal_monitor *m, size_t *n)
{
    *n = m->n_state;
    return m->state;
}

cal_status cal_monitor_set_state(cal_monitor *m, size_t n, const double *state)
{
    if (n != m->n_state)
        return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "the state of this monitor %s has %zu numbers, got %zu", m->kind->name,
                        m->n_state, n);
    memcpy(m->state, state, n * sizeof *state);
    m->n_rows = 0;
    return CAL_OK;
}
