/* DIR/.jobshim/tools/NAME: what `jobshim install` wrote down for one tool. Flat lines, key=value. */
#ifndef TOOLFILE_H
#define TOOLFILE_H

#include <stdbool.h>

struct tool_settings {
	char family[16];      /* whose argument table applies, empty = none */
	bool error_without;   /* policy no-jobserver: error */
	bool machine_without; /* and machine: it joins the pool of this user */
	long jobs;            /* slots of that pool; 0: not said */
	double patience;      /* seconds */
	bool has_rules;       /* DIR/.jobshim/rules is there */
	bool join;            /* a client's own -jN is dropped */
	char real[512];       /* the tool, as install found it on PATH; empty = not known */
	char prefix[256];     /* the prefix for compilers in ccache's own config, empty = none */
	char cpp_prefix[256]; /* and for its preprocessor */
};

/* Fills settings from the text of such a file, which it cuts up. */
void tool_settings_parse(struct tool_settings *settings, char *text);

/* Reads the file, if there is one, then the environment, which wins. Unknown keys are for later versions. */
void tool_settings_read(struct tool_settings *settings, const char *shim_dir, const char *tool);

#endif
