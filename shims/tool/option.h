/* What a launcher can be asked for in place of a tool: rows of the contract's table. */
#ifndef OPTION_H
#define OPTION_H

struct launcher_option;

/* The row of this option, NULL if it is none. */
const struct launcher_option *option_named(const char *word);

#endif
