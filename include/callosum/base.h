/* callosum/base.h - what every part of callosum shares: status and messages, time, described
 * fields. Every other public header includes this one. Usable from C17 and C++17. */
#ifndef CALLOSUM_BASE_H
#define CALLOSUM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAL_VERSION "0.1.0"

/** What a function that can fail returns. The message with names, values and units is with the
 *  context (cal_context_message). */
typedef enum cal_status {
    CAL_OK = 0,
    CAL_ERR_ARGUMENT,    /**< a value in a definition is outside its range */
    CAL_ERR_INPUT,       /**< a file, text or message is broken or contradicts itself */
    CAL_ERR_IO,          /**< the operating system refused: no such file, disk full, ... */
    CAL_ERR_MEMORY,      /**< not enough memory, or a size beyond what can be addressed */
    CAL_ERR_UNSUPPORTED, /**< known, but not offered by this entry or this build */
    CAL_ERR_NUMERIC,     /**< a state is not finite, or a solver gave up */
    CAL_ERR_STATE        /**< the call is not allowed now */
} cal_status;

/** Simulated time and durations: integer nanoseconds since the start of the experiment. */
typedef int64_t cal_time;
#define CAL_NS_PER_MS INT64_C(1000000)

/** Milliseconds as a double, for parameters and print; exact below 104 days. */
static inline double cal_time_ms(cal_time t_ns)
{
    return (double)t_ns / 1e6;
}

/** How a saved state is put into an object. */
typedef enum cal_restore {
    CAL_RESTORE_CONTINUE, /**< at the saved time, of the same definition: as if the run had not been interrupted */
    CAL_RESTORE_BEGIN     /**< at t = 0, as the initial state and past of another run */
} cal_restore;

/** A described number: parameter, state, input or output of a model. Ranges are closed; infinite
 *  ends are allowed. `unit` is spelled as in an experiment file ("ms", "nS", "1"). */
typedef struct cal_field {
    const char *name;
    const char *unit;
    double value; /**< default */
    double low, high;
    const char *meaning; /**< one phrase, for catalogues and messages */
} cal_field;

/** Index of the field called `name`, or -1. */
int cal_field_find(const cal_field *fields, size_t n_fields, const char *name);

/* ---- waveforms --------------------------------------------------------------------------- */

typedef enum cal_waveform_source {
    CAL_WAVEFORM_FORMULA, /**< value(p, t) */
    CAL_WAVEFORM_PATH,    /**< an Ornstein-Uhlenbeck path, drawn from the seed */
    CAL_WAVEFORM_SAMPLES  /**< samples that the stimulus brings along */
} cal_waveform_source;

/** The course of a stimulus or a drive in time: one constant entry each in base/waveforms.c. Times are ms from the start of the
 *  stimulus, or from the begin of the run. */
typedef struct cal_waveform {
    const char *name;     /**< "pulse-train" */
    const char *title;    /**< one phrase */
    const char *equation; /**< plain text */
    const cal_field *params; /**< the unit "input" stands for the unit of the input that it acts on */
    size_t n_params;
    cal_waveform_source source;
    bool is_of_run; /**< t counts from the begin of the run */
    double (*value)(const double *p, double t_ms);
    /** Those that jump: the integral from `a` to `b`. */
    double (*area)(const double *p, double a_ms, double b_ms);
    /** The first jump after t. */
    double (*next_jump)(const double *p, double t_ms);
    /** NULL, or what is wrong with the parameters together. */
    const char *(*check)(const double *p);
} cal_waveform;
enum { CAL_N_WAVEFORMS = 13, CAL_WAVEFORM_MAX_PARAMS = 6 };
extern const cal_waveform cal_waveforms[CAL_N_WAVEFORMS];
/** NULL if there is none of that name. */
const cal_waveform *cal_waveform_find(const char *name);

/* ---- functions of distance ---------------------------------------------------------------- */

/** How a weight or a chance depends on the distance d of two places: one constant entry each in base/spatial_kernels.c. */
typedef struct cal_spatial_kernel {
    const char *name, *equation;
    const cal_field *params;
    size_t n_params;
    double (*value)(const double *p, double d_mm);
    /** Smallest and largest value at distances from `low` to `high`, which may be infinite. */
    void (*range)(const double *p, double low_mm, double high_mm, double *min, double *max);
} cal_spatial_kernel;
enum { CAL_N_SPATIAL_KERNELS = 7, CAL_SPATIAL_KERNEL_MAX_PARAMS = 4 };
extern const cal_spatial_kernel cal_spatial_kernels[CAL_N_SPATIAL_KERNELS];
/** NULL if there is none of that name. */
const cal_spatial_kernel *cal_spatial_kernel_find(const char *name);

typedef struct cal_context cal_context;

/** A function of the way between two places as its user writes it, "0.3 * exp(-d / (150 um))": of the distance d and the
 *  components dx, dy, dz of the way from the source to the target, in the words of docs/own-models.md. It is computed by
 *  callosum's own arithmetic: the same bits on every machine. Constant, and safe to use by many threads. */
typedef struct cal_spatial_formula cal_spatial_formula;
/** `text`, of at most 1000 bytes, is copied. Its values count in `unit`: "1", "ms" or what else is made of ms, mV, pA and mm.
 *  `*out` is owned by the caller. Errors: INPUT (with the column). */
cal_status cal_spatial_formula_create(cal_context *ctx, const char *text, const char *unit, cal_spatial_formula **out);
/** NULL and a NULL handle are accepted, the handle is nulled. */
void cal_spatial_formula_destroy(cal_spatial_formula **formula);
const char *cal_spatial_formula_text(const cal_spatial_formula *formula);

/* ---- context: shared services of one program or one library user ------------------------- */

typedef struct cal_context_def {
    unsigned n_threads; /**< 1 to 256 threads, the caller included; 0: one per processor */
    /** Called with each note (a finding that is no error), or NULL: notes are dropped. */
    void (*note)(void *user, const char *text);
    void *user; /**< borrowed; passed to `note` */
} cal_context_def;

cal_context_def cal_context_def_default(void);

/** Creates a context; `*out` is owned by the caller. Errors: ARGUMENT, MEMORY. */
cal_status cal_context_create(const cal_context_def *def, cal_context **out);
/** Joins the threads and frees; NULL and a NULL handle are accepted, the handle is nulled. */
void cal_context_destroy(cal_context **context);

unsigned cal_context_n_threads(const cal_context *ctx);
/** Message of the first failure since the last clear, "" if none. Owned by the context. */
const char *cal_context_message(const cal_context *ctx);
cal_status cal_context_status(const cal_context *ctx);
/** Forgets the failure, so that the context can be used again. */
void cal_context_clear(cal_context *ctx);
/** Passes a printf-formatted note on to the callback of the definition. Thread-safe. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void cal_context_note(cal_context *ctx, const char *format, ...);
/** Records a failure unless one is recorded already, and returns `status`. Thread-safe. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
cal_status cal_context_fail(cal_context *ctx, cal_status status, const char *format, ...);

#define CAL_FAIL(ctx, ...) cal_context_fail((ctx), __VA_ARGS__)
/** Returns from the calling function if `expression` is not CAL_OK. */
#define CAL_TRY(expression)                                                                        \
    do {                                                                                           \
        const cal_status cal_try_status_ = (expression);                                           \
        if (cal_try_status_ != CAL_OK)                                                             \
            return cal_try_status_;                                                                \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
