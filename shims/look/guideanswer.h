/* A caretaker's answers to launchers that ask whose slot they have (guide.h). */
#ifndef GUIDEANSWER_H
#define GUIDEANSWER_H

struct jobserver;
struct ledger;

/* A socket that is readable when a launcher asks; -1: there can be none, or another caretaker has it. */
int guide_open(const struct jobserver *jobserver);

/* Answers who asks. */
void guide_answer(int socket, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
