#include "look/governed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/counters.h"
#include "ledger/records.h"
#include "look/ancestor.h"
#include "look/surroundings.h"
#include "pool/auth.h"
#include "pool/clientname.h"
#include "pool/jobserver.h"
#include "sandbox/offload.h"
#include "tool/note.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/shimfile.h"

static struct {
	const struct jobserver *jobserver;
	const struct ledger *ledger, *sandboxed;
	long hops; /* launchers above us all */
} pool;

void governed_begin(const struct jobserver *jobserver, const struct ledger *ledger, const struct ledger *sandboxed)
{
	const char *hops = getenv(ENV_HOPS);

	pool.jobserver = jobserver;
	pool.ledger = ledger;
	pool.sandboxed = sandboxed;
	pool.hops = hops == NULL ? 0 : number_first(hops);
}

bool governed_is_launcher(pid_t pid, const char *path)
{
	struct note note;
	char exe[32];
	bool noted;
	int fd;

	if (is_of_shim_dir(path))
		return true;
	text_put(exe, sizeof exe, "/proc/%d/exe", (int)pid);
	fd = open_high(exe, O_RDONLY | O_NOCTTY);
	noted = fd >= 0 && note_read(fd, &note);
	if (fd >= 0)
		close(fd);
	return noted;
}

struct search {
	bool open, cloexec; /* it has the pool open, and hands it to its children only on purpose */
};

static bool look_at_fd(int directory, const char *name, void *state)
{
	struct search *search = state;
	struct stat status;

	if (fstatat(directory, name, &status, 0) < 0 || !jobserver_is(pool.jobserver, &status))
		return false;
	search->open = true;
	search->cloexec = process_fd_cloexec(directory, name);
	return search->cloexec;
}

/* A make hands a pipe on for a moment, while it starts a `+` recipe: then auth, of its child, tells whether it is this pool. */
static bool hands_on(pid_t pid, const struct auth *auth)
{
	struct stat status;

	return auth->kind == AUTH_PIPE && process_stat_fd(pid, auth->read_fd, &status) && jobserver_is(pool.jobserver, &status);
}

static enum client_state client_state(const struct process *process, const struct auth *auth)
{
	const char *path = process_path(process->pid);
	const bool is_ours = path != NULL && governed_is_launcher(process->pid, path);
	const struct client_name *name;
	struct search search = { .open = false };

	if (path == NULL || (!is_ours && pool.jobserver == NULL))
		return CLIENT_NONE;
	if (is_ours && pool.jobserver == NULL)
		return CLIENT_LAUNCHER;
	name = is_ours ? NULL : client_program(process->pid);
	if (name != NULL && name->means == CLIENT_CARRIER)
		return CLIENT_NONE;
	process_each_fd(process->pid, look_at_fd, &search);
	if (is_ours)
		return search.open ? CLIENT_LAUNCHER : CLIENT_NONE;
	if (search.cloexec || (search.open && name != NULL && name->means == CLIENT_MAKE && hands_on(process->pid, auth)))
		return CLIENT_OTHER;
	return CLIENT_NONE;
}

static enum client_state client_of_pool(struct ancestor *at, const struct auth *auth)
{
	if (at->client == CLIENT_UNKNOWN_YET)
		at->client = client_state(&at->process, auth);
	return at->client;
}

bool governed_launched(const struct ancestor *tool, const struct surroundings *surroundings)
{
	struct surroundings above;

	return surroundings->hops > pool.hops &&
	       (tool->above == NULL || !surroundings_read(tool->above->process.pid, &above) || above.hops < surroundings->hops);
}

bool governed_has_slot(struct ancestor *tool, const struct surroundings *surroundings)
{
	struct ancestor *job = tool, *top = tool;

	for (struct ancestor *at = tool->above; at != NULL; job = at, at = at->above) {
		const enum client_state client = client_of_pool(at, &surroundings->auth);

		top = at;
		if (client == CLIENT_NONE)
			continue;
		/* `run --jobserver` takes a token for its command, which is that launcher's child. */
		if (client == CLIENT_LAUNCHER && (surroundings->overdraft || (at->above == NULL && job != tool)))
			return false;
		if (job->slot_is_used)
			return false;
		job->slot_is_used = true;
		return client == CLIENT_LAUNCHER || job == tool || pool.ledger == NULL ||
		       !records_have_job(pool.ledger, &job->process);
	}
	/* A tool that a launcher became keeps its client's slot to its end, even if the client is killed. */
	if (top->adopts)
		return governed_launched(tool, surroundings) && !surroundings->overdraft && !surroundings->disabled;
	return tool->above == NULL;
}

/* Its supervisor has not looked at it yet. Where a kernel does not tell names, or to others, it seems to run. */
static bool stands_still(pid_t pid)
{
	char path[32], name[128];

	text_put(path, sizeof path, "/proc/%d/wchan", (int)pid);
	return read_small_file(path, name, sizeof name) > 0 && strstr(name, "seccomp") != NULL;
}

enum process_state governed_in_sandbox(const struct ancestor *tool, uint64_t *since_ns)
{
	enum process_state state = PROCESS_WITHOUT_RECORD;

	if (pool.sandboxed != NULL)
		state = records_state_of(pool.sandboxed, tool->process.pid, since_ns);
	return state == PROCESS_WITHOUT_RECORD && stands_still(tool->process.pid) ? PROCESS_WAITS : state;
}

/* How many seccomp filters hold for the process; -1: an older kernel than 5.9 does not tell, or it has ended. */
static long filters_of(const char *pid)
{
	static const char key[] = "\nSeccomp_filters:\t";
	char path[32];
	size_t room;
	char *text = arena_room(&room);
	const char *at;
	ssize_t length;

	text_put(path, sizeof path, "/proc/%s/status", pid);
	length = read_small_file(path, text, room);
	at = length <= 0 ? NULL : text_behind(text, (size_t)length, key);
	return at == NULL ? -1 : number_first(at);
}

/* A sandbox is one filter more. Others on the same pool may be in none. */
bool governed_is_in_sandbox(pid_t pid)
{
	char number[NUMBER_DIGITS_MAX + 1];
	long own;

	if (pool.sandboxed == NULL || !ledger_is_supervised(pool.sandboxed))
		return false;
	own = filters_of("self");
	number_put(number, (uint64_t)pid);
	return own < 0 || filters_of(number) > own;
}

bool governed_is_offloaded(const struct process *process)
{
	return pool.sandboxed != NULL && offload_is_daemon(process);
}

bool governed_below_holder(const struct ancestor *tool, const struct surroundings *surroundings)
{
	uint64_t since_ns;

	for (struct ancestor *at = tool->above; pool.sandboxed != NULL && at != NULL; at = at->above)
		if (records_state_of(pool.sandboxed, at->process.pid, &since_ns) == PROCESS_HAS_SLOT &&
		    client_of_pool(at, &surroundings->auth) != CLIENT_LAUNCHER)
			return true;
	return false;
}

bool governed_is_adopted(const struct ancestor *tool, const struct surroundings *surroundings)
{
	struct ancestor *at = tool->above;

	while (at != NULL && !at->adopts && client_of_pool(at, &surroundings->auth) != CLIENT_LAUNCHER)
		at = at->above;
	return at != NULL && at->adopts;
}

bool governed_below_launcher(const struct surroundings *surroundings)
{
	return surroundings->hops > pool.hops;
}
