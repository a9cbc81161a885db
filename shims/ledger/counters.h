/* What a ledger's header counts, for the summary and for waiters. Times are CLOCK_MONOTONIC nanoseconds. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ledger;

/* How many tools run in slots of their own. */
uint32_t ledger_running(const struct ledger *ledger);

/* Count a wait for a slot; the part of a wait that was spent at a gate; a run in its caller's slot. */
void ledger_count_wait(const struct ledger *ledger, uint64_t waited_ns);
void ledger_count_gate(const struct ledger *ledger, int gate, uint64_t waited_ns);
void ledger_count_caller_run(const struct ledger *ledger);

/* Counts an overdraft of the job; whether the last overdraft was of that job, and began at since_ns or later. */
void ledger_count_overdraft(const struct ledger *ledger, uint64_t job);
bool ledger_had_overdraft(const struct ledger *ledger, uint64_t job, uint64_t since_ns);

/* Notes that a slot was taken now; when a launcher last took one, 0: not known. */
void ledger_count_progress(const struct ledger *ledger);
uint64_t ledger_progress(const struct ledger *ledger);

/* Notes that the process started a launcher, or was one; whether that was noted lately. */
void ledger_note_caller(const struct ledger *ledger, pid_t pid);
bool ledger_has_caller(const struct ledger *ledger, pid_t pid);

/* Notes that the supervisor of a sandbox takes slots here, so that its records are looked for. */
void ledger_note_supervisor(const struct ledger *ledger);
bool ledger_is_supervised(const struct ledger *ledger);

#endif
