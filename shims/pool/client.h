/* Tells clients of a jobserver from processes that merely carry its descriptors. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct process;

enum client_sight {
	CLIENT_NO,
	CLIENT_YES,
	CLIENT_OURS,    /* it is one: a launcher, whose tool is above us */
	CLIENT_PAYER,   /* it is one: a launcher that has a slot for what starts tools */
	CLIENT_HIDDEN,  /* it may be one: what it has open can't be looked at */
	CLIENT_UNKNOWN, /* looking failed, or it has ended: another look may tell */
};

/* Whether process has the jobserver open as a client: with O_CLOEXEC, but for a make that hands it to a `+` recipe just now. Of one
 * that hides what it has open its name and our own environment tell, as far as they can; below_launcher: one is above us. */
enum client_sight client_of(const struct process *process, const struct jobserver *jobserver, bool below_launcher);

#endif
