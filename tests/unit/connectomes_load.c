/* connectomes/load.c, zip.c, folder.c, hdf5.c, members.c: variants of files, the text of every
 * message, and hostile files. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "callosum/connectomes.h"
#include "connectomes/guard.h"
#include "support/support.h"

typedef struct file {
    const char *name, *text;
} file;

static char folder[1024];

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
    FILE *out = fopen(path_of(name), "wb");
    cr_assert(ne(ptr, out, NULL));
    cr_assert(eq(sz, fwrite(bytes, 1, n, out), n));
    fclose(out);
}

static void write_files(const file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        write_bytes(files[i].name, files[i].text, strlen(files[i].text));
}

static void write_zip(const char *name, const file *members, size_t n)
{
    int code = 0;
    zip_t *archive = zip_open(path_of(name), ZIP_CREATE | ZIP_TRUNCATE, &code);
    cr_assert(ne(ptr, archive, NULL));
    for (size_t i = 0; i < n; i++) {
        zip_source_t *source = zip_source_buffer(archive, members[i].text, strlen(members[i].text), 0);
        cr_assert(zip_file_add(archive, members[i].name, source, 0) >= 0);
    }
    cr_assert(eq(int, zip_close(archive), 0));
}

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
}

TestSuite(connectomes_load, .init = setup);

static cal_connectome_source source_of(const char *name)
{
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path_of(name);
    return source;
}

/* Loads and compares the message, NULL: any; gives the connectome if it loads. */
static cal_connectome *load(const cal_connectome_source *source, cal_status status, const char *message)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    const cal_status got = cal_connectome_load(ctx, source, &brain);
    cr_expect(eq(int, got, status), "%s: %s", source->path, cal_context_message(ctx));
    if (message != NULL)
        cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)message));
    cr_expect(eq(int, brain != NULL, got == CAL_OK));
    if (got != CAL_OK)
        cr_expect(cal_context_message(ctx)[0] != '\0');
    cal_context_destroy(&ctx);
    return brain;
}

static void expect_message(const char *name, cal_status status, const char *message)
{
    const cal_connectome_source source = source_of(name);
    cal_connectome *brain = load(&source, status, message);
    cal_connectome_destroy(&brain);
}

#define N_OF(array) (sizeof(array) / sizeof(array)[0])
static const char *const w2 = "0 2\n3 0\n", *const l2 = "0 20\n20 0\n";

/* ---- variants -------------------------------------------------------------------------------- */

Test(connectomes_load, zip_members_may_lie_deep_be_extra_or_twice)
{
    const file members[] = {{"__MACOSX/weights.txt", "x"},   {"deep/down/weights.txt", "9 9\n9 9\n"},
                            {"brain/Weights.TXT", w2},        {"brain/tract_lengths.csv", "0,20\n20,0\n"},
                            {"brain/centers.txt", "a b\t1\t2\t3\nc\t4\t5\t6\n"}, {"brain/hemispheres.txt", "1\n0\n"},
                            {"brain/readme.md", "nothing"},   {"brain/weights.png", "x"}};
    write_zip("b.zip", members, N_OF(members));
    const cal_connectome_source source = source_of("b.zip");
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 2.0)); /* from 1 to 0 */
    cr_expect(eq(dbl, cal_connectome_weights(brain)[2], 3.0));
    cr_expect(eq(int, cal_connectome_find(brain, "a b"), 0));
    cr_expect(eq(dbl, cal_connectome_centres_mm(brain)[5], 6.0));
    cr_expect(cal_connectome_is_right(brain)[0] == 1 && cal_connectome_is_right(brain)[1] == 0);
    cr_expect(zero(ptr, (void *)cal_connectome_areas_mm2(brain)));
    cal_connectome_destroy(&brain);
}

Test(connectomes_load, a_folder_loads_even_if_it_is_called_zip)
{
    cr_assert(eq(int, mkdir(path_of("brain.zip"), 0755), 0));
    const file files[] = {{"brain.zip/weights.csv", "0,2\n3,0\n"}, {"brain.zip/tract_lengths.txt", l2}};
    write_files(files, N_OF(files));
    cal_connectome_source source = source_of("brain.zip/");
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(str, (char *)cal_connectome_name(brain), "brain"));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[2], 3.0));
    cal_connectome_destroy(&brain);
    cr_assert(eq(int, mkdir(path_of("empty.zip"), 0755), 0));
    expect_message("empty.zip", CAL_ERR_INPUT, "empty.zip C301 has no member weights.txt.");
    cr_assert(eq(int, mkdir(path_of("odd"), 0755), 0));
    cr_assert(eq(int, mkdir(path_of("odd/weights.txt"), 0755), 0));
    expect_message("odd", CAL_ERR_IO, "odd/weights.txt is no file that can be read.");
}

Test(connectomes_load, lengths_are_found_beside_the_weights)
{
    static const file pairs[][2] = {
        {{"a_weights.csv", "0,2\n2,0\n"}, {"a_lengths.csv", "0,20\n20,0\n"}},
        {{"b-weights.tsv", "0\t2\n2\t0\n"}, {"b-tract_lengths.tsv", "0\t20\n20\t0\n"}},
        {{"weights.txt", "0 2\n2 0\n"}, {"distances.txt", "0 20\n20 0\n"}},
        {{"c_strength.csv", "0,2\n2,0\n"}, {"c_length.csv", "0,20\n20,0\n"}},
    };
    for (size_t i = 0; i < N_OF(pairs); i++) {
        write_files(pairs[i], 2);
        const cal_connectome_source source = source_of(pairs[i][0].name);
        cal_connectome *brain = load(&source, CAL_OK, "");
        cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 20.0));
        cal_connectome_destroy(&brain);
        unlink(path_of(pairs[i][1].name));
    }
    expect_message("a_weights.csv", CAL_ERR_INPUT,
                   "a_weights.csv C301 has no tract lengths beside it.\n  because no file is there whose name has "
                   "\"lengths\", \"tract_lengths\" or \"distances\" in place of \"weights\".\n  try lengths: FILE");
    cal_connectome_source source = source_of("a_weights.csv");
    write_bytes("far.txt", "0 7\n7 0\n", 8);
    source.lengths_path = path_of("far.txt");
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 7.0));
    cal_connectome_destroy(&brain);
}

Test(connectomes_load, source_settings_act_on_the_numbers)
{
    const file files[] = {{"weights.csv", "a,b\n5,2\n3,0\n"}, {"lengths.csv", "0,0.02\n0.03,0\n"},
                          {"labels.tsv", "name\tx\ty\tz\nleft\t1\t2\t3\nright\t4\t5\t6\n"}};
    write_files(files, N_OF(files));
    cal_connectome_source source = source_of("weights.csv");
    source.orientation = CAL_FROM_TO;
    source.length_unit_mm = 1000.0;
    source.drops_self_connections = true;
    source.normalisation = CAL_WEIGHTS_ROW_SUM_ONE;
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(int, cal_connectome_find(brain, "b"), 1));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[0], 0.0));
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 1.0)); /* 3 / 3: the self-connection went first */
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 30.0));
    cal_connectome_destroy(&brain);
    source.labels_path = path_of("labels.tsv");
    brain = load(&source, CAL_OK, "");
    cr_expect(eq(int, cal_connectome_find(brain, "right"), 1));
    cr_expect(eq(dbl, cal_connectome_centres_mm(brain)[3], 4.0));
    cal_connectome_destroy(&brain);
}

Test(connectomes_load, labels_that_occur_twice_are_numbered)
{
    const file members[] = {{"weights.txt", "0 1 1 1\n1 0 1 1\n1 1 0 1\n1 1 1 0\n"},
                            {"tract_lengths.txt", "0 9 9 9\n9 0 9 9\n9 9 0 9\n9 9 9 0\n"},
                            {"centres.txt", "a 1 2 3\na.1 1 2 3\na 1 2 3\n\"\" 1 2 3\n"}};
    write_zip("t.zip", members, 3);
    const cal_connectome_source source = source_of("t.zip");
    cal_connectome *brain = load(&source, CAL_OK, "");
    const char *const *labels = cal_connectome_labels(brain);
    cr_expect(eq(str, (char *)labels[0], "a.2")); /* "a.1" is taken */
    cr_expect(eq(str, (char *)labels[1], "a.1"));
    cr_expect(eq(str, (char *)labels[2], "a.3"));
    cr_expect(eq(str, (char *)labels[3], "region_003"));
    cr_expect(eq(str, (char *)cali_test_last_note(), "t.zip/centres.txt: 2 regions share their label with others; "
                                                     "they are numbered, for example \"a.1\"."));
    cal_connectome_destroy(&brain);
}

/* ---- messages -------------------------------------------------------------------------------- */

Test(connectomes_load, broken_matrices_are_named_C301)
{
    static const struct {
        const char *w, *l, *message;
    } cases[] = {
        {"1 2 3\n4 5 6\n", "0 1\n1 0\n", "m.zip C301 weights is 2 x 3, not square."},
        {"0 2\n3 0\n", "0 1 1\n1 0 1\n1 1 0\n", "m.zip C301 weights is 2 x 2 but lengths is 3 x 3."},
        {"0 2\n3 nan\n", "0 20\n20 0\n", "m.zip/weights.txt:2:3 C301 weights: 1 entry is not finite, at [1][1]."},
        {"0 inf\nNaN 0\n", "0 20\n20 0\n",
         "m.zip/weights.txt:1:3 C301 weights: 2 entries are not finite, first at [0][1]."},
        {"0 1e999\n1 0\n", "0 20\n20 0\n", "m.zip/weights.txt:1:3 C301 weights: 1 entry is not finite, at [0][1]."},
        {"0 2\n3 0\n", "0 20\n -2 0\n",
         "m.zip/tract_lengths.txt:2:2 C301 lengths[1][0] is -2, lengths must be >= 0."},
        {"0 2\n3\n", "0 20\n20 0\n", "m.zip/weights.txt:2:2 C301 row has 1 number, the first row has 2."},
        {"0 2\n3 four\n", "0 20\n20 0\n", "m.zip/weights.txt:2:3 C301 \"four\" is not a number."},
        {"", "0 20\n20 0\n", "m.zip/weights.txt C301 is empty."},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        const file members[] = {{"weights.txt", cases[i].w}, {"tract_lengths.txt", cases[i].l}};
        write_zip("m.zip", members, 2);
        expect_message("m.zip", CAL_ERR_INPUT, cases[i].message);
    }
    const file alone[] = {{"weights.txt", w2}, {"areas.txt", "1\n2\n"}};
    write_zip("m.zip", alone, 2);
    expect_message("m.zip", CAL_ERR_INPUT, "m.zip C301 has no member tract_lengths.txt.");
    const file areas[] = {{"weights.txt", w2}, {"tract_lengths.txt", l2}, {"areas.txt", "1\n2\n3\n"}};
    write_zip("m.zip", areas, 3);
    expect_message("m.zip", CAL_ERR_INPUT, "m.zip/areas.txt C301 areas is 3 x 1 but there are 2 regions.");
    const file centres[] = {{"weights.txt", w2}, {"tract_lengths.txt", l2}, {"centres.txt", "a 1 2 3\n"}};
    write_zip("m.zip", centres, 3);
    expect_message("m.zip", CAL_ERR_INPUT, "m.zip/centres.txt C301 centres is 1 x 3 but there are 2 regions.");
    const file odd[] = {{"weights.txt", w2}, {"tract_lengths.txt", l2}, {"centres.txt", "a 1 2 3\nb 1 nan 3\n"}};
    write_zip("m.zip", odd, 3);
    expect_message("m.zip", CAL_ERR_INPUT,
                   "m.zip/centres.txt:2:3 C301 centres: 1 entry is not finite, at [1][1].");
}

Test(connectomes_load, label_tables_of_another_length_are_refused)
{
    const file files[] = {{"weights.csv", "0,2\n2,0\n"}, {"lengths.csv", "0,20\n20,0\n"}, {"l.tsv", "index\tname\n0\ta\n"}};
    write_files(files, N_OF(files));
    cal_connectome_source source = source_of("weights.csv");
    source.labels_path = path_of("l.tsv");
    load(&source, CAL_ERR_INPUT, "l.tsv C301 has 1 labels but there are 2 regions.");
}

Test(connectomes_load, lengths_in_another_unit_are_C302)
{
    const file files[] = {{"weights.csv", "0,2\n2,0\n"}, {"lengths.csv", "0,0.16\n0.16,0\n"}};
    write_files(files, N_OF(files));
    cal_connectome_source source = source_of("weights.csv");
    load(&source, CAL_ERR_INPUT, "weights.csv C302 lengths go up to 0.16. With length_unit mm all delays are below "
                                 "0.054 ms at 3 mm/ms; did you mean m?");
    source.length_unit_mm = 1000.0;
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 160.0));
    cal_connectome_destroy(&brain);
    write_bytes("lengths.csv", "0,140000\n140000,0\n", 18);
    load(&source, CAL_ERR_INPUT, "weights.csv C302 lengths go up to 1.4e+05. With length_unit m delays go up to "
                                 "4.7e+07 ms at 3 mm/ms; did you mean um?");
    const file info[] = {{"weights.txt", w2}, {"tract_lengths.txt", l2},
                         {"info.txt", "weights_unit = \"au\"\nlength_unit = \"cm\"area_unit = \"mm^2\"\n"}};
    write_zip("i.zip", info, 3);
    expect_message("i.zip", CAL_ERR_INPUT, "i.zip C302 the file says that lengths are in cm, but length_unit is mm.\n"
                                           "  try length_unit: cm");
    source = source_of("i.zip");
    source.length_unit_mm = 10.0;
    brain = load(&source, CAL_OK, "");
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 200.0));
    cal_connectome_destroy(&brain);
}

Test(connectomes_load, open_orientation_of_text_is_C304)
{
    const file files[] = {{"weights.csv", "0,2\n1.2,0\n"}, {"lengths.csv", "0,20\n20,0\n"}};
    write_files(files, N_OF(files));
    cal_connectome_source source = source_of("weights.csv");
    load(&source, CAL_ERR_INPUT, "weights.csv C304 weights are not symmetric (max difference 0.8) and orientation is "
                                 "not given. Try to-from or from-to.");
    source.orientation = CAL_TO_FROM;
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(dbl, cal_connectome_weights(brain)[1], 2.0));
    cal_connectome_destroy(&brain);
    const file lengths[] = {{"weights.csv", "0,2\n2,0\n"}, {"lengths.csv", "0,20\n21,0\n"}};
    write_files(lengths, 2);
    source.orientation = CAL_ORIENTATION_UNSTATED;
    load(&source, CAL_ERR_INPUT, "weights.csv C304 lengths are not symmetric (max difference 1) and orientation is "
                                 "not given. Try to-from or from-to.");
}

Test(connectomes_load, definitions_and_paths_are_checked)
{
    cal_connectome_source source = source_of("x.csv");
    source.length_unit_mm = 0.0;
    load(&source, CAL_ERR_ARGUMENT, "length_unit_mm must be > 0, is 0");
    source = source_of("x.csv");
    source.path = NULL;
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    cr_expect(eq(int, cal_connectome_load(ctx, &source, &brain), CAL_ERR_ARGUMENT));
    cal_context_destroy(&ctx);
    source = source_of("x.csv");
    load(&source, CAL_ERR_IO, NULL);
    write_bytes("x.dat", "1 2\n", 4);
    expect_message("x.dat", CAL_ERR_INPUT, "x.dat C301 is of no known format.\n  try .zip, .h5, .npz, .npy, .mat, .csv, .tsv, .txt "
                                           "(also .gz and .bz2), or a folder.");
    source.path = "/dev/zero";
    load(&source, CAL_ERR_IO, "zero is no file.");
}

/* ---- hostile files --------------------------------------------------------------------------- */

Test(connectomes_load, garbage_is_refused_under_every_ending)
{
    static const char *const names[] = {"g.zip", "g.h5", "g_weights.csv", "g_weights.txt.gz", "g_weights.tsv.bz2"};
    unsigned char bytes[4096];
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)(kind == 0 ? 0 : kind == 1 ? (i * 2654435761u) >> 13 : 0xff);
        write_bytes("g_lengths.txt", "0 1\n1 0\n", 8);
        write_bytes("g_lengths.tsv", "0 1\n1 0\n", 8);
        write_bytes("g_lengths.csv", "0 1\n1 0\n", 8);
        for (size_t i = 0; i < N_OF(names); i++) {
            write_bytes(names[i], bytes, sizeof bytes);
            expect_message(names[i], CAL_ERR_INPUT, NULL);
            write_bytes(names[i], bytes, 0);
            expect_message(names[i], CAL_ERR_INPUT, NULL);
        }
    }
}

/* Whatever the number of bytes that arrive, a cut file is an error. */
Test(connectomes_load, truncated_archives_are_refused)
{
    const file members[] = {{"weights.txt", w2}, {"tract_lengths.txt", l2}};
    write_zip("t.zip", members, 2);
    cal_context *ctx = cali_test_context(1);
    char *data = NULL;
    size_t size = 0;
    cr_assert(eq(int, cali_file_read(ctx, path_of("t.zip"), 1 << 20, &data, &size), CAL_OK));
    for (size_t n = 0; n < size; n += 7) {
        write_bytes("t.zip", data, n);
        expect_message("t.zip", CAL_ERR_INPUT, NULL);
    }
    free(data);
    cal_context_destroy(&ctx);
}

static hid_t add_set(hid_t h5, const char *name, hid_t type, hsize_t rows, hsize_t columns, const void *values)
{
    const hsize_t extent[2] = {rows, columns};
    const hid_t space = H5Screate_simple(2, extent, NULL);
    const hid_t set = H5Dcreate2(h5, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (values != NULL)
        H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Sclose(space);
    H5Dclose(set);
    return set;
}

static hid_t new_h5(const char *name)
{
    return H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

static const double h5_w[4] = {0, 2, 3, 0}, h5_l[4] = {0, 20, 20, 0};

Test(connectomes_load, hdf5_with_any_numbers_and_labels_loads)
{
    const int weights[4] = {0, 2, 3, 0};
    const float lengths[4] = {0, 20, 20, 0};
    const signed char right[2] = {0, 1};
    const char *const labels[2] = {"caf\xc3\xa9", "CA1 left"};
    hid_t h5 = new_h5("a.h5");
    add_set(h5, "weights", H5T_NATIVE_INT, 2, 2, weights);
    add_set(h5, "tract_lengths", H5T_NATIVE_FLOAT, 2, 2, lengths);
    add_set(h5, "hemispheres", H5T_NATIVE_SCHAR, 2, 1, right);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    H5Tset_cset(text, H5T_CSET_UTF8);
    add_set(h5, "region_labels", text, 2, 1, labels);
    H5Tclose(text);
    H5Fclose(h5);
    const cal_connectome_source source = source_of("a.h5");
    cal_connectome *brain = load(&source, CAL_OK, "");
    cr_expect(eq(dbl, cal_connectome_weights(brain)[2], 3.0));
    cr_expect(eq(dbl, cal_connectome_lengths_mm(brain)[1], 20.0));
    cr_expect(eq(int, cal_connectome_find(brain, "caf\xc3\xa9"), 0));
    cr_expect(eq(int, cal_connectome_find(brain, "CA1 left"), 1));
    cr_expect(eq(int, cal_connectome_is_right(brain)[1], 1));
    cal_connectome_destroy(&brain);
}

Test(connectomes_load, hostile_hdf5_is_refused_with_its_reason)
{
    const hsize_t huge[2] = {1000000000, 1000000000}, large[2] = {90000, 90000}, chunk[2] = {1000, 1000};
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t h5 = new_h5("n.h5");
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 has no data set weights.");

    /* 1e9 x 1e9 in the header, no bytes stored */
    h5 = new_h5("n.h5");
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    hid_t space = H5Screate_simple(2, huge, NULL);
    H5Dclose(H5Dcreate2(h5, "weights", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT,
                   "n.h5 C301 weights is 1000000000 x 1000000000, at most 100000 regions are possible.");
    h5 = new_h5("n.h5");
    space = H5Screate_simple(2, large, NULL);
    H5Dclose(H5Dcreate2(h5, "weights", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT,
                   "n.h5 C301 weights is 90000 x 90000, but the file holds only 0 bytes of it.");
    H5Pclose(list);

    h5 = new_h5("other.h5");
    add_set(h5, "weights", H5T_NATIVE_DOUBLE, 2, 2, h5_w);
    add_set(h5, "tract_lengths", H5T_NATIVE_DOUBLE, 2, 2, h5_l);
    H5Fclose(h5);
    h5 = new_h5("n.h5");
    H5Lcreate_external("other.h5", "/weights", h5, "weights", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights is a link to another file, which is not followed.");
    h5 = new_h5("n.h5");
    H5Lcreate_soft("/elsewhere", h5, "weights", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights is a soft link, which is not followed.");
    h5 = new_h5("n.h5");
    H5Gclose(H5Gcreate2(h5, "weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights is no data set.");

    /* bytes of a data set that lie in another file, as any reader could be made to read /etc/passwd */
    h5 = new_h5("n.h5");
    const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(external, path_of("other.h5"), 0, 32);
    const hsize_t small[2] = {2, 2};
    space = H5Screate_simple(2, small, NULL);
    H5Dclose(H5Dcreate2(h5, "weights", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, external, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(external);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights is stored in another file, which is not followed.");
}

Test(connectomes_load, hdf5_with_other_types_and_shapes_is_refused)
{
    double bad[4] = {0, 2, (double)NAN, 0};
    hid_t h5 = new_h5("n.h5");
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    add_set(h5, "weights", text, 2, 1, "abc\0def");
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights holds no numbers.");
    H5Tclose(text);
    h5 = new_h5("n.h5");
    const hid_t scalar = H5Screate(H5S_SCALAR);
    H5Dclose(H5Dcreate2(h5, "weights", H5T_NATIVE_DOUBLE, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(scalar);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights is neither a vector nor a matrix.");
    h5 = new_h5("n.h5");
    add_set(h5, "weights", H5T_NATIVE_DOUBLE, 2, 2, bad);
    add_set(h5, "tract_lengths", H5T_NATIVE_DOUBLE, 2, 2, h5_l);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights: 1 entry is not finite, at [1][0].");
    h5 = new_h5("n.h5");
    add_set(h5, "weights", H5T_NATIVE_DOUBLE, 2, 2, h5_w);
    add_set(h5, "tract_lengths", H5T_NATIVE_DOUBLE, 1, 4, h5_l);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 weights is 2 x 2 but lengths is 1 x 4.");
    h5 = new_h5("n.h5");
    add_set(h5, "weights", H5T_NATIVE_DOUBLE, 2, 2, h5_w);
    add_set(h5, "tract_lengths", H5T_NATIVE_DOUBLE, 2, 2, h5_l);
    add_set(h5, "region_labels", H5T_NATIVE_DOUBLE, 1, 2, h5_l);
    H5Fclose(h5);
    expect_message("n.h5", CAL_ERR_INPUT, "n.h5 C301 region_labels holds no texts.");
}

static cal_status die(cal_context *ctx, const cali_input *input, cali_raw *raw)
{
    (void)ctx;
    (void)input;
    (void)raw;
    raise(SIGKILL); /* as a crash, but no sanitizer prints it */
    return CAL_OK;
}

static cal_status leave(cal_context *ctx, const cali_input *input, cali_raw *raw)
{
    (void)ctx;
    (void)input;
    (void)raw;
    _exit(3);
}

Test(connectomes_load, a_reader_that_dies_is_a_message)
{
    cal_context *ctx = cali_test_context(2);
    const cali_input input = {.name = "d.h5", .path = "d.h5"};
    cali_raw raw = {0};
    cr_expect(eq(int, cali_guarded_load(ctx, &input, "it", die, &raw), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "d.h5 C301 is broken in a way that it cannot take (it crashed)."));
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_guarded_load(ctx, &input, "it", leave, &raw), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "d.h5 C301 is broken in a way that it cannot take (it ended early)."));
    cali_raw_free(&raw);
    cal_context_destroy(&ctx);
}
