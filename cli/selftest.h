/* Known numbers, computed with the parts that a run uses. */
#ifndef CALI_CLI_SELFTEST_H
#define CALI_CLI_SELFTEST_H

#include "callosum/base.h"

/** One line of `callosum doctor`. */
typedef struct cali_check {
    const char *what;
    char text[160];
    bool is_ok, is_optional;
} cali_check;

/** Fills at most `n_max` checks and returns their number. A failure of a part makes its check not ok, with the
 *  part's message as text; the context is left clear. */
size_t cali_selftest(cal_context *ctx, cali_check *checks, size_t n_max);

#endif
