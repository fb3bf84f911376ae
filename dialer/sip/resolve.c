#include "dialer/sip/resolve.h"
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <cadencia/err.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SRV_MAX = 8, SRV_FIXED = 6 };

struct srv {
  uint16_t priority, weight, port;
  char name[RESOLVE_NAME_MAX];
};

static int ask_pipe[2] = {-1, -1}, answer_pipe[2] = {-1, -1};

static int by_order(const void *a, const void *b) {
  const struct srv *x = a, *y = b;
  if (x->priority != y->priority) return x->priority < y->priority ? -1 : 1;
  return x->weight == y->weight ? 0 : x->weight > y->weight ? -1 : 1;
}

/* How many SRV records, in order; the highest weight of a priority first. */
static unsigned ask_srv(const struct resolve_ask *ask, struct srv out[SRV_MAX]) {
  unsigned char reply[4096];
  char question[RESOLVE_NAME_MAX + 16];
  ns_msg msg;
  unsigned count = 0;
  bool tls = strcmp(ask->transport, "tls") == 0;
  snprintf(question, sizeof question, "_sip%s._%s.%s", tls ? "s" : "", tls ? "tcp" : ask->transport, ask->name);
  int n = res_query(question, ns_c_in, ns_t_srv, reply, sizeof reply);
  if (n <= 0 || (size_t)n > sizeof reply || ns_initparse(reply, n, &msg) < 0) return 0;
  for (int i = 0; i < ns_msg_count(msg, ns_s_an) && count < SRV_MAX; i++) {
    ns_rr rr;
    if (ns_parserr(&msg, ns_s_an, i, &rr) < 0 || ns_rr_type(rr) != ns_t_srv || ns_rr_rdlen(rr) <= SRV_FIXED) continue;
    const unsigned char *d = ns_rr_rdata(rr);
    struct srv *s = &out[count];
    s->priority = (uint16_t)ns_get16(d);
    s->weight = (uint16_t)ns_get16(d + 2);
    s->port = (uint16_t)ns_get16(d + 4);
    if (dn_expand(reply, reply + n, d + SRV_FIXED, s->name, sizeof s->name) > 0 && s->port && s->name[0]) count++;
  }
  qsort(out, count, sizeof out[0], by_order);
  return count;
}

static void add_addresses(const struct resolve_ask *ask, const char *name, uint16_t port, struct resolve_answer *out) {
  struct addrinfo want = {.ai_family = ask->family == 6 ? AF_INET6 : AF_INET, .ai_socktype = SOCK_STREAM}, *list = NULL;
  if (getaddrinfo(name, NULL, &want, &list) != 0) return;
  for (const struct addrinfo *a = list; a && out->count < RESOLVE_ADDRESSES_MAX; a = a->ai_next)
    if (getnameinfo(a->ai_addr, a->ai_addrlen, out->items[out->count].address, sizeof out->items[0].address, NULL, 0, NI_NUMERICHOST) == 0)
      out->items[out->count++].port = port;
  freeaddrinfo(list);
}

static void look_up(const struct resolve_ask *ask, struct resolve_answer *out) {
  struct srv srv[SRV_MAX];
  memset(out, 0, sizeof *out);
  out->id = ask->id;
  unsigned n = ask->port ? 0 : ask_srv(ask, srv);
  for (unsigned i = 0; i < n; i++) add_addresses(ask, srv[i].name, srv[i].port, out);
  if (out->count == 0) add_addresses(ask, ask->name, ask->port ? ask->port : strcmp(ask->transport, "tls") == 0 ? 5061 : 5060, out);
}

static void *resolver(void *arg) {
  struct resolve_ask ask;
  struct resolve_answer answer;
  (void)arg;
  while (read(ask_pipe[0], &ask, sizeof ask) == (ssize_t)sizeof ask) {
    look_up(&ask, &answer);
    if (write(answer_pipe[1], &answer, sizeof answer) != (ssize_t)sizeof answer) break;
  }
  return NULL;
}

static int start(void) {
  pthread_t thread;
  sigset_t all, before;
  if (pipe2(ask_pipe, O_CLOEXEC) < 0) return CAD_ENOMEM;
  if (pipe2(answer_pipe, O_CLOEXEC) < 0) return CAD_ENOMEM;
  fcntl(ask_pipe[1], F_SETFL, O_NONBLOCK);
  fcntl(answer_pipe[0], F_SETFL, O_NONBLOCK);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int rc = pthread_create(&thread, NULL, resolver, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (rc != 0) return CAD_ENOMEM;
  pthread_detach(thread); /* ends with the process */
  return CAD_OK;
}

int resolve_ask(const struct resolve_ask *ask) {
  if (ask_pipe[0] < 0) {
    int rc = start();
    if (rc < 0) return rc;
  }
  return write(ask_pipe[1], ask, sizeof *ask) == (ssize_t)sizeof *ask ? CAD_OK : CAD_EFULL;
}

int resolve_fd(void) { return answer_pipe[0]; }

bool resolve_take(struct resolve_answer *out) {
  return answer_pipe[0] >= 0 && read(answer_pipe[0], out, sizeof *out) == (ssize_t)sizeof *out;
}
