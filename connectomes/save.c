/* Which saver writes a path, and how its pieces get there: all or nothing wherever the system allows. */
#include "connectomes/save.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "connectomes/loaders.h"

#define X(entry) extern const cali_saver cali_saver_##entry;
#include "connectomes/savers.def"
#undef X

#define X(entry) &cali_saver_##entry,
const cali_saver *const cali_savers[] = {
#include "connectomes/savers.def"
};
#undef X
const size_t cali_n_savers = sizeof cali_savers / sizeof cali_savers[0];

cali_text *cali_bundle_add(cali_bundle *bundle, const char *name)
{
    cali_piece *piece = &bundle->pieces[bundle->n++];
    snprintf(piece->name, sizeof piece->name, "%s", name);
    return &piece->text;
}

void cali_bundle_free(cali_bundle *bundle)
{
    for (size_t i = 0; i < bundle->n; i++)
        cali_text_free(&bundle->pieces[i].text);
    bundle->n = 0;
}

size_t cali_parts(const cal_connectome *self, cali_part parts[CALI_N_PARTS])
{
    const size_t n = self->n_regions;
    const cali_part all[CALI_N_PARTS] = {
        {"weights", "weights", self->weights, NULL, n, n, 0},
        {"tract_lengths", "tract_lengths", self->lengths_mm, NULL, n, n, 0},
        {"centres", "centres", self->centres_mm, NULL, n, 3, CALI_HAS_CENTRES},
        {"orientations", "average_orientations", self->orientations, NULL, n, 3, CALI_HAS_ORIENTATIONS},
        {"areas", "areas", self->areas_mm2, NULL, n, 1, CALI_HAS_AREAS},
        {"cortical", "cortical", NULL, self->is_cortical, n, 1, CALI_HAS_CORTICAL},
        {"hemispheres", "hemispheres", NULL, self->is_right, n, 1, CALI_HAS_HEMISPHERES}};
    size_t n_parts = 0;
    for (size_t i = 0; i < CALI_N_PARTS; i++)
        if (all[i].values != NULL || all[i].flags != NULL)
            parts[n_parts++] = all[i];
    return n_parts;
}

/* ---- which saver ----------------------------------------------------------------------------- */

size_t cal_connectome_n_formats(void)
{
    return cali_n_savers;
}

cal_connectome_format cal_connectome_get_format(size_t index)
{
    const cali_saver *s = cali_savers[index];
    return (cal_connectome_format){s->name, s->endings, s->meaning, s->container == CALI_FOLDER};
}

static void list_names(cali_text *text)
{
    for (size_t i = 0; i < cali_n_savers; i++)
        cali_text_format(text, "%s%s", i == 0 ? "" : ", ", cali_savers[i]->name);
}

static const cali_saver *find_by_name(const char *name)
{
    for (size_t i = 0; i < cali_n_savers; i++)
        if (strcmp(cali_savers[i]->name, name) == 0)
            return cali_savers[i];
    return NULL;
}

static const cali_saver *find_by_ending(const char *path)
{
    const size_t n = strlen(path);
    for (size_t i = 0; i < cali_n_savers; i++)
        for (const char *const *e = cali_savers[i]->endings; *e != NULL; e++)
            if (n > strlen(*e) && strcasecmp(path + n - strlen(*e), *e) == 0)
                return cali_savers[i];
    return NULL;
}

static cal_status choose(cal_context *ctx, const char *path, const char *format, const cali_saver **out)
{
    *out = format != NULL ? find_by_name(format) : find_by_ending(path);
    if (*out != NULL)
        return CAL_OK;
    cali_text names = {0};
    list_names(&names);
    const char *list = names.is_broken || names.data == NULL ? "" : names.data;
    const char *dot = strrchr(cali_path_name(path), '.');
    cal_status status;
    if (format != NULL)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C306 cannot be written in the format \"%s\".\n  because the "
                          "formats are %s.", cali_path_name(path), format, list);
    else if (dot != NULL && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".tsv") == 0))
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C306 is one table, but a connectome is a folder of several.\n  try "
                          "%.*s_%s, or any name and --format %s.", cali_path_name(path),
                          (int)(dot - cali_path_name(path)), cali_path_name(path), dot + 1, dot + 1);
    else
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C306 has no ending that names a format.\n  because the formats are "
                          "%s.\n  try an ending such as .npz, or --format NAME.", cali_path_name(path), list);
    cali_text_free(&names);
    return status;
}

/* ---- folders --------------------------------------------------------------------------------- */

static cal_status write_piece(cal_context *ctx, const char *folder, const cali_piece *piece)
{
    char *path = NULL, *parent = NULL;
    cal_status status = cali_path_join(ctx, folder, piece->name, &path);
    if (status == CAL_OK)
        status = cali_path_directory(ctx, path, &parent);
    if (status == CAL_OK)
        status = cali_directory_make(ctx, parent);
    if (status == CAL_OK)
        status = cali_file_write(ctx, path, piece->text.data, piece->text.size);
    free(parent);
    free(path);
    return status;
}

/* Whether `name` is a piece or the folder of one, both below `prefix` ("" or "sub-01/"). */
static bool is_of_bundle(const cali_bundle *bundle, const char *prefix, const char *name, bool *is_folder)
{
    char path[1024];
    *is_folder = false;
    const int n = snprintf(path, sizeof path, "%s%s", prefix, name);
    for (size_t i = 0; n > 0 && (size_t)n < sizeof path && i < bundle->n; i++) {
        if (strncmp(bundle->pieces[i].name, path, (size_t)n) != 0)
            continue;
        *is_folder = bundle->pieces[i].name[n] == '/';
        if (*is_folder || bundle->pieces[i].name[n] == '\0')
            return true;
    }
    return false;
}

/* A folder that is replaced may hold nothing but what is replaced: nothing old stays to be read with the new, and
 * nothing of the user's is lost. */
static cal_status check_folder(cal_context *ctx, const cali_bundle *bundle, const char *folder, const char *prefix)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(ctx, folder, prefix, &path));
    DIR *open = opendir(path);
    cal_status status = CAL_OK;
    if (open == NULL)
        status = CAL_FAIL(ctx, CAL_ERR_IO, "%s cannot be opened: %s.", path, strerror(errno));
    for (const struct dirent *entry; status == CAL_OK && (entry = readdir(open)) != NULL;) {
        bool is_folder;
        char below[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!is_of_bundle(bundle, prefix, entry->d_name, &is_folder))
            status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C306 holds %s%s, which would stay beside the new files.\n  try "
                              "another name, or remove it first.", cali_path_name(folder), prefix, entry->d_name);
        else if (is_folder && snprintf(below, sizeof below, "%s%s/", prefix, entry->d_name) < (int)sizeof below)
            status = check_folder(ctx, bundle, folder, below);
    }
    if (open != NULL)
        closedir(open);
    free(path);
    return status;
}

static void remove_pieces(const cali_bundle *bundle, const char *folder)
{
    for (size_t i = 0; i < bundle->n; i++) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, bundle->pieces[i].name);
        unlink(path);
        for (char *slash = strrchr(path, '/'); slash != NULL && slash > path + strlen(folder); slash = strrchr(path, '/')) {
            *slash = '\0';
            rmdir(path);
        }
    }
    rmdir(folder);
}

/* A new folder appears as a whole, by its rename; in one that exists every file is replaced as a whole. */
static cal_status write_folder(cal_context *ctx, const cali_bundle *bundle, const char *path, bool exists)
{
    cali_text name = {0};
    cali_text_format(&name, "%s.%ld.tmp", path, (long)getpid());
    if (name.is_broken)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory to write %s", path);
    const char *folder = exists ? path : name.data;
    cal_status status = exists ? check_folder(ctx, bundle, path, "") : cali_directory_make(ctx, folder);
    for (size_t i = 0; status == CAL_OK && i < bundle->n; i++)
        status = write_piece(ctx, folder, &bundle->pieces[i]);
    if (status == CAL_OK && !exists && rename(folder, path) != 0)
        status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    if (status != CAL_OK && !exists)
        remove_pieces(bundle, folder);
    cali_text_free(&name);
    return status;
}

/* ---- saving ---------------------------------------------------------------------------------- */

static cal_status write_bundle(cal_context *ctx, const cali_saver *saver, const cali_bundle *bundle, const char *path,
                               bool exists)
{
    for (size_t i = 0; i < bundle->n; i++)
        if (bundle->pieces[i].text.is_broken)
            return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory to write %s", path);
    if (saver->container == CALI_FOLDER)
        return write_folder(ctx, bundle, path, exists);
    if (saver->container == CALI_ONE_FILE)
        return cali_file_write(ctx, path, bundle->pieces[0].text.data, bundle->pieces[0].text.size);
    cali_text archive = {0};
    cal_status status = cali_archive_pack(ctx, bundle, saver->container == CALI_STORED_ARCHIVE, &archive);
    if (status == CAL_OK)
        status = cali_file_write(ctx, path, archive.data, archive.size);
    cali_text_free(&archive);
    return status;
}

static void note_losses(cal_context *ctx, const cal_connectome *self, const cali_saver *saver, const char *path)
{
    cali_part parts[CALI_N_PARTS];
    const size_t n = cali_parts(self, parts);
    cali_text lost = {0};
    for (size_t i = 0; i < n; i++)
        if ((parts[i].extra & ~saver->holds) != 0)
            cali_text_format(&lost, "%s%s", lost.size == 0 ? "" : ", ", parts[i].name);
    if (lost.size > 0 && !lost.is_broken)
        cal_context_note(ctx, "%s: the format %s has no place for %s; they are left out.", cali_path_name(path),
                         saver->name, lost.data);
    cali_text_free(&lost);
}

static cal_status check_place(cal_context *ctx, const cali_saver *saver, const char *path, bool replaces, bool *exists)
{
    struct stat info;
    *exists = stat(path, &info) == 0;
    if (!*exists)
        return CAL_OK;
    if (!replaces)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C306 exists already.\n  try another name, or --force.",
                        cali_path_name(path));
    if (S_ISDIR(info.st_mode) != (saver->container == CALI_FOLDER))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C306 is a %s, but the format %s is a %s.\n  try another name.",
                        cali_path_name(path), S_ISDIR(info.st_mode) ? "folder" : "file", saver->name,
                        saver->container == CALI_FOLDER ? "folder" : "file");
    return CAL_OK;
}

static cal_status save(cal_context *ctx, const cal_connectome *self, const char *path, const char *format, bool replaces)
{
    const cali_saver *saver = NULL;
    cali_bundle bundle = {.n = 0};
    bool exists = false;
    CAL_TRY(choose(ctx, path, format, &saver));
    CAL_TRY(check_place(ctx, saver, path, replaces, &exists));
    cal_status status = saver->collect(ctx, self, &bundle);
    if (status == CAL_OK)
        status = write_bundle(ctx, saver, &bundle, path, exists);
    if (status == CAL_OK)
        note_losses(ctx, self, saver, path);
    cali_bundle_free(&bundle);
    return status;
}

cal_status cal_connectome_save(cal_context *ctx, const cal_connectome *self, const char *path, const char *format,
                               bool replaces)
{
    if (path == NULL || path[0] == '\0')
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "a connectome needs a path");
    char *trimmed = NULL;
    CAL_TRY(cali_copy_text(ctx, path, &trimmed));
    const size_t n_given = strlen(trimmed);
    for (size_t n = n_given; n > 1 && trimmed[n - 1] == '/'; n--)
        trimmed[n - 1] = '\0';
    /* a slash at the end asks for a folder */
    if (format == NULL && trimmed[n_given - 1] == '\0' && find_by_ending(trimmed) == NULL)
        format = "csv";
    const cali_plain_locale locale = cali_plain_locale_enter();
    const cal_status status = save(ctx, self, trimmed, format, replaces);
    cali_plain_locale_leave(locale);
    free(trimmed);
    return status;
}

cal_status cal_connectome_save_zip(cal_context *ctx, const cal_connectome *connectome, const char *path)
{
    return cal_connectome_save(ctx, connectome, path, "zip", true);
}
