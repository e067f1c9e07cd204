/* From text to struct: values, defaults, overrides, the echo. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "experiment/experiment.h"
#include "support/support.h"

static cal_experiment *parse(const char *text, const char *const *sets, size_t n_sets)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    const cal_status status = cali_experiment_parse(ctx, "dir/exp.yaml", text, strlen(text), sets, n_sets, &e);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
    return e;
}

static const char smallest[] = "callosum: 1\n"
                               "run: {duration: 1 s}\n"
                               "connectome: {file: brain.zip}\n"
                               "models: {field: {neural_mass: mpr}}\n"
                               "regions: {default: field}\n";

Test(experiment_parse, what_is_left_out_has_the_libraries_defaults)
{
    cal_experiment *e = parse(smallest, NULL, 0);
    cal_coupling coupling = cal_coupling_default();
    cal_coupling_complete(&coupling);
    cr_expect(eq(i64, e->duration, INT64_C(1000000000)));
    cr_expect(eq(u64, e->seed, 1));
    cr_expect(eq(dbl, e->speed_mm_per_ms, cal_nmm_def_default().speed_mm_per_ms));
    cr_expect(eq(dbl, e->gain, cal_nmm_def_default().gain));
    cr_expect(eq(dbl, e->rtol, cal_nmm_def_default().rtol));
    cr_expect(eq(str, (char *)e->source.path, "dir/brain.zip"));
    cr_expect(eq(dbl, e->source.length_unit_mm, 1.0));
    cr_expect(eq(sz, e->n_couplings, 1));
    cr_expect(eq(dbl, e->couplings[0].a, coupling.a));
    cr_expect(eq(dbl, e->couplings[0].b, coupling.b));
    cr_expect(eq(i64, e->window, 0));
    cr_expect(eq(i64, e->dt, 0));
    cr_expect(eq(dbl, e->budget_bytes, 2e9));
    cr_expect(eq(sz, e->n_signals, 1));
    cr_expect(eq(str, e->signals[0].what, "r"));
    cr_expect(eq(i64, e->signals[0].every, CAL_NS_PER_MS));
    const cal_nmm_model *mpr = cal_nmm_model_find("mpr");
    for (size_t i = 0; i < mpr->n_params; i++)
        cr_expect(eq(dbl, e->masses[0].params[i], mpr->params[i].value));
    cal_experiment_destroy(&e);
    cal_experiment_destroy(&e);
}

/* The table's words for what cal_generate_def_default says in numbers. */
Test(experiment_parse, generate_has_the_generators_defaults)
{
    const char *sets[] = {"connectome={generate: {}}"};
    cal_experiment *e = parse(smallest, sets, 1);
    const cal_generate_def def = cal_generate_def_default();
    cr_expect(e->is_generated);
    cr_expect(eq(sz, e->generate.n_regions, def.n_regions));
    cr_expect(eq(u64, e->generate.seed, def.seed));
    cr_expect(eq(dbl, e->generate.density, def.density));
    cr_expect(eq(dbl, e->generate.decay_mm, def.decay_mm));
    cr_expect(eq(dbl, e->generate.log_sd, def.log_sd));
    cr_expect(eq(dbl, e->generate.tract_factor, def.tract_factor));
    cal_experiment_destroy(&e);
}

static const char two_scales[] =
    "callosum: 1\n"
    "title: two scales\n"
    "run: {duration: 2 min, transient: 0.5 s, seed: 18446744073709551615}\n"
    "connectome: {file: /abs/brain.csv.gz, lengths: l.csv, labels: n.tsv, orientation: from-to, length_unit: cm,\n"
    "             speed: infinite, self_connections: drop}\n"
    "coupling: {gain: 20 %, weights: max-one, min_delay: 1 ms, kind: sigmoidal, from: rate, to: c, cmin: 0 Hz,\n"
    "           cmax: 5 Hz, midpoint: 6 Hz, a: 0.56, sigma: 1 1/s}\n"
    "integrator: {method: rk4, step: 0.1 ms}\n"
    "noise: {state: y4, level: 0.07 V/s/s, tau: 5 ms}\n"
    "stimuli: [{of: A, amplitude: 10 Hz, frequency: 5 kHz, phase: 90 deg, start: 1 s, stop: 1.5 s}]\n"
    "models:\n"
    "  jr: {neural_mass: jansen-rit, parameters: {A: 3.25 mV, a: 100 Hz, r: 0.56 1/mV}, initial: {y1: 1 uV}}\n"
    "regions:\n"
    "  \"B, #2\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations:\n"
    "        E: {neuron: adex, count: 800, parameters: {b: 0.01 nA, E_L: \"normal(-55 mV, 2 mV, -60 mV, -50 mV)\"},\n"
    "            initial: {V: \"uniform(-60 mV, -55 mV)\"}}\n"
    "        I: {neuron: lif, count: 2e2}\n"
    "      connections:\n"
    "        - {from: E, to: E, in_degree: 40, receptor: excitatory, weight: \"lognormal(1 nS, 0.5)\", delay: 1 ms}\n"
    "        - {from: \"E, I\", to: I, probability: 10 %, weight: -20 pA, multapses: false}\n"
    "        - {from: I, to: I, one_to_one: true, weight: 0.1 mV}\n"
    "        - {from: I, to: E, out_degree: 7, weight: 1 nS, receptor: inhibitory, multapses: true}\n"
    "        - {from: E, to: I, total: 3000000000, weight: 1 pA, multapses: true, autapses: true}\n"
    "        - {from: E, to: E, neighbours: 10, rewiring: 20 %, weight: 1 nS, receptor: excitatory}\n"
    "      drive:\n"
    "        - {kind: poisson, into: E.inhibitory, rate: 2 kHz, trains: 10, weight: 500 pS}\n"
    "        - {kind: current, into: I, amplitude: 0.1 nA, start: 100 ms}\n"
    "    receives:\n"
    "      - {by: poisson, into: E.excitatory, weight: 1 nS, synapses: 115, offset: 0.1 kHz}\n"
    "      - {by: shared-poisson, into: I, weight: 5 pA, synapses: 20, trains: 400}\n"
    "      - {by: current, into: I, take: c, gain: 2 pA/Hz}\n"
    "    gives: [{by: rate, from: E, width: 20 ms}]\n"
    "  default: jr\n"
    "  A: {model: jr, parameters: {B: 17.6 mV}}\n"
    "sync: {window: 1 ms, lag: 2}\n"
    "record: {budget: 1 MiB, signals: [{what: spikes, of: B, fraction: 5 %}, {what: y1, every: 2 ms, mean: true}]}\n";

Test(experiment_parse, units_become_those_of_the_tables)
{
    cal_experiment *e = parse(two_scales, NULL, 0);
    cr_expect(eq(i64, e->duration, INT64_C(120000000000)));
    cr_expect(eq(u64, e->seed, UINT64_MAX));
    cr_expect(eq(str, (char *)e->source.path, "/abs/brain.csv.gz"));
    cr_expect(eq(str, (char *)e->source.lengths_path, "dir/l.csv"));
    cr_expect(eq(int, e->source.orientation, CAL_FROM_TO));
    cr_expect(eq(dbl, e->source.length_unit_mm, 10.0));
    cr_expect(e->source.drops_self_connections);
    cr_expect(isinf(e->speed_mm_per_ms));
    cr_expect(eq(dbl, e->gain, 0.2));
    cr_expect(eq(int, e->source.normalisation, CAL_WEIGHTS_MAX_ONE));
    const cal_coupling *c = &e->couplings[0];
    cr_expect(eq(int, c->kind, CAL_COUPLING_SIGMOIDAL));
    cr_expect(eq(str, (char *)c->to, "c"));
    cr_expect(eq(dbl, c->cmax, 0.005));
    cr_expect(eq(dbl, c->midpoint, 0.006));
    cr_expect(eq(dbl, c->sigma, 0.001));
    cr_expect(eq(dbl, c->a, 0.56));
    cr_expect(eq(int, e->integrator, CAL_RK4));
    cr_expect(eq(i64, e->dt, 100000));
    cr_expect(eq(dbl, e->noises[0].level, 7e-5)); /* 0.07 V/s^2 = 7e-5 mV/ms^2 */
    cr_expect(eq(dbl, e->stimuli[0].params[1], 0.01));
    cr_expect(eq(dbl, e->stimuli[0].params[2], 5000.0));
    cr_expect(epsilon_eq(dbl, e->stimuli[0].params[3], 1.5707963267948966, 1e-15));
    cr_expect(eq(str, e->stimulus_more[0].of, "A"));
    cr_expect(eq(dbl, e->masses[0].params[2], 0.1));
    cr_expect(eq(dbl, e->masses[0].initial[1], 0.001));
    cr_expect(eq(dbl, e->budget_bytes, 1048576.0));
    cr_expect(eq(uint, e->lag, 2));
    cr_expect(eq(dbl, e->signals[0].fraction, 0.05));
    cr_expect(e->signals[1].is_mean);
    cal_experiment_destroy(&e);
}

Test(experiment_parse, a_spiking_region_becomes_a_network)
{
    cal_experiment *e = parse(two_scales, NULL, 0);
    cr_assert(eq(sz, e->n_assignments, 3));
    cr_assert(eq(sz, e->n_networks, 1));
    cr_expect(eq(str, e->assignments[0].selector, "default"));
    cr_expect(eq(str, e->assignments[1].selector, "B, #2"));
    cr_expect(eq(int, e->assignments[1].network, 0));
    cr_expect(eq(int, e->assignments[1].mass, -1));
    cr_expect(eq(sz, e->assignments[2].settings.n, 1));
    cr_expect(eq(dbl, e->assignments[2].settings.items[0].value.a, 17.6));
    const cali_network *n = &e->networks[0];
    cr_expect(eq(sz, n->n_populations, 2));
    cr_expect(eq(u32, n->populations[1].n, 200));
    const cal_snn_setting *s = n->populations[0].settings;
    cr_expect(eq(dbl, s[0].value.a, 10.0));
    cr_expect(eq(int, s[0].value.kind, CAL_CONSTANT));
    cr_expect(eq(int, s[1].value.kind, CAL_NORMAL));
    cr_expect(eq(dbl, s[1].value.b, 2.0));
    cr_expect(eq(dbl, s[1].value.low, -60.0));
    cr_expect(eq(str, (char *)s[2].name, "V"));
    cr_expect(eq(int, s[2].value.kind, CAL_UNIFORM));
    cr_assert(eq(sz, n->n_projections, 7));
    cr_expect(eq(int, n->projections[0].weight.kind, CAL_LOGNORMAL));
    cr_expect(eq(dbl, n->projections[0].weight.a, 0.0));
    cr_expect(eq(dbl, n->projections[1].probability, 0.1));
    cr_expect(eq(sz, n->projections[1].from, 0));
    cr_expect(eq(str, (char *)n->projections[2].receptor, "inhibitory")); /* by the sign */
    cr_expect(eq(dbl, n->projections[2].delay_ms.a, 0.1));                /* one step */
    cr_expect(eq(str, (char *)n->projections[3].receptor, "delta"));      /* by the unit */
    cr_expect(n->projections[4].rule == CAL_FIXED_OUT_DEGREE && n->projections[4].out_degree == 7);
    cr_expect(n->projections[4].has_multapses && !n->projections[4].has_autapses);
    cr_expect(n->projections[5].rule == CAL_FIXED_TOTAL && n->projections[5].total == UINT64_C(3000000000));
    cr_expect(n->projections[6].rule == CAL_SMALL_WORLD && n->projections[6].n_neighbours == 10);
    cr_expect(eq(dbl, n->projections[6].probability, 0.2));
    cr_expect(eq(dbl, n->poissons[0].rate_Hz, 2000.0));
    cr_expect(eq(dbl, n->poissons[0].weight, 0.5));
    cr_expect(eq(str, (char *)n->poissons[0].receptor, "inhibitory"));
    cr_expect(eq(dbl, n->currents[0].amplitude, 100.0));
    cr_expect(eq(i64, n->currents[0].start, 100 * CAL_NS_PER_MS));
    cr_assert(eq(sz, n->n_receives, 3));
    cr_assert(eq(sz, n->n_gives, 1));
    cr_expect(eq(dbl, n->receives[0].synapses, 115.0));
    cr_expect(eq(dbl, n->receives[0].params[1], 100.0));
    cr_expect(eq(u32, n->receives[1].trains, 400));
    cr_expect(eq(dbl, n->receives[2].params[0], 2000.0)); /* 2 pA/Hz = 2000 pA/(1/ms) */
    cr_expect(eq(str, (char *)n->receives[2].units[0], "pA/(1/ms)"));
    cr_expect(eq(dbl, n->gives[0].params[1], 20.0));
    cal_experiment_destroy(&e);
}

static void expect_same_network(const cali_network *a, const cali_network *b)
{
    cr_expect(eq(i64, a->step, b->step));
    cr_assert(eq(sz, a->n_populations, b->n_populations));
    for (size_t i = 0; i < a->n_populations; i++) {
        cr_expect(a->populations[i].neuron == b->populations[i].neuron);
        cr_expect(eq(u32, a->populations[i].n, b->populations[i].n));
    }
    cr_assert(eq(sz, a->n_projections, b->n_projections));
    for (size_t i = 0; i < a->n_projections; i++) {
        const cal_snn_projection *p = &a->projections[i], *q = &b->projections[i];
        const bool is_same = p->from == q->from && p->to == q->to && p->rule == q->rule && p->in_degree == q->in_degree &&
                             p->out_degree == q->out_degree && p->total == q->total &&
                             p->n_neighbours == q->n_neighbours &&
                             p->probability == q->probability && p->has_autapses == q->has_autapses &&
                             p->has_multapses == q->has_multapses && strcmp(p->receptor, q->receptor) == 0 &&
                             p->weight.kind == q->weight.kind && p->weight.a == q->weight.a &&
                             p->weight.b == q->weight.b && p->delay_ms.a == q->delay_ms.a;
        cr_expect(is_same, "connection %zu", i);
    }
    cr_assert(eq(sz, a->n_poissons, b->n_poissons));
    for (size_t i = 0; i < a->n_poissons; i++) {
        cr_expect(eq(dbl, a->poissons[i].rate_Hz, b->poissons[i].rate_Hz));
        cr_expect(eq(dbl, a->poissons[i].weight, b->poissons[i].weight));
        cr_expect(eq(dbl, a->poissons[i].n_trains, b->poissons[i].n_trains));
    }
    cr_assert(eq(sz, a->n_currents, b->n_currents));
    for (size_t i = 0; i < a->n_currents; i++) {
        cr_expect(eq(dbl, a->currents[i].amplitude, b->currents[i].amplitude));
        cr_expect(eq(i64, a->currents[i].start, b->currents[i].start));
    }
    cr_assert(eq(sz, a->n_receives, b->n_receives));
    for (size_t i = 0; i < a->n_receives; i++) {
        const cali_transfer *t = &a->receives[i], *u = &b->receives[i];
        cr_assert(t->transducer == u->transducer);
        const bool is_same = t->weight == u->weight && t->synapses == u->synapses && t->trains == u->trains;
        cr_expect(is_same, "receives %zu", i);
        for (size_t k = 0; k < t->transducer->n_params; k++)
            cr_expect(eq(dbl, t->params[k], u->params[k]));
    }
    cr_expect(eq(sz, a->n_gives, b->n_gives));
}

/* What an echo must not lose. */
static void expect_same_experiment(const cal_experiment *a, const cal_experiment *b)
{
    cr_expect(eq(i64, a->duration, b->duration));
    cr_expect(eq(i64, a->transient, b->transient));
    cr_expect(eq(u64, a->seed, b->seed));
    cr_expect(eq(dbl, a->gain, b->gain));
    cr_expect(eq(dbl, a->min_delay_ms, b->min_delay_ms));
    cr_expect(eq(dbl, a->source.length_unit_mm, b->source.length_unit_mm));
    cr_expect(eq(i64, a->dt, b->dt));
    cr_expect(eq(dbl, a->rtol, b->rtol));
    cr_expect(eq(i64, a->window, b->window));
    cr_expect(eq(uint, a->lag, b->lag));
    cr_assert(eq(sz, a->n_couplings, b->n_couplings));
    cr_expect(eq(dbl, a->couplings[0].sigma, b->couplings[0].sigma));
    cr_assert(eq(sz, a->n_noises, b->n_noises));
    for (size_t i = 0; i < a->n_noises; i++)
        cr_expect(eq(dbl, a->noises[i].level, b->noises[i].level));
    cr_assert(eq(sz, a->n_stimuli, b->n_stimuli));
    for (size_t i = 0; i < a->n_stimuli; i++) {
        cr_assert(a->stimuli[i].wave == b->stimuli[i].wave);
        for (size_t k = 0; k < a->stimuli[i].wave->n_params; k++)
            cr_expect(eq(dbl, a->stimuli[i].params[k], b->stimuli[i].params[k]));
        cr_expect(eq(i64, a->stimuli[i].stop, b->stimuli[i].stop));
    }
    cr_assert(eq(sz, a->n_masses, b->n_masses));
    for (size_t i = 0; i < a->n_masses; i++)
        for (size_t k = 0; k < a->masses[i].model->n_params; k++)
            cr_expect(eq(dbl, a->masses[i].params[k], b->masses[i].params[k]));
    cr_assert(eq(sz, a->n_assignments, b->n_assignments));
    for (size_t i = 0; i < a->n_assignments; i++) {
        cr_expect(eq(int, a->assignments[i].mass, b->assignments[i].mass));
        cr_expect(eq(sz, a->assignments[i].settings.n, b->assignments[i].settings.n));
    }
    cr_assert(eq(sz, a->n_networks, b->n_networks));
    for (size_t i = 0; i < a->n_networks; i++)
        expect_same_network(&a->networks[i], &b->networks[i]);
    cr_expect(eq(dbl, a->budget_bytes, b->budget_bytes));
    cr_assert(eq(sz, a->n_signals, b->n_signals));
    for (size_t i = 0; i < a->n_signals; i++) {
        cr_expect(eq(i64, a->signals[i].every, b->signals[i].every));
        cr_expect(eq(dbl, a->signals[i].fraction, b->signals[i].fraction));
    }
}

/* The echo is an experiment file: read again it gives the same echo, number by number. */
Test(experiment_parse, the_echo_reads_back_as_the_same_experiment)
{
    const char *texts[] = {smallest, two_scales};
    cal_context *ctx = cali_test_context(1);
    for (int i = 0; i < 2; i++) {
        cali_text first = {0}, second = {0};
        cal_experiment *e = parse(texts[i], NULL, 0);
        cr_assert(eq(int, cali_experiment_echo(ctx, e, &first), CAL_OK));
        cal_experiment *again = parse(first.data, NULL, 0);
        cr_assert(eq(int, cali_experiment_echo(ctx, again, &second), CAL_OK));
        expect_same_experiment(e, again);
        if (i == 1) { /* relative paths are joined to the folder again */
            char *at = strstr(second.data, "dir/dir/");
            cr_assert(at != NULL);
            memmove(at, at + 4, strlen(at + 4) + 1);
            at = strstr(second.data, "dir/dir/");
            cr_assert(at != NULL);
            memmove(at, at + 4, strlen(at + 4) + 1);
            cr_expect(eq(str, first.data, second.data));
            cr_expect(strstr(first.data, "\"step\": \"0.0001 s\"") != NULL);
            cr_expect(strstr(first.data, "\"E_L\": \"normal(-0.055 V, 0.002 V, -0.06 V, -0.05 V)\"") != NULL);
            cr_expect(strstr(first.data, "\"weight\": \"lognormal(1e-09 S, 0.5)\"") != NULL);
        }
        cal_experiment_destroy(&e);
        cal_experiment_destroy(&again);
        cali_text_free(&first);
        cali_text_free(&second);
    }
    cal_context_destroy(&ctx);
}

Test(experiment_parse, overrides_act_after_reading)
{
    const char *sets[] = {"run.duration=2s",
                          "connectome.file=other.zip",
                          "run.seed=7",
                          "models.field.parameters.tau=20 ms",
                          "record.signals[0].what=V",
                          "record.signals[0].every=5 ms",
                          "record.signals[1]={what: r}",
                          "models.\"a.b\".neural_mass=jr",
                          "regions.\"most connected\"={model: field, parameters: {eta: -4}}",
                          "regions.'most connected'.parameters.eta=-3"};
    cal_experiment *e = parse(smallest, sets, sizeof sets / sizeof *sets);
    cr_expect(eq(i64, e->duration, INT64_C(2000000000)));
    cr_expect(eq(str, (char *)e->source.path, "other.zip")); /* from where the user stands */
    cr_expect(eq(u64, e->seed, 7));
    cr_expect(eq(dbl, e->masses[0].params[0], 20.0));
    cr_assert(eq(sz, e->n_signals, 2));
    cr_expect(eq(str, e->signals[0].what, "V"));
    cr_expect(eq(i64, e->signals[0].every, 5 * CAL_NS_PER_MS));
    cr_expect(eq(str, e->masses[1].name, "a.b"));
    cr_expect(eq(dbl, e->assignments[1].settings.items[0].value.a, -3.0));
    cal_experiment_destroy(&e);
}

Test(experiment_parse, places_are_kept_for_later_messages)
{
    cal_experiment *e = parse(two_scales, NULL, 0);
    cr_expect(eq(uint, e->speed_place.line, 5));
    cr_expect(eq(uint, e->speed_place.column, 21));
    cr_expect(eq(uint, e->assignments[1].place.line, 14));
    cr_expect(eq(uint, e->assignments[1].place.column, 3));
    cr_expect(eq(uint, e->networks[0].step_place.line, 16));
    cr_expect(eq(uint, e->window_place.line, 38));
    cal_experiment_destroy(&e);
}

Test(experiment_parse, the_example_is_read_and_takes_a_file_in_the_place_of_its_generator)
{
    cal_context *ctx = cali_test_context(1);
    const char *path = CALLOSUM_SOURCE_DIR "/examples/one-spiking-region/experiment.yaml";
    const char *sets[] = {"connectome.file=x.zip"};
    cal_experiment *e = NULL;
    cr_assert(eq(int, cal_experiment_load(ctx, path, NULL, 0, &e), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(e->is_generated);
    cal_experiment_destroy(&e);
    cr_assert(eq(int, cal_experiment_load(ctx, path, sets, 1, &e), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(not(e->is_generated));
    cal_experiment_destroy(&e);
    cr_expect(eq(int, cal_experiment_load(ctx, "/nonexistent.yaml", NULL, 0, &e), CAL_ERR_IO));
    cr_expect(e == NULL);
    cal_context_destroy(&ctx);
}
