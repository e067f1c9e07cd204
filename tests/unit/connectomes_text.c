/* connectomes/text_number.c, text_table.c, unpack.c: numbers, matrices and tables in text. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <bzlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/random.h"
#include "connectomes/text_table.h"
#include "support/support.h"

static double number(const char *text)
{
    double value = -12345.0;
    return cali_text_number(text, text + strlen(text), &value) ? value : (double)NAN;
}

/* strtod rounds correctly in the C locale; both ways through the reader (exact mantissa, library)
 * must give its bits. */
Test(connectomes_text, numbers_are_correctly_rounded)
{
    const char *const texts[] = {"0", "-0.0", "1", "+1.5", ".5", "5.", "1e3", "1E-3", "0.1", "3.287602900000000261e+01",
                                 "9007199254740993", "1.7976931348623157e308", "4.9e-324", "2.2250738585072011e-308",
                                 "2.000000000000000000e+00", "123456789012345678901234567890", "1e22", "1e23",
                                 "0.000000000000000000e+00", "1e-22", "458885"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect(eq(dbl, number(texts[i]), strtod(texts[i], NULL)), "%s", texts[i]);
    const cali_key key = cali_key_from_seed(7);
    for (uint32_t i = 0; i < 20000; i++) {
        const cali_random r = cali_philox(key, i, 0, 0, 0);
        char text[64];
        snprintf(text, sizeof text, "%.*e", (int)(r.word[2] % 19),
                 cali_f64_from_bits(((uint64_t)r.word[0] << 32 | r.word[1]) & UINT64_C(0xbfffffffffffffff)));
        cr_assert(eq(dbl, number(text), strtod(text, NULL)), "%s", text);
    }
}

Test(connectomes_text, what_is_no_decimal_number_is_refused)
{
    const char *const texts[] = {"", "-", ".", "1e", "1e+", "0x10", "1,5", "1.2.3", "nan", "inf", "1d3", "1 2", "--1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect(isnan(number(texts[i])), "%s", texts[i]);
}

typedef struct parsed {
    cal_status status;
    cali_array matrix;
    char **labels;
    char message[512];
} parsed;

static parsed parse(const char *text, size_t size, bool is_square)
{
    parsed p = {0};
    cal_context *ctx = cali_test_context(1);
    p.status = cali_text_matrix(ctx, "a.csv", "weights", is_square, text, size, &p.matrix, &p.labels);
    snprintf(p.message, sizeof p.message, "%.500s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
    return p;
}

static void drop(parsed *p)
{
    cali_labels_free(p->labels, p->labels == NULL ? 0 : p->matrix.n_rows);
    cali_array_free(&p->matrix);
}

/* The same 2 x 2 matrix [1 2; 3 4.5] in the forms that programs write. */
Test(connectomes_text, delimiters_headers_and_names_of_rows_are_told_from_the_text)
{
    static const struct {
        const char *text, *first_label; /* NULL: none */
    } forms[] = {
        {"1,2\n3,4.5\n", NULL},
        {"1;2\n3;4.5", NULL},
        {"1\t2\r\n3\t4.5\r\n", NULL},
        {"  1   2 \n\n  3   4.5 \n", NULL},
        {"1 2\r3 4.5\r", NULL},
        {"# made by hand\n1,2\n% more\n3,4.5\n", NULL},
        {"\xef\xbb\xbf" "1,2\n3,4.5\n", NULL},
        {"1,2,\n3,4.5,\n", NULL},
        {"left,right\n1,2\n3,4.5\n", "left"},
        {",left,right\nleft,1,2\nright,3,4.5\n", "left"},
        {"left right\nleft 1 2\nright 3 4.5\n", "left"},
        {"left\t1\t2\nright\t3\t4.5\n", "left"},
        {"\"a, b\",c\n1,2\n3,4.5\n", "a, b"},
        {"\"a \"\"b\"\"\",c\n1,2\n3,4.5\n", "a \"b\""},
        {",0,1\n0,1,2\n1,3,4.5\n", NULL},
        {"0,1\n1,2\n3,4.5\n", NULL},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        parsed p = parse(forms[i].text, strlen(forms[i].text), true);
        cr_assert(eq(int, p.status, CAL_OK), "form %zu: %s", i, p.message);
        cr_assert(eq(sz, p.matrix.n_rows, 2), "form %zu", i);
        cr_assert(eq(sz, p.matrix.n_columns, 2), "form %zu", i);
        const double *m = p.matrix.values;
        cr_expect(m[0] == 1.0 && m[1] == 2.0 && m[2] == 3.0 && m[3] == 4.5, "form %zu", i);
        cr_expect(eq(int, p.labels != NULL, forms[i].first_label != NULL), "form %zu", i);
        if (p.labels != NULL && forms[i].first_label != NULL)
            cr_expect(eq(str, p.labels[0], (char *)forms[i].first_label));
        drop(&p);
    }
}

Test(connectomes_text, mistakes_are_reported_with_line_and_column)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1,2\n3,x4\n", "a.csv:2:3 C301 \"x4\" is not a number."},
        {"1,2\n3,0,5\n", "a.csv:2:6 C301 row has 3 numbers, the first row has 2."},
        {"1,2\n3\n", "a.csv:2:2 C301 row has 1 number, the first row has 2."},
        {"1,2\n3,\n", "a.csv:2:3 C301 row has 1 number, the first row has 2."},
        {"1,2\n,3\n", "a.csv:2:1 C301 \"\" is not a number."},
        {"1.5;2\n3;4,5\n", "a.csv:2:3 C301 \"4,5\" is not a number."},
        {"1,2\n3,\x01\x02\n", "a.csv:2:3 C301 \"?\?\" is not a number."},
        {"", "a.csv C301 is empty."},
        {"\n \n# only words\n", "a.csv C301 is empty."},
        {",a,b\na,1,2\nc,3,4\n", "a.csv C301 row 1 is called \"c\" but column 1 \"b\"."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed p = parse(cases[i].text, strlen(cases[i].text), true);
        cr_expect(eq(int, p.status, CAL_ERR_INPUT), "case %zu", i);
        cr_expect(eq(str, p.message, (char *)cases[i].message), "case %zu", i);
        drop(&p);
    }
    parsed p = parse("1 2\n\0 3 4\n", 10, true);
    cr_expect(eq(str, p.message, "a.csv C301 is not text."));
    drop(&p);
}

/* One line of 30 MB: as a number of many digits, and as too many numbers. */
Test(connectomes_text, absurd_lines_are_refused)
{
    static const char *const messages[2] = {
        "a.csv:1:1 C301 \"111111111111111111111111...\" is not a number.",
        "a.csv C301 weights has rows of more than 100000 numbers."};
    const size_t n = 30000000;
    char *line = malloc(n + 1);
    cr_assert(ne(ptr, line, NULL));
    line[n] = '\0';
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < n; i++)
            line[i] = kind == 0 || i % 2 == 0 ? '1' : ',';
        parsed p = parse(line, n, true);
        cr_expect(eq(int, p.status, CAL_ERR_INPUT));
        cr_expect(eq(str, p.message, (char *)messages[kind]));
        drop(&p);
    }
    free(line);
}

Test(connectomes_text, tables_give_labels_and_centres)
{
    static const struct {
        const char *text;
        bool has_centres;
    } forms[] = {
        {"index\tname\tx\ty\tz\n0\tleft one\t1\t2\t3\n1\tright\t4\t5\t6\n", true},
        {"label,x,y,z\nleft one,1,2,3\nright,4,5,6\n", true},
        {"\"left one\" 1 2 3 None\nright 4 5 6 None\n", true},
        {"left one\t1\t2\t3\nright\t4\t5\t6\n", true},
        {"1,left one\n2,right\n", false},
        {"x,y,z,region\n1,2,3,left one\n4,5,6,right\n", true},
        {"name\nleft one\nright\n", false},
    };
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char **labels = NULL;
        size_t n = 0;
        cali_array centres = {0};
        const char *text = forms[i].text;
        if (i == 6)
            text = "name,\nleft one,\nright,\n"; /* a comma, so that blanks do not part cells */
        cr_assert(eq(int, cali_text_labels(ctx, "t", text, strlen(text), &labels, &n, &centres), CAL_OK), "form %zu: %s", i,
                  cal_context_message(ctx));
        cr_assert(eq(sz, n, 2), "form %zu", i);
        cr_expect(eq(str, labels[0], "left one"), "form %zu", i);
        cr_expect(eq(str, labels[1], "right"), "form %zu", i);
        cr_expect(eq(int, centres.values != NULL, forms[i].has_centres), "form %zu", i);
        for (size_t k = 0; centres.values != NULL && k < 6; k++)
            cr_expect(eq(dbl, centres.values[k], (double)(k + 1)));
        cali_labels_free(labels, n);
        cali_array_free(&centres);
    }
    cal_context_destroy(&ctx);
}

Test(connectomes_text, tables_out_of_order_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    char **labels = NULL;
    size_t n = 0;
    cali_array centres = {0};
    const char *text = "index,name\n1,a\n3,b\n";
    cr_expect(eq(int, cali_text_labels(ctx, "t.csv", text, strlen(text), &labels, &n, &centres), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "t.csv:3:1 C301 index is 3 but the row is the 2. of the table.\n  try sorting the rows by index."));
    cal_context_destroy(&ctx);
}

Test(connectomes_text, labels_are_cleaned)
{
    static const struct {
        const char *from, *to;
    } cases[] = {{"caf\xc3\xa9", "caf\xc3\xa9"}, {"a\x01" "b\x7f", "a?b?"}, {"\xff\xc3", "??"}, {"\xed\xa0\x80", "???"},
                 {"\xf0\x9f\xa7\xa0", "\xf0\x9f\xa7\xa0"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        cali_text_clean(cases[i].from, cases[i].from + strlen(cases[i].from), false, text, 63);
        cr_expect(eq(str, text, (char *)cases[i].to));
    }
}

/* 200 MB of zeros are 200 kB as gzip and under 200 bytes as bzip2: the first is within the largest
 * ratio that deflate reaches, the second is a bomb. */
Test(connectomes_text, bombs_stop_at_the_limit)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = (size_t)200 << 20;
    unsigned packed_size = 65536;
    char *zeros = calloc(n, 1), *packed = malloc(packed_size), *out = NULL;
    size_t size = 0;
    cr_assert(zeros != NULL && packed != NULL);
    cr_assert(eq(int, BZ2_bzBuffToBuffCompress(packed, &packed_size, zeros, (unsigned)n, 1, 0, 0), BZ_OK));
    cr_expect(eq(int, cali_unpack(ctx, "a.bz2", packed, packed_size, &out, &size), CAL_ERR_INPUT));
    cr_expect(zero(ptr, out));
    char message[128];
    snprintf(message, sizeof message, "a.bz2 C301 unpacks to more than %zu MB.", cali_unpack_limit(packed_size) >> 20);
    cr_expect(eq(str, (char *)cal_context_message(ctx), message));
    cr_expect(lt(sz, cali_unpack_limit(packed_size), n));
    free(zeros);
    free(packed);
    cal_context_destroy(&ctx);
}

Test(connectomes_text, cut_off_packings_are_refused_at_every_length)
{
    const char *text = "1 2\n3 4\n";
    unsigned char gz[256], bz[256];
    unsigned n_bz = sizeof bz;
    z_stream z = {0};
    cr_assert(eq(int, deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK));
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)strlen(text);
    z.next_out = gz;
    z.avail_out = sizeof gz;
    cr_assert(eq(int, deflate(&z, Z_FINISH), Z_STREAM_END));
    const size_t n_gz = z.total_out;
    deflateEnd(&z);
    cr_assert(eq(int, BZ2_bzBuffToBuffCompress((char *)bz, &n_bz, (char *)(uintptr_t)text, 8, 1, 0, 0), BZ_OK));
    cal_context *ctx = cali_test_context(1);
    for (size_t n = 3; n <= n_gz; n++) {
        char *out = NULL;
        size_t size = 0;
        const cal_status status = cali_unpack(ctx, "a.gz", (char *)gz, n, &out, &size);
        cr_expect(eq(int, status, n == n_gz ? CAL_OK : CAL_ERR_INPUT));
        if (n == n_gz)
            cr_expect(eq(str, out, (char *)text));
        else
            cr_expect(eq(str, (char *)cal_context_message(ctx), "a.gz C301 the gzip data is cut off."));
        free(out);
        cal_context_clear(ctx);
    }
    for (size_t n = 4; n <= n_bz; n++) {
        char *out = NULL;
        size_t size = 0;
        const cal_status status = cali_unpack(ctx, "a.bz2", (char *)bz, n, &out, &size);
        cr_expect(eq(int, status, n == n_bz ? CAL_OK : CAL_ERR_INPUT));
        if (n < n_bz)
            cr_expect(eq(str, (char *)cal_context_message(ctx), "a.bz2 C301 the bzip2 data is cut off."));
        free(out);
        cal_context_clear(ctx);
    }
    cal_context_destroy(&ctx);
}
