/* Looks after one pool: its size, and the tokens that were lost. It sleeps while all tokens are free: nobody can miss one. */
#ifndef POOLCARE_H
#define POOLCARE_H

#include <stdbool.h>
#include <stdint.h>

struct jobserver;
struct ledger;

/* Not before something happens. */
#define NEVER UINT64_MAX

/* Begins to look after the pool, whose FIFO is at path and has its ledger beside it. Says `gone` if that is another one by now. False if
 * nobody hears. */
bool poolcare_begin(const char *path, uint64_t device, uint64_t inode, long tokens);

/* NULL: none is looked after; it has no ledger. */
const struct jobserver *poolcare_jobserver(void);
const struct ledger *poolcare_ledger(void);

/* Readable when a token of a full pool was taken; when launchers ask whose slot they have. -1: never. */
int poolcare_events(void);
int poolcare_guide(void);
void poolcare_take_event(void);
void poolcare_answer(void);

/* Looks at the pool, and says what it has done; to be called at that time (CLOCK_MONOTONIC). */
void poolcare_step(uint64_t now);
uint64_t poolcare_due_ns(void);

/* Says how many tokens are free. False if nobody hears. */
bool poolcare_tell_free(void);

#endif
