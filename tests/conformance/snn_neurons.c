/* Every neuron of the list, and some that are texts, keep the contract of their entries. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/network.h"
#include "support/own_neurons.h"

enum { MAX_NEURONS = 64 };

#define FOR_EACH_NEURON(test)                                                                      \
    ParameterizedTestParameters(snn_neurons, test)                                                 \
    {                                                                                              \
        static int index[MAX_NEURONS];                                                             \
        const size_t n = cali_test_n_neurons();                                                    \
        for (size_t i = 0; i < n; i++)                                                             \
            index[i] = (int)i;                                                                     \
        return cr_make_param_array(int, index, n);                                                 \
    }                                                                                              \
    ParameterizedTest(int *index, snn_neurons, test)

static void expect_field(const cal_neuron *n, const cal_field *f, bool is_param)
{
    cr_expect(f->name != NULL && f->name[0] != '\0' && f->unit != NULL && f->meaning != NULL, "%s",
              n->name);
    cr_expect(f->low <= f->high, "%s: %s", n->name, f->name);
    cr_expect(f->value >= f->low && f->value <= f->high, "%s: default of %s", n->name, f->name);
    cr_expect(is_param || isfinite(f->value), "%s: initial %s", n->name, f->name);
}

FOR_EACH_NEURON(has_a_complete_entry_with_unique_names)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    cr_assert(n->name != NULL && n->title != NULL && n->equations != NULL && n->source != NULL);
    cr_expect(eq(ptr, (void *)cal_snn_neuron_find(n->name), n->self != NULL ? NULL : (void *)n));
    if (n->alias != NULL)
        cr_expect(eq(ptr, (void *)cal_snn_neuron_find(n->alias), (void *)n));
    cr_expect(n->n_states >= 1 && n->n_states <= CALI_MAX_STATES);
    cr_expect(n->n_receptors <= CALI_MAX_RECEPTORS); /* generators have none */
    cr_expect(cali_neuron_of(n)->n_uniforms + cali_neuron_of(n)->n_normals <= CALI_MAX_RANDOMS);
    cr_expect(cali_neuron_of(n)->n_constants <= CALI_MAX_CONSTANTS);
    cr_expect(strcmp(n->current_unit, "pA") == 0 || strcmp(n->current_unit, "1") == 0 ||
              strcmp(n->current_unit, "Hz") == 0);
    for (size_t i = 0; i < n->n_params; i++) {
        expect_field(n, &n->params[i], true);
        cr_expect(eq(int, cal_field_find(n->params, n->n_params, n->params[i].name), (int)i));
        cr_expect(lt(int, cal_field_find(n->states, n->n_states, n->params[i].name), 0));
    }
    for (size_t i = 0; i < n->n_states; i++) {
        expect_field(n, &n->states[i], false);
        cr_expect(eq(int, cal_field_find(n->states, n->n_states, n->states[i].name), (int)i));
    }
    for (size_t i = 0; i < n->n_receptors; i++)
        cr_expect(n->receptors[i].name != NULL && n->receptors[i].unit != NULL &&
                  n->receptors[i].meaning != NULL);
}

/* A population of `count` neurons, with a current port, a mean port and Poisson ports on all receptors. */
typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
    size_t n_ports;
} bed;

static bed lay(const cal_neuron *neuron, uint32_t count, unsigned n_tiles, uint64_t seed)
{
    bed b = {.ctx = cali_test_context(1)};
    const cal_snn_population population = {"cell", neuron, count, NULL, 0};
    cal_snn_port ports[CALI_MAX_RECEPTORS + 3];
    for (size_t r = 0; r < neuron->n_receptors; r++)
        ports[b.n_ports++] = (cal_snn_port){.name = "p", .kind = CAL_PORT_POISSON, .receptor = neuron->receptors[r].name,
                                            .n_trains = 2.0, .weight = 0.5, .samples = 2};
    ports[b.n_ports++] = (cal_snn_port){.name = "i", .kind = CAL_PORT_CURRENT, .samples = 2};
    ports[b.n_ports++] = (cal_snn_port){.name = "r", .kind = CAL_PORT_RATE, .samples = 2};
    ports[b.n_ports++] = (cal_snn_port){.name = "m", .kind = CAL_PORT_MEAN, .state = neuron->states[0].name, .samples = 1};
    cal_snn_def def = cal_snn_def_default();
    def.populations = &population;
    def.n_populations = 1;
    def.ports = ports;
    def.n_ports = b.n_ports;
    def.n_tiles = n_tiles;
    def.seed = seed;
    cr_assert(eq(int, cal_snn_create(b.ctx, &def, &b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
    return b;
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

static void advance(bed *b)
{
    cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
}

FOR_EACH_NEURON(starts_at_the_initial_values_and_stays_finite_without_input)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    bed b = lay(n, 37, 3, 1);
    double x[37];
    for (size_t s = 0; s < n->n_states; s++) {
        cr_assert(eq(int, cal_snn_get_state(b.snn, 0, n->states[s].name, x), CAL_OK));
        for (int i = 0; i < 37; i++)
            cr_expect(epsilon_eq(dbl, x[i], n->states[s].value, 1e-5), "%s: %s", n->name, n->states[s].name);
    }
    for (int w = 0; w < 200; w++)
        advance(&b);
    cr_expect(eq(i64, cal_snn_time(b.snn), 200 * CAL_NS_PER_MS));
    clear(&b);
}

/* A current at which the neuron with its defaults spikes, and is not held depolarised. */
static double strong_current(const cal_neuron *n)
{
    if (strcmp(n->name, "morris-lecar") == 0)
        return 100.0; /* of 20 pF */
    return strcmp(n->current_unit, "pA") == 0 ? 1500.0 : 20.0;
}

/* Depolarising current makes every neuron spike; the counts of the rate port are the recorded spikes. */
FOR_EACH_NEURON(spikes_when_driven_and_every_spike_is_counted)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    bed b = lay(n, 37, 3, 1);
    const double drive = strong_current(n), drives[2] = {drive, drive};
    double counted = 0.0, rates[2];
    size_t recorded = 0;
    for (int w = 0; w < 300; w++) {
        cr_assert(eq(int, cal_snn_write(b.snn, n->n_receptors, drives), CAL_OK));
        advance(&b);
        cr_assert(eq(int, cal_snn_read(b.snn, n->n_receptors + 1, rates), CAL_OK));
        counted += (rates[0] + rates[1]) * 37 * 0.5e-3;
        recorded += cal_snn_get_spikes(b.snn).n;
    }
    cr_expect(recorded >= 37 * 3, "%s: %zu spikes", n->name, recorded);
    cr_expect(epsilon_eq(dbl, counted, (double)recorded, 1e-6));
    cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_spikes, recorded));
    clear(&b);
}

/* 37 cells, 2 trains at 100 Hz for 300 ms per receptor: the drawn events are Poisson; rate 0 draws none. */
FOR_EACH_NEURON(takes_poisson_input_at_each_receptor_and_none_at_rate_zero)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    bed b = lay(n, 37, 3, 1);
    for (int w = 0; w < 20; w++)
        advance(&b);
    cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_port_events, 0));
    const double rates[2] = {100.0, 100.0};
    for (int w = 0; w < 300; w++) {
        for (size_t r = 0; r < n->n_receptors; r++)
            cr_assert(eq(int, cal_snn_write(b.snn, r, rates), CAL_OK));
        advance(&b);
    }
    const double expected = 37.0 * 2 * 100 * 0.3 * (double)n->n_receptors;
    const double events = (double)cal_snn_get_counts(b.snn).n_port_events;
    cr_expect(fabs(events - expected) <= 4.0 * sqrt(expected), "%s: %g events, expected %g", n->name, events, expected);
    clear(&b);
}

/* Input at every receptor and a current that makes it spike, on one instruction set: spikes and final state. */
static uint64_t hash_on(const char *isa, unsigned n_tiles, const cal_neuron *n)
{
    bed b = lay(cali_test_on_isa(isa, n), 37, n_tiles, 1);
    const double drive = strcmp(n->current_unit, "pA") == 0 ? 1500.0 : 20.0, drives[2] = {drive, 0.0};
    const double rates[2] = {400.0, 800.0};
    for (int w = 0; w < 100; w++) {
        for (size_t r = 0; r < n->n_receptors; r++)
            cr_assert(eq(int, cal_snn_write(b.snn, r, rates), CAL_OK));
        cr_assert(eq(int, cal_snn_write(b.snn, n->n_receptors, drives), CAL_OK));
        advance(&b);
    }
    const uint64_t hash = cal_snn_hash(b.snn);
    clear(&b);
    return hash;
}

/* Where the processor lacks an instruction set, the best one below is taken. */
FOR_EACH_NEURON(has_the_same_bits_on_every_instruction_set_and_for_any_tiles)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    const uint64_t plain = hash_on("base", 1, n);
    cr_expect(eq(u64, hash_on("v3", 1, n), plain), "%s", n->name);
    cr_expect(eq(u64, hash_on("v4", 1, n), plain), "%s", n->name);
    cr_expect(eq(u64, hash_on("v4", 3, n), plain), "%s", n->name);
}

/* The mean port agrees with the states, within its unit of 2^-20 and the average over the ten steps. */
FOR_EACH_NEURON(mean_port_is_the_mean_of_the_states)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    bed b = lay(n, 37, 3, 1);
    double before[37], after[37], mean, low = 0.0, high = 0.0;
    for (int w = 0; w < 3; w++) {
        cal_snn_get_state(b.snn, 0, n->states[0].name, before);
        advance(&b);
    }
    cal_snn_get_state(b.snn, 0, n->states[0].name, after);
    cr_assert(eq(int, cal_snn_read(b.snn, n->n_receptors + 2, &mean), CAL_OK));
    for (int i = 0; i < 37; i++) {
        low += fmin(before[i], after[i]) / 37;
        high += fmax(before[i], after[i]) / 37;
    }
    cr_expect(mean >= low - 1e-4 && mean <= high + 1e-4, "%s: %g not in %g to %g", n->name, mean, low, high);
    clear(&b);
}

/* The state of generators is what they did in the last step: nothing of it lives on. */
static bool is_generator(const cal_neuron *n)
{
    return strcmp(n->name, "poisson") == 0 || strcmp(n->name, "parrot") == 0;
}

/* NaN in a state ends the run with population, state and neuron; afterwards the object refuses. */
FOR_EACH_NEURON(a_state_that_is_no_number_ends_the_run_with_names)
{
    const cal_neuron *n = cali_test_neuron_at((size_t)*index);
    bed b = lay(n, 5, 2, 1);
    const cali_population *p = &b.snn->populations[0];
    p->state[n->n_states * p->width + 1] = NAN; /* tile 1, place 1: neuron 3 */
    if (is_generator(n)) {
        advance(&b);
        clear(&b);
        return;
    }
    cr_assert(eq(int, cal_snn_advance(b.snn), CAL_ERR_NUMERIC), "%s", n->name);
    char expected[512];
    snprintf(expected, sizeof expected, "E302 cell: %s of neuron 3 (%s) is not finite at 0.001 s (1 of 5 neurons); at 0 s it was. "
             "Try a step below 0.1 ms, smaller weights and currents, or other parameters of cell.", n->states[0].name, n->name);
    cr_expect(eq(str, (char *)cal_context_message(b.ctx), expected));
    cal_context_clear(b.ctx);
    cr_expect(eq(int, cal_snn_advance(b.snn), CAL_ERR_STATE));
    clear(&b);
}
