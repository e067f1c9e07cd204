/* recording/source_hdf5.c: files that are broken, by accident or on purpose, give a message. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "recording/hdf5.h"
#include "support/read_recording.h"
#include "support/support.h"

static char *in_scratch(const char *name)
{
    char *path = malloc(2048);
    snprintf(path, 2048, "%s/%s", cali_test_directory(), name);
    return path;
}

/* A small finished recording: 3 regions, 40 rows, 90 spikes, a matrix and texts. */
static char *make_recording(cal_context *ctx)
{
    static const char *const labels[] = {"left", "right", "middle"};
    static const double weights[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    char *path = in_scratch("run.h5");
    cal_recorder_def def = cal_recorder_def_default();
    def.path = path;
    def.title = "small";
    def.duration = 40 * CAL_NS_PER_MS;
    cal_recorder *recorder = NULL;
    const cal_signal_def signal = {.name = "rate",
                                   .unit = "Hz",
                                   .t_first = CAL_NS_PER_MS,
                                   .every = CAL_NS_PER_MS,
                                   .axis = "region",
                                   .n_columns = 3,
                                   .labels = labels};
    const cal_spikes_def spikes = {"left", "E", 100, 100, 5.0};
    double rows[120];
    cal_time times[90];
    uint32_t ids[90];
    for (size_t i = 0; i < 120; i++)
        rows[i] = (double)i;
    for (size_t i = 0; i < 90; i++) {
        times[i] = (cal_time)(i + 1) * 1000;
        ids[i] = (uint32_t)i;
    }
    if (cal_recorder_create(ctx, &def, &recorder) != CAL_OK ||
        cal_recorder_add_signal(recorder, &signal, NULL) != CAL_OK ||
        cal_recorder_add_spikes(recorder, &spikes, NULL) != CAL_OK ||
        cal_recorder_add_matrix(recorder, "connectome/weights", "1", 3, 3, weights) != CAL_OK ||
        cal_recorder_add_texts(recorder, "connectome/labels", 3, labels) != CAL_OK ||
        cal_recorder_start(recorder) != CAL_OK ||
        cal_recorder_append(recorder, 0, 40, rows) != CAL_OK ||
        cal_recorder_append_spikes(recorder, 0, 90, times, ids) != CAL_OK ||
        cal_recorder_commit(recorder, 40 * CAL_NS_PER_MS) != CAL_OK ||
        cal_recorder_finish(recorder) != CAL_OK)
        cr_assert(false, "%s", cal_context_message(ctx));
    cal_recorder_destroy(&recorder);
    return path;
}

/* Nothing that a broken file says makes the reader ask for much memory. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__)
    const struct rlimit limit = {UINT64_C(2) << 30, UINT64_C(2) << 30};
    setrlimit(RLIMIT_AS, &limit);
#endif
}

static void expect_broken(cal_context *ctx, const char *path, const char *message)
{
    cal_recording *recording = NULL;
    cal_context_clear(ctx);
    const cal_status status = cal_recording_open(ctx, path, &recording);
    cr_expect(eq(int, status, CAL_ERR_INPUT));
    cr_expect(eq(ptr, recording, NULL));
    cr_expect(ne(ptr, strstr(cal_context_message(ctx), message), NULL), "%s",
              cal_context_message(ctx));
}

Test(recording_hostile, the_sound_file_is_read)
{
    cal_context *ctx = cali_test_context(1);
    char *path = make_recording(ctx);
    cr_expect(eq(int, cali_test_read_recording(ctx, path), CAL_OK));
    cr_expect(eq(str, (char *)cal_context_message(ctx), ""));
    free(path);
    cal_context_destroy(&ctx);
}

Test(recording_hostile, files_that_are_cut_short_give_a_message)
{
    cal_context *ctx = cali_test_context(1);
    char *path = make_recording(ctx), *data = NULL;
    size_t size = 0;
    cr_assert(eq(int, cali_file_read(ctx, path, 1 << 26, &data, &size), CAL_OK));
    limit_memory();
    for (size_t k = 0; k < 64; k++) {
        cr_assert(eq(int, cali_file_write(ctx, path, data, size * k / 64), CAL_OK));
        expect_broken(ctx, path, "is no run of callosum, or broken");
    }
    free(data);
    free(path);
    cal_context_destroy(&ctx);
}

/* A position that holds something: zeros are mostly unused space. */
static size_t choose(uint64_t *state, const char *data, size_t size)
{
    size_t at = 0;
    do {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        at = (size_t)(*state >> 20) % size;
    } while (data[at] == 0 && (*state >> 60) != 0);
    return at;
}

Test(recording_hostile, flipped_bits_never_crash, .timeout = 200)
{
#if defined(__SANITIZE_ADDRESS__)
    cr_skip_test("HDF5 1.10.8 itself reads a few bytes too far in broken object headers");
#endif
    cal_context *ctx = cali_test_context(1);
    char *path = make_recording(ctx), *data = NULL;
    size_t size = 0, n_opened = 0;
    uint64_t state = 12345;
    cr_assert(eq(int, cali_file_read(ctx, path, 1 << 26, &data, &size), CAL_OK));
    const int file = open(path, O_RDWR);
    limit_memory();
    for (int k = 0; k < 1500; k++) {
        size_t at[3];
        for (int i = 0; i < 3; i++) {
            at[i] = choose(&state, data, size);
            const char flipped = (char)(data[at[i]] ^ (1 << (state >> 61)));
            cr_assert(eq(sz, (size_t)pwrite(file, &flipped, 1, (off_t)at[i]), 1));
        }
        cal_context_clear(ctx);
        const cal_status status = cali_test_read_recording(ctx, path);
        n_opened += status == CAL_OK;
        cr_assert(status == CAL_OK || cal_context_message(ctx)[0] != '\0');
        for (int i = 0; i < 3; i++)
            cr_assert(eq(sz, (size_t)pwrite(file, &data[at[i]], 1, (off_t)at[i]), 1));
    }
    cr_expect(gt(sz, n_opened, 10)); /* flips in values do not matter */
    cr_expect(lt(sz, n_opened, 1400));
    close(file);
    free(data);
    free(path);
    cal_context_destroy(&ctx);
}

/* ---- files that HDF5 finds sound ----------------------------------------------------------------
 */

/* Replaces a dataset of the recording by one of the given type, chunk and size. */
static void replace(const char *path, const char *name, hid_t type, int rank, const hsize_t *size,
                    const hsize_t *chunk)
{
    static const char *const kept[] = {"units", "long_name", "columns"};
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t old = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(rank, size, size),
                properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, rank, chunk);
    const hid_t id = H5Dcreate2(file, "made", type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    cr_assert(ge(i64, id, 0));
    const hid_t one = H5Screate(H5S_SCALAR);
    for (int i = 0; i < 3; i++) {
        const hid_t from = H5Aopen(old, kept[i], H5P_DEFAULT), text = H5Aget_type(from);
        char value[64] = "";
        H5Aread(from, text, value);
        const hid_t to = H5Acreate2(id, kept[i], text, one, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(to, text, value);
        H5Aclose(from);
        H5Aclose(to);
        H5Tclose(text);
    }
    static const char *const numbers[] = {"order", "t_first_ns", "every_ns"};
    for (int i = 0; i < 3; i++) {
        const int64_t value = i;
        const hid_t to =
            H5Acreate2(id, numbers[i], H5T_NATIVE_INT64, one, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(to, H5T_NATIVE_INT64, &value);
        H5Aclose(to);
    }
    H5Ldelete(file, name, H5P_DEFAULT);
    H5Lmove(file, "made", file, name, H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(one);
    H5Sclose(space);
    H5Pclose(properties);
    H5Dclose(id);
    H5Dclose(old);
    H5Fclose(file);
}

Test(recording_hostile, sizes_beyond_the_file_are_not_believed)
{
    static const struct {
        hsize_t size[2], chunk[2];
    } cases[] = {
        {{UINT64_C(1000000000000000), 3}, {16, 3}},               /* 24 PB of rows */
        {{3, UINT64_C(1000000000000000)}, {1, 1024}},             /* of columns */
        {{UINT64_C(3000000000), UINT64_C(3000000000)}, {16, 16}}, /* product beyond 64 bits */
        {{200000000, 3}, {100000000, 3}},                         /* a chunk of 2.4 GB */
    };
    cal_context *ctx = cali_test_context(1);
    limit_memory();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = make_recording(ctx);
        replace(path, "rate", H5T_NATIVE_DOUBLE, 2, cases[i].size, cases[i].chunk);
        expect_broken(ctx, path, "broken: rate is no signal");
        cal_context_clear(ctx);
        free(path);
    }
    cal_context_destroy(&ctx);
}

Test(recording_hostile, other_types_and_shapes_are_refused)
{
    const hsize_t size[2] = {40, 3}, chunk[2] = {16, 3}, wide[2] = {40, 4},
                  long_double[2] = {40, 3};
    cal_context *ctx = cali_test_context(1);
    char *path = make_recording(ctx);
    replace(path, "rate", H5T_NATIVE_INT, 2, size, chunk);
    expect_broken(ctx, path, "broken: rate is no signal");
    replace(path, "rate", H5T_NATIVE_DOUBLE, 1, size, chunk);
    expect_broken(ctx, path, "broken: rate is no signal");
    replace(path, "rate", H5T_NATIVE_DOUBLE, 2, wide, chunk);
    expect_broken(ctx, path, "broken: region does not fit its signal");
    replace(path, "rate", H5T_NATIVE_LDOUBLE, 2, long_double, chunk);
    expect_broken(ctx, path, "broken: rate is no signal");
    replace(path, "rate", H5T_STD_REF_OBJ, 2, size, chunk);
    expect_broken(ctx, path, "broken: rate is no signal");
    free(path);
    cal_context_destroy(&ctx);
}

Test(recording_hostile, links_that_lead_elsewhere_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    char *path = make_recording(ctx);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Lcreate_external("/etc/passwd", "/", file, "other", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    expect_broken(ctx, path, "broken: a link leads elsewhere");
    free(path);
    cal_context_clear(ctx);
    path = make_recording(ctx);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "connectome/weights", H5P_DEFAULT);
    H5Lcreate_external(path, "/rate", file, "connectome/weights", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    cal_recording *recording = NULL;
    size_t n_rows = 1, n_columns = 1;
    double *values = NULL;
    cr_assert(eq(int, cal_recording_open(ctx, path, &recording), CAL_OK));
    cr_expect(
        eq(int,
           cal_recording_read_matrix(recording, "connectome/weights", &n_rows, &n_columns, &values),
           CAL_OK));
    cr_expect(eq(sz, n_rows, 0)); /* as if it were absent */
    cal_recording_close(&recording);
    free(path);
    cal_context_destroy(&ctx);
}

Test(recording_hostile, other_files_are_named)
{
    cal_context *ctx = cali_test_context(1);
    cal_recording *recording = NULL;
    cr_expect(eq(int, cal_recording_open(ctx, "no/such.h5", &recording), CAL_ERR_IO));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "cannot open no/such.h5: No such file or directory"));
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_recording_open(ctx, "/dev/zero", &recording), CAL_ERR_IO));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "cannot open /dev/zero: not a file"));
    char *path = in_scratch("other.h5");
    const hid_t file = H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    expect_broken(ctx, path, "broken: attributes are missing");
    free(path);
    cal_context_destroy(&ctx);
}
