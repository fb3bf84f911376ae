/* console.h — the console child: HTTP, live events, pages. All of libmicrohttpd lives
 * in this room. Descriptor 3 brings struct live datagrams from the daemon. Source: worker.c */
#ifndef CADENCIA_CONSOLE_H
#define CADENCIA_CONSOLE_H

/* argv: "console-worker" HOST PORT [STATE_DIR]: where the daemon's socket is; without it the page only looks. Exit status: 0, or 3 when the
 * port is taken (one line says so). */
int console_worker_main(int argc, char **argv);

#endif
