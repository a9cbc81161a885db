#include "client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "contract.h"
#include "jobserver.h"
#include "outer.h"
#include "process.h"

enum { MAKE_RETRIES = 100, RETRY_NANOSECONDS = 1000000 };

struct search {
	const struct jobserver *jobserver;
	bool carries; /* has it open without O_CLOEXEC */
};

static bool same_name(const char *program, const char *name)
{
	size_t length = strlen(name);

	/* A version may follow: make-4.4, gmake4 */
	return strncmp(program, name, length) == 0 && strspn(program + length, "-.0123456789") == strlen(program + length);
}

static const struct client_name *client_named(const char *program)
{
	for (size_t i = 0; i < sizeof client_names / sizeof client_names[0]; i++) {
		const struct client_name *client = &client_names[i];

		if (same_name(program, client->name))
			return client;
		for (const char *at = strchr(program, '-'); client->is_tool && at != NULL; at = strchr(at, '-'))
			if (same_name(++at, client->name))
				return client;
	}
	return NULL;
}

static const struct client_name *name_of(pid_t pid)
{
	char program[64];

	process_program(pid, program, sizeof program);
	return client_named(program);
}

static bool has_cloexec(int directory, const char *name, void *state)
{
	struct search *search = state;
	struct stat status;

	if (fstatat(directory, name, &status, 0) < 0 || !jobserver_is(search->jobserver, &status))
		return false;
	if (process_fd_cloexec(directory, name))
		return true;
	search->carries = true;
	return false;
}

/* Whether our MAKEFLAGS name R,W, and those are the jobserver in pid: a make that gave it to its recipes. One that was
 * started with -jN carries the pool as well, and opened another. */
static bool hands_on(pid_t pid, const struct jobserver *jobserver, bool *legacy)
{
	struct auth auth;
	const char *makeflags = getenv("MAKEFLAGS");
	struct stat status;

	*legacy = false;
	if (makeflags == NULL || !auth_find(makeflags, &auth) || auth.kind != AUTH_PIPE ||
	    !process_stat_fd(pid, auth.read_fd, &status) || !jobserver_is(jobserver, &status))
		return outer_hands_on(pid, jobserver);
	*legacy = auth.legacy;
	return true;
}

bool client_of(const struct process *process, const struct jobserver *jobserver)
{
	const struct timespec pause = { .tv_nsec = RETRY_NANOSECONDS };
	const struct client_name *name = client_named(process->comm);

	/* Most ancestors are shells: no need to look through their descriptors. What is called gcc may be gcc's launcher. */
	if (name != NULL && name->means == CLIENT_CARRIER && !name->is_tool)
		return false;
	for (int try = 0; try < MAKE_RETRIES; try++) {
		struct search search = { .jobserver = jobserver };
		bool found = process_each_fd(process->pid, has_cloexec, &search), legacy;

		if (!found && !search.carries)
			return false;
		name = name_of(process->pid);
		if (found)
			return name == NULL || name->means != CLIENT_CARRIER;
		if (name == NULL || name->means != CLIENT_MAKE || !hands_on(process->pid, jobserver, &legacy))
			return false;
		if (legacy)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool client_by_name(pid_t pid)
{
	const struct client_name *name = name_of(pid);

	return name != NULL && (name->means == CLIENT_MAKE || name->means == CLIENT_PIPE);
}

bool client_is_named(const char *name)
{
	return client_named(name) != NULL;
}

const struct client_name *client_program(pid_t pid)
{
	return name_of(pid);
}
