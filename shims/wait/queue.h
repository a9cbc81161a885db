/* The queue of a job: whoever waits for a slot of it. All wait for the jobserver's FIFO, which wakes them one by one in
 * order of arrival; what else there is to watch one of them watches for all, the keeper. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

struct jobserver;
struct job;

struct queue {
	const struct jobserver *jobserver;
	const struct job *job;
	int ticket; /* our place in it; 0 where there is none to be had: then we are first, and nobody can wake us */
	int socket; /* readable when another waiter wakes us; -1 where none can. Open until we end, so that leaving is quick */
	bool keeps;
};

/* Whether nobody waits. */
bool queue_is_empty(const struct jobserver *jobserver, const struct job *job);

/* Takes the place behind the last one. */
void queue_join(struct queue *queue, const struct jobserver *jobserver, const struct job *job);

/* Whether nobody waits who came before us: the implicit slot, once free, is ours. */
bool queue_is_first(const struct queue *queue);

/* Becomes the keeper, or stays it. False where another is. */
bool queue_keep(struct queue *queue);

/* Wakes the first one. False where that can't be done, or nobody else waits. */
bool queue_wake_first(const struct queue *queue);

/* Leaves it. A keeper wakes another one to be it. */
void queue_leave(struct queue *queue);

#endif
