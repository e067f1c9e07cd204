/* The inside of a transducer: its public face and a small operation table. The coupler brings values
 * to the right bins before and after (coupler/bins.h), so a transducer is a formula on a list of
 * numbers, and a state where it needs one. docs/adding-a-transducer.md shows the way. */
#ifndef CALI_COUPLER_TRANSDUCER_H
#define CALI_COUPLER_TRANSDUCER_H

#include "base/random.h"
#include "callosum/coupler.h"

/** Where a link stands; constant from its creation on. Pointers are borrowed from the coupler. */
typedef struct cali_link_place {
    cal_context *ctx;
    const char *region;
    const cal_port *port;
    const double *params; /* n_params, in range */
    cal_time window;
    double dt_ms;   /* the host's step */
    size_t n_steps; /* of the host per window */
    cali_key key;   /* derived from (seed, region, number of the link) */
} cali_link_place;

typedef struct cali_transducer {
    cal_transducer face;
    const char *const *units; /* that its port may have, NULL at the end; NULL: any but "event" */
    bool is_for_spikes;       /* the port carries spikes */
    bool needs_means;         /* refuses a port of point values */
    size_t state_size;        /* of the zeroed state that every call gets */
    /** Optional: checks what ranges cannot say, sizes the state. */
    cal_status (*init)(void *state, const cali_link_place *place);
    /** RECEIVES: `c` holds port->samples values of the coupling term (means over the port's bins, or
     *  points) for the window from t0 on; fills `data` of the port, all channels. */
    cal_status (*receive)(void *state, const cali_link_place *place, cal_time t0, const double *c,
                          cal_port_data *data, cal_link_counts *counts);
    /** GIVES: `x` holds the port's values on the n_steps bins of the host, averaged over channels;
     *  adds the region's output to `y`. */
    void (*give)(void *state, const cali_link_place *place, const double *x, double *y);
    void (*destroy)(void *state); /* optional: frees what init allocated */
    /** What it remembers from window to window, for saved states: n_memory numbers, which save writes and restore takes.
     *  All three or none; `restore` gets finite numbers of the same n_memory. */
    size_t (*n_memory)(const void *state);
    void (*save)(const void *state, double *values);
    void (*restore)(void *state, const double *values);
} cali_transducer;

/** The inside of a public entry. */
const cali_transducer *cali_transducer_of(const cal_transducer *face);

/** The rate scale c + offset of a train in Hz, clipped to [0, highest]; counts what was clipped and
 *  notes the first time. `j` is the bin. */
double cali_link_rate_Hz(const cali_link_place *place, cal_time t0, size_t j, double rate_Hz,
                         double highest_Hz, cal_link_counts *counts);

#endif
