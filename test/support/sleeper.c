/* NAME -c MILLISECONDS LABEL: a tool that takes so long, and no processor. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 2)
		usleep((useconds_t)atoi(argv[2]) * 1000);
	return 0;
}
