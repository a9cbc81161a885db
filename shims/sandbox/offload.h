/* distcc, icecc, sccache: the slot is theirs, while a daemon may do the work of it. */
#ifndef OFFLOAD_H
#define OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>

struct process;

/* Its family, which is its name too; NULL if the name is that of no such program. */
const char *offload_family(const char *name);

/* Whether it is ccache's: what that starts takes the slot. */
bool offload_is_cache(const char *name);

/* Whose arguments tell what a run of such a program is: `distcc gcc -c a.c` is that of a gcc, as is `gcc` through a link. words: its own;
 * family: filled anew then. */
char **offload_compiler(char **words, char *family, size_t size);

/* Whether the process is such a daemon: what it compiles has the slot of a client that waits for it. A client is found before that. */
bool offload_is_daemon(const struct process *process);

#endif
