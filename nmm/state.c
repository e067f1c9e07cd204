/* The state of a host as bytes.
 *
 *     magic, version, byte order | digests: layout, definition | counts, step | what is known of external outputs
 *     states by position and row | history [track][region][step, oldest first] | digest of all before
 *
 * The delayed sums of the past, random paths and the solver's own past are functions of these and the definition.
 * The layout (regions, models, channels, step) must be the same to restore at all; the digest of the definition
 * (parameters, weights, delays, noise, seed, scheme) tells whether the run goes on as if it had not been interrupted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/snapshot.h"
#include "nmm/couplings.h"

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_INPUT, __VA_ARGS__)

static const char MAGIC[16] = "callosum state\n";
enum { VERSION = 1, HEX = CALI_DIGEST_SIZE - 1 };

typedef struct header {
    char magic[16];
    uint64_t version, byte_order;
    char layout[HEX], definition[HEX];
    uint64_t n_states, n_tracks, n_regions, ring_length, n_externals;
    int64_t step;
} header;

/* ---- digests --------------------------------------------------------------------------------------- */

static void add_digest(const cal_nmm *nmm, cali_text *text, const char *what, const void *bytes, size_t size)
{
    char hex[CALI_DIGEST_SIZE] = "";
    if (cali_digest_bytes(nmm->ctx, bytes, size, hex) != CAL_OK)
        text->is_broken = true;
    cali_text_format(text, "%s %s\n", what, hex);
}

static cal_status close_digest(const cal_nmm *nmm, cali_text *text, char hex[CALI_DIGEST_SIZE])
{
    const bool is_broken = text->is_broken;
    const cal_status status = is_broken ? CAL_ERR_MEMORY : cali_digest_bytes(nmm->ctx, text->data, text->size, hex);
    cali_text_free(text);
    return is_broken ? CAL_FAIL(nmm->ctx, CAL_ERR_MEMORY, "no memory for the state of the host") : status;
}

static const char *name_of(const char *name)
{
    return name == NULL ? "" : name;
}

static cal_status digest_layout(const cal_nmm *nmm, char hex[CALI_DIGEST_SIZE])
{
    cali_text text = {0};
    cali_text_format(&text, "step %lld ns\n", (long long)nmm->dt);
    for (size_t i = 0; i < nmm->n_regions; i++) {
        const int64_t block = nmm->block_of[i];
        cali_text_format(&text, "%s %s\n", cali_nmm_label(nmm, i),
                         block < 0 ? "elsewhere" : nmm->blocks[block].model->name);
        for (size_t s = 0; block >= 0 && s < nmm->blocks[block].model->n_states; s++)
            cali_text_format(&text, " %s", nmm->blocks[block].model->states[s].name);
    }
    for (size_t c = 0; c < nmm->n_channels; c++)
        if (nmm->channels[c].is_keeper)
            cali_text_format(&text, "channel %d %s %s\n", (int)nmm->channels[c].kind, name_of(nmm->channels[c].from),
                             name_of(nmm->channels[c].threshold));
    return close_digest(nmm, &text, hex);
}

static void add_edges(const cal_nmm *nmm, cali_text *text, const cali_edges *edges)
{
    add_digest(nmm, text, "first", edges->first, (edges->n_targets + 1) * sizeof *edges->first);
    add_digest(nmm, text, "offset", edges->offset, edges->n * sizeof *edges->offset);
    add_digest(nmm, text, "weight", edges->w, edges->n * edges->n_points * sizeof *edges->w);
}

static void add_wiring(const cal_nmm *nmm, cali_text *text, const cali_wiring *wiring)
{
    const cali_instant *instant = &wiring->instant;
    for (int reach = 0; reach < CALI_N_REACHES; reach++)
        add_edges(nmm, text, &wiring->delayed[reach]);
    add_digest(nmm, text, "first", instant->first, (nmm->n_regions + 1) * sizeof *instant->first);
    add_digest(nmm, text, "source", instant->source, instant->n * sizeof *instant->source);
    add_digest(nmm, text, "weight", instant->w, instant->n * sizeof *instant->w);
}

static void add_stimulus(const cal_nmm *nmm, cali_text *text, size_t wave, const double *weights, size_t n)
{
    const cali_wave *w = &nmm->waves[wave];
    cali_text_format(text, "stimulus %s %zu %lld %lld\n", w->form->name, wave, (long long)w->start, (long long)w->stop);
    add_digest(nmm, text, "params", w->p, sizeof w->p);
    add_digest(nmm, text, "times", w->times_ms, w->n_samples * sizeof(double));
    add_digest(nmm, text, "values", w->values, w->n_samples * sizeof(double));
    add_digest(nmm, text, "weights", weights, (weights == NULL ? 0 : n) * sizeof(double));
}

static void add_block(const cal_nmm *nmm, cali_text *text, const cali_block *b)
{
    for (size_t k = 0; k < b->model->n_params; k++)
        add_digest(nmm, text, "param", b->params + k * b->n, b->n_real * sizeof(double));
    for (size_t k = 0; k < b->n_noises; k++) {
        const cali_noise *noise = &b->noises[k];
        cali_text_format(text, "noise %zu %d %d %.17g %.17g %.17g\n", noise->state, (int)noise->form,
                         (int)noise->is_on_input, noise->a, noise->b, noise->tau_ms);
        add_digest(nmm, text, "level", noise->level, b->n_real * sizeof(double));
        if (noise->source.mix != NULL)
            add_digest(nmm, text, "mix", noise->source.mix, noise->source.n * noise->source.units.n * sizeof(double));
        cali_text_format(text, "common %d %.17g %.17g\n", (int)noise->source.is_common, noise->source.own,
                         noise->source.common);
    }
    for (size_t k = 0; k < b->n_stimuli; k++) {
        const cali_stimulus *s = &b->stimuli[k];
        const bool is_push = s->row >= b->model->n_inputs;
        cali_text_format(text, "%s %zu %zu %zu ", is_push ? "push" : "into",
                         is_push ? b->pushed[s->row - b->model->n_inputs] : s->row, s->first, s->count);
        add_stimulus(nmm, text, s->wave, s->weight, s->count);
    }
}

static cal_status digest_definition(const cal_nmm *nmm, char hex[CALI_DIGEST_SIZE])
{
    cali_text text = {0};
    cali_text_format(&text, "%s %.17g %lld %lld\n", cal_integrator_names[nmm->integrator], nmm->rtol,
                     (long long)nmm->window, (long long)nmm->lag);
    add_digest(nmm, &text, "seed", &nmm->key, sizeof nmm->key);
    for (size_t t = 0; t < nmm->n_terms; t++) {
        const cali_channel *channel = &nmm->channels[nmm->terms[t].channel];
        cali_text_format(&text, "term %s %s %zu %zu\n", nmm->terms[t].entry->info.name, name_of(nmm->terms[t].to),
                         nmm->terms[t].channel, channel->wiring);
        add_digest(nmm, &text, "numbers", nmm->terms[t].q, sizeof nmm->terms[t].q);
        add_digest(nmm, &text, "numbers", channel->q, sizeof channel->q);
    }
    for (size_t w = 0; w < nmm->n_wirings; w++)
        add_wiring(nmm, &text, &nmm->wirings[w]);
    for (size_t i = 0; i < nmm->n_blocks; i++)
        add_block(nmm, &text, &nmm->blocks[i]);
    for (size_t k = 0; k < nmm->n_external_stimuli; k++) {
        const cali_external_stimulus *s = &nmm->external_stimuli[k];
        cali_text_format(&text, "drive %zu %zu ", s->region, s->term);
        add_stimulus(nmm, &text, s->wave, &s->weight, 1);
    }
    for (size_t k = 0; k < nmm->n_external_noises; k++)
        cali_text_format(&text, "drive %zu %zu noise %.17g\n", nmm->external_noises[k].region,
                         nmm->external_noises[k].term, nmm->external_noises[k].level);
    return close_digest(nmm, &text, hex);
}

static cal_status make_header(const cal_nmm *nmm, header *h)
{
    char hex[CALI_DIGEST_SIZE];
    *h = (header){.version = VERSION, .byte_order = CALI_BYTE_ORDER_MARK, .n_tracks = nmm->n_tracks,
                  .n_regions = nmm->n_regions, .ring_length = nmm->ring_length, .n_externals = nmm->n_externals,
                  .step = nmm->now};
    memcpy(h->magic, MAGIC, sizeof h->magic);
    for (size_t i = 0; i < nmm->n_blocks; i++)
        h->n_states += nmm->blocks[i].model->n_states * nmm->blocks[i].n_real;
    CAL_TRY(digest_layout(nmm, hex));
    memcpy(h->layout, hex, HEX);
    CAL_TRY(digest_definition(nmm, hex));
    memcpy(h->definition, hex, HEX);
    return CAL_OK;
}

/* ---- parts of the bytes ------------------------------------------------------------------------------ */

/* Externals: last written step, whether the output has begun. */
enum { EXTERNAL_BYTES = 2 * sizeof(int64_t) };

static size_t size_of(const header *h)
{
    return sizeof *h + h->n_externals * EXTERNAL_BYTES +
           (h->n_states + h->n_tracks * h->n_regions * h->ring_length) * sizeof(double) + HEX;
}

static double *row_at(const cal_nmm *nmm, size_t track, size_t region)
{
    return nmm->ring + (track * nmm->n_regions + region) * nmm->ring_stride;
}

static void put_ring(const cal_nmm *nmm, cali_text *out)
{
    const size_t mask = nmm->ring_length - 1, oldest = (size_t)(nmm->now + 1) & mask;
    for (size_t t = 0; t < nmm->n_tracks; t++)
        for (size_t i = 0; i < nmm->n_regions; i++) /* the ring is there twice, so the steps stand in one piece */
            cali_text_add_bytes(out, row_at(nmm, t, i) + oldest, nmm->ring_length * sizeof(double));
}

cal_status cal_nmm_save_state(const cal_nmm *nmm, char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    if (nmm->is_broken)
        return CAL_FAIL(nmm->ctx, CAL_ERR_STATE, "the host has failed before");
    header h;
    CAL_TRY(make_header(nmm, &h));
    cali_text out = {0};
    cali_text_add_bytes(&out, &h, sizeof h);
    for (size_t k = 0; k < nmm->n_externals; k++) {
        const cali_external *external = &nmm->externals[k];
        const int64_t numbers[2] = {external->written, external->has_written};
        cali_text_add_bytes(&out, numbers, sizeof numbers);
    }
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        for (size_t s = 0; s < b->model->n_states; s++)
            cali_text_add_bytes(&out, nmm->y + b->first_state + s * b->n, b->n_real * sizeof(double));
    }
    put_ring(nmm, &out);
    return cali_snapshot_seal(nmm->ctx, &out, "the host", bytes, size);
}

/* ---- checks before anything changes -------------------------------------------------------------------- */

static cal_status check_header(const cal_nmm *nmm, const header *h, const header *own, size_t size)
{
    if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0)
        REFUSE("C305 this is no saved state");
    if (h->version != VERSION || h->byte_order != CALI_BYTE_ORDER_MARK)
        REFUSE("C305 the state is of version %llu, this program reads %d of its own byte order",
               (unsigned long long)h->version, VERSION);
    if (h->n_regions != own->n_regions)
        REFUSE("C305 the state is of %llu regions, the network has %zu", (unsigned long long)h->n_regions,
               nmm->n_regions);
    if (memcmp(h->layout, own->layout, HEX) != 0 || h->n_states != own->n_states || h->n_tracks != own->n_tracks ||
        h->n_externals != own->n_externals)
        REFUSE("C305 the state is of other regions, models, coupled outputs or another step than this network's");
    if (h->ring_length < 64 || h->ring_length > (uint64_t)1 << 30 || (h->ring_length & (h->ring_length - 1)) != 0 ||
        h->step < 0 || h->step > INT64_MAX / 4 || size != size_of(h))
        REFUSE("C305 the state is cut short or broken: %zu bytes", size);
    return CAL_OK;
}

static cal_status check_numbers(const cal_nmm *nmm, const header *h, const char *numbers)
{
    const size_t n = h->n_states + h->n_tracks * h->n_regions * h->ring_length;
    for (size_t i = 0; i < n; i++) {
        double value;
        memcpy(&value, numbers + i * sizeof value, sizeof value);
        if (!isfinite(value))
            REFUSE("C305 the state holds a number that is not finite");
    }
    return CAL_OK;
}

static cal_status check_external(const cal_nmm *nmm, const header *h, const int64_t numbers[2], size_t k, bool is_same)
{
    const int64_t written = numbers[0];
    if (written < 0 || written > h->step + nmm->window + nmm->lag)
        REFUSE("C305 the state is broken: %s", cali_nmm_label(nmm, nmm->externals[k].region));
    if (!is_same && written < h->step)
        REFUSE("C305 the output of %s is not known up to the end of the state, so no other run can begin there",
               cali_nmm_label(nmm, nmm->externals[k].region));
    return CAL_OK;
}

/* A state of another history must reach back as far as the delays here. */
static cal_status check_reach(const cal_nmm *nmm, const header *h)
{
    const double kept = (double)h->ring_length - CALI_NMM_PAST - 4.0;
    if (kept >= nmm->longest_steps)
        return CAL_OK;
    REFUSE("C305 the state reaches %g ms back, the longest delay here %g ms", kept * nmm->dt_ms,
           nmm->longest_steps * nmm->dt_ms);
}

/* ---- restoring -------------------------------------------------------------------------------------------- */

static const char *take_states(cal_nmm *nmm, const char *at)
{
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        for (size_t s = 0; s < b->model->n_states; s++) {
            double *row = nmm->y + b->first_state + s * b->n;
            memcpy(row, at, b->n_real * sizeof *row);
            at += b->n_real * sizeof *row;
            for (size_t i = b->n_real; i < b->n; i++)
                row[i] = row[b->n_real - 1];
        }
    }
    return at;
}

/* The newest steps of the saved history; where this ring is longer, the oldest value goes on into the past. */
static void take_ring(cal_nmm *nmm, const header *h, const char *at)
{
    const size_t mask = nmm->ring_length - 1;
    for (size_t t = 0; t < nmm->n_tracks; t++)
        for (size_t i = 0; i < nmm->n_regions; i++, at += h->ring_length * sizeof(double)) {
            double *row = row_at(nmm, t, i);
            for (size_t back = 0; back < nmm->ring_length; back++) {
                const size_t from = back < h->ring_length ? h->ring_length - 1 - back : 0;
                const size_t slot = (size_t)(nmm->now - (int64_t)back) & mask;
                memcpy(&row[slot], at + from * sizeof(double), sizeof(double));
                row[slot + nmm->ring_length] = row[slot];
            }
        }
}

static void take_externals(cal_nmm *nmm, const char *at, bool is_same)
{
    for (size_t k = 0; k < nmm->n_externals; k++) {
        int64_t numbers[2];
        memcpy(numbers, at + k * EXTERNAL_BYTES, sizeof numbers);
        nmm->externals[k].written = is_same ? numbers[0] : 0;
        nmm->externals[k].has_written = is_same && numbers[1] != 0;
    }
    for (size_t k = 0; k < nmm->n_external_noises; k++)
        nmm->external_noises[k].known = -1;
}

static cal_status restore(cal_nmm *nmm, const char *bytes, size_t size, cal_restore how)
{
    header h, own;
    memcpy(&h, bytes, sizeof h);
    CAL_TRY(make_header(nmm, &own));
    CAL_TRY(check_header(nmm, &h, &own, size));
    const bool is_same = how == CAL_RESTORE_CONTINUE;
    if (is_same && (memcmp(h.definition, own.definition, HEX) != 0 || h.ring_length != own.ring_length))
        REFUSE("C305 the state is of other parameters, weights, delays, stimuli, noise, seed or integrator: no run goes "
               "on from it. Try to begin a new one there.");
    CAL_TRY(cali_snapshot_check(nmm->ctx, "", bytes, size));
    CAL_TRY(check_reach(nmm, &h));
    const char *externals = bytes + sizeof h, *numbers = externals + h.n_externals * EXTERNAL_BYTES;
    CAL_TRY(check_numbers(nmm, &h, numbers));
    for (size_t k = 0; k < nmm->n_externals; k++) {
        int64_t of_external[2];
        memcpy(of_external, externals + k * EXTERNAL_BYTES, sizeof of_external);
        CAL_TRY(check_external(nmm, &h, of_external, k, is_same));
    }
    nmm->now = is_same ? h.step : 0;
    take_externals(nmm, externals, is_same);
    take_ring(nmm, &h, take_states(nmm, numbers));
    cali_nmm_fill_sums(nmm);
    for (size_t i = 0; i < nmm->n_blocks; i++)
        cali_block_start_paths(nmm, &nmm->blocks[i]);
    cali_nmm_begin_probes(nmm);
    return nmm->adaptive == NULL || nmm->n_blocks == 0 ? CAL_OK : cali_adaptive_restart(nmm);
}

cal_status cal_nmm_restore_state(cal_nmm *nmm, const char *bytes, size_t size, cal_restore how)
{
    if (nmm->has_started || nmm->is_broken)
        return CAL_FAIL(nmm->ctx, CAL_ERR_STATE, "a state is restored before the first advance");
    if (bytes == NULL || size < sizeof(header) + HEX)
        REFUSE("C305 the state is cut short: %zu bytes", size);
    return restore(nmm, bytes, size, how);
}
