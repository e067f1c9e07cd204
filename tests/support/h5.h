/* Reading arrays of reference files (HDF5) in tests. */
#ifndef CALI_TESTS_H5_H
#define CALI_TESTS_H5_H

#include <hdf5.h>
#include <stdlib.h>

/** All numbers of a dataset, row by row, as doubles; freed with free(). NULL if it is absent.
 *  `*n` gets their count. */
static inline double *cali_test_h5_read(hid_t file, const char *path, size_t *n)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    *n = 0;
    if (set < 0)
        return NULL;
    const hid_t space = H5Dget_space(set);
    *n = (size_t)H5Sget_simple_extent_npoints(space);
    double *values = malloc((*n + 1) * sizeof *values);
    if (values != NULL && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        free(values);
        values = NULL;
    }
    H5Sclose(space);
    H5Dclose(set);
    return values;
}

/** Numbers of an attribute of the object at `path`. */
static inline double *cali_test_h5_attribute(hid_t file, const char *path, const char *name, size_t *n)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t attribute = H5Aopen_by_name(file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    *n = 0;
    if (attribute < 0)
        return NULL;
    const hid_t space = H5Aget_space(attribute);
    *n = (size_t)H5Sget_simple_extent_npoints(space);
    double *values = malloc((*n + 1) * sizeof *values);
    if (values != NULL && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) < 0) {
        free(values);
        values = NULL;
    }
    H5Sclose(space);
    H5Aclose(attribute);
    return values;
}

#endif
