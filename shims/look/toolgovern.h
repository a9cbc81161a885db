/* A run of which a launcher could not do all: it may have to wait, or to start something. */
#ifndef TOOLGOVERN_H
#define TOOLGOVERN_H

struct run;

/* Finds its jobserver and whose slot it has, decides by plan.h, and acts: a tool that runs as our child has ended, and we as it did.
 * Returns if the tool is to take our place. Without a jobserver as the policy has it. */
void tool_govern(struct run *run);

#endif
