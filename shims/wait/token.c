#include "wait/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/record.h"
#include "pool/jobserver.h"
#include "ground/report.h"
#include "ground/retry.h"

enum {
	PUT_PAUSE_MS = 10, /* where there is no memory for a token in the pipe */
	PUT_TRIES = 100,
};

/* Descriptors that we inherited may block, and their flags are not ours alone: a token is moved on into a pipe of our own, which never
 * waits. Between the two calls a kill takes it along; a census then finds that it is missing. */
static ssize_t read_shared(const struct jobserver *jobserver, unsigned char *into)
{
	ssize_t n = splice(jobserver->read_fd, NULL, jobserver->way[1], NULL, 1, SPLICE_F_NONBLOCK);
	unsigned char byte;

	if (n != 1)
		return n;
	n = RETRY(read(jobserver->way[0], &byte, 1));
	if (n == 1)
		*into = byte;
	return n;
}

static ssize_t read_token(const struct jobserver *jobserver, unsigned char *into)
{
	if (jobserver->socket)
		return recv(jobserver->read_fd, into, 1, MSG_DONTWAIT);
	return jobserver_is_inherited(jobserver) ? read_shared(jobserver, into) : read(jobserver->read_fd, into, 1);
}

/* The kernel stores the byte into the record, in the same step that takes it from the pipe: a kill can't part them. */
enum token_outcome token_take(const struct jobserver *jobserver, struct record *record, unsigned char *token)
{
	unsigned char *into = record_token(record);
	ssize_t n;

	record_acquiring(record);
	do {
		n = read_token(jobserver, into);
		if (n < 0 && errno == EFAULT && into != token) {
			into = token; /* the ledger was cut: nothing was read, go on without it */
			errno = EINTR;
		}
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		return n < 0 && errno == EAGAIN ? TOKEN_NONE_FREE : TOKEN_UNREADABLE;
	*token = *into;
	record_held(record, SLOT_TOKEN);
	return TOKEN_TAKEN;
}

static ssize_t write_token(const struct jobserver *jobserver, unsigned char token)
{
	if (jobserver->socket)
		return send(jobserver->write_fd, &token, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(jobserver->write_fd, &token, 1);
}

/* False where it is not written: nobody is there any more, or there was no memory for its byte for a second. */
static bool put(const struct jobserver *jobserver, unsigned char token)
{
	const struct timespec pause = { .tv_nsec = PUT_PAUSE_MS * 1000000L };

	for (int try = 0; try < PUT_TRIES;) {
		ssize_t n = RETRY(write_token(jobserver, token));

		if (n == 1)
			return true;
		if (n < 0 && errno != ENOMEM && errno != EAGAIN)
			return false;
		try++;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Of several tokens that one run has the first tells it for all. */
static void tell_failure(void)
{
	static bool told;

	if (!told)
		report_debug("a token can't be given back: %s", strerror(errno));
	told = true;
}

bool token_give_back(const struct jobserver *jobserver, struct record *record, unsigned char token)
{
	record_releasing(record);
	if (put(jobserver, token))
		return true;
	tell_failure();
	if (jobserver->accounts)
		return true; /* to its server alone it is whose it is */
	record_held(record, SLOT_TOKEN);
	return false;
}
