/* Tables in the manner of BIDS (the proposals BEP017 and BEP034), read and written. docs/connectomes.md says which names are
 * read; what is written is
 *
 *   dataset_description.json
 *   sub-NAME/net/sub-NAME_weights.tsv, sub-NAME_distances.tsv      matrices without a header
 *   sub-NAME/coord/sub-NAME_nodes.tsv                              index, name, x, y, z
 *
 * each with a .json beside it that states units and direction. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "connectomes/loaders.h"
#include "connectomes/save.h"
#include "connectomes/text_table.h"

enum { MOST_DEPTH = 5, MOST_ENTRIES = 20000, PATH = 1024 };

typedef enum kind { WEIGHTS, LENGTHS, NODES, LABELS, N_KINDS } kind;

typedef struct tables {
    char path[N_KINDS][PATH]; /* below the folder */
    size_t n[N_KINDS];
    size_t n_entries;
} tables;

/* Whether one of the entities "measure-", "meas-" or "desc-" of a name has a value that begins with one of `words`. */
static bool has_entity(const char *name, const char *const *words)
{
    static const char *const entities[] = {"measure-", "meas-", "desc-", NULL};
    for (const char *at = name; at != NULL; at = strchr(at, '_')) {
        at += *at == '_';
        for (const char *const *e = entities; *e != NULL; e++)
            for (const char *const *w = words; strncasecmp(at, *e, strlen(*e)) == 0 && *w != NULL; w++)
                if (strncasecmp(at + strlen(*e), *w, strlen(*w)) == 0)
                    return true;
    }
    return false;
}

/* What a file of BIDS holds, by the suffix of its name: what stands between the last underscore and the ending. */
static int kind_of(const char *name)
{
    static const struct {
        const char *suffix;
        kind kind;
    } suffixes[] = {{"weights", WEIGHTS}, {"distances", LENGTHS}, {"lengths", LENGTHS}, {"nodes", NODES},
                    {"centres", NODES},   {"labels", LABELS}};
    static const char *const lengths[] = {"length", "dist", "meanlength", "tractlength", NULL};
    static const char *const functional[] = {"pearson", "correlation", "covariance", "fc", "partial", NULL};
    const size_t n = strlen(name);
    const char *mark = strrchr(name, '_');
    if (n < 5 || strcasecmp(name + n - 4, ".tsv") != 0 || mark == NULL)
        return -1;
    const size_t n_suffix = n - 4 - (size_t)(mark + 1 - name);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (strlen(suffixes[i].suffix) == n_suffix && strncasecmp(mark + 1, suffixes[i].suffix, n_suffix) == 0)
            return (int)suffixes[i].kind;
    if (n_suffix != 6 || strncasecmp(mark + 1, "relmat", 6) != 0 || has_entity(name, functional))
        return -1;
    return has_entity(name, lengths) ? LENGTHS : WEIGHTS;
}

/* Collects the tables below `prefix`; the name that comes first in the alphabet counts, all are counted. */
static void walk(const char *folder, const char *prefix, int depth, tables *found)
{
    char path[2 * PATH];
    snprintf(path, sizeof path, "%s/%s", folder, prefix);
    DIR *open = opendir(path);
    if (open == NULL)
        return;
    for (const struct dirent *entry; found->n_entries < MOST_ENTRIES && (entry = readdir(open)) != NULL;) {
        char below[PATH];
        struct stat info;
        found->n_entries++;
        if (entry->d_name[0] == '.' ||
            snprintf(below, sizeof below, "%s%s", prefix, entry->d_name) >= (int)sizeof below - 1)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, below);
        if (lstat(path, &info) != 0) /* links are not followed: they may lead in circles */
            continue;
        const int which = S_ISREG(info.st_mode) ? kind_of(entry->d_name) : -1;
        if (which >= 0 && (found->n[which]++ == 0 || strcmp(below, found->path[which]) < 0))
            memcpy(found->path[which], below, strlen(below) + 1);
        if (S_ISDIR(info.st_mode) && depth < MOST_DEPTH) {
            strcat(below, "/");
            walk(folder, below, depth + 1, found);
        }
    }
    closedir(open);
}

static bool probe_folder(const char *path)
{
    tables found = {.n_entries = 0};
    walk(path, "", 0, &found);
    return found.n[WEIGHTS] > 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static cal_status read_file(cal_context *ctx, const cali_input *input, const char *below, char **data, size_t *size)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(ctx, input->path, below, &path));
    const cal_status status = cali_file_read(ctx, path, CALI_MAX_BYTES, data, size);
    free(path);
    return status;
}

/* The word of a key in the .json beside a table; "" where there is none. */
static cal_status stated(cal_context *ctx, const cali_input *input, const char *table, const char *key, char *word,
                         size_t size)
{
    char name[PATH + 8], quoted[64];
    struct stat info;
    char *path = NULL, *data = NULL;
    size_t n = 0;
    word[0] = '\0';
    snprintf(name, sizeof name, "%.*s.json", (int)(strlen(table) - 4), table);
    CAL_TRY(cali_path_join(ctx, input->path, name, &path));
    const bool is_there = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    cal_status status = is_there ? cali_file_read(ctx, path, (size_t)1 << 20, &data, &n) : CAL_OK;
    free(path);
    if (data != NULL) {
        snprintf(quoted, sizeof quoted, "\"%s\"", key);
        cali_find_word(data, quoted, word, size);
    }
    free(data);
    return status;
}

static cal_status read_matrix(cal_context *ctx, const cali_input *input, const char *below, const char *what,
                              cali_array *out, cali_raw *raw)
{
    char file[512];
    char *data = NULL, **labels = NULL;
    size_t size = 0;
    cali_array_name(file, input->name, cali_path_name(below));
    CAL_TRY(read_file(ctx, input, below, &data, &size));
    const cal_status status = cali_text_matrix(ctx, file, what, true, data, size, out, &labels);
    free(data);
    if (labels != NULL && raw->labels == NULL) {
        raw->labels = labels;
        raw->n_labels = out->n_rows;
        cali_array_name(raw->labels_file, file, NULL);
    } else if (labels != NULL) {
        cali_labels_free(labels, out->n_rows);
    }
    return status;
}

/* A table of regions; its names count if it has any, and its centres if no other table had. */
static cal_status read_regions(cal_context *ctx, const cali_input *input, const char *below, cali_raw *raw)
{
    char file[512];
    char *data = NULL, **labels = NULL;
    size_t size = 0, n = 0;
    cali_array centres = {0};
    cali_array_name(file, input->name, cali_path_name(below));
    CAL_TRY(read_file(ctx, input, below, &data, &size));
    const cal_status status = cali_text_labels(ctx, file, data, size, &labels, &n, &centres);
    free(data);
    if (status != CAL_OK)
        return status;
    bool has_names = false;
    for (size_t i = 0; i < n; i++)
        has_names = has_names || labels[i][0] != '\0';
    if (has_names || raw->labels == NULL) {
        cali_labels_free(raw->labels, raw->n_labels);
        raw->labels = labels;
        raw->n_labels = n;
        cali_array_name(raw->labels_file, file, NULL);
    } else {
        cali_labels_free(labels, n);
    }
    if (raw->centres.values == NULL)
        raw->centres = centres;
    else
        cali_array_free(&centres);
    return CAL_OK;
}

static cal_status check_tables(cal_context *ctx, const cali_input *input, const tables *found)
{
    if (found->n[WEIGHTS] > 1)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 holds %zu tables of weights.\n  because it is a data set of several "
                        "subjects or measures; the first is %s.\n  try the folder of one subject.", input->name,
                        found->n[WEIGHTS], found->path[WEIGHTS]);
    if (found->n[LENGTHS] == 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no tract lengths.\n  because there is no table whose name ends with "
                        "_distances.tsv or _lengths.tsv, nor a _relmat.tsv with meas-length.", input->name);
    if (found->n[LENGTHS] > 1)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 holds %zu tables of lengths.\n  try leaving one: the first is %s.",
                        input->name, found->n[LENGTHS], found->path[LENGTHS]);
    return CAL_OK;
}

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths, cali_raw *raw)
{
    (void)lengths;
    char way[16];
    tables *found = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *found, "tables", &found));
    walk(input->path, "", 0, found);
    cal_status status = check_tables(ctx, input, found);
    if (status == CAL_OK)
        status = read_matrix(ctx, input, found->path[WEIGHTS], "weights", &raw->weights, raw);
    if (status == CAL_OK)
        status = read_matrix(ctx, input, found->path[LENGTHS], "lengths", &raw->lengths, raw);
    for (int i = NODES; i <= LABELS; i++)
        if (status == CAL_OK && found->n[i] > 0)
            status = read_regions(ctx, input, found->path[i], raw);
    if (status == CAL_OK)
        status = stated(ctx, input, found->path[WEIGHTS], "WeightsPoint", way, sizeof way);
    if (status == CAL_OK) {
        cali_named_state(raw, CALI_NAMED_DIRECTION, way);
        status = stated(ctx, input, found->path[LENGTHS], "Units", raw->length_unit, sizeof raw->length_unit);
    }
    free(found);
    return status;
}

static const char *const suffixes[] = {NULL};
const cali_loader cali_loader_bids = {.name = "bids",
                                      .suffixes = suffixes,
                                      .is_for_directories = true,
                                      .opens_path = true,
                                      .probe_folder = probe_folder,
                                      .load = load};

/* ---- writing --------------------------------------------------------------------------------- */

static void add_sidecar(cali_bundle *out, const char *name, const char *description, const char *key, const char *value)
{
    cali_text *json = cali_bundle_add(out, name);
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "Description", description);
    cali_json_text(json, key, value);
    cali_json_close(json, "}");
    cali_text_add(json, "\n");
}

static void add_description(cali_bundle *out, const char *name)
{
    cali_text *json = cali_bundle_add(out, "dataset_description.json");
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "Name", name);
    cali_json_text(json, "BIDSVersion", "1.10.0");
    cali_json_text(json, "DatasetType", "derivative");
    cali_json_open(json, "GeneratedBy", "[");
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "Name", "callosum");
    cali_json_close(json, "}");
    cali_json_close(json, "]");
    cali_json_close(json, "}");
    cali_text_add(json, "\n");
}

/* Letters and digits of the connectome's name: a label of BIDS has no others. */
static void subject_of(const char *name, char subject[64])
{
    size_t n = 0;
    for (; *name != '\0' && n < 63; name++)
        if (isalnum((unsigned char)*name))
            subject[n++] = *name;
    subject[n] = '\0';
    if (n == 0)
        strcpy(subject, "1");
}

static cal_status collect(cal_context *ctx, const cal_connectome *self, cali_bundle *out)
{
    (void)ctx;
    char subject[64], name[320];
    subject_of(self->name, subject);
    add_description(out, self->name);
    const struct {
        const char *folder, *suffix, *description, *key, *value;
    } rows[] = {{"net", "weights", "Weights of connections: the row receives, the column sends.", "WeightsPoint", "to-from"},
                  {"net", "distances", "Lengths of tracts: the row receives, the column sends.", "Units", "mm"},
                  {"coord", "nodes", "Names of the regions in the order of rows, and their centres.", "Units", "mm"}};
    cali_part parts[CALI_N_PARTS];
    cali_parts(self, parts);
    for (size_t i = 0; i < 3; i++) {
        const int n = snprintf(name, sizeof name, "sub-%s/%s/sub-%s_%s.tsv", subject, rows[i].folder, subject,
                               rows[i].suffix);
        cali_text *table = cali_bundle_add(out, name);
        if (i < 2)
            cali_text_add_rows(table, &parts[i], '\t');
        else
            cali_text_add_regions(table, self, '\t');
        snprintf(name + n - 4, sizeof name - (size_t)n + 4, ".json");
        add_sidecar(out, name, rows[i].description, rows[i].key, rows[i].value);
    }
    return CAL_OK;
}

static const char *const endings[] = {"_bids", NULL};
const cali_saver cali_saver_bids = {.name = "bids",
                                    .endings = endings,
                                    .meaning = "folder of tables in the manner of BIDS",
                                    .container = CALI_FOLDER,
                                    .holds = CALI_HAS_CENTRES,
                                    .collect = collect};
