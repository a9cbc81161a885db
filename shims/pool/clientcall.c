#include "pool/clientcall.h"

#include <string.h>

#include "pool/jobs.h"
#include "pool/makeflags.h"
#include "proc/process.h"

enum { WORDS_MAX = 1024 }; /* of a make's command line */

bool client_was_told_jobs(pid_t pid)
{
	char *words, *end = process_words(pid, "cmdline", &words), *argv[WORDS_MAX + 1];
	size_t count = 0;

	for (char *word = words; end != NULL && word < end && count < WORDS_MAX; word += strlen(word) + 1)
		argv[count++] = word;
	argv[count] = NULL;
	return count > 0 && jobs_read("make", argv) != JOBS_UNSAID;
}

bool client_told_load(pid_t child)
{
	static const char *const names[] = { "MAKEFLAGS=", "GNUMAKEFLAGS=" };
	char *words, *end = process_words(child, "environ", &words);

	for (char *word = words; end != NULL && word < end; word += strlen(word) + 1)
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (strncmp(word, names[i], strlen(names[i])) == 0 && makeflags_load(word + strlen(names[i])) >= 0)
				return true;
	return false;
}

bool client_heeds_load(pid_t pid)
{
	char *words, *end = process_words(pid, "cmdline", &words);

	for (char *word = words; end != NULL && word < end && strcmp(word, "--") != 0; word += strlen(word) + 1)
		if (make_word_has_load(word))
			return true;
	return client_told_load(pid);
}
