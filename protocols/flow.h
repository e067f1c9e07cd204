/* How much a peer sends without a message coming of it. ZeroMQ hands out whole messages and has a limit for each frame, but none for
 * their number: a peer may send frame after frame of a message without end, and ZeroMQ keeps them all. The system counts the bytes of
 * each connection of tcp; one that sends more than a message can have, and none has come since, is cut. */
#ifndef CALI_PROTOCOLS_FLOW_H
#define CALI_PROTOCOLS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cali_flow {
    bool is_open;
    bool has_spoken, has_ever_spoken; /**< a message has come: since the last look, at all */
    uint64_t n_bytes;                 /**< received when the last message was seen */
} cali_flow;

/** The connections of one listening socket, by the number of their file. */
typedef struct cali_flows {
    uint64_t most_first, most; /**< bytes without a message: before the first one, and later */
    cali_flow *of;
    size_t n;
} cali_flows;

/** A connection was accepted; the number may be that of one before. False: no memory to watch it, and it is cut. */
bool cali_flow_open(cali_flows *flows, int file);
/** A whole message of it was received. */
void cali_flow_heard(cali_flows *flows, int file);
/** Looks at all connections and cuts those that have sent too much; closed ones and those of ipc are forgotten. Returns how many were
 *  cut; `address` gets that of the last of them. */
size_t cali_flow_look(cali_flows *flows, char *address, size_t size);
void cali_flow_free(cali_flows *flows);

#endif
