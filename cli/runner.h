/* One run from an experiment to a finished run folder: what `run` and `compare` share. */
#ifndef CALI_CLI_RUNNER_H
#define CALI_CLI_RUNNER_H

#include "callosum/experiment.h"

typedef struct cali_run_def {
    const char *directory; /* run folder to make; NULL: runs/0001, 0002, ... */
    bool is_mean_field;
    const char *save_state; /* file for the state at the end; NULL: none */
    bool is_silent; /* no plan, no progress */
    const cal_accuracy *accuracy; /* for the manifest, or NULL */
} cali_run_def;

typedef struct cali_run_result {
    char *directory; /* released with free(); set as soon as the folder exists */
    bool has_begun;  /* the network was built and the first window tried: a failure is the run's, not the input's */
    cal_cost cost;
    double share_host, share_subs, share_exchange; /* of the participants' work, sum 1 */
    cal_time stopped_at;
    bool was_interrupted; /* by SIGINT or SIGTERM: everything up to stopped_at is recorded */
} cali_run_result;

/** Runs the experiment into a folder with run.h5, manifest.json, experiment.yaml and report.html. Errors: those of
 *  the session; after E302 the folder holds crash.h5 and the message says so. */
cal_status cali_run(cal_context *ctx, const cal_experiment *experiment, const cali_run_def *def,
                    cali_run_result *result);

/** Makes the folder `wish`, or the next runs/0001; refuses one that holds a run or a sweep. `*path` is released with
 *  free(). Errors: INPUT, IO, MEMORY. */
cal_status cali_make_run_folder(cal_context *ctx, const char *wish, char **path);

/** Between the two calls SIGINT and SIGTERM do not end the program but ask it to stop. */
void cali_catch_stop(void);
void cali_release_stop(void);
bool cali_is_stop_asked(void);

/** Prints the plan: connectome, models, window and why, recording. */
void cali_print_plan(const cal_session *session, bool is_check);

#endif
