#include "launcher/relay.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ledger/mapping.h"
#include "proc/shimfile.h"
#include "run/become.h"
#include "run/run.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/report.h"
#include "ground/text.h"

enum { OWN_WORDS = 2 + SELF_WORDS }; /* before the run's own */

/* Not on the stack: with a small one it has no room for as many words as the kernel lets in, 128 KiB at least (execve(2)). */
void relay_begin(struct relay *relay, const struct run *run, int argc)
{
	static char name[] = "look", command[] = "tool";
	char **words = arena_pointers(OWN_WORDS + (size_t)argc + 1);

	relay->words = words;
	if (words == NULL)
		return;
	*words++ = name;
	*words++ = command;
	self_hand_over(&run->self, run->tool, relay->marks, words);
	memcpy(words + SELF_WORDS, run->argv, ((size_t)argc + 1) * sizeof *words);
}

/* Returns, with errno, if it can't. */
static void become_look(const struct relay *relay, const char *shim_dir, char look[PATH_MAX])
{
	if (text_put(look, PATH_MAX, "%s" LOOK_PLACE, shim_dir) >= PATH_MAX)
		errno = ENAMETOOLONG;
	else if (relay->words == NULL)
		errno = ENOMEM;
	else
		execve(look, relay->words, environment_received());
}

void relay_logged(const struct relay *relay, const struct run *run)
{
	char look[PATH_MAX];

	if (run->self.shim_dir[0] == '\0')
		return;
	become_look(relay, run->self.shim_dir, look);
	report_debug("%s: no log: %s: %s", run->tool, look, strerror(errno));
}

void relay(const struct relay *relay, const struct run *run)
{
	char look[PATH_MAX];

	mapping_restore_signals();
	become_look(relay, run->self.shim_dir, look);
	if (run->settings.error_without)
		run_refuse(run, "look, which finds one, can't be started");
	if (errno == ENOENT || errno == ENAMETOOLONG)
		report("%s: not governed: %s: %s\n  see jobshim doctor, or install the shims anew: jobshim install", run->tool, look, strerror(errno));
	else
		report("%s: not governed: look can't be started: %s", run->tool, strerror(errno));
}
