/* callosum/nmm.h - the neural-mass host: every region of a connectome is one neural mass, coupled
 * with conduction delays.
 *
 *     y_i' = f_i(y_i, c_i(t) + u_i(t)),     x_j = out(y_j)
 *     c_i(t) = post( G sum_e w_e x_s(e)(t - tau_e)  -  [difference] b_i x_i(t) )
 *
 * Rows first: an array (n_rows x n) holds row r of unit i at [r * n + i].
 * Times in parameters are ms, rates 1/ms, on one grid t_n = n dt. */
#ifndef CALLOSUM_NMM_H
#define CALLOSUM_NMM_H

#include "callosum/base.h"
#include "callosum/connectomes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- models: one constant entry each, listed in nmm/models/models.def ------------------------ */

/** An output of a model that acts back on an input of the same region after a delay: interneuronal delays
 *  within a region. */
typedef struct cal_own_delay {
    size_t output, input; /**< rows of the model's outputs and inputs; the output is added to the input */
    size_t param;         /**< row of the parameter that is the delay in ms; 0: instantaneous */
} cal_own_delay;

typedef struct cal_nmm_model {
    const char *name;      /**< "montbrio-pazo-roxin" */
    const char *alias;     /**< "mpr", or NULL */
    const char *title;     /**< one line */
    const char *equations; /**< plain text, one equation per line */
    const char *source;    /**< paper */
    const cal_field *states; /**< value: initial value; low, high: bounds kept by stochastic schemes */
    size_t n_states;
    const double *scales; /**< n_states: typical size of each state, for absolute tolerances */
    const cal_field *params;
    size_t n_params;
    size_t n_derived; /**< rows of p behind the parameters: constants computed from them; mostly 0 */
    const cal_field *inputs; /**< coupling inputs, additive; [0] is the default target */
    size_t n_inputs;
    const cal_field *outputs; /**< what edges carry and recordings show; [0] is the default source.
                                   A rate has the unit "1/ms". */
    size_t n_outputs;
    bool is_stiff; /**< slow or stiff by the measure of docs/numerics.md: `auto` takes BDF without delays */
    /** Fills rows n_params ... n_params + n_derived - 1 of p from the rows before them, once before the first step;
     *  every region on its own, finite for all parameters within their ranges. NULL where n_derived is 0. */
    void (*derive)(size_t n, double *p);
    /** dx = f(x, c) for n regions. p (n_params + n_derived x n), x and dx (n_states x n), c (n_inputs x n). */
    void (*rhs)(size_t n, const double *p, const double *x, const double *c, double *dx);
    /** y = out(x), y (n_outputs x n). */
    void (*observe)(size_t n, const double *p, const double *x, double *y);
    /** y = out(x, c), for a model whose outputs depend on what it receives at that moment, too; NULL: they do not.
     *  `observe` is then out(x, 0), sent before t = 0. Its inputs must lie in the past: no edge without a delay and no
     *  difference or Kuramoto coupling in its network. */
    void (*observe_driven)(size_t n, const double *p, const double *x, const double *c, double *y);
    const cal_own_delay *own_delays; /**< n_own_delays, or NULL */
    size_t n_own_delays;
    /** Models that are data, not code, have these in the place of `derive`, `rhs` and `observe` (NULL there): the same
     *  with the model's own `self`. */
    void (*derive_of)(const void *self, size_t n, double *p);
    void (*rhs_of)(const void *self, size_t n, const double *p, const double *x, const double *c, double *dx);
    void (*observe_of)(const void *self, size_t n, const double *p, const double *x, double *y);
    const void *self;
} cal_nmm_model;

size_t cal_nmm_n_models(void);
const cal_nmm_model *cal_nmm_model_at(size_t index);
/** By name or alias; NULL if there is none. */
const cal_nmm_model *cal_nmm_model_find(const char *name);
/** Row of the output called `name`; where none is, "rate" is the first output that is a rate and "potential" the first
 *  voltage, so that models of different names are coupled and recorded by quantity. NULL: 0. -1: there is none. */
int cal_nmm_model_output(const cal_nmm_model *model, const char *name);
/** Completes p (n_params + n_derived x n), whose parameters are set, for `rhs` and `observe`. Whoever calls those calls
 *  this first; models without derived constants need it not, and it does nothing for them. */
void cal_nmm_model_derive(const cal_nmm_model *model, size_t n, double *p);

/** dx = f(x, c) of any model. */
static inline void cal_nmm_model_rhs(const cal_nmm_model *model, size_t n, const double *p, const double *x,
                                     const double *c, double *dx)
{
    if (model->rhs != NULL)
        model->rhs(n, p, x, c, dx);
    else
        model->rhs_of(model->self, n, p, x, c, dx);
}

/** y = out(x) of any model. */
static inline void cal_nmm_model_observe(const cal_nmm_model *model, size_t n, const double *p, const double *x,
                                         double *y)
{
    if (model->observe != NULL)
        model->observe(n, p, x, y);
    else
        model->observe_of(model->self, n, p, x, y);
}

/** Loads an own model from a text file (docs/own-models.md): its units and its test value are checked, then it is
 *  compiled by the system's compiler, or interpreted where there is none (a note says so); both give the same bits.
 *  `*out` is owned by the caller, is used like a built-in model and must outlive what uses it. Not thread-safe with
 *  itself. Errors: INPUT (all mistakes of the file in the form of docs/messages.md), IO, MEMORY. */
cal_status cal_nmm_model_load(cal_context *ctx, const char *path, cal_nmm_model **out);
/** "built in", "compiled by ...", "interpreted, because ..."; borrowed from the model. */
const char *cal_nmm_model_how(const cal_nmm_model *model);
/** Of a loaded model only. NULL and a NULL handle are accepted; the handle is nulled. */
void cal_nmm_model_destroy(cal_nmm_model **model);

/* ---- definition ------------------------------------------------------------------------------ */

typedef enum cal_integrator {
    CAL_INTEGRATOR_AUTO, /**< by the rule in docs/numerics.md; cal_nmm_integrator says which and why */
    CAL_CVODE_ADAMS,
    CAL_CVODE_BDF,
    CAL_ERK, /**< ERKStep of ARKODE: Dormand and Prince, order 5 */
    CAL_RK4,
    CAL_HEUN,  /**< stochastic Heun (Stratonovich); also without noise */
    CAL_EULER, /**< Euler-Maruyama (Ito); also without noise */
    CAL_SRA1,  /**< additive white noise with strong order 1.5; also without noise */
    /** The same steps as The Virtual Brain: delays are rounded to whole steps, and the coupling, the stimuli and coloured
     *  noise are taken once per step, at its begin. Of first order whatever the scheme: for comparison, never a default. */
    CAL_EULER_HELD,
    CAL_HEUN_HELD,
    CAL_RK4_HELD
} cal_integrator;
extern const char *const cal_integrator_names[]; /**< "auto", "cvode-adams", ...; n = 11 */
enum { CAL_N_INTEGRATORS = 11 };

/** What an integrator can do; all false for CAL_INTEGRATOR_AUTO. */
typedef struct cal_integrator_traits {
    bool is_adaptive;   /**< follows the tolerance; `dt` is the grid of its coupling */
    bool takes_white;   /**< white noise, */
    bool only_additive; /**< of that form */
    bool holds;         /**< the coupling, over a step; rounds delays */
} cal_integrator_traits;
extern const cal_integrator_traits cal_integrators[CAL_N_INTEGRATORS];

/** Kinds of coupling; cal_coupling_info_of gives each one's formula and parameters. */
typedef enum cal_coupling_kind {
    CAL_COUPLING_LINEAR,
    CAL_COUPLING_SIGMOIDAL,
    CAL_COUPLING_DIFFERENCE,
    CAL_COUPLING_KURAMOTO, /**< `from` must be a phase; no division by the number of regions */
    CAL_COUPLING_SIGMOIDAL_JANSEN_RIT, /**< `from` NULL: the output "potential" */
    CAL_COUPLING_SCALING,
    CAL_COUPLING_HYPERBOLIC_TANGENT,
    CAL_COUPLING_PRE_SIGMOIDAL
} cal_coupling_kind;
extern const char *const cal_coupling_names[]; /**< "linear", ...; n = 8 */
enum { CAL_N_COUPLINGS = 8 };

typedef struct cal_coupling_info {
    const char *name;
    const char *formula;      /**< plain text; s = G sum_j w_ij x_j(t - tau_ij) */
    bool is_before;           /**< a function of the source, applied before its value travels */
    const cal_field *params;  /**< with defaults; `unit` is "1", or "to", "from", "to/from" for those of the input
                                   and the output that the term joins */
    size_t n_params;
} cal_coupling_info;
/** NULL if there is no such kind. */
const cal_coupling_info *cal_coupling_info_of(cal_coupling_kind kind);

/** One coupling term; s = G sum_e w_e x_s(e)(t - tau_e). Regions without the output `from` send nothing,
 *  regions without the input `to` receive nothing; at least one must have each. An external region has
 *  one output: it sends it in every term whose `from` is NULL and in the first term. Where a kind applies a
 *  function S to the source, the output of an external region is taken as S(x) already. */
typedef struct cal_coupling {
    cal_coupling_kind kind;
    const char *from; /**< output name; NULL: each source's default output */
    const char *to;   /**< input name; NULL: each target's default input; "": none, external regions read it */
    double a, b, cmin, cmax, midpoint, sigma, ratio; /**< those of the kind are read; NaN: the kind's default */
    const char *threshold; /**< pre-sigmoidal: output of the source that is its threshold; NULL: midpoint */
    /** (n x n) to-from weights of this term instead of the connectome's, or NULL. Borrowed for cal_nmm_create. */
    const double *weights;
    /** Local coupling: s = sum_e w_e x_s(e)(t), without gain G and without delay. `weights` NULL: s = x_i, each region
     *  onto itself. External regions take no part in what a region sends to itself. */
    bool is_local;
} cal_coupling;
/** Linear, all numbers NaN. */
cal_coupling cal_coupling_default(void);
/** Gives the numbers that are NaN the defaults of the kind, or 0 where the kind does not read them. */
void cal_coupling_complete(cal_coupling *coupling);
/** The member called `name`, NULL if there is none. */
double *cal_coupling_number(cal_coupling *coupling, const char *name);

/** One region. Pointers are borrowed for cal_nmm_create. */
typedef struct cal_nmm_region {
    const cal_nmm_model *model; /**< NULL: external, its output comes from cal_nmm_write */
    const double *params;       /**< n_params values, or NULL: defaults */
    const double *initial;      /**< n_states values, or NULL: defaults */
    double external_initial;    /**< external regions: constant output before t = 0 */
} cal_nmm_region;

/** How white noise on a state x is scaled: g(x) = level h(x). */
typedef enum cal_noise_form {
    CAL_NOISE_ADDITIVE, /**< h = 1 */
    CAL_NOISE_AFFINE,   /**< h = a + b x */
    CAL_NOISE_ABSOLUTE, /**< h = |a + b x| */
    CAL_NOISE_ROOT      /**< h = sqrt(|a + b x|) */
} cal_noise_form;
extern const char *const cal_noise_form_names[]; /**< "additive", "affine", ...; n = 4 */
enum { CAL_N_NOISE_FORMS = 4 };

/** Noise. On a state of all regions that have it, either white: dx = ... + g(x) dW, so that an additive `level` is the
 *  standard deviation per sqrt(ms) (D = level^2 / 2), needs a scheme that takes it; or coloured: an Ornstein-Uhlenbeck
 *  path of standard deviation `level` and correlation time `tau_ms`, added to the state's derivative. On an input,
 *  coloured only: the path is added to the coupling input, as a stimulus is, and external regions get it with their
 *  drive, the same path that a mass in their place would get. Coloured paths are exact on the grid and linear between
 *  grid points; any integrator.
 *
 *  A path is a function of (seed, region, name of the state or input) alone: the steps dt, dt/2, dt/4, ... see the same
 *  path. Noise of a form other than additive is white; Heun then solves the Stratonovich equation.
 *
 *  Regions are independent unless `correlation` or `correlations` is given: then the normals of any two regions have
 *  that correlation at each time. */
typedef struct cal_nmm_noise {
    const char *state; /**< or NULL */
    const char *input; /**< or NULL; one of the two is given */
    double level;
    const double *levels; /**< n_regions factors of `level`, >= 0, or NULL: 1; borrowed for cal_nmm_create */
    double tau_ms;        /**< 0: white */
    cal_noise_form form;
    double a, b;                /**< of the form; not used where it is additive */
    double correlation;         /**< of any two regions, 0 to 1: sqrt(c) common + sqrt(1 - c) own */
    const double *correlations; /**< (n x n) positive definite with diagonal 1, or NULL; borrowed likewise */
} cal_nmm_noise;

/** A waveform added to an input of one region, or of all that have it, or to the derivative of a state (in its unit per
 *  ms), as The Virtual Brain does; external regions get no part of the latter. Waveforms that jump enter as their mean over
 *  each step of the grid, so that the area of a pulse that is shorter than a step is kept; held integrators take the
 *  value at the begin of the step, as The Virtual Brain does. */
typedef struct cal_nmm_stimulus {
    const char *input; /**< NULL: default input, or `state` */
    const char *state; /**< or NULL; not beside `input` */
    int64_t region;    /**< -1: all regions that have it */
    const cal_waveform *wave; /**< NULL: the sine of the four members below */
    double offset, amplitude, frequency_Hz, phase;
    const double *params;  /**< of `wave`: n_params values, or NULL: defaults */
    const double *weights; /**< n_regions factors, or NULL: 1 */
    const double *times_ms, *values; /**< waveforms of samples: n_samples times, rising, with values */
    size_t n_samples;
    cal_time start, stop; /**< acts in (start, stop], multiples of dt; stop 0: to the end */
} cal_nmm_stimulus; /* all pointers are borrowed for cal_nmm_create */

/** What a state or an output was before t = 0, where that is not its constant initial value. Between the given times
 *  the cubic through four neighbours; earlier than the first, the first. At t = 0 a state starts from its last value. */
typedef struct cal_nmm_history {
    const char *what;       /**< a state (looked for first) or an output of the regions' models */
    const double *times_ms; /**< n_times, rising; the first reaches back as far as the longest delay, the last is 0 */
    const double *values;   /**< (n_times x n_regions); columns of regions without that row are not read */
    size_t n_times;
} cal_nmm_history;

typedef struct cal_nmm_def {
    const cal_connectome *connectome; /**< borrowed; must outlive the object */
    const cal_nmm_region *regions;    /**< n_regions entries */
    const cal_coupling *couplings;
    size_t n_couplings;
    double gain;             /**< G, default 1 */
    double speed_mm_per_ms;  /**< delay = length / speed; default 3; infinite: no delays */
    const double *delays_ms; /**< (n x n) to-from instead of lengths and speed, or NULL */
    double min_delay_ms;     /**< shorter delays of edges are raised to it, and a note says how many;
                                  default 0: never */
    cal_integrator integrator;
    cal_time dt;     /**< grid step: step of the fixed schemes, sampling of coupling for the adaptive ones; default
                          0.1 ms (adaptive: 0.25 ms) when 0 */
    double rtol;     /**< adaptive integrators, default 1e-6 */
    cal_time window; /**< longest advance per call; multiple of dt; default 8 ms */
    cal_time lag;    /**< how far drives are read ahead of written outputs, at least one window, multiple
                          of dt; delays across the border are at least as long. 0: one window */
    uint64_t seed;
    const cal_nmm_noise *noises;
    size_t n_noises;
    const cal_nmm_stimulus *stimuli;
    size_t n_stimuli;
    const cal_nmm_history *histories; /**< borrowed for cal_nmm_create, as the arrays in it */
    size_t n_histories;
} cal_nmm_def;

cal_nmm_def cal_nmm_def_default(void);

typedef struct cal_nmm cal_nmm;

/** Errors: ARGUMENT (names, ranges, window not a multiple of dt, 0 < delay < dt), INPUT (C203 an
 *  external region with a delay of 0; C201 with a delay below the window), UNSUPPORTED (white noise
 *  with CVODE or RK4; difference or Kuramoto coupling into an external region), MEMORY. */
cal_status cal_nmm_create(cal_context *ctx, const cal_nmm_def *def, cal_nmm **out);
void cal_nmm_destroy(cal_nmm **nmm);

/** Advances to `until` (a multiple of dt, at most one window ahead). External outputs must have been
 *  written up to the time that the delays ask for. Errors: NUMERIC (names region, state and time;
 *  message begins with E302), STATE. After NUMERIC the object is only fit to be destroyed. */
cal_status cal_nmm_advance(cal_nmm *nmm, cal_time until);
cal_time cal_nmm_time(const cal_nmm *nmm);
cal_time cal_nmm_dt(const cal_nmm *nmm);
size_t cal_nmm_n_regions(const cal_nmm *nmm);
/** The integrator in use; `*reason` gets one sentence (static text), NULL allowed. */
cal_integrator cal_nmm_integrator(const cal_nmm *nmm, const char **reason);

/* ---- exchange with whatever replaces a region ------------------------------------------------ */

/** The drive of an external region: coupling term `coupling` at the grid points from, from + dt, ...,
 *  from + n dt (n + 1 values), stimuli of that input included. Legal as soon as the delays into the
 *  region reach back into what is known. Errors: STATE, ARGUMENT. */
cal_status cal_nmm_read_drive(cal_nmm *nmm, size_t region, size_t coupling, cal_time from, size_t n,
                              double *values);

typedef enum cal_samples {
    CAL_SAMPLES_POINTS, /**< value j is at the end of bin j: t + (j + 1) dt */
    CAL_SAMPLES_BINS    /**< value j is the mean over bin j: (t + j dt, t + (j + 1) dt]; delayed look-ups
                             treat it as the value at the bin's centre, linear in between */
} cal_samples;

/** How the output of an external region will be given; before the first write. Default: bins. */
cal_status cal_nmm_set_samples(cal_nmm *nmm, size_t region, cal_samples kind);
/** The next n values of the output of an external region, for n steps of dt. Windows are written in
 *  order without gaps. Errors: STATE, NUMERIC (a value is not finite). */
cal_status cal_nmm_write(cal_nmm *nmm, size_t region, const double *values, size_t n);

/** The smallest delay on edges into or out of external regions, in ms, with its edge (from -> to);
 *  infinite if there is none. */
double cal_nmm_min_external_delay_ms(const cal_nmm *nmm, size_t *from, size_t *to);

/* ---- what is known after an advance ---------------------------------------------------------- */

/** Names a row to be sampled: an output (looked for first) or a state of the regions' models. */
typedef struct cal_probe_def {
    const char *what; /**< NULL: each region's default output */
    cal_time every;   /**< multiple of dt */
    bool is_mean;     /**< mean over the interval (trapezoid on the grid) instead of its end point */
    bool is_coupling; /**< `what` is an input (NULL: the default one): what all coupling terms bring there, without
                           stimuli and noise. UNSUPPORTED with connections of delay 0 between regions */
} cal_probe_def;

/** Before the first advance. Regions without that row, and external ones, give NaN in their column.
 *  `*probe` is the number for cal_nmm_read_probe; `*unit` (NULL allowed) gets the unit. Errors:
 *  ARGUMENT (no region has it; two units), MEMORY. */
cal_status cal_nmm_add_probe(cal_nmm *nmm, const cal_probe_def *def, size_t *probe,
                             const char **unit);
/** Rows (n_samples x n_regions) gathered by the last advance, row j at its start + (j + 1) every;
 *  borrowed until the next advance. */
const double *cal_nmm_probe_rows(const cal_nmm *nmm, size_t probe, size_t *n_samples);

/** The present state of a modelled region, n_states values. */
cal_status cal_nmm_get_state(const cal_nmm *nmm, size_t region, double *state);

/* ---- saved states ----------------------------------------------------------------------------- */

/** States, history and what is known of external outputs as bytes, released with free(). Random paths are functions of
 *  seed and time and need none. Errors: STATE, MEMORY. */
cal_status cal_nmm_save_state(const cal_nmm *nmm, char **bytes, size_t *size);
/** Before the first advance; what set_samples and probes concern is set up as it was. Regions, models, coupled outputs
 *  and step must be those of the bytes; CONTINUE asks for an equal definition too. Schemes on the grid then give the bits
 *  of the uninterrupted run; adaptive ones begin anew from the state, within their tolerance. A mean probe whose
 *  interval is under way gives NaN first. Errors: INPUT (C305: other network, cut short, broken), STATE; the host is
 *  unchanged then. */
cal_status cal_nmm_restore_state(cal_nmm *nmm, const char *bytes, size_t size, cal_restore how);
/** What mean probes have summed of the intervals under way: so many values, for those who restore a state between two
 *  samples. Setting them is for after the restore and before the first advance. */
size_t cal_nmm_n_probe_sums(const cal_nmm *nmm);
void cal_nmm_get_probe_sums(const cal_nmm *nmm, double *sums);
void cal_nmm_set_probe_sums(cal_nmm *nmm, const double *sums);
/** Adaptive schemes forget their past and begin anew from the present state, as after a restore; others change nothing.
 *  Errors: NUMERIC. */
cal_status cal_nmm_restart(cal_nmm *nmm);

/** Work done, for reports. */
typedef struct cal_nmm_counts {
    uint64_t n_steps, n_rhs, n_gathers, n_error_test_failures;
    size_t n_edges, n_near_edges, n_instant_edges, n_raised_delays;
    size_t history_bytes;
} cal_nmm_counts;
cal_nmm_counts cal_nmm_get_counts(const cal_nmm *nmm);

#ifdef __cplusplus
}
#endif
#endif
