/* A wall clock that can be told another day, preloaded (ld.so(8), LD_PRELOAD) into programs that run tested code, or a part of them where they are C++, since a
   sanitizer wants to be first: LEYDEN_CLOCK in the environment is what it adds, in seconds. What a test says must hold tomorrow, too. Clocks that measure time are left alone; what waits for a moment of the wall clock is not served: turn back only. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
#define LEYDEN_NOEXCEPT noexcept
extern "C" {
#else
#define LEYDEN_NOEXCEPT
#endif

static long added(void) {
  const char *said = getenv("LEYDEN_CLOCK");
  long out = 0;
  if (said == NULL) return 0;
  const int back = *said == '-';
  for (said += back; *said >= '0' && *said <= '9'; ++said) out = 10 * out + (*said - '0');
  return back ? -out : out;
}

int clock_gettime(clockid_t clock, struct timespec *now) LEYDEN_NOEXCEPT {
  const long failed = syscall(SYS_clock_gettime, clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += added();
  return (int)failed;
}

int gettimeofday(struct timeval *__restrict now, void *__restrict zone) LEYDEN_NOEXCEPT {
  struct timespec precise;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) LEYDEN_NOEXCEPT {
  struct timespec precise;
  if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return (time_t)-1;
  if (out != NULL) *out = precise.tv_sec;
  return precise.tv_sec;
}

int timespec_get(struct timespec *now, int base) LEYDEN_NOEXCEPT {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

#ifdef __cplusplus
}
#endif
