/* The inside of the coupler.
 *
 *   setup.c    definitions -> checked links and buffers      coupler.c   the window
 *   bins.c     host's grid <-> bins of a port                transducers.c, one file per transducer
 *   state.c    saved states
 *
 * What a sub-simulator is made of is known to its operation table alone. */
#ifndef CALI_COUPLER_INSIDE_H
#define CALI_COUPLER_INSIDE_H

#include "coupler/bins.h"
#include "coupler/transducer.h"

typedef struct cali_link {
    const cali_transducer *transducer;
    cali_link_place place;
    void *state;
    size_t port, coupling;
    double *params; /* n_params */
    cali_bins bins;
    double *drive;  /* RECEIVES: CALI_BINS_PAST + n_steps + 1 grid points */
    double *values; /* RECEIVES: the drive on the port's bins; GIVES: the port on the host's bins */
    cal_link_counts counts;
} cali_link;

typedef struct cali_sub {
    char *name;
    size_t region;
    const cal_sub_ops *ops;
    void *self;
    size_t n_ports, n_links;
    cal_port *ports;      /* as told; names and units belong to the sub-simulator */
    cal_port_data *data;  /* per port */
    cali_link *links;     /* stays in place: a link's place points into it */
    double *outputs;      /* (lag x n_steps): window k in row k % lag */
    uint64_t n_begun;     /* windows, of one that computes elsewhere */
    bool has_past;        /* the drives of the window before are known */
    double transducers_s; /* of the window under way */
    double advance_s;
    cal_status status;
} cali_sub;

struct cal_coupler {
    cal_context *ctx; /* borrowed */
    cal_nmm *nmm; /* NULL: no host */
    cal_time window, dt, end;
    size_t n_steps; /* of the host per window; 1 without one */
    unsigned lag;
    cali_key key;
    size_t n_subs, capacity, n_costs, n_waits;
    cali_sub *subs;
    double *sub_s, *wait_s; /* n_subs */
    double host_s, exchange_s, total_s;
    uint64_t n_windows, n_written; /* done; of these, with their outputs in the host's history */
    bool has_past;                 /* a window is done, here or before the state was saved */
    cal_status host_status;
    bool is_held; /* the next advance begins nothing ahead */
    bool is_broken;
};

void cali_sub_free(cali_sub *sub);
/** The output of window k. */
double *cali_sub_output(const cal_coupler *coupler, const cali_sub *sub, uint64_t window);
/** Writes the outputs of all windows before `end` into the host's history, unless they are there. */
cal_status cali_coupler_write_outputs(cal_coupler *coupler, uint64_t end);

#endif
