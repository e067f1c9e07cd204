#include "base/markdown.h"

#include <math.h>

void cali_markdown_cell(cali_text *out, const char *text)
{
    cali_text_add(out, " ");
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '|')
            cali_text_add(out, "\\");
        cali_text_add_bytes(out, at, 1);
    }
    cali_text_add(out, " |");
}

static void add_range(cali_text *out, const cal_field *field)
{
    cali_text_add(out, " ");
    if (isfinite(field->low) && isfinite(field->high)) {
        cali_text_add_number(out, field->low);
        cali_text_add(out, " to ");
        cali_text_add_number(out, field->high);
    } else if (isfinite(field->low) || isfinite(field->high)) {
        cali_text_add(out, isfinite(field->low) ? "from " : "up to ");
        cali_text_add_number(out, isfinite(field->low) ? field->low : field->high);
    } else
        cali_text_add(out, "any");
    cali_text_add(out, " |");
}

void cali_markdown_fields(cali_text *out, const char *heading, const char *value, const cal_field *fields,
                          size_t n)
{
    if (n == 0)
        return;
    cali_text_format(out, "\n| %s | unit |", heading);
    if (value != NULL)
        cali_text_format(out, " %s | range |", value);
    cali_text_format(out, " meaning |\n|---|---|%s---|\n", value != NULL ? "---:|---|" : "");
    for (size_t i = 0; i < n; i++) {
        cali_text_format(out, "| `%s` |", fields[i].name);
        cali_markdown_cell(out, fields[i].unit);
        if (value != NULL) {
            cali_text_add(out, " ");
            cali_text_add_number(out, fields[i].value);
            cali_text_add(out, " |");
            add_range(out, &fields[i]);
        }
        cali_markdown_cell(out, fields[i].meaning);
        cali_text_add(out, "\n");
    }
}
