/* Says what a program can do with its first thread, which its libc has to know by its number. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static pthread_t first;
static volatile sig_atomic_t got;

static void on_signal(int number)
{
	got = number;
}

static void *signal_first(void *unused)
{
	(void)unused;
	return (void *)(long)pthread_kill(first, SIGUSR1);
}

static void lock_twice(const char *name, int type, int protocol)
{
	pthread_mutexattr_t kind;
	pthread_mutex_t mutex;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, type);
	pthread_mutexattr_setprotocol(&kind, protocol);
	printf("%s: %d", name, pthread_mutex_init(&mutex, &kind));
	printf(" %d", pthread_mutex_lock(&mutex));
	printf(" %d", pthread_mutex_trylock(&mutex));
	printf(" %d\n", pthread_mutex_unlock(&mutex));
	fflush(stdout);
}

int main(void)
{
	pthread_t other;
	cpu_set_t processors;
	void *killed;

	first = pthread_self();
	signal(SIGUSR1, on_signal);
	printf("affinity: %d\n", pthread_getaffinity_np(first, sizeof processors, &processors));
	if (pthread_create(&other, NULL, signal_first, NULL) != 0 || pthread_join(other, &killed) != 0)
		return 1;
	printf("kill: %ld, got %d\n", (long)killed, (int)got);
	lock_twice("recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE);
	lock_twice("errorcheck", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE);
	lock_twice("inherit", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
	return 0;
}
