/* Internal side of the HDF5 sink, for tests. */
#ifndef CALI_RECORDING_SINK_HDF5_H
#define CALI_RECORDING_SINK_HDF5_H

#include "recording/store.h"

/** The store below the sink; borrowed. */
cali_store *cali_sink_hdf5_store(void *sink);

/** Sets half the number of children of an index node, before the start: small ones make deep trees.
 */
void cali_sink_hdf5_set_index(void *sink, unsigned k);

#endif
