/* Arrays that have names, in NumPy archives, MATLAB files and HDF5: the names that the field uses for each. */
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "connectomes/loaders.h"

enum { MOST_NAMES = 14 };

static const struct {
    const char *names[MOST_NAMES]; /* the first one is what is written; an earlier one is preferred */
    size_t offset;                 /* of the array in cali_raw, 0: a text */
} named[CALI_N_NAMED] = {
#define AT(field) (offsetof(cali_raw, field) + 1)
    [CALI_NAMED_WEIGHTS] = {{"weights", "weight", "sc", "connectivity", "strength", "structural_connectivity", "connectome",
                             "cij", "cmat", "c", "w", "strucmatrix_ctx", NULL}, AT(weights)},
    [CALI_NAMED_LENGTHS] = {{"tract_lengths", "lengths", "tract_length", "length", "distances", "distance", "dist", "dists",
                             "dmat", "len", "d", "l", NULL}, AT(lengths)},
    [CALI_NAMED_CENTRES] = {{"centres", "centers", "centroids", "coordinates", "coords", "positions", "xyz", NULL},
                            AT(centres)},
    [CALI_NAMED_ORIENTATIONS] = {{"orientations", "average_orientations", NULL}, AT(orientations)},
    [CALI_NAMED_AREAS] = {{"areas", "area", NULL}, AT(areas)},
    [CALI_NAMED_CORTICAL] = {{"cortical", NULL}, AT(cortical)},
    [CALI_NAMED_HEMISPHERES] = {{"hemispheres", "hemisphere", NULL}, AT(hemispheres)},
    [CALI_NAMED_LABELS] = {{"region_labels", "labels", "region_names", "names", "regions", "label", "roi_names", "rois",
                            "anat_lbls", "struclabels_ctx", NULL}, 0},
    [CALI_NAMED_DIRECTION] = {{"weights_point", NULL}, 0},
    [CALI_NAMED_LENGTH_UNIT] = {{"length_unit", "lengths_unit", NULL}, 0},
#undef AT
};

int cali_named_find(const char *path, size_t *rank)
{
    const char *name = cali_path_name(path);
    size_t n = strlen(name);
    if (n > 4 && strcasecmp(name + n - 4, ".npy") == 0)
        n -= 4;
    for (int i = 0; i < CALI_N_NAMED; i++)
        for (*rank = 0; *rank < MOST_NAMES && named[i].names[*rank] != NULL; (*rank)++)
            if (strlen(named[i].names[*rank]) == n && strncasecmp(named[i].names[*rank], name, n) == 0)
                return i;
    return -1;
}

const char *cali_named_name(cali_named which, size_t k)
{
    return k < MOST_NAMES ? named[which].names[k] : NULL;
}

cali_array *cali_named_array(cali_raw *raw, cali_named which)
{
    return named[which].offset == 0 ? NULL : (cali_array *)(void *)((char *)raw + named[which].offset - 1);
}

void cali_named_state(cali_raw *raw, cali_named which, const char *text)
{
    if (which == CALI_NAMED_DIRECTION) {
        raw->is_oriented = strcmp(text, "to-from") == 0;
        raw->is_from_to = strcmp(text, "from-to") == 0;
    } else if (which == CALI_NAMED_LENGTH_UNIT && strlen(text) < sizeof raw->length_unit) {
        strcpy(raw->length_unit, text);
    }
}

cal_status cali_named_check(cal_context *ctx, const char *file, const char *names, const cali_raw *raw)
{
    const bool has_weights = raw->weights.values != NULL;
    if (has_weights && raw->lengths.values != NULL)
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no %s.\n  because it holds %s.\n  try one of the names %s", file,
                    has_weights ? "tract lengths" : "weights", names[0] == '\0' ? "nothing that is known" : names,
                    has_weights ? "tract_lengths, lengths, distances, dist, len, D."
                                : "weights, SC, connectivity, strength, C, W.");
}
