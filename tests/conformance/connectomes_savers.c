/* Every format that is written is read again with the same bits, from every other format, and by other programs. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/connectomes.h"
#include "connectomes/save.h"
#include "support/support.h"

/* Numbers that a short decimal does not hold, labels that every format must protect, a matrix that is not symmetric. */
static const double weights[16] = {0, 2, 1e-300, 0, 0.1, 0, 6, -0.0, 0, 1.0 / 3.0, 1, 0, 5e-324, 0, 0, 1.7976931348623157e308};
static const double lengths[16] = {0, 10, 20, 1.5, 10.25, 0, 30, 0, 20, 30, 0, 0.1, 1.0 / 3.0, 0, 250.7, 0};
static const char *const labels[4] = {"CA1 left", "\"x\", \"y\"", "#3; % 4", "caf\xc3\xa9 \xe2\x88\x82 nord"};
/* beyond the 16 bits of MATLAB's characters; scipy cannot read such texts, so only this program is asked */
static const char *const beyond[4] = {"a", "\xf0\x9f\xa7\xa0", "1", "nan"};
static const double centres[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0.1, 1.0 / 3.0, -1e-300};
static const double orientations[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0.6, 0.8, -0.0};
static const double areas[4] = {1, 2.5, 1e4, 0};
static const uint8_t cortical[4] = {1, 1, 0, 1}, right[4] = {0, 1, 0, 1};

typedef enum content { FULL, BARE, BEYOND, GENERATED, N_CONTENTS } content;

static cal_connectome *make(cal_context *ctx, content which)
{
    cal_connectome_def def = {.name = "small", .n_regions = 4, .weights = weights, .lengths_mm = lengths};
    if (which == FULL) {
        def.labels = labels;
        def.centres_mm = centres;
        def.orientations = orientations;
        def.areas_mm2 = areas;
        def.is_cortical = cortical;
        def.is_right = right;
    }
    if (which == BEYOND)
        def.labels = beyond;
    const cal_generate_def generated = cal_generate_def_default();
    cal_connectome *brain = NULL;
    const cal_status status = which == GENERATED ? cal_connectome_generate(ctx, &generated, &brain)
                                                 : cal_connectome_create(ctx, &def, &brain);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    return brain;
}

static void path_in(const char *folder, const char *stem, const cali_saver *saver, char path[1200])
{
    snprintf(path, 1200, "%s/%s%s", folder, stem, saver->endings[0]);
}

static bool is_readable(const cali_saver *saver)
{
#ifdef CALLOSUM_HAS_MATIO
    (void)saver;
    return true;
#else
    return strcmp(saver->name, "mat") != 0;
#endif
}

static cal_connectome *load(cal_context *ctx, const char *path)
{
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path;
    cal_connectome *brain = NULL;
    cr_assert(eq(int, cal_connectome_load(ctx, &source, &brain), CAL_OK), "%s: %s", path, cal_context_message(ctx));
    return brain;
}

static void expect_bits(const char *what, const void *a, const void *b, size_t n)
{
    cr_expect(eq(int, a == NULL, b == NULL), "%s", what);
    if (a != NULL && b != NULL)
        cr_expect(eq(int, memcmp(a, b, n), 0), "%s", what);
}

static void expect_same(const cal_connectome *a, const cal_connectome *b, unsigned holds)
{
    const size_t n = cal_connectome_n_regions(a);
    cr_assert(eq(sz, cal_connectome_n_regions(b), n));
    expect_bits("weights", cal_connectome_weights(a), cal_connectome_weights(b), n * n * sizeof(double));
    expect_bits("lengths", cal_connectome_lengths_mm(a), cal_connectome_lengths_mm(b), n * n * sizeof(double));
    for (size_t i = 0; i < n; i++)
        cr_expect(eq(str, (char *)cal_connectome_labels(a)[i], (char *)cal_connectome_labels(b)[i]));
    if (holds & CALI_HAS_CENTRES)
        expect_bits("centres", cal_connectome_centres_mm(a), cal_connectome_centres_mm(b), 3 * n * sizeof(double));
    if (holds & CALI_HAS_ORIENTATIONS)
        expect_bits("orientations", cal_connectome_orientations(a), cal_connectome_orientations(b), 3 * n * sizeof(double));
    if (holds & CALI_HAS_AREAS)
        expect_bits("areas", cal_connectome_areas_mm2(a), cal_connectome_areas_mm2(b), n * sizeof(double));
    if (holds & CALI_HAS_CORTICAL)
        expect_bits("cortical", cal_connectome_is_cortical(a), cal_connectome_is_cortical(b), n);
    if (holds & CALI_HAS_HEMISPHERES)
        expect_bits("hemispheres", cal_connectome_is_right(a), cal_connectome_is_right(b), n);
}

static void save(cal_context *ctx, const cal_connectome *brain, const char *path)
{
    cr_assert(eq(int, cal_connectome_save(ctx, brain, path, NULL, false), CAL_OK), "%s: %s", path,
              cal_context_message(ctx));
}

/* The chain zip -> h5 -> csv -> ... and back is covered by all ordered pairs. */
ParameterizedTestParameters(connectomes_savers, every_pair_of_formats_keeps_the_bits)
{
    static int pairs[64];
    size_t n = 0;
    for (size_t i = 0; i < cali_n_savers * cali_n_savers && n < 64; i++)
        pairs[n++] = (int)i;
    return cr_make_param_array(int, pairs, n);
}

ParameterizedTest(int *pair, connectomes_savers, every_pair_of_formats_keeps_the_bits)
{
    const cali_saver *from = cali_savers[(size_t)*pair / cali_n_savers], *to = cali_savers[(size_t)*pair % cali_n_savers];
    if (!is_readable(from) || !is_readable(to))
        cr_skip("this program reads no MATLAB files");
    cal_context *ctx = cali_test_context(1);
    for (int which = 0; which < N_CONTENTS; which++) {
        char folder[1024], first[1200], second[1200];
        snprintf(folder, sizeof folder, "%s", cali_test_directory());
        path_in(folder, "first", from, first);
        path_in(folder, "second", to, second);
        cal_connectome *brain = make(ctx, (content)which);
        save(ctx, brain, first);
        cal_connectome *between = load(ctx, first);
        expect_same(brain, between, from->holds);
        save(ctx, between, second);
        cal_connectome *back = load(ctx, second);
        expect_same(brain, back, from->holds & to->holds);
        cal_connectome_destroy(&back);
        cal_connectome_destroy(&between);
        cal_connectome_destroy(&brain);
    }
    cal_context_destroy(&ctx);
}

static int savers_index[16];

ParameterizedTestParameters(connectomes_savers, equal_connectomes_give_equal_bytes)
{
    for (size_t i = 0; i < cali_n_savers; i++)
        savers_index[i] = (int)i;
    return cr_make_param_array(int, savers_index, cali_n_savers);
}

ParameterizedTest(int *i, connectomes_savers, equal_connectomes_give_equal_bytes)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = make(ctx, FULL);
    cali_bundle one = {.n = 0}, two = {.n = 0};
    cr_assert(eq(int, cali_savers[*i]->collect(ctx, brain, &one), CAL_OK));
    sleep(cali_savers[*i]->container == CALI_ONE_FILE ? 1 : 0); /* times that a library puts in would differ */
    cr_assert(eq(int, cali_savers[*i]->collect(ctx, brain, &two), CAL_OK));
    cr_assert(eq(sz, one.n, two.n));
    for (size_t k = 0; k < one.n; k++) {
        cr_expect(eq(str, one.pieces[k].name, two.pieces[k].name));
        cr_assert(eq(sz, one.pieces[k].text.size, two.pieces[k].text.size));
        cr_expect(eq(int, memcmp(one.pieces[k].text.data, two.pieces[k].text.data, one.pieces[k].text.size), 0));
    }
    cali_bundle_free(&one);
    cali_bundle_free(&two);
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(connectomes_savers, what_exists_is_replaced_only_on_demand)
{
    for (size_t i = 0; i < cali_n_savers; i++)
        savers_index[i] = (int)i;
    return cr_make_param_array(int, savers_index, cali_n_savers);
}

ParameterizedTest(int *i, connectomes_savers, what_exists_is_replaced_only_on_demand)
{
    const cali_saver *saver = cali_savers[*i];
    cal_context *ctx = cali_test_context(1);
    char folder[1024], path[1200], message[1400];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    path_in(folder, "brain", saver, path);
    cal_connectome *brain = make(ctx, FULL);
    save(ctx, brain, path);
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path, NULL, false), CAL_ERR_INPUT));
    snprintf(message, sizeof message, "%s C306 exists already.\n  try another name, or --force.", cali_path_name(path));
    cr_expect(eq(str, (char *)cal_context_message(ctx), message));
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path, NULL, true), CAL_OK), "%s", cal_context_message(ctx));
    /* nothing temporary is left beside it */
    size_t n = 0;
    DIR *open = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(open)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(open);
    cr_expect(eq(sz, n, 1));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(connectomes_savers, a_place_that_cannot_be_written_is_an_error)
{
    for (size_t i = 0; i < cali_n_savers; i++)
        savers_index[i] = (int)i;
    return cr_make_param_array(int, savers_index, cali_n_savers);
}

ParameterizedTest(int *i, connectomes_savers, a_place_that_cannot_be_written_is_an_error)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = make(ctx, FULL);
    char path[1200];
    path_in("/proc/nowhere", "brain", cali_savers[*i], path);
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path, NULL, false), CAL_ERR_IO));
    cr_expect(cal_context_message(ctx)[0] != '\0');
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

/* Other readers: numpy, h5py and, where it is installed, scipy. */
static const char *const script =
    "import sys, struct, numpy as np\n"
    "folder = sys.argv[1]\n"
    "w = np.array(eval(sys.argv[2]))\n"
    "labels = ['CA1 left', '\"x\", \"y\"', '#3; % 4', 'caf\\u00e9 \\u2202 nord']\n"
    "def check(name, weights, lengths, centres, names, cortical):\n"
    "    assert weights.dtype == float and weights.tobytes() == w.tobytes(), name\n"
    "    assert lengths[0, 3] == 1.5 and lengths[3, 0] == 1 / 3, name\n"
    "    assert centres.shape == (4, 3) and centres[3, 1] == 1 / 3, name\n"
    "    assert list(names) == labels, (name, list(names))\n"
    "    assert [bool(x) for x in np.ravel(cortical)] == [True, True, False, True], name\n"
    "z = np.load(folder + '/brain.npz')  # allow_pickle is off\n"
    "check('npz', z['weights'], z['tract_lengths'], z['centres'], z['region_labels'], z['cortical'])\n"
    "assert str(z['weights_point']) == 'to-from' and z['hemispheres'].dtype == bool and z['areas'].shape == (4,)\n"
    "import h5py\n"
    "with h5py.File(folder + '/brain.h5', 'r', libver='latest') as f:\n"
    "    d = {k: f['/' + k][()] for k in f}\n"
    "check('h5', d['weights'], d['tract_lengths'], d['centres'], [x.decode() for x in d['region_labels']], d['cortical'])\n"
    "assert d['hemispheres'].dtype == bool and sorted(d) == ['areas', 'centres', 'cortical', 'hemispheres', 'orientations',\n"
    "                                                        'region_labels', 'tract_lengths', 'weights']\n"
    "import csv\n"
    "for kind, mark in (('csv', ','), ('tsv', '\\t')):\n"
    "    p = folder + '/brain_' + kind + '/'\n"
    "    with open(p + 'centres.' + kind, newline='') as f:\n"
    "        rows = list(csv.DictReader(f, delimiter=mark))\n"
    "    load = lambda name: np.loadtxt(p + name + '.' + kind, delimiter=mark)\n"
    "    check(kind, load('weights'), load('tract_lengths'), np.array([[float(r[k]) for k in 'xyz'] for r in rows]),\n"
    "          [r['name'] for r in rows], load('cortical'))\n"
    "try:\n"
    "    import scipy.io\n"
    "except ImportError:\n"
    "    print('no scipy: the MATLAB file is not read by it')\n"
    "else:\n"
    "    m = scipy.io.loadmat(folder + '/brain.mat')\n"
    "    check('mat', np.ascontiguousarray(m['weights']), m['tract_lengths'], m['centres'],\n"
    "          [x[0] for x in m['region_labels'][:, 0]], m['cortical'])\n"
    "    assert m['weights_point'][0] == 'to-from'\n";

Test(connectomes_savers, other_programs_read_what_is_written)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = make(ctx, FULL);
    char folder[1024], path[1200], command[4096];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    for (size_t i = 0; i < cali_n_savers; i++) {
        path_in(folder, "brain", cali_savers[i], path);
        save(ctx, brain, path);
    }
    snprintf(path, sizeof path, "%s/read.py", folder);
    cr_assert(eq(int, cali_file_write(ctx, path, script, strlen(script)), CAL_OK));
    int n = snprintf(command, sizeof command, "/usr/bin/python3 -c 'import numpy, h5py' 2> /dev/null");
    if (system(command) != 0)
        cr_skip("no python3 with numpy and h5py");
    n = snprintf(command, sizeof command, "/usr/bin/python3 '%s' '%s' '[", path, folder);
    for (int i = 0; i < 4; i++, n += snprintf(command + n, sizeof command - (size_t)n, "],"))
        for (int j = 0; j < 4; j++)
            n += snprintf(command + n, sizeof command - (size_t)n, "%s%.17e", j == 0 ? "[" : ",", weights[4 * i + j]);
    snprintf(command + n, sizeof command - (size_t)n, "]'");
    cr_expect(eq(int, system(command), 0), "%s", command);
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}
