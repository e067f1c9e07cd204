/* neurons of a signal: all, a number, a list with ranges, every k-th, or drawn ones. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/reader.h"

/* A whole number at the begin of *text, which moves behind it and blanks. */
static bool take_number(const char **text, uint32_t *out)
{
    char *end = NULL;
    if (!isdigit((unsigned char)**text))
        return false;
    const unsigned long long value = strtoull(*text, &end, 10);
    if (value > INT32_MAX || end - *text > 10)
        return false;
    *out = (uint32_t)value;
    *text = end + strspn(end, " ");
    return true;
}

static bool take_word(const char **text, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(*text, word, n) != 0 || ((*text)[n] != ' ' && (*text)[n] != '\0'))
        return false;
    *text += n + strspn(*text + n, " ");
    return true;
}

/* "7", "0..99", "0..99 by 10"; false: none of these. */
static bool take_range(const char **text, cali_choice_range *range)
{
    *range = (cali_choice_range){.step = 1};
    if (!take_number(text, &range->first))
        return false;
    range->last = range->first;
    if (strncmp(*text, "..", 2) != 0)
        return true;
    *text += 2 + strspn(*text + 2, " ");
    if (!take_number(text, &range->last) || range->last < range->first)
        return false;
    return !take_word(text, "by") || (take_number(text, &range->step) && range->step > 0);
}

static bool take_list(cali_reader *r, const char *text, cali_choice *out)
{
    out->kind = CALI_CHOICE_LIST;
    for (const char *at = text;; at++) {
        cali_choice_range range;
        at += strspn(at, " ");
        if (!take_range(&at, &range) || (*at != ',' && *at != '\0'))
            return false;
        if (!cali_arena_grow(&r->exp->arena, &out->ranges, out->n_ranges, sizeof *out->ranges)) {
            r->is_out_of_memory = true;
            return true;
        }
        out->ranges[out->n_ranges++] = range;
        if (*at == '\0')
            return true;
    }
}

static bool take_random(cali_reader *r, const char *text, cali_choice *out)
{
    const size_t n = strlen(text);
    const char *at = text;
    out->kind = CALI_CHOICE_RANDOM;
    if (n == 0 || text[n - 1] != '%')
        return take_number(&at, &out->n) && *at == '\0';
    out->kind = CALI_CHOICE_SHARE;
    return cali_read_quantity_text(r, out->place, text, "neurons", "1", &out->share) && out->share >= 0.0 && out->share <= 1.0;
}

static bool take_choice(cali_reader *r, const char *text, bool is_list, cali_choice *out)
{
    const char *at = text;
    if (is_list)
        return take_list(r, text, out);
    if (take_word(&at, "all")) {
        out->kind = CALI_CHOICE_ALL;
        return *at == '\0';
    }
    if (take_word(&at, "random"))
        return take_random(r, at, out);
    out->kind = take_word(&at, "every") ? CALI_CHOICE_EVERY : CALI_CHOICE_FIRST;
    if (take_number(&at, &out->n) && *at == '\0')
        return out->kind == CALI_CHOICE_FIRST || out->n > 0;
    return out->kind == CALI_CHOICE_FIRST && take_list(r, text, out);
}

/* The items of a list node as one text; a lone number becomes a range, so that it is not read as a number of neurons. */
static bool join(const cali_node *node, cali_text *out)
{
    for (size_t i = 0; i < node->n; i++) {
        const char *item = cali_node_text(node->entries[i].value, NULL);
        if (item == NULL)
            return false;
        cali_text_format(out, "%s%s", i == 0 ? "" : ", ", item);
        if (node->n == 1 && item[strspn(item, "0123456789")] == '\0')
            cali_text_format(out, "..%s", item);
    }
    return node->n > 0 && !out->is_broken;
}

bool cali_read_neurons(cali_reader *r, const cali_node *node, cali_choice *out)
{
    char buffer[CALI_LABEL];
    cali_text joined = {0};
    *out = (cali_choice){0};
    if (node == NULL)
        return true;
    out->place = cali_place_of(node);
    const bool is_list = node->kind == CALI_NODE_LIST;
    const char *text = is_list && join(node, &joined) ? joined.data : cali_node_text(node, NULL);
    const bool is_good = text != NULL && take_choice(r, text, is_list, out);
    if (is_good)
        out->text = cali_keep(r, text);
    cali_text_free(&joined);
    return is_good || cali_refuse(r, out->place, "C104", "neurons are all, a number, a list, \"every K\" or \"random N\", got %s\n"
                                  "try neurons: 10 (the first ten), [7, 0..99], \"every 10\", \"random 100\", \"random 5 %%\"",
                                  cali_describe_node(node, buffer));
}
