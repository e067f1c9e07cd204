/* Compiled models, kept in ${XDG_CACHE_HOME:-~/.cache}/callosum/models under the digest of all that they depend on: the
 * C, the compiler, its flags. Compiled in a folder of its own and renamed, so a file is whole or not there. Code is
 * loaded only from a folder and a file that belong to this user and that nobody else may write. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/formula/formula.h"

enum { PATH_SIZE = 4096 };

typedef struct workshop {
    char cache[PATH_SIZE];                /* the folder of compiled models, "" if there is none */
    char folder[PATH_SIZE];               /* temporary, removed at the end */
    char source[PATH_SIZE + 16], object[PATH_SIZE + 16], log[PATH_SIZE + 16];
} workshop;

static bool is_ours(const struct stat *facts)
{
    return facts->st_uid == geteuid() && (facts->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool make_folder(const char *path)
{
    struct stat facts;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    return lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode) && is_ours(&facts);
}

/* The folder of compiled models; "" where there is none that is ours alone. */
static void find_cache(char out[PATH_SIZE])
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char base[PATH_SIZE - 64];
    int n = -1;
    if (xdg != NULL && xdg[0] == '/')
        n = snprintf(base, sizeof base, "%s", xdg);
    else if (home != NULL && home[0] == '/')
        n = snprintf(base, sizeof base, "%s/.cache", home);
    out[0] = '\0';
    if (n < 0 || (size_t)n >= sizeof base || (mkdir(base, 0700) != 0 && errno != EEXIST))
        return;
    char above[PATH_SIZE];
    snprintf(above, sizeof above, "%s/callosum", base);
    snprintf(out, PATH_SIZE, "%s/callosum/models", base);
    if (!make_folder(above) || !make_folder(out))
        out[0] = '\0';
}

/* A fresh folder of this user: in the cache, so that a rename stays on one file system, or among temporary files. */
static bool open_workshop(workshop *w)
{
    const char *tmp = getenv("TMPDIR");
    find_cache(w->cache);
    if (w->cache[0] != '\0' && (size_t)snprintf(w->folder, PATH_SIZE, "%s/new-XXXXXX", w->cache) < PATH_SIZE &&
        mkdtemp(w->folder) == NULL)
        w->cache[0] = '\0';
    if (w->cache[0] == '\0' &&
        ((size_t)snprintf(w->folder, PATH_SIZE, "%s/callosum-XXXXXX", tmp != NULL && tmp[0] == '/' ? tmp : "/tmp") >= PATH_SIZE ||
         mkdtemp(w->folder) == NULL))
        return false;
    snprintf(w->source, sizeof w->source, "%s/model.c", w->folder);
    snprintf(w->object, sizeof w->object, "%s/model.so", w->folder);
    snprintf(w->log, sizeof w->log, "%s/log", w->folder);
    return true;
}

static void close_workshop(workshop *w)
{
    unlink(w->source);
    unlink(w->object);
    unlink(w->log);
    rmdir(w->folder);
}

/* A handle on a file that is ours, or NULL. */
static void *open_library(const char *path)
{
    struct stat facts;
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return NULL;
    const bool is_right = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && is_ours(&facts) && facts.st_size > 0;
    close(file);
    return is_right ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

/* Everything that the bits of the object depend on. */
static cal_status find_key(cal_context *ctx, const cali_formula_compiler *compiler, const cali_text *source,
                           char key[CALI_DIGEST_SIZE])
{
    cali_text all = {0};
    cali_text_format(&all, "%s\n%s\n%s\n", CAL_VERSION, compiler->path, compiler->version);
    cali_formula_compiler_flags(&all);
    cali_text_add(&all, "\n");
    cali_text_add_bytes(&all, source->data, source->size);
    const cal_status status = all.is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "compiled formulas: no memory")
                                            : cali_digest_bytes(ctx, all.data, all.size, key);
    cali_text_free(&all);
    return status;
}

static bool write_source(const char *path, const cali_text *source)
{
    FILE *file = fopen(path, "wxe");
    if (file == NULL)
        return false;
    const bool is_written = fwrite(source->data, 1, source->size, file) == source->size;
    return fclose(file) == 0 && is_written;
}

/* Compiles in the workshop, moves the object into the cache, opens it. */
static void *build(workshop *w, const cali_formula_compiler *compiler, const cali_text *source,
                   const char *kept, char *why, size_t size)
{
    if (!write_source(w->source, source)) {
        snprintf(why, size, "%.200s cannot be written", w->source);
        return NULL;
    }
    if (!cali_formula_compile(compiler, w->source, w->object, w->log, why, size))
        return NULL;
    const bool is_kept = chmod(w->object, 0700) == 0 && kept[0] != '\0' && rename(w->object, kept) == 0;
    void *library = open_library(is_kept ? kept : w->object);
    if (library == NULL)
        snprintf(why, size, "what %.200s made cannot be loaded", compiler->path);
    return library;
}

void *cali_formula_library(cal_context *ctx, cali_formula_compiler *compiler, const cali_text *source, bool *was_cached, char *why,
                       size_t size)
{
    workshop w;
    char key[CALI_DIGEST_SIZE], kept[PATH_SIZE + 128] = "";
    *was_cached = false;
    if (!open_workshop(&w)) {
        snprintf(why, size, "neither the cache nor a temporary folder can be written");
        return NULL;
    }
    void *library = NULL;
    if (!cali_formula_ask_version(compiler, w.log)) {
        snprintf(why, size, "%.200s does not answer", compiler->path);
    } else if (find_key(ctx, compiler, source, key) == CAL_OK) {
        if (w.cache[0] != '\0')
            snprintf(kept, sizeof kept, "%s/%s.so", w.cache, key);
        library = kept[0] != '\0' ? open_library(kept) : NULL;
        *was_cached = library != NULL;
        if (library == NULL)
            library = build(&w, compiler, source, kept, why, size);
    } else {
        snprintf(why, size, "no memory");
    }
    close_workshop(&w);
    return library;
}
