/* A program that starts a command several times as its own siblings, by CLONE_PARENT, and ends once all have ended: `PROGRAM COUNT
 * COMMAND...`. Nobody waits for them. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { STACK = 65536 };

static int become(void *words)
{
	char **command = words;

	execv(command[0], command);
	return 127;
}

int main(int argc, char **argv)
{
	static _Alignas(16) char stack[STACK];
	int ends[2];
	char byte;

	if (argc < 3 || pipe(ends) < 0)
		return 2;
	for (int left = atoi(argv[1]); left > 0; left--)
		if (clone(become, stack + STACK, CLONE_PARENT | SIGCHLD, argv + 2) < 0)
			return 3;
	close(ends[1]); /* each of them has the other end open until it ends */
	return read(ends[0], &byte, 1) == 0 ? 0 : 4;
}
