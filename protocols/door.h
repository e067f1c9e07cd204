/* Who may come in, and who was turned away. */
#ifndef CALI_PROTOCOLS_DOOR_H
#define CALI_PROTOCOLS_DOOR_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "callosum/protocols.h"

typedef struct cali_guest {
    char key[CAL_KEY_SIZE];
    bool is_revoked;
} cali_guest;

typedef struct cali_door {
    char *keys_folder;
    struct timespec list_time; /* of the list of allowed keys when the guests were last compared with it */
    pthread_mutex_t mutex;     /* of what follows; the doorman alone writes the guests */
    cal_door counts;
    cali_guest *guests;        /* every key that ever came in */
    size_t n_guests;
    atomic_uint n_revoked;     /* read without the mutex: nobody pays who has revoked nothing */
} cali_door;

/** Errors: MEMORY. Freed in both cases. */
cal_status cali_door_init(cali_door *door, cal_context *ctx, const char *keys_folder);
void cali_door_free(cali_door *door);

/* The doorman's. */

/** Decides, counts and remembers. `key`: "" for a peer without CURVE, who comes in only where that is allowed: `is_plain`. */
bool cali_door_admit(cali_door *door, bool is_plain, const char *key, const char *address);
bool cali_door_has_guests(const cali_door *door);
/** Compares the guests with the list of allowed keys if that has changed. */
void cali_door_look(cali_door *door);

/* Anybody's. */

cal_door cali_door_get(cali_door *door);
static inline bool cali_door_has_revoked(const cali_door *door)
{
    return atomic_load_explicit(&door->n_revoked, memory_order_relaxed) > 0;
}
bool cali_door_is_revoked(cali_door *door, const char *key);

#endif
