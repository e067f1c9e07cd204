/* What the host asks of a kind of coupling (nmm/couplings.c). */
#ifndef CALI_NMM_COUPLINGS_H
#define CALI_NMM_COUPLINGS_H

#include "nmm/host.h"

/** Rows of one term in one block: n values each. */
typedef struct cali_term_rows {
    size_t n;
    const double *s, *s_next;  /* sums of the term's channel, and of the one behind it (Kuramoto: the cosine) */
    const double *x;           /* own output, where the entry needs it */
    const double *row_weight;
} cali_term_rows;

typedef struct cali_coupling_entry {
    cal_coupling_info info;
    bool needs_own;       /* asks for the region's own output at every stage */
    bool needs_phase;     /* that output must be an angle */
    bool takes_threshold; /* `threshold` may name an output */
    cali_channel_kind channel;
    /** Adds the term to the input c. */
    void (*add)(const cali_kernels *kernels, const cali_term *term, const cali_term_rows *rows, double *c);
} cali_coupling_entry;

/** `kind` must be a valid one. */
const cali_coupling_entry *cali_coupling_entry_of(cal_coupling_kind kind);

#endif
