/* confine.h — what a child may ask of the system: a seccomp list for each of them.
 *
 * SIP and HTTP are parsed in children because their libraries face the world. Whoever takes such a child over finds
 * sockets, memory, threads and files to read; he starts no program, makes no process, opens no packet or raw
 * socket, traces nobody, changes no file (SIP) and none but by the names of a folder's own rights (console). What is not on
 * the list fails with EPERM and is logged by the kernel's audit, so that a library's odd question is no end of
 * service; what only an attacker asks for (another program, tracing, modules) ends the process.
 * Not in force in builds with sanitizers, which need more, nor with CADENCIA_CONFINE=off in the environment
 * (for a debugger). Thread: the first of its process, before any other. Source: confine.c */
#ifndef CADENCIA_CONFINE_H
#define CADENCIA_CONFINE_H

enum confine_role { CONFINE_SIP = 0, CONFINE_CONSOLE };

/* For ever, for this process and its threads. CAD_OK; CAD_ENOSUP: not in this build or not on this kernel; CAD_EIO. */
int confine(enum confine_role role);

#endif
