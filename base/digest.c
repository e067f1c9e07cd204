/* The one file that knows libcrypto. */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

static void write_hex(const unsigned char *bytes, char *hex)
{
    static const char letters[] = "0123456789abcdef";
    for (size_t i = 0; i < (CALI_DIGEST_SIZE - 1) / 2; i++) {
        hex[2 * i] = letters[bytes[i] >> 4];
        hex[2 * i + 1] = letters[bytes[i] & 15];
    }
    hex[CALI_DIGEST_SIZE - 1] = '\0';
}

static cal_status finish(cal_context *ctx, EVP_MD_CTX *hash, char *hex)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (EVP_DigestFinal_ex(hash, bytes, NULL) != 1)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "libcrypto gives no SHA-256");
    write_hex(bytes, hex);
    return CAL_OK;
}

/* Creates the hash; `*out` is freed with EVP_MD_CTX_free. */
static cal_status begin(cal_context *ctx, EVP_MD_CTX **out)
{
    *out = EVP_MD_CTX_new();
    if (*out != NULL && EVP_DigestInit_ex(*out, EVP_sha256(), NULL) == 1)
        return CAL_OK;
    EVP_MD_CTX_free(*out);
    *out = NULL;
    return CAL_FAIL(ctx, CAL_ERR_MEMORY, "libcrypto gives no SHA-256");
}

cal_status cali_digest_bytes(cal_context *ctx, const void *bytes, size_t n,
                             char hex[CALI_DIGEST_SIZE])
{
    EVP_MD_CTX *hash = NULL;
    hex[0] = '\0';
    CAL_TRY(begin(ctx, &hash));
    cal_status status = CAL_OK;
    if (n > 0 && EVP_DigestUpdate(hash, bytes, n) != 1)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "libcrypto gives no SHA-256");
    if (status == CAL_OK)
        status = finish(ctx, hash, hex);
    EVP_MD_CTX_free(hash);
    return status;
}

static cal_status update_from(cal_context *ctx, EVP_MD_CTX *hash, int file, const char *path)
{
    unsigned char piece[65536];
    for (;;) {
        const ssize_t n = read(file, piece, sizeof piece);
        if (n == 0)
            return CAL_OK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CAL_FAIL(ctx, CAL_ERR_IO, "cannot read %s: %s", path, strerror(errno));
        if (EVP_DigestUpdate(hash, piece, (size_t)n) != 1)
            return CAL_FAIL(ctx, CAL_ERR_MEMORY, "libcrypto gives no SHA-256");
    }
}

cal_status cali_digest_file(cal_context *ctx, const char *path, char hex[CALI_DIGEST_SIZE])
{
    hex[0] = '\0';
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    EVP_MD_CTX *hash = NULL;
    cal_status status = begin(ctx, &hash);
    if (status == CAL_OK)
        status = update_from(ctx, hash, file, path);
    if (status == CAL_OK)
        status = finish(ctx, hash, hex);
    EVP_MD_CTX_free(hash);
    close(file);
    return status;
}
