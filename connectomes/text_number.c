/* Decimal numbers of a matrix: exact and fast where the digits fit (Clinger 1990, How to read
 * floating point numbers accurately: a mantissa below 2^53 times or over a power of ten up to 10^22
 * is one correctly rounded operation), the library's way otherwise. */
#include "base/text.h"
#include "connectomes/text_table.h"

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Digits into the mantissa; those beyond 19 make `is_exact` false unless they are zeros. */
static const char *read_digits(const char *p, const char *stop, uint64_t *mantissa, int *n_digits,
                               bool *is_exact)
{
    for (; p < stop && *p >= '0' && *p <= '9'; p++) {
        if (*n_digits < 19) {
            *mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
            *n_digits += *mantissa != 0;
        } else {
            *is_exact = false;
        }
    }
    return p;
}

bool cali_text_number(const char *at, const char *stop, double *value)
{
    enum { LONGEST = 1000 };
    if (at >= stop || stop - at > LONGEST)
        return false;
    const char *p = at;
    const bool is_negative = *p == '-';
    p += *p == '-' || *p == '+';
    uint64_t mantissa = 0;
    int n_digits = 0, exponent = 0;
    bool is_exact = true;
    const char *first = p;
    p = read_digits(p, stop, &mantissa, &n_digits, &is_exact);
    long n_read = p - first;
    if (p < stop && *p == '.') {
        first = ++p;
        p = read_digits(p, stop, &mantissa, &n_digits, &is_exact);
        n_read += p - first;
        exponent = -(int)(p - first);
    }
    if (n_read == 0)
        return false;
    if (p < stop && (*p == 'e' || *p == 'E')) {
        const bool is_below = p + 1 < stop && p[1] == '-';
        p += 1 + (p + 1 < stop && (p[1] == '-' || p[1] == '+'));
        if (p == stop)
            return false;
        int power = 0;
        for (; p < stop && *p >= '0' && *p <= '9'; p++)
            power = power < 10000 ? power * 10 + (*p - '0') : power;
        exponent += is_below ? -power : power;
    }
    if (p != stop)
        return false;
    while (mantissa >= (UINT64_C(1) << 53) && mantissa % 10 == 0) {
        mantissa /= 10;
        exponent++;
    }
    if (is_exact && (mantissa == 0 || (mantissa < (UINT64_C(1) << 53) && exponent >= -22 &&
                                       exponent <= 22))) {
        double x = (double)mantissa;
        if (mantissa != 0)
            x = exponent < 0 ? x / powers_of_ten[-exponent] : x * powers_of_ten[exponent];
        *value = is_negative ? -x : x;
        return true;
    }
    const char *end = NULL;
    return cali_parse_number(at, value, &end) && end == stop;
}
