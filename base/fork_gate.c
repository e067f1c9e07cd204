#define _GNU_SOURCE
#include "base/fork_gate.h"

#include <pthread.h>

/* Forks come first: a thread that enters again and again would keep them out for ever. */
static const pthread_rwlock_t open_gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_once_t is_registered = PTHREAD_ONCE_INIT;
static _Thread_local unsigned depth;

static void close_gate(void)
{
    pthread_rwlock_wrlock(&gate);
}

static void open_in_parent(void)
{
    pthread_rwlock_unlock(&gate);
}

static void open_in_child(void)
{
    gate = open_gate; /* the thread that closed it is not this one */
}

static void register_at_fork(void)
{
    pthread_atfork(close_gate, open_in_parent, open_in_child);
}

void cali_fork_gate_enter(void)
{
    pthread_once(&is_registered, register_at_fork);
    if (depth++ == 0)
        pthread_rwlock_rdlock(&gate);
}

void cali_fork_gate_leave(void)
{
    if (--depth == 0)
        pthread_rwlock_unlock(&gate);
}
