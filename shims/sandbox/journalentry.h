/* The journal's line of a tool run in the sandbox, which nobody else writes. */
#ifndef JOURNALENTRY_H
#define JOURNALENTRY_H

struct jobserver;
struct ledger;
struct program;
struct supervised;

/* Finds out whether there is a journal. What these lead to must stay. */
void journal_entries_open(const struct jobserver *jobserver, const struct ledger *ledger);

/* Notes what the run is, while its program stands still; without a journal nothing. */
void journal_entry_make(struct supervised *run, const struct program *program);

/* The run goes on. */
void journal_entry_begin(struct supervised *run);

/* Writes the line: the run's program has ended. Call it before its slot is given back. */
void journal_entry_write(const struct supervised *run);

/* Frees what was noted. */
void journal_entry_drop(struct supervised *run);

#endif
