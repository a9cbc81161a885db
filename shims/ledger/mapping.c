#include "ledger/mapping.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "ledger/ledgerfile.h"
#include "ground/signals.h"

enum { PAGES_MAX = LEDGER_BYTES / 4096 }; /* no machine has smaller ones */

/* What SIGBUS and SIGXFSZ did before a ledger was opened. */
static struct sigaction inherited_bus, inherited_file_size;
static bool signals_changed;

/* The pages in the order of the file, for on_bus_error. */
static unsigned char *mapped[PAGES_MAX];

/* A store failed: the disk is full, or the file was truncated. Our own memory replaces the page, and the run goes on without crash safety.
 * */
static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
	size_t size = getauxval(AT_PAGESZ);
	unsigned char *at = info->si_addr;

	(void)context;
	for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
		unsigned char *page = mapped[i];

		if (page == NULL || at < page || at >= page + size)
			continue;
		if (mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page)
			return;
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

void *mapping_make(int file, off_t offset)
{
	const off_t size = (off_t)getauxval(AT_PAGESZ), number = offset / size;
	unsigned char *page = number < PAGES_MAX ? mapped[number] : NULL;

	if (number >= PAGES_MAX)
		return NULL;
	if (page == NULL) {
		page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, number * size);
		if (page == MAP_FAILED)
			return NULL;
		mapped[number] = page;
	}
	return page + offset % size;
}

void mapping_end(void)
{
	for (size_t i = 0; i < PAGES_MAX; i++) {
		if (mapped[i] != NULL)
			munmap(mapped[i], getauxval(AT_PAGESZ));
		mapped[i] = NULL;
	}
}

bool mapping_begin(void)
{
	const struct sigaction on_bus = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!signals_changed && signals_handle(SIGBUS, &on_bus, &inherited_bus) == 0)
		signals_changed = sigaction(SIGXFSZ, &ignore, &inherited_file_size) == 0;
	return signals_changed;
}

void mapping_restore_signals(void)
{
	if (!signals_changed)
		return;
	sigaction(SIGBUS, &inherited_bus, NULL);
	sigaction(SIGXFSZ, &inherited_file_size, NULL);
}
