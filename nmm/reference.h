/* docs/models.md from the table of neural masses. */
#ifndef CALI_NMM_REFERENCE_H
#define CALI_NMM_REFERENCE_H

#include "base/text.h"

/** Adds the page: every mass with its equations, parameters, states, inputs, outputs and source. */
void cali_nmm_reference(cali_text *out);

#endif
