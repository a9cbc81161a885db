/* One line in the last row of a terminal, to which other programs write without knowing of it. */
#ifndef BOTTOMLINE_H
#define BOTTOMLINE_H

#include <stdbool.h>

struct self;

/* Shows each line from stdin in place of the one before, on the terminal of stderr, until stdin ends; then it gives the row back. False if
 * stderr is not our terminal. */
bool bottomline_show(const struct self *self, char *const words[]);

#endif
