/* Constants and initial states of all neurons. A value is drawn for (population, parameter, neuron),
 * whatever the tile. Constants that come out equal for a whole population are stored once. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/network.h"
#include "snn/values.h"

enum { MAX_VALUES = CALI_MAX_VALUES, REASON_SIZE = 256 };

static const cal_distribution *setting_of(const cali_population *p, const char *name)
{
    const cal_distribution *found = NULL; /* the last one counts */
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            found = &p->settings[i].value;
    return found;
}

/* Work of one tile on one population. */
typedef struct job {
    cal_snn *self;
    cali_population *p;
    size_t index;
    double largest_current; /* of those that may act at the same time */
    bool has_fill;          /* second pass */
    bool *varies;           /* [tile][constant] */
    float *first;           /* constants of neuron 0 */
    atomic_int status;       /* of the tiles: the first failure that comes along */
} job;

static double field_value(const job *j, const cal_field *field, size_t slot, uint32_t id, double base)
{
    const cal_distribution *d = setting_of(j->p, field->name);
    if (d == NULL)
        return base;
    const double *values = cali_values_of(j->self, j->index, field->name);
    return values != NULL ? values[id] : cali_distribution_draw(d, cali_setting_key(j->self, j->index, slot), id, 0, j->p->n);
}

static cal_status out_of_range(const job *j, const cal_field *f, uint32_t id, double value)
{
    return CAL_FAIL(j->self->ctx, CAL_ERR_ARGUMENT,
                    "%s: %s of neuron %u is %g %s, allowed are %g to %g", j->p->name, f->name, id,
                    value, f->unit, f->low, f->high);
}

static cal_status draw_params(const job *j, uint32_t id, double *params)
{
    const cal_neuron *face = &j->p->neuron->face;
    for (size_t k = 0; k < face->n_params; k++) {
        const cal_field *f = &face->params[k];
        params[k] = field_value(j, f, k, id, f->value);
        if (!(params[k] >= f->low && params[k] <= f->high))
            return out_of_range(j, f, id, params[k]);
    }
    return CAL_OK;
}

static cal_status draw_states(const job *j, unsigned tile, uint32_t place, uint32_t id,
                              const double *params)
{
    const cali_population *p = j->p;
    const cal_neuron *face = &p->neuron->face;
    const int rest_param = p->neuron->rest_param;
    const double rest = rest_param >= 0 ? params[rest_param] : 0.0;
    for (size_t s = 0; s < face->n_states; s++) {
        const cal_field *f = &face->states[s];
        const double base = s == 0 && rest_param >= 0 ? rest : f->value;
        const double value = field_value(j, f, face->n_params + s, id, base);
        const double bound = 1e30; /* what float32 holds, and squares of most */
        const cal_field limits = {f->name, f->unit, f->value, fmax(f->low, -bound), fmin(f->high, bound), f->meaning};
        if (!(value >= limits.low && value <= limits.high))
            return out_of_range(j, &limits, id, value);
        p->state[((size_t)tile * face->n_states + s) * p->width + place] =
            (float)(s == 0 ? value - rest : value);
    }
    return CAL_OK;
}

static cal_status make_constants(const job *j, uint32_t id, const double *params, float *constants)
{
    const cali_neuron *neuron = j->p->neuron;
    char why[REASON_SIZE];
    if (neuron->check != NULL && !neuron->check(params, j->self->dt_ms, j->largest_current, why, sizeof why))
        return CAL_FAIL(j->self->ctx, CAL_ERR_ARGUMENT, "C202 %s: neuron %u (%s): %s", j->p->name, id,
                        neuron->face.name, why);
    if (neuron->check_of != NULL && !neuron->check_of(neuron, params, j->self->dt_ms, why, sizeof why))
        return CAL_FAIL(j->self->ctx, CAL_ERR_ARGUMENT, "C202 %s: neuron %u (%s): %s", j->p->name, id,
                        neuron->face.name, why);
    if (neuron->prepare_of != NULL)
        neuron->prepare_of(neuron, params, j->self->dt_ms, constants);
    else
        neuron->prepare(params, j->self->dt_ms, constants);
    constants[neuron->n_constants] =
        neuron->rest_param >= 0 ? (float)params[neuron->rest_param] : 0.0f;
    return CAL_OK;
}

static void run_tile(void *arg, size_t tile)
{
    job *j = arg;
    cali_population *p = j->p;
    const size_t n_constants = p->neuron->n_constants + 1;
    const uint32_t n = cali_tile_count(p, j->self->n_tiles, (unsigned)tile);
    double params[MAX_VALUES];
    float constants[CALI_MAX_CONSTANTS + 1];
    for (uint32_t i = 0; i < p->width; i++) {
        /* padding repeats the last neuron, or neuron 0, so that its numbers stay finite */
        const uint32_t place = i < n ? i : n > 0 ? n - 1 : 0;
        const uint32_t id = n > 0 ? place * j->self->n_tiles + (uint32_t)tile : 0;
        cal_status status = draw_params(j, id, params);
        if (status == CAL_OK)
            status = make_constants(j, id, params, constants);
        if (status == CAL_OK && j->has_fill)
            status = draw_states(j, (unsigned)tile, i, id, params);
        if (status != CAL_OK) {
            atomic_store(&j->status, (int)status);
            return;
        }
        for (size_t k = 0; k < n_constants; k++) {
            if (!j->has_fill)
                j->varies[tile * n_constants + k] |= constants[k] != j->first[k];
            else if (!p->is_shared[k])
                p->constant[k][tile * p->width + i] = constants[k];
        }
    }
}

static cal_status allocate_constants(job *j)
{
    cali_population *p = j->p;
    const size_t n_constants = p->neuron->n_constants + 1, n_tiles = j->self->n_tiles;
    p->is_uniform = true;
    for (size_t k = 0; k < n_constants; k++) {
        bool varies = false;
        for (size_t tile = 0; tile < n_tiles; tile++)
            varies |= j->varies[tile * n_constants + k];
        p->is_shared[k] = !varies;
        p->is_uniform &= !varies || k + 1 == n_constants; /* the last one is not the kernel's */
        CAL_TRY(cali_snn_alloc(j->self, varies ? n_tiles * p->width : CALI_BLOCK, sizeof(float),
                               "constants of neurons", &p->constant[k]));
        for (size_t i = 0; !varies && i < CALI_BLOCK; i++)
            p->constant[k][i] = j->first[k];
    }
    return cali_snn_alloc(j->self, n_tiles * p->width * p->neuron->face.n_states, sizeof(float),
                          "states of neurons", &p->state);
}

/* Without distributions all neurons are neuron 0. */
static bool is_uniform(const cali_population *p)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (p->settings[i].value.kind != CAL_CONSTANT)
            return false;
    return true;
}

static cal_status fill(job *j)
{
    cal_snn *self = j->self;
    double params[MAX_VALUES];
    CAL_TRY(draw_params(j, 0, params));
    CAL_TRY(make_constants(j, 0, params, j->first));
    if (!is_uniform(j->p)) {
        cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, run_tile, j);
        CAL_TRY((cal_status)atomic_load(&j->status));
    }
    CAL_TRY(allocate_constants(j));
    j->has_fill = true;
    cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, run_tile, j);
    CAL_TRY((cal_status)atomic_load(&j->status));
    return CAL_OK;
}

cal_status cali_populations_create(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++) {
        cali_population *p = &self->populations[i];
        if (p->neuron == NULL || p->n == 0)
            continue;
        job j = {.self = self, .p = p, .index = i, .largest_current = cali_largest_current(self, i)};
        float first[CALI_MAX_CONSTANTS + 1];
        j.first = first;
        const size_t n = self->n_tiles * (p->neuron->n_constants + 1);
        cal_status status = cali_alloc(self->ctx, n, sizeof(bool), "flags", &j.varies);
        if (status == CAL_OK)
            status = fill(&j);
        free(j.varies);
        CAL_TRY(status);
    }
    return CAL_OK;
}
