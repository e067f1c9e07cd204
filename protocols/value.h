/* Nodes of a received body, and the reader of MessagePack that makes them.
 *
 * The reader works in place on a copy of the bytes: a type byte becomes NUL once it is read, which ends the text in front of it.
 * All nodes of a message lie in one block; the members of a map or list are neighbours. Each node is paid for by a byte that no
 * other node owns, so the block never grows beyond the received bytes times the size of a node. */
#ifndef CALI_PROTOCOLS_VALUE_H
#define CALI_PROTOCOLS_VALUE_H

#include "callosum/protocols.h"

enum {
    CALI_EXT_INLINE = 1, /**< MessagePack extension type of an array with its data */
    CALI_EXT_BLOB = 2,   /**< of one whose data are a frame of their own */
    CALI_ARRAY_HEAD = 4  /**< bytes of an array before its dimensions: dtype, ndim, number of the blob */
};

struct cal_value {
    const char *key; /* NULL in a list */
    union {
        uint64_t u; /* the bits of a negative integer, too */
        double real;
        const char *text;
        const unsigned char *dims; /* of an array, 4 bytes each */
    } as;
    const void *data; /* of an array */
    uint32_t n;       /* members; bytes of a text; items of an array */
    uint32_t first;   /* of the members, counted from this node */
    uint8_t kind;     /* cal_value_kind */
    bool is_negative;
    uint8_t dtype, n_dims;
};

/** All nodes of a message. Zero-initialise; release `nodes` with free(). */
typedef struct cali_nodes {
    cal_value *nodes;
    size_t n, capacity;
} cali_nodes;

/** Where a frame is read from. */
typedef struct cali_source {
    const char *name;       /**< "header", "body", for messages */
    unsigned char *bytes;   /**< a copy with one byte to spare behind its end; changed */
    size_t size;
    const cal_frame *blobs; /**< what arrays may refer to */
    size_t n_blobs;
} cali_source;

/** Reads one map that fills the frame; its node is number `*root` of `nodes`. False: malformed, a limit is passed (E106), or no
 *  memory (E402); `problem` says what. Nodes may move, until the last frame is read. */
bool cali_decode(const cali_source *source, cali_nodes *nodes, size_t *root, cal_problem *problem);

/** "f64"; "?" for what is no type. */
const char *cali_dtype_name(unsigned dtype);
/** "a text"; "nothing" for NULL. */
const char *cali_kind_name(const cal_value *value);
/** The array that a node of the kind CAL_ARRAY stands for. */
cal_array cali_value_array(const cal_value *value);

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
/** Sets `problem`. Returns false. */
bool cali_problem_set(cal_problem *problem, const char *code, const char *format, ...);

#endif
