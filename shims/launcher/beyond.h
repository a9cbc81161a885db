/* What the launcher can't do by itself, and look does: decided from facts, without any effect. */
#ifndef BEYOND_H
#define BEYOND_H

#include <stdbool.h>

#include "run/plan.h"

struct run;

enum beyond {
	WITHIN,
	BEYOND_CLIENT, /* what starts tools is told of the jobserver by its adapter, and pays */
	BEYOND_FILE,   /* its shim's file is to be made anew */
	BEYOND_SERVER, /* from a server that stays the jobserver is hidden */
	BEYOND_MACHINE, /* it joins the machine's pool */
	BEYOND_HIDDEN, /* it waits for the slot that all share from which the pool is hidden */
	BEYOND_OWED,   /* its client's slot is to be paid for */
	BEYOND_CLAIM,  /* its client may hold tokens for it */
	BEYOND_SLOTS,  /* it gathers several */
	BEYOND_LOW,    /* its priority may be low: it looks at who else waits */
};

/* Of a run of which no more is known than what it was called with. is_governed: it may need a slot; is_stale: its shim's file is. */
enum beyond beyond_call(const struct run *run, bool is_governed, bool is_stale);

/* Of a run that finds no jobserver. */
enum beyond beyond_without(const struct facts *facts);

/* Of a run whose rules are known. */
enum beyond beyond_rules(const struct facts *facts);

/* Of a run that is to do this. owes: its caller's slot is not paid for; claims: so many tokens may be held for it. */
enum beyond beyond_plan(const struct facts *facts, enum action action, bool owes, bool claims);

#endif
