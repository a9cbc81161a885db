/* A process that may have a jobserver open: what it has of the pool, and what it was told of it. */
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
	uint64_t since; /* when the jobserver was made, in clock ticks since boot: an older process is no client of it that hides */
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
	bool record; /* with a lock in it: what it holds is written there */
};

/* Fills opener for the process of that number in proc, which process_each() visits. False for what takes no tokens: this process,
 * a thread of the kernel, a process that has ended. */
bool opener_read(struct opener *opener, const struct pool_files *pool, int proc, const char *number);

/* Whether it may have opened the jobserver, and hides that. */
bool opener_hides(const struct opener *opener);

/* Whether the environment that it was started with names the jobserver. */
bool opener_was_told(const struct opener *opener);

/* Whether it is a launcher that was started to look at something: it takes nothing. */
bool opener_only_looks(const struct opener *opener);

/* Whether a killed client has left it behind: it lives on, adopted from another session, and runs in a slot that nobody else stands for.
 * Clients adopt nothing: a process that one of them, or a fork of it, has started in a session of its own is counted as its child. */
bool opener_is_orphan(const struct opener *opener);

/* Whether a program with that row of the clients has the jobserver open only because it inherited it, and so takes no token. What it has
 * opened by itself it may use as it likes: a script that is a client has a shell's name. */
bool opener_carries(const struct opener *opener, const struct client_name *client);

#endif
