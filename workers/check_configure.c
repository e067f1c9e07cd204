/* CONFIGURE of a check: that of a slot of a host, so that it is what runs send; for single checks with members changed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "workers/check.h"
#include "workers/host.h"
#include "workers/network_model.h"

/* ---- a body again, with changes ---- */

typedef struct copier {
    cali_check *check;
    const cali_edit *edits;
    size_t n_edits;
    cali_model_path path;
} copier;

static bool edit(copier *c, const char *key)
{
    for (size_t i = 0; i < c->n_edits; i++) {
        const cali_edit *e = &c->edits[i];
        if (e->adds != NULL || strcmp(e->path, c->path.text) != 0)
            continue;
        if (e->text != NULL)
            cal_pack_text(c->check->packer, key, e->text);
        else
            cal_pack_int(c->check->packer, key, e->number);
        return true;
    }
    return false;
}

static void copy_array(cal_packer *p, const char *key, const cal_value *value)
{
    for (int dtype = CAL_I8; dtype <= CAL_F64; dtype++) {
        cal_reader r = {0};
        const cal_array a = cal_value_array(&r, value, (cal_dtype)dtype);
        if (!cal_reader_is_broken(&r))
            cal_pack_array(p, key, a.dtype, a.n_dims, a.dims, a.data);
    }
}

static void copy_int(cal_packer *p, const char *key, const cal_value *value)
{
    cal_reader r = {0};
    const uint64_t number = cal_value_uint(&r, value, 0, UINT64_MAX);
    if (!cal_reader_is_broken(&r))
        cal_pack_uint(p, key, number);
    else
        cal_pack_int(p, key, cal_value_int(&(cal_reader){0}, value, INT64_MIN, INT64_MAX));
}

static void copy_value(copier *c, const char *key, const cal_value *value);

static void copy_members(copier *c, const cal_value *value, bool is_map)
{
    for (size_t i = 0; i < cal_value_n(value); i++) {
        const char *key = is_map ? cal_value_key(value, i) : NULL;
        const size_t before = cali_model_enter(&c->path, key, is_map ? SIZE_MAX : i);
        copy_value(c, key, cal_value_at(value, i));
        cali_model_leave(&c->path, before);
    }
    for (size_t i = 0; is_map && i < c->n_edits; i++)
        if (c->edits[i].adds != NULL && strcmp(c->edits[i].path, c->path.text) == 0)
            cal_pack_int(c->check->packer, c->edits[i].adds, c->edits[i].number);
}

static void copy_value(copier *c, const char *key, const cal_value *value)
{
    cal_packer *p = c->check->packer;
    cal_reader r = {0};
    if (edit(c, key))
        return;
    switch (cal_value_get_kind(value)) {
    case CAL_NIL:
        cal_pack_text(p, key, NULL);
        break;
    case CAL_BOOL:
        cal_pack_bool(p, key, cal_value_bool(&r, value));
        break;
    case CAL_INT:
        copy_int(p, key, value);
        break;
    case CAL_REAL:
        cal_pack_real(p, key, cal_value_real(&r, value, true));
        break;
    case CAL_TEXT:
        cal_pack_text(p, key, cal_value_text(&r, value, false));
        break;
    case CAL_ARRAY:
        copy_array(p, key, value);
        break;
    case CAL_MAP:
        cal_pack_open_map(p, key);
        copy_members(c, value, true);
        cal_pack_close(p);
        break;
    case CAL_LIST:
        cal_pack_open_list(p, key);
        copy_members(c, value, false);
        cal_pack_close(p);
        break;
    }
}

void cali_check_pack_configure(cali_check *check, const cali_edit *edits, size_t n)
{
    copier c = {.check = check, .edits = edits, .n_edits = n};
    cal_packer_clear(check->packer);
    copy_members(&c, cal_message_body(check->configure), true);
}

uint64_t cali_check_configure(cali_check *check, const cali_edit *edits, size_t n)
{
    cali_check_pack_configure(check, edits, n);
    return cali_check_send(check, (cal_header){.type = CAL_CONFIGURE});
}

void cali_check_ready(cali_check *check, uint64_t answers)
{
    const cal_message *m = cali_check_expect(check, CAL_READY, answers, "to CONFIGURE");
    cal_reader r = {0};
    if (m == NULL)
        return;
    const cal_value *body = cal_message_body(m);
    const char *wanted = cal_read_text(&r, cal_message_body(check->configure), "digest", false);
    const char *digest = cal_read_text(&r, body, "digest", false), *model = cal_read_text(&r, body, "model", false);
    const uint64_t step = cal_read_uint(&r, body, "step_ns", 1, INT64_MAX);
    if (cal_reader_is_broken(&r))
        cali_check_fail(check, "READY: %s", r.problem.text);
    else if (strcmp(wanted, digest) != 0)
        cali_check_fail(check, "READY: expected the `digest` of CONFIGURE, %s; %.80s came", wanted, digest);
    else if ((uint64_t)check->window % step != 0)
        cali_check_fail(check, "READY: a `step_ns` of %llu does not divide the window of %lld ns", (unsigned long long)step, (long long)check->window);
    else if (model[0] == '\0' || strlen(model) >= sizeof check->digest)
        cali_check_fail(check, "READY: expected a model digest of 1 to %zu letters; %zu came", sizeof check->digest - 1, strlen(model));
    else
        snprintf(check->digest, sizeof check->digest, "%s", model);
    check->is_ready = !cali_check_is_over(check);
    check->next = 0;
}

/* ---- what is asked for ---- */

/* A hundred leaky neurons with Poisson input, whose windows are quick on any simulator. */
static cal_status add_small(cal_host *host, const char *model)
{
    const cal_snn_population population = {.name = "E", .neuron = cal_snn_neuron_find("lif"), .n = 100};
    const cal_snn_port ports[] = {
        {.name = "poisson.E", .kind = CAL_PORT_POISSON, .receptor = "excitatory", .n_trains = 100.0, .weight = 100.0, .samples = 2},
        {.name = "rate.E", .kind = CAL_PORT_RATE, .samples = 5},
    };
    cal_snn_def network = cal_snn_def_default();
    network.name = "check";
    network.dt = 100 * 1000;
    network.window = 1000 * 1000;
    network.seed = 1;
    network.populations = &population;
    network.n_populations = 1;
    network.ports = ports;
    network.n_ports = 2;
    const cal_slot_def def = {.name = "check", .network = &network, .model = strcmp(model, CALI_NETWORK_MODEL) == 0 ? NULL : model,
                              .window = network.window, .lag = 1, .key = {1, 0}};
    void *slot = NULL;
    return cal_host_add(host, &def, &slot);
}

static void release(void *owner)
{
    free(owner);
}

static cal_status read_configure(cali_check *check, const cal_host *host, size_t slot)
{
    const cali_slot *s = host->slots[slot];
    unsigned char *bytes = NULL, head[CAL_HEADER_SIZE];
    const size_t n_head = cal_header_encode(&(cal_header){.type = CAL_CONFIGURE, .session = 1, .incarnation = 1, .number = 1}, head);
    if (s->is_large)
        return CAL_FAIL(check->ctx, CAL_ERR_UNSUPPORTED, "%s is larger than a message; let the check ask for a smaller region", s->name);
    CAL_TRY(cali_alloc(check->ctx, n_head + s->configure.size, 1, "CONFIGURE", &bytes));
    cal_frames frames = {.n = s->configure.n + 1, .owner = bytes, .release = release};
    memcpy(bytes, head, n_head);
    frames.frames[0] = (cal_frame){bytes, n_head};
    size_t at = n_head;
    for (size_t i = 0; i < s->configure.n; i++) {
        memcpy(bytes + at, s->configure.frames[i].data, s->configure.frames[i].size);
        frames.frames[i + 1] = (cal_frame){bytes + at, s->configure.frames[i].size};
        at += s->configure.frames[i].size;
    }
    cal_header header;
    cal_problem problem;
    check->configure = cal_message_read(&frames, &cal_limits_open, &header, &problem);
    check->window = s->window;
    snprintf(check->model, sizeof check->model, "%s", s->model);
    return check->configure != NULL ? CAL_OK : CAL_FAIL(check->ctx, CAL_ERR_INPUT, "%s %s", problem.code, problem.text);
}

/* The name of the model: this engine's if the worker has it, else its first one. */
static const char *choose_model(cali_check *check)
{
    cal_reader r = {0};
    const cal_value *models = cal_read_list(&r, cal_read_map(&r, cal_message_body(check->hello), "caps"), "models");
    for (size_t i = 0; i < cal_value_n(models); i++)
        if (strcmp(cal_value_text(&r, cal_value_at(models, i), false), CALI_NETWORK_MODEL) == 0)
            return CALI_NETWORK_MODEL;
    return cal_value_n(models) == 0 ? NULL : cal_value_text(&r, cal_value_at(models, 0), false);
}

cal_status cali_check_make_configure(cali_check *check)
{
    if (check->def->host != NULL)
        return read_configure(check, check->def->host, check->def->slot);
    cal_host *host = NULL;
    const cal_host_def def = cal_host_def_default();
    const char *model = choose_model(check);
    if (model == NULL || strlen(model) >= sizeof check->model)
        return CAL_FAIL(check->ctx, CAL_ERR_INPUT, "E201 the worker announces no model in HELLO");
    cal_status status = cal_host_create(check->ctx, &def, &host);
    if (status == CAL_OK)
        status = add_small(host, model);
    if (status == CAL_OK)
        status = read_configure(check, host, 0);
    cal_host_destroy(&host);
    return status;
}
