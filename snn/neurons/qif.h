/* What the entries of quadratic neurons share: qif, aqif and theta. */
#ifndef CALI_SNN_NEURONS_QIF_H
#define CALI_SNN_NEURONS_QIF_H

#include "snn/kernels/qif.h"
#include "snn/neuron.h"

/** Whether dt is short enough for a constant drive; if not, `why` gets the reason. */
bool cali_qif_can_follow(double drive, double tau_ms, double dt_ms, char *why, size_t size);
/** Whether v_peak is above v_reset; if not, `why` gets the reason. */
bool cali_qif_has_order(double v_peak, double v_reset, char *why, size_t size);
/** The map of a spike from v_peak to v_reset, either of which may be infinite. */
cali_qif_reset cali_qif_reset_of(double v_peak, double v_reset);

#endif
