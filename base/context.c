/* The context: the first failure's message, notes, and the thread pool. */
#include "base/context.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cal_context {
    unsigned n_threads;
    void (*note)(void *user, const char *text);
    void *user;
    pthread_mutex_t lock; /* guards status, message and the note callback */
    cal_status status;
    char message[CALI_CONTEXT_MESSAGE];
    cali_pool *pool;
};

cal_context_def cal_context_def_default(void)
{
    return (cal_context_def){.n_threads = 1};
}

cal_status cal_context_create(const cal_context_def *def, cal_context **out)
{
    *out = NULL;
    unsigned n_threads = def->n_threads;
    if (n_threads == 0) {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        n_threads = online < 1 ? 1 : (unsigned)online;
        n_threads = n_threads > 256 ? 256 : n_threads;
    }
    if (n_threads > 256)
        return CAL_ERR_ARGUMENT;
    cal_context *self = calloc(1, sizeof *self);
    if (self == NULL)
        return CAL_ERR_MEMORY;
    self->n_threads = n_threads;
    self->note = def->note;
    self->user = def->user;
    pthread_mutex_init(&self->lock, NULL);
    self->pool = cali_pool_create(n_threads);
    if (self->pool == NULL) {
        cal_context_destroy(&self);
        return CAL_ERR_MEMORY;
    }
    *out = self;
    return CAL_OK;
}

void cal_context_destroy(cal_context **context)
{
    if (context == NULL || *context == NULL)
        return;
    cali_pool_destroy((*context)->pool);
    pthread_mutex_destroy(&(*context)->lock);
    free(*context);
    *context = NULL;
}

unsigned cal_context_n_threads(const cal_context *ctx)
{
    return ctx->n_threads;
}

cali_pool *cali_context_pool(cal_context *ctx)
{
    return ctx->pool;
}

const char *cal_context_message(const cal_context *ctx)
{
    return ctx->message;
}

cal_status cal_context_status(const cal_context *ctx)
{
    return ctx->status;
}

void cal_context_clear(cal_context *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    ctx->status = CAL_OK;
    ctx->message[0] = '\0';
    pthread_mutex_unlock(&ctx->lock);
}

void cal_context_note(cal_context *ctx, const char *format, ...)
{
    if (ctx->note == NULL)
        return;
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&ctx->lock);
    ctx->note(ctx->user, text);
    pthread_mutex_unlock(&ctx->lock);
}

cal_status cal_context_fail(cal_context *ctx, cal_status status, const char *format, ...)
{
    pthread_mutex_lock(&ctx->lock);
    if (ctx->status == CAL_OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(ctx->message, sizeof ctx->message, format, args);
        va_end(args);
        ctx->status = status;
    }
    pthread_mutex_unlock(&ctx->lock);
    return status;
}

int cal_field_find(const cal_field *fields, size_t n_fields, const char *name)
{
    for (size_t i = 0; i < n_fields; i++)
        if (strcmp(fields[i].name, name) == 0)
            return (int)i;
    return -1;
}
