#include "look/staying.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "ground/number.h"
#include "ground/retry.h"
#include "proc/process.h"

struct staying staying_make(void)
{
	return (struct staying){ .process = -1 };
}

int staying_input(const struct staying *staying)
{
	return staying->is_read ? -1 : STDIN_FILENO;
}

int staying_process(const struct staying *staying)
{
	return staying->process;
}

/* The process is opened as soon as it is named: later its pid may be another one's. */
bool staying_read(struct staying *staying)
{
	const size_t room = sizeof staying->line - 1 - staying->length;
	const ssize_t n = RETRY(read(STDIN_FILENO, staying->line + staying->length, room));
	uint64_t pid;

	staying->is_read = n <= 0;
	if (n <= 0 || staying->pid != 0)
		return false;
	staying->length += (size_t)n;
	if (staying->line[staying->length - 1] != '\n')
		return false;
	staying->line[staying->length - 1] = '\0';
	if (!number_read(staying->line, INT_MAX, &pid) || pid == 0)
		return false;
	staying->pid = (pid_t)pid;
	staying->process = process_open(staying->pid);
	return true;
}

void staying_end(struct staying *staying)
{
	close(staying->process);
	staying->process = -1;
}

bool staying_is_over(const struct staying *staying)
{
	return staying->is_read && staying->process < 0;
}
