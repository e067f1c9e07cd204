/* Many runs of one experiment: a session per row of a table, each on one thread with a context of its own, nothing shared
 * but connectomes, which are constant. What a run leaves goes to a journal as it ends; when all have ended, the files are
 * written from it in the order of the rows, so they do not depend on threads or interruptions. */
#include "experiment/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/context.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/tree.h"

#define MOST_CACHED_BYTES 5e8 /* of connectomes that runs share; further ones are loaded by each run */

/* ---- connectomes -------------------------------------------------------------------------------------------- */

/* All that decides what a connectome is. */
static void write_key(const cal_experiment *e, cali_text *key)
{
    const cal_connectome_source *s = &e->source;
    const cal_generate_def *g = &e->generate;
    if (e->is_generated)
        cali_text_format(key, "generated %zu %llu %a %a %a %a", g->n_regions, (unsigned long long)g->seed, g->density,
                         g->decay_mm, g->log_sd, g->tract_factor);
    else
        cali_text_format(key, "%s|%s|%s|%d|%a", s->path, s->lengths_path == NULL ? "" : s->lengths_path,
                         s->labels_path == NULL ? "" : s->labels_path, (int)s->orientation, s->length_unit_mm);
    cali_text_format(key, "|%d|%d", s->drops_self_connections, (int)s->normalisation);
}

/* With the lock held. */
static cal_status obtain(cal_sweep *sweep, cal_context *ctx, const cal_experiment *e, const char *key,
                         const cal_connectome **shared, cal_connectome **own)
{
    for (size_t i = 0; i < sweep->n_cached; i++)
        if (strcmp(sweep->cached[i].key, key) == 0) {
            *shared = sweep->cached[i].connectome;
            return CAL_OK;
        }
    cal_connectome *made = NULL;
    CAL_TRY(cali_connectome_obtain(ctx, e, &made));
    const double n = (double)cal_connectome_n_regions(made), bytes = 16.0 * n * n;
    *own = made;
    if (sweep->cached_bytes + bytes > MOST_CACHED_BYTES)
        return CAL_OK;
    CAL_TRY(cali_reserve(ctx, sweep->n_cached + 1, sizeof *sweep->cached, &sweep->cached, &sweep->cached_capacity));
    cali_cached_connectome *entry = &sweep->cached[sweep->n_cached];
    CAL_TRY(cali_copy_text(ctx, key, &entry->key));
    entry->connectome = made;
    sweep->n_cached++;
    sweep->cached_bytes += bytes;
    *shared = made;
    *own = NULL;
    return CAL_OK;
}

/* One of the two is set: shared by runs, or the caller's own. */
static cal_status find_connectome(cal_sweep *sweep, cal_context *ctx, const cal_experiment *e,
                                  const cal_connectome **shared, cal_connectome **own)
{
    cali_text key = {0};
    *shared = NULL;
    *own = NULL;
    write_key(e, &key);
    if (key.is_broken)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a connectome");
    pthread_mutex_lock(&sweep->lock);
    const cal_status status = obtain(sweep, ctx, e, key.data, shared, own);
    pthread_mutex_unlock(&sweep->lock);
    cali_text_free(&key);
    return status;
}

/* ---- one row ----------------------------------------------------------------------------------------------- */

/* What belongs to one row while it is checked or run. */
typedef struct row_run {
    cal_sweep *sweep;
    cal_context *ctx;
    cal_experiment *experiment;
    cal_connectome *own;
    cal_session *session;
} row_run;

static void pass_note(void *user, const char *text)
{
    cal_context_note(user, "%s", text);
}

static cal_status open_row(row_run *r, size_t row, bool is_check)
{
    cal_sweep *sweep = r->sweep;
    cali_row_overrides overrides;
    CAL_TRY(cali_row_overrides_make(r->ctx, &sweep->rows, row, (const char *const *)sweep->overrides, sweep->n_overrides,
                                    &overrides));
    cal_status status = cali_experiment_parse_from(r->ctx, sweep->path, sweep->text, sweep->text_size, overrides.overrides,
                                                   overrides.heads, overrides.n, &r->experiment);
    cali_row_overrides_free(&overrides);
    cal_session_def def = {.is_check = is_check, .is_mean_field = sweep->is_mean_field, .sink = "memory"};
    if (status == CAL_OK && !r->experiment->is_alone)
        status = find_connectome(sweep, r->ctx, r->experiment, &def.connectome, &r->own);
    if (def.connectome == NULL)
        def.connectome = r->own;
    if (status != CAL_OK)
        return status;
    /* recordings and matrices may be HDF5, which takes one thread at a time */
    const cal_experiment *e = r->experiment;
    const bool reads_files =
        e->n_pasts > 0 || e->delays_path != NULL || e->speeds_path != NULL || e->coupling_matrices != NULL;
    if (reads_files)
        pthread_mutex_lock(&sweep->lock);
    status = cal_session_create(r->ctx, r->experiment, &def, &r->session);
    if (reads_files)
        pthread_mutex_unlock(&sweep->lock);
    return status;
}

static void close_row(row_run *r)
{
    cal_session_destroy(&r->session);
    cal_connectome_destroy(&r->own);
    cal_experiment_destroy(&r->experiment);
    cal_context_destroy(&r->ctx);
}

/* ---- checking all rows --------------------------------------------------------------------------------------- */

typedef struct check {
    cal_sweep *sweep;
    pthread_mutex_t lock;
    size_t n_wrong, first_wrong;
    cal_status status;
    char message[CALI_CONTEXT_MESSAGE];
    double *bytes; /* per row */
} check;

static void note_wrong(check *c, size_t row, cal_status status, const char *message)
{
    pthread_mutex_lock(&c->lock);
    if (c->n_wrong++ == 0 || row < c->first_wrong) {
        c->first_wrong = row;
        c->status = status;
        snprintf(c->message, sizeof c->message, "%s", message);
    }
    pthread_mutex_unlock(&c->lock);
}

static void check_row(void *arg, size_t row)
{
    check *c = arg;
    row_run r = {.sweep = c->sweep};
    cal_context_def def = cal_context_def_default();
    if (row == 0) {
        def.note = pass_note;
        def.user = c->sweep->ctx;
    }
    if (cal_context_create(&def, &r.ctx) != CAL_OK) {
        note_wrong(c, row, CAL_ERR_MEMORY, "no memory for a run");
        return;
    }
    const cal_status status = open_row(&r, row, true);
    if (status != CAL_OK)
        note_wrong(c, row, status, cal_context_message(r.ctx));
    else {
        c->bytes[row] = cal_session_plan(r.session).recording_bytes;
        if (row == 0) {
            c->sweep->budget_bytes = r.experiment->budget_bytes;
            cali_copy_text(r.ctx, r.experiment->title == NULL ? "" : r.experiment->title, &c->sweep->title);
        }
    }
    close_row(&r);
}

/* The message of the first wrong row. Where it does not begin with the row's place, that is said first. */
static cal_status refuse_rows(const check *c)
{
    cal_sweep *sweep = c->sweep;
    cali_text place = {0}, more = {0};
    cali_sweep_row_name(&sweep->rows, c->first_wrong, &place);
    if (c->n_wrong > 1)
        cali_text_format(&more, "\nand %zu more of the %zu rows are wrong", c->n_wrong - 1, sweep->rows.csv.n_rows);
    const char *head = place.data == NULL ? "" : place.data, *tail = more.data == NULL ? "" : more.data;
    const bool is_placed = strncmp(c->message, head, strlen(head)) == 0 || strncmp(c->message, "--sweep", 7) == 0;
    const cal_status status = is_placed ? CAL_FAIL(sweep->ctx, c->status, "%s%s", c->message, tail)
                                        : CAL_FAIL(sweep->ctx, c->status, "%s: this row cannot run:\n%s%s", head, c->message, tail);
    cali_text_free(&place);
    cali_text_free(&more);
    return status;
}

static cal_status check_budget(cal_sweep *sweep, const double *bytes)
{
    for (size_t row = 0; row < sweep->rows.csv.n_rows && !sweep->is_table_only; row++)
        sweep->bytes += bytes[row];
    if (sweep->budget_bytes <= 0.0 || sweep->bytes <= sweep->budget_bytes)
        return CAL_OK;
    return CAL_FAIL(sweep->ctx, CAL_ERR_INPUT,
                    "%s  C501  the signals of %zu runs take %.3g GB before compression, record.budget is %.3g GB\n"
                    "  try      --table-only, a longer interval (--set \"record.signals[0].every=10 ms\"), or --set "
                    "\"record.budget=%.0f GB\"",
                    sweep->path, sweep->rows.csv.n_rows, sweep->bytes / 1e9, sweep->budget_bytes / 1e9,
                    sweep->bytes / 1e9 + 0.5 < 1.0 ? 1.0 : sweep->bytes / 1e9 + 0.5);
}

static cal_status check_rows(cal_sweep *sweep)
{
    check *c = NULL;
    CAL_TRY(cali_alloc(sweep->ctx, 1, sizeof *c, "rows", &c));
    c->sweep = sweep;
    pthread_mutex_init(&c->lock, NULL);
    cal_status status = cali_alloc(sweep->ctx, sweep->rows.csv.n_rows, sizeof *c->bytes, "rows", &c->bytes);
    if (status == CAL_OK) {
        cali_parallel_for(cali_context_pool(sweep->ctx), sweep->rows.csv.n_rows, check_row, c);
        status = c->n_wrong > 0 ? refuse_rows(c) : check_budget(sweep, c->bytes);
    }
    free(c->bytes);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return status;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static cal_status init(cal_sweep *sweep, const cal_sweep_def *def)
{
    CAL_TRY(cali_copy_text(sweep->ctx, def->experiment, &sweep->path));
    CAL_TRY(cali_file_read(sweep->ctx, def->experiment, CALI_TREE_MAX_BYTES, &sweep->text, &sweep->text_size));
    CAL_TRY(cali_alloc(sweep->ctx, def->n_overrides, sizeof *sweep->overrides, "overrides", &sweep->overrides));
    for (; sweep->n_overrides < def->n_overrides; sweep->n_overrides++)
        CAL_TRY(cali_copy_text(sweep->ctx, def->overrides[sweep->n_overrides], &sweep->overrides[sweep->n_overrides]));
    CAL_TRY(cali_sweep_rows_load(sweep->ctx, def->rows, &sweep->rows));
    return check_rows(sweep);
}

cal_status cal_sweep_create(cal_context *ctx, const cal_sweep_def *def, cal_sweep **out)
{
    cal_sweep *sweep = NULL;
    *out = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *sweep, "sweep", &sweep));
    sweep->ctx = ctx;
    sweep->is_mean_field = def->is_mean_field;
    sweep->is_table_only = def->is_table_only;
    pthread_mutex_init(&sweep->lock, NULL);
    const cal_status status = init(sweep, def);
    if (status == CAL_OK)
        *out = sweep;
    else
        cal_sweep_destroy(&sweep);
    return status;
}

void cal_sweep_destroy(cal_sweep **sweep)
{
    if (sweep == NULL || *sweep == NULL)
        return;
    cal_sweep *s = *sweep;
    for (size_t i = 0; i < s->n_cached; i++) {
        cal_connectome_destroy(&s->cached[i].connectome);
        free(s->cached[i].key);
    }
    for (size_t i = 0; i < s->n_overrides; i++)
        free(s->overrides[i]);
    free(s->cached);
    free(s->overrides);
    free(s->path);
    free(s->text);
    free(s->title);
    cali_sweep_rows_free(&s->rows);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *sweep = NULL;
}

size_t cal_sweep_n_runs(const cal_sweep *sweep)
{
    return sweep->rows.csv.n_rows;
}

double cal_sweep_bytes(const cal_sweep *sweep)
{
    return sweep->bytes;
}

/* ---- running ------------------------------------------------------------------------------------------------- */

typedef struct work {
    cal_sweep *sweep;
    const cal_sweep_watch *watch;
    cali_journal journal;
    cal_sweep_state *state;
    pthread_mutex_t lock; /* guards journal, state and the watch's show */
    atomic_bool is_broken; /* the machine fails, not a run */
    double start_s;
} work;

static cal_status simulate(row_run *r, size_t row, cali_outcome *out)
{
    cal_recording *recording = NULL;
    CAL_TRY(open_row(r, row, false));
    while (!cal_session_is_done(r->session))
        CAL_TRY(cal_session_advance(r->session));
    CAL_TRY(cal_session_finish(r->session));
    CAL_TRY(cal_recording_from_memory(r->session->recorder, &recording));
    const cal_status status = cali_outcome_take(r->ctx, r->experiment, recording, r->sweep->is_table_only, out);
    cal_recording_close(&recording);
    return status;
}

static void keep_message(const char *message, cali_outcome *out)
{
    cali_outcome_free(out);
    out->state = CALI_RUN_FAILED;
    cali_text_add(&out->text, message);
    for (size_t i = 0; i < out->text.size; i++)
        out->text.data[i] = out->text.data[i] == '\n' ? ' ' : out->text.data[i];
}

static void hand_in(work *w, size_t row, const cali_outcome *out)
{
    pthread_mutex_lock(&w->lock);
    if (cali_journal_add(&w->journal, row, out) != CAL_OK)
        w->is_broken = true;
    else {
        w->state->n_done++;
        w->state->n_failed += out->state == CALI_RUN_FAILED;
        w->state->work_s += out->wall_s;
        w->state->wall_s = cali_wall_s() - w->start_s;
        if (w->watch != NULL && w->watch->show != NULL)
            w->watch->show(w->watch->user, w->state);
    }
    pthread_mutex_unlock(&w->lock);
}

static void run_row(void *arg, size_t row)
{
    work *w = arg;
    if (w->journal.entries[row].state != CALI_RUN_OPEN || w->is_broken ||
        (w->watch != NULL && w->watch->is_stopped != NULL && w->watch->is_stopped(w->watch->user)))
        return;
    const double start = cali_wall_s();
    const cal_context_def def = cal_context_def_default();
    row_run r = {.sweep = w->sweep};
    cali_outcome out = {0};
    cal_status status = cal_context_create(&def, &r.ctx);
    if (status == CAL_OK)
        status = simulate(&r, row, &out);
    if (status == CAL_ERR_MEMORY || status == CAL_ERR_IO) {
        CAL_FAIL(w->sweep->ctx, status, "%s", r.ctx == NULL ? "no memory for a run" : cal_context_message(r.ctx));
        w->is_broken = true;
    } else {
        if (status != CAL_OK)
            keep_message(cal_context_message(r.ctx), &out);
        out.wall_s = cali_wall_s() - start;
        hand_in(w, row, &out);
    }
    cali_outcome_free(&out);
    close_row(&r);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Digests of the connectomes that runs share, sorted: which thread came first does not matter. */
static cal_status add_connectomes(cal_sweep *sweep, cali_text *identity)
{
    char(*digests)[CALI_DIGEST_SIZE] = NULL;
    CAL_TRY(cali_alloc(sweep->ctx, 2 * sweep->n_cached, sizeof *digests, "digests", &digests));
    cal_status status = CAL_OK;
    for (size_t i = 0; i < sweep->n_cached && status == CAL_OK; i++) {
        const cal_connectome *c = sweep->cached[i].connectome;
        const size_t n = cal_connectome_n_regions(c), bytes = n * n * sizeof(double);
        status = cali_digest_bytes(sweep->ctx, cal_connectome_weights(c), bytes, digests[2 * i]);
        if (status == CAL_OK)
            status = cali_digest_bytes(sweep->ctx, cal_connectome_lengths_mm(c), bytes, digests[2 * i + 1]);
    }
    qsort(digests, 2 * sweep->n_cached, sizeof *digests, compare_texts);
    for (size_t i = 0; i < 2 * sweep->n_cached; i++)
        cali_text_format(identity, "%s\n", digests[i]);
    free(digests);
    return status;
}

/* All that decides the numbers, so that a sweep is not gone on with by another. */
static cal_status identify(cal_sweep *sweep, char digest[CALI_DIGEST_SIZE])
{
    cali_text t = {0};
    const cali_csv *csv = &sweep->rows.csv;
    cali_text_format(&t, "%s %d %d %zu %zu\n", CAL_VERSION, sweep->is_mean_field, sweep->is_table_only, csv->n_columns,
                     csv->n_rows);
    for (size_t i = 0; i < sweep->n_overrides; i++)
        cali_text_format(&t, "%s\n", sweep->overrides[i]);
    for (size_t i = 0; i < csv->n_columns; i++)
        cali_text_format(&t, "%s\n%s\n", csv->names[i].text, csv->units[i] == NULL ? "" : csv->units[i]);
    for (size_t i = 0; i < csv->n_columns * csv->n_rows; i++)
        cali_text_format(&t, "%s\n", csv->cells[i].text);
    cali_text_add_bytes(&t, sweep->text, sweep->text_size);
    cal_status status = CAL_OK;
    if (sweep->cached_bytes < 0.9 * MOST_CACHED_BYTES) /* beyond, which ones are shared is chance */
        status = add_connectomes(sweep, &t);
    if (status == CAL_OK && t.is_broken)
        status = CAL_FAIL(sweep->ctx, CAL_ERR_MEMORY, "no memory for the rows of the sweep");
    if (status == CAL_OK)
        status = cali_digest_bytes(sweep->ctx, t.data, t.size, digest);
    cali_text_free(&t);
    return status;
}

static void count_done(work *w)
{
    for (size_t row = 0; row < w->journal.n_runs; row++) {
        const cali_entry_of_run *e = &w->journal.entries[row];
        w->state->n_done += e->state != CALI_RUN_OPEN;
        w->state->n_failed += e->state == CALI_RUN_FAILED;
        w->state->work_s += e->wall_s;
    }
    w->state->n_before = w->state->n_done;
}

static cal_status run_all(work *w, const char *directory)
{
    cal_sweep *sweep = w->sweep;
    count_done(w);
    cali_parallel_for(cali_context_pool(sweep->ctx), w->journal.n_runs, run_row, w);
    w->state->wall_s = cali_wall_s() - w->start_s;
    if (w->is_broken)
        return cal_context_status(sweep->ctx);
    if (w->state->n_done < w->state->n_runs)
        return CAL_OK; /* stopped */
    CAL_TRY(cali_sweep_write(sweep, directory, &w->journal, w->state));
    w->state->is_complete = true;
    return CAL_OK;
}

cal_status cal_sweep_run(cal_sweep *sweep, const char *directory, const cal_sweep_watch *watch, cal_sweep_state *state)
{
    char identity[CALI_DIGEST_SIZE];
    char *part = NULL;
    work w = {.sweep = sweep, .watch = watch, .state = state, .start_s = cali_wall_s()};
    *state = (cal_sweep_state){.n_runs = cal_sweep_n_runs(sweep)};
    CAL_TRY(identify(sweep, identity));
    CAL_TRY(cali_directory_make(sweep->ctx, directory));
    CAL_TRY(cali_path_join(sweep->ctx, directory, "sweep.part", &part));
    pthread_mutex_init(&w.lock, NULL);
    cal_status status = cali_journal_open(sweep->ctx, part, identity, state->n_runs, &w.journal);
    if (status == CAL_OK)
        status = run_all(&w, directory);
    cali_journal_close(&w.journal);
    if (state->is_complete)
        remove(part);
    pthread_mutex_destroy(&w.lock);
    free(part);
    return status;
}
