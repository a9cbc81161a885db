#include "pool/emerge.h"

#include <string.h>

#include "contract.h"
#include "proc/process.h"
#include "proc/tree.h"
#include "ground/number.h"

/* Whether a process runs a phase for which packages don't queue; they queue for setup, unpack and fetch. Its command line ends in
 * .../ebuild.sh and the phase, as two words or, after bash -c, as one. */
static bool is_own_phase(pid_t pid)
{
	static const char script[] = "/ebuild.sh";
	static const char *const phases[] = { "prepare", "configure", "compile", "test", "install" };
	char *words, *end = process_words(pid, "cmdline", &words), *space;
	char *last = NULL, *before = NULL;
	size_t length;

	for (char *word = words; end != NULL && word < end; word += strlen(word) + 1) {
		before = last;
		last = word;
	}
	if (last != NULL && (space = strrchr(last, ' ')) != NULL) {
		*space = '\0';
		before = last;
		last = space + 1;
	}
	length = before == NULL ? 0 : strlen(before);
	if (length < strlen(script) || strcmp(before + length - strlen(script), script) != 0)
		return false;
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		if (strcmp(last, phases[i]) == 0)
			return true;
	return false;
}

static void note_phase(pid_t pid, void *found)
{
	*(bool *)found = *(bool *)found || is_own_phase(pid);
}

bool emerge_runs_own_phase(pid_t child)
{
	bool found = is_own_phase(child);

	if (!found)
		tree_each_child(child, note_phase, &found);
	return found;
}

long emerge_jobs(pid_t pid)
{
	static const char name[] = "--jobs=";
	char *words, *end = process_words(pid, "cmdline", &words);
	long jobs = -1;

	for (char *word = words; end != NULL && word < end; word += strlen(word) + 1)
		if (strncmp(word, name, sizeof name - 1) == 0)
			jobs = number_first(word + sizeof name - 1);
	return jobs > 0 ? jobs : -1;
}
