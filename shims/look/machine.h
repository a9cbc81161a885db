/* The machine's pool: the jobserver that all runs of this user share which find no other one. A FIFO's bytes live as long as a process has
 * it open, so no server is needed: who finds that nobody has it open makes it anew, and who closes it last removes it. If root has set up a
 * pool for the whole machine, and this user may use it, it is that one (pool/systempool.h). */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

struct jobserver;

/* Opens it, and makes it if nobody uses it; then it gets so many tokens; 0: one for each processor that this process may use. False, with *why
 * set for people, if that fails. */
bool machine_join(struct jobserver *jobserver, long tokens, const char **why);

/* For any jobserver; that of the machine is removed if nobody has it open then. Nothing of it may be held. Before this process ends: closes all
 * descriptors of it. Before the tool takes our place: those that it does not inherit. */
void machine_end(const struct jobserver *jobserver);
void machine_leave(const struct jobserver *jobserver);

#endif
