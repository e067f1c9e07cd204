/* Labels of regions: defaults, checks, and numbers for those that occur several times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connectomes/connectome.h"

typedef struct entry {
    const char *label;
    size_t index;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = strcmp(x->label, y->label);
    return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

static cal_status sort_labels(cal_context *ctx, size_t n, char *const *labels, entry **out)
{
    CAL_TRY(cali_alloc(ctx, n, sizeof **out, "labels", out));
    for (size_t i = 0; i < n; i++)
        (*out)[i] = (entry){labels[i], i};
    qsort(*out, n, sizeof **out, compare_entries);
    return CAL_OK;
}

static cal_status default_label(cal_context *ctx, size_t i, size_t n, char **out)
{
    char text[64];
    const int digits = n > 10000 ? 5 : n > 1000 ? 4 : 3; /* n is at most 100,000 */
    snprintf(text, sizeof text, "region_%0*u", digits, (unsigned)i);
    return cali_copy_text(ctx, text, out);
}

cal_status cali_labels_default(cal_context *ctx, size_t n, char ***out)
{
    CAL_TRY(cali_alloc(ctx, n, sizeof **out, "labels", out));
    for (size_t i = 0; i < n; i++) {
        const cal_status status = default_label(ctx, i, n, &(*out)[i]);
        if (status != CAL_OK) {
            cali_labels_free(*out, n);
            *out = NULL;
            return status;
        }
    }
    return CAL_OK;
}

int cali_labels_check(cal_context *ctx, size_t n, char *const *labels, int *index)
{
    entry *sorted = NULL;
    *index = -1;
    for (size_t i = 0; i < n; i++) {
        *index = (int)i;
        if (labels[i][0] == '\0')
            return 1;
        for (const unsigned char *c = (const unsigned char *)labels[i]; *c != '\0'; c++)
            if (*c < 0x20 || *c == 0x7f)
                return 2;
    }
    if (sort_labels(ctx, n, labels, &sorted) != CAL_OK)
        return -1;
    int found = -1;
    for (size_t k = 1; k < n; k++)
        if (strcmp(sorted[k].label, sorted[k - 1].label) == 0 &&
            (found < 0 || sorted[k].index < (size_t)found))
            found = (int)sorted[k].index;
    free(sorted);
    *index = found;
    return found < 0 ? 0 : 3;
}

static bool is_taken(const entry *sorted, size_t n, const char *label)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(sorted[middle].label, label);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Names for a group of equal labels: "a.1", "a.2", ... in the order of the regions. */
static cal_status number_group(cal_context *ctx, const entry *sorted, size_t n, size_t first,
                               size_t stop, char **fresh)
{
    size_t number = 0;
    for (size_t k = first; k < stop; k++) {
        char text[320];
        do
            snprintf(text, sizeof text, "%.255s.%zu", sorted[k].label, ++number);
        while (is_taken(sorted, n, text));
        CAL_TRY(cali_copy_text(ctx, text, &fresh[sorted[k].index]));
    }
    return CAL_OK;
}

cal_status cali_labels_finish(cal_context *ctx, const char *file, size_t n, char **labels)
{
    for (size_t i = 0; i < n; i++) {
        if (labels[i] != NULL && labels[i][0] != '\0')
            continue;
        free(labels[i]);
        CAL_TRY(default_label(ctx, i, n, &labels[i]));
    }
    entry *sorted = NULL;
    char **fresh = NULL;
    cal_status status = sort_labels(ctx, n, labels, &sorted);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n, sizeof *fresh, "labels", &fresh);
    size_t n_shared = 0;
    const char *example = NULL;
    for (size_t first = 0, stop; status == CAL_OK && first < n; first = stop) {
        for (stop = first + 1; stop < n && strcmp(sorted[stop].label, sorted[first].label) == 0;)
            stop++;
        if (stop == first + 1)
            continue;
        n_shared += stop - first;
        example = sorted[first].label;
        status = number_group(ctx, sorted, n, first, stop, fresh);
    }
    if (status == CAL_OK && n_shared > 0)
        cal_context_note(ctx, "%s: %zu regions share their label with others; they are numbered, "
                              "for example \"%s.1\".", file, n_shared, example);
    for (size_t i = 0; fresh != NULL && i < n; i++) {
        if (fresh[i] == NULL)
            continue;
        free(labels[i]);
        labels[i] = fresh[i];
    }
    free(fresh);
    free(sorted);
    return status;
}
