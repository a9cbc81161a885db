#include "wait/rota.h"

#include <poll.h>
#include <stddef.h>

#include "contract.h"
#include "ground/clock.h"
#include "ground/retry.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/records.h"
#include "pool/jobserver.h"
#include "pool/locks.h"
#include "pool/pool.h"
#include "proc/process.h"
#include "wait/absent.h"
#include "wait/build.h"
#include "wait/job.h"
#include "wait/queue.h"
#include "wait/ring.h"

enum {
	STOPPED_MAX = 4, /* so many stopped ones are passed over */
	LOOKS_MAX = 6,   /* after 1, 2, 4 ... 32 ms: then a turn that is not used is lost */
	LOW_LOOKS_MAX = 10, /* the same if it was left by one of low priority: on a busy machine others wake up late */
};

_Static_assert((int)JOBS <= UINT8_MAX, "the header has room for their numbers");

static const uint64_t MS = 1000000;

bool rota_is_empty(const struct pool *pool, const void *run)
{
	struct waiter any;

	return !ring_find_any(pool, run, &ring_of_builds, &any);
}

static volatile struct ledger_header *header_of(const struct rota *rota)
{
	return rota->queue->pool->ledger->header;
}

/* The number of a build among those of both priorities. */
static unsigned number_of(bool is_low, unsigned build)
{
	return build | (unsigned)is_low << BUILD_BITS;
}

static unsigned own_number(const struct rota *rota)
{
	return number_of(rota->low != NULL, rota->build);
}

static struct ring jobs_of(const struct rota *rota)
{
	return ring_of_jobs(rota->low != NULL, rota->build);
}

/* Those that wait beside the run's own build, or job. Such a look goes through all locks: so a note tells if there is no need. It
 * is taken back first: who comes meanwhile makes it again. Runs of low priority have none. */
static bool find_other(const struct rota *rota, const struct ring *ring, volatile uint8_t *mixed, unsigned last, unsigned own,
                       struct waiter *next)
{
	if (rota->low != NULL)
		return ring_find_next(rota->queue, ring, last, own, next);
	if (*mixed == 0)
		return false;
	*mixed = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!ring_find_next(rota->queue, ring, last, own, next))
		return false;
	*mixed = 1;
	return true;
}

/* If all others are of one build, and of one job in this run's, any of them tells whether this run is of another. */
static void note_if_mixed(const struct rota *rota)
{
	const struct ring jobs = jobs_of(rota);
	const struct queue *queue = rota->queue;
	struct waiter any;

	if (ring_find_any(queue->pool, queue->run, &ring_of_builds, &any) && ring_number(&ring_of_builds, &any) != rota->build)
		header_of(rota)->mixed_builds = 1;
	if (ring_find_any(queue->pool, queue->run, &jobs, &any) && ring_number(&jobs, &any) != rota->job)
		header_of(rota)->mixed_jobs = 1;
}

static unsigned short_name(uint64_t key, unsigned bits)
{
	return (unsigned)(key ^ key >> 32) & ((1u << bits) - 1);
}

void rota_enter(struct rota *rota, const struct queue *queue, const struct record *record, const struct subject *subject,
                const struct job *job, const struct priority *low)
{
	const struct pool *pool = queue->pool;
	struct ring jobs;

	*rota = (struct rota){ .queue = queue, .record = record, .low = low };
	/* A server that keeps an account may promise a token to who polls. */
	if (!record_is_noted(record) || queue->ticket == 0 || pool->jobserver->accounts)
		return;
	rota->build = short_name(build_of(subject, job, pool->jobserver, pool->ledger), BUILD_BITS);
	rota->job = short_name(job->key, JOB_BITS);
	jobs = jobs_of(rota);
	rota->place = ring_place(&jobs, rota->job, queue->ticket, record->index);
	rota->is_in = locks_take(&queue->pool->locks, queue->run, ring_lock(rota->place)) == LOCK_TAKEN;
	if (rota->is_in && low == NULL)
		note_if_mixed(rota);
}

void rota_leave(struct rota *rota)
{
	if (rota->is_in)
		locks_give_back(&rota->queue->pool->locks, rota->queue->run, ring_lock(rota->place));
	rota->is_in = false;
}

/* Calls the first waiter of the job whose first one that is, which is not stopped. False if none can be called. */
static bool call(const struct rota *rota, const struct waiter *first)
{
	struct waiter waiter = *first;
	struct ledger_record record;
	struct process process;

	for (int i = 0; i < STOPPED_MAX; i++) {
		/* In another PID namespace it can't be looked at: then it is called. */
		if (waiter.pid <= 0 || !process_numbers_agree() || !process_read(waiter.pid, &process) || !process.stopped)
			return record_read(rota->record->ledger, waiter_record(&waiter), &record) &&
			       queue_call(rota->queue, record.job, waiter_ticket(&waiter));
		if (!ring_find_behind(rota->queue, &waiter))
			break;
	}
	return false;
}

/* Calls one of another build's next job: not of the one that took its last token, if others wait. */
static bool call_build(const struct rota *rota, bool is_low, unsigned build)
{
	volatile struct ledger_header *header = header_of(rota);
	const unsigned slot = number_of(is_low, build) % LEDGER_ROTA_BUILDS, served = header->served_job[slot];
	const struct ring jobs = ring_of_jobs(is_low, build);
	struct waiter next;

	if (!(served > 0 && ring_find_next(rota->queue, &jobs, header->passed_job[slot] % JOBS, served - 1, &next)) &&
	    !ring_find_next(rota->queue, &jobs, header->passed_job[slot] % JOBS, JOBS, &next))
		return false;
	header->passed_job[slot] = (uint8_t)ring_number(&jobs, &next);
	return call(rota, &next);
}

/* The build that took the last token. */
static unsigned last_served(const struct rota *rota)
{
	return (header_of(rota)->served_build + BUILDS - 1) % BUILDS;
}

/* For a run of low priority: calls one of the next build that is not. False if none waits, or none can be called. */
static bool pass_to_normal(const struct rota *rota, struct passed *passed)
{
	unsigned build = last_served(rota);
	struct waiter next;

	passed->kind = PASSED_TO_NORMAL;
	passed->served = (unsigned)ledger_progress(rota->record->ledger);
	for (int i = 0; i < STOPPED_MAX && ring_find_next(rota->queue, &ring_of_builds, build, BUILDS, &next); i++) {
		build = ring_number(&ring_of_builds, &next);
		passed->to = number_of(false, build);
		if (!absent_is_build(header_of(rota), passed->to) && call_build(rota, false, build))
			return true;
	}
	return false;
}

/* Calls one of the next build behind that which took the last token. False if that is the run's, or none can be called. */
static bool pass_to_build(const struct rota *rota, struct passed *passed)
{
	const bool is_low = rota->low != NULL;
	const struct ring *ring = is_low ? &ring_of_low_builds : &ring_of_builds;
	unsigned last = last_served(rota), build;
	struct waiter next;

	passed->kind = PASSED_TO_BUILD;
	passed->served = header_of(rota)->served_build;
	for (int i = 0; i < STOPPED_MAX; i++) {
		if (!find_other(rota, ring, &header_of(rota)->mixed_builds, last, rota->build, &next))
			return false;
		build = ring_number(ring, &next);
		passed->to = number_of(is_low, build);
		if ((rota->build + BUILDS - last - 1) % BUILDS < (build + BUILDS - last - 1) % BUILDS)
			return false;
		if (!absent_is_build(header_of(rota), passed->to) && call_build(rota, is_low, build))
			return true;
		last = build;
	}
	return false;
}

/* Calls one of another job of the run's build, if this one's took the last token of it. */
static bool pass_to_job(const struct rota *rota, struct passed *passed)
{
	volatile struct ledger_header *header = header_of(rota);
	const unsigned slot = own_number(rota) % LEDGER_ROTA_BUILDS;
	const struct ring jobs = jobs_of(rota);
	struct waiter next;

	passed->kind = PASSED_TO_JOB;
	passed->served = header->served_job[slot];
	if (passed->served != rota->job + 1 || absent_are_jobs(header) ||
	    !find_other(rota, &jobs, &header->mixed_jobs, header->passed_job[slot] % JOBS, rota->job, &next))
		return false;
	passed->to = ring_number(&jobs, &next);
	header->passed_job[slot] = (uint8_t)passed->to;
	return call(rota, &next);
}

static bool has_token(const struct rota *rota)
{
	struct pollfd fifo = { .fd = rota->queue->pool->jobserver->read_fd, .events = POLLIN };

	return RETRY(poll(&fifo, 1, 0)) > 0;
}

/* Leaves the token that is free to others that wait. False if it is this run's. */
static bool pass(const struct rota *rota)
{
	struct passed passed = { .is_on = true, .build = own_number(rota), .job = rota->job };

	if (!(rota->low != NULL && pass_to_normal(rota, &passed)) && !pass_to_build(rota, &passed) && !pass_to_job(rota, &passed))
		return false;
	passed.due_ns = monotonic_ns() + MS;
	rota->queue->pool->passed = passed;
	return true;
}

/* Whether that turn counts for this run, and was not used since. */
static bool has_passed(const struct rota *rota)
{
	const struct passed *passed = &rota->queue->pool->passed;
	const volatile struct ledger_header *header = header_of(rota);

	if (!passed->is_on || passed->build != own_number(rota))
		return false;
	switch (passed->kind) {
	case PASSED_TO_BUILD:
		break;
	case PASSED_TO_JOB:
		return passed->job == rota->job && passed->served == header->served_job[passed->build % LEDGER_ROTA_BUILDS];
	case PASSED_TO_NORMAL:
		return passed->served == (unsigned)ledger_progress(rota->record->ledger);
	}
	return passed->served == header->served_build;
}

bool rota_is_ours(struct rota *rota, uint64_t *due_ns)
{
	struct passed *passed;

	*due_ns = UINT64_MAX;
	rota->lost = 0;
	if (!rota->is_in || (rota->low == NULL && header_of(rota)->mixed_builds == 0 && header_of(rota)->mixed_jobs == 0))
		return true;
	absent_note_present(header_of(rota), own_number(rota), rota->job);
	passed = &rota->queue->pool->passed;
	if (!has_token(rota)) { /* one that comes now wakes who is next; and who found none has not lost its turn */
		passed->is_on = false;
		return false;
	}
	if (!has_passed(rota) && !pass(rota))
		return true;
	if (monotonic_ns() >= passed->due_ns) {
		passed->due_ns = monotonic_ns() + (MS << ++passed->looks);
		passed->is_on = passed->looks < (passed->kind == PASSED_TO_NORMAL ? LOW_LOOKS_MAX : LOOKS_MAX);
	}
	if (passed->is_on) {
		*due_ns = passed->due_ns;
		return false;
	}
	absent_note(header_of(rota), passed);
	if (passed->kind != PASSED_TO_JOB)
		rota->lost = passed->to + 1;
	return true;
}

void rota_took(const struct rota *rota)
{
	volatile struct ledger_header *header = header_of(rota);

	if (!rota->is_in)
		return;
	/* A build that did not use its turn has to wait for its next one. */
	header->served_build = (uint16_t)(rota->lost != 0 ? rota->lost : own_number(rota) + 1);
	header->served_job[own_number(rota) % LEDGER_ROTA_BUILDS] = (uint8_t)(rota->job + 1);
}
