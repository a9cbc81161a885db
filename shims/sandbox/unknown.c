#include "sandbox/unknown.h"

#include "ground/report.h"
#include "ground/text.h"

static struct {
	unsigned count;
	char first[64];
} unknown;

void unknown_note(const char *name)
{
	if (unknown.count++ == 0)
		text_put(unknown.first, sizeof unknown.first, "%s", name);
}

bool unknown_tell(char *line, size_t size)
{
	text_put(line, size, "unknown %u %s\n", unknown.count, unknown.first);
	return unknown.count > 0;
}

void unknown_report(void)
{
	report("programs that could not be looked at: %u, first %s: tools among them took no slot", unknown.count, unknown.first);
}
