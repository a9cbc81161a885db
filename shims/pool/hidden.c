#include "pool/hidden.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "pool/auth.h"
#include "pool/jobserver.h"
#include "tool/resolve.h"
#include "ground/file.h"

/* The wait ends by a deadline: anyone who may read the file may lock it, and keep us waiting. */
enum { LOOKS = 250, LOOK_MS = 20 };

enum { NUMBERS_MAX = 112 };

/* The numbers in the variable, by their place. */
enum { TREE, POOL = 3, LEVEL = 5, HOPS = 6 };

static const char PAID[] = "paid:"; /* in place of a level */

/* From the number at that place on; NULL if there is none. */
static const char *noted(int place)
{
	const char *at = getenv(ENV_TREE);

	for (; at != NULL && place > 0; place--) {
		at = strchr(at, ':');
		at = at == NULL ? NULL : at + 1;
	}
	return at;
}

static unsigned long noted_number(int place)
{
	const char *at = noted(place);

	return at == NULL ? 0 : strtoul(at, NULL, 10);
}

static bool begins(const char *text, const char *start)
{
	return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

/* The mount namespace and the root that we see, "NAMESPACE:DEVICE:INODE:". False if they can't be told. */
static bool print_tree(char text[NUMBERS_MAX])
{
	struct stat namespace, root;

	return stat_path("/proc/self/ns/mnt", &namespace) && stat_path("/", &root) &&
	       snprintf(text, NUMBERS_MAX, "%ju:%ju:%ju:", (uintmax_t)namespace.st_ino, (uintmax_t)root.st_dev,
	                (uintmax_t)root.st_ino) < NUMBERS_MAX;
}

/* "DEVICE:INODE:" */
static void print_pool(char text[NUMBERS_MAX], const struct jobserver *jobserver)
{
	snprintf(text, NUMBERS_MAX, "%ju:%ju:", (uintmax_t)jobserver->device, (uintmax_t)jobserver->inode);
}

char *hidden_paid(void)
{
	static char assignment[sizeof ENV_TREE + NUMBERS_MAX + 1];
	const char *all = noted(TREE), *level = noted(LEVEL);

	if (level == NULL || begins(level, PAID) ||
	    snprintf(assignment, sizeof assignment, ENV_TREE "=%.*s%s0", (int)(level - all), all, PAID) >= (int)sizeof assignment)
		return NULL;
	return assignment;
}

bool hidden_names(const struct jobserver *jobserver)
{
	char pool[NUMBERS_MAX];

	print_pool(pool, jobserver);
	return begins(noted(POOL), pool);
}

/* Whether the pool was noted in another file tree than ours. */
static bool is_another_tree(void)
{
	char tree[NUMBERS_MAX];

	return noted(POOL) != NULL && (!print_tree(tree) || !begins(noted(TREE), tree));
}

bool hidden_by(const struct jobserver *jobserver)
{
	return noted(POOL) != NULL && !hidden_names(jobserver) && (jobserver->denied || is_another_tree());
}

bool hidden_is_likely(const struct jobserver *jobserver)
{
	return jobserver->named && noted(POOL) != NULL && (jobserver->denied || is_another_tree());
}

/* Whether a make has started us that `jobshim run` was not started by, and that has named the pool to us: it is a client. One that the
 * pool is hidden from names none, or its own. */
static bool is_below_make(const struct jobserver *jobserver)
{
	const char *level = getenv("MAKELEVEL"), *flags = getenv("MAKEFLAGS");
	struct auth auth;

	return level != NULL && strtoul(level, NULL, 10) > noted_number(LEVEL) && !jobserver->another && flags != NULL &&
	       auth_find(flags, &auth);
}

bool hidden_is_unpaid(const struct jobserver *jobserver, unsigned above)
{
	return !begins(noted(LEVEL), PAID) && above <= noted_number(HOPS) && !is_below_make(jobserver);
}

/* All see the shim dir, or we would not run. Its lock is of an open file: neither a PID namespace nor a read-only mount is in its way. */
int hidden_take(const struct self *self)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	char path[PATH_MAX];
	int file;

	if (self->shim_dir[0] == '\0' ||
	    snprintf(path, sizeof path, "%s/.jobshim/manifest.json", self->shim_dir) >= (int)sizeof path)
		return -1;
	file = open_high(path, O_RDONLY | O_NONBLOCK);
	for (int look = 0; file >= 0 && look < LOOKS; look++) {
		if (flock(file, LOCK_EX | LOCK_NB) == 0)
			return file;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		nanosleep(&pause, NULL);
	}
	if (file >= 0)
		close(file);
	return -1;
}
