#include "look/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledgerfile.h"
#include "ledger/statedirectory.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "pool/systempool.h"
#include "pool/tokens.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/links.h"
#include "ground/number.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/descriptors.h"
#include "proc/process.h"

/* The lock is held for some system calls only. Whoever has it may be stopped in them: then we go on without the pool. */
enum { LOCK_SECONDS = 5, PAUSE_MS_MAX = 16 };

static const uint64_t SECOND = 1000000000u;

static const char LOCK_NAME[] = MACHINE_POOL ".lock", LEDGER_NAME[] = MACHINE_POOL LEDGER_SUFFIX;

/* The state directory, and the lock of the pool in it. */
struct place {
	int directory;
	int lock;
};

static void place_close(struct place *place)
{
	if (place->lock >= 0)
		close(place->lock);
	if (place->directory >= 0)
		close(place->directory);
	*place = (struct place){ .directory = -1, .lock = -1 };
}

/* Opens the lock's file, and takes the lock if it is free. -1, with EAGAIN if it is not. */
static int lock_now(int directory)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const int fd = open_high_at(directory, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW);
	struct stat status;
	int error = 0;

	if (fd < 0)
		return -1;
	/* One of an open file, so that it goes with that. */
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		error = errno == EACCES || errno == EINTR ? EAGAIN : errno;
	else if (fstat(fd, &status) < 0 || status.st_nlink == 0) /* the last user has removed it since */
		error = EAGAIN;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static int lock_wait(int directory)
{
	const uint64_t until = monotonic_ns() + LOCK_SECONDS * SECOND;
	struct timespec pause = { .tv_nsec = 1000000 };
	int fd;

	while ((fd = lock_now(directory)) < 0 && errno == EAGAIN && monotonic_ns() < until) {
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MS_MAX * 1000000L)
			pause.tv_nsec *= 2;
	}
	return fd;
}

static bool place_open(struct place *place, bool make, const char **why)
{
	place->lock = -1;
	place->directory = state_directory_open(make, why);
	if (place->directory < 0)
		return false;
	place->lock = lock_wait(place->directory);
	if (place->lock >= 0)
		return true;
	*why = errno == EAGAIN ? "the lock of the machine's pool is not given back" : "the lock of the machine's pool can't be taken";
	place_close(place);
	return false;
}

/* The FIFO's path, by which other programs find it, too. NULL if it can't be told. */
static const char *path_in(int directory)
{
	char link[48];
	const char *place;
	size_t room;
	char *path;
	int length;

	text_put(link, sizeof link, "/proc/self/fd/%d", directory);
	place = link_target(AT_FDCWD, link);
	place = place == NULL ? NULL : arena_copy(place, strlen(place));
	path = arena_room(&room);
	length = place == NULL ? -1 : text_put(path, room, "%s/" MACHINE_POOL, place);
	return length > 0 && (size_t)length < room ? arena_keep((size_t)length + 1) : NULL;
}

/* Whether a process has the FIFO open for reading. Else errno is ENXIO, or ENOENT if there is none. */
static bool is_used(int directory)
{
	const int fd = open_high_at(directory, MACHINE_POOL, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The FIFO first: without it nobody looks for its ledger. */
static void remove_files(int directory)
{
	unlinkat(directory, MACHINE_POOL, 0);
	unlinkat(directory, LEDGER_NAME, 0);
}

static long tokens_of(long tokens)
{
	if (tokens <= 0)
		tokens = sysconf(_SC_NPROCESSORS_ONLN);
	return tokens < 1 ? 1 : tokens > LEDGER_POOL_MAX ? LEDGER_POOL_MAX : tokens;
}

/* Fills a new FIFO. Its ledger comes last: it says how many tokens there are, and a user with many pipes gets a smaller one. */
static bool fill(struct jobserver *jobserver, int directory, const char *path, long tokens, const char **why)
{
	const int reader = open_high_at(directory, MACHINE_POOL, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
	bool is_whole = reader >= 0 && jobserver_open_path(jobserver, path, why);
	struct process self;

	if (is_whole) {
		if (!process_read(process_self_number(), &self)) /* no /proc: then nobody can take a census */
			self.start = 0;
		tokens = tokens_growth(jobserver, 0, tokens);
		is_whole = tokens > 0 && tokens_put(jobserver->write_fd, tokens) == tokens &&
		           ledger_file_create(directory, LEDGER_NAME, (int32_t)tokens, self.start);
		if (!is_whole)
			jobserver_close(jobserver);
	}
	if (reader >= 0)
		close(reader);
	return is_whole;
}

static bool make(struct jobserver *jobserver, int directory, const char *path, long tokens, const char **why)
{
	int result;

	*why = "the machine's pool can't be made";
	remove_files(directory);
	result = RETRY(mkfifoat(directory, MACHINE_POOL, 0600));
	/* Whatever our umask is. */
	if (result == 0 && fchmodat(directory, MACHINE_POOL, 0600, 0) == 0 && fill(jobserver, directory, path, tokens, why))
		return true;
	remove_files(directory);
	return false;
}

bool machine_join(struct jobserver *jobserver, long tokens, const char **why)
{
	struct place place;
	const char *path;
	bool is_open;

	if (system_pool_open(jobserver))
		return true;
	if (!place_open(&place, true, why))
		return false;
	path = path_in(place.directory);
	if (path == NULL) {
		*why = "the path of the machine's pool can't be told";
		is_open = false;
	} else if (is_used(place.directory)) {
		is_open = jobserver_open_path(jobserver, path, why);
	} else if (errno == ENXIO || errno == ENOENT) {
		is_open = make(jobserver, place.directory, path, tokens_of(tokens), why);
	} else {
		*why = "the machine's pool can't be opened";
		is_open = false;
	}
	place_close(&place);
	jobserver->own = false;
	return is_open;
}

/* What is closed before we end, or before the tool takes our place. */
struct closing {
	const struct jobserver *jobserver;
	bool all; /* also what is to be inherited */
};

static bool close_end(int directory, const char *name, void *state)
{
	const struct closing *closing = state;
	const int fd = (int)number_first(name);
	struct stat status;

	if (fstatat(directory, name, &status, 0) == 0 && jobserver_is(closing->jobserver, &status) &&
	    (closing->all || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0))
		close(fd);
	return false;
}

/* Whether the FIFO in the directory is ours, and nobody has it open. */
static bool is_left(int directory, const struct jobserver *jobserver)
{
	struct stat status;

	return fstatat(directory, MACHINE_POOL, &status, AT_SYMLINK_NOFOLLOW) == 0 && jobserver_is(jobserver, &status) &&
	       !is_used(directory) && errno == ENXIO;
}

/* Below the lock: whoever makes a FIFO has it. */
static bool is_removed(int directory)
{
	struct stat status;

	return fstatat(directory, MACHINE_POOL, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static int directory_of(const struct jobserver *jobserver)
{
	const char *path = jobserver->path, *directory = arena_copy(path, (size_t)(base_name(path) - path));

	return directory == NULL ? -1 : open_high(directory, O_RDONLY | O_DIRECTORY);
}

static void leave(const struct jobserver *jobserver, bool all)
{
	struct closing closing = { .jobserver = jobserver, .all = all };
	struct place place = { .lock = -1 };

	if (!jobserver->machine || system_pool_is(jobserver))
		return;
	process_each_fd(process_self_number(), close_end, &closing);
	place.directory = directory_of(jobserver);
	/* The last one to close it finds that nobody has it open. So only that one needs the lock, below which it looks again. */
	if (place.directory >= 0 && is_left(place.directory, jobserver))
		place.lock = lock_wait(place.directory);
	/* Another one may have removed all meanwhile: then the lock's file is one that we have made. */
	if (place.lock >= 0 && (is_left(place.directory, jobserver) || is_removed(place.directory))) {
		remove_files(place.directory);
		unlinkat(place.directory, LOCK_NAME, 0);
	}
	place_close(&place);
}

void machine_end(const struct jobserver *jobserver)
{
	leave(jobserver, true);
}

void machine_leave(const struct jobserver *jobserver)
{
	leave(jobserver, false);
}
