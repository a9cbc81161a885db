/* How this program was built, and what the kernel below it has, for `jobshim doctor`. */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>

struct self;

/* Answers `static` or `dynamic`, the libc, and for each feature of the kernel that launchers use why it can't be used, empty if it
 * can. The launcher is built as we are. False on error. */
bool answer_features(const struct self *self, char *const words[]);

#endif
