/* The one file that includes HDF5 (version 1.10, serial) for this folder. */
#ifndef CALI_SONATA_HDF5_H
#define CALI_SONATA_HDF5_H

#include <hdf5.h>

/** How the library reports errors on this thread; it is silent between the two calls. */
typedef struct cali_sonata_voice {
    H5E_auto2_t function;
    void *user;
} cali_sonata_voice;

static inline cali_sonata_voice cali_sonata_silence(void)
{
    H5dont_atexit(); /* after a broken file the library would print a page of noise at exit */
    cali_sonata_voice voice = {0};
    H5Eget_auto2(H5E_DEFAULT, &voice.function, &voice.user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return voice;
}

static inline void cali_sonata_restore(cali_sonata_voice voice)
{
    H5Eset_auto2(H5E_DEFAULT, voice.function, voice.user);
}

#endif
