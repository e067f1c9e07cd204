#include "base/snapshot.h"

#include <string.h>

#include "base/context.h"
#include "base/digest.h"

_Static_assert(CALI_SEAL_SIZE == CALI_DIGEST_SIZE - 1, "the digest without its NUL");

cal_status cali_snapshot_seal(cal_context *ctx, cali_text *text, const char *what, char **bytes, size_t *size)
{
    char hex[CALI_DIGEST_SIZE];
    cal_status status = text->is_broken ? CAL_OK : cali_digest_bytes(ctx, text->data, text->size, hex);
    if (status == CAL_OK) {
        cali_text_add_bytes(text, hex, CALI_SEAL_SIZE);
        if (text->is_broken)
            status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the state of %s", what);
    }
    if (status != CAL_OK) {
        cali_text_free(text);
        return status;
    }
    *bytes = text->data;
    *size = text->size;
    *text = (cali_text){0};
    return CAL_OK;
}

cal_status cali_snapshot_check(cal_context *ctx, const char *where, const char *bytes, size_t size)
{
    char hex[CALI_DIGEST_SIZE];
    if (bytes == NULL || size < CALI_SEAL_SIZE)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "C305 %sthe state is cut short: %zu bytes", where, size);
    CAL_TRY(cali_digest_bytes(ctx, bytes, size - CALI_SEAL_SIZE, hex));
    if (memcmp(hex, bytes + size - CALI_SEAL_SIZE, CALI_SEAL_SIZE) != 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "C305 %sthe state is broken: its digest is another one", where);
    return CAL_OK;
}
