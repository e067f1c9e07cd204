#include "base/json.h"

static void separate(cali_text *text, const char *key)
{
    if (text->size > 0 && text->data[text->size - 1] != '{' && text->data[text->size - 1] != '[')
        cali_text_add(text, ", ");
    if (key == NULL)
        return;
    cali_text_add_json(text, key);
    cali_text_add(text, ": ");
}

void cali_json_open(cali_text *text, const char *key, const char *bracket)
{
    separate(text, key);
    cali_text_add(text, bracket);
}

void cali_json_close(cali_text *text, const char *bracket)
{
    cali_text_add(text, bracket);
}

void cali_json_text(cali_text *text, const char *key, const char *value)
{
    separate(text, key);
    if (value == NULL)
        cali_text_add(text, "null");
    else
        cali_text_add_json(text, value);
}

void cali_json_number(cali_text *text, const char *key, double value)
{
    separate(text, key);
    cali_text_add_number(text, value);
}

void cali_json_bool(cali_text *text, const char *key, bool value)
{
    separate(text, key);
    cali_text_add(text, value ? "true" : "false");
}
