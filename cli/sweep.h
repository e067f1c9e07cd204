/* callosum run --sweep: many runs from one experiment. */
#ifndef CALI_CLI_SWEEP_H
#define CALI_CLI_SWEEP_H

#include "cli/options.h"

/** Whether an option of sweeps is given. */
bool cali_is_sweep(const cali_arguments *arguments);
/** Checks all rows, runs them and prints what came out. */
cali_exit cali_run_sweep(cal_context *ctx, const cali_arguments *arguments);

#endif
