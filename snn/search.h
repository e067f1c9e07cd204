/* What search.c and nearest.c share. */
#ifndef CALI_SNN_SEARCH_H
#define CALI_SNN_SEARCH_H

#include "snn/distance.h"

enum { CALI_MAX_SHELLS = 64 };

/** Offsets whose bounds are alike. */
typedef struct cali_shell {
    size_t first, last; /* offsets */
    double bound;       /* of chances */
} cali_shell;

struct cali_search {
    const cal_snn_space *of, *at;
    bool is_out; /* ways lead from `at` to `of` */
    const cal_snn_profile *profile; /* NULL: for the nearest, without offsets */
    double factor;
    cali_ways ways; /* all that there can be, where the profile is a formula */
    double most;    /* of the formula over them */
    unsigned n_dimensions;
    int32_t n_cells[CAL_MAX_DIMENSIONS];
    double origin[CAL_MAX_DIMENSIONS], edge[CAL_MAX_DIMENSIONS];
    uint32_t *start;  /* [cells + 1] */
    uint32_t *member; /* candidates by cell, ascending in each */
    uint32_t n_of;
    int32_t (*offset)[CAL_MAX_DIMENSIONS];
    size_t n_offsets;
    cali_shell shells[CALI_MAX_SHELLS];
    size_t n_shells;
    double reach; /* nothing that is looked for is farther */
};

/** The cell of neuron `i` of one of the two spaces. */
void cali_cell_of(const cali_search *s, const cal_snn_space *space, uint32_t i, int32_t cell[CAL_MAX_DIMENSIONS]);
/** Offsets along one axis: each cell of a periodic axis once, those within reach. */
void cali_axis_offsets(const cali_search *s, unsigned axis, int32_t *low, int32_t *high);
/** The members of the cell at an offset from another; n 0: there is no such cell. */
const uint32_t *cali_members_at(const cali_search *s, const int32_t *cell, const int32_t *offset, uint32_t *n);

#endif
