/* An experiment as it stands in its file: parsed, names of models resolved, units converted to those of the
 * tables, defaults filled in. Nothing here has looked at a connectome yet: regions are still words. Filled by
 * experiment/parse.c, turned into objects by experiment/session.c, echoed in SI by experiment/echo.c. */
#ifndef CALI_EXPERIMENT_EXPERIMENT_H
#define CALI_EXPERIMENT_EXPERIMENT_H

#include "callosum/connectomes.h"
#include "callosum/coupler.h"
#include "callosum/experiment.h"
#include "callosum/nmm.h"
#include "callosum/snn.h"

/** Where a thing stands in the file, for messages that only the connectome can raise. Line and column count
 *  from 1; line 0: not in the file (a default, or from --set). */
typedef struct cali_place {
    unsigned line, column;
} cali_place;

/** A named neural mass: entry of `models:`. */
typedef struct cali_mass {
    char *name;
    const cal_nmm_model *model;
    double *params;  /* n_params, in the table's units */
    double *initial; /* n_states */
    cali_place place;
} cali_mass;

typedef struct cali_population {
    char *name;
    const cal_neuron *neuron; /* NULL: sources of a shared-poisson receiver, made by the session */
    uint32_t n;
    cal_snn_setting *settings;
    size_t n_settings;
    double record_fraction;
    cali_place place;
} cali_population;

/** `receives:` and `gives:` entries. */
typedef struct cali_transfer {
    const cal_transducer *transducer;
    double *params;     /* n_params of the transducer, table units */
    size_t population;
    char *receptor;     /* poisson, shared-poisson */
    double weight;      /* poisson, shared-poisson: unit of the receptor */
    char *take;         /* RECEIVES: input name of a coupling term, NULL: the first */
    cali_place place;
} cali_transfer;

typedef struct cali_network {
    cal_time step;
    cali_population *populations;
    size_t n_populations;
    cal_snn_projection *projections; /* receptor strings owned by the experiment */
    cali_place *projection_places;
    size_t n_projections;
    cal_snn_poisson *poissons;
    size_t n_poissons;
    cal_snn_current *currents;
    size_t n_currents;
    cali_transfer *receives, *gives;
    size_t n_receives, n_gives;
    cali_place place, step_place;
} cali_network;

/** One line of `regions:`: which regions, and what they are. */
typedef struct cali_assignment {
    char *selector; /* a label; several with ", "; "#12" (number from 0); "most connected"; "default" */
    int mass;       /* index into masses, or -1 */
    int network;    /* index into networks, or -1 */
    char **param_names; /* per-region parameters on top of the mass */
    double *param_values;
    size_t n_params;
    cali_place place;
} cali_assignment;

typedef struct cali_signal {
    char *what; /* "rate", an output or state name, "spikes", "mean NAME", "drive" */
    char *of;   /* selector or "all" */
    cal_time every;
    bool is_mean;
    double fraction; /* spikes */
    cali_place place;
} cali_signal;

struct cal_experiment {
    char *path, *title;
    char *text; /* the file as read, for digests and the run folder */
    cal_time duration, transient;
    uint64_t seed;

    bool is_generated;
    cal_generate_def generate;
    cal_connectome_source source; /* strings owned; paths relative to the file are made absolute */
    cali_place connectome_place, speed_place, length_unit_place;
    double speed_mm_per_ms;

    cal_coupling *couplings; /* strings owned */
    size_t n_couplings;
    double gain, min_delay_ms;
    cali_place coupling_place;

    cal_integrator integrator;
    cal_time dt; /* 0: the integrator's default */
    double rtol;

    cal_nmm_noise *noises;
    size_t n_noises;
    cal_nmm_stimulus *stimuli; /* region resolved by the session from stimulus_regions */
    char **stimulus_regions;   /* selector, NULL: all */
    cali_place *stimulus_places;
    size_t n_stimuli;

    cali_mass *masses;
    size_t n_masses;
    cali_network *networks;
    size_t n_networks;
    cali_assignment *assignments; /* [0] is the default */
    size_t n_assignments;

    cal_time window; /* 0: auto */
    unsigned lag;    /* 0: auto */
    cali_place window_place;

    double budget_bytes;
    cali_place budget_place;
    cali_signal *signals;
    size_t n_signals;
};

#endif
