/* Preloaded into the processes under test: their wall clock is the machine's and an offset, and flushes of one service fail as
 * a dying disk's do, both by a mapped file (PAGE_FILE) that the test writes while they run. The steady clock is not touched.
 * Nothing is asked of the system that a process does not ask anyway: confined ones need no further right. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
  int64_t offset;        /* of the wall clock, nanoseconds */
  int64_t fails_one_in;  /* flushes; 0: none fails */
  char service[32];      /* whose; "": everybody's */
};
static const volatile struct page* page;
static char command[256]; /* "hikyaku\0service-process\0deliver" */
static ssize_t command_length;
static int (*machine_clock)(clockid_t, struct timespec*);
static int (*machine_fsync)(int);
static int (*machine_fdatasync)(int);

__attribute__((constructor)) static void prepare(void) {
  machine_clock = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  machine_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  machine_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    command_length = read(file, command, sizeof command - 1);
    close(file);
  }
  file = open(PAGE_FILE, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(0, sizeof(struct page), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) page = mapped;
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  if (!machine_clock) machine_clock = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int status = machine_clock(clock, out);
  if (status != 0 || !page || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return status;
  const int64_t now = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + page->offset;
  out->tv_sec = now / 1000000000;
  out->tv_nsec = now % 1000000000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

static int fails(void) {
  static int64_t count;
  if (!page || page->fails_one_in == 0) return 0;
  char service[sizeof page->service];
  memcpy(service, (const char*)page->service, sizeof service);
  service[sizeof service - 1] = 0;
  const size_t length = strlen(service);
  if (length > 0 && !(command_length > 0 && memmem(command, (size_t)command_length, service, length))) return 0;
  return __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) % page->fails_one_in == 0;
}

int fsync(int file) {
  if (!fails()) return machine_fsync(file);
  errno = EIO;
  return -1;
}

int fdatasync(int file) {
  if (!fails()) return machine_fdatasync(file);
  errno = EIO;
  return -1;
}
