#include "pool/above.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "ground/arena.h"
#include "ground/links.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/descriptors.h"
#include "proc/process.h"

const char *above_link(pid_t pid, int fd)
{
	char link[48];

	return arena_copy(link, (size_t)text_put(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd));
}

struct search {
	const char *path;
	bool is_pool;
	pid_t pid; /* whose descriptors are looked at */
	struct above *found;
};

static bool is_noted(int directory, const char *name)
{
	struct jobserver pool = { .named = false };
	struct stat status;

	if (fstatat(directory, name, &status, 0) < 0)
		return false;
	pool.device = status.st_dev;
	pool.inode = status.st_ino;
	return hidden_names(&pool);
}

/* As the path of a thread: the path of a process would mean that this process hands the pool on (client.c). */
static const char *thread_link(pid_t pid, int fd)
{
	char link[64];

	return arena_copy(link, (size_t)text_put(link, sizeof link, "/proc/%d/task/%d/fd/%d", (int)pid, (int)pid, fd));
}

static bool is_held(int directory, const char *name, void *state)
{
	const struct search *search = state;
	const char *place = link_target(directory, name);

	if (place == NULL || place[0] != '/' || !(search->is_pool ? is_noted(directory, name) : strcmp(place, search->path) == 0))
		return false;
	search->found->place = arena_copy(place, strlen(place));
	search->found->link = thread_link(search->pid, (int)number_first(name));
	return true;
}

bool above_find(const char *path, bool is_pool, struct above *found)
{
	struct search search = { .path = path, .is_pool = is_pool, .found = found };
	struct process process;

	found->link = found->place = NULL;
	if (!process_self(&process))
		return false;
	while (process.parent > 0 && process_read(process.parent, &process)) {
		search.pid = process.pid;
		process_each_fd(process.pid, is_held, &search);
	}
	return found->link != NULL && found->place != NULL;
}
