/* Monitors of a session: how each is fed, its groups or its lead field, and its signal at the recorder. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "experiment/session.h"

/* What a monitor needs beside its definition. */
typedef struct parts {
    uint32_t *groups;
    double *lead_field;
    char **names; /* of groups or sensors; point into the table or are literals */
    size_t n_names;
    cali_csv csv;
} parts;

static void free_parts(parts *p)
{
    free(p->groups);
    free(p->lead_field);
    free(p->names);
    cali_csv_free(&p->csv);
}

cal_status cali_monitor_feed(const cal_session *s, const cali_signal *wish, cal_time *every, bool *is_mean)
{
    const cali_monitor_wish *m = &wish->monitor;
    const bool needs_steps = m->kind->feed == CAL_FEED_STEPS || (m->kind->has_kernel && m->form == CAL_BOLD_TVB);
    *is_mean = m->kind->feed == CAL_FEED_MEANS ? !needs_steps : wish->is_mean;
    *every = wish->every == 0 ? s->plan.dt : wish->every;
    if (*every % s->plan.dt != 0)
        return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C202", "%s every %g ms is no multiple of the step %g ms",
                                    m->kind->name, cal_time_ms(*every), cal_time_ms(s->plan.dt));
    if (needs_steps)
        *every = s->plan.dt;
    else if (m->kind->feed == CAL_FEED_MEANS)
        *every = cal_monitor_interim(s->plan.dt, *every, CAL_MONITOR_INTERIM);
    return CAL_OK;
}

/* The reference averages over the number of steps next to 4 ms. */
static cal_status choose_interim(const cal_session *s, const cali_signal *wish, cal_monitor_def *def)
{
    if (!def->kind->has_kernel || def->form != CAL_BOLD_TVB)
        return CAL_OK;
    const cal_time n = (CAL_MONITOR_INTERIM + def->dt / 2) / def->dt;
    def->interim = (n > 0 ? n : 1) * def->dt;
    if (def->every % def->interim != 0)
        return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C202",
                                    "bold in the form tvb averages over %g ms, which does not divide %g ms\ntry every: %g ms",
                                    cal_time_ms(def->interim), cal_time_ms(def->every),
                                    cal_time_ms((def->every / def->interim + 1) * def->interim));
    return CAL_OK;
}

/* ---- groups --------------------------------------------------------------------------------------------------- */

static cal_status group_by_flag(cal_session *s, const cali_signal *wish, const uint8_t *flags, const char *zero,
                                const char *one, parts *p)
{
    if (flags == NULL)
        return cali_experiment_fail(s->ctx, s->experiment, wish->monitor.groups_place, "C107",
                                    "the connectome does not say what is \"%s\"\ntry groups: COLUMN, table: FILE.csv",
                                    wish->monitor.groups);
    CAL_TRY(cali_alloc(s->ctx, 2, sizeof *p->names, "groups", &p->names));
    p->names[0] = (char *)(uintptr_t)zero;
    p->names[1] = (char *)(uintptr_t)one;
    p->n_names = 2;
    for (size_t i = 0; i < s->n_regions; i++)
        p->groups[i] = flags[i] != 0;
    return CAL_OK;
}

/* Groups are the distinct texts of a column, in the order in which regions have them; an empty one is none. */
static cal_status group_by_column(cal_session *s, const cali_signal *wish, parts *p)
{
    const cali_monitor_wish *m = &wish->monitor;
    const char *path = m->table != NULL ? m->table : s->experiment->source.labels_path;
    size_t *row_of = NULL;
    if (path == NULL)
        return cali_experiment_fail(s->ctx, s->experiment, m->groups_place, "C107",
                                    "groups \"%s\" is no word, and there is no table with such a column\n"
                                    "try hemisphere, cortex, or table: FILE.csv", m->groups);
    CAL_TRY(cali_csv_load(s->ctx, path, &p->csv));
    const int column = cali_csv_find(&p->csv, m->groups);
    if (column < 0)
        return cali_experiment_fail(s->ctx, s->experiment, m->groups_place, "C107", "no column \"%s\" in %s\nknown %s%s%s",
                                    m->groups, path, p->csv.names[0].text, p->csv.n_columns > 1 ? ", " : "",
                                    p->csv.n_columns > 1 ? p->csv.names[1].text : "");
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *p->names, "groups", &p->names));
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *row_of, "groups", &row_of));
    cal_status status = cali_match_rows(s, path, &p->csv, row_of);
    for (size_t i = 0; status == CAL_OK && i < s->n_regions; i++) {
        const char *text = row_of[i] == SIZE_MAX ? "" : cali_csv_at(&p->csv, row_of[i], (size_t)column)->text;
        size_t g = 0;
        while (g < p->n_names && strcmp(p->names[g], text) != 0)
            g++;
        if (g == p->n_names && text[0] != '\0')
            p->names[p->n_names++] = (char *)(uintptr_t)text;
        p->groups[i] = text[0] == '\0' ? CAL_NO_GROUP : (uint32_t)g;
    }
    free(row_of);
    if (status == CAL_OK && p->n_names == 0)
        return cali_experiment_fail(s->ctx, s->experiment, m->groups_place, "C107", "no region has a group in \"%s\" of %s",
                                    m->groups, path);
    return status;
}

/* Regions that `of` leaves out are in no group. */
static cal_status leave_out(cal_session *s, const cali_signal *wish, parts *p)
{
    size_t *chosen = NULL, n = 0;
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *chosen, "regions", &chosen));
    const cal_status status = cali_select(s, wish->of, wish->place, chosen, &n);
    for (size_t i = 0; status == CAL_OK && i < s->n_regions; i++) {
        bool is_chosen = false;
        for (size_t k = 0; k < n; k++)
            is_chosen = is_chosen || chosen[k] == i;
        if (!is_chosen)
            p->groups[i] = CAL_NO_GROUP;
    }
    free(chosen);
    return status;
}

static cal_status find_groups(cal_session *s, const cali_signal *wish, parts *p)
{
    const char *groups = wish->monitor.groups;
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *p->groups, "groups", &p->groups));
    if (groups == NULL) { /* all in one */
        CAL_TRY(cali_alloc(s->ctx, 1, sizeof *p->names, "groups", &p->names));
        p->names[p->n_names++] = (char *)(uintptr_t)"all";
    } else if (strcmp(groups, "hemisphere") == 0) {
        CAL_TRY(group_by_flag(s, wish, cal_connectome_is_right(s->connectome), "left", "right", p));
    } else if (strcmp(groups, "cortex") == 0) {
        CAL_TRY(group_by_flag(s, wish, cal_connectome_is_cortical(s->connectome), "subcortical", "cortical", p));
    } else {
        CAL_TRY(group_by_column(s, wish, p));
    }
    return leave_out(s, wish, p);
}

/* ---- lead field ------------------------------------------------------------------------------------------------- */

static cal_status read_gains(cal_session *s, const cali_signal *wish, parts *p)
{
    const cali_monitor_wish *m = &wish->monitor;
    const char *const *labels = cal_connectome_labels(s->connectome);
    for (size_t i = 0; i < s->n_regions; i++) {
        const int column = cali_csv_find(&p->csv, labels[i]);
        if (column < 0)
            return cali_experiment_fail(s->ctx, s->experiment, m->lead_field_place, "C303",
                                        "%s has no column for the region \"%s\" (%zu columns, %zu regions)\n"
                                        "try a header with the labels of the regions", m->lead_field, labels[i],
                                        p->csv.n_columns, s->n_regions);
        for (size_t k = 0; k < p->csv.n_rows; k++)
            CAL_TRY(cali_csv_number(s->ctx, &p->csv, k, (size_t)column, "1", &p->lead_field[k * s->n_regions + i]));
    }
    return CAL_OK;
}

static cal_status find_lead_field(cal_session *s, const cali_signal *wish, parts *p)
{
    const cali_monitor_wish *m = &wish->monitor;
    CAL_TRY(cali_csv_load(s->ctx, m->lead_field, &p->csv));
    const int column = cali_csv_find(&p->csv, "sensor");
    p->n_names = p->csv.n_rows;
    if (column < 0 || p->n_names == 0)
        return cali_experiment_fail(s->ctx, s->experiment, m->lead_field_place, "C107", "%s has no %s", m->lead_field,
                                    column < 0 ? "column \"sensor\" with the names of the sensors" : "row");
    CAL_TRY(cali_alloc(s->ctx, p->n_names, sizeof *p->names, "sensors", &p->names));
    for (size_t k = 0; k < p->n_names; k++)
        p->names[k] = (char *)(uintptr_t)cali_csv_at(&p->csv, k, (size_t)column)->text;
    CAL_TRY(cali_alloc(s->ctx, p->n_names * s->n_regions, sizeof *p->lead_field, "lead field", &p->lead_field));
    return read_gains(s, wish, p);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void describe(const cali_signal *wish, char *text, size_t size)
{
    const cali_monitor_wish *m = &wish->monitor;
    if (m->kind->has_kernel)
        snprintf(text, size, "BOLD of %s, kernel %s%s", wish->what, m->kernel->name,
                 m->form == CAL_BOLD_TVB ? ", in the form of The Virtual Brain" : "");
    else
        snprintf(text, size, "%s of %s%s%s", m->kind->name, wish->what, wish->is_mean ? ", mean over the interval" : "",
                 m->has_average_reference ? ", average reference" : "");
}

static cal_status add_signal(cal_session *s, const cali_signal *wish, cal_time every, const char *unit, const parts *p,
                             cali_track *t)
{
    const cali_monitor_wish *m = &wish->monitor;
    char name[200], axis[240], long_name[300];
    snprintf(name, sizeof name, "%.180s", wish->name != NULL ? wish->name : m->kind->name);
    for (char *c = name; *c != '\0' && wish->name == NULL; c++)
        *c = *c == '-' ? '_' : *c;
    snprintf(axis, sizeof axis, "%s_%s", m->kind->has_groups ? "group" : "sensor", name);
    describe(wish, long_name, sizeof long_name);
    const bool is_own = p->n_names > 0;
    const cal_signal_def def = {
        .name = name, .unit = m->unit != NULL ? m->unit : m->kind->unit != NULL ? m->kind->unit : unit,
        .long_name = long_name, .t_first = every, .every = every, .axis = is_own ? axis : "region",
        .n_columns = cal_monitor_n_channels(t->monitor), .monitor = m->kind->name,
        .labels = is_own ? (const char *const *)p->names : cal_connectome_labels(s->connectome)};
    return cal_recorder_add_signal(s->recorder, &def, &t->signal);
}

/* Failures of other folders get the place of the monitor in the file. */
static cal_status place_failure(cal_session *s, const cali_signal *wish, cal_status status)
{
    char cause[512];
    if (status != CAL_ERR_ARGUMENT)
        return status;
    snprintf(cause, sizeof cause, "%s", cal_context_message(s->ctx));
    cal_context_clear(s->ctx);
    return cali_experiment_fail(s->ctx, s->experiment, wish->place, "C107", "cannot record \"%s\": %s", wish->what, cause);
}

cal_status cali_monitor_declare(cal_session *s, const cali_signal *wish, cal_time feed, const char *unit, cali_track *t)
{
    const cali_monitor_wish *m = &wish->monitor;
    parts p = {0};
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = m->kind;
    def.params = m->params;
    def.n_regions = s->n_regions;
    def.dt = feed;
    def.every = wish->every == 0 ? s->plan.dt : wish->every;
    def.kernel = m->kernel;
    def.form = (cal_bold_form)m->form;
    def.length = m->length;
    def.has_average_reference = m->has_average_reference;
    cal_status status = choose_interim(s, wish, &def);
    if (status == CAL_OK && m->kind->has_groups)
        status = find_groups(s, wish, &p);
    if (status == CAL_OK && m->kind->has_lead_field)
        status = find_lead_field(s, wish, &p);
    if (status == CAL_OK) {
        def.groups = p.groups;
        def.n_groups = p.n_names;
        def.lead_field = p.lead_field;
        def.n_sensors = p.n_names;
        status = place_failure(s, wish, cal_monitor_create(s->ctx, &def, &t->monitor));
    }
    if (status == CAL_OK)
        status = place_failure(s, wish, add_signal(s, wish, def.every, unit, &p, t));
    free_parts(&p);
    return status;
}
