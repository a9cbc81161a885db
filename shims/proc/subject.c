#include "proc/subject.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proc/process.h"

struct subject subject_self(void)
{
	struct subject subject = { .is_self = true };

	if (!process_self(&subject.process))
		subject.process.pid = 0;
	return subject;
}

/* What the process that was read last was started with: several variables are asked for, one after the other. */
static struct {
	pid_t pid; /* 0: none */
	size_t arguments, size; /* bytes: those of its command line, 0 if that was not read, and all */
	char words[1 << 16];
} started;

/* With one call, if we may do to the process what a debugger may. */
static void read_memory(pid_t pid, const struct process_words_at *at)
{
	static bool is_refused; /* then it is refused for others as well */
	const size_t size = (size_t)(at->end - at->arguments);
	const struct iovec into = { .iov_base = started.words, .iov_len = size };
	const struct iovec from = { .iov_base = (void *)(uintptr_t)at->arguments, .iov_len = size };
	ssize_t length;

	if (is_refused || size == 0 || size >= sizeof started.words)
		return;
	length = process_vm_readv(pid, &into, 1, &from, 1, 0);
	is_refused = length < 0 && (errno == EPERM || errno == ENOSYS);
	if (length != (ssize_t)size)
		return;
	started.words[size] = '\0';
	started.arguments = (size_t)(at->environment - at->arguments);
	started.size = size;
	started.pid = pid;
}

/* Returns the end of the words; NULL if they can't be read. */
static const char *read_environment(pid_t pid, const char **words)
{
	char *at, *end;

	*words = started.words + started.arguments;
	if (started.pid == pid)
		return started.words + started.size;
	end = process_words(pid, "environ", &at);
	if (end == NULL)
		return NULL;
	*words = at;
	started.pid = 0;
	if ((size_t)(end - at) >= sizeof started.words)
		return end;
	started.pid = pid;
	started.arguments = 0;
	started.size = (size_t)(end - at);
	memcpy(started.words, at, started.size + 1); /* and the NUL behind them */
	return end;
}

char *subject_command(pid_t pid, char **words)
{
	*words = started.words;
	if (started.pid == pid && started.arguments > 0)
		return started.words + started.arguments;
	return process_words(pid, "cmdline", words);
}

bool subject_of(pid_t pid, struct subject *subject)
{
	struct process_words_at words;

	started.pid = 0; /* it may be another program by now, or another process */
	*subject = (struct subject){ .is_self = pid == process_self_number() };
	if (!process_read_all(pid, &subject->process, &words))
		return false;
	if (!subject->is_self)
		read_memory(pid, &words);
	return true;
}

const char *subject_variable(const struct subject *subject, const char *name)
{
	const size_t length = strlen(name);
	const char *words, *end;

	if (subject->is_self)
		return getenv(name);
	end = read_environment(subject->process.pid, &words);
	for (const char *word = words; end != NULL && word < end; word += strlen(word) + 1)
		if (strncmp(word, name, length) == 0 && word[length] == '=')
			return word + length + 1;
	return NULL;
}

pid_t subject_number(const struct subject *subject)
{
	return subject->is_self ? getpid() : subject->process.pid;
}
