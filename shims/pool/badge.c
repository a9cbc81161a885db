#include "pool/badge.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "pool/locks.h"
#include "ground/clock.h"
#include "ground/environment.h"
#include "ground/hash.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/subject.h"

/* Below the implicit slots (implicit.c). */
static const off_t BADGE_BASE = (off_t)1 << 60;
static const uint64_t IDENTITY_MASK = 0x03ffffffffffffffULL;

static const char NO_NUMBER[] = "0000000000";

enum { NUMBER_DIGITS = sizeof NO_NUMBER - 1 };

static char assignment[sizeof ENV_CLIENT "=0123456789abcdef:0123456789"];

static off_t place_of(uint64_t identity)
{
	return BADGE_BASE + (off_t)((identity & IDENTITY_MASK) << 1);
}

static char *put(uint64_t identity)
{
	text_put(assignment, sizeof assignment, "%s=%016" PRIx64 ":%s", ENV_CLIENT, identity, NO_NUMBER);
	return environment_put(assignment) ? assignment + sizeof assignment - 1 - NUMBER_DIGITS : NULL;
}

char *badge_make(struct locks *locks)
{
	const uint64_t moment = monotonic_ns();
	const pid_t us = getpid();
	const uint64_t identity = hash(hash(HASH_OF_NOTHING, &moment, sizeof moment), &us, sizeof us) & IDENTITY_MASK;

	return locks_take(locks, &assignment, place_of(identity)) == LOCK_TAKEN ? put(identity) : NULL;
}

void badge_write_number(char *at)
{
	pid_t number = getpid();

	for (int digit = NUMBER_DIGITS - 1; digit >= 0; digit--, number /= 10)
		at[digit] = (char)('0' + number % 10);
}

void badge_pass_on(const struct jobserver *jobserver)
{
	const struct subject self = subject_self();
	const struct badge badge = badge_read(jobserver, &self);
	char *at = badge.identity == 0 ? NULL : put(badge.identity);

	if (at != NULL)
		badge_write_number(at);
}

struct badge badge_read(const struct jobserver *jobserver, const struct subject *subject)
{
	const char *end = subject_variable(subject, ENV_CLIENT);
	struct badge badge = { .identity = 0 };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	pid_t number;

	if (end == NULL)
		return badge;
	badge.identity = number_scan(&end, 16) & IDENTITY_MASK;
	number = *end == ':' ? (pid_t)number_first(end + 1) : 0;
	lock.l_start = place_of(badge.identity);
	/* Any process that may write to the FIFO may lock any part of it: only a lock of exactly this byte is a launcher's. */
	if (*end != ':' || fcntl(jobserver->write_fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_len != 1)
		return (struct badge){ .identity = 0 };
	/* The client's launcher is above it. If that launcher is not found here, we are in another PID namespace, where the number means
	 * another process. */
	if (lock.l_pid > 0)
		badge.client = number;
	return badge;
}

bool badge_is_of(const struct jobserver *jobserver, const struct subject *subject, pid_t pid)
{
	return process_numbers_agree() && badge_read(jobserver, subject).client == pid;
}
