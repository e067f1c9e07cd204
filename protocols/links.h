/* What the files of sockets and keys share. ZeroMQ is included in wire.c alone. */
#ifndef CALI_PROTOCOLS_LINKS_H
#define CALI_PROTOCOLS_LINKS_H

#include <time.h>

#include "callosum/protocols.h"

/* ---- endpoint.c ---------------------------------------------------------------------------------- */

enum { CALI_ENDPOINT_MAX_PATH = 100 }; /**< bytes of a path of ipc; the system's limit is 107 */

/** An endpoint as ZeroMQ gets it: names resolved to one numeric address. */
typedef struct cali_endpoint {
    char text[256];
    char path[CALI_ENDPOINT_MAX_PATH + 1];    /**< of ipc; "" for tcp */
    char folder[CALI_ENDPOINT_MAX_PATH + 1];  /**< made for this socket alone and removed with it; else "" */
    bool is_local;                            /**< ipc or loopback */
    bool is_ipv6;                             /**< an address of IPv6, or all addresses */
} cali_endpoint;

/** Reads and checks the endpoint. `turn` chooses among several addresses of a name. Of ipc that listens, folder and leftovers
 *  of a dead process are made good. Errors: INPUT, IO, MEMORY. */
cal_status cali_endpoint_resolve(cal_context *ctx, const cal_wire_def *def, unsigned turn, cali_endpoint *out);
/** Removes the file and, if it was made for it, the folder. */
void cali_endpoint_remove(const cali_endpoint *endpoint);

/* ---- keys.c ---------------------------------------------------------------------------------------- */

/** When a key was last allowed or revoked; false: there is no list. */
bool cali_keys_time(const char *folder, struct timespec *out);
/** Whether a good file of `folder`/allowed holds the key; its name goes to `name`. Any thread. */
bool cali_keys_find(const char *folder, const char *public_key, char name[CAL_KEY_MAX_NAME + 1]);

/* ---- wire.c ---------------------------------------------------------------------------------------- */

/** A new pair. False: no source of random numbers. */
bool cali_key_make(cal_key_pair *out);
/** The public key of a secret one; false: it is none. */
bool cali_key_public(const char *secret_key, char public_key[CAL_KEY_SIZE]);

#endif
