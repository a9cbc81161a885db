/* Writes down which programs start and end on this machine, as the kernel tells it (its proc connector): so that somebody counts who
 * knows nothing of jobshim, and misses nothing. Needs root, in the first network namespace.
 *
 * Prints `ready`, then `exec NANOSECONDS PID PARENT PROGRAM LAST-ARGUMENT`, `fork NANOSECONDS PID PARENT` and
 * `exit NANOSECONDS PID` (CLOCK_MONOTONIC), until stdin ends. What has ended before it was looked at has `?` for what is not known:
 * so we go before all others, where we may. The last line is `late NANOSECONDS`: the longest that one slept, who goes before
 * nobody, beyond the 200 ms that it had asked for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void begin(int socket)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	const int room = 16 << 20;
	struct __attribute__((aligned(NLMSG_ALIGNTO))) {
		struct nlmsghdr head;
		struct __attribute__((packed)) {
			struct cn_msg message;
			enum proc_cn_mcast_op operation;
		} body;
	} order = {
		.head = { .nlmsg_len = sizeof order, .nlmsg_type = NLMSG_DONE },
		.body = { .message = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(enum proc_cn_mcast_op) },
		          .operation = PROC_CN_MCAST_LISTEN },
	};

	setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	if (bind(socket, (const struct sockaddr *)&address, sizeof address) < 0)
		die("bind");
	if (send(socket, &order, sizeof order, 0) != sizeof order)
		die("send");
}

static ssize_t read_file(int pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length, used = 0;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((length = read(fd, text + used, size - 1 - (size_t)used)) > 0)
		used += length;
	close(fd);
	text[used] = '\0';
	return used;
}

static void tell_exec(unsigned long long ns, int pid)
{
	static char line[1 << 17];
	char path[64], program[PATH_MAX], text[1024];
	const char *last = line, *end;
	int parent = 0;
	ssize_t length;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	length = readlink(path, program, sizeof program - 1);
	program[length < 0 ? 0 : length] = '\0';
	if (read_file(pid, "stat", text, sizeof text) > 0 && (end = strrchr(text, ')')) != NULL)
		sscanf(end + 1, " %*c %d", &parent);
	length = read_file(pid, "cmdline", line, sizeof line);
	for (const char *at = line; length > 0 && at < line + length; at += strlen(at) + 1)
		last = at;
	printf("exec %llu %d %d %s %s\n", ns, pid, parent, program[0] == '\0' ? "?" : program,
	       length <= 0 || last[0] == '\0' || strpbrk(last, " \n") != NULL ? "?" : last);
}

static void take(const struct proc_event *event)
{
	/* The type of what, and its values, have had several names. */
	switch ((unsigned)event->what) {
	case 1: /* PROC_EVENT_FORK, of threads too */
		if (event->event_data.fork.child_pid == event->event_data.fork.child_tgid)
			printf("fork %llu %d %d\n", (unsigned long long)event->timestamp_ns, event->event_data.fork.child_tgid,
			       event->event_data.fork.parent_tgid);
		break;
	case 2: /* PROC_EVENT_EXEC */
		tell_exec(event->timestamp_ns, event->event_data.exec.process_tgid);
		break;
	case 0x80000000: /* PROC_EVENT_EXIT, of each thread */
		if (event->event_data.exit.process_pid == event->event_data.exit.process_tgid)
			printf("exit %llu %d\n", (unsigned long long)event->timestamp_ns, event->event_data.exit.process_tgid);
		break;
	}
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static _Atomic long long latest;

static void *sleep_again(void *nothing)
{
	const struct timespec pause = { .tv_nsec = 200000000 };

	for (;;) {
		const long long began = now_ns();
		long long late;

		while (nanosleep(&pause, NULL) < 0 && errno == EINTR)
			;
		late = now_ns() - began - pause.tv_nsec;
		if (late > latest)
			latest = late;
	}
	return nothing;
}

int main(void)
{
	int events = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	struct pollfd ready[] = { { .fd = events, .events = POLLIN },
		                  { .fd = STDIN_FILENO, .events = POLLIN } };
	pthread_t sleeper;
	char byte;

	if (events < 0)
		die("socket");
	begin(events);
	if (pthread_create(&sleeper, NULL, sleep_again, NULL) != 0)
		die("pthread_create");
	sched_setscheduler(0, SCHED_FIFO, &(const struct sched_param){ .sched_priority = 1 });
	puts("ready");
	fflush(stdout);
	while (poll(ready, 2, -1) >= 0 || errno == EINTR) {
		_Alignas(struct nlmsghdr) char buffer[4096];
		ssize_t length;

		/* First what has happened, then that it is over. */
		if (ready[0].revents != 0) {
			length = recv(events, buffer, sizeof buffer, MSG_DONTWAIT);
			if (length < 0 && errno == ENOBUFS)
				die("events were lost");
			if (length > (ssize_t)(NLMSG_LENGTH(sizeof(struct cn_msg))))
				take((const void *)((const struct cn_msg *)NLMSG_DATA((struct nlmsghdr *)(void *)buffer))->data);
		} else if (ready[1].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0) {
			break;
		}
	}
	printf("late %lld\n", latest);
	return 0;
}
