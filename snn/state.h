/* Parts of a saved state. What an extension of the engine keeps between steps is one part more: an entry in the table
 * of state.c. */
#ifndef CALI_SNN_STATE_H
#define CALI_SNN_STATE_H

#include "base/text.h"
#include "snn/network.h"

enum { CALI_STATE_NAME_SIZE = 16 };

/** Bytes are canonical: by population, neuron id, synapse in the order of its definition, and time until due; tiles and
 *  places do not enter. All parts are checked before the first one is restored. */
typedef struct cali_state_part {
    const char *name; /* below CALI_STATE_NAME_SIZE letters */
    void (*save)(const cal_snn *self, cali_text *out);
    /** Refuses what does not fit this network (INPUT C305); changes nothing. The bytes may be hostile: lengths and
     *  ranges are this function's task. */
    cal_status (*check)(const cal_snn *self, const char *bytes, size_t size, cal_restore how);
    /** Cannot fail. Called with self->step set already. */
    void (*restore)(cal_snn *self, const char *bytes, size_t size, cal_restore how);
} cali_state_part;

/** Adds to the text whose digest tells equal definitions from others. */
void cali_state_describe(const cal_snn *self, cali_text *text);

#endif
