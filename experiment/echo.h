/* Inside the echo of an experiment: what echo.c and echo_network.c share. Each function adds one item to the innermost
 * open bracket, on a line of its own; `key` NULL: of a list. */
#ifndef CALI_EXPERIMENT_ECHO_H
#define CALI_EXPERIMENT_ECHO_H

#include "experiment/experiment.h"

typedef struct cali_echo {
    cali_text *out;
    const cal_experiment *exp;
    unsigned depth;
    bool has_items; /* of the innermost open bracket */
} cali_echo;

/** Begins an item; its value follows in `out`. */
void cali_echo_key(cali_echo *e, const char *key);
/** A map or list; `bracket` is "{" or "[", at the end "}" or "]". */
void cali_echo_open(cali_echo *e, const char *key, const char *bracket);
void cali_echo_close(cali_echo *e, const char *bracket);
/** NULL adds nothing. */
void cali_echo_text(cali_echo *e, const char *key, const char *text);
void cali_echo_integer(cali_echo *e, const char *key, uint64_t value);
/** A value in `unit`, written in SI base units. */
void cali_echo_quantity(cali_echo *e, const char *key, double value, const char *unit);
/** Integer nanoseconds as decimal seconds, without rounding. */
void cali_echo_time(cali_echo *e, const char *key, cal_time t);
void cali_echo_distribution(cali_echo *e, const char *key, const cal_distribution *d, const char *unit);

/** echo_network.c: the network of a spiking region, or one of its own. */
void cali_echo_network(cali_echo *e, const cali_network *network);

#endif
