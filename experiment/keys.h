/* The keys of an experiment file as tables: one mapping of the file is one table. The same tables read the
 * file, fill in defaults, write the manifest, docs/experiment-file.md and the JSON schema. */
#ifndef CALI_EXPERIMENT_KEYS_H
#define CALI_EXPERIMENT_KEYS_H

#include "experiment/experiment.h"

typedef enum cali_key_type {
    CALI_KEY_TEXT,   /* char * */
    CALI_KEY_PATH,   /* char *, absolute */
    CALI_KEY_WORD,   /* index into words, in an integer of the member's size */
    CALI_KEY_NUMBER, /* double in `unit` */
    CALI_KEY_TIME,   /* cal_time; `unit` is for messages */
    CALI_KEY_COUNT,  /* unsigned integer of the member's size */
    CALI_KEY_FLAG,   /* bool */
    CALI_KEY_MAPPING, /* one mapping, read by the parser by `inner` */
    CALI_KEY_LIST,    /* a list of mappings `inner`; one mapping stands for a list of one */
    CALI_KEY_NAMED,   /* mappings `inner` by names that the user chooses */
    CALI_KEY_OWN      /* read by the parser: its unit or its words depend on other keys */
} cali_key_type;

typedef struct cali_mapping cali_mapping;

typedef struct cali_key {
    const char *name;
    cali_key_type type;
    const char *unit;
    const char *fallback; /* default as one would write it; NULL: none */
    bool is_required;
    const char *not_beside; /* another key of the mapping: with it this one is refused, without it is_required counts */
    double low, high;  /* closed range in `unit`; both 0: not limited */
    bool is_above_low; /* low itself is outside */
    const char *const *words;
    size_t n_words;
    const char *special; /* a word that is allowed in the place of a number */
    double special_value;
    const cali_mapping *inner;
    const char *shape;   /* OWN: type in words, for the reference */
    const char *meaning;
    size_t offset, size; /* of the member; size 0: none */
    size_t place_offset; /* of a cali_place that is set where the key stands; 0: none */
} cali_key;

struct cali_mapping {
    const char *path; /* "connectome.generate"; names that the user chooses are NAME */
    const char *meaning;
    const cali_key *keys;
    size_t n_keys;
    const char *example; /* YAML for the reference, or NULL */
    const char *more;    /* which further keys there are, or NULL */
};

extern const cali_mapping cali_keys_top, cali_keys_run, cali_keys_initial, cali_keys_history, cali_keys_connectome, cali_keys_generate, cali_keys_coupling,
    cali_keys_term, cali_keys_integrator, cali_keys_noise, cali_keys_stimulus, cali_keys_weights, cali_keys_model, cali_keys_region,
    cali_keys_spiking, cali_keys_network, cali_keys_simulator, cali_keys_scale, cali_keys_population, cali_keys_positions, cali_keys_connection, cali_keys_kernel, cali_keys_drive, cali_keys_wave, cali_keys_receive,
    cali_keys_give, cali_keys_sync, cali_keys_record, cali_keys_weight_wish, cali_keys_signal, cali_keys_monitor, cali_keys_checkpoint, cali_keys_worker, cali_keys_analysis;

/** All mappings in the order of the reference, NULL at the end. */
extern const cali_mapping *const cali_all_mappings[];

/** What a connection, drive or transfer says before names are looked up. */
typedef struct cali_connection_text {
    char *from, *to, *receptor, *name, *file;
    uint32_t in_degree, out_degree, neighbours, nearest;
    uint64_t total;
    double rewiring, velocity_mm_per_ms;
    bool all_to_all, one_to_one;
} cali_connection_text;

typedef struct cali_scale_text {
    double neurons, synapses;
} cali_scale_text;

typedef struct cali_drive_text {
    int kind;
    char *into;
    double rate_Hz, n_trains;
    cal_time start, stop, tau, hold;
    bool is_common;
} cali_drive_text;

typedef struct cali_wave_text {
    char *form, *file, *column;
} cali_wave_text;

typedef struct cali_transfer_text {
    char *by, *take, *into, *from;
    uint32_t synapses, trains;
} cali_transfer_text;

typedef struct cali_region_text {
    char *model;
} cali_region_text;

typedef struct cali_monitor_text {
    char *kind, *kernel;
    cali_monitor_wish wish;
} cali_monitor_text;

typedef struct cali_model_text {
    char *neural_mass;
} cali_model_text;

typedef struct cali_population_text {
    char *neuron, *spikes;
    uint32_t n;
} cali_population_text;

typedef struct cali_positions_text {
    int kind; /* cal_arrangement */
    bool is_periodic;
    char *file;
} cali_positions_text;

typedef struct cali_kernel_text {
    char *kind, *formula;
    double within_mm;
    int metric;
} cali_kernel_text;

typedef struct cali_noise_text {
    char *state, *input, *of, *correlations;
    double tau_ms, correlation;
    int form;
} cali_noise_text;

typedef struct cali_stimulus_text {
    char *wave, *input, *state, *of, *file, *column;
    cal_time start, stop;
} cali_stimulus_text;

typedef struct cali_weights_text {
    char *kernel, *focus;
} cali_weights_text;

enum { CALI_DRIVE_POISSON, CALI_DRIVE_CURRENT, CALI_DRIVE_NOISE, CALI_N_DRIVES };
extern const char *const cali_drive_kinds[CALI_N_DRIVES];

/** The distributions that a value may be, as words of the file. */
typedef struct cali_distribution_word {
    const char *name;
    cal_distribution_kind kind;
    const char *first, *second; /* what the arguments are */
    const char *meaning;
} cali_distribution_word;
extern const cali_distribution_word cali_distribution_words[];
enum { CALI_N_DISTRIBUTION_WORDS = 5 };

#endif
