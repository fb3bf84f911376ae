/* sip_worker.h — the SIP worker child: `cadencia sip-worker INDEX CONFIG`. All of Sofia
 * lives in this room. Mail by descriptor 3 (child.h). Source: sip_worker.c */
#ifndef CADENCIA_SIP_WORKER_H
#define CADENCIA_SIP_WORKER_H

/* The child's main; returns its exit status. argv: "sip-worker" LISTENER-SPEC (bind_host:port;advertise=A;loopback=0|1;gen=N). */
int sip_worker_main(int argc, char **argv);

#endif
