/* callosum models NAME --rhs FILE.csv: a mass evaluated at the points of a table. */
#ifndef CALI_CLI_MODEL_RHS_H
#define CALI_CLI_MODEL_RHS_H

#include "callosum/nmm.h"
#include "cli/options.h"

/** Prints the columns of the table in the model's units, the derivatives of its states and its outputs, as CSV or
 *  as JSON. Columns are states, parameters and inputs; what the table lacks is at its default. */
cali_exit cali_print_rhs(cal_context *ctx, const cal_nmm_model *model, const char *path, bool is_json);

#endif
