/* What runs below a process, however deep and wide: with a stack and descriptors of constant size. */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process;

/* Calls visit for each child of pid; some may be left out while others end. False if the kernel does not tell them. */
bool tree_each_child(pid_t pid, void (*visit)(pid_t child, void *state), void *state);

enum tree_extent {
	TREE_WHOLE,
	TREE_CHANGED, /* all there is was visited, and a process ended while it was looked for */
	TREE_GONE,    /* there is no such process */
	TREE_UNKNOWN, /* the kernel does not tell children, or there are too many */
};

/* Calls visit for the process and for each one that descends from it. */
enum tree_extent tree_each(pid_t root, void (*visit)(const struct process *process, void *state), void *state);

enum { TREE_LEVELS = 2048 };

/* Calls enter for the process, at depth 0, and, if that returns true, for each of its children, and so on, then leave. What is deeper
 * than TREE_LEVELS is left out. */
void tree_descend(pid_t root, bool (*enter)(pid_t pid, unsigned depth, void *state),
                  void (*leave)(unsigned depth, void *state), void *state);

/* The resident pages of a process and of all that descends from it. False if that can't be told. */
bool tree_pages(pid_t root, uint64_t *pages);

#endif
