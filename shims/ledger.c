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
#include "records.h"

enum { CLAIM_TRIES = 256 };

/* Where there is no ledger the same code works on these. */
static _Alignas(8) unsigned char no_header[HEADER_USED + sizeof(uint32_t)];
static _Alignas(8) unsigned char no_record[LEDGER_RECORD_BYTES];

/* What SIGBUS and SIGXFSZ did before a ledger was opened. */
static struct sigaction inherited_bus, inherited_file_size;
static bool signals_changed;

/* The pages with the header and with our records, for on_bus_error. */
enum { MAPPED_MAX = LEDGER_TOKENS_MAX + 1 };
static unsigned char *mapped[MAPPED_MAX];

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
	if (!ledger_file_read(fd, head, sizeof head, 0) || memcmp(head, LEDGER_MAGIC, HEADER_VERSION) != 0 ||
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

long ledger_slots(const struct ledger *ledger)
{
	int32_t total = *FIELD(int32_t, ledger->header, HEADER_TOTAL);

	/* The command of `jobshim run` has a slot of its own. */
	return ledger->fd < 0 || total < 0 ? -1 : (long)total + (ledger->owner != 0);
}

static void set_state(struct ledger *ledger, unsigned char state)
{
	__atomic_store_n(ledger->record + RECORD_STATE, state, __ATOMIC_SEQ_CST);
}

static void set_since(struct ledger *ledger)
{
	*FIELD(uint64_t, ledger->record, RECORD_SINCE) = monotonic_ns();
}

/* Takes a free record. False where none is to be had. */
static bool claim(struct ledger *ledger, const struct jobserver *jobserver, size_t slot)
{
	for (unsigned try = 0; ledger->fd >= 0 && try < CLAIM_TRIES; try++) {
		unsigned index = ((unsigned)getpid() + try) % LEDGER_RECORD_COUNT;

		if (!record_lock(ledger, index, F_WRLCK))
			continue;
		if (!record_reclaim(ledger, jobserver, index)) {
			record_lock(ledger, index, F_UNLCK);
			continue;
		}
		ledger->record = map(ledger, LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES, slot);
		if (ledger->record == NULL)
			return false;
		ledger->index = index;
		return true;
	}
	return false;
}

static void begin(struct ledger *ledger, const struct job *job, const char *tool)
{
	*FIELD(uint32_t, ledger->record, RECORD_PID) = (uint32_t)getpid();
	*FIELD(uint64_t, ledger->record, RECORD_JOB) = job->key;
	*FIELD(uint64_t, ledger->record, RECORD_PROMISE) = 0;
	*FIELD(uint64_t, ledger->record, RECORD_GATE) = 0;
	for (size_t i = 0; i + 1 < LEDGER_TOOL_BYTES && tool[i] != '\0'; i++)
		ledger->record[RECORD_TOOL + i] = (unsigned char)tool[i];
	set_since(ledger); /* of the wait; it goes on through all attempts */
}

void ledger_claim(struct ledger *ledger, const struct jobserver *jobserver, const struct job *job, const char *tool)
{
	ledger->index = LEDGER_RECORD_COUNT;
	if (!claim(ledger, jobserver, 1))
		ledger->record = no_record;
	begin(ledger, job, tool);
	ledger_waiting(ledger);
}

bool ledger_claim_another(struct ledger *another, const struct ledger *first, const struct jobserver *jobserver,
                          const struct job *job)
{
	size_t slot = 2;

	*another = *first;
	while (slot < MAPPED_MAX && mapped[slot] != NULL)
		slot++;
	if (slot == MAPPED_MAX || !claim(another, jobserver, slot))
		return false;
	begin(another, job, (const char *)first->record + RECORD_TOOL);
	another->record[RECORD_ASKS] = ASKS_FURTHER;
	return true;
}

void ledger_waiting(struct ledger *ledger)
{
	ledger->record[RECORD_KIND] = SLOT_NONE;
	set_state(ledger, STATE_WAITING);
}

void ledger_asks(struct ledger *ledger, uint32_t promise, uint32_t limit_rule)
{
	*FIELD(uint32_t, ledger->record, RECORD_PROMISE) = promise;
	*FIELD(uint32_t, ledger->record, RECORD_LIMIT) = limit_rule;
	ledger->record[RECORD_ASKS] = ASKS_SOMETHING;
}

void ledger_gated(struct ledger *ledger, int gate)
{
	ledger->record[RECORD_GATE] = (unsigned char)gate;
	set_state(ledger, STATE_GATED);
}

void ledger_gathers(struct ledger *ledger, unsigned slots, bool gathers)
{
	ledger->record[RECORD_SLOTS] = (unsigned char)slots;
	ledger->record[RECORD_GATHERS] = gathers;
}

uint64_t ledger_since(const struct ledger *ledger)
{
	return *FIELD(uint64_t, ledger->record, RECORD_SINCE);
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
		ledger_count_overdraft(ledger);
	else
		__atomic_store_n(FIELD(uint64_t, ledger->header, HEADER_PROGRESS), monotonic_ns(), __ATOMIC_SEQ_CST);
}

void ledger_releasing(struct ledger *ledger)
{
	set_state(ledger, STATE_RELEASING);
}

void ledger_free(struct ledger *ledger)
{
	set_state(ledger, STATE_FREE);
}

void ledger_tool(struct ledger *ledger, const struct job *job)
{
	*FIELD(uint32_t, ledger->record, RECORD_PID_NAMESPACE) = (uint32_t)job->namespace;
	set_state(ledger, STATE_TOOL);
}

unsigned char *ledger_token(struct ledger *ledger)
{
	return (unsigned char *)ledger->record + RECORD_TOKEN;
}
