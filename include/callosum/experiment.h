/* callosum/experiment.h - an experiment file, checked, and a run of it. */
#ifndef CALLOSUM_EXPERIMENT_H
#define CALLOSUM_EXPERIMENT_H

#include "callosum/base.h"
#include "callosum/coupler.h"
#include "callosum/recording.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cal_experiment cal_experiment;

/** Reads, parses and checks an experiment file (docs/experiment-file.md). `overrides` are n texts
 *  "path=value" that act after reading ("run.duration=2 s", "connectome.file=x.zip"). The message of an
 *  INPUT error has the form of docs/messages.md: file:line:column code what, because, try.
 *  Errors: IO, INPUT, MEMORY. */
cal_status cal_experiment_load(cal_context *ctx, const char *path, const char *const *overrides, size_t n_overrides,
                               cal_experiment **out);
void cal_experiment_destroy(cal_experiment **experiment);

#ifdef __cplusplus
}
#endif
#endif
