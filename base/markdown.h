/* Tables of pages that are made from tables of the program (docs/models.md, docs/neurons.md). */
#ifndef CALI_BASE_MARKDOWN_H
#define CALI_BASE_MARKDOWN_H

#include "base/text.h"

/** A text in a cell of a table: a bar would end the cell. */
void cali_markdown_cell(cali_text *out, const char *text);
/** A table of fields, nothing if there are none. `value` heads the column of values; NULL: neither values nor ranges
 *  are shown. */
void cali_markdown_fields(cali_text *out, const char *heading, const char *value, const cal_field *fields,
                          size_t n);

#endif
