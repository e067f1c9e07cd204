/* messages.def as tables. */
#ifndef CALI_PROTOCOLS_SCHEMA_H
#define CALI_PROTOCOLS_SCHEMA_H

#include "protocols/value.h"

typedef struct cali_message_entry {
    unsigned number;
    const char *name, *replies;
    unsigned handled, sent; /* bits 1 << cal_worker_state */
    const char *handled_text, *sent_text;
    const char *head, *meaning;
} cali_message_entry;

typedef enum cali_field_kind {
    CALI_FIELD_UINT, CALI_FIELD_INT, CALI_FIELD_REAL, CALI_FIELD_BOOL, CALI_FIELD_TEXT, CALI_FIELD_CHOICE, CALI_FIELD_LIST,
    CALI_FIELD_MAP, CALI_FIELD_ARRAY, CALI_FIELD_SIGNAL, CALI_FIELD_CHANGE
} cali_field_kind;

typedef struct cali_field_type {
    cali_field_kind kind;
    uint64_t low, high; /* of a uint; the bits of an int's */
    const char *words;  /* of a choice, with | between them; dimensions of an array, with a comma between them */
    cal_dtype dtype;
} cali_field_type;

typedef struct cali_field_entry {
    unsigned message, level;
    bool is_needed;
    const char *key;
    cali_field_type type;
    const char *unit, *meaning;
} cali_field_entry;

typedef struct cali_code_entry {
    const char *code, *meaning;
} cali_code_entry;

extern const cali_message_entry cali_messages[];
extern const size_t cali_n_messages;
extern const cali_field_entry cali_message_fields[]; /* those of a message are neighbours */
extern const size_t cali_n_message_fields;
extern const cali_code_entry cali_protocol_codes[];
extern const size_t cali_n_protocol_codes;

/** NULL: no such message. */
const cali_message_entry *cali_message_entry_find(unsigned number);
/** Whether the body of such a message has the fields that it must have, all known ones with their types and ranges. */
bool cali_schema_check(unsigned number, const cal_value *body, cal_problem *problem);
/** Whether a body of such a message can have this key. */
bool cali_schema_knows(unsigned number, const char *key);

#endif
