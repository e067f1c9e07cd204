#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large arrays lie on huge pages where the system has them: rows of synapses and rings are read in random order,
 * and a small page is a miss of the translation buffer for each row. */
static const size_t huge_page = (size_t)1 << 21;

static void *alloc_zeroed(size_t bytes)
{
    const bool is_large = bytes >= 2 * huge_page;
    void *p = is_large ? aligned_alloc(huge_page, (bytes + huge_page - 1) / huge_page * huge_page)
                       : aligned_alloc(64, bytes);
    if (p == NULL)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (is_large)
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* a refusal costs time only */
#endif
    return memset(p, 0, bytes);
}

cal_status cali_alloc(cal_context *ctx, size_t n, size_t size, const char *what, void *out)
{
    void *p = NULL;
    *(void **)out = NULL;
    if (size != 0 && n > (PTRDIFF_MAX - 64) / size)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: %zu items of %zu bytes are too many", what, n,
                        size);
    const size_t bytes = (n * size + 64) / 64 * 64;
    p = alloc_zeroed(bytes);
    if (p == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory for %.1f MB", what,
                        (double)bytes * 1e-6);
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
