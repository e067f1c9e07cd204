/* A coupler without a host: its sub-simulators exchange nothing, and are what they are by themselves. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/two_scales.h"

enum { N_WINDOWS = 20 };
#define MUST(ctx, call) cr_assert(CAL_OK == (call), "%s", cal_context_message(ctx))

/* Leaky neurons with noise; `has_input`: and a port that wants to be told something. */
static cal_snn *make_network(cal_context *ctx, uint64_t seed, bool has_input)
{
    const cal_snn_population population = {.name = "E", .neuron = cal_snn_neuron_find("lif"), .n = 60};
    const char *excitatory = population.neuron->receptors[0].name;
    const cal_snn_poisson noise = {.receptor = excitatory, .rate_Hz = 10.0, .n_trains = 1000.0, .weight = 22.0};
    const cal_snn_port ports[] = {{.name = "rate", .kind = CAL_PORT_RATE, .samples = 4},
                                  {.name = "drive", .kind = CAL_PORT_CURRENT, .samples = 4}};
    cal_snn_def def = cal_snn_def_default();
    cal_snn *snn = NULL;
    def.name = "E";
    def.dt = CAL_NS_PER_MS / 10;
    def.window = 2 * CAL_NS_PER_MS;
    def.seed = seed;
    def.populations = &population;
    def.n_populations = 1;
    def.poissons = &noise;
    def.n_poissons = 1;
    def.ports = ports;
    def.n_ports = has_input ? 2 : 1;
    MUST(ctx, cal_snn_create(ctx, &def, &snn));
    return snn;
}

static cal_coupler *make_coupler(cal_context *ctx)
{
    const cal_coupler_def def = {.window = 2 * CAL_NS_PER_MS, .lag = 2, .seed = 1};
    cal_coupler *coupler = NULL;
    MUST(ctx, cal_coupler_create(ctx, &def, NULL, &coupler));
    cr_expect(cal_coupler_nmm(coupler) == NULL);
    return coupler;
}

static const cal_snn *add(cal_context *ctx, cal_coupler *coupler, const char *name, size_t place, uint64_t seed)
{
    cal_snn *snn = make_network(ctx, seed, false);
    const cal_snn *lent = snn;
    void *self = NULL;
    MUST(ctx, cal_sub_snn_create(ctx, &snn, &self));
    MUST(ctx, cal_coupler_add(coupler, name, place, &cal_sub_snn, self, NULL, 0));
    return lent;
}

Test(coupler_alone, networks_are_what_they_are_by_themselves)
{
    for (unsigned n_threads = 1; n_threads <= 3; n_threads++) {
        cal_context *ctx = cali_test_context(n_threads);
        cal_coupler *coupler = make_coupler(ctx);
        cal_snn *whole[2];
        const cal_snn *lent[2];
        for (int i = 0; i < 2; i++) {
            whole[i] = make_network(ctx, 5 + (uint64_t)i, false);
            lent[i] = add(ctx, coupler, i == 0 ? "one" : "other", (size_t)i, 5 + (uint64_t)i);
        }
        for (int k = 0; k < N_WINDOWS; k++) {
            MUST(ctx, cal_coupler_advance(coupler));
            for (size_t i = 0; i < 2; i++) {
                double values[4];
                MUST(ctx, cal_snn_advance(whole[i]));
                MUST(ctx, cal_snn_read(whole[i], 0, values));
                cr_expect(memcmp(values, cal_coupler_port_values(coupler, i, 0), sizeof values) == 0);
            }
        }
        cr_expect(cal_coupler_time(coupler) == N_WINDOWS * 2 * CAL_NS_PER_MS);
        cr_expect(cal_snn_get_counts(whole[0]).n_spikes > 10);
        for (int i = 0; i < 2; i++) {
            cr_expect(eq(u64, cal_snn_hash(lent[i]), cal_snn_hash(whole[i])));
            cal_snn_destroy(&whole[i]);
        }
        cal_coupler_destroy(&coupler);
        cal_context_destroy(&ctx);
    }
}

Test(coupler_alone, a_state_goes_on_and_is_no_state_of_a_brain)
{
    cal_context *ctx = cali_test_context(1);
    cal_coupler *whole = make_coupler(ctx), *rest = make_coupler(ctx);
    const cal_snn *a = add(ctx, whole, "network", 0, 7), *b = add(ctx, rest, "network", 0, 7);
    char *bytes = NULL, *brain = NULL;
    size_t size = 0, brain_size = 0;
    for (int k = 0; k < N_WINDOWS; k++)
        MUST(ctx, cal_coupler_advance(whole));
    MUST(ctx, cal_coupler_save_state(whole, &bytes, &size));
    MUST(ctx, cal_coupler_restore_state(rest, bytes, size, CAL_RESTORE_CONTINUE));
    cr_expect(cal_coupler_time(rest) == cal_coupler_time(whole));
    MUST(ctx, cal_coupler_advance(whole));
    MUST(ctx, cal_coupler_advance(rest));
    cr_expect(eq(u64, cal_snn_hash(a), cal_snn_hash(b)));

    two_scales two = two_make(1, 96, 128, 1);
    cr_expect(cal_coupler_restore_state(two.coupler, bytes, size, CAL_RESTORE_CONTINUE) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(two.ctx), "C305 the state is of a network of its own") != NULL, "%s",
              cal_context_message(two.ctx));
    cal_context_clear(two.ctx);
    two_free(&two);
    two = two_make(1, 96, 128, 1);
    MUST(two.ctx, cal_coupler_advance(two.coupler));
    MUST(two.ctx, cal_coupler_save_state(two.coupler, &brain, &brain_size));
    cal_coupler *third = make_coupler(ctx);
    add(ctx, third, "network", 0, 7);
    cr_expect(cal_coupler_restore_state(third, brain, brain_size, CAL_RESTORE_CONTINUE) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "C305 the state is of a brain") != NULL, "%s", cal_context_message(ctx));
    free(bytes);
    free(brain);
    two_free(&two);
    cal_coupler_destroy(&third);
    cal_coupler_destroy(&whole);
    cal_coupler_destroy(&rest);
    cal_context_destroy(&ctx);
}

static void refused(cal_context *ctx, cal_snn *snn, const cal_link *links, size_t n_links, const char *text)
{
    cal_coupler *coupler = make_coupler(ctx);
    void *self = NULL;
    MUST(ctx, cal_sub_snn_create(ctx, &snn, &self));
    cr_expect(cal_coupler_add(coupler, "E", 0, &cal_sub_snn, self, links, n_links) == CAL_ERR_ARGUMENT);
    cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)text));
    cal_context_clear(ctx);
    cal_coupler_destroy(&coupler);
}

Test(coupler_alone, links_and_inputs_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    const cal_link rate = {.transducer = cal_transducer_find("rate")};
    refused(ctx, make_network(ctx, 1, false), &rate, 1, "E has 1 links, but there is no host");
    refused(ctx, make_network(ctx, 1, true), NULL, 0, "E: input port drive has 0 links, it needs exactly one");
    cal_context_destroy(&ctx);
}
