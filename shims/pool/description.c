#include "pool/description.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pool/jobserver.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "ground/number.h"

enum { COMPARE_FILES = 0 }; /* KCMP_FILE; a kernel without CONFIG_KCMP knows no kcmp() */

struct search {
	const struct jobserver *jobserver;
	const struct process *process; /* the process whose descriptor fd is compared */
	int fd;
	pid_t above; /* the ancestor that is compared with it */
};

static bool is_shared(const struct search *search, int fd)
{
	return syscall(SYS_kcmp, search->process->pid, search->above, COMPARE_FILES, search->fd, fd) == 0;
}

static bool is_of_jobserver(int directory, const char *name, const struct jobserver *jobserver)
{
	struct stat status;

	return fstatat(directory, name, &status, 0) == 0 && jobserver_is(jobserver, &status);
}

static bool is_same(int directory, const char *name, void *state)
{
	const struct search *search = state;

	return is_of_jobserver(directory, name, search->jobserver) && is_shared(search, (int)number_first(name));
}

/* Whether no ancestor has the descriptor. One in between may have closed it; most have it by the same number. */
static bool is_own(int directory, const char *name, void *state)
{
	struct search *search = state;
	struct process at = *search->process;

	if (!is_of_jobserver(directory, name, search->jobserver))
		return false;
	search->fd = (int)number_first(name);
	while (at.parent > 0 && process_read(at.parent, &at)) {
		search->above = at.pid;
		if (is_shared(search, search->fd) || process_each_fd(at.pid, is_same, search))
			return false;
	}
	return true;
}

bool description_is_inherited(const struct process *process, const struct jobserver *jobserver)
{
	struct search search = { .jobserver = jobserver, .process = process };

	/* If /proc has the numbers of another PID namespace, kcmp() would compare other processes. */
	return process_numbers_agree() && !process_each_fd(process->pid, is_own, &search);
}
