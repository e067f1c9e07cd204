/* Matrix pairs in text: weights and lengths, each .csv, .tsv or .txt, packed or not. */
#include <stdlib.h>

#include "connectomes/loaders.h"
#include "connectomes/text_table.h"

static cal_status read_matrix(cal_context *ctx, const cali_input *input, const char *what,
                              cali_array *out, char ***labels)
{
    char *unpacked = NULL;
    size_t size = 0;
    CAL_TRY(cali_unpack(ctx, input->name, input->data, input->size, &unpacked, &size));
    const cal_status status =
        unpacked == NULL
            ? cali_text_matrix(ctx, input->name, what, true, input->data, input->size, out, labels)
            : cali_text_matrix(ctx, input->name, what, true, unpacked, size, out, labels);
    free(unpacked);
    return status;
}

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths,
                       cali_raw *raw)
{
    CAL_TRY(read_matrix(ctx, input, "weights", &raw->weights, &raw->labels));
    raw->n_labels = raw->labels == NULL ? 0 : raw->weights.n_rows;
    cali_array_name(raw->labels_file, input->name, NULL);
    return read_matrix(ctx, lengths, "lengths", &raw->lengths, NULL);
}

static const char *const suffixes[] = {".csv",    ".tsv",    ".txt",     ".csv.gz",  ".tsv.gz",
                                       ".txt.gz", ".csv.bz2", ".tsv.bz2", ".txt.bz2", NULL};
const cali_loader cali_loader_text = {
    .name = "text", .suffixes = suffixes, .needs_lengths = true, .load = load};
