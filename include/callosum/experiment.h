/* callosum/experiment.h - an experiment file, checked, and a run of it. */
#ifndef CALLOSUM_EXPERIMENT_H
#define CALLOSUM_EXPERIMENT_H

#include "callosum/base.h"
#include "callosum/coupler.h"
#include "callosum/recording.h"
#include "callosum/workers.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cal_experiment cal_experiment;

/** Reads, parses and checks an experiment file (docs/experiment-file.md). `overrides` are n texts
 *  "path=value" that act after reading ("run.duration=2 s", "connectome.file=x.zip"). The message of an
 *  INPUT error has the form of docs/messages.md: file:line:column code what, because, try.
 *  Errors: IO, INPUT, MEMORY. */
cal_status cal_experiment_load(cal_context *ctx, const char *path, const char *const *overrides, size_t n_overrides,
                               cal_experiment **out);
void cal_experiment_destroy(cal_experiment **experiment);
/** The file as it was read; borrowed. */
const char *cal_experiment_text(const cal_experiment *experiment);
cal_time cal_experiment_duration(const cal_experiment *experiment);

/** Builds the network of an experiment with `network` and writes it as a SONATA circuit (docs/sonata.md): nodes and edges with
 *  what was drawn, parameters, configs. An experiment with `network: {sonata: FOLDER/circuit_config.json}` and the same
 *  seed, step and drive gives the same bits. Errors: those of building; UNSUPPORTED (a brain of regions, gap junctions, own
 *  neurons, distributions over plastic synapses), INPUT (C306: a circuit is there and `replaces` is false), IO. */
cal_status cal_experiment_export_sonata(cal_context *ctx, const cal_experiment *experiment, const char *folder, bool replaces);

/** Writes what a run.h5 holds of neurons in SONATA's layout into a folder: spikes.h5 with a group for each population, and
 *  NAME_report.h5 for each state of single neurons. `*n_spikes` and `*n_reports` say how much. Errors: those of
 *  cal_recording_open; INPUT (the run holds neither), IO, MEMORY. */
cal_status cal_recording_export_sonata(cal_context *ctx, const char *path, const char *folder, size_t *n_spikes,
                                       size_t *n_reports);

/* ---- a session: the objects of one run ------------------------------------------------------ */

typedef struct cal_session cal_session;

typedef struct cal_accuracy cal_accuracy;

/** How a run was asked for, so that it can be resumed and repeated. Texts are borrowed, or NULL. */
typedef struct cal_command {
    const char *folder;     /**< that relative paths begin in */
    const char *experiment; /**< the file */
    const char *const *overrides;
    size_t n_overrides;
    const char *save_state;
    bool is_mean_field, checks_step;
    const char *const *placement; /**< n_placement options, "--slot all=local": where the regions are computed */
    size_t n_placement;
    const char *const *returns;   /**< n_returns times the run went back to a checkpoint by itself: from when, where to, and why */
    size_t n_returns;
} cal_command;

/** Where a spiking region is computed. */
typedef enum cal_place {
    CAL_PLACE_INPROC, /**< in this process */
    CAL_PLACE_LOCAL,  /**< in a worker process that the session starts */
    CAL_PLACE_REMOTE, /**< by a worker that comes to `listen` */
    CAL_N_PLACES
} cal_place;
extern const char *const cal_place_names[]; /**< "inproc", "local", "remote" */

/** Which spiking regions run in worker processes. No result depends on it. */
typedef struct cal_workers_def {
    const char *const *slots; /**< n_slots texts "REGION=local", "REGION=remote", "all=local" */
    size_t n_slots;
    cal_host_def host;
    cal_when_lost when_lost;  /**< local workers are started again unless it is CAL_LOST_STOP */
    void (*announce)(void *user, cal_session *session); /**< before the session waits for workers; with the user of `host` */
} cal_workers_def;

typedef struct cal_session_def {
    bool is_check;      /**< plans only: no network is built, nothing is written */
    bool is_mean_field; /**< regions that would spike run as the default neural mass */
    const char *sink;   /**< "hdf5" (default) or "memory" */
    const char *path;   /**< hdf5: the run.h5 to create */
    const cal_accuracy *accuracy; /**< for the manifest, borrowed; NULL: not measured */
    const cal_command *command;   /**< the same */
    const cal_connectome *connectome; /**< what the experiment's would be, for those who have it already; borrowed
                                           for the session's life. NULL: it is loaded or generated */
    const cal_workers_def *workers; /**< borrowed; NULL: all regions are in this process */
} cal_session_def;
cal_session_def cal_session_def_default(void);

/** Loads the connectome, finds the regions, chooses window and lag, builds host, networks, coupler and
 *  recorder; of an experiment with `network` the engine and the recorder alone. `experiment` is borrowed and must outlive the session. Errors: INPUT with file, line and column
 *  (C201 to C204, C301 to C304, C501), and those of the parts. */
cal_status cal_session_create(cal_context *ctx, const cal_experiment *experiment, const cal_session_def *def,
                              cal_session **out);
void cal_session_destroy(cal_session **session);

/** Advances one window and records it. Errors: NUMERIC (E302), IO (the recording failed). */
cal_status cal_session_advance(cal_session *session);
/** With windows on their way to workers: advances until none is, so that a checkpoint can be written. */
cal_status cal_session_settle(cal_session *session);
/** Commits and closes the recording. */
cal_status cal_session_finish(cal_session *session);
/** The host of the session's workers; NULL: all regions are in process. */
cal_host *cal_session_host(cal_session *session);
cal_time cal_session_time(const cal_session *session);
bool cal_session_is_done(const cal_session *session);
/** The state of the neural masses at this time, for `initial.state` of another experiment. Errors: UNSUPPORTED
 *  (spiking regions, a network of its own), IO, MEMORY. */
cal_status cal_session_save_state(const cal_session *session, const char *path);
/* ---- checkpoints (docs/checkpoints.md) ---- */

/** Whether a checkpoint is due after the window that was just done, by `checkpoint.every`; adaptive schemes begin anew
 *  there, in every run of the experiment. */
bool cal_session_is_checkpoint_due(const cal_session *session);
/** Whether a run that goes on from a checkpoint written now has the bits of this one: not at t = 0, at the end, and
 *  with adaptive schemes only where one is due. */
bool cal_session_can_checkpoint(const cal_session *session);
/** Writes the whole state between two windows into the folder, which is made, after everything recorded up to there is on
 *  the disk; then removes all but the newest of `checkpoint.keep`. A checkpoint that cannot be written is a note, once,
 *  and `*is_written` is false; the former ones stay as they are. Errors: those of the recording. */
cal_status cal_session_write_checkpoint(cal_session *session, const char *folder, bool *is_written);
/** The paths of the checkpoints of a folder, newest first, all released with free(); none if there is no such folder.
 *  Errors: MEMORY. */
cal_status cal_checkpoints_list(cal_context *ctx, const char *folder, size_t *n, char ***paths);
/** Removes the checkpoints of a folder that are later than a time, of which a run that goes on there has no more use; -1:
 *  all of them, and the folder. */
void cal_checkpoints_remove(cal_context *ctx, const char *folder, cal_time after);
/** Reads a checkpoint and checks its digest. `*bytes` is released with free(). Errors: IO, INPUT (C305), MEMORY. */
cal_status cal_checkpoint_load(cal_context *ctx, const char *path, char **bytes, size_t *size, cal_time *time);
/** Puts a session that was just created, of the same experiment, to the checkpoint, and its recording too, from what
 *  `former` holds: bit for bit where the other session was. Errors: INPUT (C305: broken, of another experiment or program),
 *  those of the recording; the session is only fit to be destroyed then. */
cal_status cal_session_continue(cal_session *session, const char *bytes, size_t size, cal_recording *former);
/** Gives the recording's file another name, in the place of one that is there. Errors: IO. */
cal_status cal_session_move(cal_session *session, const char *path);

/** After an E302: writes the last finite states of all regions to `path` as HDF5. Errors: IO, UNSUPPORTED (a network of its
 *  own keeps none). */
cal_status cal_session_save_crash(cal_session *session, const char *path);

/** One region that is a spiking network, or the network of its own. */
typedef struct cal_plan_network {
    const char *region;
    size_t index; /**< of the region */
    uint64_t n_neurons;
    size_t n_populations;
    double n_synapses, bytes; /**< estimates before building */
    cal_time step;
    const char *neuron;   /**< name of the first population's neuron */
} cal_plan_network;

/** What is known before the run; all pointers borrowed from the session. */
typedef struct cal_plan {
    const cal_connectome *connectome; /**< NULL: a network of its own, networks[0]; of the rest only dt, window,
                                           window_reason and the recording's bytes are set then */
    cal_connectome_facts facts;
    double speed_mm_per_ms;
    size_t n_raised_delays;
    bool has_delay_matrix;           /**< delays or speeds of a file, not the one speed */
    size_t n_instant;                /**< connections with delay 0 */
    size_t instant_from[3], instant_to[3]; /**< the first of them */
    size_t n_masses;                 /**< different neural masses in use */
    const char *const *mass_names;   /**< model names */
    const size_t *mass_counts;       /**< regions of each */
    size_t n_networks;
    const cal_plan_network *networks;
    cal_integrator integrator;
    const char *integrator_reason;
    cal_time dt, window;
    unsigned lag;
    double min_delay_ms;             /**< across the border; infinite without spiking regions */
    size_t min_delay_from, min_delay_to;
    const char *window_reason;
    double recording_bytes, budget_bytes;
    cal_time checkpoint_every; /**< 0: none */
    cal_time checkpoint_first; /**< the end of the first window that reaches it; 0: the run is over before */
} cal_plan;
cal_plan cal_session_plan(const cal_session *session);

/** Host seconds and so on of the run so far. */
typedef struct cal_cost {
    double wall_s;            /**< of the advances */
    double build_s;
    cal_coupler_cost coupler;
    double recording_s;       /**< time the run waited for the recorder */
    double real_time_factor;  /**< wall over simulated time */
} cal_cost;
cal_cost cal_session_cost(const cal_session *session);

/** The manifest as JSON: version, build, experiment in SI units with all defaults, digests of the inputs, seed,
 *  threads, plan, cost. `*text` is released with free(). */
cal_status cal_session_manifest(cal_session *session, char **text);
/** The manifest of a run whose network is not built yet: version and command. */
cal_status cal_command_manifest(cal_context *ctx, const cal_command *command, char **text);

/* ---- accuracy of a run --------------------------------------------------------------------------- */

/** One recorded quantity. Errors are the largest, over time, of the root mean square over the regions, relative to the
 *  standard deviation of the traces (of a constant quantity: to its size). */
typedef struct cal_accuracy_row {
    char *what;
    double error;          /**< of the run as the experiment asks for it */
    double finer;          /**< at half its step or a tenth of its tolerance */
    double order;          /**< of the step, or of the tolerance (per factor 10); NaN: only roundings differ */
    double held_error;     /**< of `heun-held` at the same step; NaN: not known */
    double diverges_at_ms; /**< first time with an error above 1 %; infinite: none */
    bool is_constant;
} cal_accuracy_row;

struct cal_accuracy {
    cal_time duration; /**< that was repeated: the first second, or the whole run where it is shorter */
    cal_time dt;
    double rtol; /**< 0: fixed steps */
    cal_integrator integrator;
    bool is_mean_field; /**< mean fields stood in for spiking regions */
    bool has_white, has_coloured;
    double error, held_error; /**< of the worst quantity */
    size_t n_rows;
    cal_accuracy_row *rows;
    char *sentence; /**< what it means, for a reader */
};

/** Repeats the first second of the host at dt, dt/2 and dt/4 (rtol, rtol/10, rtol/100), white noise on the same path,
 *  and says what error and order follow. `is_mean_field`: as in cal_session_def. Costs about eight seconds of simulated
 *  time. Errors: those of a session. */
cal_status cal_accuracy_measure(cal_context *ctx, const cal_experiment *experiment, bool is_mean_field,
                                cal_accuracy **out);
void cal_accuracy_destroy(cal_accuracy **accuracy);

/* ---- sweeps: many runs of one experiment --------------------------------------------------------- */

typedef struct cal_sweep cal_sweep;

typedef struct cal_sweep_def {
    const char *experiment;       /**< path of the experiment file */
    const char *const *overrides; /**< n_overrides texts as for cal_experiment_load, the same for each run */
    size_t n_overrides;
    const char *rows;   /**< path of a table with a row per run, or a product "path=1,2,3 x path=1..20" (docs/sweeps.md) */
    bool is_mean_field; /**< as in cal_session_def */
    bool is_table_only; /**< the figures of each run are kept, its signals are not */
} cal_sweep_def; /* all texts are copied */

/** Reads the rows and checks each of them, on all threads of the context, before anything runs. The message of an INPUT
 *  error begins with table:line:column. Errors: IO, INPUT (also C501: all signals together pass record.budget),
 *  MEMORY. */
cal_status cal_sweep_create(cal_context *ctx, const cal_sweep_def *def, cal_sweep **out);
void cal_sweep_destroy(cal_sweep **sweep);
size_t cal_sweep_n_runs(const cal_sweep *sweep);
/** Bytes of all signals before compression; 0 where only the table is kept. */
double cal_sweep_bytes(const cal_sweep *sweep);

typedef struct cal_sweep_state {
    size_t n_runs, n_done, n_failed; /**< failed ones are done */
    size_t n_before;                 /**< done before this call: resumed */
    double wall_s;                   /**< of this call */
    double work_s;                   /**< seconds of all runs, those before this call included */
    bool is_complete;                /**< the files are written */
} cal_sweep_state;

/** How a sweep is watched and stopped. Calls never overlap; they come from any thread of the context. */
typedef struct cal_sweep_watch {
    void (*show)(void *user, const cal_sweep_state *state); /**< after each run; NULL: not told */
    bool (*is_stopped)(void *user); /**< runs under way are finished, no new ones begin; NULL: never. Thread-safe. */
    void *user;
} cal_sweep_watch;

/** Runs what is not done yet, each run on one thread, and writes into `directory`: sweep.h5 (not where only the table
 *  is kept), table.csv, rows.csv, cost.csv, manifest.json and experiment.yaml. While it runs, sweep.part holds the
 *  runs that are done; it is what a later call in the same folder, by the same definition, goes on from, also after the
 *  process was killed. All files but cost.csv and manifest.json are the same bytes for any number of threads and
 *  interruptions. A run that fails (E302) is noted in the table and fails nothing else. Errors: IO, INPUT (the folder
 *  holds another sweep), MEMORY. */
cal_status cal_sweep_run(cal_sweep *sweep, const char *directory, const cal_sweep_watch *watch, cal_sweep_state *state);

#ifdef __cplusplus
}
#endif
#endif
