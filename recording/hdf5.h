/* The one file that includes HDF5 (version 1.10, serial) for this folder. */
#ifndef CALI_RECORDING_HDF5_H
#define CALI_RECORDING_HDF5_H

#include <hdf5.h>
#include <hdf5_hl.h>

/** How the library reports errors on this thread; it is silent between the two calls. */
typedef struct cali_h5_voice {
    H5E_auto2_t function;
    void *user;
} cali_h5_voice;

static inline cali_h5_voice cali_h5_silence(void)
{
    /* All files are closed by those who opened them. Were the library to clean up at exit, it would
     * print a page of noise after it had met a broken file. */
    H5dont_atexit();
    cali_h5_voice voice = {0};
    H5Eget_auto2(H5E_DEFAULT, &voice.function, &voice.user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return voice;
}

static inline void cali_h5_restore(cali_h5_voice voice)
{
    H5Eset_auto2(H5E_DEFAULT, voice.function, voice.user);
}

#endif
