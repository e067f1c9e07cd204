/* A file below HDF5 that goes from one valid state to the next, whatever happens in between.
 *
 * HDF5 alone changes its index and its headers in place and in no useful order: a process that is
 * killed in the middle of a flush, or a disk that fills up, leaves a file that nothing can open.
 * This driver takes all writes of the library into memory (pages of 4096 bytes) and brings them to
 * the file only in cali_store_commit, in an order in which every prefix is a valid file:
 *
 *      1  raw data, and everything beyond the old end of the file     nobody refers to it yet
 *      2  the superblock, with the new end of the file                what lies before it exists
 *      3  nodes of chunk indices, parents first                       only add, behind the old size
 *      4  object headers, with the new sizes; the root group last     now the rows are visible
 *
 * Index nodes and headers never straddle a page, and one page is one write, which a signal does
 * not divide. Raw data that a valid state refers to are never overwritten with others: space given
 * back is used again only after the next commit. When a write of step 1 fails (disk full), the old
 * state is untouched, and the library never hears of it: it can close its file in peace. */
#ifndef CALI_RECORDING_STORE_H
#define CALI_RECORDING_STORE_H

#include "recording/hdf5.h"
#include "recording/parts.h"

typedef struct cali_store cali_store;

/** Creates the file; refuses an existing one. Errors: IO, MEMORY. */
cal_status cali_store_create(cal_context *ctx, const char *path, cali_store **out);

/** Creates an HDF5 file in the store with the given creation properties; negative on failure. */
hid_t cali_store_create_file(cali_store *store, hid_t fcpl);

/** Brings the state after the library's last flush to the file. Once it has failed it does nothing
 *  more. Errors: IO (disk full, ...; the message names path, bytes and cause), MEMORY. */
cal_status cali_store_commit(cali_store *store, cali_failure *failure);

/** Whether raw blocks are allocated in space given back (of the same size, mostly), or at the end.
 */
void cali_store_reuse(cali_store *store, bool reuses);
/** Where the last raw block was allocated. */
uint64_t cali_store_last_block(const cali_store *store);
/** Gives back raw space, to be used again after the next commit. */
void cali_store_release(cali_store *store, uint64_t address, uint64_t size);
/** Whether space waits for a commit. */
bool cali_store_has_released(const cali_store *store);
/** Zeroes the unused space, so that the file's bytes do not tell when flushes happened. */
void cali_store_clean(cali_store *store);

/** Cuts the file at its end and makes it durable (fsync). Errors: IO. */
cal_status cali_store_seal(cali_store *store, cali_failure *failure);
/** Renames the file, in the place of what is there, durably. Errors: IO, MEMORY. */
cal_status cali_store_move(cali_store *store, const char *path);
/** Closes; the HDF5 file must be closed before. `removes` deletes the file. */
void cali_store_destroy(cali_store **store, bool removes);

/** For tests: only the next `n` writes reach the file, later ones fail, as if the process had been
 *  killed between them. */
void cali_store_stop_after(cali_store *store, uint64_t n);
/** For tests: writes that reached the file. */
uint64_t cali_store_n_writes(const cali_store *store);

#endif
