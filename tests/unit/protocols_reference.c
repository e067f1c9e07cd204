/* The tables of protocols/PROTOCOL.md are those of messages.def, its bytes those of tests/golden/protocol.txt. With
 * CALLOSUM_WRITE_DOCS=1 this test writes them. */
#include <ctype.h>

#include "protocols/schema.h"
#include "support/docs.h"

static void add_states(cali_text *text)
{
    static const char *const names[] = {"CONNECTING", "OFFERED", "CONFIGURING", "READY", "STEPPING", "SAVING", "RESTORING"};
    cali_text_add(text, "| message |");
    for (int k = 0; k < 7; k++)
        cali_text_format(text, " %s |", names[k]);
    cali_text_add(text, "\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < cali_n_messages; i++) {
        const cali_message_entry *m = &cali_messages[i];
        cali_text_format(text, "| %s |", m->name);
        for (int k = 0; k < 7; k++) {
            const bool is_handled = (m->handled >> k & 1) != 0, is_sent = (m->sent >> k & 1) != 0;
            const char *what = is_handled && is_sent ? " both |" : is_handled ? " handles |" : is_sent ? " sends |" : " |";
            cali_text_add(text, what);
        }
        cali_text_add(text, "\n");
    }
}

static void add_type(cali_text *text, const cali_field_type *type)
{
    static const char *const names[] = {"uint", "int", "real", "true or false", "text", "", "list", "map", "", "", ""};
    cali_text_add(text, names[type->kind]);
    if (type->kind == CALI_FIELD_CHOICE) {
        for (const char *at = type->words; *at != '\0'; at++)
            cali_text_add_bytes(text, *at == '|' ? ", " : at, *at == '|' ? 2 : 1);
    } else if (type->kind == CALI_FIELD_ARRAY) {
        static const char *const dtypes[] = {[CAL_U8] = "u8", [CAL_U32] = "u32", [CAL_F32] = "f32", [CAL_F64] = "f64"};
        cali_text_format(text, "%s [%s]", dtypes[type->dtype], type->words);
    } else if (type->kind == CALI_FIELD_SIGNAL) {
        cali_text_add(text, "f64 [channels, samples], or {dt_ns: u32 [n], id: u32 [n]} for spikes");
    } else if (type->kind == CALI_FIELD_CHANGE) {
        cali_text_add(text, "[text, real, text]");
    } else if (type->kind == CALI_FIELD_UINT) {
        const uint64_t edges[] = {UINT64_MAX, UINT32_MAX, INT64_MAX};
        static const char *const edge_names[] = {"2^64 - 1", "2^32 - 1", "2^63 - 1"};
        const char *high = NULL;
        for (int i = 0; i < 3; i++)
            high = type->high == edges[i] ? edge_names[i] : high;
        if (type->low == 0 && type->high == UINT64_MAX)
            return;
        if (high != NULL)
            cali_text_format(text, ", %llu ... %s", (unsigned long long)type->low, high);
        else
            cali_text_format(text, ", %llu ... %llu", (unsigned long long)type->low, (unsigned long long)type->high);
    }
}

static void add_fields(cali_text *text)
{
    for (size_t i = 0; i < cali_n_messages; i++) {
        const cali_message_entry *m = &cali_messages[i];
        const char *direction = m->handled != 0 && m->sent != 0 ? "H, W" : m->handled != 0 ? "H" : "W";
        cali_text_format(text, "%s**%u %s** (%s): %s.", i > 0 ? "\n" : "", m->number, m->name, direction, m->meaning);
        if (m->replies[0] != '\0')
            cali_text_format(text, " Answer: %s.", m->replies);
        if (m->head[0] != '\0')
            cali_text_format(text, " Header: with `%c`%s.", m->head[0], m->head[1] != '\0' ? " and `d`" : "");
        cali_text_add(text, "\n\n| field | type | needed | unit | meaning |\n|---|---|---|---|---|\n");
        for (size_t k = 0; k < cali_n_message_fields; k++) {
            const cali_field_entry *f = &cali_message_fields[k];
            if (f->message != m->number)
                continue;
            cali_text_add(text, "| ");
            for (unsigned level = 1; level < f->level; level++)
                cali_text_add(text, ". ");
            cali_text_format(text, "`%s` | ", f->key);
            add_type(text, &f->type);
            const bool is_free = f->key[0] == '[' || f->key[0] == '*';
            cali_text_format(text, " | %s | %s | %s |\n", f->is_needed ? "yes" : is_free ? "" : "no", f->unit, f->meaning);
        }
    }
}

static void add_codes(cali_text *text)
{
    cali_text_add(text, "| code | meaning |\n|---|---|\n");
    for (size_t i = 0; i < cali_n_protocol_codes; i++)
        cali_text_format(text, "| %s | %s |\n", cali_protocol_codes[i].code, cali_protocol_codes[i].meaning);
}

/* Bytes in lines of 100 letters. */
static void add_bytes(cali_text *text)
{
    cal_context *ctx = cali_test_context(1);
    char *golden = NULL, *rest = NULL;
    size_t size = 0;
    cr_assert(eq(int, cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/tests/golden/protocol.txt", 1 << 20, &golden, &size), CAL_OK));
    for (char *line = strtok_r(golden, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const char *hex = line[0] == ' ' ? strchr(line + 2, ' ') : NULL;
        cali_text_format(text, "    %.*s\n", hex != NULL ? (int)(hex - line) + 101 : (int)strlen(line), line);
        for (size_t at = 101; hex != NULL && at < strlen(hex); at += 100)
            cali_text_format(text, "      %*s %.100s\n", (int)(hex - line) - 2, "", hex + at);
    }
    free(golden);
    cal_context_destroy(&ctx);
}

Test(protocols_reference, tables_of_the_text_are_those_of_the_list)
{
    static const struct {
        const char *name;
        void (*add)(cali_text *text);
    } parts[] = {{"states", add_states}, {"fields", add_fields}, {"codes", add_codes}, {"bytes", add_bytes}};
    cal_context *ctx = cali_test_context(1);
    char *text = NULL;
    size_t size = 0;
    cr_assert(eq(int, cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/protocols/PROTOCOL.md", 1 << 20, &text, &size), CAL_OK));
    cali_text made = {0};
    const char *at = text;
    for (size_t i = 0; i < 4; i++) {
        char mark[80];
        snprintf(mark, sizeof mark, "<!-- made from messages.def: %s -->\n", parts[i].name);
        const char *begin = strstr(at, mark);
        cr_assert(begin != NULL, "PROTOCOL.md lacks %s", mark);
        begin += strlen(mark);
        cali_text_add_bytes(&made, at, (size_t)(begin - at));
        cali_text_add(&made, "\n");
        parts[i].add(&made);
        cali_text_add(&made, "\n");
        at = strstr(begin, "<!-- end -->");
        cr_assert(at != NULL);
    }
    cali_text_add(&made, at);
    cali_test_expect_page("../protocols/PROTOCOL.md", &made, "unit_protocols_reference");
    cali_text_free(&made);
    free(text);
    cal_context_destroy(&ctx);
}

/* Numbers, names and paths are unique; lists of fields begin at level 1 and never skip one. */
Test(protocols_reference, the_list_contradicts_itself_nowhere)
{
    for (size_t i = 0; i < cali_n_messages; i++) {
        cr_expect(cali_message_entry_find(cali_messages[i].number) == &cali_messages[i]);
        cr_expect(cali_messages[i].handled != 0 || cali_messages[i].sent != 0);
        for (size_t k = 0; k < i; k++)
            cr_expect(strcmp(cali_messages[i].name, cali_messages[k].name) != 0);
    }
    for (size_t i = 0; i < cali_n_message_fields; i++) {
        const cali_field_entry *f = cali_message_fields + i;
        const bool is_first = i == 0 || f[-1].message != f->message;
        cr_expect(f->level <= (is_first ? 1 : f[-1].level + 1), "%s", f->key);
        for (size_t k = i; k-- > 0 && f[0].message == cali_message_fields[k].message && cali_message_fields[k].level >= f->level;)
            cr_expect(cali_message_fields[k].level > f->level || strcmp(cali_message_fields[k].key, f->key) != 0, "%s", f->key);
    }
    for (size_t i = 1; i < cali_n_protocol_codes; i++)
        cr_expect(strcmp(cali_protocol_codes[i - 1].code, cali_protocol_codes[i].code) < 0);
    cr_expect(eq(str, (char *)cal_protocol_code_meaning("E304"), "window skipped"));
    cr_expect(cal_protocol_code_meaning("E999") == NULL);
}

/* The columns of a state are the sets of section 4. */
Test(protocols_reference, states_allow_what_the_text_says)
{
    cr_expect(eq(int, (int)cali_message_entry_find(CAL_HELLO)->sent, 1 << CAL_WORKER_CONNECTING));
    cr_expect(eq(int, (int)cali_message_entry_find(CAL_OUTPUT)->sent, 1 << CAL_WORKER_STEPPING));
    for (cal_worker_state state = CAL_WORKER_CONNECTING; state <= CAL_WORKER_CLOSED; state++) {
        cr_expect(eq(int, cal_message_is_handled(CAL_STEP, state), state == CAL_WORKER_READY));
        const bool is_linked = state > CAL_WORKER_OFFERED && state < CAL_WORKER_CLOSED;
        cr_expect(eq(int, cal_message_is_handled(CAL_PING, state), is_linked));
        cr_expect(eq(int, cal_message_is_handled(99, state), 0));
    }
}
