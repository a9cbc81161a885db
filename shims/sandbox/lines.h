/* The tool runs that a supervisor knows, and the lines in which they wait: one for each job, in order of arrival. */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "acquire/acquire.h"
#include "proc/subject.h"
#include "rules/policy.h"
#include "sandbox/filter.h"
#include "wait/job.h"
#include "wait/waiting.h"

enum { SUPERVISED_MAX = 4096, SUPERVISED_BUCKETS = 4096 };

struct supervised {
	bool is_used;
	bool is_first;  /* in its line: it looks for a slot */
	bool may_go;    /* it has its slot, */
	bool is_free;    /* which its caller took, and no rule holds it: acquire is of no use */
	bool is_remembered; /* not all above it was looked at anew */
	bool is_callers; /* which its caller took */
	bool is_shared; /* several tools below it have run at once: from then on locks tell who is in its slot (guests.h) */
	struct supervised *guest; /* a tool below it, which is in its slot without a lock; NULL: none is known */
	struct supervised *host;  /* whose guest it is; NULL: nobody's */
	struct started started;
	int end; /* its pidfd; -1: it is not watched */
	char tool[64];
	struct subject subject;
	struct job job;
	struct policy policy;
	struct priority priority;
	struct gathering *gathering; /* NULL: it takes one slot */
	struct journal_entry *entry; /* NULL: there is no journal */
	struct acquire acquire;
	struct waiting waiting;

	struct line *line;     /* it waits in; NULL: it does not */
	struct supervised *next;  /* behind it in the line; or free */
	struct supervised *other; /* in its bucket */
};

/* Whoever waits for a slot of one job, with one priority. */
struct line {
	uint64_t job; /* a key of both */
	struct supervised *waiters, *last;
	struct line *next, *previous;
};

struct lines {
	struct supervised *runs; /* SUPERVISED_MAX and one more: what comes is looked at before it is known whether there is room */
	struct line *room;
	struct supervised *buckets[SUPERVISED_BUCKETS]; /* by pid */
	struct supervised *free;
	struct line *free_lines;
	size_t used;
	size_t touched, touched_lines; /* so many were in use at any time: the others cost no memory */
	struct line *first, *last;
	size_t count; /* of lines */
	bool has_emptied; /* one of them has been left by its last waiter: whoever asks sets it back */
};

/* Makes an empty one. Its tables are not there before: `look` has to start where a tool may have little memory. False without memory. */
bool lines_make(struct lines *lines);

/* The run of that process; NULL: there is none. */
struct supervised *lines_find(const struct lines *lines, pid_t pid);

/* A new run, in no line. NULL: there is no room, as SUPERVISED_MAX were exceeded before. */
struct supervised *lines_add(struct lines *lines, pid_t pid);

/* Whether somebody waits in that job's line. */
bool lines_has_waiters(const struct lines *lines, uint64_t job);

/* The run waits, at the end of its job's line. */
void lines_join(struct lines *lines, struct supervised *run, uint64_t job);

/* The run leaves its line, which goes behind all others. */
void lines_leave(struct lines *lines, struct supervised *run);

/* The run leaves its line, and waits at the end of another one. */
void lines_move(struct lines *lines, struct supervised *run, uint64_t job);

/* It has no guest any more. */
void lines_part(struct supervised *host);

/* Calls visit for each run, which it may forget. */
void lines_each(struct lines *lines, void (*visit)(struct supervised *run));

/* Forgets the run, and a guest of it whose end nobody waits for. */
void lines_remove(struct lines *lines, struct supervised *run);

#endif
