/* Internal side of the context: access to its thread pool. */
#ifndef CALI_BASE_CONTEXT_H
#define CALI_BASE_CONTEXT_H

#include "base/parallel.h"
#include "callosum/base.h"

/** Bytes that the context keeps of a message, the NUL included. */
enum { CALI_CONTEXT_MESSAGE = 8192 };

/** The pool of the context; borrowed. */
cali_pool *cali_context_pool(cal_context *ctx);

#endif
