#include "ledger/records.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ground/clock.h"
#include "ground/retry.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "pool/jobkey.h"
#include "pool/jobserver.h"
#include "proc/namespace.h"
#include "proc/process.h"

#ifdef JOBSHIM_NO_RECLAIM
enum { RECLAIMS = false }; /* of a test that must fail then */
#else
enum { RECLAIMS = true };
#endif
enum { SCAN_BYTES = 4096, CROWD = 64, TURNS = 8 };
static const uint64_t TURN_NS = 100000000u;
static const uint64_t UNSEEN_NS = 86400ull * 1000000000u; /* after a day nobody else will clear it */
static const uint64_t RECLAIM_NS = 1000000000u; /* DESIGN 1: whole again within a second */

static struct flock lock_of(unsigned index, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES,
		.l_len = LEDGER_RECORD_BYTES,
	};
}

bool record_lock(const struct ledger *ledger, unsigned index, short type)
{
	/* A lock of our own would be had a second time. */
	static unsigned char ours[LEDGER_RECORD_COUNT / 8];
	const unsigned char bit = (unsigned char)(1u << index % 8);
	struct flock lock = lock_of(index, type);

	if (type != F_UNLCK && (ours[index / 8] & bit) != 0)
		return false;
	if (fcntl(ledger->fd, F_OFD_SETLK, &lock) < 0)
		return false;
	ours[index / 8] = (unsigned char)(type == F_UNLCK ? ours[index / 8] & ~bit : ours[index / 8] | bit);
	return true;
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

static enum owner tool_of(const unsigned char *record)
{
	struct process process;
	uint64_t since;
	uint32_t pid, namespace;

	memcpy(&pid, record + RECORD_PID, sizeof pid);
	memcpy(&since, record + RECORD_SINCE, sizeof since);
	memcpy(&namespace, record + RECORD_PID_NAMESPACE, sizeof namespace);
	if (namespace == 0 || namespace != (uint32_t)pid_namespace() || !process_numbers_agree())
		return monotonic_ns() - since > UNSEEN_NS ? OWNER_DEAD : OWNER_UNSEEN;
	/* Most have ended: that is quickly told. */
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return OWNER_DEAD;
	return process_read((pid_t)pid, &process) && !process.zombie && !started_after(&process, since) ? OWNER_LIVES
	                                                                                               : OWNER_DEAD;
}

enum owner record_owner(const struct ledger *ledger, unsigned index, const unsigned char *record)
{
	struct flock lock = lock_of(index, F_WRLCK);

	if (record[RECORD_STATE] == STATE_TOOL)
		return tool_of(record);
	return fcntl(ledger->fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK ? OWNER_LIVES : OWNER_DEAD;
}

static bool write_token(const struct jobserver *jobserver, const unsigned char *token)
{
	ssize_t n;

	n = RETRY(write(jobserver->write_fd, token, 1));
	return n == 1;
}

/* A record is worth a token if the kernel stored one into it and nobody began to write it back. */
static bool holds_token(const unsigned char *record)
{
	return record[RECORD_KIND] == SLOT_TOKEN &&
	       (record[RECORD_STATE] == STATE_HELD || (record[RECORD_STATE] == STATE_ACQUIRING && record[RECORD_TOKEN] != 0));
}

static bool store(const struct ledger *ledger, unsigned index, size_t offset, const void *bytes, size_t size)
{
	off_t at = LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES + (off_t)offset;

	return ledger_file_write(ledger->fd, bytes, size, at);
}

/* A server that keeps an account has the token back already. Else releasing is stored before the byte is written: a reclaimer that is
 * itself killed between the two loses this token and never makes one. */
bool record_reclaim(struct ledger *ledger, const struct jobserver *jobserver, unsigned index)
{
	static const unsigned char empty[LEDGER_RECORD_BYTES], releasing = STATE_RELEASING, held = STATE_HELD;
	unsigned char record[LEDGER_RECORD_BYTES];
	off_t at = LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES;

	if (!ledger_file_read(ledger->fd, record, sizeof record, at))
		return false;
	if (record[RECORD_STATE] == STATE_FREE)
		return true;
	if (record[RECORD_STATE] == STATE_TOOL && tool_of(record) != OWNER_DEAD)
		return false;
	ledger_map(ledger); /* what was counted is taken out of it */
	if (ledger->fd < 0)
		return false;
	if (RECLAIMS && !jobserver->accounts && holds_token(record)) {
		if (!store(ledger, index, RECORD_STATE, &releasing, 1))
			return false;
		if (!write_token(jobserver, &record[RECORD_TOKEN])) {
			(void)!store(ledger, index, RECORD_STATE, &held, 1); /* the next reclaimer tries again */
			return false;
		}
		__atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_RECLAIMED), 1, __ATOMIC_SEQ_CST);
	}
	if (record[RECORD_COUNTED] != 0)
		__atomic_sub_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
	(void)!store(ledger, index, 0, empty, sizeof empty); /* a full disk: the next reclaimer tries again */
	return true;
}

/* Calls visit with each record in use, as it is in the file. False where that can't be read. */
static bool each_record(const struct ledger *ledger,
                        void (*visit)(unsigned index, const unsigned char *record, void *state), void *state)
{
	_Alignas(8) unsigned char chunk[SCAN_BYTES];
	const unsigned per_chunk = SCAN_BYTES / LEDGER_RECORD_BYTES;

	for (unsigned first = 0; first < LEDGER_RECORD_COUNT; first += per_chunk) {
		off_t at = LEDGER_HEADER_BYTES + (off_t)first * LEDGER_RECORD_BYTES;

		if (!ledger_file_read(ledger->fd, chunk, sizeof chunk, at))
			return false;
		for (unsigned i = 0; i < per_chunk; i++)
			if (chunk[i * LEDGER_RECORD_BYTES + RECORD_STATE] != STATE_FREE)
				visit(first + i, chunk + (size_t)i * LEDGER_RECORD_BYTES, state);
	}
	return true;
}

uint32_t ledger_used(const struct ledger *ledger)
{
	return *FIELD(uint32_t, ledger->header, HEADER_USED);
}

struct reclaim {
	struct ledger *ledger;
	const struct jobserver *jobserver;
	uint32_t used;
	unsigned turn; /* of TURNS: which of the records without a token are looked at; TURNS: all */
};

static void reclaim_if_dead(unsigned index, const unsigned char *record, void *state)
{
	struct reclaim *reclaim = state;

	reclaim->used++;
	/* For each lock that is tried the kernel goes through all others: those that can't be worth a token may take turns. */
	if (reclaim->turn < TURNS && index % TURNS != reclaim->turn && record[RECORD_KIND] != SLOT_TOKEN)
		return;
	if (!record_lock(reclaim->ledger, index, F_WRLCK))
		return;
	record_reclaim(reclaim->ledger, reclaim->jobserver, index);
	record_lock(reclaim->ledger, index, F_UNLCK);
}

static void search(struct ledger *ledger, const struct jobserver *jobserver, unsigned turn)
{
	struct reclaim reclaim = { .ledger = ledger, .jobserver = jobserver, .turn = turn };

	if (ledger->fd < 0)
		return;
	*FIELD(uint64_t, ledger->header, HEADER_RECLAIMED_AT) = monotonic_ns();
	if (each_record(ledger, reclaim_if_dead, &reclaim))
		*FIELD(uint32_t, ledger->header, HEADER_USED) = reclaim.used;
}

void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver)
{
	search(ledger, jobserver, TURNS);
}

static bool done_within(const struct ledger *ledger, uint64_t age_ns)
{
	return monotonic_ns() - *FIELD(uint64_t, ledger->header, HEADER_RECLAIMED_AT) < age_ns;
}

bool ledger_reclaim_in_crowd(struct ledger *ledger, const struct jobserver *jobserver, uint64_t age_ns)
{
	bool crowded = ledger_used(ledger) > CROWD;

	if (crowded && done_within(ledger, age_ns))
		return false;
	search(ledger, jobserver, crowded ? (unsigned)(monotonic_ns() / TURN_NS % TURNS) : TURNS);
	return true;
}

void ledger_reclaim_now_and_then(struct ledger *ledger, const struct jobserver *jobserver)
{
	if (!done_within(ledger, RECLAIM_NS))
		ledger_reclaim(ledger, jobserver);
}

struct count {
	long tokens;
	long launchers;
};

static void count_record(unsigned index, const unsigned char *record, void *state)
{
	struct count *count = state;

	(void)index;
	count->launchers += record[RECORD_STATE] != STATE_TOOL && record[RECORD_ASKS] != ASKS_FURTHER;
	count->tokens += record[RECORD_KIND] == SLOT_TOKEN;
}

bool ledger_count(const struct ledger *ledger, long *tokens, long *launchers)
{
	struct count count = { .tokens = 0 };

	if (!each_record(ledger, count_record, &count))
		return false;
	*tokens = count.tokens;
	*launchers = count.launchers;
	return true;
}

struct holders {
	const struct ledger *ledger;
	void (*visit)(pid_t pid, bool is_tool, void *state);
	void *state;
	bool unseen;
};

static void visit_holder(unsigned index, const unsigned char *record, void *state)
{
	struct holders *holders = state;
	uint32_t pid;
	enum owner owner;

	if (index == holders->ledger->index || (record[RECORD_STATE] != STATE_HELD && record[RECORD_STATE] != STATE_TOOL))
		return;
	owner = record_owner(holders->ledger, index, record);
	holders->unseen = holders->unseen || owner == OWNER_UNSEEN;
	memcpy(&pid, record + RECORD_PID, sizeof pid);
	if (owner == OWNER_LIVES)
		holders->visit((pid_t)pid, record[RECORD_STATE] == STATE_TOOL, holders->state);
}

bool ledger_each_holder(const struct ledger *ledger, void (*visit)(pid_t pid, bool is_tool, void *state), void *state)
{
	struct holders holders = { .ledger = ledger, .visit = visit, .state = state };

	return ledger->fd < 0 || (each_record(ledger, visit_holder, &holders) && !holders.unseen);
}

struct job_search {
	const struct ledger *ledger;
	const struct process *job;
	bool found;
};

static void look_for_job(unsigned index, const unsigned char *record, void *state)
{
	struct job_search *search = state;
	uint64_t key;

	memcpy(&key, record + RECORD_JOB, sizeof key);
	if (record[RECORD_STATE] == STATE_HELD && record[RECORD_KIND] == SLOT_IMPLICIT && job_is_of(key, search->job) &&
	    record_owner(search->ledger, index, record) == OWNER_LIVES)
		search->found = true;
}

bool ledger_job_runs(const struct ledger *ledger, const struct process *job)
{
	struct job_search search = { .ledger = ledger, .job = job };

	return ledger->fd >= 0 && each_record(ledger, look_for_job, &search) && search.found;
}
