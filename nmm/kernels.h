/* Loops of the host that are compiled once per instruction-set level (nmm/kernels.c); every level
 * gives the same bits. Arrays hold one value per region of a block unless said otherwise. */
#ifndef CALI_NMM_KERNELS_H
#define CALI_NMM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

enum {
    CALI_NMM_BATCH = 32, /* steps whose far edges are gathered together */
    CALI_NMM_STRIDE = 8  /* the same of edges of middle reach; divides the batch */
};

/** Delayed edges by target: those of target i are first[i] .. first[i + 1] - 1. Edge e reads the n_points = 4 (cubic)
 *  or 1 (rounded delay) values from ring + offset[e] on, weighted with w[n_points e ...] (connection weight and gain
 *  folded in). */
typedef struct cali_edges {
    size_t n_targets, n, n_points;
    size_t *first;
    int32_t *offset; /* n + 16: what is prefetched beyond the end is valid */
    double *w;
} cali_edges;

/** Undelayed edges by target: sums w[e] x[source[e]]. */
typedef struct cali_instant {
    size_t n;
    size_t *first;
    uint32_t *source;
    double *w;
} cali_instant;

typedef struct cali_kernels {
    /** Delayed sums of targets t0 .. t0 + n - 1 at `n_steps` (1 to 32) times: sums[k stride + i] for
     *  step k; `ring` is the ring's base for the first step. With `adds` they come on top of what is there. */
    void (*gather)(const cali_edges *edges, size_t t0, size_t n, size_t n_steps, const double *ring,
                   size_t stride, bool adds, double *sums);
    /** sums[i] += delayed sum of target t0 + i at one time. */
    void (*gather_one)(const cali_edges *edges, size_t t0, size_t n, const double *ring, double *sums);
    /** y = w[0] a + w[1] b + w[2] c + w[3] d. */
    void (*blend)(size_t n, const double *w, const double *a, const double *b, const double *c, const double *d,
                  double *y);
    void (*add_scaled)(size_t n, double h, const double *x, const double *k, double *z); /* z = x + h k */
    void (*axpy)(size_t n, double h, const double *k, double *z);                        /* z += h k */
    /** Last stage of RK4: y += h / 6 (k1 + 2 k2 + 2 k3 + k4); returns NaN if any y is not finite. */
    double (*rk4_end)(size_t n, double h, const double *k1, const double *k2, const double *k3,
                      const double *k4, double *y);
    void (*linear)(size_t n, double a, double b, const double *s, double *c);             /* c += a s + b */
    void (*sigmoidal)(size_t n, const double *q, const double *s, double *c); /* q: a, cmin, cmax, mid, sigma */
    void (*difference)(size_t n, double a, const double *b, const double *x, const double *s, double *c);
    void (*phase)(size_t n, double a, const double *theta, const double *s_sin, const double *s_cos,
                  double *c); /* c += a (s_sin cos theta - s_cos sin theta) */
    void (*logistic)(size_t n, const double *q, const double *x, double *y); /* y = cmin + ... as in nmm.h */
    /** y = shift + tanh((ratio x - theta) / sigma); q: ratio, shift, -, midpoint, sigma; theta NULL: the midpoint. */
    void (*tangent)(size_t n, const double *q, const double *x, const double *theta, double *y);
    void (*sine)(size_t n, const double *x, double *s, double *c);
    /** Two standard normals per unit, cali_normal of cali_philox(key, unit[i], c1, c2, c3). */
    void (*normals)(size_t n, cali_key key, const uint32_t *unit, uint32_t c1, uint32_t c2, uint32_t c3, double *a,
                    double *b);
    /** Halves an interval of Brownian paths: (x, y) of the whole and two new normals, given in (x2, y2), become
     *  (x1, y1) and (x2, y2) of the halves (nmm/paths.h). */
    void (*halve)(size_t n, const double *x, const double *y, double *x1, double *y1, double *x2, double *y2);
} cali_kernels;

/** The table of this processor's level. */
const cali_kernels *cali_kernels_get(void);

#endif
