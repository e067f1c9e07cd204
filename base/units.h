/* Units as people write them in an experiment file: "3 mm/ms", "0.1 nS", "10 1/s", "1 %", "2 GB".
 *
 * A unit is a factor, a power of ten and the exponents of its base units. The power of ten is kept apart
 * from the factor, so that 0.1 nS is exactly 100 pS and 20 ms in a table of ms is exactly 20.
 *
 *     unit   = factor { (blank | "*" | "/") factor }        "/" acts on the next factor only
 *     factor = ("1" | symbol | "(" unit ")" | "sqrt(" unit ")") [ "^" exponent ]      exponent: 2, -1, 0.5 */
#ifndef CALI_BASE_UNITS_H
#define CALI_BASE_UNITS_H

#include "base/text.h"
#include "callosum/base.h"

/** Twice the exponents of metre, kilogram, second, ampere, radian and byte; halves occur in noise
 *  levels (mV/sqrt(ms)). Radian counts, so that 10 Hz is not taken for 10 rad/s. */
typedef struct cali_dimension {
    int8_t m, kg, s, a, rad, byte;
} cali_dimension;

/** 1 of the unit is factor 10^(tens / 2) in SI base units. */
typedef struct cali_unit {
    double factor;
    int tens;
    cali_dimension dimension;
} cali_unit;

/** Reads a whole text as a unit; "" is the unit 1. False: not understood. */
bool cali_unit_parse(const char *text, cali_unit *out);
bool cali_unit_is_same_dimension(const cali_unit *a, const cali_unit *b);
bool cali_unit_is_plain(const cali_unit *unit); /**< without dimension: 1, %, event */
/** `value` in `to` instead of `from`; both have the same dimension. */
double cali_unit_convert(double value, const cali_unit *from, const cali_unit *to);
/** a *= b^(halves / 2). False, and `a` is of no use, when an exponent leaves all sense. */
bool cali_unit_multiply(cali_unit *a, const cali_unit *b, int halves);
cali_unit cali_unit_divide(const cali_unit *a, const cali_unit *b);
cali_unit cali_unit_square_root(const cali_unit *a);
/** The SI base unit of the same dimension. */
cali_unit cali_unit_si(const cali_unit *unit);

enum { CALI_UNIT_TEXT = 96 };
/** The dimension in words with its article: "a velocity", "a conductance", "a plain number", or "a
 *  quantity in kg m^2". */
void cali_unit_describe(const cali_unit *unit, char text[CALI_UNIT_TEXT]);
/** Text of the SI base unit: "m/s", "V/s", "1", "kg m^2". It parses again. */
void cali_unit_si_text(const cali_unit *unit, char text[CALI_UNIT_TEXT]);
/** What a unit that is not understood may have meant ("msec": "ms", "nanosiemens": "nS"), or NULL. */
const char *cali_unit_suggest(const char *text);

/** A number with an optional unit. */
typedef struct cali_quantity {
    double value;
    cali_unit unit;
    const char *unit_text; /**< points into the text read; "" if there is no unit */
    const char *number_text; /**< the number, up to unit_text or blanks before it */
    size_t number_size;
} cali_quantity;

typedef enum cali_quantity_result {
    CALI_QUANTITY_OK,
    CALI_QUANTITY_NO_NUMBER,   /**< does not begin with a decimal number */
    CALI_QUANTITY_UNKNOWN_UNIT /**< value and unit_text are set */
} cali_quantity_result;

cali_quantity_result cali_quantity_parse(const char *text, cali_quantity *out);
/** The quantity in another unit of its dimension. Where the units differ by a power of ten only, the result is
 *  the double nearest to the decimal: 1.001 s is 1001 ms, while 1.001 * 1000 is not 1001. The text that was parsed
 *  must still be there. */
double cali_quantity_in(const cali_quantity *quantity, const cali_unit *to);
/** Adds `value` in SI base units with the unit ("0.02 s", "1" without), or in `unit_text` where SI would not
 *  read back as the same double. `unit_text` parses. Not finite: "infinite", "-infinite". */
void cali_quantity_add_si(cali_text *out, double value, const char *unit_text);

#endif
