#include "adapt/adapter.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "adapt/goflags.h"
#include "adapt/joining.h"
#include "ledger/ledger.h"
#include "pool/auth.h"
#include "pool/jobs.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "tool/version.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"

enum { NINJA_DEVICES_MAJOR = 1, NINJA_DEVICES_MINOR = 14 };

/* With a -j of its own a client makes a pool of its own, of which we need know nothing: its tools pay for themselves. With
 * -j1 it does one thing after the other. Else it may join, and does so without its -j. */
static bool may_join(struct adaption *adaption, long jobs)
{
	adaption->pays = adaption->join && jobs == 1;
	return jobs == JOBS_UNSAID || (adaption->join && (jobs == JOBS_UNBOUNDED || jobs > 1));
}

/* A make with a -jN of its own says that it leaves the jobserver that it was given. From ours it leaves in silence. */
static void mend_make(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");
	bool joins = may_join(adaption, jobs_read(adaption->adapter->family, adaption->argv));
	struct auth auth;

	if (makeflags == NULL || !auth_find(makeflags, &auth))
		return;
	if (joins && joining_by_flags(adaption, makeflags, &auth)) {
		adaption->pays = true;
		jobs_drop(adaption->adapter->family, adaption->argv);
	} else if (!joins && joining_means(adaption, &auth) && joining_is_jobshims(adaption->jobserver)) {
		adaption->assignment = makeflags_without_jobserver(makeflags);
	}
}

/* For what can't join: no more jobs at once than our pool has slots; a pool that jobshim has not made tells that by MAKEFLAGS. */
static void limit_jobs(struct adaption *adaption, long jobs)
{
	static char word[32];
	const char *makeflags = getenv("MAKEFLAGS");
	char **with_word;
	long slots;

	if (!adaption->join || jobs == JOBS_ODD)
		return;
	adaption->pays = jobs == 1;
	slots = ledger_slots_of(adaption->jobserver);
	if (slots < 0 && makeflags != NULL)
		slots = makeflags_jobs(makeflags);
	if (jobs == JOBS_UNSAID)
		jobs = adaption->adapter->kind == ADAPTER_NINJA ? sysconf(_SC_NPROCESSORS_ONLN) + 2 : 1;
	if (slots <= 0 || (jobs != JOBS_UNBOUNDED && jobs <= slots))
		return;
	text_put(word, sizeof word, "-j%ld", slots);
	with_word = jobs_insert(adaption->argv, word);
	if (with_word == NULL)
		return;
	jobs_drop(adaption->adapter->family, with_word + 1);
	adaption->argv = with_word;
}

/* ninja 1.13 takes only a FIFO, 1.14 a character device too: of anything else they say that it could not be initialized. */
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
	long jobs = heeds ? JOBS_UNSAID : jobs_read(adaption->adapter->family, adaption->argv);
	struct auth auth;

	if (jobs != JOBS_UNSAID && !adaption->join)
		return;
	if (!joining_speaks_fifo(adaption) || (adaption->jobserver->accounts && !takes_served(adaption))) {
		const bool heeds_named = joining_speaks_fifo(adaption) && makeflags != NULL && auth_find(makeflags, &auth);

		if (heeds_named && !joining_means(adaption, &auth))
			return; /* another pool, which it joins by itself */
		limit_jobs(adaption, jobs);
		if (heeds_named)
			adaption->assignment = makeflags_without_jobserver(makeflags);
		return;
	}
	if (makeflags == NULL || !may_join(adaption, jobs) || !auth_find(makeflags, &auth))
		return;
	if (joining_is_hidden(&auth, adaption->jobserver) ||
	    (auth.kind != AUTH_FIFO && joining_is_jobshims(adaption->jobserver) && joining_means(adaption, &auth)))
		adaption->pays = joining_by_path(adaption, makeflags, &auth);
	else if (auth.kind == AUTH_FIFO)
		adaption->pays = joining_names(&auth, adaption->jobserver) &&
		                 (!auth.escaped || joining_by_path(adaption, makeflags, &auth));
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
		adaption->pays = joining_as_it_is(adaption, &auth);
		return;
	}
	flags = getenv("MAKEFLAGS");
	if (flags == NULL || !auth_find(flags, &auth))
		return;
	if (auth.kind == AUTH_PIPE && adaption->jobserver->accounts && joining_speaks_fifo(adaption) && joining_means(adaption, &auth))
		adaption->pays = joining_by_path(adaption, flags, &auth); /* of two descriptors it takes only pipes */
	else
		adaption->pays = joining_by_flags(adaption, flags, &auth);
}

/* It joins whatever its -j, which says no more than how many tests it would like to run. */
static void mend_ctest(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");
	struct auth auth;

	adaption->pays = makeflags != NULL && auth_find(makeflags, &auth) && joining_as_it_is(adaption, &auth) &&
	                 joining_speaks_fifo(adaption);
}

/* Whether cmake takes it for several jobs: what is no number, or 0, it refuses. */
static bool is_several(const char *level)
{
	long jobs = number_first(level);

	return *level == '\0' || (level[strspn(level, "0123456789")] == '\0' && jobs > 1 && jobs < INT_MAX);
}

/* `cmake --build DIR -jN` would hand -jN to the make or ninja that it starts. If it does, that one says that it leaves the
 * jobserver (see mend_make), and it may be called by its path. */
static void mend_cmake(struct adaption *adaption)
{
	static const char level_name[] = "CMAKE_BUILD_PARALLEL_LEVEL";
	const char *makeflags = getenv("MAKEFLAGS"), *level = getenv(level_name);
	long jobs = jobs_read(adaption->adapter->family, adaption->argv);
	bool several = jobs == JOBS_UNSAID ? level == NULL || is_several(level) : jobs == JOBS_UNBOUNDED || jobs > 1;
	struct auth auth;

	if (adaption->argv[0] == NULL || adaption->argv[1] == NULL || strcmp(adaption->argv[1], "--build") != 0 ||
	    makeflags == NULL || !auth_find(makeflags, &auth) ||
	    !(joining_as_it_is(adaption, &auth) || (auth.kind == AUTH_PIPE && adaption->jobserver->own)))
		return;
	if (adaption->join && several) {
		jobs_drop(adaption->adapter->family, adaption->argv);
		adaption->removal = level_name;
	} else if ((jobs != JOBS_UNSAID || level != NULL) && joining_is_jobshims(adaption->jobserver)) {
		adaption->assignment = makeflags_without_jobserver(makeflags);
	}
}

/* It reads GNU make's `--jobserver-auth` as a -j with a number that is none, and ends. Nor can it join by its own -J:
 * it knows no byte but `+`, and when a job fails it empties the pool to tell all others to stop (bmake 20200710). */
static void mend_bmake(struct adaption *adaption)
{
	const char *makeflags = getenv("MAKEFLAGS");

	limit_jobs(adaption, jobs_read(adaption->adapter->family, adaption->argv));
	if (makeflags != NULL)
		adaption->assignment = makeflags_without_jobserver(makeflags);
}

/* If its tools can't be told to pay, it takes one slot for all of them. */
static void mend_go(struct adaption *adaption)
{
	bool governed;

	adaption->assignment = goflags_with_launcher(adaption->path, adaption->shim_dir, &governed);
	adaption->pays = !governed || goflags_overridden(adaption->argv);
}

bool adapter_may_leave(const struct adapter *adapter, char *argv[])
{
	const char *makeflags = getenv("MAKEFLAGS");

	return (makeflags != NULL && strchr(makeflags, 'j') != NULL) || jobs_read(adapter->family, argv) != JOBS_UNSAID ||
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
