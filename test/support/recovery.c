/* The launcher's own recovery_lost and tree_each, asked by tests.
 *
 *   recovery lost TOTAL WRITTEN FREE HELD BLIND WRITTEN FREE HELD BLIND   prints how many tokens two looks tell to be lost
 *   recovery tree PID                                                     prints how many processes there are, PID's included */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wait/recovery.h"
#include "proc/process.h"
#include "proc/tree.h"

static struct recovery_look look_of(char *const words[])
{
	return (struct recovery_look){
		.written_ns = atol(words[0]),
		.census = { .free = atoi(words[1]), .held = atol(words[2]), .blind = atoi(words[3]) != 0 },
	};
}

static void count(const struct process *process, void *state)
{
	(void)process;
	++*(long *)state;
}

int main(int argc, char *argv[])
{
	long processes = 0;

	if (argc == 11 && strcmp(argv[1], "lost") == 0) {
		const struct recovery_look first = look_of(argv + 3), second = look_of(argv + 7);

		return printf("%ld\n", recovery_lost(atol(argv[2]), &first, &second)) < 0;
	}
	if (argc == 3 && strcmp(argv[1], "tree") == 0)
		return tree_each((pid_t)atol(argv[2]), count, &processes) != TREE_SEEN || printf("%ld\n", processes) < 0;
	return 2;
}
