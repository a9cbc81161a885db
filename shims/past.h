/* Tools that run below a process and that no launcher has started: they went past the shims, and take no slot. */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>
#include <sys/types.h>

struct self;

/* Begins to watch what runs below root; one watch for each process of ours. jobserver: its address, empty where it is not ours to
 * say. file: where past_write puts what was seen; NULL: a line on stdout, for people, when a kind is seen for the first time.
 * The texts are kept, not copied. False, with a report, where the names of the shims can't be read. */
bool past_begin(const char *shim_dir, pid_t root, const char *jobserver, const char *file);

/* One look. Returns in how many ms the next one is due. */
int past_look(pid_t root);

/* Writes what was seen so far, as it also does once a second. The file has, each ended by a NUL: the jobserver's address;
 * milliseconds that were watched, of tools that a launcher has started, and of others; how many kinds of those there are, and
 * for each the tool, who started it, why, where it worked, runs, milliseconds; then of the slowest runs the tool, the file that it
 * was about, milliseconds. False on error. */
bool past_write(void);

/* Watches until the process words[0] has ended or a signal comes, and prints lines for people. False, with a report, where that
 * can't be done. */
bool past_tell(const struct self *self, char *const words[]);

#endif
