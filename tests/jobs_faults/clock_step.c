// Preloaded into a server: its wall clock, as the C library tells it, is as far off as the file that CLOCK_STEP names says
// (seconds, 8 bytes). What the kernel waits for is not touched: the other clocks go on as they are.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;

__attribute__((constructor)) static void open_offset(void) {
  const int fd = open(getenv("CLOCK_STEP"), O_RDONLY);
  if (fd < 0) abort();
  void *const page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) abort();
  offset = page;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  const int code = (int)syscall(SYS_clock_gettime, id, now);
  if (code == 0 && offset && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
  return code;
}

int gettimeofday(struct timeval *now, void *zone) {
  (void)zone;
  struct timespec read;
  const int code = clock_gettime(CLOCK_REALTIME, &read);
  now->tv_sec = read.tv_sec;
  now->tv_usec = read.tv_nsec / 1000;
  return code;
}

time_t time(time_t *result) {
  struct timespec read;
  clock_gettime(CLOCK_REALTIME, &read);
  if (result) *result = read.tv_sec;
  return read.tv_sec;
}
