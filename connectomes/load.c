/* Which loader reads a path, and where the second and third file lie. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "connectomes/loaders.h"
#include "connectomes/text_table.h"

#define X(entry) extern const cali_loader cali_loader_##entry;
#include "connectomes/loaders.def"
#undef X

#define X(entry) &cali_loader_##entry,
const cali_loader *const cali_loaders[] = {
#include "connectomes/loaders.def"
};
#undef X
const size_t cali_n_loaders = sizeof cali_loaders / sizeof cali_loaders[0];

const cali_loader *cali_loader_find(const char *name)
{
    for (size_t i = 0; i < cali_n_loaders; i++)
        if (strcmp(cali_loaders[i]->name, name) == 0)
            return cali_loaders[i];
    return NULL;
}

cal_connectome_source cal_connectome_source_default(void)
{
    return (cal_connectome_source){.length_unit_mm = 1.0};
}

cali_plain_locale cali_plain_locale_enter(void)
{
    cali_plain_locale l = {newlocale(LC_ALL_MASK, "C", (locale_t)0), (locale_t)0};
    if (l.own != (locale_t)0)
        l.before = uselocale(l.own);
    return l;
}

void cali_plain_locale_leave(cali_plain_locale l)
{
    if (l.own == (locale_t)0)
        return;
    uselocale(l.before);
    freelocale(l.own);
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *ending)
{
    const size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcasecmp(text + n - m, ending) == 0;
}

/* The longest suffix of any loader that `name` ends with; "" if none. */
static const char *suffix_of(const char *name, const cali_loader **loader)
{
    const char *best = "";
    *loader = NULL;
    for (size_t i = 0; i < cali_n_loaders; i++)
        for (const char *const *s = cali_loaders[i]->suffixes; *s != NULL; s++)
            if (ends_with(name, *s) && strlen(*s) > strlen(best)) {
                best = *s;
                *loader = cali_loaders[i];
            }
    return name + strlen(name) - strlen(best);
}

/* "brain" of "brain.zip", "brain_weights.csv.gz" and "brain/". */
static cal_status plain_name(cal_context *ctx, const char *base, char **out)
{
    const cali_loader *loader;
    CAL_TRY(cali_copy_text(ctx, base, out));
    size_t n = strlen(base) - strlen(suffix_of(base, &loader));
    static const char *const words[] = {"weights", "strength", NULL};
    for (const char *const *w = words; *w != NULL; w++) {
        const size_t m = strlen(*w);
        if (n > m + 1 && strncasecmp(base + n - m, *w, m) == 0 &&
            (base[n - m - 1] == '_' || base[n - m - 1] == '-' || base[n - m - 1] == '.'))
            n -= m + 1;
    }
    if (n > 0)
        (*out)[n] = '\0';
    return CAL_OK;
}

static bool is_regular_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The last occurrence of `word` in the base name, or NULL. */
static const char *last_word(const char *path, const char *word)
{
    const char *found = NULL;
    for (const char *at = strstr(cali_path_name(path), word); at != NULL; at = strstr(at + 1, word))
        found = at;
    return found;
}

/* Looks for the lengths beside the weights: same name with the other word, packed or not. */
static cal_status find_lengths(cal_context *ctx, const char *path, char **out)
{
    static const struct {
        const char *from, *to;
    } pairs[] = {{"weights", "lengths"},   {"weights", "tract_lengths"}, {"weights", "distances"},
                 {"strength", "length"},   {"Weights", "Lengths"},       {"weight", "length"}};
    static const char *const packings[] = {"", ".gz", ".bz2"};
    const char *base = cali_path_name(path);
    const size_t n = strlen(path) + 32;
    CAL_TRY(cali_alloc(ctx, n, 1, "path", out));
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *at = last_word(path, pairs[i].from);
        if (at == NULL)
            continue;
        const char *rest = at + strlen(pairs[i].from);
        const size_t n_packing = ends_with(rest, ".gz") ? 3 : ends_with(rest, ".bz2") ? 4 : 0;
        const int n_rest = (int)(strlen(rest) - n_packing);
        snprintf(*out, n, "%.*s%s%s", (int)(at - path), path, pairs[i].to, rest);
        if (is_regular_file(*out))
            return CAL_OK;
        for (size_t k = 0; k < 3; k++) {
            snprintf(*out, n, "%.*s%s%.*s%s", (int)(at - path), path, pairs[i].to, n_rest, rest,
                     packings[k]);
            if (is_regular_file(*out))
                return CAL_OK;
        }
    }
    free(*out);
    *out = NULL;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no tract lengths beside it.\n  because no file is there "
                    "whose name has \"lengths\", \"tract_lengths\" or \"distances\" in place of "
                    "\"weights\".\n  try lengths: FILE", base);
}

/* ---- loading --------------------------------------------------------------------------------- */

static cal_status check_source(cal_context *ctx, const cal_connectome_source *source)
{
    if (!(source->length_unit_mm > 0.0) || !isfinite(source->length_unit_mm))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "length_unit_mm must be > 0, is %g",
                        source->length_unit_mm);
    if ((unsigned)source->orientation > CAL_FROM_TO)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "no orientation %d", (int)source->orientation);
    if ((unsigned)source->normalisation >= CAL_N_NORMALISATIONS)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "no normalisation %d", (int)source->normalisation);
    return CAL_OK;
}

/* The labels of a table take the place of the format's own; so do its centres if it has any. */
static cal_status read_labels(cal_context *ctx, const cali_input *input, cali_raw *raw)
{
    char *unpacked = NULL, **labels = NULL;
    size_t size = 0, n_labels = 0;
    cali_array centres = {0};
    CAL_TRY(cali_unpack(ctx, input->name, input->data, input->size, &unpacked, &size));
    const cal_status status = cali_text_labels(ctx, input->name, unpacked == NULL ? input->data : unpacked,
                                               unpacked == NULL ? input->size : size, &labels, &n_labels,
                                               &centres);
    free(unpacked);
    if (status != CAL_OK)
        return status;
    cali_labels_free(raw->labels, raw->n_labels);
    raw->labels = labels;
    raw->n_labels = n_labels;
    cali_array_name(raw->labels_file, input->name, NULL);
    if (centres.values != NULL) {
        cali_array_free(&raw->centres);
        raw->centres = centres;
    }
    return CAL_OK;
}

static cal_status load_inputs(cal_context *ctx, const cal_connectome_source *source,
                              const cali_loader *loader, const cali_input *input,
                              const cali_input *lengths, const cali_input *labels, cal_connectome **out)
{
    cali_raw raw = {0};
    char *name = NULL;
    cal_status status = loader->load(ctx, input, lengths, &raw);
    if (status == CAL_OK && labels != NULL)
        status = read_labels(ctx, labels, &raw);
    if (status == CAL_OK)
        status = plain_name(ctx, input->name, &name);
    if (status == CAL_OK)
        status = cali_connectome_finish(ctx, source, input->name, name, &raw, out);
    free(name);
    cali_raw_free(&raw);
    return status;
}

cal_status cali_connectome_load_memory(cal_context *ctx, const cal_connectome_source *source,
                                       const char *loader, const cali_input *input,
                                       const cali_input *lengths, const cali_input *labels,
                                       cal_connectome **out)
{
    *out = NULL;
    CAL_TRY(check_source(ctx, source));
    const cali_loader *entry = cali_loader_find(loader);
    if (entry == NULL || entry->is_for_directories || (entry->needs_lengths && lengths == NULL))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "no loader \"%s\" for these inputs", loader);
    const cali_plain_locale locale = cali_plain_locale_enter();
    const cal_status status = load_inputs(ctx, source, entry, input, lengths, labels, out);
    cali_plain_locale_leave(locale);
    return status;
}

static cal_status open_input(cal_context *ctx, const char *path, bool reads, cali_input *input,
                             char **data)
{
    *input = (cali_input){.name = cali_path_name(path), .path = path};
    struct stat info;
    if (stat(path, &info) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s cannot be read: %s.\n  because %s is not there or not open to "
                        "you.", input->name, strerror(errno), path);
    if (!S_ISREG(info.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s is no file.", input->name);
    if (!reads)
        return CAL_OK;
    CAL_TRY(cali_file_read(ctx, path, CALI_MAX_BYTES, data, &input->size));
    input->data = *data;
    return CAL_OK;
}

static cal_status choose_loader(cal_context *ctx, const char *path, const cali_loader **out)
{
    const char *name = cali_path_name(path);
    unsigned char head[CALI_HEAD_SIZE] = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s cannot be read: %s.", name, strerror(errno));
    const size_t n = fread(head, 1, sizeof head, file);
    fclose(file);
    for (size_t i = 0; i < cali_n_loaders; i++)
        if (cali_loaders[i]->probe != NULL && cali_loaders[i]->probe(head, n)) {
            *out = cali_loaders[i];
            return CAL_OK;
        }
    suffix_of(name, out);
    if (*out == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is of no known format.\n  try .zip, .h5, .npz, .npy, .mat, "
                        ".csv, .tsv, .txt (also .gz and .bz2), or a folder.", name);
    return CAL_OK;
}

static cal_status load_file(cal_context *ctx, const cal_connectome_source *source, const char *path,
                            const cali_input *labels, cal_connectome **out)
{
    const cali_loader *loader = NULL;
    cali_input input, lengths = {0};
    char *data = NULL, *lengths_data = NULL, *lengths_path = NULL;
    cal_status status = open_input(ctx, path, false, &input, &data);
    if (status == CAL_OK)
        status = choose_loader(ctx, path, &loader);
    if (status == CAL_OK && !loader->opens_path)
        status = open_input(ctx, path, true, &input, &data);
    if (status == CAL_OK && loader->needs_lengths && source->lengths_path == NULL)
        status = find_lengths(ctx, path, &lengths_path);
    if (status == CAL_OK && loader->needs_lengths)
        status = open_input(ctx, lengths_path == NULL ? source->lengths_path : lengths_path, true, &lengths,
                            &lengths_data);
    if (status == CAL_OK)
        status = load_inputs(ctx, source, loader, &input, &lengths, labels, out);
    free(lengths_path);
    free(lengths_data);
    free(data);
    return status;
}

static cal_status load_folder(cal_context *ctx, const cal_connectome_source *source, const char *path,
                              const cali_input *labels, cal_connectome **out)
{
    for (size_t i = 0; i < cali_n_loaders; i++)
        if (cali_loaders[i]->is_for_directories &&
            (cali_loaders[i]->probe_folder == NULL || cali_loaders[i]->probe_folder(path))) {
            const cali_input input = {.name = cali_path_name(path), .path = path};
            return load_inputs(ctx, source, cali_loaders[i], &input, NULL, labels, out);
        }
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is a folder.", path);
}

/* The path without slashes at its end, so that messages have a name to begin with. */
static cal_status trim_path(cal_context *ctx, const char *path, char **out)
{
    CAL_TRY(cali_copy_text(ctx, path, out));
    for (size_t n = strlen(*out); n > 1 && (*out)[n - 1] == '/'; n--)
        (*out)[n - 1] = '\0';
    return CAL_OK;
}

cal_status cal_connectome_load(cal_context *ctx, const cal_connectome_source *source,
                               cal_connectome **out)
{
    *out = NULL;
    CAL_TRY(check_source(ctx, source));
    if (source->path == NULL || source->path[0] == '\0')
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "a connectome needs a path");
    cali_input labels = {0};
    char *path = NULL, *labels_data = NULL;
    struct stat info;
    const cali_plain_locale locale = cali_plain_locale_enter();
    cal_status status = trim_path(ctx, source->path, &path);
    if (status == CAL_OK && source->labels_path != NULL)
        status = open_input(ctx, source->labels_path, true, &labels, &labels_data);
    if (status == CAL_OK) {
        const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
        status = (is_folder ? load_folder : load_file)(ctx, source, path,
                                                       labels.data == NULL ? NULL : &labels, out);
    }
    cali_plain_locale_leave(locale);
    free(labels_data);
    free(path);
    return status;
}
