/* The one way to call what a signal may interrupt. */
#ifndef RETRY_H
#define RETRY_H

#include <errno.h>

/* The value of `call`, which is made again as long as it is interrupted: a FUSE or network file system answers with EINTR even if
 * signals are set to restart calls. */
#define RETRY(call) \
	__extension__({ \
		__typeof__(call) retry_result; \
		do \
			retry_result = (call); \
		while (retry_result < 0 && errno == EINTR); \
		retry_result; \
	})

#endif
