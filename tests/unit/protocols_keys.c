/* The folder of keys: what is made, what is refused by name, and that nothing half-written or foreign lets anybody in. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "callosum/protocols.h"
#include "protocols/links.h"
#include "support/support.h"

static cal_context *ctx;
static char *folder;

static void begin(void)
{
    char path[1024];
    ctx = cali_test_context(1);
    snprintf(path, sizeof path, "%s/new/keys", cali_test_directory());
    cr_assert(cal_keys_folder(ctx, path, &folder) == CAL_OK, "%s", cal_context_message(ctx));
}

static void end(void)
{
    free(folder);
    cal_context_destroy(&ctx);
}

TestSuite(protocols_keys, .init = begin, .fini = end);

static const char *path_of(const char *name)
{
    static char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static unsigned mode_of(const char *name)
{
    struct stat facts;
    return stat(path_of(name), &facts) == 0 ? (unsigned)facts.st_mode & 0777u : 0;
}

#define EXPECT_REFUSED(call, words)                                                                                          \
    do {                                                                                                                     \
        cr_expect((call) == CAL_ERR_INPUT);                                                                                  \
        cr_expect(strstr(cal_context_message(ctx), words) != NULL, "\"%s\" lacks \"%s\"", cal_context_message(ctx), words);  \
        cal_context_clear(ctx);                                                                                              \
    } while (0)

Test(protocols_keys, a_pair_is_made_once_read_back_and_nobody_elses)
{
    cal_key_pair made, read, other;
    cr_assert(cal_keys_pair(ctx, folder, "gpu1", true, &made) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_keys_pair(ctx, folder, "gpu1", true, &read) == CAL_OK);
    cr_assert(cal_keys_new_pair(ctx, folder, "gpu2", &other) == CAL_OK);
    cr_expect(memcmp(&made, &read, sizeof made) == 0);
    cr_expect(strcmp(made.secret_key, other.secret_key) != 0);
    cr_expect(cal_key_is_valid(made.public_key) && cal_key_is_valid(made.secret_key));
    cr_expect(strspn(made.public_key, "-=") == 0);
    cr_expect(mode_of("") == 0700 && mode_of("pairs") == 0700 && mode_of("pairs/gpu1") == 0600);
    EXPECT_REFUSED(cal_keys_new_pair(ctx, folder, "gpu1", &other), "already");
    EXPECT_REFUSED(cal_keys_pair(ctx, folder, "gpu3", false, &other), "callosum keys new gpu3");
}

Test(protocols_keys, texts_that_are_no_keys_are_none)
{
    cal_key_pair pair;
    cr_assert(cal_keys_pair(ctx, folder, "gpu1", true, &pair) == CAL_OK);
    cr_expect(!cal_key_is_valid("") && !cal_key_is_valid("abc"));
    cr_expect(!cal_key_is_valid("########################################")); /* five of them exceed 32 bits */
    cr_expect(cal_key_is_valid("0000000000000000000000000000000000000000"));
    char longer[64];
    snprintf(longer, sizeof longer, "%s0", pair.public_key);
    cr_expect(!cal_key_is_valid(longer));
    EXPECT_REFUSED(cal_keys_allow(ctx, folder, "gpu1", longer, NULL), "no public key");
    EXPECT_REFUSED(cal_keys_allow(ctx, folder, "gpu1", "", NULL), "no public key");
}

Test(protocols_keys, names_that_could_leave_the_folder_are_refused)
{
    static const char *const names[] = {"", "..", ".hidden", "a/b", "../pairs/x", "-x", "a b", "a\nb", "x.tmp",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    cal_key_pair pair;
    cr_assert(cal_keys_pair(ctx, folder, "good", true, &pair) == CAL_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cal_key_pair other;
        EXPECT_REFUSED(cal_keys_pair(ctx, folder, names[i], true, &other), "is no name for a key");
        EXPECT_REFUSED(cal_keys_allow(ctx, folder, names[i], pair.public_key, NULL), "is no name for a key");
        EXPECT_REFUSED(cal_keys_revoke(ctx, folder, names[i]), "is no name for a key");
    }
}

Test(protocols_keys, a_key_is_allowed_listed_and_revoked_under_all_its_names)
{
    cal_key_pair one, two;
    char name[CAL_KEY_MAX_NAME + 1], copy[512];
    cr_assert(cal_keys_pair(ctx, folder, "one", true, &one) == CAL_OK && cal_keys_pair(ctx, folder, "two", true, &two) == CAL_OK);
    cr_expect(!cali_keys_find(folder, one.public_key, name));
    cr_assert(cal_keys_allow(ctx, folder, "gpu1", one.public_key, NULL) == CAL_OK);
    cr_assert(cal_keys_allow(ctx, folder, "gpu1", one.public_key, "again") == CAL_OK);
    EXPECT_REFUSED(cal_keys_allow(ctx, folder, "gpu1", two.public_key, NULL), "callosum keys revoke gpu1");
    EXPECT_REFUSED(cal_keys_allow(ctx, folder, "gpu9", one.public_key, NULL), "already, as \"gpu1\"");
    cr_assert(cal_keys_allow(ctx, folder, "cpu", two.public_key, "a line\nand another") == CAL_OK);
    cr_expect(cali_keys_find(folder, one.public_key, name) && strcmp(name, "gpu1") == 0);

    cal_key_entry *list;
    size_t n;
    cr_assert(cal_keys_list(ctx, folder, &list, &n) == CAL_OK);
    cr_assert(n == 4);
    static const char *const names[] = {"one", "two", "cpu", "gpu1"};
    for (size_t i = 0; i < n; i++)
        cr_expect(strcmp(list[i].name, names[i]) == 0 && list[i].is_pair == (i < 2) && list[i].problem[0] == '\0');
    cr_expect(strcmp(list[2].remark, "a line and another") == 0);
    cr_expect(strncmp(list[3].remark, "allowed 20", 10) == 0);
    free(list);

    snprintf(copy, sizeof copy, "callosum key 1\npublic %s\n", one.public_key);
    write_text("allowed/alias", copy); /* by hand */
    cr_assert(cal_keys_revoke(ctx, folder, "gpu1") == CAL_OK);
    cr_expect(!cali_keys_find(folder, one.public_key, name) && cali_keys_find(folder, two.public_key, name));
    EXPECT_REFUSED(cal_keys_revoke(ctx, folder, "gpu1"), "callosum keys list");
}

Test(protocols_keys, broken_and_foreign_files_are_named_and_let_nobody_in)
{
    cal_key_pair pair, other;
    char name[CAL_KEY_MAX_NAME + 1], text[512];
    cr_assert(cal_keys_pair(ctx, folder, "good", true, &pair) == CAL_OK && cal_keys_pair(ctx, folder, "other", true, &other) == CAL_OK);
    cr_assert(cal_keys_allow(ctx, folder, "good", pair.public_key, NULL) == CAL_OK);
    snprintf(text, sizeof text, "%s\n", other.public_key); /* a bare key, without the title */
    write_text("allowed/bare", text);
    write_text("allowed/empty", "");
    snprintf(text, sizeof text, "callosum key 1\npublic %.20s\n", other.public_key);
    write_text("allowed/cut", text);
    snprintf(text, sizeof text, "callosum key 1\npublic %s", other.public_key);
    text[strlen(text) - 1] = ' ';
    write_text("allowed/blank", text);
    snprintf(text, sizeof text, "callosum key 1\npublic %s\n", other.public_key);
    write_text("allowed/gpu.77-0.tmp", text); /* being written */
    cr_assert(mkdir(path_of("allowed/folder"), 0700) == 0);
    cr_assert(mkfifo(path_of("allowed/pipe"), 0600) == 0);
    cr_assert(symlink("/nowhere", path_of("allowed/link")) == 0);
    cr_expect(!cali_keys_find(folder, other.public_key, name));
    cr_expect(cali_keys_find(folder, pair.public_key, name));
    cal_key_entry *list;
    size_t n, n_bad = 0;
    cr_assert(cal_keys_list(ctx, folder, &list, &n) == CAL_OK);
    for (size_t i = 0; i < n; i++)
        n_bad += list[i].problem[0] != '\0';
    cr_expect(n == 11 && n_bad == 8, "%zu, %zu", n, n_bad);
    free(list);
    cr_expect(cal_keys_revoke(ctx, folder, "bare") == CAL_OK); /* a broken one can be taken away */
}

Test(protocols_keys, pairs_that_are_broken_or_open_to_others_are_refused_by_name)
{
    cal_key_pair a, b, got;
    char text[512];
    cr_assert(cal_keys_pair(ctx, folder, "a", true, &a) == CAL_OK && cal_keys_pair(ctx, folder, "b", true, &b) == CAL_OK);
    snprintf(text, sizeof text, "callosum pair 1\npublic %s\nsecret %s\n", a.public_key, b.secret_key);
    write_text("pairs/mixed", text);
    write_text("pairs/empty", "");
    cr_assert(chmod(path_of("pairs/mixed"), 0600) == 0 && chmod(path_of("pairs/empty"), 0600) == 0);
    cr_assert(chmod(path_of("pairs/b"), 0640) == 0);
    EXPECT_REFUSED(cal_keys_pair(ctx, folder, "mixed", true, &got), "pairs/mixed: the two keys");
    EXPECT_REFUSED(cal_keys_pair(ctx, folder, "empty", true, &got), "pairs/empty: no file of a key");
    EXPECT_REFUSED(cal_keys_pair(ctx, folder, "b", true, &got), "pairs/b: others may read");
    cr_assert(chmod(folder, 0750) == 0);
    char *again = NULL;
    EXPECT_REFUSED(cal_keys_folder(ctx, folder, &again), "chmod 700");
    cr_expect(again == NULL);
}

Test(protocols_keys, the_folder_comes_from_the_wish_or_the_environment)
{
    char wanted[1200], *got = NULL;
    snprintf(wanted, sizeof wanted, "%s/callosum/keys", folder);
    unsetenv("CALLOSUM_KEYS");
    setenv("XDG_CONFIG_HOME", folder, 1);
    cr_assert(cal_keys_folder(ctx, NULL, &got) == CAL_OK && strcmp(got, wanted) == 0);
    free(got);
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", folder, 1);
    snprintf(wanted, sizeof wanted, "%s/.config/callosum/keys", folder);
    cr_assert(cal_keys_folder(ctx, NULL, &got) == CAL_OK && strcmp(got, wanted) == 0);
    free(got);
    snprintf(wanted, sizeof wanted, "%s/own", folder);
    setenv("CALLOSUM_KEYS", wanted, 1);
    cr_assert(cal_keys_folder(ctx, NULL, &got) == CAL_OK && strcmp(got, wanted) == 0);
    free(got);
    unsetenv("CALLOSUM_KEYS");
    unsetenv("HOME");
    EXPECT_REFUSED(cal_keys_folder(ctx, NULL, &got), "--keys");
}
