/* The system's compiler as a child process: no shell, its input closed, a limit of time. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/isa.h"
#include "base/formula/formula.h"

extern char **environ;

enum { LIMIT_S = 60, MAX_ARGUMENTS = 24 };

static const char *const names[] = {"cc", "gcc", "clang"};

/* The flags of the built-in models (cmake/options.cmake): no contraction, no errno, the level of this process. */
static size_t add_flags(const char **arguments, size_t n)
{
    /* -fno-thread-jumps: gcc would multiply the limits of cali_exp, e^-708, into what follows, in every lane; the
     * products are subnormal and cost more than all the rest */
    static const char *const common[] = {"-std=c17", "-O3", "-fPIC", "-shared", "-w", "-ffp-contract=off",
                                         "-fno-math-errno", "-fno-trapping-math", "-fno-thread-jumps"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        arguments[n++] = common[i];
#if defined(__x86_64__)
    if (cali_isa() == CALI_ISA_V3)
        arguments[n++] = "-march=x86-64-v3";
    if (cali_isa() == CALI_ISA_V4) {
        arguments[n++] = "-march=x86-64-v4";
        arguments[n++] = "-mprefer-vector-width=512";
    }
#endif
    return n;
}

void cali_formula_compiler_flags(cali_text *out)
{
    const char *arguments[MAX_ARGUMENTS];
    const size_t n = add_flags(arguments, 0);
    for (size_t i = 0; i < n; i++)
        cali_text_format(out, "%s ", arguments[i]);
}

/* ---- the child ----------------------------------------------------------------------------------------- */

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Exit status of the child, -1 after the limit of time. Its group is ended with it: a compiler has children too. */
static int wait_for(pid_t child)
{
    const double end = now_s() + LIMIT_S;
    int status = 0;
    for (;;) {
        const pid_t done = waitpid(child, &status, WNOHANG);
        if (done == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
        if (done < 0 && errno != EINTR)
            return 128;
        if (now_s() > end)
            break;
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return -1;
}

/* Runs with its output in the file `log`; the exit status, -1: too long, -2: not started. */
static int run(const char *const *arguments, const char *log)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    pid_t child;
    if (posix_spawn_file_actions_init(&files) != 0)
        return -2;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return -2;
    }
    int failure = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    failure |= posix_spawnattr_setpgroup(&attributes, 0);
    failure |= posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    failure |= posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    failure |= posix_spawn_file_actions_adddup2(&files, 1, 2);
    if (failure == 0) /* the arguments are not changed: the cast is POSIX's own */
        failure = posix_spawn(&child, arguments[0], &files, &attributes, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failure != 0 ? -2 : wait_for(child);
}

/* The first line of a file that holds a word, without its end; "" if there is none. */
static void read_line(const char *path, const char *word, char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    while (out[0] == '\0' && fgets(out, (int)size, file) != NULL) {
        out[strcspn(out, "\r\n")] = '\0';
        if (strstr(out, word) == NULL)
            out[0] = '\0';
    }
    fclose(file);
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

/* ---- which compiler ------------------------------------------------------------------------------------------ */

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

/* A name with a slash is a path; others are looked for as the shell does, but never in the working folder. */
static bool find_program(const char *name, char *out, size_t size)
{
    if (strchr(name, '/') != NULL)
        return (size_t)snprintf(out, size, "%s", name) < size && is_program(out);
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        const size_t n = strcspn(path, ":");
        if (path[0] == '/' && (size_t)snprintf(out, size, "%.*s/%s", (int)n, path, name) < size && is_program(out))
            return true;
        path += n;
        path += *path == ':';
    }
    return false;
}

bool cali_formula_find_compiler(cali_formula_compiler *compiler, char *why, size_t size)
{
    const char *wish = getenv("CALLOSUM_CC");
    const bool has_wish = wish != NULL && wish[0] != '\0';
    compiler->version[0] = '\0';
    if (has_wish && strcmp(wish, "none") == 0) {
        snprintf(why, size, "CALLOSUM_CC is none");
        return false;
    }
    if (has_wish && find_program(wish, compiler->path, sizeof compiler->path))
        return true;
    for (size_t i = 0; !has_wish && i < sizeof names / sizeof *names; i++)
        if (find_program(names[i], compiler->path, sizeof compiler->path))
            return true;
    if (has_wish)
        snprintf(why, size, "CALLOSUM_CC names \"%.200s\", which is no program", wish);
    else
        snprintf(why, size, "there is no C compiler (cc, gcc or clang)");
    return false;
}

bool cali_formula_ask_version(cali_formula_compiler *compiler, const char *log)
{
    const char *const arguments[] = {compiler->path, "--version", NULL};
    if (run(arguments, log) != 0)
        return false;
    read_line(log, "", compiler->version, sizeof compiler->version);
    return compiler->version[0] != '\0';
}

bool cali_formula_compile(const cali_formula_compiler *compiler, const char *source, const char *object, const char *log,
                      char *why, size_t size)
{
    const char *arguments[MAX_ARGUMENTS] = {compiler->path};
    size_t n = add_flags(arguments, 1);
    arguments[n++] = "-o";
    arguments[n++] = object;
    arguments[n++] = source;
    arguments[n] = NULL;
    const int status = run(arguments, log);
    char line[256] = "";
    if (status == 0)
        return true;
    read_line(log, "error", line, sizeof line);
    if (line[0] == '\0')
        read_line(log, "", line, sizeof line);
    if (status == -1)
        snprintf(why, size, "%.200s took longer than %d s", compiler->path, LIMIT_S);
    else if (status == -2)
        snprintf(why, size, "%.200s could not be started", compiler->path);
    else
        snprintf(why, size, "%.200s failed with status %d: %.200s", compiler->path, status, line);
    return false;
}
