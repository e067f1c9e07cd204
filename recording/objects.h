/* Objects of an HDF5 file: attributes, groups, constants, axes, packed chunks. None of them keeps times of creation, so
 * equal contents are equal bytes. */
#ifndef CALI_RECORDING_OBJECTS_H
#define CALI_RECORDING_OBJECTS_H

#include "recording/hdf5.h"
#include "recording/parts.h"

enum { CALI_PACK_LEVEL = 1 }; /**< of deflate */

/** A chunk of `n` values of `size` bytes through the filters shuffle and deflate, which HDF5 undoes. `shuffled` has
 *  room for the chunk, `packed` for *n_packed bytes, which becomes the number used. False: it does not get smaller
 *  and goes into the file as it is. Knows no HDF5: any thread may call it. */
bool cali_pack(const unsigned char *values, size_t n, size_t size, unsigned char *shuffled, unsigned char *packed,
               size_t *n_packed);

/** A text of a fixed length (for attributes), or of H5T_VARIABLE length. */
hid_t cali_h5_text_type(size_t length);
/** Creates a scalar attribute, writes it, and leaves it open; negative on failure. */
hid_t cali_h5_make_attribute(hid_t object, const char *name, hid_t type, const void *value);
bool cali_h5_add_attribute(hid_t object, const char *name, hid_t type, const void *value);
bool cali_h5_add_text(hid_t object, const char *name, const char *text);
/** Properties of an object without times of creation and change. */
hid_t cali_h5_timeless(hid_t class_id);
hid_t cali_h5_make_group(hid_t parent, const char *name);
/** A constant dataset of numbers or texts, left open; negative on failure. */
hid_t cali_h5_write_constant(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *size,
                             const void *values);
/** Texts of their own lengths: the only kind of text dataset that netCDF reads. */
hid_t cali_h5_write_texts(hid_t parent, const char *name, size_t n, char *const *texts);
/** "a/b/c": makes the groups a and a/b where they are missing. */
bool cali_h5_make_groups_above(hid_t file, const char *path);

#endif
