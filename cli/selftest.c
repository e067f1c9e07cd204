#include "cli/selftest.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"

/* Known answer of Philox4x32-10 for counter and key of pi's digits: Random123 1.09, kat_vectors. */
static void check_random(cal_context *ctx, cali_check *check)
{
    (void)ctx;
    const cali_key key = {{0xa4093822u, 0x299f31d0u}};
    const cali_random got = cali_philox(key, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u);
    check->is_ok = got.word[0] == 0xd16cfe09u && got.word[1] == 0x94fdccebu && got.word[2] == 0x5001e420u &&
                   got.word[3] == 0x24126ea1u;
    snprintf(check->text, sizeof check->text, "Philox4x32-10 known answer: %08" PRIx32 " (d16cfe09)", got.word[0]);
}

static void (*const tests[])(cal_context *ctx, cali_check *check) = {check_random};

size_t cali_selftest(cal_context *ctx, cali_check *checks, size_t n_max)
{
    size_t n = 0;
    for (; n < sizeof tests / sizeof tests[0] && n < n_max; n++) {
        checks[n] = (cali_check){.what = "self-test"};
        cal_context_clear(ctx);
        tests[n](ctx, &checks[n]);
        if (cal_context_status(ctx) != CAL_OK) {
            checks[n].is_ok = false;
            snprintf(checks[n].text, sizeof checks[n].text, "%s", cal_context_message(ctx));
        }
        cal_context_clear(ctx);
    }
    return n;
}
