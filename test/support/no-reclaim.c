/* Makes a launcher leave the tokens of the killed where they are. */
#include "ledger/deadtoken.h"
#include "wait/census.h"

bool __wrap_dead_token_return(const struct ledger *ledger, const struct jobserver *jobserver, unsigned index,
                              const struct ledger_record *record)
{
	(void)ledger, (void)jobserver, (void)index, (void)record;
	return true;
}

void __wrap_census_take(const struct jobserver *jobserver, struct ledger *ledger, struct census *census)
{
	(void)jobserver, (void)ledger;
	*census = (struct census){ .free = -1, .blind = true, .why = "it is switched off" };
}
