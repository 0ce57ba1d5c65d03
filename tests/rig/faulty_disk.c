/* Loaded before the C library: one of the file operations below a folder fails, or all from that one on.

   FAULTY_DISK names a file that every process has in memory, with what is wanted (`struct control`) and a count of the
   operations so far, of all processes together, or of those alone that write. Where nothing is to fail, each operation is written into a second file
   of that name and `.log`: kind, tab, path. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct control {
  _Atomic long count;
  long first, lasting, number, writing; /* first: that fails, -1 for none; number: the error's; writing: alone count */
  char below[1024];
};

static struct control *control;
static char log_name[PATH_MAX];

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int fails(const char *kind, const char *path) {
  char whole[PATH_MAX * 2];
  if (!control || !control->below[0] || !path || !path[0]) return 0;
  if (path[0] != '/') {
    if (!getcwd(whole, PATH_MAX)) return 0;
    strncat(strcat(whole, "/"), path, PATH_MAX - 1);
    path = whole;
  }
  if (strncmp(path, control->below, strlen(control->below))) return 0;
  if (control->writing && strcmp(kind, "write") && strcmp(kind, "change") && strcmp(kind, "create")) return 0;
  long number = atomic_fetch_add(&control->count, 1);
  if (control->first < 0) {
    char line[PATH_MAX * 2 + 64];
    int length = snprintf(line, sizeof line, "%s\t%s\n", kind, path + strlen(control->below));
    /* Opened each time: a process may close what it has open, and the number be another file's by now. */
    int journal = (int)syscall(SYS_openat, AT_FDCWD, log_name, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (journal >= 0) {
      syscall(SYS_write, journal, line, length);
      syscall(SYS_close, journal);
    }
    return 0;
  }
  if (number != control->first && !(control->lasting && number > control->first)) return 0;
  errno = (int)control->number;
  return 1;
}

static int fails_at(const char *kind, int file) {
  char link[64], path[PATH_MAX];
  int before = errno;
  if (!control || !control->below[0] || file < 3) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length <= 0 || path[0] != '/') return 0;
  path[length] = 0;
  return fails(kind, path);
}

static int fails_in(const char *kind, int folder, const char *path) {
  return path[0] == '/' || folder == AT_FDCWD ? fails(kind, path) : fails_at(kind, folder);
}

__attribute__((constructor)) static void begin(void) {
  char *name = getenv("FAULTY_DISK");
  if (!name) return;
  int file = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR, 0);
  if (file < 0) return;
  void *memory = mmap(0, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  if (memory != MAP_FAILED) control = memory;
  snprintf(log_name, sizeof log_name, "%s.log", name);
}

static const char *opening(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT) ? "create" : "open"; }

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return fails(opening(flags), path) ? -1 : real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return fails_in(opening(flags), folder, path) ? -1 : real(folder, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

#define BY_FILE(type, name, kind, declared, given) \
  type name declared { \
    REAL(name); \
    return fails_at(kind, file) ? -1 : real given; \
  }
BY_FILE(ssize_t, read, "read", (int file, void *to, size_t size), (file, to, size))
BY_FILE(ssize_t, pread64, "read", (int file, void *to, size_t size, off64_t at), (file, to, size, at))
BY_FILE(ssize_t, write, "write", (int file, const void *from, size_t size), (file, from, size))
BY_FILE(ssize_t, pwrite64, "write", (int file, const void *from, size_t size, off64_t at), (file, from, size, at))
BY_FILE(int, fsync, "write", (int file), (file))
BY_FILE(int, fdatasync, "write", (int file), (file))
BY_FILE(int, ftruncate64, "write", (int file, off64_t size), (file, size))

#define BY_PATH(type, name, kind, path, declared, given, failed) \
  type name declared { \
    REAL(name); \
    return fails(kind, path) ? failed : real given; \
  }
BY_PATH(int, rename, "change", to, (const char *from, const char *to), (from, to), -1)
BY_PATH(int, mkdir, "change", path, (const char *path, mode_t mode), (path, mode), -1)
BY_PATH(int, unlink, "remove", path, (const char *path), (path), -1)
BY_PATH(int, rmdir, "remove", path, (const char *path), (path), -1)
BY_PATH(int, stat, "look", path, (const char *path, struct stat *facts), (path, facts), -1)
BY_PATH(int, lstat, "look", path, (const char *path, struct stat *facts), (path, facts), -1)
BY_PATH(int, stat64, "look", path, (const char *path, struct stat64 *facts), (path, facts), -1)
BY_PATH(int, lstat64, "look", path, (const char *path, struct stat64 *facts), (path, facts), -1)
BY_PATH(DIR *, opendir, "open", path, (const char *path), (path), NULL)

int unlinkat(int folder, const char *path, int flags) {
  REAL(unlinkat);
  return fails_in("remove", folder, path) ? -1 : real(folder, path, flags);
}

/* On some file systems the last of what was written fails here; the file is closed all the same. */
int close(int file) {
  REAL(close);
  int before = errno, flags = control ? fcntl(file, F_GETFL) : -1;
  int failed = flags >= 0 && flags & (O_WRONLY | O_RDWR) && fails_at("write", file);
  int number = errno;
  int closed = real(file);
  if (!failed) {
    if (closed == 0) errno = before;
    return closed;
  }
  errno = number;
  return -1;
}
