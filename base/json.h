/* Writing JSON into a growing text: the comma is placed by what stands before. Inside a list the key is
 * NULL. Reading is in base/tree.h. */
#ifndef CALI_BASE_JSON_H
#define CALI_BASE_JSON_H

#include "base/text.h"

/** A map or list; `bracket` is "{" or "[". */
void cali_json_open(cali_text *text, const char *key, const char *bracket);
/** Ends it; `bracket` is "}" or "]". */
void cali_json_close(cali_text *text, const char *bracket);
/** A string; NULL gives null. */
void cali_json_text(cali_text *text, const char *key, const char *value);
/** The shortest decimal that reads back the same; null when not finite. */
void cali_json_number(cali_text *text, const char *key, double value);
void cali_json_bool(cali_text *text, const char *key, bool value);

#endif
