/* Says how many words it was given, and how long they are together; as a make of which version it is one. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	size_t length = 0;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("GNU Make 4.4.1") < 0;
	for (int i = 1; i < argc; i++)
		length += strlen(argv[i]);
	return printf("%d words, %zu bytes\n", argc - 1, length) < 0;
}
