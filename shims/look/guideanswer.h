/* A caretaker's answers to requests of launchers (guide.h). */
#ifndef GUIDEANSWER_H
#define GUIDEANSWER_H

struct jobserver;
struct ledger;

/* A socket that is readable when a request comes; -1: there can be none, or another caretaker has it. */
int guide_open(const struct jobserver *jobserver);

/* Answers the requests. */
void guide_answer(int socket, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
