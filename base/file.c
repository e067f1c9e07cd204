#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- reading ------------------------------------------------------------------------------- */

static cal_status too_large(cal_context *ctx, const char *path, size_t limit)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s is larger than %.6g MB", path, (double)limit * 1e-6);
}

static cal_status read_all(cal_context *ctx, int file, const char *path, size_t limit, char **data,
                           size_t *size)
{
    struct stat facts;
    if (fstat(file, &facts) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot read %s: %s", path, strerror(EISDIR));
    const bool is_regular = S_ISREG(facts.st_mode);
    if (is_regular && (uintmax_t)facts.st_size > limit)
        return too_large(ctx, path, limit);
    size_t capacity = 0;
    CAL_TRY(
        cali_reserve(ctx, (is_regular ? (size_t)facts.st_size : 65536) + 2, 1, data, &capacity));
    for (;;) {
        if (capacity - *size < 2)
            CAL_TRY(cali_reserve(ctx, capacity + 1, 1, data, &capacity));
        const ssize_t n = read(file, *data + *size, capacity - *size - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CAL_FAIL(ctx, CAL_ERR_IO, "cannot read %s: %s", path, strerror(errno));
        if (n == 0)
            break;
        *size += (size_t)n;
        if (*size > limit)
            return too_large(ctx, path, limit);
    }
    (*data)[*size] = '\0';
    return CAL_OK;
}

cal_status cali_file_read(cal_context *ctx, const char *path, size_t limit, char **data,
                          size_t *size)
{
    *data = NULL;
    *size = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    const cal_status status = read_all(ctx, file, path, limit, data, size);
    close(file);
    if (status != CAL_OK) {
        free(*data);
        *data = NULL;
        *size = 0;
    }
    return status;
}

/* ---- writing ------------------------------------------------------------------------------- */

static bool write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(file, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* Makes the rename durable. A file system that cannot do it for folders says EINVAL; so be it. */
static bool sync_directory(const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    const bool is_done = fsync(folder) == 0 || errno == EINVAL;
    const int cause = errno;
    close(folder);
    errno = cause;
    return is_done;
}

/* Opens a new file beside `path`; its name goes to `name`. O_EXCL settles races. -1 on failure. */
static int open_temporary(const char *path, mode_t mode, cali_text *name)
{
    for (unsigned i = 0; i < 1000; i++) {
        name->size = 0;
        cali_text_format(name, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        if (name->is_broken) {
            errno = ENOMEM;
            return -1;
        }
        const int file = open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

/* Fills the file and makes its content durable; errno says why not. */
static bool fill(int file, const void *data, size_t size)
{
    const bool is_good = write_all(file, data, size) && fsync(file) == 0;
    const int cause = errno;
    if (close(file) != 0)
        return false;
    errno = cause;
    return is_good;
}

/* Puts the new content in the place of the old; errno says why not. */
static bool replace(const char *path, mode_t mode, const void *data, size_t size)
{
    cali_text name = {0};
    const int file = open_temporary(path, mode, &name);
    const bool is_good = file >= 0 && fill(file, data, size) && rename(name.data, path) == 0;
    const int cause = errno;
    if (file >= 0 && !is_good)
        unlink(name.data);
    cali_text_free(&name);
    errno = cause;
    return is_good;
}

/* Makes what was renamed to `path` durable. */
static cal_status sync_name(cal_context *ctx, const char *path)
{
    char *folder = NULL;
    CAL_TRY(cali_path_directory(ctx, path, &folder));
    const bool is_good = sync_directory(folder);
    const cal_status status =
        is_good ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_IO, "cannot write the folder %s: %s", folder, strerror(errno));
    free(folder);
    return status;
}

static cal_status write_file(cal_context *ctx, const char *path, mode_t mode, const void *data, size_t size)
{
    if (!replace(path, mode, data, size))
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot write %s (%zu bytes): %s", path, size, strerror(errno));
    return sync_name(ctx, path);
}

cal_status cali_file_write(cal_context *ctx, const char *path, const void *data, size_t size)
{
    return write_file(ctx, path, 0644, data, size);
}

cal_status cali_file_write_secret(cal_context *ctx, const char *path, const void *data, size_t size)
{
    return write_file(ctx, path, 0600, data, size);
}

cal_status cali_file_sync(cal_context *ctx, const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const bool is_good = file >= 0 && fsync(file) == 0;
    const int cause = errno;
    if (file >= 0)
        close(file);
    return is_good ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_IO, "cannot make %s durable: %s", path, strerror(cause));
}

cal_status cali_file_move(cal_context *ctx, const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot rename %s to %s: %s", from, to, strerror(errno));
    return sync_name(ctx, to);
}

/* ---- locks --------------------------------------------------------------------------------- */

static const double PATIENCE_S = 5.0; /* with a lock that was left behind */
enum { OWNER_SIZE = 32, PAUSE_NS = 10 * 1000 * 1000 };

/* Whether the path still leads to the open file: who had the lock before may have removed it. */
static bool is_at(const char *path, int file)
{
    struct stat a, b;
    return fstat(file, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* The number of the process that took the lock, as it left it there. */
static void read_owner(int file, char owner[OWNER_SIZE])
{
    const ssize_t n = pread(file, owner, OWNER_SIZE - 1, 0);
    owner[n > 0 ? n : 0] = '\0';
}

/* A process that is killed while it starts another leaves the lock to that one, which lets go of it as soon as it runs. */
static bool is_left_behind(int file)
{
    char owner[OWNER_SIZE];
    read_owner(file, owner);
    const long number = strtol(owner, NULL, 10);
    return number > 0 && kill((pid_t)number, 0) != 0 && errno == ESRCH;
}

static cal_status refuse_lock(cal_context *ctx, const char *what, int file)
{
    char owner[OWNER_SIZE];
    read_owner(file, owner);
    close(file);
    return CAL_FAIL(ctx, CAL_ERR_STATE, "%s is in use by another process%s%s. Wait for its end, or stop it.", what,
                    owner[0] != '\0' ? ", number " : "", owner);
}

cal_status cali_file_lock(cal_context *ctx, const char *path, const char *what, int *lock)
{
    const double begin_s = cali_wall_s();
    for (*lock = -1; *lock < 0;) {
        const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0)
            return CAL_FAIL(ctx, CAL_ERR_IO, "%s cannot be taken: %s: %s. Try as the owner of that folder, or with a copy of it.", what,
                            path, strerror(errno));
        const bool is_taken = flock(file, LOCK_EX | LOCK_NB) != 0;
        if (is_taken && (!is_left_behind(file) || cali_wall_s() - begin_s > PATIENCE_S))
            return refuse_lock(ctx, what, file);
        if (!is_taken && is_at(path, file))
            *lock = file;
        else
            close(file);
        if (is_taken)
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    char owner[OWNER_SIZE];
    const int n = snprintf(owner, sizeof owner, "%ld", (long)getpid());
    if (ftruncate(*lock, 0) == 0)
        write_all(*lock, owner, (size_t)n); /* a help for messages only */
    return CAL_OK;
}

bool cali_file_is_locked(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const bool is_locked = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0;
    if (file >= 0)
        close(file);
    return is_locked;
}

void cali_file_unlock(const char *path, int lock)
{
    if (lock < 0)
        return;
    unlink(path);
    close(lock);
}

/* ---- directories --------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

cal_status cali_directory_make(cal_context *ctx, const char *path)
{
    char *copy = NULL;
    CAL_TRY(cali_copy_text(ctx, path, &copy));
    cal_status status = CAL_OK;
    for (char *at = copy; status == CAL_OK && *at != '\0';) {
        at += strspn(at, "/");
        at += strcspn(at, "/");
        const char kept = *at;
        *at = '\0';
        const int cause = mkdir(copy, 0755) == 0 ? 0 : errno;
        if (cause != 0 && !is_directory(copy))
            status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot make the directory %s: %s", copy,
                              strerror(cause == EEXIST ? ENOTDIR : cause));
        *at = kept;
    }
    free(copy);
    return status;
}

/* The number of a directory name of decimal digits, at least four of them; 0 for other names. */
static unsigned long number_of(const char *name)
{
    const size_t n = strspn(name, "0123456789");
    return n >= 4 && n <= 9 && name[n] == '\0' ? strtoul(name, NULL, 10) : 0;
}

static unsigned long largest_number(const char *parent)
{
    unsigned long largest = 0;
    DIR *folder = opendir(parent);
    if (folder == NULL)
        return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const unsigned long number = number_of(entry->d_name);
        largest = number > largest ? number : largest;
    }
    closedir(folder);
    return largest;
}

cal_status cali_directory_make_numbered(cal_context *ctx, const char *parent, char **path)
{
    *path = NULL;
    CAL_TRY(cali_directory_make(ctx, parent));
    /* mkdir is the arbiter: it fails for all but one of those who ask for the same number */
    for (unsigned long number = largest_number(parent) + 1; number < 1000000000; number++) {
        char name[32];
        snprintf(name, sizeof name, "%04lu", number);
        CAL_TRY(cali_path_join(ctx, parent, name, path));
        if (mkdir(*path, 0755) == 0)
            return CAL_OK;
        if (errno != EEXIST) {
            const cal_status status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot make the directory %s: %s",
                                               *path, strerror(errno));
            free(*path);
            *path = NULL;
            return status;
        }
        free(*path);
        *path = NULL;
    }
    return CAL_FAIL(ctx, CAL_ERR_IO, "no number is left in the directory %s", parent);
}

/* ---- paths --------------------------------------------------------------------------------- */

cal_status cali_path_join(cal_context *ctx, const char *directory, const char *name, char **out)
{
    if (directory == NULL || directory[0] == '\0' || name[0] == '/')
        return cali_copy_text(ctx, name, out);
    const size_t n_directory = strlen(directory), n_name = strlen(name);
    const bool needs_slash = directory[n_directory - 1] != '/';
    CAL_TRY(cali_alloc(ctx, n_directory + needs_slash + n_name + 1, 1, "path", out));
    memcpy(*out, directory, n_directory);
    if (needs_slash)
        (*out)[n_directory] = '/';
    memcpy(*out + n_directory + needs_slash, name, n_name + 1);
    return CAL_OK;
}

cal_status cali_path_directory(cal_context *ctx, const char *path, char **out)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return cali_copy_text(ctx, ".", out);
    CAL_TRY(cali_copy_text(ctx, path, out));
    (*out)[slash == path ? 1 : slash - path] = '\0';
    return CAL_OK;
}

const char *cali_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}
