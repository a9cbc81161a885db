/* The seccomp filter of the job sandbox. A process that installs it, and all that descends from it, reports each program that starts
 * to a supervisor, by the one call that every libc makes before main(): set_tid_address. */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct seccomp_notice;

/* Installs the filter for this thread. Returns the listener; -1 with errno: EBUSY if a filter above this process has one already, ENOSYS if
 * this processor or kernel is not known. Sets no_new_privs only if this process may not do without. */
int filter_install(void);

/* What comes of it if a process of ours installs it. */
enum filter_trial {
	FILTER_REFUSED, /* why: errno */
	FILTER_WORKS,
	FILTER_TAKES_PRIVILEGES, /* works, with no_new_privs, which that process did not have before */
};

/* A child tries. */
enum filter_trial filter_try(void);

/* What an errno of these means, for people. */
const char *filter_why(int error);

/* A program that has started, and stands still until it is answered. */
struct started {
	uint64_t id;
	pid_t pid; /* as the supervisor's PID namespace has it */
};

/* Has who stands still and who answers wake each other on one processor, which is quicker, where the kernel can (6.6). */
void filter_quicken(int listener);

/* Receives the next one, and with which arguments it called. *notice: where the kernel writes; its id is 0 if it wrote none. False, with
 * errno, if there is none: ENOENT if it has ended meanwhile. */
bool filter_receive(int listener, struct seccomp_notice *notice, struct started *started, uint64_t arguments[6]);

/* Lets it go on. False if it does not stand still any more: it has ended, or a signal has come, and it will report once more. */
bool filter_let_go(int listener, const struct started *started);

/* Whether it still stands still. */
bool filter_stands(int listener, const struct started *started);

/* The same as filter_let_go, but its call returns that value, and nothing else is done. */
bool filter_return(int listener, const struct started *started, int64_t value);

#endif
