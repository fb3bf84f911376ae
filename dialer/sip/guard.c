#include "dialer/sip/guard.h"
#include "dialer/sip/crowd.h"
#include "dialer/sip/quote.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <errno.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <signal.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/sip_protos.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct wide last_words;
static int mail_fd = -1;
static struct wide_source blocked[GUARD_BLOCKED_MAX];
static unsigned blocked_count;
static uint64_t dropped;
static struct crowd crowd;

static bool source_of(const struct sockaddr *a, struct wide_source *out) {
  memset(out, 0, sizeof *out);
  if (a->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, a, sizeof in);
    out->family = 4;
    out->port = ntohs(in.sin_port);
    memcpy(out->addr, &in.sin_addr, 4);
  } else if (a->sa_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, a, sizeof in);
    out->family = 6;
    out->port = ntohs(in.sin6_port);
    memcpy(out->addr, &in.sin6_addr, 16);
  }
  return out->family != 0;
}

bool guard_peer(int fd, struct wide_source *out) {
  struct sockaddr_storage peer;
  socklen_t n = sizeof peer;
  return getpeername(fd, (struct sockaddr *)&peer, &n) == 0 && source_of((const struct sockaddr *)&peer, out);
}

void guard_heard(const struct sockaddr *address) {
  if (mail_fd >= 0) source_of(address, &last_words.u.source);
}

bool guard_blocked(const struct sockaddr *address) {
  struct wide_source s;
  if (blocked_count == 0 || !source_of(address, &s)) return false;
  for (unsigned i = 0; i < blocked_count; i++)
    if (blocked[i].family == s.family && memcmp(blocked[i].addr, s.addr, sizeof s.addr) == 0) return true;
  return false;
}

int guard_block(const char *address) {
  struct wide_source s = {0};
  if (blocked_count == GUARD_BLOCKED_MAX) return CAD_EFULL;
  s.family = inet_pton(AF_INET, address, s.addr) == 1 ? 4 : inet_pton(AF_INET6, address, s.addr) == 1 ? 6 : 0;
  if (s.family == 0) return CAD_EINVAL;
  blocked[blocked_count++] = s;
  return CAD_OK;
}

uint64_t guard_dropped(void) { return dropped; }

void guard_crashed(void) {
  if (mail_fd < 0 || last_words.u.source.family == 0) return;
  int fd = mail_fd;
  mail_fd = -1; /* once */
  (void)!send(fd, &last_words, wide_size(SIP_CRASHED), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_deadly_signal(int number) {
  guard_crashed();
  signal(number, SIG_DFL);
  raise(number);
}

void guard_arm(int fd, unsigned worker) {
  static const int SIGNALS[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
  static unsigned char stack[1 << 16]; /* an overrun stack is one of the ways to die */
  wide_make(&last_words, SIP_CRASHED, MONO_NONE);
  last_words.worker = worker;
  mail_fd = fd;
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other, NULL);
  struct sigaction act = {.sa_handler = on_deadly_signal, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
  for (unsigned i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) sigaction(SIGNALS[i], &act, NULL);
}

/* --- what the library calls --------------------------------------------------------- */

/* SIP begins with a letter, keep-alives with a line's end. STUN and other binary matter never reaches the library, which
 * would answer it, and write a line for each. */
static bool speaks_sip(const struct msghdr *message, ssize_t n) {
  if (n <= 0 || message->msg_iovlen == 0 || message->msg_iov[0].iov_len == 0) return true;
  unsigned char first = *(const unsigned char *)message->msg_iov[0].iov_base;
  return first >= ' ' || first == '\r' || first == '\n' || first == '\t';
}

static bool of_the_network(const struct msghdr *message) {
  if (!message->msg_name || message->msg_namelen < sizeof(sa_family_t)) return false;
  const sa_family_t family = ((const struct sockaddr *)message->msg_name)->sa_family;
  return family == AF_INET || family == AF_INET6;
}

/* What the library sends lies in few pieces; the head is in the first. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  if (mail_fd >= 0 && of_the_network(message) && message->msg_iovlen)
    quote_sent(message->msg_name, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
  return syscall(SYS_sendmsg, fd, message, flags);
}

/* An error of the network names whom the message went to, and quotes it. */
static bool may_be_believed(const struct msghdr *message, ssize_t n) {
  if (message->msg_iovlen == 0) return false;
  const size_t room = message->msg_iov[0].iov_len;
  return quote_known(message->msg_name, message->msg_iov[0].iov_base, (size_t)n < room ? (size_t)n : room);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  ssize_t n = syscall(SYS_recvmsg, fd, message, flags);
  if (mail_fd < 0 || n < 0 || !of_the_network(message)) return n;
  const struct sockaddr *from = message->msg_name;
  const bool error = flags & MSG_ERRQUEUE; /* nobody was heard */
  if (error ? !may_be_believed(message, n) : guard_blocked(from) || !speaks_sip(message, n)) {
    dropped++;
    errno = EAGAIN;
    return -1;
  }
  if (!error) guard_heard(from);
  return n;
}

int accept(int fd, __SOCKADDR_ARG address, socklen_t *bytes) {
  struct sockaddr_storage from;
  socklen_t n = sizeof from;
  int got = (int)syscall(SYS_accept4, fd, &from, &n, 0);
  if (got < 0) return got;
  struct wide_source who;
  if (mail_fd >= 0 && source_of((const struct sockaddr *)&from, &who) &&
      (guard_blocked((const struct sockaddr *)&from) || !crowd_enter(&crowd, got, &who))) {
    close(got);
    dropped++;
    errno = EAGAIN;
    return -1;
  }
  if (mail_fd >= 0) guard_heard((const struct sockaddr *)&from);
  if (address.__sockaddr__ && bytes) {
    memcpy(address.__sockaddr__, &from, *bytes < n ? *bytes : n);
    *bytes = n;
  }
  return got;
}

/* --- tags ---------------------------------------------------------------------------- */

/* The library takes an empty tag for any tag: a request with empty ones and the Call-ID of a call, which can be guessed, would
 * be believed to come from its far end. RFC 3261 §25.1 knows no empty tag: such a header is malformed. */
static issize_t without_empty_tag(issize_t parsed, const msg_header_t *h) {
  const sip_addr_t *a = (const sip_addr_t *)h;
  return parsed >= 0 && a->a_tag && a->a_tag[0] == 0 ? -1 : parsed;
}

issize_t sip_from_d(su_home_t *home, msg_header_t *h, char *s, isize_t size) {
  static issize_t (*real)(su_home_t *, msg_header_t *, char *, isize_t);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "sip_from_d");
  return real ? without_empty_tag(real(home, h, s, size), h) : -1;
}

issize_t sip_to_d(su_home_t *home, msg_header_t *h, char *s, isize_t size) {
  static issize_t (*real)(su_home_t *, msg_header_t *, char *, isize_t);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "sip_to_d");
  return real ? without_empty_tag(real(home, h, s, size), h) : -1;
}

/* --- TLS: whom we connect to must be whom we mean ------------------------------------ */

enum { EXPECTED_MAX = 32 };
static struct expected {
  char target[64]; /* "192.0.2.1:5061" */
  char name[WIDE_NAME];
  bool failed;
} expected[EXPECTED_MAX];
static unsigned expected_next;

static struct expected *expected_find(const char *target, size_t bytes) {
  for (unsigned i = 0; i < EXPECTED_MAX; i++)
    if (expected[i].target[0] && strlen(expected[i].target) == bytes && strncmp(expected[i].target, target, bytes) == 0)
      return &expected[i];
  return NULL;
}

void guard_tls_expect(const char *target, const char *name) {
  size_t n = strcspn(target, ";");
  struct expected *e = expected_find(target, n);
  if (!e) e = &expected[expected_next++ % EXPECTED_MAX];
  snprintf(e->target, sizeof e->target, "%.*s", (int)n, target);
  snprintf(e->name, sizeof e->name, "%s", name);
  e->failed = false;
}

bool guard_tls_failed(const char *target) {
  const struct expected *e = expected_find(target, strcspn(target, ";"));
  return e && e->failed;
}

static struct expected *expected_of(int fd) {
  struct wide_source s;
  char host[64], target[96];
  if (!guard_peer(fd, &s)) return NULL;
  if (!inet_ntop(s.family == 4 ? AF_INET : AF_INET6, s.addr, host, sizeof host)) return NULL;
  snprintf(target, sizeof target, s.family == 6 ? "[%s]:%u" : "%s:%u", host, s.port);
  return expected_find(target, strlen(target));
}

/* The library's own callback forgives; this one does not. */
static int no_mercy(int good, X509_STORE_CTX *store) {
  (void)store;
  return good;
}

static void demand_name(SSL *ssl, const char *name) {
  unsigned char raw[16];
  bool numeric = inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
  X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
  if (numeric)
    X509_VERIFY_PARAM_set1_ip_asc(param, name);
  else {
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(param, name, 0);
    SSL_set_tlsext_host_name(ssl, name);
  }
  SSL_set_verify(ssl, SSL_VERIFY_PEER, no_mercy);
}

int SSL_connect(SSL *ssl) {
  static int (*real)(SSL *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "SSL_connect");
  struct expected *e = mail_fd >= 0 ? expected_of(SSL_get_fd(ssl)) : NULL;
  if (e && SSL_in_before(ssl)) demand_name(ssl, e->name);
  int rc = real ? real(ssl) : -1;
  if (e && rc == 1) e->failed = false;
  if (e && rc != 1 && SSL_get_verify_result(ssl) != X509_V_OK) e->failed = true;
  return rc;
}

/* The library's last word to a connection. This version then lets go of the BIO and, once too often, of the context, but forgets the
 * connection, which holds both: tens of kilobytes for each that a stranger opens and closes. Here it goes, with both counts as the library
 * wants them. What failed must not be taken for a failure of the next connection either. */
int SSL_shutdown(SSL *ssl) {
  static int (*real)(SSL *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "SSL_shutdown");
  int rc = real ? real(ssl) : -1;
  if (mail_fd < 0 || strcmp(nta_version, "1.12.11devel") != 0) return rc; /* later ones may free it themselves */
  BIO *bio = SSL_get_rbio(ssl);
  if (bio && BIO_up_ref(bio) && SSL_CTX_up_ref(SSL_get_SSL_CTX(ssl))) SSL_free(ssl);
  ERR_clear_error();
  return rc;
}

/* The library reads the certificate alone; carriers and phones want the chain that is in the same file. */
int SSL_CTX_use_certificate_file(SSL_CTX *ctx, const char *file, int type) {
  (void)type;
  return SSL_CTX_use_certificate_chain_file(ctx, file);
}
