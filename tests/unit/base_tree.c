/* base/tree.h: what is read, where it stands, and what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"

typedef cal_status (*read_function)(cali_tree *, const char *, size_t, cali_node **, cali_tree_error *);

/* "line:column what | because | hint", or "" when it was read. */
static const char *refusal(read_function read, const char *text, size_t size)
{
    static char out[1024];
    cali_tree *tree = cali_tree_create();
    cali_node *root;
    cali_tree_error error;
    out[0] = '\0';
    if (read(tree, text, size, &root, &error) != CAL_OK)
        snprintf(out, sizeof out, "%u:%u %s | %s | %s", error.line, error.column, error.what, error.because,
                 error.hint);
    cali_tree_destroy(&tree);
    return out;
}

#define EXPECT_REFUSAL(read, text, message) cr_expect(eq(str, (char *)refusal(read, text, strlen(text)), message))

Test(base_tree, yaml_nodes_know_text_quotes_and_place)
{
    const char text[] = "a: {b: 3 mm/ms, c: \"4\"}\n# note\nlist:\n  - x\n  - [~, null, '']\nü: é\n";
    cali_tree *tree = cali_tree_create();
    cali_node *root;
    cali_tree_error error;
    cr_assert(eq(int, cali_tree_read_yaml(tree, text, strlen(text), &root, &error), CAL_OK));
    const cali_node *b = cali_node_path(root, "a", "b", NULL), *c = cali_node_path(root, "a", "c", NULL);
    cr_expect(eq(str, (char *)cali_node_text(b, ""), "3 mm/ms"));
    cr_expect(b->line == 1 && b->column == 8 && !b->is_quoted);
    cr_expect(c->is_quoted && cali_node_number(c, -1.0) == 4.0);
    const cali_node *list = cali_node_get(root, "list");
    cr_expect(list->n == 2 && list->entries[1].value->line == 5);
    const cali_node *inner = list->entries[1].value;
    cr_expect(cali_node_is_null(inner->entries[0].value) && cali_node_is_null(inner->entries[1].value));
    cr_expect(not(cali_node_is_null(inner->entries[2].value)));
    cr_expect(eq(uint, cali_node_get(root, "ü")->column, 4)); /* characters, not bytes */
    cr_expect(cali_node_path(root, "a", "x", "y", NULL) == NULL);
    cali_tree_destroy(&tree);
    cali_tree_destroy(&tree);
}

Test(base_tree, yaml_mistakes_say_where_and_what_helps)
{
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: 1\nb: 2\na: 3\n",
                   "3:1 the key \"a\" stands here a second time | its first place is 1:1 | ");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: {b: 1 c: 2}\n",
                   "1:11 not valid YAML: did not find expected ',' or '}' | found while parsing a flow mapping that "
                   "began at 1:4 | a comma between two keys, and } at the end of the mapping");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: b: 2\n",
                   "1:5 not valid YAML: mapping values are not allowed in this context |  | the same indentation as "
                   "the line above, or quotes around a text that holds \": \"");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a:\n\tb: 1\n",
                   "2:1 not valid YAML: found character that cannot start any token | found while scanning for the "
                   "next token that began at 2:1 | blanks instead of tabs, and quotes around a text that begins with "
                   "one of @ ` % & * ! |");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: [1, 2\nb: 3\n",
                   "2:2 not valid YAML: did not find expected ',' or ']' | found while parsing a flow sequence that "
                   "began at 1:4 | a comma between two values, and ] at the end of the list");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: !!python/object x\n",
                   "1:4 tags (!...) are not used here |  | quotes around a text that begins with !");
    EXPECT_REFUSAL(cali_tree_read_yaml, "? [a]\n: 1\n", "1:3 a key that is no plain text |  | ");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: \"x\\0y\"\n", "1:4 a text that holds the character NUL |  | ");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: \"x\\e[2J\"\n", "1:4 a text that holds a control character |  | ");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: 1\n---\nb: 2\n",
                   "2:1 a second document begins here |  | one document in one file");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: *b\n",
                   "1:4 unknown alias *b |  | quotes around a text that begins with *");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: &x [*x]\n", "1:8 an alias inside of what it stands for |  | ");
    EXPECT_REFUSAL(cali_tree_read_yaml, "a: \xff\n",
                   "1:4 not valid YAML: invalid leading UTF-8 octet |  | saving the file as UTF-8");
}

Test(base_tree, printable_is_utf8_without_control_characters)
{
    static const char *const good[] = {"", "a\tb\r\n", "é", "😀", "\xc2\xa0"};
    static const char *const bad[] = {"\x1b[2J", "\x7f", "\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xef\xbb\xbf",
                                      "\xc2\x80", "\xf4\x90\x80\x80", "\xe2\x28\xa1", "\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect(cali_is_printable(good[i], strlen(good[i])), "%zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect(not(cali_is_printable(bad[i], strlen(bad[i]))), "%zu", i);
}

/* Nine levels of ten aliases each stand for 10^9 values. */
Test(base_tree, a_yaml_bomb_is_refused)
{
    cali_text text = {0};
    cali_text_add(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        cali_text_format(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            cali_text_format(&text, "%s*a%d", j > 0 ? "," : "", i - 1);
        cali_text_add(&text, "]\n");
    }
    const char *message = refusal(cali_tree_read_yaml, text.data, text.size);
    cr_expect(strstr(message, "aliases that stand for too much") != NULL, "%s", message);
    cali_text_free(&text);
}

static char *repeat(const char *piece, size_t n, size_t *size)
{
    const size_t length = strlen(piece);
    char *out = malloc(n * length + 1);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * length, piece, length + 1);
    *size = n * length;
    return out;
}

Test(base_tree, depth_and_size_have_limits)
{
    size_t size;
    char *text = repeat("[", 100000, &size);
    const char *message = refusal(cali_tree_read_yaml, text, size);
    cr_expect(strstr(message, "nested deeper than 64 levels") != NULL, "%s", message);
    message = refusal(cali_tree_read_json, text, size);
    cr_expect(strstr(message, "nested too deeply") != NULL, "%s", message);
    free(text);
    text = repeat("- ", 20000, &size);
    message = refusal(cali_tree_read_yaml, text, size);
    cr_expect(strstr(message, "nested deeper than 64 levels") != NULL, "%s", message);
    free(text);
    text = repeat("x", CALI_TREE_MAX_BYTES + 1, &size);
    message = refusal(cali_tree_read_yaml, text, size);
    cr_expect(strstr(message, "larger than 16 MB") != NULL, "%s", message);
    cr_expect(eq(str, (char *)refusal(cali_tree_read_yaml, text, size - 1), "")); /* one long word */
    free(text);
    text = repeat("- \n", CALI_TREE_MAX_NODES + 1, &size);
    message = refusal(cali_tree_read_yaml, text, size);
    cr_expect(strstr(message, "more than 1000000 values") != NULL, "%s", message);
    free(text);
}

Test(base_tree, json_is_read_strictly)
{
    const char text[] = "{\"a\": [1, -2.5e3, true, null], \"b\": \"\\u00e9\\ud83d\\ude00\\n\\\"\"}";
    cali_tree *tree = cali_tree_create();
    cali_node *root;
    cali_tree_error error;
    cr_assert(eq(int, cali_tree_read_json(tree, text, strlen(text), &root, &error), CAL_OK));
    const cali_node *a = cali_node_get(root, "a");
    cr_expect(eq(dbl, cali_node_number(a->entries[1].value, 0.0), -2500.0));
    cr_expect(cali_node_is_null(a->entries[3].value));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(root, "b"), ""), "é😀\n\""));
    cali_tree_destroy(&tree);
    static const char *const wrong[] = {"", "{", "[1,]", "[1 2]", "{\"a\" 1}", "{a: 1}", "01", "+1", "1.", ".5", "1.e5",
                                        "nan", "tru", "\"\\x\"", "\"\\ud800\"", "\"\\u0000\"", "\"a", "1 2",
                                        "{\"a\":1,\"a\":2}", "[\"\t\"]", "\"\\", "\"\\u12", "-", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect(ne(chr, refusal(cali_tree_read_json, wrong[i], strlen(wrong[i]))[0], '\0'), "%s", wrong[i]);
    EXPECT_REFUSAL(cali_tree_read_json, "{\n \"a\": 1,\n \"b\": x}", "3:7 no value begins here |  | ");
}
