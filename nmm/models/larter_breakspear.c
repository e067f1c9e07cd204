/* A cortical column of Morris-Lecar type with inhibitory interneurons: rest, rhythm or chaos. */
#include "nmm/models/model.h"

enum {
    G_CA, G_K, G_L, PHI, G_NA, T_K, T_CA, T_NA, V_CA, V_K, V_L, V_NA, D_K, TAU_K, D_NA, D_CA, A_EI, A_IE, B, C, A_NE,
    A_NI, A_EE, I_EXT, R_NMDA, V_T, D_V, Z_T, D_Z, QV_MAX, QZ_MAX, T_SCALE
};
enum { V, W, Z };

static const cal_field params[] = {
    [G_CA] = {"gCa", "1", 1.1, 0.0, 100.0, "conductance of calcium"},
    [G_K] = {"gK", "1", 2.0, 0.0, 100.0, "conductance of potassium"},
    [G_L] = {"gL", "1", 0.5, 0.0, 100.0, "conductance of the leak"},
    [PHI] = {"phi", "1", 0.7, 0.0, 10.0, "factor of temperature on the potassium channels"},
    [G_NA] = {"gNa", "1", 6.7, 0.0, 100.0, "conductance of sodium"},
    [T_K] = {"TK", "1", 0.0, -10.0, 10.0, "threshold of the potassium channels"},
    [T_CA] = {"TCa", "1", -0.01, -10.0, 10.0, "threshold of the calcium channels"},
    [T_NA] = {"TNa", "1", 0.3, -10.0, 10.0, "threshold of the sodium channels"},
    [V_CA] = {"VCa", "1", 1.0, -10.0, 10.0, "reversal potential of calcium"},
    [V_K] = {"VK", "1", -0.7, -10.0, 10.0, "reversal potential of potassium"},
    [V_L] = {"VL", "1", -0.5, -10.0, 10.0, "reversal potential of the leak"},
    [V_NA] = {"VNa", "1", 0.53, -10.0, 10.0, "reversal potential of sodium"},
    [D_K] = {"d_K", "1", 0.3, 1e-3, 10.0, "spread of the threshold of the potassium channels"},
    [TAU_K] = {"tau_K", "ms", 1.0, 1e-2, 1e3, "time constant of the potassium channels"},
    [D_NA] = {"d_Na", "1", 0.15, 1e-3, 10.0, "spread of the threshold of the sodium channels"},
    [D_CA] = {"d_Ca", "1", 0.15, 1e-3, 10.0, "spread of the threshold of the calcium channels"},
    [A_EI] = {"aei", "1", 2.0, -100.0, 100.0, "synaptic strength, excitatory to inhibitory"},
    [A_IE] = {"aie", "1", 2.0, -100.0, 100.0, "synaptic strength, inhibitory to excitatory"},
    [B] = {"b", "1", 0.1, 0.0, 10.0, "rate of the inhibitory cells"},
    [C] = {"C", "1", 0.1, 0.0, 1.0, "share of the excitation that comes from other regions"},
    [A_NE] = {"ane", "1", 1.0, -100.0, 100.0, "strength of the constant input, to excitatory cells"},
    [A_NI] = {"ani", "1", 0.4, -100.0, 100.0, "strength of the constant input, to inhibitory cells"},
    [A_EE] = {"aee", "1", 0.4, -100.0, 100.0, "synaptic strength, excitatory to excitatory"},
    [I_EXT] = {"Iext", "1", 0.3, -100.0, 100.0, "constant input"},
    [R_NMDA] = {"rNMDA", "1", 0.25, 0.0, 10.0, "NMDA receptors per AMPA receptor"},
    [V_T] = {"VT", "1", 0.0, -10.0, 10.0, "threshold of the excitatory cells"},
    [D_V] = {"d_V", "1", 0.65, 1e-3, 10.0, "spread of VT; as it grows, rest gives way to a cycle, then chaos"},
    [Z_T] = {"ZT", "1", 0.0, -10.0, 10.0, "threshold of the inhibitory cells"},
    [D_Z] = {"d_Z", "1", 0.7, 1e-3, 10.0, "spread of ZT"},
    [QV_MAX] = {"QV_max", "1", 1.0, 0.0, 100.0, "largest rate of the excitatory cells"},
    [QZ_MAX] = {"QZ_max", "1", 1.0, 0.0, 100.0, "largest rate of the inhibitory cells"},
    [T_SCALE] = {"t_scale", "1/ms", 1.0, 1e-4, 100.0, "rate of the whole system"},
};
static const cal_field states[] = {
    [V] = {"V", "1", 0.1, -INFINITY, INFINITY, "mean potential of the excitatory cells"},
    [W] = {"W", "1", 0.5, -INFINITY, INFINITY, "share of open potassium channels"},
    [Z] = {"Z", "1", 0.1, -INFINITY, INFINITY, "mean potential of the inhibitory cells"},
};
static const double scales[] = {0.5, 0.5, 0.5};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "mean rate Q_V of other regions"},
};
enum { OUT_Q_V = 3 };
static const cal_field outputs[] = {
    [V] = {"V", "1", 0.0, -INFINITY, INFINITY, "mean potential of the excitatory cells"},
    [W] = {"W", "1", 0.0, -INFINITY, INFINITY, "share of open potassium channels"},
    [Z] = {"Z", "1", 0.0, -INFINITY, INFINITY, "mean potential of the inhibitory cells"},
    [OUT_Q_V] = {"Q_V", "1", 0.0, 0.0, INFINITY, "rate of the excitatory cells, in units of its scale"},
};

/* From 0 to 1 around a threshold. */
CAL_HD double open_share(double v, double threshold, double spread)
{
    return 0.5 * (1.0 + cali_tanh((v - threshold) / spread));
}

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double v = x[V * n + i], w = x[W * n + i], z = x[Z * n + i], scale = p[T_SCALE * n + i];
        const double m_ca = open_share(v, p[T_CA * n + i], p[D_CA * n + i]);
        const double m_na = open_share(v, p[T_NA * n + i], p[D_NA * n + i]);
        const double m_k = open_share(v, p[T_K * n + i], p[D_K * n + i]);
        const double q_v = p[QV_MAX * n + i] * open_share(v, p[V_T * n + i], p[D_V * n + i]);
        const double q_z = p[QZ_MAX * n + i] * open_share(z, p[Z_T * n + i], p[D_Z * n + i]);
        const double share = p[C * n + i];
        const double excitation = p[A_EE * n + i] * ((1.0 - share) * q_v + share * c[i]);
        dx[V * n + i] = scale * (-(p[G_CA * n + i] + p[R_NMDA * n + i] * excitation) * m_ca * (v - p[V_CA * n + i]) -
                                 p[G_K * n + i] * w * (v - p[V_K * n + i]) - p[G_L * n + i] * (v - p[V_L * n + i]) -
                                 (p[G_NA * n + i] * m_na + excitation) * (v - p[V_NA * n + i]) -
                                 p[A_IE * n + i] * z * q_z + p[A_NE * n + i] * p[I_EXT * n + i]);
        dx[W * n + i] = scale * p[PHI * n + i] * (m_k - w) / p[TAU_K * n + i];
        dx[Z * n + i] = scale * p[B * n + i] * (p[A_NI * n + i] * p[I_EXT * n + i] + p[A_EI * n + i] * v * q_v);
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[V * n + i] = x[V * n + i];
        y[W * n + i] = x[W * n + i];
        y[Z * n + i] = x[Z * n + i];
        y[OUT_Q_V * n + i] = p[QV_MAX * n + i] * open_share(x[V * n + i], p[V_T * n + i], p[D_V * n + i]);
    }
}

extern const cal_nmm_model CALI_MODEL(larter_breakspear);
const cal_nmm_model CALI_MODEL(larter_breakspear) = {
    .name = "larter-breakspear",
    .alias = "breakspear",
    .title = "Larter-Breakspear: a column with ion channels that rests, cycles or is chaotic",
    .equations = "V' = t_scale (-(gCa + rNMDA e) m_Ca (V - VCa) - gK W (V - VK) - gL (V - VL)\n"
                 "     - (gNa m_Na + e) (V - VNa) - aie Z Q_Z + ane Iext)\n"
                 "W' = t_scale phi (m_K - W) / tau_K\n"
                 "Z' = t_scale b (ani Iext + aei V Q_V)\n"
                 "e = aee ((1 - C) Q_V + C c)\n"
                 "m_ion = (1 + tanh((V - T_ion) / d_ion)) / 2\n"
                 "Q_V = QV_max (1 + tanh((V - VT) / d_V)) / 2,  Q_Z = QZ_max (1 + tanh((Z - ZT) / d_Z)) / 2",
    .source = "Breakspear, Terry & Friston (2003), Network 14, 703-732",
    CALI_MODEL_PARTS,
};
