/* Tools for which there is no room: they stand still, unanswered, until there is. Each would be the last in a line in which another one
 * waits that there was room for: so nobody waits for one of these but who would wait in that line, too. */
#ifndef OVERFLOW_H
#define OVERFLOW_H

#include <stdbool.h>
#include <stdint.h>

struct lines;
struct program;
struct started;

/* Whether there is room for a run that is to wait in that line, and is one of lines already. */
bool overflow_has_room(const struct lines *lines, uint64_t line);

/* One more; if it stands here it keeps its place. False: there is no memory, or nothing whose end could make room. */
bool overflow_add(const struct lines *lines, const struct started *started, uint64_t line);

/* Calls enter for those for which there is room now. */
void overflow_let_in(struct lines *lines, int listener, void (*enter)(const struct started *started, struct program *program));

bool overflow_is_empty(void);

/* Lets all go on. */
void overflow_close(int listener);

#endif
