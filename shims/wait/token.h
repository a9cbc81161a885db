/* One token of the jobserver, and the record that tells who has it. */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>

struct jobserver;
struct record;

enum token_outcome { TOKEN_TAKEN, TOKEN_NONE_FREE, TOKEN_UNREADABLE };

/* Takes a free token, if there is one, and notes it in the record. Else the record stays `acquiring`. */
enum token_outcome token_take(const struct jobserver *jobserver, struct record *record, unsigned char *token);

/* Gives a token back. False if it could not be written: it stays in the record, and a later check for dead launchers tries again, unless
 * the server keeps an account. */
bool token_give_back(const struct jobserver *jobserver, struct record *record, unsigned char token);

#endif
