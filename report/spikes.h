/* The spikes of a run, population by population, with what they say. */
#ifndef CALI_REPORT_SPIKES_H
#define CALI_REPORT_SPIKES_H

#include "analysis/spikes.h"
#include "base/text.h"
#include "report/run.h"

typedef struct cali_run_spikes {
    cal_recording_train facts;
    double *times_ms; /* all of them, sorted by time */
    uint32_t *ids;
    cali_trains trains; /* those after the transient */
    cali_train_figures figures;
    cali_train_details details;
} cali_run_spikes;
/** Errors: IO, MEMORY. Freed with cali_run_spikes_free. */
cal_status cali_run_spikes_load(cali_run *run, size_t train, const cali_train_options *options, cali_run_spikes *out);
void cali_run_spikes_free(cali_run_spikes *spikes);

/** Adds {"n_active": ..., "rate_Hz": ..., ...}, null for what is no number. */
void cali_spike_figures_json(const cali_train_figures *figures, cali_text *json);

/** The member "trains": the spikes that are drawn, rates, figures and what these are made of. Errors: IO, MEMORY. */
cal_status cali_page_spikes(cali_run *run, cali_text *json);

#endif
