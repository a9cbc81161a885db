#include "pool/badge.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "ground/clock.h"
#include "ground/environment.h"
#include "ground/hash.h"
#include "proc/process.h"

/* Below the implicit slots (implicit.c). A byte lies between two: the kernel would make one lock of two that touch. */
static const off_t BADGE_BASE = (off_t)1 << 60;
static const uint64_t IDENTITY_MASK = 0x03ffffffffffffffULL;

enum { NUMBER_DIGITS = 10 };

static char assignment[sizeof ENV_CLIENT "=0123456789abcdef:0123456789"];

static struct flock lock_of(uint64_t identity)
{
	return (struct flock){
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = BADGE_BASE + (off_t)((identity & IDENTITY_MASK) << 1),
		.l_len = 1,
	};
}

static char *put(uint64_t identity)
{
	snprintf(assignment, sizeof assignment, "%s=%016" PRIx64 ":%0*d", ENV_CLIENT, identity, NUMBER_DIGITS, 0);
	return environment_put(assignment) ? assignment + sizeof assignment - 1 - NUMBER_DIGITS : NULL;
}

char *badge_make(const struct jobserver *jobserver)
{
	const uint64_t moment = monotonic_ns();
	const pid_t us = getpid();
	struct flock lock = lock_of(hash(hash(HASH_OF_NOTHING, &moment, sizeof moment), &us, sizeof us));

	if (fcntl(jobserver->write_fd, F_SETLK, &lock) < 0)
		return NULL;
	return put((uint64_t)(lock.l_start - BADGE_BASE) >> 1);
}

void badge_write_number(char *at)
{
	pid_t number = getpid();

	for (int digit = NUMBER_DIGITS - 1; digit >= 0; digit--, number /= 10)
		at[digit] = (char)('0' + number % 10);
}

void badge_pass_on(const struct jobserver *jobserver)
{
	const struct badge badge = badge_read(jobserver);
	char *at = badge.identity == 0 ? NULL : put(badge.identity);

	if (at != NULL)
		badge_write_number(at);
}

struct badge badge_read(const struct jobserver *jobserver)
{
	const char *text = getenv(ENV_CLIENT);
	struct badge badge = { .identity = 0 };
	struct flock lock;
	char *end;

	if (text == NULL)
		return badge;
	badge.identity = strtoull(text, &end, 16) & IDENTITY_MASK;
	lock = lock_of(badge.identity);
	/* Whoever may write to the FIFO may lock any part of it: only a lock of this byte alone is a launcher's. */
	if (*end != ':' || fcntl(jobserver->write_fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_len != 1)
		return (struct badge){ .identity = 0 };
	/* Its launcher is above us. We see that one only if we are in the same PID namespace: else the number is another's. */
	if (lock.l_pid > 0)
		badge.client = (pid_t)strtol(end + 1, NULL, 10);
	return badge;
}

bool badge_is_of(const struct jobserver *jobserver, pid_t pid)
{
	return process_numbers_agree() && badge_read(jobserver).client == pid;
}
