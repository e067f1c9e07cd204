/* The networks of the reference data, for tests and benchmarks: definitions whose arrays are static. */
#ifndef CALI_TESTS_SNN_NETWORKS_H
#define CALI_TESTS_SNN_NETWORKS_H

#include <math.h>
#include <string.h>

#include "callosum/snn.h"

#define CALI_CONSTANT(x) {CAL_CONSTANT, (x), 0.0, 0.0, 0.0}

/** A definition with room for its parts; `def` points into it, so it must stay where it is. */
typedef struct cali_network {
    cal_snn_def def;
    cal_snn_population populations[8];
    cal_snn_setting settings[32];
    cal_snn_projection projections[64];
    cal_snn_poisson poissons[2];
    cal_snn_current currents[8];
    cal_snn_port ports[4];
} cali_network;

static inline void cali_network_start(cali_network *n, const char *name, double dt_ms,
                                      double window_ms)
{
    memset(n, 0, sizeof *n);
    n->def = cal_snn_def_default();
    n->def.name = name;
    n->def.dt = (cal_time)(dt_ms * 1e6 + 0.5);
    n->def.window = (cal_time)(window_ms * 1e6 + 0.5);
    n->def.populations = n->populations;
    n->def.projections = n->projections;
    n->def.poissons = n->poissons;
    n->def.currents = n->currents;
    n->def.ports = n->ports;
}

/* Two populations E and I of one neuron type; each gets in_degree_e inputs from E, in_degree_i from I,
 * autapses and multapses allowed; one rate port per population. */
static inline void cali_network_pair(cali_network *n, const char *neuron, uint32_t n_e, uint32_t n_i,
                                     size_t n_settings)
{
    const cal_neuron *entry = cal_snn_neuron_find(neuron);
    n->populations[0] = (cal_snn_population){"E", entry, n_e, n->settings, n_settings};
    n->populations[1] = (cal_snn_population){"I", entry, n_i, n->settings, n_settings};
    n->def.n_populations = 2;
    for (size_t i = 0; i < 2; i++)
        n->ports[i] = (cal_snn_port){
            .name = i == 0 ? "rate E" : "rate I", .kind = CAL_PORT_RATE, .population = i, .samples = 1};
    n->def.n_ports = 2;
}

static inline void cali_network_project(cali_network *n, const char *receptor_e,
                                        const char *receptor_i, uint32_t in_e, uint32_t in_i,
                                        double weight_e, double weight_i, double delay_ms)
{
    for (size_t i = 0; i < 4; i++) {
        cal_snn_projection *p = &n->projections[i];
        const bool is_e = i % 2 == 0;
        *p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
        p->from = i % 2;
        p->to = i / 2;
        p->receptor = is_e ? receptor_e : receptor_i;
        p->in_degree = is_e ? in_e : in_i;
        p->weight.a = is_e ? weight_e : weight_i;
        p->delay_ms.a = delay_ms;
        p->has_autapses = p->has_multapses = true;
    }
    n->def.n_projections = 4;
}

/** net_cobab: 4000 conductance neurons with bias. */
static inline void cali_network_cobab(cali_network *n, double window_ms)
{
    cali_network_start(n, "COBA", 0.1, window_ms);
    n->settings[0] = (cal_snn_setting){"I_e", CALI_CONSTANT(200.0)};
    n->settings[1] = (cal_snn_setting){"V", {CAL_UNIFORM, -60.0, -50.0, 0.0, 0.0}};
    cali_network_pair(n, "lif-cond", 3200, 800, 2);
    cali_network_project(n, "excitatory", "inhibitory", 64, 16, 4.0, 51.0, 0.1);
}

/** net_cuba: 4000 current neurons. */
static inline void cali_network_cuba(cali_network *n, double window_ms)
{
    static const struct {
        const char *name;
        double value;
    } values[] = {{"E_L", -49}, {"V_th", -50}, {"V_reset", -60}, {"C_m", 200}, {"tau_m", 20},
                  {"tau_exc", 5}, {"tau_inh", 10}, {"t_ref", 5}};
    cali_network_start(n, "CUBA", 0.1, window_ms);
    for (size_t i = 0; i < 8; i++)
        n->settings[i] = (cal_snn_setting){values[i].name, CALI_CONSTANT(values[i].value)};
    n->settings[8] = (cal_snn_setting){"V", {CAL_UNIFORM, -60.0, -50.0, 0.0, 0.0}};
    cali_network_pair(n, "lif", 3200, 800, 9);
    cali_network_project(n, "excitatory", "inhibitory", 64, 16, 16.2, -139.5, 0.1);
}

/** Brunel (2000): 12,500 delta neurons; relative strength g of inhibition, rate of the external input. */
static inline void cali_network_brunel_at(cali_network *n, double g, double external_Hz, double window_ms)
{
    static const struct {
        const char *name;
        double value;
    } values[] = {{"E_L", 0}, {"V_th", 20}, {"V_reset", 10}, {"C_m", 1}, {"tau_m", 20}, {"t_ref", 2}};
    cali_network_start(n, "Brunel", 0.1, window_ms);
    for (size_t i = 0; i < 6; i++)
        n->settings[i] = (cal_snn_setting){values[i].name, CALI_CONSTANT(values[i].value)};
    cali_network_pair(n, "lif", 10000, 2500, 6);
    cali_network_project(n, "delta", "delta", 1000, 250, 0.1, -0.1 * g, 1.5);
    for (size_t i = 0; i < 2; i++)
        n->poissons[i] = (cal_snn_poisson){.to = i, .receptor = "delta", .rate_Hz = external_Hz, .n_trains = 1.0, .weight = 0.1};
    n->def.n_poissons = 2;
}

/** net_brunel_ai. */
static inline void cali_network_brunel(cali_network *n, double window_ms)
{
    cali_network_brunel_at(n, 6.0, 15000.0, window_ms);
}

/** 8000 neurons at about 10 Hz by Poisson input, each with 400 plastic inputs from the others that hardly move it: all rules
 *  see the same spikes. */
static inline void cali_network_plastic(cali_network *n, const char *rule, double window_ms)
{
    cali_network_brunel_at(n, 5.0, 2150.0, window_ms);
    n->populations[0].n = 8000;
    n->populations[1].n = 0;
    n->poissons[0].weight = 0.4;
    n->def.n_poissons = 1;
    cal_snn_projection *p = &n->projections[0];
    *p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    p->receptor = "delta";
    p->in_degree = 400;
    p->weight = (cal_distribution){CAL_UNIFORM, 1e-5, 2e-5, 0.0, 0.0};
    p->delay_ms.a = 1.5;
    p->synapse = cal_snn_synapse_find(rule);
    n->def.n_projections = 1;
    if (!cal_snn_changes_weights(p->synapse))
        return;
    n->settings[16] = (cal_snn_setting){"w_max", CALI_CONSTANT(3e-5)};
    n->settings[17] = (cal_snn_setting){"eta", CALI_CONSTANT(1e-8)};
    p->settings = &n->settings[16];
    p->n_settings = strcmp(rule, "vogels") == 0 ? 2 : 1;
}

/** QIF with Lorentzian drive, all to all: the network whose mean field is exact (Montbrio, Pazo & Roxin
 *  2015); one current port and one rate port. */
static inline void cali_network_qif(cali_network *n, uint32_t count, double tau_ms, double dt_ms,
                                    double window_ms, uint32_t samples)
{
    cali_network_start(n, "QIF", dt_ms, window_ms);
    n->settings[0] = (cal_snn_setting){"eta", {CAL_LORENTZIAN_QUANTILES, -5.0, 1.0, 0.0, 0.0}};
    n->settings[1] = (cal_snn_setting){"v", {CAL_NORMAL, -2.0, 1.0, 0.0, 0.0}};
    n->settings[2] = (cal_snn_setting){"tau", CALI_CONSTANT(tau_ms)};
    n->populations[0] =
        (cal_snn_population){"P", cal_snn_neuron_find("qif"), count, n->settings, 3};
    n->def.n_populations = 1;
    n->projections[0] = cal_snn_projection_default(CAL_ALL_TO_ALL);
    n->projections[0].receptor = "input";
    n->projections[0].weight.a = 15.0 / count;
    n->projections[0].delay_ms.a = dt_ms;
    n->def.n_projections = 1;
    n->ports[0] = (cal_snn_port){
        .name = "current", .kind = CAL_PORT_CURRENT, .population = 0, .samples = samples};
    n->ports[1] =
        (cal_snn_port){.name = "rate", .kind = CAL_PORT_RATE, .population = 0, .samples = samples};
    n->def.n_ports = 2;
}

/** Izhikevich 2003 with 4/5 regular and 1/5 fast spiking neurons, heterogeneous, `degree` sources per neuron with
 *  uniform weights, a step of `dt_ms` and Poisson input: about 8 Hz. */
static inline void cali_network_izhikevich(cali_network *n, uint32_t count, uint32_t degree, double dt_ms,
                                           double window_ms)
{
    const cal_neuron *entry = cal_snn_neuron_find("izhikevich");
    cali_network_start(n, "Izhikevich", dt_ms, window_ms);
    const cal_snn_setting regular[] = {{"c", {CAL_UNIFORM, -65.0, -50.0, 0.0, 0.0}},
                                       {"d", {CAL_UNIFORM, 2.0, 8.0, 0.0, 0.0}},
                                       {"published_form", CALI_CONSTANT(dt_ms < 1.0 ? 0.0 : 1.0)}};
    const cal_snn_setting fast[] = {{"a", {CAL_UNIFORM, 0.02, 0.1, 0.0, 0.0}},
                                    {"b", {CAL_UNIFORM, 0.2, 0.25, 0.0, 0.0}},
                                    {"d", CALI_CONSTANT(2.0)},
                                    {"published_form", CALI_CONSTANT(dt_ms < 1.0 ? 0.0 : 1.0)}};
    memcpy(n->settings, regular, sizeof regular);
    memcpy(n->settings + 3, fast, sizeof fast);
    n->populations[0] = (cal_snn_population){"E", entry, count / 5 * 4, n->settings, 3};
    n->populations[1] = (cal_snn_population){"I", entry, count - count / 5 * 4, n->settings + 3, 4};
    n->def.n_populations = 2;
    cali_network_project(n, "input", "input", degree / 5 * 4, degree / 5, 0.0, 0.0, dt_ms);
    const double weight = 125.0 / degree; /* of all inputs together, a quarter of the paper's */
    for (size_t i = 0; i < 4; i++)
        n->projections[i].weight =
            i % 2 == 0 ? (cal_distribution){CAL_UNIFORM, 0.0, weight, 0.0, 0.0}
                       : (cal_distribution){CAL_UNIFORM, -2.0 * weight, 0.0, 0.0, 0.0};
    for (size_t i = 0; i < 2; i++)
        n->poissons[i] = (cal_snn_poisson){.to = i, .receptor = "input", .rate_Hz = i == 0 ? 1000.0 : 500.0, .n_trains = 1.0, .weight = 2.5};
    n->def.n_poissons = 2;
}

/** The microcircuit of Potjans & Diesmann (2014, Cereb. Cortex 24, 785-806), Tables 4 and 5, at full scale with
 *  constant background: in-degrees from the total numbers of synapses; normal weights and delays. */
static inline void cali_network_microcircuit(cali_network *n, double window_ms)
{
    static const char *const names[] = {"L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"};
    static const uint32_t size[] = {20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948};
    static const double probability[8][8] = {/* of a connection, [target][source] */
                                             {0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0},
                                             {0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0},
                                             {0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0},
                                             {0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0},
                                             {0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0},
                                             {0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0},
                                             {0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252},
                                             {0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443}};
    static const double external[] = {1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100}; /* synapses of 8 Hz */
    static const double v_mean[] = {-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43};
    static const double v_sd[] = {5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48};
    const double weight = 87.8086, tau_ms = 0.5; /* pA: a potential of 0.15 mV */
    cali_network_start(n, "microcircuit", 0.1, window_ms);
    for (size_t i = 0; i < 8; i++) {
        cal_snn_setting *s = &n->settings[3 * i];
        s[0] = (cal_snn_setting){"tau_exc", CALI_CONSTANT(tau_ms)};
        s[1] = (cal_snn_setting){"tau_inh", CALI_CONSTANT(tau_ms)};
        s[2] = (cal_snn_setting){"V", {CAL_NORMAL, v_mean[i], v_sd[i], 0.0, 0.0}};
        n->populations[i] = (cal_snn_population){names[i], cal_snn_neuron_find("lif"), size[i], s, 3};
        n->currents[i] = (cal_snn_current){.to = i, .amplitude = external[i] * 8.0 * tau_ms * 1e-3 * weight};
    }
    n->def.n_populations = n->def.n_currents = 8;
    for (size_t to = 0; to < 8; to++)
        for (size_t from = 0; from < 8; from++) {
            if (probability[to][from] == 0.0)
                continue;
            const double pairs = (double)size[to] * size[from];
            const double total = log(1.0 - probability[to][from]) / log(1.0 - 1.0 / pairs);
            const double w = from % 2 == 1 ? -4.0 * weight : to == 0 && from == 2 ? 2.0 * weight : weight;
            const double delay = from % 2 == 1 ? 0.75 : 1.5;
            cal_snn_projection *p = &n->projections[n->def.n_projections++];
            *p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
            p->from = from;
            p->to = to;
            p->receptor = from % 2 == 1 ? "inhibitory" : "excitatory";
            p->in_degree = (uint32_t)(total / size[to] + 0.5);
            p->has_autapses = p->has_multapses = true;
            p->weight = (cal_distribution){CAL_NORMAL, w, 0.1 * fabs(w), w < 0.0 ? -1e4 : 0.0, w < 0.0 ? 0.0 : 1e4};
            p->delay_ms = (cal_distribution){CAL_NORMAL, delay, 0.5 * delay, 0.1, 6.3};
        }
}

#endif
