/* The numbers behind the page, as one JSON text. Everything is computed here; the scripts of the page
 * only draw. docs/report.md describes the fields. */
#ifndef CALI_REPORT_PAGE_DATA_H
#define CALI_REPORT_PAGE_DATA_H

#include "base/text.h"
#include "report/run.h"

/** Adds the JSON object of a run. Errors: IO, MEMORY. */
cal_status cali_page_data(cali_run *run, cali_text *json);

#endif
