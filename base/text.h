/* A growing text with a sticky error, numbers that do not depend on the locale, JSON strings, and
 * the nearest word for messages. */
#ifndef CALI_BASE_TEXT_H
#define CALI_BASE_TEXT_H

#include "callosum/base.h"

/** Zero-initialise; free `data` with cali_text_free. When memory runs out `is_broken` stays set and
 *  later calls do nothing; check once at the end. `data` is NUL-terminated once anything was added. */
typedef struct cali_text {
    char *data;
    size_t size, capacity;
    bool is_broken;
} cali_text;

void cali_text_add(cali_text *text, const char *piece);
void cali_text_add_bytes(cali_text *text, const void *bytes, size_t n);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void cali_text_format(cali_text *text, const char *format, ...);
/** Adds the shortest decimal that reads back as the same double; "null" when not finite (JSON). */
void cali_text_add_number(cali_text *text, double value);
/** Adds `piece` as a JSON string with quotes; also safe inside an HTML script ("<" is escaped). */
void cali_text_add_json(cali_text *text, const char *piece);
/** Adds the character of a Unicode code point as UTF-8; '?' for what is none. */
void cali_text_add_character(cali_text *text, uint32_t code);
void cali_text_free(cali_text *text);

/** The next character of a UTF-8 text, 0 at its end (and `*at` stays there); U+FFFD for a byte that begins none. */
uint32_t cali_text_next_character(const char **at);

/** Writes the shortest decimal that reads back as the same double; at least 32 bytes. */
void cali_format_number(double value, char *buffer);

/** Whether `at` starts a decimal number; `*value` gets it and `*end` what follows. Never looks at
 *  the locale; accepts no hexadecimal, no inf or nan words. */
bool cali_parse_number(const char *at, double *value, const char **end);

/** Number of single-letter edits (insert, delete, replace, swap neighbours) between two words,
 *  ignoring case. Words beyond 63 letters are cut. */
unsigned cali_edit_distance(const char *a, const char *b);
/** Index of the word nearest to `word`, or -1 if none is within a third of its length (at least 2
 *  edits). */
int cali_nearest_word(const char *word, const char *const *words, size_t n_words);

#endif
