/* `positions` of a population. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

/* One value for each axis into `out`, CAL_MAX_DIMENSIONS places: a list, or one value, which stands for all axes. 0: a mistake, or
 * nothing there. */
static unsigned read_axes(cali_reader *r, const cali_node *map, const char *key, const char *owner, const char *unit, double *out)
{
    char label[2 * CALI_LABEL];
    const cali_node *node = cali_node_get(map, key);
    if (node == NULL)
        return 0;
    snprintf(label, sizeof label, "%.100s.%s", owner, key);
    if (node->kind != CALI_NODE_LIST) {
        if (!cali_read_quantity(r, node, label, unit, &out[0]))
            return 0;
        out[1] = out[2] = out[0];
        return 1;
    }
    if (node->n < 1 || node->n > CAL_MAX_DIMENSIONS) {
        cali_refuse(r, cali_place_of(node), "C104", "%s has %zu entries\nbecause space has 1 to 3 dimensions", label, node->n);
        return 0;
    }
    for (size_t i = 0; i < node->n; i++) {
        snprintf(label, sizeof label, "%.100s.%s[%zu]", owner, key, i);
        if (!cali_read_quantity(r, node->entries[i].value, label, unit, &out[i]))
            return 0;
    }
    return (unsigned)node->n;
}

/* The same where the number of dimensions is known. */
static bool read_all_axes(cali_reader *r, const cali_node *map, const char *key, const char *owner, unsigned n, double *out)
{
    const cali_node *node = cali_node_get(map, key);
    const unsigned got = read_axes(r, map, key, owner, "mm", out);
    if (got == 0)
        return node == NULL;
    if (node->kind != CALI_NODE_LIST || got == n)
        return true;
    return cali_refuse(r, cali_place_of(node), "C106", "%s.%s has %u entries, but space has %u dimension%s here", owner, key, got, n,
                       n == 1 ? "" : "s");
}

/* Keys that the kind does not use are refused: they would be ignored. */
static void refuse_foreign(cali_reader *r, const cali_node *map, const char *owner, const cali_positions_text *text)
{
    static const struct {
        const char *key;
        bool is_used[CAL_N_ARRANGEMENTS];
    } keys[] = {{"shape", {[CAL_GRID] = true}}, {"spacing", {[CAL_GRID] = true}}, {"file", {[CAL_LISTED] = true}}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cali_node *value = cali_node_get(map, keys[i].key);
        if (value != NULL && !keys[i].is_used[text->kind])
            cali_refuse(r, cali_place_of(value), "C104", "\"%s\" is no key of %s of this kind", keys[i].key, owner);
    }
}

static bool needs(cali_reader *r, const cali_node *map, const char *owner, const char *key, const char *try)
{
    return cali_node_get(map, key) != NULL ||
           cali_refuse(r, cali_place_of(map), "C105", "%s needs the key \"%s\"\ntry %s: %s", owner, key, key, try);
}

static bool read_grid(cali_reader *r, const cali_node *map, const char *owner, cal_snn_space *s)
{
    double shape[CAL_MAX_DIMENSIONS], spacing[CAL_MAX_DIMENSIONS];
    if (!needs(r, map, owner, "shape", "[40, 25]"))
        return false;
    s->n_dimensions = read_axes(r, map, "shape", owner, "1", shape);
    for (unsigned k = 0; k < s->n_dimensions; k++) {
        s->shape[k] = shape[k] >= 1.0 && shape[k] <= 2147483647.0 ? (uint32_t)shape[k] : 0;
        if (s->shape[k] != shape[k])
            return cali_refuse(r, cali_place_of(cali_node_get(map, "shape")), "C106", "%s.shape: %g is no number of places", owner,
                               shape[k]);
    }
    const cali_node *spacing_node = cali_node_get(map, "spacing"), *extent = cali_node_get(map, "extent");
    if ((spacing_node == NULL) == (extent == NULL))
        return cali_refuse(r, cali_place_of(map), "C105", "%s needs %s \"spacing\" %s \"extent\"", owner,
                           extent == NULL ? "the key" : "one of", extent == NULL ? "or" : "and");
    if (s->n_dimensions == 0 ||
        !read_all_axes(r, map, extent != NULL ? "extent" : "spacing", owner, s->n_dimensions, extent != NULL ? s->extent_mm : spacing))
        return false;
    for (unsigned k = 0; extent == NULL && k < s->n_dimensions; k++)
        s->extent_mm[k] = spacing[k] * s->shape[k];
    return true;
}

static bool read_box(cali_reader *r, const cali_node *map, const char *owner, cal_snn_space *s)
{
    return needs(r, map, owner, "extent", "[1 mm, 1 mm]") && (s->n_dimensions = read_axes(r, map, "extent", owner, "mm", s->extent_mm)) > 0;
}

/* The table tells the number of dimensions, which is not known here: that of the extent or centre stands for it. */
static bool read_file(cali_reader *r, const cali_node *map, const char *owner, cal_snn_space *s)
{
    if (!needs(r, map, owner, "file", "cells.csv") || (s->is_periodic && !needs(r, map, owner, "extent", "[1 mm, 1 mm]")))
        return false;
    const cali_node *extent = cali_node_get(map, "extent");
    if (extent != NULL && !s->is_periodic)
        return cali_refuse(r, cali_place_of(extent), "C104", "%s.extent means nothing to positions of a file that are not periodic", owner);
    s->n_dimensions = extent != NULL ? read_axes(r, map, "extent", owner, "mm", s->extent_mm) : CAL_MAX_DIMENSIONS;
    const cali_node *center = cali_node_get(map, "center");
    if (center != NULL && !s->is_periodic)
        return cali_refuse(r, cali_place_of(center), "C104", "%s.center means nothing to positions of a file that are not periodic", owner);
    return s->n_dimensions > 0;
}

void cali_parse_positions(cali_reader *r, const cali_node *node, cali_population *p)
{
    static bool (*const read[CAL_N_ARRANGEMENTS])(cali_reader *, const cali_node *, const char *, cal_snn_space *) = {
        [CAL_GRID] = read_grid, [CAL_BOX] = read_box, [CAL_BALL] = read_box, [CAL_LISTED] = read_file};
    char owner[CALI_LABEL], why[256];
    cali_positions_text text = {.kind = -1};
    if (node == NULL)
        return;
    p->positions_place = cali_place_of(node);
    snprintf(owner, sizeof owner, "positions of %.100s", p->name);
    if (!cali_read_mapping(r, &cali_keys_positions, node, owner, &text, NULL) || text.kind < 0)
        return;
    cal_snn_space *s = cali_take(r, 1, sizeof *s);
    if (s == NULL)
        return;
    s->arrangement = (cal_arrangement)text.kind;
    s->is_periodic = text.is_periodic;
    refuse_foreign(r, node, owner, &text);
    if (!read[text.kind](r, node, owner, s) || !read_all_axes(r, node, "center", owner, s->n_dimensions, s->center_mm))
        return;
    if (s->arrangement != CAL_LISTED && cal_snn_space_is_impossible(s, p->n, why, sizeof why)) {
        cali_refuse(r, p->positions_place, "C106", "%s: %s", p->name, why);
        return;
    }
    p->space = s;
    p->positions_path = text.file;
}
