/* The folder of keys: own pairs in pairs/NAME, keys of others that may come in in allowed/NAME. Small files of text:
 *
 *      callosum pair 1                         callosum key 1
 *      public <40 signs>                       public <40 signs>
 *      secret <40 signs>                       remark allowed 2026-11-21 19:05 UTC by ada@lab
 *
 * Each is replaced as a whole. A file that is none of these is named in messages and lets nobody in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "protocols/links.h"

enum { MAX_FILE = 4096, MAX_ENTRIES = 10000 };
static const char pairs[] = "pairs", allowed[] = "allowed";
static const char pair_title[] = "callosum pair 1\n", key_title[] = "callosum key 1\n";

/* Z85 (ZeroMQ RFC 32) without a sign that POSIX shells see inside single quotes. */
static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

bool cal_key_is_valid(const char *text)
{
    if (strnlen(text, CAL_KEY_SIZE) != CAL_KEY_SIZE - 1 || strspn(text, z85) != CAL_KEY_SIZE - 1)
        return false;
    for (int group = 0; group < 8; group++) { /* five signs stand for 32 bits */
        uint64_t value = 0;
        for (int i = 0; i < 5; i++)
            value = value * 85 + (uint64_t)(strchr(z85, text[5 * group + i]) - z85);
        if (value > UINT32_MAX)
            return false;
    }
    return true;
}

static bool is_name(const char *name)
{
    static const char signs[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const size_t n = strspn(name, signs);
    if (n == 0 || n > CAL_KEY_MAX_NAME || name[n] != '\0' || name[0] == '.' || name[0] == '-')
        return false;
    return n < 4 || strcmp(name + n - 4, ".tmp") != 0; /* files that are being written */
}

static cal_status check_name(cal_context *ctx, const char *name)
{
    if (is_name(name))
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT,
                    "\"%.80s\" is no name for a key: letters, digits, _ . - with a letter or digit first, at most %d. Try gpu1.",
                    name, CAL_KEY_MAX_NAME);
}

/* ---- one file ---------------------------------------------------------------------------------- */

/* Reads a small regular file without a context, so that the doorman can; "" or what is wrong. */
static const char *read_small(const char *path, bool is_secret, char text[MAX_FILE + 1])
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return strerror(errno);
    struct stat facts;
    const char *problem = "";
    size_t size = 0;
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
        problem = "no regular file";
    else if (is_secret && (facts.st_mode & 077) != 0)
        problem = "others may read this secret key. Try chmod 600 on it, or a new pair of another name";
    while (problem[0] == '\0' && size <= MAX_FILE) {
        const ssize_t n = read(file, text + size, MAX_FILE + 1 - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            problem = strerror(errno);
        if (n <= 0)
            break;
        size += (size_t)n;
    }
    close(file);
    if (problem[0] == '\0' && (size > MAX_FILE || memchr(text, '\0', size) != NULL))
        problem = "no file of a key";
    text[problem[0] == '\0' ? size : 0] = '\0';
    return problem;
}

/* The rest of the line that begins with `word`, cut to the room there is; false: no such line. */
static bool find_line(const char *text, const char *word, char *out, size_t size)
{
    const size_t n = strlen(word);
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        if (length > n && strncmp(line, word, n) == 0 && line[n] == ' ') {
            snprintf(out, size, "%.*s", (int)(length - n - 1), line + n + 1);
            return true;
        }
        line += length + (line[length] == '\n');
    }
    return false;
}

/* Fills the entry from its file, or says what is wrong. The secret key goes to `secret` if that is not NULL. */
static void read_entry(const char *folder, cal_key_entry *entry, char *secret)
{
    char path[4096], text[MAX_FILE + 1], held[CAL_KEY_SIZE + 8] = "", public_key[CAL_KEY_SIZE + 8] = "", own[CAL_KEY_SIZE];
    const char *title = entry->is_pair ? pair_title : key_title;
    entry->public_key[0] = entry->remark[0] = '\0';
    const int n = snprintf(path, sizeof path, "%s/%s/%s", folder, entry->is_pair ? pairs : allowed, entry->name);
    const char *problem = n < (int)sizeof path ? read_small(path, entry->is_pair, text) : "the path is too long";
    if (problem[0] == '\0' &&
        (strncmp(text, title, strlen(title)) != 0 || !find_line(text, "public", public_key, sizeof public_key) ||
         !cal_key_is_valid(public_key)))
        problem = "no file of a key";
    if (problem[0] == '\0' && entry->is_pair &&
        (!find_line(text, "secret", held, sizeof held) || !cali_key_public(held, own) || strcmp(own, public_key) != 0))
        problem = "the two keys of the pair do not belong together";
    if (problem[0] == '\0') {
        snprintf(entry->public_key, sizeof entry->public_key, "%.*s", CAL_KEY_SIZE - 1, public_key);
        find_line(text, "remark", entry->remark, sizeof entry->remark);
        if (secret != NULL)
            snprintf(secret, CAL_KEY_SIZE, "%.*s", CAL_KEY_SIZE - 1, held);
    }
    snprintf(entry->problem, sizeof entry->problem, "%s", problem);
    memset(text, 0, sizeof text);
    memset(held, 0, sizeof held);
}

static cal_key_entry entry_of(bool is_pair, const char *name)
{
    cal_key_entry entry = {.is_pair = is_pair};
    snprintf(entry.name, sizeof entry.name, "%.*s", CAL_KEY_MAX_NAME, name);
    return entry;
}

static cal_status say_problem(cal_context *ctx, const char *folder, const cal_key_entry *entry)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s/%s/%s: %s.", folder, entry->is_pair ? pairs : allowed, entry->name, entry->problem);
}

/* ---- the folder -------------------------------------------------------------------------------- */

static cal_status make_private(cal_context *ctx, const char *folder)
{
    char *parent = NULL;
    CAL_TRY(cali_path_directory(ctx, folder, &parent));
    const cal_status status = cali_directory_make(ctx, parent);
    free(parent);
    CAL_TRY(status);
    struct stat facts;
    if ((mkdir(folder, 0700) != 0 && errno != EEXIST) || stat(folder, &facts) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot make the folder of keys %s: %s", folder, strerror(errno));
    if (!S_ISDIR(facts.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_IO, "the folder of keys %s is no folder. Try another with --keys.", folder);
    if ((facts.st_mode & 077) != 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "others may enter the folder of keys %s (mode %03o). Try: chmod 700 %s.", folder,
                        (unsigned)facts.st_mode & 0777u, folder);
    return CAL_OK;
}

cal_status cal_keys_folder(cal_context *ctx, const char *wish, char **out)
{
    const char *own = getenv("CALLOSUM_KEYS"), *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    cali_text path = {0};
    *out = NULL;
    if (wish != NULL || (own != NULL && own[0] != '\0'))
        cali_text_add(&path, wish != NULL ? wish : own);
    else if (config != NULL && config[0] == '/')
        cali_text_format(&path, "%s/callosum/keys", config);
    else if (home != NULL && home[0] == '/')
        cali_text_format(&path, "%s/.config/callosum/keys", home);
    else
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "no folder of keys: HOME is not set. Try --keys DIR or CALLOSUM_KEYS=DIR.");
    cal_status status = CAL_OK;
    if (path.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a path");
    else if (path.size == 0 || path.size > 3500)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "the folder of keys needs a name of at most 3500 bytes");
    else
        status = make_private(ctx, path.data);
    if (status == CAL_OK)
        *out = path.data;
    else
        cali_text_free(&path);
    return status;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const cal_key_entry *)a)->name, ((const cal_key_entry *)b)->name);
}

/* Adds the entries of one of the two folders; one that is missing is empty. Names that begin with a dot and unfinished files are
 * none. */
static cal_status add_entries(cal_context *ctx, const char *folder, bool is_pair, cal_key_entry **list, size_t *n,
                              size_t *capacity)
{
    char *path = NULL;
    cal_status status = CAL_OK;
    const size_t begin = *n;
    CAL_TRY(cali_path_join(ctx, folder, is_pair ? pairs : allowed, &path));
    DIR *directory = opendir(path);
    if (directory == NULL && errno != ENOENT)
        status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    free(path);
    if (directory == NULL)
        return status;
    for (const struct dirent *at = readdir(directory); at != NULL && status == CAL_OK; at = readdir(directory)) {
        if (at->d_name[0] == '.' || *n - begin >= MAX_ENTRIES)
            continue;
        status = cali_reserve(ctx, *n + 1, sizeof **list, list, capacity);
        if (status != CAL_OK)
            break;
        cal_key_entry entry = {.is_pair = is_pair};
        if (is_name(at->d_name)) {
            entry = entry_of(is_pair, at->d_name);
            read_entry(folder, &entry, NULL);
        } else {
            snprintf(entry.name, sizeof entry.name, "%.*s", CAL_KEY_MAX_NAME, at->d_name);
            snprintf(entry.problem, sizeof entry.problem, "no name of a key");
        }
        (*list)[(*n)++] = entry;
    }
    closedir(directory);
    if (*n > begin)
        qsort(*list + begin, *n - begin, sizeof **list, compare_entries);
    return status;
}

cal_status cal_keys_list(cal_context *ctx, const char *folder, cal_key_entry **out, size_t *n)
{
    size_t capacity = 0;
    *out = NULL;
    *n = 0;
    cal_status status = cali_reserve(ctx, 1, sizeof **out, out, &capacity);
    if (status == CAL_OK)
        status = add_entries(ctx, folder, true, out, n, &capacity);
    if (status == CAL_OK)
        status = add_entries(ctx, folder, false, out, n, &capacity);
    if (status != CAL_OK) {
        free(*out);
        *out = NULL;
        *n = 0;
    }
    return status;
}

bool cali_keys_time(const char *folder, struct timespec *out)
{
    char path[4096];
    struct stat facts;
    if (snprintf(path, sizeof path, "%s/%s", folder, allowed) >= (int)sizeof path || stat(path, &facts) != 0)
        return false;
    *out = facts.st_mtim;
    return true;
}

bool cali_keys_find(const char *folder, const char *public_key, char name[CAL_KEY_MAX_NAME + 1])
{
    char path[4096];
    bool is_found = false;
    name[0] = '\0';
    if (snprintf(path, sizeof path, "%s/%s", folder, allowed) >= (int)sizeof path)
        return false;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return false;
    for (const struct dirent *at = readdir(directory); at != NULL && !is_found; at = readdir(directory)) {
        if (!is_name(at->d_name))
            continue;
        cal_key_entry entry = entry_of(false, at->d_name);
        read_entry(folder, &entry, NULL);
        is_found = entry.problem[0] == '\0' && strcmp(entry.public_key, public_key) == 0;
        if (is_found)
            snprintf(name, CAL_KEY_MAX_NAME + 1, "%s", entry.name);
    }
    closedir(directory);
    return is_found;
}

/* ---- pairs ------------------------------------------------------------------------------------- */

/* Writes folder/KIND/NAME as a whole with mode 0600; `text` is wiped by the caller. */
static cal_status write_entry(cal_context *ctx, const char *folder, bool is_pair, const char *name, const char *text)
{
    char *path = NULL, *file = NULL;
    CAL_TRY(cali_path_join(ctx, folder, is_pair ? pairs : allowed, &path));
    cal_status status = make_private(ctx, path);
    if (status == CAL_OK)
        status = cali_path_join(ctx, path, name, &file);
    if (status == CAL_OK)
        status = cali_file_write_secret(ctx, file, text, strlen(text));
    free(path);
    free(file);
    return status;
}

/* The public key of a new pair begins with a letter or digit, so that it is never taken for an option. */
static cal_status make_pair(cal_context *ctx, const char *folder, const char *name, cal_key_pair *out)
{
    char text[256];
    do
        if (!cali_key_make(out))
            return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "this build of ZeroMQ makes no keys: it lacks CURVE");
    while (strspn(out->public_key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == 0);
    snprintf(text, sizeof text, "%spublic %s\nsecret %s\n", pair_title, out->public_key, out->secret_key);
    const cal_status status = write_entry(ctx, folder, true, name, text);
    memset(text, 0, sizeof text);
    return status;
}

/* Anything of that name in pairs, a broken file included. */
static cal_status look_for_pair(cal_context *ctx, const char *folder, const char *name, bool *is_there)
{
    cali_text path = {0};
    struct stat facts;
    CAL_TRY(check_name(ctx, name));
    cali_text_format(&path, "%s/%s/%s", folder, pairs, name);
    *is_there = !path.is_broken && (lstat(path.data, &facts) == 0 || errno != ENOENT);
    const cal_status status = path.is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a path") : CAL_OK;
    cali_text_free(&path);
    return status;
}

cal_status cal_keys_new_pair(cal_context *ctx, const char *folder, const char *name, cal_key_pair *out)
{
    bool is_there;
    *out = (cal_key_pair){0};
    CAL_TRY(look_for_pair(ctx, folder, name, &is_there));
    if (is_there)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "there is a pair \"%s\" in %s already; callosum keys list shows it. Try another name.",
                        name, folder);
    return make_pair(ctx, folder, name, out);
}

cal_status cal_keys_pair(cal_context *ctx, const char *folder, const char *name, bool makes, cal_key_pair *out)
{
    bool is_there;
    *out = (cal_key_pair){0};
    CAL_TRY(look_for_pair(ctx, folder, name, &is_there));
    if (!is_there && makes)
        return make_pair(ctx, folder, name, out);
    if (!is_there)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "no pair of keys \"%s\" in %s. Try callosum keys new %s.", name, folder, name);
    cal_key_entry entry = entry_of(true, name);
    read_entry(folder, &entry, out->secret_key);
    if (entry.problem[0] != '\0')
        return say_problem(ctx, folder, &entry);
    memcpy(out->public_key, entry.public_key, sizeof out->public_key);
    return CAL_OK;
}

/* ---- allowed keys ------------------------------------------------------------------------------ */

/* One line of printable ASCII or UTF-8; who and when, if nothing is said. */
static void write_remark(char *out, size_t size, const char *remark)
{
    char when[32], host[64] = "";
    const char *who = getenv("USER");
    const time_t now = time(NULL);
    struct tm utc;
    if (remark == NULL) {
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
        gethostname(host, sizeof host - 1);
        snprintf(out, size, "allowed %s by %.40s@%s", when, who != NULL ? who : "?", host);
    } else {
        snprintf(out, size, "%s", remark);
    }
    for (char *at = out; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
}

cal_status cal_keys_allow(cal_context *ctx, const char *folder, const char *name, const char *public_key, const char *remark)
{
    cal_key_entry *list = NULL;
    size_t n = 0;
    CAL_TRY(check_name(ctx, name));
    if (!cal_key_is_valid(public_key))
        return CAL_FAIL(ctx, CAL_ERR_INPUT,
                        "\"%.80s\" is no public key: 40 signs, as callosum keys new prints them. Keep them in single quotes.",
                        public_key);
    CAL_TRY(cal_keys_list(ctx, folder, &list, &n));
    cal_status status = CAL_OK;
    bool is_there = false;
    for (size_t i = 0; i < n && status == CAL_OK; i++) {
        const bool same_key = strcmp(list[i].public_key, public_key) == 0, same_name = strcmp(list[i].name, name) == 0;
        if (list[i].is_pair || (!same_key && !same_name))
            continue;
        is_there = same_key && same_name;
        if (same_name && !same_key && list[i].problem[0] == '\0')
            status = CAL_FAIL(ctx, CAL_ERR_INPUT, "\"%s\" is the name of another allowed key. Try callosum keys revoke %s first.",
                              name, name);
        else if (same_key && !same_name)
            status = CAL_FAIL(ctx, CAL_ERR_INPUT, "this key is allowed already, as \"%s\".", list[i].name);
    }
    free(list);
    if (status != CAL_OK || is_there)
        return status;
    char line[128], text[320];
    write_remark(line, sizeof line, remark);
    snprintf(text, sizeof text, "%spublic %s\nremark %s\n", key_title, public_key, line);
    return write_entry(ctx, folder, false, name, text);
}

static cal_status remove_allowed(cal_context *ctx, const char *folder, const char *name)
{
    cali_text path = {0};
    cali_text_format(&path, "%s/%s/%s", folder, allowed, name);
    cal_status status = CAL_OK;
    if (path.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a path");
    else if (unlink(path.data) != 0 && errno != ENOENT)
        status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot remove %s: %s", path.data, strerror(errno));
    cali_text_free(&path);
    return status;
}

cal_status cal_keys_revoke(cal_context *ctx, const char *folder, const char *name)
{
    cal_key_entry *list = NULL;
    size_t n = 0, at = 0;
    CAL_TRY(check_name(ctx, name));
    CAL_TRY(cal_keys_list(ctx, folder, &list, &n));
    while (at < n && (list[at].is_pair || strcmp(list[at].name, name) != 0))
        at++;
    cal_status status = CAL_OK;
    if (at == n)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "no allowed key \"%s\" in %s. callosum keys list shows all.", name, folder);
    for (size_t i = 0; i < n && status == CAL_OK && at < n; i++)
        if (i == at || (!list[i].is_pair && list[i].public_key[0] != '\0' &&
                        strcmp(list[i].public_key, list[at].public_key) == 0))
            status = remove_allowed(ctx, folder, list[i].name);
    free(list);
    return status;
}
