/* NumPy archives (a zip of .npy members) and single matrices. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connectomes/loaders.h"
#include "connectomes/npy.h"


static cal_status read_member(cal_context *ctx, int member, const char *file, const char *data, size_t size, void *into)
{
    cali_raw *raw = into;
    const cali_named which = (cali_named)member;
    cali_array *array = cali_named_array(raw, which);
    const char *what = cali_named_name(which, 0);
    if (array != NULL)
        return cali_npy_read(ctx, file, what, data, size, array);
    if (which == CALI_NAMED_LABELS) {
        cali_labels_free(raw->labels, raw->n_labels);
        raw->labels = NULL;
        raw->n_labels = 0;
        cali_array_name(raw->labels_file, file, NULL);
        return cali_npy_read_texts(ctx, file, what, data, size, &raw->labels, &raw->n_labels);
    }
    char **texts = NULL;
    size_t n = 0;
    const cal_status status = cali_npy_read_texts(ctx, file, what, data, size, &texts, &n);
    if (status == CAL_OK)
        cali_named_state(raw, which, texts[0]);
    cali_labels_free(texts, n);
    return status;
}

static cal_status check_members(cal_context *ctx, const char *file, const char *names, const void *into)
{
    return cali_named_check(ctx, file, names, into);
}

static cal_status load_npz(cal_context *ctx, const cali_input *input, const cali_input *lengths, cali_raw *raw)
{
    (void)lengths;
    static const cali_archive_reader reader = {cali_named_find, read_member, check_members};
    return cali_archive_load(ctx, input, &reader, raw);
}

static bool probe_npz(const unsigned char *head, size_t n)
{
    char name[CALI_HEAD_SIZE];
    return cali_archive_first_name(head, n, name) && strlen(name) > 4 && strcasecmp(name + strlen(name) - 4, ".npy") == 0;
}

static const char *const npz_suffixes[] = {".npz", NULL};
const cali_loader cali_loader_npz = {
    .name = "npz", .suffixes = npz_suffixes, .probe = probe_npz, .load = load_npz};

static cal_status load_npy(cal_context *ctx, const cali_input *input, const cali_input *lengths, cali_raw *raw)
{
    CAL_TRY(cali_npy_read(ctx, input->name, "weights", input->data, input->size, &raw->weights));
    return cali_npy_read(ctx, lengths->name, "lengths", lengths->data, lengths->size, &raw->lengths);
}

static bool probe_npy(const unsigned char *head, size_t n)
{
    return n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
}

static const char *const npy_suffixes[] = {".npy", NULL};
const cali_loader cali_loader_npy = {
    .name = "npy", .suffixes = npy_suffixes, .needs_lengths = true, .probe = probe_npy, .load = load_npy};

/* ---- writing --------------------------------------------------------------------------------- */

static cal_status collect(cal_context *ctx, const cal_connectome *self, cali_bundle *out)
{
    (void)ctx;
    static const char *const direction[] = {"to-from"}, *const unit[] = {"mm"};
    const struct {
        cali_named which;
        const char *const *texts;
        size_t n;
    } texts[] = {{CALI_NAMED_LABELS, (const char *const *)self->labels, self->n_regions},
                 {CALI_NAMED_DIRECTION, direction, 1},
                 {CALI_NAMED_LENGTH_UNIT, unit, 1}};
    cali_part parts[CALI_N_PARTS];
    const size_t n = cali_parts(self, parts);
    char name[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s.npy", parts[i].name);
        cali_npy_add(cali_bundle_add(out, name), &parts[i]);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        snprintf(name, sizeof name, "%s.npy", cali_named_name(texts[i].which, 0));
        cali_npy_add_texts(cali_bundle_add(out, name), texts[i].texts, texts[i].n, texts[i].which != CALI_NAMED_LABELS);
    }
    return CAL_OK;
}

const cali_saver cali_saver_npz = {.name = "npz",
                                   .endings = npz_suffixes,
                                   .meaning = "archive of NumPy, for numpy.load",
                                   .container = CALI_STORED_ARCHIVE,
                                   .holds = CALI_HAS_ALL,
                                   .collect = collect};
