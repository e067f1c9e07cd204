/* Independent values for the basal ganglia of tests/physics/network_rhythms.c: the equations and figures of its experiment file, in
 * double precision, with another generator, other synapses and another scheme. It is no part of the build:
 *
 *     cc -O3 -march=native -ffast-math -o basal_ganglia tests/support/basal_ganglia.c -lm
 *     ./basal_ganglia SEED [SUBSTEPS=5 [CUT=2500 [ALONE=0]]]      prints per nucleus: rate (Hz), CV of the intervals
 *
 * Runge-Kutta 4 over the steps of 0.1 ms in which spikes travel; near the threshold, and under strong inhibition, SUBSTEPS to the
 * step, a reset inside the step. The slope of V is cut at CUT mV/ms. With 1 and 500 it is the scheme of tests/physics/basal_ganglia.py:
 * a spike overshoots within its step, meanwhile u and w follow a voltage far beyond the peak, and the reset waits for the step's
 * end. With 5 and 2500 the rates of nuclei without connections (ALONE=1) are within 0.3 % of those with steps of 0.01 ms. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { D1, D2, FSN, GPETI, GPETA, STN, SNR, N_NUCLEI, N_SLOTS = 256 };
static const double dt = 0.1, duration_ms = 2500.0, first_ms = 500.0;
static const char *const names[N_NUCLEI] = {"D1", "D2", "FSN", "GPeTI", "GPeTA", "STN", "SNr"};
static const int sizes[N_NUCLEI] = {6000, 6000, 420, 780, 260, 408, 754};
/* rate (Hz) and weight (nS) of the Poisson input */
static const double inputs[N_NUCLEI][2] = {{1120, 0.45}, {973, 0.45}, {944.4, 0.5}, {1530, 0.25}, {170, 0.15}, {500, 0.25}, {6000, 0.55}};

typedef struct nucleus {
    bool is_quadratic;
    double c_m, rest, threshold, peak, reset, jump, e_inh, tau_exc, tau_inh;
    double a, b, cubic;                     /* quadratic: u' = a (b (v - rest) + cubic min(v + 55, 0)^3 - u) */
    double g_l, delta, tau_w, i_e;          /* exponential: tau_w u' = a (v - rest) - u */
} nucleus;

static const nucleus nuclei[N_NUCLEI] = {
    [D1] = {true, 15.2, -78.2, -29.7, 40, -60, 67, -74, 12, 10, 0.01, -20, 0, 0, 0, 0, 0},
    [D2] = {true, 15.2, -80, -29.7, 40, -60, 91, -74, 12, 10, 0.01, -20, 0, 0, 0, 0, 0},
    [FSN] = {true, 80, -80, -50, 25, -60, 0, -74, 12, 10, 0.2, 0, 0.025, 0, 0, 0, 0},
    [GPETI] = {false, 40, -55.1, -54.7, 15, -60, 70, -65, 10, 5.5, 2.5, 0, 0, 1, 1.7, 20, 12},
    [GPETA] = {false, 60, -55.1, -54.7, 15, -60, 105, -65, 10, 5.5, 2.5, 0, 0, 1, 2.55, 20, 1},
    [STN] = {false, 60, -80.2, -64, 15, -70, 0.05, -84, 4, 8, 0, 0, 0, 10, 16.2, 333, 5},
    [SNR] = {false, 80, -55.8, -55.2, 20, -65, 200, -72, 12, 2.1, 3, 0, 0, 3, 1.8, 20, 15},
};

/* from, to, inputs per neuron, mean and deviation of the delay (ms), weight (nS); all inhibit but those of STN */
static const struct {
    int from, to, inputs;
    double mean_ms, sd_ms, weight_nS;
} connections[] = {
    {D1, D1, 364, 1.7, 0.2, 0.12},     {D1, D2, 84, 1.7, 0.2, 0.30},       {D1, SNR, 79, 7.0, 0.7, 2.0},
    {D2, D1, 392, 1.7, 0.2, 0.36},     {D2, D2, 504, 1.7, 0.2, 0.2},       {D2, GPETI, 500, 7.0, 0.7, 1.28},
    {FSN, D1, 16, 1.7, 0.2, 6.6},      {FSN, FSN, 10, 1.0, 0.1, 0.5},      {FSN, D2, 11, 1.7, 0.2, 4.8},
    {GPETI, GPETI, 25, 1.0, 0.1, 1.2}, {GPETI, GPETA, 25, 1.0, 0.1, 0.35}, {GPETI, FSN, 10, 7.0, 0.7, 1.6},
    {GPETI, STN, 30, 1.0, 0.1, 0.08},  {GPETI, SNR, 25, 3.0, 0.3, 76.0},   {GPETA, D1, 10, 7.0, 0.7, 0.35},
    {GPETA, D2, 10, 7.0, 0.7, 0.61},   {GPETA, FSN, 10, 7.0, 0.7, 1.85},   {GPETA, GPETA, 5, 1.0, 0.1, 0.35},
    {GPETA, GPETI, 5, 1.0, 0.1, 1.2},  {STN, GPETA, 30, 2.0, 0.2, 0.13},   {STN, GPETI, 30, 2.0, 0.2, 0.42},
    {STN, SNR, 30, 4.5, 0.5, 0.91},
};
enum { N_CONNECTIONS = sizeof connections / sizeof connections[0] };

/* ---- random numbers: xoshiro256** (Blackman & Vigna 2021) ------------------------------------------------ */

static uint64_t words[4];

static uint64_t turned(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static double uniform(void)
{
    const uint64_t result = turned(words[1] * 5, 7) * 9, t = words[1] << 17;
    words[2] ^= words[0];
    words[3] ^= words[1];
    words[1] ^= words[2];
    words[0] ^= words[3];
    words[2] ^= t;
    words[3] = turned(words[3], 45);
    return (double)(result >> 11) * 0x1p-53;
}

static double normal(void)
{
    const double r = sqrt(-2.0 * log(1.0 - uniform()));
    return r * cos(6.283185307179586 * uniform());
}

static int poisson(double none)
{
    int n = -1;
    for (double product = 1.0; product > none || n < 0; n++)
        product *= uniform();
    return n;
}

/* ---- neurons ------------------------------------------------------------------------------------------------- */

typedef struct cell {
    double v, u, exc, inh;
} cell;

static double cut = 2500.0;

static cell slope(const nucleus *p, cell x)
{
    cell d = {.exc = -x.exc / p->tau_exc, .inh = -x.inh / p->tau_inh};
    const double synapses = -x.exc * x.v - x.inh * (x.v - p->e_inh);
    if (p->is_quadratic) {
        const double below = fmin(x.v + 55.0, 0.0);
        d.v = ((x.v - p->rest) * (x.v - p->threshold) - x.u + synapses) / p->c_m;
        d.u = p->a * (p->b * (x.v - p->rest) + p->cubic * below * below * below - x.u);
    } else {
        const double spike = p->g_l * p->delta * exp((x.v - p->threshold) / p->delta);
        const double v = (-p->g_l * (x.v - p->rest) + spike + synapses - x.u + p->i_e) / p->c_m;
        d.v = fmax(-cut, fmin(v, cut));
        d.u = (p->a * (x.v - p->rest) - x.u) / p->tau_w;
    }
    return d;
}

static cell along(cell x, double h, cell d)
{
    return (cell){x.v + h * d.v, x.u + h * d.u, x.exc + h * d.exc, x.inh + h * d.inh};
}

static cell rk4(const nucleus *p, cell x, double h)
{
    const cell a = slope(p, x), b = slope(p, along(x, 0.5 * h, a)), c = slope(p, along(x, 0.5 * h, b)), d = slope(p, along(x, h, c));
    return along(along(along(along(x, h / 6.0, a), h / 3.0, b), h / 3.0, c), h / 6.0, d);
}

static void reset(const nucleus *p, cell *x)
{
    x->v = p->reset;
    x->u += p->jump;
}

/* One step; a spike's reset waits for its end if there are no sub-steps. */
static bool step(const nucleus *p, cell *x, int n_substeps)
{
    const double near = p->threshold - (p->is_quadratic ? 8.0 : 1.0);
    const bool is_easy = x->v < near && x->inh * dt < 0.3 * p->c_m;
    const int n = is_easy ? 1 : n_substeps;
    bool has_spiked = false;
    for (int k = 0; k < n; k++) {
        *x = rk4(p, *x, dt / n);
        if (x->v >= p->peak) {
            has_spiked = true;
            if (n_substeps > 1)
                reset(p, x);
        }
    }
    return has_spiked;
}

/* ---- the network ----------------------------------------------------------------------------------------------- */

typedef struct synapse {
    int to, slots;
    float weight;
    bool inhibits;
} synapse;

static int n_cells, base[N_NUCLEI + 1];
static size_t *first_synapse; /* n_cells + 1 */
static synapse *synapses;

/* Distinct pairs, autapses among them. */
static void connect(void)
{
    size_t n = 0, at = 0;
    for (int c = 0; c < N_CONNECTIONS; c++)
        n += (size_t)connections[c].inputs * (size_t)sizes[connections[c].to];
    int *from = malloc(n * sizeof *from);
    synapse *made = malloc(n * sizeof *made);
    synapses = malloc(n * sizeof *synapses);
    for (int c = 0; c < N_CONNECTIONS; c++) {
        const size_t n_to = (size_t)sizes[connections[c].to], n_pairs = n_to * (size_t)sizes[connections[c].from];
        const double ratio = connections[c].sd_ms / connections[c].mean_ms, s = sqrt(log1p(ratio * ratio));
        bool *is_taken = calloc(n_pairs, sizeof *is_taken);
        for (size_t k = 0; k < (size_t)connections[c].inputs * n_to;) {
            const size_t pair = (size_t)(uniform() * (double)n_pairs);
            if (is_taken[pair])
                continue;
            is_taken[pair] = true;
            const double delay_ms = exp(log(connections[c].mean_ms) - 0.5 * s * s + s * normal());
            from[at] = base[connections[c].from] + (int)(pair / n_to);
            made[at++] = (synapse){base[connections[c].to] + (int)(pair % n_to), (int)(delay_ms / dt + 0.5),
                                   (float)connections[c].weight_nS, connections[c].from != STN};
            k++;
        }
        free(is_taken);
    }
    for (size_t k = 0; k < n; k++)
        first_synapse[from[k] + 1]++;
    for (int i = 0; i < n_cells; i++)
        first_synapse[i + 1] += first_synapse[i];
    size_t *next = malloc(((size_t)n_cells + 1) * sizeof *next);
    memcpy(next, first_synapse, ((size_t)n_cells + 1) * sizeof *next);
    for (size_t k = 0; k < n; k++)
        synapses[next[from[k]]++] = made[k];
    free(next);
    free(made);
    free(from);
}

typedef struct counts {
    int n;
    double last_ms, sum, squares; /* of intervals */
} counts;

static void count(counts *c, double t_ms)
{
    const double interval = t_ms - c->last_ms;
    c->sum += c->n > 0 ? interval : 0.0;
    c->squares += c->n > 0 ? interval * interval : 0.0;
    c->n++;
    c->last_ms = t_ms;
}

static void report(const counts *all)
{
    for (int p = 0; p < N_NUCLEI; p++) {
        double spikes = 0.0, cvs = 0.0, n_cv = 0.0;
        for (const counts *c = all + base[p]; c < all + base[p + 1]; c++) {
            spikes += c->n;
            if (c->n < 6)
                continue;
            const double mean = c->sum / (c->n - 1);
            cvs += sqrt(fmax(c->squares / (c->n - 1) - mean * mean, 0.0)) / mean;
            n_cv += 1.0;
        }
        printf("%s,%.4f,%.4f\n", names[p], spikes / sizes[p] / (duration_ms - first_ms) * 1e3, cvs / n_cv);
    }
}

/* The state after a step, then spikes that arrive and Poisson input, then resets: the order of Brian 2. */
static void simulate(int n_substeps, cell *cells, counts *all)
{
    float *ring[2] = {calloc((size_t)N_SLOTS * (size_t)n_cells, sizeof(float)), calloc((size_t)N_SLOTS * (size_t)n_cells, sizeof(float))};
    int *spiked = malloc((size_t)n_cells * sizeof *spiked);
    for (int k = 0; k < (int)(duration_ms / dt + 0.5); k++) {
        int n_spiked = 0;
        for (int p = 0; p < N_NUCLEI; p++)
            for (int i = base[p]; i < base[p + 1]; i++)
                if (step(&nuclei[p], &cells[i], n_substeps))
                    spiked[n_spiked++] = i;
        for (int s = 0; s < n_spiked; s++) {
            for (size_t y = first_synapse[spiked[s]]; y < first_synapse[spiked[s] + 1]; y++)
                ring[synapses[y].inhibits][(size_t)((k + synapses[y].slots) % N_SLOTS) * (size_t)n_cells + (size_t)synapses[y].to] +=
                    synapses[y].weight;
            if (k * dt > first_ms)
                count(&all[spiked[s]], k * dt);
        }
        const size_t slot = (size_t)(k % N_SLOTS) * (size_t)n_cells;
        for (int p = 0; p < N_NUCLEI; p++) {
            const double none = exp(-inputs[p][0] * dt * 1e-3);
            for (int i = base[p]; i < base[p + 1]; i++) {
                cells[i].exc += (double)ring[0][slot + (size_t)i] + inputs[p][1] * poisson(none);
                cells[i].inh += (double)ring[1][slot + (size_t)i];
            }
        }
        memset(ring[0] + slot, 0, (size_t)n_cells * sizeof(float));
        memset(ring[1] + slot, 0, (size_t)n_cells * sizeof(float));
        for (int s = 0, p = 0; n_substeps == 1 && s < n_spiked; s++) {
            while (spiked[s] >= base[p + 1])
                p++;
            reset(&nuclei[p], &cells[spiked[s]]);
        }
    }
    free(spiked);
    free(ring[0]);
    free(ring[1]);
}

int main(int argc, char **argv)
{
    const int seed = argc > 1 ? atoi(argv[1]) : 1, n_substeps = argc > 2 ? atoi(argv[2]) : 5;
    cut = argc > 3 ? atof(argv[3]) : cut;
    const bool is_alone = argc > 4 && atoi(argv[4]) != 0;
    words[0] = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1u;
    words[1] = 0xBF58476D1CE4E5B9u;
    words[2] = 0x94D049BB133111EBu;
    words[3] = (uint64_t)seed;
    for (int k = 0; k < 100; k++)
        uniform();
    for (int p = 0; p < N_NUCLEI; p++)
        base[p + 1] = base[p] + sizes[p];
    n_cells = base[N_NUCLEI];
    cell *cells = calloc((size_t)n_cells, sizeof *cells);
    counts *all = calloc((size_t)n_cells, sizeof *all);
    first_synapse = calloc((size_t)n_cells + 1, sizeof *first_synapse);
    for (int p = 0; p < N_NUCLEI; p++)
        for (int i = base[p]; i < base[p + 1]; i++)
            cells[i].v = nuclei[p].rest + (nuclei[p].is_quadratic ? 20.0 * (uniform() - 0.5) : -20.0 * uniform());
    if (!is_alone)
        connect();
    simulate(n_substeps, cells, all);
    report(all);
    free(first_synapse);
    free(synapses);
    free(cells);
    free(all);
    return 0;
}
