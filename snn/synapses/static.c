#include "snn/synapse.h"

const cali_synapse cali_synapse_static = {
    .face = {.name = "static",
             .title = "constant weight",
             .equations = "each spike of the source delivers the weight one delay later",
             .source = "no plasticity"},
    .limit = -1,
};
