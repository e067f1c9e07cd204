/* Adaptation by depression of the synapses: it lessens the recurrent drive. */
#define DEFAULT_ALPHA 0.5
#define DEFAULT_ETA (-6.0)
#define MEANING_OF_A "share of the recurrent drive that depression takes away"
#define ADAPT(recurrent, a) ((recurrent) * (1.0 - (a)))
#include "nmm/models/gast_schmidt_knosche.h"

extern const cal_nmm_model CALI_MODEL(gast_schmidt_knosche_sd);
const cal_nmm_model CALI_MODEL(gast_schmidt_knosche_sd) = {
    .name = "gast-schmidt-knosche-sd",
    .alias = "gsk-sd",
    .title = "Gast-Schmidt-Knosche: mean field of QIF neurons with synaptic depression",
    .equations = "tau r' = Delta / (pi tau) + 2 r V\n"
                 "tau V' = V^2 - (pi tau r)^2 + eta + J tau r (1 - A) + I + cr c_r + cv c_V\n"
                 "tau_A A' = B\n"
                 "tau_A B' = alpha r - A - 2 B",
    .source = "Gast, Schmidt & Knosche (2020), Neural Comput. 32, 1615-1634",
    CALI_MODEL_PARTS,
};
