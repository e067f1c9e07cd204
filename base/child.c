/* A child process that writes what it found into a pipe; when it dies, its file is refused and the program goes on. */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST_S = 60 };

bool cali_child_put(int fd, const void *bytes, size_t n)
{
    for (const char *at = bytes; n > 0;) {
        const ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

bool cali_child_get(int fd, void *bytes, size_t n)
{
    for (char *at = bytes; n > 0;) {
        const ssize_t done = read(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

cal_status cali_child_run(cal_context *ctx, const char *name, const char *library, const cali_child *child, void *arg)
{
    int ends[2];
    if (pipe(ends) != 0)
        return child->work(ctx, arg);
    const pid_t id = fork();
    if (id < 0) {
        close(ends[0]);
        close(ends[1]);
        return child->work(ctx, arg);
    }
    if (id == 0) {
        close(ends[0]);
        signal(SIGALRM, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        alarm(LONGEST_S);
        _exit(child->send(ctx, arg, ends[1]) ? 0 : 1);
    }
    close(ends[1]);
    bool is_whole = false;
    const cal_status status = child->receive(ctx, arg, ends[0], &is_whole);
    close(ends[0]);
    int result = 0;
    pid_t ended;
    do
        ended = waitpid(id, &result, 0);
    while (ended < 0 && errno == EINTR);
    if (status != CAL_OK || is_whole)
        return status;
    const int number = ended == id && WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is broken in a way that %s cannot take (%s).", name, library,
                    number == SIGALRM ? "no end within a minute"
                    : number != 0     ? "it crashed"
                                      : "it ended early");
}
