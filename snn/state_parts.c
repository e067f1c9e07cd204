/* The parts of a saved state that every network has: neurons, input on its way, spikes of broadcasts, counts. */
#include <math.h>
#include <string.h>

#include "snn/state.h"

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)

static bool has_neurons(const cali_population *p)
{
    return p->neuron != NULL && p->n > 0;
}

static float *state_at(const cal_snn *self, const cali_population *p, size_t state, uint32_t id)
{
    const size_t tile = id % self->n_tiles, place = id / self->n_tiles;
    return &p->state[(tile * p->neuron->face.n_states + state) * p->width + place];
}

static float rest_of(const cal_snn *self, const cali_population *p, uint32_t id)
{
    const size_t k = p->neuron->n_constants, tile = id % self->n_tiles, place = id / self->n_tiles;
    return p->constant[k][p->is_shared[k] ? 0 : tile * p->width + place];
}

/* ---- neurons: each state by neuron, voltages relative to rest; then the rest values -------------------- */

static void save_neurons(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        for (size_t s = 0; has_neurons(p) && s <= p->neuron->face.n_states; s++)
            for (uint32_t id = 0; id < p->n; id++) {
                const float value = s < p->neuron->face.n_states ? *state_at(self, p, s, id) : rest_of(self, p, id);
                cali_text_add_bytes(out, &value, sizeof value);
            }
    }
}

static cal_status check_neurons(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    size_t n = 0;
    for (size_t i = 0; i < self->n_populations; i++)
        if (has_neurons(&self->populations[i]))
            n += (self->populations[i].neuron->face.n_states + 1) * (size_t)self->populations[i].n;
    if (size != n * sizeof(float))
        REFUSE("%s: the state is broken: %zu bytes of neurons", self->name, size);
    for (size_t i = 0; i < n; i++) {
        float value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!isfinite(value))
            REFUSE("%s: the state holds a number that is not finite", self->name);
    }
    return CAL_OK;
}

static void restore_neurons(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)size, (void)how;
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        if (!has_neurons(p))
            continue;
        const size_t n_states = p->neuron->face.n_states;
        for (size_t s = 0; s < n_states; s++)
            for (uint32_t id = 0; id < p->n; id++) {
                float value, rest;
                memcpy(&value, bytes + (s * p->n + id) * sizeof value, sizeof value);
                memcpy(&rest, bytes + (n_states * p->n + id) * sizeof rest, sizeof rest);
                const float own = rest_of(self, p, id); /* the voltage stays, wherever rest is here */
                *state_at(self, p, s, id) = s > 0 || rest == own ? value : (float)((double)value + rest - own);
            }
        bytes += (n_states + 1) * p->n * sizeof(float);
    }
}

const cali_state_part cali_state_neurons = {"neurons", save_neurons, check_neurons, restore_neurons};

/* ---- input on its way: for each population, receptor and number of steps until due, n sums; rows of zeros are left out - */

typedef struct input_row {
    uint32_t population, receptor, ahead; /* ahead 0: taken by the coming step */
    int32_t exponent;
} input_row;

static size_t place_of(const cal_snn *self, const cali_population *p, size_t receptor, uint32_t id)
{
    return (size_t)p->channel[receptor] * self->tile_width + p->offset + id / self->n_tiles;
}

static void save_row(const cal_snn *self, const input_row *row, const int32_t *pending, cali_text *out)
{
    const cali_population *p = &self->populations[row->population];
    const size_t stride = cali_ring_stride(self);
    bool is_zero = true;
    for (uint32_t id = 0; id < p->n && is_zero; id++)
        is_zero = pending[id % self->n_tiles * stride + place_of(self, p, row->receptor, id)] == 0;
    if (is_zero)
        return;
    cali_text_add_bytes(out, row, sizeof *row);
    for (uint32_t id = 0; id < p->n; id++)
        cali_text_add_bytes(out, &pending[id % self->n_tiles * stride + place_of(self, p, row->receptor, id)],
                            sizeof(int32_t));
}

static void save_inputs(const cal_snn *self, cali_text *out)
{
    for (uint32_t ahead = 0; ahead < self->longest_delay; ahead++) {
        const int32_t *pending = cali_pending_input(self, ahead);
        for (size_t i = 0; i < self->n_populations; i++) {
            const cali_population *p = &self->populations[i];
            for (size_t r = 0; has_neurons(p) && r < p->neuron->face.n_receptors; r++) {
                const input_row row = {(uint32_t)i, (uint32_t)r, ahead, p->exponent[r]};
                if (p->channel[r] >= 0)
                    save_row(self, &row, pending, out);
            }
        }
    }
}

/* The same input in the quanta of this network. */
static double in_own_quanta(const cali_population *p, const input_row *row, const char *sums, uint32_t id)
{
    int32_t sum;
    memcpy(&sum, sums + id * sizeof sum, sizeof sum);
    const double x = ldexp((double)sum, p->exponent[row->receptor] - row->exponent);
    return floor(x + 0.5);
}

static cal_status check_row(const cal_snn *self, const input_row *row, const char *sums, size_t size, cal_restore how)
{
    const cali_population *p = row->population < self->n_populations ? &self->populations[row->population] : NULL;
    if (p == NULL || !has_neurons(p) || row->receptor >= p->neuron->face.n_receptors || row->exponent > 200 ||
        row->exponent < -200 || p->n > size / sizeof(int32_t))
        REFUSE("%s: the state is broken: input on its way", self->name);
    if (p->channel[row->receptor] < 0)
        REFUSE("%s: the state holds input on its way to receptor %s of %s, where no synapse ends here", self->name,
               p->neuron->face.receptors[row->receptor].name, p->name);
    if (row->ahead >= self->longest_delay)
        REFUSE("%s: the state holds input that is due after %u steps, the longest delay here is %u", self->name,
               row->ahead + 1, self->longest_delay);
    if (how == CAL_RESTORE_CONTINUE && row->exponent != p->exponent[row->receptor])
        REFUSE("%s: the state is broken: quanta of input", self->name);
    /* of other weights, no more than what the sums of one step are planned for */
    for (uint32_t id = 0; how == CAL_RESTORE_BEGIN && id < p->n; id++)
        if (!(fabs(in_own_quanta(p, row, sums, id)) <= 1073741824.0))
            REFUSE("%s: the input on its way to neuron %u of %s, receptor %s, is too large for the weights here",
                   self->name, id, p->name, p->neuron->face.receptors[row->receptor].name);
    return CAL_OK;
}

static cal_status check_inputs(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    while (size > 0) {
        input_row row;
        if (size < sizeof row)
            REFUSE("%s: the state is broken: input on its way", self->name);
        memcpy(&row, bytes, sizeof row);
        CAL_TRY(check_row(self, &row, bytes + sizeof row, size - sizeof row, how));
        const size_t length = sizeof row + (size_t)self->populations[row.population].n * sizeof(int32_t);
        bytes += length;
        size -= length;
    }
    return CAL_OK;
}

static void restore_inputs(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    memset(self->ring, 0, (size_t)self->n_tiles * self->slots * cali_ring_stride(self) * sizeof *self->ring);
    for (const char *end = bytes + size; bytes < end;) {
        input_row row;
        memcpy(&row, bytes, sizeof row);
        const cali_population *p = &self->populations[row.population];
        const char *sums = bytes + sizeof row;
        const size_t slot = (size_t)(self->step + 1 + row.ahead) & (self->slots - 1);
        for (uint32_t id = 0; id < p->n; id++)
            cali_ring_of(self, id % self->n_tiles)[slot * cali_ring_stride(self) + place_of(self, p, row.receptor, id)] =
                (int32_t)in_own_quanta(p, &row, sums, id);
        bytes = sums + (size_t)p->n * sizeof(int32_t);
    }
}

const cali_state_part cali_state_inputs = {"inputs", save_inputs, check_inputs, restore_inputs};

/* ---- spikes per population and step, for broadcasts: newest first --------------------------------------- */

static int32_t *count_at(const cal_snn *self, size_t population, size_t age)
{
    const size_t slot = (size_t)(self->step - (int64_t)age) & (self->history_slots - 1);
    return &self->history[population * self->history_slots + slot];
}

static void save_history(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_populations; i++)
        for (size_t age = 0; age < self->history_slots; age++)
            cali_text_add_bytes(out, count_at(self, i, age), sizeof(int32_t));
}

static cal_status check_history(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    const size_t row = self->n_populations * sizeof(int32_t), n = row == 0 ? 0 : size / row;
    if (n * row != size || (how == CAL_RESTORE_CONTINUE && row > 0 && n != self->history_slots))
        REFUSE("%s: the state is broken: %zu bytes of spikes", self->name, size);
    for (size_t k = 0; k < self->n_populations * n; k++) {
        int32_t count;
        memcpy(&count, bytes + k * sizeof count, sizeof count);
        const cali_population *p = &self->populations[k / n];
        if (count < 0 || (p->neuron != NULL && (uint32_t)count > p->n))
            REFUSE("%s: the state is broken: %d spikes of %s in a step", self->name, count, p->name);
        if (count > 0 && k % n >= self->history_slots)
            REFUSE("%s: the state holds spikes of %zu steps ago, the longest delay here is below %u", self->name, k % n,
                   self->history_slots);
    }
    return CAL_OK;
}

static void restore_history(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    const size_t n = self->n_populations == 0 ? 0 : size / (self->n_populations * sizeof(int32_t));
    memset(self->history, 0, self->n_populations * self->history_slots * sizeof *self->history);
    for (size_t i = 0; i < self->n_populations; i++)
        for (size_t age = 0; age < n && age < self->history_slots; age++)
            memcpy(count_at(self, i, age), bytes + (i * n + age) * sizeof(int32_t), sizeof(int32_t));
}

const cali_state_part cali_state_history = {"history", save_history, check_history, restore_history};

/* ---- counts --------------------------------------------------------------------------------------------- */

enum { UPDATES, SPIKES, BROADCASTS, PORT_SPIKES, EVENTS, PORT_EVENTS, HASH, N_COUNTS };

static void save_counts(const cal_snn *self, cali_text *out)
{
    uint64_t n[N_COUNTS] = {[UPDATES] = self->n_updates,
                            [SPIKES] = self->n_spikes,
                            [BROADCASTS] = self->n_broadcast_events,
                            [PORT_SPIKES] = self->n_port_spikes_in,
                            [EVENTS] = cali_unpulled_events(self)};
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        n[EVENTS] += self->tiles[tile].n_events;
        n[PORT_EVENTS] += self->tiles[tile].n_port_events;
        n[HASH] += self->tiles[tile].hash;
    }
    cali_text_add_bytes(out, n, sizeof n);
}

static cal_status check_counts(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)bytes, (void)how;
    if (size != N_COUNTS * sizeof(uint64_t))
        REFUSE("%s: the state is broken: %zu bytes of counts", self->name, size);
    return CAL_OK;
}

static void restore_counts(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    uint64_t n[N_COUNTS] = {0};
    if (how == CAL_RESTORE_CONTINUE)
        memcpy(n, bytes, size);
    self->n_updates = n[UPDATES];
    self->n_spikes = n[SPIKES];
    self->n_broadcast_events = n[BROADCASTS];
    self->n_port_spikes_in = n[PORT_SPIKES];
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        cali_tile *t = &self->tiles[tile];
        t->n_events = tile == 0 ? n[EVENTS] : 0;
        t->n_port_events = tile == 0 ? n[PORT_EVENTS] : 0;
        t->hash = tile == 0 ? n[HASH] : 0;
    }
}

const cali_state_part cali_state_counts = {"counts", save_counts, check_counts, restore_counts};
