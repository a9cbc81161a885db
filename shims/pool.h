/* A pool of our own: its FIFO, made and filled, and how many tokens it shall have. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>

struct jobserver;
struct self;

/* Makes the FIFO words[0] (0600), empty; none where that is empty. Prints the style of jobserver that the make on PATH reads (fifo,
 * pipe, legacy), or the number of the error (errno). Both in one call, so that `run` starts one process. False on error. */
bool pool_prepare(const struct self *self, char *const words[]);

/* Fills the FIFO that stdin is for as many jobs as MAKEOPTS asks for; for one without -j, as make; for words[0] where -j has no
 * number. Prints them and the load of its -l, if there is one: "8 7.5". False on error, which is told. */
bool pool_fill(const struct self *self, char *const words[]);

/* Puts tokens into the pool. Returns how many went in. */
int pool_add(const struct jobserver *jobserver, long tokens);

/* Takes at most so many free tokens out of the pool. Returns how many it took. */
int pool_take(const struct jobserver *jobserver, long tokens);

/* How many tokens are free; -1 where that can't be told: it is no pipe. */
int pool_free(const struct jobserver *jobserver);

/* How many more tokens a pool can get that has so many, and shall have wanted: what its pipe surely has room for. */
long pool_growth(const struct jobserver *jobserver, long tokens, long wanted);

#endif
