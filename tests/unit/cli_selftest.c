/* cli/selftest.h: the known numbers of `callosum doctor`. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "cli/selftest.h"
#include "support/support.h"

Test(cli_selftest, all_known_numbers_come_out_for_any_number_of_threads)
{
    for (unsigned n_threads = 1; n_threads <= 3; n_threads++) {
        cal_context *ctx = cali_test_context(n_threads);
        cali_check checks[8];
        const size_t n = cali_selftest(ctx, checks, 8);
        cr_expect(eq(sz, n, 4));
        for (size_t i = 0; i < n; i++)
            cr_expect(checks[i].is_ok, "%s", checks[i].text);
        cr_expect(eq(str, checks[0].text, (char *)"ipc and tcp, CURVE"));
        /* the figures of the mean field at rest, Montbrio, Pazo & Roxin (2015), to six digits */
        cr_expect(eq(str, checks[1].text,
                     (char *)"QIF mean field at rest: r = 0.081134 (0.081134), v = -1.961620 (-1.961620)"));
        cal_context_destroy(&ctx);
    }
}
