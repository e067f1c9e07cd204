/* Work in a child process, for libraries that a hostile file can bring down. */
#ifndef CALI_BASE_CHILD_H
#define CALI_BASE_CHILD_H

#include "callosum/base.h"

/** What is done on either side of a pipe. */
typedef struct cali_child {
    /** In the child: does the work and writes what it found. False: the pipe broke. */
    bool (*send)(cal_context *ctx, void *arg, int fd);
    /** In the parent: reads it. `*is_whole` false: the pipe ended too early or held what cannot be. */
    cal_status (*receive)(cal_context *ctx, void *arg, int fd, bool *is_whole);
    /** Does the work here, where no child can be made. */
    cal_status (*work)(cal_context *ctx, void *arg);
} cali_child;

/** If the child dies or takes longer than a minute, that is a message about the file `name` and the `library` that reads
 *  it. Errors: those of `receive`; INPUT (C301) if it died. */
cal_status cali_child_run(cal_context *ctx, const char *name, const char *library, const cali_child *child, void *arg);

/** All of the bytes, or false. */
bool cali_child_put(int fd, const void *bytes, size_t n);
bool cali_child_get(int fd, void *bytes, size_t n);

#endif
