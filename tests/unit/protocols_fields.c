/* Each field of each message, by the list itself: of another type it is refused, and left out it is refused where it must be there.
 * The messages are those of tests/golden/protocol.txt, in which nearly all fields stand. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "protocols/schema.h"
#include "support/messages.h"

enum { MAX_DEPTH = 8 };

/* A body is copied; value number `target` of it is left out or replaced. */
typedef struct mutation {
    cal_packer *packer;
    unsigned message;
    int target, n; /* values seen so far */
    int kind;      /* cal_value_kind of the replacement; -1: left out */
    const char *path[MAX_DEPTH];
    unsigned depth;
    const cali_field_entry *field; /* of the target; NULL: its keys are free */
    bool is_in_list;
    cal_value_kind was;
} mutation;

/* The entry of the path, by the levels of the list. */
static const cali_field_entry *find_field(const mutation *m)
{
    unsigned matched = 0;
    for (size_t i = 0; i < cali_n_message_fields; i++) {
        const cali_field_entry *f = &cali_message_fields[i];
        if (f->message != m->message || f->level > matched + 1)
            continue;
        if (f->level <= matched)
            return NULL; /* behind the members of what matched */
        if (strcmp(f->key, m->path[matched]) != 0 && f->key[0] != '*')
            continue;
        if (++matched == m->depth)
            return f;
    }
    return NULL;
}

static void pack_other(cal_packer *packer, const char *key, int kind)
{
    static const uint32_t items[2];
    switch (kind) {
    case CAL_NIL:
        cal_pack_text(packer, key, NULL);
        break;
    case CAL_BOOL:
        cal_pack_bool(packer, key, true);
        break;
    case CAL_INT:
        cal_pack_int(packer, key, -1);
        break;
    case CAL_REAL:
        cal_pack_real(packer, key, 0.5);
        break;
    case CAL_TEXT:
        cal_pack_text(packer, key, "?");
        break;
    case CAL_LIST:
    case CAL_MAP:
        if (kind == CAL_LIST)
            cal_pack_open_list(packer, key);
        else
            cal_pack_open_map(packer, key);
        cal_pack_close(packer);
        break;
    case CAL_ARRAY:
        cal_pack_array(packer, key, CAL_I16, 2, (const size_t[]){2, 1}, items);
        break;
    default:
        break; /* left out */
    }
}

static void copy(mutation *m, const cal_value *value)
{
    for (size_t i = 0; i < cal_value_n(value); i++) {
        const cal_value *member = cal_value_at(value, i);
        const char *key = cal_value_key(value, i);
        const cal_value_kind kind = cal_value_get_kind(member);
        cr_assert(m->depth < MAX_DEPTH);
        m->path[m->depth++] = key != NULL ? key : "[]";
        if (m->n++ == m->target) {
            m->field = find_field(m);
            m->is_in_list = key == NULL;
            m->was = kind;
            pack_other(m->packer, key, m->kind);
        } else if (kind == CAL_LIST || kind == CAL_MAP) {
            if (kind == CAL_LIST)
                cal_pack_open_list(m->packer, key);
            else
                cal_pack_open_map(m->packer, key);
            copy(m, member);
            cal_pack_close(m->packer);
        } else {
            cali_test_copy_value(m->packer, member, key);
        }
        m->depth--;
    }
}

static bool may_be(const cali_field_entry *field, int kind, cal_value_kind was)
{
    if (field->type.kind == CALI_FIELD_REAL)
        return kind == CAL_INT || kind == CAL_REAL;
    if (kind != (int)was)
        return false;
    if (field->type.kind == CALI_FIELD_INT)
        return (int64_t)field->type.low < 0;
    return field->type.kind == CALI_FIELD_TEXT || field->type.kind == CALI_FIELD_BOOL || field->type.kind == CALI_FIELD_LIST;
}

static bool is_taken(const mutation *m, const cal_header *header, cal_problem *problem)
{
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_assert(cal_packer_get(m->packer, &frames, &n) == CAL_OK);
    cal_header head = *header, read;
    head.digest = cal_frames_digest(frames, n);
    unsigned char bytes[CAL_HEADER_SIZE];
    cal_frames received = {.n = 2, .frames = {{bytes, cal_header_encode(&head, bytes)}, frames[0]}};
    cal_message *message = cal_message_read(&received, &cal_limits_open, &read, problem);
    const bool result = message != NULL;
    cal_message_destroy(&message);
    return result;
}

Test(protocols_fields, each_field_has_its_type_and_is_there)
{
    static cali_parcel parcels[CALI_MAX_PARCELS];
    const size_t n_parcels = cali_test_load_parcels(parcels);
    cal_context *ctx = cali_test_context(1);
    cal_packer *packer = NULL;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    unsigned n_checked = 0;
    static bool is_seen[256];
    for (size_t i = 0; i < n_parcels; i++) {
        cal_header header;
        cal_problem problem;
        cal_message *message = cali_test_read_parcel(&parcels[i], &header, &problem);
        cr_assert(message != NULL);
        int n_values = 0;
        for (int target = -1; target < n_values; target++) { /* -1: only counts */
            for (int kind = -1; kind <= CAL_ARRAY; kind++) {
                mutation m = {.packer = packer, .message = header.type, .target = target, .kind = kind};
                cal_packer_clear(packer);
                copy(&m, cal_message_body(message));
                n_values = m.n > n_values ? m.n : n_values;
                if (m.field == NULL || (kind == CAL_MAP && m.was == CAL_MAP))
                    continue; /* free keys; an empty map lacks members, which are targets themselves */
                is_seen[m.field - cali_message_fields] = true;
                const bool is_right = kind < 0 ? m.is_in_list || !m.field->is_needed : may_be(m.field, kind, m.was);
                cr_expect(is_taken(&m, &header, &problem) == is_right, "%s: \"%s\" as kind %d: %s",
                          cal_message_name(header.type), m.field->key, kind, problem.text);
                cr_expect(is_right || strstr(problem.text, m.field->key) != NULL || m.field->key[0] == '*', "%s", problem.text);
                n_checked++;
            }
        }
        cal_message_destroy(&message);
    }
    for (size_t i = 0; i < cali_n_message_fields; i++)
        cr_expect(is_seen[i], "no message of protocol.txt has \"%s\" of %s", cali_message_fields[i].key,
                  cal_message_name(cali_message_fields[i].message));
    cr_expect(n_checked > 1000, "%u", n_checked);
    cal_packer_destroy(&packer);
    cal_context_destroy(&ctx);
    cali_test_free_parcels(parcels, n_parcels);
}
