/* tree PID: prints how many processes the launcher's tree_each() finds below PID, which counts, too. */
#include <stdio.h>
#include <stdlib.h>

#include "proc/process.h"
#include "proc/tree.h"

static void count(const struct process *process, void *state)
{
	(void)process;
	++*(long *)state;
}

int main(int argc, char *argv[])
{
	long processes = 0;

	if (argc != 2)
		return 2;
	return tree_each((pid_t)atol(argv[1]), count, &processes) != TREE_WHOLE || printf("%ld\n", processes) < 0;
}
