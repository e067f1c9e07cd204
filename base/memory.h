/* Memory that is zeroed, aligned to 64 bytes, and refuses sizes that overflow. */
#ifndef CALI_BASE_MEMORY_H
#define CALI_BASE_MEMORY_H

#include "callosum/base.h"

/** Allocates `n` items of `size` bytes, zeroed, 64-byte aligned, rounded up to whole cache lines;
 *  `what` names them in the message. `*out` is released with free(). n = 0 gives a valid pointer.
 *  Errors: MEMORY. */
cal_status cali_alloc(cal_context *ctx, size_t n, size_t size, const char *what, void *out);

/** Grows the array behind `*items` so that it holds `n` items; keeps the contents, doubles.
 *  `*capacity` counts items. The array is released with free(). Errors: MEMORY. */
cal_status cali_reserve(cal_context *ctx, size_t n, size_t size, void *items, size_t *capacity);

/** A copy of the text, released with free(); NULL gives NULL. Errors: MEMORY. */
cal_status cali_copy_text(cal_context *ctx, const char *text, char **out);

/** Memory that this process may take, in bytes: the machine's, or less where a control group above the process or a
 *  resource limit allows less. */
double cali_memory_limit(void);

/** The smallest limit of the control groups that `membership` lists (the text of /proc/self/cgroup) in the hierarchy
 *  below `root` ("/sys/fs/cgroup"), versions 1 and 2; INFINITY if there is none. */
double cali_cgroup_limit(const char *membership, const char *root);

#endif
