/* Whose slot a launcher has that can't see its client: the caretaker, outside its namespaces, may see it. */
#ifndef GUIDE_H
#define GUIDE_H

#include <stdbool.h>

struct job;
struct jobserver;
struct ledger;

/* Asks for our job; above: launchers above us. False where nobody answers at once, or can't tell. */
bool guide_ask(const struct jobserver *jobserver, unsigned above, struct job *job);

/* A socket that is readable when a launcher asks; -1: there can be none, or another caretaker has it. */
int guide_open(const struct jobserver *jobserver);

/* Answers who asks. */
void guide_answer(int socket, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
