/* Adaptation of the spike frequency: a current of its own works against the drive. */
#define DEFAULT_ALPHA 10.0
#define DEFAULT_ETA 1.0
#define MEANING_OF_A "adaptation current"
#define ADAPT(recurrent, a) ((recurrent) - (a))
#include "nmm/models/gast_schmidt_knosche.h"

extern const cal_nmm_model CALI_MODEL(gast_schmidt_knosche_sf);
const cal_nmm_model CALI_MODEL(gast_schmidt_knosche_sf) = {
    .name = "gast-schmidt-knosche-sf",
    .alias = "gsk-sf",
    .title = "Gast-Schmidt-Knosche: mean field of QIF neurons with spike-frequency adaptation",
    .equations = "tau r' = Delta / (pi tau) + 2 r V\n"
                 "tau V' = V^2 - (pi tau r)^2 + eta + J tau r - A + I + cr c_r + cv c_V\n"
                 "tau_A A' = B\n"
                 "tau_A B' = alpha r - A - 2 B",
    .source = "Gast, Schmidt & Knosche (2020), Neural Comput. 32, 1615-1634",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
