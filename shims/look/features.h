/* How this program was built, and what the kernel can do, for `jobshim doctor`. */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>

struct self;

/* Answers `static` or `dynamic`, the libc, and for each kernel feature that launchers use why it does not work, empty if it does. The
 * launcher is built in the same way. False on error. */
bool answer_features(const struct self *self, char *const words[]);

#endif
