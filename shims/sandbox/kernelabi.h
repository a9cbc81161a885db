/* What seccomp_unotify(2), bpf(2) and pidfds want, which musl has no headers of. The kernel never changes these. */
#ifndef KERNELABI_H
#define KERNELABI_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Classic BPF, linux/filter.h. */
struct bpf_step {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t value;
};

struct bpf_program {
	unsigned short length;
	struct bpf_step *steps;
};

enum { BPF_LOAD_WORD = 0x20, BPF_JUMP_IF_EQUAL = 0x15, BPF_RETURN = 0x06 };

/* linux/stat.h; what is not asked for is left out. */
struct kernel_status {
	uint32_t told; /* a mask */
	uint32_t block_bytes;
	uint64_t attributes;
	uint32_t links;
	uint32_t owner, group;
	uint16_t mode, reserved;
	uint64_t inode, bytes, blocks, attributes_told;
	struct {
		int64_t seconds;
		uint32_t nanoseconds;
		int32_t reserved;
	} accessed, born, changed, modified;
	uint32_t of_device_major, of_device_minor;
	uint32_t device_major, device_minor;
	uint64_t mount;
	uint64_t more[13];
};

enum { STATUS_BASIC = 0x7ff, STATUS_MOUNT = 0x4000 /* a number that is never used again: Linux 6.8 */ };

_Static_assert(sizeof(struct kernel_status) == 256, "the kernel writes as much");

/* linux/seccomp.h */
struct seccomp_facts {
	int32_t number; /* of the system call */
	uint32_t architecture;
	uint64_t instruction;
	uint64_t arguments[6];
};

struct seccomp_notice {
	uint64_t id;
	uint32_t pid;
	uint32_t flags;
	struct seccomp_facts facts;
};

struct seccomp_answer {
	uint64_t id;
	int64_t value;
	int32_t error;
	uint32_t flags;
};

struct seccomp_sizes {
	uint16_t notice, answer, facts;
};

#define SECCOMP_ACTION_ALLOW 0x7fff0000U
#define SECCOMP_ACTION_NOTIFY 0x7fc00000U

enum {
	SECCOMP_INSTALL_FILTER = 1,
	SECCOMP_TELL_SIZES = 3,
	SECCOMP_WITHOUT_SSBD = 1 << 2, /* kernels before 5.16 slow every process down else */
	SECCOMP_WITH_LISTENER = 1 << 3,
	SECCOMP_ANSWER_CONTINUE = 1,
};

#define SECCOMP_RECEIVE _IOWR('!', 0, struct seccomp_notice)
/* Its argument is the flags themselves. Linux 6.6. */
#define SECCOMP_SET_FLAGS _IOW('!', 4, uint64_t)
#define SECCOMP_WAKE_ON_SAME_CPU 1UL
/* As kernels before 5.17 have it: later ones take either direction. */
#define SECCOMP_IS_VALID _IOR('!', 2, uint64_t)
#define SECCOMP_SEND _IOWR('!', 1, struct seccomp_answer)

/* linux/pidfd.h, its first version */
struct pidfd_facts {
	uint64_t which; /* are asked for, and then which are told */
	uint64_t cgroup;
	uint32_t pid, group, parent;
	uint32_t identities[8];
	int32_t status; /* as wait4() has it */
};

enum { PIDFD_STATUS = 1 << 3 };

#define PIDFD_TELL _IOWR(0xff, 11, struct pidfd_facts)

#endif
