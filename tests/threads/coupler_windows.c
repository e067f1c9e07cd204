/* Host and two spiking regions on 1, 2, 3 and 8 threads: the same bits; a plain program, so that ThreadSanitizer can
 * run it. */
#include "support/two_scales.h"

enum { N_WINDOWS = 30 };

int main(void)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    uint64_t first = 0;
    for (int i = 0; i < 4; i++) {
        two_scales two = two_make(threads[i], 96, 128, 1 + (unsigned)i % 2);
        two_free(&two); /* destroying without a window */
        two = two_make(threads[i], 96, 128, 1);
        uint64_t hash = 1;
        for (int k = 0; k < N_WINDOWS; k++) {
            TWO_MUST(two.ctx, cal_coupler_advance(two.coupler));
            hash = two_hash(&two, hash);
        }
        hash ^= cal_snn_hash(two.cortex) ^ cal_snn_hash(two.relay);
        if (i == 0)
            first = hash;
        if (hash != first) {
            fprintf(stderr, "%u threads: %016llx, one thread: %016llx\n", threads[i], (unsigned long long)hash,
                    (unsigned long long)first);
            return 1;
        }
        two_free(&two);
    }
    return 0;
}
