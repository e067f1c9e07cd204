#include "support/support.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static char last_note[2048];

static void keep_note(void *user, const char *text)
{
    (void)user;
    snprintf(last_note, sizeof last_note, "%s", text);
}

const char *cali_test_last_note(void)
{
    return last_note;
}

const char *cali_test_shared(const char *relative)
{
    static char path[1024];
    const char *root = getenv("CALLOSUM_SHARED");
    if (root != NULL)
        snprintf(path, sizeof path, "%s/%s", root, relative);
    else
        snprintf(path, sizeof path, "%s/../shared/%s", CALLOSUM_SOURCE_DIR, relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

cal_context *cali_test_context(unsigned n_threads)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = n_threads;
    def.note = keep_note;
    cal_context *ctx = NULL;
    const cal_status status = cal_context_create(&def, &ctx);
    assert(status == CAL_OK);
    (void)status;
    return ctx;
}

const char *cali_test_directory(void)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/tests/scratch", CALLOSUM_BUILD_DIR);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/tests/scratch/XXXXXX", CALLOSUM_BUILD_DIR);
    const char *made = mkdtemp(path);
    assert(made != NULL);
    return made;
}

/* Cuts the text at the first `mark` and moves on behind it; NULL at the end. */
static char *next_piece(char **rest, char mark)
{
    char *piece = *rest, *at = piece == NULL ? NULL : strchr(piece, mark);
    *rest = at == NULL ? NULL : at + 1;
    if (at != NULL)
        *at = '\0';
    return piece;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = NULL;
    size_t size = 0, capacity = 0;
    for (;;) {
        if (capacity - size < 65536) {
            capacity = capacity * 2 + 131072;
            text = realloc(text, capacity);
            assert(text != NULL);
        }
        const size_t n = fread(text + size, 1, 65535, file);
        if (n == 0)
            break;
        size += n;
    }
    text[size] = '\0';
    fclose(file);
    return text;
}

static void add_row(cali_test_table *table, char *line, size_t *capacity)
{
    if (table->n_rows == *capacity) {
        *capacity = *capacity * 2 + 256;
        table->values = realloc(table->values, *capacity * table->n_columns * sizeof(double));
        assert(table->values != NULL);
    }
    double *row = table->values + table->n_rows * table->n_columns;
    char *rest = line;
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *field = next_piece(&rest, ','), *end;
        row[i] = NAN;
        if (field != NULL)
            cali_parse_number(field, &row[i], &end);
    }
    table->n_rows++;
}

cali_test_table *cali_test_read_csv(const char *path)
{
    char *text = read_file(path);
    if (text == NULL)
        return NULL;
    cali_test_table *table = calloc(1, sizeof *table);
    assert(table != NULL);
    size_t capacity = 0;
    char *rest = text;
    for (char *line = next_piece(&rest, '\n'); line != NULL; line = next_piece(&rest, '\n')) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (table->names != NULL) {
            add_row(table, line, &capacity);
            continue;
        }
        table->n_columns = 1;
        for (const char *c = line; *c != '\0'; c++)
            table->n_columns += *c == ',';
        table->names = calloc(table->n_columns, sizeof *table->names);
        assert(table->names != NULL);
        char *names = line;
        for (size_t i = 0; i < table->n_columns; i++)
            table->names[i] = strdup(next_piece(&names, ','));
    }
    free(text);
    return table;
}

void cali_test_table_free(cali_test_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->n_columns; i++)
        free(table->names[i]);
    free(table->names);
    free(table->values);
    free(table);
}

size_t cali_test_column(const cali_test_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->names[i], name) == 0)
            return i;
    fprintf(stderr, "no column %s\n", name);
    abort();
}

double cali_test_value(const cali_test_table *table, size_t row, const char *column)
{
    assert(row < table->n_rows);
    return table->values[row * table->n_columns + cali_test_column(table, column)];
}
