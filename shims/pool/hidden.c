#include "pool/hidden.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
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
#include "ground/number.h"
#include "ground/text.h"

/* The wait has a deadline: any process that may read the file may lock it. */
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

	return at == NULL ? 0 : (unsigned long)number_first(at);
}

static bool begins(const char *text, const char *start)
{
	return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

/* Our mount namespace and root, "NAMESPACE:DEVICE:INODE:". False if they are not known. */
static bool print_tree(char text[NUMBERS_MAX])
{
	struct stat namespace, root;

	return stat_path("/proc/self/ns/mnt", &namespace) && stat_path("/", &root) &&
	       text_put(text, NUMBERS_MAX, "%ju:%ju:%ju:", (uintmax_t)namespace.st_ino, (uintmax_t)root.st_dev,
	                (uintmax_t)root.st_ino) < NUMBERS_MAX;
}

/* "DEVICE:INODE:" */
static void print_pool(char text[NUMBERS_MAX], const struct jobserver *jobserver)
{
	text_put(text, NUMBERS_MAX, "%ju:%ju:", (uintmax_t)jobserver->device, (uintmax_t)jobserver->inode);
}

char *hidden_paid(void)
{
	static char assignment[sizeof ENV_TREE + NUMBERS_MAX + 1];
	const char *all = noted(TREE), *level = noted(LEVEL);

	if (level == NULL || begins(level, PAID) ||
	    text_put(assignment, sizeof assignment, ENV_TREE "=%.*s%s0", (int)(level - all), all, PAID) >= (int)sizeof assignment)
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

/* Whether a make that is not above `jobshim run` has started us and named the pool to us: then it is a client. A make that can't reach the
 * pool names none, or its own. */
static bool is_below_make(const struct jobserver *jobserver)
{
	const char *level = getenv("MAKELEVEL"), *flags = getenv("MAKEFLAGS");
	struct auth auth;

	return level != NULL && (unsigned long)number_first(level) > noted_number(LEVEL) && !jobserver->another && flags != NULL &&
	       auth_find(flags, &auth);
}

bool hidden_is_unpaid(const struct jobserver *jobserver, unsigned above)
{
	return !begins(noted(LEVEL), PAID) && above <= noted_number(HOPS) && !is_below_make(jobserver);
}

/* All tools can reach the shim dir, else we would not run. The lock is one of an open file, so that PID namespaces and read-only mounts
 * don't matter. */
int hidden_take(const struct self *self)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	char path[PATH_MAX];
	int file;

	if (self->shim_dir[0] == '\0' ||
	    text_put(path, sizeof path, "%s/.jobshim/manifest.json", self->shim_dir) >= (int)sizeof path)
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
