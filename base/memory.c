#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

cal_status cali_alloc(cal_context *ctx, size_t n, size_t size, const char *what, void *out)
{
    void *p = NULL;
    *(void **)out = NULL;
    if (size != 0 && n > (PTRDIFF_MAX - 64) / size)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: %zu items of %zu bytes are too many", what, n,
                        size);
    const size_t bytes = (n * size + 64) / 64 * 64;
    p = aligned_alloc(64, bytes);
    if (p == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory for %.1f MB", what,
                        (double)bytes * 1e-6);
    memset(p, 0, bytes);
    *(void **)out = p;
    return CAL_OK;
}

cal_status cali_reserve(cal_context *ctx, size_t n, size_t size, void *items, size_t *capacity)
{
    if (n <= *capacity)
        return CAL_OK;
    size_t wanted = *capacity < 16 ? 16 : *capacity;
    while (wanted < n && wanted < SIZE_MAX / 2)
        wanted *= 2;
    if (wanted < n || (size != 0 && wanted > PTRDIFF_MAX / size))
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%zu items of %zu bytes are too many", n, size);
    void *p = realloc(*(void **)items, wanted * size);
    if (p == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for %.1f MB", (double)(wanted * size) * 1e-6);
    *(void **)items = p;
    *capacity = wanted;
    return CAL_OK;
}

cal_status cali_copy_text(cal_context *ctx, const char *text, char **out)
{
    *out = NULL;
    if (text == NULL)
        return CAL_OK;
    const size_t n = strlen(text) + 1;
    CAL_TRY(cali_alloc(ctx, n, 1, "text", out));
    memcpy(*out, text, n);
    return CAL_OK;
}
