#include "wait/recovery.h"

#include <sys/stat.h>
#include <time.h>

#include "ledger/ledger.h"
#include "pool/jobserver.h"
#include "pool/tokens.h"
#include "wait/census.h"
#include "ground/clock.h"

enum {
	QUIET_MS = 500, /* no token may have been given back for so long before a check: the clock of mtime ticks every 10 ms at worst */
	SHARE = 150,    /* checks take at most one part in so many of a processor if no token has moved, */
	MOVED = 20,     /* and if some have */
	LONGEST_MS = 5000,
};

static const uint64_t MS = 1000000; /* in nanoseconds */

static int64_t written_at(const struct jobserver *jobserver)
{
	struct stat status;

	if (fstat(jobserver->read_fd, &status) < 0)
		return 0;
	return (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}

long recovery_lost(long total, const struct recovery_look *first, const struct recovery_look *second)
{
	long held = first->census.held > second->census.held ? first->census.held : second->census.held;
	long lost = total - second->census.free - held;

	if (first->census.blind || second->census.blind || first->census.free < 0 || second->census.free < 0)
		return 0;
	if (first->written_ns != second->written_ns || first->census.free != second->census.free)
		return 0;
	return lost > 0 ? lost : 0;
}

static struct recovery_look look_at(const struct jobserver *jobserver, struct ledger *ledger)
{
	struct recovery_look look = { .written_ns = written_at(jobserver) };

	census_take(jobserver, ledger, &look.census);
	return look;
}

long recovery_count(const struct jobserver *jobserver, struct ledger *ledger, const char **why)
{
	static struct recovery_look first, second;
	const struct timespec pause = { .tv_nsec = QUIET_MS * (long)MS };
	const long total = ledger_tokens(ledger);

	first = look_at(jobserver, ledger);
	*why = first.census.blind     ? first.census.why
	       : first.census.free < 0 ? "they are moving"
	       : total < 0             ? "nobody tells how many there should be"
	                               : "";
	if (**why != '\0')
		return -1;
	/* One check that finds nothing lost is enough. */
	if (first.census.free + first.census.held >= total)
		return 0;
	nanosleep(&pause, NULL);
	first = look_at(jobserver, ledger);
	nanosleep(&pause, NULL);
	second = look_at(jobserver, ledger);
	return recovery_lost(total, &first, &second);
}

/* Puts right what two checks agree on. */
static struct recovery_change mend(struct recovery *recovery, long total, const struct recovery_look *look,
                                   const struct jobserver *jobserver, struct ledger *ledger)
{
	const long lost = recovery->looked ? recovery_lost(total, &recovery->last, look) : 0;
	struct recovery_change change = { .restored = tokens_add(jobserver, lost) };

	if (change.restored > 0)
		LEDGER_ADD(ledger, restored, change.restored);
	if (!look->census.blind && look->census.free > total)
		change.surplus = tokens_take(jobserver, look->census.free - total);
	recovery->looked = lost == 0;
	recovery->last = *look;
	return change;
}

/* Whether tokens are missing, as far as one check tells. */
static bool is_short(const struct recovery_look *look, long total)
{
	return !look->census.blind && look->census.free >= 0 && look->census.free + look->census.held < total;
}

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/* After a check that finds a token missing, the second one follows as soon as possible, whatever it costs. */
static uint64_t pause_ns(const struct recovery *recovery)
{
	const bool moved = recovery->written_ns != recovery->last_written_ns;
	uint64_t pause = recovery->cost_ns * (moved ? MOVED : SHARE);

	if (pause > LONGEST_MS * MS)
		pause = LONGEST_MS * MS;
	return recovery->short_of ? QUIET_MS * MS : later(pause, QUIET_MS * MS);
}

uint64_t recovery_due_ns(const struct recovery *recovery)
{
	const uint64_t quiet = recovery->written_seen_ns + QUIET_MS * MS;

	return recovery->looked_ns == 0 ? quiet : later(quiet, recovery->looked_ns + pause_ns(recovery));
}

void recovery_watch(struct recovery *recovery, const struct jobserver *jobserver)
{
	const int64_t written_ns = written_at(jobserver);

	if (written_ns == recovery->written_ns && recovery->written_seen_ns != 0)
		return;
	recovery->written_ns = written_ns;
	recovery->written_seen_ns = monotonic_ns();
}

struct recovery_change recovery_step(struct recovery *recovery, long total, const struct jobserver *jobserver,
                                     struct ledger *ledger)
{
	const struct recovery_change nothing = { .restored = 0 };
	const uint64_t began = monotonic_ns(), began_cpu = cpu_ns();
	struct recovery_look look = { .written_ns = 0 };

	recovery_watch(recovery, jobserver);
	look.written_ns = recovery->written_ns;
	if (ledger->fd < 0 || jobserver->accounts || began < recovery_due_ns(recovery))
		return nothing;
	census_take(jobserver, ledger, &look.census);
	LEDGER_ADD(ledger, looks, 1);
	recovery->looked_ns = began;
	recovery->last_written_ns = look.written_ns;
	recovery->cost_ns = cpu_ns() - began_cpu;
	recovery->short_of = is_short(&look, total);
	if (written_at(jobserver) != look.written_ns || (recovery->is_fed && ledger_tokens_now(ledger) != total))
		return nothing;
	return mend(recovery, total, &look, jobserver, ledger);
}
