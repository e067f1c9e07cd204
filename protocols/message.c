/* Reading a message: its frames become a header and a checked body, in two blocks of memory. */
#include <stdlib.h>
#include <string.h>

#include "protocols/schema.h"

struct cal_message {
    cal_header header;
    cal_frames frames;
    cali_nodes nodes;
    size_t head, body; /* their nodes */
    unsigned char bytes[]; /* copies of the header and body frames, each with a byte to spare */
};

void cal_message_destroy(cal_message **message)
{
    if (message == NULL || *message == NULL)
        return;
    cal_frames_release(&(*message)->frames);
    free((*message)->nodes.nodes);
    free(*message);
    *message = NULL;
}

const cal_header *cal_message_header(const cal_message *message)
{
    return &message->header;
}

const cal_value *cal_message_body(const cal_message *message)
{
    return message->nodes.nodes + message->body;
}

static bool check_sizes(const cal_frames *frames, const cal_limits *limits, cal_problem *problem)
{
    size_t total = 0;
    if (frames->n < 2 || frames->n > limits->n_frames || frames->n > CAL_PROTOCOL_MAX_FRAMES)
        return cali_problem_set(problem, "E106", "%zu frames, of 2 to %zu", frames->n, limits->n_frames);
    for (size_t i = 0; i < frames->n; i++) {
        const size_t size = frames->frames[i].size;
        const size_t most = i == 0 ? CAL_PROTOCOL_MAX_HEADER : limits->frame;
        if (size > most)
            return cali_problem_set(problem, "E106", "frame %zu has %zu bytes, of at most %zu", i, size, most);
        total += size; /* at most 64 frames of a size below the limit: no overflow */
    }
    return total <= limits->message ||
           cali_problem_set(problem, "E106", "%zu bytes, of at most %zu", total, limits->message);
}

static bool read_unsigned(const cal_value *map, const char *key, uint64_t most, uint64_t *out, bool *is_there,
                          cal_problem *problem)
{
    const cal_value *value = cal_value_find(map, key);
    *is_there = value != NULL;
    if (value == NULL)
        return true;
    if (value->kind != CAL_INT || value->is_negative || value->as.u > most)
        return cali_problem_set(problem, "E106", "header: \"%s\" is no integer from 0 to %llu", key, (unsigned long long)most);
    *out = value->as.u;
    return true;
}

/* All keys are read before any of them is judged: an answer needs as many as there are. */
static bool read_header(const cal_value *map, cal_header *header, cal_problem *problem)
{
    enum { V, T, S, E, N, R, K, D, N_KEYS };
    static const struct {
        const char *key;
        uint64_t most;
        bool is_needed;
    } keys[N_KEYS] = {
        [V] = {"v", UINT32_MAX, true}, [T] = {"t", UINT32_MAX, true}, [S] = {"s", UINT64_MAX, true},
        [E] = {"e", UINT32_MAX, true}, [N] = {"n", UINT64_MAX, true}, [R] = {"r", UINT64_MAX, false},
        [K] = {"k", UINT64_MAX, false}, [D] = {"d", UINT32_MAX, false},
    };
    uint64_t values[N_KEYS] = {0};
    bool is_there[N_KEYS], is_right = true;
    for (size_t i = 0; i < N_KEYS; i++)
        is_right = read_unsigned(map, keys[i].key, keys[i].most, &values[i], &is_there[i], problem) && is_right;
    *header = (cal_header){.version = (uint32_t)values[V], .type = (uint32_t)values[T], .session = values[S],
                           .incarnation = (uint32_t)values[E], .number = values[N], .answers = values[R],
                           .window = values[K], .digest = (uint32_t)values[D], .has_window = is_there[K],
                           .has_digest = is_there[D]};
    const cal_value *remark = cal_value_find(cal_value_find(map, "x"), "compute_ns");
    if (remark != NULL && remark->kind == CAL_INT && !remark->is_negative)
        header->compute_ns = remark->as.u; /* a remark that is none of ours is no mistake */
    for (size_t i = 0; is_right && i < N_KEYS; i++)
        if (keys[i].is_needed && !is_there[i])
            return cali_problem_set(problem, "E106", "header: \"%s\" is missing", keys[i].key);
    return is_right;
}

static bool check_header(const cal_header *header, cal_problem *problem)
{
    const cali_message_entry *entry = cali_message_entry_find(header->type);
    if (header->version != CAL_PROTOCOL_VERSION)
        return cali_problem_set(problem, "E101", "version %u; this side speaks %d", header->version, CAL_PROTOCOL_VERSION);
    if (header->number == 0)
        return cali_problem_set(problem, "E106", "header: \"n\" counts from 1%s", "");
    if (entry == NULL)
        return true;
    if (strchr(entry->head, 'k') != NULL && !header->has_window)
        return cali_problem_set(problem, "E106", "header: %s without \"k\"", entry->name);
    if (strchr(entry->head, 'd') != NULL && !header->has_digest)
        return cali_problem_set(problem, "E106", "header: %s without \"d\"", entry->name);
    return true;
}

/* `m`: keys of the body that must be understood. */
static bool check_demands(const cal_message *message, cal_problem *problem)
{
    const cal_value *demands = cal_value_find(message->nodes.nodes + message->head, "m");
    if (demands == NULL)
        return true;
    if (demands->kind != CAL_LIST)
        return cali_problem_set(problem, "E106", "header: \"m\" is %s instead of a list", cali_kind_name(demands));
    for (size_t i = 0; i < cal_value_n(demands); i++) {
        const cal_value *key = cal_value_at(demands, i);
        if (key->kind != CAL_TEXT)
            return cali_problem_set(problem, "E106", "header: \"m\" has %s instead of a text", cali_kind_name(key));
        if (!cali_schema_knows(message->header.type, key->as.text))
            return cali_problem_set(problem, "E105", "the key \"%.60s\" is not known here", key->as.text);
    }
    return true;
}

static bool read_all(cal_message *message, cal_header *header, cal_problem *problem)
{
    const cal_frame *frames = message->frames.frames;
    cali_source head = {"header", message->bytes, frames[0].size, NULL, 0};
    cali_source body = {"body", message->bytes + frames[0].size + 1, frames[1].size, frames + 2, message->frames.n - 2};
    memcpy(head.bytes, frames[0].data, head.size);
    memcpy(body.bytes, frames[1].data, body.size);
    if (!cali_decode(&head, &message->nodes, &message->head, problem) ||
        !read_header(message->nodes.nodes + message->head, header, problem) || !check_header(header, problem))
        return false;
    message->header = *header;
    if (header->has_digest) {
        const uint32_t digest = cal_frames_digest(frames + 1, message->frames.n - 1);
        if (digest != header->digest)
            return cali_problem_set(problem, "E106", "the digest of body and blobs is %08x and \"d\" says %08x", digest,
                                    header->digest);
    }
    return cali_decode(&body, &message->nodes, &message->body, problem) && check_demands(message, problem) &&
           cali_schema_check(header->type, cal_message_body(message), problem);
}

cal_message *cal_message_read(cal_frames *frames, const cal_limits *limits, cal_header *header, cal_problem *problem)
{
    *header = (cal_header){0};
    *problem = (cal_problem){0};
    if (!check_sizes(frames, limits, problem)) {
        cal_frames_release(frames);
        return NULL;
    }
    cal_message *message = malloc(sizeof *message + frames->frames[0].size + frames->frames[1].size + 2);
    if (message == NULL) {
        cali_problem_set(problem, "E402", "no memory for a message%s", "");
        cal_frames_release(frames);
        return NULL;
    }
    message->frames = *frames;
    message->nodes = (cali_nodes){0};
    *frames = (cal_frames){0};
    if (!read_all(message, header, problem))
        cal_message_destroy(&message);
    return message;
}
