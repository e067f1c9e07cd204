/* One run from an experiment to a finished run folder: what `run` and `compare` share. */
#ifndef CALI_CLI_RUNNER_H
#define CALI_CLI_RUNNER_H

#include "callosum/experiment.h"
#include "cli/options.h"

#define CALI_WORKERS_FILE "workers.json" /* in the folder of a run that has workers */
#define CALI_CHECKPOINTS "checkpoints" /* folder in that of a run */

typedef struct cali_run_def {
    const char *directory; /* run folder to make; NULL: runs/0001, 0002, ... */
    bool is_mean_field;
    const char *save_state; /* file for the state at the end; NULL: none */
    bool is_silent; /* no plan, no progress */
    const cal_accuracy *accuracy; /* for the manifest, or NULL */
    const char *experiment_path;  /* as it was given, with the overrides: for the manifest; NULL: cannot be resumed */
    const char *const *overrides;
    size_t n_overrides;
    const cal_workers_def *workers; /* where the regions are computed, or NULL */
    const char *const *placement;   /* n_placement options that say so, for the manifest */
    size_t n_placement;
} cali_run_def;

typedef struct cali_run_result {
    char *directory; /* released with free(); set as soon as the folder exists */
    bool has_begun;  /* the network was built and the first window tried: a failure is the run's, not the input's */
    cal_cost cost;
    double share_host, share_subs, share_exchange; /* of the participants' work, sum 1 */
    cal_time stopped_at;
    bool was_interrupted; /* by SIGINT or SIGTERM: everything up to stopped_at is recorded */
    bool has_checkpoint;  /* of the run that was interrupted */
    cal_time checkpoint_at;
    bool has_lost;        /* a worker, under `stop` */
    char *workers;        /* lines about them, released with free(); NULL: none */
    size_t n_returns;  /* to a checkpoint, of all processes that were at the run */
    bool was_complete; /* cali_resume: nothing was left to do */
    bool was_stopped;  /* the failure is that the user stopped the run while it waited for a worker */
} cali_run_result;

/** Runs the experiment into a folder with run.h5, manifest.json, experiment.yaml and report.html. Errors: those of
 *  the session; after E302 the folder holds crash.h5 and the message says so. */
cal_status cali_run(cal_context *ctx, const cal_experiment *experiment, const cali_run_def *def,
                    cali_run_result *result);

/** `callosum resume`: goes on with a run from its newest checkpoint that is whole, or from the begin, to its end; run.h5 gets
 *  the bytes that it would have had. --force: also where inputs or the version of the program have changed. Errors: those of
 *  cali_run; INPUT (no run, another version, changed inputs), STATE (another process has the run). */
cal_status cali_resume(cal_context *ctx, const cali_arguments *arguments, cali_run_result *result);
/** Where the user has stopped a run that waited for a worker, its message says how to go on; `is_kept`: there is a run to go on
 *  with. Gives the status. */
cal_status cali_explain_stop(cal_context *ctx, cal_status status, bool is_kept, cali_run_result *result);
/** The exit status of a run that failed, after its message. */
cali_exit cali_fail_run(cal_context *ctx, const cali_run_result *result);

/** What `run` prints at the end, and its exit status. */
cali_exit cali_end_run(cal_context *ctx, const cali_run_result *result, const cal_accuracy *accuracy, bool as_json);

/** What `run` and `resume` share. */
typedef struct cali_run_place {
    const cal_experiment *experiment;
    const cal_command *command; /* for the manifest, or NULL */
    const cali_run_def *def;
    char *directory; /* the result's */
    char *lock_path;
    char *status_path;       /* of its workers */
    cal_workers_def workers; /* with that path */
    char *endpoint;          /* where the workers came to, once they were told to wait for the next host there */
    int lock;
    bool goes_back;          /* the run failed, and goes on from its newest checkpoint */
    unsigned n_returns;      /* to the checkpoint at `returned_to` */
    cal_time returned_to;
} cali_run_place;
/** Takes the run's lock. Errors: STATE, IO, MEMORY. Close in both cases. */
cal_status cali_run_place_open(cal_context *ctx, cali_run_place *place);
void cali_run_place_close(cali_run_place *place);
/** The definition of a session that records into the file. */
cal_session_def cali_run_session_def(cali_run_place *place, const char *h5);
/** Advances a session that was created to the end; manifest, report, checkpoints. */
cal_status cali_run_through(cal_context *ctx, cali_run_place *place, cal_session *session, cali_run_result *result);
/** After a run that ended with `status`: where a model was not deterministic the run goes back to its newest checkpoint, with all
 *  participants, and on from there, as often as that helps. Gives the status of the end. */
cal_status cali_go_back(cal_context *ctx, cali_run_place *place, cal_status status, cali_run_result *result);

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
