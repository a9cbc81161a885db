/* A process that may have a jobserver open: which files of the pool it has open, and whether its environment names the pool. */
#ifndef OPENER_H
#define OPENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "proc/process.h"

struct client_name;
struct jobserver;

/* The files of a pool. */
struct pool_files {
	const struct jobserver *jobserver;
	struct stat ledger, fifo;
	uint64_t since; /* when the jobserver was made, in clock ticks since boot: a process that is older can't be a hidden client */
};

struct opener {
	const struct pool_files *pool;
	int proc;           /* /proc */
	const char *number; /* the process's, there */
	struct process process;
	bool open;   /* it has the jobserver open, */
	bool marked; /* a descriptor of it with O_CLOEXEC */
	bool hidden; /* some of its descriptors can't be looked at */
	bool ledger; /* it has the ledger open, */
	long records; /* whose locks it has there: they say what it holds */
};

/* Fills opener for a process that process_each() visits. False for one that takes no tokens: this process, a kernel thread, a process that
 * has ended. */
bool opener_read(struct opener *opener, const struct pool_files *pool, int proc, const char *number);

/* Whether it may have opened the jobserver, but hides its descriptors. */
bool opener_hides(const struct opener *opener);

/* Whether the environment that it was started with names the jobserver. */
bool opener_was_told(const struct opener *opener);

/* Whether its program is `look`, which takes no tokens. */
bool opener_is_look(const struct opener *opener);

/* Whether it is the orphan of a killed client: it was adopted by a process of another session, and runs in the slot that the client took
 * for it. Clients adopt nothing: a process in another session than its parent is the parent's child if that one is a client, or a fork of
 * one. */
bool opener_is_orphan(const struct opener *opener);

/* Whether a program with that row of the clients has only inherited the jobserver, and so takes no token. If it has opened the jobserver
 * itself, it may take tokens: a script that is a client has the name of a shell. */
bool opener_carries(const struct opener *opener, const struct client_name *client);

#endif
