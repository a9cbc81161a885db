#include "wait/patience.h"

#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/jobserver.h"
#include "wait/work.h"
#include "ground/clock.h"
#include "proc/process.h"

enum {
	SHARE = 100,  /* samples take at most one part in so many of a processor */
	SAMPLES = 5, /* in the time in which holders have to be idle, unless they cost more */
};

static const uint64_t SECOND = 1000000000u;
static const uint64_t LONGER_NS = 120000000000u; /* on a machine that is busy with other work, a waiter waits no longer than that */

struct patience patience_make(double seconds)
{
	return (struct patience){ .seconds = seconds, .arrived_ns = monotonic_ns() };
}

void patience_since(struct patience *patience, uint64_t since_ns)
{
	patience->arrived_ns = since_ns;
}

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

static uint64_t sooner(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* Whether the holders used more than a twentieth of the time in which they had not to wait for a processor, or were ready to run whenever we
 * looked. On a busy machine a compiler that works may get a hundredth of a processor, or none for a while; of a row of processes that end at
 * once, which are others at each sample, only the second tells anything. */
static bool was_kept_from_work(const struct work_done *before, const struct work_done *done, uint64_t elapsed)
{
	const uint64_t ran = done->ran_ns - before->ran_ns, ready = done->ready_ns - before->ready_ns;

	if (before->ready && done->ready)
		return true;
	if (done->ran_ns <= before->ran_ns || done->ready_ns <= before->ready_ns)
		return false; /* none ran, or one of them has ended */
	return ran * 20 > (ready < elapsed ? later(elapsed - ready, elapsed / 20) : elapsed / 20);
}

/* Whether the holders used more than a twentieth of a core since the last sample (the whole machine: half a core), or one of them ended. A
 * single tick does not count: a process that wakes up for a moment may be charged one. */
static bool has_worked(const struct patience *patience, const struct work_done *done, uint64_t now)
{
	const uint64_t tick_ns = SECOND / TICKS_PER_SECOND, elapsed = now - patience->sampled_ns;
	uint64_t ticks;

	if (!patience->sampled || done->whole_machine != patience->done.whole_machine || done->ticks < patience->done.ticks)
		return true;
	ticks = done->ticks - patience->done.ticks;
	return (ticks > 1 && ticks * tick_ns * (done->whole_machine ? 2 : 20) > elapsed) ||
	       (!done->whole_machine && was_kept_from_work(&patience->done, done, elapsed));
}

/* Takes a sample, as often as is cheap. Returns when the next one is due. If it comes later, we had no processor, or the machine was
 * suspended; nor had the holders, then: the delay does not count as time in which they were idle. */
static uint64_t sample(struct patience *patience, uint64_t now, uint64_t every)
{
	const uint64_t began_cpu = cpu_ns(), elapsed = now - patience->sampled_ns;
	struct work_done done;
	uint64_t cost;

	if (work_measure(&patience->work, &done)) {
		if (has_worked(patience, &done, now))
			patience->idle_since_ns = now;
		else if (elapsed > patience->idle_at_most_ns)
			patience->idle_since_ns += elapsed - patience->idle_at_most_ns;
		patience->sampled = true;
		patience->sampled_ns = now;
		patience->done = done;
	}
	patience->blind = !patience->sampled;
	cost = (cpu_ns() - began_cpu) * SHARE;
	patience->idle_at_most_ns = sooner(later(cost, every), every * SAMPLES / 2); /* more than one sample has to find it */
	return now + later(cost, every);
}

/* Whether another wait of our job ended in an overdraft while we waited: the job is known to wait for itself, and may do so once more. */
static bool is_known(const struct patience *patience, const struct record *record)
{
	return !patience->blind && ledger_had_overdraft(record->ledger, record->at->job, patience->arrived_ns);
}

/* When patience will be out, as far as is known now. */
static uint64_t end_of(const struct patience *patience, uint64_t slots_stand_still_ns, uint64_t needed)
{
	const uint64_t end = later(slots_stand_still_ns, patience->idle_since_ns + needed);

	return patience->sampled && !patience->done.whole_machine ? end : sooner(end, slots_stand_still_ns + LONGER_NS);
}

/* When a slot was taken last. In another time namespace the writer's clock may differ: a time in the future counts as the time at which we
 * read it. */
static uint64_t last_progress(struct patience *patience, const struct ledger *ledger, uint64_t now)
{
	const uint64_t told_ns = ledger_progress(ledger);

	if (told_ns != patience->told_ns) {
		patience->told_ns = told_ns;
		patience->found_ns = now;
	}
	return sooner(told_ns, patience->found_ns);
}

bool patience_is_out(struct patience *patience, const struct jobserver *jobserver, const struct record *record)
{
	const struct ledger *ledger = record->ledger;
	const uint64_t limit = (uint64_t)(patience->seconds * (double)SECOND), now = monotonic_ns();
	const bool known = is_known(patience, record);
	const uint64_t needed = sooner(limit, known ? SECOND / 4 : SECOND);
	const uint64_t slots_stand_still_ns =
	    later(patience->arrived_ns + limit, last_progress(patience, ledger, now) + (known ? needed : limit));
	uint64_t end;

	/* No samples before the last second: most waits are no deadlock. */
	patience->due_ns = patience->seconds <= 0 ? UINT64_MAX : slots_stand_still_ns - needed;
	if (now < patience->due_ns)
		return false;
	patience->work.jobserver = jobserver;
	patience->work.record = record;
	if (now >= patience->sample_due_ns || now >= end_of(patience, slots_stand_still_ns, needed))
		patience->sample_due_ns = sample(patience, now, needed / SAMPLES);
	if (known && patience->blind) {
		patience->due_ns = now;
		return false;
	}
	/* If nothing can be measured, the wait ends all the same: to hang is worse than one tool too many. */
	end = end_of(patience, slots_stand_still_ns, needed);
	patience->due_ns = sooner(patience->sample_due_ns, end);
	if (now < end)
		return false;
	/* Perhaps it was no deadlock: the next run waits for the whole patience again. */
	if (patience->blind || now < patience->idle_since_ns + needed)
		ledger_count_progress(ledger);
	return true;
}
