#include "wait/others.h"

#include <sys/types.h>

#include "ledger/counters.h"
#include "pool/jobkey.h"
#include "wait/census.h"
#include "proc/process.h"
#include "ground/number.h"

enum { CLIENTS_MAX = 64, ABOVE_MAX = 512 }; /* with more of them some client certainly works */

struct search {
	const pid_t *clients;
	size_t client_count;
	const uint64_t *keys;
	size_t key_count;
	pid_t above[ABOVE_MAX]; /* the clients and all their ancestors: they wait for what is below them */
	size_t above_count;
	bool is_parent[CLIENTS_MAX];
};

static bool add_above(struct search *search, pid_t pid)
{
	struct process process;

	for (; pid > 0 && process_read(pid, &process); pid = process.parent) {
		if (search->above_count == ABOVE_MAX)
			return false;
		search->above[search->above_count++] = pid;
	}
	return true;
}

static bool waits(const struct search *search, const struct process *process)
{
	for (size_t i = 0; i < search->key_count; i++)
		if (job_is_of(search->keys[i], process))
			return true;
	for (size_t i = 0; i < search->above_count; i++)
		if (search->above[i] == process->pid)
			return true;
	return false;
}

/* Whether the process runs something in a client's slot. */
static bool works(int proc, const char *name, void *state)
{
	struct search *search = state;
	struct process process;

	(void)proc;
	if (!process_read((pid_t)number_first(name), &process) || process.zombie)
		return false;
	for (size_t i = 0; i < search->client_count; i++) {
		if (search->clients[i] != process.parent)
			continue;
		if (!waits(search, &process))
			return true;
		search->is_parent[i] = true;
	}
	return false;
}

bool others_idle(const struct jobserver *jobserver, struct ledger *ledger, const uint64_t *keys, size_t count)
{
	struct search search = { .keys = keys, .key_count = count };
	long clients;

	if (ledger_running(ledger) > 0)
		return false;
	clients = census_clients(jobserver, ledger, &search.clients);
	if (clients < 0 || clients > CLIENTS_MAX)
		return false;
	search.client_count = (size_t)clients;
	for (size_t i = 0; i < search.client_count; i++)
		if (!add_above(&search, search.clients[i]))
			return false;
	if (process_each(works, &search))
		return false;
	/* A client without a child is about to start one. */
	for (size_t i = 0; i < search.client_count; i++)
		if (!search.is_parent[i])
			return false;
	return true;
}
