/* What a process that runs below a build is: a launcher, a tool in a slot of the pool, or one that has none. */
#ifndef SIGHT_H
#define SIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract.h"
#include "proc/process.h"

struct jobserver;
struct ledger;

enum sight { NO_TOOL, LAUNCHER, GOVERNED, PAST };

enum client_state { CLIENT_UNASKED, CLIENT_NONE, CLIENT_LAUNCHER, CLIENT_OTHER };

/* A process on the way from the root of a build to a tool. */
struct ancestor {
	struct process process;
	struct ancestor *above;   /* NULL: it is the root */
	enum client_state client; /* whether it is a client of the pool */
	bool adopts;              /* it is above the build, and has adopted what is below it */
	bool slot_is_used;        /* of a job, which it is: by a tool that no launcher has started */
};

/* What a tool is, by itself. */
struct sighted {
	char name[256];    /* the whole one; of a launcher, that of its shim */
	enum bypass_reason reason; /* of one that has no slot */
	bool is_script;    /* another program runs it */
	bool has_launcher; /* by its environment a launcher stands above it */
	bool is_part;      /* what a compiler starts, of a compiler that is not known */
	bool asks;         /* a tool that only prints, and is none therefore */
};

/* Reads the names of the shims: those are the tools. pool and its ledger: NULL where they are not
 * known. False where they can't be read. To be called
 * once, before the others. */
bool sight_begin(const char *shim_dir, const struct jobserver *pool, const struct ledger *ledger);

/* What the process is. A tool has a slot if it is the only one of its job: of the child of the nearest client above it, be that a
 * launcher, make or ninja. Of the command itself the slot is the build's. below_tool: one is above it that has no slot; what that starts
 * is no tool by itself. */
enum sight sight_of(struct ancestor *at, bool below_tool, struct sighted *told);

/* Whether the environment that the process was started with has the address of the pool, for launchers; it may be too early to say. */
enum names { NAMES_NOT, NAMES_POOL, NAMES_UNKNOWN };
enum names sight_names_pool(const struct process *process, const char *address);

/* Whether it does a part of what a compiler does: cc1, as. */
bool sight_is_part(const struct process *process);

/* The path of the tool that has no slot, as it was called where that was a path. */
void sight_tool(const struct process *process, char *tool, size_t size);

/* Who has started it, by name. */
void sight_caller(const struct ancestor *parent, char *name, size_t size);

#endif
