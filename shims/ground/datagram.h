/* Abstract unix sockets that are told the sender of each datagram: anyone can read their names in /proc/net/unix, and send to them. */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Returns a socket that never blocks; -1 on error. */
int datagram_open(void);

/* Receives one datagram of that size; sender->pid is 0 if it has another size, or its sender has no number here. False if there is
 * none. */
bool datagram_receive(int fd, void *bytes, size_t size, struct ucred *sender, struct sockaddr_un *from, socklen_t *from_size);

#endif
