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

/** What crosses the border of a sub-simulator, in one direction. Every value is the mean over a bin. */
typedef struct cal_port {
    const char *name;
    const char *unit;  /**< "Hz", "pA", "nA", "nS", "mV", "event", "1" */
    bool is_input;
    bool is_spikes;    /**< events (offset, id) instead of values */
    uint32_t channels; /**< values per bin; spikes: number of source neurons */
    uint32_t samples;  /**< bins per window */
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

/** Operations of a sub-simulator. `self` is the entry's own object. Required unless marked optional. */
typedef struct cal_sub_ops {
    const char *kind; /**< "in-process", "remote", ... for reports */
    size_t (*n_ports)(const void *self);
    const cal_port *(*port)(const void *self, size_t index);
    /** Computes window k = (t0, t0 + W]: reads `data` of input ports, fills `data` of output ports (arrays
     *  provided by the coupler). Called on any thread, never twice at once. */
    cal_status (*advance)(void *self, cal_time t0, cal_port_data *data);
    cal_sub_spikes (*spikes)(const void *self); /**< optional: recorded spikes of the window just done */
    void (*destroy)(void *self);
} cal_sub_ops;

/* ---- transducers: one constant entry each, listed in coupler/transducers.def --------------------------- */

/** Direction of a transducer. RECEIVE: drive of the host -> input port. GIVE: output port -> host's history. */
typedef enum cal_transducer_direction { CAL_RECEIVES, CAL_GIVES } cal_transducer_direction;

typedef struct cal_transducer {
    const char *name; /**< "poisson", "shared-poisson", "current", "rate", "mean" */
    cal_transducer_direction direction;
    const char *title, *formula, *source;
    const cal_field *params;
    size_t n_params;
    const char *takes, *gives; /**< units, "coupling" where the coupling term's own unit is meant */
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
    cal_time window;  /**< W */
    unsigned lag;     /**< 1 or 2 */
    uint64_t seed;
} cal_coupler_def;

/** Longest legal window: the largest multiple of `step` that divides `duration` (0: need not) with lag W <=
 *  the smallest delay across the border; 0 if there is none. */
cal_time cal_coupler_longest_window(double min_delay_ms, cal_time step, unsigned lag, cal_time duration);

/** The host is given away, also on failure (the handle is nulled). Errors: ARGUMENT, MEMORY. */
cal_status cal_coupler_create(cal_context *ctx, const cal_coupler_def *def, cal_nmm **nmm, cal_coupler **out);
void cal_coupler_destroy(cal_coupler **coupler);

/** Puts a sub-simulator in the place of a region. `self` is given away, also on failure. The links of direction
 *  GIVES are summed into the region's output. Errors: ARGUMENT (units, ports, C201), MEMORY. */
cal_status cal_coupler_add(cal_coupler *coupler, const char *name, size_t region, const cal_sub_ops *ops, void *self,
                           const cal_link *links, size_t n_links);

/** The in-process spiking network as a sub-simulator: `*snn` is given away, also on failure; `*self` is the object
 *  for cal_coupler_add with cal_sub_snn. */
extern const cal_sub_ops cal_sub_snn;
cal_status cal_sub_snn_create(cal_context *ctx, cal_snn **snn, void **self);

/** Advances one window; all participants run at the same time on the context's threads. Errors: those of the
 *  participants; the message names the region. */
cal_status cal_coupler_advance(cal_coupler *coupler);
cal_time cal_coupler_time(const cal_coupler *coupler);
/** The host, for probes and counts; borrowed. */
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

/** Where the time went, in seconds of wall time since creation. */
typedef struct cal_coupler_cost {
    double host_s, exchange_s, total_s;
    const double *sub_s; /**< n_subs values, borrowed */
    uint64_t n_windows;
} cal_coupler_cost;
cal_coupler_cost cal_coupler_get_cost(const cal_coupler *coupler);

#ifdef __cplusplus
}
#endif
#endif
