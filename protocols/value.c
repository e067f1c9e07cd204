/* Reading a body: values by key and type, with a sticky error whose sentence names the place. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/value.h"

static const char *const kind_names[] = {"nil", "a truth value", "an integer", "a real", "a text", "a list", "a map", "an array"};
static const char *const dtype_names[] = {"?", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"};

const char *cali_dtype_name(unsigned dtype)
{
    return dtype_names[dtype < sizeof dtype_names / sizeof dtype_names[0] ? dtype : 0];
}

const char *cali_kind_name(const cal_value *value)
{
    return value == NULL ? "nothing" : kind_names[value->kind];
}

cal_value_kind cal_value_get_kind(const cal_value *value)
{
    return value != NULL ? (cal_value_kind)value->kind : CAL_NIL;
}

static bool has_members(const cal_value *value)
{
    return value != NULL && (value->kind == CAL_LIST || value->kind == CAL_MAP);
}

size_t cal_value_n(const cal_value *value)
{
    return has_members(value) ? value->n : 0;
}

const cal_value *cal_value_at(const cal_value *value, size_t index)
{
    return index < cal_value_n(value) ? value + value->first + index : NULL;
}

const char *cal_value_key(const cal_value *map, size_t index)
{
    const cal_value *member = cal_value_at(map, index);
    return member != NULL ? member->key : NULL;
}

const cal_value *cal_value_find(const cal_value *map, const char *key)
{
    if (map == NULL || map->kind != CAL_MAP)
        return NULL;
    const cal_value *members = map + map->first;
    for (uint32_t i = 0; i < map->n; i++)
        if (members[i].key[0] == key[0] && strcmp(members[i].key, key) == 0)
            return &members[i];
    return NULL;
}

/* ---- with a sticky error --------------------------------------------------------------------------- */

bool cal_reader_is_broken(const cal_reader *reader)
{
    return reader->problem.code[0] != '\0';
}

void cal_reader_fail(cal_reader *reader, const char *code, const char *format, ...)
{
    if (cal_reader_is_broken(reader))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->problem.text, sizeof reader->problem.text, format, arguments);
    va_end(arguments);
    snprintf(reader->problem.code, sizeof reader->problem.code, "%s", code);
}

/* "\"key\"" or what stands for it in a list. */
static const char *name_of(const cal_value *value, char name[64])
{
    snprintf(name, 64, value->key != NULL ? "\"%.50s\"" : "a member of a list", value->key);
    return name;
}

static const cal_value *expect(cal_reader *reader, const cal_value *value, cal_value_kind kind)
{
    char name[64];
    if (cal_reader_is_broken(reader))
        return NULL;
    if (value == NULL)
        cal_reader_fail(reader, "E106", "%s is missing", kind_names[kind]);
    else if (value->kind != kind)
        cal_reader_fail(reader, "E106", "%s is %s instead of %s", name_of(value, name), kind_names[value->kind],
                        kind_names[kind]);
    else
        return value;
    return NULL;
}

/* The member, of any kind. */
static const cal_value *require(cal_reader *reader, const cal_value *map, const char *key)
{
    const cal_value *value = cal_reader_is_broken(reader) ? NULL : cal_value_find(map, key);
    if (value == NULL)
        cal_reader_fail(reader, "E106", "\"%s\" is missing", key);
    return value;
}

const cal_value *cal_read_map(cal_reader *reader, const cal_value *map, const char *key)
{
    return expect(reader, require(reader, map, key), CAL_MAP);
}

const cal_value *cal_read_list(cal_reader *reader, const cal_value *map, const char *key)
{
    return expect(reader, require(reader, map, key), CAL_LIST);
}

uint64_t cal_value_uint(cal_reader *reader, const cal_value *value, uint64_t low, uint64_t high)
{
    char name[64];
    value = expect(reader, value, CAL_INT);
    if (value == NULL)
        return 0;
    if (!value->is_negative && value->as.u >= low && value->as.u <= high)
        return value->as.u;
    if (value->is_negative)
        cal_reader_fail(reader, "E106", "%s is %lld, below 0", name_of(value, name), (long long)value->as.u);
    else
        cal_reader_fail(reader, "E106", "%s is %llu, outside %llu to %llu", name_of(value, name),
                        (unsigned long long)value->as.u, (unsigned long long)low, (unsigned long long)high);
    return 0;
}

int64_t cal_value_int(cal_reader *reader, const cal_value *value, int64_t low, int64_t high)
{
    char name[64];
    value = expect(reader, value, CAL_INT);
    if (value == NULL)
        return 0;
    const bool fits = value->is_negative || value->as.u <= INT64_MAX;
    const int64_t number = fits ? (int64_t)value->as.u : 0;
    if (fits && number >= low && number <= high)
        return number;
    cal_reader_fail(reader, "E106", "%s is outside %lld to %lld", name_of(value, name), (long long)low, (long long)high);
    return 0;
}

uint64_t cal_read_uint(cal_reader *reader, const cal_value *map, const char *key, uint64_t low, uint64_t high)
{
    return cal_value_uint(reader, require(reader, map, key), low, high);
}

int64_t cal_read_int(cal_reader *reader, const cal_value *map, const char *key, int64_t low, int64_t high)
{
    return cal_value_int(reader, require(reader, map, key), low, high);
}

double cal_value_real(cal_reader *reader, const cal_value *value, bool may_be_any)
{
    char name[64];
    if (value != NULL && value->kind == CAL_INT && !cal_reader_is_broken(reader))
        return value->is_negative ? (double)(int64_t)value->as.u : (double)value->as.u;
    value = expect(reader, value, CAL_REAL);
    if (value == NULL)
        return 0.0;
    if (may_be_any || isfinite(value->as.real))
        return value->as.real;
    cal_reader_fail(reader, "E302", "%s is not finite", name_of(value, name));
    return 0.0;
}

double cal_read_real(cal_reader *reader, const cal_value *map, const char *key, bool may_be_any)
{
    return cal_value_real(reader, require(reader, map, key), may_be_any);
}

bool cal_value_bool(cal_reader *reader, const cal_value *value)
{
    value = expect(reader, value, CAL_BOOL);
    return value != NULL && value->as.u != 0;
}

bool cal_read_bool(cal_reader *reader, const cal_value *map, const char *key)
{
    return cal_value_bool(reader, require(reader, map, key));
}

const char *cal_value_text(cal_reader *reader, const cal_value *value, bool may_be_nil)
{
    if (may_be_nil && value != NULL && value->kind == CAL_NIL) /* right also where the reader is broken */
        return NULL;
    value = expect(reader, value, CAL_TEXT);
    return value != NULL ? value->as.text : NULL;
}

const char *cal_read_text(cal_reader *reader, const cal_value *map, const char *key, bool may_be_nil)
{
    return cal_value_text(reader, require(reader, map, key), may_be_nil);
}

/* ---- arrays ------------------------------------------------------------------------------------------ */

cal_array cali_value_array(const cal_value *value)
{
    cal_array array = {.dtype = (cal_dtype)value->dtype, .n_dims = value->n_dims, .n = value->n, .data = value->data};
    for (unsigned i = 0; i < array.n_dims; i++) {
        uint32_t dim = 0;
        memcpy(&dim, value->as.dims + 4 * i, sizeof dim);
        array.dims[i] = dim;
    }
    return array;
}

cal_array cal_value_array(cal_reader *reader, const cal_value *value, cal_dtype dtype)
{
    char name[64];
    value = expect(reader, value, CAL_ARRAY);
    if (value == NULL)
        return (cal_array){0};
    if (value->dtype == (uint8_t)dtype)
        return cali_value_array(value);
    cal_reader_fail(reader, "E106", "%s is an array of %s instead of %s", name_of(value, name), cali_dtype_name(value->dtype),
                    cali_dtype_name(dtype));
    return (cal_array){0};
}

cal_array cal_read_array(cal_reader *reader, const cal_value *map, const char *key, cal_dtype dtype)
{
    return cal_value_array(reader, require(reader, map, key), dtype);
}

void cal_read_vector(cal_reader *reader, const cal_value *map, const char *key, cal_dtype dtype, size_t n, void *out)
{
    const cal_array array = cal_read_array(reader, map, key, dtype);
    if (cal_reader_is_broken(reader))
        return;
    if (array.n_dims != 1 || array.n != n)
        cal_reader_fail(reader, "E106", "\"%s\" has %zu items in %u dimensions instead of %zu in one", key, array.n,
                        array.n_dims, n);
    else if (n > 0)
        memcpy(out, array.data, n * cal_dtype_size(dtype));
}

/* The product with zero is zero, or NaN for what is not finite. Eight sums side by side, so that it vectorises. */
bool cal_array_is_finite(const cal_array *array)
{
    enum { LANES = 8 };
    const unsigned char *at = array->data;
    double sums[LANES] = {0}, doubles[LANES];
    float float_sums[LANES] = {0}, floats[LANES];
    const bool is_double = array->dtype == CAL_F64, is_float = array->dtype == CAL_F32;
    size_t i = 0;
    for (; is_double && array->n - i >= LANES; i += LANES) {
        memcpy(doubles, at + 8 * i, sizeof doubles);
        for (size_t k = 0; k < LANES; k++)
            sums[k] += 0.0 * doubles[k];
    }
    for (; is_float && array->n - i >= LANES; i += LANES) {
        memcpy(floats, at + 4 * i, sizeof floats);
        for (size_t k = 0; k < LANES; k++)
            float_sums[k] += 0.0f * floats[k];
    }
    for (; is_double && i < array->n; i++) {
        memcpy(doubles, at + 8 * i, sizeof *doubles);
        sums[0] += 0.0 * doubles[0];
    }
    for (; is_float && i < array->n; i++) {
        memcpy(floats, at + 4 * i, sizeof *floats);
        float_sums[0] += 0.0f * floats[0];
    }
    double all = 0.0;
    for (size_t k = 0; k < LANES; k++)
        all += sums[k] + (double)float_sums[k];
    return all == 0.0;
}
