#include "look/commandwatch.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "look/poolcare.h"
#include "look/watch.h"
#include "pool/jobserver.h"
#include "tool/resolve.h"
#include "ground/arena.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "proc/tree.h"

enum { START_MS = 10 }; /* until the command is looked for again */

static const uint64_t MS = 1000000; /* in nanoseconds */

static struct {
	const struct self *self;
	pid_t root;               /* the process that starts the command (starter.h), or became it; 0: nothing is watched */
	pid_t pid;                /* the command, below which tools are watched; 0: not started yet */
	struct watch_pool pool;
	struct jobserver around;  /* the pool, if we look after none, */
	struct ledger noted;      /* and its ledger */
	const char *file;         /* for the results of the watch */
	int root_end;             /* its pidfd */
	uint64_t due_ns;
	bool has_looked;
} command = { .root_end = -1, .due_ns = NEVER };

void commandwatch_stay(pid_t root)
{
	command.root_end = process_open(root);
	command.root = command.root_end < 0 ? 0 : root; /* it has ended, or its end can't be watched */
}

bool commandwatch_stays(void)
{
	return command.root > 0;
}

int commandwatch_ended(void)
{
	return command.root_end;
}

void commandwatch_begin(const struct self *self, const char *file, const char *address)
{
	const char *why;

	command.self = self;
	command.file = arena_copy(file, strlen(file));
	command.pool.address = arena_copy(address, strlen(address));
	command.pool.ledger = poolcare_ledger();
	command.pool.sandboxed = command.pool.ledger;
	command.pool.jobserver = poolcare_jobserver();
	if (command.pool.jobserver == NULL && watch_pool_around(&command.around, &command.noted, &why)) {
		command.pool.jobserver = &command.around;
		command.pool.sandboxed = &command.noted;
	}
	/* If /proc is that of another PID namespace, the root's pid means another process there. */
	if (command.root > 0 && process_numbers_agree() && command.file != NULL && command.pool.address != NULL)
		command.due_ns = 0;
}

uint64_t commandwatch_due_ns(void)
{
	return command.due_ns;
}

/* A command that ended before the first look was not watched. */
void commandwatch_end(void)
{
	if (command.has_looked) {
		watch_end();
		watch_write();
	}
	if (command.root_end >= 0)
		close(command.root_end);
	command.has_looked = false;
	command.root = command.pid = 0;
	command.root_end = -1;
	command.due_ns = NEVER;
}

static void note_child(pid_t pid, void *state)
{
	pid_t *child = state;

	*child = pid;
}

/* Finds the command: the only child of its starter, a `look`, or the starter itself, if it could not fork and became the command. 0: not
 * started yet. */
static pid_t find_command(void)
{
	const char *program = process_path(command.root);
	pid_t child = 0;

	if (program == NULL || !is_look(program))
		return command.root;
	tree_each_child(command.root, note_child, &child);
	return child;
}

void commandwatch_step(uint64_t now)
{
	struct process process;

	if (!process_read(command.root, &process) || process.zombie) {
		commandwatch_end();
		return;
	}
	if (command.pid == 0) {
		const pid_t pid = find_command();
		const bool begins = pid > 0 && watch_begin(command.self->shim_dir, pid, &command.pool, command.file);

		command.due_ns = pid > 0 ? NEVER : now + START_MS * MS;
		if (!begins)
			return;
		command.pid = pid;
	}
	command.due_ns = now + (uint64_t)watch_look() * MS;
	command.has_looked = true;
}
