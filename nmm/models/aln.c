/* Adaptive linear-nonlinear cascade: an excitatory and an inhibitory population of adaptive exponential
 * integrate-and-fire neurons. The synapses give mean and noise of the input; mu passes a filter as slow as the
 * population answers, and the rate is that of the neuron at (mu, sigma), read from a table (nmm/tables/eif_table.h). */
#include "nmm/models/model.h"
#include "nmm/tables/eif_table.h"

enum {
    MUE_EXT_MEAN, MUI_EXT_MEAN, SIGMAE_EXT, SIGMAI_EXT, CEE, CIE, CEI, CII, JEE, JIE, JEI, JII, KE, KI, TAU_SE, TAU_SI,
    DE, DI, C_GL, KE_GL, A_W, B_W, EA, TAU_A, N_PARAMS,
    /* derived: numbers of synapses by their weights (ms) and squared weights (ms^2); rates of decay */
    Z1_EE = N_PARAMS, Z1_IE, Z1_EI, Z1_II, Z1_GL, Z2_EE, Z2_IE, Z2_EI, Z2_II, Z2_GL,
    PER_TAU_SE, PER_TAU_SI, PER_TAU_A, N_ALL
};
static const cal_field params[] = {
    [MUE_EXT_MEAN] = {"mue_ext_mean", "mV/ms", 0.4, -10.0, 10.0, "mean external input to E"},
    [MUI_EXT_MEAN] = {"mui_ext_mean", "mV/ms", 0.3, -10.0, 10.0, "mean external input to I"},
    [SIGMAE_EXT] = {"sigmae_ext", "mV/sqrt(ms)", 1.5, 0.0, 10.0, "noise of the external input to E"},
    [SIGMAI_EXT] = {"sigmai_ext", "mV/sqrt(ms)", 1.5, 0.0, 10.0, "noise of the external input to I"},
    [CEE] = {"cee", "mV/ms", 0.3, 0.0, 10.0, "amplitude of a postsynaptic current, E to E"},
    [CIE] = {"cie", "mV/ms", 0.3, 0.0, 10.0, "amplitude of a postsynaptic current, E to I"},
    [CEI] = {"cei", "mV/ms", 0.5, 0.0, 10.0, "amplitude of a postsynaptic current, I to E"},
    [CII] = {"cii", "mV/ms", 0.5, 0.0, 10.0, "amplitude of a postsynaptic current, I to I"},
    [JEE] = {"Jee_max", "mV/ms", 2.43, 1e-3, 100.0, "current when all synapses are active, E to E"},
    [JIE] = {"Jie_max", "mV/ms", 2.60, 1e-3, 100.0, "current when all synapses are active, E to I"},
    [JEI] = {"Jei_max", "mV/ms", -3.3, -100.0, -1e-3, "current when all synapses are active, I to E"},
    [JII] = {"Jii_max", "mV/ms", -1.64, -100.0, -1e-3, "current when all synapses are active, I to I"},
    [KE] = {"Ke", "1", 800.0, 0.0, 1e5, "excitatory synapses per neuron"},
    [KI] = {"Ki", "1", 200.0, 0.0, 1e5, "inhibitory synapses per neuron"},
    [TAU_SE] = {"tau_se", "ms", 2.0, 0.1, 1e3, "decay of excitatory synapses"},
    [TAU_SI] = {"tau_si", "ms", 5.0, 0.1, 1e3, "decay of inhibitory synapses"},
    [DE] = {"de", "ms", 4.0, 0.01, 1e3, "delay within the region, from E"},
    [DI] = {"di", "ms", 2.0, 0.01, 1e3, "delay within the region, from I"},
    [C_GL] = {"c_gl", "mV/ms", 0.3, 0.0, 10.0, "amplitude of a postsynaptic current, from other regions to E"},
    [KE_GL] = {"Ke_gl", "1", 250.0, 0.0, 1e5, "synapses per neuron from another region"},
    [A_W] = {"a", "nS", 0.0, 0.0, 100.0, "subthreshold adaptation"},
    [B_W] = {"b", "pA", 0.0, 0.0, 1e3, "adaptation per spike"},
    [EA] = {"EA", "mV", -80.0, -150.0, 50.0, "reversal of adaptation"},
    [TAU_A] = {"tauA", "ms", 200.0, 1.0, 1e5, "time constant of adaptation"},
};
/* The neuron of the table: C = 200 pF, g_L = 10 nS. */
#define PER_CAPACITY 0.005 /* 1/pF */
#define TAU_M 20.0

enum { MUFE, MUFI, IA, SEEM, SEIM, SIEM, SIIM, SEEV, SEIV, SIEV, SIIV };
static const cal_field states[] = {
    [MUFE] = {"mufe", "mV/ms", 0.0, -INFINITY, INFINITY, "filtered mean input of E"},
    [MUFI] = {"mufi", "mV/ms", 0.0, -INFINITY, INFINITY, "filtered mean input of I"},
    [IA] = {"IA", "pA", 0.0, -INFINITY, INFINITY, "adaptation of E"},
    [SEEM] = {"seem", "1", 0.0, 0.0, 1.0, "share of active synapses, E to E: mean"},
    [SEIM] = {"seim", "1", 0.0, 0.0, 1.0, "I to E: mean"},
    [SIEM] = {"siem", "1", 0.0, 0.0, 1.0, "E to I: mean"},
    [SIIM] = {"siim", "1", 0.0, 0.0, 1.0, "I to I: mean"},
    [SEEV] = {"seev", "1", 0.0, 0.0, INFINITY, "share of active synapses, E to E: variance"},
    [SEIV] = {"seiv", "1", 0.0, 0.0, INFINITY, "I to E: variance"},
    [SIEV] = {"siev", "1", 0.0, 0.0, INFINITY, "E to I: variance"},
    [SIIV] = {"siiv", "1", 0.0, 0.0, INFINITY, "I to I: variance"},
};
static const double scales[] = {1.0, 1.0, 100.0, 0.1, 0.1, 0.1, 0.1, 1e-3, 1e-3, 1e-3, 1e-3};
enum { FAR, FAR_SQ, EXT_E, EXT_I, MU_E, MU_I, OWN_E, OWN_I };
static const cal_field inputs[] = {
    [FAR] = {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rates of other regions by their weights w, to E: its mean"},
    [FAR_SQ] = {"c_sq", "1/ms", 0.0, -INFINITY, INFINITY, "the same by w^2: the noise that belongs to it"},
    [EXT_E] = {"rate_ext_e", "1/ms", 0.0, -INFINITY, INFINITY, "a rate to E, of weight 1: mean and noise"},
    [EXT_I] = {"rate_ext_i", "1/ms", 0.0, -INFINITY, INFINITY, "a rate to I, of weight 1: mean and noise"},
    [MU_E] = {"mu_e", "mV/ms", 0.0, -INFINITY, INFINITY, "input current of E, added to mue_ext_mean"},
    [MU_I] = {"mu_i", "mV/ms", 0.0, -INFINITY, INFINITY, "input current of I, added to mui_ext_mean"},
    [OWN_E] = {"own_e", "1/ms", 0.0, -INFINITY, INFINITY, "rate of E, later by de"},
    [OWN_I] = {"own_i", "1/ms", 0.0, -INFINITY, INFINITY, "rate of I, later by di"},
};
enum { RATE_E, RATE_I, OUT_IA };
static const cal_field outputs[] = {
    [RATE_E] = {"rate_e", "1/ms", 0.0, 0.0, INFINITY, "rate of E"},
    [RATE_I] = {"rate_i", "1/ms", 0.0, 0.0, INFINITY, "rate of I"},
    [OUT_IA] = {"IA", "pA", 0.0, -INFINITY, INFINITY, "adaptation of E"},
};
static const cal_own_delay own_delays[] = {{.output = RATE_E, .input = OWN_E, .param = DE},
                                           {.output = RATE_I, .input = OWN_I, .param = DI}};

/* A synapse's weight by what it adds to the share of active ones: c tau / J. */
static void derive_pair(size_t n, double *restrict p, size_t c, size_t j, size_t tau, size_t k, size_t z1, size_t z2)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double top = p[j * n + i] < 0.0 ? -p[j * n + i] : p[j * n + i];
        const double weight = p[c * n + i] * p[tau * n + i] / top;
        p[z1 * n + i] = weight * p[k * n + i];
        p[z2 * n + i] = weight * weight * p[k * n + i];
    }
}

static void derive(size_t n, double *p)
{
    derive_pair(n, p, CEE, JEE, TAU_SE, KE, Z1_EE, Z2_EE);
    derive_pair(n, p, CIE, JIE, TAU_SE, KE, Z1_IE, Z2_IE);
    derive_pair(n, p, CEI, JEI, TAU_SI, KI, Z1_EI, Z2_EI);
    derive_pair(n, p, CII, JII, TAU_SI, KI, Z1_II, Z2_II);
    derive_pair(n, p, C_GL, JEE, TAU_SE, KE_GL, Z1_GL, Z2_GL);
    for (size_t i = 0; i < n; i++) {
        p[PER_TAU_SE * n + i] = 1.0 / p[TAU_SE * n + i];
        p[PER_TAU_SI * n + i] = 1.0 / p[TAU_SI * n + i];
        p[PER_TAU_A * n + i] = 1.0 / p[TAU_A * n + i];
    }
}

/* Rates that arrive, weighted: z1 of a mean, or z2 (ms) of a variance. No rate is negative. */
CAL_HD double drive(double weight, double own, double far_weight, double far)
{
    const double z = weight * own + far_weight * far;
    return z > 0.0 ? z : 0.0;
}

/* sigma^2 of one kind of synapses. */
CAL_HD double variance(double j, double v, double tau, double z1)
{
    return 2.0 * j * j * (v > 0.0 ? v : 0.0) * tau * TAU_M / ((1.0 + z1) * TAU_M + tau);
}

/* Where the two populations stand in the table: steps of sigma. */
CAL_HD double sigma_steps(double ext, double e, double i)
{
    return cali_eif_sigma_steps(__builtin_sqrt(e + i + ext * ext));
}

CAL_HD double mean_slope(double m, double per_tau, double z1)
{
    return ((1.0 - m) * z1 - m) * per_tau;
}

CAL_HD double variance_slope(double m, double v, double tau, double per_tau, double z1, double z2)
{
    return ((1.0 - m) * (1.0 - m) * z2 + (z2 - 2.0 * tau * (z1 + 1.0)) * v) * (per_tau * per_tau);
}

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double own_e = c[OWN_E * n + i], own_i = c[OWN_I * n + i], ext_i = c[EXT_I * n + i];
        const double far = c[FAR * n + i] + c[EXT_E * n + i], far_sq = c[FAR_SQ * n + i] + c[EXT_E * n + i];
        const double g1 = p[Z1_GL * n + i], g2 = p[Z2_GL * n + i];
        const double z1_ee = drive(p[Z1_EE * n + i], own_e, g1, far), z2_ee = drive(p[Z2_EE * n + i], own_e, g2, far_sq);
        const double z1_ie = drive(p[Z1_IE * n + i], own_e, g1, ext_i), z2_ie = drive(p[Z2_IE * n + i], own_e, g2, ext_i);
        const double z1_ei = drive(p[Z1_EI * n + i], own_i, 0.0, 0.0), z2_ei = drive(p[Z2_EI * n + i], own_i, 0.0, 0.0);
        const double z1_ii = drive(p[Z1_II * n + i], own_i, 0.0, 0.0), z2_ii = drive(p[Z2_II * n + i], own_i, 0.0, 0.0);
        const double tau_e = p[TAU_SE * n + i], tau_i = p[TAU_SI * n + i];
        const double see = x[SEEM * n + i], sei = x[SEIM * n + i], sie = x[SIEM * n + i], sii = x[SIIM * n + i];
        const double see_v = x[SEEV * n + i], sei_v = x[SEIV * n + i], sie_v = x[SIEV * n + i], sii_v = x[SIIV * n + i];
        const double jee = p[JEE * n + i], jei = p[JEI * n + i], jie = p[JIE * n + i], jii = p[JII * n + i];
        const double mu_steps_e = cali_eif_mu_steps(x[MUFE * n + i] - x[IA * n + i] * PER_CAPACITY);
        const double mu_steps_i = cali_eif_mu_steps(x[MUFI * n + i]);
        const double s_e = sigma_steps(p[SIGMAE_EXT * n + i], variance(jee, see_v, tau_e, z1_ee),
                                       variance(jei, sei_v, tau_i, z1_ei));
        const double s_i = sigma_steps(p[SIGMAI_EXT * n + i], variance(jie, sie_v, tau_e, z1_ie),
                                       variance(jii, sii_v, tau_i, z1_ii));
        const double rate_e = cali_eif_read(mu_steps_e, s_e, CALI_EIF_RATE, CALI_EIF_RATE_UNIT);
        const double v_e = cali_eif_read(mu_steps_e, s_e, CALI_EIF_V, CALI_EIF_V_UNIT);
        const double mu_e = jee * see + jei * sei + p[MUE_EXT_MEAN * n + i] + c[MU_E * n + i];
        const double mu_i = jie * sie + jii * sii + p[MUI_EXT_MEAN * n + i] + c[MU_I * n + i];
        dx[MUFE * n + i] = (mu_e - x[MUFE * n + i]) / cali_eif_read(mu_steps_e, s_e, CALI_EIF_TAU, CALI_EIF_TAU_UNIT);
        dx[MUFI * n + i] = (mu_i - x[MUFI * n + i]) / cali_eif_read(mu_steps_i, s_i, CALI_EIF_TAU, CALI_EIF_TAU_UNIT);
        dx[IA * n + i] = (p[A_W * n + i] * (v_e - p[EA * n + i]) - x[IA * n + i]) * p[PER_TAU_A * n + i] +
                         p[B_W * n + i] * rate_e;
        const double per_e = p[PER_TAU_SE * n + i], per_i = p[PER_TAU_SI * n + i];
        dx[SEEM * n + i] = mean_slope(see, per_e, z1_ee);
        dx[SEIM * n + i] = mean_slope(sei, per_i, z1_ei);
        dx[SIEM * n + i] = mean_slope(sie, per_e, z1_ie);
        dx[SIIM * n + i] = mean_slope(sii, per_i, z1_ii);
        dx[SEEV * n + i] = variance_slope(see, see_v, tau_e, per_e, z1_ee, z2_ee);
        dx[SEIV * n + i] = variance_slope(sei, sei_v, tau_i, per_i, z1_ei, z2_ei);
        dx[SIEV * n + i] = variance_slope(sie, sie_v, tau_e, per_e, z1_ie, z2_ie);
        dx[SIIV * n + i] = variance_slope(sii, sii_v, tau_i, per_i, z1_ii, z2_ii);
    }
}

/* Outputs at the rates that arrive: own_e, own_i, from elsewhere to E and to I. */
CAL_HD void show(size_t n, size_t i, const double *restrict p, const double *restrict x, double own_e, double own_i,
                 double far, double ext_i, double *restrict y)
{
    const double tau_e = p[TAU_SE * n + i], tau_i = p[TAU_SI * n + i], g1 = p[Z1_GL * n + i];
    const double z1_ee = drive(p[Z1_EE * n + i], own_e, g1, far), z1_ie = drive(p[Z1_IE * n + i], own_e, g1, ext_i);
    const double z1_ei = drive(p[Z1_EI * n + i], own_i, 0.0, 0.0), z1_ii = drive(p[Z1_II * n + i], own_i, 0.0, 0.0);
    const double s_e = sigma_steps(p[SIGMAE_EXT * n + i], variance(p[JEE * n + i], x[SEEV * n + i], tau_e, z1_ee),
                                   variance(p[JEI * n + i], x[SEIV * n + i], tau_i, z1_ei));
    const double s_i = sigma_steps(p[SIGMAI_EXT * n + i], variance(p[JIE * n + i], x[SIEV * n + i], tau_e, z1_ie),
                                   variance(p[JII * n + i], x[SIIV * n + i], tau_i, z1_ii));
    y[RATE_E * n + i] = cali_eif_read(cali_eif_mu_steps(x[MUFE * n + i] - x[IA * n + i] * PER_CAPACITY), s_e,
                                      CALI_EIF_RATE, CALI_EIF_RATE_UNIT);
    y[RATE_I * n + i] = cali_eif_read(cali_eif_mu_steps(x[MUFI * n + i]), s_i, CALI_EIF_RATE, CALI_EIF_RATE_UNIT);
    y[OUT_IA * n + i] = x[IA * n + i];
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        show(n, i, p, x, 0.0, 0.0, 0.0, 0.0, y);
}

static void observe_driven(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                           double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        show(n, i, p, x, c[OWN_E * n + i], c[OWN_I * n + i], c[FAR * n + i] + c[EXT_E * n + i], c[EXT_I * n + i], y);
}

extern const cal_nmm_model CALI_MODEL(aln);
const cal_nmm_model CALI_MODEL(aln) = {
    .name = "adaptive-linear-nonlinear",
    .alias = "aln",
    .title = "Adaptive linear-nonlinear cascade of exponential integrate-and-fire populations, E and I",
    .equations =
        "mufe' = (Jee_max seem + Jei_max seim + mue_ext_mean + mu_e - mufe) / tau(mufe - IA/C, sigma_e)\n"
        "mufi' = (Jie_max siem + Jii_max siim + mui_ext_mean + mu_i - mufi) / tau(mufi, sigma_i)\n"
        "IA' = (a (V(mufe - IA/C, sigma_e) - EA) - IA) / tauA + b rate_e\n"
        "s_m' = ((1 - s_m) z1 - s_m) / tau_s\n"
        "s_v' = ((1 - s_m)^2 z2 + (z2 - 2 tau_s (z1 + 1)) s_v) / tau_s^2, for each of ee, ei, ie, ii\n"
        "z1_ee = u Ke own_e + g Ke_gl (c + rate_ext_e),  z2_ee = u^2 Ke own_e + g^2 Ke_gl (c_sq + rate_ext_e)\n"
        "u = cee tau_se / Jee_max,  g = c_gl tau_se / Jee_max; ei, ie (with rate_ext_i) and ii likewise\n"
        "sigma^2 = sigma_ext^2 + sum 2 J^2 s_v tau_s tau_m / ((1 + z1) tau_m + tau_s)\n"
        "rate_e = r(mufe - IA/C, sigma_e),  rate_i = r(mufi, sigma_i); C = 200 pF, tau_m = 20 ms\n"
        "own_e = rate_e(t - de),  own_i = rate_i(t - di); r, V, tau of the EIF neuron by its Fokker-Planck equation",
    .source = "Augustin et al. (2017), PLoS Comput. Biol. 13, e1005545; Cakan & Obermayer (2020), PLoS Comput. Biol. "
              "16, e1007822; table by Richardson (2007), Phys. Rev. E 76, 021919",
    .n_derived = N_ALL - N_PARAMS,
    .derive = derive,
    .observe_driven = observe_driven,
    .own_delays = own_delays,
    .n_own_delays = N_ROWS(own_delays),
    CALI_MODEL_PARTS,
};
