/* report.html from its pieces: a frame with marks of the form <!--@name-->, each of which is replaced by a
 * style, a script or data. Texts of the run reach the page only as JSON in elements that do not run,
 * with every "<" escaped, and the scripts put them into the page as text; so no name can become markup. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "report/page_data.h"
#include "report/run.h"

#define EMBEDDED(name)                                                                             \
    extern const unsigned char cali_embedded_##name[];                                             \
    extern const size_t cali_embedded_##name##_size;
EMBEDDED(page_html)
EMBEDDED(page_css)
EMBEDDED(dygraphs_css)
EMBEDDED(dygraphs_js)
EMBEDDED(three_js)
EMBEDDED(basics_js)
EMBEDDED(matrix_js)
EMBEDDED(brain_js)
EMBEDDED(plots_js)
EMBEDDED(spectra_js)
EMBEDDED(channels_js)
EMBEDDED(structure_js)
EMBEDDED(main_js)

typedef struct piece {
    const char *name;
    const unsigned char *bytes;
    const size_t *size;
} piece;

#define PIECE(name) {#name, cali_embedded_##name, &cali_embedded_##name##_size}
static const piece pieces[] = {
    PIECE(page_css),  PIECE(dygraphs_css), PIECE(dygraphs_js), PIECE(three_js), PIECE(basics_js),
    PIECE(matrix_js), PIECE(brain_js),     PIECE(plots_js),    PIECE(spectra_js),  PIECE(channels_js), PIECE(structure_js),
    PIECE(main_js),
};

/* The manifest as it stands in its file; a "<" occurs only within JSON strings. */
static void add_manifest(const cali_run *run, cali_text *page)
{
    if (run->manifest_text == NULL) {
        cali_text_add(page, "null");
        return;
    }
    for (const char *rest = run->manifest_text; *rest != '\0';) {
        const size_t n = strcspn(rest, "<");
        cali_text_add_bytes(page, rest, n);
        rest += n;
        if (*rest == '<') {
            cali_text_add(page, "\\u003c");
            rest++;
        }
    }
}

static cal_status add_piece(cali_run *run, const char *name, size_t length, cali_text *page)
{
    if (length == 3 && strncmp(name, "run", 3) == 0)
        return cali_page_data(run, page);
    if (length == 8 && strncmp(name, "manifest", 8) == 0) {
        add_manifest(run, page);
        return CAL_OK;
    }
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (strlen(pieces[i].name) == length && strncmp(name, pieces[i].name, length) == 0) {
            cali_text_add_bytes(page, pieces[i].bytes, *pieces[i].size);
            return CAL_OK;
        }
    }
    return CAL_FAIL(run->ctx, CAL_ERR_STATE, "page.html asks for the unknown piece %.*s", (int)length, name);
}

static cal_status fill_frame(cali_run *run, cali_text *page)
{
    const char *rest = (const char *)cali_embedded_page_html;
    for (;;) {
        const char *mark = strstr(rest, "<!--@"), *end = mark == NULL ? NULL : strstr(mark, "-->");
        if (end == NULL) {
            cali_text_add(page, rest);
            return page->is_broken ? CAL_FAIL(run->ctx, CAL_ERR_MEMORY, "no memory for the page") : CAL_OK;
        }
        cali_text_add_bytes(page, rest, (size_t)(mark - rest));
        CAL_TRY(add_piece(run, mark + 5, (size_t)(end - mark) - 5, page));
        rest = end + 3;
    }
}

cal_status cal_report_write(cal_context *ctx, const char *run_dir, const cal_report_def *def)
{
    cali_run run;
    CAL_TRY(cali_run_open(ctx, run_dir, def == NULL ? -1.0 : def->transient_ms, &run));
    cali_text page = {0};
    char *path = NULL;
    cal_status status = fill_frame(&run, &page);
    if (status == CAL_OK)
        status = cali_path_join(ctx, run_dir, "report.html", &path);
    if (status == CAL_OK)
        status = cali_file_write(ctx, path, page.data, page.size);
    free(path);
    cali_text_free(&page);
    cali_run_close(&run);
    return status;
}
