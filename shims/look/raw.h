/* A call of `look` whose words and environment are bytes. Node has only text: what is no UTF-8 it can't hand on. */
#ifndef RAW_H
#define RAW_H

#include <stdbool.h>

/* `look raw FD BYTES WORDS VARIABLES`: reads that many bytes from FD, which are that many words and variables, each with a NUL behind it, and
 * closes it; if it was 0, that is /dev/null from then on. The variables are our environment from then on. Returns the words, with NULL behind
 * them. NULL, reported, if the bytes are not these. */
char **raw_take(char *const words[]);

#endif
