/* A tool that begins no other program, but makes the call by which programs begin: in the children of its forks, as musl does from 1.2.4 on,
 * which talk to each other, and in a thread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int number;
static atomic_bool called;

static void call(void)
{
	syscall(SYS_set_tid_address, &number);
}

/* It never ends: the kernel would clear another number than the one that is waited for. */
static void *call_and_stay(void *unused)
{
	(void)unused;
	call();
	called = true;
	for (;;)
		pause();
}

/* Each has one end of a pipe in each direction. */
static void talk(int from, int to, bool speaks_first)
{
	char byte = 'x';

	call();
	if (speaks_first && write(to, &byte, 1) != 1)
		_exit(1);
	if (read(from, &byte, 1) != 1)
		_exit(2);
	if (!speaks_first && write(to, &byte, 1) != 1)
		_exit(3);
	_exit(0);
}

int main(void)
{
	int there[2], back[2], status;
	pthread_t thread;

	if (pipe(there) < 0 || pipe(back) < 0)
		return 1;
	if (fork() == 0)
		talk(there[0], back[1], false);
	if (fork() == 0)
		talk(back[0], there[1], true);
	while (wait(&status) > 0)
		if (status != 0)
			return 2;
	if (pthread_create(&thread, NULL, call_and_stay, NULL) != 0)
		return 3;
	while (!called)
		usleep(1000);
	return 0;
}
