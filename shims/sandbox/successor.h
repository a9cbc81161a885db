/* The successor of a supervisor: a process that lets everything go on once the supervisor has ended, or was killed. Without one the call by
 * which a program reports would fail from then on, and libcs take its result for their first thread's number: that thread would not know
 * its own locks (musl), nor be found by others. */
#ifndef SUCCESSOR_H
#define SUCCESSOR_H

#include <stdbool.h>
#include <sys/types.h>

struct seccomp_notice;
struct started;

/* Starts one, which stays until no process is left in the sandbox. starter: the process that started the supervisor. If no successor can be
 * had there is none. */
void successor_start(int listener, pid_t starter);

/* Where the supervisor has the kernel write who stands still: a successor finds it there, whenever the supervisor is killed. */
struct seccomp_notice *successor_notice(void);

/* A program has been received. is_only: no other one stands still. */
void successor_note(const struct started *started, bool is_only);

/* The supervisor ends: leaves all to its successor. If there is none any more, does its work, and returns once no process is left. is_open:
 * the listener is, else none is left already, and the successor's end is waited for. */
void successor_leave(bool is_open);

#endif
