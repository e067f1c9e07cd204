/* Internal side of the recorder. */
#ifndef CALI_RECORDING_RECORDER_H
#define CALI_RECORDING_RECORDER_H

#include "recording/parts.h"

/** The sink's own object, for tests; borrowed. */
void *cali_recorder_sink(cal_recorder *recorder);

/** While it is set, what is appended goes to the sink at once and on the caller's thread, which may then use HDF5 for
 *  something else in between. Waits until the recorder's own thread has nothing left to do. */
void cali_recorder_set_direct(cal_recorder *recorder, bool is_direct);
const cali_layout *cali_recorder_layout(const cal_recorder *recorder);

#endif
