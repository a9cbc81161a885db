#include "look/orphans.h"

#include <stdbool.h>
#include <stddef.h>

#include "look/ancestor.h"
#include "look/surroundings.h"
#include "proc/process.h"
#include "proc/tree.h"

enum { STRANGERS_MAX = 1024 };

/* Processes beside the command that are not from it. The list stays from one look to the next. */
static struct {
	pid_t pids[STRANGERS_MAX];
	size_t count, at; /* the kernel lists children in a fixed order: the next one */
} strangers, now_strangers;

static bool is_stranger(pid_t pid)
{
	for (size_t tried = 0; tried < strangers.count; tried++) {
		const size_t at = (strangers.at + tried) % strangers.count;

		if (strangers.pids[at] != pid)
			continue;
		strangers.at = at + 1;
		return true;
	}
	return false;
}

static void note_stranger(pid_t pid)
{
	if (now_strangers.count < STRANGERS_MAX)
		now_strangers.pids[now_strangers.count++] = pid;
}

struct search {
	const struct watched *watched;
	pid_t below;              /* the root, or one of its ancestors: the children of its parent are searched */
	struct ancestor *adopter; /* that parent */
};

/* If it was started after the root, with the address of the pool, which nobody else has, then it was below the command, and its parent is
 * gone: it is still the command's work. */
static void look_at_adopted(pid_t pid, void *state)
{
	const struct search *search = state;
	struct process process;
	enum names names = NAMES_NOT;

	if (pid == search->below)
		return;
	if (!is_stranger(pid) && process_read(pid, &process) && process.start >= search->watched->root_start)
		names = surroundings_name_pool(&process, search->watched->jobserver);
	if (names == NAMES_NOT)
		note_stranger(pid);
	else if (names == NAMES_POOL)
		search->watched->look(pid, search->adopter);
}

void orphans_each(const struct watched *watched)
{
	struct ancestor above = { .client = CLIENT_UNKNOWN_YET };
	struct search search = { .watched = watched, .adopter = &above };

	now_strangers.count = strangers.at = 0;
	if (!process_read(watched->root, &above.process))
		return;
	for (int i = 0; i < TREE_LEVELS; i++) {
		search.below = above.process.pid;
		if (!process_read(above.process.parent, &above.process))
			break;
		above.client = CLIENT_UNKNOWN_YET;
		above.adopts = true;
		tree_each_child(above.process.pid, look_at_adopted, &search);
	}
	strangers = now_strangers;
}
