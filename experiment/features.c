/* What an experiment asks for beside its regions, one item after the other: coupling terms, noises, stimuli, monitors,
 * and how it begins. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

typedef struct listing {
    const cal_experiment *exp;
    void (*take)(void *user, const cali_feature *feature);
    void *user;
} listing;

static int default_mass(const cal_experiment *e)
{
    return e->n_assignments > 0 ? e->assignments[0].mass : -1;
}

static const cal_field *field_of(const listing *l, cali_field_kind kind, const char *name)
{
    return cali_look_up_field(l->exp, default_mass(l->exp), kind, name);
}

/* What does not fit is left out of the list; the tables' entries have fewer numbers than there are places. */
static void add_number(cali_feature *f, const char *name, double value, const char *unit)
{
    if (f->n_numbers == CALI_FEATURE_NUMBERS)
        return;
    cali_feature_number *number = &f->numbers[f->n_numbers++];
    number->name = name;
    number->value = value;
    snprintf(number->unit, sizeof number->unit, "%s", unit);
}

static void add_fields(cali_feature *f, const cal_field *fields, size_t n, const double *values, const char *input_unit)
{
    for (size_t k = 0; k < n && values != NULL; k++)
        add_number(f, fields[k].name, values[k], strcmp(fields[k].unit, "input") == 0 ? input_unit : fields[k].unit);
}

static void add_times(cali_feature *f, cal_time start, cal_time stop)
{
    if (start > 0)
        add_number(f, "start", cal_time_ms(start), "ms");
    if (stop > 0)
        add_number(f, "stop", cal_time_ms(stop), "ms");
}

static const char *scope_of(const char *selector)
{
    return selector == NULL ? "all" : selector;
}

static const char *sum_of(const cal_coupling *term, const char *matrix)
{
    if (!term->is_local)
        return "s = G sum_j w_ij x_j(t - tau_ij)";
    return matrix == NULL ? "s = x_i" : "s = sum_j w_ij x_j";
}

static void list_term(const listing *l, size_t index)
{
    const cal_experiment *e = l->exp;
    const cal_coupling *t = &e->couplings[index];
    if (t->to != NULL && t->to[0] == '\0')
        return; /* acts on no mass */
    const cal_coupling_info *info = cal_coupling_info_of(t->kind);
    const cal_field *from = field_of(l, CALI_OUTPUTS, cali_term_source(e, default_mass(e), t));
    const cal_field *to = field_of(l, CALI_INPUTS, t->to);
    const char *matrix = index < e->n_coupling_matrices ? e->coupling_matrices[index] : NULL;
    char remark[400];
    const bool is_summed = strstr(info->formula, "sum_j") == NULL;
    snprintf(remark, sizeof remark, "%s%s%s%.200s%s%.100s", is_summed ? sum_of(t, matrix) : "",
             is_summed && matrix != NULL ? ", " : "", matrix != NULL ? "w from " : "", matrix != NULL ? matrix : "",
             t->threshold != NULL ? ", threshold " : "", t->threshold != NULL ? t->threshold : "");
    cali_feature f = {.part = "coupling", .kind = info->name, .formula = info->formula, .remark = remark,
                      .from = from != NULL ? from->name : t->from, .to = to != NULL ? to->name : t->to};
    cal_coupling numbers = *t;
    for (size_t k = 0; from != NULL && to != NULL && k < info->n_params; k++) {
        char unit[CALI_UNIT_TEXT];
        cali_term_unit(&info->params[k], from, to, unit);
        add_number(&f, info->params[k].name, *cal_coupling_number(&numbers, info->params[k].name), unit);
    }
    if (!t->is_local)
        add_number(&f, "G", e->gain, "1");
    l->take(l->user, &f);
}

static const char *const white_formulas[CAL_N_NOISE_FORMS] = {
    [CAL_NOISE_ADDITIVE] = "dx = ... + level dW",
    [CAL_NOISE_AFFINE] = "dx = ... + level (a + b x) dW",
    [CAL_NOISE_ABSOLUTE] = "dx = ... + level |a + b x| dW",
    [CAL_NOISE_ROOT] = "dx = ... + level sqrt(|a + b x|) dW",
};

static void list_noise(const listing *l, const cal_nmm_noise *noise, const cali_noise_more *more)
{
    const bool is_on_input = noise->input != NULL, is_white = noise->tau_ms == 0.0;
    const char *name = is_on_input ? noise->input : noise->state;
    const cal_field *target = field_of(l, is_on_input ? CALI_INPUTS : CALI_STATES, name);
    char unit[CALI_UNIT_TEXT] = "1", inverse[CALI_UNIT_TEXT], remark[300] = "";
    cali_feature f = {.part = "noise", .kind = is_white ? "white" : "coloured", .of = scope_of(more->of),
                      .to = target != NULL ? target->name : name, .remark = remark,
                      .formula = is_white ? white_formulas[noise->form] : "Ornstein-Uhlenbeck"};
    if (target != NULL && is_on_input)
        snprintf(unit, sizeof unit, "%s", target->unit);
    else if (target != NULL)
        cali_noise_unit(target, is_white, unit);
    add_number(&f, "level", noise->level, unit);
    if (!is_white)
        add_number(&f, "tau", noise->tau_ms, "ms");
    if (noise->form != CAL_NOISE_ADDITIVE && target != NULL) {
        cali_divide_units("1", target->unit, inverse);
        add_number(&f, "a", noise->a, "1");
        add_number(&f, "b", noise->b, inverse);
    }
    if (noise->correlation > 0.0)
        add_number(&f, "correlation", noise->correlation, "1");
    if (more->correlations != NULL)
        snprintf(remark, sizeof remark, "correlations from %.200s", more->correlations);
    l->take(l->user, &f);
}

static void list_stimulus(const listing *l, const cal_nmm_stimulus *s, const cali_stimulus_more *more)
{
    const bool is_state = s->state != NULL;
    const cal_field *target = field_of(l, is_state ? CALI_STATES : CALI_INPUTS, is_state ? s->state : s->input);
    char remark[500] = "";
    if (more->path != NULL)
        snprintf(remark, sizeof remark, "samples from %.200s%s", more->path, more->n_weights > 1 ? ", " : "");
    if (more->kernel != NULL)
        snprintf(remark + strlen(remark), sizeof remark - strlen(remark), "weights %s around %.100s",
                 more->kernel->name, more->focus);
    else if (more->n_weights > 1)
        snprintf(remark + strlen(remark), sizeof remark - strlen(remark), "%zu weights", more->n_weights);
    cali_feature f = {.part = "stimulus", .kind = s->wave->name, .of = scope_of(more->of), .remark = remark,
                      .to = target != NULL ? target->name : is_state ? s->state : s->input,
                      .formula = s->wave->equation};
    add_fields(&f, s->wave->params, s->wave->n_params, s->params, more->unit != NULL ? more->unit : "1");
    if (more->kernel != NULL)
        add_fields(&f, more->kernel->params, more->kernel->n_params, more->kernel_params, "1");
    else if (more->n_weights == 1)
        add_number(&f, "weight", more->weights[0], "1");
    add_times(&f, s->start, s->stop);
    l->take(l->user, &f);
}

static void list_monitor(const listing *l, const cali_signal *signal)
{
    const cali_monitor_wish *m = &signal->monitor;
    char remark[500];
    const char *const labels[] = {"kernel ", "groups ", "table ", "lead field "};
    const char *const values[] = {m->kernel != NULL ? m->kernel->name : NULL, m->groups, m->table, m->lead_field};
    remark[0] = '\0';
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        if (values[k] != NULL)
            snprintf(remark + strlen(remark), sizeof remark - strlen(remark), "%s%s%.110s", remark[0] ? ", " : "",
                     labels[k], values[k]);
    cali_feature f = {.part = "monitor", .kind = m->kind->name, .from = signal->what, .of = scope_of(signal->of),
                      .to = signal->name, .formula = m->kind->formula, .remark = remark};
    const cal_field *fields = m->kernel != NULL ? m->kernel->params : m->kind->params;
    if (signal->every > 0)
        add_number(&f, "every", cal_time_ms(signal->every), "ms");
    if (m->kernel != NULL)
        add_number(&f, "length", cal_time_ms(m->length), "ms");
    add_fields(&f, fields, m->kernel != NULL ? m->kernel->n_params : m->kind->n_params, m->params, "1");
    l->take(l->user, &f);
}

static void list_beginning(const listing *l)
{
    const cal_experiment *e = l->exp;
    if (e->initial_state != NULL) {
        const cali_feature f = {.part = "initial", .kind = "state", .remark = e->initial_state};
        l->take(l->user, &f);
    }
    for (size_t i = 0; i < e->n_pasts; i++) {
        const cali_past *past = &e->pasts[i];
        char remark[500];
        snprintf(remark, sizeof remark, "%.300s%s%.100s", past->file != NULL ? past->file : past->run,
                 past->signal != NULL ? ", signal " : "", past->signal != NULL ? past->signal : "");
        const cali_feature f = {.part = "initial", .kind = "history", .to = past->what, .remark = remark};
        l->take(l->user, &f);
    }
}

void cali_list_features(const cal_experiment *e, void (*take)(void *user, const cali_feature *feature), void *user)
{
    const listing l = {e, take, user};
    for (size_t i = 0; i < e->n_couplings; i++)
        list_term(&l, i);
    for (size_t i = 0; i < e->n_noises; i++)
        list_noise(&l, &e->noises[i], &e->noise_more[i]);
    for (size_t i = 0; i < e->n_stimuli; i++)
        list_stimulus(&l, &e->stimuli[i], &e->stimulus_more[i]);
    for (size_t i = 0; i < e->n_signals; i++)
        if (e->signals[i].monitor.kind != NULL)
            list_monitor(&l, &e->signals[i]);
    list_beginning(&l);
}
