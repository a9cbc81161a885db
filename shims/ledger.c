#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "job.h"
#include "jobserver.h"
#include "process.h"
#include "report.h"

enum { CLAIM_TRIES = 256, SCAN_BYTES = 4096, STALE_SECONDS = 60 * 60 };
static const off_t LEDGER_BYTES = LEDGER_HEADER_BYTES + (off_t)LEDGER_RECORD_COUNT * LEDGER_RECORD_BYTES;

/* Where there is no ledger the same code works on these. */
static unsigned char no_header[LEDGER_HEADER_BYTES];
static unsigned char no_record[LEDGER_RECORD_BYTES];

/* The two mapped pages, for on_bus_error. */
static void *mapped[2];

#define FIELD(type, base, offset) ((volatile type *)(volatile void *)((base) + (offset)))

uint64_t monotonic_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A store failed: the disk is full, or somebody cut the file. Memory of our own takes the page's place and the run
 * goes on without crash safety. */
static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
	(void)context;
	for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
		char *page = mapped[i];

		if (page == NULL || (char *)info->si_addr < page || (char *)info->si_addr >= page + LEDGER_HEADER_BYTES)
			continue;
		if (mmap(page, LEDGER_HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page)
			return;
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void *map_page(struct ledger *ledger, off_t offset, size_t slot)
{
	void *page = mmap(NULL, LEDGER_HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ledger->fd, offset);

	if (page == MAP_FAILED)
		return NULL;
	mapped[slot] = page;
	return page;
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
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	struct stat status;
	uint32_t version, count;

	ledger->fd = fd;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || (status.st_uid != owner && status.st_uid != geteuid()) ||
	    (status.st_mode & S_IWOTH) != 0)
		return without(ledger, "the ledger is not a file of ours"), false;
	if (status.st_size != LEDGER_BYTES)
		return without(ledger, "the ledger is cut or from another version"), false;
	ledger->header = map_page(ledger, 0, 0);
	if (ledger->header == NULL)
		return without(ledger, "the ledger can't be mapped"), false;
	if (sigaction(SIGBUS, &action, NULL) < 0)
		return without(ledger, "SIGBUS can't be handled"), false;
	version = *FIELD(uint32_t, ledger->header, HEADER_VERSION);
	count = *FIELD(uint32_t, ledger->header, HEADER_RECORD_COUNT);
	if (memcmp((const void *)ledger->header, LEDGER_MAGIC, 8) != 0 || version != LEDGER_VERSION ||
	    count != LEDGER_RECORD_COUNT)
		return without(ledger, "the ledger is from another version"), false;
	return true;
}

/* Creates name in directory with an empty table; whoever links first wins. */
static void create(int directory, const char *name)
{
	unsigned char header[HEADER_TOTAL + sizeof(int32_t)] = LEDGER_MAGIC;
	const uint32_t version = LEDGER_VERSION, count = LEDGER_RECORD_COUNT;
	const int32_t total = -1;
	char temporary[128];
	int fd;

	memcpy(header + HEADER_VERSION, &version, sizeof version);
	memcpy(header + HEADER_RECORD_COUNT, &count, sizeof count);
	memcpy(header + HEADER_TOTAL, &total, sizeof total);
	if (snprintf(temporary, sizeof temporary, "%s.%d", name, (int)getpid()) >= (int)sizeof temporary)
		return;
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (ftruncate(fd, LEDGER_BYTES) == 0 && pwrite(fd, header, sizeof header, 0) == (ssize_t)sizeof header &&
	    linkat(directory, temporary, directory, name, 0) < 0 && errno != EEXIST)
		report_debug("the ledger can't be created: %s", strerror(errno));
	close(fd);
	unlinkat(directory, temporary, 0);
}

/* Removes ledgers of jobservers long gone: nobody has touched them for an hour and no record is locked. */
static void sweep(int directory)
{
	_Alignas(8) char buffer[4096];
	struct timespec now;
	long length;
	int listing = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (listing < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return;
	while ((length = syscall(SYS_getdents64, listing, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < length;) {
			const char *name = buffer + at + 19; /* getdents64(2): after inode, offset, length, type */
			struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
			unsigned short step;
			struct stat status;
			int fd;

			memcpy(&step, buffer + at + 16, sizeof step);
			at += step;
			if (strncmp(name, "v1-", 3) != 0 || fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
			    !S_ISREG(status.st_mode) || status.st_mtime > now.tv_sec - STALE_SECONDS)
				continue;
			fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
			if (fd < 0)
				continue;
			if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
				unlinkat(directory, name, 0);
			close(fd);
		}
	}
	close(listing);
}

/* Opens ${XDG_RUNTIME_DIR:-/tmp}/jobshim-UID, made where missing; it must be a directory of ours that only we can
 * write. -1 otherwise. */
static int open_state_directory(const char **why)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	char path[4096];
	struct stat status;
	int fd;

	if (base == NULL || base[0] != '/')
		base = "/tmp";
	if (snprintf(path, sizeof path, "%s/jobshim-%u", base, (unsigned)geteuid()) >= (int)sizeof path) {
		*why = "the state directory's path is too long";
		return -1;
	}
	fd = open_high(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			*why = "the state directory can't be made";
			return -1;
		}
		fd = open_high(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	}
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
		*why = "the state directory is not a directory that is only ours";
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* The head of the kernel's struct statx (statx(2)), which older musl headers do not have. */
struct statx_head {
	uint32_t mask;
	uint32_t block_size;
	uint64_t unused[9];
	int64_t birth_seconds;
	uint32_t birth_nanoseconds;
	uint32_t padding;
	uint64_t rest[20];
};

enum { STATX_HAS_BIRTH = 0x800 };

/* Tells this jobserver from an earlier one with the same inode number: a FIFO's time of birth, for a pipe the boot. */
static uint64_t birth_of(const struct jobserver *jobserver)
{
	char boot[64];
	struct statx_head status;
	uint64_t value = 0;

	_Static_assert(sizeof status == 256 && offsetof(struct statx_head, birth_seconds) == 80, "the kernel's layout");
	if (syscall(SYS_statx, jobserver->write_fd, "", AT_EMPTY_PATH, STATX_HAS_BIRTH, &status) == 0 &&
	    (status.mask & STATX_HAS_BIRTH) != 0)
		return (uint64_t)status.birth_seconds * 1000000000u + status.birth_nanoseconds;
	if (read_small_file("/proc/sys/kernel/random/boot_id", boot, sizeof boot) > 0)
		for (const char *at = boot; *at != '\0'; at++)
			value = value * 31 + (unsigned char)*at;
	return value;
}

void ledger_none(struct ledger *ledger)
{
	*ledger = (struct ledger){ .fd = -1 };
	without(ledger, "there is none");
}

void ledger_open(struct ledger *ledger, const struct jobserver *jobserver)
{
	char path[PATH_MAX + 8];
	char name[96];
	struct stat status;
	const char *why = "";
	int directory, fd;

	ledger_none(ledger);
	if (jobserver->own) {
		uid_t owner = fstat(jobserver->write_fd, &status) == 0 ? status.st_uid : geteuid();

		snprintf(path, sizeof path, "%s.ledger", jobserver->path);
		fd = open_high(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0) {
			adopt(ledger, fd, owner);
			return;
		}
	}
	directory = open_state_directory(&why);
	if (directory < 0) {
		ledger->why = why;
		return;
	}
	snprintf(name, sizeof name, "v1-%" PRIx64 "-%" PRIu64 "-%" PRIx64, (uint64_t)jobserver->device,
	         (uint64_t)jobserver->inode, birth_of(jobserver));
	for (int try = 0; try < 2; try++) {
		fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 || errno != ENOENT)
			break;
		sweep(directory);
		create(directory, name);
	}
	close(directory);
	if (fd < 0)
		ledger->why = "the ledger can't be opened";
	else
		adopt(ledger, fd, geteuid());
}

bool ledger_owned_in(const struct ledger *ledger, uint64_t namespace)
{
	return *FIELD(uint32_t, ledger->header, HEADER_OWNER_PID) != 0 &&
	       *FIELD(uint64_t, ledger->header, HEADER_OWNER_PID_NAMESPACE) == namespace;
}

bool ledger_owned_by(const struct ledger *ledger, const struct process *process)
{
	/* No other process has both, in any PID namespace: the start time is of the machine's clock. */
	return (pid_t)*FIELD(uint32_t, ledger->header, HEADER_OWNER_PID) == process->pid &&
	       *FIELD(uint64_t, ledger->header, HEADER_OWNER_START) == process->start;
}

static void set_state(struct ledger *ledger, unsigned char state)
{
	*FIELD(uint64_t, ledger->record, RECORD_SINCE) = monotonic_ns();
	__atomic_store_n(ledger->record + RECORD_STATE, state, __ATOMIC_SEQ_CST);
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
	if (holds_token(record)) {
		if (!store(ledger, index, RECORD_STATE, &releasing, 1))
			return;
		if (write_token(jobserver, &record[RECORD_TOKEN]))
			__atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_RECLAIMED), 1, __ATOMIC_SEQ_CST);
	}
	if (record[RECORD_COUNTED] != 0)
		__atomic_sub_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
	(void)!store(ledger, index, 0, empty, sizeof empty); /* a full disk: the next reclaimer tries again */
}

void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver)
{
	_Alignas(8) unsigned char chunk[SCAN_BYTES];
	const unsigned per_chunk = SCAN_BYTES / LEDGER_RECORD_BYTES;

	if (ledger->fd < 0)
		return;
	for (unsigned first = 0; first < LEDGER_RECORD_COUNT; first += per_chunk) {
		off_t at = LEDGER_HEADER_BYTES + (off_t)first * LEDGER_RECORD_BYTES;

		if (pread(ledger->fd, chunk, sizeof chunk, at) != (ssize_t)sizeof chunk)
			return;
		for (unsigned i = 0; i < per_chunk; i++) {
			unsigned index = first + i;

			if (chunk[i * LEDGER_RECORD_BYTES + RECORD_STATE] == STATE_FREE || index == ledger->index ||
			    !lock_record(ledger, index, F_WRLCK))
				continue;
			reclaim_record(ledger, jobserver, index);
			lock_record(ledger, index, F_UNLCK);
		}
	}
}

void ledger_claim(struct ledger *ledger, const struct jobserver *jobserver, const struct job *job, const char *tool)
{
	unsigned char *page;

	ledger->index = LEDGER_RECORD_COUNT;
	for (unsigned try = 0; ledger->fd >= 0 && try < CLAIM_TRIES; try++) {
		unsigned index = ((unsigned)getpid() + try) % LEDGER_RECORD_COUNT;
		off_t at = LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES;

		if (!lock_record(ledger, index, F_WRLCK))
			continue;
		page = map_page(ledger, at - at % LEDGER_HEADER_BYTES, 1);
		if (page == NULL)
			break;
		reclaim_record(ledger, jobserver, index);
		ledger->record = page + at % LEDGER_HEADER_BYTES;
		ledger->index = index;
		break;
	}
	*FIELD(uint32_t, ledger->record, RECORD_PID) = (uint32_t)getpid();
	*FIELD(uint64_t, ledger->record, RECORD_JOB) = job->key;
	for (size_t i = 0; i + 1 < LEDGER_TOOL_BYTES && tool[i] != '\0'; i++)
		ledger->record[RECORD_TOOL + i] = (unsigned char)tool[i];
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
	__atomic_store_n(ledger->record + RECORD_STATE, (unsigned char)STATE_RELEASING, __ATOMIC_SEQ_CST);
}

void ledger_free(struct ledger *ledger)
{
	__atomic_store_n(ledger->record + RECORD_STATE, (unsigned char)STATE_FREE, __ATOMIC_SEQ_CST);
}

unsigned char *ledger_token(struct ledger *ledger)
{
	return (unsigned char *)ledger->record + RECORD_TOKEN;
}

void ledger_count_wait(struct ledger *ledger, uint64_t waited_ns)
{
	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_WAITED_MICROSECONDS), waited_ns / 1000, __ATOMIC_SEQ_CST);
}

void ledger_count_run(struct ledger *ledger, uint64_t waited_ns)
{
	volatile uint32_t *peak = FIELD(uint32_t, ledger->header, HEADER_PEAK);
	uint32_t running, seen;

	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_RUNS), 1, __ATOMIC_SEQ_CST);
	ledger_count_wait(ledger, waited_ns);
	ledger->record[RECORD_COUNTED] = 1;
	running = __atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
	seen = *peak;
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
