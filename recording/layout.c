/* What a recording will hold: copies of the definitions, the estimate, and the budget. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/parts.h"

cal_status cali_failure_set(cali_failure *failure, cal_status status, const char *format, ...)
{
    if (failure->status == CAL_OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(failure->text, sizeof failure->text, format, args);
        va_end(args);
        failure->status = status;
    }
    return status;
}

cal_status cali_texts_copy(cal_context *ctx, size_t n, const char *const *texts, char ***out)
{
    CAL_TRY(cali_alloc(ctx, n, sizeof **out, "texts", out));
    for (size_t i = 0; i < n; i++) {
        const cal_status status = cali_copy_text(ctx, texts[i] == NULL ? "" : texts[i], &(*out)[i]);
        if (status != CAL_OK) {
            cali_texts_free(n, *out);
            *out = NULL;
            return status;
        }
    }
    return CAL_OK;
}

void cali_texts_free(size_t n, char **texts)
{
    if (texts == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

/* ---- adding -----------------------------------------------------------------------------------
 */

/* A name of one part of a path: letters, digits, _ and . ; `also` lists more letters. */
static bool is_name(const char *name, const char *also)
{
    if (name == NULL || name[0] == '\0' || strlen(name) > 200 || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("_.", *c) == NULL && strchr(also, *c) == NULL)
            return false;
    return true;
}

/* Whether the root group has a signal or an axis of this name (its first `n` letters). */
static bool is_dataset(const cali_layout *layout, const char *name, size_t n)
{
    for (size_t i = 0; i < layout->n_signals; i++) {
        const cali_rec_signal *signal = &layout->signals[i];
        if ((strlen(signal->name) == n && strncmp(signal->name, name, n) == 0) ||
            (strlen(signal->axis) == n && strncmp(signal->axis, name, n) == 0))
            return true;
    }
    return false;
}

/* Whether the root group has, or will have, a group or a time axis of this name. */
static bool is_group(const cali_layout *layout, const char *name)
{
    if (strncmp(name, "time_", 5) == 0 || strcmp(name, "spikes") == 0)
        return true;
    for (size_t i = 0; i < layout->n_constants; i++) {
        const size_t n = strcspn(layout->constants[i].path, "/");
        if (strlen(name) == n && strncmp(layout->constants[i].path, name, n) == 0)
            return true;
    }
    return false;
}

/* Signals on one axis have the same columns. */
static cal_status check_axis(cal_context *ctx, const cali_layout *layout, const cal_signal_def *def)
{
    if (!is_name(def->axis, "") || strcmp(def->axis, def->name) == 0 || is_group(layout, def->axis))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "signal %s: the axis needs a name of its own",
                        def->name);
    for (size_t i = 0; i < layout->n_signals; i++) {
        const cali_rec_signal *other = &layout->signals[i];
        if (strcmp(other->name, def->axis) == 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "axis %s of signal %s is the name of a signal",
                            def->axis, def->name);
        if (strcmp(other->axis, def->axis) != 0)
            continue;
        bool is_same = other->n_columns == def->n_columns;
        for (size_t k = 0; is_same && k < def->n_columns; k++)
            is_same = strcmp(other->labels[k], def->labels[k]) == 0;
        if (!is_same)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                            "signals %s and %s share the axis %s but not its labels", other->name,
                            def->name, def->axis);
    }
    return CAL_OK;
}

static cal_status check_signal(cal_context *ctx, const cali_layout *layout,
                               const cal_signal_def *def)
{
    if (!is_name(def->name, ""))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "\"%s\" is no name of a signal: letters, digits, _ and . are",
                        def->name == NULL ? "" : def->name);
    if (is_dataset(layout, def->name, strlen(def->name)) || is_group(layout, def->name))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "the name %s is used already", def->name);
    if (def->every <= 0 || def->t_first < 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "signal %s: every must be > 0 and t_first >= 0",
                        def->name);
    if (def->n_columns == 0 || def->n_columns > 100000000 || def->labels == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "signal %s: %zu columns", def->name, def->n_columns);
    return check_axis(ctx, layout, def);
}

cal_status cali_layout_add_signal(cal_context *ctx, cali_layout *layout, const cal_signal_def *def)
{
    CAL_TRY(check_signal(ctx, layout, def));
    CAL_TRY(cali_reserve(ctx, layout->n_signals + 1, sizeof *layout->signals, &layout->signals,
                         &layout->signal_capacity));
    cali_rec_signal *signal = &layout->signals[layout->n_signals];
    *signal = (cali_rec_signal){.t_first = def->t_first,
                                .every = def->every,
                                .n_columns = def->n_columns,
                                .is_float32 = def->is_float32};
    layout->n_signals++; /* what follows is freed with the layout */
    CAL_TRY(cali_copy_text(ctx, def->name, &signal->name));
    CAL_TRY(cali_copy_text(ctx, def->unit == NULL ? "1" : def->unit, &signal->unit));
    CAL_TRY(cali_copy_text(ctx, def->long_name == NULL ? def->name : def->long_name,
                           &signal->long_name));
    CAL_TRY(cali_copy_text(ctx, def->axis, &signal->axis));
    CAL_TRY(cali_copy_text(ctx, def->monitor, &signal->monitor));
    return cali_texts_copy(ctx, def->n_columns, def->labels, &signal->labels);
}

cal_status cali_layout_add_spikes(cal_context *ctx, cali_layout *layout, const cal_spikes_def *def)
{
    /* region labels of atlases hold spaces, brackets and more; only the slash divides paths */
    if (def->region == NULL || def->population == NULL || def->region[0] == '\0' ||
        def->population[0] == '\0' || strchr(def->region, '/') != NULL ||
        strpbrk(def->population, "/.") != NULL || strlen(def->region) > 200 ||
        strlen(def->population) > 200)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "spikes need the names of a region and a population without slash");
    if (def->n_recorded > def->n_neurons || !(def->expected_rate_Hz >= 0.0) ||
        isinf(def->expected_rate_Hz))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "spikes of %s.%s: %u of %u neurons recorded at %g Hz", def->region,
                        def->population, def->n_recorded, def->n_neurons, def->expected_rate_Hz);
    for (size_t i = 0; i < layout->n_trains; i++)
        if (strcmp(layout->trains[i].region, def->region) == 0 &&
            strcmp(layout->trains[i].population, def->population) == 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "spikes of %s.%s are recorded already",
                            def->region, def->population);
    CAL_TRY(cali_reserve(ctx, layout->n_trains + 1, sizeof *layout->trains, &layout->trains,
                         &layout->train_capacity));
    cali_rec_train *train = &layout->trains[layout->n_trains];
    *train = (cali_rec_train){.n_neurons = def->n_neurons,
                              .n_recorded = def->n_recorded,
                              .expected_rate_Hz = def->expected_rate_Hz};
    layout->n_trains++;
    CAL_TRY(cali_copy_text(ctx, def->region, &train->region));
    return cali_copy_text(ctx, def->population, &train->population);
}

/* "group/name", "group/sub/name": below a group that is no signal and not the spikes. Names below the group may be labels
 * of regions, which hold blanks and more. */
static cal_status add_constant(cal_context *ctx, cali_layout *layout, const char *path,
                               cali_rec_constant **out)
{
    bool is_good = path != NULL && strchr(path, '/') != NULL && strlen(path) < 450;
    for (const char *part = path; is_good && part != NULL;) {
        char name[450];
        const size_t n = strcspn(part, "/");
        memcpy(name, part, n);
        name[n] = '\0';
        is_good = part == path ? is_name(name, "-") : n > 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
        part = part[n] == '/' ? part + n + 1 : NULL;
    }
    if (!is_good || strncmp(path, "spikes/", 7) == 0 || strncmp(path, "time_", 5) == 0 ||
        is_dataset(layout, path, strcspn(path, "/")))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "\"%s\" is no path group/name of a constant",
                        path == NULL ? "" : path);
    if (cali_layout_find_constant(layout, path) != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "the constant %s is there already", path);
    CAL_TRY(cali_reserve(ctx, layout->n_constants + 1, sizeof *layout->constants,
                         &layout->constants, &layout->constant_capacity));
    *out = &layout->constants[layout->n_constants];
    **out = (cali_rec_constant){0};
    layout->n_constants++;
    return cali_copy_text(ctx, path, &(*out)->path);
}

cal_status cali_layout_add_matrix(cal_context *ctx, cali_layout *layout, const char *path,
                                  const char *unit, size_t n_rows, size_t n_columns,
                                  const double *values)
{
    cali_rec_constant *constant = NULL;
    if (n_columns != 0 && n_rows > SIZE_MAX / 16 / n_columns)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %zu x %zu values", path, n_rows, n_columns);
    CAL_TRY(add_constant(ctx, layout, path, &constant));
    constant->n_rows = n_rows;
    constant->n_columns = n_columns;
    CAL_TRY(cali_copy_text(ctx, unit == NULL ? "1" : unit, &constant->unit));
    CAL_TRY(cali_alloc(ctx, n_rows * n_columns, sizeof *values, path, &constant->values));
    if (n_rows * n_columns > 0)
        memcpy(constant->values, values, n_rows * n_columns * sizeof *values);
    return CAL_OK;
}

cal_status cali_layout_add_texts(cal_context *ctx, cali_layout *layout, const char *path, size_t n,
                                 const char *const *texts)
{
    cali_rec_constant *constant = NULL;
    CAL_TRY(add_constant(ctx, layout, path, &constant));
    CAL_TRY(cali_texts_copy(ctx, n, texts, &constant->texts));
    constant->n_rows = n;
    constant->n_columns = 1;
    return CAL_OK;
}

const cali_rec_constant *cali_layout_find_constant(const cali_layout *layout, const char *path)
{
    for (size_t i = 0; i < layout->n_constants; i++)
        if (layout->constants[i].path != NULL && strcmp(layout->constants[i].path, path) == 0)
            return &layout->constants[i];
    return NULL;
}

void cali_layout_clear(cali_layout *layout)
{
    for (size_t i = 0; i < layout->n_signals; i++) {
        cali_rec_signal *signal = &layout->signals[i];
        cali_texts_free(signal->n_columns, signal->labels);
        free(signal->name);
        free(signal->unit);
        free(signal->long_name);
        free(signal->axis);
        free(signal->monitor);
    }
    for (size_t i = 0; i < layout->n_trains; i++) {
        free(layout->trains[i].region);
        free(layout->trains[i].population);
    }
    for (size_t i = 0; i < layout->n_constants; i++) {
        cali_rec_constant *constant = &layout->constants[i];
        cali_texts_free(constant->n_rows, constant->texts);
        free(constant->path);
        free(constant->unit);
        free(constant->values);
    }
    free(layout->title);
    free(layout->signals);
    free(layout->trains);
    free(layout->constants);
    *layout = (cali_layout){0};
}

/* ---- estimate ---------------------------------------------------------------------------------
 */

size_t cali_layout_rows_until(cal_time t_first, cal_time every, cal_time t)
{
    return t < t_first ? 0 : (size_t)((t - t_first) / every) + 1;
}

static double signal_bytes(const cali_layout *layout, const cali_rec_signal *signal)
{
    const double n_rows =
        (double)cali_layout_rows_until(signal->t_first, signal->every, layout->duration);
    return n_rows * ((double)signal->n_columns * (signal->is_float32 ? 4.0 : 8.0) + 8.0);
}

double cali_layout_spikes(const cali_layout *layout, const cali_rec_train *train)
{
    return train->n_recorded * train->expected_rate_Hz * cal_time_ms(layout->duration) / 1e3;
}

/* A spike takes a time and a number of 8 bytes each. */
static double train_bytes(const cali_layout *layout, const cali_rec_train *train)
{
    return 16.0 * cali_layout_spikes(layout, train);
}

static double constant_bytes(const cali_rec_constant *constant)
{
    double bytes = 0.0;
    if (constant->values != NULL)
        bytes = 8.0 * (double)(constant->n_rows * constant->n_columns);
    for (size_t i = 0; constant->texts != NULL && i < constant->n_rows; i++)
        bytes += (double)strlen(constant->texts[i]);
    return bytes;
}

double cali_layout_estimate(const cali_layout *layout)
{
    double bytes = 0.0;
    for (size_t i = 0; i < layout->n_signals; i++)
        bytes += signal_bytes(layout, &layout->signals[i]);
    for (size_t i = 0; i < layout->n_trains; i++)
        bytes += train_bytes(layout, &layout->trains[i]);
    for (size_t i = 0; i < layout->n_constants; i++)
        bytes += constant_bytes(&layout->constants[i]);
    return bytes;
}

/* ---- budget -----------------------------------------------------------------------------------
 */

/* "398 GB": three digits, decimal units. */
static void add_size(cali_text *text, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    for (; bytes >= 999.5 && unit < 5; unit++)
        bytes /= 1000.0;
    cali_text_format(text, "%.*f %s",
                     bytes >= 99.95 || unit == 0 ? 0
                     : bytes >= 9.995            ? 1
                                                 : 2,
                     bytes, units[unit]);
}

/* The next round number that is not below x (or, going down, not above): 1, 2 or 5 times a power
 * of ten, and for sizes the steps in `ladder`. */
static double round_number(double x, const double *ladder, size_t n, bool is_up)
{
    double power = 1e-9;
    while (power * 10.0 <= x)
        power *= 10.0;
    if (is_up) {
        for (size_t i = 0; i < n; i++)
            if (ladder[i] * power >= x * (1.0 - 1e-12))
                return ladder[i] * power;
        return 10.0 * power;
    }
    double best = power;
    for (size_t i = 0; i < n; i++)
        if (ladder[i] * power <= x * (1.0 + 1e-12))
            best = ladder[i] * power;
    return best;
}

static const double coarse[] = {1.0, 2.0, 5.0};
static const double fine[] = {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0};

static void add_duration(cali_text *text, double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;
    for (; ns >= 1000.0 * (1.0 - 1e-12) && unit < 3; unit++)
        ns /= 1000.0;
    cali_text_format(text, "%g %s", ns, units[unit]);
}

typedef struct share {
    char name[256];
    double bytes;
} share;

static int by_size(const void *a, const void *b)
{
    const share *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : strcmp(x->name, y->name);
}

/* The parts of the estimate, largest first; the constants are one part. */
static size_t list_shares(const cali_layout *layout, share *shares)
{
    size_t n = 0;
    for (size_t i = 0; i < layout->n_signals; i++, n++) {
        snprintf(shares[n].name, sizeof shares[n].name, "%s", layout->signals[i].name);
        shares[n].bytes = signal_bytes(layout, &layout->signals[i]);
    }
    for (size_t i = 0; i < layout->n_trains; i++, n++) {
        const cali_rec_train *train = &layout->trains[i];
        snprintf(shares[n].name, sizeof shares[n].name, "spikes of %.100s.%.100s", train->region,
                 train->population);
        shares[n].bytes = train_bytes(layout, train);
    }
    double constants = 0.0;
    for (size_t i = 0; i < layout->n_constants; i++)
        constants += constant_bytes(&layout->constants[i]);
    if (constants > 0.0) {
        snprintf(shares[n].name, sizeof shares[n].name, "constants");
        shares[n++].bytes = constants;
    }
    qsort(shares, n, sizeof *shares, by_size);
    return n;
}

/* The largest signals are thinned, all by the same step, until everything fits: the step, or 0 if
 * even without them it would not. */
static double advise_every(const cali_layout *layout, double total, double budget)
{
    double sampled = 0.0;
    const cali_rec_signal *largest = NULL;
    for (size_t i = 0; i < layout->n_signals; i++) {
        const double bytes = signal_bytes(layout, &layout->signals[i]);
        sampled += bytes;
        if (largest == NULL || bytes > signal_bytes(layout, largest))
            largest = &layout->signals[i];
    }
    if (largest == NULL)
        return 0.0;
    const double most = signal_bytes(layout, largest);
    double factor = 0.0;
    if (total - most < budget)
        factor = most / (budget - (total - most));
    else if (total - sampled < budget)
        factor = sampled / (budget - (total - sampled));
    const double step = round_number(factor * (double)largest->every, coarse, 3, true);
    return factor > 0.0 && step < (double)layout->duration ? step : 0.0;
}

/* Percent of the neurons whose spikes fit, or 0. */
static double advise_fraction(const cali_layout *layout, double total, double budget)
{
    double spikes = 0.0, n_neurons = 0.0, n_recorded = 0.0;
    for (size_t i = 0; i < layout->n_trains; i++) {
        spikes += train_bytes(layout, &layout->trains[i]);
        n_neurons += layout->trains[i].n_neurons;
        n_recorded += layout->trains[i].n_recorded;
    }
    if (!(spikes > 0.0) || total - spikes >= budget)
        return 0.0;
    const double percent = 100.0 * n_recorded / n_neurons * (budget - (total - spikes)) / spikes;
    const double round = round_number(percent, coarse, 3, false);
    return round >= 0.001 ? round : 0.0;
}

static void describe(const cali_layout *layout, share *shares, double total, double budget,
                     cali_text *text)
{
    enum { N_SHOWN = 4 };
    const size_t n = list_shares(layout, shares);
    cali_text_add(text, "C501 recording would take ");
    add_size(text, total);
    for (size_t i = 0; i < n && i < N_SHOWN; i++) {
        cali_text_format(text, "%s%s ", i == 0 ? ": " : ", ", shares[i].name);
        add_size(text, shares[i].bytes);
    }
    if (n > N_SHOWN) {
        double rest = 0.0;
        for (size_t i = N_SHOWN; i < n; i++)
            rest += shares[i].bytes;
        cali_text_format(text, ", %zu more ", n - N_SHOWN);
        add_size(text, rest);
    }
    cali_text_add(text, ". Try ");
    const double every = advise_every(layout, total, budget);
    const double fraction = advise_fraction(layout, total, budget);
    if (every > 0.0) {
        cali_text_add(text, "every: ");
        add_duration(text, every);
        cali_text_add(text, fraction > 0.0 ? ", " : " or ");
    }
    if (fraction > 0.0)
        cali_text_format(text, "fraction: %g %%%s", fraction, every > 0.0 ? ", or " : " or ");
    /* sizes up to 999.5 are whole numbers of their unit, so a rounded budget prints as "500 GB" */
    double unit = 1.0;
    while (total / unit >= 999.5)
        unit *= 1000.0;
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t k = 0;
    for (double u = 1.0; u < unit && k < 6; u *= 1000.0)
        k++;
    cali_text_format(text, "budget: %g %s.", round_number(total / unit, fine, 9, true), units[k]);
}

cal_status cali_layout_check_budget(cal_context *ctx, const cali_layout *layout,
                                    double budget_bytes)
{
    const double total = cali_layout_estimate(layout);
    if (!(budget_bytes > 0.0) || total <= budget_bytes)
        return CAL_OK;
    share *shares = NULL;
    CAL_TRY(cali_alloc(ctx, layout->n_signals + layout->n_trains + 1, sizeof *shares, "estimate",
                       &shares));
    cali_text text = {0};
    describe(layout, shares, total, budget_bytes, &text);
    const cal_status status =
        CAL_FAIL(ctx, CAL_ERR_INPUT, "%s",
                 text.is_broken ? "C501 recording is above its budget" : text.data);
    cali_text_free(&text);
    free(shares);
    return status;
}
