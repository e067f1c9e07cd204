/* Where the spiking regions of a run are computed: the options of `run`, and what `resume` and `rerun` take over from it. */
#ifndef CALI_CLI_PLACEMENT_H
#define CALI_CLI_PLACEMENT_H

#include "callosum/experiment.h"
#include "cli/options.h"
#include "cli/resume.h"

#define CALI_OPTIONS_PLACEMENT                                                                                             \
    {.name = "slot", .kind = CALI_OPTION_LIST, .value = "REGION=PLACE",                                                   \
     .meaning = "computes a spiking region inproc (default), in a local worker process, or remote; REGION may be all, and is " \
                "network where an experiment has no brain"},                                                              \
    {.name = "listen", .kind = CALI_OPTION_TEXT, .value = "ENDPOINT",                                                     \
     .meaning = "where remote workers come to, for example tcp://0.0.0.0:7711"},                                          \
    {.name = "when-lost", .kind = CALI_OPTION_TEXT, .value = "POLICY",                                                    \
     .meaning = "of a lost worker: wait for another (default of remote ones), restart (of local ones), stop"},            \
    {.name = "keys", .kind = CALI_OPTION_TEXT, .value = "DIR",                                                            \
     .meaning = "the folder of keys; default: ~/.config/callosum/keys"},                                                  \
    {.name = "beat", .kind = CALI_OPTION_QUANTITY, .value = "TIME", .unit = "ms", .low = 100.0, .high = 60000.0,          \
     .meaning = "time between signs of life of host and workers; five missed ones are a broken link; default: 1 s"},       \
    {.name = "hold", .kind = CALI_OPTION_QUANTITY, .value = "TIME", .unit = "s", .low = 1.0, .high = 86400.0,             \
     .meaning = "how long the place of a silent worker is kept; default: 300 s"},                                         \
    {.name = "largest-model", .kind = CALI_OPTION_QUANTITY, .value = "SIZE", .unit = "B", .low = 1e6, .high = 1e15,       \
     .meaning = "largest network that is sent to a worker, with its lists and tables; default: a quarter of the memory"},  \
    {.name = "insecure", .kind = CALI_OPTION_FLAG,                                                                        \
     .meaning = "lets anyone in at --listen, without keys: closed networks only"}

typedef struct cali_placement {
    cal_workers_def workers;
    char **options; /* as cal_command.placement has them */
    size_t n_options, capacity;
    char **kept; /* texts that `workers` borrows, beside those of the arguments */
    size_t n_kept, kept_capacity;
} cali_placement;

/** Where the regions of a run are computed: what the options say and, of a run that was (`past`; NULL: none), what they do not say.
 *  A door that is opened anew by --listen is not insecure because the former one was. Borrows from the arguments, which take over
 *  the former options. Errors: INPUT (--when-lost), MEMORY. Free in both cases. */
cal_status cali_placement_read(cal_context *ctx, const cali_arguments *arguments, const cali_past_run *past, cali_placement *out);
void cali_placement_free(cali_placement *placement);

/** Prints a line to the standard error, with `program`: what to type on another machine to attach a worker, with the address as it is
 *  seen from there; `host_key` "" without CURVE. The line is not ended. */
void cali_print_attach(const char *program, const char *endpoint, const char *host_key);

#endif
