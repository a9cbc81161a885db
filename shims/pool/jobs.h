/* The -j of a client's command line. */
#ifndef JOBS_H
#define JOBS_H

#include <stdbool.h>

enum { JOBS_UNBOUNDED = 0, JOBS_UNSAID = -1, JOBS_ODD = -2 };

/* How many jobs the command line of a tool of this family names. JOBS_ODD: the tool will refuse what follows -j. */
long jobs_read(const char *family, char *argv[]);

/* Whether a word makes the tool join a jobserver that it finds, whatever its -j. */
bool jobs_heed(const char *family, char *argv[]);

/* Takes each -j out of argv, in place. */
void jobs_drop(const char *family, char *argv[]);

/* Returns argv with word behind argv[0]; NULL if there is no room for it (arena.h). */
char **jobs_insert(char *argv[], char *word);

#endif
