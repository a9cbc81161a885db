/* The least that a wrapper can cost: `floor become CMD...` becomes the program, `floor stay CMD...` waits for it and ends as it
 * did, as must whoever is to tell how it ended. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t child;

	if (argc < 3) {
		fprintf(stderr, "floor: wrong usage\n");
		return 2;
	}
	child = strcmp(argv[1], "stay") == 0 ? vfork() : 0;
	if (child == 0) {
		execve(argv[2], argv + 2, environ);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		perror("floor");
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
