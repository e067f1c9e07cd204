#include "cli/runner.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "callosum/report.h"
#include "cli/progress.h"
#include "experiment/experiment.h"

/* ---- the plan in words ----------------------------------------------------------------------------- */

static void print_bytes(double bytes)
{
    const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int k = 0;
    for (; bytes >= 1000.0 && k < 4; k++)
        bytes /= 1000.0;
    printf("%.3g %s", bytes, units[k]);
}

/* A network of its own. */
static void print_network(const cal_plan_network *n)
{
    printf("network     %llu neurons in %zu population%s (%s%s), %.3g synapses, step %g ms\n", (unsigned long long)n->n_neurons,
           n->n_populations, n->n_populations == 1 ? "" : "s", n->neuron, n->n_populations == 1 ? "" : ", ...",
           n->n_synapses, cal_time_ms(n->step));
}

static void print_brain(const cal_plan p)
{
    printf("connectome  %zu regions, %zu connections, lengths %.3g to %.3g mm; ", p.facts.n_regions, p.facts.n_edges,
           p.facts.length_min_mm, p.facts.length_max_mm);
    if (!p.has_delay_matrix && isinf(p.speed_mm_per_ms))
        printf("infinite speed -> no delays\n");
    else {
        if (!p.has_delay_matrix)
            printf("speed %g mm/ms -> ", p.speed_mm_per_ms);
        printf("delays %.3g to %.3g ms%s\n", p.facts.delay_ms[0], p.facts.delay_ms[4],
               p.has_delay_matrix ? ", pair by pair" : "");
    }
    if (p.n_instant > 0) {
        const char *const *labels = cal_connectome_labels(p.connectome);
        printf("            %zu act at once (delay 0):", p.n_instant);
        for (size_t k = 0; k < p.n_instant && k < 3; k++)
            printf("%s %s -> %s", k > 0 ? "," : "", labels[p.instant_from[k]], labels[p.instant_to[k]]);
        printf("%s\n", p.n_instant > 3 ? ", ..." : "");
    }
    printf("models     ");
    for (size_t m = 0; m < p.n_masses; m++)
        printf(" %zu x %s%s", p.mass_counts[m], p.mass_names[m], m + 1 < p.n_masses || p.n_networks > 0 ? "," : "");
    for (size_t k = 0; k < p.n_networks; k++)
        printf(" \"%s\" a network of %s (%llu neurons, %zu population%s, %.3g synapses)%s", p.networks[k].region,
               p.networks[k].neuron, (unsigned long long)p.networks[k].n_neurons, p.networks[k].n_populations,
               p.networks[k].n_populations == 1 ? "" : "s", p.networks[k].n_synapses, k + 1 < p.n_networks ? "," : "");
    printf("\nhost        %s, step %g ms%s%s\n", cal_integrator_names[p.integrator], cal_time_ms(p.dt),
           p.integrator_reason != NULL && p.integrator_reason[0] != '\0' ? ": " : "",
           p.integrator_reason != NULL ? p.integrator_reason : "");
}

static void print_checkpoints(const cal_plan *p)
{
    printf("checkpoint  every %g s", cal_time_ms(p->checkpoint_every) / 1e3);
    if (p->checkpoint_first == 0)
        printf(": none, the run is over before");
    else if (p->checkpoint_every % p->window != 0)
        printf(", at the end of a window: first at %g ms", cal_time_ms(p->checkpoint_first));
    if (p->connectome != NULL && cal_integrators[p->integrator].is_adaptive)
        printf("; %s begins anew there", cal_integrator_names[p->integrator]);
    printf("\n");
}

void cali_print_plan(const cal_session *session, bool is_check)
{
    const cal_plan p = cal_session_plan(session);
    if (p.connectome != NULL)
        print_brain(p);
    else
        print_network(&p.networks[0]);
    printf("window      %g ms", cal_time_ms(p.window));
    if (p.connectome != NULL)
        printf(", lag %u", p.lag);
    printf(": %s\n", p.window_reason);
    printf("recording   ");
    print_bytes(p.recording_bytes);
    if (p.budget_bytes > 0.0) {
        printf(" before compression (budget ");
        print_bytes(p.budget_bytes);
        printf(")");
    }
    printf("\n");
    if (p.checkpoint_every > 0)
        print_checkpoints(&p);
    double memory = 0.0;
    for (size_t k = 0; k < p.n_networks; k++)
        memory += p.networks[k].bytes;
    if (is_check && p.n_networks > 0) {
        printf("memory      ");
        print_bytes(memory);
        printf(p.connectome != NULL ? " for the spiking regions\n" : " for the network\n");
    }
    if (p.n_raised_delays > 0)
        printf("note        %zu delays are raised to coupling.min_delay\n", p.n_raised_delays);
}

/* ---- running ---------------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static struct sigaction before_int, before_term;

void cali_catch_stop(void)
{
    struct sigaction action = {.sa_handler = ask_stop};
    stop_asked = 0;
    sigaction(SIGINT, &action, &before_int);
    sigaction(SIGTERM, &action, &before_term);
}

void cali_release_stop(void)
{
    sigaction(SIGINT, &before_int, NULL);
    sigaction(SIGTERM, &before_term, NULL);
}

bool cali_is_stop_asked(void)
{
    return stop_asked != 0;
}

cal_status cali_make_run_folder(cal_context *ctx, const char *wish, char **path)
{
    static const struct {
        const char *name, *hint;
    } kinds[] = {{"run.h5", ", or callosum resume DIR if it did not come to its end"}, {"sweep.part", ""}, {"table.csv", ""}};
    if (wish == NULL)
        return cali_directory_make_numbered(ctx, "runs", path);
    for (int k = 0; k < 3; k++) {
        struct stat info;
        char *inside = NULL;
        CAL_TRY(cali_path_join(ctx, wish, kinds[k].name, &inside));
        const bool is_taken = stat(inside, &info) == 0;
        free(inside);
        if (is_taken)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s holds a run already. Try another --out%s.", wish, kinds[k].hint);
    }
    CAL_TRY(cali_directory_make(ctx, wish));
    return cali_copy_text(ctx, wish, path);
}

static cal_status write_inside(cal_context *ctx, const char *directory, const char *name, const char *text)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(ctx, directory, name, &path));
    const cal_status status = cali_file_write(ctx, path, text, strlen(text));
    free(path);
    return status;
}

static cal_status write_manifest(cal_context *ctx, cal_session *session, const char *directory)
{
    char *text = NULL;
    CAL_TRY(cal_session_manifest(session, &text));
    const cal_status status = write_inside(ctx, directory, "manifest.json", text);
    free(text);
    return status;
}

/* The state before the failing window, beside what was recorded; the message gets its path. */
static cal_status save_crash(cal_context *ctx, cal_session *session, const char *directory, cal_status failure)
{
    char message[1800], *path = NULL;
    snprintf(message, sizeof message, "%s", cal_context_message(ctx));
    cal_context_clear(ctx);
    cal_session_finish(session);
    cal_context_clear(ctx);
    if (cali_path_join(ctx, directory, "crash.h5", &path) == CAL_OK &&
        cal_session_save_crash(session, path) == CAL_OK)
        CAL_FAIL(ctx, failure, "%s Last finite state in %s.", message, path);
    else {
        cal_context_clear(ctx);
        CAL_FAIL(ctx, failure, "%s", message);
    }
    free(path);
    return failure;
}

/* At the times of the experiment, and where the run is stopped. */
static cal_status keep_checkpoint(cal_context *ctx, cal_session *session, cali_run_result *result)
{
    char *folder = NULL;
    bool is_written = false;
    CAL_TRY(cali_path_join(ctx, result->directory, CALI_CHECKPOINTS, &folder));
    const cal_status status = cal_session_write_checkpoint(session, folder, &is_written);
    free(folder);
    if (is_written) {
        result->has_checkpoint = true;
        result->checkpoint_at = cal_session_time(session);
    }
    return status;
}

static cal_status advance_all(cal_context *ctx, cal_session *session, const cali_run_place *place, cali_run_result *result)
{
    const cal_experiment *e = place->experiment;
    cali_progress progress = cali_progress_start(cal_session_time(session), e->duration, place->def->is_silent);
    while (!cal_session_is_done(session) && !stop_asked) {
        const cal_status status = cal_session_advance(session);
        if (status == CAL_ERR_NUMERIC)
            return save_crash(ctx, session, result->directory, status);
        CAL_TRY(status);
        if (cal_session_is_checkpoint_due(session))
            CAL_TRY(keep_checkpoint(ctx, session, result));
        cali_progress_show(&progress, session);
    }
    result->was_interrupted = !cal_session_is_done(session);
    if (result->was_interrupted && e->checkpoint_every > 0)
        CAL_TRY(cal_session_settle(session));
    const bool is_kept = result->has_checkpoint && result->checkpoint_at == cal_session_time(session);
    if (result->was_interrupted && e->checkpoint_every > 0 && !is_kept && cal_session_can_checkpoint(session))
        CAL_TRY(keep_checkpoint(ctx, session, result));
    CAL_TRY(cal_session_finish(session));
    const char *save_state = result->was_interrupted ? NULL : place->def->save_state;
    return save_state != NULL ? cal_session_save_state(session, save_state) : CAL_OK;
}

static void share_work(size_t n_subs, cali_run_result *result)
{
    const cal_coupler_cost *c = &result->cost.coupler;
    double subs = 0.0;
    for (size_t k = 0; k < n_subs; k++)
        subs += c->sub_s[k];
    const double all = c->host_s + c->exchange_s + subs;
    result->share_host = all > 0.0 ? c->host_s / all : 0.0;
    result->share_subs = all > 0.0 ? subs / all : 0.0;
    result->share_exchange = all > 0.0 ? c->exchange_s / all : 0.0;
}

/* A line for each participant that computes elsewhere. */
static char *describe_workers(cal_session *session)
{
    cali_text text = {0};
    cal_host *host = cal_session_host(session);
    const cal_coupler_cost cost = cal_session_cost(session).coupler;
    const cal_plan plan = cal_session_plan(session);
    for (size_t i = 0; host != NULL && i < cal_host_n_slots(host); i++) {
        const cal_slot_info s = cal_host_slot(host, i);
        double wait_s = 0.0;
        for (size_t k = 0; k < plan.n_networks; k++)
            if (strcmp(plan.networks[k].region, s.name) == 0)
                wait_s = cost.wait_s[k];
        cali_text_format(&text, "worker      \"%s\" by %s: computed %.3g s, link %.3g s, the run waited %.3g s", s.name, s.worker,
                         s.compute_s, s.link_s, wait_s);
        if (s.n_lost + s.n_reconnected > 0)
            cali_text_format(&text, "; lost %llu, back %llu, windows replayed %llu", (unsigned long long)s.n_lost,
                             (unsigned long long)s.n_reconnected, (unsigned long long)s.n_replayed);
        cali_text_add(&text, "\n");
    }
    return text.data;
}

static void print_begin(cal_session *session)
{
    cali_print_plan(session, false);
    const cal_plan p = cal_session_plan(session);
    for (size_t k = 0; k < p.n_networks; k++)
        printf("build       %s%s%llu neurons, %.3g synapses  %.1f s\n", p.connectome != NULL ? p.networks[k].region : "",
               p.connectome != NULL ? "  " : "", (unsigned long long)p.networks[k].n_neurons, p.networks[k].n_synapses,
               cal_session_cost(session).build_s);
    fflush(stdout);
}

/* A worker computed a window again, and differently: whether the run goes back to its newest checkpoint. At most so many times
 * to the same one. The message says what the user can do where it does not. */
static cal_status decide_return(cal_context *ctx, cali_run_place *place, cal_host *host, const cali_run_result *result,
                                cal_status failure)
{
    enum { MOST_RETURNS = 5 };
    char message[1200];
    const cal_time newest = result->has_checkpoint ? result->checkpoint_at : 0;
    snprintf(message, sizeof message, "%s", cal_context_message(ctx));
    if (newest > place->returned_to) {
        place->returned_to = newest;
        place->n_returns = 0;
    }
    place->goes_back = place->experiment->checkpoint_every > 0 && place->command != NULL && place->n_returns < MOST_RETURNS &&
                       !stop_asked;
    if (place->goes_back) {
        place->n_returns++;
        free(place->endpoint);
        CAL_TRY(cali_copy_text(ctx, cal_host_endpoint(host), &place->endpoint));
        cal_host_hand_over(host);
        return failure;
    }
    cal_context_clear(ctx);
    if (place->experiment->checkpoint_every <= 0)
        return CAL_FAIL(ctx, failure, "%s. Try `checkpoint: {every: 10 s}` in the experiment: the run then goes back to its last "
                        "checkpoint by itself, and on from there.", message);
    if (place->n_returns == MOST_RETURNS)
        return CAL_FAIL(ctx, failure, "%s. The run went back to %g ms %d times and did not reach the next checkpoint. Try a "
                        "shorter checkpoint.every, or a worker that stays; callosum resume %s goes on.", message,
                        cal_time_ms(newest), MOST_RETURNS, place->directory);
    return CAL_FAIL(ctx, failure, "%s. To go on from the last checkpoint: callosum resume %s", message, place->directory);
}

static cal_status advance_and_tell(cal_context *ctx, cali_run_place *place, cal_session *session, cali_run_result *result)
{
    CAL_TRY(write_manifest(ctx, session, result->directory));
    cal_status status = advance_all(ctx, session, place, result);
    cal_host *host = cal_session_host(session);
    result->stopped_at = cal_session_time(session);
    result->cost = cal_session_cost(session);
    result->has_lost = host != NULL && cal_host_has_lost(host);
    if (status == CAL_ERR_STATE && host != NULL && strstr(cal_context_message(ctx), "E305 ") != NULL)
        status = decide_return(ctx, place, host, result, status);
    if (cal_session_plan(session).connectome != NULL)
        share_work(cal_session_plan(session).n_networks, result);
    free(result->workers); /* of the attempt before */
    result->workers = describe_workers(session);
    result->cost.coupler.sub_s = result->cost.coupler.wait_s = NULL; /* belong to the session */
    const cal_status written = write_manifest(ctx, session, result->directory); /* also of a run that failed */
    return status != CAL_OK ? status : written;
}

/* Those that a run at this time has no use of; -1: all. */
static cal_status remove_checkpoints(cal_context *ctx, const char *directory, cal_time after)
{
    char *folder = NULL;
    CAL_TRY(cali_path_join(ctx, directory, CALI_CHECKPOINTS, &folder));
    cal_checkpoints_remove(ctx, folder, after);
    free(folder);
    return CAL_OK;
}

cal_status cali_run_through(cal_context *ctx, cali_run_place *place, cal_session *session, cali_run_result *result)
{
    if (!place->def->is_silent)
        print_begin(session);
    CAL_TRY(remove_checkpoints(ctx, result->directory, cal_session_time(session)));
    CAL_TRY(advance_and_tell(ctx, place, session, result));
    CAL_TRY(cal_report_write(ctx, result->directory, NULL));
    return result->was_interrupted ? CAL_OK : remove_checkpoints(ctx, result->directory, -1);
}

/* ---- a new run ---------------------------------------------------------------------------------------- */

cal_status cali_run_place_open(cal_context *ctx, cali_run_place *place)
{
    place->lock = -1;
    CAL_TRY(cali_path_join(ctx, place->directory, "lock", &place->lock_path));
    CAL_TRY(cali_path_join(ctx, place->directory, CALI_WORKERS_FILE, &place->status_path));
    return cali_file_lock(ctx, place->lock_path, place->directory, &place->lock);
}

void cali_run_place_close(cali_run_place *place)
{
    if (place->lock_path != NULL)
        cali_file_unlock(place->lock_path, place->lock);
    free(place->lock_path);
    free(place->status_path);
    free(place->endpoint);
    place->lock_path = place->status_path = place->endpoint = NULL;
    place->lock = -1;
}

cal_session_def cali_run_session_def(cali_run_place *place, const char *h5)
{
    if (place->def->workers != NULL) {
        place->workers = *place->def->workers;
        place->workers.host.status = place->status_path;
        if (place->endpoint != NULL)
            place->workers.host.listen = place->endpoint;
    }
    cal_session_def def = cal_session_def_default();
    def.path = h5;
    def.is_mean_field = place->def->is_mean_field;
    def.accuracy = place->def->accuracy;
    def.command = place->command;
    def.workers = place->def->workers != NULL ? &place->workers : NULL;
    return def;
}

/* What `resume` needs is there before anything is built. */
static cal_status write_begin(cal_context *ctx, const cali_run_place *place)
{
    char *text = NULL;
    CAL_TRY(write_inside(ctx, place->directory, "experiment.yaml", cal_experiment_text(place->experiment)));
    if (place->command == NULL)
        return CAL_OK;
    CAL_TRY(cal_command_manifest(ctx, place->command, &text));
    const cal_status status = write_inside(ctx, place->directory, "manifest.json", text);
    free(text);
    return status;
}

/* Nothing was computed: what this run made goes away; a folder that was there stays. */
static void leave_nothing(cal_context *ctx, const char *directory, bool is_new)
{
    static const char *const names[] = {"run.h5", "experiment.yaml", "manifest.json", "lock", CALI_WORKERS_FILE};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = NULL;
        if (cali_path_join(ctx, directory, names[i], &path) == CAL_OK)
            remove(path);
        free(path);
    }
    if (is_new)
        remove(directory);
}

static cal_status run_new(cal_context *ctx, cali_run_place *place, cali_run_result *result)
{
    char *h5 = NULL;
    cal_session *session = NULL;
    CAL_TRY(cali_path_join(ctx, place->directory, "run.h5", &h5));
    const cal_session_def def = cali_run_session_def(place, h5);
    cal_status status = write_begin(ctx, place);
    if (status == CAL_OK)
        status = cal_session_create(ctx, place->experiment, &def, &session);
    result->has_begun = status == CAL_OK;
    if (status == CAL_OK)
        status = cali_run_through(ctx, place, session, result);
    cal_session_destroy(&session);
    free(h5);
    return status;
}

static bool has_checkpoints(cal_context *ctx, const char *directory)
{
    size_t n = 0;
    char *folder = NULL, **paths = NULL;
    if (cali_path_join(ctx, directory, CALI_CHECKPOINTS, &folder) == CAL_OK)
        cal_checkpoints_list(ctx, folder, &n, &paths);
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    free(folder);
    return n > 0;
}

cal_status cali_explain_stop(cal_context *ctx, cal_status status, bool is_kept, cali_run_result *result)
{
    char message[1200];
    if (status != CAL_ERR_STATE || !stop_asked)
        return status;
    result->was_stopped = true;
    result->has_checkpoint = is_kept && has_checkpoints(ctx, result->directory);
    snprintf(message, sizeof message, "%s", cal_context_message(ctx));
    cal_context_clear(ctx);
    return is_kept ? CAL_FAIL(ctx, status, "%s. To go on:\n  callosum resume %s", message, result->directory)
                   : CAL_FAIL(ctx, status, "%s; nothing was computed", message);
}

/* Where the run was asked for. */
static cal_command command_of(const cali_run_def *def, char *folder, size_t size)
{
    return (cal_command){.folder = getcwd(folder, size), .experiment = def->experiment_path, .overrides = def->overrides,
                         .n_overrides = def->n_overrides, .save_state = def->save_state,
                         .is_mean_field = def->is_mean_field, .checks_step = def->accuracy != NULL,
                         .placement = def->placement, .n_placement = def->n_placement};
}

cal_status cali_run(cal_context *ctx, const cal_experiment *experiment, const cali_run_def *def,
                    cali_run_result *result)
{
    *result = (cali_run_result){0};
    struct stat info;
    char folder[PATH_MAX];
    const cal_command command = command_of(def, folder, sizeof folder);
    const bool is_new = def->directory == NULL || stat(def->directory, &info) != 0;
    CAL_TRY(cali_make_run_folder(ctx, def->directory, &result->directory));
    cali_run_place place = {.experiment = experiment, .command = def->experiment_path != NULL ? &command : NULL, .def = def,
                            .directory = result->directory};
    cal_status status = cali_run_place_open(ctx, &place);
    if (status == CAL_OK) {
        cali_catch_stop();
        status = cali_go_back(ctx, &place, run_new(ctx, &place, result), result);
        status = cali_explain_stop(ctx, status, result->has_begun, result);
        cali_release_stop();
        if (!result->has_begun)
            leave_nothing(ctx, result->directory, is_new);
    }
    cali_run_place_close(&place);
    return status;
}
