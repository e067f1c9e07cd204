#include "cli/placement.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/runner.h"

static bool is_stopped(void *user)
{
    (void)user;
    return cali_is_stop_asked();
}

void cali_print_attach(const char *program, const char *endpoint, const char *host_key)
{
    const char *any = strstr(endpoint, "0.0.0.0");
    fprintf(stderr, "\n  %s %.*s%s%s", program, any == NULL ? (int)strlen(endpoint) : (int)(any - endpoint), endpoint,
            any == NULL ? "" : "HOST", any == NULL ? "" : any + strlen("0.0.0.0"));
    if (host_key[0] != '\0')
        fprintf(stderr, " --host-key '%s' --name gpu1", host_key);
}

/* What to type on the other machines; on the standard error, for the standard output may be JSON. */
static void announce(void *user, cal_session *session)
{
    (void)user;
    cal_host *host = cal_session_host(session);
    size_t n = 0, n_foreign = 0;
    for (size_t i = 0; i < cal_host_n_slots(host); i++) {
        const cal_slot_info slot = cal_host_slot(host, i);
        if (slot.is_local)
            continue;
        fprintf(stderr, "%s\"%s\"", n++ == 0 ? "waiting for a worker of " : ", ", slot.name);
        if (slot.model[0] != '\0')
            fprintf(stderr, " (model %s)", slot.model);
        n_foreign += slot.model[0] != '\0';
    }
    if (n == 0)
        return;
    fprintf(stderr, ". On its machine type:");
    if (n > n_foreign)
        cali_print_attach("callosum worker attach", cal_host_endpoint(host), cal_host_key(host));
    if (n_foreign > 0)
        cali_print_attach("python3 YOUR_WORKER.py", cal_host_endpoint(host), cal_host_key(host));
    fprintf(stderr, "\n");
    fflush(stderr);
}

/* ---- the options ------------------------------------------------------------------------------------------ */

static cal_status keep(cal_context *ctx, char *text, char ***list, size_t *n, size_t *capacity)
{
    const cal_status status = text == NULL ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the placement")
                                           : cali_reserve(ctx, *n + 1, sizeof **list, list, capacity);
    if (status == CAL_OK)
        (*list)[(*n)++] = text;
    else
        free(text);
    return status;
}

/* "--name value", or "--name" of a flag. Relative paths of keys and sockets count from `folder`; NULL: they stay. */
static char *tell_option(const char *name, const char *value, const char *folder)
{
    cali_text text = {0};
    const bool is_socket = strcmp(name, "listen") == 0 && strncmp(value, "ipc://", 6) == 0;
    const char *path = is_socket ? value + 6 : strcmp(name, "keys") == 0 ? value : "/";
    const bool is_relative = folder != NULL && path[0] != '/' && strcmp(path, "*") != 0;
    cali_text_format(&text, "--%s%s%s%s%s%s", name, value[0] != '\0' ? " " : "", is_socket && is_relative ? "ipc://" : "",
                     is_relative ? folder : "", is_relative ? "/" : "", is_relative ? path : value);
    if (!text.is_broken)
        return text.data;
    cali_text_free(&text);
    return NULL;
}

/* What the run was told, from the last option to the first, as each value of a list goes before the others. */
static cal_status inherit(cal_context *ctx, const cali_arguments *arguments, const cali_past_run *past, cali_placement *out)
{
    const bool is_door_new = cali_has(arguments, "listen");
    for (size_t i = past->command.n_placement; i-- > 0;) {
        char name[64];
        const char *option = past->command.placement[i], *blank = strchr(option, ' ');
        snprintf(name, sizeof name, "%.*s", (int)(blank != NULL ? blank - option : (long)strlen(option)), option);
        const bool is_door = strcmp(name, "--listen") == 0;
        const char *value = is_door && past->endpoint != NULL ? past->endpoint : blank != NULL ? blank + 1 : "";
        if (is_door_new && strcmp(name, "--insecure") == 0)
            continue;
        CAL_TRY(keep(ctx, tell_option(strncmp(name, "--", 2) == 0 ? name + 2 : name, value, past->command.folder), &out->kept,
                     &out->n_kept, &out->kept_capacity));
        CAL_TRY(cali_arguments_inherit(ctx, arguments, out->kept[out->n_kept - 1]));
    }
    return CAL_OK;
}

static cal_status collect(cal_context *ctx, const cali_arguments *arguments, const char *folder, cali_placement *out)
{
    static const cali_option known[] = {CALI_OPTIONS_PLACEMENT};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const cali_option *o = &known[i];
        size_t n = cali_has(arguments, o->name);
        const char *const *list = o->kind == CALI_OPTION_LIST ? cali_get_list(arguments, o->name, &n) : NULL;
        for (size_t k = 0; k < n; k++)
            CAL_TRY(keep(ctx, tell_option(o->name, list != NULL ? list[k] : o->kind == CALI_OPTION_FLAG ? "" :
                                          cali_get_text(arguments, o->name, ""), folder), &out->options, &out->n_options,
                         &out->capacity));
    }
    return CAL_OK;
}

static cal_status define(cal_context *ctx, const cali_arguments *arguments, cal_workers_def *def)
{
    const char *lost = cali_get_text(arguments, "when-lost", "wait");
    int policy = 0;
    while (policy < CAL_N_WHEN_LOST && strcmp(lost, cal_when_lost_names[policy]) != 0)
        policy++;
    if (policy == CAL_N_WHEN_LOST)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "--when-lost %s: it is wait, restart or stop", lost);
    *def = (cal_workers_def){.host = cal_host_def_default(), .when_lost = (cal_when_lost)policy, .announce = announce};
    def->slots = cali_get_list(arguments, "slot", &def->n_slots);
    def->host.listen = cali_get_text(arguments, "listen", NULL);
    def->host.keys_folder = cali_get_text(arguments, "keys", NULL);
    def->host.beat_ms = (unsigned)cali_get_number(arguments, "beat", def->host.beat_ms);
    def->host.load_bytes = cali_get_number(arguments, "largest-model", 0.0);
    def->host.hold_s = (unsigned)cali_get_number(arguments, "hold", def->host.hold_s);
    def->host.is_insecure = cali_has(arguments, "insecure");
    def->host.is_stopped = is_stopped;
    return CAL_OK;
}

cal_status cali_placement_read(cal_context *ctx, const cali_arguments *arguments, const cali_past_run *past, cali_placement *out)
{
    char here[PATH_MAX];
    *out = (cali_placement){0};
    if (past != NULL)
        CAL_TRY(inherit(ctx, arguments, past, out));
    /* what is said now counts from here, and the run's own folder is another one */
    CAL_TRY(collect(ctx, arguments, past == NULL ? NULL : getcwd(here, sizeof here), out));
    return define(ctx, arguments, &out->workers);
}

void cali_placement_free(cali_placement *placement)
{
    for (size_t i = 0; i < placement->n_options; i++)
        free(placement->options[i]);
    for (size_t i = 0; i < placement->n_kept; i++)
        free(placement->kept[i]);
    free(placement->options);
    free(placement->kept);
    *placement = (cali_placement){0};
}
