/* Tells clients of a jobserver from processes that merely carry its descriptors. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct process;
struct subject;

enum client_answer {
	CLIENT_NO,
	CLIENT_YES,
	CLIENT_OURS,    /* yes: a launcher, whose tool is above us */
	CLIENT_PAYER,   /* yes: a launcher that has a slot for a program that starts tools */
	CLIENT_HIDDEN,  /* perhaps: it hides its descriptors */
	CLIENT_UNKNOWN, /* the check failed, or the process has ended: try again */
};

/* Whether a process has the jobserver open as a client: with O_CLOEXEC, unless it is a make that hands it to a `+` recipe just now. If it
 * hides its descriptors, its name and the environment of told decide, as far as they can: that is the process below it that asks.
 * below_launcher: a launcher is above told. */
enum client_answer client_of(const struct process *process, const struct jobserver *jobserver, const struct subject *told,
                             bool below_launcher);

#endif
