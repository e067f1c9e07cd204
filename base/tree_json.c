/* JSON (RFC 8259): recursive descent under the limits of tree.h. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"

typedef struct reader {
    cali_tree *tree;
    const char *at, *end;
    unsigned line;
    const char *line_start;
    cali_tree_error *error;
    cal_status status;
} reader;

static void *refuse(reader *self, const char *what)
{
    if (self->status == CAL_OK) {
        self->status = CAL_ERR_INPUT;
        self->error->line = self->line;
        self->error->column = (unsigned)(self->at - self->line_start) + 1;
        snprintf(self->error->what, sizeof self->error->what, "%s", what);
    }
    return NULL;
}

static char peek(const reader *self)
{
    return self->at < self->end ? *self->at : '\0';
}

static void skip_blanks(reader *self)
{
    for (; self->at < self->end; self->at++) {
        if (*self->at == '\n') {
            self->line++;
            self->line_start = self->at + 1;
        } else if (*self->at != ' ' && *self->at != '\t' && *self->at != '\r')
            return;
    }
}

static bool read_hex(reader *self, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, self->at++) {
        const char c = peek(self);
        const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                               : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                      : 16;
        if (digit == 16) {
            refuse(self, "\\u needs four hexadecimal digits");
            return false;
        }
        *code = *code * 16 + digit;
    }
    return true;
}

static bool read_escape(reader *self, cali_text *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    self->at++;
    const char c = peek(self);
    const char *found = c == '\0' ? NULL : strchr(letters, c);
    if (found != NULL) {
        self->at++;
        cali_text_add_bytes(out, &meanings[found - letters], 1);
        return true;
    }
    if (c != 'u') {
        refuse(self, "unknown escape in a string");
        return false;
    }
    self->at++;
    unsigned code, low;
    if (!read_hex(self, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00 && self->end - self->at >= 2 && memcmp(self->at, "\\u", 2) == 0) {
        self->at += 2;
        if (!read_hex(self, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
        refuse(self, "a string that holds NUL or half a character");
        return false;
    }
    cali_text_add_character(out, code);
    return true;
}

static const char *read_string(reader *self)
{
    cali_text out = {0};
    self->at++;
    for (;;) {
        const char *start = self->at;
        while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (unsigned char)*self->at >= 0x20)
            self->at++;
        cali_text_add_bytes(&out, start, (size_t)(self->at - start));
        if (peek(self) == '"')
            break;
        if (peek(self) != '\\')
            refuse(self, self->at == self->end ? "a string that does not end" : "a control character in a string");
        if (self->status != CAL_OK || !read_escape(self, &out)) {
            cali_text_free(&out);
            return NULL;
        }
    }
    self->at++;
    const char *text = out.is_broken ? NULL : cali_tree_add_text(self->tree, out.data, out.size);
    cali_text_free(&out);
    if (text == NULL && self->status == CAL_OK)
        self->status = CAL_ERR_MEMORY;
    return text;
}

static cali_node *read_value(reader *self, unsigned depth);

/* One child with the key of a map. */
static bool read_entry(reader *self, cali_node *parent, unsigned depth)
{
    cali_entry entry = {.line = self->line, .column = (unsigned)(self->at - self->line_start) + 1};
    if (parent->kind == CALI_NODE_MAP) {
        if (peek(self) != '"')
            return refuse(self, "a key in quotes is missing") != NULL;
        entry.key = read_string(self);
        if (entry.key == NULL)
            return false;
        skip_blanks(self);
        if (peek(self) != ':')
            return refuse(self, "\":\" is missing") != NULL;
        self->at++;
    }
    entry.value = read_value(self, depth + 1);
    if (entry.value == NULL)
        return false;
    return cali_tree_add_entry(self->tree, parent, &entry) || refuse(self, "no memory") != NULL;
}

static cali_node *read_children(reader *self, cali_node *parent, unsigned depth)
{
    const char end = parent->kind == CALI_NODE_MAP ? '}' : ']';
    self->at++;
    skip_blanks(self);
    while (peek(self) != end) {
        if (parent->n > 0) {
            if (peek(self) != ',')
                return refuse(self, "a comma or a closing bracket is missing");
            self->at++;
            skip_blanks(self);
        }
        if (!read_entry(self, parent, depth))
            return NULL;
        skip_blanks(self);
    }
    self->at++;
    size_t earlier;
    if (parent->kind == CALI_NODE_MAP && cali_node_find_duplicate(parent, &earlier) >= 0)
        return refuse(self, "a mapping with the same key twice ends here");
    return parent;
}

/* A number or one of the words; validity of a number by its letters, as RFC 8259 has it. */
static cali_node *read_word(reader *self, cali_node *node)
{
    const char *start = self->at;
    while (self->at < self->end && strchr(",]} \t\r\n", *self->at) == NULL)
        self->at++;
    const size_t size = (size_t)(self->at - start);
    node->text = cali_tree_add_text(self->tree, start, size);
    if (node->text == NULL) {
        self->status = CAL_ERR_MEMORY;
        return NULL;
    }
    if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 || strcmp(node->text, "null") == 0)
        return node;
    const char *t = node->text, *end = NULL;
    double value;
    const char *digits = *t == '-' ? t + 1 : t;
    const bool is_number = cali_parse_number(t, &value, &end) && *end == '\0' && strlen(t) == size &&
                           *t != '+' && *digits >= '0' && *digits <= '9' &&
                           !(digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') &&
                           strstr(t, ".e") == NULL && strstr(t, ".E") == NULL && t[size - 1] != '.';
    self->at = is_number ? self->at : start;
    return is_number ? node : refuse(self, "no value begins here");
}

static cali_node *read_value(reader *self, unsigned depth)
{
    if (depth > CALI_TREE_MAX_DEPTH)
        return refuse(self, "nested too deeply");
    skip_blanks(self);
    const char c = peek(self);
    const cali_node_kind kind = c == '{' ? CALI_NODE_MAP : c == '[' ? CALI_NODE_LIST : CALI_NODE_SCALAR;
    cali_node *node =
        cali_tree_add_node(self->tree, kind, self->line, (unsigned)(self->at - self->line_start) + 1);
    if (node == NULL)
        return refuse(self, "too many values");
    node->is_flow = kind != CALI_NODE_SCALAR;
    if (kind != CALI_NODE_SCALAR)
        return read_children(self, node, depth);
    if (c != '"')
        return read_word(self, node);
    node->is_quoted = true;
    node->text = read_string(self);
    return node->text != NULL ? node : NULL;
}

cal_status cali_tree_read_json(cali_tree *tree, const char *text, size_t size, cali_node **root,
                               cali_tree_error *error)
{
    *root = NULL;
    *error = (cali_tree_error){0};
    reader self = {tree, text, text + size, 1, text, error, CAL_OK};
    if (size > CALI_TREE_MAX_BYTES) {
        refuse(&self, "larger than 16 MB");
        return self.status;
    }
    *root = read_value(&self, 1);
    skip_blanks(&self);
    if (self.status == CAL_OK && self.at != self.end)
        refuse(&self, "something follows the value");
    if (self.status != CAL_OK)
        *root = NULL;
    return self.status;
}
