#include "launcher/relay.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ledger/mapping.h"
#include "proc/shimfile.h"
#include "run/become.h"
#include "run/run.h"
#include "ground/environment.h"
#include "ground/report.h"
#include "ground/text.h"

void relay_begin(struct relay *relay, const struct run *run, char **words, int argc)
{
	static char name[] = "look", command[] = "tool";

	relay->words = words;
	*words++ = name;
	*words++ = command;
	self_hand_over(&run->self, run->tool, relay->marks, words);
	memcpy(words + SELF_WORDS, run->argv, ((size_t)argc + 1) * sizeof *words);
}

void relay(const struct relay *relay, const struct run *run)
{
	char look[PATH_MAX];

	mapping_restore_signals();
	if (text_put(look, sizeof look, "%s" LOOK_PLACE, run->self.shim_dir) < (int)sizeof look)
		execve(look, relay->words, environment_received());
	else
		errno = ENAMETOOLONG;
	if (run->settings.error_without)
		run_refuse(run, "look, which finds one, can't be started");
	if (errno == ENOENT || errno == ENAMETOOLONG)
		report("%s: not governed: %s: %s\n  see jobshim doctor, or install the shims anew: jobshim install", run->tool, look, strerror(errno));
	else
		report_debug("%s: not governed: look can't be started: %s", run->tool, strerror(errno));
}
