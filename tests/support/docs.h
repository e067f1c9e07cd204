/* Pages of docs/ that are made from tables: with CALLOSUM_WRITE_DOCS=1 a test writes them, else it compares. */
#ifndef CALI_TESTS_DOCS_H
#define CALI_TESTS_DOCS_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "support/support.h"

/** docs/`name` is `made`; `program` is the test that makes it. */
static inline void cali_test_expect_page(const char *name, const cali_text *made, const char *program)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/docs/%s", CALLOSUM_SOURCE_DIR, name);
    cal_context *ctx = cali_test_context(1);
    char *text = NULL;
    size_t size = 0;
    if (getenv("CALLOSUM_WRITE_DOCS") != NULL)
        cr_assert(eq(int, cali_file_write(ctx, path, made->data, made->size), CAL_OK));
    cr_assert(eq(int, cali_file_read(ctx, path, 1 << 20, &text, &size), CAL_OK));
    cr_expect(size == made->size && memcmp(text, made->data, size) == 0,
              "docs/%s is not what the tables say: CALLOSUM_WRITE_DOCS=1 build/tests/%s", name, program);
    free(text);
    cal_context_destroy(&ctx);
}

#endif
