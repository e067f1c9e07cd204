/* The page of a connectome's checks: the numbers as one JSON text, in the frame check.html, with the scripts of the report. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "report/page.h"
#include "report/page_encode.h"

enum { REGIONS_MOST = 1024, N_BINS = 40 };

typedef struct subject {
    cal_context *ctx;
    const cal_connectome *brain;
    const cal_connectome_checks *checks;
    double speed_mm_per_ms;
    size_t n, step; /* regions drawn: every step-th */
} subject;

static double weight(const subject *s, size_t i, size_t j)
{
    return cal_connectome_weights(s->brain)[i * cal_connectome_n_regions(s->brain) + j];
}

static void add_checks(const subject *s, cali_text *json)
{
    cali_json_open(json, "checks", "[");
    for (size_t i = 0; i < cal_connectome_checks_n(s->checks); i++) {
        const cal_connectome_check_row row = cal_connectome_checks_get(s->checks, i);
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "name", row.name);
        cali_json_text(json, "verdict", cal_check_verdict_names[row.verdict]);
        cali_json_text(json, "found", row.found);
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
}

static void add_regions(const subject *s, cali_text *json)
{
    const double *centres = cal_connectome_centres_mm(s->brain);
    cali_json_open(json, "regions", "{");
    cali_json_number(json, "total", (double)cal_connectome_n_regions(s->brain));
    cali_json_open(json, "labels", "[");
    for (size_t i = 0; i < s->n; i++)
        cali_json_text(json, NULL, cal_connectome_labels(s->brain)[i * s->step]);
    cali_json_close(json, "]");
    cali_json_open(json, "spiking", "[");
    cali_json_close(json, "]");
    if (centres != NULL) {
        cali_json_open(json, "centres_mm", "[");
        for (size_t i = 0; i < s->n; i++) {
            cali_json_open(json, NULL, "[");
            for (size_t k = 0; k < 3; k++)
                cali_json_number(json, NULL, centres[3 * i * s->step + k]);
            cali_json_close(json, "]");
        }
        cali_json_close(json, "]");
    }
    cali_json_close(json, "}");
}

/* Inputs and outputs of each region, counted over all regions. */
static void add_degrees(const subject *s, cali_text *json)
{
    const size_t n = cal_connectome_n_regions(s->brain);
    static const char *const keys[] = {"inputs", "outputs", "strength"};
    for (int kind = 0; kind < 3; kind++) {
        cali_json_open(json, keys[kind], "[");
        for (size_t i = 0; i < s->n; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < n; j++) {
                const double w = kind == 1 ? weight(s, j, i * s->step) : weight(s, i * s->step, j);
                sum += kind == 2 ? w : w != 0.0;
            }
            cali_json_number(json, NULL, sum);
        }
        cali_json_close(json, "]");
    }
}

static cal_status add_matrix(const subject *s, const char *key, const double *values, cali_text *json)
{
    const size_t n = cal_connectome_n_regions(s->brain);
    double *shown = NULL;
    CAL_TRY(cali_alloc(s->ctx, s->n * s->n, sizeof *shown, "page", &shown));
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->n; j++)
            shown[i * s->n + j] = values[i * s->step * n + j * s->step];
    cali_text_format(json, ", \"%s\": ", key);
    const cal_status status = cali_page_float32(s->ctx, json, shown, s->n * s->n);
    free(shown);
    return status;
}

/* Counts in bins of equal width from low to high; what lies at the upper end is in the last bin. */
static void add_histogram(const subject *s, const char *key, bool is_delay, cali_text *json)
{
    const size_t n = cal_connectome_n_regions(s->brain);
    double low = is_delay ? 0.0 : (double)INFINITY, high = is_delay ? 0.0 : -(double)INFINITY, counts[N_BINS] = {0};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n * n; i++) {
            const double w = cal_connectome_weights(s->brain)[i];
            if (w == 0.0 || (!is_delay && w < 0.0))
                continue;
            const double x = is_delay ? cal_connectome_lengths_mm(s->brain)[i] / s->speed_mm_per_ms : log10(w);
            low = x < low ? x : low;
            high = x > high ? x : high;
            if (pass == 1) {
                const double place = high > low ? floor((x - low) / (high - low) * N_BINS) : 0.0;
                counts[(size_t)fmin(place, N_BINS - 1)] += 1.0;
            }
        }
    cali_json_open(json, key, "{");
    cali_json_number(json, "low", low);
    cali_json_number(json, "high", high);
    cali_json_open(json, "counts", "[");
    for (size_t k = 0; k < N_BINS; k++)
        cali_json_number(json, NULL, counts[k]);
    cali_json_close(json, "]");
    cali_json_close(json, "}");
}

static cal_status add_data(const subject *s, cali_text *json)
{
    const size_t n = cal_connectome_n_regions(s->brain);
    size_t n_edges = 0;
    for (size_t i = 0; i < n * n; i++)
        n_edges += cal_connectome_weights(s->brain)[i] != 0.0;
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "version", CAL_VERSION);
    cali_json_text(json, "title", cal_connectome_name(s->brain));
    cali_json_number(json, "speed_mm_per_ms", s->speed_mm_per_ms);
    add_checks(s, json);
    add_regions(s, json);
    add_histogram(s, "weights", false, json);
    add_histogram(s, "delays_ms", true, json);
    cali_json_open(json, "connectome", "{");
    cali_json_number(json, "connections", (double)n_edges);
    add_degrees(s, json);
    CAL_TRY(add_matrix(s, "weights", cal_connectome_weights(s->brain), json));
    CAL_TRY(add_matrix(s, "lengths_mm", cal_connectome_lengths_mm(s->brain), json));
    cali_json_close(json, "}");
    cali_json_close(json, "}");
    return CAL_OK;
}

static cal_status add_piece(cal_context *ctx, void *user, const char *name, cali_text *page)
{
    (void)ctx;
    (void)name; /* the frame has no other piece of its own */
    cali_text json = {0}; /* a text of its own, for it begins without a comma */
    const cal_status status = add_data(user, &json);
    if (status == CAL_OK)
        cali_text_add_bytes(page, json.data, json.size);
    page->is_broken = page->is_broken || json.is_broken;
    cali_text_free(&json);
    return status;
}

cal_status cal_report_connectome(cal_context *ctx, const cal_connectome *connectome, const cal_connectome_checks *checks,
                                 double speed_mm_per_ms, const char *path)
{
    const size_t n = cal_connectome_n_regions(connectome), step = (n + REGIONS_MOST - 1) / REGIONS_MOST;
    subject s = {ctx, connectome, checks, speed_mm_per_ms, (n + step - 1) / step, step};
    cali_text page = {0};
    cal_status status = cali_page_fill(ctx, CALI_PAGE_CHECK, add_piece, &s, &page);
    if (status == CAL_OK)
        status = cali_file_write(ctx, path, page.data, page.size);
    cali_text_free(&page);
    return status;
}
