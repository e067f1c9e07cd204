/* Inside a session: what plan.c, network.c, signals.c and session.c share. */
#ifndef CALI_EXPERIMENT_SESSION_H
#define CALI_EXPERIMENT_SESSION_H

#include "base/csv.h"
#include "base/text.h"
#include "experiment/experiment.h"

/** What a region is. */
typedef struct cali_role {
    int mass;    /* index of the neural mass; of a spiking region: the mass it stands in for */
    int network; /* index of the network, or -1 */
    const cali_assignment *assignment;
} cali_role;

/** A recorded signal and how its rows are put together. */
typedef struct cali_track {
    size_t probe;   /* of the host */
    size_t signal;  /* of the recorder */
    double factor;  /* host's unit -> recorded unit */
    bool is_output; /* spiking regions contribute what they send; otherwise NaN */
    size_t n_steps; /* grid steps per sample */
    size_t n_taken; /* steps summed in `sums` */
    double *sums;   /* per spiking region: sum of output bins in the open interval */
    double *rows;   /* (max samples per window x n_regions) */
    size_t max_rows;
    cal_monitor *monitor; /* that the rows go through, NULL: none */
} cali_track;

/** A mean over a population (voltage and the like), recorded from an output port. */
typedef struct cali_port_track {
    size_t sub, port, signal;
    size_t n_steps, n_taken; /* port bins per sample */
    double sum;
    double *rows;
} cali_port_track;

/** Recorded spikes of one population. */
typedef struct cali_train_track {
    size_t sub, train;
    uint32_t population;
} cali_train_track;

/** Recorded states of single neurons. */
typedef struct cali_sampler_track {
    size_t sub, sampler, signal;
} cali_sampler_track;

/** Definition of one spiking region, with everything it points to. */
typedef struct cali_build {
    size_t region;
    int network;
    cal_snn_def def;
    cal_snn_population *populations;
    cal_snn_projection *projections;
    cal_snn_train *trains;
    cal_snn_port *ports;
    char **port_names; /* of def.n_ports ports */
    cal_link *links;
    size_t n_links;
    double *fractions; /* of the neurons whose spikes are kept: all or, with a list in `subsets`, none */
    cal_snn_subset *subsets; /* per population: `n` is set for all of them, `ids` only where it is a part */
    cal_snn_sampler *samplers;
    cal_snn_subset *sampled;            /* parallel: their neurons */
    const cali_signal **sampler_wishes; /* parallel: the signals that want them */
    cal_snn_watch *watches;
    const cal_snn *snn; /* once it is built; borrowed. NULL: it is elsewhere */
    cal_place place;
    unsigned when_lost; /* cal_when_lost */
    size_t slot; /* of the host, if it is elsewhere */
    cal_snn_space *spaces;
    double **positions; /* per population of the file: from its table, or NULL */
    size_t n_positions;
} cali_build;

/** Watched synapses of one connection; of one whose synapses form and break, how many there are. */
typedef struct cali_weight_track {
    bool is_structure;
    size_t sub, watch, signal;
    size_t n; /* columns */
    cal_time every;
    char name[160]; /* of the signal */
} cali_weight_track;

/** A quantity of the populations of a network of its own, a column each. */
typedef struct cali_population_track {
    size_t signal;
    size_t n_columns;
    size_t *ports;  /* of the network, one per column */
    size_t n_bins;  /* of the ports in a row */
    size_t n_taken; /* bins summed in `sums` */
    double *sums;   /* n_columns */
    double *rows;   /* (most rows of a window x n_columns) */
} cali_population_track;

/** What is recorded of the populations of a network of its own. */
typedef struct cali_alone {
    cal_time bin;  /* of all ports */
    size_t n_bins; /* in a window */
    cali_population_track *tracks;
    size_t n_tracks;
} cali_alone;

struct cal_session {
    cal_context *ctx;
    const cal_experiment *experiment;
    cal_session_def def;

    const cal_connectome *connectome;
    cal_connectome *own_connectome; /* NULL: the definition gave one */
    size_t n_regions;
    double *delays_ms; /* (n x n), NULL: lengths over the one speed */
    cal_coupling *couplings; /* of the experiment, with the weights of their own */
    double **matrices;
    cali_role *roles;
    cal_plan plan;
    const char **mass_names;
    size_t *mass_counts;
    cal_plan_network *networks; /* one per spiking region, in the order of the regions */
    char window_reason[512];

    cali_build *builds; /* parallel to networks */
    cal_coupler *coupler; /* of a network of its own: without a host */
    cal_host *host;       /* NULL: all is in process */
    size_t n_slots, n_elsewhere, n_local;
    cali_alone alone;
    cal_recorder *recorder;

    cali_track *tracks;
    size_t n_tracks;
    cali_port_track *port_tracks;
    size_t n_port_tracks;
    cali_sampler_track *sampler_tracks;
    size_t n_sampler_tracks;
    double *sample_rows; /* scratch */
    size_t sample_capacity;
    cali_train_track *train_tracks;
    size_t n_train_tracks;
    cali_weight_track *weight_tracks;
    size_t n_weight_tracks;
    cal_time *train_times; /* scratch of one window */
    uint32_t *train_ids;
    size_t train_capacity;

    double *states; /* all regions' states at the last window's end, for crash.h5 */
    size_t *state_offsets;
    double wall_s, build_s, recording_s;
    bool has_warned; /* that no checkpoint could be written */
    char *inputs;    /* of the manifest, digested once */
};

/** The last finite states, for crash.h5. */
cal_status cali_keep_states(cal_session *session);

/** plan.c: connectome, roles of the regions, window and lag. */
cal_status cali_plan_make(cal_session *session);
/** Regions that a selector names, as numbers, in `regions` (n_regions places). Errors: INPUT C303. */
cal_status cali_select(const cal_session *session, const char *selector, cali_place place, size_t *regions,
                       size_t *n);

/** The connectome of an experiment, loaded or generated and scaled. Errors: those of both. */
cal_status cali_connectome_obtain(cal_context *ctx, const cal_experiment *experiment, cal_connectome **out);

/** What the plan says of a network before it is built. */
cal_plan_network cali_describe_network(const cali_network *network, const char *name, size_t index);

/** positions.c: spaces of the populations of a build whose def has them, tables read. Errors: IO, INPUT, MEMORY. */
cal_status cali_positions_load(cal_session *session, cali_build *build);
void cali_positions_free(cali_build *build);
/** Positions of all populations that have some, for run.h5. */
cal_status cali_positions_declare(cal_session *session);

/** Greatest common divisor and least common multiple of two positive durations. */
cal_time cali_common_divisor(cal_time a, cal_time b);
cal_time cali_common_multiple(cal_time a, cal_time b);

/** settings.c: parameters and initial states of each region, with distributions drawn and tables read. */
typedef struct cali_regional cali_regional;
cal_status cali_regional_create(cal_session *session, cali_regional **out);
void cali_regional_destroy(cali_regional **regional);
/** Values of a region's mass, in the model's units: `params` (n_params) and `initial` (n_states). Errors: IO, INPUT
 *  (C107 no such column, C303 no row for the region, C106 out of range, C102 and C103 units of a table). */
cal_status cali_regional_values(cali_regional *regional, size_t region, double *params, double *initial);

/** inputs.c: noise, stimuli and histories with numbers for each region. */
typedef struct cali_inputs {
    cal_nmm_noise *noises;
    cal_nmm_stimulus *stimuli;
    cal_nmm_history *histories;
    double **owned; /* arrays that they point to */
    size_t n_owned, owned_capacity;
} cali_inputs;
/** Frees nothing on failure: cali_inputs_free does. Errors: IO, INPUT (C303 regions, C107 inputs, C301 and C106 tables),
 *  MEMORY. */
cal_status cali_inputs_make(cal_session *session, cali_inputs *inputs);
void cali_inputs_free(cali_inputs *inputs);
/** An array of n zeros that lives as long as the inputs. */
cal_status cali_inputs_own(cal_session *session, cali_inputs *inputs, size_t n, double **out);

/** past.c: what the experiment says of the time before t = 0, into `inputs->histories`. Errors: IO, INPUT (C107 no such
 *  column or signal, C303 regions, C102 and C103 units, C106 times, C301 not finite), MEMORY. */
cal_status cali_pasts_make(cal_session *session, cali_inputs *inputs);
/** Says where the history stands that the host has refused; any other status as it is. */
cal_status cali_pasts_explain(cal_session *session, cal_status status);
/** The file that a past is read from; released with free(). */
cal_status cali_past_path(cal_context *ctx, const cali_past *past, char **out);

/** wiring.c: delays and weights of the user's matrices. */
cal_status cali_wiring_load(cal_session *session);
void cali_wiring_free(cal_session *session);
/** Delay of a connection by the connectome or the user's matrix, before min_delay. */
double cali_delay_ms(const cal_session *session, size_t to, size_t from);
/** Puts host and networks into the saved state that the experiment names, if any; a check builds no networks and looks at
 *  the host alone. */
cal_status cali_wiring_begin(cal_session *session);

/** checkpoints.c: whether one is due at the end of the window that ends at `t`. */
bool cali_is_checkpoint_due_at(const cal_session *session, cal_time t);

/** slots.c: which regions are elsewhere, from the definition of the session. Errors: INPUT (C303), UNSUPPORTED. */
cal_status cali_slots_plan(cal_session *session);
/** Network `k` becomes a slot; then all slots wait for their workers. Errors: those of cal_host_add and cal_host_start. */
cal_status cali_slots_add(cal_session *session, size_t k);
cal_status cali_slots_start(cal_session *session);

/** network.c: definition of the network of spiking region `k` (ports, links included). */
cal_status cali_build_define(cal_session *session, size_t k);
void cali_build_clear(cali_build *build);

/** Gives a failure of the engine, met while it was defined or built, the place of network `k` in the experiment. */
cal_status cali_network_located(cal_session *session, size_t k, cal_status status);

/* alone.c: the session of a network of its own. */
extern const char cali_alone_name[]; /* in the place of a region's */
/** Whether a selector names a population. */
bool cali_is_chosen(const char *selector, const char *population);
/** Window and intervals. Errors: INPUT C202, C204. */
cal_status cali_alone_plan(cal_session *session);
/** The output ports and shares of recorded neurons that the signals ask for. */
void cali_alone_define(const cal_session *session, cali_build *build);
cal_status cali_alone_declare(cal_session *session);
cal_status cali_alone_append(cal_session *session);
void cali_alone_free(cal_session *session);

/** monitors.c: the rows that the monitor of a signal is fed with: their interval, and whether they are means. */
cal_status cali_monitor_feed(const cal_session *session, const cali_signal *wish, cal_time *every, bool *is_mean);
/** The monitor of a signal, fed with rows every `feed` in `unit`, and its signal at the recorder. */
cal_status cali_monitor_declare(cal_session *session, const cali_signal *wish, cal_time feed, const char *unit,
                                cali_track *track);

/** parse_weights.c: whether a rule changes weights or the synapses themselves. */
bool cali_is_learning(const cal_synapse *synapse);
/** Whether a line of `record.weights` means projection `i` of a network. */
bool cali_is_connection(const cali_network *network, size_t i, const char *wish);
/** weights.c: the watches of network `k`; signals of watched synapses, declared once the networks are built (a check: their
 *  expected number), and appended at t = 0 and after each window that ends at a time that is asked for. */
cal_status cali_weights_define(cal_session *session, size_t k);
void cali_weights_clear(cali_build *build);
cal_status cali_weights_declare(cal_session *session);
cal_status cali_weights_append(cal_session *session);
void cali_weights_free(cal_session *session);

/** manifest.c: the files that an experiment reads, as a JSON list with roles and digests. A folder of matrices is named
 *  without a digest: those of the connectome stand beside it. Errors: IO, MEMORY. */
cal_status cali_manifest_inputs(cal_context *ctx, const cal_experiment *experiment, cali_text *out);

/** results.c: functional connectivity, spectra and what else follows from the recorded signals, into /analysis. */
cal_status cali_results_record(cal_session *session);

/** settings.c: in which row of a table each region stands: by the column label, region or name, SIZE_MAX: in none;
 *  without such a column in their order. Errors: INPUT C301. */
cal_status cali_match_rows(const cal_session *session, const char *path, const cali_csv *csv, size_t *row_of);

/** choice.c: sets the bits of the neurons that are chosen among the n of a population; `stream` tells one draw from another.
 *  Errors: INPUT (C106, no such neuron). */
cal_status cali_choice_mark(const cal_session *session, const cali_choice *choice, uint32_t stream, const char *population,
                            uint32_t n, uint32_t *bits);
/** At most so many of n neurons. */
uint32_t cali_choice_most(const cali_choice *choice, uint32_t n);
/** The numbers of the bits that are set; released with free(). */
cal_status cali_bits_list(cal_context *ctx, const uint32_t *bits, uint32_t n, uint32_t **ids, uint32_t *n_ids);

/** neurons.c: spikes, states of single neurons, rates and means of populations. The ports and samplers that network `k` needs;
 *  their signals at the recorder; one window's rows. */
cal_status cali_neurons_define(cal_session *session, size_t k);
cal_status cali_neurons_declare(cal_session *session);
cal_status cali_neurons_append(cal_session *session);
void cali_neurons_clear(cali_build *build);
void cali_neurons_free(cal_session *session);
/** signals.c: declares signals and trains at the recorder, and appends one window's rows. */
cal_status cali_signals_declare(cal_session *session);
cal_status cali_signals_append(cal_session *session);

/** The signals and trains in the order in which a window appends them; `*n` of them, released with free(). */
cal_status cali_signals_order(cal_session *session, cal_replay **order, size_t *n);
/** Rows of a sampler that are appended at once. */
size_t cali_sampler_piece(size_t n_columns);

#endif
