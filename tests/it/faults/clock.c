// Stands before the C library in a process under test, and shows it a clock that has been set: by as many seconds as
// the file says that CLOCK_STEP names. Time that only passes (CLOCK_MONOTONIC) is left alone, as it is when a clock is set.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *by;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CLOCK_STEP");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *by, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) by = mapped;
  if (file >= 0) close(file);
}

int clock_gettime(clockid_t which, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, which, now);
  if (!failed && which == CLOCK_REALTIME && by) now->tv_sec += *by;
  return failed;
}
