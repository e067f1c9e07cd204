/* A spiking network on 1 to 7 threads: tiles, exchange, ports. A plain program, so that ThreadSanitizer can
 * run it; the hashes must be equal. */
#include <stdio.h>
#include <stdlib.h>

#include "support/snn_networks.h"
#include "support/support.h"

static uint64_t run(unsigned n_threads)
{
    static const cal_snn_setting growth[] = {{"capacity", CALI_CONSTANT(20.0)}, {"interval", CALI_CONSTANT(2.5)},
                                             {"axon_growth", CALI_CONSTANT(500.0)}, {"dendrite_growth", CALI_CONSTANT(400.0)}};
    cali_network n;
    cali_network_cobab(&n, 1.0);
    n.populations[0].n = 400;
    n.populations[1].n = 100;
    n.def.n_tiles = 7;
    n.projections[1].delay_ms = (cal_distribution){CAL_UNIFORM, 0.1, 0.9, 0.0, 0.0};
    cal_snn_projection *grown = &n.projections[n.def.n_projections++]; /* beside the others */
    *grown = n.projections[1];
    grown->rule = CAL_FIXED_IN_DEGREE;
    grown->in_degree = 0;
    grown->synapse = cal_snn_synapse_find("structural-linear");
    grown->settings = growth;
    grown->n_settings = sizeof growth / sizeof growth[0];
    n.ports[2] = (cal_snn_port){.name = "in", .kind = CAL_PORT_POISSON, .population = 0, .receptor = "excitatory",
                                .n_trains = 10.0, .weight = 2.0, .samples = 2};
    n.ports[3] = (cal_snn_port){.name = "V", .kind = CAL_PORT_MEAN, .population = 1, .state = "V", .samples = 5};
    n.def.n_ports = 4;
    cal_context *ctx = cali_test_context(n_threads);
    cal_snn *snn = NULL;
    if (cal_snn_create(ctx, &n.def, &snn) != CAL_OK) {
        fprintf(stderr, "%s\n", cal_context_message(ctx));
        exit(EXIT_FAILURE);
    }
    for (int w = 0; w < 60; w++) {
        const double rates[2] = {100.0 * (w % 5), 50.0 * (w % 3)};
        if (cal_snn_write(snn, 2, rates) != CAL_OK || cal_snn_advance(snn) != CAL_OK)
            exit(EXIT_FAILURE);
    }
    cal_snn_structure s;
    if (cal_snn_get_structure(snn, n.def.n_projections - 1, &s) != CAL_OK || s.n_formed == 0) {
        fputs("no synapse has formed\n", stderr);
        exit(EXIT_FAILURE);
    }
    const uint64_t hash = cal_snn_hash(snn);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return hash;
}

int main(void)
{
    static const unsigned n_threads[] = {2, 3, 7};
    const uint64_t expected = run(1);
    for (int i = 0; i < 3; i++) {
        const uint64_t hash = run(n_threads[i]);
        if (hash != expected) {
            fprintf(stderr, "%u threads: hash %llx, not %llx\n", n_threads[i],
                    (unsigned long long)hash, (unsigned long long)expected);
            return EXIT_FAILURE;
        }
    }
    puts("1 passed, 0 failed");
    return EXIT_SUCCESS;
}
