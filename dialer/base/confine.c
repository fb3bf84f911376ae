#include "dialer/base/confine.h"
#include <cadencia/err.h>
#include <stddef.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define CONFINE_NOT_HERE
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CONFINE_NOT_HERE
#endif
#endif

#ifdef CONFINE_NOT_HERE
int confine(enum confine_role role) {
  (void)role;
  return CAD_ENOSUP;
}
#else

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* By what they are for; libseccomp skips those that this machine does not have. */
static const int BOTH[] = {
    /* memory, threads */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mincore), SCMP_SYS(futex), SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(set_tid_address), SCMP_SYS(arch_prctl), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(exit), SCMP_SYS(exit_group),
    /* descriptors */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(close_range),
    SCMP_SYS(lseek), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(ioctl),
    SCMP_SYS(sendfile), SCMP_SYS(eventfd2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_create), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime), SCMP_SYS(memfd_create),
    /* files, to look at */
    SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
    SCMP_SYS(getcwd), SCMP_SYS(fadvise64), SCMP_SYS(flock), SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch),
    /* the network; socket itself is below */
    SCMP_SYS(socketpair), SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(shutdown),
    /* time, signals, who am I */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(times), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigsuspend), SCMP_SYS(sigaltstack), SCMP_SYS(signalfd4), SCMP_SYS(tgkill), SCMP_SYS(restart_syscall), SCMP_SYS(alarm),
    SCMP_SYS(setitimer), SCMP_SYS(pause), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getpgrp), SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups),
    SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(umask),
    SCMP_SYS(getcpu)};

/* The console reads and takes lists: it may change what the rights of its user let it. */
static const int CONSOLE_FILES[] = {
    SCMP_SYS(open),     SCMP_SYS(openat),    SCMP_SYS(creat),    SCMP_SYS(pwrite64),        SCMP_SYS(pwritev),         SCMP_SYS(ftruncate),
    SCMP_SYS(truncate), SCMP_SYS(fallocate), SCMP_SYS(fsync),    SCMP_SYS(fdatasync),       SCMP_SYS(sync_file_range), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(rename),    SCMP_SYS(renameat), SCMP_SYS(renameat2),       SCMP_SYS(mkdir),           SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),    SCMP_SYS(utimensat), SCMP_SYS(fchmod),   SCMP_SYS(copy_file_range), SCMP_SYS(splice),          SCMP_SYS(msync)};

/* Only an attacker asks for these. */
static const int DEADLY[] = {
    SCMP_SYS(execve),      SCMP_SYS(execveat),       SCMP_SYS(ptrace),         SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(init_module), SCMP_SYS(finit_module),   SCMP_SYS(delete_module),  SCMP_SYS(kexec_load),       SCMP_SYS(kexec_file_load),
    SCMP_SYS(bpf),         SCMP_SYS(userfaultfd),    SCMP_SYS(keyctl),         SCMP_SYS(add_key),          SCMP_SYS(request_key),
    SCMP_SYS(mount),       SCMP_SYS(umount2),        SCMP_SYS(pivot_root),     SCMP_SYS(chroot),           SCMP_SYS(setns),
    SCMP_SYS(unshare),     SCMP_SYS(io_uring_setup), SCMP_SYS(perf_event_open)};

static int each(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t count) {
  int rc = 0;
  for (size_t i = 0; i < count && rc == 0; i++) rc = seccomp_rule_add(ctx, action, calls[i], 0);
  return rc;
}

static int sockets(scmp_filter_ctx ctx) {
  static const int FAMILIES[] = {AF_INET, AF_INET6, AF_UNIX};
  int rc = 0;
  for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0] && rc == 0; i++) {
    static const unsigned TYPES[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0] && rc == 0; t++)
      rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)FAMILIES[i], 0),
                            SCMP_A1_32(SCMP_CMP_MASKED_EQ, 0xf, TYPES[t]));
  }
  /* The system's resolver asks it which addresses there are. */
  return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK, 0));
}

static int files_to_read(scmp_filter_ctx ctx) {
  const uint32_t changes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
  int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
  return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, SCMP_A1_32(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
}

/* Threads, no processes. clone3 hides its flags behind a pointer: it is answered as by a kernel that does not know it. */
static int threads(scmp_filter_ctx ctx) {
  int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* No memory that is both written and run. */
static int pages(scmp_filter_ctx ctx) {
  enum { WRITE_AND_RUN = PROT_WRITE | PROT_EXEC };
  int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  static const unsigned GOOD[] = {PROT_NONE, PROT_WRITE, PROT_EXEC};
  for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0] && rc == 0; i++)
    rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, WRITE_AND_RUN, GOOD[i]));
  return rc;
}

static int rules(scmp_filter_ctx ctx, enum confine_role role) {
  seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
  seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1);
  seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list: some 7 comparisons a call */
  int rc = each(ctx, SCMP_ACT_ALLOW, BOTH, sizeof BOTH / sizeof BOTH[0]);
  if (rc == 0) rc = each(ctx, SCMP_ACT_KILL_PROCESS, DEADLY, sizeof DEADLY / sizeof DEADLY[0]);
  if (rc == 0) rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0);
  if (rc == 0) rc = sockets(ctx);
  if (rc == 0) rc = threads(ctx);
  if (rc == 0) rc = pages(ctx);
  if (rc == 0)
    rc = role == CONFINE_CONSOLE ? each(ctx, SCMP_ACT_ALLOW, CONSOLE_FILES, sizeof CONSOLE_FILES / sizeof CONSOLE_FILES[0])
                                 : files_to_read(ctx);
  return rc;
}

int confine(enum confine_role role) {
  const char *wish = getenv("CADENCIA_CONFINE");
  if (wish && strcmp(wish, "off") == 0) return CAD_ENOSUP;
  scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!ctx) return CAD_ENOMEM;
  int rc = rules(ctx, role);
  if (rc == 0) rc = seccomp_load(ctx);
  seccomp_release(ctx);
  if (rc == 0) return CAD_OK;
  return rc == -EINVAL || rc == -ENOSYS || rc == -EOPNOTSUPP ? CAD_ENOSUP : CAD_EIO;
}
#endif
