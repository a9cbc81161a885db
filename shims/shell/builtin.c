/* A builtin for bash: `enable -f FILE jobshim_sandbox`, then `jobshim_sandbox SOCKET` enters the sandbox of the supervisor at SOCKET with
 * the shell itself, and so with all that it starts.
 *
 * The file needs no library and no symbol of bash's. What it calls of libc has the same name in glibc and musl, so it serves the bash of
 * either. */
#include <errno.h>
#include <stddef.h>

#include "ground/report.h"
#include "sandbox/filter.h"
#include "sandbox/handover.h"

/* What bash hands to a builtin, and wants of it: the structures of its command.h and builtins.h, the same from bash 4.4 to 5.3. */
struct word {
	char *text;
	int flags;
};

struct words {
	struct words *next;
	struct word *word;
};

struct builtin {
	const char *name;
	int (*function)(struct words *words);
	int flags;
	const char *const *long_doc;
	const char *short_doc;
	const char *handle;
};

enum { BUILTIN_ENABLED = 1, SUCCESS = 0, FAILURE = 1, WRONG_USAGE = 2 };

static int enter(struct words *words)
{
	report_init();
	if (words == NULL || words->next != NULL)
		return WRONG_USAGE;
	if (handover_enter(words->word->text))
		return SUCCESS;
	report("no sandbox for this phase: %s: the shims keep its limit", filter_why(errno));
	return FAILURE;
}

static const char *const long_doc[] = { "Enter the job sandbox of the supervisor at SOCKET.", NULL };

/* By this name bash finds it; it writes the flags and the handle. */
extern struct builtin jobshim_sandbox_struct;
__attribute__((visibility("default"))) struct builtin jobshim_sandbox_struct = {
	.name = "jobshim_sandbox",
	.function = enter,
	.flags = BUILTIN_ENABLED,
	.long_doc = long_doc,
	.short_doc = "jobshim_sandbox SOCKET",
};
