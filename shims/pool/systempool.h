/* The pool of the whole machine, which a server of root's keeps (jobshim setup --system). Whoever may open it has it as the machine's pool. */
#ifndef SYSTEMPOOL_H
#define SYSTEMPOOL_H

#include <stdbool.h>

struct jobserver;

/* Opens it. False, with nothing changed, if there is none, or this user may not use it. */
bool system_pool_open(struct jobserver *jobserver);

/* Whether it is this one: then its server looks after it. */
bool system_pool_is(const struct jobserver *jobserver);

#endif
