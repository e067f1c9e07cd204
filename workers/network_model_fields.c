/* The fields of a network that travels: each stands here once, for both directions, the document and the digest. A new field
 * of a definition gets a line here; tests/unit/workers_network_model.c finds those that have none. */
#include "workers/network_model.h"

#include <stdio.h>

#define FIELD(KEY, KIND, m) \
    .key = (KEY), .kind = CALI_MODEL_##KIND, .member = #m, .offset = offsetof(S, m), .size = sizeof(((S *)0)->m)
#define COUNTED_BY(m) .n_member = #m, .n_offset = offsetof(S, m), .n_size = sizeof(((S *)0)->m)
#define WHEN(m) .when = #m, .when_offset = offsetof(S, m), .when_size = sizeof(((S *)0)->m)
#define ALWAYS .flags = CALI_MODEL_ALWAYS
#define FREE .flags = CALI_MODEL_FREE
#define STRUCT(name, title_, text_)                                                                   \
    static const cali_model_struct name = {.type = CALI_NAME(S), .title = (title_), .text = (text_), .size = sizeof(S), \
                                           .fields = name##_fields, .n_fields = sizeof name##_fields / sizeof *name##_fields}
#define CALI_NAME(s) CALI_NAME_(s)
#define CALI_NAME_(s) #s

/* ---- names -------------------------------------------------------------------------------------- */

static const cali_model_names distribution_kinds = {cal_distribution_names, CAL_N_DISTRIBUTIONS};
static const cali_model_names arrangements = {cal_arrangement_names, CAL_N_ARRANGEMENTS};
static const cali_model_names rules = {cal_rule_names, CAL_N_RULES};
static const cali_model_names metrics = {cal_metric_names, CAL_N_METRICS};
static const char *const scaling_names[] = {"none", "rate", "sum"};
static const cali_model_names scalings = {scaling_names, CAL_SCALING_SUM + 1};
static const char *const port_names[] = {"poisson", "current", "spikes", "rate", "mean"};
static const cali_model_names port_kinds = {port_names, CAL_PORT_MEAN + 1};

static const void *find_neuron(const char *name) { return cal_snn_neuron_find(name); }
static const void *find_synapse(const char *name) { return cal_snn_synapse_find(name); }
static const void *find_kernel(const char *name) { return cal_spatial_kernel_find(name); }
static const void *find_waveform(const char *name) { return cal_waveform_find(name); }

static const char *name_of_neuron(const void *entry)
{
    const cal_neuron *neuron = entry;
    return neuron->self == NULL ? neuron->name : NULL;
}

static const char *name_of_synapse(const void *entry) { return ((const cal_synapse *)entry)->name; }
static const char *name_of_kernel(const void *entry) { return ((const cal_spatial_kernel *)entry)->name; }
static const char *name_of_waveform(const void *entry) { return ((const cal_waveform *)entry)->name; }

static const cali_model_entries neurons = {"neuron", "E201", find_neuron, name_of_neuron};
static const cali_model_entries synapses = {"synapse", "E201", find_synapse, name_of_synapse};
static const cali_model_entries kernels = {"kernel", "E203", find_kernel, name_of_kernel};
static const cali_model_entries waveforms = {"waveform", "E203", find_waveform, name_of_waveform};

/* ---- numbers ------------------------------------------------------------------------------------ */

#define S cal_distribution
static const cali_model_field distribution_fields[] = {
    {FIELD("kind", CHOICE, kind), ALWAYS, .names = &distribution_kinds,
     .meaning = "constant: a. normal: mean a, standard deviation b, cut at six of them. lognormal: exp of such a normal number. "
                "uniform: between a and b. lorentzian: centre a, half width at half maximum b. lorentzian-quantiles: the same "
                "without sampling noise, neuron j of n at a + b tan(pi/2 (2 j - n - 1) / (n + 1)), shuffled"},
    {FIELD("a", REAL, a), .unit = "that of the quantity", .meaning = "as `kind` says"},
    {FIELD("b", REAL, b), .unit = "that of the quantity", .meaning = "as `kind` says"},
    {FIELD("low", REAL, low), .unit = "that of the quantity", .meaning = "draws are clipped to low ... high; both 0: they are not"},
    {FIELD("high", REAL, high), .unit = "that of the quantity", .meaning = "see `low`"},
};
STRUCT(distribution, "distribution", "A number, or independent draws: one for each neuron or synapse.");
#undef S

#define S cal_snn_setting
static const cali_model_field setting_fields[] = {
    {FIELD("name", TEXT, name), ALWAYS, .meaning = "parameter, or state at the start, of docs/neurons.md or docs/plasticity.md"},
    {FIELD("value", MAP, value), ALWAYS, .of = &distribution, .unit = "that of the parameter", .meaning = "its value"},
};
STRUCT(setting, "setting", "A parameter, or the initial value of a state, that differs from the default.");
#undef S

#define S cal_snn_wave
static const cali_model_field wave_fields[] = {
    {FIELD("form", ENTRY, form), ALWAYS, .entries = &waveforms, .meaning = "name of a waveform, as in an experiment file"},
    {FIELD("params", ARRAY, params), .dtype = CAL_F64, .count = CALI_COUNT_WAVEFORM,
     .meaning = "its parameters, in their order; absent: the defaults"},
    {FIELD("times_ms", ARRAY, times_ms), .dtype = CAL_F64, COUNTED_BY(n_samples), .unit = "ms",
     .meaning = "waveforms of samples: their times, rising"},
    {FIELD("values", ARRAY, values), .dtype = CAL_F64, COUNTED_BY(n_samples), .unit = "that of the drive",
     .meaning = "the values at these times"},
};
STRUCT(wave, "wave", "The course of a drive in time, counted from its start (a sine: from the begin of the run). A step gets the "
                     "mean of a waveform that jumps, else its value in the middle of the step.");
#undef S

/* ---- populations -------------------------------------------------------------------------------- */

#define S cali_model_own
static const cali_model_field own_fields[] = {
    {FIELD("text", ARRAY, text), ALWAYS, .dtype = CAL_U8, COUNTED_BY(n), .meaning = "the whole text, UTF-8 (docs/own-neurons.md)"},
    {FIELD("", STAYS, neuron), .meaning = "made of the text"},
};
STRUCT(own, "own neuron", "A neuron that its author wrote as equations. The text is data: the receiver reads it, checks its units and "
                          "its test values and then compiles or interprets it, exactly as in a run on one machine. It holds no code.");
#undef S

#define S cal_snn_population
static const cali_model_field population_fields[] = {
    {FIELD("name", TEXT, name), .meaning = "its name"},
    {FIELD("neuron", ENTRY, neuron), .entries = &neurons, .meaning = "name of a built-in neuron (docs/neurons.md)"},
    {FIELD("own_neuron", OWN, neuron), .meaning = "instead of `neuron`: number in `own_neurons`. Neither of the two: a source "
                                                  "population, whose spikes come from a spikes port or a train"},
    {FIELD("n", UINT, n), ALWAYS, .meaning = "neurons"},
    {FIELD("settings", LIST, settings), .of = &setting, COUNTED_BY(n_settings), .meaning = "what differs from the defaults"},
};
STRUCT(population, "population", "Neurons of one kind. Populations are numbered from 0 in the order of their list, the neurons of each "
                                 "from 0.");
#undef S

#define S cal_snn_values
static const cali_model_field values_fields[] = {
    {FIELD("population", UINT, population), ALWAYS, .meaning = "number of the population"},
    {FIELD("name", TEXT, name), ALWAYS, .meaning = "parameter or state at the start; it stands in the place of a setting"},
    {FIELD("values", ARRAY, values), ALWAYS, .dtype = CAL_F64, .count = CALI_COUNT_NEURONS, .unit = "that of the parameter",
     .meaning = "one for each neuron of the population"},
};
STRUCT(values, "values", "A parameter or initial state that is known for each neuron.");
#undef S

#define S cal_snn_space
static const cali_model_field space_fields[] = {
    {FIELD("arrangement", CHOICE, arrangement), ALWAYS, .names = &arrangements,
     .meaning = "grid: in the middles of the cells of a grid, the first axis runs fastest. box: uniformly at random in the box. ball: "
                "uniformly at random in the ellipsoid that fills the box. listed: at `positions_mm`"},
    {FIELD("n_dimensions", UINT, n_dimensions), .meaning = "1 to 3; 0: the neurons have no positions"},
    {FIELD("center_mm", FIXED, center_mm), .dtype = CAL_F64, .unit = "mm", .meaning = "middle of the box, 3 numbers"},
    {FIELD("extent_mm", FIXED, extent_mm), .dtype = CAL_F64, .unit = "mm", .meaning = "lengths of its edges, 3 numbers"},
    {FIELD("shape", FIXED, shape), .dtype = CAL_U32, .meaning = "grid: places along each axis, 3 numbers; their product is `n`"},
    {FIELD("is_periodic", BOOL, is_periodic), .meaning = "opposite faces of the box are one place: distances go the shorter way round"},
    {FIELD("positions_mm", ARRAY, positions_mm), .dtype = CAL_F64, .count = CALI_COUNT_COORDINATES, .unit = "mm",
     .meaning = "listed: the coordinates of neuron after neuron, neurons x `n_dimensions`"},
};
STRUCT(space, "space", "Where the neurons of a population lie.");
#undef S

/* ---- synapses ----------------------------------------------------------------------------------- */

#define S cal_snn_profile
static const cali_model_field profile_fields[] = {
    {FIELD("kernel", ENTRY, kernel), .entries = &kernels,
     .meaning = "name of a function of the Euclidean distance (docs/topologies.md); absent: 1"},
    {FIELD("formula", FORMULA, formula),
     .meaning = "instead of a kernel: a formula of the distance d and the components dx, dy, dz of the way from source to target "
                "(docs/topologies.md), of at most 1000 bytes. Its value is a plain number. As a kernel it is at least 0, and with a "
                "probability at most 1"},
    {FIELD("params", FIXED, params), .dtype = CAL_F64, .count = CALI_COUNT_KERNEL, WHEN(kernel),
     .meaning = "its parameters, in their order"},
    {FIELD("within_mm", REAL, within_mm), .unit = "mm", .meaning = "0 beyond this length; 0: no limit"},
    {FIELD("metric", CHOICE, metric), .names = &metrics, .meaning = "in which lengths are compared with the limit"},
};
STRUCT(profile, "profile", "A function of the way between two neurons.");
#undef S

#define S cal_snn_list
static const cali_model_field list_fields[] = {
    {FIELD("source", ARRAY, source), ALWAYS, .dtype = CAL_U32, COUNTED_BY(n), .meaning = "neurons of the population `from`"},
    {FIELD("target", ARRAY, target), ALWAYS, .dtype = CAL_U32, COUNTED_BY(n), .meaning = "neurons of the population `to`"},
    {FIELD("weight", ARRAY, weight), .dtype = CAL_F64, COUNTED_BY(n), .unit = "that of the receptor",
     .meaning = "absent: draws of the projection's `weight`"},
    {FIELD("delay_ms", ARRAY, delay_ms), .dtype = CAL_F64, COUNTED_BY(n), .unit = "ms", .meaning = "absent: draws of its `delay_ms`"},
    {FIELD("quantum", REAL, quantum), .unit = "that of the receptor",
     .meaning = "0: chosen by the simulator. Else a power of two: weights are whole multiples of it and are kept as they are"},
};
STRUCT(list, "list", "Synapses one by one.");
#undef S

#define S cal_snn_scaling
static const cali_model_field scaling_fields[] = {
    {FIELD("kind", CHOICE, kind), ALWAYS, .names = &scalings,
     .meaning = "rate: a factor e^(T (gain (rate - a) + integral I)), a the rate of the target over tau, I' = rate - a, T the "
                "interval (van Rossum, Bi & Turrigiano 2000). sum: sum / present sum of the moduli"},
    {FIELD("interval_ms", REAL, interval_ms), .unit = "ms", .meaning = "the interval, in whole steps"},
    {FIELD("rate_Hz", REAL, rate_Hz), .unit = "Hz", .meaning = "aimed at"},
    {FIELD("tau_ms", REAL, tau_ms), .unit = "ms", .meaning = "over which the rate is taken"},
    {FIELD("gain", REAL, gain), .unit = "1/(s Hz)", .meaning = "relative change of the weights"},
    {FIELD("integral_Hz", REAL, integral_Hz), .unit = "1/(s Hz s)", .meaning = "the same of the integral"},
    {FIELD("sum", REAL, sum), .unit = "that of the receptor", .meaning = "of the moduli of the weights at a target"},
};
STRUCT(scaling, "scaling", "After each interval all weights of the projection at a target are multiplied by one factor, and limited to "
                           "w_max.");
#undef S

#define S cal_snn_projection
static const cali_model_field projection_fields[] = {
    {FIELD("from", UINT, from), ALWAYS, .meaning = "number of the population of the sources"},
    {FIELD("to", UINT, to), ALWAYS, .meaning = "number of the population of the targets"},
    {FIELD("receptor", TEXT, receptor), .meaning = "of the targets (docs/neurons.md); not of gap junctions"},
    {FIELD("rule", CHOICE, rule), ALWAYS, .names = &rules, .meaning = "how synapses are chosen (docs/topologies.md)"},
    {FIELD("in_degree", UINT, in_degree), .meaning = "fixed-in-degree: sources of each target"},
    {FIELD("out_degree", UINT, out_degree), .meaning = "fixed-out-degree: targets of each source"},
    {FIELD("n_neighbours", UINT, n_neighbours), .meaning = "small-world: even"},
    {FIELD("n_nearest", UINT, n_nearest), .meaning = "nearest: sources of each target"},
    {FIELD("total", UINT, total), .meaning = "fixed-total: synapses"},
    {FIELD("probability", REAL, probability), .unit = "1", .meaning = "pairwise-bernoulli: of each pair. small-world: of rewiring"},
    {FIELD("kernel", MAP, kernel), .of = &profile,
     .meaning = "pairwise-bernoulli: factor of the probability, negative ones count as 0. Fixed in- and out-degree: partners are "
                "drawn with chances in proportion to it"},
    {FIELD("has_autapses", BOOL, has_autapses), .meaning = "a neuron may be joined to itself"},
    {FIELD("has_multapses", BOOL, has_multapses), .meaning = "a pair may be drawn several times"},
    {FIELD("weight", MAP, weight), ALWAYS, .of = &distribution, .unit = "that of the receptor; gap junctions: nS or 1",
     .meaning = "weights; gap junctions: conductances"},
    {FIELD("weight_profile", MAP, weight_profile), .of = &profile, .meaning = "factor of each weight"},
    {FIELD("delay_ms", MAP, delay_ms), .of = &distribution, .unit = "ms", .meaning = "delays, rounded to whole steps, at least one"},
    {FIELD("delay_formula", FORMULA, delay_formula), .unit = "ms",
     .meaning = "as `formula` of a profile, but a duration: added to each delay"},
    {FIELD("velocity_mm_per_ms", REAL, velocity_mm_per_ms), .unit = "mm/ms",
     .meaning = "above 0: distance / velocity is added to each delay"},
    {FIELD("list", MAP_AT, list), .of = &list, .meaning = "listed: the synapses"},
    {FIELD("synapse", ENTRY, synapse), .entries = &synapses, .meaning = "name of a rule of plasticity (docs/plasticity.md); absent: "
                                                                        "static"},
    {FIELD("settings", LIST, settings), .of = &setting, COUNTED_BY(n_settings), .meaning = "its parameters; a distribution draws one "
                                                                                           "value per synapse"},
    {FIELD("has_modulator", BOOL, has_modulator), .meaning = "the spikes of a third population change the synapses"},
    {FIELD("modulator", UINT, modulator), WHEN(has_modulator), .meaning = "number of that population"},
    {FIELD("modulator_delay_ms", REAL, modulator_delay_ms), WHEN(has_modulator), .unit = "ms",
     .meaning = "after which its spikes reach all synapses, in whole steps"},
    {FIELD("scaling", MAP, scaling), WHEN(scaling.kind), .of = &scaling, .meaning = "what keeps the weights at a neuron in bounds"},
};
STRUCT(projection, "projection",
       "Synapses from one population to another. The numbers with which a rule draws are those of callosum's generator, of `seed`, "
       "`stream` and the number of the projection: another simulator draws others of the same distribution.");
#undef S

/* ---- drives ------------------------------------------------------------------------------------- */

#define S cal_snn_poisson
static const cali_model_field poisson_fields[] = {
    {FIELD("to", UINT, to), ALWAYS, .meaning = "number of the population"},
    {FIELD("receptor", TEXT, receptor), ALWAYS, .meaning = "where the events end"},
    {FIELD("rate_Hz", REAL, rate_Hz), .unit = "Hz", .meaning = "of each train"},
    {FIELD("n_trains", REAL, n_trains), .unit = "1", .meaning = "trains whose events each neuron gets"},
    {FIELD("weight", REAL, weight), .unit = "that of the receptor", .meaning = "of each event"},
    {FIELD("wave", MAP, wave), WHEN(wave.form), .of = &wave, .unit = "Hz",
     .meaning = "instead of `rate_Hz`; where it is negative, 0"},
};
STRUCT(poisson, "poisson", "Independent Poisson events into every neuron of a population.");
#undef S

#define S cal_snn_current
static const cali_model_field current_fields[] = {
    {FIELD("to", UINT, to), ALWAYS, .meaning = "number of the population"},
    {FIELD("amplitude", REAL, amplitude), .unit = "the neuron's unit of current", .meaning = "the current"},
    {FIELD("start_ns", TIME, start), .unit = "ns", .meaning = "it acts in (start, stop]"},
    {FIELD("stop_ns", TIME, stop), .unit = "ns", .meaning = "0: to the end"},
    {FIELD("wave", MAP, wave), WHEN(wave.form), .of = &wave, .unit = "the neuron's unit of current",
     .meaning = "instead of `amplitude`"},
    {FIELD("has_factor", BOOL, has_factor), .meaning = "each neuron gets the current times a factor of its own"},
    {FIELD("factor", MAP, factor), WHEN(has_factor), .of = &distribution, .unit = "1", .meaning = "these factors"},
};
STRUCT(current, "current", "A current into every neuron of a population.");
#undef S

#define S cal_snn_noise
static const cali_model_field noise_fields[] = {
    {FIELD("to", UINT, to), ALWAYS, .meaning = "number of the population"},
    {FIELD("mean", REAL, mean), .unit = "the neuron's unit of current", .meaning = "mean"},
    {FIELD("sd", REAL, sd), .unit = "the neuron's unit of current", .meaning = "standard deviation"},
    {FIELD("tau_ms", REAL, tau_ms), .unit = "ms",
     .meaning = "0: a new normal number every `hold_ns`, constant in between. Else the correlation time of an Ornstein-Uhlenbeck "
                "process that starts from its stationary distribution"},
    {FIELD("hold_ns", TIME, hold), .unit = "ns", .meaning = "0: one step"},
    {FIELD("is_common", BOOL, is_common), .meaning = "one path for all neurons of the population"},
    {FIELD("start_ns", TIME, start), .unit = "ns", .meaning = "it acts in (start, stop]"},
    {FIELD("stop_ns", TIME, stop), .unit = "ns", .meaning = "0: to the end"},
};
STRUCT(noise, "noise", "A noisy current into every neuron of a population.");
#undef S

#define S cal_snn_train
static const cali_model_field train_fields[] = {
    {FIELD("population", UINT, population), ALWAYS, .meaning = "number of a source population"},
    {FIELD("time_ns", ARRAY, time), ALWAYS, .dtype = CAL_I64, COUNTED_BY(n), .unit = "ns", .meaning = "spikes, sorted by (time, neuron)"},
    {FIELD("id", ARRAY, id), ALWAYS, .dtype = CAL_U32, COUNTED_BY(n), .meaning = "their neurons"},
};
STRUCT(train, "train", "Spikes of a source population that are known beforehand.");
#undef S

#define S cal_snn_homeostasis
static const cali_model_field homeostasis_fields[] = {
    {FIELD("population", UINT, population), ALWAYS, .meaning = "number of the population"},
    {FIELD("parameter", TEXT, parameter), ALWAYS, .meaning = "that each neuron shifts"},
    {FIELD("rate_Hz", REAL, rate_Hz), .unit = "Hz", .meaning = "aimed at"},
    {FIELD("step", REAL, step), .unit = "that of the parameter", .meaning = "shift' = step (sum of delta(t - t_spike) - rate)"},
    {FIELD("range", REAL, range), .unit = "that of the parameter", .meaning = "-range <= shift <= range"},
};
STRUCT(homeostasis, "homeostasis", "Neurons that move a parameter until they spike at a rate (Lazar, Pipa & Triesch 2009).");
#undef S

/* ---- ports and records -------------------------------------------------------------------------- */

#define S cal_snn_port
static const cali_model_field port_fields[] = {
    {FIELD("name", TEXT, name), FREE, .meaning = "that of the port in CONFIGURE"},
    {FIELD("kind", CHOICE, kind), ALWAYS, .names = &port_kinds,
     .meaning = "poisson: in, the rate of a train in Hz; every neuron gets `n_trains` of its own. current: in, the same for all "
                "neurons. spikes: in, of a source population. rate: out, spikes per neuron and bin in Hz. mean: out, over neurons and "
                "bin, of a state at the ends of the steps"},
    {FIELD("population", UINT, population), ALWAYS, .meaning = "number of the population"},
    {FIELD("receptor", TEXT, receptor), .meaning = "poisson: where the events end"},
    {FIELD("state", TEXT, state), .meaning = "mean: which state"},
    {FIELD("n_trains", REAL, n_trains), .unit = "1", .meaning = "poisson: trains of each neuron"},
    {FIELD("weight", REAL, weight), .unit = "that of the receptor", .meaning = "poisson: of each event"},
    {FIELD("samples", UINT, samples), .flags = CALI_MODEL_FREE, .meaning = "bins per window"},
};
STRUCT(port, "port", "What crosses the border of the network, window by window. Ports of CONFIGURE stand in the same order.");
#undef S

#define S cal_snn_subset
static const cali_model_field subset_fields[] = {
    {FIELD("ids", ARRAY, ids), .dtype = CAL_U32, COUNTED_BY(n), .meaning = "numbers within the population, ascending"},
};
STRUCT(subset, "subset", "Some neurons of a population.");
#undef S

#define S cal_snn_sampler
static const cali_model_field sampler_fields[] = {
    {FIELD("population", UINT, population), ALWAYS, .meaning = "number of the population"},
    {FIELD("state", TEXT, state), ALWAYS, .meaning = "which state"},
    {FIELD("every_ns", TIME, every), .unit = "ns", .meaning = "it is taken at the times every, 2 every, ..."},
    {FIELD("neurons", MAP_AT, neurons), .of = &subset, .meaning = "absent: all"},
};
STRUCT(sampler, "sampler", "A state of single neurons, recorded in time.");
#undef S

#define S cal_snn_choice
static const cali_model_field choice_fields[] = {
    {FIELD("projection", UINT, projection), ALWAYS, .meaning = "number of the projection"},
    {FIELD("sources", ARRAY, sources), .dtype = CAL_U32, COUNTED_BY(n_sources), .meaning = "neurons, ascending; absent: any"},
    {FIELD("targets", ARRAY, targets), .dtype = CAL_U32, COUNTED_BY(n_targets), .meaning = "neurons, ascending; absent: any"},
    {FIELD("fraction", REAL, fraction), .unit = "1", .meaning = "of the synapses of these neurons, rounded; drawn"},
    {FIELD("most", UINT, most), .meaning = "no more than these; 0: no limit"},
};
STRUCT(choice, "choice", "Some synapses of a projection.");
#undef S

#define S cal_snn_watch
static const cali_model_field watch_fields[] = {
    {FIELD("choice", MAP, choice), ALWAYS, .of = &choice, .meaning = "whose weights; of synapses that form and break the projection alone"},
    {FIELD("every_ns", TIME, every), .unit = "ns", .meaning = "at the times 0, every, 2 every, ... that are ends of windows"},
};
STRUCT(watch, "watch",
       "Weights in time; of a projection whose synapses form and break the synapses now, formed and broken since the begin, and the means "
       "of axonal elements, dendritic elements and calcium. READY gives the synapses, sorted by (source, delay, target), and the values "
       "at the begin; OUTPUT those at the end of its window.");
#undef S

/* ---- the whole ---------------------------------------------------------------------------------- */

#define S cali_model_root
#define MANY(KEY, m, struct_) FIELD(KEY, LIST, def.m), .of = &(struct_), COUNTED_BY(def.n_##m)
#define PER_POPULATION .count = CALI_COUNT_POPULATIONS
static const cali_model_field network_fields[] = {
    {FIELD("network", TEXT, def.name), FREE, .meaning = "its name, for messages"},
    {FIELD("dt_ns", TIME, def.dt), ALWAYS, .unit = "ns", .meaning = "step"},
    {FIELD("window_ns", TIME, def.window), .flags = CALI_MODEL_ALWAYS | CALI_MODEL_FREE, .unit = "ns",
     .meaning = "time between exchanges, a multiple of the step; that of CONFIGURE"},
    {FIELD("seed", UINT, def.seed), .meaning = "with `stream` the key of all random numbers"},
    {FIELD("stream", UINT, def.stream), .meaning = "differs between the networks of one experiment"},
    {FIELD("own_neurons", LIST, own), .of = &own, COUNTED_BY(n_own), .meaning = "texts of neurons that are not built in"},
    {MANY("populations", populations, population), .meaning = "neurons"},
    {MANY("values", values, values), .meaning = "values that are known for each neuron"},
    {FIELD("spaces", LIST, def.spaces), .of = &space, PER_POPULATION, .meaning = "for each population; absent: nowhere"},
    {MANY("projections", projections, projection), .meaning = "synapses"},
    {MANY("gap_junctions", gap_junctions, projection),
     .meaning = "the rule draws pairs of neurons, `weight` is the conductance g of the one junction of each; the current into i is "
                "g (V_j - V_i). Receptor, delay and autapses are not used"},
    {MANY("poissons", poissons, poisson), .meaning = "Poisson input"},
    {MANY("currents", currents, current), .meaning = "currents"},
    {MANY("noises", noises, noise), .meaning = "noisy currents"},
    {MANY("trains", trains, train), .meaning = "known spikes"},
    {MANY("homeostases", homeostases, homeostasis), .meaning = "parameters that keep a rate"},
    {MANY("ports", ports, port), .meaning = "ports"},
    {FIELD("record_fraction", ARRAY, def.record_fraction), .dtype = CAL_F64, PER_POPULATION, FREE, .unit = "1",
     .meaning = "for each population: share of the neurons whose spikes are recorded, the first ones; absent: all"},
    {FIELD("record_subset", LIST, def.record_subset), .of = &subset, PER_POPULATION, FREE,
     .meaning = "for each population: with ids, these neurons instead of the share"},
    {MANY("samplers", samplers, sampler), FREE, .meaning = "recorded states"},
    {MANY("watches", watches, watch), FREE, .meaning = "recorded weights"},
    {FIELD("", STAYS, def.n_tiles), .meaning = "no result depends on it"},
    {FIELD("memory_budget_bytes", REAL, def.memory_budget_bytes), FREE, .unit = "bytes",
     .meaning = "a larger network is refused before it is built; 0: the receiver's memory"},
};
STRUCT(network, "network", "The whole map, `model` of CONFIGURE. Beside these it has `name`, \"callosum-network\".");
#undef S

const cali_model_struct *const cali_model_structs[] = {&network, &own,     &population, &values,  &space,       &projection,
                                                       &profile, &list,    &setting,    &scaling, &poisson,     &current,
                                                       &noise,   &wave,    &train,      &homeostasis, &port,    &sampler,
                                                       &subset,  &watch,   &choice,     &distribution};
const size_t cali_model_n_structs = sizeof cali_model_structs / sizeof *cali_model_structs;

/* ---- shared by both directions ------------------------------------------------------------------- */

/* Neurons of population `i`; false: there is none. */
static bool neurons_of(const cal_snn_def *def, size_t i, size_t *n)
{
    if (i < def->n_populations)
        *n = def->populations[i].n;
    return i < def->n_populations;
}

bool cali_model_expect(const cal_snn_def *def, const cali_model_field *f, const void *item, size_t index, size_t *n)
{
    const cal_snn_space *place = item;
    *n = 0;
    switch (f->count) {
    case CALI_COUNT_MEMBER:
        break;
    case CALI_COUNT_POPULATIONS:
        *n = def->n_populations;
        break;
    case CALI_COUNT_NEURONS:
        return neurons_of(def, ((const cal_snn_values *)item)->population, n);
    case CALI_COUNT_COORDINATES:
        if (place->arrangement != CAL_LISTED)
            break;
        if (!neurons_of(def, index, n) || place->n_dimensions > CAL_MAX_DIMENSIONS)
            return false;
        *n *= place->n_dimensions;
        break;
    case CALI_COUNT_WAVEFORM:
        *n = ((const cal_snn_wave *)item)->form == NULL ? 0 : ((const cal_snn_wave *)item)->form->n_params;
        break;
    case CALI_COUNT_KERNEL:
        *n = ((const cal_snn_profile *)item)->kernel == NULL ? 0 : ((const cal_snn_profile *)item)->kernel->n_params;
        break;
    }
    return true;
}

/* ---- the path ------------------------------------------------------------------------------------ */

size_t cali_model_enter(cali_model_path *path, const char *key, size_t index)
{
    const size_t before = path->size, room = sizeof path->text - before;
    const int n = index == SIZE_MAX ? snprintf(path->text + before, room, "%s%s", before > 0 ? "." : "", key)
                                    : snprintf(path->text + before, room, "[%zu]", index);
    path->size += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    return before;
}

void cali_model_leave(cali_model_path *path, size_t size)
{
    path->size = size;
    path->text[size] = '\0';
}
