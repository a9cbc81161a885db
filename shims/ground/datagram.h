/* Abstract unix sockets that are told who sends: whoever has /proc/net/unix has their names, and may send to them. */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Never blocks. -1 where there can be none. */
int datagram_open(void);

/* Receives one datagram of that size; sender->pid is 0 where it has another size, or its sender has no number here. False where there is
 * none. */
bool datagram_receive(int fd, void *bytes, size_t size, struct ucred *sender, struct sockaddr_un *from, socklen_t *from_size);

#endif
