/* The tool takes our place, or there is none. */
#ifndef BECOME_H
#define BECOME_H

#include <stdbool.h>

struct findings;
struct run;

/* Before the tool takes our place: tells and notes what is then to be known of it. */
void become(const struct findings *findings);

/* The same if its gates are open: all that stays behind is the record. False if it must wait. */
bool become_gated(struct findings *findings);

/* The policy wants a jobserver, and there is none. */
_Noreturn void run_refuse(const struct run *run, const char *why);

#endif
