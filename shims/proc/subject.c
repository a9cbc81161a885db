#include "proc/subject.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/process.h"

struct subject subject_self(void)
{
	struct subject subject = { .is_self = true };

	if (!process_self(&subject.process))
		subject.process.pid = 0;
	return subject;
}

bool subject_of(pid_t pid, struct subject *subject)
{
	*subject = (struct subject){ .is_self = pid == process_self_number() };
	return process_read(pid, &subject->process);
}

const char *subject_variable(const struct subject *subject, const char *name)
{
	const size_t length = strlen(name);
	char *words, *end;

	if (subject->is_self)
		return getenv(name);
	end = process_words(subject->process.pid, "environ", &words);
	for (const char *word = words; end != NULL && word < end; word += strlen(word) + 1)
		if (strncmp(word, name, length) == 0 && word[length] == '=')
			return word + length + 1;
	return NULL;
}

pid_t subject_number(const struct subject *subject)
{
	return subject->is_self ? getpid() : subject->process.pid;
}
