/* Writing: data sets and attributes in the order in which they are given, without times of their making. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "callosum/sonata.h"
#include "sonata/hdf5.h"

enum { CHUNK = 65536 };

typedef struct kind {
    hid_t stored, memory; /* closed with H5Tclose */
} kind;

static kind numbers(hid_t stored, hid_t memory)
{
    return (kind){H5Tcopy(stored), H5Tcopy(memory)};
}

static kind text_kind(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return (kind){type, H5Tcopy(type)};
}

static kind sorting_kind(void)
{
    static const char *const words[] = {"none", "by_id", "by_time"};
    const hid_t type = H5Tenum_create(H5T_STD_I8LE);
    for (int8_t i = 0; i < 3; i++)
        H5Tenum_insert(type, words[i], &i);
    return (kind){type, H5Tcopy(type)};
}

static kind kind_of(cal_sonata_type type)
{
    switch (type) {
    case CAL_SONATA_F64: return numbers(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE);
    case CAL_SONATA_F32: return numbers(H5T_IEEE_F32LE, H5T_NATIVE_FLOAT);
    case CAL_SONATA_U64: return numbers(H5T_STD_U64LE, H5T_NATIVE_UINT64);
    case CAL_SONATA_U32: return numbers(H5T_STD_U32LE, H5T_NATIVE_UINT32);
    case CAL_SONATA_U8: return numbers(H5T_STD_U8LE, H5T_NATIVE_UINT8);
    case CAL_SONATA_TEXT: return text_kind();
    default: return sorting_kind();
    }
}

static bool write_set(hid_t h5, const cal_sonata_item *item, const kind *k)
{
    const hsize_t extent[2] = {item->n, item->n_columns};
    const int rank = item->n_columns > 0 ? 2 : 1;
    const hid_t space = H5Screate_simple(rank, extent, NULL);
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_obj_track_times(list, 0);
    H5Pset_create_intermediate_group(links, 1);
    if (rank == 2 && item->n > 0) { /* frames of a report, for readers of parts */
        const hsize_t rows = CHUNK / item->n_columns, chunk[2] = {rows < 1 ? 1 : rows > item->n ? item->n : rows,
                                                                  item->n_columns};
        H5Pset_chunk(list, 2, chunk);
    }
    const hid_t set = H5Dcreate2(h5, item->path, k->stored, space, links, list, H5P_DEFAULT);
    const bool is_good = set >= 0 && (item->n == 0 || H5Dwrite(set, k->memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, item->values) >= 0);
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(links);
    H5Pclose(list);
    H5Sclose(space);
    return is_good;
}

/* The object, or a new group where there is none yet. */
static hid_t open_object(hid_t h5, const char *path)
{
    const hid_t object = H5Oopen(h5, path, H5P_DEFAULT);
    if (object >= 0)
        return object;
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t group = H5Gcreate2(h5, path, links, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(links);
    return group;
}

static bool write_attribute(hid_t h5, const cal_sonata_item *item, const kind *k)
{
    static const int8_t by_time = 2;
    const hsize_t extent = item->n;
    const char *const text = item->values;
    const void *values = item->type == CAL_SONATA_TEXT ? (const void *)&text
                         : item->type == CAL_SONATA_BY_TIME ? (const void *)&by_time : item->values;
    const hid_t object = open_object(h5, item->path);
    const hid_t space = item->n == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, NULL);
    const hid_t id = object < 0 ? -1 : H5Acreate2(object, item->attribute, k->stored, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool is_good = id >= 0 && H5Awrite(id, k->memory, values) >= 0;
    if (id >= 0)
        H5Aclose(id);
    H5Sclose(space);
    if (object >= 0)
        H5Oclose(object);
    return is_good;
}

static bool write_item(hid_t h5, const cal_sonata_item *item)
{
    const kind k = kind_of(item->type);
    const bool is_good = item->attribute == NULL ? write_set(h5, item, &k) : write_attribute(h5, item, &k);
    H5Tclose(k.stored);
    H5Tclose(k.memory);
    return is_good;
}

static bool write_file(const char *path, const cal_sonata_item *items, size_t n_items)
{
    static const uint32_t magic = 0x0A7A, version[2] = {0, 1};
    const cal_sonata_item root[] = {{"/", "magic", CAL_SONATA_U32, 0, 0, &magic},
                                    {"/", "version", CAL_SONATA_U32, 2, 0, version}};
    const hid_t h5 = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    bool is_good = h5 >= 0;
    for (size_t i = 0; is_good && i < 2; i++)
        is_good = write_item(h5, &root[i]);
    for (size_t i = 0; is_good && i < n_items; i++)
        is_good = write_item(h5, &items[i]);
    return (h5 < 0 || H5Fclose(h5) >= 0) && is_good;
}

cal_status cal_sonata_save(cal_context *ctx, const char *path, const cal_sonata_item *items, size_t n_items)
{
    char *part = NULL;
    const size_t size = strlen(path) + 6;
    CAL_TRY(cali_alloc(ctx, size, 1, "a path", &part));
    snprintf(part, size, "%s.part", path);
    const cali_sonata_voice voice = cali_sonata_silence();
    const bool is_written = write_file(part, items, n_items);
    cali_sonata_restore(voice);
    const bool is_good = is_written && rename(part, path) == 0;
    const cal_status status = is_good ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_IO, "%s cannot be written: %s", path,
                                                          is_written ? strerror(errno) : "the disk is full or closed to you");
    if (!is_good)
        remove(part);
    free(part);
    return status;
}
