/* harness.h — a SIP worker in a child process, and control's end of its pipe.
 * Header-only: the tests of the worker share it. */
#ifndef CADENCIA_TESTS_SIP_HARNESS_H
#define CADENCIA_TESTS_SIP_HARNESS_H

#include "dialer/base/child.h"
#include "dialer/base/clock.h"
#include "dialer/base/wide.h"
#include "dialer/sip/sip_worker.h"
#include "tests/support/sip_peer.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 4000 };

struct rig {
  pid_t pid;
  int fd, err_fd; /* mail; the worker's standard error */
  uint16_t port;
  bool no_leak_check; /* set before rig_start: the stack keeps an answer that it cannot acknowledge */
  struct peer peer;
  struct wide_dialog dialog; /* the last one that the worker told of */
  unsigned dialogs;
};

static inline uint16_t rig_free_port(void) {
  struct peer p;
  ck_assert(peer_open(&p));
  uint16_t port = p.port;
  peer_close(&p);
  return port;
}

/* Starts the worker; more: further parts of its SPEC. Does not wait for it. */
static inline void rig_spawn(struct rig *r, const char *more) {
  int pair[2], err[2];
  char spec[200];
  snprintf(spec, sizeof spec, "bind=127.0.0.1:%u;transport=udp;advertise=;gen=7;worker=2;%s", r->port, more);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  r->pid = fork();
  ck_assert_int_ge(r->pid, 0);
  if (r->pid == 0) {
    char name[] = "cadencia", verb[] = "sip-worker", *argv[] = {name, verb, spec, NULL};
    int end = fcntl(pair[1], F_DUPFD, 64);
    dup2(err[1], STDERR_FILENO);
    dup2(end, CHILD_FD);
    closefrom(CHILD_FD + 1);
    int status = sip_worker_main(3, argv);
    if (r->no_leak_check) _exit(status);
    exit(status);
  }
  close(pair[1]);
  close(err[1]);
  r->fd = pair[0];
  r->err_fd = err[0];
}

/* The next mail, of any kind. */
static inline bool rig_mail(struct rig *r, int timeout_ms, struct mail *out) {
  struct pollfd fds = {.fd = r->fd, .events = POLLIN};
  union any_mail any;
  if (poll(&fds, 1, timeout_ms) <= 0) return false;
  int rc = any_recv_fd(r->fd, &any);
  if (rc == CAD_OK && any.wide.kind == SIP_DIALOG) {
    r->dialog = any.wide.u.dialog;
    r->dialogs++;
    return rig_mail(r, timeout_ms, out);
  }
  *out = any.mail;
  if (rc != CAD_OK) ck_assert_msg(rc == CAD_EIO || rc == CAD_EMPTY, "the worker sent bad mail: %s", err_name(rc));
  return rc == CAD_OK;
}

static inline void rig_send(struct rig *r, const struct mail *m) { ck_assert_int_eq(mail_send_fd(r->fd, m), CAD_OK); }

static inline void rig_reject(struct rig *r, struct leg offer, uint16_t status, uint16_t retry_after_s) {
  struct mail m = mail_make(SIP_REJECT, clock_mono());
  m.u.sip_reject = (struct mail_sip_reject){offer, status, retry_after_s};
  rig_send(r, &m);
}

/* Of callers whom nobody expects: trunk 0 is the rig's own peer, and what looks like a call from there is one. */
static inline bool rig_passes(struct rig *r, const struct mail *m, enum mail_kind kind) {
  if (m->kind == SIP_INCOMING && kind != SIP_INCOMING) {
    rig_reject(r, m->u.sip_incoming.leg, 404, 0);
    return true;
  }
  return m->kind == SIP_ENDED && m->u.sip_event.leg.role == LEG_OFFER && kind != SIP_ENDED;
}

/* The next mail must be of this kind (trunk states and unexpected callers are passed over). */
static inline struct mail rig_expect(struct rig *r, enum mail_kind kind) {
  struct mail m = {0};
  do ck_assert_msg(rig_mail(r, WAIT_MS, &m), "no mail came, %s was expected", mail_kind_name(kind));
  while ((m.kind == SIP_TRUNK_STATE && kind != SIP_TRUNK_STATE) || rig_passes(r, &m, kind));
  ck_assert_msg(m.kind == kind, "%s came (status %u, cause %s), %s was expected", mail_kind_name((enum mail_kind)m.kind),
                m.u.sip_event.status, cause_name((enum cause)m.u.sip_event.cause), mail_kind_name(kind));
  ck_assert_uint_eq(m.worker, 7);
  return m;
}

static inline void rig_silent(struct rig *r, int ms) {
  struct mail m;
  if (rig_mail(r, ms, &m)) ck_abort_msg("%s came where nothing more was due", mail_kind_name((enum mail_kind)m.kind));
}

static inline void rig_trunk(struct rig *r, uint16_t index, const char *proxy) {
  struct mail m = mail_make(SIP_TRUNK, clock_mono());
  m.u.sip_trunk.trunk = index;
  snprintf(m.u.sip_trunk.proxy, MAIL_URI_MAX, "%s", proxy);
  m.u.sip_trunk.codecs[0] = CODEC_PCMU;
  m.u.sip_trunk.codecs[1] = CODEC_PCMA;
  m.u.sip_trunk.codec_count = 2;
  rig_send(r, &m);
}

/* A worker that is up, with trunk 0 to the rig's own peer. */
static inline void rig_start(struct rig *r, const char *more) {
  char proxy[MAIL_URI_MAX];
  bool no_leak_check = r->no_leak_check;
  memset(r, 0, sizeof *r);
  r->no_leak_check = no_leak_check;
  ck_assert(peer_open(&r->peer));
  r->port = rig_free_port();
  rig_spawn(r, more);
  struct mail up = rig_expect(r, SIP_UP);
  ck_assert_uint_eq(up.u.sip_up.worker, 2);
  ck_assert_uint_eq(up.u.sip_up.gen, 7);
  snprintf(proxy, sizeof proxy, "sip:127.0.0.1:%u;transport=udp", r->peer.port);
  rig_trunk(r, 0, proxy);
  struct mail state = rig_expect(r, SIP_TRUNK_STATE);
  ck_assert_uint_eq(state.u.sip_trunk_state.up, 1);
}

static inline struct leg rig_leg(uint32_t slot) { return (struct leg){.role = LEG_CALL, .slot = slot, .gen = slot + 1000}; }

static inline void rig_invite(struct rig *r, uint32_t slot) {
  struct mail m = mail_make(SIP_INVITE, clock_mono());
  m.u.sip_invite.leg = rig_leg(slot);
  m.u.sip_invite.call_id = 770000000000ULL + slot;
  m.u.sip_invite.to = 12025550123ULL;
  m.u.sip_invite.from = 12025550100ULL;
  m.u.sip_invite.media_port = 20000;
  rig_send(r, &m);
}

static inline void rig_end(struct rig *r, enum mail_kind kind, uint32_t slot) {
  struct mail m = mail_make(kind, clock_mono());
  m.u.sip_leg.leg = rig_leg(slot);
  rig_send(r, &m);
}

static inline struct mail rig_ended(struct rig *r, uint32_t slot, unsigned status, enum cause cause) {
  struct mail m = rig_expect(r, SIP_ENDED);
  ck_assert(leg_eq(m.u.sip_event.leg, rig_leg(slot)));
  ck_assert_uint_eq(m.u.sip_event.status, status);
  ck_assert_str_eq(cause_name((enum cause)m.u.sip_event.cause), cause_name(cause));
  return m;
}

/* We hang up, the peer agrees. */
static inline struct mail rig_hang_up(struct rig *r, uint32_t slot) {
  struct peer_msg bye;
  rig_end(r, SIP_BYE, slot);
  ck_assert(peer_wait(&r->peer, "BYE ", WAIT_MS, &bye));
  peer_reply(&r->peer, &bye, "200 OK", "", "", NULL);
  return rig_ended(r, slot, 200, CAUSE_NORMAL);
}

/* Waits for the child and gives its exit status; text: what it wrote to standard error. */
static inline int rig_wait(struct rig *r, char text[8192]) {
  int status = 0;
  size_t used = 0;
  ssize_t n;
  while ((n = read(r->err_fd, text + used, 8191 - used)) > 0) used += (size_t)n;
  text[used] = 0;
  ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
  if (!WIFEXITED(status)) fprintf(stderr, "%s", text);
  ck_assert_msg(WIFEXITED(status), "the worker died of signal %d", WTERMSIG(status));
  return WEXITSTATUS(status);
}

/* Shuts it down and checks that nothing was left. */
static inline void rig_stop(struct rig *r) {
  char text[8192];
  struct mail m = mail_make(SIP_SHUTDOWN, clock_mono());
  rig_send(r, &m);
  int status = rig_wait(r, text);
  if (status != 0) fprintf(stderr, "%s", text);
  if (getenv("RIG_SHOW")) fprintf(stderr, "%s", text);
  ck_assert_int_eq(status, SIP_EXIT_OK);
  ck_assert_msg(strstr(text, "legs=0 handles=0 ") != NULL, "something was left: %s", text);
  close(r->fd);
  close(r->err_fd);
  peer_close(&r->peer);
}

/* The peer takes the call and the worker says so. */
static inline struct peer_msg rig_answered(struct rig *r, uint32_t slot) {
  struct peer_msg invite, ack;
  char sdp[512];
  rig_invite(r, slot);
  ck_assert(peer_wait(&r->peer, "INVITE ", WAIT_MS, &invite));
  peer_reply(&r->peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  rig_expect(r, SIP_ANSWERED);
  ck_assert(peer_wait(&r->peer, "ACK ", WAIT_MS, &ack));
  return invite;
}

/* The peer answers with this body (NULL: none), which cannot be used: acknowledged, ended by us, and told with that cause. */
static inline void rig_answered_unusably(struct rig *r, const char *body, enum cause cause) {
  struct peer_msg invite, msg;
  rig_invite(r, 1);
  ck_assert(peer_wait(&r->peer, "INVITE ", WAIT_MS, &invite));
  peer_reply(&r->peer, &invite, "200 OK", "far", "", body);
  ck_assert_uint_eq(rig_expect(r, SIP_ANSWERED).u.sip_event.desc.family, 0);
  ck_assert(peer_wait(&r->peer, "ACK ", WAIT_MS, &msg));
  ck_assert(peer_wait(&r->peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&r->peer, &msg, "200 OK", "", "", NULL);
  rig_ended(r, 1, 200, cause);
}

#endif
