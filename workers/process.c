/* Local worker processes: started without a shell, found again by their number, ended with the run. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addclosefrom_np */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "workers/host.h"

extern char **environ;

cal_status cali_process_start(cali_slot *slot)
{
    cal_host *host = slot->host;
    char threads[16], name[32], parent[24], largest[32];
    snprintf(parent, sizeof parent, "%lld", (long long)getpid());
    snprintf(threads, sizeof threads, "%u", slot->n_threads > 0 ? slot->n_threads : 1);
    snprintf(largest, sizeof largest, "%zu B", slot->configure.size + (1 << 20)); /* the host has said yes to it */
    snprintf(name, sizeof name, "local-%u", ++slot->n_processes);
    snprintf(slot->process, sizeof slot->process, "%s", name);
    const char *const program = host->program;
    const char *const arguments[] = {program, "worker", "attach", cal_wire_endpoint(host->wires[0]), "--name", name,
                                     "--slot", slot->name, "--threads", threads, "--parent", parent, "--largest-model", largest,
                                     "--once", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    /* the files of the run and its lock are the host's alone: a worker may outlive it by a moment */
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    /* Ctrl-C at the terminal stops the host, which ends its workers; signals that the calling thread blocks are theirs */
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGTERM);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int error = posix_spawn(&slot->pid, program, &actions, &attributes, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error == 0)
        return CAL_OK;
    slot->pid = 0;
    return CAL_FAIL(host->ctx, CAL_ERR_IO, "%s: no worker can be started from %s: %s", slot->name, program, strerror(error));
}

bool cali_process_has_ended(cali_slot *slot, char *how, size_t size)
{
    int status = 0;
    const pid_t ended = slot->pid > 0 ? waitpid(slot->pid, &status, WNOHANG) : 0;
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return false;
    if (ended < 0) /* who started this program has its children reaped by the system */
        snprintf(how, size, "ended");
    else if (WIFSIGNALED(status))
        snprintf(how, size, "was killed by signal %d", WTERMSIG(status));
    else
        snprintf(how, size, "ended with status %d", WEXITSTATUS(status));
    slot->pid = 0;
    return true;
}

void cali_process_end(cali_slot *slot)
{
    if (slot->pid <= 0)
        return;
    /* it has heard BYE; a worker in a long window has not */
    char how[64];
    const double end = cali_wall_s() + 2.0;
    kill(slot->pid, SIGTERM);
    while (!cali_process_has_ended(slot, how, sizeof how)) {
        const struct timespec pause = {0, 5 * 1000 * 1000};
        if (cali_wall_s() > end)
            kill(slot->pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}
