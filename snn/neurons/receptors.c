#include "snn/neurons/receptors.h"

static float loss(double half_ms, double tau_ms)
{
    return (float)cali_loss(half_ms / tau_ms);
}

cali_receptors_constants cali_receptors_prepare(const double *p, double e_l_mV, double h_ms)
{
    const double half = 0.5 * h_ms, rise = p[CALI_TAU_NMDA_RISE], decay = p[CALI_TAU_NMDA_DECAY];
    return (cali_receptors_constants){
        .loss_ampa = loss(half, p[CALI_TAU_AMPA]),
        .loss_nmda = loss(half, decay),
        .loss_rise = loss(half, rise),
        .rise_nmda = (float)cali_propagator(half, decay, rise, 1.0),
        .loss_gaba_a = loss(half, p[CALI_TAU_GABA_A]),
        .loss_r = loss(half, p[CALI_TAU_R_GABA_B]),
        .loss_s = loss(half, p[CALI_TAU_S_GABA_B]),
        .r_to_s = (float)(p[CALI_K_S_GABA_B] *
                          cali_propagator(half, p[CALI_TAU_S_GABA_B], p[CALI_TAU_R_GABA_B], 1.0)),
        .e_ampa = (float)(p[CALI_E_AMPA] - e_l_mV),
        .e_nmda = (float)(p[CALI_E_NMDA] - e_l_mV),
        .e_gaba_a = (float)(p[CALI_E_GABA_A] - e_l_mV),
        .e_gaba_b = (float)(p[CALI_E_GABA_B] - e_l_mV),
        .g_gaba_b = (float)p[CALI_G_GABA_B],
        .mg_scale = (float)(p[CALI_MG] / 3.57 * cali_exp(-0.062 * e_l_mV)),
        .jump_nmda = (float)cali_peak_jump(rise, decay),
        .bind = (float)p[CALI_BIND_GABA_B],
    };
}
