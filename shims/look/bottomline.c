#include "look/bottomline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/text.h"

/* How it goes, and why so: docs/protocol.md, "The status line". */

enum {
	LOOK_MS = 100,     /* while we have the row: how often to check who is in the foreground */
	AGAIN_MS = 5000,   /* the same text is drawn again: a program may have cleared the screen */
	STOPPED_MS = 10000, /* how long to wait after a ^Z that stops nobody */
	AWAY_MS = 2000,    /* how long to wait after another job had the foreground: a shell may give it to each of its jobs */
	ROWS_MIN = 3,      /* a scroll region has two rows at least */
	COLUMNS_MIN = 20,
	TEXT_MAX = 600,
	FRAME_MAX = 1024,
};

static const uint64_t MS = 1000000; /* in nanoseconds */

struct bottom {
	int terminal;         /* our own open file description: others may change the flags of the shared one */
	bool reserved;        /* we have the row: programs were told of one row less */
	bool doubtful;        /* a full-screen program ran, and may have reset the scroll region */
	bool stale;           /* the terminal was resized: what we drew is somewhere below the cursor */
	struct winsize whole; /* reserved: what the terminal has */
	struct winsize told;
	uint64_t wait_until;  /* no drawing before, CLOCK_MONOTONIC nanoseconds */
	uint64_t drawn_at;
	char drawn[TEXT_MAX]; /* what stands in the row */
	char text[TEXT_MAX];  /* what shall */
};

static volatile sig_atomic_t stop_asked, continued;

static void note(int signal)
{
	if (signal == SIGTSTP)
		stop_asked = 1;
	else if (signal == SIGCONT)
		continued = 1;
}

/* Signals are for the build; we end with stdin. Returns the mask to sleep with. Signals interrupt only our sleep, so that no write is cut.
 * */
static sigset_t prepare_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTTOU };
	static const int noted[] = { SIGTSTP, SIGCONT, SIGWINCH };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, handle = { .sa_handler = note };
	sigset_t blocked, before;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		sigaction(ignored[i], &ignore, NULL);
	for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++) {
		sigaction(noted[i], &handle, NULL);
		sigaddset(&blocked, noted[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &before);
	for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++)
		sigdelset(&before, noted[i]);
	return before;
}

/* One write: the kernel puts no other one between its bytes. Errors are ignored, for they are no concern of the build. */
static __attribute__((format(printf, 2, 3))) void write_frame(const struct bottom *bottom, const char *format, ...)
{
	char frame[FRAME_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = text_put_list(frame, sizeof frame, format, arguments);
	va_end(arguments);
	if (length > 0 && length < (int)sizeof frame)
		(void)!write(bottom->terminal, frame, (size_t)length);
}

static bool is_size(const struct winsize *size, const struct winsize *other)
{
	return memcmp(size, other, sizeof *size) == 0;
}

/* Whether programs read whole lines, with echo: we don't draw over a full-screen program, or a password prompt. */
static bool is_shared(const struct bottom *bottom)
{
	struct termios modes;

	return tcgetattr(bottom->terminal, &modes) == 0 && (modes.c_lflag & ICANON) != 0 && (modes.c_lflag & ECHO) != 0;
}

/* Resets the margins; makes room for a row below the cursor, scrolling up if there is none; clears an old line of ours below it; then sets
 * margins above the last row. The cursor keeps its column, its colours and its line of text. */
static void reserve(struct bottom *bottom, const struct winsize *size)
{
	bottom->whole = bottom->told = *size;
	bottom->told.ws_row--;
	/* No terminal has this height in pixels: one that becomes a row smaller is told apart from what we told. */
	bottom->told.ws_ypixel++;
	write_frame(bottom, "\0337\033[r\0338\033D%s\033[A\0337\033[1;%dr\033[%d;1H\033[m\033[2K\0338",
	            bottom->stale ? "\0337\033[m\033[1K\033[J\0338" : "", size->ws_row - 1, size->ws_row);
	ioctl(bottom->terminal, TIOCSWINSZ, &bottom->told);
	bottom->reserved = true;
	bottom->stale = bottom->doubtful = false;
	bottom->drawn[0] = '\0';
}

/* Gives the row back: others may draw on the whole terminal from now on. */
static void give_back(struct bottom *bottom)
{
	struct winsize size;

	if (bottom->reserved) {
		write_frame(bottom, "\0337\033[r\033[%d;1H\033[m\033[2K\0338", bottom->whole.ws_row);
		if (ioctl(bottom->terminal, TIOCGWINSZ, &size) == 0 && is_size(&size, &bottom->told))
			ioctl(bottom->terminal, TIOCSWINSZ, &bottom->whole);
	}
	bottom->reserved = false;
	flock(bottom->terminal, LOCK_UN);
}

static void draw(struct bottom *bottom, uint64_t now)
{
	write_frame(bottom, "\0337\033[%d;1H\033[m\033[2K%s\0338", bottom->whole.ws_row, bottom->text);
	strcpy(bottom->drawn, bottom->text);
	bottom->drawn_at = now;
}

static void note_signals(struct bottom *bottom, uint64_t now, bool shared)
{
	if (continued)
		bottom->wait_until = 0;
	if (stop_asked) {
		/* A full-screen program puts the terminal in order first: the row is given back once the shell has come. */
		if (shared)
			give_back(bottom);
		bottom->wait_until = continued ? 0 : now + STOPPED_MS * MS;
	}
	stop_asked = continued = 0;
}

/* Checks the terminal, and takes, keeps or gives back the row. */
static void look(struct bottom *bottom)
{
	const uint64_t now = monotonic_ns();
	const bool shared = is_shared(bottom);
	struct winsize size;

	note_signals(bottom, now, shared);
	if (ioctl(bottom->terminal, TIOCGWINSZ, &size) < 0)
		return;
	if (bottom->reserved && !is_size(&size, &bottom->told)) {
		bottom->reserved = false; /* terminals that are resized forget their margins */
		bottom->stale = true;
	}
	if (tcgetpgrp(bottom->terminal) != getpgrp()) {
		if (bottom->reserved)
			bottom->wait_until = now + AWAY_MS * MS;
		give_back(bottom);
		return;
	}
	bottom->doubtful = bottom->doubtful || !shared;
	if (!shared || now < bottom->wait_until || bottom->text[0] == '\0')
		return;
	if (!bottom->reserved && (size.ws_row < ROWS_MIN || size.ws_col < COLUMNS_MIN ||
	                          flock(bottom->terminal, LOCK_EX | LOCK_NB) < 0))
		return;
	if (!bottom->reserved || bottom->doubtful)
		reserve(bottom, bottom->reserved ? &bottom->whole : &size);
	if (strcmp(bottom->drawn, bottom->text) != 0 || now - bottom->drawn_at > AGAIN_MS * MS)
		draw(bottom, now);
}

/* Takes the last whole line of the input, and keeps the rest. Returns the length of the rest. */
static size_t take_line(struct bottom *bottom, char *buffer, size_t length)
{
	char *end = memrchr(buffer, '\n', length), *start;
	size_t rest;

	if (end == NULL)
		return length;
	start = memrchr(buffer, '\n', (size_t)(end - buffer));
	start = start == NULL ? buffer : start + 1;
	*end = '\0';
	if ((size_t)(end - start) < sizeof bottom->text)
		strcpy(bottom->text, start);
	rest = length - (size_t)(end + 1 - buffer);
	memmove(buffer, end + 1, rest);
	return rest;
}

bool bottomline_show(const struct self *self, char *const words[])
{
	struct bottom bottom = { .reserved = false };
	const sigset_t asleep = prepare_signals();
	char buffer[2 * TEXT_MAX];
	size_t length = 0;

	(void)self, (void)words;
	if (!isatty(STDERR_FILENO))
		return false;
	bottom.terminal = open("/proc/self/fd/2", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (bottom.terminal < 0 || !isatty(bottom.terminal))
		return false;
	for (;;) {
		struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
		struct timespec pause = { .tv_nsec = LOOK_MS * (long)MS };
		int ready = ppoll(&input, 1, bottom.reserved ? &pause : NULL, &asleep);

		if (ready > 0) {
			ssize_t n = read(STDIN_FILENO, buffer + length, sizeof buffer - length);

			if (n <= 0)
				break;
			length = take_line(&bottom, buffer, length + (size_t)n);
			if (length == sizeof buffer)
				length = 0; /* no line of ours is so long */
		}
		look(&bottom);
	}
	if (bottom.reserved)
		look(&bottom); /* it may have been resized just now */
	give_back(&bottom);
	return true;
}
