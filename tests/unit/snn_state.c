/* Saved states of spiking networks: what is broken or of another network is refused and changes nothing; another run
 * may begin from one. That a restored run goes on with the same bits is asked of every neuron by conformance/snn_same_bits. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "snn/network.h"
#include "support/snn_networks.h"
#include "support/support.h"

/* 100 + 25 conductance neurons that spike by their bias, delays to 3 ms, one all-to-all projection. */
typedef struct bed {
    cali_network n;
    cal_context *ctx;
    cal_snn *snn;
} bed;

static void lay(bed *b, unsigned n_tiles)
{
    cali_network_cobab(&b->n, 1.0);
    b->n.populations[0].n = 100;
    b->n.populations[1].n = 25;
    b->n.settings[0].value.a = 700.0;
    b->n.projections[0].delay_ms = (cal_distribution){CAL_UNIFORM, 0.1, 3.0, 0, 0};
    b->n.projections[0].in_degree = 20;
    b->n.projections[1].rule = CAL_ALL_TO_ALL;
    b->n.projections[1].delay_ms.a = 2.0;
    b->n.projections[1].weight.a = 2.0;
    b->n.def.n_tiles = n_tiles;
    b->ctx = cali_test_context(1);
    b->snn = NULL;
}

static void build(bed *b)
{
    cr_assert(cal_snn_create(b->ctx, &b->n.def, &b->snn) == CAL_OK, "%s", cal_context_message(b->ctx));
}

static void advance(bed *b, int n)
{
    for (int i = 0; i < n; i++)
        cr_assert(cal_snn_advance(b->snn) == CAL_OK);
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

/* A state after 30 ms of the network as `lay` describes it. */
static void save(char **bytes, size_t *size)
{
    bed b;
    lay(&b, 3);
    build(&b);
    advance(&b, 30);
    cr_assert(cal_snn_get_counts(b.snn).n_spikes > 70, "%.0f", (double)cal_snn_get_counts(b.snn).n_spikes);
    cr_assert(cal_snn_save_state(b.snn, bytes, size) == CAL_OK);
    clear(&b);
}

static void refused(bed *b, const char *bytes, size_t size, cal_restore how, const char *say)
{
    const uint64_t hash = cal_snn_hash(b->snn);
    cr_expect(cal_snn_restore_state(b->snn, bytes, size, how) == CAL_ERR_INPUT, "%s", say);
    cr_expect(strstr(cal_context_message(b->ctx), "C305") != NULL && strstr(cal_context_message(b->ctx), say) != NULL,
              "\"%s\", not \"%s\"", cal_context_message(b->ctx), say);
    cal_context_clear(b->ctx);
    cr_expect(cal_snn_hash(b->snn) == hash);
}

Test(snn_state, what_is_broken_is_refused_and_changes_nothing)
{
    char *bytes;
    size_t size;
    save(&bytes, &size);
    bed b;
    lay(&b, 2);
    build(&b);
    refused(&b, NULL, 0, CAL_RESTORE_CONTINUE, "cut short");
    refused(&b, "no state at all", 15, CAL_RESTORE_CONTINUE, "cut short");
    for (size_t cut = 1; cut < size; cut += 1 + size / 97)
        refused(&b, bytes, size - cut, CAL_RESTORE_CONTINUE, "C305");
    for (size_t k = 0; k < 200; k++) {
        const size_t at = k < 176 ? k : size * (k - 175) / 25 - 1;
        bytes[at] = (char)(bytes[at] ^ 0x20);
        refused(&b, bytes, size, k % 2 == 0 ? CAL_RESTORE_CONTINUE : CAL_RESTORE_BEGIN, "C305");
        bytes[at] = (char)(bytes[at] ^ 0x20);
    }
    cr_expect(cal_snn_restore_state(b.snn, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    advance(&b, 1);
    free(bytes);
    clear(&b);
}

/* Bytes of an adversary, whose digest is right: any of them either fits or is refused; nothing crashes. */
Test(snn_state, hostile_bytes_with_a_right_digest_do_no_harm)
{
    char *bytes;
    size_t size;
    save(&bytes, &size);
    char *hostile = malloc(size);
    size_t n_refused = 0;
    bed b;
    lay(&b, 2);
    build(&b);
    for (size_t k = 0; k < 600; k++) {
        const size_t at = 160 + (k < 300 ? k : (size - 64 - 160) * (k - 300) / 300);
        memcpy(hostile, bytes, size);
        hostile[at] = (char)(hostile[at] ^ (k % 3 == 0 ? 0x80 : 0x7f));
        char hex[CALI_DIGEST_SIZE];
        cr_assert(cali_digest_bytes(b.ctx, hostile, size - 64, hex) == CAL_OK);
        memcpy(hostile + size - 64, hex, 64);
        if (cal_snn_restore_state(b.snn, hostile, size, k % 2 == 0 ? CAL_RESTORE_CONTINUE : CAL_RESTORE_BEGIN) == CAL_OK)
            cal_snn_advance(b.snn);
        else
            n_refused++;
        cal_context_clear(b.ctx);
    }
    cr_expect(n_refused > 20, "%zu", n_refused);
    cr_expect(cal_snn_restore_state(b.snn, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    free(hostile);
    free(bytes);
    clear(&b);
}

Test(snn_state, states_of_other_networks_are_refused)
{
    char *bytes;
    size_t size;
    save(&bytes, &size);
    static const char *const says[] = {"other populations", "other populations", "other populations", "other parameters",
                                       "other parameters", "other parameters", "other parameters", "no whole number"};
    for (int k = 0; k < 8; k++) {
        bed b;
        lay(&b, 1);
        b.n.populations[0].n += k == 0;
        b.n.populations[1].neuron = k == 1 ? cal_snn_neuron_find("lif") : b.n.populations[1].neuron;
        b.n.projections[2].receptor = k == 1 ? "excitatory" : b.n.projections[2].receptor;
        b.n.def.dt = k == 2 ? CAL_NS_PER_MS / 20 : b.n.def.dt;
        b.n.settings[0].value.a += k == 3;
        b.n.projections[0].weight.a += k == 4;
        b.n.projections[1].delay_ms.a += k == 5;
        b.n.def.seed = k == 6;
        b.n.def.window = k == 7 ? 4 * CAL_NS_PER_MS : CAL_NS_PER_MS;
        build(&b);
        refused(&b, bytes, size, CAL_RESTORE_CONTINUE, says[k]);
        if (k < 3)
            refused(&b, bytes, size, CAL_RESTORE_BEGIN, says[k]);
        else
            cr_expect(cal_snn_restore_state(b.snn, bytes, size, CAL_RESTORE_BEGIN) == CAL_OK, "%d: %s", k,
                      cal_context_message(b.ctx));
        advance(&b, 1);
        clear(&b);
    }
    free(bytes);
}

/* A network without random input: 30 ms and 20 ms more that begin from the saved state at t = 0 end as 50 ms do. */
Test(snn_state, another_run_begins_at_a_state_with_its_input_on_the_way)
{
    char *bytes;
    size_t size;
    save(&bytes, &size);
    bed whole, rest;
    lay(&whole, 1);
    build(&whole);
    advance(&whole, 30);
    const uint64_t before = cal_snn_get_counts(whole.snn).n_spikes;
    advance(&whole, 20);
    lay(&rest, 7);
    build(&rest);
    advance(&rest, 3); /* what was before does not matter */
    cr_assert(cal_snn_restore_state(rest.snn, bytes, size, CAL_RESTORE_BEGIN) == CAL_OK);
    cr_expect(eq(i64, cal_snn_time(rest.snn), 0));
    cr_expect(eq(u64, cal_snn_get_counts(rest.snn).n_spikes, 0));
    advance(&rest, 20);
    double v[2][100];
    cal_snn_get_state(whole.snn, 0, "V", v[0]);
    cal_snn_get_state(rest.snn, 0, "V", v[1]);
    cr_expect(memcmp(v[0], v[1], sizeof v[0]) == 0);
    cr_expect(eq(u64, cal_snn_get_counts(whole.snn).n_spikes, before + cal_snn_get_counts(rest.snn).n_spikes));
    free(bytes);
    clear(&whole);
    clear(&rest);
}

/* Voltages stay where they are when rest is elsewhere, and input keeps its size in nS when weights have other quanta. */
Test(snn_state, a_run_of_other_parameters_keeps_voltages_and_input)
{
    char *bytes;
    size_t size;
    save(&bytes, &size);
    bed same, other;
    lay(&same, 1);
    build(&same);
    cr_assert(cal_snn_restore_state(same.snn, bytes, size, CAL_RESTORE_BEGIN) == CAL_OK);
    lay(&other, 1);
    other.n.settings[2] = (cal_snn_setting){"E_L", CALI_CONSTANT(-65.0)};
    other.n.populations[0].n_settings = 3;
    for (int i = 0; i < 4; i++)
        other.n.projections[i].weight.a *= 0.03;
    build(&other);
    cr_assert(cal_snn_restore_state(other.snn, bytes, size, CAL_RESTORE_BEGIN) == CAL_OK);
    double v[2][100];
    cal_snn_get_state(same.snn, 0, "V", v[0]);
    cal_snn_get_state(other.snn, 0, "V", v[1]);
    for (int i = 0; i < 100; i++)
        cr_expect(epsilon_eq(dbl, v[0][i], v[1][i], 1e-5));
    const cali_population *p = &same.snn->populations[0], *q = &other.snn->populations[0];
    cr_assert(ne(int, p->exponent[0], q->exponent[0]));
    double sum = 0.0;
    for (uint32_t slot = 0; slot < same.snn->slots; slot++)
        for (uint32_t k = 0; k < p->n; k++) {
            const double a = cali_ring_of(same.snn, 0)[slot * cali_ring_stride(same.snn) + k] * (double)p->quantum[0];
            const double b = cali_ring_of(other.snn, 0)[slot * cali_ring_stride(other.snn) + k] * (double)q->quantum[0];
            cr_expect(epsilon_eq(dbl, a, b, 0.5 * q->quantum[0] + 1e-12));
            sum += a;
        }
    cr_expect(sum > 0.0);
    free(bytes);
    clear(&same);
    clear(&other);
}
