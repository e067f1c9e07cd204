/* A thread pool for blocks of work that depend on the problem, never on the number of threads.
 *
 *   cali_parallel_for(pool, n_blocks, run, arg) calls run(arg, block) once for every block, in any
 * order on any threads, and returns when all are done. Calls may nest: a block may itself call
 * cali_parallel_for; threads that have nothing to do help with whatever is open. Results must not
 * depend on the order: each block writes its own part, sums over blocks are taken afterwards. */
#ifndef CALI_BASE_PARALLEL_H
#define CALI_BASE_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cali_pool cali_pool;

/** A pool of `n_threads` (1 to 256), the calling thread included; NULL without memory. If the
 *  system gives fewer threads, the pool has fewer: results are the same. */
cali_pool *cali_pool_create(unsigned n_threads);
/** Joins and frees; NULL is accepted. No call may be under way. */
void cali_pool_destroy(cali_pool *pool);
/** Threads, the calling one included. */
unsigned cali_pool_size(const cali_pool *pool);

/** What a thread does while it waits for another's next instructions; long: it lets others have the processor. */
void cali_pause(bool is_long);

void cali_parallel_for(cali_pool *pool, size_t n_blocks, void (*run)(void *arg, size_t block),
                       void *arg);

#endif
