/* Internal side of the context: access to its thread pool. */
#ifndef CALI_BASE_CONTEXT_H
#define CALI_BASE_CONTEXT_H

#include "base/parallel.h"
#include "callosum/base.h"

/** The pool of the context; borrowed. */
cali_pool *cali_context_pool(cal_context *ctx);

#endif
