#include "workers/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

const char *const cal_when_lost_names[] = {"wait", "restart", "stop"};
const char *const cal_slot_state_names[] = {"empty", "filling", "live", "suspect", "failed", "done"};

static const double TELL_S = 10.0; /* between reminders that a slot waits */
enum { MOST_AT_ONCE = 256 };        /* messages: a flood must not keep the clocks from being looked at */

cal_host_def cal_host_def_default(void)
{
    return (cal_host_def){.beat_ms = 1000, .liveness = 5, .hold_s = 300, .snapshot_windows = 4096};
}

bool cali_host_is_stopped(const cal_host *host)
{
    return host->def.is_stopped != NULL && host->def.is_stopped(host->def.user);
}

/* ---- admission ---- */

static void refuse(cal_host *host, cal_wire *wire, const cal_peer *peer, const char *code, const char *text, const char *hint,
                   bool may_retry)
{
    cali_channel stranger = {0};
    cali_channel_open(&stranger, wire, peer);
    cal_packer_clear(host->packer);
    cal_pack_text(host->packer, "code", code);
    cal_pack_text(host->packer, "text", text);
    cal_pack_text(host->packer, "hint", hint);
    cal_pack_bool(host->packer, "retry", may_retry);
    cali_channel_send_packed(&stranger, (cal_header){.type = CAL_REFUSE}, host->packer);
}

static bool offers(const cal_value *caps, const char *model)
{
    const cal_value *models = cal_value_find(caps, "models");
    for (size_t i = 0; i < cal_value_n(models); i++) {
        cal_reader r = {0};
        const char *name = cal_value_text(&r, cal_value_at(models, i), false);
        if (name != NULL && strcmp(name, model) == 0)
            return true;
    }
    return false;
}

/* The slot whose worker comes back after a broken link with all that it had. */
static cali_slot *find_resumed(cal_host *host, const cal_value *resume, cal_reader *r)
{
    if (resume == NULL || cal_read_uint(r, resume, "s", 0, UINT64_MAX) != host->session)
        return NULL;
    const uint64_t e = cal_read_uint(r, resume, "e", 0, UINT32_MAX), k = cal_read_uint(r, resume, "k", 0, UINT64_MAX);
    for (size_t i = 0; i < host->n_slots; i++) {
        cali_slot *slot = host->slots[i];
        const char *wanted = cal_read_text(r, resume, "model", false);
        if (wanted != NULL && slot->incarnation == e && slot->phase == CALI_LIVE && k >= slot->expected && k <= slot->n_begun &&
            strcmp(wanted, slot->model_digest) == 0)
            return slot;
    }
    return NULL;
}

/* `too_large`: a slot that would suit but for the size of its model. */
static cali_slot *find_open(cal_host *host, const char *wish, const cal_value *caps, bool is_local, uint64_t load_bytes,
                            cali_slot **too_large)
{
    *too_large = NULL;
    for (size_t i = 0; i < host->n_slots; i++) {
        cali_slot *slot = host->slots[i];
        const bool is_meant = wish == NULL ? slot->is_local == is_local : strcmp(wish, slot->name) == 0;
        if (!is_meant || !cali_slot_wants_worker(slot) || !offers(caps, slot->model))
            continue;
        if (!slot->is_large || slot->configure.size <= load_bytes)
            return slot;
        *too_large = slot;
    }
    return NULL;
}

static void refuse_large(cal_host *host, cal_wire *wire, const cal_peer *peer, const cali_slot *slot, const char *worker,
                         uint64_t load_bytes)
{
    char text[300];
    const double size = (double)slot->configure.size * 1e-6;
    if (load_bytes == 0)
        snprintf(text, sizeof text, "the model of %.100s has %.3g MB; this worker takes no model that is larger than a message",
                 slot->name, size);
    else
        snprintf(text, sizeof text, "the model of %.100s has %.4g MB; this worker takes up to %.4g MB. Try --largest-model",
                 slot->name, size, (double)load_bytes * 1e-6);
    refuse(host, wire, peer, "E402", text, load_bytes == 0 ? "a newer release of the worker" : "--largest-model", false);
    cal_context_note(host->ctx, "worker %.100s was turned away: %s", worker, text);
}

static void greet(cal_host *host, cal_wire *wire, const cal_peer *peer, const cal_message *m)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m), *caps = cal_read_map(&r, body, "caps");
    const uint64_t min = cal_read_uint(&r, body, "min", 0, UINT32_MAX), max = cal_read_uint(&r, body, "max", 0, UINT32_MAX);
    const char *name = cal_read_text(&r, body, "name", false);
    const char *wish = cal_value_find(body, "slot") == NULL ? NULL : cal_read_text(&r, body, "slot", true);
    const char *snapshot = cal_read_text(&r, caps, "snapshot", false), *device = cal_read_text(&r, caps, "device", false);
    if (cal_reader_is_broken(&r)) {
        refuse(host, wire, peer, r.problem.code, r.problem.text, "", false);
        return;
    }
    char text[300];
    if (min > CAL_PROTOCOL_VERSION || max < CAL_PROTOCOL_VERSION) {
        snprintf(text, sizeof text, "this host speaks version %d, the worker %" PRIu64 " to %" PRIu64, CAL_PROTOCOL_VERSION, min, max);
        refuse(host, wire, peer, "E101", text, "use releases that are closer to each other", false);
        return;
    }
    const uint64_t load_bytes = cal_value_find(caps, "load_bytes") == NULL ? 0 : cal_read_uint(&r, caps, "load_bytes", 0, INT64_MAX);
    cali_slot *too_large = NULL, *slot = find_resumed(host, cal_value_find(body, "resume"), &r);
    const bool is_resumed = slot != NULL, has_snapshots = strcmp(snapshot, "portable") == 0;
    if (slot == NULL)
        slot = find_open(host, wish, caps, wire == host->wires[0], load_bytes, &too_large);
    if (slot == NULL && too_large != NULL) {
        refuse_large(host, wire, peer, too_large, name, load_bytes);
        return;
    }
    if (slot == NULL) {
        snprintf(host->offered, sizeof host->offered, "%.100s%s%.100s", name, wish == NULL ? "" : " for ", wish == NULL ? "" : wish);
        refuse(host, wire, peer, "E103", "no slot waits for such a worker", "it will be asked again", true);
        return;
    }
    uint64_t done = 0;
    if (is_resumed)
        done = cal_read_uint(&r, cal_value_find(body, "resume"), "k", 0, UINT64_MAX);
    cali_slot_take(slot, wire, peer, name, device, has_snapshots, is_resumed, done);
}

/* ---- messages ---- */

static cali_slot *find_peer(cal_host *host, const cal_wire *wire, const cal_peer *peer)
{
    for (size_t i = 0; i < host->n_slots; i++) {
        const cali_channel *c = &host->slots[i]->channel;
        if (c->wire == wire && c->peer.size == peer->size && memcmp(c->peer.id, peer->id, peer->size) == 0)
            return host->slots[i];
    }
    return NULL;
}

static void take(cal_host *host, cal_wire *wire, const cal_peer *peer, cal_frames *frames)
{
    cali_slot *slot = find_peer(host, wire, peer);
    cal_header header = {0};
    cal_problem problem = {0};
    size_t size = 0;
    for (size_t i = 0; i < frames->n; i++)
        size += frames->frames[i].size;
    cal_message *m = cal_message_read(frames, slot == NULL ? &cal_limits_greeting : &cal_limits_open, &header, &problem);
    if (slot == NULL) {
        if (m != NULL && header.type == CAL_HELLO)
            greet(host, wire, peer, m);
        else
            host->n_ignored++;
        cal_message_destroy(&m);
        return;
    }
    slot->channel.received_bytes += size;
    const bool is_next = cali_channel_heard(&slot->channel, &header);
    slot->is_suspect = false;
    if (m == NULL) {
        cali_slot_expel(slot, problem.code, problem.text, header.number);
    } else if (!is_next) {
        slot->channel.wire = NULL; /* a message was lost: the silence brings the worker back */
    } else if (header.session != host->session || header.incarnation != slot->incarnation) {
        host->n_ignored++;
    } else if (header.type == CAL_PING) {
        cali_channel_pong(&slot->channel, host->packer, m);
    } else if (header.type != CAL_PONG && header.type != CAL_TELEMETRY && header.type != CAL_PROGRESS) {
        cali_slot_handle(slot, &header, &m);
    }
    cal_message_destroy(&m);
}

static void tell_refused(cal_host *host, double now)
{
    const cal_door door = cal_hub_get_door(host->hub);
    if (door.n_refused == host->n_refused_told || now - host->refused_told_s < TELL_S)
        return;
    host->n_refused_told = door.n_refused;
    host->refused_told_s = now;
    cal_context_note(host->ctx, "E102 %s offered the key %s that is not allowed. If this is yours: callosum keys allow NAME '%s'%s%s",
                     door.last_address, door.last_key, door.last_key, host->def.keys_folder != NULL ? " --keys " : "",
                     host->def.keys_folder != NULL ? host->keys_folder : "");
}

static void tell_waiting(cal_host *host, double now)
{
    if (now - host->asked_s < TELL_S)
        return;
    host->asked_s = now;
    for (size_t i = 0; i < host->n_slots; i++) {
        const cali_slot *s = host->slots[i];
        if (s->phase != CALI_EMPTY || s->is_local || now - s->lost_s < TELL_S)
            continue;
        cal_context_note(host->ctx, "E103 slot \"%s\" waits for a worker since %.0f s%s%s", s->name, now - s->lost_s,
                         host->offered[0] != '\0' ? "; the last one offered fits no slot: " : "", host->offered);
    }
}

void cali_host_pump(cal_host *host, int wait_ms)
{
    if (wait_ms > 0)
        cal_wire_wait(host->wires, host->n_wires, wait_ms);
    for (size_t i = 0; i < host->n_wires; i++) {
        cal_frames frames;
        cal_peer peer;
        for (int n = 0; n < MOST_AT_ONCE && cal_wire_receive(host->wires[i], &peer, &frames); n++)
            take(host, host->wires[i], &peer, &frames);
    }
    const double now = cali_wall_s();
    for (size_t i = 0; i < host->n_slots; i++)
        cali_slot_look_after(host->slots[i], now);
    tell_waiting(host, now);
    tell_refused(host, now);
    cali_host_tell(host, now, false);
}

static void *keep_beats(void *arg)
{
    cal_host *host = arg;
    for (bool is_ending = false; !is_ending;) {
        const struct timespec pause = {0, 100 * 1000 * 1000};
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&host->lock);
        is_ending = host->is_ending;
        if (!is_ending)
            cali_host_pump(host, 0);
        pthread_mutex_unlock(&host->lock);
    }
    return NULL;
}

/* ---- life ---- */

static cal_status open_local(cal_host *host)
{
    const cal_wire_def def = {.endpoint = "ipc://*", .is_listening = true};
    CAL_TRY(cal_hub_open(host->hub, &def, &host->wires[0]));
    host->n_wires = 1;
    return CAL_OK;
}

static cal_status open_remote(cal_host *host)
{
    if (host->listen == NULL)
        return CAL_OK;
    cal_wire_def def = {.endpoint = host->listen, .is_listening = true, .is_insecure = host->def.is_insecure};
    if (!host->def.is_insecure && strncmp(host->listen, "ipc:", 4) != 0) {
        CAL_TRY(cal_keys_pair(host->ctx, host->keys_folder, "host", true, &host->keys));
        def.keys = &host->keys;
    }
    CAL_TRY(cal_hub_open(host->hub, &def, &host->wires[1]));
    host->n_wires = 2;
    return CAL_OK;
}

static cal_status find_program(cal_host *host)
{
    if (host->program != NULL)
        return CAL_OK;
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0)
        return CAL_FAIL(host->ctx, CAL_ERR_IO, "the path of this program is not known: /proc/self/exe cannot be read");
    path[n] = '\0';
    return cali_copy_text(host->ctx, path, &host->program);
}

static cal_status init(cal_host *host, const cal_host_def *def)
{
    CAL_TRY(cali_copy_text(host->ctx, def->listen, &host->listen));
    CAL_TRY(cali_copy_text(host->ctx, def->program, &host->program));
    CAL_TRY(cali_copy_text(host->ctx, def->status, &host->status_path));
    if (def->status != NULL) {
        CAL_TRY(cali_alloc(host->ctx, strlen(def->status) + sizeof ".drain", 1, "a path", &host->drain_path));
        sprintf(host->drain_path, "%s.drain", def->status);
    }
    if (def->beat_ms < 100 || def->beat_ms > 60000 || def->liveness < 2 || def->liveness > 100 || def->snapshot_windows == 0)
        return CAL_FAIL(host->ctx, CAL_ERR_ARGUMENT, "beats of %u ms (100 to 60000), liveness %u (2 to 100), snapshots every %u windows",
                        def->beat_ms, def->liveness, def->snapshot_windows);
    if (getrandom(&host->session, sizeof host->session, 0) != (ssize_t)sizeof host->session)
        return CAL_FAIL(host->ctx, CAL_ERR_IO, "the system gives no random number for the session");
    host->session |= 1; /* 0 is no session */
    CAL_TRY(find_program(host));
    if (def->listen != NULL)
        CAL_TRY(cal_keys_folder(host->ctx, def->keys_folder, &host->keys_folder));
    CAL_TRY(cal_hub_create(host->ctx, host->keys_folder, &host->hub));
    CAL_TRY(cal_packer_create(host->ctx, &host->packer));
    CAL_TRY(open_local(host));
    CAL_TRY(open_remote(host));
    host->has_thread = pthread_create(&host->thread, NULL, keep_beats, host) == 0;
    return host->has_thread ? CAL_OK : CAL_FAIL(host->ctx, CAL_ERR_MEMORY, "no thread for the beats");
}

cal_status cal_host_create(cal_context *ctx, const cal_host_def *def, cal_host **out)
{
    *out = NULL;
    cal_host *host = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *host, "the host of workers", &host));
    host->ctx = ctx;
    host->def = *def;
    host->asked_s = cali_wall_s();
    host->refused_told_s = -TELL_S;
    host->most_state = 0.25 * cali_memory_limit();
    pthread_mutex_init(&host->lock, NULL);
    const cal_status status = init(host, def);
    if (status != CAL_OK)
        cal_host_destroy(&host);
    *out = host;
    return status;
}

void cal_host_destroy(cal_host **handle)
{
    if (handle == NULL || *handle == NULL)
        return;
    cal_host *host = *handle;
    pthread_mutex_lock(&host->lock);
    host->is_ending = true;
    cali_host_tell(host, 0.0, true);
    for (size_t i = 0; i < host->n_slots; i++)
        if (host->slots[i]->channel.wire != NULL && !(host->is_handed_over && !host->slots[i]->is_local))
            cali_channel_bye(&host->slots[i]->channel, host->packer, host->slots[i]->phase == CALI_SLOT_FAILED ? "fatal" : "done");
    pthread_mutex_unlock(&host->lock);
    if (host->has_thread)
        pthread_join(host->thread, NULL);
    for (size_t i = 0; i < host->n_slots; i++) {
        cali_process_end(host->slots[i]);
        cali_slot_free(host->slots[i]);
    }
    for (size_t i = 0; i < host->n_wires; i++)
        cal_wire_close(&host->wires[i]);
    cal_packer_destroy(&host->packer);
    cal_hub_destroy(&host->hub);
    pthread_mutex_destroy(&host->lock);
    free(host->listen);
    free(host->status_path);
    free(host->drain_path);
    free(host->program);
    free(host->keys_folder);
    free(host->slots);
    free(host);
    *handle = NULL;
}

const char *cal_host_endpoint(const cal_host *host)
{
    return host->n_wires > 1 ? cal_wire_endpoint(host->wires[1]) : NULL;
}

const char *cal_host_key(const cal_host *host)
{
    return host->keys.public_key;
}

cal_status cal_host_start(cal_host *host)
{
    cal_status status = CAL_OK;
    pthread_mutex_lock(&host->lock);
    for (size_t i = 0; i < host->n_slots && status == CAL_OK; i++)
        if (host->slots[i]->is_local && host->slots[i]->pid == 0)
            status = cali_process_start(host->slots[i]);
    for (bool are_ready = false; status == CAL_OK && !are_ready;) {
        are_ready = true;
        for (size_t i = 0; i < host->n_slots; i++) {
            const cali_slot *slot = host->slots[i];
            are_ready = are_ready && slot->phase == CALI_LIVE;
            if (slot->phase == CALI_SLOT_FAILED && status == CAL_OK)
                status = CAL_FAIL(host->ctx, slot->status, "%s", slot->failure);
        }
        if (status == CAL_OK && !are_ready && cali_host_is_stopped(host))
            status = CAL_FAIL(host->ctx, CAL_ERR_STATE, "stopped while a slot waited for its worker");
        if (status == CAL_OK && !are_ready)
            cali_host_pump(host, 50);
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

size_t cal_host_n_slots(const cal_host *host)
{
    return host->n_slots;
}

static cal_slot_state state_of(const cali_slot *s)
{
    static const cal_slot_state states[] = {CAL_SLOT_EMPTY, CAL_SLOT_FILLING, CAL_SLOT_FILLING, CAL_SLOT_LIVE, CAL_SLOT_FAILED,
                                            CAL_SLOT_DONE};
    return s->phase == CALI_LIVE && s->is_suspect ? CAL_SLOT_SUSPECT : states[s->phase];
}

cal_slot_info cali_slot_info(const cali_slot *s)
{
    cal_slot_info info = s->facts;
    info.name = s->name;
    memcpy(info.worker, s->worker, sizeof info.worker);
    info.model = strcmp(s->model, cal_worker_network.name) == 0 ? "" : s->model;
    memcpy(info.device, s->device, sizeof info.device);
    info.state = state_of(s);
    info.is_local = s->is_local;
    info.pid = s->pid;
    info.incarnation = s->incarnation;
    info.n_windows = s->n_finished;
    info.n_neurons = s->n_neurons;
    info.n_synapses = s->n_synapses;
    info.bytes = s->bytes;
    info.n_sent_bytes = s->channel.sent_bytes;
    info.n_received_bytes = s->channel.received_bytes;
    return info;
}

cal_slot_info cal_host_slot(cal_host *host, size_t index)
{
    pthread_mutex_lock(&host->lock);
    const cal_slot_info info = cali_slot_info(host->slots[index]);
    pthread_mutex_unlock(&host->lock);
    return info;
}

bool cali_host_drain(cal_host *host, const char *worker_or_slot)
{
    bool is_found = false;
    for (size_t i = 0; i < host->n_slots; i++) {
        cali_slot *s = host->slots[i];
        if (s->phase != CALI_LIVE || !s->has_snapshots ||
            (strcmp(worker_or_slot, s->name) != 0 && strcmp(worker_or_slot, s->worker) != 0))
            continue;
        s->is_draining = is_found = true;
        cali_slot_ask_snapshot(s);
    }
    return is_found;
}

bool cal_host_drain(cal_host *host, const char *worker_or_slot)
{
    pthread_mutex_lock(&host->lock);
    const bool is_found = cali_host_drain(host, worker_or_slot);
    pthread_mutex_unlock(&host->lock);
    return is_found;
}

bool cal_host_has_lost(const cal_host *host)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&host->lock;
    pthread_mutex_lock(lock);
    const bool has_lost = host->has_lost;
    pthread_mutex_unlock(lock);
    return has_lost;
}

void cal_host_hand_over(cal_host *host)
{
    host->is_handed_over = true;
}
