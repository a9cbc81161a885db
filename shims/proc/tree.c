#include "proc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/process.h"

enum { PROCESSES_MAX = 32768 }; /* with more of them it can't be told what they do */

struct children {
	void (*visit)(pid_t child, void *state);
	void *state;
};

/* The kernel prints the children as numbers, each with a space behind it (proc_pid_task_children in fs/proc/array.c). A read may
 * end in the middle of one. */
static void read_children(int fd, const struct children *children)
{
	char text[4096];
	long child = 0;
	ssize_t length;

	while ((length = RETRY(read(fd, text, sizeof text))) != 0) {
		if (length < 0)
			return;
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				child = child * 10 + (text[i] - '0');
			} else if (child > 0) {
				children->visit((pid_t)child, children->state);
				child = 0;
			}
		}
	}
}

/* Those of one thread; true, to stop, if the kernel does not tell them. */
static bool each_of_thread(int directory, const char *thread, void *state)
{
	char path[64];
	int fd;

	text_put(path, sizeof path, "%s/children", thread);
	fd = open_high_at(directory, path, O_RDONLY);
	/* The thread has ended, unless the kernel has no such file. */
	if (fd < 0 && (errno == ENOENT || errno == ESRCH))
		return access("/proc/self/task", F_OK) == 0 && access("/proc/thread-self/children", F_OK) < 0;
	if (fd < 0)
		return true;
	read_children(fd, state);
	close(fd);
	return false;
}

bool tree_each_child(pid_t pid, void (*visit)(pid_t child, void *state), void *state)
{
	struct children children = { .visit = visit, .state = state };
	char path[32];

	text_put(path, sizeof path, "/proc/%d/task", (int)pid);
	errno = 0;
	if (process_each_number(path, each_of_thread, &children))
		return false;
	return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
}

/* Those whose children are still to be found. Its pages are touched as far as they are needed. */
static struct {
	pid_t pids[PROCESSES_MAX];
	size_t count;
} queue;

static void add_to_queue(pid_t child, void *state)
{
	(void)state;
	if (queue.count < PROCESSES_MAX)
		queue.pids[queue.count++] = child;
}

/* Whether a process that can't be read lives all the same: /proc hides it, or there is no descriptor to read it with. */
static bool is_hidden(pid_t pid)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return true;
	return process_numbers_agree() && (kill(pid, 0) == 0 || errno == EPERM);
}

enum tree_extent tree_each(pid_t root, void (*visit)(const struct process *process, void *state), void *state)
{
	struct process process;
	bool changed = false;

	if (!process_read(root, &process))
		return TREE_GONE;
	queue.count = 0;
	add_to_queue(root, NULL);
	for (size_t i = 0; i < queue.count; i++) {
		if (!process_read(queue.pids[i], &process)) {
			if (is_hidden(queue.pids[i]))
				return TREE_UNKNOWN;
			changed = true;
			continue;
		}
		visit(&process, state);
		if (!tree_each_child(queue.pids[i], add_to_queue, NULL))
			return TREE_UNKNOWN;
	}
	if (queue.count == PROCESSES_MAX)
		return TREE_UNKNOWN;
	return changed ? TREE_CHANGED : TREE_WHOLE;
}

/* Of the processes at one depth, those that are still to be visited. */
static struct {
	size_t first, next, end;
} levels[TREE_LEVELS];

/* The children of pid, if there is room for them and the kernel tells them. */
static void fill_level(unsigned depth, pid_t pid)
{
	levels[depth].first = levels[depth].next = queue.count;
	(void)!tree_each_child(pid, add_to_queue, NULL);
	levels[depth].end = queue.count;
}

void tree_descend(pid_t root, bool (*enter)(pid_t pid, unsigned depth, void *state),
                  void (*leave)(unsigned depth, void *state), void *state)
{
	unsigned depth = 0;

	queue.count = 0;
	add_to_queue(root, NULL);
	levels[0].next = 0;
	levels[0].end = 1;
	for (;;) {
		pid_t pid;

		if (levels[depth].next == levels[depth].end) {
			if (depth == 0)
				return;
			queue.count = levels[depth].first;
			leave(--depth, state);
			continue;
		}
		pid = queue.pids[levels[depth].next++];
		if (!enter(pid, depth, state))
			continue;
		if (depth + 1 == TREE_LEVELS)
			leave(depth, state);
		else
			fill_level(++depth, pid);
	}
}

static void add_pages(const struct process *process, void *state)
{
	uint64_t *pages = state;

	*pages += process->pages;
}

bool tree_pages(pid_t root, uint64_t *pages)
{
	*pages = 0;
	const enum tree_extent extent = tree_each(root, add_pages, pages);

	return extent == TREE_WHOLE || extent == TREE_CHANGED;
}
