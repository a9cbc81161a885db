/* The queue of a job: whoever waits for a slot of it. All wait for the jobserver's FIFO, which wakes them one by one in
 * order of arrival; what else there is to watch one of them watches for all, the keeper. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct pool;

struct queue {
	struct pool *pool;
	const void *run; /* that waits (locks.h) */
	uint64_t job;    /* its key */
	int ticket;      /* its place; 0 if there is none to be had: then it is first, and nobody can wake it */
	int socket;      /* readable when another waiter wakes it; -1 if none can */
	bool keeps;
};

/* Whether nobody but the run waits. */
bool queue_is_empty(const struct pool *pool, const void *run, uint64_t job);

/* Takes the place behind the last one. */
void queue_join(struct queue *queue, struct pool *pool, const void *run, uint64_t job);

/* Whether nobody waits who came before: the implicit slot, once free, is the run's. */
bool queue_is_first(const struct queue *queue);

/* Becomes the keeper, or stays it. False if another is. */
bool queue_keep(struct queue *queue);

/* Wakes the first one. False if that can't be done, or nobody else waits. */
bool queue_wake_first(const struct queue *queue);

/* Leaves it. A keeper wakes another one to be it. */
void queue_leave(struct queue *queue);

#endif
