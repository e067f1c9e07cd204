/* Objects of an HDF5 file that tell no time and no order of their making: equal contents are equal bytes. */
#include "recording/objects.h"

#include <string.h>
#include <zlib.h>

/* HDF5's shuffle filter: first bytes of all values, second bytes, ... */
static void shuffle(const unsigned char *values, size_t n, size_t size, unsigned char *out)
{
    for (size_t b = 0; b < size; b++)
        for (size_t i = 0; i < n; i++)
            out[b * n + i] = values[i * size + b];
}

bool cali_pack(const unsigned char *values, size_t n, size_t size, unsigned char *shuffled, unsigned char *packed,
               size_t *n_packed)
{
    uLongf got = (uLongf)*n_packed;
    shuffle(values, n, size, shuffled);
    if (compress2(packed, &got, shuffled, (uLong)(n * size), CALI_PACK_LEVEL) != Z_OK || got >= n * size)
        return false;
    *n_packed = got;
    return true;
}

/* A text of a fixed length (for attributes), or of H5T_VARIABLE length. */
hid_t cali_h5_text_type(size_t length)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length == 0 ? 1 : length);
    H5Tset_strpad(type, length == H5T_VARIABLE ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* Creates a scalar attribute, writes it, and leaves it open; negative on failure. */
hid_t cali_h5_make_attribute(hid_t object, const char *name, hid_t type, const void *value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t id = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(space);
    if (id >= 0 && H5Awrite(id, type, value) < 0) {
        H5Aclose(id);
        return -1;
    }
    return id;
}

bool cali_h5_add_attribute(hid_t object, const char *name, hid_t type, const void *value)
{
    const hid_t id = cali_h5_make_attribute(object, name, type, value);
    return id >= 0 && H5Aclose(id) >= 0;
}

bool cali_h5_add_text(hid_t object, const char *name, const char *text)
{
    const hid_t type = cali_h5_text_type(strlen(text));
    const bool is_good = cali_h5_add_attribute(object, name, type, text);
    H5Tclose(type);
    return is_good;
}

/* Properties of an object without times of creation and change. */
hid_t cali_h5_timeless(hid_t class)
{
    const hid_t id = H5Pcreate(class);
    H5Pset_obj_track_times(id, false);
    return id;
}

hid_t cali_h5_make_group(hid_t parent, const char *name)
{
    const hid_t properties = cali_h5_timeless(H5P_GROUP_CREATE);
    const hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    return group;
}

/* A constant dataset of numbers or texts of `size` values. */
hid_t cali_h5_write_constant(hid_t parent, const char *name, hid_t type, int rank,
                            const hsize_t *size, const void *values)
{
    const hid_t space = H5Screate_simple(rank, size, NULL);
    const hid_t properties = cali_h5_timeless(H5P_DATASET_CREATE);
    const hid_t id = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    H5Sclose(space);
    bool is_empty = false;
    for (int i = 0; i < rank; i++)
        is_empty = is_empty || size[i] == 0;
    if (id >= 0 && !is_empty && H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        H5Dclose(id);
        return -1;
    }
    return id;
}

/* Texts of their own lengths: the only kind of text dataset that netCDF reads. */
hid_t cali_h5_write_texts(hid_t parent, const char *name, size_t n, char *const *texts)
{
    const hid_t type = cali_h5_text_type(H5T_VARIABLE);
    const hsize_t size[1] = {n};
    const hid_t id = cali_h5_write_constant(parent, name, type, 1, size, texts);
    H5Tclose(type);
    return id;
}

/* "a/b/c": makes the groups a and a/b where they are missing. */
bool cali_h5_make_groups_above(hid_t file, const char *path)
{
    char name[256];
    for (const char *at = strchr(path, '/'); at != NULL; at = strchr(at + 1, '/')) {
        const size_t n = (size_t)(at - path);
        memcpy(name, path, n);
        name[n] = '\0';
        if (H5Lexists(file, name, H5P_DEFAULT) > 0)
            continue;
        const hid_t group = cali_h5_make_group(file, name);
        if (group < 0)
            return false;
        H5Gclose(group);
    }
    return true;
}
