/* Run folders made from stochastic processes with known statistics, for tests of what reads them. */
#ifndef CALI_TESTS_SYNTHETIC_H
#define CALI_TESTS_SYNTHETIC_H

#include "callosum/connectomes.h"

/** Every region has the rate m_i exp(0.4 x_i(t) - 0.08) with mean m_i; x_i is a second-order
 *  autoregressive process of mean 0 and variance 1 that resonates at `peak_Hz`, half of its variance
 *  shared within its group of regions. Region `spiking` has a population of neurons that fire as Poisson
 *  processes of that rate; what the host sees of it is their rate in bins of 1 ms through an exponential kernel
 *  of 5 ms. The second signal "v" is -2.5 + 0.05 rate, but NaN in region `spiking`. */
typedef struct cali_synthetic {
    const char *title;
    const cal_connectome *connectome; /* NULL: made up; else with centres, and n_regions is not used */
    size_t n_regions;       /* 4 or more */
    double duration_ms, transient_ms;
    unsigned every_ms;      /* interval of the signals: means over it, stamped with its end */
    uint32_t seed;          /* of the wiring and the means m_i, between 4 and 12 Hz */
    uint32_t noise_seed;    /* of the processes */
    double peak_Hz;
    double rate_factor;     /* multiplies m of the spiking region */
    size_t n_groups;        /* neighbours in each hemisphere, and their mirror images, share a source */
    size_t spiking;         /* n_regions: none */
    uint32_t n_neurons, n_recorded;
    const char *first_label, *spiking_label; /* NULL: as the others; the second without slash */
    const char *started;    /* of the manifest, taken as it stands between the quotes */
    bool has_manifest, has_connectome, is_complete;
    bool has_sensors; /* a third signal "eeg" in uV: differences of the rates of neighbours among regions 0 .. 3 */
} cali_synthetic;

/** 68 regions, 10 s of which 1 s transient, 10 Hz, region 12 has 10,000 neurons. */
cali_synthetic cali_synthetic_default(void);

/** Writes run.h5 and manifest.json into an existing empty folder. Errors: those of the recorder. */
cal_status cali_synthetic_write(cal_context *ctx, const cali_synthetic *def, const char *directory);

#endif
