/* docs/models.md and docs/stimuli.md from the tables of neural masses and waveforms. */
#ifndef CALI_NMM_REFERENCE_H
#define CALI_NMM_REFERENCE_H

#include "base/text.h"

/** Adds the page: every mass with its equations, parameters, states, inputs, outputs and source. */
void cali_nmm_reference(cali_text *out);
/** Adds the page of stimuli: every waveform and every kernel of weights. */
void cali_nmm_stimuli_reference(cali_text *out);

#endif
