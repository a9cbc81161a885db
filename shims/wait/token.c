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
	PUT_PAUSE_MS = 10, /* between tries, if there is no memory for a token in the pipe */
	PUT_TRIES = 100,
};

/* Inherited descriptors may block, and others share their flags, which must not change. So splice(), which can be told not to block, moves
 * the token into a pipe of our own. A kill between the two calls loses it; a census then finds that it is missing. */
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

/* The kernel stores the byte in the record in the same step that takes it from the pipe: no kill can come between. */
enum token_outcome token_take(const struct jobserver *jobserver, struct record *record, unsigned char *token)
{
	unsigned char *into = record_token(record);
	ssize_t n;

	record_acquiring(record);
	do {
		n = read_token(jobserver, into);
		if (n < 0 && errno == EFAULT && into != token) {
			into = token; /* the ledger was truncated: nothing was read, go on without it */
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

/* False if it can't be written: nobody has the pool open any more, or there was no memory for the byte for a second. */
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

/* Reported once, for the first of several tokens. */
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
		return true; /* only the server's account counts */
	record_held(record, SLOT_TOKEN);
	return false;
}
