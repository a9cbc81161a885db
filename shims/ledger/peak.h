/* The most tools that ran at once in slots of their own, as the summary tells it. */
#ifndef PEAK_H
#define PEAK_H

#include <stdint.h>

struct jobserver;
struct ledger;

/* Notes that so many run now, or seem to: those of killed launchers are taken out before it becomes the peak. */
void peak_note(struct ledger *ledger, const struct jobserver *jobserver, uint32_t running);

#endif
