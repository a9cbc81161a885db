/* The tokens of a pool: bytes in its pipe. Counts them, puts some in, takes some out. */
#ifndef TOKENS_H
#define TOKENS_H

#include <stdbool.h>

struct jobserver;

/* Writes tokens to fd. Returns how many went in: fewer if it is full, or on error, with errno set. */
long tokens_put(int fd, long tokens);

/* Puts tokens into the pool. Returns how many went in. */
int tokens_add(const struct jobserver *jobserver, long tokens);

/* Takes at most so many free tokens out of the pool. Returns how many it took. */
int tokens_take(const struct jobserver *jobserver, long tokens);

/* How many tokens are free; -1 if it is no pipe, and the number is not known. */
int tokens_free(const struct jobserver *jobserver);

/* How many more tokens a pool with so many can get, on its way to wanted: as many as its pipe surely has room for. */
long tokens_growth(const struct jobserver *jobserver, long tokens, long wanted);

#endif
