#include "sandbox/arrival.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "ground/report.h"
#include "ledger/counters.h"
#include "pool/pool.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "sandbox/ancestors.h"
#include "sandbox/demand.h"
#include "sandbox/filter.h"
#include "sandbox/guests.h"
#include "sandbox/journalentry.h"
#include "sandbox/lines.h"
#include "sandbox/offload.h"
#include "sandbox/programs.h"
#include "sandbox/unknown.h"
#include "sandbox/unwatched.h"
#include "tool/families.h"
#include "tool/resolve.h"

enum place { BELOW_HOLDER, BELOW_DAEMON, BELOW_NONE, BELOW_NONE_LATELY };

/* *host: the holder. */
static enum place place_of(const struct process *process, const struct arrival_into *into, bool recalls, struct supervised **host)
{
	struct process above = *process;
	const pid_t top = getppid(); /* nothing of the build is above who started us, or after its end above who took us in */
	const bool is_near = recalls && lines_find(into->lines, process->parent) == NULL;

	if (is_near && process->parent != top && ancestors_have_parent(process->parent, &above)) {
		process_known(&above);
		return BELOW_NONE_LATELY;
	}
	while (above.parent > 0 && above.parent != top) {
		*host = lines_find(into->lines, above.parent);
		if (*host != NULL && guests_are_below(*host))
			return (*host)->may_go ? BELOW_HOLDER : BELOW_NONE;
		if (!process_read(above.parent, &above))
			return BELOW_NONE;
		if (offload_is_daemon(&above))
			return BELOW_DAEMON;
		if (recalls && ancestors_have(&above)) {
			if (above.pid == process->parent)
				ancestors_note_parent(&above);
			return BELOW_NONE_LATELY;
		}
	}
	return BELOW_NONE;
}

struct supervised *arrival_host(const struct arrival_into *into, struct supervised *run)
{
	struct supervised *host;

	if (!run->is_remembered)
		return NULL;
	run->is_remembered = false;
	return place_of(&run->subject.process, into, false, &host) == BELOW_HOLDER ? host : NULL;
}

void arrival_look_anew(const struct arrival_into *into, struct supervised *run)
{
	struct supervised *host;

	if (run->is_free || !lines_has_waiters(into->lines, demand_line(run)))
		return;
	host = arrival_host(into, run);
	if (host != NULL)
		(void)guests_let_in(into, host, run);
	else
		(void)job_is_another(&run->job, &run->subject, into->pool->jobserver, into->pool->ledger);
}

static bool is_disabled(const struct subject *subject)
{
	const char *value = subject_variable(subject, ENV_DISABLE);

	return value != NULL && strcmp(value, "1") == 0;
}

void arrival_ungoverned(const struct arrival_into *into, const struct started *started, const struct program *program, const char *why)
{
	static bool is_told;

	if (!is_told)
		report("%s, %d: runs without a slot: %s", program->name, (int)started->pid, why);
	is_told = true;
	filter_let_go(into->listener, started);
}

/* One that has ended meanwhile, or been interrupted, does not count. */
static void unknown_let_go(const struct arrival_into *into, const struct started *started, const struct program *program)
{
	if (filter_let_go(into->listener, started))
		unknown_note(program->name);
}

static bool needs_slot(const struct subject *subject, pid_t pid, enum place place, struct program *program)
{
	return place != BELOW_DAEMON && programs_find(pid, program) && program->kind != RUN_PROBE && !is_disabled(subject);
}

/* What is quickly known comes first: most of what starts below a tool is the only one there. */
static bool is_in_slot_above(const struct arrival_into *into, const struct started *started, const struct subject *subject,
                             struct supervised *host, const struct program *program)
{
	return program->is_unknown || guests_enter(into->lines, host, started, subject);
}

/* What it wants. False if it has that, and has gone on. */
static bool read_demand(const struct arrival_into *into, struct supervised *run, struct supervised *host, const struct program *program)
{
	if (host == NULL) {
		demand_read(run, program, into->pool, into->self->shim_dir);
		return true;
	}
	if (!guests_let_in(into, host, run))
		return true;
	run->may_go = true;
	filter_let_go(into->listener, &run->started);
	unwatched_add(into->lines, run);
	return false;
}

/* It finds the nearest tool above it that has a record: so who is a guest, and has none, gets the lock of its host's slot first. Else the launcher
 * would have that, and the guest a token. */
void arrival_of_launcher(const struct arrival_into *into, const struct started *started)
{
	struct subject subject;
	struct supervised *host, *above;

	if (into->lines->used == 0 || !subject_of(started->pid, &subject) ||
	    place_of(&subject.process, into, true, &host) != BELOW_HOLDER)
		return;
	for (; host != NULL; host = above) {
		above = host->host;
		guests_share(into, host);
	}
}

/* For those who look from outside: who looked before it had a record learns that it has one, and that its caller, if that seems to be a tool,
 * is a wrapper. gcc is none because its ld has a slot. */
static void note_callers(const struct ledger *ledger, const struct supervised *run, const struct program *program)
{
	ledger_note_caller(ledger, run->started.pid);
	if (!family_is_part(program->family))
		ledger_note_caller(ledger, run->subject.process.parent);
}

struct supervised *arrival_enter(const struct arrival_into *into, const struct started *started, struct program *program)
{
	struct subject subject;
	struct supervised *run, *host;
	enum place place;

	if (!subject_of(started->pid, &subject)) {
		unknown_let_go(into, started, program);
		return NULL;
	}
	/* From 1.2.4 on musl makes the call in the child of a fork, too; others make it in threads. */
	if (subject.process.begins_nothing) {
		filter_let_go(into->listener, started);
		return NULL;
	}
	place = place_of(&subject.process, into, true, &host);
	if (place != BELOW_HOLDER)
		host = NULL;
	if ((host != NULL && is_in_slot_above(into, started, &subject, host, program)) ||
	    !needs_slot(&subject, started->pid, place, program)) {
		if (program->is_unknown && host == NULL)
			unknown_let_go(into, started, program);
		else
			filter_let_go(into->listener, started);
		return NULL;
	}
	run = lines_add(into->lines, started->pid);
	if (run == NULL) {
		arrival_ungoverned(into, started, program, "there are too many tools");
		return NULL;
	}
	run->started = *started;
	run->subject = subject;
	run->is_remembered = place == BELOW_NONE_LATELY;
	strcpy(run->tool, program->name);
	if (!read_demand(into, run, host, program))
		return NULL;
	journal_entry_make(run, program);
	note_callers(into->pool->ledger, run, program);
	return run;
}
