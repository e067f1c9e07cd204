/* Checks of a connectome: what a reader should know before a run, each with a verdict and the regions by name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "connectomes/connectome.h"

enum { N_NAMED = 4, MOST_CHECKS = 16 };

const char *const cal_check_verdict_names[] = {"good", "note", "doubt"};

typedef struct check {
    const char *name;
    cal_check_verdict verdict;
    cali_text found;
} check;

struct cal_connectome_checks {
    check items[MOST_CHECKS];
    size_t n;
};

typedef struct checker {
    cal_context *ctx;
    const cal_connectome *brain;
    cal_connectome_facts facts;
    double speed_mm_per_ms;
    cal_connectome_checks *out;
} checker;

static cali_text *add(checker *c, const char *name, cal_check_verdict verdict)
{
    check *item = &c->out->items[c->out->n++];
    item->name = name;
    item->verdict = verdict;
    return &item->found;
}

/* Names of the regions for which `is_one` holds, at most N_NAMED of them. */
static size_t list_regions(const checker *c, cali_text *text, bool (*is_one)(const checker *, size_t))
{
    size_t n = 0;
    for (size_t i = 0; i < c->brain->n_regions; i++)
        if (is_one(c, i) && n++ < N_NAMED)
            cali_text_format(text, "%s%s", n == 1 ? ": " : ", ", c->brain->labels[i]);
    if (n > N_NAMED)
        cali_text_format(text, " and %zu more", n - N_NAMED);
    return n;
}

static double weight(const checker *c, size_t to, size_t from)
{
    return c->brain->weights[to * c->brain->n_regions + from];
}

static double length(const checker *c, size_t to, size_t from)
{
    return c->brain->lengths_mm[to * c->brain->n_regions + from];
}

/* ---- one function per check ------------------------------------------------------------------ */

static void check_shape(checker *c)
{
    const double n = (double)c->facts.n_regions, pairs = n * (n - 1.0);
    cali_text *text = add(c, "shape", c->facts.n_edges == 0 ? CAL_CHECK_DOUBT : CAL_CHECK_GOOD);
    cali_text_format(text, "%zu x %zu, %zu connections", c->facts.n_regions, c->facts.n_regions, c->facts.n_edges);
    if (pairs > 0.0)
        cali_text_format(text, ", %.1f %% of pairs",
                         100.0 * (double)(c->facts.n_edges - c->facts.n_self_connections) / pairs);
    cali_text_add(text, "; all numbers are finite");
}

static void check_symmetry(checker *c)
{
    const size_t n = c->brain->n_regions;
    if (c->facts.asymmetry == 0.0) {
        cali_text_add(add(c, "symmetry", CAL_CHECK_GOOD), "the weights are symmetric");
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            if (fabs(weight(c, i, j) - weight(c, j, i)) != c->facts.asymmetry)
                continue;
            cali_text_format(add(c, "symmetry", CAL_CHECK_NOTE), "not symmetric, so the direction counts: from %s to %s %g, "
                             "back %g", c->brain->labels[j], c->brain->labels[i], weight(c, i, j), weight(c, j, i));
            return;
        }
}

/* Streamlines within a human brain reach 100 to 500 mm, within that of a mouse about 15 mm. */
static void check_unit(checker *c)
{
    const double longest = c->facts.length_max_mm;
    const bool is_usual = longest >= 10.0 && longest <= 600.0;
    cali_text *text = add(c, "unit of length", longest == 0.0 ? CAL_CHECK_DOUBT : is_usual ? CAL_CHECK_GOOD : CAL_CHECK_NOTE);
    if (longest == 0.0)
        cali_text_add(text, "all lengths are 0, so there are no delays");
    else
        cali_text_format(text, "connections are %g to %g mm long%s", c->facts.length_min_mm, longest,
                         is_usual ? "" : "; a brain has 10 to 600 mm at most: is the unit right?");
}

static bool has_input(const checker *c, size_t i)
{
    for (size_t j = 0; j < c->brain->n_regions; j++)
        if (j != i && weight(c, i, j) != 0.0)
            return true;
    return false;
}

static bool has_output(const checker *c, size_t j)
{
    for (size_t i = 0; i < c->brain->n_regions; i++)
        if (j != i && weight(c, i, j) != 0.0)
            return true;
    return false;
}

static bool is_isolated(const checker *c, size_t i)
{
    return !has_input(c, i) && !has_output(c, i);
}

static bool lacks_input(const checker *c, size_t i)
{
    return !has_input(c, i) && has_output(c, i);
}

static bool lacks_output(const checker *c, size_t i)
{
    return has_input(c, i) && !has_output(c, i);
}

static bool has_self(const checker *c, size_t i)
{
    return weight(c, i, i) != 0.0;
}

static void check_regions(checker *c)
{
    static const struct {
        const char *name, *none, *some;
        cal_check_verdict verdict;
        bool (*is_one)(const checker *, size_t);
    } rows[] = {
        {"isolated regions", "none", "without any connection to others", CAL_CHECK_DOUBT, is_isolated},
        {"regions without input", "none", "send but do not receive", CAL_CHECK_NOTE, lacks_input},
        {"regions without output", "none", "receive but do not send", CAL_CHECK_NOTE, lacks_output},
        {"self-connections", "none", "connected to themselves", CAL_CHECK_NOTE, has_self}};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        cali_text names = {0};
        const size_t n = list_regions(c, &names, rows[k].is_one);
        cali_text *text = add(c, rows[k].name, n == 0 ? CAL_CHECK_GOOD : rows[k].verdict);
        if (n == 0)
            cali_text_add(text, rows[k].none);
        else
            cali_text_format(text, "%zu %s%s", n, rows[k].some, names.data == NULL ? "" : names.data);
        text->is_broken = text->is_broken || names.is_broken;
        cali_text_free(&names);
    }
}

/* Whether one can get from every region to every other when directions do not count. */
static cal_status check_whole(checker *c)
{
    const size_t n = c->brain->n_regions;
    size_t *queue = NULL, n_parts = 0, n_queue = 0;
    uint8_t *seen = NULL;
    cal_status status = cali_alloc(c->ctx, n, sizeof *queue, "checks", &queue);
    if (status == CAL_OK)
        status = cali_alloc(c->ctx, n, 1, "checks", &seen);
    for (size_t start = 0; status == CAL_OK && start < n; start++) {
        if (seen[start])
            continue;
        seen[start] = 1;
        n_parts++;
        size_t at = n_queue;
        for (queue[n_queue++] = start; at < n_queue; at++)
            for (size_t j = 0; j < n; j++)
                if (!seen[j] && (weight(c, queue[at], j) != 0.0 || weight(c, j, queue[at]) != 0.0)) {
                    seen[j] = 1;
                    queue[n_queue++] = j;
                }
    }
    free(queue);
    free(seen);
    if (status != CAL_OK)
        return status;
    cali_text *text = add(c, "one network", n_parts == 1 ? CAL_CHECK_GOOD : CAL_CHECK_DOUBT);
    cali_text_format(text, n_parts == 1 ? "all regions are connected" : "falls into %zu parts without a connection between "
                     "them", n_parts);
    return CAL_OK;
}

/* The pairs of least length, of different regions. */
static void check_delays(checker *c)
{
    const size_t n = c->brain->n_regions;
    size_t to[3], from[3], n_found = 0, n_zero = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (i == j || weight(c, i, j) == 0.0)
                continue;
            n_zero += length(c, i, j) == 0.0;
            size_t k = n_found < 3 ? n_found++ : 3;
            for (; k > 0 && length(c, i, j) < length(c, to[k - 1], from[k - 1]); k--)
                if (k < 3) {
                    to[k] = to[k - 1];
                    from[k] = from[k - 1];
                }
            if (k < 3) {
                to[k] = i;
                from[k] = j;
            }
        }
    cali_text *zero = add(c, "lengths of 0", n_zero == 0 ? CAL_CHECK_GOOD : CAL_CHECK_NOTE);
    if (n_zero == 0)
        cali_text_add(zero, "none between different regions");
    else
        cali_text_format(zero, "%zu connections act without delay, the first from %s to %s", n_zero, c->brain->labels[from[0]],
                         c->brain->labels[to[0]]);
    const double usual_step_ms = 0.1;
    const double least_ms = n_found == 0 ? 0.0 : length(c, to[0], from[0]) / c->speed_mm_per_ms;
    cali_text *text = add(c, "smallest delays", n_found > 0 && least_ms >= usual_step_ms ? CAL_CHECK_GOOD : CAL_CHECK_NOTE);
    cali_text_format(text, n_found == 0 ? "no connections" : "at %g mm/ms", c->speed_mm_per_ms);
    for (size_t k = 0; k < n_found; k++)
        cali_text_format(text, "%s %.3g ms from %s to %s", k == 0 ? ":" : ",", length(c, to[k], from[k]) / c->speed_mm_per_ms,
                         c->brain->labels[from[k]], c->brain->labels[to[k]]);
}

static void check_weights(checker *c)
{
    const size_t n = c->brain->n_regions;
    double least = (double)INFINITY, largest = 0.0;
    size_t n_negative = 0;
    for (size_t i = 0; i < n * n; i++) {
        const double w = c->brain->weights[i];
        n_negative += w < 0.0;
        if (w > 0.0) {
            least = w < least ? w : least;
            largest = w > largest ? w : largest;
        }
    }
    const double decades = largest > 0.0 ? log10(largest / least) : 0.0;
    cali_text *text = add(c, "spread of weights", n_negative > 0 || decades > 6.0 ? CAL_CHECK_NOTE : CAL_CHECK_GOOD);
    cali_text_format(text, "%g to %g, %.1f decades", c->facts.weight_min, c->facts.weight_max, decades);
    if (n_negative > 0)
        cali_text_format(text, "; %zu are negative, which most normalisations refuse", n_negative);
    else if (decades > 6.0)
        cali_text_add(text, "; log-max-one brings them closer together");
}

static bool has_plain_label(const checker *c, size_t i)
{
    return strncmp(c->brain->labels[i], "region_", 7) == 0;
}

static void check_labels(checker *c)
{
    size_t n_plain = 0;
    for (size_t i = 0; i < c->brain->n_regions; i++)
        n_plain += has_plain_label(c, i);
    cali_text *text = add(c, "labels", n_plain == 0 ? CAL_CHECK_GOOD : CAL_CHECK_NOTE);
    if (n_plain == 0)
        cali_text_format(text, "all different, the first %s", c->brain->labels[0]);
    else
        cali_text_format(text, "%zu regions have no name of their own: --labels FILE gives them", n_plain);
}

static void check_hemispheres(checker *c)
{
    const double *centres = c->brain->centres_mm;
    if (centres == NULL || c->brain->is_right == NULL)
        return;
    size_t n_wrong = 0, first = 0;
    for (size_t i = 0; i < c->brain->n_regions; i++) {
        const bool is_wrong = centres[3 * i] != 0.0 && (centres[3 * i] > 0.0) != (c->brain->is_right[i] != 0);
        first = is_wrong && n_wrong == 0 ? i : first;
        n_wrong += is_wrong;
    }
    cali_text *text = add(c, "hemispheres", n_wrong == 0 ? CAL_CHECK_GOOD : CAL_CHECK_NOTE);
    if (n_wrong == 0)
        cali_text_add(text, "regions marked as right have x > 0, the others x < 0");
    else
        cali_text_format(text, "%zu regions lie on the other side than they are marked, the first %s (x = %g mm)", n_wrong,
                         c->brain->labels[first], centres[3 * first]);
}

/* A tract cannot be shorter than the straight line; 1 % is left for rounding. */
static void check_distances(checker *c)
{
    const size_t n = c->brain->n_regions;
    const double *centres = c->brain->centres_mm;
    size_t n_short = 0, to = 0, from = 0, n_edges = 0;
    double worst = 1.0;
    if (centres == NULL) {
        cali_text_add(add(c, "centres", CAL_CHECK_NOTE), "none, so lengths cannot be held against distances");
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (i == j || weight(c, i, j) == 0.0)
                continue;
            const double *a = centres + 3 * i, *b = centres + 3 * j;
            const double distance = sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                                         (a[2] - b[2]) * (a[2] - b[2]));
            n_edges++;
            if (!(length(c, i, j) < 0.99 * distance))
                continue;
            n_short++;
            if (length(c, i, j) / distance < worst) {
                worst = length(c, i, j) / distance;
                to = i;
                from = j;
            }
        }
    cali_text *text = add(c, "lengths and distances", n_short == 0 ? CAL_CHECK_GOOD : CAL_CHECK_NOTE);
    if (n_short == 0)
        cali_text_add(text, "no connection is shorter than the straight line between the centres");
    else
        cali_text_format(text, "%zu of %zu connections are shorter than the straight line between the centres, most from %s to "
                         "%s (%.0f %% of it)", n_short, n_edges, c->brain->labels[from], c->brain->labels[to], 100.0 * worst);
}

/* ---- the list -------------------------------------------------------------------------------- */

static cal_status run_checks(checker *c)
{
    check_shape(c);
    check_symmetry(c);
    check_unit(c);
    check_regions(c);
    CAL_TRY(check_whole(c));
    check_delays(c);
    check_weights(c);
    check_labels(c);
    check_hemispheres(c);
    check_distances(c);
    for (size_t i = 0; i < c->out->n; i++)
        if (c->out->items[i].found.is_broken)
            return CAL_FAIL(c->ctx, CAL_ERR_MEMORY, "no memory for the checks");
    return CAL_OK;
}

cal_status cal_connectome_check(cal_context *ctx, const cal_connectome *connectome, double speed_mm_per_ms,
                                cal_connectome_checks **out)
{
    *out = NULL;
    checker c = {.ctx = ctx, .brain = connectome, .speed_mm_per_ms = speed_mm_per_ms};
    CAL_TRY(cal_connectome_describe(ctx, connectome, speed_mm_per_ms, &c.facts));
    CAL_TRY(cali_alloc(ctx, 1, sizeof *c.out, "checks", &c.out));
    const cal_status status = run_checks(&c);
    if (status == CAL_OK)
        *out = c.out;
    else
        cal_connectome_checks_destroy(&c.out);
    return status;
}

void cal_connectome_checks_destroy(cal_connectome_checks **checks)
{
    if (checks == NULL || *checks == NULL)
        return;
    for (size_t i = 0; i < (*checks)->n; i++)
        cali_text_free(&(*checks)->items[i].found);
    free(*checks);
    *checks = NULL;
}

size_t cal_connectome_checks_n(const cal_connectome_checks *checks)
{
    return checks->n;
}

cal_connectome_check_row cal_connectome_checks_get(const cal_connectome_checks *checks, size_t index)
{
    const check *item = &checks->items[index];
    return (cal_connectome_check_row){item->name, item->verdict, item->found.data == NULL ? "" : item->found.data};
}
