/* A run that may need a slot. */
#ifndef GOVERN_H
#define GOVERN_H

struct run;

/* Finds its jobserver and whose slot it has, decides by plan.h, and acts: ends as the tool does. Without a jobserver as the policy has it. */
_Noreturn void govern(struct run *run);

#endif
