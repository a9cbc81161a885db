/* Any ledger beside a FIFO, cut anywhere: it is refused or read, reclaimed and claimed, and no token is made that no record
 * stands for. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/reclaim.h"
#include "ledger/record.h"
#include "ledger/records.h"

static char path[64], ledger_path[80];
static struct jobserver jobserver;

static void remove_all(void)
{
	char directory[64];

	unlink(path);
	unlink(ledger_path);
	snprintf(directory, sizeof directory, "%s", path);
	*strrchr(directory, '/') = '\0';
	rmdir(directory);
}

static void open_pool(void)
{
	char directory[] = "/tmp/jobshim-fuzz-XXXXXX";

	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/fifo", directory);
	snprintf(ledger_path, sizeof ledger_path, "%s.ledger", path);
	if (mkfifo(path, 0600) < 0)
		abort();
	atexit(remove_all);
	jobserver.read_fd = open(path, O_RDONLY | O_NONBLOCK);
	jobserver.write_fd = open(path, O_WRONLY | O_NONBLOCK);
	jobserver.own = true;
	jobserver.path = path;
}

/* The input: how much of the file there is (two bytes, in steps of eight), then the header, then records. */
static void write_ledger(const uint8_t *data, size_t size)
{
	static const uint8_t good[] = LEDGER_MAGIC "\1\0\0\0\0\20\0";
	size_t header = size > 130 ? 128 : size > 2 ? size - 2 : 0;
	int fd = open(ledger_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t length = LEDGER_BYTES;

	if (fd < 0)
		abort();
	if (size >= 2 && (data[0] | data[1]) != 0)
		length = (off_t)(data[0] | data[1] << 8) * 8;
	if (ftruncate(fd, length) < 0 || (header > 0 && pwrite(fd, data + 2, header, 0) < 0) ||
	    pwrite(fd, good, 16, 0) < 0 ||
	    (size > 130 && pwrite(fd, data + 130, size - 130, LEDGER_HEADER_BYTES) < 0))
		abort();
	if (size > 1 && data[0] == 255 && pwrite(fd, data + 2, header, 0) < 0) /* the magic may be wrong, too */
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger ledger;
	struct record record;
	long tokens = 0, launchers = 0;
	int made;
	char drained[8192];

	if (path[0] == '\0')
		open_pool();
	write_ledger(data, size);
	ledger_open(&ledger, &jobserver, LEDGER_LOOK);
	if (ledger.fd < 0) {
		assert(ledger.why != NULL);
		return 0;
	}
	assert(records_count(&ledger, &tokens, &launchers) && tokens <= LEDGER_RECORD_COUNT && launchers <= LEDGER_RECORD_COUNT);
	ledger_reclaim(&ledger, &jobserver);
	assert(ioctl(jobserver.read_fd, FIONREAD, &made) == 0 && made <= tokens);
	while (read(jobserver.read_fd, drained, sizeof drained) > 0)
		;
	assert(records_count(&ledger, &tokens, &launchers) && launchers == 0);
	record_claim(&record, &ledger, &jobserver, &(struct record_of){ .pid = getpid(), .job = 7, .tool = "tool" });
	assert(record_is_noted(&record) && records_locked(&ledger) == 1);
	record_acquiring(&record);
	record_held(&record, SLOT_TOKEN);
	record_releasing(&record);
	record_free(&record);
	record_abandon(&record);
	assert(records_locked(&ledger) == 0);
	ledger_close(&ledger);
	return 0;
}
