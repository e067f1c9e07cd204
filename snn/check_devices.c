/* What can be said against waves, noises and spike trains of a definition. */
#include <math.h>
#include <string.h>

#include "snn/check.h"

static const char *text(const char *name)
{
    return name == NULL ? "(no name)" : name;
}

static cal_status check_samples(cal_context *ctx, const char *where, const cal_snn_wave *w)
{
    if (w->n_samples == 0 || w->times_ms == NULL || w->values == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: waveform %s has no samples", where, w->form->name);
    for (size_t i = 0; i < w->n_samples; i++)
        if (!isfinite(w->times_ms[i]) || !isfinite(w->values[i]) || (i > 0 && !(w->times_ms[i] > w->times_ms[i - 1])))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: sample %zu of waveform %s is not finite or not after the one "
                            "before it", where, i, w->form->name);
    return CAL_OK;
}

static cal_status check_wave(cal_context *ctx, const char *where, const cal_snn_wave *w)
{
    if (w->form == NULL)
        return CAL_OK;
    if (w->form->source == CAL_WAVEFORM_PATH)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: waveform %s is one path for many regions. Try a noise.", where,
                        w->form->name);
    double p[CAL_WAVEFORM_MAX_PARAMS];
    for (size_t k = 0; k < w->form->n_params; k++) {
        const cal_field *f = &w->form->params[k];
        p[k] = w->params == NULL ? f->value : w->params[k];
        if (!isfinite(p[k]) || p[k] < f->low || p[k] > f->high)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s of waveform %s is %g, must be between %g and %g", where, f->name,
                            w->form->name, p[k], f->low, f->high);
    }
    const char *wrong = w->form->check == NULL ? NULL : w->form->check(p);
    if (wrong != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: the waveform %s cannot be: %s", where, w->form->name, wrong);
    return w->form->source == CAL_WAVEFORM_SAMPLES ? check_samples(ctx, where, w) : CAL_OK;
}

static cal_status check_noise(cal_context *ctx, const cal_snn_def *def, size_t i)
{
    const cal_snn_noise *n = &def->noises[i];
    if (n->to >= def->n_populations)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: noise %zu: there is no population %zu", text(def->name), i, n->to);
    const cal_snn_population *p = &def->populations[n->to];
    if (p->neuron == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: noise %zu ends at \"%s\", a source population", text(def->name), i,
                        text(p->name));
    if (!(fabs(n->mean) <= 1e30) || !(n->sd >= 0.0 && n->sd <= 1e30) || !(n->tau_ms >= 0.0 && n->tau_ms <= 1e30))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: noise of mean %g, standard deviation %g, correlation time %g ms: must "
                        "be finite, at most 1e30 in size, the last two not negative", text(p->name), n->mean, n->sd, n->tau_ms);
    if (n->tau_ms > 0.0 && n->hold != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: noise with a correlation time changes at every step; hold is for white "
                        "noise", text(p->name));
    if (n->hold < 0 || n->start < 0 || n->stop < 0 || n->hold % def->dt != 0 || n->start % def->dt != 0 ||
        n->stop % def->dt != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: noise: hold %g ms, start %g ms and stop %g ms must be multiples of dt "
                        "%g ms", text(p->name), cal_time_ms(n->hold), cal_time_ms(n->start), cal_time_ms(n->stop),
                        cal_time_ms(def->dt));
    return CAL_OK;
}

static cal_status check_train(cal_context *ctx, const cal_snn_def *def, size_t i)
{
    const cal_snn_train *t = &def->trains[i];
    if (t->population >= def->n_populations || def->populations[t->population].neuron != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: spike train %zu: population %zu is no source population",
                        text(def->name), i, t->population);
    const cal_snn_population *p = &def->populations[t->population];
    for (size_t k = 0; k < def->n_ports; k++)
        if (def->ports[k].kind == CAL_PORT_SPIKES && def->ports[k].population == t->population)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: \"%s\" has a spikes port and a spike train", text(def->name),
                            text(p->name));
    for (size_t k = 0; k < i; k++)
        if (def->trains[k].population == t->population)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: \"%s\" has two spike trains", text(def->name), text(p->name));
    for (size_t k = 0; k < t->n; k++) {
        if (t->time[k] <= 0 || t->time[k] % def->dt != 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: a spike at %.9g ms is no step of %g ms after 0", text(p->name),
                            cal_time_ms(t->time[k]), cal_time_ms(def->dt));
        if (t->id[k] >= p->n)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: a spike of neuron %u, but there are %u", text(p->name), t->id[k],
                            p->n);
        if (k > 0 && (t->time[k] < t->time[k - 1] || (t->time[k] == t->time[k - 1] && t->id[k] < t->id[k - 1])))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: spikes out of order", text(p->name));
    }
    return CAL_OK;
}

cal_status cali_check_devices(cal_context *ctx, const cal_snn_def *def)
{
    for (size_t i = 0; i < def->n_poissons; i++)
        CAL_TRY(check_wave(ctx, text(def->populations[def->poissons[i].to].name), &def->poissons[i].wave));
    for (size_t i = 0; i < def->n_currents; i++) {
        const cal_snn_current *c = &def->currents[i];
        const char *where = text(def->populations[c->to].name);
        CAL_TRY(check_wave(ctx, where, &c->wave));
        const char *problem = c->has_factor ? cali_distribution_problem(&c->factor, true) : NULL;
        if (problem != NULL)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: the factor of a current %s", where, problem);
    }
    for (size_t i = 0; i < def->n_noises; i++)
        CAL_TRY(check_noise(ctx, def, i));
    for (size_t i = 0; i < def->n_trains; i++)
        CAL_TRY(check_train(ctx, def, i));
    return CAL_OK;
}
