/* Monitors that need no model of an instrument: samples, means in time, means in space, projections. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "monitors/monitor.h"

static cal_status keep_row(cal_monitor *m, const cal_monitor_def *def)
{
    (void)def;
    m->n_state = m->n_regions;
    return CAL_OK;
}

static void take_row(cal_monitor *m, const double *row)
{
    if (cali_monitor_row(m) % m->n_per_sample == 0)
        memcpy(m->own, row, m->n_regions * sizeof *row);
}

static void give_row(cal_monitor *m, double *out)
{
    memcpy(out, m->own, m->n_regions * sizeof *out);
}

const cali_monitor_ops cali_ops_last = {keep_row, NULL, take_row, give_row};

/* ---- mean over the interval: of the rows at its n steps, the end included ---------------------------------- */

static void add_row(cal_monitor *m, const double *row)
{
    for (size_t i = 0; i < m->n_regions; i++)
        m->own[i] += row[i];
}

static void give_mean(cal_monitor *m, double *out)
{
    for (size_t i = 0; i < m->n_regions; i++) {
        out[i] = m->own[i] / (double)m->n_per_sample;
        m->own[i] = 0.0;
    }
}

const cali_monitor_ops cali_ops_mean = {keep_row, NULL, add_row, give_mean};

/* ---- mean over groups of regions ------------------------------------------------------------------------------ */

static cal_status prepare_groups(cal_monitor *m, const cal_monitor_def *def)
{
    m->n_state = m->n_regions;
    m->n_channels = def->groups == NULL ? 1 : def->n_groups;
    CAL_TRY(cali_alloc(m->ctx, m->n_regions, sizeof *m->groups, "groups", &m->groups));
    for (size_t i = 0; def->groups != NULL && i < m->n_regions; i++) {
        if (def->groups[i] >= def->n_groups && def->groups[i] != CAL_NO_GROUP)
            return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "region %zu is in group %u of %zu", i, def->groups[i], def->n_groups);
        m->groups[i] = def->groups[i];
    }
    return m->n_channels > 0 ? CAL_OK : CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "%s needs a group", m->kind->name);
}

static void give_groups(cal_monitor *m, double *out)
{
    for (size_t g = 0; g < m->n_channels; g++) {
        double sum = 0.0;
        size_t n = 0;
        for (size_t i = 0; i < m->n_regions; i++) {
            if (m->groups[i] != g || isnan(m->own[i]))
                continue;
            sum += m->own[i];
            n++;
        }
        out[g] = n > 0 ? sum / (double)n : NAN;
    }
}

const cali_monitor_ops cali_ops_groups = {prepare_groups, NULL, take_row, give_groups};

/* ---- projection -------------------------------------------------------------------------------------------------- */

/* With the average as reference, L' = L - mean over the sensors of L: the same as subtracting it from each row. */
static void refer_to_average(cal_monitor *m)
{
    for (size_t i = 0; i < m->n_regions; i++) {
        double sum = 0.0;
        for (size_t s = 0; s < m->n_channels; s++)
            sum += m->matrix[s * m->n_regions + i];
        for (size_t s = 0; s < m->n_channels; s++)
            m->matrix[s * m->n_regions + i] -= sum / (double)m->n_channels;
    }
}

static cal_status prepare_projection(cal_monitor *m, const cal_monitor_def *def)
{
    const size_t n = def->n_sensors * m->n_regions;
    m->n_state = m->n_regions;
    m->n_channels = def->n_sensors;
    if (def->n_sensors == 0)
        return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "%s needs a sensor", m->kind->name);
    CAL_TRY(cali_alloc(m->ctx, n, sizeof *m->matrix, "lead field", &m->matrix));
    for (size_t k = 0; k < n; k++) {
        m->matrix[k] = def->lead_field[k];
        if (!isfinite(m->matrix[k]))
            return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "the lead field is not finite at sensor %zu, region %zu",
                            k / m->n_regions, k % m->n_regions);
    }
    if (m->has_average_reference)
        refer_to_average(m);
    return CAL_OK;
}

static void give_projection(cal_monitor *m, double *out)
{
    for (size_t s = 0; s < m->n_channels; s++) {
        const double *gain = m->matrix + s * m->n_regions;
        double sum = 0.0;
        for (size_t i = 0; i < m->n_regions; i++)
            sum += isnan(m->own[i]) ? 0.0 : gain[i] * m->own[i];
        out[s] = sum;
    }
}

const cali_monitor_ops cali_ops_projection = {prepare_projection, NULL, take_row, give_projection};
