/* The tables of messages.def, and the check of a body against them. */
#include "protocols/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTING = 1 << CAL_WORKER_CONNECTING,
    OFFERED = 1 << CAL_WORKER_OFFERED,
    CONFIGURING = 1 << CAL_WORKER_CONFIGURING,
    READY = 1 << CAL_WORKER_READY,
    STEPPING = 1 << CAL_WORKER_STEPPING,
    SAVING = 1 << CAL_WORKER_SAVING,
    RESTORING = 1 << CAL_WORKER_RESTORING,
    LINKED = CONFIGURING | READY | STEPPING | SAVING | RESTORING /* after WELCOME */
};

const cali_message_entry cali_messages[] = {
#define CAL_MESSAGE(number, name, replies, handled, sent, head, meaning)                                                    \
    {number, #name, replies, handled, sent, #handled, #sent, head, meaning},
#include "protocols/messages.def"
};
const size_t cali_n_messages = sizeof cali_messages / sizeof cali_messages[0];

enum {
#define CAL_MESSAGE(number, name, ...) NUMBER_##name = number,
#include "protocols/messages.def"
};

#define UINT(low, high) {CALI_FIELD_UINT, low, high, NULL, 0}
#define INT(low, high) {CALI_FIELD_INT, (uint64_t)(low), (uint64_t)(high), NULL, 0}
#define REAL {CALI_FIELD_REAL, 0, 0, NULL, 0}
#define BOOL {CALI_FIELD_BOOL, 0, 0, NULL, 0}
#define TEXT {CALI_FIELD_TEXT, 0, 0, NULL, 0}
#define CHOICE(words) {CALI_FIELD_CHOICE, 0, 0, words, 0}
#define LIST {CALI_FIELD_LIST, 0, 0, NULL, 0}
#define MAP {CALI_FIELD_MAP, 0, 0, NULL, 0}
#define ARRAY(dtype, dims) {CALI_FIELD_ARRAY, 0, 0, dims, CAL_##dtype}
#define SIGNAL {CALI_FIELD_SIGNAL, 0, 0, "channels, samples", CAL_F64}
#define CHANGE {CALI_FIELD_CHANGE, 0, 0, NULL, 0}

enum { MAY, MUST };

const cali_field_entry cali_message_fields[] = {
#define CAL_FIELD(message, level, need, key, type, unit, meaning)                                                           \
    {NUMBER_##message, level, (need) == MUST, key, type, unit, meaning},
#include "protocols/messages.def"
};
const size_t cali_n_message_fields = sizeof cali_message_fields / sizeof cali_message_fields[0];

const cali_code_entry cali_protocol_codes[] = {
#define CAL_CODE(code, meaning) {#code, meaning},
#include "protocols/messages.def"
};
const size_t cali_n_protocol_codes = sizeof cali_protocol_codes / sizeof cali_protocol_codes[0];

const cali_message_entry *cali_message_entry_find(unsigned number)
{
    for (size_t i = 0; i < cali_n_messages; i++)
        if (cali_messages[i].number == number)
            return &cali_messages[i];
    return NULL;
}

const char *cal_message_name(unsigned type)
{
    const cali_message_entry *entry = cali_message_entry_find(type);
    return entry != NULL ? entry->name : NULL;
}

bool cal_message_is_handled(unsigned type, cal_worker_state state)
{
    const cali_message_entry *entry = cali_message_entry_find(type);
    return entry != NULL && (entry->handled >> state & 1) != 0;
}

const char *cal_protocol_code_meaning(const char *code)
{
    for (size_t i = 0; i < cali_n_protocol_codes; i++)
        if (strcmp(cali_protocol_codes[i].code, code) == 0)
            return cali_protocol_codes[i].meaning;
    return NULL;
}

/* ---- the check ---------------------------------------------------------------------------------------- */

typedef struct checker {
    const char *message;
    const char *path[CAL_PROTOCOL_MAX_DEPTH]; /* keys that lead to the field at hand */
    unsigned depth;
    cal_problem *problem;
} checker;

#define FAIL(c, format, ...)                                                                                                \
    do {                                                                                                                    \
        char name_[120];                                                                                                    \
        return cali_problem_set((c)->problem, "E106", "%s: \"%s\" " format, (c)->message, write_path(c, name_, sizeof name_), \
                                __VA_ARGS__);                                                                               \
    } while (0)

/* "ports[].name" */
static const char *write_path(const checker *c, char *text, size_t size)
{
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < c->depth && n < size; i++) {
        const char *dot = i > 0 && c->path[i][0] != '[' ? "." : "";
        const int written = snprintf(text + n, size - n, "%s%.40s", dot, c->path[i]);
        n += written > 0 ? (size_t)written : 0;
    }
    return text;
}

static bool check_array(checker *c, const cal_value *value, cal_dtype dtype, const char *dims)
{
    if (value == NULL || value->kind != CAL_ARRAY)
        FAIL(c, "is %s instead of an array", cali_kind_name(value));
    if (value->dtype != (uint8_t)dtype)
        FAIL(c, "is an array of %s instead of %s", cali_dtype_name(value->dtype), cali_dtype_name(dtype));
    const cal_array array = cali_value_array(value);
    unsigned n = 0;
    for (const char *at = dims; at != NULL; n++) {
        const unsigned long wanted = strtoul(at, NULL, 10); /* 0: a name, any length */
        if (wanted > 0 && (n >= array.n_dims || array.dims[n] != wanted))
            FAIL(c, "is no array [%s]", dims);
        at = strchr(at, ',');
        at = at != NULL ? at + 2 : NULL;
    }
    if (array.n_dims != n)
        FAIL(c, "has %u dimensions instead of [%s]", array.n_dims, dims);
    return true;
}

/* {dt_ns, id}, of one length */
static bool check_events(checker *c, const cal_value *value)
{
    static const char *const keys[] = {"dt_ns", "id"};
    uint32_t n[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        const cal_value *member = cal_value_find(value, keys[i]);
        c->path[c->depth++] = keys[i];
        if (!check_array(c, member, CAL_U32, "n"))
            return false;
        c->depth--;
        n[i] = member->n;
    }
    if (n[0] != n[1])
        FAIL(c, "has %u times and %u ids", n[0], n[1]);
    return true;
}

static bool check_change(checker *c, const cal_value *value)
{
    if (value->kind != CAL_LIST || value->n != 3)
        FAIL(c, "is no list of a path, a value and a unit%s", "");
    const cal_value *parts = value + value->first;
    if (parts[0].kind != CAL_TEXT || parts[2].kind != CAL_TEXT || (parts[1].kind != CAL_REAL && parts[1].kind != CAL_INT))
        FAIL(c, "is no list of a text, a number and a text%s", "");
    return true;
}

static bool check_choice(checker *c, const cal_value *value, const char *words)
{
    const size_t size = value->n;
    for (const char *word = words; word != NULL;) {
        const char *end = strchr(word, '|');
        const size_t n = end != NULL ? (size_t)(end - word) : strlen(word);
        if (n == size && memcmp(word, value->as.text, n) == 0)
            return true;
        word = end != NULL ? end + 1 : NULL;
    }
    FAIL(c, "is \"%.40s\", none of %s", value->as.text, words);
}

static bool check_range(checker *c, const cal_value *value, const cali_field_type *type)
{
    const uint64_t bits = value->as.u;
    const int64_t low = (int64_t)type->low, high = (int64_t)type->high;
    if (type->kind == CALI_FIELD_UINT && (value->is_negative || bits < type->low || bits > type->high))
        FAIL(c, "is no integer from %llu to %llu", (unsigned long long)type->low, (unsigned long long)type->high);
    const bool is_signed = value->is_negative || bits <= INT64_MAX;
    if (type->kind == CALI_FIELD_INT && (!is_signed || (int64_t)bits < low || (int64_t)bits > high))
        FAIL(c, "is no integer from %lld to %lld", (long long)low, (long long)high);
    return true;
}

static bool check_type(checker *c, const cal_value *value, const cali_field_type *type)
{
    static const cal_value_kind kinds[] = {CAL_INT, CAL_INT, CAL_REAL, CAL_BOOL, CAL_TEXT, CAL_TEXT, CAL_LIST, CAL_MAP};
    switch (type->kind) {
    case CALI_FIELD_ARRAY:
        return check_array(c, value, type->dtype, type->words);
    case CALI_FIELD_SIGNAL:
        return value->kind == CAL_MAP ? check_events(c, value) : check_array(c, value, type->dtype, type->words);
    case CALI_FIELD_CHANGE:
        return check_change(c, value);
    default:
        break;
    }
    if (type->kind == CALI_FIELD_REAL && value->kind == CAL_INT)
        return true;
    if (value->kind != kinds[type->kind]) {
        const cal_value wanted = {.kind = (uint8_t)kinds[type->kind]};
        FAIL(c, "is %s instead of %s", cali_kind_name(value), cali_kind_name(&wanted));
    }
    if (type->kind == CALI_FIELD_CHOICE)
        return check_choice(c, value, type->words);
    return type->kind > CALI_FIELD_INT || check_range(c, value, type);
}

static bool check_members(checker *c, const cali_field_entry *field, const cal_value *value);

static bool check_field(checker *c, const cali_field_entry *field, const cal_value *value, const char *key)
{
    c->path[c->depth++] = key;
    if (!check_type(c, value, &field->type) || !check_members(c, field + 1, value))
        return false;
    c->depth--;
    return true;
}

/* The fields from `field` on that belong to `value`: they are one level below the one before them. */
static bool check_members(checker *c, const cali_field_entry *field, const cal_value *value)
{
    const cali_field_entry *end = cali_message_fields + cali_n_message_fields;
    const unsigned level = c->depth + 1;
    for (const unsigned message = field < end ? field->message : 0; field < end && field->message == message; field++) {
        if (field->level < level)
            break;
        if (field->level > level)
            continue;
        if (field->key[0] == '[' || field->key[0] == '*') {
            for (size_t i = 0; i < cal_value_n(value); i++) {
                const cal_value *member = cal_value_at(value, i);
                if (!check_field(c, field, member, member->key != NULL ? member->key : field->key))
                    return false;
            }
            continue;
        }
        const cal_value *member = cal_value_find(value, field->key);
        if (member != NULL && !check_field(c, field, member, field->key))
            return false;
        if (member == NULL && field->is_needed) {
            c->path[c->depth++] = field->key;
            FAIL(c, "is missing%s", "");
        }
    }
    return true;
}

static const cali_field_entry *first_field(unsigned number)
{
    for (size_t i = 0; i < cali_n_message_fields; i++)
        if (cali_message_fields[i].message == number)
            return &cali_message_fields[i];
    return NULL;
}

bool cali_schema_check(unsigned number, const cal_value *body, cal_problem *problem)
{
    const cali_field_entry *field = first_field(number);
    checker c = {.message = cal_message_name(number), .problem = problem};
    return field == NULL || check_members(&c, field, body);
}

bool cali_schema_knows(unsigned number, const char *key)
{
    for (size_t i = 0; i < cali_n_message_fields; i++) {
        const cali_field_entry *field = &cali_message_fields[i];
        if (field->message == number && field->level == 1 && strcmp(field->key, key) == 0)
            return true;
    }
    return false;
}
