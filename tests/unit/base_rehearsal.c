/* base/rehearsal.h. The child dies by SIGKILL, which no sanitizer reports. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rehearsal.h"
#include "support/support.h"

static void fall(void *arg)
{
    (void)arg;
    raise(SIGKILL);
}

static void wait_for_ever(void *arg)
{
    (void)arg;
    for (;;)
        pause();
}

static void come_to_an_end(void *arg)
{
    *(int *)arg = 7;
}

Test(base_rehearsal, a_child_that_dies_is_a_message_and_one_that_ends_is_none)
{
    cal_context *ctx = cali_test_context(1);
    int value = 1;
    cr_expect(eq(int, cali_rehearse(ctx, "a.h5", "libx", 10, come_to_an_end, &value), CAL_OK));
    cr_expect(eq(int, value, 1)); /* what the child does stays in the child */
    cr_expect(eq(int, cali_rehearse(ctx, "a.h5", "libx", 10, fall, NULL), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "a.h5 is broken in a way that libx cannot take (it crashed)."));
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_rehearse(ctx, "a.h5", "libx", 1, wait_for_ever, NULL), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "a.h5 is broken in a way that libx cannot take (no end in reasonable time)."));
    cal_context_destroy(&ctx);
}
