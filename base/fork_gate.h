/* Keeps child processes from inheriting a lock that nobody will release.
 *
 * A library with a lock of its own (HDF5 has one for everything) is of no use to a child that is forked while another
 * thread holds it: the child waits for ever. Whoever calls such a library stands in the gate meanwhile; fork() waits until
 * the gate is empty, and nobody enters until the child is made. */
#ifndef CALI_BASE_FORK_GATE_H
#define CALI_BASE_FORK_GATE_H

/** Calls may nest. A thread must not fork between them. */
void cali_fork_gate_enter(void);
void cali_fork_gate_leave(void);

#endif
