/* Shims for what starts tools: they mend what it is told of the jobserver and pay for a client's own slot. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <stdbool.h>

#include "adapt/adaption.h"

struct adapter;

/* Whether the program, which was told of no jobserver, may make one: its words name several jobs, or a pool. */
bool adapter_may_leave(const struct adapter *adapter, char *argv[]);

/* Makes arguments and environment such that the program can join our jobserver: an old make gets two descriptors in
 * place of fifo:, or in place of R,W that were closed or are something else by now; ninja gets fifo: in place of R,W;
 * bmake gets nothing of GNU make's, go hands its tools to the launcher. */
void adapter_mend(struct adaption *adaption);

#endif
