/* Stands in for the fuzzer's main: gives every file of a folder to the target once. An empty or missing folder is a
 * failure, for then nothing would be tested. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(cal_context *ctx, const char *folder, const char *name)
{
    enum { LIMIT = 64 << 20 };
    char *path = NULL, *data = NULL;
    size_t size = 0;
    int result = 1;
    printf("%s\n", name);
    fflush(stdout); /* the last line names the input of a crash */
    if (cali_path_join(ctx, folder, name, &path) == CAL_OK && cali_file_read(ctx, path, LIMIT, &data, &size) == CAL_OK) {
        /* a copy of exactly that size, so that the address sanitizer sees a byte too far */
        uint8_t *exact = malloc(size > 0 ? size : 1);
        if (exact != NULL) {
            memcpy(exact, data, size);
            result = LLVMFuzzerTestOneInput(exact, size);
        }
        free(exact);
    } else {
        fprintf(stderr, "%s\n", cal_context_message(ctx));
    }
    free(data);
    free(path);
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        fprintf(stderr, "%s cannot be read\n", argv[1]);
        return 1;
    }
    cal_context *ctx = cali_test_context(1);
    int n = 0, n_failed = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        n++;
        n_failed += replay(ctx, argv[1], entry->d_name) != 0;
    }
    closedir(folder);
    cal_context_destroy(&ctx);
    printf("%d inputs, %d failed\n", n, n_failed);
    return n == 0 || n_failed > 0;
}
