/* The reduced Wong-Wang model with inhibition and a gain that differs between regions, for example with the expression
 * of genes. */
#define WITH_GAIN
#include "nmm/models/wong_wang_exc_inh.h"

extern const cal_nmm_model CALI_MODEL(deco_balanced_exc_inh);
const cal_nmm_model CALI_MODEL(deco_balanced_exc_inh) = {
    .name = "deco-balanced-exc-inh",
    .alias = "dbei",
    .title = "Deco's balanced excitation and inhibition: reduced Wong-Wang with a gain per region",
    .equations = "S_e' = -S_e / tau_e + (1 - S_e) gamma_e H(M_i (a_e I_e - b_e), d_e)\n"
                 "S_i' = -S_i / tau_i + gamma_i H(M_i (a_i I_i - b_i), d_i)\n"
                 "I_e = w_p J_N S_e - J_i S_i + W_e I_o + G J_N c + I_ext\n"
                 "I_i = J_N S_e - (1 nA) S_i + W_i I_o + lambda G J_N c\n"
                 "H(x, d) = x / (1 - exp(-d x))",
    .source = "Deco, Kringelbach, Arnatkeviciute, Oldham, Sabaroedin, Rogasch, Aquino & Fornito (2021), "
              "Sci. Adv. 7, eabf4752",
    .is_stiff = true,
    .n_derived = N_ALL - N_ROWS(params),
    .derive = derive,
    CALI_MODEL_PARTS,
};
