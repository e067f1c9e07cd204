/* Host and two spiking regions: no event is lost between them, no bit depends on the threads. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "support/two_scales.h"

enum { N_WINDOWS = 400 };

static uint64_t run(unsigned n_threads, unsigned lag)
{
    two_scales two = two_make(n_threads, 400, 300, lag);
    uint64_t hash = 1;
    for (int k = 0; k < N_WINDOWS; k++) {
        TWO_MUST(two.ctx, cal_coupler_advance(two.coupler));
        hash = two_hash(&two, hash);
    }
    hash ^= cal_snn_hash(two.cortex) * 3 ^ cal_snn_hash(two.relay);
    two_free(&two);
    return hash;
}

Test(coupler_conservation, bits_do_not_depend_on_the_threads)
{
    const uint64_t one = run(1, 1);
    cr_expect(eq(u64, run(2, 1), one));
    cr_expect(eq(u64, run(3, 1), one));
    cr_expect(eq(u64, run(8, 1), one));
    const uint64_t late = run(1, 2);
    cr_expect(eq(u64, run(3, 2), late));
}

/* Shared spikes sent = received, each reaches all 300 neurons; a spike of the region reaches 10 on average; the
 * outputs hold exactly the spikes: N dt sum(rate) is their number. */
Test(coupler_conservation, events_sent_are_events_received)
{
    enum { N_CORTEX = 400, N_RELAY = 300 };
    two_scales two = two_make(2, N_CORTEX, N_RELAY, 1);
    double count_relay = 0.0, shared_last = 0.0;
    uint64_t n_shared = 0;
    for (int k = 0; k < N_WINDOWS; k++) {
        size_t n;
        TWO_MUST(two.ctx, cal_coupler_advance(two.coupler));
        const double *y = cal_coupler_output(two.coupler, 1, &n);
        for (size_t i = 0; i < n; i++) {
            const double spikes = y[i] * 0.1 * N_RELAY; /* 1/ms x ms x neurons */
            cr_expect(epsilon_eq(dbl, spikes, floor(spikes + 0.5), 1e-9));
            count_relay += floor(spikes + 0.5);
        }
        const cal_port_spikes sent = cal_coupler_port_spikes(two.coupler, 1, 1);
        n_shared += sent.n;
        shared_last = (double)sent.n;
    }
    const cal_snn_counts relay = cal_snn_get_counts(two.relay);
    const cal_link_counts shared = cal_coupler_link_counts(two.coupler, 1, 1);
    cr_expect(gt(dbl, count_relay, 1000.0));
    cr_expect(eq(dbl, count_relay, (double)relay.n_spikes));
    cr_expect(gt(u64, n_shared, 100));
    cr_expect(eq(u64, shared.n_spikes, n_shared));
    cr_expect(eq(u64, relay.n_port_spikes_in, n_shared));
    cr_expect(lt(dbl, fabs((double)n_shared - shared.expected), 4.0 * sqrt(shared.expected)));
    cr_expect(eq(u64, shared.n_clipped, 0));
    /* a delay of 1 ms is one window: of the shared spikes, those of the last window have not arrived; of the
     * region's own likewise, each with about 10 targets */
    const double arrived_shared = ((double)n_shared - shared_last) * N_RELAY;
    const double own = (double)relay.n_events - arrived_shared;
    cr_expect(gt(dbl, own, 0.0));
    cr_expect(le(dbl, fabs(own - count_relay * TWO_IN_DEGREE), 0.05 * count_relay * TWO_IN_DEGREE));
    two_free(&two);
}
