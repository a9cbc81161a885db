/* A run that waits in the machine's pool, and is ended by a signal, may be the last one there: then it removes the pool first. */
#ifndef LEAVING_H
#define LEAVING_H

struct jobserver;

/* From here on signals that end this process make it leave the pool before they do; nothing for any other jobserver. They must be blocked but
 * while it waits (sleeper.h): so nothing else is under way when they come. Signals that are ignored, or handled, stay so. */
void leaving_begin(const struct jobserver *jobserver);

/* From here on they end it at once again. */
void leaving_end(void);

#endif
