/* An experiment as it stands in its file: parsed, names of models resolved, units converted to those of the
 * tables, defaults filled in. Nothing here has looked at a connectome yet: regions are still words. Filled by
 * experiment/parse.c, turned into objects by experiment/session.c, echoed in SI by experiment/echo.c. */
#ifndef CALI_EXPERIMENT_EXPERIMENT_H
#define CALI_EXPERIMENT_EXPERIMENT_H

#include "base/arena.h"
#include "base/text.h"
#include "base/units.h"
#include "callosum/connectomes.h"
#include "callosum/coupler.h"
#include "callosum/experiment.h"
#include "callosum/monitors.h"
#include "callosum/nmm.h"
#include "callosum/snn.h"

/** Where a thing stands in the file, for messages that only the connectome can raise. Line and column count
 *  from 1; line 0: not in the file. `set` is the number (from 1) of the --set that it came from, or 0. */
typedef struct cali_place {
    unsigned line, column;
    unsigned set;
} cali_place;

/** A parameter or initial state as the file gives it: a number, a distribution over regions, or a column of a table
 *  with a row per region. */
typedef struct cali_setting {
    size_t row; /* of the model's parameters or states */
    bool is_state;
    cal_distribution value; /* in the table's units; CAL_CONSTANT: a number */
    char *path, *column;    /* not NULL: from a table */
    cali_place place;
} cali_setting;

typedef struct cali_settings {
    cali_setting *items; /* later ones win */
    size_t n;
} cali_settings;

/** A model or a neuron that is a file of the user, loaded once. */
typedef struct cali_own_file {
    char *path;
    cal_nmm_model *model; /* owned; NULL: a neuron */
    cal_neuron *neuron;   /* owned; NULL: a model */
} cali_own_file;

/** A named neural mass: entry of `models:`. */
typedef struct cali_mass {
    char *name;
    const cal_nmm_model *model;
    double *params;  /* n_params, in the table's units: defaults and numbers of the file */
    double *initial; /* n_states */
    cali_settings settings; /* all that the file gives */
    cali_place place;
} cali_mass;

typedef struct cali_population {
    char *name;
    const cal_neuron *neuron; /* NULL: sources of a shared-poisson receiver, made by the session */
    uint32_t n;
    cal_snn_setting *settings;
    size_t n_settings;
    char *spikes;        /* the file that they stand in, or NULL */
    cal_snn_train train; /* those of a population without neuron */
    const char *homeostasis_unit; /* of the parameter that homeostasis moves; NULL: none */
    cal_snn_space *space; /* NULL: no positions */
    char *positions_path; /* of listed positions: a table, read by the session */
    cali_place place, positions_place;
} cali_population;

/** A spike of such a file. */
typedef struct cali_spike {
    cal_time time;
    uint32_t id;
} cali_spike;

/** `receives:` and `gives:` entries. */
typedef struct cali_transfer {
    const cal_transducer *transducer;
    double *params;     /* n_params of the transducer, in `units` */
    const char **units; /* of the params: those of the table, with port, coupling and output replaced */
    size_t population;
    char *receptor;     /* poisson, shared-poisson */
    double weight;      /* poisson, shared-poisson: unit of the receptor */
    double synapses;    /* poisson: trains per neuron; shared-poisson: synapses per neuron from the trains */
    uint32_t trains;    /* shared-poisson: trains that the population shares */
    char *take;         /* RECEIVES: input name of a coupling term, "rate", NULL: what fits */
    size_t term;        /* RECEIVES: number of the coupling term */
    cali_place place;
} cali_transfer;

/** Synapses from a file. */
typedef struct cali_list {
    cal_snn_list list;
    char *path;
} cali_list;

typedef struct cali_column {
    char *path, *name;
} cali_column;

/** Where the samples of a drive stand: of the cal_snn_wave with these times. */
typedef struct cali_samples_file {
    const double *times_ms;
    cali_column column;
} cali_samples_file;

/** A foreign simulator in the place of the engine. */
typedef struct cali_simulator {
    char *model; /* NULL: none */
    char **names, **values; /* n parameters, as they stand in the file */
    size_t n;
    cali_place place;
} cali_simulator;

typedef struct cali_network {
    cal_time step;
    cali_simulator simulator;
    cali_population *populations;
    size_t n_populations;
    cal_snn_projection *projections; /* receptor strings owned by the experiment */
    cali_place *projection_places;
    char **projection_names; /* NULL: none */
    size_t n_projections;
    cal_snn_projection *gaps; /* gap junctions */
    size_t n_gaps;
    char *sonata, *spikes; /* circuit config and spikes of its virtual nodes, or NULL */
    size_t n_sonata_projections; /* the first ones: edges of the circuit */
    cal_snn_values *values; /* of single neurons */
    cali_column *columns;   /* where they stand; NULL: in a SONATA circuit */
    size_t n_values;
    char **files; /* of the circuit */
    size_t n_files;
    cali_list **lists; /* that connections and gap junctions point to */
    size_t n_lists;
    cal_snn_poisson *poissons;
    size_t n_poissons;
    cal_snn_current *currents;
    size_t n_currents;
    cal_snn_noise *noises;
    size_t n_noises;
    cali_samples_file *samples; /* of drives */
    size_t n_samples;
    cal_snn_homeostasis *homeostases;
    size_t n_homeostases;
    cali_transfer *receives, *gives;
    size_t n_receives, n_gives;
    cali_place place, step_place;
} cali_network;

/** One line of `workers:`. */
typedef struct cali_worker_wish {
    char *region; /* a label; "all" */
    unsigned on;  /* cal_place */
    unsigned when_lost; /* 0: by the place; else 1 + cal_when_lost */
    cali_place place;
} cali_worker_wish;

/** One line of `regions:`: which regions, and what they are. */
typedef struct cali_assignment {
    char *selector; /* a label; several with ", "; "#12" (number from 0); "most connected"; "default" */
    int mass;       /* index into masses, or -1 */
    int network;    /* index into networks, or -1 */
    cali_settings settings; /* on top of those of the mass */
    cali_place place;
} cali_assignment;

/** What `monitor:` of a signal says. */
typedef struct cali_monitor_wish {
    const cal_monitor_kind *kind; /* NULL: none */
    const cal_hrf *kernel;
    unsigned form; /* cal_bold_form */
    cal_time length;
    double *params;      /* of the kind or the kernel */
    char *groups;        /* "hemisphere", "cortex", a column of `table`; NULL: all regions in one */
    char *table, *lead_field, *unit;
    bool has_average_reference;
    cali_place place, groups_place, lead_field_place;
} cali_monitor_wish;

/** Which neurons of a population: the value of `neurons`. */
typedef enum cali_choice_kind {
    CALI_CHOICE_NONE, /* not said */
    CALI_CHOICE_ALL,
    CALI_CHOICE_FIRST,  /* the first n */
    CALI_CHOICE_EVERY,  /* 0, n, 2 n, ... */
    CALI_CHOICE_RANDOM, /* n of them, drawn from the seed */
    CALI_CHOICE_SHARE,  /* a share of them, drawn from the seed */
    CALI_CHOICE_LIST
} cali_choice_kind;

typedef struct cali_choice_range {
    uint32_t first, last, step;
} cali_choice_range;

typedef struct cali_choice {
    cali_choice_kind kind;
    uint32_t n;
    double share;
    cali_choice_range *ranges; /* LIST */
    size_t n_ranges;
    char *text; /* as the manifest echoes it; NULL: not said */
    cali_place place;
} cali_choice;

/** What a signal is about. */
typedef enum cali_wish_kind {
    CALI_WISH_REGIONS, /* a quantity of the neural masses and what the regions send */
    CALI_WISH_SPIKES,
    CALI_WISH_RATE, /* of populations */
    CALI_WISH_MEAN, /* of a state over populations */
    CALI_WISH_NEURONS /* a state of single neurons */
} cali_wish_kind;

typedef struct cali_signal {
    char *what; /* "rate", an output or state name, "spikes", "mean NAME" */
    char *of;   /* selector of regions, with a network of its own of populations; or "all" */
    char *name; /* in run.h5; NULL: `what`, or the monitor's */
    cali_monitor_wish monitor;
    cal_time every; /* 0: every step */
    bool is_mean;
    double fraction; /* spikes */
    cali_choice neurons;
    char *populations; /* of spiking regions; NULL: not said */
    cali_place place;
} cali_signal;

/** What a signal of an experiment is about. */
cali_wish_kind cali_wish_kind_of(const cal_experiment *experiment, const cali_signal *wish);

/** One line of `record.weights`: plastic synapses whose weights are kept. */
typedef struct cali_weight_wish {
    char *connection; /* its name, or "I to E"; NULL: all that learn */
    char *of;         /* selector of regions, or "all" */
    cali_choice sources, targets;
    char *synapses; /* as the file says it */
    double fraction;
    uint64_t most; /* 0: no limit */
    cal_time every;
    char *name; /* in run.h5; NULL: "weights_I_to_E" */
    cali_place place;
} cali_weight_wish;

/** What the session needs beside a noise. */
typedef struct cali_noise_more {
    char *of;           /* selector, NULL: all */
    char *correlations; /* path, NULL: none */
    cali_place place;
} cali_noise_more;

/** What the session needs beside a stimulus. */
typedef struct cali_stimulus_more {
    char *of;                         /* selector, NULL: all */
    char *path, *column;              /* samples; path NULL: none */
    const char *unit;                 /* of the input, or of the state's derivative */
    double *params;                   /* of the waveform */
    double *weights;                  /* NULL: none given */
    size_t n_weights;                 /* 1: for all regions */
    const cal_spatial_kernel *kernel; /* NULL: none */
    double kernel_params[CAL_SPATIAL_KERNEL_MAX_PARAMS];
    char *focus;
    cali_place place, weights_place, file_place;
} cali_stimulus_more;

/** What a state or an output was before t = 0: entry of `initial.history`. */
typedef struct cali_past {
    char *what, *file, *run, *signal, *unit; /* file: a table; run: a recording; the other one is NULL */
    cali_place place;
} cali_past;

struct cal_experiment {
    char *path, *title;
    char *text; /* the file as read, for digests and the run folder */
    cal_time duration, transient;
    uint64_t seed;
    double memory_bytes; /* 0: the machine's */
    cali_place memory_place;

    bool is_generated;
    cal_generate_def generate;
    cal_connectome_source source; /* strings owned; paths relative to the file are made absolute */
    cali_place connectome_place, speed_place, length_unit_place;
    double speed_mm_per_ms;
    cali_place delays_place, speeds_place;
    char *delays_path, *speeds_path; /* matrices in the place of the one speed; NULL: none */

    cal_coupling *couplings; /* strings owned */
    size_t n_couplings;
    char **coupling_matrices; /* files of weights of the first terms, NULL: the connectome's */
    size_t n_coupling_matrices;
    char *initial_state; /* file of a saved state, or NULL */
    cali_place initial_place;
    cali_past *pasts;
    size_t n_pasts;
    double gain, min_delay_ms;
    cali_place coupling_place;

    cal_integrator integrator;
    cal_time dt; /* 0: the integrator's default */
    double rtol;

    cal_nmm_noise *noises; /* levels and correlations come from the session */
    cali_noise_more *noise_more; /* parallel */
    size_t n_noises;
    cal_nmm_stimulus *stimuli; /* weights and samples come from the session */
    cali_stimulus_more *stimulus_more;
    size_t n_stimuli;

    cali_mass *masses;
    size_t n_masses;
    cali_own_file *own_models;
    size_t n_own_models;
    cal_spatial_formula **formulas; /* of connections */
    size_t n_formulas;
    cali_network *networks;
    size_t n_networks;
    bool is_alone; /* networks[0] is all there is: no connectome, models and regions */
    cali_assignment *assignments; /* [0] is the default */
    size_t n_assignments;

    cal_time window; /* 0: auto */
    unsigned lag;    /* 0: auto */
    cali_place window_place;

    double budget_bytes;
    cali_place budget_place;
    cali_signal *signals;
    size_t n_signals;
    cali_weight_wish *weights; /* record.weights */
    size_t n_weights;

    cali_worker_wish *workers;
    size_t n_workers;

    cal_time checkpoint_every; /* 0: none */
    uint32_t checkpoint_keep;

    bool has_results; /* /analysis in run.h5 */
    cal_time fcd_window, fcd_overlap;

    size_t text_size;
    char **overrides; /* the --set texts */
    char **override_heads; /* where each stands, for messages; NULL: --set */
    size_t n_overrides;
    cali_arena arena; /* owns all of the above */
};

/** Parses an experiment that is in memory. `path` stands in messages and is where relative paths begin.
 *  Errors: INPUT (all mistakes of the file in its order, ten at most), MEMORY. */
cal_status cali_experiment_parse(cal_context *ctx, const char *path, const char *text, size_t size,
                                 const char *const *overrides, size_t n_overrides, cal_experiment **out);

/** The same with overrides that come from elsewhere than --set: `heads` says for each where it stands. */
cal_status cali_experiment_parse_from(cal_context *ctx, const char *path, const char *text, size_t size,
                                      const char *const *overrides, const char *const *heads, size_t n_overrides,
                                      cal_experiment **out);

/** Fails with INPUT and the message in the form of docs/messages.md:
 *
 *      file:line:column  code  what is wrong
 *          8 | the line
 *            |     ^
 *        because  ...
 *
 *  `format` gives what is wrong; each further line of it ("because ...", "try ...", "known ...") becomes an
 *  indented line. Without a place in the file neither line, column nor excerpt is printed. */
#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
cal_status cali_experiment_fail(cal_context *ctx, const cal_experiment *experiment, cali_place place,
                                const char *code, const char *format, ...);

/** Gives the message of another part, which is in the context, the place in the experiment that it is about; `code` NULL: any
 *  message of bad input, else only one of this code. `about` begins what is said; NULL: the file that the message
 *  names, if it does. Returns the status. */
cal_status cali_experiment_locate(cal_context *ctx, const cal_experiment *experiment, cali_place place,
                                  const char *code, const char *about);

/** The experiment with all defaults filled in, every dimensional number in SI base units with its unit, as
 *  JSON in a fixed order. Errors: MEMORY. */
cal_status cali_experiment_echo(cal_context *ctx, const cal_experiment *experiment, cali_text *out);

/** The file of a list of synapses of the network. */
const char *cali_list_path(const cali_network *network, const cal_snn_list *list);

/** The file of an own model; NULL: it is built in. */
const char *cali_own_model_path(const cal_experiment *experiment, const cal_nmm_model *model);
/** The same for an own neuron. */
const char *cali_own_neuron_path(const cal_experiment *experiment, const cal_neuron *neuron);
void cali_free_own_models(cal_experiment *experiment);

/** A named number of a feature, in the unit of the table that it comes from. */
typedef struct cali_feature_number {
    const char *name;
    double value;
    char unit[CALI_UNIT_TEXT];
} cali_feature_number;

enum { CALI_FEATURE_NUMBERS = 24 };

/** One coupling term, noise, stimulus, monitor, or part of how the run begins. Texts that do not apply are NULL. */
typedef struct cali_feature {
    const char *part; /* "coupling", "noise", "stimulus", "monitor", "initial" */
    const char *kind; /* "linear", "white", "sine", "bold", "history" */
    const char *from, *to; /* output and input, state, recorded signal */
    const char *of;        /* selector of the regions */
    const char *formula, *remark;
    cali_feature_number numbers[CALI_FEATURE_NUMBERS];
    size_t n_numbers;
} cali_feature;

/** Calls `take` for every feature in the order of the file; what it gets lives until it returns. */
void cali_list_features(const cal_experiment *experiment, void (*take)(void *user, const cali_feature *feature),
                        void *user);

/** docs/experiment-file.md and docs/experiment.schema.json from the tables of experiment/keys.c. */
void cali_experiment_reference(cali_text *out);
void cali_experiment_schema(cali_text *out);

/** parse_network.c: the unit of a gap junction's conductance. */
const char *cali_gap_unit(const cal_neuron *neuron);

#endif
