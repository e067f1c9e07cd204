/* A whole run on three threads: host, two spiking regions and the writer at once. A plain program, so that
 * ThreadSanitizer can run it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "support/support.h"
#include "support/two_regions.h"

static void must(cal_context *ctx, cal_status status)
{
    if (status == CAL_OK)
        return;
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

int main(void)
{
    cal_context *ctx = cali_test_context(3);
    char file[1200], h5[1200];
    const char *directory = cali_test_directory(), *const set[] = {"run.duration=40 ms"};
    snprintf(file, sizeof file, "%s/experiment.yaml", directory);
    snprintf(h5, sizeof h5, "%s/run.h5", directory);
    must(ctx, cali_file_write(ctx, file, cali_test_two_regions, strlen(cali_test_two_regions)));
    cal_experiment *experiment = NULL;
    must(ctx, cal_experiment_load(ctx, file, set, 1, &experiment));
    cal_session_def def = cal_session_def_default();
    def.path = h5;
    cal_session *session = NULL;
    must(ctx, cal_session_create(ctx, experiment, &def, &session));
    while (!cal_session_is_done(session))
        must(ctx, cal_session_advance(session));
    must(ctx, cal_session_finish(session));
    const bool is_whole = cal_session_time(session) == 40 * CAL_NS_PER_MS;
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
    puts(is_whole ? "1 passed, 0 failed" : "0 passed, 1 failed");
    return is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
