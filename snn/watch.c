/* Watches: synapses that are looked at between windows. Which they are is known once they are built, and stays. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/record.h"

typedef struct cali_watch {
    cal_time every;
    bool is_structure;
    cal_snn_chosen chosen; /* of a structure the projection alone */
    double *values;        /* scratch of the last look */
} cali_watch;

cal_status cali_check_watches(cal_context *ctx, const cal_snn_def *def)
{
    const char *name = def->name == NULL ? "network" : def->name;
    for (size_t i = 0; i < def->n_watches; i++) {
        const cal_snn_watch *w = &def->watches[i];
        const size_t k = w->choice.projection;
        const cal_synapse *synapse = k < def->n_projections ? def->projections[k].synapse : NULL;
        if (!cal_snn_changes_weights(synapse) && !cal_snn_forms_synapses(synapse))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: projection %zu is to be watched, and there is none that learns", name, k);
        if (w->every <= 0 || w->every % def->dt != 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: projection %zu is watched every %g ms: must be a whole number of steps of %g ms",
                            name, k, cal_time_ms(w->every), cal_time_ms(def->dt));
    }
    return CAL_OK;
}

/* Takes the synapses; the bytes of all watches together are bounded as those of the network are. */
static cal_status choose(cal_snn *self, const cal_snn_watch *def, cali_watch *w, double *bytes)
{
    w->chosen.projection = def->choice.projection;
    if (!w->is_structure)
        CAL_TRY(cal_snn_choose(self, &def->choice, &w->chosen));
    *bytes += 32.0 * (double)w->chosen.n;
    if (*bytes > cali_memory_budget(self))
        return CAL_FAIL(self->ctx, CAL_ERR_MEMORY, "E402 %s needs %.3g GB for the synapses that are watched; there is room for %.3g GB",
                        self->name, *bytes * 1e-9, cali_memory_budget(self) * 1e-9);
    return cali_alloc(self->ctx, w->is_structure ? CAL_N_STRUCTURE_VALUES : w->chosen.n, sizeof *w->values, "watched synapses",
                      &w->values);
}

cal_status cali_watches_create(cal_snn *self, const cal_snn_def *def)
{
    double bytes = 0.0;
    CAL_TRY(cali_alloc(self->ctx, def->n_watches, sizeof *self->watches, "watched synapses", &self->watches));
    for (; self->n_watches < def->n_watches; self->n_watches++) {
        const cal_snn_watch *from = &def->watches[self->n_watches];
        cali_watch *w = &self->watches[self->n_watches];
        w->every = from->every;
        w->is_structure = cal_snn_forms_synapses(def->projections[from->choice.projection].synapse);
        const cal_status status = choose(self, from, w, &bytes);
        if (status != CAL_OK) {
            cal_snn_chosen_free(&w->chosen);
            return status;
        }
    }
    return CAL_OK;
}

void cali_watches_destroy(cal_snn *self)
{
    for (size_t i = 0; i < self->n_watches; i++) {
        cal_snn_chosen_free(&self->watches[i].chosen);
        free(self->watches[i].values);
    }
    free(self->watches);
}

/* In the order that the header promises. */
static void read_structure(const cal_snn *self, const cali_watch *w)
{
    cal_snn_structure s = {0};
    (void)cal_snn_get_structure(self, w->chosen.projection, &s); /* that it has one was checked */
    const double values[CAL_N_STRUCTURE_VALUES] = {(double)s.n_synapses, (double)s.n_formed, (double)s.n_broken,
                                                   s.axonal, s.dendritic, s.calcium};
    memcpy(w->values, values, sizeof values);
}

cal_snn_watched cal_snn_get_watched(const cal_snn *self, size_t watch)
{
    if (watch >= self->n_watches)
        return (cal_snn_watched){0};
    const cali_watch *w = &self->watches[watch];
    const cal_snn_chosen *c = &w->chosen;
    const bool is_due = cal_snn_time(self) % w->every == 0;
    if (is_due && w->is_structure)
        read_structure(self, w);
    else if (is_due)
        cal_snn_read_chosen(self, c, w->values);
    return (cal_snn_watched){.n = w->is_structure ? CAL_N_STRUCTURE_VALUES : c->n, .source = c->source, .target = c->target,
                             .delay_ms = c->delay_ms, .values = is_due ? w->values : NULL};
}
