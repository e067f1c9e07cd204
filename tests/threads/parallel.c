/* The thread pool under load, with nesting: a plain program, so that ThreadSanitizer can run it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/context.h"
#include "support/support.h"

enum { N_OUTER = 3, N_INNER = 17, N_ROUNDS = 400 };

typedef struct sums {
    cali_pool *pool;
    long cells[N_OUTER][N_INNER];
    int outer;
} sums;

static void add_inner(void *arg, size_t block)
{
    long *cells = arg;
    cells[block] += (long)block + 1;
}

static void add_outer(void *arg, size_t block)
{
    sums *s = arg;
    for (int i = 0; i < 20; i++)
        cali_parallel_for(s->pool, N_INNER, add_inner, s->cells[block]);
}

int main(void)
{
    for (unsigned n_threads = 1; n_threads <= 8; n_threads += n_threads == 1 ? 1 : 3) {
        cal_context *ctx = cali_test_context(n_threads);
        sums s = {.pool = cali_context_pool(ctx)};
        for (int round = 0; round < N_ROUNDS; round++)
            cali_parallel_for(s.pool, N_OUTER, add_outer, &s);
        for (int i = 0; i < N_OUTER; i++)
            for (int j = 0; j < N_INNER; j++)
                if (s.cells[i][j] != 20L * N_ROUNDS * (j + 1)) {
                    fprintf(stderr, "%u threads: cell [%d][%d] is %ld\n", n_threads, i, j,
                            s.cells[i][j]);
                    return EXIT_FAILURE;
                }
        cal_context_destroy(&ctx);
    }
    puts("1 passed, 0 failed");
    return EXIT_SUCCESS;
}
