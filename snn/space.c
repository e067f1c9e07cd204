/* Positions of neurons. A position is a function of (seed, population, neuron), whatever the tile. */
#include "snn/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Beyond it no brain lies, and squares of distances stay far from overflow. */
#define LARGEST_MM 1e6

const char *const cal_arrangement_names[] = {"grid", "box", "ball", "listed"};

const cal_snn_space *cali_space_of(const cal_snn_def *def, size_t population)
{
    return def->spaces == NULL || def->spaces[population].n_dimensions == 0 ? NULL : &def->spaces[population];
}

/* ---- checks ------------------------------------------------------------------------------------- */

#define WRONG(...) return snprintf(why, size, __VA_ARGS__), true

static bool is_bad_box(const cal_snn_space *s, char *why, size_t size)
{
    const bool needs_extent = s->arrangement != CAL_LISTED || s->is_periodic;
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        if (!(fabs(s->center_mm[k]) <= LARGEST_MM))
            WRONG("the centre of the positions must be within 1e6 mm");
        if (needs_extent && !(s->extent_mm[k] > 0.0 && s->extent_mm[k] <= LARGEST_MM))
            WRONG("the extent of the positions along axis %u must be above 0, at most 1e6 mm, is %g mm", k + 1, s->extent_mm[k]);
    }
    if (s->is_periodic && s->arrangement == CAL_BALL && s->n_dimensions > 1)
        WRONG("a ball has no opposite faces: its positions cannot be periodic");
    return false;
}

static bool is_bad_list(const cal_snn_space *s, uint32_t n, char *why, size_t size)
{
    if (s->positions_mm == NULL && n > 0)
        WRONG("there are no listed positions");
    for (uint32_t i = 0; i < n; i++)
        for (unsigned k = 0; k < s->n_dimensions; k++) {
            const double x = s->positions_mm[(size_t)i * s->n_dimensions + k];
            if (!(fabs(x) <= LARGEST_MM))
                WRONG("the position of neuron %u is not within 1e6 mm", i);
            if (s->is_periodic && fabs(x - s->center_mm[k]) > 0.5 * s->extent_mm[k] * (1.0 + 1e-9))
                WRONG("neuron %u is at %g mm on axis %u, outside of the periodic box from %g to %g mm", i, x, k + 1,
                      s->center_mm[k] - 0.5 * s->extent_mm[k], s->center_mm[k] + 0.5 * s->extent_mm[k]);
        }
    return false;
}

bool cal_snn_space_is_impossible(const cal_snn_space *s, uint32_t n, char *why, size_t size)
{
    if ((int)s->arrangement < 0 || (int)s->arrangement >= CAL_N_ARRANGEMENTS)
        WRONG("no such arrangement of positions");
    if (s->n_dimensions < 1 || s->n_dimensions > CAL_MAX_DIMENSIONS)
        WRONG("positions have 1 to 3 dimensions, not %u", s->n_dimensions);
    if (is_bad_box(s, why, size))
        return true;
    if (s->arrangement == CAL_LISTED)
        return is_bad_list(s, n, why, size);
    double n_places = 1.0;
    for (unsigned k = 0; k < s->n_dimensions; k++)
        n_places *= s->shape[k];
    if (s->arrangement == CAL_GRID && n_places != n)
        WRONG("a grid of %.0f places for %u neurons", n_places, n);
    return false;
}

cal_status cali_check_space(cal_context *ctx, const cal_snn_def *def, size_t population)
{
    char why[256];
    const char *where = def->populations[population].name == NULL ? "(no name)" : def->populations[population].name;
    const cal_snn_space *s = cali_space_of(def, population);
    if (s != NULL && cal_snn_space_is_impossible(s, def->populations[population].n, why, sizeof why))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s", where, why);
    return CAL_OK;
}

/* ---- places -------------------------------------------------------------------------------------- */

/* The first axis runs fastest. */
static void place_on_grid(const cal_snn_space *s, uint32_t i, double *x)
{
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        const double at = i % s->shape[k], spacing = s->extent_mm[k] / s->shape[k];
        x[k] = s->center_mm[k] + (at - 0.5 * (s->shape[k] - 1.0)) * spacing;
        i /= s->shape[k];
    }
}

/* In a ball the first of the points in its box that is inside. */
static void place_at_random(const cal_snn_space *s, cali_key key, uint32_t i, double *x)
{
    const bool is_ball = s->arrangement == CAL_BALL;
    double square = 2.0;
    for (uint32_t attempt = 0; square > 1.0; attempt++) {
        const cali_random a = cali_philox(key, i, attempt, 0, 0), b = cali_philox(key, i, attempt, 1, 0);
        const double u[] = {cali_uniform(a.word[0], a.word[1]), cali_uniform(a.word[2], a.word[3]),
                            cali_uniform(b.word[0], b.word[1])};
        square = 0.0;
        for (unsigned k = 0; k < s->n_dimensions; k++) {
            const double y = 2.0 * u[k] - 1.0;
            x[k] = s->center_mm[k] + 0.5 * s->extent_mm[k] * y;
            square += is_ball ? y * y : 0.0;
        }
    }
}

static void place(const cal_snn_space *s, cali_key network, size_t population, uint32_t n, double *positions_mm)
{
    const cali_key key = cali_key_derive(network, CALI_USE_POSITION, (uint32_t)population);
    const size_t d = s->n_dimensions;
    if (s->arrangement == CAL_LISTED && n > 0)
        memcpy(positions_mm, s->positions_mm, n * d * sizeof *positions_mm);
    for (uint32_t i = 0; s->arrangement != CAL_LISTED && i < n; i++)
        if (s->arrangement == CAL_GRID)
            place_on_grid(s, i, positions_mm + i * d);
        else
            place_at_random(s, key, i, positions_mm + i * d);
}

cal_status cal_snn_place(cal_context *ctx, const cal_snn_def *def, size_t population, double *positions_mm)
{
    const cal_snn_space *s = population < def->n_populations ? cali_space_of(def, population) : NULL;
    if (s == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: population %zu has no positions", def->name == NULL ? "network" : def->name,
                        population);
    CAL_TRY(cali_check_space(ctx, def, population));
    place(s, cali_network_key(def), population, def->populations[population].n, positions_mm);
    return CAL_OK;
}

/* Positions come before the estimate of the network, which needs them: 24 bytes per neuron at most. */
static cal_status check_memory(cal_snn *self, const cal_snn_def *def)
{
    double bytes = 0.0;
    for (size_t i = 0; i < def->n_populations; i++)
        if (cali_space_of(def, i) != NULL)
            bytes += 8.0 * def->populations[i].n * def->spaces[i].n_dimensions;
    return bytes <= cali_memory_budget(self) ? CAL_OK
                                             : CAL_FAIL(self->ctx, CAL_ERR_MEMORY, "E402 %s needs %.3g GB for positions; there is "
                                                        "room for %.3g GB.", self->name, bytes * 1e-9,
                                                        cali_memory_budget(self) * 1e-9);
}

cal_status cali_spaces_create(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(check_memory(self, def));
    for (size_t i = 0; i < self->n_populations; i++) {
        cali_population *p = &self->populations[i];
        double *positions = NULL;
        const cal_snn_space *s = cali_space_of(def, i);
        if (s == NULL)
            continue;
        CAL_TRY(cali_snn_alloc(self, (size_t)p->n * s->n_dimensions, sizeof *positions, "positions", &positions));
        p->space = *s;
        p->space.positions_mm = positions;
        place(s, self->key, i, p->n, positions);
    }
    return CAL_OK;
}

void cali_spaces_destroy(cal_snn *self)
{
    for (size_t i = 0; self->populations != NULL && i < self->n_populations; i++)
        free((void *)self->populations[i].space.positions_mm);
}

const double *cal_snn_get_positions(const cal_snn *snn, size_t population, unsigned *n_dimensions)
{
    const cal_snn_space *s = population < snn->n_populations ? &snn->populations[population].space : NULL;
    *n_dimensions = s == NULL ? 0 : s->n_dimensions;
    return s == NULL || s->n_dimensions == 0 ? NULL : s->positions_mm;
}

void cali_spaces_describe(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_populations; i++) {
        const cal_snn_space *s = &self->populations[i].space;
        uint64_t hash = s->is_periodic;
        for (size_t k = 0; k < (size_t)self->populations[i].n * s->n_dimensions; k++)
            hash = cali_mix(hash, cali_bits_f64(s->positions_mm[k]));
        for (unsigned k = 0; s->is_periodic && k < s->n_dimensions; k++)
            hash = cali_mix(hash, cali_bits_f64(s->extent_mm[k]));
        if (s->n_dimensions > 0)
            cali_text_format(out, "positions %zu %u %016llx\n", i, s->n_dimensions, (unsigned long long)hash);
    }
}
