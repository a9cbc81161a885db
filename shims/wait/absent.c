#include "wait/absent.h"

#include "contract.h"
#include "ground/clock.h"
#include "pool/pool.h"
#include "wait/ring.h"

enum {
	ABSENT_TICKS = 32, /* 2 s */
	TICK_BITS = 6,     /* a tick is 64 ms */
	SEVERAL = 0xffff,  /* builds are absent: as if all were */
};

_Static_assert(2 * (int)BUILDS < (int)SEVERAL, "the header has room for the numbers of builds of both priorities");

static const uint64_t MS = 1000000;

static uint16_t tick_now(void)
{
	const uint16_t tick = (uint16_t)(monotonic_ns() / MS >> TICK_BITS);

	return tick == 0 ? 1 : tick;
}

/* Whether it is still too early for a next turn. */
static bool is_fresh(volatile uint16_t *absent_at)
{
	if (*absent_at != 0 && (uint16_t)(tick_now() - *absent_at) > ABSENT_TICKS)
		*absent_at = 0;
	return *absent_at != 0;
}

bool absent_is_build(volatile struct ledger_header *header, unsigned build)
{
	return (header->absent_build == build + 1 || header->absent_build == SEVERAL) && is_fresh(&header->absent_build_at);
}

bool absent_are_jobs(volatile struct ledger_header *header)
{
	return is_fresh(&header->absent_job_at);
}

void absent_note(volatile struct ledger_header *header, const struct passed *passed)
{
	if (passed->kind == PASSED_TO_JOB) {
		header->absent_job_at = tick_now();
		return;
	}
	header->absent_build = header->absent_build != passed->to + 1 && is_fresh(&header->absent_build_at) ? SEVERAL
	                                                                                                  : (uint16_t)(passed->to + 1);
	header->absent_build_at = tick_now();
}

void absent_note_present(volatile struct ledger_header *header, unsigned build, unsigned job)
{
	if (header->absent_build == build + 1)
		header->absent_build_at = 0;
	if (header->absent_job_at != 0 && header->served_job[build % LEDGER_ROTA_BUILDS] != job + 1)
		header->absent_job_at = 0;
}
