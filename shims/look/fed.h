/* The pool of a `jobshim run` that gets its slots from the machine's pool. Each token in it stands for a token of the machine's, which has a
 * record there. The run's ledger tells how many there are: one is noted before it is put in, and taken out before the machine gets it
 * back. So a kill at any moment makes no token; and the machine gets those of a dead process by their records. */
#ifndef FED_H
#define FED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pool;
struct self;
struct waiting;

/* Opens both FIFOs. slots: that the run may have, with that of its command. False, with *why set for people, if that fails. */
bool fed_open(const char *machine, const char *own, long slots, const char **why);

/* The machine's pool. */
struct pool *fed_machine(void);

/* The run's FIFO, to be watched. */
int fed_own(void);

/* Whose slots they are: its process tree is what works in them. */
void fed_is_for(pid_t pid);

/* Waits for the slot of the run's command. patience: seconds until a deadlock ends without one, 0: never. */
void fed_wait_for_first(const struct self *self, double patience);

/* Whether it has that slot. */
bool fed_has_first(void);

/* Tokens that the run's pool has; of them, those that are free; those that may still come. */
long fed_tokens(void);
long fed_free(void);
long fed_most(void);

/* Waits for one more, or no longer. */
void fed_begin_wait(const struct self *self);
void fed_end_wait(void);
bool fed_waits(void);

/* One step of the wait. True once it is over: the run's pool has the token, or it is not to be had. */
bool fed_step(bool timed_out, struct waiting *waiting);

/* Takes so many free tokens out of the run's pool, and gives them back to the machine. */
void fed_give_back(long tokens);

/* The command has ended: gives back what no launcher has any more; what a client may have, only if is_late. To be called again and again: true
 * once the machine has all back. */
bool fed_end(bool is_late);

/* Leaves the machine's pool. */
void fed_close(void);

#endif
