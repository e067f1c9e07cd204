/* Homeostasis of neurons: a parameter that each neuron moves until it spikes at the rate aimed at. Populations without it pay
 * one test per block.
 *
 * The kernels know nothing of it: constants that follow the parameter in a straight line are rows of their own, rewritten
 * after each step. */
#ifndef CALI_SNN_HOMEOSTASIS_H
#define CALI_SNN_HOMEOSTASIS_H

#include "base/text.h"
#include "snn/network.h"

enum { CALI_MAX_MOVED = 8 };

/** A constant that follows the parameter. */
typedef struct cali_moved {
    size_t constant;
    double slope;
    float *base; /* [tile][width]: without shift */
} cali_moved;

typedef struct cali_homeostasis {
    cal_snn_homeostasis def; /* the parameter's name is that of the entry */
    int param;
    double loss; /* of the shift in each step */
    cali_moved moved[CALI_MAX_MOVED];
    size_t n_moved;
    double *shift; /* [tile][width] */
} cali_homeostasis;

/** Checks and finds what follows the parameter; after the populations are planned. Errors: ARGUMENT. */
cal_status cali_homeostasis_plan(cal_snn *self, const cal_snn_def *def);
double cali_homeostasis_bytes(const cal_snn *self);
/** After the populations are made. */
cal_status cali_homeostasis_create(cal_snn *self);
void cali_homeostasis_destroy(cal_snn *self);
void cali_homeostasis_describe(const cal_snn *self, cali_text *text);
uint64_t cali_homeostasis_hash(const cal_snn *self);
/** Row of constant `k` as it is without shifts. */
const float *cali_constant_base(const cali_population *p, size_t k);
/** Whether `state` is what a population's homeostasis shows, and then its shifts. */
bool cali_homeostasis_read(const cal_snn *self, const cali_population *p, const char *state, double *values);
/** A block of a step, after its neurons moved. */
void cali_homeostasis_after(const cali_population *p, unsigned tile, uint32_t first, uint32_t n, const int32_t *spiked);

#endif
