#include "support/synthetic.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "callosum/recording.h"

enum { WIRING, MEANS, PROCESS, SPIKES }; /* uses of random numbers */

cali_synthetic cali_synthetic_default(void)
{
    return (cali_synthetic){.title = "Synthetic brain with one spiking region",
                            .n_regions = 68,
                            .duration_ms = 10000.0,
                            .transient_ms = 1000.0,
                            .every_ms = 1,
                            .seed = 1,
                            .noise_seed = 1,
                            .peak_Hz = 10.0,
                            .rate_factor = 1.0,
                            .n_groups = 5,
                            .spiking = 12,
                            .n_neurons = 10000,
                            .n_recorded = 2000,
                            .started = "2026-01-01T12:00:00Z",
                            .has_sensors = true,
                            .has_manifest = true,
                            .has_connectome = true,
                            .is_complete = true};
}

static cali_random draw(uint32_t seed, uint32_t use, uint32_t i, uint32_t t)
{
    return cali_philox(cali_key_from_seed(seed), i, t, use, 0x73796e74u);
}

static double uniform(uint32_t seed, uint32_t use, uint32_t i, uint32_t t)
{
    const cali_random r = draw(seed, use, i, t);
    return cali_uniform(r.word[0], r.word[1]);
}

static double normal(uint32_t seed, uint32_t use, uint32_t i, uint32_t t)
{
    double a, b;
    cali_normal(draw(seed, use, i, t), &a, &b);
    return a;
}

static void *space(size_t n, size_t size)
{
    void *out = calloc(n == 0 ? 1 : n, size);
    assert(out != NULL);
    return out;
}

/* ---- wiring: points on two half ellipsoids, weights that fall with distance ---------------- */

typedef struct wiring {
    double *weights, *lengths_mm, *centres_mm;
    char **labels;
} wiring;

static void place(const cali_synthetic *def, size_t i, double *centre)
{
    const size_t half = def->n_regions / 2, k = i % half;
    const double height = 1.0 - 2.0 * ((double)k + 0.5) / (double)half, turn = 2.399963 * (double)k;
    const double across = sqrt(1.0 - height * height), own = 0.9 + 0.2 * uniform(def->seed, WIRING, (uint32_t)k, 1);
    const double side = i < half ? -1.0 : 1.0;
    centre[0] = side * (8.0 + 56.0 * own * fabs(across * cos(turn)));
    centre[1] = 82.0 * own * across * sin(turn) - 15.0;
    centre[2] = 55.0 * own * height + 10.0;
}

/* The wiring of the connectome in place of one of its own. */
static void rewire(const cal_connectome *connectome, wiring *out)
{
    const size_t n = cal_connectome_n_regions(connectome);
    memcpy(out->weights, cal_connectome_weights(connectome), n * n * sizeof(double));
    memcpy(out->lengths_mm, cal_connectome_lengths_mm(connectome), n * n * sizeof(double));
    memcpy(out->centres_mm, cal_connectome_centres_mm(connectome), 3 * n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        free(out->labels[i]);
        out->labels[i] = strdup(cal_connectome_labels(connectome)[i]);
    }
}

static void wire(const cali_synthetic *def, wiring *out)
{
    const size_t n = def->n_regions, half = n / 2;
    out->weights = space(n * n, sizeof(double));
    out->lengths_mm = space(n * n, sizeof(double));
    out->centres_mm = space(3 * n, sizeof(double));
    out->labels = space(n, sizeof(char *));
    for (size_t i = 0; i < n; i++) {
        char label[64];
        snprintf(label, sizeof label, "%s.area%02zu", i < half ? "L" : "R", i % half);
        const char *own = i == def->spiking ? def->spiking_label : i == 0 ? def->first_label : NULL;
        out->labels[i] = strdup(own != NULL ? own : label);
        place(def, i, out->centres_mm + 3 * i);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            const double *a = out->centres_mm + 3 * i, *b = out->centres_mm + 3 * j;
            const double mm = sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                                   (a[2] - b[2]) * (a[2] - b[2]));
            const uint32_t pair = (uint32_t)(i * n + j);
            out->lengths_mm[i * n + j] = out->lengths_mm[j * n + i] = 1.3 * mm;
            if (uniform(def->seed, WIRING, pair, 2) > 1.2 * exp(-mm / 60.0) && i != j + half)
                continue;
            const double weight = exp(-mm / 35.0 + normal(def->seed, WIRING, pair, 3));
            out->weights[i * n + j] = out->weights[j * n + i] = weight;
        }
    }
    if (def->connectome != NULL)
        rewire(def->connectome, out);
}

static void unwire(const cali_synthetic *def, wiring *w)
{
    for (size_t i = 0; i < def->n_regions; i++)
        free(w->labels[i]);
    free(w->labels);
    free(w->weights);
    free(w->lengths_mm);
    free(w->centres_mm);
}

/* ---- processes --------------------------------------------------------------------------- */

/* x_t = 2 r cos(w) x_(t-1) - r^2 x_(t-2) + e of variance 1 (Box & Jenkins 1970, section 3.2). */
static void resonate(const cali_synthetic *def, uint32_t stream, size_t n, double *x)
{
    const double r = 0.985, r2 = r * r, cosine = cos(2.0 * CALI_PI * def->peak_Hz / 1000.0);
    const double a = 2.0 * r * cosine, b = -r2;
    const double variance = (1.0 - b) / ((1.0 + b) * ((1.0 - b) * (1.0 - b) - a * a));
    const double scale = 1.0 / sqrt(variance);
    double last = 0.0, before = 0.0;
    for (size_t k = 0; k < n + 1000; k++) { /* 1 s until stationary */
        const double now = a * last + b * before + scale * normal(def->noise_seed, PROCESS, stream, (uint32_t)k);
        before = last;
        last = now;
        if (k >= 1000)
            x[k - 1000] = now;
    }
}

/* Rates of all regions, (n_rows x n_regions), Hz. */
static double *make_rates(const cali_synthetic *def, size_t n_rows)
{
    const size_t n = def->n_regions;
    double *rates = space(n_rows * n, sizeof(double)), *own = space(n_rows, sizeof(double));
    double *shared = space(n_rows * def->n_groups, sizeof(double));
    for (size_t g = 0; g < def->n_groups; g++)
        resonate(def, (uint32_t)(100000 + g), n_rows, shared + g * n_rows);
    for (size_t i = 0; i < n; i++) {
        const double mean = 4.0 + 8.0 * uniform(def->seed, MEANS, (uint32_t)i, 0);
        const double factor = i == def->spiking ? def->rate_factor : 1.0;
        const size_t half = n / 2, group = i % half * def->n_groups / half % def->n_groups;
        resonate(def, (uint32_t)i, n_rows, own);
        for (size_t t = 0; t < n_rows; t++) {
            const double x = sqrt(0.5) * (shared[group * n_rows + t] + own[t]);
            rates[t * n + i] = factor * mean * exp(0.4 * x - 0.08);
        }
    }
    free(own);
    free(shared);
    return rates;
}

/* Fires the neurons of one millisecond; returns the number of spikes of all, records the first ones. */
static size_t fire(const cali_synthetic *def, size_t t, double rate_Hz, cal_time *times, uint32_t *ids,
                   size_t *n_recorded)
{
    size_t n = 0;
    *n_recorded = 0;
    for (uint32_t i = 0; i < def->n_neurons; i++) {
        const cali_random r = draw(def->noise_seed, SPIKES, i, (uint32_t)t);
        if (cali_uniform(r.word[0], r.word[1]) >= rate_Hz / 1000.0)
            continue;
        n++;
        if (i >= def->n_recorded)
            continue;
        times[*n_recorded] = (cal_time)(t + 1) * CAL_NS_PER_MS;
        ids[(*n_recorded)++] = i;
    }
    return n;
}

/* ---- writing ----------------------------------------------------------------------------- */

enum { N_SENSORS = 3 };

static cal_status describe(const cali_synthetic *def, const wiring *w, cal_recorder *recorder, size_t signal[3],
                           size_t *train)
{
    const size_t n = def->n_regions;
    cal_signal_def rate = {.name = "rate",
                           .unit = "Hz",
                           .long_name = "population rate",
                           .t_first = (cal_time)def->every_ms * CAL_NS_PER_MS,
                           .every = (cal_time)def->every_ms * CAL_NS_PER_MS,
                           .axis = "region",
                           .n_columns = n,
                           .labels = (const char *const *)w->labels};
    cal_signal_def v = rate;
    v.name = "v";
    v.unit = "1";
    v.long_name = "mean membrane potential";
    v.is_float32 = true;
    CAL_TRY(cal_recorder_add_signal(recorder, &rate, &signal[0]));
    CAL_TRY(cal_recorder_add_signal(recorder, &v, &signal[1]));
    if (def->has_sensors) {
        const char *const sensors[N_SENSORS] = {"Fz", def->first_label == NULL ? "Cz" : def->first_label, "Oz"};
        cal_signal_def eeg = rate;
        eeg.name = "eeg";
        eeg.unit = "uV";
        eeg.long_name = "eeg of rate";
        eeg.axis = "sensor_eeg";
        eeg.n_columns = N_SENSORS;
        eeg.labels = sensors;
        eeg.monitor = "eeg";
        CAL_TRY(cal_recorder_add_signal(recorder, &eeg, &signal[2]));
    }
    if (def->spiking < n) {
        const cal_spikes_def spikes = {w->labels[def->spiking], "E", def->n_neurons, def->n_recorded, 10.0};
        CAL_TRY(cal_recorder_add_spikes(recorder, &spikes, train));
    }
    if (!def->has_connectome)
        return CAL_OK;
    CAL_TRY(cal_recorder_add_matrix(recorder, "connectome/weights", "1", n, n, w->weights));
    CAL_TRY(cal_recorder_add_matrix(recorder, "connectome/lengths_mm", "mm", n, n, w->lengths_mm));
    CAL_TRY(cal_recorder_add_matrix(recorder, "connectome/centres_mm", "mm", n, 3, w->centres_mm));
    return cal_recorder_add_texts(recorder, "connectome/labels", n, (const char *const *)w->labels);
}

static cal_status record(const cali_synthetic *def, const wiring *w, cal_recorder *recorder)
{
    const size_t n = def->n_regions, n_rows = (size_t)def->duration_ms;
    size_t signal[3], train = 0;
    CAL_TRY(describe(def, w, recorder, signal, &train));
    CAL_TRY(cal_recorder_start(recorder));
    double *rates = make_rates(def, n_rows), seen_Hz = 8.0;
    double *v = space(n, sizeof(double)), *mean = space(n, sizeof(double));
    cal_time *times = space(def->n_recorded, sizeof *times);
    uint32_t *ids = space(def->n_recorded, sizeof *ids);
    cal_status status = CAL_OK;
    for (size_t t = 0; status == CAL_OK && t < n_rows; t++) {
        double *row = rates + t * n;
        if (def->spiking < n) {
            size_t n_recorded;
            const size_t n_spikes = fire(def, t, row[def->spiking], times, ids, &n_recorded);
            seen_Hz += (1000.0 * (double)n_spikes / def->n_neurons - seen_Hz) * (1.0 - exp(-1.0 / 5.0));
            row[def->spiking] = seen_Hz;
            status = cal_recorder_append_spikes(recorder, train, n_recorded, times, ids);
        }
        for (size_t i = 0; i < n; i++)
            mean[i] += row[i] / def->every_ms;
        if ((t + 1) % def->every_ms == 0) {
            for (size_t i = 0; i < n; i++)
                v[i] = i == def->spiking ? NAN : -2.5 + 0.05 * mean[i];
            if (status == CAL_OK)
                status = cal_recorder_append(recorder, signal[0], 1, mean);
            if (status == CAL_OK)
                status = cal_recorder_append(recorder, signal[1], 1, v);
            const double eeg[N_SENSORS] = {mean[0] - mean[1], mean[1] - mean[2], mean[2] - mean[3]};
            if (status == CAL_OK && def->has_sensors)
                status = cal_recorder_append(recorder, signal[2], 1, eeg);
            memset(mean, 0, n * sizeof *mean);
        }
        if (status == CAL_OK)
            status = cal_recorder_commit(recorder, (cal_time)(t + 1) * CAL_NS_PER_MS);
    }
    free(rates);
    free(v);
    free(mean);
    free(times);
    free(ids);
    return status == CAL_OK && def->is_complete ? cal_recorder_finish(recorder) : status;
}

static cal_status write_manifest(cal_context *ctx, const cali_synthetic *def, const wiring *w,
                                 const char *directory)
{
    cali_text text = {0};
    cali_text_format(&text, "{\"callosum\": \"%s\", \"build\": {\"compiler\": \"test\", \"isa\": \"v3\"},\n", CAL_VERSION);
    cali_text_format(&text, " \"experiment\": {\"title\": ");
    cali_text_add_json(&text, def->title);
    cali_text_format(&text, ", \"run\": {\"duration\": \"%g ms\", \"transient\": \"%g ms\", \"seed\": %u},\n",
                     def->duration_ms, def->transient_ms, (unsigned)def->seed);
    cali_text_add(&text, "  \"models\": {\"field\": {\"neural_mass\": \"montbrio-pazo-roxin\", \"parameters\": {\"tau\": \"0.02 s\","
                         " \"J\": 15, \"I\": 0}}},\n  \"regions\": {\"default\": {\"model\": \"field\"}, \"R.area3*\": {\"model\":"
                         " \"field\", \"parameters\": {\"I\": 0.5}}},\n"
                         "  \"analysis\": {\"window\": \"2 s\", \"overlap\": \"1.5 s\"},\n");
    cali_text_format(&text, "  \"connectome\": {\"speed\": \"4 mm/ms\"}},\n");
    cali_text_format(&text, " \"inputs\": [{\"path\": \"connectivity.zip\", \"sha256\": \"%064d\"}],\n", 7);
    cali_text_format(&text, " \"seed\": %u, \"threads\": 2, \"window_ms\": 1, \"lag\": 1, \"integrator\": \"rk4\",\n",
                     (unsigned)def->seed);
    cali_text_add(&text, " \"cost\": {\"wall_s\": 4.76, \"host_s\": 1.14, \"exchange_s\": 0.06, \"subs\": [{\"name\": ");
    cali_text_add_json(&text, def->spiking < def->n_regions ? w->labels[def->spiking] : "none");
    cali_text_add(&text, ", \"seconds\": 3.4}], \"real_time_factor\": 2.1},\n \"spiking_regions\": [");
    if (def->spiking < def->n_regions) {
        cali_text_add(&text, "{\"region\": ");
        cali_text_add_json(&text, w->labels[def->spiking]);
        cali_text_format(&text, ", \"neurons\": %u, \"synapses\": %u}", (unsigned)def->n_neurons,
                         100 * (unsigned)def->n_neurons);
    }
    cali_text_format(&text, "],\n \"started\": \"%s\"}\n", def->started);
    char *path = NULL;
    cal_status status = cali_path_join(ctx, directory, "manifest.json", &path);
    if (status == CAL_OK)
        status = cali_file_write(ctx, path, text.data, text.size);
    free(path);
    cali_text_free(&text);
    return status;
}

cal_status cali_synthetic_write(cal_context *ctx, const cali_synthetic *given, const char *directory)
{
    cali_synthetic own = *given;
    const cali_synthetic *def = &own;
    char *path = NULL;
    if (own.connectome != NULL)
        own.n_regions = cal_connectome_n_regions(own.connectome);
    CAL_TRY(cali_path_join(ctx, directory, "run.h5", &path));
    wiring w;
    wire(def, &w);
    cal_recorder_def recorder_def = cal_recorder_def_default();
    recorder_def.sink = "hdf5";
    recorder_def.path = path;
    recorder_def.title = def->title;
    recorder_def.duration = (cal_time)def->duration_ms * CAL_NS_PER_MS;
    cal_recorder *recorder = NULL;
    cal_status status = cal_recorder_create(ctx, &recorder_def, &recorder);
    if (status == CAL_OK)
        status = record(def, &w, recorder);
    cal_recorder_destroy(&recorder);
    if (status == CAL_OK && def->has_manifest)
        status = write_manifest(ctx, def, &w, directory);
    unwire(def, &w);
    free(path);
    return status;
}
