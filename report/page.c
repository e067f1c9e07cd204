/* report.html from its pieces: a frame with marks of the form <!--@name-->, each of which is replaced by a
 * style, a script or data. Texts of the run reach the page only as JSON in elements that do not run,
 * with every "<" escaped, and the scripts put them into the page as text; so no name can become markup. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "report/page.h"
#include "report/page_data.h"
#include "report/run.h"

#define EMBEDDED(name)                                                                             \
    extern const unsigned char cali_embedded_##name[];                                             \
    extern const size_t cali_embedded_##name##_size;
EMBEDDED(page_html)
EMBEDDED(check_html)
EMBEDDED(page_css)
EMBEDDED(dygraphs_css)
EMBEDDED(dygraphs_js)
EMBEDDED(three_js)
EMBEDDED(basics_js)
EMBEDDED(matrix_js)
EMBEDDED(wiring_js)
EMBEDDED(brain_js)
EMBEDDED(plots_js)
EMBEDDED(spectra_js)
EMBEDDED(spikes_js)
EMBEDDED(channels_js)
EMBEDDED(weights_js)
EMBEDDED(structure_js)
EMBEDDED(main_js)
EMBEDDED(check_js)

typedef struct piece {
    const char *name;
    const unsigned char *bytes;
    const size_t *size;
} piece;

#define PIECE(name) {#name, cali_embedded_##name, &cali_embedded_##name##_size}
static const piece pieces[] = {
    PIECE(page_css),  PIECE(dygraphs_css), PIECE(dygraphs_js), PIECE(three_js), PIECE(basics_js),
    PIECE(matrix_js), PIECE(brain_js),     PIECE(plots_js),    PIECE(spectra_js),  PIECE(spikes_js), PIECE(channels_js), PIECE(weights_js),
    PIECE(structure_js),
    PIECE(main_js),   PIECE(wiring_js),    PIECE(check_js),
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

static cal_status add_run_piece(cal_context *ctx, void *user, const char *name, cali_text *page)
{
    cali_run *run = user;
    if (strcmp(name, "run") == 0)
        return cali_page_data(run, page);
    if (strcmp(name, "manifest") != 0)
        return CAL_FAIL(ctx, CAL_ERR_STATE, "page.html asks for the unknown piece %s", name);
    add_manifest(run, page);
    return CAL_OK;
}

static bool add_embedded(const char *name, cali_text *page)
{
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        if (strcmp(pieces[i].name, name) == 0) {
            cali_text_add_bytes(page, pieces[i].bytes, *pieces[i].size);
            return true;
        }
    return false;
}

cal_status cali_page_fill(cal_context *ctx, cali_page_frame frame,
                          cal_status (*add_piece)(cal_context *ctx, void *user, const char *name, cali_text *page),
                          void *user, cali_text *page)
{
    const char *rest = (const char *)(frame == CALI_PAGE_RUN ? cali_embedded_page_html : cali_embedded_check_html);
    for (;;) {
        char name[32] = "";
        const char *mark = strstr(rest, "<!--@"), *end = mark == NULL ? NULL : strstr(mark, "-->");
        if (end == NULL) {
            cali_text_add(page, rest);
            return page->is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the page") : CAL_OK;
        }
        cali_text_add_bytes(page, rest, (size_t)(mark - rest));
        const size_t n = (size_t)(end - mark) - 5;
        memcpy(name, mark + 5, n < sizeof name ? n : sizeof name - 1);
        if (!add_embedded(name, page))
            CAL_TRY(add_piece(ctx, user, name, page));
        rest = end + 3;
    }
}

cal_status cal_report_write(cal_context *ctx, const char *run_dir, const cal_report_def *def)
{
    cali_run run;
    CAL_TRY(cali_run_open(ctx, run_dir, def == NULL ? -1.0 : def->transient_ms, &run));
    cali_text page = {0};
    char *path = NULL;
    cal_status status = cali_page_fill(ctx, CALI_PAGE_RUN, add_run_piece, &run, &page);
    if (status == CAL_OK)
        status = cali_path_join(ctx, run_dir, "report.html", &path);
    if (status == CAL_OK)
        status = cali_file_write(ctx, path, page.data, page.size);
    free(path);
    cali_text_free(&page);
    cali_run_close(&run);
    return status;
}
