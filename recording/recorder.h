/* Internal side of the recorder, for tests. */
#ifndef CALI_RECORDING_RECORDER_H
#define CALI_RECORDING_RECORDER_H

#include "callosum/recording.h"

/** The sink's own object; borrowed. */
void *cali_recorder_sink(cal_recorder *recorder);

#endif
