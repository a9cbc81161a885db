#include "sandbox/programwords.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ground/arena.h"
#include "ground/file.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/subject.h"

enum { WORDS_MAX = 8192, SCRIPT_WORDS = 2 /* behind the interpreter: an argument of its own, and the script */ };

static char **split(char *at, const char *end)
{
	static char *words[WORDS_MAX], input[] = "-";
	const char *begin = at;
	size_t count = 0, room;

	for (; end != NULL && at < end && count < WORDS_MAX - 2; at += strlen(at) + 1)
		words[count++] = at;
	(void)arena_room(&room);
	if (end != NULL && (at < end || (size_t)(end - begin) >= room - 1))
		words[count++] = input;
	words[count] = NULL;
	return count > 0 ? words : NULL;
}

/* binfmt_misc, with its flag P, puts the name by which a program was called behind its path, and tells its emulator so (Linux 5.12). */
static bool keeps_name(pid_t pid)
{
	enum { PAIRS_MAX = 64, ENTRY_FLAGS = 8, KEEPS_NAME = 1 }; /* AT_FLAGS, AT_FLAGS_PRESERVE_ARGV0 */
	uint64_t pairs[PAIRS_MAX][2] = { { 0 } };
	char path[32];

	text_put(path, sizeof path, "/proc/%d/auxv", (int)pid);
	if (read_small_file(path, (char *)pairs, sizeof pairs) < 0)
		return false;
	for (size_t i = 0; i < PAIRS_MAX; i++)
		if (pairs[i][0] == ENTRY_FLAGS)
			return (pairs[i][1] & KEEPS_NAME) != 0;
	return false;
}

struct loaded {
	char *path; /* as its loader was told it */
	char **words;
};

static struct loaded without_loader(pid_t pid, enum loader loader, char **words)
{
	if (words == NULL || loader == LOADER_NONE)
		return (struct loaded){ words == NULL ? NULL : words[0], words };
	if (loader == LOADER_EMULATOR && words[1] != NULL && words[2] != NULL && keeps_name(pid))
		return (struct loaded){ words[1], words + 2 };
	words = loader_words(loader, words);
	return (struct loaded){ words == NULL ? NULL : words[0], words };
}

char **program_words(pid_t pid, enum loader loader)
{
	char *at, *end = subject_command(pid, &at);

	return without_loader(pid, loader, split(at, end)).words;
}

/* The kernel keeps the name by which it was executed, up to 15 bytes of it: that of a script, where the command line has its interpreter's. */
static bool is_script(const char *comm, char *const words[])
{
	for (size_t i = 1; i <= SCRIPT_WORDS && words[i] != NULL; i++)
		if (strncmp(base_name(words[i]), comm, sizeof((struct process *)NULL)->comm - 1) == 0)
			return true;
	return false;
}

const struct program_guess *program_guess(pid_t pid)
{
	static char called[NAME_MAX + 1], path[PATH_MAX];
	static struct process process;
	static struct program_guess guess;
	struct process_words_at ignored;
	char **words, *at, *end;

	if (!process_read_all(pid, &process, &ignored))
		return NULL;
	end = process_words(pid, "cmdline", &at); /* not what a subject keeps: that is of the program before */
	words = split(at, end);
	guess = (struct program_guess){ .names = { process.comm, "", "" } };
	if (words == NULL)
		return &guess;
	text_put(called, sizeof called, "%s", base_name(words[0]));
	guess.names[0] = called;
	if (!is_script(process.comm, words))
		guess.names[1] = process.comm;
	if (words[0][0] == '/' && realpath(words[0], path) != NULL) {
		guess.path = path;
		guess.names[2] = base_name(path);
	}
	return &guess;
}

const char *program_loaded(pid_t pid, enum loader loader)
{
	static char path[PATH_MAX], named[PATH_MAX];
	char *at, *end = process_words(pid, "cmdline", &at);
	const char *told = without_loader(pid, loader, split(at, end)).path;

	if (told == NULL)
		return NULL;
	if (loader_searches(loader) && strchr(told, '/') == NULL)
		return text_put(path, sizeof path, "%s", told) < (int)sizeof path ? path : NULL;
	if ((told[0] == '/' ? text_put(named, sizeof named, "/proc/%d/root%s", (int)pid, told)
	                    : text_put(named, sizeof named, "/proc/%d/cwd/%s", (int)pid, told)) >= (int)sizeof named)
		return NULL;
	return realpath(named, path);
}
