/* `look tool`: what a launcher becomes that can't do a run by itself (shims/launcher/relay.h). */
#ifndef TOOLWORK_H
#define TOOLWORK_H

#include <stdbool.h>

struct self;

/* Does the run: words are what the launcher found out about itself (tool/self.h), then all that it was started with. Does not return. self is not the one. */
bool tool_work(const struct self *self, char *const words[]);

#endif
