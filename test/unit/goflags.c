/* adapt/goflags.c: how go is told to start its tools through the launcher. */
#include "adapt/goflags.h"

#include <stdlib.h>

#include "check.h"
#include "words.h"

#define OURS "/s/.jobshim/launcher"

static const struct {
	const char *flags, *shim_dir, *becomes; /* NULL: they stay */
	bool governed;
} flags[] = {
	{ "-v", "/s", "-v -toolexec=" OURS, true },
	{ " ", "/s", "  -toolexec=" OURS, true },
	{ "-v '-ldflags=-s -w'", "/s", "-v '-ldflags=-s -w' -toolexec=" OURS, true },
	{ "-toolexec=time", "/s", "'-toolexec=" OURS " -- time'", true },
	{ "--toolexec=time", "/s", "'-toolexec=" OURS " -- time'", true },
	{ "-v -toolexec=time -x", "/s", "-v '-toolexec=" OURS " -- time' -x", true },
	{ "'-toolexec=time -p' -x", "/s", "'-toolexec=" OURS " -- time -p' -x", true },
	{ "\"-toolexec=sh -c 'x'\"", "/s", "\"-toolexec=" OURS " -- sh -c 'x'\"", true },
	{ "-toolexec=a -toolexec=b", "/s", "-toolexec=a '-toolexec=" OURS " -- b'", true }, /* the last one counts */
	{ "-toolexec=", "/s", "-toolexec=" OURS, true },
	{ "-toolexec=" OURS, "/s", NULL, true },
	{ "'-toolexec=/other/.jobshim/launcher -- time'", "/s", NULL, true },
	{ "-v", "/a b", "-v '-toolexec=\"/a b/.jobshim/launcher\"'", true },
	{ "-toolexec=time", "/a b", "'-toolexec=\"/a b/.jobshim/launcher\" -- time'", true },
	{ "-v", "/it's", NULL, false }, /* go's quotes can't say these */
	{ "-v", "/say \"x\"", NULL, false },
	{ "'-toolexec=say \"x\"'", "/s", "'-toolexec=" OURS " -- say \"x\"'", true },
	{ "\"-toolexec=it's x\"", "/a b", NULL, false },
	{ "-v", "", NULL, false },
	{ "'-toolexec=time", "/s", "'-toolexec=" OURS " -- time'", true }, /* a quote that nothing closes: go refuses it */
};

static const struct {
	const char *line;
	bool overridden;
} lines[] = {
	{ "", false },
	{ "go", false },
	{ "go build ./...", false },
	{ "go build -toolexec time", true },
	{ "go build -toolexec=time", true },
	{ "go build --toolexec=time", true },
	{ "go build --toolexec time", true },
	{ "go build -toolexec", true },
	{ "go build -toolexec " OURS, false },
	{ "go build -toolexec=" OURS, false },
	{ "go build -toolexecs=time", false },
};

int main(void)
{
	struct words words;

	for (size_t i = 0; i < LENGTH(flags); i++) {
		bool governed = !flags[i].governed;
		const char *found, *name = "GOFLAGS=";

		setenv("GOFLAGS", flags[i].flags, 1);
		found = goflags_with_launcher("/nowhere/go", flags[i].shim_dir, &governed);
		check_text("goflags_with_launcher", flags[i].flags,
		           found == NULL || strncmp(found, name, strlen(name)) != 0 ? found : found + strlen(name), flags[i].becomes);
		check_number("goflags_with_launcher, governed", flags[i].flags, governed, flags[i].governed);
	}
	for (size_t i = 0; i < LENGTH(lines); i++)
		check_number("goflags_overridden", lines[i].line, goflags_overridden(words_of(&words, lines[i].line)),
		             lines[i].overridden);
	return check_end();
}
