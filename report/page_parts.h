/* Parts of the page's data that stand in files of their own. */
#ifndef CALI_REPORT_PAGE_PARTS_H
#define CALI_REPORT_PAGE_PARTS_H

#include "base/text.h"
#include "report/run.h"

/** Columns of all signals that are not over regions: sensors, groups of regions. */
size_t cali_page_n_channels(const cali_run *run);
/** The member "channels": those signals with traces and spectra. Errors: IO, MEMORY. */
cal_status cali_page_channels(cali_run *run, size_t n_wanted, cali_text *json);

/** Whether a signal holds weights of synapses. */
bool cali_page_is_weights(const cal_recording_signal *signal);
/** The member "weights": their distributions over time. Errors: IO, MEMORY. */
cal_status cali_page_weights(cali_run *run, cali_text *json);

/** The member "models": every neural mass of the manifest's experiment and every group of regions with parameters of its
 *  own, with the parameters that differ from the defaults of the model. */
void cali_page_models(const cali_run *run, cali_text *json);

#endif
