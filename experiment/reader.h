/* Reads nodes by the tables of keys.h and gathers mistakes: a file with several is told all of them. */
#ifndef CALI_EXPERIMENT_READER_H
#define CALI_EXPERIMENT_READER_H

#include "base/tree.h"
#include "base/units.h"
#include "experiment/keys.h"

enum { CALI_MAX_MISTAKES = 64, CALI_SHOWN_MISTAKES = 10, CALI_LABEL = 160 };

typedef struct cali_mistake {
    cali_place place;
    unsigned order; /* of discovery: the first of two at one place comes first */
    char *text;     /* in the arena */
} cali_mistake;

typedef struct cali_reader {
    cal_context *ctx;
    cal_experiment *exp;
    cali_tree *tree;
    cali_mistake mistakes[CALI_MAX_MISTAKES];
    size_t n_mistakes;
    bool is_out_of_memory;
    const char *foreign;      /* mistakes of an own model's file, said before those of the experiment, or NULL */
    const cali_node *regions; /* `regions:`, or NULL; its default decides units of coupling */
} cali_reader;

/** Where a node stands. */
cali_place cali_place_of(const cali_node *node);
cali_place cali_place_of_key(const cali_entry *entry);

/** Notes a mistake; format as in cali_experiment_fail. Always false, for `return`. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
bool cali_refuse(cali_reader *r, cali_place place, const char *code, const char *format, ...);
/** Makes the message that another part left in the context a mistake at `place`; the context is clean afterwards. `code`:
 *  where the message has none. Always false. */
bool cali_refuse_foreign(cali_reader *r, cali_place place, const char *code);
/** Turns the mistakes into the context's message. OK if there are none. */
cal_status cali_reader_finish(cali_reader *r);
/** One message in the form of docs/messages.md; `text` as cali_experiment_fail's after formatting. */
void cali_message_add(cali_text *out, const cal_experiment *exp, cali_place place, const char *code,
                      const char *text);

/** Memory of the experiment; NULL is noted as out of memory. */
void *cali_take(cali_reader *r, size_t n, size_t size);
char *cali_keep(cali_reader *r, const char *text);

/** The word that may have been meant, or NULL. `get(list, i)` gives word i. */
typedef const char *(*cali_word_at)(const void *list, size_t i);
const char *cali_nearest_of(const char *word, const void *list, size_t n, cali_word_at get);
/** `unknown KIND "word" OWNER` with the nearest and all known words. */
bool cali_refuse_word(cali_reader *r, cali_place place, const char *code, const char *what, const char *word,
                      const void *list, size_t n, cali_word_at get);
const char *cali_word_in_array(const void *list, size_t i); /* const char *const * */
const char *cali_word_in_fields(const void *list, size_t i); /* cal_field * */

/** "a list", "a mapping", "nothing" or the text in quotes. */
const char *cali_describe_node(const cali_node *node, char buffer[CALI_LABEL]);

/* Scalars. `label` names the value in messages ("run.duration", "tau of model mpr"). False: refused. */
bool cali_read_text(cali_reader *r, const cali_node *node, const char *label, char **out);
/** A path, from the folder of the file where it is relative. */
bool cali_read_path(cali_reader *r, const cali_node *node, const char *label, char **out);
bool cali_read_flag(cali_reader *r, const cali_node *node, const char *label, bool *out);
/** `unit_text` "1": a bare number. */
bool cali_read_quantity(cali_reader *r, const cali_node *node, const char *label, const char *unit_text, double *out);
/** The same for a piece of a text at `place`. */
bool cali_read_quantity_text(cali_reader *r, cali_place place, const char *text, const char *label,
                             const char *unit_text, double *out);
/** A number or a distribution; `field` (or NULL) limits constants. */
bool cali_read_distribution(cali_reader *r, const cali_node *node, const char *label, const char *unit_text,
                            const cal_field *field, cal_distribution *out);
/** A number for a field, within its range. Where the field's default is infinite, the words "infinite" and
 *  "-infinite" are numbers too. */
bool cali_read_field(cali_reader *r, const cali_node *node, const char *label, const cal_field *field, double *out);

/** Fields that a mapping may hold beside its keys: parameters of a transducer. */
typedef struct cali_extra {
    const cal_field *fields;
    size_t n_fields;
    double *values;
    const char *owner; /* "transducer poisson" */
} cali_extra;

/** One value by its key into `target`; structured and own keys are left alone. */
bool cali_read_value(cali_reader *r, const cali_node *node, const char *label, const cali_key *key, void *target);

/** Fills the members of `target` from a mapping: defaults, then what the file says. `label` stands before
 *  the keys in messages ("run"). Keys that the parser reads itself are only known here. False: no mapping. */
bool cali_read_mapping(cali_reader *r, const cali_mapping *mapping, const cali_node *node, const char *label,
                       void *target, const cali_extra *extra);
/** Defaults alone, for a mapping that is left out. */
void cali_fill_defaults(cali_reader *r, const cali_mapping *mapping, void *target);
/** parse_settings.c: `parameters:` or `initial:` of a neural mass, appended to `out`. `owner` names it in messages. */
void cali_read_settings(cali_reader *r, const cali_node *node, const cal_nmm_model *model, bool is_state,
                        const char *owner, cali_settings *out);

/** Number of entries of a list node; a mapping counts as a list of one; NULL and nothing as none. Mistake if it is neither. */
size_t cali_list_size(cali_reader *r, const cali_node *node, const char *label);
const cali_node *cali_list_at(const cali_node *node, size_t i);

/* parse_own.c */
/** Whether the name of a neural mass or a neuron is that of a file. */
bool cali_is_own_model(const char *name);
/** The model of the file that `node` names; NULL and a mistake if it cannot be used. */
const cal_nmm_model *cali_load_own_model(cali_reader *r, const cali_node *node);
/** The same for a neuron. */
const cal_neuron *cali_load_own_neuron(cali_reader *r, const cali_node *node);

/* parse_models.c */
typedef enum cali_field_kind { CALI_STATES, CALI_INPUTS, CALI_OUTPUTS } cali_field_kind;
/** The field called `name` (NULL: the first) of the models in use, that of regions.default first. NULL and a
 *  mistake if none has it. */
const cal_field *cali_find_field(cali_reader *r, cali_field_kind kind, const char *name, cali_place place);
/** The same without a mistake; `first` is the mass that is asked first, -1: none. */
const cal_field *cali_look_up_field(const cal_experiment *exp, int first, cali_field_kind kind, const char *name);
/** Name of the output whose unit the numbers of a term have: that of `from`; without it the one that the kind takes by
 *  itself, or NULL: the first. */
const char *cali_term_source(const cal_experiment *exp, int first, const cal_coupling *term);
/** Unit of a number of a coupling term, an entry of its kind's params, between these fields. */
void cali_term_unit(const cal_field *number, const cal_field *from, const cal_field *to, char unit[CALI_UNIT_TEXT]);
/** Text of the unit above/below: "ms" from "1" over "1/ms". */
void cali_divide_units(const char *above, const char *below, char out[CALI_UNIT_TEXT]);
void cali_parse_models(cali_reader *r, const cali_node *node);
void cali_parse_couplings(cali_reader *r, const cali_node *node);
/** The quantity that stands under `key`, if it stands there. */
void cali_read_own(cali_reader *r, const cali_node *node, const char *label, const char *key, const char *unit,
                   double *out);
/** A state or an output of the models in use, as cali_find_field; states are looked for first. */
const cal_field *cali_find_row(cali_reader *r, const char *name, cali_place place);
/* parse_initial.c */
void cali_parse_initial(cali_reader *r, const cali_node *node);
/* parse_inputs.c */
/** Unit of a noise level. */
void cali_noise_unit(const cal_field *state, bool is_white, char unit[CALI_UNIT_TEXT]);
void cali_parse_noises(cali_reader *r, const cali_node *node);
void cali_parse_stimuli(cali_reader *r, const cali_node *node);
/* parse_regions.c */
void cali_parse_regions(cali_reader *r, const cali_node *node);
/* parse_network.c: `beside` holds receives and gives that stand beside `spiking`; NULL: a network of its own. */
void cali_parse_network(cali_reader *r, const cali_node *node, const cali_node *beside, cali_network *network);
/* parse_kernel.c */
/** Whether a text is a formula of the way between two neurons, not a quantity or a distribution. */
bool cali_is_formula(const cali_node *node);
/** What a formula gives, as a quantity of 1: "-1 pA" if it begins with a minus; false: a mistake. */
bool cali_formula_sample(cali_reader *r, const cali_node *node, const char *label, char *out, size_t size);
/** A formula whose values are in `unit`; `is_factor`: as a plain number, over 1 of that unit. NULL: a mistake. */
const cal_spatial_formula *cali_read_formula(cali_reader *r, const cali_node *node, const char *label, const char *unit,
                                             bool is_factor);
/** `probability`: a number, or a formula that becomes the kernel. */
bool cali_read_probability(cali_reader *r, const cali_node *node, cal_snn_projection *out);
/** `kernel`, `weight_kernel` and `velocity` of a connection. */
bool cali_read_distance(cali_reader *r, const cali_node *node, const cali_connection_text *text, cal_snn_projection *out);
/** Whether its populations lie so that it can be; a mistake if not. */
bool cali_check_distances(cali_reader *r, const cali_node *node, const cali_network *network, const cal_snn_projection *p);
/* parse_positions.c: `positions` of a population whose count is known. */
void cali_parse_positions(cali_reader *r, const cali_node *node, cali_population *p);
/* parse_scale.c: `scale` of a network that is read otherwise. */
/** A column of a table, `{file: PATH, column: NAME}`; without a name that of the parameter. */
bool cali_read_column(cali_reader *r, const cali_node *node, const char *label, const char *name, char **path, char **column);
/** parse_values.c: a parameter or state of each neuron of a population from a column. */
void cali_parse_values(cali_reader *r, const cali_node *node, const char *label, const cal_field *field, size_t population,
                       cali_network *network);
/** parse_drive.c: one item of `drive`. */
void cali_parse_drive(cali_reader *r, const cali_node *node, const char *label, cali_network *network);
/** The waveform of a name (no node: the first); NULL and a mistake if there is none. */
const cal_waveform *cali_find_waveform(cali_reader *r, const cali_node *node);
/** Its fields in the unit of what it acts on, and its defaults; NULL: no memory. */
cal_field *cali_waveform_fields(cali_reader *r, const cal_waveform *wave, const char *unit, double *params);
/** parse_workers.c: what stands under `workers`. */
void cali_parse_workers(cali_reader *r, const cali_node *node);
/** parse_simulator.c: what stands under `simulator`. */
void cali_parse_simulator(cali_reader *r, const cali_node *node, cali_network *network);
void cali_parse_scale(cali_reader *r, const cali_node *node, cali_network *network);
/* parse_alone.c */
/** `network`: the whole experiment is one network. */
void cali_parse_alone(cali_reader *r, const cali_node *root);
/** The signals of a network of its own that names none. */
void cali_fill_alone_signals(cali_reader *r);
/** What can be recorded of a network of its own. */
void cali_check_alone_signal(cali_reader *r, const cali_node *node, cali_signal *signal);
/** "E" or "E.excitatory" into a population and, where one is wanted, a receptor (NULL: none is). */
bool cali_find_target(cali_reader *r, const cali_network *network, const cali_node *node, const char *text,
                      const char *weight, size_t *population, const cal_receptor **receptor);
/** Number of the population, or -1 and a mistake. */
long cali_find_population(cali_reader *r, const cali_network *network, const cali_node *node, const char *name);
/** "weight into E.excitatory" */
void cali_label_weight(char label[CALI_LABEL], const cali_population *p, const cal_receptor *receptor);
/** A weight of another dimension: which neurons would take it? True: nothing to complain about here. */
bool cali_check_weight_unit(cali_reader *r, const cali_node *weight, const char *label, const cal_neuron *neuron,
                            const cal_receptor *receptor);
/** A mistake where a receptor of moduli would get a negative weight. */
bool cali_check_modulus(cali_reader *r, cali_place place, const char *label, const cal_receptor *receptor,
                        const cal_distribution *d);
/** `homeostasis` of a population (or NULL: none). */
void cali_parse_homeostasis(cali_reader *r, const cali_node *node, size_t population, cali_network *network);
/** `plasticity` of a connection (or NULL: static), whose weight is read already, into synapse, settings and modulator. */
bool cali_read_plasticity(cali_reader *r, const cali_node *node, const cali_network *network, const cal_neuron *target,
                          const cal_receptor *receptor, cal_snn_projection *out);
/* parse_neurons.c: `neurons` of a signal. */
bool cali_read_neurons(cali_reader *r, const cali_node *node, cali_choice *out);
/* parse_spikes.c */
/** `spikes` of a population. */
void cali_read_spikes(cali_reader *r, const cali_node *node, cal_time step, cali_population *p);
/** The spikes of one population of a file, sorted by time and neuron, on the grid of steps; `*out` is released with free(). */
bool cali_load_spikes(cali_reader *r, cali_place place, const char *path, const char *population, uint32_t n_neurons,
                      cal_time step, cali_spike **out, size_t *n);
bool cali_keep_spikes(cali_reader *r, cali_population *p, const cali_spike *spikes, size_t n);
/* parse_sonata.c: populations and connections of the circuit that `node` names. */
void cali_parse_sonata(cali_reader *r, const cali_node *node, cali_network *network);
/* parse_list.c */
/** Loads the synapses of `file` of a connection whose ends and autapses and multapses are set, into `p->list`. False: a
 *  mistake. */
bool cali_read_list(cali_reader *r, const cali_node *node, const char *path, cali_network *network, const char *weight_unit,
                    bool is_modulus, cal_snn_projection *p);
/* parse_transfers.c: `receives` or `gives` of a network, by direction. */
void cali_parse_transfers(cali_reader *r, const cali_node *node, const char *name, const cali_network *network,
                          cal_transducer_direction direction, cali_transfer **out, size_t *n_out);
/* parse_monitors.c: `monitor:` of a signal; `label` names the signal. */
void cali_parse_monitor(cali_reader *r, const cali_node *node, const char *label, cali_signal *signal);
/* parse_weights.c: `record.weights`. */
void cali_parse_weights(cali_reader *r, const cali_node *node);
/* override.c: applies --set number `number` to the tree. */
void cali_apply_override(cali_reader *r, cali_node **root, const char *text, unsigned number);
/** Index of the mass called `name`, or -1. */
int cali_find_mass(const cal_experiment *exp, const char *name);

#endif
