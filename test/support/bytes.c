/* `call COUNT HEX...` executes a program whose environment are the first COUNT texts, whose words the others; each as hex digits.
 * `show FILE WORDS...` writes its words and its environment into a file, each as a line of hex digits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static char *text_of(const char *hex)
{
	const size_t size = strlen(hex) / 2;
	char *text = calloc(size + 1, 1);

	for (size_t i = 0; i < size; i++) {
		unsigned byte = 0;

		sscanf(hex + 2 * i, "%2x", &byte);
		text[i] = (char)byte;
	}
	return text;
}

static void show(FILE *file, const char *name, char *const texts[])
{
	for (; *texts != NULL; texts++) {
		fprintf(file, "%s ", name);
		for (const unsigned char *at = (const unsigned char *)*texts; *at != '\0'; at++)
			fprintf(file, "%02x", *at);
		fputc('\n', file);
	}
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[1], "call") == 0) {
		const int count = atoi(argv[2]);
		char **variables = calloc((size_t)argc, sizeof *variables), **words = calloc((size_t)argc, sizeof *words);

		for (int i = 3; i < argc; i++)
			*(i < count + 3 ? variables + i - 3 : words + i - 3 - count) = text_of(argv[i]);
		execve(words[0], words, variables);
		perror(words[0]);
		return 1;
	}
	if (argc > 2 && strcmp(argv[1], "show") == 0) {
		FILE *file = fopen(argv[2], "w");

		if (file == NULL)
			return 1;
		show(file, "word", argv);
		show(file, "variable", environ);
		return fclose(file);
	}
	return 2;
}
