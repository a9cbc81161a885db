#include "pool/asleep.h"

#include <string.h>
#include <sys/syscall.h>

#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"

enum { STATUS_MAX = 4096 };

static bool is_call(enum client_sleep call, long number)
{
	if (call == SLEEP_FUTEX)
		return number == SYS_futex;
#ifdef SYS_epoll_wait
	if (number == SYS_epoll_wait)
		return true;
#endif
	return number == SYS_epoll_pwait;
}

/* By the name of the kernel's function, which may be read for processes that we may not trace. */
static bool is_function(enum client_sleep call, const char *name)
{
	if (call == SLEEP_FUTEX)
		return text_behind(name, strlen(name), "futex") != NULL;
	return strcmp(name, "ep_poll") == 0 || strcmp(name, "do_epoll_wait") == 0;
}

static bool sleeps_in(pid_t pid, enum client_sleep call)
{
	char path[32], text[256];
	const char *end = text;
	uint64_t number;

	text_put(path, sizeof path, "/proc/%d/syscall", (int)pid);
	if (read_small_file(path, text, sizeof text) > 0) {
		number = number_scan(&end, 10);
		return end != text && *end == ' ' && is_call(call, (long)number);
	}
	text_put(path, sizeof path, "/proc/%d/wchan", (int)pid);
	return read_small_file(path, text, sizeof text) > 0 && is_function(call, text);
}

static bool read_count(const char *status, const char *name, uint64_t *count)
{
	const char *at = text_behind(status, strlen(status), name);

	if (at == NULL)
		return false;
	*count = number_scan(&at, 10);
	return true;
}

bool is_asleep(pid_t pid, enum client_sleep call, uint64_t *runs)
{
	char path[32], status[STATUS_MAX];
	uint64_t left, lost; /* a processor, by itself or not */

	text_put(path, sizeof path, "/proc/%d/status", (int)pid);
	if (read_small_file(path, status, sizeof status) <= 0 ||
	    !read_count(status, "\nvoluntary_ctxt_switches:", &left) ||
	    !read_count(status, "\nnonvoluntary_ctxt_switches:", &lost))
		return false;
	*runs = left + lost;
	return sleeps_in(pid, call);
}
