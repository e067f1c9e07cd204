#include "experiment/keys.h"

#include <math.h>

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define EXP(member) AT(cal_experiment, member)
#define PLACE(type, member) .place_offset = offsetof(type, member)
#define RANGE(from, to) .low = (from), .high = (to)
#define ABOVE(from, to) .low = (from), .high = (to), .is_above_low = true
#define WORDS(array, n) .words = (array), .n_words = (n)
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define MAPPING(of) .keys = (of), .n_keys = COUNT_OF(of)

#define LONGEST_MS 1e12 /* 31 years; cal_time holds 292 */
#define LONGEST_S 1e9

/* ---- top ---------------------------------------------------------------------------------------- */

static const cali_key top[] = {
    {"callosum", CALI_KEY_OWN, .is_required = true, .shape = "`1`", .meaning = "version of this format"},
    {"title", CALI_KEY_TEXT, EXP(title), .fallback = "\"\"", .meaning = "one line for reports"},
    {"run", CALI_KEY_MAPPING, .inner = &cali_keys_run, .is_required = true, .meaning = "how long, which seed"},
    {"network", CALI_KEY_MAPPING, .inner = &cali_keys_network,
     .meaning = "a spiking network of its own, in the place of a connectome with models and regions"},
    {"connectome", CALI_KEY_MAPPING, .inner = &cali_keys_connectome, .is_required = true, .not_beside = "network",
     .meaning = "the wiring"},
    {"coupling", CALI_KEY_MAPPING, .inner = &cali_keys_coupling, .not_beside = "network",
     .meaning = "how regions act on each other"},
    {"initial", CALI_KEY_MAPPING, .inner = &cali_keys_initial,
     .meaning = "where the run begins, if not at the `initial` of models and populations"},
    {"integrator", CALI_KEY_MAPPING, .inner = &cali_keys_integrator, .not_beside = "network",
     .meaning = "how the neural masses are integrated; a word alone is the method"},
    {"noise", CALI_KEY_LIST, .inner = &cali_keys_noise, .not_beside = "network",
     .meaning = "noise on states or inputs of the neural masses"},
    {"stimuli", CALI_KEY_LIST, .inner = &cali_keys_stimulus, .not_beside = "network",
     .meaning = "sines, pulses and other waveforms into neural masses"},
    {"models", CALI_KEY_NAMED, .inner = &cali_keys_model, .is_required = true, .not_beside = "network",
     .meaning = "neural masses with parameters, by names of your choice"},
    {"regions", CALI_KEY_NAMED, .inner = &cali_keys_region, .is_required = true, .not_beside = "network",
     .meaning = "which region is what: a model's name, or a mapping. The key `default` stands for all regions; other "
                "keys are selectors and win over it, later ones over earlier ones"},
    {"sync", CALI_KEY_MAPPING, .inner = &cali_keys_sync, .meaning = "when the two scales exchange"},
    {"record", CALI_KEY_MAPPING, .inner = &cali_keys_record, .meaning = "what is kept"},
    {"checkpoint", CALI_KEY_MAPPING, .inner = &cali_keys_checkpoint,
     .meaning = "left out: none. What `callosum resume` goes on from after a stop, a crash or a power cut (docs/checkpoints.md)"},
    {"workers", CALI_KEY_NAMED, .inner = &cali_keys_worker,
     .meaning = "spiking regions in processes of their own, on this machine or another, by the region's label or `all`; with `network`: "
                "`network` (docs/workers.md). `--slot` wins over it. No result depends on it"},
    {"analysis", CALI_KEY_MAPPING, .inner = &cali_keys_analysis, .meaning = "what is computed from it at the end"},
};
const cali_mapping cali_keys_top = {"", "The whole file.", MAPPING(top)};

static const cali_key run[] = {
    {"duration", CALI_KEY_TIME, "s", .is_required = true, ABOVE(0.0, LONGEST_S), EXP(duration),
     .meaning = "simulated time"},
    {"transient", CALI_KEY_TIME, "s", "0 s", RANGE(0.0, LONGEST_S), EXP(transient),
     .meaning = "first part that analysis leaves out; shorter than the duration"},
    {"seed", CALI_KEY_COUNT, .fallback = "1", EXP(seed), .meaning = "the same seed gives the same run, bit for bit"},
    {"memory", CALI_KEY_NUMBER, "B", "auto", ABOVE(0.0, 1e18), EXP(memory_bytes), .special = "auto",
     PLACE(cal_experiment, memory_place),
     .meaning = "most that spiking networks may take; larger ones are refused before they are built. auto: the machine's "
                "memory, or the limit of its control group"},
};
const cali_mapping cali_keys_run = {"run", "How long, and which seed.", MAPPING(run),
                                    "run: {duration: 5 s, transient: 1 s, seed: 42}"};

static const cali_key initial[] = {
    {"state", CALI_KEY_PATH, EXP(initial_state), PLACE(cal_experiment, initial_place),
     .meaning = "state that `callosum run --save-state` wrote: regions, models, coupled outputs and the step must be the "
                "same, and of spiking regions populations, neurons and counts; parameters, weights and delays need not. The "
                "run begins there at t = 0, with spikes on their way; random numbers begin anew, so choose another seed"},
    {"history", CALI_KEY_LIST, .inner = &cali_keys_history,
     .meaning = "what states and outputs were before t = 0, from tables or recordings; not beside `state`, which brings "
                "its own"},
};
const cali_mapping cali_keys_initial = {"initial",
                                        "Where the neural masses begin. Constants stand with each model (`models.NAME."
                                        "initial`); before t = 0 all outputs are constant then.",
                                        MAPPING(initial), "initial: {state: first.state}"};

static const cali_key history[] = {
    {"what", CALI_KEY_TEXT, AT(cali_past, what), .is_required = true,
     .meaning = "a state (looked for first) or an output of the regions' models. A state starts from the last value; what "
                "the models send follows from their states. An output's past stands for itself"},
    {"file", CALI_KEY_PATH, AT(cali_past, file),
     .meaning = "table with the header `time (ms), LABEL, ...`: one row per moment, one column per region that has `what`, in "
                "any order. Units stand behind the names or in `unit`"},
    {"unit", CALI_KEY_TEXT, AT(cali_past, unit), .meaning = "unit of the columns of `file` without one of their own"},
    {"run", CALI_KEY_PATH, AT(cali_past, run),
     .meaning = "in the place of `file`: folder of an earlier run, or its `run.h5`"},
    {"signal", CALI_KEY_TEXT, AT(cali_past, signal),
     .meaning = "signal of that run by its name in `run.h5`; `what` when left out. To be recorded at single moments, not as "
                "means"},
};
const cali_mapping cali_keys_history = {"initial.history[]",
                                        "The past of one state or output in all regions. The last time of a table or "
                                        "recording is t = 0; the first reaches back as far as the longest delay. Between the "
                                        "times stands a cubic. Spiking regions keep their constant past.",
                                        MAPPING(history),
                                        "initial:\n  history:\n    - {what: r, run: runs/0001}\n    - {what: V, file: "
                                        "past.csv, unit: mV}"};

/* ---- connectome ----------------------------------------------------------------------------------- */

static const char *const orientations[] = {"auto", "to-from", "from-to"};
static const char *const self_connections[] = {"keep", "drop"};

static const cali_key connectome[] = {
    {"file", CALI_KEY_PATH, EXP(source.path),
     .meaning = "TVB `.zip` or `.h5`, weights as `.csv`, `.tsv`, `.txt` (each also `.gz`), or a folder; relative to "
                "the experiment file. Wins over `generate`"},
    {"lengths", CALI_KEY_PATH, EXP(source.lengths_path),
     .meaning = "tract lengths beside text matrices; found by name when left out"},
    {"labels", CALI_KEY_PATH, EXP(source.labels_path), .meaning = "table `label[, x, y, z]`, one row per region"},
    {"orientation", CALI_KEY_WORD, .fallback = "auto", WORDS(orientations, 3), EXP(source.orientation),
     .meaning = "`to-from`: row i holds what comes into region i. Must be said for text matrices that are not "
                "symmetric"},
    {"length_unit", CALI_KEY_OWN, .fallback = "mm", .shape = "a unit of length", EXP(source.length_unit_mm),
     .meaning = "unit of the lengths in the file", PLACE(cal_experiment, length_unit_place)},
    {"speed", CALI_KEY_NUMBER, "mm/ms", "3 mm/ms", ABOVE(0.0, 1e6), EXP(speed_mm_per_ms), .special = "infinite",
     .special_value = INFINITY, PLACE(cal_experiment, speed_place),
     .meaning = "conduction velocity; delay = length / speed"},
    {"speeds", CALI_KEY_PATH, EXP(speeds_path), PLACE(cal_experiment, speeds_place),
     .meaning = "matrix of speeds in mm/ms in the place of `speed`, as text, also `.gz`; rows and columns as `orientation` "
                "says, to-from if it says nothing. Named rows and columns find their regions by name, others stand in the "
                "connectome's order"},
    {"delays", CALI_KEY_PATH, EXP(delays_path), PLACE(cal_experiment, delays_place),
     .meaning = "matrix of delays in ms in the place of lengths and speed; as `speeds`"},
    {"self_connections", CALI_KEY_WORD, .fallback = "keep", WORDS(self_connections, 2),
     EXP(source.drops_self_connections), .meaning = "`drop` sets the diagonal of the weights to 0"},
    {"generate", CALI_KEY_MAPPING, .inner = &cali_keys_generate,
     .meaning = "makes a connectome instead of loading one"},
};
const cali_mapping cali_keys_connectome = {"connectome", "The wiring: a file, or `generate`.", MAPPING(connectome),
                                           "connectome: {file: connectivity_76.zip, speed: 3 mm/ms}"};

static const cali_key generate[] = {
    {"regions", CALI_KEY_COUNT, .fallback = "68", RANGE(4, 20000), EXP(generate.n_regions),
     .meaning = "number of regions, even; 68 carry the labels of the Desikan-Killiany atlas"},
    {"seed", CALI_KEY_COUNT, .fallback = "1", EXP(generate.seed), .meaning = "another seed, another brain"},
    {"density", CALI_KEY_NUMBER, "1", "0.3", RANGE(0.02, 1.0), EXP(generate.density),
     .meaning = "share of region pairs that are connected"},
    {"decay", CALI_KEY_NUMBER, "mm", "40 mm", RANGE(1.0, 1000.0), EXP(generate.decay_mm),
     .meaning = "length constant of the distance rule"},
    {"log_sd", CALI_KEY_NUMBER, "1", "1", RANGE(0.0, 5.0), EXP(generate.log_sd),
     .meaning = "standard deviation of the logarithm of the weights"},
    {"tract_factor", CALI_KEY_NUMBER, "1", "1.3", RANGE(1.0, 10.0), EXP(generate.tract_factor),
     .meaning = "tract length over straight distance"},
};
const cali_mapping cali_keys_generate = {"connectome.generate",
                                         "A made-up connectome of realistic statistics: two hemispheres, log-normal "
                                         "weights that fall with distance.",
                                         MAPPING(generate), "connectome: {generate: {regions: 68, seed: 1}}"};

/* ---- coupling ------------------------------------------------------------------------------------- */

static const cali_key coupling[] = {
    {"gain", CALI_KEY_NUMBER, "1", "1", RANGE(-1e9, 1e9), EXP(gain), .meaning = "G, a factor on all weights"},
    {"weights", CALI_KEY_WORD, .fallback = "none", WORDS(cal_normalisation_names, CAL_N_NORMALISATIONS),
     EXP(source.normalisation), .meaning = "how the weights are scaled"},
    {"min_delay", CALI_KEY_NUMBER, "ms", "0 ms", RANGE(0.0, 1e6), EXP(min_delay_ms),
     .meaning = "shorter delays are raised to it, and a note says how many; 0: never"},
    {"terms", CALI_KEY_LIST, .inner = &cali_keys_term,
     .meaning = "several couplings at once. With one, its keys stand directly in `coupling`"},
};
const cali_mapping cali_keys_coupling = {
    "coupling", "What region i receives from the others, s_i = G sum_j w_ij x_j(t - tau_ij), and what becomes of it.",
    MAPPING(coupling), "coupling: {gain: 0.2, weights: row-sum-one, kind: linear}",
    "the keys of one of its `terms`"};

static const cali_key term[] = {
    {"kind", CALI_KEY_WORD, .fallback = "linear", WORDS(cal_coupling_names, CAL_N_COUPLINGS), AT(cal_coupling, kind),
     .meaning = "what becomes of s; formulas, numbers and their defaults stand under \"Kinds of coupling\""},
    {"from", CALI_KEY_OWN, .shape = "an output", AT(cal_coupling, from),
     .meaning = "output of the models that edges carry, or `rate` or `potential`: each model's output of that quantity; "
                "units are converted; left out: each model's first"},
    {"to", CALI_KEY_OWN, .shape = "an input", AT(cal_coupling, to),
     .meaning = "input of the models that it acts on; left out: each model's first"},
    {"a", CALI_KEY_OWN, .shape = "a quantity", AT(cal_coupling, a), .meaning = "slope or factor"},
    {"b", CALI_KEY_OWN, .shape = "a quantity", AT(cal_coupling, b), .meaning = "offset"},
    {"cmin", CALI_KEY_OWN, .shape = "a quantity in the unit of `to`", AT(cal_coupling, cmin), .meaning = "lower end"},
    {"cmax", CALI_KEY_OWN, .shape = "a quantity in the unit of `to`", AT(cal_coupling, cmax), .meaning = "upper end"},
    {"midpoint", CALI_KEY_OWN, .shape = "a quantity in the unit of `from`", AT(cal_coupling, midpoint),
     .meaning = "where a sigmoid has half its height"},
    {"sigma", CALI_KEY_OWN, .shape = "a quantity in the unit of `from`, above 0", AT(cal_coupling, sigma),
     .meaning = "width of a sigmoid"},
    {"ratio", CALI_KEY_OWN, .shape = "a number", AT(cal_coupling, ratio),
     .meaning = "pre-sigmoidal: factor on the source"},
    {"threshold", CALI_KEY_OWN, .shape = "an output", AT(cal_coupling, threshold),
     .meaning = "pre-sigmoidal: output of the source that is its threshold, instead of `midpoint`"},
    {"local", CALI_KEY_FLAG, .fallback = "false", AT(cal_coupling, is_local),
     .meaning = "without delay and without G: each region onto itself, s_i = x_i, or with `matrix` its weights"},
    {"matrix", CALI_KEY_OWN, .shape = "path",
     .meaning = "matrix of weights of this term in the place of the connectome's, as text; as `connectome.speeds`"},
};
const cali_mapping cali_keys_term = {"coupling.terms[]",
                                     "One coupling. Units follow the model of `regions.default`; defaults are in those "
                                     "of its tables.",
                                     MAPPING(term), NULL};

/* ---- integration, noise, stimuli -------------------------------------------------------------------- */

static const cali_key integrator[] = {
    {"method", CALI_KEY_WORD, .fallback = "auto", WORDS(cal_integrator_names, CAL_N_INTEGRATORS), EXP(integrator),
     .meaning = "`auto` chooses by the rule of docs/numerics.md, and `check` prints why"},
    {"step", CALI_KEY_TIME, "ms", "auto", ABOVE(0.0, 1000.0), EXP(dt), .special = "auto",
     .meaning = "grid of the delayed coupling, and the step where it is fixed; auto: 0.1 ms, adaptive 0.25 ms"},
    {"tolerance", CALI_KEY_NUMBER, "1", "1e-6", RANGE(1e-13, 1e-1), EXP(rtol),
     .meaning = "relative tolerance where the step is adaptive"},
};
const cali_mapping cali_keys_integrator = {"integrator", "How the neural masses are integrated.", MAPPING(integrator),
                                           "integrator: {method: cvode-adams, tolerance: 1e-6}"};

static const cali_key noise[] = {
    {"state", CALI_KEY_TEXT, AT(cali_noise_text, state),
     .meaning = "state of the models whose derivative it enters; regions without it go without"},
    {"input", CALI_KEY_TEXT, AT(cali_noise_text, input),
     .meaning = "instead: coupling input that it is added to; spiking regions receive it too, with their drive"},
    {"of", CALI_KEY_TEXT, .fallback = "all", AT(cali_noise_text, of), .meaning = "selector of regions"},
    {"tau", CALI_KEY_NUMBER, "ms", "0 ms", RANGE(0.0, 1e6), AT(cali_noise_text, tau_ms),
     .meaning = "correlation time of Ornstein-Uhlenbeck noise; 0: white, which needs a stochastic integrator"},
    {"level", CALI_KEY_OWN, .shape = "a quantity: unit of the state per ms (white: per sqrt(ms)), or of the input",
     .meaning = "standard deviation of what is added. This or `D`"},
    {"D", CALI_KEY_OWN, .shape = "a quantity: square of the state's unit per ms",
     .meaning = "white noise: diffusion coefficient level^2 / 2"},
    {"form", CALI_KEY_WORD, .fallback = "additive", WORDS(cal_noise_form_names, CAL_N_NOISE_FORMS),
     AT(cali_noise_text, form),
     .meaning = "how white noise grows with its state x: by 1, a + b x, abs(a + b x), sqrt(abs(a + b x))"},
    {"a", CALI_KEY_OWN, .fallback = "0", .shape = "a number", .meaning = "of the form"},
    {"b", CALI_KEY_OWN, .fallback = "1", .shape = "a quantity in 1 over the unit of the state", .meaning = "of the form"},
    {"correlation", CALI_KEY_NUMBER, "1", "0", RANGE(0.0, 1.0), AT(cali_noise_text, correlation),
     .meaning = "of any two regions"},
    {"correlations", CALI_KEY_PATH, AT(cali_noise_text, correlations),
     .meaning = "instead: table of the correlations of all pairs, one row and column per region; names as in "
                "`connectome.speeds`"},
};
const cali_mapping cali_keys_noise = {"noise[]", "Noise on one state, or one input, of all regions that have it.", MAPPING(noise),
                                      "noise: [{input: c_r, level: 0.5, tau: 5 ms}]"};

static const cali_key stimulus[] = {
    {"wave", CALI_KEY_TEXT, .fallback = "sine", AT(cali_stimulus_text, wave),
     .meaning = "its course in time: a waveform of docs/stimuli.md"},
    {"input", CALI_KEY_TEXT, AT(cali_stimulus_text, input), .meaning = "input of the models; left out: the first"},
    {"state", CALI_KEY_TEXT, AT(cali_stimulus_text, state),
     .meaning = "instead: state whose derivative it is added to, in the state's unit per ms; spiking regions go without"},
    {"of", CALI_KEY_TEXT, .fallback = "all", AT(cali_stimulus_text, of), .meaning = "selector of regions"},
    {"weights", CALI_KEY_OWN, .fallback = "1",
     .shape = "a number, a list with one for each region of `of`, or a mapping, see `stimuli[].weights`",
     .meaning = "factors of the waveform in each region"},
    {"file", CALI_KEY_PATH, AT(cali_stimulus_text, file),
     .meaning = "of the waveform `file`: table with a column `time`"},
    {"column", CALI_KEY_TEXT, .fallback = "value", AT(cali_stimulus_text, column), .meaning = "its column of values"},
    {"start", CALI_KEY_TIME, "ms", "0 ms", RANGE(0.0, LONGEST_MS), AT(cali_stimulus_text, start),
     .meaning = "acts after this time"},
    {"stop", CALI_KEY_TIME, "ms", "end", RANGE(0.0, LONGEST_MS), AT(cali_stimulus_text, stop), .special = "end",
     .meaning = "acts up to this time"},
};
const cali_mapping cali_keys_stimulus = {
    "stimuli[]", "A waveform added to an input, or to the derivative of a state.", MAPPING(stimulus),
    "stimuli:\n  - {of: L.precuneus, amplitude: 1, frequency: 10 Hz, start: 1 s, stop: 2 s}\n"
    "  - {wave: dbs-biphasic, amplitude: 5, frequency: 130 Hz, width: 60 us}",
    "the parameters of the waveform, by their names in docs/stimuli.md"};

static const cali_key weights[] = {
    {"kernel", CALI_KEY_TEXT, .is_required = true, AT(cali_weights_text, kernel),
     .meaning = "how weights fall with the distance from the focus: a kernel of docs/stimuli.md"},
    {"focus", CALI_KEY_TEXT, .is_required = true, AT(cali_weights_text, focus),
     .meaning = "region in the middle; the connectome needs centres"},
};
const cali_mapping cali_keys_weights = {"stimuli[].weights", "Weights by distance.", MAPPING(weights),
                                        "stimuli:\n  - {wave: step, amplitude: 1,\n"
                                        "     weights: {kernel: gaussian, focus: L.precuneus, sigma: 20 mm}}",
                                        "the parameters of the kernel, by their names in docs/stimuli.md"};

/* ---- models and regions ----------------------------------------------------------------------------- */

static const cali_key model[] = {
    {"neural_mass", CALI_KEY_TEXT, .is_required = true, AT(cali_model_text, neural_mass),
     .meaning = "name in the catalogue (`callosum models`), or the file of an own model: `./my_model.yaml` (docs/own-models.md)"},
    {"parameters", CALI_KEY_OWN, .shape = "a mapping of the model's parameters",
     .meaning = "what differs from the defaults: a quantity; a distribution over the regions, `\"normal(10 ms, 1 ms)\"`; "
                "or a column of a table with one row per region, `{file: regions.csv, column: tau}`"},
    {"initial", CALI_KEY_OWN, .shape = "a mapping of the model's states", .meaning = "where the states begin; the same forms"},
};
const cali_mapping cali_keys_model = {"models.NAME", "One neural mass.", MAPPING(model),
                                      "models:\n  field: {neural_mass: mpr, parameters: {tau: 10 ms, eta: -5}}"};

static const cali_key region[] = {
    {"model", CALI_KEY_TEXT, AT(cali_region_text, model),
     .meaning = "name from `models`. Beside `spiking`: its mean field, for `callosum compare`"},
    {"parameters", CALI_KEY_OWN, .shape = "a mapping of the model's parameters", .meaning = "on top of those of the model"},
    {"initial", CALI_KEY_OWN, .shape = "a mapping of the model's states", .meaning = "on top of those of the model"},
    {"spiking", CALI_KEY_MAPPING, .inner = &cali_keys_spiking, .meaning = "a network of neurons in the place of the mass"},
    {"receives", CALI_KEY_LIST, .inner = &cali_keys_receive, .meaning = "the same as in `spiking`"},
    {"gives", CALI_KEY_LIST, .inner = &cali_keys_give, .meaning = "the same as in `spiking`"},
};
const cali_mapping cali_keys_region = {
    "regions.SELECTOR",
    "What the regions of a selector are. A selector is a label, several labels with \", \", a number `\"#12\"` (from 0), "
    "`most connected` (the region with the most incoming connections), or `default`.",
    MAPPING(region), "regions:\n  default: field\n  \"L.precuneus, R.precuneus\": {model: field, parameters: {eta: -4}}"};

/* The last two are about the border of a region; a network of its own has none. */
enum { N_BORDER_KEYS = 2 };
static const cali_key spiking[] = {
    {"step", CALI_KEY_TIME, "ms", "0.1 ms", ABOVE(0.0, 100.0), AT(cali_network, step),
     PLACE(cali_network, step_place), .meaning = "time step of the neurons; divides the window"},
    {"populations", CALI_KEY_NAMED, .inner = &cali_keys_population, .is_required = true, .not_beside = "sonata",
     .meaning = "neurons, by names of your choice"},
    {"sonata", CALI_KEY_PATH, AT(cali_network, sonata),
     .meaning = "instead of populations: a circuit config of SONATA, whose nodes and edges are the network (docs/sonata.md)"},
    {"spikes", CALI_KEY_PATH, AT(cali_network, spikes),
     .meaning = "sonata: SONATA spikes of its virtual nodes"},
    {"connections", CALI_KEY_LIST, .inner = &cali_keys_connection, .meaning = "synapses within the region"},
    {"drive", CALI_KEY_LIST, .inner = &cali_keys_drive, .meaning = "input that comes from no region"},
    {"scale", CALI_KEY_MAPPING, .inner = &cali_keys_scale,
     .meaning = "a network of another size with the same mean and variance of the input; all else is written for the full one"},
    {"simulator", CALI_KEY_MAPPING, .inner = &cali_keys_simulator,
     .meaning = "another simulator computes the network; all else stays as it is written for this one"},
    {"receives", CALI_KEY_LIST, .inner = &cali_keys_receive,
     .meaning = "how the drive of the other regions reaches the neurons"},
    {"gives", CALI_KEY_LIST, .inner = &cali_keys_give, .is_required = true,
     .meaning = "what the other regions see of it; several are summed"},
};
const cali_mapping cali_keys_spiking = {
    "regions.SELECTOR.spiking", "A network of spiking neurons.", MAPPING(spiking),
    "\"CA1 left\":\n  spiking:\n    populations:\n      E: {neuron: adex, count: 8000, parameters: {b: 10 pA}}\n"
    "    connections:\n      - {from: E, to: E, in_degree: 400, receptor: excitatory, weight: 1 nS, delay: 1 ms}\n"
    "    receives:\n      - {by: poisson, synapses: 115, into: E.excitatory, weight: 1 nS}\n"
    "    gives:\n      - {by: rate, from: E}"};
const cali_mapping cali_keys_network = {
    "network",
    "A spiking network of its own, without a connectome and without neural masses: populations, connections and drive are "
    "those of `regions.SELECTOR.spiking`. Nothing comes in from other regions and nothing goes out.",
    .keys = spiking, .n_keys = COUNT_OF(spiking) - N_BORDER_KEYS,
    .example = "network:\n  populations:\n    E: {neuron: lif, count: 8000}\n    I: {neuron: lif, count: 2000}\n"
    "  connections:\n    - {from: E, to: \"E, I\", in_degree: 800, weight: 45 pA, delay: 1.5 ms}\n"
    "    - {from: I, to: \"E, I\", in_degree: 200, weight: -250 pA, delay: 1.5 ms}\n"
    "  drive:\n    - {kind: poisson, into: E, rate: 8 Hz, trains: 1000, weight: 45 pA}"};

static const cali_key simulator[] = {
    {"model", CALI_KEY_TEXT, .is_required = true, AT(cali_simulator, model), PLACE(cali_simulator, place),
     .meaning = "the model that the worker announces, for example `brian2-lif`"},
    {"parameters", CALI_KEY_OWN, .shape = "a mapping of names to numbers and texts",
     .meaning = "what the model is told; they go to the worker as they are written"},
};
const cali_mapping cali_keys_simulator = {
    "regions.SELECTOR.spiking.simulator",
    "A region, or a network of its own, that another simulator computes, in a worker of its own (docs/foreign-simulators.md). It is "
    "told populations, connections and parameters, and takes and gives what `receives` and `gives` say; of a network of its own it "
    "gives the rates and means that are recorded. Such a run needs `--listen ENDPOINT`.",
    MAPPING(simulator), "simulator: {model: brian2-lif, parameters: {seed: 3}}"};

static const cali_key scale[] = {
    {"neurons", CALI_KEY_NUMBER, "1", "100 %", ABOVE(0.0, 1000.0), AT(cali_scale_text, neurons),
     .meaning = "factor of the counts of all populations"},
    {"synapses", CALI_KEY_NUMBER, "1", "100 %", ABOVE(0.0, 1000.0), AT(cali_scale_text, synapses),
     .meaning = "factor of the number of inputs of every neuron"},
    {"rates", CALI_KEY_OWN, .shape = "a mapping of populations to rates in Hz",
     .meaning = "mean rates of the full network; needed where `synapses` is not 100 %"},
};
const cali_mapping cali_keys_scale = {
    "regions.SELECTOR.spiking.scale",
    "Another size (van Albada, Helias & Diesmann 2015, PLoS Comput. Biol. 11, e1004490): counts of neurons times `neurons`, inputs "
    "per neuron times k = `synapses`, weights over sqrt(k). Mean and variance of each neuron's input stay: a constant current "
    "(1 - sqrt(k)) sum_j K_j J_j nu_j over all inputs makes up for the rest. `lif` and `alif` neurons; correlations grow as the "
    "network shrinks.",
    MAPPING(scale), "scale: {neurons: 20 %, synapses: 20 %, rates: {E: 4 Hz, I: 4 Hz}}"};

static const cali_key population[] = {
    {"neuron", CALI_KEY_TEXT, .is_required = true, .not_beside = "spikes", AT(cali_population_text, neuron),
     .meaning = "name in the catalogue (`callosum models`), or the file of an own neuron: `./my_neuron.yaml` (docs/own-neurons.md)"},
    {"count", CALI_KEY_COUNT, .is_required = true, RANGE(1, 2147483647), AT(cali_population_text, n),
     .meaning = "number of neurons"},
    {"spikes", CALI_KEY_PATH, AT(cali_population_text, spikes),
     .meaning = "instead of a neuron: the file of its spikes, SONATA spikes or a run.h5 (the population of this name, or the only "
                "one), or a table with the columns `time (ms)` and `neuron` (from 0); times go to the nearest step, the first at "
                "least"},
    {"parameters", CALI_KEY_OWN, .shape = "a mapping of the neuron's parameters; values may be distributions, or columns of a table with one row per neuron, "
              "`{file: cells.csv, column: V_th}`",
     .meaning = "what differs from the defaults"},
    {"initial", CALI_KEY_OWN, .shape = "a mapping of the neuron's states; the same forms",
     .meaning = "where the states begin"},
    {"homeostasis", CALI_KEY_OWN, .shape = "a mapping: `parameter` (V_th), `rate`, `step`, `range`",
     .meaning = "each neuron moves a parameter until it spikes at `rate`: docs/plasticity.md"},
    {"positions", CALI_KEY_MAPPING, .inner = &cali_keys_positions, .meaning = "where the neurons lie, for connections by distance"},
};
const cali_mapping cali_keys_population = {
    "regions.SELECTOR.spiking.populations.NAME", "Neurons of one kind.", MAPPING(population),
    "E:\n  neuron: qif\n  count: 10000\n  parameters: {eta: \"lorentzian(-5, 1)\"}"};

static const char *const position_kinds[] = {"grid", "box", "ball", "file"};
static const cali_key positions[] = {
    {"kind", CALI_KEY_WORD, .is_required = true, WORDS(position_kinds, CAL_N_ARRANGEMENTS), AT(cali_positions_text, kind),
     .meaning = "`grid`: in the middles of the cells of a grid; `box`: uniformly at random in a box; `ball`: the same in a disc or "
                "ball (an ellipsoid where the extents differ); `file`: from a table"},
    {"shape", CALI_KEY_OWN, .shape = "a whole number for each axis: `[40, 25]`",
     .meaning = "grid: places along each axis, together `count`. Neuron 0 is at the lower end of all axes, the first axis runs fastest"},
    {"spacing", CALI_KEY_OWN, .shape = "a length, or one for each axis", .meaning = "grid: between neighbours, in the place of `extent`"},
    {"extent", CALI_KEY_OWN, .shape = "a length for each axis: `[2 mm, 1 mm]`",
     .meaning = "size of the box; its number of entries, 1 to 3, is the number of dimensions. file: needed only where `periodic`"},
    {"center", CALI_KEY_OWN, .shape = "a length for each axis", .fallback = "0 mm", .meaning = "middle of the box"},
    {"periodic", CALI_KEY_FLAG, .fallback = "false", AT(cali_positions_text, is_periodic),
     .meaning = "opposite faces of the box are one place (a ring, a torus): distances go the shorter way round"},
    {"file", CALI_KEY_PATH, AT(cali_positions_text, file),
     .meaning = "file: table with a row per neuron and columns `x`, `y`, `z` (or the first one or two), with units of length in its "
                "header: `x (um)`"},
};
const cali_mapping cali_keys_positions = {
    "regions.SELECTOR.spiking.populations.NAME.positions",
    "Positions in 1, 2 or 3 dimensions; run.h5 has them in mm as `/positions/REGION.POPULATION`.", MAPPING(positions),
    "E:\n  neuron: lif\n  count: 10000\n  positions: {kind: grid, shape: [100, 100], spacing: 20 um, periodic: true}"};

static const cali_key connection[] = {
    {"from", CALI_KEY_TEXT, .is_required = true, AT(cali_connection_text, from),
     .meaning = "population, or several: `\"E, I\"`"},
    {"to", CALI_KEY_TEXT, .is_required = true, AT(cali_connection_text, to), .meaning = "population, or several"},
    {"in_degree", CALI_KEY_COUNT, RANGE(0, 4294967295.0), AT(cali_connection_text, in_degree),
     .meaning = "rule: this many sources for each target; 0: none, for synapses that form in the run"},
    {"out_degree", CALI_KEY_COUNT, RANGE(1, 4294967295.0), AT(cali_connection_text, out_degree),
     .meaning = "rule: this many targets for each source"},
    {"total", CALI_KEY_COUNT, RANGE(1, 9007199254740992.0), AT(cali_connection_text, total),
     .meaning = "rule: this many synapses, each between any two neurons alike"},
    {"probability", CALI_KEY_OWN, .shape = "a number from 0 to 1, or a formula of the way between two neurons",
     .meaning = "rule: each pair with this probability; a formula: `0.3 * exp(-d / (150 um))` (docs/topologies.md)"},
    {"neighbours", CALI_KEY_COUNT, RANGE(2, 4294967294.0), AT(cali_connection_text, neighbours),
     .meaning = "rule: a small world (Watts and Strogatz 1998) within one population, a ring in which each neuron is "
                "joined both ways to this many nearest ones; even"},
    {"rewiring", CALI_KEY_NUMBER, "1", "0", RANGE(0.0, 1.0), AT(cali_connection_text, rewiring),
     .meaning = "neighbours: the chance that an edge of the ring goes to a neuron at random instead"},
    {"nearest", CALI_KEY_COUNT, RANGE(1, 1000), AT(cali_connection_text, nearest),
     .meaning = "rule: the sources that are nearest to each target; of two at the same distance the one of lower number. Both "
                "populations need `positions`"},
    {"file", CALI_KEY_PATH, AT(cali_connection_text, file),
     .meaning = "rule: the synapses of a file between two populations, one by one: `.csv` or `.tsv` with columns source, target "
                "(neurons, from 0), and weight and delay with units, or arrays of these names in `.npz`, or a matrix of "
                "scipy.sparse (docs/topologies.md)"},
    {"all_to_all", CALI_KEY_FLAG, AT(cali_connection_text, all_to_all), .meaning = "rule: each pair"},
    {"one_to_one", CALI_KEY_FLAG, AT(cali_connection_text, one_to_one), .meaning = "rule: neuron j to neuron j"},
    {"kernel", CALI_KEY_MAPPING, .inner = &cali_keys_kernel,
     .meaning = "how connections depend on the distance. `probability`: a factor of it; `in_degree`, `out_degree`: partners are drawn "
                "with chances in proportion to it. Both populations need `positions`"},
    {"autapses", CALI_KEY_OWN, .not_beside = "gap_junction", .shape = "true or false", .meaning = "neurons may connect to themselves; default: only all_to_all and file"},
    {"multapses", CALI_KEY_OWN, .shape = "true or false", .meaning = "in_degree, out_degree, total, file: a pair may "
     "occur several times; default false"},
    {"receptor", CALI_KEY_TEXT, AT(cali_connection_text, receptor), .not_beside = "gap_junction",
     .meaning = "of the target neuron; may be left out where the sign of the weight or the neuron leaves no choice"},
    {"weight", CALI_KEY_OWN, .not_beside = "gap_junction",
     .shape = "a quantity in the unit of the receptor, a distribution, or a formula of the way",
     .meaning = "of one synapse; needed unless there is a gap junction or the file has weights"},
    {"gap_junction", CALI_KEY_OWN, .shape = "a conductance (neurons without units: a number), or a distribution",
     .meaning = "instead of synapses: each pair that the rule draws is joined electrically, and the current g (V_j - V_i) "
                "flows into i, the opposite into j"},
    {"delay", CALI_KEY_OWN, .not_beside = "gap_junction", .shape = "a duration, a distribution, or a formula of the way", .fallback = "one step",
     .meaning = "rounded to whole steps, at least one"},
    {"name", CALI_KEY_TEXT, .not_beside = "gap_junction", AT(cali_connection_text, name),
     .meaning = "for `record.weights`"},
    {"weight_kernel", CALI_KEY_MAPPING, .inner = &cali_keys_kernel,
     .meaning = "a factor of each weight that depends on the distance"},
    {"velocity", CALI_KEY_NUMBER, "mm/ms", ABOVE(0.0, 1e6), AT(cali_connection_text, velocity_mm_per_ms), .not_beside = "gap_junction",
     .meaning = "of conduction: distance / velocity is added to each delay, which is then 0 where it is left out"},
    {"plasticity", CALI_KEY_OWN, .shape = "a rule, or a mapping of `rule` and its parameters; values may be distributions",
     .fallback = "static", .meaning = "how the synapses change: docs/plasticity.md"},
};
const cali_mapping cali_keys_connection = {"regions.SELECTOR.spiking.connections[]",
                                           "Synapses between populations of the region. Exactly one rule.",
                                           MAPPING(connection),
    "- {from: E, to: E, in_degree: 100, weight: 40 pA, plasticity: {rule: stdp, tau_plus: 17 ms, w_max: 100 pA}}"};

static const cali_key kernel[] = {
    {"kind", CALI_KEY_TEXT, .fallback = "constant", AT(cali_kernel_text, kind),
     .meaning = "a kernel of docs/topologies.md: `gaussian`, `exponential`, `linear`, `double-gaussian`, `gamma`, `sigmoid`, `constant`"},
    {"formula", CALI_KEY_TEXT, AT(cali_kernel_text, formula),
     .meaning = "instead of a kind: a formula of the distance `d`, and `dx`, `dy`, `dz` of the way from source to target, that gives "
                "a plain number (docs/topologies.md)"},
    {"within", CALI_KEY_NUMBER, "mm", "infinite", ABOVE(0.0, 1e6), AT(cali_kernel_text, within_mm), .special = "infinite",
     .special_value = 0.0, .meaning = "limit: 0 beyond. On grids a way that exceeds it by roundings is within"},
    {"metric", CALI_KEY_WORD, .fallback = "euclidean", WORDS(cal_metric_names, CAL_N_METRICS), AT(cali_kernel_text, metric),
     .meaning = "in which the limit is a disc or ball (`euclidean`), a square or cube (`maximum`; on grids Moore's neighbourhood) or a "
                "diamond (`manhattan`; von Neumann's)"},
};
const cali_mapping cali_keys_kernel = {
    "regions.SELECTOR.spiking.connections[].kernel", "A function of the distance between two neurons.", MAPPING(kernel),
    "- {from: E, to: E, probability: 50 %, kernel: {kind: gaussian, sigma: 200 um, within: 600 um}, weight: 1 nS, velocity: 0.3 mm/ms}",
    "the parameters of the kernel, by their names in docs/topologies.md: lengths must be given"};

const char *const cali_drive_kinds[CALI_N_DRIVES] = {"poisson", "current", "noise"};
static const cali_key drive[] = {
    {"kind", CALI_KEY_WORD, .is_required = true, WORDS(cali_drive_kinds, CALI_N_DRIVES), AT(cali_drive_text, kind),
     .meaning = "`poisson`: each neuron gets its own trains; `current`: the same into all, constant or a waveform; `noise`: a random "
                "current"},
    {"into", CALI_KEY_TEXT, .is_required = true, AT(cali_drive_text, into),
     .meaning = "`POPULATION`, poisson also `POPULATION.RECEPTOR`"},
    {"rate", CALI_KEY_NUMBER, "Hz", RANGE(0.0, 1e6), AT(cali_drive_text, rate_Hz), .meaning = "poisson: of one train"},
    {"trains", CALI_KEY_NUMBER, "1", "1", RANGE(0.0, 1e6), AT(cali_drive_text, n_trains),
     .meaning = "poisson: number of trains per neuron"},
    {"weight", CALI_KEY_OWN, .shape = "a quantity in the unit of the receptor", .meaning = "poisson: of one event"},
    {"amplitude", CALI_KEY_OWN, .shape = "a quantity in the neuron's unit of current", .meaning = "current"},
    {"wave", CALI_KEY_MAPPING, .inner = &cali_keys_wave,
     .meaning = "current, poisson: a course in time instead of the amplitude or the rate of one train (below 0: none)"},
    {"mean", CALI_KEY_OWN, .shape = "a quantity in the neuron's unit of current", .fallback = "0", .meaning = "noise"},
    {"sd", CALI_KEY_OWN, .shape = "a quantity in the neuron's unit of current", .meaning = "noise: standard deviation"},
    {"tau", CALI_KEY_TIME, "ms", "0 ms", RANGE(0.0, LONGEST_MS), AT(cali_drive_text, tau),
     .meaning = "noise: correlation time of an Ornstein-Uhlenbeck process; 0: white noise, drawn anew every `hold`"},
    {"hold", CALI_KEY_TIME, "ms", "0 ms", RANGE(0.0, LONGEST_MS), AT(cali_drive_text, hold),
     .meaning = "white noise: a multiple of the step; 0: one step"},
    {"common", CALI_KEY_FLAG, .fallback = "false", AT(cali_drive_text, is_common),
     .meaning = "noise: one path for all neurons of the population instead of one for each"},
    {"start", CALI_KEY_TIME, "ms", "0 ms", RANGE(0.0, LONGEST_MS), AT(cali_drive_text, start), .meaning = "current, noise: begin"},
    {"stop", CALI_KEY_TIME, "ms", "end", RANGE(0.0, LONGEST_MS), AT(cali_drive_text, stop), .special = "end",
     .meaning = "current, noise: end"},
};
const cali_mapping cali_keys_drive = {
    "regions.SELECTOR.spiking.drive[]", "Input that comes from no region.", MAPPING(drive),
    "drive:\n  - {kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 100, weight: 1 nS}\n"
    "  - {kind: current, into: E, amplitude: 50 pA, start: 1 s, stop: 2 s}\n"
    "  - {kind: noise, into: E, mean: 20 pA, sd: 60 pA, tau: 5 ms}"};

static const cali_key wave[] = {
    {"form", CALI_KEY_TEXT, .is_required = true, AT(cali_wave_text, form),
     .meaning = "a waveform of docs/stimuli.md with a formula, or `file`; its time counts from `start`, a sine's from the begin of the run"},
    {"file", CALI_KEY_PATH, AT(cali_wave_text, file),
     .meaning = "of the waveform `file`: table with a column `time`"},
    {"column", CALI_KEY_TEXT, AT(cali_wave_text, column),
     .meaning = "of the waveform `file`: its column of values; left out: `value`"},
};
const cali_mapping cali_keys_wave = {
    "regions.SELECTOR.spiking.drive[].wave", "A course in time.", MAPPING(wave),
    "drive:\n  - {kind: current, into: E, wave: {form: sine, amplitude: 50 pA, frequency: 40 Hz}}\n"
    "  - {kind: current, into: I, wave: {form: file, file: clamp.csv, column: I1, scale: 0.5}}\n"
    "  - {kind: poisson, into: E.excitatory, trains: 100, weight: 1 nS, wave: {form: sine, offset: 8 Hz, amplitude: 4 Hz, frequency: 10 Hz}}",
    "the parameters of the waveform, in the neuron's unit of current or in Hz"};

static const cali_key receive[] = {
    {"by", CALI_KEY_TEXT, .is_required = true, AT(cali_transfer_text, by),
     .meaning = "transducer: `poisson`, `shared-poisson`, `current`, ..."},
    {"take", CALI_KEY_TEXT, AT(cali_transfer_text, take),
     .meaning = "input of the coupling term that is taken (its `to`), or `rate`: the sum of the sources' rates; left "
                "out: the first term where its unit fits, else `rate`"},
    {"into", CALI_KEY_TEXT, .is_required = true, AT(cali_transfer_text, into),
     .meaning = "`POPULATION` or `POPULATION.RECEPTOR`"},
    {"weight", CALI_KEY_OWN, .shape = "a quantity in the unit of the receptor",
     .meaning = "of one event, for transducers that make spikes"},
    {"synapses", CALI_KEY_COUNT, .fallback = "1", RANGE(1, 1e9), AT(cali_transfer_text, synapses),
     .meaning = "synapses of each neuron, for transducers that make spikes: `poisson` a train for each, "
                "`shared-poisson` drawn among the trains"},
    {"trains", CALI_KEY_COUNT, RANGE(1, 2147483647), AT(cali_transfer_text, trains),
     .meaning = "`shared-poisson`: number of trains that the population shares"},
};
const cali_mapping cali_keys_receive = {"regions.SELECTOR.spiking.receives[]",
                                        "From the drive of the other regions to the neurons.", MAPPING(receive),
                                        NULL, "the parameters of the transducer"};

static const cali_key give[] = {
    {"by", CALI_KEY_TEXT, .is_required = true, AT(cali_transfer_text, by), .meaning = "transducer: `rate`, `mean`, ..."},
    {"from", CALI_KEY_TEXT, .is_required = true, AT(cali_transfer_text, from), .meaning = "population"},
};
const cali_mapping cali_keys_give = {"regions.SELECTOR.spiking.gives[]",
                                     "From the neurons to what the other regions see.", MAPPING(give), NULL,
                                     "the parameters of the transducer"};

/* ---- exchange and recording ------------------------------------------------------------------------- */

static const char *const lags[] = {"auto", "1", "2"};
static const cali_key sync_keys[] = {
    {"window", CALI_KEY_TIME, "ms", "auto", ABOVE(0.0, 1e6), EXP(window), .special = "auto",
     PLACE(cal_experiment, window_place),
     .meaning = "time between exchanges; auto: as long as the smallest delay into or out of a spiking region allows. With "
                "`network`: what is computed at once, 20 to 100 ms by the size of the network; the spikes do not depend on it"},
    {"lag", CALI_KEY_WORD, .fallback = "auto", WORDS(lags, 3), EXP(lag),
     .meaning = "in windows, between what one side does and what the other receives; auto: 1, the longer window. 2 halves "
                "the longest window and leaves a window's time for the way between the sides"},
};
const cali_mapping cali_keys_sync = {"sync", "When neural masses and spiking regions exchange.", MAPPING(sync_keys),
                                     "sync: {window: 1 ms, lag: 1}"};

static const cali_key record[] = {
    {"budget", CALI_KEY_NUMBER, "B", "2 GB", ABOVE(0.0, 1e18), EXP(budget_bytes),
     PLACE(cal_experiment, budget_place), .meaning = "a run that would write more is refused before it begins"},
    {"signals", CALI_KEY_LIST, .inner = &cali_keys_signal,
     .meaning = "left out: the first output of the default model in all regions, every 1 ms; of a `network` the rates of "
                "its populations every 1 ms, and all spikes"},
    {"weights", CALI_KEY_LIST, .inner = &cali_keys_weight_wish,
     .meaning = "left out: none. The weights of synapses that learn, the number of those that form and break (docs/plasticity.md)"},
};
const cali_mapping cali_keys_record = {"record", "What is kept in run.h5.", MAPPING(record),
                                       "record:\n  budget: 2 GB\n  signals:\n    - {what: rate, every: 1 ms}\n"
                                       "    - {what: spikes, of: L.precuneus, fraction: 10 %}"};

static const cali_key weight_wish[] = {
    {"connection", CALI_KEY_TEXT, AT(cali_weight_wish, connection),
     .meaning = "the `name` of a connection, or its populations: `I to E`; left out: all connections that learn"},
    {"of", CALI_KEY_TEXT, .fallback = "all", AT(cali_weight_wish, of), .meaning = "selector of regions, or `all`"},
    {"every", CALI_KEY_TIME, "ms", "100 ms", ABOVE(0.0, LONGEST_MS), AT(cali_weight_wish, every),
     .meaning = "a whole number of windows (`sync.window`); the first row is at t = 0"},
    {"sources", CALI_KEY_OWN, .shape = "as `neurons` of a signal", .fallback = "all",
     .meaning = "synapses of these neurons alone: `[7, 0..99]`, `every 10`, `random 5`"},
    {"targets", CALI_KEY_OWN, .shape = "as `neurons` of a signal", .fallback = "all", .meaning = "synapses to these neurons alone"},
    {"synapses", CALI_KEY_TEXT, .fallback = "all", AT(cali_weight_wish, synapses),
     .meaning = "`all` of them, `random 1000` or `random 10 %`: chosen by the seed; at most 200000"},
    {"name", CALI_KEY_TEXT, AT(cali_weight_wish, name),
     .meaning = "in run.h5; left out: `weights_` and the name or the populations of the connection"},
};
const cali_mapping cali_keys_weight_wish = {
    "record.weights[]", "Weights over time.", MAPPING(weight_wish),
    "record:\n  weights:\n    - {connection: I to E, every: 100 ms, synapses: random 1000}"};

static const cali_key signal_keys[] = {
    {"what", CALI_KEY_TEXT, AT(cali_signal, what),
     .meaning = "`rate`, an output or state of the models, `coupling` or `coupling INPUT` (what arrives there from the "
                "other regions), `spikes`, `mean STATE` of the neurons; with `populations` the `rate` of populations of spiking "
                "regions, with `neurons` a `STATE` of single neurons; left out: the first output of the default model. Of a "
                "`network`: `rate` (the default; of each population, mean over the interval), `spikes`, `mean STATE`, "
                "`STATE` of single neurons, their `homeostasis`"},
    {"of", CALI_KEY_TEXT, .fallback = "all", AT(cali_signal, of),
     .meaning = "selector of regions, or `all`: whose spikes, populations and neurons, and which regions a spatial or "
                "global average takes. Of a `network`: a population, or several: `\"E, I\"`"},
    {"populations", CALI_KEY_TEXT, AT(cali_signal, populations),
     .meaning = "which populations of the spiking regions: `E`, `\"E, I\"`, `all`. Of a `network`: say it with `of`"},
    {"neurons", CALI_KEY_OWN,
     .shape = "`all`, a number, a list, `every K`, `random N`, `random P %`",
     .meaning = "spikes and states of single neurons: which of each population. A number: so many, the first ones; a list: "
                "these, counted from 0, with ranges: `[7, 0..99, 100..999 by 10]`; `every 10`: 0, 10, 20, ...; `random 100`: "
                "drawn from the seed"},
    {"every", CALI_KEY_TIME, "ms", "1 ms", ABOVE(0.0, LONGEST_MS), AT(cali_signal, every), .special = "step",
     .meaning = "sampling interval; `step`: every step of the integrator. BOLD: 2 s where it is left out"},
    {"mean", CALI_KEY_FLAG, .fallback = "false", AT(cali_signal, is_mean),
     .meaning = "mean over the interval (trapezoid) instead of the value at its end"},
    {"fraction", CALI_KEY_NUMBER, "1", "100 %", RANGE(0.0, 1.0), AT(cali_signal, fraction),
     .meaning = "spikes: share of the neurons that is kept, the first ones"},
    {"monitor", CALI_KEY_MAPPING, .inner = &cali_keys_monitor,
     .meaning = "what an instrument sees of it; a word alone is the kind"},
    {"name", CALI_KEY_TEXT, AT(cali_signal, name),
     .meaning = "in run.h5; left out: the monitor's kind, or without a monitor `what`"},
};
const cali_mapping cali_keys_signal = {
    "record.signals[]", "One recorded quantity.", MAPPING(signal_keys),
    "record:\n  signals:\n    - {what: S, every: 10 ms, mean: true}\n    - {what: S, every: 2 s, monitor: bold}\n"
    "    - {what: S, every: 4 ms, monitor: {kind: eeg, lead_field: eeg.csv, unit: uV}}"};

static const cali_key monitor_keys[] = {
    {"kind", CALI_KEY_TEXT, .is_required = true, AT(cali_monitor_text, kind),
     .meaning = "name in the table of docs/monitors.md: `raw`, `sub-sample`, `temporal-average`, `spatial-average`, "
                "`global-average`, `bold`, `balloon`, `balloon-2007`, `eeg`, `meg`, `seeg`"},
    {"kernel", CALI_KEY_TEXT, AT(cali_monitor_text, kernel),
     .meaning = "bold: `volterra` (where it is left out), `double-exponential`, `gamma`, `mixture-of-gammas`"},
    {"form", CALI_KEY_WORD, .fallback = "integral", WORDS(cal_bold_form_names, CAL_N_BOLD_FORMS),
     AT(cali_monitor_text, wish.form),
     .meaning = "bold: `integral` is the convolution; `tvb` what The Virtual Brain computes (docs/monitors.md)"},
    {"length", CALI_KEY_TIME, "s", "20 s", ABOVE(0.0, 1000.0), AT(cali_monitor_text, wish.length),
     .meaning = "bold: of the kernel"},
    {"groups", CALI_KEY_TEXT, AT(cali_monitor_text, wish.groups), PLACE(cali_monitor_text, wish.groups_place),
     .meaning = "spatial-average: `hemisphere`, `cortex` (cortical or not), or a column of `table`"},
    {"table", CALI_KEY_PATH, AT(cali_monitor_text, wish.table),
     .meaning = "spatial-average: table with a header and a row per region; left out: `connectome.labels`"},
    {"lead_field", CALI_KEY_PATH, AT(cali_monitor_text, wish.lead_field), PLACE(cali_monitor_text, wish.lead_field_place),
     .meaning = "eeg, meg, seeg: table with a row per sensor; its header has a column `sensor` and one named after each "
                "region"},
    {"unit", CALI_KEY_TEXT, AT(cali_monitor_text, wish.unit), .meaning = "eeg, meg, seeg: of what comes out: `uV`, `fT`"},
    {"average_reference", CALI_KEY_FLAG, .fallback = "false", AT(cali_monitor_text, wish.has_average_reference),
     .meaning = "eeg, seeg: the mean over the sensors is taken from each"},
};
const cali_mapping cali_keys_monitor = {
    "record.signals[].monitor", "What an instrument sees of a quantity (docs/monitors.md).", MAPPING(monitor_keys),
    "monitor: {kind: bold, kernel: gamma, tau: 1.2 s}", "the parameters of the kind or the kernel"};

static const cali_key checkpoint_keys[] = {
    {"every", CALI_KEY_TIME, "s", .is_required = true, ABOVE(0.0, LONGEST_S), EXP(checkpoint_every),
     .meaning = "simulated time between checkpoints; each follows the end of the first window that reaches it"},
    {"keep", CALI_KEY_COUNT, .fallback = "2", RANGE(1.0, 1e6), EXP(checkpoint_keep),
     .meaning = "how many of the newest stay; older ones go once a new one is safe"},
};
const cali_mapping cali_keys_checkpoint = {
    "checkpoint", "Where a run that was stopped or killed goes on, with the same bits.", MAPPING(checkpoint_keys),
    "checkpoint: {every: 10 s, keep: 2}"};

static const char *const lost_words[] = {"auto", "wait", "restart", "stop"};
static const cali_key worker_keys[] = {
    {"on", CALI_KEY_WORD, .is_required = true, WORDS(cal_place_names, CAL_N_PLACES), AT(cali_worker_wish, on),
     .meaning = "in this process, in a local worker process, or remote: by a worker that comes to `--listen`"},
    {"when_lost", CALI_KEY_WORD, .fallback = "auto", WORDS(lost_words, 4), AT(cali_worker_wish, when_lost),
     .meaning = "what the run does when the worker dies or stays away: wait for another, restart it (local ones), stop; auto: restart "
                "local ones, wait for remote ones"},
};
const cali_mapping cali_keys_worker = {"workers.REGION", "Where a spiking region, or a network of its own, is computed.", MAPPING(worker_keys),
                                       "workers: {L.precuneus: {on: remote, when_lost: wait}}"};

static const cali_key analysis[] = {
    {"results", CALI_KEY_FLAG, .fallback = "true", EXP(has_results),
     .meaning = "functional connectivity, its dynamics, spectra and the power in bands go to `/analysis` in run.h5"},
    {"window", CALI_KEY_TIME, "s", "60 s", ABOVE(0.0, LONGEST_S), EXP(fcd_window),
     .meaning = "of the dynamics of functional connectivity: length of the sliding windows"},
    {"overlap", CALI_KEY_TIME, "s", "40 s", RANGE(0.0, LONGEST_S), EXP(fcd_overlap),
     .meaning = "what neighbouring windows share; shorter than the window"},
};
const cali_mapping cali_keys_analysis = {"analysis", "What is computed from the recorded signals after the transient.",
                                         MAPPING(analysis), "analysis: {window: 30 s, overlap: 28 s}"};

const cali_mapping *const cali_all_mappings[] = {
    &cali_keys_top, &cali_keys_run, &cali_keys_initial, &cali_keys_history, &cali_keys_connectome, &cali_keys_generate, &cali_keys_coupling, &cali_keys_term,
    &cali_keys_integrator, &cali_keys_noise, &cali_keys_stimulus, &cali_keys_weights, &cali_keys_model, &cali_keys_region,
    &cali_keys_network, &cali_keys_spiking, &cali_keys_simulator, &cali_keys_scale, &cali_keys_population, &cali_keys_positions, &cali_keys_connection, &cali_keys_kernel, &cali_keys_drive, &cali_keys_wave, &cali_keys_receive,
    &cali_keys_give, &cali_keys_sync, &cali_keys_record, &cali_keys_weight_wish, &cali_keys_signal, &cali_keys_monitor, &cali_keys_checkpoint, &cali_keys_worker, &cali_keys_analysis, NULL,
};

const cali_distribution_word cali_distribution_words[] = {
    {"normal", CAL_NORMAL, "mean", "standard deviation", "normal distribution"},
    {"lognormal", CAL_LOGNORMAL, "median", "standard deviation of the logarithm", "exponential of a normal one"},
    {"uniform", CAL_UNIFORM, "lower end", "upper end", "equally likely between the ends"},
    {"lorentzian", CAL_LORENTZIAN_QUANTILES, "centre", "half width",
     "its quantiles, shuffled: no sampling noise in the population"},
    {"lorentzian-random", CAL_LORENTZIAN, "centre", "half width", "random draws"},
};
