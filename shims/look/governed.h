/* Whether a tool runs in a slot of the pool. */
#ifndef GOVERNED_H
#define GOVERNED_H

#include <stdbool.h>
#include <sys/types.h>

#include "ledger/records.h"

struct ancestor;
struct jobserver;
struct ledger;
struct process;
struct surroundings;

/* The pool, its ledger, and that in which a supervisor notes the tools of a sandbox: NULL if they are not known. To be called once, before the
 * others. */
void governed_begin(const struct jobserver *jobserver, const struct ledger *ledger, const struct ledger *sandboxed);

/* Whether it is a launcher, or a copy of a shim's file, which may have any path. */
bool governed_is_launcher(pid_t pid, const char *path);

/* Whether a launcher has become the tool, or its parent. */
bool governed_launched(const struct ancestor *tool, const struct surroundings *surroundings);

/* What the supervisor has noted of the tool, if it is in a sandbox. */
enum process_state governed_in_sandbox(const struct ancestor *tool, uint64_t *since_ns);

/* Whether the process is in a sandbox of the pool, and the watcher is not. */
bool governed_is_in_sandbox(pid_t pid);

/* Whether the process compiles for clients, which have the slots for that: in the sandbox. */
bool governed_is_offloaded(const struct process *process);

/* Whether a tool above it has a slot by its supervisor. */
bool governed_below_holder(const struct ancestor *tool, const struct surroundings *surroundings);

/* Whether it has no launcher above it any more, since something between them is gone: only its environment says whose it is. */
bool governed_is_adopted(const struct ancestor *tool, const struct surroundings *surroundings);

/* Whether its environment says that a launcher is above it. */
bool governed_below_launcher(const struct surroundings *surroundings);

/* Whether the tool runs in a slot. Each job has one; the process that a launcher started is the tool, or a wrapper of it. */
bool governed_has_slot(struct ancestor *tool, const struct surroundings *surroundings);

#endif
