/* What the supervisor remembers of the processes above its tool runs, for a second: whose job what they start is. None is below a holder of
 * a slot. */
#ifndef ANCESTORS_H
#define ANCESTORS_H

#include <stdbool.h>
#include <sys/types.h>

struct job_memory;
struct process;

/* For job_recall(). */
extern const struct job_memory ancestors;

/* Whether something is remembered of the process. */
bool ancestors_have(const struct process *process);

/* The same of a tool's parent by its number alone, which is still that of the same process: fills what it was then. */
bool ancestors_have_parent(pid_t parent, struct process *process);

/* The process is the parent of a tool, and something is remembered of it: the next tool may have the same. */
void ancestors_note_parent(const struct process *process);

/* Nothing is owed for the client's slot. */
void ancestors_paid(const struct process *client);

/* The process runs another program now. */
void ancestors_forget(pid_t pid);

#endif
