/* One line in the last row of a terminal that others write to, who know nothing of it. */
#ifndef BOTTOMLINE_H
#define BOTTOMLINE_H

#include <stdbool.h>

struct self;

/* Shows the lines that come on stdin, each in place of the one before, on the terminal that stderr is, until stdin ends; then
 * the row is given back. False where stderr is no terminal of ours. */
bool bottomline_show(const struct self *self, char *const words[]);

#endif
