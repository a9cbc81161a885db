#include "ledger/records.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "pool/jobkey.h"
#include "ground/clock.h"
#include "proc/namespace.h"
#include "proc/process.h"

enum { CHUNK = 4096 / LEDGER_RECORD_BYTES }; /* records that are read at once */
static const uint64_t UNSEEN_NS = 86400ull * 1000000000u; /* after a day nobody else will clear it */

off_t record_offset(unsigned index)
{
	return LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES;
}

static struct flock lock_of(unsigned index, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = record_offset(index),
		.l_len = LEDGER_RECORD_BYTES,
	};
}

/* The kernel gives one open file the same lock twice: ours are noted. */
static bool is_locked(const struct ledger *ledger, unsigned index)
{
	return (ledger->locked[index / 8] & 1u << index % 8) != 0;
}

bool record_lock(struct ledger *ledger, unsigned index)
{
	struct flock lock = lock_of(index, F_WRLCK);

	if (is_locked(ledger, index) || fcntl(ledger->fd, F_OFD_SETLK, &lock) < 0)
		return false;
	ledger->locked[index / 8] |= (unsigned char)(1u << index % 8);
	return true;
}

void record_unlock(struct ledger *ledger, unsigned index)
{
	struct flock lock = lock_of(index, F_UNLCK);

	if (is_locked(ledger, index) && fcntl(ledger->fd, F_OFD_SETLK, &lock) == 0)
		ledger->locked[index / 8] &= (unsigned char)~(1u << index % 8);
}

unsigned records_locked(const struct ledger *ledger)
{
	unsigned count = 0;

	for (size_t i = 0; i < sizeof ledger->locked; i++)
		count += (unsigned)__builtin_popcount(ledger->locked[i]);
	return count;
}

bool record_read(const struct ledger *ledger, unsigned index, struct ledger_record *record)
{
	return ledger_file_read(ledger->fd, record, sizeof *record, record_offset(index));
}

/* Whether a process with the number of one that wrote its record at a moment (CLOCK_MONOTONIC) is another, later one. While
 * the machine slept its start time, on CLOCK_BOOTTIME, went on. */
static bool started_after(const struct process *process, uint64_t moment)
{
	struct timespec boot;
	uint64_t asleep;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return false;
	asleep = (uint64_t)boot.tv_sec * 1000000000u + (uint64_t)boot.tv_nsec - monotonic_ns();
	return process->start * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK)) > moment + asleep;
}

static enum owner tool_of(const struct ledger_record *record)
{
	struct process process;

	if (record->pid_namespace == 0 || record->pid_namespace != (uint32_t)pid_namespace() || !process_numbers_agree())
		return monotonic_ns() - record->since > UNSEEN_NS ? OWNER_DEAD : OWNER_UNSEEN;
	/* Most have ended: that is quickly told. */
	if (kill((pid_t)record->pid, 0) < 0 && errno == ESRCH)
		return OWNER_DEAD;
	return process_read((pid_t)record->pid, &process) && !process.zombie && !started_after(&process, record->since)
	           ? OWNER_LIVES
	           : OWNER_DEAD;
}

enum owner record_owner(const struct ledger *ledger, unsigned index, const struct ledger_record *record)
{
	struct flock lock = lock_of(index, F_WRLCK);

	if (record->state == STATE_TOOL)
		return tool_of(record);
	return is_locked(ledger, index) || fcntl(ledger->fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK ? OWNER_LIVES
	                                                                                                      : OWNER_DEAD;
}

bool records_each(const struct ledger *ledger, void (*visit)(unsigned index, const struct ledger_record *record, void *state),
                  void *state)
{
	struct ledger_record chunk[CHUNK];

	for (unsigned first = 0; first < LEDGER_RECORD_COUNT; first += CHUNK) {
		if (!ledger_file_read(ledger->fd, chunk, sizeof chunk, record_offset(first)))
			return false;
		for (unsigned i = 0; i < CHUNK; i++)
			if (chunk[i].state != STATE_FREE)
				visit(first + i, &chunk[i], state);
	}
	return true;
}

struct count {
	long tokens;
	long launchers;
};

static void count_record(unsigned index, const struct ledger_record *record, void *state)
{
	struct count *count = state;

	(void)index;
	count->launchers += record->state != STATE_TOOL && record->asks != ASKS_FURTHER;
	count->tokens += record->kind == SLOT_TOKEN;
}

bool records_count(const struct ledger *ledger, long *tokens, long *launchers)
{
	struct count count = { .tokens = 0 };

	if (!records_each(ledger, count_record, &count))
		return false;
	*tokens = count.tokens;
	*launchers = count.launchers;
	return true;
}

struct holders {
	const struct ledger *ledger;
	unsigned but;
	void (*visit)(pid_t pid, bool is_tool, void *state);
	void *state;
	bool unseen;
};

static void visit_holder(unsigned index, const struct ledger_record *record, void *state)
{
	struct holders *holders = state;
	enum owner owner;

	if (index == holders->but || (record->state != STATE_HELD && record->state != STATE_TOOL))
		return;
	owner = record_owner(holders->ledger, index, record);
	holders->unseen = holders->unseen || owner == OWNER_UNSEEN;
	if (owner == OWNER_LIVES)
		holders->visit((pid_t)record->pid, record->state == STATE_TOOL, holders->state);
}

bool records_each_holder(const struct ledger *ledger, unsigned but, void (*visit)(pid_t pid, bool is_tool, void *state), void *state)
{
	struct holders holders = { .ledger = ledger, .but = but, .visit = visit, .state = state };

	return ledger->fd < 0 || (records_each(ledger, visit_holder, &holders) && !holders.unseen);
}

struct job_search {
	const struct ledger *ledger;
	const struct process *job;
	bool found;
};

static void look_for_job(unsigned index, const struct ledger_record *record, void *state)
{
	struct job_search *search = state;

	if (record->state == STATE_HELD && record->kind == SLOT_IMPLICIT && job_is_of(record->job, search->job) &&
	    record_owner(search->ledger, index, record) == OWNER_LIVES)
		search->found = true;
}

bool records_have_job(const struct ledger *ledger, const struct process *job)
{
	struct job_search search = { .ledger = ledger, .job = job };

	return ledger->fd >= 0 && records_each(ledger, look_for_job, &search) && search.found;
}
