#include "cli/placement.h"

#include <stdio.h>
#include <string.h>

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

cal_status cali_placement(cal_context *ctx, const cali_arguments *arguments, cal_workers_def *def)
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
    def->host.hold_s = (unsigned)cali_get_number(arguments, "hold", def->host.hold_s);
    def->host.is_insecure = cali_has(arguments, "insecure");
    def->host.is_stopped = is_stopped;
    return CAL_OK;
}
