/* The host's inside. Regions of one model stand together in blocks of at most 32, each with its own
 * rows-first arrays; blocks are the unit of parallel work. "Position" counts regions in the order of
 * the blocks, external regions last; "step" is the index n of the grid t_n = n dt.
 *
 *   setup.c     definition -> blocks                     fill.c  -> parameters, stimuli, noise, history
 *   terms.c     definition -> terms, channels, wirings    couplings.c the kinds of coupling
 *   edges.c     wirings -> delayed edges (far, near), instantaneous edges; the ring of outputs
 *   block.c     inputs and derivative of a block, recording of a grid point
 *   fixed.c     fixed steps on the grid          adaptive.c  the same on SUNDIALS (newton.c: its matrices)
 *   noise.c     increments and forces            paths.c     random paths that no step changes
 *   noise_setup.c  definition -> noise           exchange.c  external regions
 *   history.c   what was before t = 0            state.c     the state as bytes
 *   stimuli.c   where and when waveforms act     kernels_of_weights.c  weights by distance
 *   failure.c   what a failing region got
 *   probes.c    sampled rows                     nmm.c    the public functions
 *
 * A channel is one row of values per region that travels along edges: an output, or the sine and the
 * cosine of a phase. Each coupling term reads the delayed sums of one or two channels. A wiring is a set of
 * edges that channels share: the connectome's (wiring 0), those of a term with its own weights, those within the
 * regions. A track is the history of a channel; channels of the same values on different wirings share it. */
#ifndef CALI_NMM_HOST_H
#define CALI_NMM_HOST_H

#include "base/random.h"
#include "callosum/nmm.h"
#include "nmm/kernels.h"
#include "nmm/paths.h"

enum {
    CALI_NMM_BLOCK = 32,   /* regions per block */
    CALI_NMM_PAST = 4,     /* grid points before the batch whose sums are kept */
    CALI_NMM_PARALLEL = 128 /* regions from which on blocks run on several threads */
};

typedef enum cali_channel_kind {
    CALI_CHANNEL_PLAIN,
    CALI_CHANNEL_LOGISTIC,
    CALI_CHANNEL_TANGENT,
    CALI_CHANNEL_SINE,  /* its cosine is the next channel */
    CALI_CHANNEL_COSINE
} cali_channel_kind;

typedef struct cali_channel {
    cali_channel_kind kind;
    char *from;        /* NULL: default output */
    char *threshold;   /* tangent: output that is the threshold; NULL: midpoint */
    double q[5];       /* logistic: -, low, high, midpoint, sigma; tangent: ratio, shift, -, midpoint, sigma */
    bool has_external; /* external regions send into it */
    size_t wiring;     /* the edges that it travels along */
    size_t track;      /* its rows of the ring */
    bool is_keeper;    /* the channel that writes them */
} cali_channel;

/* By the newest point that they read, delayed edges are summed for a whole batch of steps at once, for a
 * stride of steps, or step by step. */
typedef enum cali_reach { CALI_FAR, CALI_MIDDLE, CALI_NEAR, CALI_N_REACHES } cali_reach;

typedef struct cali_wiring {
    cali_edges delayed[CALI_N_REACHES];
    cali_instant instant; /* between regions */
    double *self;         /* by position: weight of a region's undelayed edge to itself */
    double *row_weights; /* by position: b_i = sum of the weights of all edges into region i */
    /* what is asked for; the matrix is borrowed for the set-up */
    const double *weights;      /* NULL: each region with itself, weight 1 */
    bool is_local;              /* neither gain nor delay */
    const cal_nmm_model *model; /* own delays: only regions of this model, */
    size_t param;               /* this parameter is the delay */
    bool is_own;                /* no edge between regions */
} cali_wiring;

typedef struct cali_term {
    const struct cali_coupling_entry *entry; /* of its kind */
    size_t channel; /* Kuramoto: the sine's */
    char *to;       /* NULL: default input */
    const cal_nmm_model *model; /* only regions of this model; NULL: all */
    double q[6];                /* CALI_Q_A ... */
} cali_term;

enum { CALI_Q_A, CALI_Q_CMIN, CALI_Q_CMAX, CALI_Q_MIDPOINT, CALI_Q_SIGMA, CALI_Q_B };

/** The course of one stimulus of the definition. */
typedef struct cali_wave {
    const cal_waveform *form;
    double p[CAL_WAVEFORM_MAX_PARAMS];
    int64_t start, stop; /* acts in steps start .. stop - 1; INT64_MAX: to the end */
    double *times_ms, *values; /* samples */
    size_t n_samples;
} cali_wave;

/** Where it acts. */
typedef struct cali_stimulus {
    size_t wave, row, first, count; /* row of the inputs; regions first .. first + count - 1 of the block */
    double *weight;   /* count, or NULL: 1 */
    cali_paths path;  /* waveform of a path: one unit */
    double *points;   /* its values at the grid points of the batch: batch + 1 */
} cali_stimulus;

/** Stimulus of a drive: what an external region would have got. */
typedef struct cali_external_stimulus {
    size_t region, term, wave;
    double weight;
    cali_paths path;
} cali_external_stimulus;

/** Paths of the regions of a block, mixed from those of units: own ones, a common one, all regions'. */
typedef struct cali_mixed_paths {
    cali_paths units;
    size_t n;            /* paths that come out */
    double own, common;  /* is_common: the last unit is shared */
    bool is_common;
    double *mix;         /* (n x units.n) rows of the Cholesky factor, or NULL */
    size_t *n_mixed;     /* mix: leading entries of each row that count */
} cali_mixed_paths;

typedef struct cali_noise {
    size_t state; /* row of the states, or of the inputs */
    cal_noise_form form;
    double a, b;
    bool is_coloured, is_on_input;
    double tau_ms;
    double *level;    /* n: per region; 0 beyond n_real */
    double *path;     /* coloured: (batch + 1 x n), u at the grid points of the batch */
    double *normals;  /* white: (2 batch x n), X and Y of the steps of the batch (nmm/paths.h) */
    double *strength; /* white: (2 x n), g at both ends of a step */
    cali_mixed_paths source;
} cali_noise;

/* The path of a noise on an input, for an external region: kept as far back as drives may be read. */
typedef struct cali_external_noise {
    size_t region, term;
    double level;
    int64_t known;  /* last step whose value stands in the ring, -1: none */
    double *values; /* nmm->ring_length */
    cali_mixed_paths source;
} cali_external_noise;

typedef struct cali_block {
    const cal_nmm_model *model;
    size_t n;      /* row length, a multiple of 8 where the grid is fixed; beyond n_real: copies */
    size_t n_real;
    size_t at;          /* position of the first region */
    size_t first_state; /* of the rows in the state vector */
    const uint32_t *region;
    double *params;      /* (n_params + n_derived x n) */
    int *term_input;     /* n_terms: input row, -1: none */
    int *channel_output; /* n_channels: output row, -1: none */
    double *channel_factor; /* n_channels: the output's unit in units of the channel */
    int *channel_threshold; /* the same for the output that is the threshold */
    double *row_weight;  /* (n_wirings x n): b_i = sum of the weights of all edges into region i */
    double *sums;        /* (n_channels x n_rows x n): delayed sums at grid points */
    double *between;     /* (n_channels x n): the same between grid points */
    double *total;       /* (n_channels x n): with instantaneous edges */
    double *derived;     /* (n_channels x n): channel values that are no plain output */
    double *outputs;     /* (n_outputs x n) */
    double *recent;      /* (n_channels x CALI_NMM_BATCH x n): channel values of the batch, on their way to the ring */
    size_t *prompt;      /* regions whose near edges read them at once */
    size_t n_prompt;
    bool meets;          /* near or instantaneous edges join it with other regions */
    double *inputs[3];   /* (n_input_rows x n) at the begin, middle and end of a step */
    double *stage_inputs;
    size_t n_input_rows; /* those of the model, then what stimuli add to the derivatives of the states `pushed` */
    size_t *pushed;
    double *force[3]; /* (n_noises x n) coloured noise there */
    double *z, *k[4]; /* (n_states x n) */
    const double **rows[3]; /* n_channels pointers each */
    cali_stimulus *stimuli;
    size_t n_stimuli;
    size_t *live; /* stimuli that act in this batch */
    size_t n_live;
    cali_noise *noises;
    size_t n_noises;
    bool has_failed;
    int64_t failed_step;
    size_t failed_state, failed_at;
} cali_block;

typedef struct cali_external {
    size_t region;
    int64_t written; /* last step whose value is known */
    cal_samples samples;
    bool has_targets, has_written;
} cali_external;

/* An edge whose source is external: its stencil depends on the kind of samples. */
typedef struct cali_external_edge {
    size_t source, edge;
    size_t wiring;
    cali_reach reach;
    double steps, weight;
    int64_t limit;
} cali_external_edge;

typedef struct cali_probe {
    int64_t every;
    bool is_mean;
    int *output, *state, *input; /* per block: row, or -1 */
    double *rows;        /* (capacity x n_regions) */
    double *sum, *first; /* n_regions */
    size_t capacity, n_samples;
} cali_probe;

/** Test hook: standard normals in the place of drawn ones, z (n_steps x n_states x n_regions), for models of
 *  n_states states; later steps get 0. White: X of the step, Y = 0. Coloured on a state: u_0 = level start (n_states x
 *  n_regions), u_n+1 = exp(-dt/tau) u_n + level sqrt(1 - exp(-2 dt/tau)) z_n. Borrowed; before the first advance. */
typedef struct cali_replay {
    const double *z, *start;
    size_t n_steps, n_states;
} cali_replay;

typedef struct cali_adaptive cali_adaptive;

struct cal_nmm {
    cal_context *ctx; /* borrowed */
    const cal_connectome *connectome;
    const cali_kernels *kernels;
    cal_integrator integrator;
    cal_integrator_traits traits; /* its */
    const char *reason;
    cal_time dt;
    double dt_ms, rtol;
    int64_t window, lag; /* steps */
    int64_t batch;       /* largest number of steps per batch */
    int64_t batch_now;   /* of the batch under way (adaptive) */
    int64_t now;         /* step reached */
    int64_t probes_from; /* step at which this advance began */
    bool is_broken, has_started;
    cali_key key;

    size_t n_regions, n_native, n_channels, n_tracks, n_terms, n_blocks, n_state_values, n_externals;
    size_t n_couplings; /* terms of the definition; those of the models' own delays follow */
    cali_channel *channels;
    cali_term *terms;
    bool has_factor; /* some channel converts the unit of an output */
    bool is_static; /* inputs depend on the past only: no instantaneous edge, no difference */
    bool is_parallel;
    uint32_t *order;    /* position -> region */
    uint32_t *position; /* region -> position */
    int64_t *block_of;  /* region -> block, -1: external */
    cali_block *blocks;
    size_t n_rows; /* of the sums: CALI_NMM_PAST + 1 + batch */
    double *y;     /* n_state_values */

    cali_wiring *wirings;
    size_t n_wirings, n_middle, n_near, n_instant, n_self; /* edges of all wirings */
    size_t n_meeting; /* blocks that meet others at every step */
    double *present; /* (n_channels x n_regions by position): channel values now */
    double *ring;        /* [track][region][2 length + pad] */
    size_t ring_length, ring_stride;
    double longest_steps; /* of the delays */

    cali_external *externals;
    cali_external_edge *external_edges;
    size_t n_external_edges;
    cali_external_stimulus *external_stimuli;
    size_t n_external_stimuli;
    cali_external_noise *external_noises;
    size_t n_external_noises;
    double min_external_delay_ms;
    size_t min_external_from, min_external_to;

    cali_probe *probes;
    size_t n_probes, probe_capacity;
    cali_wave *waves; /* n_waves, of the stimuli of the definition */
    size_t n_waves;
    const double *injected; /* test hook: replaces the path of coloured noise; borrowed */
    size_t n_injected;
    cali_replay replay; /* test hook; z NULL: drawn */
    cali_adaptive *adaptive;
    cal_nmm_counts counts;
};

/* setup.c */
cal_status cali_nmm_setup(cal_nmm *nmm, const cal_nmm_def *def);
const char *cali_nmm_label(const cal_nmm *nmm, size_t region);
/* terms.c */
cal_status cali_nmm_make_terms(cal_nmm *nmm, const cal_nmm_def *def);
/* fill.c */
cal_status cali_nmm_fill_blocks(cal_nmm *nmm, const cal_nmm_def *def);
/* history.c */
cal_status cali_nmm_fill_history(cal_nmm *nmm, const cal_nmm_def *def);
/** Delayed sums of the grid points up to the present one, from the ring. */
void cali_nmm_fill_sums(cal_nmm *nmm);
/* exchange.c */
/** What the output `value` of an external region is in a channel. */
double cali_external_value(const cali_channel *channel, double value);
cal_status cali_nmm_check_externals(cal_nmm *nmm, int64_t until);
/* edges.c */
bool cali_nmm_has_delays(cal_nmm *nmm, const cal_nmm_def *def);
cal_status cali_nmm_build_edges(cal_nmm *nmm, const cal_nmm_def *def);
/** Cubic Lagrange weights (times `weight`) of the value `steps` before the target time: 4 values from
 *  `*base` on, relative to the target, none later than -limit. */
void cali_stencil_points(double steps, int64_t limit, double weight, int64_t *base, double *w);
/** The same for bin means: linear between the two nearest centres; slot n holds the bin that ends at n. */
void cali_stencil_bins(double steps, int64_t limit, double weight, int64_t *base, double *w);
/** The path of a noise on an external region's input at a grid point; steps are asked for in rising order,
 *  going back at most the length of the ring. */
double cali_external_noise_at(const cal_nmm *nmm, cali_external_noise *noise, int64_t step);
void cali_nmm_apply_samples(cal_nmm *nmm, const cali_external *external);
/* block.c */
double *cali_block_sums(const cal_nmm *nmm, const cali_block *b, size_t channel, int64_t point);
const double *cali_nmm_ring(const cal_nmm *nmm, size_t channel, int64_t step);
/** Runs `run(nmm, block, arg)` for all blocks, on the context's threads where that pays. */
void cali_for_blocks(cal_nmm *nmm, void (*run)(cal_nmm *nmm, cali_block *b, int64_t arg), int64_t arg);
/** Adds the coupling terms at the sums `rows` (n_channels rows) to `inputs`. */
void cali_block_add_terms(cal_nmm *nmm, cali_block *b, const double *const *rows, double *inputs);
/** Adds the coloured noises on inputs, whose values at this time stand in `force`. */
void cali_block_add_input_noise(const cal_nmm *nmm, const cali_block *b, const double *force, double *inputs);
/** Channel values that are no plain output, from the block's outputs. */
void cali_block_derive(const cal_nmm *nmm, cali_block *b);
/** Writes the block's channel values into the ring. */
void cali_block_keep(const cal_nmm *nmm, const cali_block *b, int64_t step);
void cali_block_present(cal_nmm *nmm, cali_block *b, const double *x);
/** Adds the coupling at state x with the delayed sums `rows` to `inputs`. */
void cali_block_add_coupling(cal_nmm *nmm, cali_block *b, const double *x, const double *const *rows,
                             double *inputs);
/** dx of the block at state x; `inputs` (n_input_rows x n) as the schemes prepare them, `force` may be NULL. */
void cali_block_rhs(cal_nmm *nmm, cali_block *b, const double *x, const double *inputs,
                    const double *const *rows, const double *force, double *dx);
/** Outputs and channels of the present state at a grid point of the batch under way. */
void cali_block_observe(cal_nmm *nmm, cali_block *b, int64_t step);
/** Writes the block's channel values of step `step` into the ring and samples the probes. */
void cali_block_record(cal_nmm *nmm, cali_block *b, int64_t step);
/** What the coupling terms bring to the inputs of a block at a grid point of the batch under way whose outputs are known;
 *  connections without delay to other regions are left out. Scratch of the block. */
const double *cali_block_coupling(cal_nmm *nmm, cali_block *b, int64_t step);
/** The same for step k of the batch, k = 1, 2, ...: what no near edge reads reaches the ring with cali_block_flush. */
void cali_block_record_step(cal_nmm *nmm, cali_block *b, int64_t k);
/** Writes steps k + 1 .. k + n of the batch into the ring. */
void cali_block_flush(const cal_nmm *nmm, const cali_block *b, int64_t k, int64_t n);
void cali_block_check(cal_nmm *nmm, cali_block *b, int64_t step);
cal_status cali_nmm_report_failure(cal_nmm *nmm);
void cali_nmm_end_batch(cal_nmm *nmm, int64_t n_steps);
/* failure.c */
/** " Largest inputs just before: rate of X 3 Hz, ..." as they arrive at a grid point in region `at` of a block; "" if
 *  nothing does. */
void cali_nmm_say_inputs(const cal_nmm *nmm, const cali_block *b, size_t at, int64_t step, char *text, size_t size);
/* fixed.c */
cal_status cali_nmm_advance_fixed(cal_nmm *nmm, int64_t until);
void cali_block_gather(cal_nmm *nmm, cali_block *b, int64_t n_steps);
/* adaptive.c */
cal_status cali_adaptive_create(cal_nmm *nmm);
void cali_adaptive_destroy(cal_nmm *nmm);
/** Begins anew at the present step and state. */
cal_status cali_adaptive_restart(cal_nmm *nmm);
cal_status cali_nmm_advance_adaptive(cal_nmm *nmm, int64_t until);
/* stimuli.c */
/** Finds the states of a block that stimuli push, before its arrays are made. */
cal_status cali_block_find_pushed(cal_nmm *nmm, cali_block *b, const cal_nmm_def *def);
cal_status cali_nmm_make_stimuli(cal_nmm *nmm, const cal_nmm_def *def);
void cali_block_free_stimuli(cali_block *b);
void cali_nmm_free_stimuli(cal_nmm *nmm);
/** Those that act in a batch that begins at nmm->now, and their paths. */
void cali_block_choose_stimuli(const cal_nmm *nmm, cali_block *b, int64_t n_steps);
/** Adds the stimuli at the share `share` (0 to 1) of step `step`: the step decides whether a stimulus acts, so that
 *  both ends of a step see its own side of a jump. */
void cali_block_add_stimuli(const cal_nmm *nmm, const cali_block *b, int64_t step, double share, double *inputs);
/** The same at the end of the step before the grid point `step`, whichever batch is under way. */
void cali_block_add_past_stimuli(const cal_nmm *nmm, const cali_block *b, int64_t step, double *inputs);
/** What an external region gets in a term at a grid point: that of the end of the step before. */
double cali_external_stimulus_at(cal_nmm *nmm, size_t region, size_t term, int64_t point);
/** The first step after `step` at which a stimulus begins, ends or jumps; INT64_MAX: none. */
int64_t cali_nmm_next_jump(const cal_nmm *nmm, int64_t step);
/** Whether a stimulus has corners at many points: samples, paths. */
bool cali_nmm_has_cornered_stimuli(const cal_nmm *nmm);
/* noise_setup.c */
cal_status cali_nmm_make_noise(cal_nmm *nmm, const cal_nmm_def *def);
void cali_noise_free(cali_noise *noise);
void cali_external_noise_free(cali_external_noise *noise);
/* noise.c */
/** Paths and normals of the steps nmm->now .. nmm->now + n_steps. */
void cali_block_draw_paths(cal_nmm *nmm, cali_block *b, int64_t n_steps);
/** Row 0 of the paths: their values at the present step. */
void cali_block_start_paths(cal_nmm *nmm, cali_block *b);
/** Increments of the Wiener processes of a white noise in step `step` of the batch, unit intensity: dw (n) in sqrt(ms),
 *  dz (n, or NULL) = integral over the step of W(t) - W(t_n), in ms^(3/2): the I_10 of schemes of strong order 1.5. */
void cali_noise_increment(const cal_nmm *nmm, const cali_block *b, const cali_noise *noise, int64_t step, double *dw,
                          double *dz);
/** g(x) of a white noise for a row of its state. */
void cali_noise_strength(const cali_block *b, const cali_noise *noise, const double *x, double *g);
/** Adds the white kicks of the step step -> step + 1 to the states x: g(at) dW, or with `to`
 *  (g(at) + g(to)) / 2 dW. `at` may be x. */
void cali_block_add_white(const cal_nmm *nmm, const cali_block *b, int64_t step, const double *at, const double *to,
                          double *x);
/** Adds factor times the mean over the step of g (W - W_n) to the states x; additive noise. */
void cali_block_add_mean_white(const cal_nmm *nmm, const cali_block *b, int64_t step, double factor, double *x);
/** Test hook: values of the path at steps 0, 1, ...; every coloured noise follows it in all regions. */
void cali_nmm_inject_path(cal_nmm *nmm, const double *values, size_t n);
/** Test hook, see cali_replay. */
void cali_nmm_replay_normals(cal_nmm *nmm, const cali_replay *replay);
/* probes.c */
/** Means begin at the present step; one whose interval is under way gives NaN first. */
void cali_nmm_begin_probes(cal_nmm *nmm);
void cali_nmm_start_probes(cal_nmm *nmm, int64_t until);
void cali_block_sample_probes(cal_nmm *nmm, cali_block *b, const double *x, int64_t step);
void cali_nmm_free_probes(cal_nmm *nmm);

#endif
