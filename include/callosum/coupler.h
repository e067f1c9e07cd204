/* callosum/coupler.h - runs the host and the sub-simulators window by window, and turns the quantities of one
 * scale into those of the other.
 *
 * Window k covers (t_k, t_k + W], t_k = k W. With lag L, what a region receives in window k depends on what the
 * others did up to the end of window k - L, which is legal while L W is at most the smallest delay across the
 * border: all participants compute window k at the same time.
 *
 *      outputs of window k - L  ->  write into the host's history  ->  read drives for window k
 *      ->  transducers  ->  { host, sub-simulator 1, 2, ... advance window k }  ->  transducers  ->  record */
#ifndef CALLOSUM_COUPLER_H
#define CALLOSUM_COUPLER_H

#include "callosum/base.h"
#include "callosum/nmm.h"
#include "callosum/recording.h"
#include "callosum/snn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sub-simulators: one operation table for in-process and remote ones ------------------------------- */

/** What crosses the border of a sub-simulator, in one direction. Bin j of window k covers
 *  (t_k + j W / samples, t_k + (j + 1) W / samples]. */
typedef struct cal_port {
    const char *name;
    const char *unit;  /**< "Hz", "pA", "nA", "nS", "mV", "event", "1" */
    bool is_input;
    bool is_spikes;    /**< events (offset, id) instead of values */
    uint32_t channels; /**< values per bin; spikes: number of source neurons */
    uint32_t samples;  /**< bins per window: a divisor or a multiple of the host's steps per window. Spikes:
                            the sub-simulator's steps per window, offsets are multiples of W / samples */
    bool is_points;    /**< values hold at the ends of the bins, for sub-simulators that integrate equations;
                            default: means over the bins. Outputs: `samples` is a multiple of the host's steps */
} cal_port;

/** Spikes on a port within a window: offsets in ns after its start, 1 .. W, sorted by (offset, id). */
typedef struct cal_port_spikes {
    size_t n;
    const uint32_t *offset_ns;
    const uint32_t *id;
} cal_port_spikes;

/** One window's traffic of one port: values (channels x samples), or spikes. */
typedef struct cal_port_data {
    double *values;
    cal_port_spikes spikes;
} cal_port_data;

/** Recorded spikes of one window; see cal_snn_get_spikes. */
typedef cal_snn_spikes cal_sub_spikes;
/** Samples of states of single neurons; see cal_snn_get_samples. */
typedef cal_snn_samples cal_sub_samples;
/** Synapses that are watched; see cal_snn_get_watched. */
typedef cal_snn_watched cal_sub_watched;

/** Operations of a sub-simulator. `self` is the entry's own object. Required unless marked optional. */
typedef struct cal_sub_ops {
    const char *kind; /**< "in-process", "remote", ... for reports */
    size_t (*n_ports)(const void *self);
    const cal_port *(*port)(const void *self, size_t index);
    /** Computes window k = (t0, t0 + W]: reads `data` of input ports, fills `data` of output ports (arrays
     *  provided by the coupler). Called on any thread, never twice at once. */
    cal_status (*advance)(void *self, cal_time t0, cal_port_data *data);
    cal_sub_spikes (*spikes)(const void *self); /**< optional: recorded spikes of the window just done */
    cal_sub_samples (*samples)(const void *self, size_t sampler); /**< optional */
    cal_sub_watched (*watched)(const void *self, size_t watch); /**< optional; between two windows */
    void (*destroy)(void *self);
    cal_time (*window)(const void *self); /**< optional: the window it was built for, else it takes any */
    /** Optional, both or none: the state between two windows as bytes, see cal_snn_save_state. `time`: at which the run goes
     *  on, a whole number of windows. */
    cal_status (*save_state)(const void *self, char **bytes, size_t *size);
    cal_status (*restore_state)(void *self, cal_time time, const char *bytes, size_t size, cal_restore how);
    const char *state_kind; /**< which simulators can take each other's states; NULL: those of the same `kind` */
    /** Optional, both or none, in the place of `advance`, for one that computes elsewhere. `begin` copies the inputs of the
     *  window from t0 on and returns; `finish` waits for the outputs of the oldest window that was begun. As many windows as
     *  the lag are begun and not finished. Called by one thread. */
    cal_status (*begin)(void *self, cal_time t0, const cal_port_data *data);
    cal_status (*finish)(void *self, cal_time t0, cal_port_data *data);
    double (*compute_s)(const void *self); /**< optional: seconds that it computed so far, without the way there and back */
} cal_sub_ops;

/* ---- transducers: one constant entry each, listed in coupler/transducers.def --------------------------- */

/** Direction of a transducer. RECEIVE: drive of the host -> input port. GIVE: output port -> host's history. */
typedef enum cal_transducer_direction { CAL_RECEIVES, CAL_GIVES } cal_transducer_direction;

typedef struct cal_transducer {
    const char *name; /**< "current", "rate-current", "poisson", "shared-poisson", "rate", "rate-exp", "mean" */
    cal_transducer_direction direction;
    const char *title, *formula, *source;
    const cal_field *params;
    size_t n_params;
    const char *takes, *gives; /**< units: "coupling" is that of the coupling term, "output" that of the region's
                                    output in the host, "port" the port's own */
} cal_transducer;
size_t cal_n_transducers(void);
const cal_transducer *cal_transducer_at(size_t index);
const cal_transducer *cal_transducer_find(const char *name);

/** One use of a transducer at a sub-simulator. */
typedef struct cal_link {
    const cal_transducer *transducer;
    const double *params; /**< n_params values, NULL: defaults; copied */
    size_t port;          /**< of the sub-simulator */
    size_t coupling;      /**< RECEIVES: number of the host's coupling term */
} cal_link;

/* ---- the coupler ------------------------------------------------------------------------------------- */

typedef struct cal_coupler cal_coupler;

typedef struct cal_coupler_def {
    cal_time window;  /**< W: a multiple of the host's dt, below 4.29 s */
    cal_time end;     /**< windows that begin here or later are not begun ahead; 0: not known */
    unsigned lag;     /**< 1 or 2; default 1 */
    uint64_t seed;
    const cal_connectome *connectome; /**< names and lengths for messages; borrowed for the call; NULL: numbers */
    double speed_mm_per_ms;           /**< for messages, where delays are lengths over it; default 0: not said */
} cal_coupler_def;
cal_coupler_def cal_coupler_def_default(void);

/** Longest legal window: the largest multiple of `step` that divides `duration` (0: need not) with lag W <=
 *  the smallest delay across the border; 0 if there is none. */
cal_time cal_coupler_longest_window(double min_delay_ms, cal_time step, unsigned lag, cal_time duration);

/** The host is given away, also on failure (the handle is nulled). It has not been advanced yet. NULL: there is none;
 *  sub-simulators then have no links and no input ports, and exchange nothing. Errors: ARGUMENT
 *  (window no multiple of the host's dt), INPUT (C201: lag W above the smallest delay on edges into or out of
 *  external regions), MEMORY. */
cal_status cal_coupler_create(cal_context *ctx, const cal_coupler_def *def, cal_nmm **nmm, cal_coupler **out);
void cal_coupler_destroy(cal_coupler **coupler);

/** Puts a sub-simulator in the place of an external region; before the first advance. `self` is given away, also on
 *  failure. Every input port has exactly one link; output ports may have any number, at least one link GIVES. The
 *  links of direction GIVES are summed into the region's output. `name` is copied. Errors: ARGUMENT (units, ports,
 *  links, parameters, another window, a region twice), UNSUPPORTED, STATE, MEMORY. */
cal_status cal_coupler_add(cal_coupler *coupler, const char *name, size_t region, const cal_sub_ops *ops, void *self,
                           const cal_link *links, size_t n_links);

/** The in-process spiking network as a sub-simulator: `*snn` is given away, also on failure; `*self` is the object
 *  for cal_coupler_add with cal_sub_snn. */
extern const cal_sub_ops cal_sub_snn;
cal_status cal_sub_snn_create(cal_context *ctx, cal_snn **snn, void **self);
/** Port `index` of a network of this definition, built or not; its texts belong to the definition. */
cal_port cal_sub_snn_describe(const cal_snn_def *def, size_t index);

/** Advances one window; all participants run at the same time on the context's threads. Errors: those of the
 *  participants; the message names the region. After an error the coupler is only fit to be destroyed. */
cal_status cal_coupler_advance(cal_coupler *coupler);
/** The next advance leaves no window begun beyond its own, as saving a state asks for. With lag 2 sub-simulators that compute
 *  elsewhere are otherwise given window k + 1 before window k is finished: its way there and back hides behind the
 *  computation. */
void cal_coupler_hold(cal_coupler *coupler);
cal_time cal_coupler_time(const cal_coupler *coupler);
/** The host, for probes and counts; borrowed; NULL: there is none. */
cal_nmm *cal_coupler_nmm(cal_coupler *coupler);

/* What the last window left, for recording. */
size_t cal_coupler_n_subs(const cal_coupler *coupler);
const char *cal_coupler_sub_name(const cal_coupler *coupler, size_t sub);
size_t cal_coupler_sub_region(const cal_coupler *coupler, size_t sub);
/** The region's output on the host's grid, the last window's bins: what the others will receive. */
const double *cal_coupler_output(const cal_coupler *coupler, size_t sub, size_t *n);
/** A port's values of the last window (channels x samples), borrowed. */
const double *cal_coupler_port_values(const cal_coupler *coupler, size_t sub, size_t port);
cal_sub_spikes cal_coupler_spikes(const cal_coupler *coupler, size_t sub);
cal_sub_samples cal_coupler_samples(const cal_coupler *coupler, size_t sub, size_t sampler);
/** Also before the first window. */
cal_sub_watched cal_coupler_watched(const cal_coupler *coupler, size_t sub, size_t watch);
/** Spikes of an input port in the last window, borrowed: what a `shared-poisson` link sent. */
cal_port_spikes cal_coupler_port_spikes(const cal_coupler *coupler, size_t sub, size_t port);

/** Host, sub-simulators and transducers between two windows as bytes, released with free(); without sub-simulators those
 *  of cal_nmm_save_state. What the regions sent so far is written into the host's history, which changes nothing else.
 *  Errors: STATE (also with
 *  windows begun ahead: cal_coupler_hold), UNSUPPORTED (a sub-simulator has no saved state), MEMORY. */
cal_status cal_coupler_save_state(cal_coupler *coupler, char **bytes, size_t *size);
/** Before the first advance, with the same sub-simulators in the same order. CONTINUE and BEGIN: as cal_nmm_restore_state and
 *  cal_snn_restore_state; a coupler to which no sub-simulator was added takes the host's part only, for checks. Errors:
 *  INPUT (C305), STATE, UNSUPPORTED; after one of a sub-simulator the coupler is only fit to be destroyed. */
cal_status cal_coupler_restore_state(cal_coupler *coupler, const char *bytes, size_t size, cal_restore how);

/** What a link did since the start. */
typedef struct cal_link_counts {
    uint64_t n_clipped; /**< bins whose value was clipped */
    double clipped;     /**< expected spikes per train that clipping removed (negative: added) */
    uint64_t n_spikes;  /**< sent by `shared-poisson` */
    double expected;    /**< integral of their rate over time and trains */
} cal_link_counts;
/** Counts of link `link` in the order of cal_coupler_add. */
cal_link_counts cal_coupler_link_counts(const cal_coupler *coupler, size_t sub, size_t link);

/** Where the time went, in seconds of wall time since creation. Exchange: writing outputs, reading drives and all
 *  transducers. With several threads the parts overlap, and a participant that waits for its own parallel loop may
 *  help with another's blocks: the parts then add up to more than the total. */
typedef struct cal_coupler_cost {
    double host_s, exchange_s, total_s;
    const double *sub_s; /**< n_subs values, borrowed; of those that compute elsewhere: what they computed there */
    const double *wait_s; /**< n_subs values, borrowed: time that the run stood still for those that compute elsewhere */
    uint64_t n_windows;
} cal_coupler_cost;
cal_coupler_cost cal_coupler_get_cost(const cal_coupler *coupler);

#ifdef __cplusplus
}
#endif
#endif
