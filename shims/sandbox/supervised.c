#include "sandbox/supervised.h"

#include <stdlib.h>

#include "acquire/acquire.h"
#include "acquire/tell.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "proc/process.h"
#include "sandbox/ancestors.h"
#include "sandbox/arrival.h"
#include "sandbox/demand.h"
#include "sandbox/ends.h"
#include "sandbox/firsts.h"
#include "sandbox/guests.h"
#include "sandbox/journalentry.h"
#include "sandbox/lines.h"
#include "sandbox/overflow.h"
#include "sandbox/programs.h"
#include "sandbox/unwatched.h"
#include "tool/resolve.h"
#include "wait/job.h"
#include "wait/waiting.h"

enum { LOCKS_MAX = 4 * SUPERVISED_MAX };

static struct {
	struct supervised_in in;
	struct arrival_into into;
	struct pool pool;
	struct lock locks[LOCKS_MAX];
	struct lines lines;
} runs;

bool supervised_open(const struct supervised_in *in)
{
	runs.in = *in;
	runs.pool = (struct pool){
		.jobserver = in->jobserver,
		.ledger = in->ledger,
		.locks = { .fd = in->jobserver->write_fd, .held = runs.locks, .room = LOCKS_MAX },
	};
	runs.into = (struct arrival_into){
		.lines = &runs.lines,
		.pool = &runs.pool,
		.self = in->self,
		.listener = in->listener,
	};
	return lines_make(&runs.lines) && ends_open();
}

/* If it does not stand still just now it reports once more. */
static void let_go(struct supervised *run)
{
	run->may_go = true;
	journal_entry_begin(run);
	filter_let_go(runs.in.listener, &run->started);
}

static void forget(struct supervised *run)
{
	free(run->gathering);
	journal_entry_drop(run);
	lines_remove(&runs.lines, run);
}

/* The run's tool has ended. */
static void end(struct supervised *run)
{
	if (run->may_go && !run->is_free && run->acquire.slot.kind != SLOT_NONE)
		acquire_give_back(&run->acquire);
	if (!run->is_free)
		acquire_end(&run->acquire);
	ends_forget(run);
	forget(run);
}

static void write_and_end(struct supervised *run)
{
	journal_entry_write(run);
	end(run);
}

static void close_run(struct supervised *run)
{
	if (!run->may_go)
		filter_let_go(runs.in.listener, &run->started);
	end(run);
}

static void wait_in_line(struct supervised *run)
{
	lines_join(&runs.lines, run, demand_line(run));
	demand_begin(run, &runs.pool, runs.in.self);
}

/* A tool with a slot is above it: it looks for no other one, but goes on in that, or waits for it. */
static void move_below(struct supervised *run, struct supervised *host)
{
	lines_leave(&runs.lines, run);
	run->is_first = false;
	acquire_end(&run->acquire);
	if (guests_let_in(&runs.into, host, run))
		let_go(run);
	else
		wait_in_line(run);
}

/* True if it waits no more, or at another place. */
static bool step(struct supervised *run, bool timed_out)
{
	run->is_first = true;
	if (!acquire_step(&run->acquire, timed_out, &run->waiting)) {
		struct supervised *host = arrival_host(&runs.into, run);

		if (host != NULL)
			move_below(run, host);
		else if (run->acquire.stage == BEFORE_TURN) /* past its gates it comes behind those of its job that wait */
			lines_move(&runs.lines, run, run->job.key);
		return host != NULL || run->acquire.stage == BEFORE_TURN;
	}
	lines_leave(&runs.lines, run);
	if (run->job.ours && run->acquire.slot.kind == SLOT_NONE) { /* nothing is owed for its client's slot */
		ancestors_paid(&run->job.client);
		run->is_free = true;
		ledger_count_caller_run(runs.in.ledger);
	}
	if (run->is_free) {
		acquire_end(&run->acquire);
	} else {
		acquire_tell(&run->acquire, run->tool);
		demand_count(run, &runs.pool);
	}
	let_go(run);
	return true;
}

/* Those that have come first in their lines have places from now on, by which others see that they wait. True: one waits no more. */
static bool step_new(void)
{
	for (struct line *line = runs.lines.first; line != NULL; line = line->next)
		if (!line->waiters->is_first && step(line->waiters, false))
			return true;
	return false;
}

static void step_firsts(enum firsts which)
{
	firsts_step(&runs.lines, which, step);
	while (step_new())
		continue;
}

/* Who starts now, or has a slot now, may have that because another one has ended: that one is not to be counted beside it. Before the next
 * one gives its slot back the next waiter has its place: else a run of low priority would take that. */
void supervised_see_ends(void)
{
	bool has_ended = false;

	while (ends_take(write_and_end)) {
		step_firsts(FIRSTS_UNTIL_SLOT);
		has_ended = true;
	}
	if (has_ended) /* one may have left its slot to another job than that which got one */
		step_firsts(FIRSTS_ALL);
}

bool supervised_knows(const struct started *started)
{
	struct supervised *run = lines_find(&runs.lines, started->pid);

	/* Another process may have its number by now. */
	if (run != NULL && run->end >= 0)
		supervised_see_ends();
	else if (run != NULL && unwatched_has_ended(run))
		end(run);
	run = run == NULL ? NULL : lines_find(&runs.lines, started->pid);
	if (run == NULL)
		return false;
	run->started.id = started->id;
	if (run->may_go)
		let_go(run);
	return true;
}

bool supervised_waits(void)
{
	return runs.lines.first != NULL || !overflow_is_empty();
}

/* In its caller's slot. */
static void go_on(struct supervised *run)
{
	if (run->job.ours && !run->job.nested) /* its launcher, or the holder above it, is counted */
		ledger_count_caller_run(runs.in.ledger);
	let_go(run);
}

static void close_untaken(struct supervised *run)
{
	filter_let_go(runs.in.listener, &run->started);
	forget(run);
}

/* There is no room for it. What others may wait for, as it is in its caller's slot, goes on, and has no line in a journal. */
static void leave_out(struct supervised *run, const struct program *program)
{
	const uint64_t line = demand_line(run);

	if (run->is_free || (run->is_callers && !lines_has_waiters(&runs.lines, line)))
		go_on(run);
	else if (!overflow_add(&runs.lines, &run->started, line))
		arrival_ungoverned(&runs.into, &run->started, program, "there is no room");
	forget(run);
}

void supervised_add(const struct started *started, struct program *program)
{
	struct supervised *run;

	process_keep(true);
	run = arrival_enter(&runs.into, started, program);
	process_keep(false);
	if (run == NULL)
		return;
	if (run->is_free && run->entry == NULL) {
		free(run->gathering);
		run->gathering = NULL;
		go_on(run);
		unwatched_add(&runs.lines, run);
		return;
	}
	supervised_see_ends(); /* its own can't be told yet */
	arrival_look_anew(&runs.into, run);
	const enum ends_answer watched = overflow_has_room(&runs.lines, demand_line(run)) ? ends_watch(run) : ENDS_NO_ROOM;
	if (watched == ENDS_NO_ROOM)
		leave_out(run, program);
	else if (watched == ENDS_NO_PROCESS) /* nobody would tell when its slot is free */
		close_untaken(run);
	else if (run->is_free)
		go_on(run);
	else
		wait_in_line(run);
}

void supervised_prepare_for(const struct started *started)
{
	process_keep(true);
	arrival_of_launcher(&runs.into, started);
	process_keep(false);
}

nfds_t supervised_watch(struct pollfd ready[SUPERVISED_POLLED], uint64_t *due_ns)
{
	nfds_t count;
	bool token;

	do {
		overflow_let_in(&runs.lines, runs.in.listener, supervised_add);
		while (step_new())
			supervised_see_ends();
	} while (runs.lines.has_emptied && !overflow_is_empty());
	count = firsts_watch(&runs.lines, ready + 2, due_ns, &token);
	ready[0] = (struct pollfd){ .fd = ends_descriptor(), .events = POLLIN };
	ready[1] = (struct pollfd){ .fd = token ? runs.in.jobserver->read_fd : -1, .events = POLLIN };
	return 2 + count;
}

static void step_called(struct supervised *run)
{
	step(run, false);
}

void supervised_step(const struct pollfd ready[], nfds_t count)
{
	if (ready[0].revents == 0 && runs.lines.first == NULL) /* nobody waits */
		return;
	supervised_see_ends(); /* first: what has come may have come by one of them */
	firsts_each_called(ready + 2, count - 2, runs.in.jobserver->read_fd, step_called);
	step_firsts(ready[1].revents == 0 ? FIRSTS_DUE : FIRSTS_ALL);
}

void supervised_close(void)
{
	while (ends_take(write_and_end))
		continue;
	lines_each(&runs.lines, close_run);
	overflow_close(runs.in.listener);
	ends_close();
}
