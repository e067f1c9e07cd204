/* The held integrators take the same steps as The Virtual Brain: its runs again, number by number
 * (shared/reference/tvb). What remains are roundings, so that results can be carried over and the difference of the
 * two ways of stepping be seen. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "nmm/host.h"
#include "support/tvb_models.h"

/* A step of a reference file, exactly. */
static cal_time step_of(hid_t file, const char *group)
{
    size_t n;
    double *dt_ms = cali_test_h5_attribute(file, group, "dt", &n);
    cr_assert(dt_ms != NULL && n == 1);
    const cal_time dt = (cal_time)(*dt_ms * 1e6 + 0.5);
    free(dt_ms);
    return dt;
}

/* ---- ten regions, every model ----------------------------------------------------------------------- */

/* The tolerance of the reference: 1e-9 of the range of each variable. */
ParameterizedTestParameters(nmm_tvb_replay, heun_held_repeats_the_run_of_ten_regions)
{
    return tvb_each_model();
}
ParameterizedTest(int *i, nmm_tvb_replay, heun_held_repeats_the_run_of_ten_regions)
{
    const tvb_model *tvb = &tvb_models[*i];
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    double tolerance[NET_MAX_ROWS];
    tvb_ranges(file, tvb, tolerance);
    for (size_t v = 0; v < NET_MAX_ROWS; v++)
        tolerance[v] *= 1e-9;
    net a = tvb_network(file, tvb);
    a.def.integrator = CAL_HEUN_HELD;
    a.def.dt = step_of(file, "network/tvb_heun");
    const double ratio = tvb_worst_ratio(file, tvb, &a, "network/tvb_heun", tolerance);
    fprintf(stderr, "%s heun-held: %.2g of the range\n", tvb->file, ratio * 1e-9);
    cr_expect(lt(dbl, ratio, 1.0), "%s", tvb->file);
    net_free(&a);
    H5Fclose(file);
}

/* ---- runs of other files: TVB's default parameters, but for a few -------------------------------------- */

typedef struct run {
    const char *group, *model;
    cal_integrator integrator;
    const char *param; /* that is changed, or NULL: from `low` at the first region linearly to `high` at the last */
    double low, high;
} run;

static hid_t open_runs(const char *name)
{
    char relative[64];
    snprintf(relative, sizeof relative, "reference/tvb/%s", name);
    const char *path = cali_test_shared(relative);
    return path == NULL ? -1 : H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

static const tvb_model *find_model(const char *file)
{
    for (size_t i = 0; i < TVB_MODELS; i++)
        if (strcmp(tvb_models[i].file, file) == 0)
            return &tvb_models[i];
    return NULL;
}

static double *read_part(hid_t file, const run *r, const char *name, size_t *n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", r->group, name);
    double *values = cali_test_h5_read(file, path, n);
    cr_assert(values != NULL, "%s", path);
    return values;
}

/* The run's regions without their edges. */
static net make_run(hid_t file, const run *r, size_t n)
{
    const tvb_model *tvb = find_model(r->model);
    const cal_nmm_model *m = tvb_ours(tvb);
    const hid_t defaults = tvb_open(tvb);
    net a = net_make(n, tvb->model, 1);
    size_t n_values;
    double *initial = read_part(file, r, "initial_state", &n_values), *value = calloc(n, sizeof *value);
    cr_assert(n_values == m->n_states * n);
    for (size_t k = 0; k < m->n_params; k++) {
        tvb_parameter(defaults, "dfun", tvb, k, n, value);
        for (size_t i = 0; i < n; i++) {
            const bool is_changed = r->param != NULL && strcmp(r->param, m->params[k].name) == 0;
            a.params[i * NET_MAX_ROWS + k] =
                is_changed ? r->low + (r->high - r->low) * (double)i / (double)(n - 1) : value[i];
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t s = 0; s < m->n_states; s++)
            a.initial[i * NET_MAX_ROWS + s] = initial[s * n + i];
    free(initial);
    free(value);
    H5Fclose(defaults);
    a.def.n_couplings = tvb_terms(file, r->group, tvb, a.coupling);
    a.def.integrator = r->integrator;
    a.def.dt = step_of(file, r->group);
    return a;
}

static void add_ten_regions(hid_t file, net *a)
{
    double *weights = tvb_read(file, "network/weights", TVB_REGIONS * TVB_REGIONS);
    double *delays = tvb_read(file, "network/delays_ms", TVB_REGIONS * TVB_REGIONS);
    memcpy(a->weights, weights, TVB_REGIONS * TVB_REGIONS * sizeof *weights);
    memcpy(a->delays_ms, delays, TVB_REGIONS * TVB_REGIONS * sizeof *delays);
    free(weights);
    free(delays);
}

/* Largest difference from the run's `y`, one row per `every`; with `is_relative` as a share of its variable's range. */
static double difference(hid_t file, const run *r, net *a, cal_time every, bool is_relative)
{
    const size_t n_states = a->regions[0].model->n_states;
    size_t n_values;
    double *y = read_part(file, r, "y", &n_values), worst = 0.0;
    const size_t n_rows = n_values / (n_states * a->n);
    for (size_t k = 0; k < n_rows; k++) {
        cr_assert(net_run(a, (cal_time)k * every) == CAL_OK, "%s", cal_context_message(a->ctx));
        for (size_t s = 0; s < n_states; s++) {
            double low = INFINITY, high = -INFINITY, off = 0.0;
            for (size_t j = 0; is_relative && j < n_rows; j++)
                for (size_t i = 0; i < a->n; i++) {
                    low = fmin(low, y[(j * n_states + s) * a->n + i]);
                    high = fmax(high, y[(j * n_states + s) * a->n + i]);
                }
            for (size_t i = 0; i < a->n; i++)
                off = fmax(off, fabs(net_state(a, i, s) - y[(k * n_states + s) * a->n + i]));
            worst = fmax(worst, is_relative ? off / (high - low) : off);
        }
    }
    free(y);
    return worst;
}

/* ---- the whole connectome ------------------------------------------------------------------------------ */

static const run whole[] = {
    {"Generic2dOscillator", "Generic2dOscillator", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"JansenRit", "JansenRit", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"Kuramoto", "Kuramoto", CAL_HEUN_HELD, "omega", 0.03, 0.07},
    {"MontbrioPazoRoxin", "MontbrioPazoRoxin", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"ReducedWongWangExcInh", "ReducedWongWangExcInh", CAL_HEUN_HELD, "G", 1.0, 1.0},
    {"WilsonCowan", "WilsonCowan", CAL_HEUN_HELD, NULL, 0.0, 0.0},
};

static void add_connectome(net *a)
{
    char path[512];
    const char *zip = cali_test_shared("data/connectomes/tvb/connectivity_76.zip");
    cr_assert(zip != NULL);
    snprintf(path, sizeof path, "%s", zip);
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path;
    cal_connectome *brain = NULL;
    cr_assert(cal_connectome_load(a->ctx, &source, &brain) == CAL_OK, "%s", cal_context_message(a->ctx));
    cr_assert(cal_connectome_n_regions(brain) == a->n);
    for (size_t e = 0; e < a->n * a->n; e++) {
        a->weights[e] = cal_connectome_weights(brain)[e];
        a->delays_ms[e] = cal_connectome_lengths_mm(brain)[e] / 3.0;
    }
    cal_connectome_destroy(&brain);
}

/* 76 regions, delays between steps; the tolerance of the reference is 1e-8 of the range. */
Test(nmm_tvb_replay, heun_held_repeats_the_runs_of_the_whole_connectome)
{
    const hid_t file = open_runs("full76_runs.h5");
    if (file < 0)
        cr_skip_test("the reference data are not here");
    for (size_t k = 0; k < sizeof whole / sizeof whole[0]; k++) {
        net a = make_run(file, &whole[k], 76);
        size_t n;
        double *t = read_part(file, &whole[k], "t", &n);
        add_connectome(&a);
        a.def.window = 2 * CAL_NS_PER_MS;
        net_create(&a);
        const double off = difference(file, &whole[k], &a, (cal_time)((t[1] - t[0]) * 1e6 + 0.5), true);
        fprintf(stderr, "76 regions, %s: %.2g of the range\n", whole[k].group, off);
        cr_expect(lt(dbl, off, 1e-8), "%s", whole[k].group);
        free(t);
        net_free(&a);
    }
    H5Fclose(file);
}

/* ---- stimuli ------------------------------------------------------------------------------------------- */

static const run pulsed[] = {
    {"Generic2dOscillator_EulerDeterministic", "Generic2dOscillator", CAL_EULER_HELD, NULL, 0.0, 0.0},
    {"Generic2dOscillator_HeunDeterministic", "Generic2dOscillator", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"Generic2dOscillator_RungeKutta4thOrderDeterministic", "Generic2dOscillator", CAL_RK4_HELD, NULL, 0.0, 0.0},
    {"MontbrioPazoRoxin_EulerDeterministic", "MontbrioPazoRoxin", CAL_EULER_HELD, NULL, 0.0, 0.0},
    {"MontbrioPazoRoxin_HeunDeterministic", "MontbrioPazoRoxin", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"MontbrioPazoRoxin_RungeKutta4thOrderDeterministic", "MontbrioPazoRoxin", CAL_RK4_HELD, NULL, 0.0, 0.0},
    {"ReducedWongWangExcInh_EulerDeterministic", "ReducedWongWangExcInh", CAL_EULER_HELD, NULL, 0.0, 0.0},
    {"ReducedWongWangExcInh_HeunDeterministic", "ReducedWongWangExcInh", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"ReducedWongWangExcInh_RungeKutta4thOrderDeterministic", "ReducedWongWangExcInh", CAL_RK4_HELD, NULL, 0.0, 0.0},
};

/* Pulses of 10 ms every 50 ms from 20 ms on into regions 1 and 4, half as strong there. TVB's first one lacks its first
 * step. */
static size_t add_pulses(cal_nmm_stimulus *s, const char *state, double height, cal_time dt)
{
    size_t n = 0;
    const cal_time first = 20 * CAL_NS_PER_MS;
    for (cal_time t = first; t < 150 * CAL_NS_PER_MS; t += 50 * CAL_NS_PER_MS)
        for (int64_t region = 1; region <= 4; region += 3)
            s[n++] = (cal_nmm_stimulus){.state = state, .region = region, .offset = region == 1 ? height : 0.5 * height,
                                        .start = t == first ? t + dt : t, .stop = t + 10 * CAL_NS_PER_MS};
    return n;
}

Test(nmm_tvb_replay, held_steps_repeat_the_runs_with_pulses)
{
    const hid_t file = open_runs("stimulus_runs.h5");
    if (file < 0)
        cr_skip_test("the reference data are not here");
    for (size_t k = 0; k < sizeof pulsed / sizeof pulsed[0]; k++) {
        const run *r = &pulsed[k];
        net a = make_run(file, r, TVB_REGIONS);
        const bool is_wong_wang = strcmp(r->model, "ReducedWongWangExcInh") == 0;
        add_ten_regions(file, &a);
        cal_nmm_stimulus stimuli[8];
        a.def.n_stimuli = add_pulses(stimuli, is_wong_wang ? "S_e" : "V", is_wong_wang ? 0.01 : 1.0, a.def.dt);
        a.def.stimuli = stimuli;
        a.def.window = CAL_NS_PER_MS;
        net_create(&a);
        const double off = difference(file, r, &a, CAL_NS_PER_MS, true);
        fprintf(stderr, "%s: %.2g of the range\n", r->group, off);
        cr_expect(lt(dbl, off, 1e-9), "%s", r->group);
        net_free(&a);
    }
    H5Fclose(file);
}

/* ---- noise --------------------------------------------------------------------------------------------- */

static const run noisy[] = {
    {"0_Generic2dOscillator_HeunStochastic", "Generic2dOscillator", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"1_Generic2dOscillator_EulerStochastic", "Generic2dOscillator", CAL_EULER_HELD, NULL, 0.0, 0.0},
    {"2_ReducedWongWangExcInh_HeunStochastic", "ReducedWongWangExcInh", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"3_Linear_HeunStochastic", "Linear", CAL_HEUN_HELD, "gamma", -0.2, -0.2},
    {"4_Generic2dOscillator_HeunStochastic_coloured", "Generic2dOscillator", CAL_HEUN_HELD, NULL, 0.0, 0.0},
    {"5_Kuramoto_HeunStochastic", "Kuramoto", CAL_HEUN_HELD, "omega", 0.05, 0.05},
};

/* TVB's coloured noise is eta_n+1 = e eta_n + sqrt(1 - e^2) z_n with e = exp(-dt / tau), and step n adds
 * sqrt(2 nsig / tau) dt eta_n+1: a force of level sqrt(2 nsig / tau) that begins at eta_1. */
static double *first_force(hid_t file, const run *r, const double *z, size_t n, double dt_ms, double tau_ms)
{
    size_t n_values;
    double *eta = read_part(file, r, "eta_initial", &n_values);
    cr_assert(n_values == n);
    const double e = exp(-dt_ms / tau_ms);
    for (size_t i = 0; i < n; i++)
        eta[i] = e * eta[i] + sqrt(1.0 - e * e) * z[i];
    return eta;
}

static double replay_noise(hid_t file, const run *r)
{
    net a = make_run(file, r, TVB_REGIONS);
    const cal_nmm_model *m = a.regions[0].model;
    const double dt_ms = cal_time_ms(a.def.dt);
    size_t n_sigma, n_z, n_tau;
    double *sigma = read_part(file, r, "nsig", &n_sigma), *z = read_part(file, r, "z", &n_z), *eta = NULL;
    double *tau_ms = cali_test_h5_attribute(file, r->group, "ntau", &n_tau);
    cal_nmm_noise noises[4];
    for (size_t s = 0; s < m->n_states; s++)
        noises[s] = (cal_nmm_noise){.state = m->states[s].name, .tau_ms = *tau_ms,
                                    .level = sqrt(2.0 * sigma[s % n_sigma] / (*tau_ms > 0.0 ? *tau_ms : 1.0))};
    a.def.noises = noises;
    a.def.n_noises = m->n_states;
    a.def.window = a.def.dt;
    add_ten_regions(file, &a);
    net_create(&a);
    const size_t n_values = m->n_states * TVB_REGIONS;
    cali_replay replay = {.z = z, .n_steps = n_z / n_values, .n_states = m->n_states};
    if (*tau_ms > 0.0) {
        replay.start = eta = first_force(file, r, z, n_values, dt_ms, *tau_ms);
        replay.z += n_values;
        replay.n_steps--;
    }
    cali_nmm_replay_normals(a.nmm, &replay);
    const double off = difference(file, r, &a, a.def.dt, false);
    net_free(&a);
    free(sigma);
    free(z);
    free(eta);
    free(tau_ms);
    return off;
}

/* Every normal as stored; the tolerance of the reference is 1e-11, absolute. */
Test(nmm_tvb_replay, held_steps_repeat_the_runs_with_noise)
{
    const hid_t file = open_runs("noise_replay.h5");
    if (file < 0)
        cr_skip_test("the reference data are not here");
    for (size_t k = 0; k < sizeof noisy / sizeof noisy[0]; k++) {
        const double off = replay_noise(file, &noisy[k]);
        fprintf(stderr, "%s: %.2g\n", noisy[k].group, off);
        cr_expect(lt(dbl, off, 1e-11), "%s", noisy[k].group);
    }
    H5Fclose(file);
}
