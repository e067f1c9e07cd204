/* Where neurons lie: positions in mm. */
#ifndef CALI_SNN_SPACE_H
#define CALI_SNN_SPACE_H

#include "base/text.h"
#include "snn/network.h"

/** The space of a population, or NULL. */
const cal_snn_space *cali_space_of(const cal_snn_def *def, size_t population);
/** Checks it. Errors: ARGUMENT. */
cal_status cali_check_space(cal_context *ctx, const cal_snn_def *def, size_t population);
/** Copies the space of each population and fills its positions. Errors: MEMORY (E402). */
cal_status cali_spaces_create(cal_snn *self, const cal_snn_def *def);
void cali_spaces_destroy(cal_snn *self);
/** What a saved state tells of them: a hash. */
void cali_spaces_describe(const cal_snn *self, cali_text *out);

#endif
