/* connectomes/npy.c, npz.c, mat.c, bids.c, named.c, save.c: variants of files as other programs write them, hostile files, and
 * the text of every message. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/connectomes.h"
#include "connectomes/npy.h"
#include "support/support.h"

#define N_OF(array) (sizeof(array) / sizeof(array)[0])

static char folder[1024];

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
}

TestSuite(connectomes_formats, .init = setup);

static const char *path_of(const char *name)
{
    static char paths[4][1400];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, 1400, "%s/%s", folder, name);
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t n)
{
    char *parent = NULL;
    cal_context *ctx = cali_test_context(1);
    cr_assert(eq(int, cali_path_directory(ctx, path_of(name), &parent), CAL_OK));
    cr_assert(eq(int, cali_directory_make(ctx, parent), CAL_OK));
    cr_assert(eq(int, cali_file_write(ctx, path_of(name), bytes, n), CAL_OK), "%s", cal_context_message(ctx));
    free(parent);
    cal_context_destroy(&ctx);
}

static cal_connectome *load_source(const cal_connectome_source *source, cal_status status, const char *message)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    const cal_status got = cal_connectome_load(ctx, source, &brain);
    cr_expect(eq(int, got, status), "%s: %s", source->path, cal_context_message(ctx));
    if (message != NULL)
        cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)message));
    cal_context_destroy(&ctx);
    return brain;
}

static cal_connectome *load(const char *name, cal_status status, const char *message)
{
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path_of(name);
    return load_source(&source, status, message);
}

static void expect_message(const char *name, cal_status status, const char *message)
{
    cal_connectome *brain = load(name, status, message);
    cal_connectome_destroy(&brain);
}

/* ---- .npy ------------------------------------------------------------------------------------ */

/* An array of NumPy with the given dictionary and items. */
static size_t make_npy(char *out, const char *dictionary, const void *items, size_t n)
{
    const size_t length = strlen(dictionary);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(length & 255);
    out[9] = (char)(length >> 8);
    memcpy(out + 10, dictionary, length);
    memcpy(out + 10 + length, items, n);
    return 10 + length + n;
}

/* One row of two numbers in every type: 1 and -2, or 1 and 2 without sign. */
Test(connectomes_formats, npy_reads_every_type_in_both_orders_of_bytes)
{
    static const struct {
        const char *type, *items;
        size_t n;
        double second;
    } cases[] = {
        {"<f8", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0", 16, -2.0},
        {">f8", "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16, -2.0},
        {"<f4", "\0\0\x80\x3f\0\0\0\xc0", 8, -2.0},
        {">f4", "\x3f\x80\0\0\xc0\0\0\0", 8, -2.0},
        {"<f2", "\0\x3c\0\xc0", 4, -2.0},
        {">i8", "\0\0\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xfe", 16, -2.0},
        {"<i4", "\1\0\0\0\xfe\xff\xff\xff", 8, -2.0},
        {"<i2", "\1\0\xfe\xff", 4, -2.0},
        {"|i1", "\1\xfe", 2, -2.0},
        {"<u8", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16, 2.0},
        {">u2", "\0\1\0\2", 4, 2.0},
        {"|u1", "\1\2", 2, 2.0},
        {"|b1", "\1\0", 2, 0.0},
    };
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < N_OF(cases); i++) {
        char dictionary[128], bytes[512] = {0};
        snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (1, 2), }\n", cases[i].type);
        const size_t n = make_npy(bytes, dictionary, cases[i].items, cases[i].n);
        cali_array array = {0};
        cr_assert(eq(int, cali_npy_read(ctx, "a", "x", bytes, n, &array), CAL_OK), "%s: %s", cases[i].type,
                  cal_context_message(ctx));
        cr_expect(array.n_rows == 1 && array.n_columns == 2, "%s", cases[i].type);
        cr_expect(eq(dbl, array.values[0], 1.0), "%s", cases[i].type);
        cr_expect(eq(dbl, array.values[1], cases[i].second), "%s", cases[i].type);
        cali_array_free(&array);
    }
    cal_context_destroy(&ctx);
}

Test(connectomes_formats, npy_reads_both_orders_of_the_matrix)
{
    char bytes[512] = {0};
    cal_context *ctx = cali_test_context(1);
    cali_array array = {0};
    size_t n = make_npy(bytes, "{'fortran_order': True, 'shape': (2, 3), 'descr': '|u1'}", "\1\2\3\4\5\6", 6);
    cr_assert(eq(int, cali_npy_read(ctx, "a", "x", bytes, n, &array), CAL_OK));
    cr_expect(eq(dbl, array.values[1], 3.0)); /* row 0, column 1 */
    n = make_npy(bytes, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}", "\1\2\3\4\5\6", 6);
    cr_assert(eq(int, cali_npy_read(ctx, "a", "x", bytes, n, &array), CAL_OK));
    cr_expect(eq(dbl, array.values[1], 2.0));
    cali_array_free(&array);
    cal_context_destroy(&ctx);
}

Test(connectomes_formats, npy_refuses_what_it_cannot_or_must_not_read)
{
    static const struct {
        const char *dictionary, *message;
    } cases[] = {
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
         "a C301 x holds Python objects, which are never read.\n  because a pickle can run any program.\n  try saving it as "
         "numpy.array(x, dtype=str) or dtype=float."},
        {"{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }", "a C301 x holds neither real numbers nor texts."},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
         "a C301 x holds neither real numbers nor texts."},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }",
         "a C301 x is 2 x 1, but the file holds only 16 bytes of it."},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (2,), }", "a C301 x holds no numbers of a size that is known."},
        {"{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }", "a C301 x holds no numbers of a size that is known."},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 2), }", "a C301 x has 3 dimensions, not 1 or 2."},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }", "a C301 x is empty."},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (100001, 1), }",
         "a C301 x is 100001 x 1, at most 100000 regions are possible."},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999999, 1), }", NULL},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (100000, 100000), }",
         "a C301 x is 100000 x 100000, but the file holds only 16 bytes of it."},
        {"{'descr': '<f8', 'fortran_order': False}", "a C301 x has a header that cannot be read."},
        {"{'descr': '<f8', 'shape': (1, 2)}", "a C301 x has a header that cannot be read."},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2", "a C301 x has a header that cannot be read."},
        {"", "a C301 x has a header that cannot be read."},
        {"{'descr': '", "a C301 x has a header that cannot be read."},
    };
    cal_context *ctx = cali_test_context(1);
    char bytes[512] = {0};
    cali_array array = {0};
    for (size_t i = 0; i < N_OF(cases); i++) {
        const size_t n = make_npy(bytes, cases[i].dictionary, "0123456789abcdef", 16);
        cal_context_clear(ctx);
        cr_expect(eq(int, cali_npy_read(ctx, "a", "x", bytes, n, &array), CAL_ERR_INPUT), "%s", cases[i].dictionary);
        if (cases[i].message != NULL)
            cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)cases[i].message));
    }
    /* every cut of a right file is refused */
    const size_t n = make_npy(bytes, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", "0123456789abcdef", 16);
    for (size_t cut = 0; cut < n; cut++)
        cr_expect(eq(int, cali_npy_read(ctx, "a", "x", bytes, cut, &array), CAL_ERR_INPUT), "%zu bytes", cut);
    cr_expect(eq(int, cali_npy_read(ctx, "a", "x", bytes, n, &array), CAL_OK));
    cali_array_free(&array);
    bytes[6] = 9;
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_npy_read(ctx, "a", "x", bytes, n, &array), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "a C301 x is of an unknown version of NumPy's format."));
    cal_context_destroy(&ctx);
}

Test(connectomes_formats, npy_reads_texts_of_both_kinds)
{
    static const char wide[] = "a\0\0\0b\0\0\0\xe9\0\0\0\0\0\0\0";
    char bytes[512] = {0}, **texts = NULL;
    size_t n_texts = 0;
    cal_context *ctx = cali_test_context(1);
    size_t n = make_npy(bytes, "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }", wide, 16);
    cr_assert(eq(int, cali_npy_read_texts(ctx, "a", "x", bytes, n, &texts, &n_texts), CAL_OK));
    cr_assert(eq(sz, n_texts, 2));
    cr_expect(eq(str, texts[0], "ab"));
    cr_expect(eq(str, texts[1], "\xc3\xa9"));
    cali_labels_free(texts, n_texts);
    n = make_npy(bytes, "{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", "abcd\0\0", 6);
    cr_assert(eq(int, cali_npy_read_texts(ctx, "a", "x", bytes, n, &texts, &n_texts), CAL_OK));
    cr_expect(eq(str, texts[0], "abc"));
    cr_expect(eq(str, texts[1], "d"));
    cali_labels_free(texts, n_texts);
    n = make_npy(bytes, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", wide, 8);
    cr_expect(eq(int, cali_npy_read_texts(ctx, "a", "x", bytes, n, &texts, &n_texts), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "a C301 x holds no texts."));
    cal_context_destroy(&ctx);
}

/* ---- files of other programs ------------------------------------------------------------------ */

static bool python(const char *script)
{
    char command[8192];
    cr_assert(snprintf(command, sizeof command, "cd '%s' && /usr/bin/python3 -c \"import numpy as np\n%s\" 2> log", folder,
                       script) < (int)sizeof command);
    return system(command) == 0;
}

Test(connectomes_formats, npz_of_numpy_loads_under_the_names_of_the_field)
{
    if (!python("pass"))
        cr_skip("no python3 with numpy");
    cr_assert(python("w = np.array([[0, 2, 0], [2, 0, 1], [0, 1, 0]])\n"
                     "l = np.asfortranarray(np.array([[0, 20, 30], [20, 0, 10], [30, 10, 0]], '>f4'))\n"
                     "np.savez_compressed('a.npz', SC=w, C=w * 9, lengths=l, names=np.array(['a', 'b', 'c']), xyz=np.eye(3), x=1)\n"
                     "np.savez('b.npz', SC=w, other=l)\n"
                     "np.savez('c.npz', weights=np.triu(w), lengths=l)\n"
                     "np.savez('d.npz', weights=np.triu(w), lengths=l, weights_point='from-to', length_unit='cm')\n"
                     "np.savez('e.npz', weights=w, lengths=l, labels=np.array(['a', 'b', 'c'], object))\n"
                     "np.savez('f.npz', weights=w[:2], lengths=l)\n"
                     "np.save('g_weights.npy', w)\n"
                     "np.save('g_lengths.npy', l)\n"
                     "np.savez_compressed('bomb.npz', weights=np.zeros((20000, 20000), 'u1'), lengths=l)\n"));
    cal_connectome *brain = load("a.npz", CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 2.0)); /* SC comes before C */
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[2], 30.0));
    cr_expect(eq(int, cal_connectome_find(brain, "c"), 2));
    cr_expect(eq(dbl, cal_connectome_centres_mm(brain)[4], 1.0));
    cal_connectome_destroy(&brain);
    expect_message("b.npz", CAL_ERR_INPUT,
                   "b.npz C301 has no tract lengths.\n  because it holds SC.npy, other.npy.\n  try one of the names "
                   "tract_lengths, lengths, distances, dist, len, D.");
    expect_message("c.npz", CAL_ERR_INPUT,
                   "c.npz C304 weights are not symmetric (max difference 2) and orientation is not given. Try to-from or "
                   "from-to.");
    expect_message("d.npz", CAL_ERR_INPUT,
                   "d.npz C302 the file says that lengths are in cm, but length_unit is mm.\n  try length_unit: cm");
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path_of("d.npz");
    source.length_unit_mm = 10.0;
    brain = load_source(&source, CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[3], 2.0)); /* from 0 to 1 */
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 200.0));
    cal_connectome_destroy(&brain);
    expect_message("e.npz", CAL_ERR_INPUT,
                   "e.npz/labels.npy C301 region_labels holds Python objects, which are never read.\n  because a pickle can "
                   "run any program.\n  try saving it as numpy.array(x, dtype=str) or dtype=float.");
    expect_message("f.npz", CAL_ERR_INPUT, "f.npz C301 weights is 2 x 3, not square.");
    brain = load("g_weights.npy", CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[5], 10.0));
    cal_connectome_destroy(&brain);
    expect_message("bomb.npz", CAL_ERR_INPUT, NULL);
    write_bytes("h.npz", "PK\3\4nothing", 11);
    expect_message("h.npz", CAL_ERR_INPUT, NULL);
    write_bytes("i.npy", "\x93NUMPY", 6);
    unlink(path_of("g_lengths.npy"));
    expect_message("g_weights.npy", CAL_ERR_INPUT, NULL);
}

/* ---- MATLAB ---------------------------------------------------------------------------------- */

Test(connectomes_formats, mat_of_scipy_loads_under_the_names_of_the_field)
{
#ifndef CALLOSUM_HAS_MATIO
    write_bytes("a.mat", "MATLAB 5.0 MAT-file", 19);
    expect_message("a.mat", CAL_ERR_UNSUPPORTED,
                   "a.mat C307 is a MATLAB file, which this program cannot read.\n  because it was built without libmatio.\n  "
                   "try installing libmatio-dev and building again, or saving the file as .npz, .h5 or .csv.");
#else
    write_bytes("broken.mat", "MATLAB 5.0 MAT-file, and nothing else", 36);
    expect_message("broken.mat", CAL_ERR_INPUT, "broken.mat C301 is no readable MATLAB file.");
    if (!python("import scipy.io"))
        cr_skip("no python3 with scipy");
    cr_assert(python(
        "from scipy.io import savemat\nimport scipy.sparse\n"
        "w = np.array([[0, 2, 0], [3, 0, 1], [0, 4, 0]], 'f4')\n"
        "s = w + w.T\n"
        "l = np.array([[0, 20, 30], [20, 0, 10], [30, 10, 0]], 'u1')\n"
        "cells = np.array(['left', 'caf\\u00e9', 'c d'], object)\n"
        "savemat('a.mat', {'C': s, 'dist': l, 'names': cells, 'what': 1})\n"
        "savemat('b.mat', {'SC': s, 'D': l, 'labels': np.array(['left ', 'b', 'cc'])}, do_compression=True)\n"
        "savemat('c.mat', {'SC': w, 'D': l})\n"
        "savemat('d.mat', {'SC': scipy.sparse.csc_matrix(s.astype(float)), 'D': l})\n"
        "savemat('e.mat', {'SC': s, 'what': 2})\n"
        "savemat('f.mat', {'SC': s * 1j, 'D': l})\n"
        "savemat('g.mat', {'SC': np.ones((2, 2, 2)), 'D': l})\n"
        "savemat('h.mat', {'SC': s, 'D': l, 'labels': 5})\n"
        "savemat('i.mat', {'SC': s, 'D': l, 'labels': np.array([1, 2, 3], object)})\n"
        "savemat('old.mat', {'SC': s, 'D': l}, format='4')\n"));
    cal_connectome *brain = load("a.mat", CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 5.0));
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[2], 30.0));
    cr_expect(eq(int, cal_connectome_find(brain, "caf\xc3\xa9"), 1));
    cal_connectome_destroy(&brain);
    brain = load("b.mat", CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(int, cal_connectome_find(brain, "left"), 0));
    cr_expect(eq(int, cal_connectome_find(brain, "cc"), 2));
    cal_connectome_destroy(&brain);
    brain = load("old.mat", CAL_OK, "");
    cal_connectome_destroy(&brain);
    expect_message("c.mat", CAL_ERR_INPUT,
                   "c.mat C304 weights are not symmetric (max difference 3) and orientation is not given. Try to-from or "
                   "from-to.");
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path_of("c.mat");
    source.orientation = CAL_TO_FROM;
    brain = load_source(&source, CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 2.0)); /* row 0, column 1, though MATLAB stores columns */
    cal_connectome_destroy(&brain);
    expect_message("d.mat", CAL_ERR_INPUT, "d.mat C301 SC is sparse.\n  try full(SC) in MATLAB before saving.");
    expect_message("e.mat", CAL_ERR_INPUT,
                   "e.mat C301 has no tract lengths.\n  because it holds SC, what.\n  try one of the names tract_lengths, "
                   "lengths, distances, dist, len, D.");
    expect_message("f.mat", CAL_ERR_INPUT, "f.mat C301 SC holds no real numbers.");
    expect_message("g.mat", CAL_ERR_INPUT, "g.mat C301 SC has 3 dimensions, not 2.");
    expect_message("h.mat", CAL_ERR_INPUT, "h.mat C301 labels holds no texts.");
    expect_message("i.mat", CAL_ERR_INPUT, "i.mat C301 labels holds something else than texts.");
#endif
}

/* Whatever a file holds, loading ends with a connectome or a message, never with the end of this program. */
Test(connectomes_formats, broken_mat_files_end_with_a_message)
{
#ifndef CALLOSUM_HAS_MATIO
    cr_skip("this program reads no MATLAB files");
#else
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    char *bytes = NULL;
    size_t n = 0;
    cal_generate_def def = cal_generate_def_default();
    def.n_regions = 4;
    cr_assert(eq(int, cal_connectome_generate(ctx, &def, &brain), CAL_OK));
    cr_assert(eq(int, cal_connectome_save(ctx, brain, path_of("a.mat"), NULL, false), CAL_OK));
    cal_connectome_destroy(&brain);
    cr_assert(eq(int, cali_file_read(ctx, path_of("a.mat"), 1 << 20, &bytes, &n), CAL_OK));
    size_t n_refused = 0, n_tried = 0;
    for (size_t at = 128; at + 4 < n; at += 24, n_tried++) { /* sizes and types become nonsense */
        char keep[4];
        memcpy(keep, bytes + at, 4);
        memcpy(bytes + at, "\xff\xff\xff\x7f", 4);
        FILE *file = fopen(path_of("b.mat"), "wb");
        cr_assert(eq(sz, fwrite(bytes, 1, at % 3 == 0 ? n : at + 8 < n ? at + 8 : n, file), at % 3 == 0 ? n : at + 8 < n ? at + 8 : n));
        fclose(file);
        memcpy(bytes + at, keep, 4);
        cal_context_clear(ctx);
        cal_connectome_source source = cal_connectome_source_default();
        source.path = path_of("b.mat");
        const cal_status status = cal_connectome_load(ctx, &source, &brain);
        cr_expect(eq(int, status == CAL_OK, brain != NULL));
        cr_expect(status == CAL_OK || cal_context_message(ctx)[0] != '\0');
        n_refused += status != CAL_OK;
        cal_connectome_destroy(&brain);
    }
    cr_expect(n_tried > 20 && n_refused > n_tried / 4, "%zu of %zu", n_refused, n_tried);
    free(bytes);
    cal_context_destroy(&ctx);
#endif
}

/* ---- BIDS ------------------------------------------------------------------------------------ */

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

Test(connectomes_formats, bids_reads_both_layouts_of_names)
{
    write_text("a/dataset_description.json", "{}");
    write_text("a/sub-1/net/sub-1_desc-sc_weights.tsv", "0\t2\n3\t0\n");
    write_text("a/sub-1/net/sub-1_desc-sc_distances.tsv", "0\t20\n20\t0\n");
    expect_message("a", CAL_ERR_INPUT,
                   "a C304 weights are not symmetric (max difference 1) and orientation is not given. Try to-from or from-to.");
    write_text("a/sub-1/net/sub-1_desc-sc_weights.json", "{\"WeightsPoint\": \"from-to\"}");
    write_text("a/sub-1/coord/sub-1_nodes.tsv", "1\t2\t3\n4\t5\t6\n");
    write_text("a/sub-1/coord/sub-1_labels.tsv", "left\nright\n");
    cal_connectome *brain = load("a", CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 3.0)); /* from 1 to 0 */
    cr_expect(eq(int, cal_connectome_find(brain, "right"), 1));
    cr_expect(eq(dbl, cal_connectome_centres_mm(brain)[3], 4.0));
    cal_connectome_destroy(&brain);
    write_text("a/sub-1/net/sub-1_desc-sc_distances.json", "{\"Units\": \"m\"}");
    expect_message("a", CAL_ERR_INPUT, "a C302 the file says that lengths are in m, but length_unit is mm.\n  try "
                                       "length_unit: m");
    write_text("a/sub-2/net/sub-2_desc-sc_weights.tsv", "0\t2\n3\t0\n");
    expect_message("a", CAL_ERR_INPUT,
                   "a C301 holds 2 tables of weights.\n  because it is a data set of several subjects or measures; the first is "
                   "sub-1/net/sub-1_desc-sc_weights.tsv.\n  try the folder of one subject.");
    expect_message("a/sub-2", CAL_ERR_INPUT,
                   "sub-2 C301 has no tract lengths.\n  because there is no table whose name ends with _distances.tsv or "
                   "_lengths.tsv, nor a _relmat.tsv with meas-length.");
    write_text("b/sub-1_seg-dk_meas-streamlineCount_relmat.tsv", "\tx\ty\nx\t0\t2\ny\t2\t0\n");
    write_text("b/sub-1_seg-dk_meas-PearsonCorrelation_relmat.tsv", "\tx\ty\nx\t1\t0.5\ny\t0.5\t1\n");
    write_text("b/sub-1_seg-dk_meas-lengthMean_relmat.tsv", "\tx\ty\nx\t0\t20\ny\t20\t0\n");
    brain = load("b", CAL_OK, "");
    cr_assert(ne(ptr, brain, NULL));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 2.0));
    cr_expect(eq(int, cal_connectome_find(brain, "y"), 1));
    cal_connectome_destroy(&brain);
    write_text("b/sub-1_lengths.tsv", "0\t20\n20\t0\n");
    expect_message("b", CAL_ERR_INPUT,
                   "b C301 holds 2 tables of lengths.\n  try leaving one: the first is sub-1_lengths.tsv.");
}

/* ---- where things are written ------------------------------------------------------------------ */

static void expect_refusal(cal_context *ctx, const cal_connectome *brain, const char *name, const char *format, bool replaces,
                           const char *message)
{
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path_of(name), format, replaces), CAL_ERR_INPUT), "%s", name);
    cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)message));
}

Test(connectomes_formats, places_that_do_not_fit_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    cal_generate_def def = cal_generate_def_default();
    def.n_regions = 4;
    cr_assert(eq(int, cal_connectome_generate(ctx, &def, &brain), CAL_OK));
    expect_refusal(ctx, brain, "x", NULL, false,
                   "x C306 has no ending that names a format.\n  because the formats are zip, h5, csv, tsv, npz, mat, bids.\n  "
                   "try an ending such as .npz, or --format NAME.");
    expect_refusal(ctx, brain, "x", "xml", false,
                   "x C306 cannot be written in the format \"xml\".\n  because the formats are zip, h5, csv, tsv, npz, mat, "
                   "bids.");
    expect_refusal(ctx, brain, "x.csv", NULL, false,
                   "x.csv C306 is one table, but a connectome is a folder of several.\n  try x_csv, or any name and --format "
                   "csv.");
    cr_assert(eq(int, mkdir(path_of("y.zip"), 0755), 0));
    expect_refusal(ctx, brain, "y.zip", NULL, true,
                   "y.zip C306 is a folder, but the format zip is a file.\n  try another name.");
    write_text("z/mine.txt", "precious");
    expect_refusal(ctx, brain, "z/", NULL, true,
                   "z C306 holds mine.txt, which would stay beside the new files.\n  try another name, or remove it first.");
    expect_refusal(ctx, brain, "z/mine.txt", "csv", true,
                   "mine.txt C306 is a file, but the format csv is a folder.\n  try another name.");
    /* a folder of the same format is replaced; a member that the new one lacks would be read with it */
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path_of("w/"), NULL, false), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path_of("w/"), NULL, true), CAL_OK));
    write_text("w/weights.tsv", "0");
    expect_refusal(ctx, brain, "w/", NULL, true,
                   "w C306 holds weights.tsv, which would stay beside the new files.\n  try another name, or remove it first.");
    cr_expect(eq(int, cal_connectome_save(ctx, brain, "", NULL, false), CAL_ERR_ARGUMENT));
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_connectome_save(ctx, brain, path_of("n_bids"), NULL, false), CAL_OK));
    cr_expect(eq(str, (char *)cali_test_last_note(),
                 "n_bids: the format bids has no place for orientations, areas, cortical, hemispheres; they are left out."),
              "%s", cali_test_last_note());
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}
