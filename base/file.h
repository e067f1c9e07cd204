/* Files as wholes, paths, and numbered directories. Messages name the path and the system's cause.
 */
#ifndef CALI_BASE_FILE_H
#define CALI_BASE_FILE_H

#include "callosum/base.h"

/** Reads a whole file of at most `limit` bytes. `*data` is NUL-terminated behind its `*size` bytes
 * and released with free(). Pipes and devices are read to their end under the same limit;
 * directories are refused. Errors: IO, INPUT (larger than the limit), MEMORY. */
cal_status cali_file_read(cal_context *ctx, const char *path, size_t limit, char **data,
                          size_t *size);

/** Writes `size` bytes so that `path` holds either what it held before or all of them, whatever
 * happens: a temporary file in the same folder, fsync, rename, fsync of the folder. Mode 0644 less
 * the umask. Errors: IO, MEMORY. */
cal_status cali_file_write(cal_context *ctx, const char *path, const void *data, size_t size);
/** The same with mode 0600. */
cal_status cali_file_write_secret(cal_context *ctx, const char *path, const void *data, size_t size);

/** Makes the content of a file durable. Errors: IO. */
cal_status cali_file_sync(cal_context *ctx, const char *path);

/** Renames a file within its folder, in the place of one that is there, durably. Errors: IO, MEMORY. */
cal_status cali_file_move(cal_context *ctx, const char *from, const char *to);

/** Takes the lock that the file stands for, making it; whoever has it keeps it until cali_file_unlock, or until the end
 *  of the process, however that comes. A process that was killed may leave it to one that it was starting: that is waited
 *  for, 5 s at most. Errors: STATE (another process has it; the message names `what` and the process), IO. */
cal_status cali_file_lock(cal_context *ctx, const char *path, const char *what, int *lock);
/** Whether a process has that lock. */
bool cali_file_is_locked(const char *path);
/** Removes the file and gives the lock back; nothing for a negative one. */
void cali_file_unlock(const char *path, int lock);

/** Makes a directory and the missing ones above it; it is no error if it exists. Errors: IO,
 * MEMORY. */
cal_status cali_directory_make(cal_context *ctx, const char *path);

/** Makes the first free directory `parent`/0001, 0002, ... (`parent` too if it is missing); of
 * several processes that ask at once each gets its own. The number is one above the largest
 * present, so numbers follow the order of runs. `*path` is released with free(). Errors: IO,
 * MEMORY. */
cal_status cali_directory_make_numbered(cal_context *ctx, const char *parent, char **path);

/** `directory`/`name`, or `name` alone if it is absolute or the directory is "" or NULL. Released
 * with free(). Errors: MEMORY. */
cal_status cali_path_join(cal_context *ctx, const char *directory, const char *name, char **out);
/** The folder part of a path: "a/b" of "a/b/c.yaml", "." of "c.yaml", "/" of "/c.yaml". Released
 * with free(). Errors: MEMORY. */
cal_status cali_path_directory(cal_context *ctx, const char *path, char **out);
/** What follows the last slash; points into `path`. */
const char *cali_path_name(const char *path);

#endif
