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
static const uint64_t UNKNOWN_NS = 86400ull * 1000000000u; /* after a day nobody else will clear it */

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

/* The kernel grants one open file the same lock twice, so we note our own locks. */
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

/* Start times are by CLOCK_BOOTTIME, which goes on while the machine sleeps. */
bool record_is_older(const struct ledger_record *record, const struct process *process)
{
	struct timespec boot;
	uint64_t asleep;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return false;
	asleep = (uint64_t)boot.tv_sec * 1000000000u + (uint64_t)boot.tv_nsec - monotonic_ns();
	return process->start * (1000000000u / TICKS_PER_SECOND) > record->since + asleep;
}

static enum owner tool_of(const struct ledger_record *record)
{
	struct process process;

	if (record->pid_namespace == 0 || record->pid_namespace != (uint32_t)pid_namespace() || !process_numbers_agree())
		return monotonic_ns() - record->since > UNKNOWN_NS ? OWNER_DEAD : OWNER_UNKNOWN;
	/* Most have ended, which is quickly known. */
	if (kill((pid_t)record->pid, 0) < 0 && errno == ESRCH)
		return OWNER_DEAD;
	return process_read((pid_t)record->pid, &process) && !process.zombie && !record_is_older(record, &process)
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
	long locked;
};

static void count_record(unsigned index, const struct ledger_record *record, void *state)
{
	struct count *count = state;

	(void)index;
	count->locked += record->state != STATE_TOOL;
	count->tokens += record->kind == SLOT_TOKEN;
}

bool records_count(const struct ledger *ledger, long *tokens, long *locked)
{
	struct count count = { .tokens = 0 };

	if (!records_each(ledger, count_record, &count))
		return false;
	*tokens = count.tokens;
	*locked = count.locked;
	return true;
}

bool record_is_tools(const struct ledger_record *record)
{
	return record->state == STATE_TOOL || (record->pid_namespace != 0 && record->pid_namespace == (uint32_t)pid_namespace() &&
	                                       process_numbers_agree());
}

struct holders {
	const struct ledger *ledger;
	unsigned but;
	void (*visit)(pid_t pid, bool is_tool, void *state);
	void *state;
	bool unknown;
};

static void visit_holder(unsigned index, const struct ledger_record *record, void *state)
{
	struct holders *holders = state;
	enum owner owner;

	if (index == holders->but || (record->state != STATE_HELD && record->state != STATE_TOOL))
		return;
	owner = record_owner(holders->ledger, index, record);
	holders->unknown = holders->unknown || owner == OWNER_UNKNOWN;
	if (owner == OWNER_LIVES)
		holders->visit((pid_t)record->pid, record_is_tools(record), holders->state);
}

bool records_each_holder(const struct ledger *ledger, unsigned but, void (*visit)(pid_t pid, bool is_tool, void *state), void *state)
{
	struct holders holders = { .ledger = ledger, .but = but, .visit = visit, .state = state };

	return ledger->fd < 0 || (records_each(ledger, visit_holder, &holders) && !holders.unknown);
}

struct process_search {
	const struct ledger *ledger;
	pid_t pid;
	enum process_state state;
	uint64_t since_ns;
};

static void look_for_process(unsigned index, const struct ledger_record *record, void *state)
{
	struct process_search *search = state;

	if ((pid_t)record->pid == search->pid && record->state != STATE_TOOL && record->state != STATE_FREE &&
	    record_owner(search->ledger, index, record) == OWNER_LIVES) {
		search->state = record->state == STATE_HELD ? PROCESS_HAS_SLOT : PROCESS_WAITS;
		search->since_ns = record->since;
	}
}

enum process_state records_state_of(const struct ledger *ledger, pid_t pid, uint64_t *since_ns)
{
	struct process_search search = { .ledger = ledger, .pid = pid };

	if (ledger->fd < 0 || !records_each(ledger, look_for_process, &search))
		return PROCESS_WITHOUT_RECORD;
	*since_ns = search.since_ns;
	return search.state;
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

bool record_is_supervised(const struct ledger_record *record)
{
	return record->state == STATE_HELD && record_is_tools(record);
}

struct tool_search {
	const struct ledger *ledger;
	const struct process *process;
	bool found;
};

static void look_for_tool(unsigned index, const struct ledger_record *record, void *state)
{
	struct tool_search *search = state;

	if ((pid_t)record->pid == search->process->pid && record_is_supervised(record) &&
	    !record_is_older(record, search->process) && record_owner(search->ledger, index, record) == OWNER_LIVES)
		search->found = true;
}

bool records_have_tool(const struct ledger *ledger, const struct process *process)
{
	struct tool_search search = { .ledger = ledger, .process = process };

	return records_each(ledger, look_for_tool, &search) && search.found;
}
