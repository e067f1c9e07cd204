/* The members of TVB's connectivity archives: which file is what, and how it is read. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "connectomes/loaders.h"
#include "connectomes/text_table.h"

typedef struct member {
    const char *names[4]; /* without ending; the first one is TVB's */
    const char *what;
    size_t offset; /* of the array in cali_raw; of no use for labels and info */
    enum { MATRIX, VECTOR, CENTRES, INFO } kind;
} member;

#define AT(field) offsetof(cali_raw, field)
static const member members[] = {
    {{"weights", "weight"}, "weights", AT(weights), MATRIX},
    {{"tract_lengths", "tract_length", "lengths", "distances"}, "lengths", AT(lengths), MATRIX},
    {{"centres", "centers", "centre"}, "centres", AT(centres), CENTRES},
    {{"average_orientations", "orientations"}, "orientations", AT(orientations), VECTOR},
    {{"areas", "area"}, "areas", AT(areas), VECTOR},
    {{"cortical"}, "cortical", AT(cortical), VECTOR},
    {{"hemispheres", "hemisphere"}, "hemispheres", AT(hemispheres), VECTOR},
    {{"info"}, "info", 0, INFO},
};
const size_t cali_n_members = sizeof members / sizeof members[0];

static size_t strip(const char *name, size_t n, const char *const *endings)
{
    for (; *endings != NULL; endings++) {
        const size_t m = strlen(*endings);
        if (n > m && strncasecmp(name + n - m, *endings, m) == 0)
            return n - m;
    }
    return n;
}

int cali_member_find(const char *path)
{
    static const char *const packings[] = {".gz", ".bz2", NULL};
    static const char *const formats[] = {".txt", ".csv", ".tsv", NULL};
    if (strstr(path, "__MACOSX") != NULL)
        return -1;
    const char *name = cali_path_name(path);
    const size_t with = strip(name, strlen(name), packings), n = strip(name, with, formats);
    if (n == with)
        return -1;
    for (size_t i = 0; i < cali_n_members; i++)
        for (int k = 0; k < 4 && members[i].names[k] != NULL; k++)
            if (strlen(members[i].names[k]) == n && strncasecmp(name, members[i].names[k], n) == 0)
                return (int)i;
    return -1;
}

void cali_find_word(const char *text, const char *key, char *word, size_t size)
{
    word[0] = '\0';
    const char *at = strstr(text, key);
    if (at == NULL)
        return;
    at += strlen(key);
    while (*at != '\0' && (isspace((unsigned char)*at) || *at == '=' || *at == ':' || *at == '"'))
        at++;
    size_t n = 0;
    while (n + 1 < size && (isalpha((unsigned char)at[n]) || at[n] == '-'))
        n++;
    memcpy(word, at, n);
    word[n] = '\0';
}

static cal_status read_text(cal_context *ctx, const member *m, const char *file, const char *data,
                            size_t size, cali_raw *raw)
{
    cali_array *array = (cali_array *)(void *)((char *)raw + m->offset);
    switch (m->kind) {
    case MATRIX:
    case VECTOR:
        return cali_text_matrix(ctx, file, m->what, m->kind == MATRIX, data, size, array, NULL);
    case CENTRES:
        cali_labels_free(raw->labels, raw->n_labels);
        cali_array_name(raw->labels_file, file, NULL);
        return cali_text_labels(ctx, file, data, size, &raw->labels, &raw->n_labels, array);
    case INFO:
        cali_find_word(data, "length_unit", raw->length_unit, sizeof raw->length_unit);
        return CAL_OK;
    }
    return CAL_OK;
}

cal_status cali_member_read(cal_context *ctx, int which, const char *prefix, const char *data,
                            size_t size, cali_raw *raw)
{
    const member *m = &members[which];
    char *unpacked = NULL;
    size_t unpacked_size = 0;
    CAL_TRY(cali_unpack(ctx, prefix, data, size, &unpacked, &unpacked_size));
    const cal_status status = unpacked == NULL ? read_text(ctx, m, prefix, data, size, raw)
                                               : read_text(ctx, m, prefix, unpacked, unpacked_size, raw);
    free(unpacked);
    return status;
}

cal_status cali_members_check(cal_context *ctx, const char *name, const cali_raw *raw)
{
    const bool has_weights = raw->weights.values != NULL;
    if (has_weights && raw->lengths.values != NULL)
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no member %s.", name,
                    has_weights ? "tract_lengths.txt" : "weights.txt");
}
