/* The queue of a job: the runs that wait for a slot of it. All of them sleep on the jobserver's FIFO, which wakes them one by one in order
 * of arrival; those of low priority stand behind all others. One of them, the keeper, watches everything else for all. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct pool;

struct queue {
	struct pool *pool;
	const void *run; /* that waits (locks.h) */
	uint64_t job;    /* its key */
	int ticket;      /* its place; 0 if it could get none: then it counts as first, and nobody can wake it */
	int socket;      /* readable when another waiter wakes it; -1 if none can */
	bool keeps;
};

/* Whether nobody but the run waits, or none but runs of low priority. */
bool queue_is_empty(const struct pool *pool, const void *run, uint64_t job);

/* Takes the place behind the last one of its priority. */
void queue_join(struct queue *queue, struct pool *pool, const void *run, uint64_t job, bool is_low);

/* Whether nobody waits who comes before it: then the implicit slot, once free, is this run's. */
bool queue_is_first(const struct queue *queue);

/* Becomes the keeper, or stays it. False if another waiter is the keeper. */
bool queue_keep(struct queue *queue);

/* Wakes another waiter to become the keeper, if none but this run is. */
void queue_let_keep(struct queue *queue);

/* Wakes the first waiter. False if that fails, or nobody else waits. */
bool queue_wake_first(const struct queue *queue);

/* Wakes the waiter of any job that has that ticket there. False if that fails. */
bool queue_call(const struct queue *queue, uint64_t job, int ticket);

/* Leaves the queue. A keeper wakes another waiter, which becomes the keeper. */
void queue_leave(struct queue *queue);

#endif
