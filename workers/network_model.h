/* A spiking network as it travels to a worker: a whole cal_snn_def as a map of MessagePack and back. protocols/NETWORK-MODEL.md
 * describes the map.
 *
 *     network_model_fields.c   the one list of structs and fields: writer, reader, document and tests go by it
 *     network_model.c          a definition -> the map; its digest
 *     network_model_read.c     the map -> a definition. What it reads is hostile
 *
 * A field that is 0, false, empty or NULL does not travel, unless its entry says so. A member that the reader does not know
 * is refused: a network without it would be another network. */
#ifndef CALI_WORKERS_NETWORK_MODEL_H
#define CALI_WORKERS_NETWORK_MODEL_H

#include <string.h>

#include "base/digest.h"
#include "callosum/protocols.h"
#include "callosum/snn.h"

/** The `name` of the map, which a worker announces among its models. */
#define CALI_NETWORK_MODEL "callosum-network"

/** Writes the member `key`, a map; arrays are lent: the definition stays as it is until the frames are taken. Errors: ARGUMENT
 *  (numbers of populations or names that are not there), UNSUPPORTED (more values than a message has), MEMORY. */
cal_status cali_network_model_encode(cal_context *ctx, const cal_snn_def *def, cal_packer *packer, const char *key);

/** Owns a definition and everything that it points to. */
typedef struct cali_network_model cali_network_model;
/** Reads a map that was received; it may be released afterwards. What cal_snn_create checks is left to it. Errors: INPUT, with the
 *  same message in `problem` (E201 unknown neuron or synapse, E203 other names and numbers, E106), MEMORY (E402). */
cal_status cali_network_model_decode(cal_context *ctx, const cal_value *map, cali_network_model **out, cal_problem *problem);
/** NULL is accepted. After all networks that were made of it: they use its own neurons. */
void cali_network_model_destroy(cali_network_model **model);
/** Gives back all but the own neurons, once the network is built. */
void cali_network_model_shrink(cali_network_model *model);
const cal_snn_def *cali_network_model_def(const cali_network_model *model);

/** SHA-256 over the version of callosum and all fields that the state of a network depends on: networks of one digest continue
 *  each other's saved states. The network's and ports' names, the window, bins of ports, what is recorded and the memory are left
 *  out. Errors: as of encode. */
cal_status cali_network_model_digest(cal_context *ctx, const cal_snn_def *def, char hex[CALI_DIGEST_SIZE]);

/* ---- the list of fields ------------------------------------------------------------------------- */

typedef enum cali_model_kind {
    CALI_MODEL_UINT,   /* uint32_t, uint64_t, size_t */
    CALI_MODEL_TIME,   /* cal_time */
    CALI_MODEL_REAL,   /* double */
    CALI_MODEL_BOOL,
    CALI_MODEL_TEXT,
    CALI_MODEL_CHOICE, /* an enum, by its names */
    CALI_MODEL_ENTRY,  /* a pointer to an entry of a list, by its name */
    CALI_MODEL_OWN,    /* the same pointer, where it is an own neuron: its number in own_neurons */
    CALI_MODEL_FORMULA, /* a formula of the way, as its text; values in the field's unit, or plain */
    CALI_MODEL_MAP,    /* a struct in its place */
    CALI_MODEL_MAP_AT, /* a pointer to one, or NULL */
    CALI_MODEL_LIST,   /* a pointer to many */
    CALI_MODEL_FIXED,  /* numbers in their place */
    CALI_MODEL_ARRAY,  /* a pointer to many numbers */
    CALI_MODEL_STAYS   /* does not travel */
} cali_model_kind;

/** How many items a list or an array has. */
typedef enum cali_model_count {
    CALI_COUNT_MEMBER,      /* as many as are sent: kept in a member, and the same for all arrays of that member */
    CALI_COUNT_POPULATIONS, /* one for each population */
    CALI_COUNT_NEURONS,     /* one for each neuron of the item's population */
    CALI_COUNT_COORDINATES, /* of a space: neurons of the population of its number x dimensions */
    CALI_COUNT_WAVEFORM,    /* parameters of the waveform */
    CALI_COUNT_KERNEL       /* parameters of the kernel; of the numbers in their place the first ones */
} cali_model_count;

enum {
    CALI_MODEL_ALWAYS = 1,  /* travels whatever it is, and must be there */
    CALI_MODEL_FREE = 2     /* no state depends on it: not in the digest */
};

typedef struct cali_model_names {
    const char *const *names;
    size_t n;
} cali_model_names;

/** A list of entries with names. */
typedef struct cali_model_entries {
    const char *what, *code; /* "neuron"; of the problem if there is none of a name */
    const void *(*find)(const char *name);
    const char *(*name)(const void *entry); /* NULL: not of the list */
} cali_model_entries;

typedef struct cali_model_struct cali_model_struct;
typedef struct cali_model_field {
    const char *key;
    cali_model_kind kind;
    const char *member;
    size_t offset, size;
    unsigned flags;
    cali_model_count count;
    const char *n_member; /* that keeps the count; NULL: none */
    size_t n_offset, n_size;
    const char *when; /* the member without which it means nothing: it does not travel while that is 0 or NULL */
    size_t when_offset, when_size;
    cal_dtype dtype;  /* of arrays */
    union {
        const cali_model_struct *of;
        const cali_model_names *names;
        const cali_model_entries *entries;
    };
    const char *unit, *meaning; /* for the document */
} cali_model_field;

struct cali_model_struct {
    const char *type; /* "cal_snn_projection" */
    const char *title, *text;
    size_t size;
    const cali_model_field *fields;
    size_t n_fields;
};

/** Structs of the map, the outermost first. */
extern const cali_model_struct *const cali_model_structs[];
extern const size_t cali_model_n_structs;

/** The outermost struct: the definition, with the own neurons that its populations use. */
typedef struct cali_model_own {
    const char *text;
    size_t n; /* bytes */
    const cal_neuron *neuron;
} cali_model_own;
typedef struct cali_model_root {
    cali_model_own *own;
    size_t n_own;
    cal_snn_def def;
} cali_model_root;

static inline bool cali_model_is_zero(const void *item, size_t offset, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)item + offset;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static inline uint64_t cali_model_uint(const void *item, size_t offset, size_t size)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (size == sizeof wide)
        memcpy(&wide, (const char *)item + offset, sizeof wide);
    else
        memcpy(&narrow, (const char *)item + offset, sizeof narrow);
    return size == sizeof wide ? wide : narrow;
}

static inline void *cali_model_pointer(const void *item, const cali_model_field *f)
{
    void *pointer;
    memcpy(&pointer, (const char *)item + f->offset, sizeof pointer);
    return pointer;
}

/** Where a coder is: "projections[3].weight". */
typedef struct cali_model_path {
    char text[128];
    size_t size;
} cali_model_path;
/** Goes a level in: to the member `key`, or with another index than SIZE_MAX to an item of a list. Returns the size to come back
 *  to. */
size_t cali_model_enter(cali_model_path *path, const char *key, size_t index);
void cali_model_leave(cali_model_path *path, size_t size);

/** The items that a list or an array of `item` must have; false: it says a population, or dimensions, that there are not. `index`: of the item in
 *  its list. Not for CALI_COUNT_MEMBER. */
bool cali_model_expect(const cal_snn_def *def, const cali_model_field *f, const void *item, size_t index, size_t *n);

#endif
