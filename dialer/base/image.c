#include "dialer/base/image.h"
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* A debugger writes its breakpoints into the code: such pages are not the file's any more, and must not be lost. */
static bool watched(void) {
  char text[2048], *at;
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  return (at = strstr(text, "TracerPid:")) != NULL && atoi(at + strlen("TracerPid:")) != 0;
}

/* Code that was relocated in place differs from its file. */
static bool relocated(const struct dl_phdr_info *info) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    const ElfW(Dyn) *d = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    for (; d->d_tag != DT_NULL; d++)
      if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL))) return true;
  }
  return false;
}

/* Segments that may not be written hold what the file holds. Others may differ, also where they are read-only by now (RELRO). */
static int drop(struct dl_phdr_info *info, size_t size, void *arg) {
  (void)size;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), kernels = getauxval(AT_SYSINFO_EHDR);
  if ((kernels != 0 && info->dlpi_addr == kernels) || relocated(info)) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *p = &info->dlpi_phdr[i];
    if (p->p_type != PT_LOAD || (p->p_flags & PF_W) || p->p_memsz != p->p_filesz) continue;
    uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1),
              to = (info->dlpi_addr + p->p_vaddr + p->p_memsz + page - 1) & ~(page - 1);
    void *start = (char *)NULL + from;
    if (madvise(start, to - from, MADV_DONTNEED) == 0) *(long *)arg += (long)((to - from) >> 10);
  }
  return 0;
}

long image_rest(struct mono *next, struct mono now) {
  if (mono_since(*next, now) > 0) return 0;
  long kb = 0;
  *next = mono_add(now, IMAGE_EVERY_MS);
  if (!watched()) dl_iterate_phdr(drop, &kb);
  return kb;
}
