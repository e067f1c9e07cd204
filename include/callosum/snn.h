/* callosum/snn.h - spiking networks. A network is built once from a definition and is constant
 * afterwards; a simulation holds its state and advances it in windows. One seed gives one result for
 * any number of threads and tiles, any instruction set, any window length (docs/architecture.md,
 * "Same bits").
 *
 * Times: a step t -> t + dt takes what is due in it, moves every neuron, tests thresholds; a spike is
 * stamped with the end of its step. A spike stamped t_s with delay d is added to the synaptic state at
 * the end of the step that ends at t_s + d (current and conductance receptors: it first moves V in the
 * following step; delta receptors: it moves V at once). */
#ifndef CALLOSUM_SNN_H
#define CALLOSUM_SNN_H

#include "callosum/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- neurons: one constant entry each, listed in snn/neurons.def ------------------------------ */

/** Where synapses end. A weight has the receptor's unit. */
typedef struct cal_receptor {
    const char *name; /**< "excitatory", "inhibitory", "drive" */
    const char *unit; /**< of a weight: "pA", "nS", "mV", "1" */
    const char *meaning;
    bool is_modulus; /**< conductances: weights are positive; a negative one is refused */
} cal_receptor;

typedef struct cal_neuron {
    const char *name;  /**< "lif", "lif-cond", "qif", "adex", "izhikevich" */
    const char *alias; /**< or NULL */
    const char *title;
    const char *equations;
    const char *source;
    const cal_field *params; /**< value: default */
    size_t n_params;
    const cal_field *states; /**< value: initial value; states[0] is the voltage-like one */
    size_t n_states;
    const cal_receptor *receptors;
    size_t n_receptors;
    const char *current_unit; /**< of injected currents: "pA" or "1" */
    const void *self;         /**< own neurons: the engine's; NULL: built in */
} cal_neuron;

size_t cal_snn_n_neurons(void);
const cal_neuron *cal_snn_neuron_at(size_t index);
const cal_neuron *cal_snn_neuron_find(const char *name);

/** Reads an own neuron, a text file (docs/own-neurons.md), checks its units and its test values, compiles it with the
 *  system's compiler or, without one, interprets it; a note says so. Both give the same bits. Destroy it after all
 *  networks that use it. Errors: IO, INPUT with every mistake and its place, MEMORY. */
cal_status cal_snn_neuron_load(cal_context *ctx, const char *path, cal_neuron **out);
/** The same of a text in memory; `name` stands for its path in messages. */
cal_status cal_snn_neuron_load_text(cal_context *ctx, const char *name, const char *text, size_t size, cal_neuron **out);
/** The text that an own neuron was read from, `*size` bytes; NULL: built in. Lives as long as the neuron. */
const char *cal_snn_neuron_text(const cal_neuron *neuron, size_t *size);
/** "built in", "compiled by gcc ...", "interpreted, because ...". Lives as long as the neuron. */
const char *cal_snn_neuron_how(const cal_neuron *neuron);
/** The step of an own neuron in "c" or "cuda", complete in itself; free() it. Errors: UNSUPPORTED (built in), ARGUMENT
 *  (another language), MEMORY. */
cal_status cal_snn_neuron_source(cal_context *ctx, const cal_neuron *neuron, const char *language, char **out);
/** Idempotent; NULL is accepted. Built-in neurons must not be destroyed. */
void cal_snn_neuron_destroy(cal_neuron **neuron);

/* ---- synapses: one constant entry each, listed in snn/synapses.def ---------------------------- */

/** A rule by which synapses change. A spike of the source acts on its synapses when it is emitted, a spike of the
 *  target one delay after its emission: the delay is that of the dendrite. Two that act at the same time do not see
 *  each other. */
typedef struct cal_synapse {
    const char *name;  /**< "static", "stdp", "tsodyks-markram", ... */
    const char *alias; /**< or NULL */
    const char *title;
    const char *equations;
    const char *source;
    const cal_field *params; /**< unit "weight": that of the receptor; a default of NaN: must be given */
    size_t n_params;
    const cal_field *states; /**< of each synapse, beside its weight; value: at the start */
    size_t n_states;
    bool has_modulator; /**< the spikes of a third population change its synapses */
    bool sees_voltage;  /**< the voltage of the target changes them: it must be one in mV */
} cal_synapse;

size_t cal_snn_n_synapse_models(void);
const cal_synapse *cal_snn_synapse_at(size_t index);
const cal_synapse *cal_snn_synapse_find(const char *name);
/** Whether the rule changes weights; others leave them and change what a spike delivers of them. NULL: static. */
bool cal_snn_changes_weights(const cal_synapse *synapse);
/** Whether synapses form and break under the rule. */
bool cal_snn_forms_synapses(const cal_synapse *synapse);

/* ---- definition ------------------------------------------------------------------------------ */

/** A number, or a distribution over the neurons of a population. */
typedef enum cal_distribution_kind {
    CAL_CONSTANT,            /**< a */
    CAL_NORMAL,              /**< mean a, standard deviation b */
    CAL_LOGNORMAL,           /**< exp(normal(a, b)) in the unit of the parameter */
    CAL_UNIFORM,             /**< between a and b */
    CAL_LORENTZIAN,          /**< centre a, half width at half maximum b; random draws */
    CAL_LORENTZIAN_QUANTILES /**< the same, neuron j of n at a + b tan(pi/2 (2 j - n - 1) / (n + 1)), j =
                                  1..n: no sampling noise; neurons are shuffled by the seed */
} cal_distribution_kind;
extern const char *const cal_distribution_names[]; /**< "constant", "normal", ...; n = 6 */
enum { CAL_N_DISTRIBUTIONS = 6 };

typedef struct cal_distribution {
    cal_distribution_kind kind;
    double a, b;
    double low, high; /**< draws are clipped to [low, high]; both 0: not clipped. Normal and log-normal
                           draws are cut at six standard deviations in any case */
} cal_distribution;
/** Draw number `index` of `n` of a distribution: a function of seed, stream and index alone. */
double cal_distribution_draw(const cal_distribution *distribution, uint64_t seed, uint32_t stream, uint32_t index,
                             uint32_t n);

/** A parameter or initial state that differs from the default. */
typedef struct cal_snn_setting {
    const char *name;
    cal_distribution value;
} cal_snn_setting;

/** How the neurons of a population lie in space. */
typedef enum cal_arrangement {
    CAL_GRID,  /**< in the middles of the cells of a grid; the first axis runs fastest */
    CAL_BOX,   /**< uniformly at random in a box */
    CAL_BALL,  /**< uniformly at random in the ellipsoid that fills the box: a disc or a ball where it is round */
    CAL_LISTED /**< at listed positions */
} cal_arrangement;
extern const char *const cal_arrangement_names[]; /**< "grid", "box", "ball", "listed"; n = 4 */
enum { CAL_N_ARRANGEMENTS = 4, CAL_MAX_DIMENSIONS = 3 };

/** Positions of the neurons of one population, in mm. */
typedef struct cal_snn_space {
    cal_arrangement arrangement;
    unsigned n_dimensions; /**< 1 to 3; 0: the neurons have no positions */
    double center_mm[CAL_MAX_DIMENSIONS];
    double extent_mm[CAL_MAX_DIMENSIONS]; /**< lengths of the edges of the box; listed: needed only if periodic */
    uint32_t shape[CAL_MAX_DIMENSIONS];   /**< grid: places along each axis; their product is the number of neurons */
    bool is_periodic; /**< opposite faces of the box are one place (a ring, a torus): distances go the shorter way round */
    const double *positions_mm; /**< listed: (n x n_dimensions); borrowed for cal_snn_create */
} cal_snn_space;
/** Whether `n` neurons cannot lie so, and why: "a grid of 1000 places for 999 neurons". */
bool cal_snn_space_is_impossible(const cal_snn_space *space, uint32_t n, char *why, size_t size);
/** A parameter or initial state whose value is known for each neuron; it stands in the place of a setting. Borrowed for
 *  cal_snn_create. */
typedef struct cal_snn_values {
    size_t population;
    const char *name;
    const double *values; /**< one for each neuron of the population */
} cal_snn_values;

typedef struct cal_snn_population {
    const char *name;
    const cal_neuron *neuron; /**< NULL: a source population, whose spikes come from a spikes port or a train */
    uint32_t n;               /**< 0 to 2^31 - 1 neurons over all populations */
    const cal_snn_setting *settings; /**< parameters and initial states by name */
    size_t n_settings;
} cal_snn_population;

typedef enum cal_rule {
    CAL_ALL_TO_ALL,
    CAL_ONE_TO_ONE,
    CAL_FIXED_IN_DEGREE,    /**< `in_degree` sources per target, drawn with replacement if multapses */
    CAL_PAIRWISE_BERNOULLI, /**< each pair with probability `probability` */
    CAL_FIXED_OUT_DEGREE,   /**< `out_degree` targets per source, drawn with replacement if multapses */
    CAL_FIXED_TOTAL,        /**< `total` synapses, each between any two neurons alike; without multapses a random
                                 choice of `total` pairs */
    CAL_SMALL_WORLD,        /**< Watts & Strogatz (1998), Nature 393, 440: a ring in which each neuron is joined to its
                                 `n_neighbours` nearest, each edge rewired at one end with chance `probability`; an
                                 edge is a synapse each way. Within one population */
    CAL_NEAREST,            /**< the `n_nearest` sources that are nearest to each target; of two at the same distance
                                 (within a millionth) the one of lower number. Positions are needed */
    CAL_SYNAPSE_LIST        /**< the synapses of `list`, one by one */
} cal_rule;
extern const char *const cal_rule_names[]; /**< "all-to-all", ...; n = 9 */
enum { CAL_N_RULES = 9 };

/** In which lengths of ways are compared with a limit. */
typedef enum cal_metric {
    CAL_EUCLIDEAN, /**< a disc or ball around the neuron */
    CAL_MAXIMUM,   /**< the largest coordinate: a square or cube (on a grid: Moore's neighbourhood) */
    CAL_MANHATTAN  /**< the sum of the coordinates: a diamond (on a grid: von Neumann's neighbourhood) */
} cal_metric;
extern const char *const cal_metric_names[]; /**< "euclidean", "maximum", "manhattan"; n = 3 */
enum { CAL_N_METRICS = 3 };

/** A function of the way between two neurons: a kernel of their distance, or a formula of the way; 0 beyond a limit. */
typedef struct cal_snn_profile {
    const cal_spatial_kernel *kernel; /**< NULL: 1 */
    const cal_spatial_formula *formula; /**< instead of a kernel, or NULL; must outlive the network */
    double params[CAL_SPATIAL_KERNEL_MAX_PARAMS];
    double within_mm; /**< the limit; 0: none. A length that exceeds it by a part in 1e9 is within, for places on grids */
    cal_metric metric; /**< of the limit; kernels take the Euclidean distance */
} cal_snn_profile;
/** Synapses that are known one by one; a pair may occur several times. Borrowed for cal_snn_create. */
typedef struct cal_snn_list {
    size_t n;
    const uint32_t *source, *target; /**< neurons of the populations, from 0 */
    const double *weight;   /**< unit of the receptor; NULL: draws of the projection's `weight` */
    const double *delay_ms; /**< NULL: draws of its `delay_ms` */
    double quantum; /**< 0: chosen by the network. Else, a power of two: sums of the receptor count in it, and weights that are
                         whole multiples of it are kept as they are (cal_snn_get_quantum of another network) */
} cal_snn_list;

/** What keeps the weights that end at a neuron in bounds: after each interval all of the projection's weights at a target
 *  are multiplied by one factor, and limited to w_max.
 *    rate:  e^(T (gain (rate - a) + integral I)); a is the target's rate, the sum over its spikes of e^(-t / tau) / tau, which
 *           starts at the rate aimed at; I' = rate - a; T the interval. Source: van Rossum, Bi & Turrigiano (2000), J.
 *           Neurosci. 20, 8812-8821, equation 2; with weights that change in proportion.
 *    sum:   sum / the present sum of the moduli. */
typedef enum cal_scaling_kind { CAL_SCALING_NONE, CAL_SCALING_RATE, CAL_SCALING_SUM } cal_scaling_kind;

typedef struct cal_snn_scaling {
    cal_scaling_kind kind;
    double interval_ms;   /**< in whole steps, at least one */
    double rate_Hz;       /**< aimed at */
    double tau_ms;        /**< over which the rate is taken */
    double gain;          /**< relative change of the weights per second and Hz */
    double integral_Hz;   /**< the same per second and Hz s */
    double sum;           /**< of the moduli of the weights at a target, in the receptor's unit */
} cal_snn_scaling;

typedef struct cal_snn_projection {
    size_t from, to; /**< population numbers */
    const char *receptor;
    cal_rule rule;
    uint32_t in_degree, out_degree;
    uint32_t n_neighbours; /**< even, below the number of neurons */
    uint32_t n_nearest;    /**< at most 1000 */
    uint64_t total;
    double probability;
    cal_snn_profile kernel; /**< Bernoulli: factor of the probability, of which negative values count as 0; fixed in- and
                                 out-degree: partners are drawn with chances in proportion to it. Positions are needed. A
                                 formula must not be negative, and with Bernoulli its product with the probability at most 1 */
    bool has_autapses; /**< default true for all-to-all, false otherwise: set by the default function */
    bool has_multapses; /**< fixed in-, out- and total degree: a pair may be drawn several times; default false */
    cal_distribution weight;   /**< unit of the receptor */
    cal_snn_profile weight_profile; /**< factor of each weight. Positions are needed */
    cal_distribution delay_ms; /**< rounded to whole steps, at least one */
    const cal_spatial_formula *delay_formula; /**< ms, added to each delay, which may then be drawn as 0; positions are needed;
                                                   must outlive the network. NULL: none */
    double velocity_mm_per_ms; /**< above 0: distance / velocity is added to each delay, which may then be drawn as 0; positions
                                    are needed. 0: none */
    const cal_snn_list *list;  /**< listed */
    const cal_synapse *synapse; /**< NULL: static */
    const cal_snn_setting *settings; /**< its parameters; a distribution draws one value per synapse */
    size_t n_settings;
    bool has_modulator; /**< a synapse with a modulator: population `modulator` releases it, each spike reaches all
                             synapses after `modulator_delay_ms`, in whole steps, at least one */
    size_t modulator;
    double modulator_delay_ms;
    cal_snn_scaling scaling; /**< plastic synapses with a w_max and without a modulator */
} cal_snn_projection;
cal_snn_projection cal_snn_projection_default(cal_rule rule);
/** Whether the rule cannot be met between `n_from` and `n_to` neurons, and why: "in_degree 4 without multapses, but
 *  there are only 3 sources". `p->from` and `p->to` say whether it is one population. */
bool cal_snn_projection_is_impossible(const cal_snn_projection *p, uint32_t n_from, uint32_t n_to, char *why, size_t size);
/** Whether a synapse can end at a neuron: some see the neuron's voltage. */
bool cal_snn_synapse_fits(const cal_synapse *synapse, const cal_neuron *neuron);
/** Whether what it asks of space cannot be met between neurons that lie so (NULL: nowhere), and why: no positions, other
 *  dimensions, a probability above 1, a formula that gives no number. */
bool cal_snn_distance_is_impossible(const cal_snn_projection *p, const cal_snn_space *from, const cal_snn_space *to,
                                    uint32_t n_from, uint32_t n_to, char *why, size_t size);
/** Whether its synapses cannot be plastic as defined, and why: an unknown parameter, a range, weights beyond w_max. */
bool cal_snn_plasticity_is_impossible(const cal_snn_projection *p, char *why, size_t size);

/** Gap junctions are described as projections are: the rule draws pairs of neurons, each pair gets one junction that
 *  conducts both ways, and `weight` is its conductance g >= 0 in nS (dimensionless neurons: 1). The current into i is
 *  g (V_j - V_i). Pairs that are drawn twice have two junctions, except that within one population all-to-all, Bernoulli and
 *  small worlds count each pair once. Receptor, delay and autapses are not used. Both neurons need a voltage and the same unit
 *  of current. The currents are of second order in dt (docs/spiking-engine.md); they ask for an exchange at every step. */

/** The course of a drive in time; its unit "input" is that of what it drives. A step gets the mean of a waveform that
 *  jumps, else its value in the middle of the step. Times count from the drive's start (sine: from the begin of the
 *  run). Waveforms of a path are refused: see cal_snn_noise. Pointers are borrowed for cal_snn_create. */
typedef struct cal_snn_wave {
    const cal_waveform *form;        /**< NULL: constant */
    const double *params;            /**< n_params of the form, or NULL: its defaults */
    const double *times_ms, *values; /**< waveforms of samples: n_samples times, rising, with values */
    size_t n_samples;
} cal_snn_wave;

/** Independent Poisson trains: each neuron gets the superposition of `n_trains` of rate `rate_Hz`. */
typedef struct cal_snn_poisson {
    size_t to;
    const char *receptor;
    double rate_Hz;
    double n_trains;
    double weight;
    cal_snn_wave wave; /**< with a form: the rate of one train in Hz instead of rate_Hz; where it is negative, 0 */
} cal_snn_poisson;

/** A current into every neuron of a population during (start, stop]; stop 0: to the end. */
typedef struct cal_snn_current {
    size_t to;
    double amplitude; /**< the neuron's current unit */
    cal_time start, stop;
    cal_snn_wave wave;       /**< with a form: instead of the amplitude */
    bool has_factor;         /**< each neuron gets the current times a factor of its own: a draw of `factor` */
    cal_distribution factor;
} cal_snn_current;

/** A noisy current into every neuron of a population during (start, stop]; stop 0: to the end. White noise (tau_ms 0) is
 *  mean + sd z with a new standard normal z every `hold`, constant in between; |z| < 6.3. With tau_ms > 0 an
 *  Ornstein-Uhlenbeck process of that mean, standard deviation and correlation time, started from its stationary
 *  distribution and updated exactly; a step gets its value at the step's begin. */
typedef struct cal_snn_noise {
    size_t to;
    double mean, sd; /**< the neuron's current unit */
    double tau_ms;
    cal_time hold;  /**< multiple of dt; 0: one step. White noise only */
    bool is_common; /**< one path for all neurons of the population instead of one for each */
    cal_time start, stop;
} cal_snn_noise;

/** Each neuron of a population moves one of its parameters until it spikes at a rate:
 *      shift' = step (sum of delta(t - t_spike) - rate),   -range <= shift <= range.
 *  Raise a threshold (step > 0) or lower a current (step < 0). The neuron's constants must follow the parameter in a straight
 *  line. cal_snn_get_state "homeostasis" gives the shifts. Source: Lazar, Pipa & Triesch (2009), Front. Comput. Neurosci. 3,
 *  23, equation 4. */
typedef struct cal_snn_homeostasis {
    size_t population;
    const char *parameter;
    double rate_Hz;
    double step, range; /**< in the unit of the parameter */
} cal_snn_homeostasis;

/** Spikes of a source population that are known beforehand; it has no spikes port. */
typedef struct cal_snn_train {
    size_t population;
    size_t n;
    const cal_time *time; /**< multiples of dt, above 0, sorted by (time, id) */
    const uint32_t *id;
} cal_snn_train;

/** What crosses the border of the network, window by window. */
typedef enum cal_port_kind {
    CAL_PORT_POISSON, /**< in: rate in Hz per train, mean over each bin; every neuron of the population gets
                           its own train of `n_trains` times that rate, weight `weight` */
    CAL_PORT_CURRENT, /**< in: current in the neuron's unit, mean over each bin, the same for all neurons */
    CAL_PORT_SPIKES,  /**< in: spikes of a source population */
    CAL_PORT_RATE,    /**< out: spikes per neuron and bin as a rate in Hz; count = rate n bin exactly */
    CAL_PORT_MEAN     /**< out: mean over neurons and bin of state `state`, sampled at the ends of the
                           steps, each value limited to +- 2^20 */
} cal_port_kind;

typedef struct cal_snn_port {
    const char *name;
    cal_port_kind kind;
    size_t population;
    const char *receptor; /**< Poisson */
    const char *state;    /**< mean */
    double n_trains, weight; /**< Poisson */
    uint32_t samples;        /**< bins per window; divides the steps of the window (unused for spikes) */
} cal_snn_port;

/** Some neurons of a population: numbers within it, ascending. */
typedef struct cal_snn_subset {
    uint32_t n;
    const uint32_t *ids;
} cal_snn_subset;

/** A state of single neurons at the times every, 2 every, ... since the run began, whatever the windows are. */
typedef struct cal_snn_sampler {
    size_t population;
    const char *state;
    cal_time every;                /**< a multiple of dt */
    const cal_snn_subset *neurons; /**< NULL: all */
} cal_snn_sampler;

/** Which synapses of a plastic projection are watched. */
typedef struct cal_snn_choice {
    size_t projection;                /**< number in the definition */
    const uint32_t *sources, *targets; /**< ascending; NULL: any. Synapses of other neurons are no candidates */
    size_t n_sources, n_targets;
    double fraction; /**< of the candidates, 0 to 1, rounded; chosen by seed and projection, whatever the tiles */
    uint64_t most;   /**< no more than these; 0: no limit. Fewer are among more of the same candidates */
} cal_snn_choice;
/** What is read of a projection between windows, at the times 0, every, 2 every, ... since the run began: the weights of chosen
 *  synapses or, of a projection whose synapses form and break, what it has grown. */
typedef struct cal_snn_watch {
    cal_snn_choice choice; /**< of one that forms synapses the projection alone */
    cal_time every;        /**< a multiple of dt */
} cal_snn_watch;

typedef struct cal_snn_def {
    const char *name; /**< for messages */
    cal_time dt;      /**< step */
    cal_time window;  /**< multiple of dt: the time between exchanges; spikes of one window are kept, so
                           long windows take memory */
    uint64_t seed;    /**< with `stream` the key of all random numbers */
    uint32_t stream;  /**< differs between the networks of one experiment */
    const cal_snn_population *populations;
    size_t n_populations;
    const cal_snn_values *values;
    size_t n_values;
    const cal_snn_projection *projections;
    size_t n_projections;
    const cal_snn_projection *gap_junctions;
    size_t n_gap_junctions;
    const cal_snn_poisson *poissons;
    size_t n_poissons;
    const cal_snn_current *currents;
    size_t n_currents;
    const cal_snn_noise *noises;
    size_t n_noises;
    const cal_snn_train *trains;
    size_t n_trains;
    const cal_snn_homeostasis *homeostases;
    size_t n_homeostases;
    const cal_snn_port *ports;
    size_t n_ports;
    const cal_snn_space *spaces; /**< per population: where its neurons lie; NULL: nowhere */
    const double *record_fraction; /**< per population: share of neurons whose spikes are kept, 0 to 1; the
                                        first ones by number; NULL: all */
    const cal_snn_subset *record_subset; /**< per population: with ids, these neurons instead of the share; NULL: none has */
    const cal_snn_sampler *samplers; /**< a window's samples are kept, so long windows take memory */
    size_t n_samplers;
    const cal_snn_watch *watches;
    size_t n_watches;
    unsigned n_tiles; /**< 0: chosen by the size of the network and the threads; no result depends on it */
    double memory_budget_bytes; /**< 0: the machine's memory, or less where a control group or a resource limit allows
                                     less. A larger network is refused with the estimate before anything is allocated */
} cal_snn_def;
cal_snn_def cal_snn_def_default(void);

typedef struct cal_snn cal_snn;

/** Builds the network and its initial state on the context's threads. All names and arrays are copied.
 *  Errors: ARGUMENT (unknown names, ranges, a delay below dt, dt not dividing the window, a step too
 *  long for the fastest QIF neuron; C202), MEMORY (E402 with the estimate), UNSUPPORTED (the sum of
 *  incoming weights could overflow the integer sums: names neuron and receptor). */
cal_status cal_snn_create(cal_context *ctx, const cal_snn_def *def, cal_snn **out);
void cal_snn_destroy(cal_snn **snn);

/** Memory that cal_snn_create would take, in bytes, without building. Errors: ARGUMENT. */
cal_status cal_snn_estimate(cal_context *ctx, const cal_snn_def *def, double *bytes,
                            double *n_synapses);

/** Positions of a population before anything is built, (n x n_dimensions) in mm: a function of its space, the seed, the
 *  stream and the population's number. Errors: ARGUMENT (it has no space, or a wrong one). */
cal_status cal_snn_place(cal_context *ctx, const cal_snn_def *def, size_t population, double *positions_mm);

/* ---- one window: write inputs, advance, read outputs ------------------------------------------ */

/** `samples` values for an input port, used by the next advance; unwritten ports carry zeros (Poisson,
 *  current) or no spikes. Errors: ARGUMENT (not finite, a negative rate), STATE. */
cal_status cal_snn_write(cal_snn *snn, size_t port, const double *values);
/** Spikes of a source population within the next window: offsets in ns after its start, in 1 .. window,
 *  multiples of dt, sorted by (offset, id). Copied. */
cal_status cal_snn_write_spikes(cal_snn *snn, size_t port, size_t n, const uint32_t *offset_ns,
                                const uint32_t *id);
/** Advances one window on the context's threads. Errors: NUMERIC (E302: population, neuron, state, time). */
cal_status cal_snn_advance(cal_snn *snn);
/** `samples` values of an output port for the window just done. */
cal_status cal_snn_read(const cal_snn *snn, size_t port, double *values);

/** Recorded spikes of the window just done, sorted by (time, population, neuron); `id` counts within its
 *  population. Borrowed until the next advance. */
typedef struct cal_snn_spikes {
    size_t n;
    const cal_time *time;
    const uint32_t *population;
    const uint32_t *id;
} cal_snn_spikes;
cal_snn_spikes cal_snn_get_spikes(const cal_snn *snn);

/** Samples of the window just done: rows of ascending times, a column per neuron, in the unit of the state. */
typedef struct cal_snn_samples {
    size_t n_rows, n_columns;
    const float *rows; /**< (n_rows x n_columns), borrowed until the next advance */
} cal_snn_samples;
cal_snn_samples cal_snn_get_samples(const cal_snn *snn, size_t sampler);

/** What a watch sees. */
typedef struct cal_snn_watched {
    size_t n;
    const uint32_t *source, *target; /**< of the synapses, sorted by (source, delay, target); NULL: of a structure, whose
                                          values are synapses, formed, broken, axonal, dendritic, calcium of cal_snn_structure */
    const double *delay_ms;
    const double *values; /**< (n) weights in the receptor's unit at the present time; NULL: it is no multiple of `every` */
} cal_snn_watched;
enum { CAL_N_STRUCTURE_VALUES = 6 };
/** Between two windows; borrowed until the next call for this watch. Reading changes nothing. */
cal_snn_watched cal_snn_get_watched(const cal_snn *snn, size_t watch);

/** What the network was built from, for adapters: name, dt, window, populations (name, neuron, n), spaces (each with the
 *  positions that its arrangement gave) and ports are kept as defined; the other arrays are NULL with length 0. Borrowed
 *  from the network. */
const cal_snn_def *cal_snn_get_def(const cal_snn *snn);

cal_time cal_snn_time(const cal_snn *snn);
size_t cal_snn_n_populations(const cal_snn *snn);
/** Positions of a population, (n x n_dimensions) in mm; NULL and 0 dimensions if it has none. Borrowed from the network. */
const double *cal_snn_get_positions(const cal_snn *snn, size_t population, unsigned *n_dimensions);
/** State row `state` of a population, n values in the order of the neurons. Errors: ARGUMENT. */
cal_status cal_snn_get_state(const cal_snn *snn, size_t population, const char *state, double *values);

/** The synapses of one projection, sorted by (target, source, delay, number of the draw). */
typedef struct cal_snn_weights {
    size_t n, n_states;
    uint32_t *source, *target;
    double *delay_ms;
    double *weight; /**< in the receptor's unit */
    double *states; /**< (n_states x n), those of the synapse's entry */
} cal_snn_weights;
/** The present weights and states of a plastic or structural projection (number in the definition): all spikes up to the present
 *  have acted. Owned by the caller, freed with cal_snn_weights_free. Errors: ARGUMENT (no such projection, or a
 *  static one), MEMORY. */
cal_status cal_snn_get_weights(const cal_snn *snn, size_t projection, cal_snn_weights *out);
void cal_snn_weights_free(cal_snn_weights *weights);

/** What a projection whose synapses form and break has grown: synapses now, formed and broken since the run began; means over
 *  the neurons of the elements of sources and of targets, and of the calcium of targets. */
typedef struct cal_snn_structure {
    uint64_t n_synapses, n_formed, n_broken;
    double axonal, dendritic, calcium;
} cal_snn_structure;
/** Errors: ARGUMENT (no such projection, or its synapses stay). */
cal_status cal_snn_get_structure(const cal_snn *snn, size_t projection, cal_snn_structure *out);
/** The same of each neuron at one end, in the order of the neurons: calcium, elements, and how many of these are in synapses.
 *  Arrays may be NULL. Errors: as above. */
typedef enum cal_snn_end { CAL_SOURCE_END, CAL_TARGET_END } cal_snn_end;
cal_status cal_snn_get_elements(const cal_snn *snn, size_t projection, cal_snn_end end, double *calcium, double *elements,
                                uint32_t *in_synapses);

/** Chosen synapses, sorted by (source, delay, target). They stay what they are while the network runs and when its state
 *  is restored. */
typedef struct cal_snn_chosen {
    size_t projection, n;
    uint32_t *source, *target;
    double *delay_ms;
    uint64_t *place; /**< of the engine */
} cal_snn_chosen;
/** Freed with cal_snn_chosen_free. Errors: ARGUMENT (no such projection, or a static one; neurons that do not exist),
 *  UNSUPPORTED (a part of more than 2^32 candidates), MEMORY. */
cal_status cal_snn_choose(const cal_snn *snn, const cal_snn_choice *choice, cal_snn_chosen *out);
void cal_snn_chosen_free(cal_snn_chosen *chosen);
/** Their present weights, as of cal_snn_get_weights, in `weights` (n). Reading changes nothing. */
void cal_snn_read_chosen(const cal_snn *snn, const cal_snn_chosen *chosen, double *weights);

/* ---- saved states ------------------------------------------------------------------------------ */

/** The state between two windows as bytes, released with free(): neurons, input on its way, counts and whatever else
 *  changes; random numbers are functions of seed and time and need none. By population, neuron and time until due, so
 *  it fits any number of tiles and threads. Inputs written for the coming window are not part of it. Errors: STATE
 *  (stopped by an error before), MEMORY. */
cal_status cal_snn_save_state(const cal_snn *snn, char **bytes, size_t *size);
/** Between two windows, also after an error of advance. Populations, neurons and step must be those of the bytes.
 *  CONTINUE asks for an equal definition too, except for tiles, windows, bins of ports and recording, and for a time
 *  that is a whole number of windows; the run then goes on with the bits of the uninterrupted one. BEGIN takes a network of
 *  other parameters, weights and delays: the states are its initial ones, input on its way stays on its way, and time,
 *  counts and random numbers begin anew. Written inputs and outputs of the last window are forgotten. Errors: INPUT
 *  (C305: cut short, broken, of another network); the network is unchanged then. */
cal_status cal_snn_restore_state(cal_snn *snn, const char *bytes, size_t size, cal_restore how);

typedef struct cal_snn_counts {
    uint64_t n_neurons, n_synapses, n_gap_junctions;
    uint64_t n_updates, n_spikes, n_events; /**< events: spikes that arrived at a synapse */
    uint64_t n_port_spikes_in, n_port_events; /**< spikes written, and Poisson events drawn for ports */
    double bytes;                             /**< memory held */
    double bytes_per_synapse;
    unsigned n_tiles;
} cal_snn_counts;
cal_snn_counts cal_snn_get_counts(const cal_snn *snn);

/** Gives each synapse that there is now from population `from` into `receptor` of population `to` to `visit`, by source, then by
 *  no particular order; `weight` in the receptor's unit, as rounded by the builder. Errors: ARGUMENT. */
typedef void cal_snn_visit(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay);
cal_status cal_snn_visit_synapses(const cal_snn *snn, size_t from, size_t to, const char *receptor,
                                  cal_snn_visit *visit, void *arg);

/** The unit in which the sums of a receptor count, a power of two of its unit: weights are whole multiples of it. 0: no
 *  synapse ends there. Errors: ARGUMENT. */
cal_status cal_snn_get_quantum(const cal_snn *snn, size_t population, const char *receptor, double *quantum);
/** The values that a setting of the definition gave to the neurons of a population, n of them. Errors: ARGUMENT. */
cal_status cal_snn_draw_setting(const cal_snn *snn, size_t population, const cal_snn_setting *setting, double *values);

/** An order-free hash over the spikes so far and the present state: equal for equal runs. */
uint64_t cal_snn_hash(const cal_snn *snn);

#ifdef __cplusplus
}
#endif
#endif
