#include "adapt/adapter.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "adapt/goflags.h"
#include "ledger/ledger.h"
#include "pool/auth.h"
#include "pool/jobs.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "pool/opening.h"
#include "rules/policy.h"
#include "tool/version.h"
#include "ground/file.h"
#include "proc/process.h"

enum { NINJA_DEVICES_MAJOR = 1, NINJA_DEVICES_MINOR = 14 };

static bool speaks_fifo(const struct adaption *adaption)
{
	const struct adapter *adapter = adaption->adapter;

	return version_reaches(adaption->shim_dir, base_name(adaption->path), adaption->path, adapter->fifo_since_major,
	                       adapter->fifo_since_minor);
}

static bool names(const struct auth *auth, const struct jobserver *jobserver)
{
	const char *path = auth_path(auth);
	struct stat status;

	return path != NULL && stat(path, &status) == 0 && jobserver_is(jobserver, &status);
}

/* Whether auth is the path that JOBSHIM_JOBSERVER has for our jobserver, and leads nowhere here: its directory is hidden. */
static bool is_hidden(const struct auth *auth, const struct jobserver *jobserver)
{
	const char *own = getenv(ENV_JOBSERVER), *path = auth->kind == AUTH_FIFO ? auth_path(auth) : NULL;
	struct auth named;
	struct stat status;

	return jobserver->own && own != NULL && path != NULL && auth_parse(own, strlen(own), &named) && named.kind == AUTH_FIFO &&
	       named.path_length == strlen(path) && memcmp(named.path, path, named.path_length) == 0 && !stat_path(path, &status);
}

/* Whether a client that knows both styles joins our jobserver by auth, as it stands there. */
static bool joins_as_it_is(const struct adaption *adaption, const struct auth *auth)
{
	return auth->kind == AUTH_FIFO ? names(auth, adaption->jobserver) : jobserver_inherited(adaption->jobserver, auth);
}

/* Whether auth is that of our jobserver, be its descriptors open or closed here: of closed ones a client above may tell. */
static bool means(const struct adaption *adaption, const struct auth *auth)
{
	const struct jobserver *jobserver = adaption->jobserver;
	struct jobserver other;
	const char *why;
	bool same;

	if (auth->kind == AUTH_FIFO || jobserver_inherited(jobserver, auth))
		return joins_as_it_is(adaption, auth) || (auth->kind == AUTH_FIFO && is_hidden(auth, jobserver));
	if (!jobserver_open_auth(&other, auth, &why))
		return jobserver->own;
	same = other.device == jobserver->device && other.inode == jobserver->inode;
	if (!same) {
		close(other.read_fd); /* ours stays open: see jobserver_hand_over */
		if (other.write_fd != other.read_fd)
			close(other.write_fd);
	}
	return same;
}

/* Whether jobshim has made our pool: without it a client would find none. */
static bool is_jobshims(const struct jobserver *jobserver)
{
	struct ledger ledger;

	if (jobserver->own)
		return true;
	ledger_open(&ledger, jobserver, LEDGER_LOOK);
	return ledger_slots(&ledger) >= 0;
}

/* Whether a client that finds auth in flags joins our jobserver, and makes it so where it can be done: for an old one,
 * and for one whose R,W lead nowhere, with descriptors of our own. */
static bool joins_by_flags(struct adaption *adaption, const char *flags, const struct auth *auth)
{
	const struct jobserver *jobserver = adaption->jobserver;
	char address[32];
	int read_fd, write_fd;

	if (auth->kind == AUTH_FIFO && !is_hidden(auth, jobserver)) {
		if (!names(auth, jobserver))
			return false;
		/* What stands behind backslashes only make reads. */
		if (speaks_fifo(adaption) && (!auth->escaped || adaption->adapter->kind == ADAPTER_MAKE))
			return true;
	} else if (auth->kind == AUTH_PIPE) {
		if (jobserver_inherited(jobserver, auth))
			return true;
		if (!is_jobshims(jobserver) || !means(adaption, auth))
			return false;
	}
	if (!jobserver_hand_over(jobserver, &read_fd, &write_fd))
		return false;
	snprintf(address, sizeof address, "%d,%d", read_fd, write_fd);
	adaption->assignment = makeflags_with(flags, auth, address);
	return adaption->assignment != NULL;
}

/* With a -j of its own a client makes a pool of its own, of which we need know nothing: its tools pay for themselves. With
 * -j1 it asks for order, and does one thing after the other. Else it may join, and does so without its -j. */
static bool may_join(struct adaption *adaption, long jobs)
{
	adaption->pays = adaption->join && jobs == 1;
	return jobs == JOBS_UNSAID || (adaption->join && (jobs == JOBS_UNBOUNDED || jobs > 1));
}

/* A make with a -jN of its own says that it leaves the jobserver that it was given. From ours it leaves in silence. */
static void mend_make(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");
	bool joins = may_join(adaption, jobs_asked(adaption->adapter->family, adaption->argv));
	struct auth auth;

	if (makeflags == NULL || !auth_find(makeflags, &auth))
		return;
	if (joins && joins_by_flags(adaption, makeflags, &auth)) {
		adaption->pays = true;
		jobs_drop(adaption->adapter->family, adaption->argv);
	} else if (!joins && means(adaption, &auth) && is_jobshims(adaption->jobserver)) {
		adaption->assignment = makeflags_without_jobserver(makeflags);
	}
}

/* For what can't join: no more jobs at once than our pool has slots; what somebody else made tells that by MAKEFLAGS. */
static void limit_jobs(struct adaption *adaption, long jobs)
{
	static char word[32];
	struct ledger ledger;
	char **with_word;
	long slots;

	if (!adaption->join || jobs == JOBS_ODD)
		return;
	adaption->pays = jobs == 1;
	ledger_open(&ledger, adaption->jobserver, LEDGER_LOOK);
	slots = policy_pool_slots(&ledger);
	if (jobs == JOBS_UNSAID)
		jobs = adaption->adapter->kind == ADAPTER_NINJA ? sysconf(_SC_NPROCESSORS_ONLN) + 2 : 1;
	if (slots <= 0 || (jobs != JOBS_UNBOUNDED && jobs <= slots))
		return;
	snprintf(word, sizeof word, "-j%ld", slots);
	with_word = jobs_insert(adaption->argv, word);
	if (with_word == NULL)
		return;
	jobs_drop(adaption->adapter->family, with_word + 1);
	adaption->argv = with_word;
}

/* Lets it find our jobserver by a path; where that has blanks by our own descriptor, since it knows no backslashes. */
static bool joins_by_path(struct adaption *adaption, const char *flags, const struct auth *auth)
{
	const struct jobserver *jobserver = adaption->jobserver;
	char address[PATH_MAX + sizeof "fifo:"];

	if (jobserver_is_inherited(jobserver)) {
		/* It has no path: its tools pay for themselves. */
		adaption->assignment = makeflags_without_jobserver(flags);
		return false;
	}
	if (auth_read_by_all(jobserver->path))
		snprintf(address, sizeof address, "fifo:%s", jobserver->path);
	else
		snprintf(address, sizeof address, "fifo:/proc/%d/fd/%d", (int)process_self_number(), jobserver->read_fd);
	adaption->assignment = makeflags_with(flags, auth, address);
	return adaption->assignment != NULL;
}

/* ninja 1.13 takes a FIFO alone, 1.14 a character device too: of anything else they say that it could not be initialized. */
static bool takes_served(const struct adaption *adaption)
{
	struct stat status;

	return fstat(adaption->jobserver->read_fd, &status) == 0 && S_ISCHR(status.st_mode) &&
	       version_reaches(adaption->shim_dir, base_name(adaption->path), adaption->path, NINJA_DEVICES_MAJOR,
	                       NINJA_DEVICES_MINOR);
}

static void mend_ninja(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");
	bool heeds = jobs_heed(adaption->adapter->family, adaption->argv);
	long jobs = heeds ? JOBS_UNSAID : jobs_asked(adaption->adapter->family, adaption->argv);
	struct auth auth;

	if (jobs != JOBS_UNSAID && !adaption->join)
		return;
	if (!speaks_fifo(adaption) || (adaption->jobserver->accounts && !takes_served(adaption))) {
		const bool heeds_named = speaks_fifo(adaption) && makeflags != NULL && auth_find(makeflags, &auth);

		if (heeds_named && !means(adaption, &auth))
			return; /* another pool, which it joins by itself */
		limit_jobs(adaption, jobs);
		if (heeds_named)
			adaption->assignment = makeflags_without_jobserver(makeflags);
		return;
	}
	if (makeflags == NULL || !may_join(adaption, jobs) || !auth_find(makeflags, &auth))
		return;
	if (is_hidden(&auth, adaption->jobserver) ||
	    (auth.kind != AUTH_FIFO && is_jobshims(adaption->jobserver) && means(adaption, &auth)))
		adaption->pays = joins_by_path(adaption, makeflags, &auth);
	else if (auth.kind == AUTH_FIFO)
		adaption->pays = names(&auth, adaption->jobserver) &&
		                 (!auth.escaped || joins_by_path(adaption, makeflags, &auth));
	else
		adaption->pays = jobserver_inherited(adaption->jobserver, &auth);
	if (adaption->pays && !heeds)
		jobs_drop(adaption->adapter->family, adaption->argv);
}

/* Without a jobserver it makes a pool of its own; with one its -j counts for nothing. CARGO_MAKEFLAGS come first for it. */
static void mend_cargo(struct adaption *adaption)
{
	const char *flags = getenv("CARGO_MAKEFLAGS");
	struct auth auth;

	if (flags != NULL && auth_find(flags, &auth)) {
		adaption->pays = joins_as_it_is(adaption, &auth);
		return;
	}
	flags = getenv("MAKEFLAGS");
	if (flags == NULL || !auth_find(flags, &auth))
		return;
	if (auth.kind == AUTH_PIPE && adaption->jobserver->accounts && speaks_fifo(adaption) && means(adaption, &auth))
		adaption->pays = joins_by_path(adaption, flags, &auth); /* of two descriptors it takes pipes alone */
	else
		adaption->pays = joins_by_flags(adaption, flags, &auth);
}

/* It joins whatever its -j, which says no more than how many tests it would like to run. */
static void mend_ctest(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");
	struct auth auth;

	adaption->pays = makeflags != NULL && auth_find(makeflags, &auth) && joins_as_it_is(adaption, &auth) &&
	                 speaks_fifo(adaption);
}

/* Whether cmake takes it for several jobs: what is no number, or 0, it refuses. */
static bool is_several(const char *level)
{
	long jobs = strtol(level, NULL, 10);

	return *level == '\0' || (level[strspn(level, "0123456789")] == '\0' && jobs > 1 && jobs < INT_MAX);
}

/* `cmake --build DIR -jN` would hand -jN to the make or ninja that it starts. Where it does, that one says that it leaves the
 * jobserver (see mend_make), and it may be called by its path. */
static void mend_cmake(struct adaption *adaption)
{
	static const char level_name[] = "CMAKE_BUILD_PARALLEL_LEVEL";
	const char *makeflags = getenv("MAKEFLAGS"), *level = getenv(level_name);
	long jobs = jobs_asked(adaption->adapter->family, adaption->argv);
	bool several = jobs == JOBS_UNSAID ? level == NULL || is_several(level) : jobs == JOBS_UNBOUNDED || jobs > 1;
	struct auth auth;

	if (adaption->argv[0] == NULL || adaption->argv[1] == NULL || strcmp(adaption->argv[1], "--build") != 0 ||
	    makeflags == NULL || !auth_find(makeflags, &auth) ||
	    !(joins_as_it_is(adaption, &auth) || (auth.kind == AUTH_PIPE && adaption->jobserver->own)))
		return;
	if (adaption->join && several) {
		jobs_drop(adaption->adapter->family, adaption->argv);
		adaption->removal = level_name;
	} else if ((jobs != JOBS_UNSAID || level != NULL) && is_jobshims(adaption->jobserver)) {
		adaption->assignment = makeflags_without_jobserver(makeflags);
	}
}

/* It reads GNU make's `--jobserver-auth` as a -j with a number that is none, and ends. Nor can it join by its own -J:
 * it knows no byte but `+`, and when a job fails it empties the pool to tell all others to stop (bmake 20200710). */
static void mend_bmake(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");

	limit_jobs(adaption, jobs_asked(adaption->adapter->family, adaption->argv));
	if (makeflags != NULL)
		adaption->assignment = makeflags_without_jobserver(makeflags);
}

/* Where its tools can't be told to pay it takes one slot for all of them. */
static void mend_go(struct adaption *adaption)
{
	bool governed;

	adaption->assignment = goflags_with_launcher(adaption->path, adaption->shim_dir, &governed);
	adaption->pays = !governed || goflags_overridden(adaption->argv);
}

bool adapter_may_leave(const struct adapter *adapter, char *argv[])
{
	const char *makeflags = getenv("MAKEFLAGS");

	return (makeflags != NULL && strchr(makeflags, 'j') != NULL) || jobs_asked(adapter->family, argv) != JOBS_UNSAID ||
	       jobs_heed(adapter->family, argv);
}

void adapter_mend(struct adaption *adaption)
{
	static void (*const mends[])(struct adaption *) = {
		[ADAPTER_BMAKE] = mend_bmake, [ADAPTER_CARGO] = mend_cargo, [ADAPTER_CMAKE] = mend_cmake,
		[ADAPTER_CTEST] = mend_ctest, [ADAPTER_GO] = mend_go,       [ADAPTER_MAKE] = mend_make,
		[ADAPTER_NINJA] = mend_ninja,
	};

	adaption->assignment = NULL;
	adaption->removal = NULL;
	adaption->pays = false;
	mends[adaption->adapter->kind](adaption);
}
