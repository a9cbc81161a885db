/* The clients that a census found, and how many tokens they may hold. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct census;
struct client_name;
struct process;

enum { CLIENTS_MAX = 1024 };

struct clients {
	struct census *census;
	size_t count;
	pid_t pids[CLIENTS_MAX]; /* each may have a token for each of its children */
	const struct client_name *names[CLIENTS_MAX];
	uint64_t runs[CLIENTS_MAX]; /* holds no more than that only while it sleeps */
	long children[CLIENTS_MAX];
	bool queues[CLIENTS_MAX]; /* a package of this emerge may wait for its turn, with a token and no child */
};

/* Adds a client, and what it may hold besides a token for each child. False if there are too many. */
bool clients_add(struct clients *clients, const struct client_name *client, const struct process *process);

/* Counts the clients' children while each client that must sleep is asleep, and adds what the clients may hold for them. False if they do
 * not sleep that long, or a client may hold any number. */
bool clients_count_children(struct clients *clients);

#endif
