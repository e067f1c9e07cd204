/* External regions: their outputs come in, their drives go out. */
#include <math.h>
#include <string.h>

#include "nmm/couplings.h"
#include "nmm/host.h"

#define REFUSE(status, ...) return CAL_FAIL(nmm->ctx, status, __VA_ARGS__)

double cali_external_value(const cali_channel *channel, double value)
{
    if (!channel->has_external)
        return 0.0;
    if (channel->kind != CALI_CHANNEL_SINE && channel->kind != CALI_CHANNEL_COSINE)
        return value;
    double s, c;
    cali_sincos(value, &s, &c);
    return channel->kind == CALI_CHANNEL_SINE ? s : c;
}

static cali_external *find_external(cal_nmm *nmm, size_t region)
{
    for (size_t k = 0; k < nmm->n_externals; k++)
        if (nmm->externals[k].region == region)
            return &nmm->externals[k];
    return NULL;
}

static cal_status get_external(cal_nmm *nmm, size_t region, cali_external **out)
{
    if (region >= nmm->n_regions)
        REFUSE(CAL_ERR_ARGUMENT, "region %zu of %zu", region, nmm->n_regions);
    *out = find_external(nmm, region);
    if (*out == NULL)
        REFUSE(CAL_ERR_ARGUMENT, "%s is computed by the host, not elsewhere",
               cali_nmm_label(nmm, region));
    return CAL_OK;
}

cal_status cal_nmm_set_samples(cal_nmm *nmm, size_t region, cal_samples kind)
{
    cali_external *external;
    CAL_TRY(get_external(nmm, region, &external));
    if (kind != CAL_SAMPLES_POINTS && kind != CAL_SAMPLES_BINS)
        REFUSE(CAL_ERR_ARGUMENT, "samples of kind %d do not exist", (int)kind);
    if (external->has_written || nmm->has_started)
        REFUSE(CAL_ERR_STATE, "the output of %s has begun", cali_nmm_label(nmm, region));
    external->samples = kind;
    cali_nmm_apply_samples(nmm, external);
    return CAL_OK;
}

cal_status cal_nmm_write(cal_nmm *nmm, size_t region, const double *values, size_t n)
{
    cali_external *external;
    CAL_TRY(get_external(nmm, region, &external));
    if (n > (size_t)(nmm->window + nmm->lag) ||
        external->written + (int64_t)n > nmm->now + nmm->window + nmm->lag)
        REFUSE(CAL_ERR_STATE, "the output of %s runs more than a window ahead",
               cali_nmm_label(nmm, region));
    for (size_t j = 0; j < n; j++)
        if (!isfinite(values[j])) {
            nmm->is_broken = true;
            REFUSE(CAL_ERR_NUMERIC, "E302 %s: its output is not finite at %.7g s",
                   cali_nmm_label(nmm, region),
                   (double)(external->written + 1 + (int64_t)j) * nmm->dt_ms * 1e-3);
        }
    for (size_t c = 0; c < nmm->n_channels; c++) {
        if (!nmm->channels[c].is_keeper)
            continue;
        double *row = nmm->ring + (nmm->channels[c].track * nmm->n_regions + region) * nmm->ring_stride;
        for (size_t j = 0; j < n; j++) {
            const size_t slot = (size_t)(external->written + 1 + (int64_t)j) & (nmm->ring_length - 1);
            row[slot] = row[slot + nmm->ring_length] =
                cali_external_value(&nmm->channels[c], values[j]);
        }
    }
    external->written += (int64_t)n;
    external->has_written = true;
    return CAL_OK;
}

/* All that delays reach back to must be written. */
cal_status cali_nmm_check_externals(cal_nmm *nmm, int64_t until)
{
    for (size_t k = 0; k < nmm->n_externals; k++)
        if (nmm->externals[k].has_targets && nmm->externals[k].written < until - nmm->lag)
            REFUSE(CAL_ERR_STATE, "the output of %s is known up to %g ms, needed up to %g ms",
                   cali_nmm_label(nmm, nmm->externals[k].region),
                   (double)nmm->externals[k].written * nmm->dt_ms,
                   (double)(until - nmm->lag) * nmm->dt_ms);
    return CAL_OK;
}

static cal_status check_drive(cal_nmm *nmm, size_t region, int64_t first, int64_t last)
{
    if (first < nmm->now - nmm->window - nmm->lag)
        REFUSE(CAL_ERR_STATE, "the drive of %s at %g ms is no longer kept", cali_nmm_label(nmm, region),
               (double)first * nmm->dt_ms);
    int64_t known = nmm->n_native > 0 ? nmm->now : INT64_MAX;
    for (size_t k = 0; k < nmm->n_externals; k++)
        if (nmm->externals[k].has_targets && nmm->externals[k].written < known)
            known = nmm->externals[k].written;
    if (last - nmm->lag > known)
        REFUSE(CAL_ERR_STATE, "the drive of %s at %g ms is not known yet: outputs reach to %g ms",
               cali_nmm_label(nmm, region), (double)last * nmm->dt_ms, (double)known * nmm->dt_ms);
    return CAL_OK;
}

static double drive_noise(cal_nmm *nmm, size_t region, size_t term, int64_t step)
{
    double sum = 0.0;
    for (size_t k = 0; k < nmm->n_external_noises; k++)
        if (nmm->external_noises[k].region == region && nmm->external_noises[k].term == term)
            sum += cali_external_noise_at(nmm, &nmm->external_noises[k], step);
    return sum;
}

static void read_sums(const cal_nmm *nmm, size_t region, size_t channel, int64_t step, size_t n,
                      double *sums)
{
    const size_t t = nmm->position[region];
    const cali_wiring *wiring = &nmm->wirings[nmm->channels[channel].wiring];
    const double *ring = cali_nmm_ring(nmm, channel, step);
    nmm->kernels->gather(&wiring->delayed[CALI_FAR], t, 1, n, ring, 1, false, sums);
    nmm->kernels->gather(&wiring->delayed[CALI_MIDDLE], t, 1, n, ring, 1, true, sums);
    for (size_t j = 0; j < n; j++)
        nmm->kernels->gather_one(&wiring->delayed[CALI_NEAR], t, 1, cali_nmm_ring(nmm, channel, step + (int64_t)j),
                                 sums + j);
}

cal_status cal_nmm_read_drive(cal_nmm *nmm, size_t region, size_t coupling, cal_time from, size_t n,
                              double *values)
{
    cali_external *external;
    CAL_TRY(get_external(nmm, region, &external));
    if (coupling >= nmm->n_couplings)
        REFUSE(CAL_ERR_ARGUMENT, "coupling term %zu of %zu", coupling, nmm->n_couplings);
    if (from < 0 || from % nmm->dt != 0)
        REFUSE(CAL_ERR_ARGUMENT, "a drive from %g ms is not on the grid of %g ms", cal_time_ms(from),
               nmm->dt_ms);
    const int64_t first = from / nmm->dt;
    CAL_TRY(check_drive(nmm, region, first, first + (int64_t)n));
    const cali_term *term = &nmm->terms[coupling];
    for (size_t j = 0; j <= n; j += CALI_NMM_BATCH) {
        double sums[CALI_NMM_BATCH], drive[CALI_NMM_BATCH] = {0.0};
        const size_t m = n + 1 - j < CALI_NMM_BATCH ? n + 1 - j : (size_t)CALI_NMM_BATCH;
        const int64_t step = first + (int64_t)j;
        read_sums(nmm, region, term->channel, step, m, sums);
        term->entry->add(nmm->kernels, term, &(cali_term_rows){.n = m, .s = sums}, drive);
        for (size_t k = 0; k < m; k++)
            values[j + k] = drive[k] + cali_external_stimulus_at(nmm, region, coupling, step + (int64_t)k) +
                            drive_noise(nmm, region, coupling, step + (int64_t)k);
    }
    return CAL_OK;
}

double cal_nmm_min_external_delay_ms(const cal_nmm *nmm, size_t *from, size_t *to)
{
    if (from != NULL)
        *from = nmm->min_external_from;
    if (to != NULL)
        *to = nmm->min_external_to;
    return nmm->min_external_delay_ms;
}
