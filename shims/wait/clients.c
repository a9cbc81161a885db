#include "wait/clients.h"

#include <string.h>

#include "contract.h"
#include "pool/asleep.h"
#include "pool/clientcall.h"
#include "pool/emerge.h"
#include "wait/outcome.h"
#include "ground/number.h"
#include "ground/report.h"
#include "proc/process.h"

enum { TRIES = 4 };

/* What a client may hold besides a token for each child. Its first thread, asleep, holds none; each other thread may hold one. */
static long besides(const struct client_name *client, const struct process *process)
{
	if (client->sleeps != SLEEP_ANYWHERE)
		return process->threads - 1;
	return client->holds == HOLDS_BY_CHILD ? 1 : 1 + process->threads;
}

bool clients_add(struct clients *clients, const struct client_name *client, const struct process *process)
{
	if (clients->count == CLIENTS_MAX)
		return outcome_blind(clients->census, "there are more than %d clients", CLIENTS_MAX);
	outcome_held(clients->census, process, besides(client, process));
	clients->names[clients->count] = client;
	clients->pids[clients->count++] = process->pid;
	return true;
}

/* A make takes the token of a job before it reads the load, and keeps it while the job waits for a lower load. Returns false. */
static bool blind_by_load(struct clients *clients, pid_t make)
{
	return outcome_blind(clients->census, "process %d (make) has a limit of load, and may hold tokens of jobs that wait for it",
	                     (int)make);
}

static bool add_child(int proc, const char *name, void *state)
{
	struct clients *clients = state;
	struct process process;

	(void)proc;
	if (!process_read((pid_t)number_first(name), &process))
		return false;
	for (size_t i = 0; i < clients->count; i++) {
		if (clients->pids[i] != process.parent)
			continue;
		clients->children[i]++;
		clients->queues[i] = clients->queues[i] || (clients->names[i]->is_emerge && !emerge_runs_own_phase(process.pid));
		if (clients->names[i]->means == CLIENT_MAKE && client_told_load(process.pid))
			return !blind_by_load(clients, process.parent);
	}
	return false;
}

/* Whether each client that must sleep is asleep. The first call notes how often each has run; the next call compares. */
static bool are_asleep(struct clients *clients, bool again)
{
	for (size_t i = 0; i < clients->count; i++) {
		const enum client_sleep call = clients->names[i]->sleeps;
		uint64_t runs = 0;

		if (call == SLEEP_ANYWHERE)
			continue;
		if (!is_asleep(clients->pids[i], call, &runs) || (again && runs != clients->runs[i]))
			return outcome_blind(clients->census,
			                     "process %d (%s) is at work, or can't be looked at: it may hold any number of tokens",
			                     (int)clients->pids[i], clients->names[i]->names);
		clients->runs[i] = runs;
	}
	return true;
}

/* Adds what each client may hold for its children. False if that is not known. */
static bool add_for_children(struct clients *clients)
{
	for (size_t i = 0; i < clients->count; i++) {
		const bool queues = clients->queues[i] || (clients->names[i]->is_emerge && clients->children[i] == 0);
		const long tokens = queues ? emerge_jobs(clients->pids[i]) : clients->children[i];

		if (tokens < 0)
			return outcome_blind(clients->census, "process %d (emerge) has packages that wait for their turn", (int)clients->pids[i]);
		clients->census->held += tokens;
		report_debug("census: %d may hold %ld for its children", (int)clients->pids[i], tokens);
	}
	return true;
}

bool clients_count_children(struct clients *clients)
{
	struct census *census = clients->census;

	for (size_t i = 0; i < clients->count; i++)
		if (clients->names[i]->means == CLIENT_MAKE && client_heeds_load(clients->pids[i]))
			return blind_by_load(clients, clients->pids[i]);
	for (int try = 0; try < TRIES; try++) {
		census->blind = false;
		census->why[0] = '\0';
		memset(clients->children, 0, sizeof clients->children);
		memset(clients->queues, 0, sizeof clients->queues);
		if (!are_asleep(clients, false))
			continue;
		if (process_each(add_child, clients))
			return false;
		if (are_asleep(clients, true))
			return add_for_children(clients);
	}
	return false;
}
