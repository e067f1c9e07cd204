/* Mean field of conductance-based neurons whose potassium is exchanged with a bath: from rest to seizure-like events. */
#include "nmm/models/model.h"

enum { E, K_BATH, J, ETA, DELTA, C_MINUS, R_MINUS, C_PLUS, R_PLUS, V_STAR, C_M, TAU_N, GAMMA, EPSILON };
enum { X, V, N, DKI, KG };

static const cal_field params[] = {
    [E] = {"E", "mV", 0.0, -200.0, 200.0, "reversal potential of the synapses"},
    [K_BATH] = {"K_bath", "1", 5.5, 0.0, 100.0, "potassium of the bath, mmol/l"},
    [J] = {"J", "1", 0.1, 0.0, 1e3, "mean synaptic weight"},
    [ETA] = {"eta", "mV/ms", 0.0, -1e3, 1e3, "centre of the drives"},
    [DELTA] = {"Delta", "1", 1.0, 0.0, 1e3, "half width of the spread of the drives"},
    [C_MINUS] = {"c_minus", "mV", -40.0, -200.0, 100.0, "apex of the left parabola"},
    [R_MINUS] = {"R_minus", "1", 0.5, 1e-6, 100.0, "curvature of the left parabola"},
    [C_PLUS] = {"c_plus", "mV", -20.0, -200.0, 100.0, "apex of the right parabola"},
    [R_PLUS] = {"R_plus", "1", -0.5, -100.0, -1e-6, "curvature of the right parabola"},
    [V_STAR] = {"Vstar", "mV", -31.0, -200.0, 100.0, "potential where the right parabola takes over: a jump"},
    [C_M] = {"Cm", "1", 1.0, 1e-3, 1e3, "membrane capacitance, nF"},
    [TAU_N] = {"tau_n", "ms", 4.0, 1e-2, 1e3, "time constant of the potassium gate"},
    [GAMMA] = {"gamma", "1", 0.04, 0.0, 10.0, "moles of ions per charge, mol/C"},
    [EPSILON] = {"epsilon", "1/ms", 0.001, 0.0, 10.0, "rate of the exchange with the bath"},
};
static const cal_field states[] = {
    [X] = {"x", "1", 0.1, 0.0, INFINITY, "proportional to the firing rate"},
    [V] = {"V", "mV", -70.0, -500.0, INFINITY, "mean membrane potential"},
    [N] = {"n", "1", 0.1, 0.0, INFINITY, "gate of the potassium channels"},
    [DKI] = {"DKi", "1", -0.5, -100.0, INFINITY, "change of the potassium within the cells, mmol/l"},
    [KG] = {"Kg", "1", -1.0, -100.0, INFINITY, "potassium taken up from outside by the bath, mmol/l"},
};
static const double scales[] = {1.0, 30.0, 0.3, 1.0, 3.0};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "x of other regions: opens synapses with reversal potential E"},
};
enum { OUT_X, OUT_RATE, OUT_V, OUT_N, OUT_DKI, OUT_KG, OUT_K_O };
static const cal_field outputs[] = {
    [OUT_X] = {"x", "1", 0.0, -INFINITY, INFINITY, "proportional to the firing rate"},
    [OUT_RATE] = {"rate", "1/ms", 0.0, 0.0, INFINITY, "firing rate, R_minus x / pi"},
    [OUT_V] = {"V", "mV", 0.0, -INFINITY, INFINITY, "mean membrane potential"},
    [OUT_N] = {"n", "1", 0.0, -INFINITY, INFINITY, "gate of the potassium channels"},
    [OUT_DKI] = {"DKi", "1", 0.0, -INFINITY, INFINITY, "change of the potassium within the cells, mmol/l"},
    [OUT_KG] = {"Kg", "1", 0.0, -INFINITY, INFINITY, "potassium taken up from outside by the bath, mmol/l"},
    [OUT_K_O] = {"K_o", "1", 0.0, -INFINITY, INFINITY, "potassium outside the cells, mmol/l"},
};

/* conductances (nS), pump (pA), volumes (um^3), thermal voltage (mV), concentrations (mmol/l) at rest */
static const double g_cl = 7.5, g_na = 40.0, g_k = 22.0, g_na_leak = 0.02, g_k_leak = 0.12, pump_pA = 250.0;
static const double inside_um3 = 2160.0, outside_um3 = 720.0, thermal_mV = 26.64;
static const double na_in = 16.0, na_out = 138.0, k_in = 130.0, k_out = 4.8;
static const double log_cl = 3.109060958860994; /* ln(112 / 5): chloride outside over inside */

/* 1 / (1 + exp((centre - x) / width)) */
CAL_HD double rise(double x, double centre, double width)
{
    return 1.0 / (1.0 + cali_exp((centre - x) / width));
}

/* A concentration, or next to none where the equations would make it negative. */
CAL_HD double positive(double concentration)
{
    return concentration > 1e-9 ? concentration : 1e-9;
}

static void rhs(size_t n, const double *restrict p, const double *restrict y, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double x = y[X * n + i], v = y[V * n + i], gate = y[N * n + i], dki = y[DKI * n + i];
        const double ratio = inside_um3 / outside_um3;
        const double k_i = k_in + dki, na_i = na_in - dki, na_o = na_out + ratio * dki;
        const double k_o = k_out - ratio * dki + y[KG * n + i];
        const double open_na = rise(v, -24.0, 12.0) * (1.1 - rise(gate, 0.4, 0.125));
        const double i_k =
            (g_k_leak + g_k * gate) * (v - thermal_mV * cali_log(positive(k_o) / positive(k_i)));
        const double i_na =
            (g_na_leak + g_na * open_na) * (v - thermal_mV * cali_log(positive(na_o) / positive(na_i)));
        const double i_cl = g_cl * (v + thermal_mV * log_cl);
        const double i_pump = pump_pA * rise(na_i, 21.0, 2.0) * rise(k_o, 5.5, 1.0);
        /* all are read before one is chosen: no branches */
        const double r_minus = p[R_MINUS * n + i], r_plus = p[R_PLUS * n + i], v_star = p[V_STAR * n + i];
        const double c_minus = p[C_MINUS * n + i], c_plus = p[C_PLUS * n + i];
        const double curvature = v <= v_star ? r_minus : r_plus, apex = v <= v_star ? c_minus : c_plus;
        dx[X * n + i] = p[DELTA * n + i] + 2.0 * curvature * (v - apex) * x -
                        p[J * n + i] * (r_minus * x * (1.0 / CALI_PI)) * x;
        dx[V * n + i] = -(i_na + i_k + i_cl + i_pump) / p[C_M * n + i] - curvature * x * x + p[ETA * n + i] +
                        r_minus * (1.0 / CALI_PI) * c[i] * (p[E * n + i] - v);
        dx[N * n + i] = (rise(v, -19.0, 18.0) - gate) / p[TAU_N * n + i];
        dx[DKI * n + i] = -(p[GAMMA * n + i] / inside_um3) * (i_k - 2.0 * i_pump);
        dx[KG * n + i] = p[EPSILON * n + i] * (p[K_BATH * n + i] - k_o);
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[OUT_RATE * n + i] = p[R_MINUS * n + i] * x[X * n + i] * (1.0 / CALI_PI);
        y[OUT_X * n + i] = x[X * n + i];
        y[OUT_V * n + i] = x[V * n + i];
        y[OUT_N * n + i] = x[N * n + i];
        y[OUT_DKI * n + i] = x[DKI * n + i];
        y[OUT_KG * n + i] = x[KG * n + i];
        y[OUT_K_O * n + i] = k_out - inside_um3 / outside_um3 * x[DKI * n + i] + x[KG * n + i];
    }
}

extern const cal_nmm_model CALI_MODEL(k_ion_exchange);
const cal_nmm_model CALI_MODEL(k_ion_exchange) = {
    .name = "k-ion-exchange",
    .alias = "kionex",
    .title = "Mean field of neurons that exchange potassium with a bath",
    .equations =
        "x' = Delta + 2 R (V - c_R) x - J R_minus x^2 / pi\n"
        "V' = -(I_Na + I_K + I_Cl + I_pump) / Cm - R x^2 + eta + (R_minus / pi) c (E - V)\n"
        "n' = (1 / (1 + exp((-19 - V) / 18)) - n) / tau_n\n"
        "DKi' = -(gamma / 2160) (I_K - 2 I_pump)\n"
        "Kg' = epsilon (K_bath - K_o)\n"
        "R, c_R = R_minus, c_minus for V <= Vstar, else R_plus, c_plus\n"
        "K_i = 130 + DKi,  K_o = 4.8 - 3 DKi + Kg,  Na_i = 16 - DKi,  Na_o = 138 + 3 DKi\n"
        "I_K = (0.12 + 22 n) (V - 26.64 ln(K_o / K_i)),  I_Cl = 7.5 (V + 26.64 ln(112 / 5))\n"
        "I_Na = (0.02 + 40 m h) (V - 26.64 ln(Na_o / Na_i)),  m = 1 / (1 + exp((-24 - V) / 12)),\n"
        "  h = 1.1 - 1 / (1 + exp(-8 (n - 0.4)))\n"
        "I_pump = 250 / ((1 + exp((21 - Na_i) / 2)) (1 + exp(5.5 - K_o)))",
    .source = "Bandyopadhyay, Rabuffo, Calabrese, Gudibanda, Depannemaecker, Ivanov, Bernard, Jirsa & Petkoski "
              "(2021), bioRxiv 2021.10.29.466427",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
