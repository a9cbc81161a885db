/* The ledger of a pool: counters, and a table of records (records.h), by which the token of a killed launcher is returned. Without a ledger
 * all works but that. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

struct jobserver;
struct process;

struct ledger {
	int fd;                                /* -1: there is none */
	volatile struct ledger_header *header; /* mapped, unless copied is set */
	bool copied;                           /* header is what ledger_refresh has read, and is stored by ledger_store */
	const char *why;                       /* fd == -1: the reason, for JOBSHIM_DEBUG */
	pid_t owner;                           /* the `jobshim run` that made the pool, 0 if there is none */
	uint64_t owner_start;
	uint64_t owner_namespace;
	unsigned char locked[LEDGER_RECORD_COUNT / 8]; /* records whose lock we have: one bit each */
};

/* Stands for no ledger: counters work, and nobody owns it. */
void ledger_none(struct ledger *ledger);

enum ledger_use {
	LEDGER_LOOK,
	LEDGER_MAKE, /* if it is missing */
	LEDGER_COPY, /* the same, but its header is copied, not mapped: that is quicker for one look */
};

/* Opens the ledger beside the jobserver's FIFO, or the one in the state directory. */
void ledger_open(struct ledger *ledger, const struct jobserver *jobserver, enum ledger_use use);

/* Closes it and forgets its pages. */
void ledger_close(struct ledger *ledger);

/* Maps a header that was copied until now. */
void ledger_map(struct ledger *ledger);

/* Call it before the header is read: reads a copied header again. False on error. */
bool ledger_refresh(struct ledger *ledger);

/* Stores what was changed in the header, which may be a copy: size bytes from offset on. False on error. */
bool ledger_store(const struct ledger *ledger, size_t offset, size_t size);

/* Whether process is the `jobshim run` that made the pool; whether that `jobshim run` is in the PID namespace given. */
bool ledger_owned_by(const struct ledger *ledger, const struct process *process);
bool ledger_owned_in(const struct ledger *ledger, uint64_t namespace);

/* How many tokens its pool has, how many it is to have, or may have, and how many slots it gives at most; -1 if not known, or not a possible
 * size. */
long ledger_tokens(const struct ledger *ledger);
long ledger_wanted(const struct ledger *ledger);
long ledger_slots(const struct ledger *ledger);

/* The first one, as the file has it: -1 also if that was cut. */
long ledger_tokens_now(const struct ledger *ledger);

/* How many slots, if its ledger is not open here. */
long ledger_slots_of(const struct jobserver *jobserver);

/* Adds to one of the header's counters. */
#define LEDGER_ADD(ledger, counter, more) __atomic_add_fetch(&(ledger)->header->counter, more, __ATOMIC_SEQ_CST)

#endif
