/* wire.h — JSON lines over the local socket, with descriptors on the side. Bounded both ways.
 * Thread: one a socket. Source: wire.c */
#ifndef CADENCIA_WIRE_H
#define CADENCIA_WIRE_H

#include <jansson.h>
#include <stddef.h>

enum { WIRE_LINE_MAX = 65536, WIRE_FDS_MAX = 2 };
/* A reader of lines. */
struct wire {
  int fd;
  size_t have, used;
  int fds[WIRE_FDS_MAX], fd_count; /* received, not yet taken; close what remains with wire_close_fds */
  char buffer[WIRE_LINE_MAX];
};
void wire_init(struct wire *w, int fd);
/* 1: *out is the next object, owned by the caller; 0: closed; CAD_EFORMAT (no JSON object, too long), CAD_EIO, CAD_ETIMEOUT. */
int wire_read(struct wire *w, json_t **out);
void wire_close_fds(struct wire *w);
/* Writes and frees the object. CAD_OK, CAD_EIO. fds may be NULL. */
int wire_write(int fd, json_t *object, const int *fds, int fd_count);
/* Path of the socket through a descriptor of its folder: no length limit of sun_path applies. Returns the folder's
 * descriptor, to be closed after bind or connect; < 0: CAD_ENOENT. */
struct sockaddr_un;
int wire_address(const char *state_dir, struct sockaddr_un *out);

#endif
