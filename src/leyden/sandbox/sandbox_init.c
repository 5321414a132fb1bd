// The small program that stands between Leyden and the one that nobody has read. It is linked
// statically, carried inside the library and started from memory (init_image.h). Three ways:
//
//   launch [join=FILE] [place=FOLDER show=PATH show_writable=PATH] [uid=N gid=N] -- PROGRAM...
//                                                     joins control groups, shows paths, drops the user,
//                                                     becomes PROGRAM
//   pid1      KEY=VALUE... -- PROGRAM...              the first process of a pid namespace
//   subreaper KEY=VALUE... -- PROGRAM...              without a namespace: orphans come to it
//
// The last two start PROGRAM under limits, look after its tree while it runs (what all of it uses
// together, which no rlimit bounds), end the tree with it, and say how it ended in one line on
// descriptor 3. PROGRAM has none of our descriptors and can't trace this process, so that it can't
// write that line itself.
//
// Descriptors: 3 report, 4 5 6 the program's input, output and error. Plain C and no allocation: it
// runs within what it bounds.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kReport = 3, kInput = 4, kOutput = 5, kError = 6, kMaxPaths = 32, kMaxMembers = 8192 };

struct config {
  int subreaper;
  unsigned long long processes, data, file_bytes, open_files, cpu_ms;  // 0: no such limit
  unsigned long long memory, tree_files, tree_bytes;                   // of the whole tree
  unsigned long long period_ms;
  const char* tmpfs[kMaxPaths];
  int tmpfs_count;
  const char* writable[kMaxPaths];
  unsigned long long free_floor[kMaxPaths];
  int writable_count;
  const char* directory;  // NULL: it is right already.
  char** program;
};

static pid_t members[kMaxMembers];
static int member_count;
static int place_error;

static void fail(const char* what) {
  dprintf(2, "sandbox: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static unsigned long long number(const char* text) { return strtoull(text, NULL, 10); }

static const char* value_of(const char* argument, const char* key) {
  const size_t length = strlen(key);
  return strncmp(argument, key, length) == 0 && argument[length] == '=' ? argument + length + 1
                                                                        : NULL;
}

// A mount namespace of our own, and in it a place for what root shows to the user that it is about to
// become. All of it ends with the last process in it.
static void make_place(const char* place) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0711,size=64k,nr_inodes=256") !=
          0) {
    place_error = errno;  // Said with the path that is to be shown.
  }
}

// One file or folder at place/number: it, what is mounted in it, and nothing beside it.
// `path` has no links. Attributes are only added: what the host made read-only stays so.
static void show(const char* place, int number, const char* path, int read_only) {
  if (place_error != 0) errno = place_error;
  const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                              (read_only ? MOUNT_ATTR_RDONLY : 0)};
  struct stat status;
  char target[256];
  int found, tree;
  if (place_error != 0 ||
      (found = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how)) < 0 ||
      fstat(found, &status) != 0 ||
      (size_t)snprintf(target, sizeof target, "%s/%d", place, number) >= sizeof target ||
      (S_ISDIR(status.st_mode) ? mkdir(target, 0700) : mknod(target, S_IFREG | 0400, 0)) != 0 ||
      (tree = open_tree(found, "",
                        AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)) < 0 ||
      mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) != 0 ||
      move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    dprintf(2, "sandbox: can't show %s: %s\n", path, strerror(errno));
    _exit(125);
  }
  close(tree);
  close(found);
}

static void launch(char** arguments) {
  gid_t gid = 0;
  uid_t uid = 0;
  const char* place = NULL;
  int shown = 0;
  for (; *arguments != NULL && strcmp(*arguments, "--") != 0; ++arguments) {
    const char* value;
    if ((value = value_of(*arguments, "join")) != NULL) {
      const int file = open(value, O_WRONLY | O_CLOEXEC);
      if (file < 0 || write(file, "0", 1) != 1) fail(value);
      close(file);
    } else if ((value = value_of(*arguments, "place")) != NULL) {
      place = value;
      make_place(place);
    } else if (place != NULL && (value = value_of(*arguments, "show")) != NULL) {
      show(place, shown++, value, 1);
    } else if (place != NULL && (value = value_of(*arguments, "show_writable")) != NULL) {
      show(place, shown++, value, 0);
    } else if ((value = value_of(*arguments, "uid")) != NULL) {
      uid = (uid_t)number(value);
    } else if ((value = value_of(*arguments, "gid")) != NULL) {
      gid = (gid_t)number(value);
    }
  }
  if (*arguments == NULL || arguments[1] == NULL) _exit(125);
  if (uid != 0) {
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
      fail("can't become an unprivileged user");
    }
    if (setuid(0) == 0) fail("still root");
  }
  syscall(SYS_close_range, 14U, ~0U, 0U);  // What somebody in our process left inheritable.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);      // So that bwrap may look into its own /proc entries.
  umask(022);
  execv(arguments[1], arguments + 1);
  fail(arguments[1]);
}

static ssize_t read_text(const char* path, char* buffer, size_t size) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const ssize_t count = read(file, buffer, size - 1);
  close(file);
  buffer[count < 0 ? 0 : count] = 0;
  return count;
}

static void add_member(pid_t pid) {
  if (member_count < kMaxMembers) members[member_count++] = pid;
}

// All processes of the tree but this one.
static void list_members(const struct config* config) {
  member_count = 0;
  if (!config->subreaper) {
    DIR* folder = opendir("/proc");
    if (folder == NULL) return;
    for (struct dirent* entry; (entry = readdir(folder)) != NULL;) {
      const pid_t pid = (pid_t)atoi(entry->d_name);
      if (pid > 1) add_member(pid);
    }
    closedir(folder);
    return;
  }
  for (int next = -1; next < member_count; ++next) {
    const pid_t parent = next < 0 ? getpid() : members[next];
    char path[64], text[16384];
    snprintf(path, sizeof path, "/proc/%d/task", parent);
    DIR* threads = opendir(path);  // Each thread has children of its own.
    if (threads == NULL) continue;
    for (struct dirent* entry; (entry = readdir(threads)) != NULL;) {
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", parent, entry->d_name);
      if (read_text(path, text, sizeof text) <= 0) continue;
      for (char *rest = text, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (*word != 0) add_member((pid_t)atoi(word));
      }
    }
    closedir(threads);
  }
}

static unsigned long long field_kb(const char* status, const char* name) {
  const char* found = strstr(status, name);
  return found == NULL ? 0 : number(found + strlen(name));
}

static unsigned long long microseconds(const struct timeval* time) {
  return (unsigned long long)time->tv_sec * 1000000 + (unsigned long long)time->tv_usec;
}

// What the tree holds in memory and has used of the processors.
static void look_at_members(unsigned long long* memory_bytes, unsigned long long* cpu_us) {
  struct rusage reaped;
  getrusage(RUSAGE_CHILDREN, &reaped);
  *cpu_us = microseconds(&reaped.ru_utime) + microseconds(&reaped.ru_stime);
  *memory_bytes = 0;
  const unsigned long long tick_us = 1000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK);
  for (int i = 0; i < member_count; ++i) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", members[i]);
    if (read_text(path, text, sizeof text) > 0) {
      *memory_bytes += 1024 * (field_kb(text, "RssAnon:") + field_kb(text, "RssShmem:") +
                               field_kb(text, "VmPTE:"));
    }
    snprintf(path, sizeof path, "/proc/%d/stat", members[i]);
    if (read_text(path, text, sizeof text) <= 0) continue;
    const char* rest = strrchr(text, ')');  // The name before it is the program's choice.
    unsigned long long user = 0, system = 0;
    long long user_children = 0, system_children = 0;
    if (rest != NULL &&
        sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld", &user,
               &system, &user_children, &system_children) == 4) {
      *cpu_us += tick_us * (user + system + (unsigned long long)(user_children + system_children));
    }
  }
}

// Bytes and entries below a folder, not following links. `depth` bounds the descriptors it holds;
// what lies deeper counts as too much.
static void measure(int folder, int depth, unsigned long long* bytes, unsigned long long* files) {
  DIR* stream = fdopendir(folder);
  if (stream == NULL) {
    close(folder);
    return;
  }
  for (struct dirent* entry; (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    struct stat status;
    if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    *bytes += (unsigned long long)status.st_blocks * 512;
    ++*files;
    if (!S_ISDIR(status.st_mode)) continue;
    if (depth == 0) {
      *files += 1ULL << 40;
      continue;
    }
    const int inner =
        openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) {
      measure(inner, depth - 1, bytes, files);
    } else if (errno == EACCES) {
      *files += 1ULL << 40;  // What hides from being counted.
    }
  }
  closedir(stream);
}

static const char* broken_file_limit(const struct config* config) {
  for (int i = 0; i < config->tmpfs_count; ++i) {
    struct statvfs status;
    if (statvfs(config->tmpfs[i], &status) == 0 &&
        status.f_files - status.f_ffree > config->tree_files) {
      return "files";
    }
  }
  return NULL;
}

static unsigned long long free_bytes(const char* folder) {
  struct statvfs status;
  if (statvfs(folder, &status) != 0) return ~0ULL;
  return (unsigned long long)status.f_bavail * status.f_frsize;
}

// Besides what can be seen: a file that is open and deleted is in no folder, so the disk must not
// come near its end.
static const char* broken_disk_limit(const struct config* config) {
  unsigned long long bytes = 0, files = 0;
  for (int i = 0; i < config->writable_count; ++i) {
    if (free_bytes(config->writable[i]) < config->free_floor[i]) return "disk";
    const int folder = open(config->writable[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) measure(folder, 128, &bytes, &files);
  }
  if (bytes > config->tree_bytes) return "disk";
  return files > config->tree_files ? "files" : NULL;
}

static void limit(int resource, unsigned long long value) {
  const struct rlimit both = {value, value};
  if (setrlimit(resource, &both) != 0) fail("setrlimit");
}

static void become_program(const struct config* config, int failed) {
  for (int signal_number = 1; signal_number < 65; ++signal_number) signal(signal_number, SIG_DFL);
  setsid();
  if (dup2(kInput, 0) < 0 || dup2(kOutput, 1) < 0 || dup2(kError, 2) < 0) _exit(125);
  syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  limit(RLIMIT_CORE, 0);
  if (config->processes != 0) limit(RLIMIT_NPROC, config->processes);
  if (config->data != 0) limit(RLIMIT_DATA, config->data);
  limit(RLIMIT_FSIZE, config->file_bytes);
  limit(RLIMIT_NOFILE, config->open_files);
  limit(RLIMIT_CPU, config->cpu_ms / 1000 + 1);
  limit(RLIMIT_MSGQUEUE, 65536);
  limit(RLIMIT_MEMLOCK, 1 << 20);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (config->directory == NULL || chdir(config->directory) == 0) {
    execvp(config->program[0], config->program);
  }
  const int error = errno;
  (void)!write(failed, &error, sizeof error);
  _exit(127);
}

// Nothing of the tree is left afterwards. A tree that forks while it is being ended is stopped first.
static void end_tree(const struct config* config) {
  if (!config->subreaper) {
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    return;
  }
  for (;;) {
    list_members(config);
    for (int i = 0; i < member_count; ++i) kill(members[i], SIGSTOP);
    list_members(config);
    for (int i = 0; i < member_count; ++i) kill(members[i], SIGKILL);
    pid_t reaped;
    while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0) {
    }
    if (reaped < 0 && errno == ECHILD) return;
    usleep(200);
  }
}

static unsigned long long now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (unsigned long long)time.tv_sec * 1000000 + (unsigned long long)time.tv_nsec / 1000;
}

static void run(struct config* config) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (config->subreaper) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  }
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  // As pid 1 it is ended from outside, by SIGKILL; nothing that the program could send is heard.
  if (config->subreaper) sigaddset(&wanted, SIGTERM);
  sigprocmask(SIG_BLOCK, &wanted, NULL);

  int failed[2];
  if (pipe2(failed, O_CLOEXEC) != 0) fail("pipe");
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) become_program(config, failed[1]);
  close(failed[1]);
  close(kInput);
  close(kOutput);
  close(kError);
  int error = 0;
  if (read(failed[0], &error, sizeof error) == sizeof error) {
    dprintf(kReport, "unstartable %d\n", error);
    end_tree(config);
    _exit(0);
  }
  close(failed[0]);
  dprintf(kReport, "started\n");

  int status = 0, ended = 0;
  const char* broken = "-";
  unsigned long long memory_peak = 0, disk_next = 0;
  while (!ended && *broken == '-') {
    const struct timespec period = {(time_t)(config->period_ms / 1000),
                                    (long)(config->period_ms % 1000) * 1000000};
    if (sigtimedwait(&wanted, NULL, &period) == SIGTERM) {
      broken = "asked";
      break;
    }
    int one;
    pid_t pid;
    while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
      if (pid != child) continue;
      status = one;
      ended = 1;
    }
    if (ended) break;
    list_members(config);
    unsigned long long memory, cpu_us;
    look_at_members(&memory, &cpu_us);
    if (memory > memory_peak) memory_peak = memory;
    const char* reason = broken_file_limit(config);
    if (reason != NULL) broken = reason;
    if (cpu_us > config->cpu_ms * 1000) broken = "cpu";
    if (memory > config->memory) broken = "memory";
    if (config->writable_count > 0 && now_us() >= disk_next) {
      const unsigned long long begin = now_us();
      reason = broken_disk_limit(config);
      if (reason != NULL) broken = reason;
      // Never more than a twentieth of the time.
      const unsigned long long cost = now_us() - begin;
      disk_next = now_us() + (20 * cost > 100000 ? 20 * cost : 100000);
    }
  }
  end_tree(config);
  if (ended && config->writable_count > 0) {
    const char* reason = broken_disk_limit(config);
    if (reason != NULL) broken = reason;
  }
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  const unsigned long long largest = (unsigned long long)usage.ru_maxrss * 1024;
  dprintf(kReport, "ended %d %s %llu %llu\n", status, broken,
          microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime),
          largest > memory_peak ? largest : memory_peak);
  _exit(0);
}

int main(int count, char** arguments) {
  if (count < 2) return 125;
  if (strcmp(arguments[1], "launch") == 0) {
    launch(arguments + 2);
    return 125;
  }
  struct config config = {0};
  config.subreaper = strcmp(arguments[1], "subreaper") == 0;
  config.period_ms = 20;
  char** next = arguments + 2;
  for (; *next != NULL && strcmp(*next, "--") != 0; ++next) {
    const char* value;
    if ((value = value_of(*next, "processes")) != NULL)
      config.processes = number(value);
    else if ((value = value_of(*next, "data")) != NULL)
      config.data = number(value);
    else if ((value = value_of(*next, "file_bytes")) != NULL)
      config.file_bytes = number(value);
    else if ((value = value_of(*next, "open_files")) != NULL)
      config.open_files = number(value);
    else if ((value = value_of(*next, "cpu_ms")) != NULL)
      config.cpu_ms = number(value);
    else if ((value = value_of(*next, "memory")) != NULL)
      config.memory = number(value);
    else if ((value = value_of(*next, "tree_files")) != NULL)
      config.tree_files = number(value);
    else if ((value = value_of(*next, "tree_bytes")) != NULL)
      config.tree_bytes = number(value);
    else if ((value = value_of(*next, "period_ms")) != NULL)
      config.period_ms = number(value);
    else if ((value = value_of(*next, "directory")) != NULL)
      config.directory = value;
    else if ((value = value_of(*next, "tmpfs")) != NULL && config.tmpfs_count < kMaxPaths)
      config.tmpfs[config.tmpfs_count++] = value;
    else if ((value = value_of(*next, "writable")) != NULL && config.writable_count < kMaxPaths) {
      const unsigned long long half = free_bytes(value) / 2, floor = 512ULL << 20;
      config.free_floor[config.writable_count] = half < floor ? half : floor;
      config.writable[config.writable_count++] = value;
    } else
      return 125;  // What is not understood is not left out.
  }
  if (*next == NULL || next[1] == NULL) return 125;
  config.program = next + 1;
  run(&config);
}
