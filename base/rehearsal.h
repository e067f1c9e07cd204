/* Doing something first in a child process, because a library may crash on what it is given. */
#ifndef CALI_BASE_REHEARSAL_H
#define CALI_BASE_REHEARSAL_H

#include "callosum/base.h"

/** Runs `run(arg)` in a child process and waits. CAL_OK if the child came to its end, whatever it found, or if there
 *  can be no child; then doing the same in this process is as safe as it can be made. `name` begins the message, `library`
 *  stands in it. Errors: INPUT (the child crashed, or took longer than `longest_s` seconds). */
cal_status cali_rehearse(cal_context *ctx, const char *name, const char *library, unsigned longest_s,
                         void (*run)(void *arg), void *arg);

#endif
