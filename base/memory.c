#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* ---- how much there is -------------------------------------------------------------------------- */

/* A number in a file, or INFINITY: "max", or no such file. */
static double number_in(const char *path)
{
    double value = INFINITY;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return value;
    if (fscanf(file, "%lf", &value) != 1 || !(value > 0.0))
        value = INFINITY;
    fclose(file);
    return value;
}

/* A limit counts for all groups below: from the group up to the root of its hierarchy. */
static double limit_upwards(const char *root, const char *group, size_t length, const char *file)
{
    char path[4096];
    double limit = INFINITY;
    for (;;) {
        const int n = snprintf(path, sizeof path, "%s%.*s/%s", root, (int)length, group, file);
        if (n > 0 && (size_t)n < sizeof path)
            limit = fmin(limit, number_in(path));
        if (length == 0)
            return limit;
        do
            length--;
        while (length > 0 && group[length] != '/');
    }
}

double cali_cgroup_limit(const char *membership, const char *root)
{
    double limit = INFINITY;
    for (const char *line = membership; *line != '\0'; line += *line == '\n') {
        const size_t length = strcspn(line, "\n");
        const char *controllers = memchr(line, ':', length), *end = line + length; /* number:controllers:group */
        const char *group = controllers == NULL ? NULL : memchr(controllers + 1, ':', (size_t)(end - controllers - 1));
        if (group != NULL && group == controllers + 1) {
            limit = fmin(limit, limit_upwards(root, group + 1, (size_t)(end - group - 1), "memory.max"));
        } else if (group != NULL && group - controllers == 7 && strncmp(controllers + 1, "memory", 6) == 0) {
            char below[4096];
            snprintf(below, sizeof below, "%.4000s/memory", root);
            limit = fmin(limit, limit_upwards(below, group + 1, (size_t)(end - group - 1), "memory.limit_in_bytes"));
        }
        line = end;
    }
    return limit;
}

double cali_memory_limit(void)
{
    char membership[4096] = "";
    FILE *file = fopen("/proc/self/cgroup", "r");
    if (file != NULL) {
        membership[fread(membership, 1, sizeof membership - 1, file)] = '\0';
        fclose(file);
    }
    double limit = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    limit = fmin(limit, cali_cgroup_limit(membership, "/sys/fs/cgroup"));
    struct rlimit r;
    if (getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
        limit = fmin(limit, (double)r.rlim_cur);
    return limit;
}
