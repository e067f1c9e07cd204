/* Memory that is released together: many small things with one owner. */
#ifndef CALI_BASE_ARENA_H
#define CALI_BASE_ARENA_H

#include "callosum/base.h"

/** Zero-initialise; release with cali_arena_free. */
typedef struct cali_arena {
    struct cali_arena_block *blocks;
} cali_arena;

/** `size` zeroed bytes, 16-byte aligned, that live as long as the arena; NULL: no memory. */
void *cali_arena_take(cali_arena *arena, size_t size);
/** A copy of `size` bytes with a NUL behind them; NULL: no memory. */
char *cali_arena_copy(cali_arena *arena, const char *text, size_t size);
/** Makes room for item number `n` in the array behind `*items`: doubles it when `n` is a power of two, so the
 *  array must be grown one by one from 0 by this function alone. False: no memory. */
bool cali_arena_grow(cali_arena *arena, void *items, size_t n, size_t item_size);
void cali_arena_free(cali_arena *arena);

#endif
