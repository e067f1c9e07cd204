/* The `network` part of an experiment, from its text to a running engine: a text is refused with a message that has a code, or
 * the network is built within 20 MB and runs a few windows. Nothing crashes, hangs or takes more memory than was estimated. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/experiment.h"
#include "experiment/experiment.h"
#include "experiment/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_code(cal_context *ctx)
{
    const char *message = cal_context_message(ctx);
    for (const char *at = strpbrk(message, "CE"); at != NULL; at = strpbrk(at + 1, "CE"))
        if (strspn(at + 1, "0123456789") == 3)
            return true;
    return false;
}

/* As many windows as take a moment. */
static void run(cal_session *s)
{
    const cal_snn_counts counts = cal_snn_get_counts(s->builds[0].snn);
    const double steps = (double)s->plan.window / (double)s->builds[0].def.dt;
    double left = 2e6;
    for (cal_status status = CAL_OK; status == CAL_OK && left > 0.0 && !cal_session_is_done(s);) {
        left -= steps * (double)(100 + counts.n_neurons + counts.n_synapses / 10);
        if (left < 0.0)
            break;
        status = cal_session_advance(s);
        assert(status == CAL_OK || status == CAL_ERR_NUMERIC);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cal_context *ctx; /* threads are not started anew for every input */
    static const char *const set[] = {"run.memory=20 MB", "record.budget=20 MB"};
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    if (ctx == NULL && cal_context_create(&def, &ctx) != CAL_OK)
        abort();
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_context_clear(ctx);
    cal_status status = cali_experiment_parse(ctx, "exp.yaml", (const char *)data, size, set, 2, &e);
    if (status == CAL_OK && e->is_alone) {
        cal_session_def session = cal_session_def_default();
        session.sink = "memory";
        status = cal_session_create(ctx, e, &session, &s);
        assert((status == CAL_OK) == (s != NULL));
    }
    if (status != CAL_OK) {
        if (!has_code(ctx)) {
            fprintf(stderr, "no code: %s\n", cal_context_message(ctx));
            abort();
        }
    } else if (s != NULL) {
        run(s);
    }
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    return 0;
}
