/* Reading in a child process, for libraries that a hostile file can bring down. */
#ifndef CALI_CONNECTOMES_GUARD_H
#define CALI_CONNECTOMES_GUARD_H

#include "connectomes/loaders.h"

/** Runs `load` in a child process and takes over what it found. If the child dies, that is a
 *  message about the file; if no child can be made, `load` runs here. Positions in text are not
 *  taken over. Errors: those of `load`; INPUT (C301) if it died or took longer than a minute. */
cal_status cali_guarded_load(cal_context *ctx, const cali_input *input, const char *library,
                             cal_status (*load)(cal_context *, const cali_input *, cali_raw *), cali_raw *raw);

#endif
