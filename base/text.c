#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(cali_text *text, size_t n_more)
{
    if (text->is_broken)
        return false;
    const size_t wanted = text->size + n_more + 1;
    if (wanted <= text->capacity)
        return true;
    size_t capacity = text->capacity < 256 ? 256 : text->capacity;
    while (capacity < wanted)
        capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (data == NULL) {
        text->is_broken = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void cali_text_add_bytes(cali_text *text, const void *bytes, size_t n)
{
    if (!reserve(text, n))
        return;
    if (n > 0)
        memcpy(text->data + text->size, bytes, n);
    text->size += n;
    text->data[text->size] = '\0';
}

void cali_text_add(cali_text *text, const char *piece)
{
    cali_text_add_bytes(text, piece, strlen(piece));
}

void cali_text_add_character(cali_text *text, uint32_t code)
{
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = '?';
    const unsigned n_more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned char bytes[4] = {(unsigned char)(heads[n_more] | code >> 6 * n_more)};
    for (unsigned i = 1; i <= n_more; i++)
        bytes[i] = (unsigned char)(0x80 | (code >> 6 * (n_more - i) & 0x3f));
    cali_text_add_bytes(text, bytes, n_more + 1);
}

uint32_t cali_text_next_character(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    if (*p == 0)
        return 0;
    const unsigned n_more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
    uint32_t code = n_more == 0 ? *p : *p & (0x3fu >> n_more);
    for (unsigned i = 1; i <= n_more; i++) {
        if ((p[i] & 0xc0) != 0x80 || *p < 0xc0) {
            *at += 1;
            return 0xfffd;
        }
        code = code << 6 | (p[i] & 0x3fu);
    }
    *at += n_more + 1;
    return code;
}

void cali_text_format(cali_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0 && reserve(text, (size_t)n)) {
        vsnprintf(text->data + text->size, (size_t)n + 1, format, again);
        text->size += (size_t)n;
    }
    va_end(again);
}

void cali_format_number(double value, char *buffer)
{
    if (value == 0.0) {
        strcpy(buffer, signbit(value) ? "-0" : "0");
        return;
    }
    if (value == floor(value) && fabs(value) < 1e15) { /* 10, not 1e+01 */
        snprintf(buffer, 32, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) != value)
            continue;
        /* 100 rather than 1e+02 */
        const double size = value < 0.0 ? -value : value;
        if (strchr(buffer, 'e') != NULL && size >= 1.0 && size < 1e9)
            snprintf(buffer, 32, "%.15g", value);
        return;
    }
}

void cali_text_add_number(cali_text *text, double value)
{
    char buffer[32] = "null";
    if (isfinite(value))
        cali_format_number(value, buffer);
    cali_text_add(text, buffer);
}

void cali_text_add_json(cali_text *text, const char *piece)
{
    cali_text_add(text, "\"");
    for (const unsigned char *c = (const unsigned char *)piece; *c != '\0'; c++) {
        /* line ends beyond ASCII, which JavaScript and YAML take for such */
        if (c[0] == 0xc2 && c[1] == 0x85) {
            cali_text_add(text, "\\u0085");
            c++;
        } else if (c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9)) {
            cali_text_add(text, c[2] == 0xa8 ? "\\u2028" : "\\u2029");
            c += 2;
        } else if (*c == '"' || *c == '\\')
            cali_text_format(text, "\\%c", *c);
        else if (*c < 0x20 || *c == '<' || *c == 0x7f)
            cali_text_format(text, "\\u%04x", *c);
        else
            cali_text_add_bytes(text, c, 1);
    }
    cali_text_add(text, "\"");
}

void cali_text_free(cali_text *text)
{
    free(text->data);
    *text = (cali_text){0};
}

bool cali_parse_number(const char *at, double *value, const char **end)
{
    const char *p = at;
    if (*p == '+' || *p == '-')
        p++;
    const char *digits = p;
    while (*p >= '0' && *p <= '9')
        p++;
    size_t n_digits = (size_t)(p - digits);
    if (*p == '.') {
        const char *fraction = ++p;
        while (*p >= '0' && *p <= '9')
            p++;
        n_digits += (size_t)(p - fraction);
    }
    if (n_digits == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        const char *q = p + 1;
        if (*q == '+' || *q == '-')
            q++;
        if (*q >= '0' && *q <= '9') {
            while (*q >= '0' && *q <= '9')
                q++;
            p = q;
        }
    }
    /* The program never calls setlocale, so strtod reads the C locale's decimal point. */
    char *stop = NULL;
    *value = strtod(at, &stop);
    if (stop != p)
        return false;
    *end = p;
    return true;
}

unsigned cali_edit_distance(const char *a, const char *b)
{
    unsigned rows[3][65];
    size_t n_a = strlen(a), n_b = strlen(b);
    n_a = n_a > 63 ? 63 : n_a;
    n_b = n_b > 63 ? 63 : n_b;
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= n_b; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            const int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            unsigned best = last[j - 1] + (x != y);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[n_b];
}

int cali_nearest_word(const char *word, const char *const *words, size_t n_words)
{
    const size_t third = strlen(word) / 3;
    unsigned best = (unsigned)(third < 2 ? 2 : third) + 1;
    int found = -1;
    for (size_t i = 0; i < n_words; i++) {
        const unsigned distance = cali_edit_distance(word, words[i]);
        if (distance < best) {
            best = distance;
            found = (int)i;
        }
    }
    return found;
}
