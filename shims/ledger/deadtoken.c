#include "ledger/deadtoken.h"

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/records.h"
#include "pool/jobserver.h"
#include "ground/retry.h"

static bool write_token(const struct jobserver *jobserver, const unsigned char *token)
{
	ssize_t n;

	n = RETRY(write(jobserver->write_fd, token, 1));
	return n == 1;
}

/* A record holds a token if the kernel stored one in it and nobody began to write it back. */
static bool holds_token(const struct ledger_record *record)
{
	return record->kind == SLOT_TOKEN && (record->state == STATE_HELD || (record->state == STATE_ACQUIRING && record->token != 0));
}

static bool store_state(const struct ledger *ledger, unsigned index, enum record_state state)
{
	const uint8_t byte = (uint8_t)state;

	return ledger_file_write(ledger->fd, &byte, sizeof byte, record_offset(index) + (off_t)offsetof(struct ledger_record, state));
}

bool dead_token_return(const struct ledger *ledger, const struct jobserver *jobserver, unsigned index,
                       const struct ledger_record *record)
{
	/* A server that keeps an account has the token back already. */
	if (jobserver->accounts || !holds_token(record))
		return true;
	/* `releasing` is stored before the byte is written: a reclaimer that is killed in between loses the token, but can't make one. */
	if (!store_state(ledger, index, STATE_RELEASING))
		return false;
	if (!write_token(jobserver, &record->token)) {
		(void)!store_state(ledger, index, STATE_HELD); /* the next reclaimer tries again */
		return false;
	}
	LEDGER_ADD(ledger, reclaimed, 1);
	return true;
}
