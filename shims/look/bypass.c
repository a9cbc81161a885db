#include "look/bypass.h"

#include <limits.h>
#include <string.h>

#include "look/ancestor.h"
#include "look/cmdline.h"
#include "ground/text.h"
#include "ground/visible.h"

enum { KINDS_MAX = 128 };

struct kind {
	enum bypass_reason reason;
	uint64_t ns;
	unsigned runs;
	bool told;
	char tool[PATH_MAX];
	char caller[256];
	char directory[PATH_MAX]; /* where the first of them worked */
};

static struct kind kinds[KINDS_MAX];
static size_t kind_count;
static uint64_t all_ns;

struct kind *bypass_kind(const struct ancestor *tool, enum bypass_reason reason)
{
	struct kind *kind = kinds;
	char path[sizeof kind->tool], caller[sizeof kind->caller];

	cmdline_tool(&tool->process, path, sizeof path);
	cmdline_caller(tool->above, caller, sizeof caller);
	for (; kind < kinds + kind_count; kind++)
		if (strcmp(kind->tool, path) == 0 && strcmp(kind->caller, caller) == 0 && kind->reason == reason)
			return kind;
	if (kind_count == KINDS_MAX)
		return kind - 1; /* the rest goes with the last */
	kind_count++;
	strcpy(kind->tool, path);
	strcpy(kind->caller, caller);
	cmdline_directory(tool->process.pid, kind->directory, sizeof kind->directory);
	kind->reason = reason;
	return kind;
}

bool bypass_count(struct kind *kind, bool is_new, uint64_t ns)
{
	const bool is_first = is_new && kind->runs == 0;

	kind->runs += is_new;
	kind->ns += ns;
	all_ns += ns;
	return is_first;
}

void bypass_discount(struct kind *kind, uint64_t ns)
{
	kind->runs--;
	kind->ns -= ns;
	all_ns -= ns;
}

uint64_t bypass_ns(void)
{
	return all_ns;
}

void bypass_tell(struct kind *kind)
{
	char tool[sizeof kind->tool], caller[sizeof kind->caller];

	if (kind->told)
		return;
	kind->told = true;
	visible(tool, sizeof tool, kind->tool, strlen(kind->tool));
	visible(caller, sizeof caller, kind->caller, strlen(kind->caller));
	printf("jobshim: %s went past the shims: %s, by %s\n", tool, bypass_reasons[kind->reason].text, caller);
	fflush(stdout);
}

static void print_number(FILE *out, uint64_t number)
{
	fprintf(out, "%llu%c", (unsigned long long)number, 0);
}

void bypass_print(FILE *out)
{
	size_t count = 0;

	for (size_t i = 0; i < kind_count; i++)
		count += kinds[i].runs > 0;
	print_number(out, count);
	for (size_t i = 0; i < kind_count; i++) {
		const struct kind *kind = &kinds[i];

		if (kind->runs == 0) /* all runs of this kind turned out to be wrappers */
			continue;
		fprintf(out, "%s%c%s%c%s%c%s%c", kind->tool, 0, kind->caller, 0, bypass_reasons[kind->reason].name, 0, kind->directory,
		        0);
		print_number(out, kind->runs);
		print_number(out, kind->ns / 1000000);
	}
}
