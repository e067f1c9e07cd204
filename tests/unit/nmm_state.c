/* Saved states: a restored host goes on with the same bits, whatever the scheme; what is broken or of another network
 * is refused and changes nothing. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "base/random.h"
#include "support/nmm_net.h"

enum { N = 9 };

/* Nine Jansen-Rit regions with near, far and instantaneous edges, two kinds of coupling, a stimulus that begins after the
 * state is saved, coloured noise and, where the scheme takes it, white noise. */
static const cal_nmm_noise noises[] = {{.state = "y4", .level = 0.001, .tau_ms = 7.0},
                                       {.state = "y5", .level = 0.002}};
static const cal_nmm_stimulus stimulus = {.region = 3, .amplitude = 0.02, .frequency_Hz = 11.0,
                                          .start = 90 * CAL_NS_PER_MS};

static net make(cal_integrator integrator, bool has_white)
{
    net a = net_make(N, "jansen-rit", 1);
    for (size_t i = 0; i < N; i++) {
        net_edge(&a, i, (i + 1) % N, 30.0, 0.0);
        net_edge(&a, i, (i + 2) % N, 40.0, 1.03 + 0.1 * (double)i);
        net_edge(&a, i, (i + 4) % N, 50.0, 12.34 + (double)i);
        a.initial[i * NET_MAX_ROWS] = 0.01 * (double)i;
    }
    a.coupling[0].kind = CAL_COUPLING_SIGMOIDAL_JANSEN_RIT;
    a.coupling[1] = cal_coupling_default();
    a.coupling[1].kind = CAL_COUPLING_DIFFERENCE;
    a.coupling[1].from = "potential";
    a.coupling[1].a = 1e-6;
    a.def.n_couplings = 2;
    a.def.integrator = integrator;
    a.def.noises = noises;
    a.def.n_noises = has_white ? 2 : 1;
    a.def.stimuli = &stimulus;
    a.def.n_stimuli = 1;
    a.def.seed = 5;
    return a;
}

static void save(const net *a, char **bytes, size_t *size)
{
    cr_assert(cal_nmm_save_state(a->nmm, bytes, size) == CAL_OK, "%s", cal_context_message(a->ctx));
}

static double largest_difference(const net *a, const net *b)
{
    const size_t n_states = cal_nmm_model_find("jansen-rit")->n_states;
    double worst = 0.0;
    for (size_t i = 0; i < N; i++)
        for (size_t s = 0; s < n_states; s++)
            worst = fmax(worst, fabs(net_state(a, i, s) - net_state(b, i, s)));
    return worst;
}

/* 83.2 ms is no whole number of windows or batches. Adaptive schemes begin anew, and their error is up to 1000 rtol
 * (docs/numerics.md): 1e-6 at rtol 1e-9, of states near 10. */
static struct criterion_test_params each_integrator(void)
{
    static int index[CAL_N_INTEGRATORS];
    for (int i = 1; i < CAL_N_INTEGRATORS; i++)
        index[i - 1] = i;
    return cr_make_param_array(int, index, CAL_N_INTEGRATORS - 1);
}
ParameterizedTestParameters(nmm_state, a_restored_run_goes_on)
{
    return each_integrator();
}
ParameterizedTest(int *i, nmm_state, a_restored_run_goes_on)
{
    const cal_integrator integrator = (cal_integrator)*i;
    bool has_white = true;
    net probe = make(integrator, true);
    if (net_try(&probe) != CAL_OK)
        has_white = false;
    net_free(&probe);
    net whole = make(integrator, has_white), first = make(integrator, has_white), second = make(integrator, has_white);
    const cal_time part = 832 * (CAL_NS_PER_MS / 10);
    net *all[] = {&whole, &first, &second};
    for (int k = 0; k < 3; k++) {
        all[k]->def.dt = CAL_NS_PER_MS / 10;
        all[k]->def.rtol = 1e-9;
        net_create(all[k]);
    }
    cr_assert(net_run(&whole, part) == CAL_OK && net_run(&whole, 3 * part) == CAL_OK);
    cr_assert(net_run(&first, part) == CAL_OK);
    char *bytes;
    size_t size;
    save(&first, &bytes, &size);
    cr_assert(cal_nmm_restore_state(second.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK, "%s",
              cal_context_message(second.ctx));
    cr_expect(eq(i64, cal_nmm_time(second.nmm), part));
    cr_expect(largest_difference(&second, &first) == 0.0);
    cr_assert(net_run(&second, 3 * part) == CAL_OK, "%s", cal_context_message(second.ctx));
    const double worst = largest_difference(&second, &whole);
    const char *name = cal_integrator_names[integrator];
    const bool is_adaptive = integrator == CAL_CVODE_ADAMS || integrator == CAL_CVODE_BDF || strcmp(name, "erk") == 0;
    cr_expect(is_adaptive ? worst < 1e-5 : worst == 0.0, "%s: %g", name, worst);
    cr_expect(largest_difference(&second, &first) > 1e-3, "nothing moves");
    free(bytes);
    net_free(&whole);
    net_free(&first);
    net_free(&second);
}

/* Saved, restored and saved again: the same bytes. */
Test(nmm_state, saving_what_was_restored_gives_the_same_bytes)
{
    net a = make(CAL_HEUN, true), b = make(CAL_HEUN, true);
    net_create(&a);
    net_create(&b);
    cr_assert(net_run(&a, 50 * CAL_NS_PER_MS) == CAL_OK);
    char *bytes, *again;
    size_t size, size_again;
    save(&a, &bytes, &size);
    cr_assert(cal_nmm_restore_state(b.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    save(&b, &again, &size_again);
    cr_assert(eq(sz, size, size_again));
    cr_expect(memcmp(bytes, again, size) == 0);
    free(bytes);
    free(again);
    net_free(&a);
    net_free(&b);
}

/* Regions computed elsewhere: what they sent is part of the state. */
Test(nmm_state, external_outputs_go_on)
{
    net whole = net_make(3, "mpr", 1), first = net_make(3, "mpr", 1), second = net_make(3, "mpr", 1);
    net *all[] = {&whole, &first, &second};
    for (int k = 0; k < 3; k++) {
        all[k]->regions[1].model = NULL;
        all[k]->def.dt = CAL_NS_PER_MS / 10;
        all[k]->def.window = 4 * CAL_NS_PER_MS;
        net_edge(all[k], 0, 1, 1.0, 9.7);
        net_edge(all[k], 2, 1, 2.0, 5.05);
        net_edge(all[k], 1, 0, 1.0, 6.0);
        net_edge(all[k], 2, 0, 1.0, 6.0);
        net_create(all[k]);
    }
    char *bytes = NULL;
    size_t size;
    for (int w = 0; w < 20; w++)
        for (int k = 0; k < 3; k++) {
            double values[40], drive[41];
            if ((k == 1 && w >= 8) || (k == 2 && w < 8))
                continue;
            if (k == 2 && w == 8) {
                save(&first, &bytes, &size);
                cr_assert(cal_nmm_restore_state(second.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK, "%s",
                          cal_context_message(second.ctx));
            }
            for (int j = 0; j < 40; j++)
                values[j] = 0.05 + 0.02 * ((w * 40 + j) % 17);
            cr_assert(cal_nmm_advance(all[k]->nmm, (w + 1) * 4 * CAL_NS_PER_MS) == CAL_OK);
            cr_assert(cal_nmm_write(all[k]->nmm, 1, values, 40) == CAL_OK);
            cr_assert(cal_nmm_read_drive(all[k]->nmm, 1, 0, (w + 1) * 4 * CAL_NS_PER_MS, 40, drive) == CAL_OK);
        }
    for (size_t s = 0; s < 2; s++) {
        cr_expect(eq(dbl, net_state(&second, 0, s), net_state(&whole, 0, s)));
        cr_expect(eq(dbl, net_state(&second, 2, s), net_state(&whole, 2, s)));
    }
    free(bytes);
    for (int k = 0; k < 3; k++)
        net_free(all[k]);
}

/* The initial state of another run: other weights, time 0. It goes on from the saved states, and what was sent still
 * arrives: with weights and delays as they were, nothing but the time has changed. */
Test(nmm_state, another_run_may_begin_there)
{
    net a = make(CAL_RK4, false), b = make(CAL_RK4, false);
    a.def.n_noises = b.def.n_noises = 0; /* functions of time */
    a.def.n_stimuli = b.def.n_stimuli = 0;
    b.def.seed = 77;
    net_create(&a);
    net_create(&b);
    cr_assert(net_run(&a, 60 * CAL_NS_PER_MS) == CAL_OK);
    char *bytes;
    size_t size;
    save(&a, &bytes, &size);
    cr_expect(cal_nmm_restore_state(b.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(b.ctx), "seed") != NULL);
    cal_context_clear(b.ctx);
    cr_assert(cal_nmm_restore_state(b.nmm, bytes, size, CAL_RESTORE_BEGIN) == CAL_OK, "%s", cal_context_message(b.ctx));
    cr_expect(eq(i64, cal_nmm_time(b.nmm), 0));
    cr_assert(net_run(&a, 100 * CAL_NS_PER_MS) == CAL_OK && net_run(&b, 40 * CAL_NS_PER_MS) == CAL_OK);
    cr_expect(largest_difference(&a, &b) == 0.0);
    cr_expect(cal_nmm_restore_state(b.nmm, bytes, size, CAL_RESTORE_BEGIN) == CAL_ERR_STATE);
    free(bytes);
    net_free(&a);
    net_free(&b);
}

static void refused(net *b, const char *bytes, size_t size, cal_restore how, const char *say)
{
    cr_expect(cal_nmm_restore_state(b->nmm, bytes, size, how) == CAL_ERR_INPUT, "%s", say);
    cr_expect(strstr(cal_context_message(b->ctx), say) != NULL, "%s: %s", say, cal_context_message(b->ctx));
    cal_context_clear(b->ctx);
}

Test(nmm_state, broken_bytes_are_refused_and_change_nothing)
{
    net a = make(CAL_RK4, false), b = make(CAL_RK4, false);
    net_create(&a);
    net_create(&b);
    cr_assert(net_run(&a, 30 * CAL_NS_PER_MS) == CAL_OK);
    char *bytes, *before, *after;
    size_t size, size_before, size_after;
    save(&a, &bytes, &size);
    save(&b, &before, &size_before);
    refused(&b, NULL, 0, CAL_RESTORE_CONTINUE, "cut short");
    refused(&b, "no state at all", 15, CAL_RESTORE_CONTINUE, "cut short");
    for (size_t cut = 1; cut < size; cut += 1 + size / 97)
        refused(&b, bytes, size - cut, CAL_RESTORE_CONTINUE, "C305");
    for (uint32_t k = 0; k < 300; k++) { /* one bit, anywhere; most often in the first 200 bytes */
        const cali_random r = cali_philox(cali_key_from_seed(3), k, 0, 0, 0);
        const size_t at = r.word[0] % (k % 3 == 0 ? size : 280);
        bytes[at] = (char)(bytes[at] ^ (1 << (r.word[1] % 8)));
        refused(&b, bytes, size, k % 2 == 0 ? CAL_RESTORE_CONTINUE : CAL_RESTORE_BEGIN, "C305");
        bytes[at] = (char)(bytes[at] ^ (1 << (r.word[1] % 8)));
    }
    save(&b, &after, &size_after);
    cr_expect(size_before == size_after && memcmp(before, after, size_before) == 0);
    cr_expect(cal_nmm_restore_state(b.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    free(bytes);
    free(before);
    free(after);
    net_free(&a);
    net_free(&b);
}

Test(nmm_state, other_networks_and_definitions_are_refused)
{
    net a = make(CAL_RK4, false);
    net_create(&a);
    cr_assert(net_run(&a, 30 * CAL_NS_PER_MS) == CAL_OK);
    char *bytes;
    size_t size;
    save(&a, &bytes, &size);
    for (int k = 0; k < 6; k++) {
        net b = k == 0 ? net_make(N - 1, "jansen-rit", 1) : make(CAL_RK4, false);
        if (k == 1)
            b.def.dt = CAL_NS_PER_MS / 5;
        if (k == 2)
            b.def.n_couplings = 1;
        if (k == 3)
            net_set(&b, 2, "a", 0.11);
        if (k == 4)
            net_edge(&b, 4, 5, 31.0, 0.0);
        if (k == 5)
            net_edge(&b, 4, 6, 50.0, 2000.0);
        net_create(&b);
        refused(&b, bytes, size, k < 5 ? CAL_RESTORE_CONTINUE : CAL_RESTORE_BEGIN,
                k == 0 ? "the state is of 9 regions" : k < 3 ? "or another step" : k < 5 ? "of other parameters" : "reaches");
        net_free(&b);
    }
    free(bytes);
    net_free(&a);
}

/* Recorded means: an interval under way at the restored time is unknown. */
Test(nmm_state, a_mean_under_way_is_not_a_number)
{
    net a = make(CAL_RK4, false), b = make(CAL_RK4, false);
    net_create(&a);
    net_create(&b);
    size_t probe, n;
    const cal_probe_def mean = {.what = "potential", .every = 2 * CAL_NS_PER_MS, .is_mean = true};
    cr_assert(cal_nmm_add_probe(a.nmm, &mean, &probe, NULL) == CAL_OK);
    cr_assert(net_run(&a, 9 * CAL_NS_PER_MS) == CAL_OK);
    char *bytes;
    size_t size;
    save(&a, &bytes, &size);
    cr_assert(cal_nmm_restore_state(b.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    cr_assert(cal_nmm_add_probe(b.nmm, &mean, &probe, NULL) == CAL_OK);
    cr_assert(cal_nmm_advance(a.nmm, 14 * CAL_NS_PER_MS) == CAL_OK);
    cr_assert(cal_nmm_advance(b.nmm, 14 * CAL_NS_PER_MS) == CAL_OK);
    const double *whole = cal_nmm_probe_rows(a.nmm, 0, &n), *rest = cal_nmm_probe_rows(b.nmm, probe, &n);
    cr_assert(eq(sz, n, 3));
    cr_expect(isnan(rest[0]) && !isnan(whole[0]));
    for (size_t j = N; j < 3 * N; j++)
        cr_expect(eq(dbl, rest[j], whole[j]));
    free(bytes);
    net_free(&a);
    net_free(&b);
}
