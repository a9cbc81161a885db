#include "look/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "look/answer.h"
#include "sandbox/filter.h"
#include "sandbox/nesting.h"
#include "sandbox/possible.h"

#if defined __GLIBC__
#define LIBC "glibc"
#else
#define LIBC "musl"
#endif

enum { STATX_MASK_BIRTH = 0x800 };

/* Each returns whether the feature works, with errno if not. */
typedef bool feature(void);

/* A record's lock in the ledger: it dies with its owner, and is listed in /proc/locks. */
static bool has_ofd_locks(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), error;
	bool works = fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0;

	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return works;
}

static bool has_exclusive_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int ends[2], epoll, error;
	bool works;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	works = epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0;
	error = errno;
	if (epoll >= 0)
		close(epoll);
	close(ends[0]);
	close(ends[1]);
	errno = error;
	return works;
}

static bool has_pidfd(void)
{
#if defined SYS_pidfd_open
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
#else
	errno = ENOSYS;
	return false;
#endif
}

static bool has_statx(void)
{
	uint64_t status[32]; /* the kernel's struct statx */

	return syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_MASK_BIRTH, status) == 0;
}

static bool has_death_signal(void)
{
	return prctl(PR_SET_PDEATHSIG, 0) == 0;
}

static bool has_datagrams(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* In a sandbox of ours, too: what is in there needs no other. */
static bool has_listener(void)
{
	const struct common any = { .pool = 0 };
	int error;

	if (sandbox_try() != FILTER_REFUSED)
		return true;
	error = errno;
	if (error == EBUSY && nesting_find(&any) == ABOVE_OURS)
		return true;
	errno = error;
	return false;
}

static const struct {
	enum features_answer at;
	feature *works;
} features[] = {
	{ FEATURES_OFD_LOCKS, has_ofd_locks },
	{ FEATURES_PDEATHSIG, has_death_signal },
	{ FEATURES_EPOLL_EXCLUSIVE, has_exclusive_epoll },
	{ FEATURES_PIDFD, has_pidfd },
	{ FEATURES_STATX, has_statx },
	{ FEATURES_UNIX_DATAGRAMS, has_datagrams },
	{ FEATURES_SECCOMP_LISTENER, has_listener },
};

static const char *why_not(enum features_answer at)
{
	return at == FEATURES_SECCOMP_LISTENER ? sandbox_why_not(errno) : strerror(errno);
}

bool answer_features(const struct self *self, char *const words[])
{
	struct answer answer = { .texts = { NULL } };

	(void)self, (void)words;
	/* Only a dynamic program has an interpreter. */
	answer.texts[FEATURES_LINKING] = getauxval(AT_BASE) == 0 ? "static" : "dynamic";
	answer.texts[FEATURES_LIBC] = LIBC;
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
		answer.texts[features[i].at] = features[i].works() ? "" : why_not(features[i].at);
	return answer_print(LOOK_FEATURES, &answer);
}
