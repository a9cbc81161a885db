#include "wait/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "pool/clientname.h"
#include "pool/description.h"
#include "pool/jobserver.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/hash.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/shimfile.h"

/* What lies before them is locked for other reasons. */
static void count_records(uint64_t first, uint64_t last, void *state)
{
	struct opener *opener = state;

	if (first >= LEDGER_HEADER_BYTES && last > first)
		opener->records += (long)((last + 1 - first) / LEDGER_RECORD_BYTES);
}

static bool note_fd(int directory, const char *name, void *state)
{
	struct opener *opener = state;
	const struct pool_files *pool = opener->pool;
	struct stat status;

	/* To list descriptors takes fewer rights than to examine them: in a container root may not trace other users' processes. */
	if (fstatat(directory, name, &status, 0) < 0) {
		opener->hidden = opener->hidden || errno == EACCES || errno == EPERM;
		return false;
	}
	if (jobserver_is(pool->jobserver, &status)) {
		opener->open = true;
		opener->marked = opener->marked || process_fd_cloexec(directory, name);
	} else if (status.st_dev == pool->ledger.st_dev && status.st_ino == pool->ledger.st_ino) {
		opener->ledger = true;
		process_fd_each_lock(directory, name, count_records, opener);
	}
	return false;
}

bool opener_read(struct opener *opener, const struct pool_files *pool, int proc, const char *number)
{
	*opener = (struct opener){ .pool = pool, .proc = proc, .number = number };
	if (!process_read((pid_t)number_first(number), &opener->process) || opener->process.kernel || opener->process.zombie ||
	    opener->process.pid == process_self_number())
		return false;
	process_each_fd(opener->process.pid, note_fd, opener);
	return true;
}

bool opener_hides(const struct opener *opener)
{
	const struct pool_files *pool = opener->pool;
	char path[32];
	struct stat status;

	if (opener->process.start < pool->since || text_put(path, sizeof path, "%s/fd", opener->number) >= (int)sizeof path)
		return false;
	if (!opener->hidden && (faccessat(opener->proc, path, R_OK, AT_EACCESS) == 0 || errno == ENOENT))
		return false;
	if (fstatat(opener->proc, opener->number, &status, 0) < 0)
		return false;
	return status.st_uid == 0 || status.st_uid == pool->fifo.st_uid || (pool->fifo.st_mode & 066) != 0;
}

bool opener_was_told(const struct opener *opener)
{
	const struct jobserver *jobserver = opener->pool->jobserver;
	size_t room;
	char path[32], *text = arena_room(&room);
	ssize_t length;

	if (text_put(path, sizeof path, "%s/environ", opener->number) >= (int)sizeof path)
		return false;
	length = read_whole_file_at(opener->proc, path, text, room);
	return length == (ssize_t)room ||
	       (length > 0 && !jobserver_is_inherited(jobserver) &&
	        text_behind(text, (size_t)length, jobserver->path) != NULL);
}

bool opener_is_look(const struct opener *opener)
{
	const char *program = process_path(opener->process.pid);

	return program != NULL && is_look(program);
}

/* Whether it is a `jobshim run` or `serve`: the one that made the jobserver, or one that hands it on. */
static bool is_jobshim(const struct opener *opener)
{
	return (opener->ledger && opener->process.start == opener->pool->since) || strcmp(opener->process.comm, PROCESS_COMMAND) == 0;
}

static uint64_t hash_of_words(pid_t pid)
{
	char *words, *end = process_words(pid, "cmdline", &words);

	return end == NULL ? 0 : hash(HASH_OF_NOTHING, words, (size_t)(end - words));
}

/* Whether a script's process is a fork of its parent that runs the same script. */
static bool is_fork(const struct process *process)
{
	const uint64_t words = hash_of_words(process->pid);

	return words != 0 && words == hash_of_words(process->parent);
}

bool opener_carries(const struct opener *opener, const struct client_name *client)
{
	const bool may = client->holds == HOLDS_NOTHING || (client->marks && !opener->marked) ||
	                 (client->is_script && is_fork(&opener->process));

	return (client->holds == HOLDS_NOTHING && is_jobshim(opener)) ||
	       (may && description_is_inherited(&opener->process, opener->pool->jobserver));
}

bool opener_is_orphan(const struct opener *opener)
{
	const struct client_name *client;
	struct process parent;

	if (!process_read(opener->process.parent, &parent) || parent.session == opener->process.session)
		return false;
	client = client_script(parent.pid);
	return client == NULL || client->holds == HOLDS_NOTHING;
}
