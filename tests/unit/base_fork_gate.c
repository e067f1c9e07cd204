/* base/fork_gate.h: no child is made while somebody stands in the gate, and nobody keeps children out for ever. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fork_gate.h"

static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER; /* the lock within the library that children need */
static atomic_bool is_within, is_over;

static void *call_for_long(void *arg)
{
    cali_fork_gate_enter();
    cali_fork_gate_enter();
    pthread_mutex_lock(&library);
    atomic_store(&is_within, true);
    poll(NULL, 0, 200);
    cali_fork_gate_leave();
    poll(NULL, 0, 200);
    pthread_mutex_unlock(&library);
    cali_fork_gate_leave();
    return arg;
}

static void *call_often(void *arg)
{
    while (!atomic_load(&is_over)) {
        cali_fork_gate_enter();
        pthread_mutex_lock(&library);
        atomic_store(&is_within, true);
        pthread_mutex_unlock(&library);
        cali_fork_gate_leave();
    }
    return arg;
}

/* A child that calls the library: whether it came to its end. */
static bool child_calls(void)
{
    int result = 0;
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);
        cali_fork_gate_enter();
        const bool is_free = pthread_mutex_trylock(&library) == 0;
        cali_fork_gate_leave();
        _exit(is_free ? 0 : 1);
    }
    return child > 0 && waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

Test(base_fork_gate, no_child_is_made_within_a_call)
{
    pthread_t thread;
    pthread_create(&thread, NULL, call_for_long, NULL);
    while (!atomic_load(&is_within))
        poll(NULL, 0, 1);
    cr_expect(child_calls());
    pthread_join(thread, NULL);
}

Test(base_fork_gate, children_are_made_between_the_calls_of_busy_threads, .timeout = 120)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, call_often, NULL);
    while (!atomic_load(&is_within))
        poll(NULL, 0, 1);
    for (int i = 0; i < 100; i++)
        cr_assert(child_calls(), "child %d", i);
    atomic_store(&is_over, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}
