/* The part of a saved state that belongs to plastic synapses, for each projection:
 *
 *     head | sources: time since the last spike, traces, states of the row | targets: number of kept spikes, then age and
 *     traces before each, oldest first | voltages of targets | their rates | releases: number, then age and concentration after each, oldest first | synapses
 *     by (source, delay, target): weight and states as the last event left them
 *
 * As in the other parts no tile enters. Weights belong to pairs of neurons: a network of other pairs cannot take them. */
#include <math.h>
#include <string.h>

#include "snn/plastic.h"
#include "snn/state.h"

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)
static const int64_t LONGEST_AGE = INT64_MAX / 8; /* in steps; a source that never spiked has age -1 */

typedef struct plastic_head {
    char synapse[32];
    uint64_t n_synapses, wiring; /* hash of all (source, target, delay) */
    uint64_t membrane_size, has_rates;
} plastic_head;

/* Doubles of a target whose voltage is seen: as it is now; u_plus, u_minus of past steps; depression of past steps. */
enum { N_SEEN = 5 };
static size_t membrane_size(const cali_plastic *p)
{
    return N_SEEN + 2 * (size_t)p->voltage.delay + p->longest_delay + 1;
}

static double *past_membrane(const cal_snn *self, const cali_plastic *p, uint32_t id, uint32_t index)
{
    const cali_membranes *m = &p->tiles[id % self->n_tiles].membranes;
    const size_t width = self->populations[p->projection.def.to].width, place = id / self->n_tiles;
    const uint32_t n_late = 2 * p->voltage.delay;
    if (index < n_late)
        return &m->late[index % 2][((uint64_t)(self->step - index / 2) & (p->n_late - 1)) * width + place];
    return &m->depression[((uint64_t)(self->step - (index - n_late)) & (p->n_depressions - 1)) * width + place];
}

/* Scaling by rates keeps two numbers of each target. */
static bool has_rates(const cali_plastic *p)
{
    return p->projection.def.scaling.kind == CAL_SCALING_RATE;
}

static double *rates_of(const cal_snn *self, const cali_plastic *p, uint32_t id, int which)
{
    const cali_plastic_tile *t = &p->tiles[id % self->n_tiles];
    return (which == 0 ? t->rate_Hz : t->integral) + id / self->n_tiles;
}

static plastic_head head_of(const cal_snn *self, const cali_plastic *p)
{
    plastic_head h = {.membrane_size = p->sees_voltage ? membrane_size(p) : 0, .has_rates = has_rates(p)};
    strncpy(h.synapse, p->synapse->face.name, sizeof h.synapse - 1);
    cali_walk w = cali_walk_start(self, p);
    for (; cali_walk_next(&w); h.n_synapses++)
        h.wiring = cali_mix(h.wiring, cali_mix((uint64_t)w.source << 32 | w.target, w.delay));
    return h;
}

/* Doubles of a source, a kept spike and a synapse. */
static size_t source_size(const cali_plastic *p)
{
    return p->synapse->n_pre + (p->has_shared_states ? p->synapse->face.n_states : 0);
}

static size_t synapse_size(const cali_plastic *p)
{
    return 1 + (p->has_shared_states ? 0 : p->synapse->face.n_states);
}

/* ---- saving -------------------------------------------------------------------------------------- */

static void save_sources(const cal_snn *self, const cali_plastic *p, cali_text *out)
{
    const cali_plastic_tile *t = &p->tiles[0]; /* all tiles hold the same */
    const size_t n_states = p->synapse->face.n_states;
    for (uint32_t i = 0; i < self->populations[p->projection.def.from].n; i++) {
        const cali_source *s = &t->sources[i];
        const int64_t age = s->last == CALI_NEVER ? -1 : self->step - s->last;
        cali_text_add_bytes(out, &age, sizeof age);
        cali_text_add_bytes(out, s->pre, p->synapse->n_pre * sizeof *s->pre);
        if (p->has_shared_states)
            cali_text_add_bytes(out, t->state[1] + i * n_states, n_states * sizeof(double));
    }
}

/* Spikes that some synapse has not seen, and the one before them. */
static void save_target(const cal_snn *self, const cali_plastic *p, uint32_t id, cali_text *out)
{
    const cali_plastic_tile *t = &p->tiles[id % self->n_tiles];
    const uint32_t place = id / self->n_tiles, mask = p->ring_size - 1;
    const uint64_t n = t->past[place].n, oldest = n > p->ring_size ? n - p->ring_size : 0;
    const cali_past_spike *ring = &t->spikes[(size_t)place * p->ring_size];
    uint64_t first = n;
    while (first > oldest && ring[(first - 1) & mask].stamp + p->longest_delay >= self->step)
        first--;
    first -= first > oldest;
    const uint64_t n_kept = n - first;
    cali_text_add_bytes(out, &n_kept, sizeof n_kept);
    for (uint64_t i = first; i < n; i++) {
        const int64_t age = self->step - ring[i & mask].stamp;
        cali_text_add_bytes(out, &age, sizeof age);
        cali_text_add_bytes(out, ring[i & mask].before, p->synapse->n_post * sizeof(double));
    }
}

/* What is seen of a target, then what it was seen as, newest first. */
static void save_membrane(const cal_snn *self, const cali_plastic *p, uint32_t id, cali_text *out)
{
    const cali_membranes *m = &p->tiles[id % self->n_tiles].membranes;
    const uint32_t place = id / self->n_tiles;
    const cali_seen *x = &m->seen[place];
    const double seen[] = {x->u, x->plus, x->minus, x->mean, x->spike_left};
    cali_text_add_bytes(out, seen, sizeof seen);
    for (uint32_t age = 0; age < membrane_size(p) - N_SEEN; age++)
        cali_text_add_bytes(out, past_membrane(self, p, id, age), sizeof(double));
}

/* Releases on their way, and the last one before them. */
static void save_releases(const cali_plastic *p, int64_t step, cali_text *out)
{
    const cali_plastic_tile *t = &p->tiles[0]; /* all tiles hold the same */
    uint64_t first = t->n_releases;
    const uint64_t oldest = first > p->n_slots ? first - p->n_slots : 0;
    while (first > oldest && t->releases[(first - 1) & (p->n_slots - 1)].stamp > step)
        first--;
    first -= first > oldest;
    const uint64_t n_kept = t->n_releases - first;
    cali_text_add_bytes(out, &n_kept, sizeof n_kept);
    for (uint64_t i = first; i < t->n_releases; i++) {
        const cali_release *release = &t->releases[i & (p->n_slots - 1)];
        const int64_t age = step - release->stamp;
        cali_text_add_bytes(out, &age, sizeof age);
        cali_text_add_bytes(out, &release->level, sizeof release->level);
    }
}

static void save_plastic(const cal_snn *self, cali_text *out)
{
    for (size_t g = 0; g < self->n_plastics; g++) {
        const cali_plastic *p = &self->plastics[g];
        const plastic_head head = head_of(self, p);
        double state[CALI_MAX_SYNAPSE_STATES];
        cali_text_add_bytes(out, &head, sizeof head);
        save_sources(self, p, out);
        for (uint32_t id = 0; p->ring_size > 0 && id < self->populations[p->projection.def.to].n; id++)
            save_target(self, p, id, out);
        for (uint32_t id = 0; p->sees_voltage && id < self->populations[p->projection.def.to].n; id++)
            save_membrane(self, p, id, out);
        for (uint32_t id = 0; has_rates(p) && id < self->populations[p->projection.def.to].n; id++)
            for (int which = 0; which < 2; which++)
                cali_text_add_bytes(out, rates_of(self, p, id, which), sizeof(double));
        if (p->is_modulated)
            save_releases(p, self->step, out);
        cali_walk w = cali_walk_start(self, p);
        while (cali_walk_next(&w)) {
            cali_walk_read(&w, state);
            cali_text_add_bytes(out, state, synapse_size(p) * sizeof *state);
        }
    }
}

/* ---- checking ------------------------------------------------------------------------------------ */

/* What is left of the bytes; takes fail once they are too short. */
typedef struct bytes_left {
    const char *at;
    size_t size;
    bool is_short;
} bytes_left;

static void take(bytes_left *b, void *out, size_t size)
{
    memset(out, 0, size);
    b->is_short |= size > b->size;
    if (b->is_short)
        return;
    if (size > 0)
        memcpy(out, b->at, size);
    b->at += size;
    b->size -= size;
}

static bool are_traces(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] >= 0.0 && isfinite(x[i])))
            return false;
    return true;
}

static bool are_states(const cali_plastic *p, const double *x)
{
    for (size_t i = 0; i < p->synapse->face.n_states; i++)
        if (!(x[i] >= p->synapse->face.states[i].low && x[i] <= p->synapse->face.states[i].high))
            return false;
    return true;
}

static bool check_sources(const cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    double x[CALI_MAX_TRACES + CALI_MAX_SYNAPSE_STATES];
    for (uint32_t i = 0; !b->is_short && i < self->populations[p->projection.def.from].n; i++) {
        int64_t age;
        take(b, &age, sizeof age);
        take(b, x, source_size(p) * sizeof *x);
        if (age < -1 || age > LONGEST_AGE || !are_traces(x, p->synapse->n_pre) ||
            (p->has_shared_states && !are_states(p, x + p->synapse->n_pre)))
            return false;
    }
    return !b->is_short;
}

static bool check_targets(const cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    double x[CALI_MAX_TRACES];
    for (uint32_t i = 0; p->ring_size > 0 && !b->is_short && i < self->populations[p->projection.def.to].n; i++) {
        uint64_t n;
        int64_t age, last = LONGEST_AGE + 1;
        take(b, &n, sizeof n);
        if (n > p->ring_size)
            return false;
        for (; n > 0; n--, last = age) {
            take(b, &age, sizeof age);
            take(b, x, p->synapse->n_post * sizeof *x);
            if (age < 0 || age >= last || !are_traces(x, p->synapse->n_post))
                return false;
        }
    }
    return !b->is_short;
}

static bool check_membranes(const cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    for (uint32_t id = 0; id < self->populations[p->projection.def.to].n; id++)
        for (size_t i = 0; i < membrane_size(p); i++) {
            double x;
            take(b, &x, sizeof x);
            const bool is_steps = i == N_SEEN - 1, is_depression = i >= N_SEEN + 2 * (size_t)p->voltage.delay;
            if (b->is_short || !isfinite(x) || (is_steps && !(x >= 0.0 && x <= 1e9)) || (is_depression && x < 0.0))
                return false;
        }
    return true;
}

static bool check_rates(const cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    for (uint32_t i = 0; i < self->populations[p->projection.def.to].n; i++) {
        double x[2];
        take(b, x, sizeof x);
        if (b->is_short || !(x[0] >= 0.0) || !isfinite(x[0]) || !isfinite(x[1]))
            return false;
    }
    return true;
}

static bool check_releases(const cali_plastic *p, bytes_left *b)
{
    uint64_t n;
    int64_t age, last = LONGEST_AGE + 1;
    take(b, &n, sizeof n);
    if (n > p->n_slots)
        return false;
    for (; !b->is_short && n > 0; n--, last = age) {
        double level;
        take(b, &age, sizeof age);
        take(b, &level, sizeof level);
        if (age >= last || age < -(int64_t)p->n_slots || !isfinite(level))
            return false;
    }
    return !b->is_short;
}

static cal_status check_projection(const cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    plastic_head h;
    const plastic_head own = head_of(self, p);
    take(b, &h, sizeof h);
    if (!b->is_short && h.membrane_size != own.membrane_size)
        REFUSE("%s: the state holds voltages of another delay_u than that from %s to %s here", self->name,
               self->populations[p->projection.def.from].name, self->populations[p->projection.def.to].name);
    if (!b->is_short && h.has_rates != own.has_rates)
        REFUSE("%s: the state is of another scaling than that from %s to %s here", self->name,
               self->populations[p->projection.def.from].name, self->populations[p->projection.def.to].name);
    if (b->is_short || memcmp(h.synapse, own.synapse, sizeof h.synapse) != 0 || h.n_synapses != own.n_synapses ||
        h.wiring != own.wiring)
        REFUSE("%s: the state holds other plastic synapses than those from %s to %s here: other rules, pairs of neurons or "
               "delays", self->name, self->populations[p->projection.def.from].name,
               self->populations[p->projection.def.to].name);
    bool is_good = check_sources(self, p, b) && check_targets(self, p, b) &&
                   (!p->sees_voltage || check_membranes(self, p, b)) && (!has_rates(p) || check_rates(self, p, b)) &&
                   (!p->is_modulated || check_releases(p, b));
    for (uint64_t k = 0; is_good && k < h.n_synapses; k++) {
        double x[CALI_MAX_SYNAPSE_STATES];
        take(b, x, synapse_size(p) * sizeof *x);
        is_good = !b->is_short && (p->has_shared_states || are_states(p, x + 1));
        if (is_good && !(x[0] >= 0.0 && x[0] <= p->projection.limit))
            REFUSE("%s: the state holds a weight of %g from %s to %s, beyond the limit %g here", self->name, x[0],
                   self->populations[p->projection.def.from].name, self->populations[p->projection.def.to].name,
                   p->projection.limit);
    }
    if (!is_good)
        REFUSE("%s: the state is broken: plastic synapses", self->name);
    return CAL_OK;
}

static cal_status check_plastic(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    bytes_left b = {bytes, size, false};
    for (size_t g = 0; g < self->n_plastics; g++)
        CAL_TRY(check_projection(self, &self->plastics[g], &b));
    if (b.size > 0)
        REFUSE("%s: the state holds plastic synapses, which this network has not", self->name);
    return CAL_OK;
}

/* ---- restoring ----------------------------------------------------------------------------------- */

static void restore_sources(cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    const size_t n_states = p->synapse->face.n_states;
    for (uint32_t i = 0; i < self->populations[p->projection.def.from].n; i++) {
        cali_source s = {.done = self->step};
        double states[CALI_MAX_SYNAPSE_STATES];
        int64_t age;
        take(b, &age, sizeof age);
        take(b, s.pre, p->synapse->n_pre * sizeof *s.pre);
        take(b, states, (p->has_shared_states ? n_states : 0) * sizeof *states);
        s.last = age < 0 ? CALI_NEVER : self->step - age;
        for (unsigned tile = 0; tile < self->n_tiles; tile++) {
            p->tiles[tile].sources[i] = s;
            if (p->has_shared_states && n_states > 0)
                memcpy(p->tiles[tile].state[1] + i * n_states, states, n_states * sizeof *states);
        }
    }
}

static void restore_target(const cal_snn *self, const cali_plastic *p, uint32_t id, bytes_left *b)
{
    const cali_plastic_tile *t = &p->tiles[id % self->n_tiles];
    const uint32_t place = id / self->n_tiles;
    cali_past past = {0};
    uint64_t n;
    take(b, &n, sizeof n);
    for (; past.n < n; past.n++) {
        cali_past_spike *spike = &t->spikes[(size_t)place * p->ring_size + past.n];
        int64_t age;
        take(b, &age, sizeof age);
        take(b, spike->before, p->synapse->n_post * sizeof(double));
        spike->stamp = past.newest = self->step - age;
        for (size_t i = 0; i < p->synapse->n_post; i++)
            past.after[i] = p->synapse->post[i].is_nearest ? 1.0 : spike->before[i] + 1.0;
    }
    t->past[place] = past;
}

static void restore_membrane(const cal_snn *self, const cali_plastic *p, uint32_t id, bytes_left *b)
{
    double x[N_SEEN];
    take(b, x, sizeof x);
    p->tiles[id % self->n_tiles].membranes.seen[id / self->n_tiles] = (cali_seen){x[0], x[1], x[2], x[3], (int32_t)x[4]};
    for (uint32_t index = 0; index < membrane_size(p) - N_SEEN; index++)
        take(b, past_membrane(self, p, id, index), sizeof(double));
}

static void restore_releases(const cal_snn *self, const cali_plastic *p, bytes_left *b)
{
    uint64_t n;
    take(b, &n, sizeof n);
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        p->tiles[tile].n_releases = 0;
    for (; n > 0; n--) {
        double level;
        int64_t age;
        take(b, &age, sizeof age);
        take(b, &level, sizeof level);
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            cali_modulator_push(p, tile, self->step - age, level);
    }
}

static void restore_plastic(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    bytes_left b = {bytes, size, false};
    for (size_t g = 0; g < self->n_plastics; g++) {
        const cali_plastic *p = &self->plastics[g];
        plastic_head head;
        take(&b, &head, sizeof head);
        restore_sources(self, p, &b);
        for (uint32_t id = 0; p->ring_size > 0 && id < self->populations[p->projection.def.to].n; id++)
            restore_target(self, p, id, &b);
        for (uint32_t id = 0; p->sees_voltage && id < self->populations[p->projection.def.to].n; id++)
            restore_membrane(self, p, id, &b);
        for (uint32_t id = 0; has_rates(p) && id < self->populations[p->projection.def.to].n; id++)
            for (int which = 0; which < 2; which++)
                take(&b, rates_of(self, p, id, which), sizeof(double));
        if (p->is_modulated)
            restore_releases(self, p, &b);
        cali_walk w = cali_walk_start(self, p);
        while (cali_walk_next(&w)) {
            double x[CALI_MAX_SYNAPSE_STATES];
            const cali_plastic_tile *t = &p->tiles[w.tile];
            take(&b, x, synapse_size(p) * sizeof *x);
            for (size_t i = t->state[0] == NULL; i < synapse_size(p); i++)
                t->state[i][w.index] = x[i];
        }
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            p->tiles[tile].worked_off = self->step;
    }
}

const cali_state_part cali_state_plastic = {"synapses", save_plastic, check_plastic, restore_plastic};
