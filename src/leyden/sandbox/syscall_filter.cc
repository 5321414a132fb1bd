#include "leyden/sandbox/syscall_filter.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "leyden/sandbox/descriptors.h"

namespace leyden::sandbox {
namespace {

constexpr std::array kRefused{
    // Into other processes.
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    // Keys.
    "keyctl", "add_key", "request_key",
    // Mounts and namespaces.
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "setns", "open_by_handle_at",
    "name_to_handle_at", "quotactl", "quotactl_fd", "swapon", "swapoff", "acct",
    // The kernel and the machine.
    "bpf", "perf_event_open", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "create_module", "reboot", "syslog", "iopl", "ioperm", "vhangup",
    "sethostname", "setdomainname", "userfaultfd", "fanotify_init", "nfsservctl", "lookup_dcookie",
    "uselib", "ustat", "sysfs", "_sysctl", "vm86", "vm86old", "migrate_pages", "move_pages",
    // Clocks.
    "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "settimeofday", "stime",
    "adjtimex"};
// Callers have another way, which they take when these are not there.
constexpr std::array kAbsent{"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};
constexpr std::array kUnownedMemory{"memfd_create", "memfd_secret", "shmget"};

// seccomp.h's macros for these are C's.
scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

class Rules {
 public:
  Rules() : context_(seccomp_init(SCMP_ACT_ALLOW)) {
    if (context_ == nullptr) failed_ = ENOMEM;
  }

  // Of a call that this kernel's architecture or this libseccomp does not know there is nothing to refuse.
  template <class... Comparisons>
  void refuse(const char* name, int error, Comparisons... comparisons) {
    if (failed_ != 0) return;
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || number < 0) return;
    const std::array<scmp_arg_cmp, sizeof...(comparisons)> all{comparisons...};
    const int result =
        seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)),
                               number, sizeof...(comparisons), all.data());
    if (result != 0) failed_ = -result;
  }

  Result<std::string> program() {
    // A search by halves through the calls, not a walk along all rules at each call.
    (void)seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    const int number = ::memfd_create("filter", MFD_CLOEXEC);
    const Descriptor written(number);
    if (failed_ == 0 && number >= 0) failed_ = -seccomp_export_bpf(context_.get(), number);
    if (failed_ != 0 || number < 0) {
      return fail(Errc::unavailable, "can't make the filter of system calls: {}",
                  reason(failed_ != 0 ? failed_ : errno));
    }
    std::string bytes(static_cast<std::size_t>(::lseek(number, 0, SEEK_END)), '\0');
    if (::pread(number, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      return fail(Errc::unavailable, "can't read the filter of system calls back");
    }
    return bytes;
  }

 private:
  struct Release {
    void operator()(void* context) const { seccomp_release(context); }
  };
  std::unique_ptr<void, Release> context_;
  int failed_ = 0;
};

}  // namespace

Result<std::string> compile_syscall_filter(const SyscallFilterOptions& options) {
  Rules rules;
  for (const char* name : kRefused) rules.refuse(name, EPERM);
  for (const char* name : kAbsent) rules.refuse(name, ENOSYS);
  if (!options.allow_unowned_memory) {
    for (const char* name : kUnownedMemory) rules.refuse(name, ENOSYS);
  }

  // clone3 hides its flags in memory, which a filter can't read: hence its absence.
#if defined(__s390x__)
  constexpr unsigned kCloneFlags = 1;
#else
  constexpr unsigned kCloneFlags = 0;
#endif
  constexpr std::array<std::uint64_t, 8> kNamespaces{CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
                                                     CLONE_NEWNET,    CLONE_NEWIPC, CLONE_NEWUTS,
                                                     CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */};
  for (const std::uint64_t flag : kNamespaces) {
    rules.refuse("unshare", EPERM, masked(0, flag, flag));
    if (flag == 0x80) continue;  // In clone this bit is part of the signal's number.
    rules.refuse("clone", EPERM, masked(kCloneFlags, flag, flag));
  }

  // Keys pushed into a terminal. The kernel looks at the lower half only.
  constexpr std::uint64_t kLower = 0xffffffff;
  rules.refuse("ioctl", EPERM, masked(1, kLower, std::uint64_t{TIOCSTI}));
  rules.refuse("ioctl", EPERM, masked(1, kLower, std::uint64_t{TIOCLINUX}));

  // Families of sockets: loopback, local ones and the list of interfaces. Others reach the machine below
  // (AF_VSOCK) or little used code of the kernel (AF_ALG and many more).
  for (int family = 0; family <= 46; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) {
      continue;
    }
    for (const char* name : {"socket", "socketpair"}) {
      rules.refuse(name, EAFNOSUPPORT, masked(0, kLower, static_cast<std::uint64_t>(family)));
    }
  }
  rules.refuse("socket", EAFNOSUPPORT,
               scmp_arg_cmp{.arg = 0, .op = SCMP_CMP_GT, .datum_a = 46, .datum_b = 0});

  return rules.program();
}

}  // namespace leyden::sandbox
