/* The thread pool. Open jobs stand in a small array of slots; each thread that looks for work takes
 * the next block of the first open job it finds. A job's slot is reused only when its caller and
 * every helper have left it (`users`), so a late look at it is harmless.
 *
 * Idle threads spin for some ten microseconds before they sleep: phases of a spiking step are that
 * short. */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { N_SLOTS = 64, N_SPINS = 4000 };

typedef struct job {
    _Alignas(64) atomic_uint state; /* FREE, TAKEN, OPEN */
    atomic_uint users;              /* helpers that look at this job */
    _Alignas(64) atomic_size_t next, n_done;
    size_t n_blocks;
    void (*run)(void *arg, size_t block);
    void *arg;
} job;

enum { FREE, TAKEN, OPEN };

struct cali_pool {
    job jobs[N_SLOTS];
    _Alignas(64) atomic_size_t n_published; /* changes when a job opens: wakes spinners */
    atomic_bool is_closing;
    atomic_uint n_sleeping;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    unsigned n_workers;
    pthread_t workers[256];
};

void cali_pause(bool is_long)
{
#if defined(__x86_64__) || defined(__i386__)
    if (!is_long) {
        __builtin_ia32_pause();
        return;
    }
#endif
    (void)is_long;
    sched_yield();
}

/* Runs blocks of `j` until none is left; true if it ran any. */
static bool work_on(job *j)
{
    bool has_run = false;
    const size_t n = j->n_blocks;
    for (;;) {
        const size_t block = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
        if (block >= n)
            return has_run;
        j->run(j->arg, block);
        has_run = true;
        atomic_fetch_add_explicit(&j->n_done, 1, memory_order_release);
    }
}

/* Helps with the newest open job that still has blocks; true if it ran any. */
static bool help(cali_pool *pool)
{
    for (int i = N_SLOTS - 1; i >= 0; i--) {
        job *j = &pool->jobs[i];
        if (atomic_load_explicit(&j->state, memory_order_relaxed) != OPEN)
            continue;
        bool has_run = false;
        atomic_fetch_add_explicit(&j->users, 1, memory_order_seq_cst);
        if (atomic_load_explicit(&j->state, memory_order_seq_cst) == OPEN)
            has_run = work_on(j);
        atomic_fetch_sub_explicit(&j->users, 1, memory_order_release);
        if (has_run)
            return true;
    }
    return false;
}

static void sleep_until_published(cali_pool *pool, size_t seen)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->n_sleeping, 1);
    while (atomic_load(&pool->n_published) == seen && !atomic_load(&pool->is_closing))
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->n_sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *arg)
{
    cali_pool *pool = arg;
    for (;;) {
        const size_t seen = atomic_load(&pool->n_published);
        if (atomic_load_explicit(&pool->is_closing, memory_order_acquire))
            return NULL;
        if (help(pool))
            continue;
        int spins = 0;
        while (spins < N_SPINS && atomic_load_explicit(&pool->n_published, memory_order_relaxed) == seen &&
               !atomic_load_explicit(&pool->is_closing, memory_order_relaxed)) {
            cali_pause(false);
            spins++;
        }
        if (spins == N_SPINS)
            sleep_until_published(pool, seen);
    }
}

cali_pool *cali_pool_create(unsigned n_threads)
{
    cali_pool *pool = aligned_alloc(64, (sizeof *pool + 63) / 64 * 64);
    if (pool == NULL)
        return NULL;
    for (int i = 0; i < N_SLOTS; i++) {
        atomic_init(&pool->jobs[i].state, FREE);
        atomic_init(&pool->jobs[i].users, 0);
    }
    atomic_init(&pool->n_published, 0);
    atomic_init(&pool->is_closing, false);
    atomic_init(&pool->n_sleeping, 0);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->n_workers = 0;
    for (unsigned i = 0; i + 1 < n_threads; i++) {
        if (pthread_create(&pool->workers[i], NULL, worker_main, pool) != 0)
            break;
        pool->n_workers++;
    }
    return pool;
}

unsigned cali_pool_size(const cali_pool *pool)
{
    return pool->n_workers + 1;
}

void cali_pool_destroy(cali_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->is_closing, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->n_workers; i++)
        pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static job *take_slot(cali_pool *pool)
{
    for (int i = 0; i < N_SLOTS; i++) {
        unsigned expected = FREE;
        if (atomic_compare_exchange_strong(&pool->jobs[i].state, &expected, TAKEN))
            return &pool->jobs[i];
    }
    return NULL;
}

static void publish(cali_pool *pool, job *j)
{
    atomic_store(&j->state, OPEN);
    atomic_fetch_add(&pool->n_published, 1);
    if (atomic_load(&pool->n_sleeping) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

void cali_parallel_for(cali_pool *pool, size_t n_blocks, void (*run)(void *arg, size_t block),
                       void *arg)
{
    job *j = pool->n_workers > 0 && n_blocks > 1 ? take_slot(pool) : NULL;
    if (j == NULL) { /* one thread, one block, or 64 jobs open already */
        for (size_t block = 0; block < n_blocks; block++)
            run(arg, block);
        return;
    }
    atomic_store_explicit(&j->next, 0, memory_order_relaxed);
    atomic_store_explicit(&j->n_done, 0, memory_order_relaxed);
    j->n_blocks = n_blocks;
    j->run = run;
    j->arg = arg;
    publish(pool, j);
    work_on(j);
    /* The last blocks may be with other threads: help elsewhere, then wait for them. */
    for (int spins = 0; atomic_load_explicit(&j->n_done, memory_order_acquire) < n_blocks; spins++) {
        if (help(pool))
            spins = 0;
        else if (spins > N_SPINS)
            sched_yield();
        else
            cali_pause(false);
    }
    atomic_store(&j->state, TAKEN);
    while (atomic_load(&j->users) != 0)
        cali_pause(false);
    atomic_store(&j->state, FREE);
}
