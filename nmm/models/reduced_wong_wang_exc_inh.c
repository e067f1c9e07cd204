/* The reduced Wong-Wang model with an inhibitory population of its own. */
#include "nmm/models/wong_wang_exc_inh.h"

extern const cal_nmm_model CALI_MODEL(reduced_wong_wang_exc_inh);
const cal_nmm_model CALI_MODEL(reduced_wong_wang_exc_inh) = {
    .name = "reduced-wong-wang-exc-inh",
    .alias = "rww-ei",
    .title = "Reduced Wong-Wang with inhibition: slow NMDA and fast GABA channels",
    .equations = "S_e' = -S_e / tau_e + (1 - S_e) gamma_e H(a_e I_e - b_e, d_e)\n"
                 "S_i' = -S_i / tau_i + gamma_i H(a_i I_i - b_i, d_i)\n"
                 "I_e = w_p J_N S_e - J_i S_i + W_e I_o + G J_N c + I_ext\n"
                 "I_i = J_N S_e - (1 nA) S_i + W_i I_o + lambda G J_N c\n"
                 "H(x, d) = x / (1 - exp(-d x))",
    .source = "Deco, Ponce-Alvarez, Hagmann, Romani, Mantini & Corbetta (2014), J. Neurosci. 34, 7886-7898",
    .is_stiff = true,
    .n_derived = N_ALL - N_ROWS(params),
    .derive = derive,
    CALI_MODEL_PARTS,
};
