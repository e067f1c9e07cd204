/* The networks of the reference data, for tests and benchmarks: definitions whose arrays are static. */
#ifndef CALI_TESTS_SNN_NETWORKS_H
#define CALI_TESTS_SNN_NETWORKS_H

#include <string.h>

#include "callosum/snn.h"

#define CALI_CONSTANT(x) {CAL_CONSTANT, (x), 0.0, 0.0, 0.0}

/** A definition with room for its parts; `def` points into it, so it must stay where it is. */
typedef struct cali_network {
    cal_snn_def def;
    cal_snn_population populations[2];
    cal_snn_setting settings[16];
    cal_snn_projection projections[4];
    cal_snn_poisson poissons[2];
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

/** net_brunel_ai: 12,500 delta neurons. */
static inline void cali_network_brunel(cali_network *n, double window_ms)
{
    static const struct {
        const char *name;
        double value;
    } values[] = {{"E_L", 0}, {"V_th", 20}, {"V_reset", 10}, {"C_m", 1}, {"tau_m", 20}, {"t_ref", 2}};
    cali_network_start(n, "Brunel", 0.1, window_ms);
    for (size_t i = 0; i < 6; i++)
        n->settings[i] = (cal_snn_setting){values[i].name, CALI_CONSTANT(values[i].value)};
    cali_network_pair(n, "lif", 10000, 2500, 6);
    cali_network_project(n, "delta", "delta", 1000, 250, 0.1, -0.6, 1.5);
    for (size_t i = 0; i < 2; i++)
        n->poissons[i] = (cal_snn_poisson){i, "delta", 15000.0, 1.0, 0.1};
    n->def.n_poissons = 2;
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

#endif
