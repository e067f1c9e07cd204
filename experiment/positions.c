/* Positions of neurons: tables of a population's places, and what run.h5 keeps of them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "experiment/session.h"

/* ---- tables ------------------------------------------------------------------------------------ */

static cal_status copy_table(cal_session *s, const cali_population *p, const cali_csv *csv, cal_snn_space *space, double **out)
{
    static const char *const axes[] = {"x", "y", "z"};
    int column[CAL_MAX_DIMENSIONS];
    unsigned n = 0;
    while (n < CAL_MAX_DIMENSIONS && (column[n] = cali_csv_find(csv, axes[n])) >= 0)
        n++;
    if (n == 0)
        return cali_experiment_fail(s->ctx, s->experiment, p->positions_place, "C107", "no column \"x\" in %s\ntry x (um) in the header",
                                    p->positions_path);
    if (space->is_periodic && space->n_dimensions != n)
        return cali_experiment_fail(s->ctx, s->experiment, p->positions_place, "C106", "%s has positions in %u dimension%s, but the "
                                    "extent has %u", p->positions_path, n, n == 1 ? "" : "s", space->n_dimensions);
    if (csv->n_rows != p->n)
        return cali_experiment_fail(s->ctx, s->experiment, p->positions_place, "C106", "%s has %zu rows for %u neurons",
                                    p->positions_path, csv->n_rows, p->n);
    CAL_TRY(cali_alloc(s->ctx, csv->n_rows * n, sizeof **out, "positions", out));
    for (size_t i = 0; i < csv->n_rows; i++)
        for (unsigned k = 0; k < n; k++)
            CAL_TRY(cali_csv_number(s->ctx, csv, i, (size_t)column[k], "mm", &(*out)[i * n + k]));
    space->n_dimensions = n;
    space->positions_mm = *out;
    return CAL_OK;
}

cal_status cali_positions_load(cal_session *s, cali_build *b)
{
    const cali_network *net = &s->experiment->networks[b->network];
    CAL_TRY(cali_alloc(s->ctx, b->def.n_populations, sizeof *b->spaces, "positions", &b->spaces));
    b->def.spaces = b->spaces;
    CAL_TRY(cali_alloc(s->ctx, net->n_populations, sizeof *b->positions, "positions", &b->positions));
    b->n_positions = net->n_populations;
    for (size_t i = 0; i < net->n_populations; i++) {
        const cali_population *p = &net->populations[i];
        char why[256];
        if (p->space == NULL)
            continue;
        b->spaces[i] = *p->space;
        if (p->positions_path == NULL)
            continue;
        cali_csv csv;
        if (cali_csv_load(s->ctx, p->positions_path, &csv) != CAL_OK)
            return cali_experiment_locate(s->ctx, s->experiment, p->positions_place, NULL, NULL);
        cal_status status = copy_table(s, p, &csv, &b->spaces[i], &b->positions[i]);
        cali_csv_free(&csv);
        CAL_TRY(status);
        if (cal_snn_space_is_impossible(&b->spaces[i], p->n, why, sizeof why))
            return cali_experiment_fail(s->ctx, s->experiment, p->positions_place, "C106", "%s: %s", p->name, why);
    }
    return CAL_OK;
}

void cali_positions_free(cali_build *b)
{
    for (size_t i = 0; b->positions != NULL && i < b->n_positions; i++)
        free(b->positions[i]);
    free(b->positions);
    free(b->spaces);
}

/* ---- run.h5 ------------------------------------------------------------------------------------- */

static cal_status declare(cal_session *s, size_t k, size_t i)
{
    const cal_snn_def *def = &s->builds[k].def;
    const cal_snn_population *p = &def->populations[i];
    const size_t d = def->spaces[i].n_dimensions;
    char path[512];
    double *positions = NULL;
    snprintf(path, sizeof path, "positions/%.200s.%.200s", s->plan.networks[k].region, p->name);
    CAL_TRY(cali_alloc(s->ctx, p->n * d, sizeof *positions, "positions", &positions));
    cal_status status = cal_snn_place(s->ctx, def, i, positions);
    if (status == CAL_OK)
        status = cal_recorder_add_matrix(s->recorder, path, "mm", p->n, d, positions);
    free(positions);
    return status;
}

cal_status cali_positions_declare(cal_session *s)
{
    for (size_t k = 0; k < s->plan.n_networks; k++)
        for (size_t i = 0; i < s->experiment->networks[s->builds[k].network].n_populations; i++)
            if (s->builds[k].def.spaces[i].n_dimensions > 0)
                CAL_TRY(declare(s, k, i));
    return CAL_OK;
}
