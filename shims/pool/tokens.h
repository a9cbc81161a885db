/* The tokens that a pool has: bytes in its pipe, counted, put in and taken out. */
#ifndef TOKENS_H
#define TOKENS_H

#include <stdbool.h>

struct jobserver;

/* Writes tokens to fd. Returns how many went in; fewer if it is full, or on an error, which errno then tells. */
long tokens_put(int fd, long tokens);

/* Puts tokens into the pool. Returns how many went in. */
int tokens_add(const struct jobserver *jobserver, long tokens);

/* Takes at most so many free tokens out of the pool. Returns how many it took. */
int tokens_take(const struct jobserver *jobserver, long tokens);

/* How many tokens are free; -1 if that can't be told: it is no pipe. */
int tokens_free(const struct jobserver *jobserver);

/* How many more tokens a pool can get that has so many, and shall have wanted: what its pipe surely has room for. */
long tokens_growth(const struct jobserver *jobserver, long tokens, long wanted);

#endif
