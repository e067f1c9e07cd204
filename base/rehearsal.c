#include "base/rehearsal.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

cal_status cali_rehearse(cal_context *ctx, const char *name, const char *library, unsigned longest_s,
                         void (*run)(void *arg), void *arg)
{
    const pid_t child = fork();
    if (child < 0)
        return CAL_OK;
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(longest_s);
        run(arg);
        _exit(0);
    }
    int result = 0;
    pid_t ended;
    do
        ended = waitpid(child, &result, 0);
    while (ended < 0 && errno == EINTR);
    if (ended != child || (WIFEXITED(result) && WEXITSTATUS(result) == 0))
        return CAL_OK;
    const bool is_late = WIFSIGNALED(result) && WTERMSIG(result) == SIGALRM;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s is broken in a way that %s cannot take (%s).", name, library,
                    is_late ? "no end in reasonable time" : "it crashed");
}
