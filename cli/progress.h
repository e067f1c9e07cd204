/* The progress line of a run: a bar on a terminal, in a log one line every ten seconds with the same fields. */
#ifndef CALI_CLI_PROGRESS_H
#define CALI_CLI_PROGRESS_H

#include "callosum/experiment.h"

typedef struct cali_progress {
    bool is_terminal, is_silent;
    double start_s, last_s; /* wall time */
    cal_time duration, from; /* where this process began */
} cali_progress;

/** Writes to standard error. */
cali_progress cali_progress_start(cal_time from, cal_time duration, bool is_silent);
/** Draws if enough wall time has passed, or at the end. */
void cali_progress_show(cali_progress *progress, const cal_session *session);

#endif
