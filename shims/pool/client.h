/* Tells clients of a jobserver from processes that merely carry its descriptors. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct process;

enum client_answer {
	CLIENT_NO,
	CLIENT_YES,
	CLIENT_OURS,    /* it is one: a launcher, whose tool is above us */
	CLIENT_PAYER,   /* it is one: a launcher that has a slot for what starts tools */
	CLIENT_HIDDEN,  /* it may be one: what it has open can't be looked at */
	CLIENT_UNKNOWN, /* looking failed, or it has ended: another try may tell */
};

/* Whether a process has the jobserver open as a client: with O_CLOEXEC, unless it is a make that hands it to a `+` recipe just now. If it
 * hides what it has open, its name and our own environment tell, as far as they can; below_launcher: a launcher is above us. */
enum client_answer client_of(const struct process *process, const struct jobserver *jobserver, bool below_launcher);

#endif
