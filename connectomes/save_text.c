/* The savers of text: TVB's zip (blanks), and folders of tables with commas or tabs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "connectomes/save.h"
#include "connectomes/text_table.h"

/* Enough digits that the same double is read back; few where few do. */
static void add_exact(cali_text *text, double value)
{
    char buffer[40];
    if (value == 0.0) {
        cali_text_add(text, signbit(value) ? "-0" : "0");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double back = 0.0;
        const int n = snprintf(buffer, sizeof buffer, "%.*g", digits, value);
        if (cali_text_number(buffer, buffer + n, &back) && back == value)
            break;
    }
    cali_text_add(text, buffer);
}

static void add_mark(cali_text *text, char mark)
{
    cali_text_add_bytes(text, &mark, 1);
}

void cali_text_add_rows(cali_text *text, const cali_part *part, char delimiter)
{
    for (size_t i = 0; i < part->n_rows; i++)
        for (size_t j = 0; j < part->n_columns; j++) {
            const size_t at = i * part->n_columns + j;
            if (part->flags != NULL)
                cali_text_add(text, part->flags[at] != 0 ? "1" : "0");
            else
                add_exact(text, part->values[at]);
            add_mark(text, j + 1 < part->n_columns ? delimiter : '\n');
        }
}

void cali_text_add_label(cali_text *text, const char *label)
{
    const size_t n = strlen(label);
    const bool is_plain = label[0] != '"' && label[0] != '#' && label[0] != '%' && label[0] != ' ' &&
                          label[n - 1] != ' ' && strpbrk(label, ",;") == NULL;
    if (is_plain) {
        cali_text_add(text, label);
        return;
    }
    cali_text_add(text, "\"");
    for (const char *c = label; *c != '\0'; c++)
        cali_text_add_bytes(text, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    cali_text_add(text, "\"");
}

/* TVB's table has no header; a tab follows every label, so that blanks inside are part of it. */
static void add_centres(cali_text *text, const cal_connectome *self)
{
    for (size_t i = 0; i < self->n_regions; i++) {
        cali_text_add_label(text, self->labels[i]);
        for (int k = 0; k < 3 && self->centres_mm != NULL; k++) {
            cali_text_add(text, "\t");
            add_exact(text, self->centres_mm[3 * i + (size_t)k]);
        }
        cali_text_add(text, self->centres_mm != NULL ? "\n" : "\t\n");
    }
}

static const char info[] = "weights_unit = \"au\"\nlength_unit = \"mm\"\narea_unit = \"mm^2\"\n";

static cal_status collect_zip(cal_context *ctx, const cal_connectome *self, cali_bundle *out)
{
    (void)ctx;
    cali_part parts[CALI_N_PARTS];
    const size_t n = cali_parts(self, parts);
    for (size_t i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.txt", parts[i].file);
        if (parts[i].extra != CALI_HAS_CENTRES)
            cali_text_add_rows(cali_bundle_add(out, name), &parts[i], ' ');
        if (i != 1)
            continue;
        add_centres(cali_bundle_add(out, "centres.txt"), self); /* the labels stand there, also without centres */
        cali_text_add(cali_bundle_add(out, "info.txt"), info);
    }
    return CAL_OK;
}

static const char *const zip_endings[] = {".zip", NULL};
const cali_saver cali_saver_zip = {.name = "zip",
                                   .endings = zip_endings,
                                   .meaning = "archive of The Virtual Brain, text in blanks",
                                   .container = CALI_ARCHIVE,
                                   .holds = CALI_HAS_ALL,
                                   .collect = collect_zip};

/* ---- folders --------------------------------------------------------------------------------- */

void cali_text_add_regions(cali_text *text, const cal_connectome *self, char delimiter)
{
    static const char *const columns[] = {"index", "name", "x", "y", "z"};
    const int n_columns = self->centres_mm == NULL ? 2 : 5;
    for (int k = 0; k < n_columns; k++) {
        cali_text_add(text, columns[k]);
        add_mark(text, k + 1 < n_columns ? delimiter : '\n');
    }
    for (size_t i = 0; i < self->n_regions; i++) {
        cali_text_format(text, "%zu", i);
        add_mark(text, delimiter);
        cali_text_add_label(text, self->labels[i]);
        for (int k = 0; k < n_columns - 2; k++) {
            add_mark(text, delimiter);
            add_exact(text, self->centres_mm[3 * i + (size_t)k]);
        }
        add_mark(text, '\n');
    }
}

static cal_status collect_tables(const cal_connectome *self, const char *ending, char delimiter, cali_bundle *out)
{
    cali_part parts[CALI_N_PARTS];
    const size_t n = cali_parts(self, parts);
    char name[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s.%s", parts[i].file, ending);
        if (parts[i].extra != CALI_HAS_CENTRES)
            cali_text_add_rows(cali_bundle_add(out, name), &parts[i], delimiter);
    }
    snprintf(name, sizeof name, "centres.%s", ending);
    cali_text_add_regions(cali_bundle_add(out, name), self, delimiter);
    cali_text_add(cali_bundle_add(out, "info.txt"), info);
    return CAL_OK;
}

static cal_status collect_csv(cal_context *ctx, const cal_connectome *self, cali_bundle *out)
{
    (void)ctx;
    return collect_tables(self, "csv", ',', out);
}

static cal_status collect_tsv(cal_context *ctx, const cal_connectome *self, cali_bundle *out)
{
    (void)ctx;
    return collect_tables(self, "tsv", '\t', out);
}

static const char *const csv_endings[] = {"_csv", NULL}, *const tsv_endings[] = {"_tsv", NULL};
const cali_saver cali_saver_csv = {.name = "csv",
                                   .endings = csv_endings,
                                   .meaning = "folder of tables with commas",
                                   .container = CALI_FOLDER,
                                   .holds = CALI_HAS_ALL,
                                   .collect = collect_csv};
const cali_saver cali_saver_tsv = {.name = "tsv",
                                   .endings = tsv_endings,
                                   .meaning = "folder of tables with tabs",
                                   .container = CALI_FOLDER,
                                   .holds = CALI_HAS_ALL,
                                   .collect = collect_tsv};
