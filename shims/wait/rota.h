/* Builds that wait for tokens of one pool have them by turns, and so have the jobs of a build: a waiter whose build, or whose job, took the
 * last token leaves the next one to another that waits. One of low priority leaves it to any that is not. All sleep on the FIFO as they came,
 * so nobody depends on that: who has passed a turn takes the token itself if it is not used soon. */
#ifndef ROTA_H
#define ROTA_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct pool;
struct priority;
struct queue;
struct record;
struct subject;

struct rota {
	const struct queue *queue;
	const struct record *record;
	const struct priority *low; /* NULL: its priority is normal */
	unsigned build, job; /* by their short names */
	uint64_t place;      /* where it waits (ring.h) */
	bool is_in;
	unsigned lost;       /* the build that has not used the turn which this run takes, + 1; 0: none */
};

/* Whether no other run of normal priority waits in the pool. */
bool rota_is_empty(const struct pool *pool, const void *run);

/* Others see that the run waits from now on. Without a record in the ledger they don't: then it is served as it came. low: its priority, if
 * that is not normal, which must stay valid. */
void rota_enter(struct rota *rota, const struct queue *queue, const struct record *record, const struct subject *subject,
                const struct job *job, const struct priority *low);

/* Whether it may take a token. If one is free that is another's that one is called, and *due_ns is when to ask again at the latest; else it
 * is UINT64_MAX. */
bool rota_is_ours(struct rota *rota, uint64_t *due_ns);

/* It took a token. */
void rota_took(const struct rota *rota);

void rota_leave(struct rota *rota);

#endif
