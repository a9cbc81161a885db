#include "client.h"

#include <string.h>
#include <time.h>

#include "contract.h"
#include "jobserver.h"
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

static const struct client_name *name_of(pid_t pid)
{
	char program[64];

	process_program(pid, program, sizeof program);
	for (size_t i = 0; i < sizeof client_names / sizeof client_names[0]; i++)
		if (same_name(program, client_names[i].name))
			return &client_names[i];
	return NULL;
}

static bool has_cloexec(pid_t pid, int fd, void *state)
{
	struct search *search = state;
	struct stat status;

	if (!process_stat_fd(pid, fd, &status) || status.st_dev != search->jobserver->device ||
	    status.st_ino != search->jobserver->inode)
		return false;
	if (process_fd_cloexec(pid, fd))
		return true;
	search->carries = true;
	return false;
}

bool client_of(const struct process *process, const struct jobserver *jobserver)
{
	const struct timespec pause = { .tv_nsec = RETRY_NANOSECONDS };
	const struct client_name *name;

	for (int try = 0; try < MAKE_RETRIES; try++) {
		struct search search = { .jobserver = jobserver };
		bool found = process_each_fd(process->pid, has_cloexec, &search);

		if (!found && !search.carries)
			return false;
		name = name_of(process->pid);
		if (found)
			return name == NULL || name->means != CLIENT_CARRIER;
		if (name == NULL || name->means != CLIENT_MAKE)
			return false;
		if (jobserver->legacy)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool client_by_name(pid_t pid)
{
	const struct client_name *name = name_of(pid);

	return name != NULL && name->means != CLIENT_CARRIER;
}
