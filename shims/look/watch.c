#include "look/watch.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look/classify.h"
#include "look/governed.h"
#include "look/orphans.h"
#include "look/shimnames.h"
#include "look/toolruns.h"
#include "look/tooluse.h"
#include "look/verdict.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/report.h"
#include "proc/process.h"
#include "proc/tree.h"

enum {
	TICK_MS = 200,
	QUICK_MS = 25,     /* while tools run without a slot: a share is known the better the more often it is looked at */
	QUICK_FOR_MS = 1000,
	TOLD_MS = 1000,    /* the file is written so often */
	SETTLED_MS = 400,  /* after which what was started has become what it will be */
	LONGEST_MS = 2000, /* it is looked at least so often, for what becomes a tool without a new process */
	SHARE = 50,        /* of the time, looking takes one in so many at most */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

static struct watch {
	struct watched watched;
	struct judgement judgement;
	struct tool_use use;
	const char *file;     /* where it is told; NULL: lines on stdout */
	bool is_unwanted;     /* nobody waits for that any more */
	uint64_t searched_ns, told_ns;
	bool saw_tools;         /* at the last look */
	uint64_t saw_bypass_ns; /* the last look at which a tool had no slot */
	long last_pid;          /* the machine's newest process at the last look */
	uint64_t changed_ns;    /* the first look that has seen it */
} watch;

/* A visit for each process on the way down to the one that is looked at. */
static struct visit visits[TREE_LEVELS];

/* Whether what is below the process is to be looked at. adopter: who has adopted the first of them, NULL for the root. */
static bool enter(pid_t pid, unsigned depth, void *adopter)
{
	struct visit *above = depth == 0 ? NULL : &visits[depth - 1], *here = &visits[depth];
	enum class class;

	memset(here, 0, sizeof *here);
	if (!process_read(pid, &here->ancestor.process) || here->ancestor.process.zombie)
		return false;
	here->ancestor.above = above == NULL ? adopter : &above->ancestor;
	if (above != NULL) {
		here->suspect = above->suspect;
		above->has_children = true;
	}
	class = classify(&here->ancestor, here->suspect != NULL, &here->tool);
	watch.saw_tools = watch.saw_tools || class != NO_TOOL;
	if (here->suspect != NULL)
		verdict_tell_suspect(here, class);
	if (class == GOVERNED) {
		verdict_governed(&watch.judgement, here);
		return false;
	}
	if (here->tool.only_prints && !here->tool.is_script) /* what it starts to answer is no tool either */
		return false;
	if (class == LAUNCHER)
		verdict_forget(&here->ancestor.process);
	if (class == BYPASS)
		watch.saw_bypass_ns = watch.use.looked_ns;
	if (class == BYPASS && here->suspect == NULL)
		here->suspect = here;
	return true;
}

static void leave(unsigned depth, void *adopter)
{
	(void)adopter;
	if (visits[depth].suspect == &visits[depth])
		verdict_bypass(&watch.judgement, &visits[depth]);
}

static void look_below(pid_t pid, struct ancestor *adopter)
{
	tree_descend(pid, enter, leave, adopter);
}

/* The pid that was given out last in our PID namespace: while it stays the same nothing was started (proc(5), loadavg). -1 where
 * that is not told. */
static long newest_pid(void)
{
	char text[128];
	const char *last = read_small_file("/proc/loadavg", text, sizeof text) > 0 ? strrchr(text, ' ') : NULL;

	return last == NULL ? -1 : strtol(last, NULL, 10);
}

/* Whether there is nothing to see that the last looks have not seen. */
static bool is_settled(uint64_t now)
{
	const long pid = newest_pid();

	if (pid < 0 || pid != watch.last_pid)
		watch.changed_ns = now;
	watch.last_pid = pid;
	return now - watch.changed_ns > SETTLED_MS * MS && !watch.saw_tools && now - watch.searched_ns < LONGEST_MS * MS;
}

int watch_look(void)
{
	const uint64_t began = monotonic_ns(), began_cpu = cpu_ns();
	int cost, tick;

	watch.judgement.passed_ns = began - watch.use.looked_ns;
	watch.use.looked_ns = began;
	if (is_settled(began))
		return TICK_MS;
	watch.searched_ns = began;
	watch.saw_tools = false;
	toolruns_begin();
	look_below(watch.watched.root, NULL);
	if (watch.judgement.ledger != NULL) /* a pool that others use may be named beside us, too */
		orphans_each(&watch.watched);
	toolruns_end(verdict_end, &watch.judgement);
	if (watch.file != NULL && (watch.judgement.has_news || began - watch.told_ns >= TOLD_MS * MS))
		watch_write();
	cost = (int)((cpu_ns() - began_cpu) * SHARE / MS);
	tick = watch.saw_bypass_ns != 0 && began - watch.saw_bypass_ns < QUICK_FOR_MS * MS ? QUICK_MS : TICK_MS;
	return cost > tick ? cost : tick;
}

void watch_end(void)
{
	toolruns_begin();
	toolruns_end(verdict_end, &watch.judgement);
}

bool watch_write(void)
{
	watch.told_ns = monotonic_ns();
	watch.judgement.has_news = false;
	return tooluse_write(&watch.use, watch.file, !watch.is_unwanted);
}

void watch_unwanted(void)
{
	watch.is_unwanted = true;
}

bool watch_begin(const char *shim_dir, pid_t root, const struct watch_pool *pool, const char *file)
{
	struct process process;
	uint64_t now;

	if (!shimnames_read(shim_dir)) {
		report("%s: the names of the shims can't be read", shim_dir);
		return false;
	}
	governed_begin(pool->jobserver, pool->ledger);
	watch.file = file;
	watch.watched = (struct watched){ .root = root, .jobserver = pool->address, .look = look_below };
	watch.judgement =
		(struct judgement){ .shim_dir = shim_dir, .ledger = pool->ledger, .use = &watch.use, .tells = file == NULL };
	/* What runs at the first look stands for what ran until then. */
	now = monotonic_ns();
	if (process_read(root, &process)) {
		watch.watched.root_start = process.start;
		now -= toolruns_age_ms(&process) * MS;
	}
	watch.use = (struct tool_use){ .jobserver = pool->address, .began_ns = now, .looked_ns = now };
	return true;
}

bool watch_pool_around(struct jobserver *jobserver, const char **why)
{
	if (!jobserver_open(jobserver, why))
		return false;
	/* Only which one it is matters: who has it open counts as one of its users. */
	close(jobserver->read_fd);
	if (jobserver->write_fd != jobserver->read_fd)
		close(jobserver->write_fd);
	return true;
}
