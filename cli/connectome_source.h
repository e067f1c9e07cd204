/* What the verbs of connectomes share: the options that say how a file is read. */
#ifndef CALI_CLI_CONNECTOME_SOURCE_H
#define CALI_CLI_CONNECTOME_SOURCE_H

#include "callosum/connectomes.h"
#include "cli/options.h"

#define CALI_SOURCE_OPTIONS                                                                                             \
    {.name = "lengths", .kind = CALI_OPTION_TEXT, .value = "FILE",                                                      \
     .meaning = "tract lengths of a single matrix; default: looked for beside it"},                                     \
    {.name = "labels", .kind = CALI_OPTION_TEXT, .value = "FILE", .meaning = "table with one row per region"},          \
    {.name = "orientation", .kind = CALI_OPTION_TEXT, .value = "WAY", .meaning = "to-from or from-to"},                 \
    {.name = "length-unit", .kind = CALI_OPTION_QUANTITY, .value = "U", .unit = "mm", .low = 1e-6, .high = 1e6,         \
     .meaning = "what 1 in the lengths stands for; default \"1 mm\""}

/** The source of a verb whose first word is the file. Strings are borrowed. Errors: INPUT. */
cal_status cali_read_source(cal_context *ctx, const cali_arguments *arguments, cal_connectome_source *source);
/** --normalise. Errors: INPUT (no such kind). */
cal_status cali_read_normalisation(cal_context *ctx, const cali_arguments *arguments, cal_normalisation *kind);

#endif
