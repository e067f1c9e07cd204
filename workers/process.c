/* Local worker processes: started without a shell, found again by their number, ended with the run. */
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
    char threads[16], name[160];
    snprintf(threads, sizeof threads, "%u", slot->n_threads > 0 ? slot->n_threads : 1);
    snprintf(name, sizeof name, "local-%u", slot->incarnation + 1);
    const char *const program = host->program;
    const char *const arguments[] = {program, "worker", "attach", cal_wire_endpoint(host->wires[0]), "--name", name,
                                     "--slot", slot->name, "--threads", threads, "--once", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    /* Ctrl-C at the terminal stops the host, which ends its workers */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
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
    if (slot->pid <= 0 || waitpid(slot->pid, &status, WNOHANG) != slot->pid)
        return false;
    if (WIFSIGNALED(status))
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
