/* The accuracy of a run as JSON, for its manifest and for the program. */
#ifndef CALI_EXPERIMENT_ACCURACY_H
#define CALI_EXPERIMENT_ACCURACY_H

#include "base/json.h"
#include "callosum/experiment.h"

void cali_accuracy_write(cali_text *json, const char *key, const cal_accuracy *accuracy);

#endif
