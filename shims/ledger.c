#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "job.h"
#include "jobserver.h"
#include "ledgerfile.h"
#include "process.h"

#ifdef JOBSHIM_NO_RECLAIM
enum { RECLAIMS = false }; /* of a test that must fail then */
#else
enum { RECLAIMS = true };
#endif
enum { CLAIM_TRIES = 256, SCAN_BYTES = 4096 };
static const uint64_t RECLAIM_NS = 1000000000u; /* DESIGN 1: whole again within a second */

/* Where there is no ledger the same code works on these. */
static _Alignas(8) unsigned char no_header[HEADER_RECLAIMED_AT + sizeof(uint64_t)];
static _Alignas(8) unsigned char no_record[LEDGER_RECORD_BYTES];

/* What SIGBUS and SIGXFSZ did before a ledger was opened. */
static struct sigaction inherited_bus, inherited_file_size;
static bool signals_changed;

/* The pages with the header and with our record, for on_bus_error. */
static unsigned char *mapped[2];

#define FIELD(type, base, offset) ((volatile type *)(volatile void *)((base) + (offset)))

uint64_t monotonic_ns(void)
{
	struct timespec now;
#if defined SYS_clock_gettime && LONG_MAX > INT_MAX
	/* The system call: reading the vdso for the first time takes longer, and two pages. */
	long error = syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
#else
	long error = clock_gettime(CLOCK_MONOTONIC, &now);
#endif

	return error < 0 ? 0 : (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A store failed: the disk is full, or somebody cut the file. Memory of our own takes the page's place and the run
 * goes on without crash safety. */
static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
	size_t size = getauxval(AT_PAGESZ);
	unsigned char *at = info->si_addr;

	(void)context;
	for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
		unsigned char *page = mapped[i];

		if (page == NULL || at < page || at >= page + size)
			continue;
		if (mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page)
			return;
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Maps the page in which offset lies: of the whole file the kernel would bring in pages that we don't need. NULL on
 * error. */
static unsigned char *map(const struct ledger *ledger, off_t offset, size_t slot)
{
	off_t size = (off_t)getauxval(AT_PAGESZ), first = offset - offset % size;
	unsigned char *page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, ledger->fd, first);

	if (page == MAP_FAILED)
		return NULL;
	mapped[slot] = page;
	return page + (offset - first);
}

static void without(struct ledger *ledger, const char *why)
{
	if (ledger->fd >= 0)
		close(ledger->fd);
	ledger->fd = -1;
	ledger->header = no_header;
	ledger->record = no_record;
	ledger->why = why;
}

static bool lock_record(const struct ledger *ledger, unsigned index, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES,
		.l_len = LEDGER_RECORD_BYTES,
	};

	return fcntl(ledger->fd, F_OFD_SETLK, &lock) == 0;
}

/* Checks and maps what fd refers to. False where it can't be used. */
static bool adopt(struct ledger *ledger, int fd, uid_t owner)
{
	const uint32_t numbers[] = { LEDGER_VERSION, LEDGER_RECORD_COUNT };
	unsigned char head[HEADER_WANTED];
	struct stat status;
	uint32_t owner_pid;

	ledger->fd = fd;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != owner || (status.st_mode & S_IWOTH) != 0)
		return without(ledger, "the ledger is not a file of ours"), false;
	if (status.st_size != LEDGER_BYTES)
		return without(ledger, "the ledger is cut or from another version"), false;
	/* Read, not mapped: a page that is first touched by a store is touched once. */
	if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head || memcmp(head, LEDGER_MAGIC, HEADER_VERSION) != 0 ||
	    memcmp(head + HEADER_VERSION, numbers, sizeof numbers) != 0)
		return without(ledger, "the ledger is from another version"), false;
	ledger->header = map(ledger, 0, 0);
	if (ledger->header == NULL)
		return without(ledger, "the ledger can't be mapped"), false;
	memcpy(&owner_pid, head + HEADER_OWNER_PID, sizeof owner_pid);
	memcpy(&ledger->owner_start, head + HEADER_OWNER_START, sizeof ledger->owner_start);
	memcpy(&ledger->owner_namespace, head + HEADER_OWNER_PID_NAMESPACE, sizeof ledger->owner_namespace);
	ledger->owner = (pid_t)owner_pid;
	return true;
}

void ledger_none(struct ledger *ledger)
{
	*ledger = (struct ledger){ .fd = -1, .index = LEDGER_RECORD_COUNT };
	without(ledger, "there is none");
}

/* A page that can't be stored raises SIGBUS, and where the file is longer than `ulimit -f` allows a write SIGXFSZ. */
static bool change_signals(void)
{
	const struct sigaction on_bus = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!signals_changed && sigaction(SIGBUS, &on_bus, &inherited_bus) == 0)
		signals_changed = sigaction(SIGXFSZ, &ignore, &inherited_file_size) == 0;
	return signals_changed;
}

void ledger_restore_signals(void)
{
	if (!signals_changed)
		return;
	sigaction(SIGBUS, &inherited_bus, NULL);
	sigaction(SIGXFSZ, &inherited_file_size, NULL);
}

void ledger_open(struct ledger *ledger, const struct jobserver *jobserver, bool make)
{
	const char *why = "signals can't be handled";
	uid_t owner;
	int fd;

	ledger_none(ledger);
	fd = change_signals() ? ledger_file_open(jobserver, make, &owner, &why) : -1;
	if (fd < 0)
		ledger->why = why;
	else
		adopt(ledger, fd, owner);
}

bool ledger_owned_in(const struct ledger *ledger, uint64_t namespace)
{
	return ledger->owner != 0 && ledger->owner_namespace == namespace;
}

bool ledger_owned_by(const struct ledger *ledger, const struct process *process)
{
	/* No other process has both, in any PID namespace: the start time is of the machine's clock. */
	return ledger->owner == process->pid && ledger->owner_start == process->start;
}

static void set_state(struct ledger *ledger, unsigned char state)
{
	__atomic_store_n(ledger->record + RECORD_STATE, state, __ATOMIC_SEQ_CST);
}

static void set_since(struct ledger *ledger)
{
	*FIELD(uint64_t, ledger->record, RECORD_SINCE) = monotonic_ns();
}

static bool write_token(const struct jobserver *jobserver, const unsigned char *token)
{
	ssize_t n;

	do
		n = write(jobserver->write_fd, token, 1);
	while (n < 0 && errno == EINTR);
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

	return pwrite(ledger->fd, bytes, size, at) == (ssize_t)size;
}

/* Clears a dead owner's record, whose lock we have. Releasing is stored before the byte is written: a reclaimer that
 * is itself killed between the two loses this token and never makes one. */
static void reclaim_record(struct ledger *ledger, const struct jobserver *jobserver, unsigned index)
{
	static const unsigned char empty[LEDGER_RECORD_BYTES], releasing = STATE_RELEASING;
	unsigned char record[LEDGER_RECORD_BYTES];
	off_t at = LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES;

	if (pread(ledger->fd, record, sizeof record, at) != (ssize_t)sizeof record || record[RECORD_STATE] == STATE_FREE)
		return;
	if (RECLAIMS && holds_token(record)) {
		if (!store(ledger, index, RECORD_STATE, &releasing, 1))
			return;
		if (write_token(jobserver, &record[RECORD_TOKEN]))
			__atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_RECLAIMED), 1, __ATOMIC_SEQ_CST);
	}
	if (record[RECORD_COUNTED] != 0)
		__atomic_sub_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
	(void)!store(ledger, index, 0, empty, sizeof empty); /* a full disk: the next reclaimer tries again */
}

/* Calls visit with each record in use, as it is in the file. False where that can't be read. */
static bool each_record(const struct ledger *ledger,
                        void (*visit)(unsigned index, const unsigned char *record, void *state), void *state)
{
	_Alignas(8) unsigned char chunk[SCAN_BYTES];
	const unsigned per_chunk = SCAN_BYTES / LEDGER_RECORD_BYTES;

	for (unsigned first = 0; first < LEDGER_RECORD_COUNT; first += per_chunk) {
		off_t at = LEDGER_HEADER_BYTES + (off_t)first * LEDGER_RECORD_BYTES;

		if (pread(ledger->fd, chunk, sizeof chunk, at) != (ssize_t)sizeof chunk)
			return false;
		for (unsigned i = 0; i < per_chunk; i++)
			if (chunk[i * LEDGER_RECORD_BYTES + RECORD_STATE] != STATE_FREE)
				visit(first + i, chunk + (size_t)i * LEDGER_RECORD_BYTES, state);
	}
	return true;
}

struct reclaim {
	struct ledger *ledger;
	const struct jobserver *jobserver;
};

static void reclaim_if_dead(unsigned index, const unsigned char *record, void *state)
{
	const struct reclaim *reclaim = state;

	(void)record;
	if (index == reclaim->ledger->index || !lock_record(reclaim->ledger, index, F_WRLCK))
		return;
	reclaim_record(reclaim->ledger, reclaim->jobserver, index);
	lock_record(reclaim->ledger, index, F_UNLCK);
}

void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver)
{
	struct reclaim reclaim = { .ledger = ledger, .jobserver = jobserver };

	if (ledger->fd < 0)
		return;
	*FIELD(uint64_t, ledger->header, HEADER_RECLAIMED_AT) = monotonic_ns();
	each_record(ledger, reclaim_if_dead, &reclaim);
}

struct count {
	long tokens;
	long used;
};

static void count_record(unsigned index, const unsigned char *record, void *state)
{
	struct count *count = state;

	(void)index;
	count->used++;
	count->tokens += record[RECORD_KIND] == SLOT_TOKEN;
}

bool ledger_count(const struct ledger *ledger, long *tokens, long *used)
{
	struct count count = { .tokens = 0 };

	if (!each_record(ledger, count_record, &count))
		return false;
	*tokens = count.tokens;
	*used = count.used;
	return true;
}

void ledger_reclaim_now_and_then(struct ledger *ledger, const struct jobserver *jobserver)
{
	if (monotonic_ns() - *FIELD(uint64_t, ledger->header, HEADER_RECLAIMED_AT) >= RECLAIM_NS)
		ledger_reclaim(ledger, jobserver);
}

void ledger_claim(struct ledger *ledger, const struct jobserver *jobserver, const struct job *job, const char *tool)
{
	unsigned char *record;

	ledger->index = LEDGER_RECORD_COUNT;
	for (unsigned try = 0; ledger->fd >= 0 && try < CLAIM_TRIES; try++) {
		unsigned index = ((unsigned)getpid() + try) % LEDGER_RECORD_COUNT;

		if (!lock_record(ledger, index, F_WRLCK))
			continue;
		record = map(ledger, LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES, 1);
		if (record == NULL)
			break;
		reclaim_record(ledger, jobserver, index);
		ledger->record = record;
		ledger->index = index;
		break;
	}
	*FIELD(uint32_t, ledger->record, RECORD_PID) = (uint32_t)getpid();
	*FIELD(uint64_t, ledger->record, RECORD_JOB) = job->key;
	for (size_t i = 0; i + 1 < LEDGER_TOOL_BYTES && tool[i] != '\0'; i++)
		ledger->record[RECORD_TOOL + i] = (unsigned char)tool[i];
	set_since(ledger); /* of the wait; it goes on through all attempts */
	ledger_waiting(ledger);
}

void ledger_waiting(struct ledger *ledger)
{
	ledger->record[RECORD_KIND] = SLOT_NONE;
	set_state(ledger, STATE_WAITING);
}

void ledger_acquiring(struct ledger *ledger)
{
	ledger->record[RECORD_TOKEN] = 0;
	ledger->record[RECORD_KIND] = SLOT_TOKEN;
	set_state(ledger, STATE_ACQUIRING);
}

void ledger_held(struct ledger *ledger, int kind)
{
	ledger->record[RECORD_KIND] = (unsigned char)kind;
	set_since(ledger);
	set_state(ledger, STATE_HELD);
	if (kind == SLOT_OVERDRAFT)
		__atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_OVERDRAFTS), 1, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(FIELD(uint64_t, ledger->header, HEADER_PROGRESS), monotonic_ns(), __ATOMIC_SEQ_CST);
}

void ledger_count_end(struct ledger *ledger)
{
	if (ledger->record[RECORD_COUNTED] == 0)
		return;
	ledger->record[RECORD_COUNTED] = 0;
	__atomic_sub_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
}

void ledger_releasing(struct ledger *ledger)
{
	set_state(ledger, STATE_RELEASING);
}

void ledger_free(struct ledger *ledger)
{
	set_state(ledger, STATE_FREE);
}

unsigned char *ledger_token(struct ledger *ledger)
{
	return (unsigned char *)ledger->record + RECORD_TOKEN;
}

void ledger_count_wait(struct ledger *ledger, uint64_t waited_ns)
{
	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_WAITED_MICROSECONDS), waited_ns / 1000, __ATOMIC_SEQ_CST);
}

void ledger_count_run(struct ledger *ledger, const struct jobserver *jobserver, uint64_t waited_ns)
{
	volatile uint32_t *peak = FIELD(uint32_t, ledger->header, HEADER_PEAK);
	uint32_t running, seen;

	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_RUNS), 1, __ATOMIC_SEQ_CST);
	ledger_count_wait(ledger, waited_ns);
	ledger->record[RECORD_COUNTED] = 1;
	running = __atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
	seen = *peak;
	/* Before it becomes the summary's figure, what was killed is taken out of it. */
	if (running > seen) {
		ledger_reclaim(ledger, jobserver);
		running = *FIELD(uint32_t, ledger->header, HEADER_RUNNING);
	}
	while (running > seen && !__atomic_compare_exchange_n(peak, &seen, running, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

void ledger_count_caller_run(struct ledger *ledger)
{
	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_CALLER_RUNS), 1, __ATOMIC_SEQ_CST);
}

uint64_t ledger_progress(const struct ledger *ledger)
{
	return *FIELD(uint64_t, ledger->header, HEADER_PROGRESS);
}
