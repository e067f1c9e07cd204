/* `--check-step` of the verbs run and check. */
#ifndef CALI_CLI_ACCURACY_H
#define CALI_CLI_ACCURACY_H

#include "callosum/experiment.h"
#include "cli/options.h"

#define CALI_OPTION_CHECK_STEP                                                                                \
    {.name = "check-step", .kind = CALI_OPTION_FLAG,                                                          \
     .meaning = "repeats the first second with finer steps and prints error and order"}

/** The table of the quantities and the sentence. */
void cali_print_accuracy(const cal_accuracy *accuracy);

#endif
