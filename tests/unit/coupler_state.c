/* Saved states of coupled runs: host, spiking regions and transducers go on with the same bits; saving changes nothing;
 * what is broken or of other regions is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/two_scales.h"

enum { N_BEFORE = 17, N_AFTER = 20 };

static uint64_t advance(two_scales *two, int n)
{
    uint64_t hash = 1;
    for (int k = 0; k < n; k++) {
        TWO_MUST(two->ctx, cal_coupler_advance(two->coupler));
        hash = two_hash(two, hash);
    }
    return hash ^ cal_snn_hash(two->cortex) ^ cal_snn_hash(two->relay);
}

static void save(two_scales *two, char **bytes, size_t *size)
{
    cr_assert(cal_coupler_save_state(two->coupler, bytes, size) == CAL_OK, "%s", cal_context_message(two->ctx));
}

Test(coupler_state, a_restored_run_goes_on_with_the_same_bits_and_saving_changes_nothing)
{
    for (unsigned lag = 1; lag <= 2; lag++) {
        two_scales whole = two_make(1, 96, 128, lag), saved = two_make(2, 96, 128, lag), rest = two_make(3, 96, 128, lag);
        advance(&whole, N_BEFORE);
        advance(&saved, N_BEFORE);
        char *bytes;
        size_t size;
        save(&saved, &bytes, &size);
        cr_assert(cal_coupler_restore_state(rest.coupler, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK, "%s",
                  cal_context_message(rest.ctx));
        cr_expect(cal_coupler_time(rest.coupler) == N_BEFORE * CAL_NS_PER_MS);
        const uint64_t expected = advance(&whole, N_AFTER);
        cr_expect(cal_snn_get_counts(whole.relay).n_port_spikes_in > 50);
        cr_expect(eq(u64, advance(&saved, N_AFTER), expected), "lag %u: after saving", lag);
        cr_expect(eq(u64, advance(&rest, N_AFTER), expected), "lag %u: after restoring", lag);
        for (size_t link = 0; link < 3; link++) {
            const cal_link_counts a = cal_coupler_link_counts(whole.coupler, 1, link),
                                  b = cal_coupler_link_counts(rest.coupler, 1, link);
            cr_expect(a.n_spikes == b.n_spikes && a.n_clipped == b.n_clipped && a.expected == b.expected &&
                      a.clipped == b.clipped);
        }
        free(bytes);
        two_free(&whole);
        two_free(&saved);
        two_free(&rest);
    }
}

static void refused(const char *bytes, size_t size, uint32_t n_relay, const char *say)
{
    two_scales b = two_make(1, 96, n_relay, 1);
    cr_expect(cal_coupler_restore_state(b.coupler, bytes, size, CAL_RESTORE_CONTINUE) == CAL_ERR_INPUT, "%s", say);
    cr_expect(strstr(cal_context_message(b.ctx), "C305") != NULL && strstr(cal_context_message(b.ctx), say) != NULL,
              "\"%s\", not \"%s\"", cal_context_message(b.ctx), say);
    cal_context_clear(b.ctx);
    two_free(&b);
}

Test(coupler_state, what_is_broken_or_of_other_regions_is_refused)
{
    two_scales two = two_make(1, 96, 128, 1);
    char *bytes, *host;
    size_t size, host_size;
    cr_expect(cal_coupler_save_state(two.coupler, &bytes, &size) == CAL_ERR_STATE); /* nothing was sent yet */
    cal_context_clear(two.ctx);
    advance(&two, 3);
    save(&two, &bytes, &size);
    cr_assert(cal_nmm_save_state(cal_coupler_nmm(two.coupler), &host, &host_size) == CAL_OK);
    refused(NULL, 0, 128, "no saved state");
    refused(host, host_size, 128, "no saved state of a run with spiking regions");
    for (size_t cut = 1; cut < size; cut += 1 + size / 19)
        refused(bytes, size - cut, 128, "C305");
    for (size_t k = 0; k < 20; k++) {
        const size_t at = k < 8 ? 7 * k : size * k / 20;
        bytes[at] = (char)(bytes[at] ^ 4);
        refused(bytes, size, 128, "C305");
        bytes[at] = (char)(bytes[at] ^ 4);
    }
    refused(bytes, size, 127, "relay: the state is of other populations");
    cr_expect(cal_coupler_restore_state(two.coupler, bytes, size, CAL_RESTORE_CONTINUE) == CAL_ERR_STATE);
    free(host);
    free(bytes);
    two_free(&two);
}
