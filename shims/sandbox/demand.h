/* What a tool run asks for: one slot, or what the rules say. */
#ifndef DEMAND_H
#define DEMAND_H

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct program;
struct self;
struct supervised;

/* Finds the run's job, and fills its policy, the room for further slots, and its patience: by the rules of JOBSHIM_RULES or the shim dir,
 * and the run's own environment. */
void demand_read(struct supervised *run, const struct program *program, const struct pool *pool, const char *shim_dir);

/* For one that waits below a tool that has a slot: no rules hold for it. */
void demand_below_tool(struct supervised *run, const char *shim_dir);

/* It looks for its slot from now on. Others see by its record that it waits. */
void demand_begin(struct supervised *run, struct pool *pool, const struct self *self);

/* The same for one that runs already, without a rule. True if it has a slot; else none was free, and nothing is left of it. */
bool demand_at_once(struct supervised *run, struct pool *pool, const struct self *self);

/* The key of the line that it waits in: its job's, or another one of that if its priority is low; or one of its own if it waits at a gate: behind it others of its job may
 * go on. */
uint64_t demand_line(const struct supervised *run);

/* Counts, for the summary, that it starts. One below a tool that a launcher runs has that one's slot. */
void demand_count(struct supervised *run, const struct pool *pool);

#endif
