/* M source trains that all neurons of the region share, each synapse where the network's projection
 * from the source population puts it.
 *
 * Per step of the sub-simulator and with m = integral of the rate over the step, the number of spikes
 * of all trains together is Poisson with mean M m, and each belongs to a train drawn uniformly: this
 * is the same law as M independent Poisson trains (a superposition is split by independent marks;
 * Kingman 1993, Poisson Processes, Oxford), at the cost of the spikes instead of that of the trains.
 * Every number is a function of (seed, region, link, step, draw), so windows, threads and other
 * participants do not matter. A spike is stamped with the end of its step. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "coupler/transducer.h"

enum { SCALE, OFFSET, HIGHEST, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [SCALE] = {"scale", "1", 1.0, -INFINITY, INFINITY, "rate of a train over the coupling term's rate"},
    [OFFSET] = {"offset", "Hz", 0.0, -INFINITY, INFINITY, "rate of a train without coupling"},
    [HIGHEST] = {"highest", "Hz", 1000.0, 1e-3, 1e5, "rate at which a train is clipped; sizes the buffer"},
};

static const char *const units[] = {"event", NULL};

enum { USE_COUNT = 0x73706e, USE_TRAIN = 0x737074 };
static const double LARGEST_MEAN = 16.0; /* of one count; larger ones are sums of such */

typedef struct shared_poisson {
    uint32_t *offset_ns, *id; /* capacity */
    size_t capacity;
    uint32_t step_ns;
} shared_poisson;

static cal_status init(void *state, const cali_link_place *place)
{
    shared_poisson *self = state;
    const cal_port *port = place->port;
    if (place->window % port->samples != 0)
        return CAL_FAIL(place->ctx, CAL_ERR_ARGUMENT,
                        "%s, port %s: %u steps do not divide the window of %g ms into whole nanoseconds",
                        place->region, port->name, port->samples, cal_time_ms(place->window));
    self->step_ns = (uint32_t)(place->window / port->samples);
    /* ten standard deviations above the largest mean */
    const double mean = port->channels * place->params[HIGHEST] * 1e-3 * cal_time_ms(place->window);
    const double capacity = mean + 10.0 * sqrt(mean) + 64.0;
    if (capacity > 1e9)
        return CAL_FAIL(place->ctx, CAL_ERR_ARGUMENT,
                        "%s, port %s: %u trains of up to %g Hz may send %g spikes per window; lower"
                        " \"highest\" or the number of trains",
                        place->region, port->name, port->channels, place->params[HIGHEST], capacity);
    self->capacity = (size_t)capacity;
    CAL_TRY(cali_alloc(place->ctx, self->capacity, sizeof(uint32_t), "shared spikes",
                       &self->offset_ns));
    return cali_alloc(place->ctx, self->capacity, sizeof(uint32_t), "shared spikes", &self->id);
}

static void destroy(void *state)
{
    shared_poisson *self = state;
    free(self->offset_ns);
    free(self->id);
}

/* Poisson count of mean m <= LARGEST_MEAN by inversion of its distribution function. */
static size_t draw_piece(double m, double u)
{
    double p = cali_exp(-m), sum = p;
    size_t n = 0;
    while (u > sum && n < 1000) {
        n++;
        p *= m / (double)n;
        sum += p;
    }
    return n;
}

static size_t draw_count(cali_key key, uint64_t step, double mean)
{
    const uint32_t n_pieces = (uint32_t)(mean / LARGEST_MEAN) + 1;
    size_t n = 0;
    for (uint32_t i = 0; i < n_pieces; i++) {
        const cali_random r = cali_philox(key, i, (uint32_t)step, USE_COUNT, (uint32_t)(step >> 32));
        n += draw_piece(mean / n_pieces, cali_uniform(r.word[0], r.word[1]));
    }
    return n;
}

/* Shell's sort: the few ids of one step. */
static void sort(size_t n, uint32_t *id)
{
    static const size_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++)
        for (size_t i = gaps[g]; i < n; i++) {
            const uint32_t x = id[i];
            size_t j = i;
            for (; j >= gaps[g] && id[j - gaps[g]] > x; j -= gaps[g])
                id[j] = id[j - gaps[g]];
            id[j] = x;
        }
}

/* `n` trains, four to a draw; word x M / 2^32 is uniform on 0 .. M - 1 to M / 2^32. */
static void draw_trains(cali_key key, uint64_t step, uint32_t n_trains, size_t n, uint32_t *id)
{
    for (size_t i = 0; i < n; i += 4) {
        const cali_random r = cali_philox(key, (uint32_t)(i / 4), (uint32_t)step, USE_TRAIN,
                                          (uint32_t)(step >> 32));
        for (size_t k = 0; k < 4 && i + k < n; k++)
            id[i + k] = cali_mulhi_u32(r.word[k], n_trains);
    }
    sort(n, id);
}

static cal_status receive(void *state, const cali_link_place *place, cal_time t0, const double *c,
                          cal_port_data *data, cal_link_counts *counts)
{
    shared_poisson *self = state;
    const cal_port *port = place->port;
    const double *p = place->params;
    size_t n = 0;
    for (uint32_t j = 0; j < port->samples; j++) {
        const double rate_Hz = cali_link_rate_Hz(place, t0, j, 1000.0 * p[SCALE] * c[j] + p[OFFSET],
                                                 p[HIGHEST], counts);
        const double mean = port->channels * rate_Hz * (self->step_ns * 1e-9);
        const uint64_t step = (uint64_t)(t0 / self->step_ns) + j;
        const size_t more = draw_count(place->key, step, mean);
        if (more > self->capacity - n)
            return CAL_FAIL(place->ctx, CAL_ERR_NUMERIC,
                            "port %s: more than %zu spikes in a window, ten standard deviations"
                            " above the largest mean",
                            port->name, self->capacity);
        draw_trains(place->key, step, port->channels, more, self->id + n);
        for (size_t i = 0; i < more; i++)
            self->offset_ns[n + i] = (j + 1) * self->step_ns;
        n += more;
        counts->expected += mean;
    }
    counts->n_spikes += n;
    data->spikes = (cal_port_spikes){.n = n, .offset_ns = self->offset_ns, .id = self->id};
    return CAL_OK;
}

const cali_transducer cali_transducer_shared_poisson = {
    .face = {.name = "shared-poisson",
             .direction = CAL_RECEIVES,
             .title = "Poisson trains that the neurons share",
             .formula = "rate = clip(1000 scale c + offset, 0, highest) per train; spikes per step: Poisson"
                        " with the integral of the rate over the step",
             .source = "superposition and splitting of Poisson processes; Kingman (1993), Poisson"
                       " Processes, Oxford",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "1/ms",
             .gives = "event"},
    .units = units,
    .is_for_spikes = true,
    .needs_means = true,
    .state_size = sizeof(shared_poisson),
    .init = init,
    .receive = receive,
    .destroy = destroy,
};
