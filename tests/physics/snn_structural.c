/* Structural plasticity against theory: elements under known spikes against the growth curve integrated anew, a population that
 * finds its target from no connections and loses synapses when it is driven more, partners by distance against the kernel. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>

#include "callosum/snn.h"
#include "support/support.h"

#define NUMBER(x) {CAL_CONSTANT, (x), 0.0, 0.0, 0.0}

/* ---- growth under known spikes -------------------------------------------------------------------- */

enum { N_SPIKES = 120 };
static const double TAU_MS = 300.0, BETA = 0.02, GROWTH_HZ = 7.0, START = 20.0, EPSILON = 0.2, ETA = 0.05, PSI = 0.03;

static double spike_ms(int i)
{
    return i < 60 ? 5.0 + 7.3 * i : 900.0 + 31.7 * (i - 60); /* fast, silence, slow */
}

static double calcium_at(double t_ms)
{
    double sum = 0.0;
    for (int i = 0; i < N_SPIKES && spike_ms(i) <= t_ms; i++)
        sum += BETA * exp(-(t_ms - spike_ms(i)) / TAU_MS);
    return sum;
}

static double gaussian(double c)
{
    const double zeta = (EPSILON - ETA) / (2.0 * sqrt(log(2.0))), x = (c - 0.5 * (EPSILON + ETA)) / zeta;
    return 2.0 * exp(-x * x) - 1.0;
}

static double linear(double c)
{
    return 1.0 - c / EPSILON;
}

static double sigmoid(double c)
{
    return 2.0 / (1.0 + exp((c - EPSILON) / PSI)) - 1.0;
}

/* Simpson's rule, 200 parts between two spikes; elements stay above 0 here. */
static double elements_at(double (*speed)(double), double t_ms)
{
    double z = START, from = 0.0;
    for (int i = 0; i <= N_SPIKES && from < t_ms; i++) {
        const double until = i == N_SPIKES || spike_ms(i) > t_ms ? t_ms : spike_ms(i), h = (until - from) / 200.0;
        const double c = calcium_at(from);
        for (int k = 0; k < 200; k++) {
            const double a = k * h, m = a + 0.5 * h, b = a + h;
            z += GROWTH_HZ * 1e-3 * h / 6.0 *
                 (speed(c * exp(-a / TAU_MS)) + 4.0 * speed(c * exp(-m / TAU_MS)) + speed(c * exp(-b / TAU_MS)));
        }
        from = until;
        cr_assert(z > 0.0);
    }
    return z;
}

static const struct {
    const char *synapse, *shape;
    double (*speed)(double);
    double value, error;
} curves[] = {
    {"structural", "axon_eta", gaussian, 0.05, 1e-7},
    {"structural-linear", NULL, linear, 0.0, 1e-9},
    {"structural-sigmoid", "axon_psi", sigmoid, 0.03, 1e-7},
};

ParameterizedTestParameters(snn_structural, elements_follow_the_growth_curve)
{
    static int index[] = {0, 1, 2};
    return cr_make_param_array(int, index, 3);
}

/* The quadrature of the engine has three points for a quarter of the curve's width: errors near 1e-8 of an element. */
ParameterizedTest(int *index, snn_structural, elements_follow_the_growth_curve)
{
    static cal_time time[N_SPIKES];
    static uint32_t id[N_SPIKES];
    cal_snn_setting settings[] = {{"capacity", NUMBER(4.0)},        {"tau_Ca", NUMBER(TAU_MS)},    {"beta_Ca", NUMBER(BETA)},
                                  {"axon_growth", NUMBER(GROWTH_HZ)}, {"axon_start", NUMBER(START)}, {"axon_epsilon", NUMBER(EPSILON)},
                                  {"dendrite_growth", NUMBER(0.0)}, {"decay", NUMBER(0.0)},        {"interval", NUMBER(130.0)},
                                  {curves[*index].shape, NUMBER(curves[*index].value)}};
    for (int i = 0; i < N_SPIKES; i++)
        time[i] = (cal_time)(spike_ms(i) * 1e6 + 0.5);
    const cal_snn_population populations[] = {{"cell", cal_snn_neuron_find("lif"), 3, NULL, 0}, {"source", NULL, 1, NULL, 0}};
    const cal_snn_train train = {1, N_SPIKES, time, id};
    cal_snn_projection p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    p.from = 1;
    p.receptor = "excitatory";
    p.synapse = cal_snn_synapse_find(curves[*index].synapse);
    p.settings = settings;
    p.n_settings = sizeof settings / sizeof settings[0] - (curves[*index].shape == NULL);
    cal_snn_def def = cal_snn_def_default();
    def.window = 50 * CAL_NS_PER_MS;
    def.populations = populations;
    def.n_populations = 2;
    def.projections = &p;
    def.n_projections = 1;
    def.trains = &train;
    def.n_trains = 1;
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    double worst_z = 0.0, worst_c = 0.0, least = 1e9, most = 0.0;
    for (int w = 1; w <= 60; w++) {
        double c, z;
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        cr_assert(eq(int, cal_snn_get_elements(snn, 0, CAL_SOURCE_END, &c, &z, NULL), CAL_OK));
        worst_z = fmax(worst_z, fabs(z - elements_at(curves[*index].speed, 50.0 * w)));
        worst_c = fmax(worst_c, fabs(c - calcium_at(50.0 * w)));
        least = fmin(least, z);
        most = fmax(most, z);
    }
    cr_expect(most - least > 2.0, "elements %g to %g", least, most);
    cr_expect(worst_c < 1e-13, "calcium: %.3g", worst_c);
    cr_expect(worst_z < curves[*index].error, "elements: %.3g", worst_z);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

/* ---- homeostasis ----------------------------------------------------------------------------------- */

/* Every neuron grows while its calcium is below epsilon = beta tau_Ca rate, and breaks synapses above: at rest all have the
 * rate aimed at. Neurons that the drive alone keeps at 3 Hz reach 8 Hz from no connections at all; the same network with more
 * drive gets there with fewer. Excitation among all swings about the aim for a minute or so, hence means over 100 s. */
typedef struct nest {
    cal_context *ctx;
    cal_snn *snn;
} nest;

enum { N_CELLS = 150 };
static const double AIM_HZ = 8.0;

static nest build(double drive_Hz)
{
    static cal_snn_setting settings[] = {{"capacity", NUMBER(60.0)},       {"tau_Ca", NUMBER(1000.0)},
                                         {"beta_Ca", NUMBER(0.01)},        {"interval", NUMBER(100.0)},
                                         {"axon_growth", NUMBER(1.0)},     {"dendrite_growth", NUMBER(1.0)},
                                         {"axon_epsilon", NUMBER(0.08)}, {"dendrite_epsilon", NUMBER(0.08)}};
    const cal_snn_population cell = {"cell", cal_snn_neuron_find("lif"), N_CELLS, NULL, 0};
    const cal_snn_poisson drive = {.receptor = "excitatory", .rate_Hz = drive_Hz, .n_trains = 100.0, .weight = 200.0};
    cal_snn_projection p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    p.receptor = "excitatory";
    p.weight.a = 60.0;
    p.delay_ms.a = 1.5;
    p.synapse = cal_snn_synapse_find("structural-linear");
    p.settings = settings;
    p.n_settings = sizeof settings / sizeof settings[0];
    cal_snn_def def = cal_snn_def_default();
    def.dt = CAL_NS_PER_MS / 2;
    def.window = 100 * CAL_NS_PER_MS;
    def.seed = 3;
    def.populations = &cell;
    def.n_populations = 1;
    def.poissons = &drive;
    def.n_poissons = 1;
    def.projections = &p;
    def.n_projections = 1;
    nest n = {.ctx = cali_test_context(2)};
    cr_assert(eq(int, cal_snn_create(n.ctx, &def, &n.snn), CAL_OK), "%s", cal_context_message(n.ctx));
    return n;
}

static double rate_over(const nest *n, int seconds)
{
    const uint64_t before = cal_snn_get_counts(n->snn).n_spikes;
    for (int w = 0; w < 10 * seconds; w++)
        cr_assert(eq(int, cal_snn_advance(n->snn), CAL_OK), "%s", cal_context_message(n->ctx));
    return (double)(cal_snn_get_counts(n->snn).n_spikes - before) / N_CELLS / seconds;
}

static cal_snn_structure look(const nest *n)
{
    cal_snn_structure s;
    cr_assert(eq(int, cal_snn_get_structure(n->snn, 0, &s), CAL_OK));
    return s;
}

Test(snn_structural, a_population_finds_its_rate_from_no_connections_and_loses_synapses_under_more_drive)
{
    char *bytes;
    size_t size;
    nest n = build(5.9), more = build(6.3);
    const double alone_Hz = rate_over(&n, 2);
    rate_over(&n, 60);
    const double rate_Hz = rate_over(&n, 100);
    const cal_snn_structure grown = look(&n);
    cr_log_info("alone %g Hz, then %g Hz, calcium %g, %d synapses", alone_Hz, rate_Hz, grown.calcium, (int)grown.n_synapses);
    cr_expect(alone_Hz > 0.2 && alone_Hz < 0.5 * AIM_HZ, "alone %g Hz", alone_Hz);
    cr_expect(fabs(rate_Hz / AIM_HZ - 1.0) < 0.1, "%g Hz", rate_Hz);
    cr_expect(gt(u64, grown.n_synapses, 2 * N_CELLS));
    cr_assert(eq(int, cal_snn_save_state(n.snn, &bytes, &size), CAL_OK));
    cr_assert(eq(int, cal_snn_restore_state(more.snn, bytes, size, CAL_RESTORE_BEGIN), CAL_OK), "%s", cal_context_message(more.ctx));
    const double driven_Hz = rate_over(&more, 2);
    rate_over(&more, 60);
    const double again_Hz = rate_over(&more, 100);
    const cal_snn_structure less = look(&more);
    cr_log_info("driven %g Hz, then %g Hz, %d synapses", driven_Hz, again_Hz, (int)less.n_synapses);
    cr_expect(driven_Hz > 1.2 * AIM_HZ, "driven %g Hz", driven_Hz);
    cr_expect(fabs(again_Hz / AIM_HZ - 1.0) < 0.1, "%g Hz", again_Hz);
    cr_expect(lt(dbl, (double)less.n_synapses, 0.8 * (double)grown.n_synapses), "%d synapses of %d", (int)less.n_synapses,
              (int)grown.n_synapses);
    free(bytes);
    cal_snn_destroy(&n.snn);
    cal_snn_destroy(&more.snn);
    cal_context_destroy(&n.ctx);
    cal_context_destroy(&more.ctx);
}

/* ---- partners by distance --------------------------------------------------------------------------- */

/* Many silent sources with few axonal elements, and so many dendritic ones that what is taken does not matter: each synapse
 * is drawn with chances in proportion to the kernel. Chi-square over classes of distance, 8 degrees of freedom: above
 * 26.1 with chance 0.001. With few targets all of them are gone through for each draw, with many they are searched. */
enum { N_CLASSES = 9, N_AXONS = 4 };
static const double SIGMA_MM = 0.15, VELOCITY = 0.4, LARGEST_CHI_SQUARE = 26.1;

typedef struct plane {
    const double *from, *to;
    uint32_t n_from, n_to;
    double counted[N_CLASSES];
    double worst_ms; /* of the delays */
} plane;

static double distance(const plane *p, uint32_t source, uint32_t target)
{
    double squares = 0.0;
    for (int k = 0; k < 2; k++) {
        const double x = fabs(p->from[2 * source + k] - p->to[2 * target + k]), way = fmin(x, 1.0 - x);
        squares += way * way;
    }
    return sqrt(squares);
}

static int class_of(double distance_mm)
{
    const int i = (int)(distance_mm / 0.06);
    return i < N_CLASSES ? i : N_CLASSES - 1;
}

static void sort_in(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    plane *p = arg;
    const double d = distance(p, source, target);
    (void)weight;
    p->counted[class_of(d)]++;
    p->worst_ms = fmax(p->worst_ms, fabs(cal_time_ms(delay) - 0.5 - d / VELOCITY));
}

static double kernel_at(double d)
{
    return exp(-0.5 * d * d / (SIGMA_MM * SIGMA_MM));
}

static double chi_square(const plane *p)
{
    double expected[N_CLASSES] = {0}, sum = 0.0;
    for (uint32_t i = 0; i < p->n_from; i++) {
        double total = 0.0;
        for (uint32_t j = 0; j < p->n_to; j++)
            total += kernel_at(distance(p, i, j));
        for (uint32_t j = 0; j < p->n_to; j++)
            expected[class_of(distance(p, i, j))] += N_AXONS * kernel_at(distance(p, i, j)) / total;
    }
    for (int k = 0; k < N_CLASSES; k++) {
        cr_assert(expected[k] > 5.0);
        sum += (p->counted[k] - expected[k]) * (p->counted[k] - expected[k]) / expected[k];
    }
    return sum;
}

ParameterizedTestParameters(snn_structural, partners_are_as_far_as_the_kernel_says)
{
    static int sides[] = {7, 40};
    return cr_make_param_array(int, sides, 2);
}

ParameterizedTest(int *side, snn_structural, partners_are_as_far_as_the_kernel_says)
{
    const uint32_t n = (uint32_t)(*side * *side), n_from = 1500;
    const double start = n < 100 ? 20000.0 : 500.0;
    const cal_snn_setting settings[] = {{"capacity", NUMBER(start)},      {"axon_growth", NUMBER(0.0)}, {"dendrite_growth", NUMBER(0.0)},
                                        {"axon_start", NUMBER(N_AXONS)}, {"dendrite_start", NUMBER(start)}, {"interval", NUMBER(1.0)}};
    const cal_snn_population populations[] = {{"cell", cal_snn_neuron_find("lif"), n, NULL, 0}, {"source", NULL, n_from, NULL, 0}};
    cal_snn_space spaces[2];
    for (int k = 0; k < 2; k++)
        spaces[k] = (cal_snn_space){.arrangement = k == 0 ? CAL_GRID : CAL_BOX, .n_dimensions = 2, .extent_mm = {1.0, 1.0},
                                    .shape = {(uint32_t)*side, (uint32_t)*side}, .is_periodic = true};
    cal_snn_projection p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    p.from = 1;
    p.receptor = "excitatory";
    p.has_multapses = true; /* draws are independent */
    p.kernel.kernel = cal_spatial_kernel_find("gaussian");
    for (size_t k = 0; k < p.kernel.kernel->n_params; k++)
        p.kernel.params[k] = p.kernel.kernel->params[k].value;
    p.kernel.params[cal_field_find(p.kernel.kernel->params, p.kernel.kernel->n_params, "sigma")] = SIGMA_MM;
    p.delay_ms.a = 0.5;
    p.velocity_mm_per_ms = VELOCITY;
    p.synapse = cal_snn_synapse_find("structural");
    p.settings = settings;
    p.n_settings = sizeof settings / sizeof settings[0];
    cal_snn_def def = cal_snn_def_default();
    def.seed = 12;
    def.populations = populations;
    def.n_populations = 2;
    def.spaces = spaces;
    def.projections = &p;
    def.n_projections = 1;
    cal_context *ctx = cali_test_context(2);
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
    cr_expect(eq(u64, cal_snn_get_counts(snn).n_synapses, N_AXONS * n_from));
    unsigned d;
    plane s = {.from = cal_snn_get_positions(snn, 1, &d), .to = cal_snn_get_positions(snn, 0, &d), .n_from = n_from, .n_to = n};
    cr_assert(eq(int, cal_snn_visit_synapses(snn, 1, 0, "excitatory", sort_in, &s), CAL_OK));
    const double x = chi_square(&s);
    cr_expect(lt(dbl, x, LARGEST_CHI_SQUARE), "%d x %d: %g", *side, *side, x);
    cr_expect(s.worst_ms < 0.0501, "delays to the nearest step of 0.1 ms: %g ms", s.worst_ms);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}
