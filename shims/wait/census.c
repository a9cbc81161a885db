#include "wait/census.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "ledger/records.h"
#include "pool/asleep.h"
#include "pool/clientcall.h"
#include "pool/clientname.h"
#include "pool/description.h"
#include "pool/jobserver.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/hash.h"
#include "ground/report.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "proc/tree.h"

enum { CLIENTS_MAX = 1024, TRIES = 4 };

struct look {
	const struct jobserver *jobserver;
	struct census *census;
	struct stat ledger;
	struct stat fifo;
	uint64_t since; /* when the jobserver was made: what is older is no client of it that hides */
	pid_t clients[CLIENTS_MAX]; /* each may have a token for each of its children */
	const struct client_name *names[CLIENTS_MAX];
	uint64_t runs[CLIENTS_MAX]; /* of a client whose sleep tells that it has no more */
	long children[CLIENTS_MAX];
	bool queues[CLIENTS_MAX]; /* a package of this emerge may wait for its turn, with a token and no child */
	size_t count;
	long recorded; /* launchers that have a record */
	long loose;    /* others that may have a token and are no clients */
	void (*visit)(pid_t pid, void *state); /* of each process that may hold anything without a record; NULL: they are counted */
	void *state;
};

static __attribute__((format(printf, 2, 3))) bool be_blind(struct census *census, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(census->why, sizeof census->why, format, arguments);
	va_end(arguments);
	census->blind = true;
	return true;
}

struct opener {
	const struct look *look;
	bool open;   /* it has the jobserver open, */
	bool marked; /* a descriptor of it with O_CLOEXEC */
	bool hidden; /* what some of its descriptors are can't be seen */
	bool ledger; /* and its ledger, */
	bool record; /* with a lock in it: what it holds is written there */
};

static bool look_at_fd(int directory, const char *name, void *state)
{
	struct opener *opener = state;
	const struct look *look = opener->look;
	struct stat status;

	/* Listing them takes less than looking at them: in a container root may not trace other users' processes. */
	if (fstatat(directory, name, &status, 0) < 0) {
		opener->hidden = opener->hidden || errno == EACCES || errno == EPERM;
		return false;
	}
	if (jobserver_is(look->jobserver, &status)) {
		opener->open = true;
		opener->marked = opener->marked || process_fd_cloexec(directory, name);
	} else if (status.st_dev == look->ledger.st_dev && status.st_ino == look->ledger.st_ino) {
		opener->ledger = true;
		opener->record = opener->record || process_fd_locks(directory, name);
	}
	return false;
}

/* Whether the process may have opened the jobserver behind our back. */
static bool hides(int proc, const char *pid, const struct process *process, const struct opener *opener)
{
	const struct look *look = opener->look;
	char path[32];
	struct stat status;

	if (process->start < look->since || snprintf(path, sizeof path, "%s/fd", pid) >= (int)sizeof path)
		return false;
	if (!opener->hidden && (faccessat(proc, path, R_OK, AT_EACCESS) == 0 || errno == ENOENT))
		return false;
	if (fstatat(proc, pid, &status, 0) < 0)
		return false;
	return status.st_uid == 0 || status.st_uid == look->fifo.st_uid || (look->fifo.st_mode & 066) != 0;
}

/* Whether the environment that the process was started with names the jobserver. */
static bool is_told(int proc, const char *pid, const struct look *look)
{
	size_t room;
	char path[32], *text = arena_room(&room);
	ssize_t length;

	if (snprintf(path, sizeof path, "%s/environ", pid) >= (int)sizeof path)
		return false;
	length = read_whole_file_at(proc, path, text, room);
	return length == (ssize_t)room ||
	       (length > 0 && !jobserver_is_inherited(look->jobserver) &&
	        memmem(text, (size_t)length, look->jobserver->path, strlen(look->jobserver->path)) != NULL);
}

/* Whether it is the program that looks for jobshim's commands: it takes nothing. */
static bool only_looks(pid_t pid)
{
	const char *program = process_path(pid);

	return program != NULL && is_look(program);
}

/* Whether it is a `jobshim run` or `serve`: the one that made the jobserver, or one that hands it on. */
static bool is_jobshim(const struct process *process, const struct opener *opener)
{
	return (opener->ledger && process->start == opener->look->since) || strcmp(process->comm, PROCESS_COMMAND) == 0;
}

static uint64_t hash_of_words(pid_t pid)
{
	char *words, *end = process_words(pid, "cmdline", &words);

	return end == NULL ? 0 : hash(HASH_OF_NOTHING, words, (size_t)(end - words));
}

/* Whether a script's process is a part of its parent, which has forked and started no other program. */
static bool is_fork(const struct process *process)
{
	const uint64_t words = hash_of_words(process->pid);

	return words != 0 && words == hash_of_words(process->parent);
}

/* Whether it has the jobserver open because it inherited it, and takes no token by that. What it has opened by itself it may use as
 * it likes: a script that is a client has a shell's name. */
static bool carries(const struct client_name *client, const struct process *process, const struct opener *opener)
{
	const bool may = client->holds == HOLDS_NOTHING || (client->marks && !opener->marked) ||
	                 (client->is_script && is_fork(process));

	return (client->holds == HOLDS_NOTHING && is_jobshim(process, opener)) ||
	       (may && description_is_inherited(process, opener->look->jobserver));
}

/* What a killed client has started lives on, adopted from another session, and runs in a slot that nobody else stands
 * for. Clients adopt nothing: what one of them, or a fork of it, has started in a session of its own is counted as its child. */
static bool is_orphan(const struct process *process)
{
	const struct client_name *client;
	struct process parent;

	if (!process_read(process->parent, &parent) || parent.session == process->session)
		return false;
	client = client_script(parent.pid);
	return client == NULL || client->holds == HOLDS_NOTHING;
}

static void may_hold(struct census *census, const struct process *process, long tokens)
{
	census->held += tokens;
	report_debug("census: %d (%s) may hold %ld", (int)process->pid, process->comm, tokens);
}

static void may_hold_alone(struct look *look, const struct process *process)
{
	look->loose++;
	may_hold(look->census, process, 1);
}

/* Whether nobody counts, and the process is only named to who asked. */
static bool is_named(const struct look *look, pid_t pid)
{
	if (look->visit != NULL)
		look->visit(pid, look->state);
	return look->visit != NULL;
}

/* What it may hold besides a token for each child. Asleep it has none in its hand; another thread of it may have one. */
static long besides(const struct client_name *client, const struct process *process)
{
	if (client->sleeps != SLEEP_ANYWHERE)
		return process->threads - 1;
	return client->holds == HOLDS_BY_CHILD ? 1 : 1 + process->threads;
}

static bool add_client(struct look *look, const struct client_name *client, const struct process *process)
{
	if (look->count == CLIENTS_MAX)
		return be_blind(look->census, "there are more than %d clients", CLIENTS_MAX);
	may_hold(look->census, process, besides(client, process));
	look->names[look->count] = client;
	look->clients[look->count++] = process->pid;
	return false;
}

/* Notes who has the jobserver open, and what such a program may hold besides a token for each child. */
static bool look_at_process(int proc, const char *name, void *state)
{
	struct look *look = state;
	struct opener opener = { .look = look };
	const struct client_name *client;
	struct process process;
	const char *path;

	if (!process_read((pid_t)strtol(name, NULL, 10), &process) || process.kernel || process.zombie ||
	    process.pid == process_self_number())
		return false;
	process_each_fd(process.pid, look_at_fd, &opener);
	if (!opener.open && look->visit == NULL && hides(proc, name, &process, &opener))
		return be_blind(look->census, "process %d (%s) can't be looked into", (int)process.pid, process.comm);
	if (!opener.open) {
		if (is_orphan(&process) && is_told(proc, name, look) && !only_looks(process.pid) && !is_named(look, process.pid))
			may_hold_alone(look, &process);
		return false;
	}
	path = process_path(process.pid);
	if (path == NULL)
		return false; /* it has ended */
	if (is_of_shim_dir(path)) {
		const bool looks = is_look(path);

		look->recorded += opener.record;
		if (!opener.record && !looks && !is_named(look, process.pid))
			may_hold_alone(look, &process);
		return false;
	}
	client = client_script(process.pid);
	if ((client != NULL && carries(client, &process, &opener)) || is_named(look, process.pid))
		return false;
	if (client == NULL)
		return be_blind(look->census, "process %d (%s) has the jobserver open and is no client that is known",
		                (int)process.pid, process.comm);
	if (client->holds == HOLDS_NOTHING)
		return be_blind(look->census, "process %d (%s) may have opened the jobserver by itself, and hold tokens",
		                (int)process.pid, process.comm);
	if (client->holds == HOLDS_ANY)
		return be_blind(look->census, "process %d (%s) may hold any number of tokens", (int)process.pid, client->name);
	return add_client(look, client, &process);
}

/* A make takes the token of a job before it looks at the load, and keeps it while the job waits for a lower one. */
static bool be_blind_by_load(struct look *look, pid_t make)
{
	return be_blind(look->census, "process %d (make) has a limit of load, and may hold tokens of jobs that wait for it",
	                (int)make);
}

static bool is_emerge(const struct client_name *client)
{
	return strcmp(client->name, "emerge") == 0;
}

/* Whether a process runs a phase that packages don't queue for. For setup and unpack they do, and to be fetched. Its command line ends in
 * .../ebuild.sh and the phase, two words or, behind bash -c, one. */
static bool is_own_phase(pid_t pid)
{
	static const char script[] = "/ebuild.sh";
	static const char *const phases[] = { "prepare", "configure", "compile", "test", "install" };
	char *words, *end = process_words(pid, "cmdline", &words), *space;
	char *last = NULL, *before = NULL;
	size_t length;

	for (char *word = words; end != NULL && word < end; word += strlen(word) + 1) {
		before = last;
		last = word;
	}
	if (last != NULL && (space = strrchr(last, ' ')) != NULL) {
		*space = '\0';
		before = last;
		last = space + 1;
	}
	length = before == NULL ? 0 : strlen(before);
	if (length < strlen(script) || strcmp(before + length - strlen(script), script) != 0)
		return false;
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		if (strcmp(last, phases[i]) == 0)
			return true;
	return false;
}

static void note_phase(pid_t pid, void *found)
{
	*(bool *)found = *(bool *)found || is_own_phase(pid);
}

/* Whether a child of emerge runs such a phase: itself, or, with FEATURES=pid-sandbox, as the one that the phase's init is a child of
 * (portage/process.py). */
static bool runs_own_phase(pid_t child)
{
	bool found = is_own_phase(child);

	if (!found)
		tree_each_child(child, note_phase, &found);
	return found;
}

/* How many packages an emerge builds at most, by its command line; -1: it does not say. */
static long emerge_jobs(pid_t pid)
{
	static const char name[] = "--jobs=";
	char *words, *end = process_words(pid, "cmdline", &words);
	long jobs = -1;

	for (char *word = words; end != NULL && word < end; word += strlen(word) + 1)
		if (strncmp(word, name, sizeof name - 1) == 0)
			jobs = strtol(word + sizeof name - 1, NULL, 10);
	return jobs > 0 ? jobs : -1;
}

static bool add_child(int proc, const char *name, void *state)
{
	struct look *look = state;
	struct process process;

	(void)proc;
	if (!process_read((pid_t)strtol(name, NULL, 10), &process))
		return false;
	for (size_t i = 0; i < look->count; i++) {
		if (look->clients[i] != process.parent)
			continue;
		look->children[i]++;
		look->queues[i] = look->queues[i] || (is_emerge(look->names[i]) && !runs_own_phase(process.pid));
		if (look->names[i]->means == CLIENT_MAKE && client_told_load(process.pid))
			return be_blind_by_load(look, process.parent);
	}
	return false;
}

/* Whether each client that must sleep does so. A first look notes how often they have run; a second one compares. */
static bool are_asleep(struct look *look, bool again)
{
	for (size_t i = 0; i < look->count; i++) {
		const enum client_sleep call = look->names[i]->sleeps;
		uint64_t runs = 0;

		if (call == SLEEP_ANYWHERE)
			continue;
		if (!is_asleep(look->clients[i], call, &runs) || (again && runs != look->runs[i]))
			return !be_blind(look->census, "process %d (%s) is at work, or can't be looked at: it may hold any number of tokens",
			                 (int)look->clients[i], look->names[i]->name);
		look->runs[i] = runs;
	}
	return true;
}

/* Adds what each client may have for its children, as they were counted. False where it can't be told. */
static bool may_hold_for_children(struct look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		const bool queues = look->queues[i] || (is_emerge(look->names[i]) && look->children[i] == 0);
		const long tokens = queues ? emerge_jobs(look->clients[i]) : look->children[i];

		if (tokens < 0)
			return !be_blind(look->census, "process %d (emerge) has packages that wait for their turn", (int)look->clients[i]);
		look->census->held += tokens;
		report_debug("census: %d may hold %ld for its children", (int)look->clients[i], tokens);
	}
	return true;
}

/* Counts the clients' children, in a moment in which no client that must sleep has run. False where none is found. */
static bool add_children(struct look *look)
{
	struct census *census = look->census;

	for (size_t i = 0; i < look->count; i++)
		if (look->names[i]->means == CLIENT_MAKE && client_heeds_load(look->clients[i]))
			return !be_blind_by_load(look, look->clients[i]);
	for (int try = 0; try < TRIES; try++) {
		census->blind = false;
		census->why[0] = '\0';
		memset(look->children, 0, sizeof look->children);
		memset(look->queues, 0, sizeof look->queues);
		if (!are_asleep(look, false))
			continue;
		if (process_each(add_child, look))
			return false;
		if (are_asleep(look, true))
			return may_hold_for_children(look);
	}
	return false;
}

/* Looks at all processes. False where somebody can't be told. */
static bool look_around(struct look *look, const struct jobserver *jobserver, struct ledger *ledger,
                        struct census *census)
{
	struct stat status;
	long living;

	*look = (struct look){ .jobserver = jobserver, .census = census, .since = ledger->owner_start };
	if (ledger->fd < 0 || fstat(ledger->fd, &look->ledger) < 0 || fstat(jobserver->write_fd, &look->fifo) < 0)
		return !be_blind(census, "there is no ledger");
	if (stat("/proc/1", &status) < 0)
		return !be_blind(census, "/proc does not show all processes");
	ledger_reclaim(ledger, jobserver);
	if (!records_count(ledger, &census->held, &living))
		return !be_blind(census, "the pool can't be counted");
	if (process_each(look_at_process, look))
		return false;
	look->recorded += records_locked(ledger); /* our own */
	return look->recorded >= living || !be_blind(census, "launchers of another PID namespace are at work");
}

static struct look look;

void census_take(const struct jobserver *jobserver, struct ledger *ledger, struct census *census)
{
	int before = 0, after = 0;

	*census = (struct census){ .free = -1 };
#ifdef JOBSHIM_NO_RECLAIM
	be_blind(census, "it is switched off");
	return;
#endif
	if (jobserver->accounts)
		be_blind(census, "this jobserver keeps its own account");
	else if (ioctl(jobserver->read_fd, FIONREAD, &before) < 0)
		be_blind(census, "the pool can't be counted");
	else if (look_around(&look, jobserver, ledger, census) && add_children(&look) &&
	         ioctl(jobserver->read_fd, FIONREAD, &after) == 0 && after == before)
		census->free = after;
}

long census_clients(const struct jobserver *jobserver, struct ledger *ledger, const pid_t **clients)
{
	struct census census = { .free = -1 };
	bool seen = look_around(&look, jobserver, ledger, &census);

	*clients = look.clients;
	return seen && look.loose == 0 ? (long)look.count : -1;
}

bool census_each_suspect(const struct jobserver *jobserver, struct ledger *ledger, void (*visit)(pid_t pid, void *state),
                         void *state)
{
	static struct look suspects;
	struct stat status;

	suspects = (struct look){ .jobserver = jobserver, .since = ledger->owner_start, .visit = visit, .state = state };

	/* Without a ledger no descriptor is one of it. */
	if (ledger->fd >= 0 && fstat(ledger->fd, &suspects.ledger) < 0)
		return false;
	if (fstat(jobserver->write_fd, &suspects.fifo) < 0 || stat("/proc/1", &status) < 0)
		return false;
	process_each(look_at_process, &suspects);
	return true;
}
