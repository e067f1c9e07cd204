/* callosum doctor: what this program was built with, what this machine offers, and known numbers computed with the
 * parts that a run uses (cli/selftest.c). */
#include <H5public.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sundials/sundials_version.h>
#include <yaml.h>
#include <zip.h>
#include <zlib.h>

#include "base/isa.h"
#include "cli/output.h"
#include "cli/selftest.h"

static const cali_option options[] = {CALI_OPTION_JSON, CALI_OPTION_THREADS};

/* Versions of the libraries that are linked, not of the headers that were compiled against. */
static void library_versions(cali_check *host, cali_check *files, unsigned n_threads)
{
    char cvode[32] = "?";
    unsigned major = 0, minor = 0, release = 0;
    host->is_ok = SUNDIALSGetVersion(cvode, (int)sizeof cvode) == 0;
    snprintf(host->text, sizeof host->text, "CVODE %s, %u thread%s, instruction set %s", cvode, n_threads,
             n_threads == 1 ? "" : "s", cali_isa_name(cali_isa()));
    files->is_ok = H5get_libversion(&major, &minor, &release) >= 0;
    snprintf(files->text, sizeof files->text, "HDF5 %u.%u.%u, libyaml %s, libzip %s, zlib %s, OpenSSL %s", major,
             minor, release, yaml_get_version_string(), zip_libzip_version(), zlibVersion(),
             OpenSSL_version(OPENSSL_VERSION_STRING));
}

static cali_exit print_checks(const cali_check *checks, size_t n, bool is_ready)
{
    static const char *const headings[] = {"", "", ""};
    cali_table table;
    cali_table_begin(&table, 3, headings);
    for (size_t i = 0; i < n; i++) {
        cali_table_add(&table, "%s", checks[i].what);
        cali_table_add(&table, "%s", checks[i].text);
        cali_table_add(&table, "%s", !checks[i].is_ok ? "WRONG" : checks[i].is_optional ? "ok (optional)" : "ok");
    }
    cali_table_print(&table, stdout, 0);
    puts(is_ready ? "ready. Next: callosum run examples/one-spiking-region/experiment.yaml"
                  : "not ready: a result above is not what it must be on this machine");
    return is_ready ? CALI_EXIT_OK : CALI_EXIT_FAILED;
}

static cali_exit print_json(const cali_check *checks, size_t n, bool is_ready)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "version", CAL_VERSION);
    cali_json_bool(&json, "is_ready", is_ready);
    cali_json_open(&json, "checks", "[");
    for (size_t i = 0; i < n; i++) {
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "what", checks[i].what);
        cali_json_text(&json, "text", checks[i].text);
        cali_json_bool(&json, "is_ok", checks[i].is_ok);
        cali_json_close(&json, "}");
    }
    cali_json_close(&json, "]");
    cali_json_close(&json, "}");
    const cali_exit printed = cali_print_json(&json);
    return printed != CALI_EXIT_OK ? printed : is_ready ? CALI_EXIT_OK : CALI_EXIT_FAILED;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    enum { MAX_CHECKS = 16 };
    cali_check checks[MAX_CHECKS] = {{.what = "host"},
                                     {.what = "files"},
                                     {.what = "gpu",
                                      .is_ok = true,
                                      .is_optional = true,
                                      .text = "none in this build: spiking regions run on the CPU"}};
    library_versions(&checks[0], &checks[1], cal_context_n_threads(ctx));
    size_t n = 3;
    n += cali_selftest(ctx, &checks[n], MAX_CHECKS - n);
    bool is_ready = true;
    for (size_t i = 0; i < n; i++)
        is_ready = is_ready && checks[i].is_ok;
    return cali_has(arguments, "json") ? print_json(checks, n, is_ready) : print_checks(checks, n, is_ready);
}

extern const cali_verb cali_verb_doctor;
const cali_verb cali_verb_doctor = {
    .name = "doctor",
    .summary = "versions, what this machine offers, and known numbers as a self-test",
    CALI_OPTIONS(options),
    .run = run,
};
