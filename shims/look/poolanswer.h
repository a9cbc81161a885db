/* Answers about the jobserver that a tool started here would use. Each returns false on error. */
#ifndef POOLANSWER_H
#define POOLANSWER_H

#include <stdbool.h>

struct jobserver;
struct ledger;
struct self;

/* Opens the jobserver. False, with a refusal printed, if there is none. The ledger may be missing. */
bool answer_open(struct jobserver *jobserver, struct ledger *ledger);

/* Its address, its free tokens, its ledger, and whether its server keeps an account. */
bool answer_jobserver(const struct self *self, char *const words[]);

/* The result of a census, and how many tokens are lost by it. */
bool answer_census(const struct self *self, char *const words[]);
bool answer_lost(const struct self *self, char *const words[]);

/* Gives back the tokens of dead launchers. */
bool answer_reclaim(const struct self *self, char *const words[]);

#endif
