/* The list of transducers, and what several of them share. */
#include "coupler/transducer.h"

#include <string.h>

#define CALI_TRANSDUCER(name) extern const cali_transducer cali_transducer_##name;
#include "coupler/transducers.def"
#undef CALI_TRANSDUCER

static const cali_transducer *const entries[] = {
#define CALI_TRANSDUCER(name) &cali_transducer_##name,
#include "coupler/transducers.def"
#undef CALI_TRANSDUCER
};

size_t cal_n_transducers(void)
{
    return sizeof entries / sizeof entries[0];
}

const cal_transducer *cal_transducer_at(size_t index)
{
    return index < cal_n_transducers() ? &entries[index]->face : NULL;
}

const cal_transducer *cal_transducer_find(const char *name)
{
    for (size_t i = 0; i < cal_n_transducers(); i++)
        if (strcmp(entries[i]->face.name, name) == 0)
            return &entries[i]->face;
    return NULL;
}

const cali_transducer *cali_transducer_of(const cal_transducer *face)
{
    for (size_t i = 0; i < cal_n_transducers(); i++)
        if (&entries[i]->face == face)
            return entries[i];
    return NULL;
}

double cali_link_rate_Hz(const cali_link_place *place, cal_time t0, size_t j, double rate_Hz,
                         double highest_Hz, cal_link_counts *counts)
{
    if (rate_Hz >= 0.0 && rate_Hz <= highest_Hz)
        return rate_Hz;
    const double kept = rate_Hz < 0.0 ? 0.0 : highest_Hz;
    const double bin_ms = cal_time_ms(place->window) / place->port->samples;
    if (counts->n_clipped == 0)
        cal_context_note(place->ctx, "%s, port %s: the rate of a train would be %g Hz at %g ms and is"
                         " clipped to %g Hz (noted once, counted always)",
                         place->region, place->port->name, rate_Hz,
                         cal_time_ms(t0) + (double)j * bin_ms, kept);
    counts->n_clipped++;
    counts->clipped += (rate_Hz - kept) * 1e-3 * bin_ms;
    return kept;
}
