/* What a region got just before a state of it left what is finite: the largest of the delayed outputs of its sources
 * times their weights. */
#include <math.h>
#include <stdio.h>

#include "nmm/host.h"

enum { N_SHOWN = 3 };

/* One source's part in a sum. */
typedef struct part {
    uint32_t region;
    const cal_field *output;
    const char *unit;
    double value;
} part;

typedef struct ranking {
    part parts[N_SHOWN]; /* the largest first */
    size_t n;
    part next; /* its region and value change */
} ranking;

static double size_of(double value)
{
    return isfinite(value) ? fabs(value) : INFINITY;
}

static void rank(ranking *r, size_t region, double value)
{
    if (value == 0.0)
        return;
    size_t at = r->n;
    while (at > 0 && size_of(value) > size_of(r->parts[at - 1].value))
        at--;
    if (at == N_SHOWN)
        return;
    r->n += r->n < N_SHOWN;
    for (size_t k = r->n - 1; k > at; k--)
        r->parts[k] = r->parts[k - 1];
    r->parts[at] = r->next;
    r->parts[at].region = (uint32_t)region;
    r->parts[at].value = value;
}

static void rank_delayed(const cal_nmm *nmm, const cali_edges *edges, size_t position, const double *ring, ranking *r)
{
    if (edges->first == NULL)
        return;
    for (size_t e = edges->first[position]; e < edges->first[position + 1]; e++) {
        double value = 0.0;
        for (size_t q = 0; q < edges->n_points; q++)
            value += edges->w[e * edges->n_points + q] * ring[edges->offset[e] + (int64_t)q];
        /* an offset is a source's row and less than a ring's length back */
        rank(r, (size_t)(edges->offset[e] + (int64_t)nmm->ring_length) / nmm->ring_stride, value);
    }
}

static void rank_instant(const cal_nmm *nmm, const cali_wiring *wiring, size_t position, const double *ring, ranking *r)
{
    const cali_instant *instant = &wiring->instant;
    const size_t first = instant->n > 0 ? instant->first[position] : 0;
    const size_t end = instant->n > 0 ? instant->first[position + 1] : 0;
    for (size_t e = first; e < end; e++) {
        const size_t region = nmm->order[instant->source[e]];
        rank(r, region, instant->w[e] * ring[region * nmm->ring_stride]);
    }
    if (nmm->n_self > 0)
        rank(r, nmm->order[position], wiring->self[position] * ring[nmm->order[position] * nmm->ring_stride]);
}

/* The output whose unit is the channel's. */
static const cal_field *channel_output(const cal_nmm *nmm, size_t channel)
{
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        if (b->channel_output[channel] >= 0 && b->channel_factor[channel] == 1.0)
            return &b->model->outputs[b->channel_output[channel]];
    }
    return NULL;
}

/* A logistic function of the output has the unit of the input, the other functions have none. */
static const char *part_unit(const cali_block *b, const cali_channel *channel, const cal_field *output, size_t input)
{
    if (channel->kind == CALI_CHANNEL_PLAIN)
        return output != NULL ? output->unit : "1";
    return channel->kind == CALI_CHANNEL_LOGISTIC && input < b->model->n_inputs ? b->model->inputs[input].unit : "1";
}

/* Terms may share a channel: what travels there counts once. */
static bool is_ranked(const cal_nmm *nmm, const cali_block *b, size_t term)
{
    for (size_t t = 0; t < term; t++)
        if (b->term_input[t] >= 0 && nmm->terms[t].channel == nmm->terms[term].channel)
            return true;
    return false;
}

void cali_nmm_say_inputs(const cal_nmm *nmm, const cali_block *b, size_t at, int64_t step, char *text, size_t size)
{
    ranking r = {.n = 0};
    for (size_t t = 0; t < nmm->n_terms; t++) {
        const size_t c = nmm->terms[t].channel;
        if (b->term_input[t] < 0 || is_ranked(nmm, b, t))
            continue;
        const cali_wiring *wiring = &nmm->wirings[nmm->channels[c].wiring];
        const double *ring = cali_nmm_ring(nmm, c, step);
        r.next.output = channel_output(nmm, c);
        r.next.unit = part_unit(b, &nmm->channels[c], r.next.output, (size_t)b->term_input[t]);
        for (int reach = 0; reach < CALI_N_REACHES; reach++)
            rank_delayed(nmm, &wiring->delayed[reach], b->at + at, ring, &r);
        rank_instant(nmm, wiring, b->at + at, ring, &r);
    }
    text[0] = '\0';
    size_t end = 0;
    for (size_t k = 0; k < r.n && end < size; k++) {
        const part *p = &r.parts[k];
        const bool is_plain = p->unit[0] == '1' && p->unit[1] == '\0';
        end += (size_t)snprintf(text + end, size - end, "%s%.60s of %.100s %.4g%s%s",
                                k == 0 ? " Largest inputs just before: " : ", ",
                                p->output != NULL ? p->output->name : "output", cali_nmm_label(nmm, p->region),
                                p->value, is_plain ? "" : " ", is_plain ? "" : p->unit);
    }
    if (end > 0 && end + 1 < size)
        snprintf(text + end, size - end, ".");
}
