#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callosum/workers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/runner.h"

static const cali_option options[] = {
    {.name = "host-key", .kind = CALI_OPTION_TEXT, .value = "KEY", .meaning = "the host's public key, as it prints it; without it the link is not encrypted"},
    {.name = "name", .kind = CALI_OPTION_TEXT, .value = "NAME", .meaning = "of this worker, and of its key; default: the machine's"},
    {.name = "slot", .kind = CALI_OPTION_TEXT, .value = "REGION", .meaning = "serves this region only; default: any that waits"},
    {.name = "once", .kind = CALI_OPTION_FLAG, .meaning = "ends after one run; default: waits for the next"},
    {.name = "parent", .kind = CALI_OPTION_COUNT, .value = "PID", .low = 1, .high = 4294967295.0,
     .meaning = "ends with the process that started it, which has this number"},
    {.name = "largest-model", .kind = CALI_OPTION_QUANTITY, .value = "SIZE", .unit = "B", .low = 1e6, .high = 1e15,
     .meaning = "largest network that is taken, with its lists and tables; default: a quarter of the memory"},
    {.name = "keys", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "the folder of keys; default: ~/.config/callosum/keys"},
    {.name = "insecure", .kind = CALI_OPTION_FLAG, .meaning = "without keys, to a host that was started so: closed networks only"},
    CALI_OPTION_THREADS,
};

static bool is_stopped(void *user)
{
    (void)user;
    return cali_is_stop_asked();
}

static cal_status attach(cal_context *ctx, const cali_arguments *arguments)
{
    char machine[64] = "worker";
    gethostname(machine, sizeof machine - 1);
    cal_key_pair keys;
    cal_worker_def def = {.endpoint = arguments->words[0], .name = cali_get_text(arguments, "name", machine),
                          .slot = cali_get_text(arguments, "slot", NULL), .host_key = cali_get_text(arguments, "host-key", NULL),
                          .is_once = cali_has(arguments, "once"), .is_insecure = cali_has(arguments, "insecure"), .is_stopped = is_stopped};
    def.parent = (int64_t)cali_get_number(arguments, "parent", 0.0);
    def.load_bytes = cali_get_number(arguments, "largest-model", 0.0);
    def.give_up_s = def.is_once ? 60 : 0;
    if (def.host_key != NULL) {
        char *folder = NULL;
        CAL_TRY(cal_keys_folder(ctx, cali_get_text(arguments, "keys", NULL), &folder));
        const cal_status status = cal_keys_pair(ctx, folder, def.name, true, &keys);
        free(folder);
        CAL_TRY(status);
        def.keys = &keys;
    }
    cali_catch_stop();
    const cal_status status = cal_worker_run(ctx, &def);
    cali_release_stop();
    return status;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const cal_status status = attach(ctx, arguments);
    return status == CAL_OK ? CALI_EXIT_OK : cali_fail(ctx, status == CAL_ERR_INPUT ? CALI_EXIT_INPUT : CALI_EXIT_FAILED);
}

const cali_verb cali_verb_worker_attach = {
    .name = "worker attach",
    .words = "ENDPOINT",
    .summary = "serves spiking regions of a run on another process or machine",
    .details = "ENDPOINT is what the run prints: tcp://HOST:PORT. The worker may come before or after the run, and serves one region\n"
               "after another until Ctrl-C. Its key has to be allowed on the host: callosum keys allow NAME KEY.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
