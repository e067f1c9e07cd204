/* Waveforms of stimuli and drives: the table, their formulas, areas and jumps. */
#include <math.h>
#include <string.h>

#include "base/numeric.h"
#include "base/waveforms.h"

#define LIMIT INFINITY
#define OFFSET {"offset", "input", 0.0, -LIMIT, LIMIT, "constant part"}
#define AMPLITUDE(meaning) {"amplitude", "input", 0.0, -LIMIT, LIMIT, meaning}
#define LENGTH(name, value, low, meaning) {name, "ms", value, low, 1e9, meaning}
#define PARAMS(list) .params = list, .n_params = sizeof list / sizeof list[0]

/* exp(-x) of the logistic curve whose standard deviation is 1: pi / sqrt(3). */
static const double LOGISTIC_SLOPE = 1.8137993642342178;

/* ---- smooth ones ------------------------------------------------------------------------------ */

static double sine_of_turns(double turns, double phase)
{
    double sine, cosine; /* whole turns are dropped: stays accurate */
    cali_sincos(2.0 * CALI_PI * (turns - floor(turns)) + phase, &sine, &cosine);
    return sine;
}

static const cal_field sine_params[] = {OFFSET, AMPLITUDE("of the sine"),
                                        {"frequency", "Hz", 0.0, 0.0, 1e6, "of the sine; 0: constant"},
                                        {"phase", "rad", 0.0, -1e6, 1e6, "at t = 0; 90 deg: a cosine"}};

static double sine(const double *p, double t)
{
    return p[1] == 0.0 ? p[0] : p[0] + p[1] * sine_of_turns(p[2] * 1e-3 * t, p[3]);
}

static const cal_field step_params[] = {AMPLITUDE("height")};

static double step(const double *p, double t)
{
    (void)t;
    return p[0];
}

static const cal_field ramp_params[] = {OFFSET, AMPLITUDE("value at the end of the rise, kept from there on"),
                                        LENGTH("rise", 100.0, 1e-6, "time from offset to amplitude")};

static double ramp(const double *p, double t)
{
    const double share = t < 0.0 ? 0.0 : t > p[2] ? 1.0 : t / p[2];
    return p[0] + (p[1] - p[0]) * share;
}

static const cal_field alpha_params[] = {AMPLITUDE("value of the peak, at t = onset + tau"),
                                         LENGTH("tau", 5.0, 1e-6, "time to the peak"),
                                         LENGTH("onset", 0.0, 0.0, "time before it begins")};

static double alpha(const double *p, double t)
{
    const double s = (t - p[2]) / p[1];
    return s > 0.0 ? p[0] * s * cali_exp(1.0 - s) : 0.0;
}

static const cal_field double_exponential_params[] = {
    AMPLITUDE("value of the peak"), LENGTH("rise", 1.0, 1e-6, "time constant of the rise"),
    LENGTH("decay", 10.0, 1e-6, "time constant of the decay, above rise"),
    LENGTH("onset", 0.0, 0.0, "time before it begins")};

static double double_exponential(const double *p, double t)
{
    const double s = t - p[3], rise = p[1], decay = p[2];
    const double peak = rise * decay / (decay - rise) * cali_log(decay / rise);
    const double height = cali_exp(-peak / decay) - cali_exp(-peak / rise);
    return s > 0.0 ? p[0] * ((cali_exp(-s / decay) - cali_exp(-s / rise)) / height) : 0.0;
}

static const char *check_double_exponential(const double *p)
{
    return p[1] < p[2] * 0.999999 ? NULL : "rise must be below decay; equal time constants are the waveform alpha";
}

static const cal_field gaussian_params[] = {OFFSET, AMPLITUDE("height above the offset"),
                                            LENGTH("midpoint", 50.0, -1e9, "time of the peak"),
                                            LENGTH("sigma", 10.0, 1e-6, "standard deviation")};

static double gaussian(const double *p, double t)
{
    const double d = t - p[2];
    return p[1] * cali_exp(-(d * d / (2.0 * (p[3] * p[3])))) + p[0];
}

static const cal_field sigmoid_params[] = {OFFSET, AMPLITUDE("value long after the midpoint"),
                                           LENGTH("midpoint", 50.0, -1e9, "time at half height"),
                                           LENGTH("sigma", 10.0, 1e-6, "standard deviation of its slope")};

static double sigmoid(const double *p, double t)
{
    return p[0] + (p[1] - p[0]) / (1.0 + cali_exp(-LOGISTIC_SLOPE * (t - p[2]) / p[3]));
}

static const cal_field chirp_params[] = {OFFSET, AMPLITUDE("of the sine"),
                                         {"from", "Hz", 1.0, 0.0, 1e6, "frequency at the start"},
                                         {"to", "Hz", 100.0, 0.0, 1e6, "frequency at the end, kept from there on"},
                                         LENGTH("duration", 1000.0, 1e-6, "time from the one to the other"),
                                         {"phase", "rad", 0.0, -1e6, 1e6, "at the start"}};

static double chirp(const double *p, double t)
{
    const double sweep = t < p[4] ? t : p[4], rest = t - sweep;
    const double turns = 1e-3 * (p[2] * sweep + (p[3] - p[2]) * (sweep / p[4]) * 0.5 * sweep + p[3] * rest);
    return p[0] + p[1] * sine_of_turns(turns, p[5]);
}

/* ---- rectangular pulses, repeated ------------------------------------------------------------- */

typedef struct pulses {
    double onset, period;
    int n;
    double begin[2], end[2], height[2]; /* within a period */
} pulses;

/* t > onset, not >=, as The Virtual Brain has it: a held step that begins at the onset sees none. */
static double pulses_value(const pulses *q, double t)
{
    if (!(t > q->onset))
        return 0.0;
    const double s = fmod(t - q->onset, q->period);
    double sum = 0.0;
    for (int i = 0; i < q->n; i++)
        if (s >= q->begin[i] && s < q->end[i])
            sum += q->height[i];
    return sum;
}

static double pulses_area(const pulses *q, double a, double b)
{
    if (!(b > q->onset))
        return 0.0;
    const double length = b - (a > q->onset ? a : q->onset);
    const double from = a > q->onset ? fmod(a - q->onset, q->period) : 0.0, to = from + length;
    double sum = 0.0;
    for (double base = 0.0; base < to; base += q->period)
        for (int i = 0; i < q->n; i++) {
            const double begin = base + q->begin[i] > from ? base + q->begin[i] : from;
            const double end = base + q->end[i] < to ? base + q->end[i] : to;
            sum += end > begin ? q->height[i] * (end - begin) : 0.0;
        }
    return sum;
}

static double pulses_next_jump(const pulses *q, double t)
{
    const double s = t - q->onset, base = s < 0.0 ? 0.0 : floor(s / q->period) * q->period;
    double next = INFINITY;
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < q->n; i++) {
            const double at = q->onset + (base + turn * q->period), edges[2] = {at + q->begin[i], at + q->end[i]};
            for (int k = 0; k < 2; k++)
                if (edges[k] > t && edges[k] < next)
                    next = edges[k];
        }
    return next;
}

#define PULSES(name)                                                                                                   \
    static double name##_value(const double *p, double t)                                                             \
    {                                                                                                                  \
        const pulses q = name(p);                                                                                      \
        return pulses_value(&q, t);                                                                                    \
    }                                                                                                                  \
    static double name##_area(const double *p, double a, double b)                                                    \
    {                                                                                                                  \
        const pulses q = name(p);                                                                                      \
        return pulses_area(&q, a, b);                                                                                  \
    }                                                                                                                  \
    static double name##_next_jump(const double *p, double t)                                                         \
    {                                                                                                                  \
        const pulses q = name(p);                                                                                      \
        return pulses_next_jump(&q, t);                                                                                \
    }                                                                                                                  \
    static const char *name##_check(const double *p)                                                                  \
    {                                                                                                                  \
        const pulses q = name(p);                                                                                      \
        return q.end[q.n - 1] <= q.period ? NULL : "one pulse is longer than the time to the next";                   \
    }

static const cal_field train_params[] = {AMPLITUDE("height of a pulse"),
                                         LENGTH("period", 100.0, 0.01, "time from pulse to pulse"),
                                         LENGTH("width", 10.0, 1e-6, "length of a pulse"),
                                         LENGTH("onset", 0.0, 0.0, "time before the first one")};

static pulses train(const double *p)
{
    return (pulses){p[3], p[1], 1, {0.0}, {p[2]}, {p[0]}};
}
PULSES(train)

#define DBS_FREQUENCY {"frequency", "Hz", 130.0, 1e-3, 1e5, "pulses per second"}
#define DBS_WIDTH LENGTH("width", 0.06, 1e-6, "length of a pulse")

static const cal_field dbs_monophasic_params[] = {AMPLITUDE("height of a pulse"), DBS_FREQUENCY, DBS_WIDTH};

static pulses dbs_monophasic(const double *p)
{
    return (pulses){0.0, 1e3 / p[1], 1, {0.0}, {p[2]}, {p[0]}};
}
PULSES(dbs_monophasic)

static const cal_field dbs_biphasic_params[] = {
    AMPLITUDE("height of the first phase"), DBS_FREQUENCY, DBS_WIDTH,
    LENGTH("gap", 0.0, 0.0, "time between the phases"),
    {"stretch", "1", 1.0, 1e-3, 1e3, "length of the second phase over that of the first; it is lower by the same factor"},
    {"balance", "1", 1.0, 0.0, 1.0, "charge that the second phase takes back, over that of the first"}};

static pulses dbs_biphasic(const double *p)
{
    const double begin = p[2] + p[3];
    return (pulses){0.0, 1e3 / p[1], 2, {0.0, begin}, {p[2], begin + p[4] * p[2]}, {p[0], -p[0] * p[5] / p[4]}};
}
PULSES(dbs_biphasic)

/* ---- what has no formula ---------------------------------------------------------------------- */

static const cal_field noise_params[] = {OFFSET, AMPLITUDE("standard deviation"),
                                         LENGTH("tau", 5.0, 1e-6, "correlation time")};
static const cal_field file_params[] = {OFFSET, {"scale", "1", 1.0, -LIMIT, LIMIT, "factor of the values of the file"},
                                        {"hold", "1", 0.0, 0.0, 1.0, "1: each value holds until the next time; 0: straight lines"}};

/* Number of the last time that is not after t; there is one. */
static size_t last_before(const cali_samples *s, double t)
{
    size_t low = 0, high = s->n;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (s->times_ms[middle] <= t)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double cali_samples_at(const cali_samples *s, double t)
{
    if (t <= s->times_ms[0])
        return s->values[0];
    const size_t k = last_before(s, t);
    if (k + 1 == s->n)
        return s->values[k];
    const double share = (t - s->times_ms[k]) / (s->times_ms[k + 1] - s->times_ms[k]);
    return s->values[k] + share * (s->values[k + 1] - s->values[k]);
}

double cali_samples_held(const cali_samples *s, double a, double b)
{
    size_t k = last_before(s, a);
    if (k + 1 == s->n || s->times_ms[k + 1] >= b)
        return s->values[k];
    double area = 0.0;
    for (double from = a; from < b; k++) {
        const double to = k + 1 < s->n && s->times_ms[k + 1] < b ? s->times_ms[k + 1] : b;
        area += s->values[k] * (to - from);
        from = to;
    }
    return area / (b - a);
}

/* ---- the table -------------------------------------------------------------------------------- */

#define WITH_PULSES(name) .value = name##_value, .area = name##_area, .next_jump = name##_next_jump, .check = name##_check

const cal_waveform cal_waveforms[CAL_N_WAVEFORMS] = {
    {"sine", "sine; t counts from the begin of the run", "offset + amplitude sin(2 pi frequency t + phase)",
     PARAMS(sine_params), .is_of_run = true, .value = sine},
    {"step", "constant from start to stop", "amplitude", PARAMS(step_params), .value = step},
    {"ramp", "straight rise, then constant", "offset + (amplitude - offset) min(t / rise, 1)", PARAMS(ramp_params),
     .value = ramp},
    {"pulse-train", "rectangular pulses", "amplitude while (t - onset) mod period < width, else 0", PARAMS(train_params),
     WITH_PULSES(train)},
    {"dbs-monophasic", "deep brain stimulation, one phase", "amplitude while t mod (1/frequency) < width, else 0",
     PARAMS(dbs_monophasic_params), WITH_PULSES(dbs_monophasic)},
    {"dbs-biphasic", "deep brain stimulation, two phases of opposite sign",
     "amplitude for width, 0 for gap, -amplitude balance / stretch for stretch width; every 1/frequency",
     PARAMS(dbs_biphasic_params), WITH_PULSES(dbs_biphasic)},
    {"alpha", "alpha function", "amplitude s exp(1 - s), s = (t - onset) / tau > 0", PARAMS(alpha_params),
     .value = alpha},
    {"double-exponential", "difference of exponentials, scaled to its peak",
     "amplitude (exp(-s/decay) - exp(-s/rise)) / peak, s = t - onset > 0", PARAMS(double_exponential_params),
     .value = double_exponential, .check = check_double_exponential},
    {"gaussian", "Gaussian in time", "offset + amplitude exp(-(t - midpoint)^2 / (2 sigma^2))", PARAMS(gaussian_params),
     .value = gaussian},
    {"sigmoid", "smooth switch",
     "offset + (amplitude - offset) / (1 + exp(-pi/sqrt(3) (t - midpoint) / sigma))", PARAMS(sigmoid_params),
     .value = sigmoid},
    {"chirp", "sine with a frequency that changes linearly",
     "offset + amplitude sin(2 pi (from t + (to - from) t^2 / (2 duration)) + phase)", PARAMS(chirp_params),
     .value = chirp},
    {"noise", "Ornstein-Uhlenbeck path, the same in all regions", "offset + amplitude u(t), linear between grid points",
     PARAMS(noise_params), .source = CAL_WAVEFORM_PATH},
    {"file", "samples of a table, straight lines or steps between them; its first and last value go on outside",
     "offset + scale value(t)", PARAMS(file_params), .source = CAL_WAVEFORM_SAMPLES},
};

const cal_waveform *cal_waveform_find(const char *name)
{
    for (size_t i = 0; i < CAL_N_WAVEFORMS; i++)
        if (strcmp(cal_waveforms[i].name, name) == 0)
            return &cal_waveforms[i];
    return NULL;
}
