/* sip_worker.h — the SIP worker child: `cadencia sip-worker SPEC`. All of Sofia lives
 * in this room; the rest of the house speaks to it by mail on descriptor 3 (child.h).
 *
 * SPEC is one argument, "key=value" joined by ';' (unknown keys are errors):
 *   bind=127.0.0.1:5060   numeric address and port; "[::1]:5060" for IPv6. Needed.
 *   transport=udp         udp, tcp or tls
 *   tls_dir=              tls: folder of agent.pem (certificate and key) and cafile.pem (whom we trust)
 *   advertise=            numeric address put into Contact, From and SDP; empty: as bind
 *   loopback=0            1: refuse every peer that is not 127.0.0.0/8 or ::1
 *   gen=1                 generation of this worker, put into every mail (>= 1)
 *   worker=0              listener index, told back in SIP_UP
 *   t1x64=16000           ms until a silent peer counts as dead (500..32000)
 *   legs=8192             legs at once (1..65536); more INVITEs are refused
 *   block=                sources (joined by '+') of which not a byte is looked at: they killed workers before
 *   breaker=200           INVITEs of one trunk without any reply ...
 *   breaker_ms=2000       ... and silence of its peer before new ones are refused
 *                         (at ten times that many they are refused whatever it says)
 *
 * Life: SIP_UP when ready; SIP_PONG to every SIP_PING; when descriptor 3 closes or
 * SIP_SHUTDOWN comes, every leg is ended (BYE, CANCEL) within 2 s and it exits.
 * Every leg that was invited gets exactly one SIP_ENDED, its last mail. A SIP_CANCEL
 * or SIP_BYE for a leg that is not known is answered with SIP_ENDED 481 too.
 * A refused SIP_INVITE gets SIP_ENDED at once: 503 CAUSE_CONGESTION from the breaker,
 * else SIP_STATUS_REFUSED with CAUSE_LOCAL.
 *
 * Exit status: the enum below. Source: sip_worker.c */
#ifndef CADENCIA_SIP_WORKER_H
#define CADENCIA_SIP_WORKER_H

enum {
  SIP_EXIT_OK = 0,
  SIP_EXIT_FAILED = 1, /* the stack could not be started */
  SIP_EXIT_USAGE = 2,  /* SPEC is wrong */
  SIP_EXIT_PORT_TAKEN = 3,
  SIP_EXIT_ASSERT = 70 /* an assertion of the stack failed: a crash line was written */
};

/* Status of a leg that this box refused; never seen on a wire. */
enum { SIP_STATUS_REFUSED = 990 };

/* The child's main; returns its exit status. argv: {"sip-worker", SPEC} or
 * {"cadencia", "sip-worker", SPEC}: the last argument counts. */
int sip_worker_main(int argc, char **argv);

#endif
