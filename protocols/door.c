/* The doorman's book: a key comes in while the folder of keys has it, and is no longer listened to when it is revoked. */
#include "protocols/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/links.h"

cal_status cali_door_init(cali_door *door, cal_context *ctx, const char *keys_folder)
{
    *door = (cali_door){0};
    pthread_mutex_init(&door->mutex, NULL);
    return cali_copy_text(ctx, keys_folder, &door->keys_folder);
}

void cali_door_free(cali_door *door)
{
    pthread_mutex_destroy(&door->mutex);
    free(door->guests);
    free(door->keys_folder);
}

/* Adds a key that comes in, or makes a revoked one a guest again. False: no memory. */
static bool seat(cali_door *door, const char *key)
{
    size_t at = 0;
    while (at < door->n_guests && strcmp(door->guests[at].key, key) != 0)
        at++;
    const bool is_new = at == door->n_guests;
    pthread_mutex_lock(&door->mutex);
    cali_guest *room = is_new ? realloc(door->guests, (at + 1) * sizeof *room) : door->guests;
    if (room != NULL) {
        if (!is_new && room[at].is_revoked)
            atomic_fetch_sub(&door->n_revoked, 1);
        door->guests = room;
        door->n_guests += is_new;
        room[at].is_revoked = false;
        memcpy(room[at].key, key, CAL_KEY_SIZE);
    }
    pthread_mutex_unlock(&door->mutex);
    return room != NULL;
}

bool cali_door_admit(cali_door *door, bool is_plain, const char *key, const char *address)
{
    static const char mapped[] = "::ffff:"; /* IPv4 at a socket of both families */
    char name[CAL_KEY_MAX_NAME + 1];
    if (strncmp(address, mapped, sizeof mapped - 1) == 0)
        address += sizeof mapped - 1;
    const bool is_in = key[0] == '\0' ? is_plain
                                      : door->keys_folder != NULL && cali_keys_find(door->keys_folder, key, name) && seat(door, key);
    pthread_mutex_lock(&door->mutex);
    if (is_in) {
        door->counts.n_admitted++;
    } else {
        door->counts.n_refused++;
        snprintf(door->counts.last_key, sizeof door->counts.last_key, "%s", key);
        snprintf(door->counts.last_address, sizeof door->counts.last_address, "%s", address);
    }
    pthread_mutex_unlock(&door->mutex);
    return is_in;
}

bool cali_door_has_guests(const cali_door *door)
{
    return door->n_guests > 0;
}

/* A change within the grain of the file system's clock shows no new time, so a list is settled when it is two seconds old. */
static bool is_settled(cali_door *door)
{
    struct timespec changed = {0}, now;
    clock_gettime(CLOCK_REALTIME, &now);
    cali_keys_time(door->keys_folder, &changed);
    const bool is_same = changed.tv_sec == door->list_time.tv_sec && changed.tv_nsec == door->list_time.tv_nsec;
    door->list_time = changed;
    return is_same && now.tv_sec - changed.tv_sec > 2;
}

void cali_door_look(cali_door *door)
{
    if (door->n_guests == 0 || is_settled(door))
        return;
    for (size_t i = 0; i < door->n_guests; i++) {
        char name[CAL_KEY_MAX_NAME + 1];
        const bool is_revoked = !cali_keys_find(door->keys_folder, door->guests[i].key, name);
        if (is_revoked == door->guests[i].is_revoked)
            continue;
        pthread_mutex_lock(&door->mutex);
        door->guests[i].is_revoked = is_revoked;
        pthread_mutex_unlock(&door->mutex);
        if (is_revoked)
            atomic_fetch_add(&door->n_revoked, 1);
        else
            atomic_fetch_sub(&door->n_revoked, 1);
    }
}

cal_door cali_door_get(cali_door *door)
{
    pthread_mutex_lock(&door->mutex);
    const cal_door counts = door->counts;
    pthread_mutex_unlock(&door->mutex);
    return counts;
}

bool cali_door_is_revoked(cali_door *door, const char *key)
{
    bool is_revoked = false;
    pthread_mutex_lock(&door->mutex);
    for (size_t i = 0; i < door->n_guests && !is_revoked; i++)
        is_revoked = door->guests[i].is_revoked && strcmp(door->guests[i].key, key) == 0;
    pthread_mutex_unlock(&door->mutex);
    return is_revoked;
}
