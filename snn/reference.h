/* docs/neurons.md from the table of neurons. */
#ifndef CALI_SNN_REFERENCE_H
#define CALI_SNN_REFERENCE_H

#include "base/text.h"

/** Adds the page: every neuron with its equations, parameters, states, receptors and source. */
void cali_snn_reference(cali_text *out);

#endif
