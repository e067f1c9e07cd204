/* The state of a session as bytes: checkpoint.c makes and reads them, checkpoints.c keeps them in a folder. */
#ifndef CALI_EXPERIMENT_CHECKPOINT_H
#define CALI_EXPERIMENT_CHECKPOINT_H

#include "callosum/experiment.h"

/** Between two windows, after the first. `*bytes` is released with free(). Errors: those of cal_coupler_save_state and
 *  cal_snn_save_state. */
cal_status cali_checkpoint_save(cal_session *session, char **bytes, size_t *size);
/** Whether these are a whole checkpoint; `*time` is set then. Errors: INPUT (C305), MEMORY. */
cal_status cali_checkpoint_check(cal_context *ctx, const char *bytes, size_t size, cal_time *time);
/** Before the first window, without the recording. Errors: INPUT (C305), MEMORY; the session is only fit to be destroyed
 *  then. */
cal_status cali_checkpoint_restore(cal_session *session, const char *bytes, size_t size);

#endif
