#include "wait/census.h"

#include <sys/ioctl.h>
#include <sys/stat.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "ledger/records.h"
#include "pool/clientname.h"
#include "pool/jobserver.h"
#include "wait/clients.h"
#include "wait/opener.h"
#include "wait/outcome.h"
#include "proc/process.h"
#include "proc/shimfile.h"

/* One walk over all processes. */
struct walk {
	struct pool_files pool;
	struct census *census;
	struct clients clients;
	long recorded; /* records of the processes that were met */
	long loose;    /* processes that may have a token and are not clients */
	void (*visit)(pid_t pid, void *state); /* called for each process that may hold a token without a record; NULL: they are counted */
	void *state;
};

static void add_loose(struct walk *walk, const struct process *process)
{
	walk->loose++;
	outcome_held(walk->census, process, 1);
}

/* Passes the process to the caller's visit, if there is one. False: its tokens are to be counted. */
static bool is_passed_on(const struct walk *walk, pid_t pid)
{
	if (walk->visit != NULL)
		walk->visit(pid, walk->state);
	return walk->visit != NULL;
}

/* Counts a process that has no jobserver open. False if its tokens can't be counted. */
static bool add_without_jobserver(struct walk *walk, const struct opener *opener)
{
	const struct process *process = &opener->process;

	if (walk->visit == NULL && opener_hides(opener))
		return outcome_blind(walk->census, "process %d (%s) can't be looked into", (int)process->pid, process->comm);
	if (opener_is_orphan(opener) && opener_was_told(opener) && !opener_is_look(opener) && !is_passed_on(walk, process->pid))
		add_loose(walk, process);
	return true;
}

static void add_launcher(struct walk *walk, const struct opener *opener)
{
	walk->recorded += opener->records;
	if (opener->records == 0 && !opener_is_look(opener) && !is_passed_on(walk, opener->process.pid))
		add_loose(walk, &opener->process);
}

/* Counts a program that has the jobserver open and is not a launcher. False if its tokens can't be counted. */
static bool add_program(struct walk *walk, const struct opener *opener)
{
	const struct process *process = &opener->process;
	const struct client_name *client = client_script(process->pid);

	if ((client != NULL && opener_carries(opener, client)) || is_passed_on(walk, process->pid))
		return true;
	if (client == NULL)
		return outcome_blind(walk->census, "process %d (%s) has the jobserver open and is no client that is known",
		                     (int)process->pid, process->comm);
	if (client->holds == HOLDS_NOTHING)
		return outcome_blind(walk->census, "process %d (%s) may have opened the jobserver by itself, and hold tokens",
		                     (int)process->pid, process->comm);
	if (client->holds == HOLDS_ANY)
		return outcome_blind(walk->census, "process %d (%s) may hold any number of tokens", (int)process->pid, client->names);
	return clients_add(&walk->clients, client, process);
}

/* Notes what a process may hold besides a token for each child. True, which ends the walk, if that is not known. */
static bool add_process(int proc, const char *number, void *state)
{
	struct walk *walk = state;
	struct opener opener;
	const char *path;

	if (!opener_read(&opener, &walk->pool, proc, number))
		return false;
	if (!opener.open)
		return !add_without_jobserver(walk, &opener);
	path = process_path(opener.process.pid);
	if (path == NULL)
		return false; /* it has ended */
	if (!is_of_shim_dir(path))
		return !add_program(walk, &opener);
	add_launcher(walk, &opener);
	return false;
}

/* Walks over all processes. False if the tokens of one can't be counted. */
static bool walk_all(struct walk *walk, const struct jobserver *jobserver, struct ledger *ledger, struct census *census)
{
	struct stat status;
	long living;

	*walk = (struct walk){ .pool = { .jobserver = jobserver, .since = ledger->owner_start }, .census = census,
		               .clients = { .census = census } };
	if (ledger->fd < 0 || fstat(ledger->fd, &walk->pool.ledger) < 0 || fstat(jobserver->write_fd, &walk->pool.fifo) < 0)
		return outcome_blind(census, "there is no ledger");
	if (stat("/proc/1", &status) < 0)
		return outcome_blind(census, "/proc does not show all processes");
	ledger_reclaim(ledger, jobserver);
	if (!records_count(ledger, &census->held, &living))
		return outcome_blind(census, "the pool can't be counted");
	if (process_each(add_process, walk))
		return false;
	walk->recorded += records_locked(ledger); /* our own */
	return walk->recorded >= living || outcome_blind(census, "launchers of another PID namespace are at work");
}

static struct walk walk;

void census_take(const struct jobserver *jobserver, struct ledger *ledger, struct census *census)
{
	int before = 0, after = 0;

	*census = (struct census){ .free = -1 };
	if (jobserver->accounts)
		outcome_blind(census, "this jobserver keeps its own account");
	else if (ioctl(jobserver->read_fd, FIONREAD, &before) < 0)
		outcome_blind(census, "the pool can't be counted");
	else if (walk_all(&walk, jobserver, ledger, census) && clients_count_children(&walk.clients) &&
	         ioctl(jobserver->read_fd, FIONREAD, &after) == 0 && after == before)
		census->free = after;
}

long census_clients(const struct jobserver *jobserver, struct ledger *ledger, const pid_t **clients)
{
	struct census census = { .free = -1 };
	const bool is_whole = walk_all(&walk, jobserver, ledger, &census);

	*clients = walk.clients.pids;
	return is_whole && walk.loose == 0 ? (long)walk.clients.count : -1;
}

bool census_each_suspect(const struct jobserver *jobserver, struct ledger *ledger, void (*visit)(pid_t pid, void *state),
                         void *state)
{
	static struct walk suspects;
	struct stat status;

	suspects = (struct walk){ .pool = { .jobserver = jobserver, .since = ledger->owner_start }, .visit = visit, .state = state };

	/* Without a ledger no descriptor can be the ledger's. */
	if (ledger->fd >= 0 && fstat(ledger->fd, &suspects.pool.ledger) < 0)
		return false;
	if (fstat(jobserver->write_fd, &suspects.pool.fifo) < 0 || stat("/proc/1", &status) < 0)
		return false;
	process_each(add_process, &suspects);
	return true;
}
