/* See devices.h. Every draw is a function of (key of its use, neuron, number in its sequence); a tile draws for its own
 * neurons only, so neither threads nor tiles nor windows matter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/kernels/random.h"
#include "snn/network.h"

CALI_ISA_OBJECTS(cali_random_loops, cali_random_loops)

/* Bits that no counter of a step has: the start of a process. */
static const uint32_t AT_THE_START = 1;

/* ---- courses ------------------------------------------------------------------------------------ */

static cal_status copy_course(cal_snn *self, const cal_snn_wave *from, cali_course *to)
{
    to->form = from->form;
    if (from->form == NULL)
        return CAL_OK;
    for (size_t k = 0; k < from->form->n_params; k++)
        to->p[k] = from->params != NULL ? from->params[k] : from->form->params[k].value;
    if (from->form->source != CAL_WAVEFORM_SAMPLES)
        return CAL_OK;
    to->n_samples = from->n_samples;
    CAL_TRY(cali_snn_alloc(self, from->n_samples, sizeof(double), "samples", &to->times_ms));
    CAL_TRY(cali_snn_alloc(self, from->n_samples, sizeof(double), "samples", &to->values));
    memcpy(to->times_ms, from->times_ms, from->n_samples * sizeof(double));
    memcpy(to->values, from->values, from->n_samples * sizeof(double));
    return CAL_OK;
}

double cali_course_mean(const cali_course *c, double t_ms, double start_ms, double dt_ms)
{
    const double t = c->form->is_of_run ? t_ms : t_ms - start_ms;
    if (c->form->source == CAL_WAVEFORM_SAMPLES) {
        const cali_samples samples = {c->times_ms, c->values, c->n_samples};
        const bool is_held = c->p[2] > 0.0;
        return c->p[0] + c->p[1] * (is_held ? cali_samples_held(&samples, t, t + dt_ms)
                                            : cali_samples_at(&samples, t + 0.5 * dt_ms));
    }
    if (c->form->area != NULL)
        return c->form->area(c->p, t, t + dt_ms) / dt_ms;
    return c->form->value(c->p, t + 0.5 * dt_ms);
}

/* No value of the course exceeds it: of samples the largest, of formulas what their offset and amplitude allow. */
static double course_bound(const cali_course *c)
{
    double bound = 0.0;
    if (c->form->source == CAL_WAVEFORM_SAMPLES) {
        for (size_t i = 0; i < c->n_samples; i++)
            bound = fmax(bound, fabs(c->p[1] * c->values[i]));
        return bound + fabs(c->p[0]);
    }
    for (size_t k = 0; k < c->form->n_params; k++)
        if (strcmp(c->form->params[k].unit, "input") == 0)
            bound += fabs(c->p[k]);
    return bound;
}

/* ---- currents ----------------------------------------------------------------------------------- */

static bool acts(cal_time start, cal_time stop, cal_time from, cal_time to)
{
    return from >= start && (stop == 0 || to <= stop);
}

static double current_value(const cal_snn *self, const cali_current *c, int64_t step)
{
    const cal_time from = step * self->dt;
    if (!acts(c->def.start, c->def.stop, from, from + self->dt))
        return 0.0;
    return c->course.form == NULL
               ? c->def.amplitude
               : cali_course_mean(&c->course, (double)step * self->dt_ms, cal_time_ms(c->def.start), self->dt_ms);
}

double cali_common_current(const cal_snn *self, const cali_current *c, int64_t step)
{
    return c->factor == NULL ? current_value(self, c, step) : 0.0;
}

static double largest_factor(const cal_distribution *d)
{
    double low, high;
    cali_distribution_bounds(d, &low, &high);
    if (!isfinite(low) || !isfinite(high))
        return fabs(d->a) + CALI_MAX_SD * d->b;
    return fmax(fabs(low), fabs(high));
}

double cali_largest_current(const cal_snn *self, size_t population)
{
    double constant = 0.0, other = 0.0;
    for (size_t i = 0; i < self->n_currents; i++) {
        const cali_current *c = &self->currents[i];
        if (c->def.to != population)
            continue;
        if (c->course.form != NULL || c->def.has_factor) {
            const double size = c->course.form == NULL ? fabs(c->def.amplitude) : course_bound(&c->course);
            other += c->def.has_factor ? size * largest_factor(&c->def.factor) : size;
            continue;
        }
        double sum = 0.0; /* of the constant ones when this one begins */
        for (size_t k = 0; k < self->n_currents; k++) {
            const cali_current *o = &self->currents[k];
            if (o->def.to == population && o->course.form == NULL && !o->def.has_factor &&
                o->def.start <= c->def.start && (o->def.stop == 0 || o->def.stop > c->def.start))
                sum += o->def.amplitude;
        }
        constant = fmax(constant, sum);
    }
    for (size_t i = 0; i < self->n_noises; i++)
        if (self->noises[i].def.to == population)
            other += fabs(self->noises[i].def.mean) + CALI_MAX_SD * self->noises[i].def.sd;
    return constant + other;
}

/* ---- plan and memory ------------------------------------------------------------------------------ */

static cal_status plan_noise(cal_snn *self, const cal_snn_noise *from, uint32_t index)
{
    cali_noise *n = &self->noises[index];
    n->def = *from;
    n->hold = from->hold == 0 ? 1 : from->hold / self->dt;
    n->words.key = cali_key_derive(self->key, CALI_USE_NOISE, index);
    if (from->tau_ms > 0.0) {
        const double decay = cali_exp(-self->dt_ms / from->tau_ms), ratio = 2.0 * self->dt_ms / from->tau_ms;
        n->decay = (float)decay;
        n->kick = (float)(from->sd * sqrt(ratio * cali_phi(-ratio))); /* sd sqrt(1 - decay^2) */
    }
    self->populations[from->to].has_currents = true;
    return CAL_OK;
}

static cal_status plan_train(cal_snn *self, const cal_snn_train *from, size_t index)
{
    cal_snn_train *t = &self->trains[index];
    cal_time *time;
    uint32_t *id;
    t->population = from->population;
    t->n = from->n;
    CAL_TRY(cali_snn_alloc(self, from->n, sizeof *time, "spike trains", &time));
    t->time = time;
    CAL_TRY(cali_snn_alloc(self, from->n, sizeof *id, "spike trains", &id));
    t->id = id;
    if (from->n > 0) {
        memcpy(time, from->time, from->n * sizeof *time);
        memcpy(id, from->id, from->n * sizeof *id);
    }
    self->populations[from->population].train = t;
    return CAL_OK;
}

cal_status cali_devices_plan(cal_snn *self, const cal_snn_def *def)
{
    for (size_t i = 0; i < self->n_populations; i++)
        for (uint32_t k = 0; k < CALI_MAX_RANDOMS; k++)
            self->populations[i].random[k].key =
                cali_key_derive(self->key, CALI_USE_KERNEL, (uint32_t)i * CALI_MAX_RANDOMS + k);
    for (size_t i = 0; i < def->n_poissons; i++)
        CAL_TRY(copy_course(self, &def->poissons[i].wave, &self->poissons[i].course));
    CAL_TRY(cali_alloc(self->ctx, def->n_currents, sizeof *self->currents, "currents", &self->currents));
    self->n_currents = def->n_currents;
    for (size_t i = 0; i < def->n_currents; i++) {
        cali_current *c = &self->currents[i];
        c->def = def->currents[i];
        c->def.wave = (cal_snn_wave){0};
        CAL_TRY(copy_course(self, &def->currents[i].wave, &c->course));
        self->populations[c->def.to].has_currents |= c->def.has_factor;
    }
    CAL_TRY(cali_alloc(self->ctx, def->n_noises, sizeof *self->noises, "noise", &self->noises));
    self->n_noises = def->n_noises;
    for (size_t i = 0; i < def->n_noises; i++)
        CAL_TRY(plan_noise(self, &def->noises[i], (uint32_t)i));
    CAL_TRY(cali_alloc(self->ctx, def->n_trains, sizeof *self->trains, "spike trains", &self->trains));
    self->n_trains = def->n_trains;
    for (size_t i = 0; i < def->n_trains; i++)
        CAL_TRY(plan_train(self, &def->trains[i], i));
    return CAL_OK;
}

static unsigned n_randoms(const cali_population *p)
{
    return p->neuron == NULL ? 0 : p->neuron->n_uniforms + p->neuron->n_normals;
}

double cali_devices_bytes(const cal_snn *self)
{
    double bytes = 0.0;
    for (size_t i = 0; i < self->n_populations; i++)
        bytes += 16.0 * self->n_tiles * self->populations[i].width * n_randoms(&self->populations[i]);
    for (size_t i = 0; i < self->n_noises; i++) {
        const cali_noise *n = &self->noises[i];
        if (!n->def.is_common)
            bytes += (n->def.tau_ms > 0.0 ? 20.0 : 16.0) * self->n_tiles * self->populations[n->def.to].width;
    }
    for (size_t i = 0; i < self->n_currents; i++)
        if (self->currents[i].def.has_factor)
            bytes += 4.0 * self->n_tiles * self->populations[self->currents[i].def.to].width;
    return bytes + self->bytes; /* samples and trains are there already */
}

static cal_status create_words(cal_snn *self, uint32_t width, cali_words *words)
{
    CAL_TRY(cali_snn_alloc(self, (size_t)self->n_tiles * 4 * width, sizeof(uint32_t), "random numbers", &words->words));
    CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *words->drawn, "random numbers", &words->drawn));
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        words->drawn[tile] = -1;
    return CAL_OK;
}

void cali_noise_begin(const cal_snn *self, const cali_noise *n)
{
    const uint32_t width = n->def.is_common ? 1 : self->populations[n->def.to].width;
    for (size_t at = 0; n->x != NULL && at < (size_t)self->n_tiles * width; at++) {
        const uint32_t id = n->def.is_common ? 0 : (uint32_t)(at % width) * self->n_tiles + (uint32_t)(at / width);
        n->x[at] = (float)n->def.sd * cali_normal_f32(cali_philox(n->words.key, id, 0, 0, AT_THE_START).word[0]);
    }
}

static cal_status create_noise(cal_snn *self, cali_noise *n)
{
    const uint32_t width = self->populations[n->def.to].width;
    const size_t places = n->def.is_common ? 1 : width;
    if (!n->def.is_common)
        CAL_TRY(create_words(self, width, &n->words));
    if (!(n->def.tau_ms > 0.0))
        return CAL_OK;
    CAL_TRY(cali_snn_alloc(self, self->n_tiles * places, sizeof(float), "noise", &n->x));
    cali_noise_begin(self, n);
    return CAL_OK;
}

static cal_status create_factors(cal_snn *self, size_t index)
{
    cali_current *c = &self->currents[index];
    const cali_population *p = &self->populations[c->def.to];
    const cali_key key = cali_key_derive(self->key, CALI_USE_FACTOR, (uint32_t)index);
    if (!c->def.has_factor)
        return CAL_OK;
    CAL_TRY(cali_snn_alloc(self, (size_t)self->n_tiles * p->width, sizeof(float), "factors", &c->factor));
    for (uint32_t id = 0; id < p->n; id++)
        c->factor[(size_t)(id % self->n_tiles) * p->width + id / self->n_tiles] =
            (float)cali_distribution_draw(&c->def.factor, key, id, 0, p->n);
    return CAL_OK;
}

cal_status cali_devices_create(cal_snn *self)
{
    bool is_needed = self->n_noises > 0;
    self->random_loops = cali_random_loops_at(self->isa);
    for (size_t i = 0; i < self->n_populations; i++)
        for (unsigned k = 0; k < n_randoms(&self->populations[i]); k++) {
            is_needed = true;
            CAL_TRY(create_words(self, self->populations[i].width, &self->populations[i].random[k]));
        }
    for (size_t i = 0; i < self->n_currents; i++) {
        is_needed |= self->currents[i].def.has_factor;
        CAL_TRY(create_factors(self, i));
    }
    for (size_t i = 0; i < self->n_noises; i++)
        CAL_TRY(create_noise(self, &self->noises[i]));
    for (unsigned tile = 0; is_needed && tile < self->n_tiles; tile++)
        CAL_TRY(cali_snn_alloc(self, (1 + CALI_MAX_RANDOMS) * CALI_BLOCK, sizeof(float), "random numbers",
                               &self->tiles[tile].device));
    return CAL_OK;
}

static void free_words(cali_words *words)
{
    free(words->words);
    free(words->drawn);
}

static void free_course(cali_course *c)
{
    free(c->times_ms);
    free(c->values);
}

void cali_devices_destroy(cal_snn *self)
{
    for (size_t i = 0; self->populations != NULL && i < self->n_populations; i++)
        for (size_t k = 0; k < CALI_MAX_RANDOMS; k++)
            free_words(&self->populations[i].random[k]);
    for (size_t i = 0; self->poissons != NULL && i < self->n_poissons; i++)
        free_course(&self->poissons[i].course);
    for (size_t i = 0; self->currents != NULL && i < self->n_currents; i++) {
        free_course(&self->currents[i].course);
        free(self->currents[i].factor);
    }
    for (size_t i = 0; self->noises != NULL && i < self->n_noises; i++) {
        free_words(&self->noises[i].words);
        free(self->noises[i].x);
    }
    for (size_t i = 0; self->trains != NULL && i < self->n_trains; i++) {
        free((void *)(uintptr_t)self->trains[i].time);
        free((void *)(uintptr_t)self->trains[i].id);
    }
    for (unsigned i = 0; self->tiles != NULL && i < self->n_tiles; i++)
        free(self->tiles[i].device);
    free(self->currents);
    free(self->noises);
    free(self->trains);
}

static size_t first_from(const cal_snn_train *t, cal_time time)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (t->time[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const uint32_t *cali_train_spikes(const cal_snn_train *train, cal_time time, uint32_t *n)
{
    const size_t first = first_from(train, time);
    size_t end = first;
    while (end < train->n && train->time[end] == time)
        end++;
    *n = (uint32_t)(end - first);
    return train->id + first;
}

cal_status cali_devices_enter_block(cal_snn *self)
{
    for (size_t i = 0; i < self->n_poissons; i++) {
        cali_poisson *p = &self->poissons[i];
        if (p->course.form == NULL)
            continue;
        p->mean = 0.0;
        for (uint32_t k = 0; k < self->block_steps; k++) {
            const double t_ms = (double)(self->block_step + k) * self->dt_ms;
            const double rate_Hz = cali_course_mean(&p->course, t_ms, 0.0, self->dt_ms);
            const double mean = rate_Hz > 0.0 ? rate_Hz * p->n_trains * self->dt_ms * 1e-3 : 0.0;
            if (!(mean <= CALI_POISSON_MAX))
                return CAL_FAIL(self->ctx, CAL_ERR_NUMERIC, "E302 %s: a Poisson rate of %g Hz at %.9g s is more than %g "
                                "events per step. Try a smaller rate or step.", self->populations[p->to].name, rate_Hz * p->n_trains, t_ms * 1e-3,
                                CALI_POISSON_MAX);
            if (mean != p->means[k])
                cali_poisson_fill(&p->table[k], mean);
            p->means[k] = mean;
            p->mean = mean > p->mean ? mean : p->mean;
        }
    }
    return CAL_OK;
}

/* ---- one block ------------------------------------------------------------------------------------ */

/* Words of number `number` of the sequences of a population's neurons in a tile. */
static const uint32_t *words_at(const cal_snn *self, cali_words *w, uint32_t width, unsigned tile, int64_t number)
{
    uint32_t *const words = w->words + (size_t)tile * 4 * width;
    if (w->drawn[tile] != number / 4) {
        uint32_t *const parts[4] = {words, words + width, words + 2 * width, words + 3 * width};
        self->loops->draw(width, w->key, tile, self->n_tiles, (uint32_t)(number / 4), parts);
        w->drawn[tile] = number / 4;
    }
    return words + (size_t)(number & 3) * width;
}

static float common_number(const cali_noise *n, int64_t number)
{
    return cali_normal_f32(cali_philox(n->words.key, 0, (uint32_t)(number / 4), 0, 0).word[number & 3]);
}

static void add_noise(cal_snn *self, cali_noise *n, unsigned tile, int64_t step, uint32_t first, size_t count,
                      bool is_last, float *current)
{
    const uint32_t width = self->populations[n->def.to].width;
    if (n->def.is_common) { /* every tile has its own copy of the one process, which moves on with the last block */
        const float mean = (float)n->def.mean;
        const float value = n->x != NULL ? mean + n->x[tile]
                                         : cali_fma_f32((float)n->def.sd, common_number(n, step / n->hold), mean);
        for (size_t i = 0; i < count; i++)
            current[i] += value;
        if (n->x != NULL && is_last)
            n->x[tile] = cali_fma_f32(n->decay, n->x[tile], n->kick * common_number(n, step));
        return;
    }
    const uint32_t *words = words_at(self, &n->words, width, tile, step / n->hold) + first;
    if (n->x == NULL)
        self->random_loops->add_white(count, words, (float)n->def.mean, (float)n->def.sd, current);
    else
        self->random_loops->add_process(count, words, (float)n->def.mean, n->decay, n->kick,
                                        n->x + (size_t)tile * width + first, current);
}

static void add_currents(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, cali_block *b)
{
    const cal_time from = step * self->dt;
    const cali_population *p = &self->populations[population];
    const bool is_last = first + CALI_BLOCK >= cali_tile_count(p, self->n_tiles, tile);
    float *const current = self->tiles[tile].device;
    for (size_t i = 0; i < b->n; i++)
        current[i] = b->current;
    for (size_t i = 0; i < self->n_currents; i++) {
        const cali_current *c = &self->currents[i];
        if (c->def.to == population && c->factor != NULL)
            self->random_loops->add_scaled(b->n, (float)current_value(self, c, step),
                                           c->factor + (size_t)tile * p->width + first, current);
    }
    for (size_t i = 0; i < self->n_noises; i++) {
        cali_noise *n = &self->noises[i];
        if (n->def.to == population && acts(n->def.start, n->def.stop, from, from + self->dt))
            add_noise(self, n, tile, step, first, b->n, is_last, current);
    }
    b->currents = current;
}

void cali_take_devices(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, cali_block *block)
{
    cali_population *p = &self->populations[population];
    const cali_neuron *neuron = p->neuron;
    block->currents = NULL;
    if (p->has_currents)
        add_currents(self, tile, population, step, first, block);
    for (unsigned k = 0; k < neuron->n_uniforms + neuron->n_normals; k++) {
        float *const row = self->tiles[tile].device + (size_t)(1 + k) * CALI_BLOCK;
        const uint32_t *words = words_at(self, &p->random[k], p->width, tile, step) + first;
        (k < neuron->n_uniforms ? self->random_loops->uniform : self->random_loops->normal)(block->n, words, row);
        block->input[neuron->face.n_receptors + k] = row;
    }
}
