/* Tells clients of a jobserver from processes that merely carry its descriptors (DESIGN 4.5). */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

struct client_name;
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

/* Whether the program pid runs is by its name one that keeps a pipe jobserver's descriptors to itself. */
bool client_by_name(pid_t pid);

/* The row of the program that pid runs, NULL where its name is none of a client or carrier. */
const struct client_name *client_program(pid_t pid);

/* The same, and that of a script which Python runs there. */
const struct client_name *client_script(pid_t pid);

/* Whether a make was called with -j. */
bool client_was_told_jobs(pid_t pid);

/* Whether a make was called with -l, or its environment has it; whether that of what it has started has. */
bool client_heeds_load(pid_t pid);
bool client_told_load(pid_t child);

#endif
