/* callosum keys new NAME, keys allow NAME PUBLICKEY, keys list, keys revoke NAME: who may come in by tcp (docs/workers.md). */
#include <stdlib.h>

#include "callosum/protocols.h"
#include "cli/output.h"

#define OPTION_KEYS                                                                                                          \
    {.name = "keys", .kind = CALI_OPTION_TEXT, .value = "DIR",                                                               \
     .meaning = "folder of keys; default: $CALLOSUM_KEYS, else ~/.config/callosum/keys"}

/* What the user gave, or the machine. */
static cali_exit fail(const cal_context *ctx)
{
    return cali_fail(ctx, cal_context_status(ctx) == CAL_ERR_INPUT ? CALI_EXIT_INPUT : CALI_EXIT_FAILED);
}

static cal_status find_folder(cal_context *ctx, const cali_arguments *arguments, char **out)
{
    return cal_keys_folder(ctx, cali_get_text(arguments, "keys", NULL), out);
}

/* ---- new --------------------------------------------------------------------------------------- */

static const cali_option new_options[] = {OPTION_KEYS, CALI_OPTION_JSON};

static cali_exit print_pair(const cali_arguments *arguments, const char *folder, const cal_key_pair *pair)
{
    const char *name = arguments->words[0];
    if (cali_has(arguments, "json")) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "name", name);
        cali_json_text(&json, "public_key", pair->public_key);
        cali_json_text(&json, "folder", folder);
        cali_json_close(&json, "}");
        return cali_print_json(&json);
    }
    /* no sign of Z85 means anything to a shell inside single quotes */
    printf("made the pair %s in %s\npublic key: %s\nto let it in, on the host's machine:\n  callosum keys allow %s '%s'\n", name,
           folder, pair->public_key, name, pair->public_key);
    return CALI_EXIT_OK;
}

static cali_exit run_new(cal_context *ctx, const cali_arguments *arguments)
{
    char *folder = NULL;
    cal_key_pair pair;
    cali_exit result = CALI_EXIT_OK;
    if (find_folder(ctx, arguments, &folder) != CAL_OK ||
        cal_keys_new_pair(ctx, folder, arguments->words[0], &pair) != CAL_OK)
        result = fail(ctx);
    else
        result = print_pair(arguments, folder, &pair);
    free(folder);
    return result;
}

extern const cali_verb cali_verb_keys_new;
const cali_verb cali_verb_keys_new = {
    .name = "keys new",
    .words = "NAME",
    .summary = "a new pair of keys of this machine",
    .details = "The secret key stays in the folder and is never sent. The public key is what others see: the host lets it in after\n"
               "callosum keys allow.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(new_options),
    .run = run_new,
};

/* ---- allow ------------------------------------------------------------------------------------- */

static const cali_option allow_options[] = {
    OPTION_KEYS,
    {.name = "remark", .kind = CALI_OPTION_TEXT, .value = "TEXT", .meaning = "a line for the list; default: who allowed it and when"},
};

static cali_exit run_allow(cal_context *ctx, const cali_arguments *arguments)
{
    char *folder = NULL;
    cali_exit result = CALI_EXIT_OK;
    if (find_folder(ctx, arguments, &folder) != CAL_OK ||
        cal_keys_allow(ctx, folder, arguments->words[0], arguments->words[1], cali_get_text(arguments, "remark", NULL)) != CAL_OK)
        result = fail(ctx);
    else
        printf("%s is let in from now on; callosum keys revoke %s ends that\n", arguments->words[0], arguments->words[0]);
    free(folder);
    return result;
}

extern const cali_verb cali_verb_keys_allow;
const cali_verb cali_verb_keys_allow = {
    .name = "keys allow",
    .words = "NAME KEY",
    .summary = "let the owner of a public key in",
    .details = "KEY is the public key that callosum keys new printed on the other machine, in single quotes. A running host knows it\n"
               "at once.",
    .min_words = 2,
    .max_words = 2,
    CALI_OPTIONS(allow_options),
    .run = run_allow,
};

/* ---- list -------------------------------------------------------------------------------------- */

static const cali_option list_options[] = {OPTION_KEYS, CALI_OPTION_JSON};

static cali_exit print_list_json(const char *folder, const cal_key_entry *entries, size_t n)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "folder", folder);
    cali_json_open(&json, "keys", "[");
    for (size_t i = 0; i < n; i++) {
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "name", entries[i].name);
        cali_json_text(&json, "kind", entries[i].is_pair ? "pair" : "allowed");
        cali_json_text(&json, "public_key", entries[i].public_key);
        cali_json_text(&json, "remark", entries[i].remark);
        cali_json_text(&json, "problem", entries[i].problem);
        cali_json_close(&json, "}");
    }
    cali_json_close(&json, "]");
    cali_json_close(&json, "}");
    return cali_print_json(&json);
}

static cali_exit print_list(const char *folder, const cal_key_entry *entries, size_t n)
{
    static const char *const headings[] = {"", "name", "public key", ""};
    if (n == 0) {
        printf("no keys in %s. callosum keys new NAME makes a pair.\n", folder);
        return CALI_EXIT_OK;
    }
    cali_table table;
    cali_table_begin(&table, 4, headings);
    for (size_t i = 0; i < n; i++) {
        cali_table_add(&table, "%s", entries[i].is_pair ? "own pair" : "allowed");
        cali_table_add(&table, "%s", entries[i].name);
        cali_table_add(&table, "%s", entries[i].problem[0] == '\0' ? entries[i].public_key : "of no use");
        cali_table_add(&table, "%s", entries[i].problem[0] == '\0' ? entries[i].remark : entries[i].problem);
    }
    cali_table_print(&table, stdout, 0);
    return CALI_EXIT_OK;
}

static cali_exit run_list(cal_context *ctx, const cali_arguments *arguments)
{
    char *folder = NULL;
    cal_key_entry *entries = NULL;
    size_t n = 0;
    cali_exit result = CALI_EXIT_OK;
    if (find_folder(ctx, arguments, &folder) != CAL_OK || cal_keys_list(ctx, folder, &entries, &n) != CAL_OK)
        result = fail(ctx);
    else
        result = cali_has(arguments, "json") ? print_list_json(folder, entries, n) : print_list(folder, entries, n);
    free(entries);
    free(folder);
    return result;
}

extern const cali_verb cali_verb_keys_list;
const cali_verb cali_verb_keys_list = {
    .name = "keys list",
    .summary = "own pairs and the keys that are let in",
    CALI_OPTIONS(list_options),
    .run = run_list,
};

/* ---- revoke ------------------------------------------------------------------------------------ */

static const cali_option revoke_options[] = {OPTION_KEYS};

static cali_exit run_revoke(cal_context *ctx, const cali_arguments *arguments)
{
    char *folder = NULL;
    cali_exit result = CALI_EXIT_OK;
    if (find_folder(ctx, arguments, &folder) != CAL_OK || cal_keys_revoke(ctx, folder, arguments->words[0]) != CAL_OK)
        result = fail(ctx);
    else
        printf("%s is turned away from now on\n", arguments->words[0]);
    free(folder);
    return result;
}

extern const cali_verb cali_verb_keys_revoke;
const cali_verb cali_verb_keys_revoke = {
    .name = "keys revoke",
    .words = "NAME",
    .summary = "let the owner of a key in no more",
    .details = "A running host knows it at once: who is connected is not listened to any more, and does not come in again.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(revoke_options),
    .run = run_revoke,
};
