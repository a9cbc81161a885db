/* Shims for what starts tools: they mend what it is told of the jobserver and pay for a client's own slot. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <stdbool.h>

struct adapter;
struct jobserver;

/* One start of a program that has an adapter. */
struct adaption {
	const struct adapter *adapter;
	const struct jobserver *jobserver;
	const char *shim_dir;
	const char *path;    /* the real program */
	bool join;           /* a -jN of its own is dropped where it can join our jobserver without */
	char **argv;         /* its arguments: what came in, and what it is to get */
	char *assignment;    /* "NAME=value" that it is to find in its environment; NULL: none */
	const char *removal; /* a variable that it is not to find; NULL: none */
	bool pays;           /* it is one of our clients, or does one thing after the other: it needs a slot */
};

/* Whether the program, which was told of no jobserver, may make one: it is asked for several jobs, or for a pool. */
bool adapter_may_leave(const struct adapter *adapter, char *argv[]);

/* Makes arguments and environment such that the program can join our jobserver: an old make gets two descriptors in
 * place of fifo:, or in place of R,W that were closed or are something else by now; ninja gets fifo: in place of R,W;
 * bmake gets nothing of GNU make's, go hands its tools to the launcher. */
void adapter_mend(struct adaption *adaption);

#endif
