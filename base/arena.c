#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

typedef struct cali_arena_block {
    struct cali_arena_block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
} block;

void *cali_arena_take(cali_arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX / 2)
        return NULL;
    size = (size + 15) / 16 * 16;
    block *b = arena->blocks;
    if (b == NULL || b->size - b->used < size) {
        const size_t capacity = size > 65536 ? size : 65536;
        b = malloc(sizeof *b + capacity);
        if (b == NULL)
            return NULL;
        *b = (block){arena->blocks, 0, capacity};
        arena->blocks = b;
    }
    void *out = b->bytes + b->used;
    b->used += size;
    memset(out, 0, size);
    return out;
}

char *cali_arena_copy(cali_arena *arena, const char *text, size_t size)
{
    char *copy = cali_arena_take(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

bool cali_arena_grow(cali_arena *arena, void *items, size_t n, size_t item_size)
{
    if ((n & (n - 1)) != 0)
        return true;
    void *more = cali_arena_take(arena, (n == 0 ? 1 : 2 * n) * item_size);
    if (more == NULL)
        return false;
    if (n > 0)
        memcpy(more, *(void **)items, n * item_size);
    *(void **)items = more;
    return true;
}

void cali_arena_free(cali_arena *arena)
{
    for (block *b = arena->blocks, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    arena->blocks = NULL;
}
