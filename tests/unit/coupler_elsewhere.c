/* Sub-simulators that compute elsewhere: begun before the host's window, with lag 2 one window ahead. What they compute
 * is what they compute in process. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "support/two_scales.h"

enum { N_WINDOWS = 60, N_PORTS = 4, N_VALUES = 64, N_SPIKES = 4096 };

/* A network behind begin and finish: windows wait in a queue until they are asked for. */
typedef struct elsewhere {
    void *inner;
    size_t n_begun, n_finished;
    struct {
        double values[N_PORTS][N_VALUES];
        uint32_t offset[N_PORTS][N_SPIKES], id[N_PORTS][N_SPIKES];
        size_t n[N_PORTS];
    } queue[2];
} elsewhere;

static size_t most_begun;

static void *wrap(void *inner)
{
    elsewhere *self = calloc(1, sizeof *self);
    self->inner = inner;
    return self;
}

static size_t n_ports(const void *self)
{
    return cal_sub_snn.n_ports(((const elsewhere *)self)->inner);
}

static const cal_port *port(const void *self, size_t i)
{
    return cal_sub_snn.port(((const elsewhere *)self)->inner, i);
}

static cal_status begin(void *arg, cal_time t0, const cal_port_data *data)
{
    elsewhere *self = arg;
    const size_t slot = self->n_begun % 2;
    cr_assert(t0 == (cal_time)self->n_begun * CAL_NS_PER_MS);
    for (size_t i = 0; i < n_ports(self); i++) {
        const cal_port *p = port(self, i);
        if (!p->is_input)
            continue;
        if (p->is_spikes) {
            cr_assert(data[i].spikes.n <= N_SPIKES);
            self->queue[slot].n[i] = data[i].spikes.n;
            for (size_t k = 0; k < data[i].spikes.n; k++) {
                self->queue[slot].offset[i][k] = data[i].spikes.offset_ns[k];
                self->queue[slot].id[i][k] = data[i].spikes.id[k];
            }
        } else {
            memcpy(self->queue[slot].values[i], data[i].values, p->channels * p->samples * sizeof(double));
        }
    }
    self->n_begun++;
    if (self->n_begun - self->n_finished > most_begun)
        most_begun = self->n_begun - self->n_finished;
    return CAL_OK;
}

static cal_status finish(void *arg, cal_time t0, cal_port_data *data)
{
    elsewhere *self = arg;
    const size_t slot = self->n_finished % 2;
    cal_port_data mine[N_PORTS] = {0};
    for (size_t i = 0; i < n_ports(self); i++) {
        const cal_port *p = port(self, i);
        mine[i].values = p->is_input ? self->queue[slot].values[i] : data[i].values;
        mine[i].spikes = (cal_port_spikes){self->queue[slot].n[i], self->queue[slot].offset[i], self->queue[slot].id[i]};
    }
    cr_assert(self->n_finished < self->n_begun);
    self->n_finished++;
    return cal_sub_snn.advance(self->inner, t0, mine);
}

static cal_time window(const void *self)
{
    return cal_sub_snn.window(((const elsewhere *)self)->inner);
}

static void destroy(void *self)
{
    cal_sub_snn.destroy(((elsewhere *)self)->inner);
    free(self);
}

static cal_status save_state(const void *self, char **bytes, size_t *size)
{
    return cal_sub_snn.save_state(((const elsewhere *)self)->inner, bytes, size);
}

static cal_status restore_state(void *arg, cal_time time, const char *bytes, size_t size, cal_restore how)
{
    elsewhere *self = arg;
    CAL_TRY(cal_sub_snn.restore_state(self->inner, time, bytes, size, how));
    self->n_begun = self->n_finished = (size_t)(time / CAL_NS_PER_MS);
    return CAL_OK;
}

static const cal_sub_ops ops = {.kind = "elsewhere", .state_kind = "network", .n_ports = n_ports, .port = port,
                                .begin = begin, .finish = finish, .window = window, .destroy = destroy,
                                .save_state = save_state, .restore_state = restore_state};

static two_scales make(bool is_elsewhere, unsigned lag)
{
    two_ops = is_elsewhere ? &ops : &cal_sub_snn;
    two_wrap = is_elsewhere ? wrap : NULL;
    most_begun = 0;
    return two_make(2, 96, 128, lag);
}

/* The hash of windows `first` to N_WINDOWS - 1. */
static uint64_t run(two_scales *two, int first, bool is_held)
{
    uint64_t hash = 1;
    for (int k = first; k < N_WINDOWS; k++) {
        if (is_held && k % 7 == 3)
            cal_coupler_hold(two->coupler);
        TWO_MUST(two->ctx, cal_coupler_advance(two->coupler));
        hash = two_hash(two, hash);
    }
    return hash;
}

ParameterizedTestParameters(coupler_elsewhere, gives_the_bits_of_the_run_in_process)
{
    static unsigned lags[] = {1, 2};
    return cr_make_param_array(unsigned, lags, 2);
}

ParameterizedTest(unsigned *lag, coupler_elsewhere, gives_the_bits_of_the_run_in_process)
{
    two_scales here = make(false, *lag);
    const uint64_t expected = run(&here, 0, false);
    two_free(&here);
    for (int is_held = 0; is_held < 2; is_held++) {
        two_scales there = make(true, *lag);
        cr_expect(eq(u64, run(&there, 0, is_held), expected));
        cr_expect(eq(sz, most_begun, *lag)); /* with lag 2 one window is always ahead */
        two_free(&there);
    }
}

/* A state is saved with nothing on its way, and either kind goes on from the other's. */
Test(coupler_elsewhere, saves_after_a_hold_and_goes_on_anywhere)
{
    two_scales whole = make(false, 2);
    for (int k = 0; k < N_WINDOWS / 2; k++)
        TWO_MUST(whole.ctx, cal_coupler_advance(whole.coupler));
    const uint64_t expected = run(&whole, N_WINDOWS / 2, false);
    two_free(&whole);

    two_scales there = make(true, 2);
    char *bytes = NULL;
    size_t size = 0;
    for (int k = 0; k < N_WINDOWS / 2 - 1; k++)
        TWO_MUST(there.ctx, cal_coupler_advance(there.coupler));
    cr_expect(eq(int, cal_coupler_save_state(there.coupler, &bytes, &size), CAL_ERR_STATE));
    cal_context_clear(there.ctx);
    cal_coupler_hold(there.coupler);
    TWO_MUST(there.ctx, cal_coupler_advance(there.coupler));
    TWO_MUST(there.ctx, cal_coupler_save_state(there.coupler, &bytes, &size));
    cr_expect(eq(u64, run(&there, N_WINDOWS / 2, false), expected));
    two_free(&there);
    for (int is_elsewhere = 0; is_elsewhere < 2; is_elsewhere++) {
        two_scales again = make(is_elsewhere, 2);
        TWO_MUST(again.ctx, cal_coupler_restore_state(again.coupler, bytes, size, CAL_RESTORE_CONTINUE));
        cr_expect(eq(u64, run(&again, N_WINDOWS / 2, false), expected));
        two_free(&again);
    }
    free(bytes);
}
