/* A folder that holds the members of a TVB archive. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "connectomes/loaders.h"

static cal_status load_member(cal_context *ctx, const cali_input *input, int member, const char *name,
                              cali_raw *raw)
{
    char file[512];
    char *path = NULL, *data = NULL;
    size_t size = 0;
    struct stat info;
    cali_array_name(file, input->name, name);
    CAL_TRY(cali_path_join(ctx, input->path, name, &path));
    cal_status status = CAL_OK;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        status = CAL_FAIL(ctx, CAL_ERR_IO, "%s is no file that can be read.", file);
    if (status == CAL_OK)
        status = cali_file_read(ctx, path, CALI_MAX_BYTES, &data, &size);
    if (status == CAL_OK)
        status = cali_member_read(ctx, member, file, data, size, raw);
    free(data);
    free(path);
    return status;
}

/* The name that comes first in the alphabet stands for a member, so the folder's order is no matter. */
static cal_status choose(cal_context *ctx, DIR *folder, char *chosen[])
{
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const int m = cali_member_find(entry->d_name);
        if (m < 0 || (chosen[m] != NULL && strcmp(chosen[m], entry->d_name) <= 0))
            continue;
        free(chosen[m]);
        CAL_TRY(cali_copy_text(ctx, entry->d_name, &chosen[m]));
    }
    return CAL_OK;
}

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths,
                       cali_raw *raw)
{
    (void)lengths;
    char *chosen[16] = {NULL};
    DIR *folder = opendir(input->path);
    if (folder == NULL)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s cannot be opened: %s.", input->name, strerror(errno));
    raw->is_oriented = true;
    cal_status status = choose(ctx, folder, chosen);
    closedir(folder);
    for (size_t m = 0; m < cali_n_members; m++) {
        if (status == CAL_OK && chosen[m] != NULL)
            status = load_member(ctx, input, (int)m, chosen[m], raw);
        free(chosen[m]);
    }
    return status == CAL_OK ? cali_members_check(ctx, input->name, raw) : status;
}

static const char *const suffixes[] = {NULL};
const cali_loader cali_loader_folder = {.name = "folder",
                                        .suffixes = suffixes,
                                        .is_for_directories = true,
                                        .opens_path = true,
                                        .load = load};
