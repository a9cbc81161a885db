/* The launcher's own readers and writers of MAKEFLAGS, asked by tests. Of each text on stdin, ended by a NUL, it prints, each
 * ended by a NUL: the address; -j; -l; what is left without the jobserver; what there is with `fifo:/a b` in its place. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool/auth.h"
#include "pool/makeflags.h"

static void tell(const char *makeflags)
{
	struct auth auth;
	const char *without = makeflags_without_jobserver(makeflags), *with = NULL;

	if (auth_find(makeflags, &auth)) {
		with = makeflags_with(makeflags, &auth, "fifo:/a b");
		if (auth.kind == AUTH_FIFO)
			printf("fifo:%s", auth_path(&auth));
		else
			printf("%s:%d,%d", auth.legacy ? "legacy" : "auth", auth.read_fd, auth.write_fd);
	}
	printf("%c%d%c%g%c%s%c%s%c", 0, makeflags_jobs(makeflags), 0, makeflags_load(makeflags), 0,
	       without == NULL ? "none" : without, 0, with == NULL ? "none" : with, 0);
}

int main(void)
{
	char *text = NULL;
	size_t size = 0;

	while (getdelim(&text, &size, '\0', stdin) >= 0) {
		int status;
		pid_t child;

		fflush(stdout);
		child = fork(); /* a launcher runs once, and gives no memory back */
		if (child < 0)
			return 1;
		if (child == 0) {
			tell(text);
			fflush(stdout);
			_exit(0);
		}
		if (waitpid(child, &status, 0) != child || status != 0)
			return 1;
	}
	free(text);
	return 0;
}
