/* The launcher becomes `look`, which does the whole run from its beginning (shims/look/toolwork.h): the process, its words, environment,
 * descriptors and signals are those that the launcher was started with. */
#ifndef RELAY_H
#define RELAY_H

#include "tool/self.h"

struct run;

/* The words that it is started with. */
struct relay {
	char **words; /* NULL: there is no memory for them */
	char marks[SELF_MARKS];
};

/* Keeps the words, before they are changed. run->argv has all argc words, run->tool the name that was started. */
void relay_begin(struct relay *relay, const struct run *run, int argc);

/* Becomes it. Nothing may be held by then, and no signal blocked. Returns if that can't be, which was told: the tool is to take our place,
 * ungoverned. */
void relay(const struct relay *relay, const struct run *run);

/* Becomes it as the run begins, since it can write a log. Returns if that can't be: then there is none. */
void relay_logged(const struct relay *relay, const struct run *run);

#endif
