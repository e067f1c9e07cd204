/* Aligned text tables and readable numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/summary.h"

void cali_text_add_readable(cali_text *text, double value, int digits)
{
    if (!isfinite(value)) {
        cali_text_add(text, "-");
        return;
    }
    const double size = fabs(value);
    if (size != 0.0 && (size < 1e-4 || size >= 1e15)) {
        cali_text_format(text, "%.*g", digits, value);
        return;
    }
    int decimals = digits - 1;
    for (double power = 10.0; decimals > 0 && size >= power; power *= 10.0)
        decimals--;
    for (double power = 1.0; size != 0.0 && size < power && decimals < digits + 4; power /= 10.0)
        decimals++;
    char plain[64];
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    const char *digit = plain + (plain[0] == '-');
    const size_t n_whole = strcspn(digit, ".");
    if (plain[0] == '-')
        cali_text_add(text, "-");
    for (size_t i = 0; digit[i] != '\0'; i++) {
        if (i > 0 && i < n_whole && (n_whole - i) % 3 == 0)
            cali_text_add(text, ",");
        cali_text_add_bytes(text, digit + i, 1);
    }
}

static size_t width_of(const char *cell)
{
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)cell; *c != '\0'; c++)
        n += (*c & 0xC0) != 0x80; /* bytes that continue a character do not count */
    return n;
}

static void add_blanks(cali_text *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cali_text_add(text, " ");
}

void cali_text_add_table(cali_text *text, const char *const *cells, size_t n_rows, size_t n_columns,
                         const bool *is_right)
{
    enum { COLUMNS_MOST = 16 };
    size_t width[COLUMNS_MOST] = {0};
    for (size_t i = 0; i < n_rows * n_columns; i++) {
        const size_t own = width_of(cells[i]);
        if (own > width[i % n_columns])
            width[i % n_columns] = own;
    }
    for (size_t row = 0; row < n_rows; row++) {
        size_t owed = 0; /* blanks that are only written if something follows */
        for (size_t c = 0; c < n_columns; c++) {
            const char *cell = cells[row * n_columns + c];
            const size_t room = width[c] - width_of(cell);
            if (cell[0] != '\0') {
                add_blanks(text, owed + (is_right[c] ? room : 0));
                cali_text_add(text, cell);
                owed = (is_right[c] ? 0 : room) + 2;
            } else {
                owed += width[c] + 2;
            }
        }
        cali_text_add(text, "\n");
    }
}
