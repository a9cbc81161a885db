/* Tells clients of a jobserver from processes that merely carry its descriptors (DESIGN 4.5). */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

struct client_name;
struct jobserver;
struct process;

/* Whether process has the jobserver open as a client: with O_CLOEXEC. A make that has it without is looked at again
 * for a while, since make clears the flag around the start of a `+` recipe. */
bool client_of(const struct process *process, const struct jobserver *jobserver);

/* Whether the program pid runs is by its name one that keeps a pipe jobserver's descriptors to itself. */
bool client_by_name(pid_t pid);

/* Whether a process whose name is this one, as /proc has it, is of a program that we know. */
bool client_is_named(const char *name);

/* The row of the program that pid runs, NULL where its name is none of a client or carrier. */
const struct client_name *client_program(pid_t pid);

#endif
