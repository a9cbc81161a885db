#include "sandbox/ending.h"

#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/process.h"
#include "sandbox/kernelabi.h"

/* Fields of /proc/PID/stat, as proc_pid_stat(5) counts them. */
enum { STATE = 3, USER = 14, SYSTEM = 15, CHILDREN_USER = 16, CHILDREN_SYSTEM = 17, START = 22, EXIT_CODE = 52, FIELDS };

/* Reads the fields behind the name into numbers[]. False if some are missing, or the process has not ended. */
static bool read_numbers(const char *text, uint64_t numbers[FIELDS])
{
	const char *at = strrchr(text, ')');

	if (at == NULL || (strncmp(at, ") Z ", 4) != 0 && strncmp(at, ") X ", 4) != 0))
		return false;
	at += 3;
	for (int field = STATE + 1; field < FIELDS; field++) {
		if (*at++ != ' ')
			return false;
		at += *at == '-'; /* of none that is used */
		numbers[field] = number_scan(&at, 10);
	}
	return true;
}

static struct timeval time_of(uint64_t ticks)
{
	return (struct timeval){
		.tv_sec = (time_t)(ticks / TICKS_PER_SECOND),
		.tv_usec = (suseconds_t)(ticks % TICKS_PER_SECOND * (1000000 / TICKS_PER_SECOND)),
	};
}

/* Of another user's process the kernel may show 0 in place of its status. */
static bool is_own(const char *path)
{
	struct stat status;

	return stat_path(path, &status) && status.st_uid == geteuid();
}

/* As long as its parent has not waited for it. */
static void read_zombie(struct ending *ending, const struct process *process)
{
	uint64_t numbers[FIELDS];
	char path[32], text[1024];

	text_put(path, sizeof path, "/proc/%d/stat", (int)process->pid);
	if (read_small_file(path, text, sizeof text) < 0 || !read_numbers(text, numbers) || numbers[START] != process->start)
		return;
	ending->has_cpu = true;
	ending->user = time_of(numbers[USER] + numbers[CHILDREN_USER]);
	ending->system = time_of(numbers[SYSTEM] + numbers[CHILDREN_SYSTEM]);
	*strrchr(path, '/') = '\0';
	ending->status = (int)numbers[EXIT_CODE];
	ending->has_status = ending->status != 0 || is_own(path);
}

/* From Linux 6.15 on, once its parent has waited for it. */
static void read_waited_for(struct ending *ending, int pidfd)
{
	struct pidfd_facts facts = { .which = PIDFD_STATUS };

	if (ioctl(pidfd, PIDFD_TELL, &facts) < 0 || (facts.which & PIDFD_STATUS) == 0)
		return;
	ending->has_status = true;
	ending->status = facts.status;
}

struct ending ending_read(const struct process *process, int pidfd)
{
	struct ending ending = { .status = 0 };

	read_zombie(&ending, process);
	if (!ending.has_status)
		read_waited_for(&ending, pidfd);
	return ending;
}
