/* A program that makes the first call of every libc late: half a second after its start. Then it ends. It has no libc itself. */
#include <sys/syscall.h>
#include <time.h>

static long call(long number, const void *first, const void *second)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
	return result;
#else
	register long x8 __asm__("x8") = number;
	register const void *x0 __asm__("x0") = first;
	register const void *x1 __asm__("x1") = second;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
	return (long)x0;
#endif
}

static const struct timespec half_a_second = { .tv_nsec = 500000000 };
static int thread;

void _start(void)
{
	call(SYS_nanosleep, &half_a_second, 0);
	call(SYS_set_tid_address, &thread, 0);
	for (;;)
		call(SYS_exit_group, 0, 0);
}
