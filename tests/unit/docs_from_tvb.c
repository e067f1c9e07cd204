/* docs/from-tvb.md: its table of models is that of tests/support/tvb_models.h, and its experiment passes the check. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "experiment/experiment.h"
#include "support/docs.h"
#include "support/tvb_models.h"

static void read_page(cal_context *ctx, char **page)
{
    size_t size = 0;
    cr_assert(cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/docs/from-tvb.md", 1 << 20, page, &size) == CAL_OK);
}

/* "ours = factor theirs", or the element of an array. */
static void add_renamed(cali_text *line, const tvb_renamed *r, bool is_first)
{
    cali_text_format(line, "%s`%s` = ", is_first ? "" : ", ", r->ours);
    if (r->theirs == NULL)
        cali_text_add(line, "new");
    else if (r->element > 0)
        cali_text_format(line, "`%s[%zu]`", r->theirs, r->element - 1);
    else if (r->factor != 0.0)
        cali_text_format(line, "%g `%s`", r->factor, r->theirs);
    else
        cali_text_format(line, "`%s`", r->theirs);
}

static void model_line(cali_text *line, const tvb_model *m)
{
    cali_text_format(line, "| `%s` | `%s` | ", m->file, m->model);
    for (size_t k = 0; k < TVB_ROUTES && m->routes[k].to != NULL; k++)
        cali_text_format(line, "%s`%s` to `%s`", k > 0 ? ", " : "", m->routes[k].from, m->routes[k].to);
    cali_text_add(line, " | ");
    bool is_first = true;
    for (size_t k = 0; k < TVB_RENAMED && m->renamed[k].ours != NULL; k++) {
        const tvb_renamed *r = &m->renamed[k];
        if (r->theirs != NULL && r->factor == 0.0 && r->element == 0 && strcmp(r->ours, r->theirs) == 0)
            continue;
        add_renamed(line, r, is_first);
        is_first = false;
    }
    cali_text_add(line, is_first ? "|" : " |");
}

Test(docs_from_tvb, every_model_of_the_virtual_brain_has_its_line)
{
    cal_context *ctx = cali_test_context(1);
    char *page = NULL;
    read_page(ctx, &page);
    for (size_t i = 0; i < TVB_MODELS; i++) {
        cali_text line = {0};
        model_line(&line, &tvb_models[i]);
        cr_expect(strstr(page, line.data) != NULL, "docs/from-tvb.md lacks the line\n%s", line.data);
        cali_text_free(&line);
    }
    free(page);
    cal_context_destroy(&ctx);
}

/* Every kind of coupling and every held scheme is told of by its name. */
Test(docs_from_tvb, couplings_and_schemes_are_named)
{
    cal_context *ctx = cali_test_context(1);
    char *page = NULL;
    read_page(ctx, &page);
    for (int k = 0; k < CAL_N_COUPLINGS; k++) {
        char cell[64];
        snprintf(cell, sizeof cell, "| `%s` |", cal_coupling_names[k]);
        cr_expect(strstr(page, cell) != NULL, "no row for %s", cell);
    }
    for (int k = 0; k < CAL_N_INTEGRATORS; k++)
        if (cal_integrators[k].holds)
            cr_expect(strstr(page, cal_integrator_names[k]) != NULL, "%s", cal_integrator_names[k]);
    free(page);
    cal_context_destroy(&ctx);
}

/* The first block of YAML is a whole experiment; a generated connectome stands for the file of the reader. */
Test(docs_from_tvb, the_experiment_of_the_page_passes_the_check)
{
    cal_context *ctx = cali_test_context(1);
    char *page = NULL;
    read_page(ctx, &page);
    char *begin = strstr(page, "```yaml\n");
    cr_assert(begin != NULL);
    begin += strlen("```yaml\n");
    char *end = strstr(begin, "```");
    cr_assert(end != NULL);
    char *file = strstr(begin, "  file: connectivity_76.zip");
    cr_assert(file != NULL && file < end);
    memcpy(file, "  generate: {regions: 76}  ", strlen("  file: connectivity_76.zip"));
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cr_assert(cali_experiment_parse(ctx, "from-tvb.yaml", begin, (size_t)(end - begin), NULL, 0, &experiment) == CAL_OK,
              "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(eq(int, cal_session_plan(session).integrator, CAL_SRA1));
    /* of this kind the source is the potential where `from` is left out, and so is the unit */
    cr_expect(eq(dbl, experiment->couplings[0].sigma, 1.7857142857142856));
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    free(page);
    cal_context_destroy(&ctx);
}
