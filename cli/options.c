#include "cli/options.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/units.h"

static long find_option(const cali_verb *verb, const char *name)
{
    for (size_t i = 0; i < verb->n_options; i++)
        if (strcmp(verb->options[i].name, name) == 0)
            return (long)i;
    return -1;
}

static cal_status unknown_option(cal_context *ctx, const cali_verb *verb, const char *name)
{
    enum { MAX_NAMES = 64 };
    const char *names[MAX_NAMES] = {0};
    size_t n = 0;
    cali_text known = {0};
    for (size_t i = 0; i < verb->n_options && n < MAX_NAMES; i++) {
        names[n++] = verb->options[i].name;
        cali_text_format(&known, "%s--%s", i > 0 ? ", " : "", verb->options[i].name);
    }
    const int nearest = cali_nearest_word(name, names, n);
    const cal_status status =
        nearest >= 0 ? CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: unknown option --%s. Try --%s. Known: %s.",
                                verb->name, name, names[nearest], known.data)
        : n > 0      ? CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: unknown option --%s. Known: %s.", verb->name,
                                name, known.data)
                     : CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: unknown option --%s; it has none.", verb->name,
                                name);
    cali_text_free(&known);
    return status;
}

static cal_status check_range(cal_context *ctx, const cali_verb *verb, const cali_option *o, double value)
{
    const bool has_range = o->low != 0.0 || o->high != 0.0;
    if (!isfinite(value) || (has_range && !(value >= o->low && value <= o->high))) {
        char low[32], high[32], got[32];
        cali_format_number(o->low, low);
        cali_format_number(o->high, high);
        cali_format_number(value, got);
        const char *unit = o->unit == NULL ? "" : o->unit, *blank = o->unit == NULL ? "" : " ";
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --%s must be from %s to %s%s%s, got %s.", verb->name,
                        o->name, low, high, blank, unit, got);
    }
    return CAL_OK;
}

static cal_status read_number(cal_context *ctx, const cali_verb *verb, const cali_option *o, const char *text,
                              double *value)
{
    const char *end = NULL;
    const bool is_number = cali_parse_number(text, value, &end) && *end == '\0';
    const double largest_exact = 9007199254740992.0; /* 2^53 */
    if (!is_number || (o->kind == CALI_OPTION_COUNT &&
                       (*value != floor(*value) || *value < 0.0 || *value > largest_exact)))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --%s needs a %snumber, got \"%s\".", verb->name, o->name,
                        o->kind == CALI_OPTION_COUNT ? "whole " : "", text);
    return check_range(ctx, verb, o, *value);
}

static cal_status read_quantity(cal_context *ctx, const cali_verb *verb, const cali_option *o, const char *text,
                                double *value)
{
    cali_unit wanted;
    cali_quantity got;
    char kind[CALI_UNIT_TEXT];
    const bool is_known = cali_unit_parse(o->unit, &wanted);
    assert(is_known);
    cali_unit_describe(&wanted, kind);
    switch (cali_quantity_parse(text, &got)) {
    case CALI_QUANTITY_NO_NUMBER:
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --%s needs %s, for example \"3 %s\", got \"%s\".",
                        verb->name, o->name, kind, o->unit, text);
    case CALI_QUANTITY_UNKNOWN_UNIT: {
        const char *better = cali_unit_suggest(got.unit_text);
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --%s: unknown unit \"%s\". Try %s.", verb->name, o->name,
                        got.unit_text, better != NULL ? better : o->unit);
    }
    case CALI_QUANTITY_OK:
        break;
    }
    if (!cali_unit_is_same_dimension(&got.unit, &wanted))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "C102 callosum %s: --%s needs %s, got \"%s\". Try \"%s %s\".", verb->name,
                        o->name, kind, text, "3", o->unit);
    *value = cali_unit_convert(got.value, &got.unit, &wanted);
    return check_range(ctx, verb, o, *value);
}

static cal_status set_value(cal_context *ctx, const cali_verb *verb, size_t index, const char *text,
                            cali_option_value *value)
{
    const cali_option *o = &verb->options[index];
    value->is_given = true;
    value->text = text;
    switch (o->kind) {
    case CALI_OPTION_FLAG:
    case CALI_OPTION_TEXT:
        return CAL_OK;
    case CALI_OPTION_LIST:
        value->list[value->n_list++] = text;
        return CAL_OK;
    case CALI_OPTION_NUMBER:
    case CALI_OPTION_COUNT:
        return read_number(ctx, verb, o, text, &value->number);
    case CALI_OPTION_QUANTITY:
        return read_quantity(ctx, verb, o, text, &value->number);
    }
    return CAL_OK;
}

/* Takes "--name", "--name value" or "--name=value" at argv[*at]; moves `*at` to the last word used. */
static cal_status take_option(cal_context *ctx, const cali_verb *verb, int argc, char **argv, int *at,
                              cali_arguments *out)
{
    char name[64];
    const char *begin = argv[*at] + 2, *equals = strchr(begin, '=');
    const size_t length = equals != NULL ? (size_t)(equals - begin) : strlen(begin);
    const size_t kept = length < sizeof name - 1 ? length : sizeof name - 1;
    memcpy(name, begin, kept);
    name[kept] = '\0';
    const long index = find_option(verb, name);
    if (index < 0)
        return unknown_option(ctx, verb, name);
    const bool is_flag = verb->options[index].kind == CALI_OPTION_FLAG;
    const char *text = equals != NULL ? equals + 1 : NULL;
    if (is_flag && text != NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --%s takes no value.", verb->name, name);
    if (!is_flag && text == NULL) {
        if (*at + 1 >= argc)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: --%s needs a value: --%s %s.", verb->name, name, name,
                            verb->options[index].value);
        text = argv[++*at];
    }
    return set_value(ctx, verb, (size_t)index, text, &out->values[index]);
}

cal_status cali_arguments_parse(cal_context *ctx, const cali_verb *verb, int argc, char **argv,
                                cali_arguments *out)
{
    const size_t room = argc > 0 ? (size_t)argc : 1;
    *out = (cali_arguments){.verb = verb};
    CAL_TRY(cali_alloc(ctx, room, sizeof *out->words, "words of the command line", &out->words));
    CAL_TRY(cali_alloc(ctx, verb->n_options, sizeof *out->values, "options", &out->values));
    for (size_t i = 0; i < verb->n_options; i++)
        if (verb->options[i].kind == CALI_OPTION_LIST)
            CAL_TRY(cali_alloc(ctx, room, sizeof *out->values[i].list, "values of an option", &out->values[i].list));

    bool has_ended = false;
    for (int i = 0; i < argc; i++) {
        if (!has_ended && strcmp(argv[i], "--") == 0)
            has_ended = true;
        else if (!has_ended && strncmp(argv[i], "--", 2) == 0)
            CAL_TRY(take_option(ctx, verb, argc, argv, &i, out));
        else if (!has_ended && argv[i][0] == '-' && argv[i][1] != '\0')
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: unknown option %s. Options begin with two dashes.",
                            verb->name, argv[i]);
        else
            out->words[out->n_words++] = argv[i];
    }
    if (out->n_words < verb->min_words)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s needs %s. Try callosum %s --help.", verb->name, verb->words,
                        verb->name);
    if (out->n_words > verb->max_words)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum %s: \"%s\" is one word too many. Try callosum %s --help.",
                        verb->name, out->words[verb->max_words], verb->name);
    return CAL_OK;
}

cal_status cali_arguments_inherit(cal_context *ctx, const cali_arguments *arguments, const char *option)
{
    char name[64] = "";
    const char *begin = strncmp(option, "--", 2) == 0 ? option + 2 : option, *blank = strchr(begin, ' ');
    const size_t length = blank != NULL ? (size_t)(blank - begin) : strlen(begin);
    memcpy(name, begin, length < sizeof name ? length : sizeof name - 1);
    const long index = find_option(arguments->verb, name);
    if (index < 0)
        return unknown_option(ctx, arguments->verb, name);
    cali_option_value *value = &arguments->values[index];
    const char *text = blank != NULL ? blank + 1 : "";
    if (arguments->verb->options[index].kind != CALI_OPTION_LIST)
        return value->is_given ? CAL_OK : set_value(ctx, arguments->verb, (size_t)index, text, value);
    const char **list = realloc((void *)value->list, (value->n_list + 1) * sizeof *list);
    if (list == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the values of --%s", name);
    memmove((void *)(list + 1), (const void *)list, value->n_list++ * sizeof *list);
    list[0] = text;
    value->list = list;
    value->is_given = true;
    return CAL_OK;
}

void cali_arguments_free(cali_arguments *arguments)
{
    if (arguments->values != NULL)
        for (size_t i = 0; i < arguments->verb->n_options; i++)
            free((void *)arguments->values[i].list);
    free(arguments->values);
    free((void *)arguments->words);
    *arguments = (cali_arguments){0};
}

static const cali_option_value *value_of(const cali_arguments *arguments, const char *name)
{
    const long index = find_option(arguments->verb, name);
    assert(index >= 0);
    return &arguments->values[index];
}

bool cali_has(const cali_arguments *arguments, const char *name)
{
    return value_of(arguments, name)->is_given;
}

const char *cali_get_text(const cali_arguments *arguments, const char *name, const char *otherwise)
{
    const cali_option_value *value = value_of(arguments, name);
    return value->is_given ? value->text : otherwise;
}

double cali_get_number(const cali_arguments *arguments, const char *name, double otherwise)
{
    const cali_option_value *value = value_of(arguments, name);
    return value->is_given ? value->number : otherwise;
}

const char *const *cali_get_list(const cali_arguments *arguments, const char *name, size_t *n)
{
    const cali_option_value *value = value_of(arguments, name);
    *n = value->n_list;
    return (const char *const *)value->list;
}
