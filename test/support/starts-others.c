/* A tool that starts what its words say, as gcc starts make to optimize while it links: `TOOL COMMAND`. With a second word `exec` it becomes the
 * command instead. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 2;
	if (argc > 2) {
		execl("/bin/sh", "sh", "-c", argv[1], NULL);
		return 3;
	}
	status = system(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}
