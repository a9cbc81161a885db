#include "pool/find.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "pool/above.h"
#include "pool/auth.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "pool/outer.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/links.h"
#include "ground/number.h"
#include "ground/retry.h"
#include "proc/descriptors.h"
#include "proc/process.h"

/* The descriptors of a `jobshim run`. */
struct run_descriptors {
	uint64_t start;   /* of the process */
	const char *fifo; /* its path, as its ledger's tells; it may lead nowhere */
	int fifo_fd, ledger_fd;
};

/* Whether fd is the ledger of a `jobshim run` with that start time, in clock ticks since boot, or of a server whose pool a run may use. */
static bool is_ledger_of(int fd, uint64_t start)
{
	struct ledger_header head;
	const size_t size = offsetof(struct ledger_header, wanted);
	struct stat status;
	ssize_t length;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	length = RETRY(pread(fd, &head, size, 0));
	if (length != (ssize_t)size || memcmp(head.magic, LEDGER_MAGIC, sizeof head.magic) != 0)
		return false;
	return head.owner_pid == 0 || head.owner_start == start;
}

static bool ledger_fd(int directory, const char *name, void *state)
{
	struct run_descriptors *run = state;
	const char *path = link_target(directory, name);
	const size_t length = path == NULL ? 0 : strlen(path), suffix = strlen(LEDGER_SUFFIX);
	int fd;
	bool ours;

	if (length <= suffix || strcmp(path + length - suffix, LEDGER_SUFFIX) != 0)
		return false;
	run->fifo = arena_copy(path, length - suffix);
	fd = open_high_at(directory, name, O_RDONLY | O_NONBLOCK);
	ours = fd >= 0 && is_ledger_of(fd, run->start);
	if (fd >= 0)
		close(fd);
	if (!ours)
		return false;
	run->ledger_fd = (int)number_first(name);
	return run->fifo != NULL;
}

static bool fifo_fd(int directory, const char *name, void *state)
{
	struct run_descriptors *run = state;
	const char *path = link_target(directory, name);

	if (path == NULL || strcmp(path, run->fifo) != 0)
		return false;
	run->fifo_fd = (int)number_first(name);
	return true;
}

/* For builds that clear their environment, or can't reach the pool's directory: an ancestor `jobshim run` has its FIFO and ledger open. Its
 * child is the process that starts the command. Any program may have that name, so the ledger decides. */
static bool open_ancestors_run(struct jobserver *jobserver, const char **why)
{
	struct run_descriptors run;
	struct process process;
	const char *ignored;
	bool is_starter = false;

	if (!process_self(&process))
		return false;
	while (process.parent > 0 && process_read(process.parent, &process)) {
		const bool starts = is_starter;

		is_starter = strcmp(process.comm, PROCESS_STARTER) == 0;
		run.start = process.start;
		if (!starts || !process_each_fd(process.pid, ledger_fd, &run))
			continue;
		if (!jobserver_open_path(jobserver, run.fifo, why) &&
		    (!process_each_fd(process.pid, fifo_fd, &run) ||
		     !jobserver_open_path(jobserver, above_link(process.pid, run.fifo_fd), &ignored)))
			return false;
		jobserver->ledger = above_link(process.pid, run.ledger_fd);
		return true;
	}
	return false;
}

/* The search for a jobserver. It reports why the first one that was named can't be opened. */
struct search {
	struct jobserver *jobserver;
	const char **why;
	bool failed; /* one was named */
};

static bool fail(struct search *search, const char *why)
{
	if (!search->failed)
		*search->why = why;
	search->failed = true;
	return false;
}

static bool try_auth(struct search *search, const struct auth *auth)
{
	const char *why = "";

	return jobserver_open_auth(search->jobserver, auth, &why) || fail(search, why);
}

static bool try_run(struct search *search)
{
	const char *why = NULL;

	search->jobserver->own = true;
	return open_ancestors_run(search->jobserver, &why) || (why != NULL && fail(search, why));
}

static bool names_path(const struct auth *auth, const char *path)
{
	return auth->kind == AUTH_FIFO && auth->path_length == strlen(path) && memcmp(auth->path, path, auth->path_length) == 0;
}

/* Opens that of an adapter above us, unless the flags lead to the same one. */
static bool try_outer(struct search *search, const char *flags, const char *cargo_flags)
{
	struct outer outer;
	struct auth named = { .kind = AUTH_NONE };

	if (!outer_read(&outer))
		return false;
	if (flags == NULL || !auth_find(flags, &named))
		(void)!(cargo_flags != NULL && auth_find(cargo_flags, &named));
	search->jobserver->own = false;
	return (outer.path == NULL || !names_path(&named, outer.path)) && outer_open(search->jobserver, &outer);
}

/* Tries all addresses in flags, the last one first. */
static bool try_flags(struct search *search, const char *flags, const char **why)
{
	struct auth auth = { .why = NULL };

	search->jobserver->own = false;
	while (flags != NULL && auth_find(flags, &auth)) {
		if (try_auth(search, &auth))
			return true;
		flags = arena_copy(flags, (size_t)(auth.argument - flags));
	}
	*why = auth.why;
	return false;
}

bool jobserver_open(struct jobserver *jobserver, const char **why)
{
	struct search search = { .jobserver = jobserver, .why = why };
	const char *own = getenv(ENV_JOBSERVER), *unnamed = NULL, *ignored;
	const char *flags = getenv("MAKEFLAGS"), *cargo_flags = getenv("CARGO_MAKEFLAGS");
	struct auth auth;
	bool is_set = own != NULL && *own != '\0';

	*jobserver = (struct jobserver){ .read_fd = -1, .write_fd = -1, .own = true };
	if (is_set && !auth_parse(own, strlen(own), &auth)) {
		*why = auth.why;
		return false;
	}
	/* What JOBSHIM_JOBSERVER names is most likely the nearest run's. */
	if (is_set && (try_auth(&search, &auth) || try_run(&search)))
		return true;
	if (try_outer(&search, flags, cargo_flags) || try_flags(&search, flags, &unnamed) ||
	    try_flags(&search, cargo_flags, &ignored)) {
		jobserver->own = jobserver->own || (is_set && hidden_names(jobserver));
		if (!is_set || jobserver->own || !hidden_by(jobserver))
			return true;
		jobserver->another = true;
		fail(&search, "it is hidden here");
		jobserver_close(jobserver);
	}
	if (!is_set && try_run(&search))
		return true;
	jobserver->named = search.failed;
	if (!search.failed)
		*why = unnamed != NULL ? unnamed : "no jobserver in MAKEFLAGS";
	return false;
}
