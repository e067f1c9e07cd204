/* Homeostasis of neurons in a step, its plan and its part of a saved state.
 *
 *     shift' = step (sum of delta(t - t_spike) - rate),   within +- range
 *
 * Inside the range the shift is step (spikes so far - rate t): a neuron that stays there spikes at the rate aimed at.
 * Source: Lazar, Pipa & Triesch (2009), Front. Comput. Neurosci. 3, 23, equation 4, for thresholds. */
#include "snn/homeostasis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/state.h"

enum { MAX_PARAMS = 64, REASON_SIZE = 256 };

/* ---- plan ---------------------------------------------------------------------------------------- */

/* What constants become when the parameter is `x` and the others are `params`. */
static void constants_at(const cal_snn *self, const cali_homeostasis *h, const double *params, double x, float *out)
{
    double p[MAX_PARAMS];
    const cali_neuron *neuron = self->populations[h->def.population].neuron;
    memcpy(p, params, neuron->face.n_params * sizeof *p);
    p[h->param] = x;
    if (neuron->prepare_of != NULL)
        neuron->prepare_of(neuron, p, self->dt_ms, out);
    else
        neuron->prepare(p, self->dt_ms, out);
}

/* Slopes of all constants, and whether each goes in a straight line. `reach` is a power of two, so that differences of
 * voltages are exact. */
static void find_slopes(const cal_snn *self, const cali_homeostasis *h, const double *params, double *slope, bool *is_line)
{
    float low[CALI_MAX_CONSTANTS], middle[CALI_MAX_CONSTANTS], high[CALI_MAX_CONSTANTS];
    const double x = params[h->param], reach = ldexp(1.0, ilogb(h->def.range));
    constants_at(self, h, params, x - reach, low);
    constants_at(self, h, params, x, middle);
    constants_at(self, h, params, x + reach, high);
    for (size_t k = 0; k < self->populations[h->def.population].neuron->n_constants; k++) {
        const double size = fmax(fabs((double)low[k]), fabs((double)high[k]));
        slope[k] = ((double)high[k] - (double)low[k]) / (2.0 * reach);
        is_line[k] = fabs(0.5 * ((double)low[k] + (double)high[k]) - (double)middle[k]) <= 1e-6 * size;
    }
}

static const cal_distribution *setting_of(const cali_population *p, const char *name)
{
    const cal_distribution *found = NULL; /* the last one counts */
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            found = &p->settings[i].value;
    return found;
}

/* Another parameter that differs between neurons must not change what the shift does. */
static bool depends_on_neuron(const cal_snn *self, const cali_homeostasis *h, double *params, const double *slope, char *why)
{
    const cali_population *p = &self->populations[h->def.population];
    double other[CALI_MAX_CONSTANTS];
    bool is_line[CALI_MAX_CONSTANTS];
    for (size_t j = 0; j < p->neuron->face.n_params; j++) {
        const cal_distribution *d = setting_of(p, p->neuron->face.params[j].name);
        double bound[2];
        if ((int)j == h->param || d == NULL || d->kind == CAL_CONSTANT)
            continue;
        cali_distribution_bounds(d, &bound[0], &bound[1]);
        const double middle = params[j];
        for (int b = 0; b < 2; b++) {
            params[j] = isfinite(bound[b]) ? bound[b] : middle;
            find_slopes(self, h, params, other, is_line);
            for (size_t k = 0; k < p->neuron->n_constants; k++)
                if (fabs(other[k] - slope[k]) > 1e-4 * fabs(slope[k])) {
                    snprintf(why, REASON_SIZE, "what it does would depend on %s, which differs between neurons",
                             p->neuron->face.params[j].name);
                    return true;
                }
        }
        params[j] = middle;
    }
    return false;
}

/* Both ends of the range must be possible values that leave the neuron's shortest interval as it is. */
static bool is_bad_range(const cal_snn *self, const cali_homeostasis *h, double *params, char *why)
{
    const cali_population *p = &self->populations[h->def.population];
    const cal_field *f = &p->neuron->face.params[h->param];
    double low, high;
    const double middle = params[h->param];
    const cal_distribution own = {.kind = CAL_CONSTANT, .a = f->value}, *d = setting_of(p, f->name);
    cali_distribution_bounds(d != NULL ? d : &own, &low, &high);
    const double ends[2] = {low - h->def.range, high + h->def.range};
    bool is_bad = false;
    for (int e = 0; e < 2 && !is_bad; e++) {
        params[h->param] = ends[e];
        if (!(ends[e] >= f->low && ends[e] <= f->high)) {
            snprintf(why, REASON_SIZE, "%s could become %g %s, allowed are %g to %g", f->name, ends[e], f->unit, f->low,
                     f->high);
            is_bad = true;
        } else if (p->neuron->check != NULL) {
            is_bad = !p->neuron->check(params, self->dt_ms, cali_largest_current(self, h->def.population), why, REASON_SIZE);
        }
        if (!is_bad && p->neuron->check_of != NULL)
            is_bad = !p->neuron->check_of(p->neuron, params, self->dt_ms, why, REASON_SIZE);
        if (!is_bad && p->neuron->min_interval_ms != NULL) {
            const double at_end = p->neuron->min_interval_ms(params);
            params[h->param] = middle;
            is_bad = at_end != p->neuron->min_interval_ms(params);
            if (is_bad)
                snprintf(why, REASON_SIZE, "%s sets the least time between two spikes", f->name);
        }
    }
    params[h->param] = middle;
    return is_bad;
}

static bool is_impossible(const cal_snn *self, cali_homeostasis *h, char *why)
{
    const cali_population *p = &self->populations[h->def.population];
    double params[MAX_PARAMS], slope[CALI_MAX_CONSTANTS];
    bool is_line[CALI_MAX_CONSTANTS];
    for (size_t k = 0; k < p->neuron->face.n_params; k++) {
        double low = p->neuron->face.params[k].value, high = low;
        const cal_distribution *d = setting_of(p, p->neuron->face.params[k].name);
        if (d != NULL)
            cali_distribution_bounds(d, &low, &high);
        params[k] = isfinite(low) && isfinite(high) ? 0.5 * low + 0.5 * high : p->neuron->face.params[k].value;
    }
    if (h->param == p->neuron->rest_param) {
        snprintf(why, REASON_SIZE, "the voltage is counted from %s", p->neuron->face.params[h->param].name);
        return true;
    }
    if (is_bad_range(self, h, params, why))
        return true;
    find_slopes(self, h, params, slope, is_line);
    for (size_t k = 0; k < p->neuron->n_constants; k++) {
        if (slope[k] == 0.0)
            continue;
        if (!is_line[k] || h->n_moved == CALI_MAX_MOVED) {
            snprintf(why, REASON_SIZE, "neuron %s does not follow %s in a straight line", p->neuron->face.name,
                     p->neuron->face.params[h->param].name);
            return true;
        }
        h->moved[h->n_moved++] = (cali_moved){.constant = k, .slope = slope[k]};
    }
    return depends_on_neuron(self, h, params, slope, why);
}

static cal_status plan_one(cal_snn *self, const cal_snn_homeostasis *def, cali_homeostasis *h)
{
    char why[REASON_SIZE];
    if (def->population >= self->n_populations || self->populations[def->population].neuron == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: homeostasis of population %zu, which has no neurons", self->name,
                        def->population);
    cali_population *p = &self->populations[def->population];
    const cal_neuron *face = &p->neuron->face;
    if (p->homeostasis != NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: two homeostases; one population has one", p->name);
    h->def = *def;
    h->param = def->parameter == NULL ? -1 : cal_field_find(face->params, face->n_params, def->parameter);
    if (h->param < 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: homeostasis of \"%s\", which is no parameter of neuron %s", p->name,
                        def->parameter == NULL ? "" : def->parameter, face->name);
    h->def.parameter = face->params[h->param].name;
    if (!(def->rate_Hz >= 0.0 && def->rate_Hz <= 1e6) || !isfinite(def->step) || def->step == 0.0 ||
        !(def->range > 0.0 && def->range <= 1e9))
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: homeostasis with rate %g Hz, step %g and range %g; needed are 0 to "
                        "1e6 Hz, a step that is not 0, and a range above 0 and at most 1e9", p->name, def->rate_Hz, def->step,
                        def->range);
    h->loss = def->step * def->rate_Hz * 1e-3 * self->dt_ms;
    p->homeostasis = h;
    if (is_impossible(self, h, why))
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: homeostasis of %s is not possible: %s", p->name, h->def.parameter, why);
    return CAL_OK;
}

cal_status cali_homeostasis_plan(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(cali_alloc(self->ctx, def->n_homeostases, sizeof *self->homeostases, "homeostasis", &self->homeostases));
    for (size_t i = 0; i < def->n_homeostases; i++) {
        CAL_TRY(plan_one(self, &def->homeostases[i], &self->homeostases[i]));
        self->n_homeostases++;
    }
    return CAL_OK;
}

double cali_homeostasis_bytes(const cal_snn *self)
{
    double bytes = 0.0;
    for (size_t i = 0; i < self->n_homeostases; i++) {
        const cali_homeostasis *h = &self->homeostases[i];
        bytes += (double)self->n_tiles * self->populations[h->def.population].width * (8.0 + 8.0 * (double)h->n_moved);
    }
    return bytes;
}

/* ---- making -------------------------------------------------------------------------------------- */

cal_status cali_homeostasis_create(cal_snn *self)
{
    for (size_t i = 0; i < self->n_homeostases; i++) {
        cali_homeostasis *h = &self->homeostases[i];
        cali_population *p = &self->populations[h->def.population];
        const size_t n = (size_t)self->n_tiles * p->width;
        CAL_TRY(cali_snn_alloc(self, n, sizeof(double), "homeostasis", &h->shift));
        for (size_t m = 0; m < h->n_moved && p->n > 0; m++) {
            const size_t k = h->moved[m].constant;
            CAL_TRY(cali_snn_alloc(self, n, sizeof(float), "homeostasis", &h->moved[m].base));
            for (size_t at = 0; at < n; at++)
                h->moved[m].base[at] = p->constant[k][p->is_shared[k] ? 0 : at];
            if (!p->is_shared[k])
                continue;
            free(p->constant[k]);
            p->constant[k] = NULL;
            CAL_TRY(cali_snn_alloc(self, n, sizeof(float), "homeostasis", &p->constant[k]));
            memcpy(p->constant[k], h->moved[m].base, n * sizeof(float));
            p->is_shared[k] = p->is_uniform = false;
        }
    }
    return CAL_OK;
}

void cali_homeostasis_destroy(cal_snn *self)
{
    for (size_t i = 0; i < self->n_homeostases; i++) {
        free(self->homeostases[i].shift);
        for (size_t m = 0; m < CALI_MAX_MOVED; m++)
            free(self->homeostases[i].moved[m].base);
    }
    free(self->homeostases);
}

void cali_homeostasis_describe(const cal_snn *self, cali_text *text)
{
    for (size_t i = 0; i < self->n_homeostases; i++) {
        const cal_snn_homeostasis *h = &self->homeostases[i].def;
        cali_text_format(text, "homeostasis %zu %s %.17g %.17g %.17g\n", h->population, h->parameter, h->rate_Hz, h->step,
                         h->range);
    }
}

const float *cali_constant_base(const cali_population *p, size_t k)
{
    for (size_t m = 0; p->homeostasis != NULL && m < p->homeostasis->n_moved; m++)
        if (p->homeostasis->moved[m].constant == k)
            return p->homeostasis->moved[m].base;
    return p->constant[k];
}

static double *shift_of(const cal_snn *self, const cali_homeostasis *h, uint32_t id)
{
    return &h->shift[(size_t)(id % self->n_tiles) * self->populations[h->def.population].width + id / self->n_tiles];
}

uint64_t cali_homeostasis_hash(const cal_snn *self)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < self->n_homeostases; i++)
        for (uint32_t id = 0; id < self->populations[self->homeostases[i].def.population].n; id++)
            hash += cali_mix(cali_bits_f64(*shift_of(self, &self->homeostases[i], id)), (uint64_t)(i + 1) << 36 | id);
    return hash;
}

bool cali_homeostasis_read(const cal_snn *self, const cali_population *p, const char *state, double *values)
{
    if (p->homeostasis == NULL || state == NULL || strcmp(state, "homeostasis") != 0)
        return false;
    for (uint32_t id = 0; id < p->n; id++)
        values[id] = *shift_of(self, p->homeostasis, id);
    return true;
}

/* ---- a step -------------------------------------------------------------------------------------- */

static void move_constants(const cali_population *p, size_t at, uint32_t n)
{
    const cali_homeostasis *h = p->homeostasis;
    const double *shift = h->shift + at;
    for (size_t m = 0; m < h->n_moved; m++) {
        const float *base = h->moved[m].base + at;
        float *const constant = p->constant[h->moved[m].constant] + at;
        const double slope = h->moved[m].slope;
        for (uint32_t i = 0; i < n; i++)
            constant[i] = (float)((double)base[i] + slope * shift[i]);
    }
}

void cali_homeostasis_after(const cali_population *p, unsigned tile, uint32_t first, uint32_t n, const int32_t *spiked)
{
    const cali_homeostasis *h = p->homeostasis;
    const size_t at = (size_t)tile * p->width + first;
    const double step = h->def.step, loss = h->loss, range = h->def.range;
    double *const shift = h->shift + at;
    for (uint32_t i = 0; i < n; i++) {
        double x = shift[i] + ((double)spiked[i] * step - loss);
        x = x < -range ? -range : x;
        shift[i] = x > range ? range : x;
    }
    move_constants(p, at, n);
}

/* ---- saved states: shifts by population and neuron ------------------------------------------------ */

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)

static void save(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_homeostases; i++)
        for (uint32_t id = 0; id < self->populations[self->homeostases[i].def.population].n; id++)
            cali_text_add_bytes(out, shift_of(self, &self->homeostases[i], id), sizeof(double));
}

static size_t size_of(const cal_snn *self)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_homeostases; i++)
        n += self->populations[self->homeostases[i].def.population].n;
    return n * sizeof(double);
}

static cal_status check(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    if (how == CAL_RESTORE_CONTINUE && size != size_of(self))
        REFUSE("%s: the state is broken: %zu bytes of homeostasis", self->name, size);
    for (size_t i = 0; i < size / sizeof(double); i++) {
        double value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!isfinite(value))
            REFUSE("%s: the state holds a number that is not finite", self->name);
    }
    return CAL_OK;
}

/* A state of other homeostases begins without shifts, one beyond the range at its end. */
static void restore(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    const bool is_same = size == size_of(self);
    size_t next = 0;
    for (size_t i = 0; i < self->n_homeostases; i++) {
        const cali_homeostasis *h = &self->homeostases[i];
        const cali_population *p = &self->populations[h->def.population];
        for (uint32_t id = 0; id < p->n; id++, next += sizeof(double)) {
            double x = 0.0;
            if (is_same)
                memcpy(&x, bytes + next, sizeof x);
            x = x < -h->def.range ? -h->def.range : x;
            *shift_of(self, h, id) = x > h->def.range ? h->def.range : x;
        }
        for (unsigned tile = 0; p->n > 0 && tile < self->n_tiles; tile++)
            move_constants(p, (size_t)tile * p->width, cali_tile_count(p, self->n_tiles, tile));
    }
}

const cali_state_part cali_state_homeostasis = {"homeostasis", save, check, restore};
