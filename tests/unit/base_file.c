/* base/file.h and base/digest.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "support/support.h"

static char *in_scratch(const char *name)
{
    static char path[2048];
    static const char *folder = NULL;
    if (folder == NULL)
        folder = strdup(cali_test_directory());
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* FIPS 180-4, example values of NIST: "abc", the empty message, and a million letters a. */
Test(base_digest, equals_the_standards_examples)
{
    cal_context *ctx = cali_test_context(1);
    char hex[CALI_DIGEST_SIZE];
    cr_assert(eq(int, cali_digest_bytes(ctx, "abc", 3, hex), CAL_OK));
    cr_expect(eq(str, hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    cr_assert(eq(int, cali_digest_bytes(ctx, NULL, 0, hex), CAL_OK));
    cr_expect(eq(str, hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    char *many = malloc(1000000);
    memset(many, 'a', 1000000);
    const char *path = in_scratch("million");
    cr_assert(eq(int, cali_file_write(ctx, path, many, 1000000), CAL_OK));
    cr_assert(eq(int, cali_digest_file(ctx, path, hex), CAL_OK));
    cr_expect(eq(str, hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    free(many);
    cal_context_destroy(&ctx);
}

Test(base_digest, a_missing_file_is_named_with_its_cause)
{
    cal_context *ctx = cali_test_context(1);
    char hex[CALI_DIGEST_SIZE];
    cr_expect(eq(int, cali_digest_file(ctx, "no/such/file", hex), CAL_ERR_IO));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "cannot open no/such/file: No such file or directory"));
    cr_expect(eq(str, hex, ""));
    cal_context_destroy(&ctx);
}

Test(base_file, what_is_written_is_read_up_to_the_limit)
{
    cal_context *ctx = cali_test_context(1);
    const char *path = in_scratch("letters");
    char *data = NULL;
    size_t size = 0;
    cr_assert(eq(int, cali_file_write(ctx, path, "a\0bcd", 5), CAL_OK));
    cr_assert(eq(int, cali_file_read(ctx, path, 5, &data, &size), CAL_OK));
    cr_expect(eq(sz, size, 5));
    cr_expect(eq(int, memcmp(data, "a\0bcd\0", 6), 0));
    free(data);
    cr_expect(eq(int, cali_file_read(ctx, path, 4, &data, &size), CAL_ERR_INPUT));
    cr_expect(eq(ptr, data, NULL));
    cr_expect(ne(ptr, strstr(cal_context_message(ctx), "is larger than 4e-06 MB"), NULL));
    cal_context_clear(ctx);
    /* a device has no size beforehand: the limit ends it */
    cr_expect(eq(int, cali_file_read(ctx, "/dev/zero", 100000, &data, &size), CAL_ERR_INPUT));
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_file_read(ctx, "/", 100000, &data, &size), CAL_ERR_IO));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "cannot read /: Is a directory"));
    cal_context_destroy(&ctx);
}

Test(base_file, writing_replaces_the_whole_and_leaves_no_rest)
{
    cal_context *ctx = cali_test_context(1);
    char *folder = strdup(in_scratch("replace"));
    char *path = NULL, *data = NULL, command[8192];
    size_t size = 0;
    cr_assert(eq(int, cali_directory_make(ctx, folder), CAL_OK));
    cr_assert(eq(int, cali_path_join(ctx, folder, "f", &path), CAL_OK));
    cr_assert(eq(int, cali_file_write(ctx, path, "longer text", 11), CAL_OK));
    cr_assert(eq(int, cali_file_write(ctx, path, "short", 5), CAL_OK));
    cr_assert(eq(int, cali_file_read(ctx, path, 100, &data, &size), CAL_OK));
    cr_expect(eq(str, data, "short"));
    snprintf(command, sizeof command, "test \"$(ls -A %s)\" = f", folder);
    cr_expect(eq(int, system(command), 0), "a temporary file was left");
    struct stat facts;
    cr_assert(eq(int, stat(path, &facts), 0));
    const mode_t mask = umask(0);
    cr_expect(eq(int, (int)(facts.st_mode & 0777), (int)(0644 & ~mask)));
    /* a failed write leaves what was there: the target is a directory, which rename refuses */
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_file_write(ctx, folder, "x", 1), CAL_ERR_IO));
    cr_expect(ne(ptr, strstr(cal_context_message(ctx), "Is a directory"), NULL));
    free(path);
    free(data);
    free(folder);
    cal_context_destroy(&ctx);
}

Test(base_file, numbered_directories_go_on_after_the_largest)
{
    cal_context *ctx = cali_test_context(1);
    char *parent = strdup(in_scratch("numbered/runs")), *path = NULL, *other = NULL;
    cr_assert(eq(int, cali_directory_make_numbered(ctx, parent, &path), CAL_OK));
    cr_expect(eq(str, (char *)cali_path_name(path), "0001"));
    free(path);
    cr_assert(eq(int, cali_path_join(ctx, parent, "9999", &other), CAL_OK));
    cr_assert(eq(int, cali_directory_make(ctx, other), CAL_OK));
    cr_assert(eq(int, cali_directory_make_numbered(ctx, parent, &path), CAL_OK));
    cr_expect(eq(str, (char *)cali_path_name(path), "10000"));
    free(path);
    free(other);
    free(parent);
    cal_context_destroy(&ctx);
}

/* 8 processes make 20 directories each: were two given the same, fewer than 160 would exist. */
Test(base_file, numbered_directories_are_never_given_twice)
{
    enum { N_PROCESSES = 8, N_EACH = 20 };
    const char *parent = in_scratch("race");
    for (int i = 0; i < N_PROCESSES; i++) {
        if (fork() != 0)
            continue;
        cal_context *ctx = cali_test_context(1);
        int n_failed = 0;
        for (int j = 0; j < N_EACH; j++) {
            char *path = NULL;
            n_failed += cali_directory_make_numbered(ctx, parent, &path) != CAL_OK;
            free(path);
        }
        _exit(n_failed);
    }
    for (int i = 0; i < N_PROCESSES; i++) {
        int status = -1;
        wait(&status);
        cr_expect(eq(int, status, 0));
    }
    char command[8192];
    snprintf(command, sizeof command, "test \"$(ls %s | wc -l)\" = %d -a -d %s/%04d", parent,
             N_PROCESSES * N_EACH, parent, N_PROCESSES * N_EACH);
    cr_expect(eq(int, system(command), 0));
}

Test(base_file, paths_are_joined_and_split)
{
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"a", "/b", "/b"}, {"/", "b", "/b"}};
    static const char *const folders[][2] = {
        {"a/b/c.yaml", "a/b"}, {"c.yaml", "."}, {"/c.yaml", "/"}};
    cal_context *ctx = cali_test_context(1);
    char *path = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(eq(int, cali_path_join(ctx, cases[i][0], cases[i][1], &path), CAL_OK));
        cr_expect(eq(str, path, (char *)cases[i][2]));
        free(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        cr_assert(eq(int, cali_path_directory(ctx, folders[i][0], &path), CAL_OK));
        cr_expect(eq(str, path, (char *)folders[i][1]));
        free(path);
    }
    cr_expect(eq(str, (char *)cali_path_name("a/b.c"), "b.c"));
    cr_expect(eq(str, (char *)cali_path_name("b.c"), "b.c"));
    cal_context_destroy(&ctx);
}

Test(base_file, a_file_in_the_way_of_a_directory_is_named)
{
    cal_context *ctx = cali_test_context(1);
    char *path = strdup(in_scratch("way")), below[2100];
    cr_assert(eq(int, cali_file_write(ctx, path, "", 0), CAL_OK));
    snprintf(below, sizeof below, "%s/x/y", path);
    cr_expect(eq(int, cali_directory_make(ctx, below), CAL_ERR_IO));
    cr_expect(ne(ptr, strstr(cal_context_message(ctx), "way: Not a directory"), NULL), "%s",
              cal_context_message(ctx));
    free(path);
    cal_context_destroy(&ctx);
}

/* The lock is held by a process for half a second whose owner has ended. */
static void leave_lock_to_a_child(const char *path)
{
    const pid_t owner = fork();
    if (owner == 0) {
        cal_context *ctx = cali_test_context(1);
        int lock = -1;
        if (cali_file_lock(ctx, path, "it", &lock) != CAL_OK)
            _exit(1);
        if (fork() == 0) {
            nanosleep(&(struct timespec){.tv_nsec = 500 * 1000 * 1000}, NULL);
            _exit(0);
        }
        _exit(0); /* as a killed process: the lock stays with the child */
    }
    int status = 1;
    cr_assert(waitpid(owner, &status, 0) == owner && status == 0);
}

/* A lock is refused while its owner runs, and waited for where the owner is gone and a child of it still ends. */
Test(base_file, a_lock_that_was_left_behind_is_waited_for)
{
    cal_context *ctx = cali_test_context(1);
    char path[2048], owner[80];
    int lock = -1, other = -1;
    snprintf(path, sizeof path, "%s", in_scratch("lock"));
    leave_lock_to_a_child(path);
    cr_assert(cali_file_lock(ctx, path, "it", &lock) == CAL_OK, "%s", cal_context_message(ctx));
    snprintf(owner, sizeof owner, "it is in use by another process, number %ld.", (long)getpid());
    cr_expect(cali_file_lock(ctx, path, "it", &other) == CAL_ERR_STATE);
    cr_expect(strstr(cal_context_message(ctx), owner) != NULL, "%s", cal_context_message(ctx));
    cali_file_unlock(path, lock);
    cr_expect(access(path, F_OK) != 0);
    cal_context_destroy(&ctx);
}
