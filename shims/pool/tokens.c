#include "pool/tokens.h"

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "ground/retry.h"

enum { CHUNK = 4096 }; /* a write of at most so many bytes is atomic (pipe(7), PIPE_BUF) */

/* make's byte; clients give back the byte that they read. */
static const char TOKEN = '+';

long tokens_put(int fd, long tokens)
{
	char bytes[CHUNK];
	long done = 0;

	memset(bytes, TOKEN, sizeof bytes);
	while (done < tokens) {
		size_t size = tokens - done < CHUNK ? (size_t)(tokens - done) : CHUNK;
		ssize_t n = RETRY(write(fd, bytes, size));

		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

int tokens_add(const struct jobserver *jobserver, long tokens)
{
	return tokens > 0 ? (int)tokens_put(jobserver->write_fd, tokens) : 0;
}

int tokens_take(const struct jobserver *jobserver, long tokens)
{
	char bytes[CHUNK];
	long done = 0;

	while (done < tokens) {
		ssize_t n = RETRY(read(jobserver->read_fd, bytes, tokens - done < CHUNK ? (size_t)(tokens - done) : CHUNK));

		if (n <= 0)
			break;
		done += n;
	}
	return (int)done;
}

int tokens_free(const struct jobserver *jobserver)
{
	int tokens = 0;

	return jobserver->accounts || ioctl(jobserver->read_fd, FIONREAD, &tokens) < 0 ? -1 : tokens;
}

long tokens_growth(const struct jobserver *jobserver, long tokens, long wanted)
{
	/* All pages but one, and a byte: see LEDGER_POOL_MAX. A user with many pipes gets smaller ones. */
	const long bytes = fcntl(jobserver->write_fd, F_GETPIPE_SZ), room = bytes - (long)getauxval(AT_PAGESZ) + 1;

	if (wanted > room)
		wanted = room;
	return wanted > tokens ? wanted - tokens : 0;
}
