/* The folder of checkpoints: one file each, named after its simulated time, written as a whole or not at all. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "experiment/checkpoint.h"
#include "experiment/session.h"

#define NAME "%010lld.%09llds.ckpt" /* seconds; the order of names is that of times */
enum { NAME_SIZE = 64 };

/* ---- when ---------------------------------------------------------------------------------------------- */

bool cali_is_checkpoint_due_at(const cal_session *s, cal_time t)
{
    const cal_time every = s->experiment->checkpoint_every, before = t - s->plan.window;
    return every > 0 && t > 0 && t < s->experiment->duration && t / every > before / every;
}

bool cal_session_is_checkpoint_due(const cal_session *s)
{
    return cali_is_checkpoint_due_at(s, cal_session_time(s));
}

bool cal_session_can_checkpoint(const cal_session *s)
{
    const cal_time t = cal_session_time(s);
    if (t == 0 || t >= s->experiment->duration)
        return false;
    return s->experiment->is_alone || !cal_integrators[s->plan.integrator].is_adaptive || cal_session_is_checkpoint_due(s);
}

/* ---- the folder ------------------------------------------------------------------------------------------ */

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), n_end = strlen(end);
    return n >= n_end && strcmp(name + n - n_end, end) == 0;
}

/* Newest first. */
static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static cal_status list(cal_context *ctx, const char *folder, const char *end, size_t *n, char ***paths)
{
    size_t capacity = 0;
    *n = 0;
    *paths = NULL;
    DIR *open = opendir(folder);
    cal_status status = CAL_OK;
    for (const struct dirent *e = open == NULL ? NULL : readdir(open); e != NULL && status == CAL_OK; e = readdir(open)) {
        if (!ends_with(e->d_name, end))
            continue;
        status = cali_reserve(ctx, *n + 1, sizeof **paths, paths, &capacity);
        if (status == CAL_OK)
            status = cali_path_join(ctx, folder, e->d_name, &(*paths)[*n]);
        *n += status == CAL_OK;
    }
    if (open != NULL)
        closedir(open);
    if (*n > 1)
        qsort(*paths, *n, sizeof **paths, compare_names);
    return status;
}

cal_status cal_checkpoints_list(cal_context *ctx, const char *folder, size_t *n, char ***paths)
{
    return list(ctx, folder, ".ckpt", n, paths);
}

/* All but the first `keep` of those that end so. */
static void remove_old(cal_context *ctx, const char *folder, const char *end, size_t keep)
{
    size_t n = 0;
    char **paths = NULL;
    list(ctx, folder, end, &n, &paths);
    for (size_t i = 0; i < n; i++) {
        if (i >= keep)
            remove(paths[i]);
        free(paths[i]);
    }
    free(paths);
}

static void name_file(cal_time t, char name[NAME_SIZE])
{
    const long long second = 1000 * CAL_NS_PER_MS;
    snprintf(name, NAME_SIZE, NAME, (long long)t / second, (long long)t % second);
}

void cal_checkpoints_remove(cal_context *ctx, const char *folder, cal_time after)
{
    char name[NAME_SIZE] = "";
    size_t n = 0;
    char **paths = NULL;
    if (after >= 0)
        name_file(after, name);
    list(ctx, folder, ".ckpt", &n, &paths);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(cali_path_name(paths[i]), name) > 0)
            remove(paths[i]);
        free(paths[i]);
    }
    free(paths);
    remove_old(ctx, folder, ".tmp", 0);
    if (after < 0)
        remove(folder); /* stays if something else is in it */
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static cal_status write_file(cal_session *s, const char *folder)
{
    char name[NAME_SIZE], *path = NULL, *bytes = NULL;
    size_t size = 0;
    name_file(cal_session_time(s), name);
    CAL_TRY(cali_directory_make(s->ctx, folder));
    CAL_TRY(cali_path_join(s->ctx, folder, name, &path));
    cal_status status = cali_checkpoint_save(s, &bytes, &size);
    if (status == CAL_OK)
        status = cali_file_write(s->ctx, path, bytes, size);
    free(bytes);
    free(path);
    return status;
}

cal_status cal_session_write_checkpoint(cal_session *s, const char *folder, bool *is_written)
{
    *is_written = false;
    CAL_TRY(cal_recorder_sync(s->recorder));
    if (write_file(s, folder) == CAL_OK) {
        *is_written = true;
        remove_old(s->ctx, folder, ".tmp", 0); /* of a process that was killed */
        remove_old(s->ctx, folder, ".ckpt", s->experiment->checkpoint_keep);
        return CAL_OK;
    }
    if (!s->has_warned)
        cal_context_note(s->ctx, "no checkpoint at %g s: %s. The run goes on, and so do the attempts; former checkpoints stay.",
                         cal_time_ms(cal_session_time(s)) / 1e3, cal_context_message(s->ctx));
    s->has_warned = true;
    cal_context_clear(s->ctx);
    return CAL_OK;
}

/* ---- going on ---------------------------------------------------------------------------------------------- */

cal_status cal_checkpoint_load(cal_context *ctx, const char *path, char **bytes, size_t *size, cal_time *time)
{
    CAL_TRY(cali_file_read(ctx, path, (size_t)1 << 40, bytes, size));
    const cal_status status = cali_checkpoint_check(ctx, *bytes, *size, time);
    if (status == CAL_OK)
        return CAL_OK;
    free(*bytes);
    *bytes = NULL;
    return status;
}

cal_status cal_session_continue(cal_session *s, const char *bytes, size_t size, cal_recording *former)
{
    cal_replay *order = NULL;
    size_t n = 0;
    CAL_TRY(cali_checkpoint_restore(s, bytes, size));
    CAL_TRY(cali_signals_order(s, &order, &n));
    const cal_status status = cal_recorder_replay(s->recorder, former, order, n, s->plan.window, cal_session_time(s));
    free(order);
    return status;
}

cal_status cal_session_move(cal_session *s, const char *path)
{
    return cal_recorder_move(s->recorder, path);
}
