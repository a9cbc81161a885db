/* process_read of the launcher, for texts that no process of this machine has: it reads them, each ended by a NUL, from stdin, and prints
 * what it makes of each on a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc/process.h"

static char *text;

/* In place of read_small_file(), by the linker. */
ssize_t __wrap_read_small_file(const char *path, char *buffer, size_t size);

ssize_t __wrap_read_small_file(const char *path, char *buffer, size_t size)
{
	if (strcmp(path, "/proc/4711/stat") != 0)
		return -1;
	snprintf(buffer, size, "%s", text);
	return (ssize_t)strlen(buffer);
}

/* A name may have a newline: it is printed as its bytes. */
static void print(const struct process *process)
{
	for (const char *at = process->comm; *at != '\0'; at++)
		printf("%02x", (unsigned char)*at);
	printf(" pid %d parent %d session %d start %" PRIu64 " cpu %" PRIu64 " reaped %" PRIu64 " pages %" PRIu64 " threads %ld%s%s%s%s\n",
	       (int)process->pid, (int)process->parent, (int)process->session, process->start, process->cpu, process->reaped,
	       process->pages, process->threads, process->ready ? " ready" : "", process->zombie ? " zombie" : "",
	       process->kernel ? " kernel" : "", process->becomes ? " becomes" : "");
}

int main(void)
{
	size_t size = 0;

	while (getdelim(&text, &size, '\0', stdin) >= 0) {
		struct process process;

		if (process_read(4711, &process))
			print(&process);
		else
			puts("refused");
	}
	free(text);
	return 0;
}
