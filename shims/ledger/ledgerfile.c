#include "ledger/ledgerfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/statedirectory.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/report.h"
#include "ground/retry.h"
#include "ground/text.h"

enum { STALE_SECONDS = 60 * 60 };

static bool cut(int fd)
{
	int result;

	result = RETRY(ftruncate(fd, LEDGER_BYTES));
	return result == 0;
}

bool ledger_file_read(int fd, void *bytes, size_t size, off_t at)
{
	ssize_t length;

	length = RETRY(pread(fd, bytes, size, at));
	return length == (ssize_t)size;
}

bool ledger_file_write(int fd, const void *bytes, size_t size, off_t at)
{
	ssize_t length;

	length = RETRY(pwrite(fd, bytes, size, at));
	return length == (ssize_t)size;
}

bool ledger_file_create(int directory, const char *name, int32_t total, uint64_t since)
{
	struct ledger_header header = {
		.magic = LEDGER_MAGIC,
		.version = LEDGER_VERSION,
		.record_count = LEDGER_RECORD_COUNT,
		.total = total,
		.owner_start = since,
	};
	char temporary[128];
	bool is_there;
	int fd;

	if (text_put(temporary, sizeof temporary, "%s.%d", name, (int)getpid()) >= (int)sizeof temporary)
		return false;
	fd = open_high_at(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	if (fd < 0)
		return false;
	is_there = cut(fd) && ledger_file_write(fd, &header, offsetof(struct ledger_header, owner_pid_namespace), 0) &&
	           (linkat(directory, temporary, directory, name, 0) == 0 || errno == EEXIST);
	if (!is_there)
		report_debug("the ledger can't be created: %s", strerror(errno));
	close(fd);
	unlinkat(directory, temporary, 0);
	return is_there;
}

/* Removes the ledger of a jobserver that is gone: nobody touched it for an hour, and no record is locked. */
static bool sweep_one(int directory, const char *name, void *state)
{
	const struct timespec *now = state;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat status;
	int fd;

	if (strncmp(name, "v1-", 3) != 0 || fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(status.st_mode) || status.st_mtime > now->tv_sec - STALE_SECONDS)
		return false;
	fd = open_high_at(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		unlinkat(directory, name, 0);
	close(fd);
	return false;
}

static void sweep(int directory)
{
	struct timespec now;
	int listing = open_high_at(directory, ".", O_RDONLY | O_DIRECTORY);

	if (listing < 0)
		return;
	if (clock_gettime(CLOCK_REALTIME, &now) == 0)
		directory_each(listing, sweep_one, &now);
	close(listing);
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

/* Tells this jobserver from an earlier one with the same inode number: a FIFO's birth time, a pipe's boot. */
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

/* Whether the file beside a FIFO is from the FIFO's own server: in /tmp any user may put a file there. A removed file has no name. */
static bool of_server(int fd, const struct stat *fifo)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == fifo->st_uid && status.st_nlink <= 1;
}

static int open_beside(const struct jobserver *jobserver, const char *path)
{
	const char *above = jobserver->ledger;
	int fd = above == NULL ? open_high(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK) : -1;

	if (fd < 0 && above == NULL && errno == ENOENT)
		above = jobserver_ledger_above(jobserver);
	return above == NULL ? fd : open_high(above, O_RDWR | O_NONBLOCK);
}

int ledger_file_open(const struct jobserver *jobserver, bool make, uid_t *owner, const char **why)
{
	char name[96], *path;
	struct stat status;
	int directory, fd;
	size_t room;

	*owner = geteuid();
	path = arena_room(&room);
	if (!jobserver_is_inherited(jobserver) && fstat(jobserver->write_fd, &status) == 0 &&
	    text_put(path, room, "%s" LEDGER_SUFFIX, jobserver->path) < (int)room) {
		fd = open_beside(jobserver, path);
		if (fd >= 0 && of_server(fd, &status)) {
			*owner = status.st_uid;
			return fd;
		}
		if (fd >= 0)
			close(fd);
	}
	directory = state_directory_open(make, why);
	if (directory < 0)
		return -1;
	text_put(name, sizeof name, "v1-%" PRIx64 "-%" PRIu64 "-%" PRIx64, (uint64_t)jobserver->device,
	         (uint64_t)jobserver->inode, birth_of(jobserver));
	for (int try = 0; try < 2; try++) {
		fd = open_high_at(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0 || errno != ENOENT || !make)
			break;
		sweep(directory);
		(void)ledger_file_create(directory, name, -1, 0);
	}
	close(directory);
	if (fd < 0)
		*why = "the ledger can't be opened";
	return fd;
}
