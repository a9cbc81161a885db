/* Looks after one pool: its size, and lost tokens. It sleeps while all tokens are free: then none can be lost. */
#ifndef POOLCARE_H
#define POOLCARE_H

#include <stdbool.h>
#include <stdint.h>

struct jobserver;
struct ledger;

/* Not before something happens. */
#define NEVER UINT64_MAX

/* Begins to look after the pool, whose FIFO is at path, with its ledger beside it. is_fed: its tokens come from the machine's pool (fed.h), and
 * the ledger tells how many there are. Prints `gone` if another file is there by now. False if the output can't be written. */
bool poolcare_begin(const char *path, uint64_t device, uint64_t inode, long tokens, bool is_fed);

/* NULL: none is looked after; it has no ledger. */
const struct jobserver *poolcare_jobserver(void);
const struct ledger *poolcare_ledger(void);

/* Descriptors that are readable when a token of a full pool was taken; when a launcher sent a request. -1: never. */
int poolcare_events(void);
int poolcare_guide(void);
void poolcare_take_event(void);
void poolcare_answer(void);

/* Checks the pool, and prints what it has done; call it at that time (CLOCK_MONOTONIC). */
void poolcare_step(uint64_t now);
uint64_t poolcare_due_ns(void);

/* Prints how many tokens are free. False if the output can't be written. */
bool poolcare_tell_free(void);

#endif
