/* The ledger: what launchers hold, so that a killed one's token can be returned (DESIGN 5). Whether a record's owner
 * lives is told by its OFD lock alone. Without a ledger everything works but that. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct process;

struct ledger {
	int fd;                         /* -1: none; the record is then memory of our own */
	volatile unsigned char *header; /* mapped, unless copied is set */
	volatile unsigned char *record; /* ours; mapped, unless it was claimed to be copied */
	bool copied;                    /* header is what ledger_refresh has read, and is stored by ledger_store */
	const char *why;                /* fd == -1: the reason, for JOBSHIM_DEBUG */
	unsigned index;
	pid_t owner;                    /* the `jobshim run` that made the pool, 0 where there is none */
	uint64_t owner_start;
	uint64_t owner_namespace;
};

/* Stands for no ledger at all: it can be counted in, and nobody owns it. */
void ledger_none(struct ledger *ledger);

enum ledger_use {
	LEDGER_LOOK,
	LEDGER_MAKE, /* where it is missing */
	LEDGER_COPY, /* the same; its header is not mapped yet: for one look that is quicker */
};

/* Opens the ledger beside the jobserver's FIFO, or the one in the state directory. */
void ledger_open(struct ledger *ledger, const struct jobserver *jobserver, enum ledger_use use);

/* Maps a header that was copied until now. */
void ledger_map(struct ledger *ledger);

/* Before the header is looked at: reads a copied one again. False on error. */
bool ledger_refresh(struct ledger *ledger);

/* Stores what was changed in the header, which may be a copy. False where that can't be done. */
bool ledger_store(struct ledger *ledger, size_t offset, size_t size);

/* Whether process is the `jobshim run` that made the pool; whether that one is in the PID namespace given. */
bool ledger_owned_by(const struct ledger *ledger, const struct process *process);
bool ledger_owned_in(const struct ledger *ledger, uint64_t namespace);

/* How many tokens its pool has, how many it shall have, and how many tools may run at once by the first; -1 where nobody told, or
 * somebody wrote what is no size of a pool. */
long ledger_tokens(const struct ledger *ledger);
long ledger_wanted(const struct ledger *ledger);
long ledger_slots(const struct ledger *ledger);

/* Has the record be memory of our own: nobody else sees it. */
void ledger_record_privately(struct ledger *ledger);

/* Takes a free record for this run and marks it as waiting. */
void ledger_claim(struct ledger *ledger, const struct jobserver *jobserver, uint64_t job, const char *tool);

/* Takes one more record for a further token of the run that has first. False where none is to be had. */
bool ledger_claim_another(struct ledger *another, const struct ledger *first, const struct jobserver *jobserver,
                          uint64_t job);

/* States of our record; each is stored before the step it announces. */
void ledger_waiting(struct ledger *ledger);
void ledger_acquiring(struct ledger *ledger);
void ledger_held(struct ledger *ledger, int kind);
void ledger_releasing(struct ledger *ledger);
void ledger_free(struct ledger *ledger);

/* Takes a free record for a run that may become its tool at once, and writes nothing yet. False where none is to be had. */
bool ledger_claim_copy(struct ledger *ledger, const struct jobserver *jobserver, uint64_t job, const char *tool);

/* Writes that record: of the tool that our process is about to become, in its caller's slot, without a lock. Whether it
 * lives its pid tells, in its PID namespace. False where it can't be stored. */
bool ledger_become(struct ledger *ledger);

/* Gives such a record back, unwritten. */
void ledger_unclaim(struct ledger *ledger);

/* What the rules ask of our run: memory in KiB, and the rule that limits such runs. */
void ledger_asks(struct ledger *ledger, uint32_t promise, uint32_t limit_rule);

/* Our record: the run waits for a gate and holds nothing; it takes so many slots, where that is more than one, and gathers
 * them, or has them all. */
void ledger_gated(struct ledger *ledger, int gate);
void ledger_gathers(struct ledger *ledger, unsigned slots, bool gathers);

/* The last gate that our run waited for. */
int ledger_gate(const struct ledger *ledger);

/* When our run came, or into its slot: CLOCK_MONOTONIC nanoseconds. */
uint64_t ledger_since(const struct ledger *ledger);

/* Tools that run in slots of their own. */
uint32_t ledger_running(const struct ledger *ledger);

/* Where the kernel is to store the token's byte: in the record itself, so that no kill can come between. */
unsigned char *ledger_token(struct ledger *ledger);

/* Counts a run that starts in its own slot, after waiting, and its end; a run in its caller's slot; a client's wait; of a
 * wait the part at a gate. */
void ledger_count_wait(struct ledger *ledger, uint64_t waited_ns);
void ledger_count_gate(struct ledger *ledger, int gate, uint64_t waited_ns);
void ledger_count_run(struct ledger *ledger, const struct jobserver *jobserver, uint64_t waited_ns);
void ledger_count_end(struct ledger *ledger);
void ledger_count_caller_run(struct ledger *ledger);
void ledger_count_overdraft(struct ledger *ledger);

/* Notes that the process has started a launcher, or was one; whether that was noted lately. */
void ledger_note_caller(struct ledger *ledger, pid_t pid);
bool ledger_has_caller(const struct ledger *ledger, pid_t pid);

/* Whether the last run without a slot was of our record's job, and began at since_ns (CLOCK_MONOTONIC) or later. */
bool ledger_had_overdraft(const struct ledger *ledger, uint64_t since_ns);

/* Notes that a slot was taken now. */
void ledger_count_progress(struct ledger *ledger);

/* When a slot of this jobserver was last taken by a launcher: CLOCK_MONOTONIC nanoseconds, 0 = not known. */
uint64_t ledger_progress(const struct ledger *ledger);

/* What lies at offset, as launchers share it. */
#define FIELD(type, base, offset) ((volatile type *)(volatile void *)((base) + (offset)))

#endif
