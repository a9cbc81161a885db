/* hungry MIB MS: a compiler that needs so much memory, really touched, for so long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	const size_t page = 4096, size = argc == 3 ? (size_t)atol(argv[1]) << 20 : 0;
	const long ms = argc == 3 ? atol(argv[2]) : 0;
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	char *memory = malloc(size);

	if (size == 0 || memory == NULL)
		return 2;
	for (size_t at = 0; at < size; at += page)
		memory[at] = (char)(at / page + 1);
	nanosleep(&pause, NULL);
	for (size_t at = 0; at < size; at += page)
		if (memory[at] != (char)(at / page + 1))
			return 3;
	puts("done");
	return 0;
}
