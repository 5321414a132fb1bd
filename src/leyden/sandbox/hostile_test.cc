// Programs that mean harm, each run for real by root, by root without control groups, and by an
// ordinary user. What they try must fail, the run must come to its end, and the host must be as it was.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

#include "leyden/base/files.h"
#include "leyden/sandbox/descriptors.h"
#include "leyden/sandbox/project_copy.h"
#include "leyden/sandbox/testing/settings.h"

namespace leyden::sandbox {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// What a program could change for the whole machine.
std::string host_state() {
  std::string state;
  for (const char* file :
       {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/sysrq",
        "/proc/sys/user/max_user_namespaces", "/proc/sys/vm/overcommit_memory"}) {
    state += std::string(file) + "=" + read_file(fs::path(file), MiB).value_or("?") + "\n";
  }
  return state;
}

class Hostile : public SandboxTest {
 protected:
  void SetUp() override { before_ = host_state(); }
  void TearDown() override { EXPECT_EQ(host_state(), before_); }

 private:
  std::string before_;
};

INSTANTIATE_TEST_SUITE_P(Settings, Hostile, ::testing::ValuesIn(settings()), setting_name);

constexpr SandboxLimits kLimits{.wall_time = 60s,
                                .cpu_time = 40s,
                                .memory_bytes = 256 * MiB,
                                .process_count = 32,
                                .file_size_bytes = 8 * MiB,
                                .tmpfs_bytes = 16 * MiB,
                                .written_bytes = 32 * MiB,
                                .file_count = 2000};

SandboxLimits short_time() {
  SandboxLimits limits = kLimits;
  limits.wall_time = 2s;
  return limits;
}

// call(number, ...) is a system call that answers its error's name, or "ok".
constexpr std::string_view kPrelude = R"(
import ctypes, errno, os, sys, time, socket, glob, resource, signal
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    return 'ok' if result >= 0 else errno.errorcode.get(ctypes.get_errno(), '?')
)";

SandboxCommand hostile(std::string_view program) {
  return python(std::string(kPrelude) + std::string(program));
}

long number_of(const SandboxExit& exit) {
  long value = -1;
  std::from_chars(exit.output.text.data(), exit.output.text.data() + exit.output.text.size(),
                  value);
  return value;
}

TEST_P(Hostile, ForkBomb) {
  with([](const Sandbox& sandbox) {
    SandboxExit exit = run_or_fail(sandbox, hostile(R"(
while True:
    try: os.fork()
    except OSError: pass
)"),
                                   short_time());
    EXPECT_NE(exit.outcome, Outcome::exited) << shown(exit);
    // And the bound is where it was set.
    exit = run_or_fail(sandbox, hostile(R"(
count = 0
for i in range(100):
    try:
        if os.fork() == 0: time.sleep(100)
        count += 1
    except OSError: break
print(count)
)"),
                       kLimits);
    EXPECT_LE(number_of(exit), 31) << shown(exit);
    EXPECT_GE(number_of(exit), 25) << shown(exit);
  });
}

TEST_P(Hostile, ThreadBomb) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
import threading
threading.stack_size(65536)
count = 0
for i in range(100):
    try:
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        count += 1
    except RuntimeError: break
print(count, flush=True)
os._exit(0)
)"),
                                         kLimits);
    EXPECT_LE(number_of(exit), 31) << shown(exit);
    EXPECT_GE(number_of(exit), 20) << shown(exit);
  });
}

TEST_P(Hostile, Memory) {
  with([](const Sandbox& sandbox) {
    // Its own, shared without a name, and in many processes that are small each.
    for (const std::string_view program :
         {"x = bytearray(1 << 30)\nprint('got it')",
          "import mmap\nm = mmap.mmap(-1, 1 << 30)\n"
          "for i in range(0, 1 << 30, 4096): m[i] = 1\nprint('got it')",
          "for i in range(16):\n  if os.fork() == 0: x = bytearray(50_000_000); time.sleep(100)\n"
          "time.sleep(50)\nprint('got it')",
          "f = os.memfd_create('x')\nfor i in range(1000): os.write(f, b'x' * (1 << 20))\n"
          "print('got it')"}) {
      SandboxLimits limits = kLimits;
      limits.file_size_bytes = 2 * GiB;
      const SandboxExit exit = run_or_fail(sandbox, hostile(program), limits);
      EXPECT_FALSE(exit.succeeded()) << shown(exit);
      EXPECT_FALSE(exit.output.text.contains("got it")) << program;
      EXPECT_LT(exit.memory_peak_bytes, GiB) << program;
    }
  });
}

TEST_P(Hostile, FillsEveryTmpfs) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
total = 0
for folder in ['/tmp', '/dev/shm', os.environ['HOME']]:
    try:
        for i in range(1000):
            with open(f'{folder}/{i}', 'wb', buffering=0) as f:
                for j in range(7): total += f.write(b'x' * (1 << 20))
    except OSError as e: print(errno.errorcode[e.errno], file=sys.stderr)
print(total)
)"),
                                         kLimits);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
    EXPECT_EQ(exit.error_output.text, "ENOSPC\nENOSPC\nENOSPC\n");
    EXPECT_LE(number_of(exit), static_cast<long>(3 * kLimits.tmpfs_bytes));
  });
}

TEST_P(Hostile, WritesAnywhereElse) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
for top, folders, files in os.walk('/'):
    folders[:] = [f for f in folders if os.path.join(top, f) not in ('/proc', '/usr/share', '/usr/lib')]
    try:
        open(os.path.join(top, 'written-by-leyden-test'), 'w').close()
        print(top)
    except OSError: pass
)"),
                                         kLimits);
    EXPECT_EQ(exit.code, 0) << shown(exit);
    for (const std::string_view part : {"/dev/shm\n", "/tmp\n", "/home/sandbox\n"}) {
      EXPECT_TRUE(exit.output.text.contains(part)) << shown(exit);
    }
    EXPECT_EQ(std::ranges::count(exit.output.text, '\n'), 3) << shown(exit);
  });
}

TEST_P(Hostile, FillsTheInodes) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
i = 0
while True:
    os.mkdir(f'/tmp/{i}')
    i += 1
)"),
                                         kLimits);
    EXPECT_FALSE(exit.succeeded()) << shown(exit);
    EXPECT_NE(exit.outcome, Outcome::timed_out) << shown(exit);
  });
}

TEST_P(Hostile, WritesAGigabyteOfOutput) {
  with([](const Sandbox& sandbox) {
    SandboxLimits limits = kLimits;
    limits.output_bytes = 10000;
    const SandboxExit exit =
        run_or_fail(sandbox, shell("head -c 1000000000 /dev/zero; echo end"), limits);
    EXPECT_TRUE(exit.succeeded()) << name_of(exit.outcome);
    EXPECT_EQ(exit.output.total_bytes, 1'000'000'004U);
    EXPECT_LT(exit.output.text.size(), 10100U);
    EXPECT_TRUE(exit.output.text.ends_with("end\n"));
  });
}

TEST_P(Hostile, WaitsForInput) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit =
        run_or_fail(sandbox, shell("read x; echo got [$x]; read y </dev/tty; true"), kLimits);
    EXPECT_EQ(exit.output.text, "got []\n") << shown(exit);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
  });
}

TEST_P(Hostile, LooksForWaysOut) {
  const TemporaryFolder host;
  host.write("secret", "hunter2");
  // leyden:ignore c.world-writable any user of the sandbox is to write there
  ::chmod(host.path().c_str(), 0777);
  with([&](const Sandbox& sandbox) {
    SandboxCommand command = hostile(R"(
target = sys.argv[1]
os.symlink(target, '/tmp/link')
os.symlink('/proc/1/root' + target, '/tmp/link2')
ways = [target, '/tmp/link', '/tmp/link2', '/proc/self/root' + target, '/proc/self/root/../../..' + target,
        '/etc/shadow', '/etc/gshadow', '/root/.bashrc', '/proc/kcore', '/proc/1/environ', '/proc/1/mem', '/dev/mem', '/dev/vda',
        '/proc/1/cwd' + target, '/newroot' + target, '/oldroot' + target, '/sys/kernel/notes', '/proc/kmsg']
for pid in glob.glob('/proc/[0-9]*'):
    ways += [pid + '/root' + target, pid + '/cwd/secret']
    for fd in glob.glob(pid + '/fd/*'): ways += [fd + target, fd + '/../..' + target]
for way in ways:
    try:
        f = os.open(way, os.O_RDONLY)
        print(way, os.read(f, 100))
    except OSError: pass
for way in ['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/sysrq', '/proc/sysrq-trigger', '/proc/sys/vm/overcommit_memory',
            '/proc/1/oom_score_adj', '/proc/1/mem', '/proc/1/fd/3']:
    try:
        f = os.open(way, os.O_WRONLY)
        print('writable', way)
    except OSError: pass
try: os.chroot('/tmp'); print('chroot')
except OSError: pass
)");
    command.argv.push_back((host.path() / "secret").string());
    const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.output.text, "") << shown(exit);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
  });
}

TEST_P(Hostile, CallsWhatIsRefused) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the numbers are those of x86-64";
#endif
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
for name, number, *arguments in [
        ('ptrace', 101, 0), ('process_vm_readv', 310, 1), ('keyctl', 250, 0), ('add_key', 248),
        ('mount', 165), ('umount2', 166), ('fsopen', 430), ('open_tree', 428), ('bpf', 321, 0), ('perf_event_open', 298),
        ('userfaultfd', 323, 0), ('kexec_load', 246), ('init_module', 175), ('reboot', 169),
        ('clock_settime', 227, 0), ('settimeofday', 164, 0), ('adjtimex', 159, 0), ('setns', 308, 0, 0),
        ('unshare user', 272, 0x10000000), ('unshare mount', 272, 0x20000), ('unshare time', 272, 0x80),
        ('clone user', 56, 0x10000000 | 17), ('sethostname', 170), ('TIOCSTI', 16, 0, 0x5412, 0),
        ('TIOCSTI, upper bits', 16, 0, 0x100005412, 0), ('pidfd_getfd', 438), ('open_by_handle_at', 304)]:
    result = call(number, *arguments)
    if result != 'EPERM': print(name, result)
for name, number in [('io_uring_setup', 425), ('io_uring_enter', 426), ('clone3', 435)]:
    result = call(number, 8, 0)
    if result != 'ENOSYS': print(name, result)
for family in [40, 38, 17, 31, 16, 1, 2]:
    try: socket.socket(family, socket.SOCK_DGRAM if family < 17 else socket.SOCK_RAW if family == 17 else socket.SOCK_STREAM).close(); print('family', family)
    except OSError as e: pass
)"),
                                         kLimits);
    // Loopback and local sockets are there.
    EXPECT_EQ(exit.output.text, "family 16\nfamily 1\nfamily 2\n") << shown(exit);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
    EXPECT_FALSE(run_or_fail(sandbox, shell("unshare -Ur true"), kLimits).succeeded());
  });
}

TEST_P(Hostile, KillsAllItCan) {
  with([](const Sandbox& sandbox) {
    SandboxExit exit = run_or_fail(sandbox, hostile(R"(
for number in range(1, 65):
    if number in (9, 19): continue
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for pid in (1, 0, -1):
        try: os.kill(pid, number)
        except OSError: pass
os.kill(1, 9); os.kill(1, 19)
print('on', flush=True)
)"),
                                   kLimits);
    EXPECT_EQ(exit.output.text, "on\n") << shown(exit);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
    exit = run_or_fail(
        sandbox,
        hostile("try: os.kill(-1, 9)\nexcept ProcessLookupError: pass\nos.kill(os.getppid(), 9)"),
        kLimits);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
  });
}

TEST_P(Hostile, LeavesADaemonThatHoldsItsOutput) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(
        sandbox, shell("(setsid sh -c 'trap \"\" TERM HUP; (sleep 50 &); sleep 50' &); echo done"),
        kLimits);
    EXPECT_EQ(exit.output.text, "done\n");
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
    EXPECT_LT(exit.wall_time, 30s);
  });
}

TEST_P(Hostile, LooksForTheNetwork) {
  // A server of the host's on loopback, and local ones with a name and with a path.
  const Descriptor tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_TRUE(tcp);
  ASSERT_EQ(::bind(tcp.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ::getsockname(tcp.get(), reinterpret_cast<sockaddr*>(&address), &size);
  ::listen(tcp.get(), 5);
  const std::string name = fmt::format("leyden-test-{}", ::getpid());
  const Descriptor local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un abstract{};
  abstract.sun_family = AF_UNIX;
  std::ranges::copy(name, abstract.sun_path + 1);
  ASSERT_EQ(::bind(local.get(), reinterpret_cast<sockaddr*>(&abstract),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())),
            0);
  ::listen(local.get(), 5);
  with([&](const Sandbox& sandbox) {
    SandboxCommand command = hostile(R"(
def attempt(family, address):
    s = socket.socket(family)
    s.settimeout(3)
    try: s.connect(address); print('reached', address)
    except OSError as e: pass
attempt(socket.AF_INET, ('127.0.0.1', int(sys.argv[1])))
attempt(socket.AF_INET, ('192.0.2.1', 80))
attempt(socket.AF_INET, ('169.254.169.254', 80))
attempt(socket.AF_UNIX, '\0' + sys.argv[2])
attempt(socket.AF_UNIX, '/run/docker.sock')
attempt(socket.AF_UNIX, '/run/dbus/system_bus_socket')
print(sorted(name for _, name in socket.if_nameindex()))
# Its own loopback is there: tests of servers need it.
a = socket.socket(); a.bind(('127.0.0.1', 0)); a.listen()
b = socket.create_connection(a.getsockname()); print('own loopback')
)");
    command.argv.push_back(fmt::format("{}", ntohs(address.sin_port)));
    command.argv.push_back(name);
    const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.output.text, "['lo']\nown loopback\n") << shown(exit);
  });
}

TEST_P(Hostile, ProbesDevices) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
known = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'shm', 'pts', 'ptmx', 'fd', 'stdin', 'stdout', 'stderr', 'core', 'console'}
print(sorted(set(os.listdir('/dev')) - known))
for kind in (0o060600, 0o020600):
    try: os.mknod('/tmp/device', kind, os.makedev(254, 0)); print('made a device')
    except OSError: pass
)"),
                                         kLimits);
    EXPECT_EQ(exit.output.text, "[]\n") << shown(exit);
  });
}

TEST_P(Hostile, DumpsItsCore) {
  with([](const Sandbox& sandbox) {
    const TemporaryFolder results;
    SandboxCommand command = hostile("os.chdir('/results')\nos.abort()");
    command.mounts = {{results.path(), "/results", Access::read_write}};
    const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.outcome, Outcome::signalled) << shown(exit);
    EXPECT_EQ(exit.signal, SIGABRT);
    EXPECT_TRUE(fs::is_empty(results.path()));
  });
}

TEST_P(Hostile, WantsToBeRoot) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
for attempt in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try: attempt(); print('became root')
    except OSError: pass
os.system('su -c "id -u" root </dev/null 2>/dev/null; passwd -d root 2>/dev/null >&2 && echo changed')
for line in open('/proc/self/status'):
    if line.startswith(('NoNewPrivs', 'CapEff', 'CapPrm', 'CapAmb', 'Seccomp:')): print(line.split()[1])
print(open('/proc/self/uid_map').read().split()[0])
)"),
                                         kLimits);
    EXPECT_EQ(exit.output.text,
              "0000000000000000\n0000000000000000\n0000000000000000\n1\n2\n1000\n")
        << shown(exit);
  });
}

TEST_P(Hostile, MakesHugeFiles) {
  with([](const Sandbox& sandbox) {
    const TemporaryFolder results;
    SandboxCommand command = hostile(R"(
for folder in ('/tmp', '/results'):
    f = os.open(folder + '/sparse', os.O_RDWR | os.O_CREAT)
    for attempt in (lambda: os.truncate(f, 1 << 40), lambda: os.posix_fallocate(f, 0, 1 << 30), lambda: os.pwrite(f, b'x', 1 << 40)):
        try: attempt(); print('made it')
        except OSError as e: print(errno.errorcode[e.errno])
)");
    command.mounts = {{results.path(), "/results", Access::read_write}};
    const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_FALSE(exit.output.text.contains("made it")) << shown(exit);
    EXPECT_EQ(std::ranges::count(exit.output.text, '\n'), 6) << shown(exit);
  });
}

TEST_P(Hostile, FillsTheDisk) {
  with([](const Sandbox& sandbox) {
    const TemporaryFolder results;
    SandboxCommand command = hostile(R"(
for i in range(100):
    with open(f'/results/{i}', 'wb') as f: f.write(b'x' * (7 << 20))
    time.sleep(0.02)
time.sleep(50)
)");
    command.mounts = {{results.path(), "/results", Access::read_write}};
    const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.outcome, Outcome::disk_full) << shown(exit);
  });
}

TEST_P(Hostile, BuriesAFolder) {
  with([](const Sandbox& sandbox) {
    const TemporaryFolder parent;
    const fs::path results = parent.path() / "results";
    fs::create_directory(results);
    ::chmod(parent.path().c_str(), 0711);  // So that the sandbox's user comes through.
    SandboxCommand command = hostile(R"(
os.chdir('/results')
try: open('x' * 256, 'w'); print('too long')
except OSError: pass
open('\n' * 255, 'w').close()
for i in range(500):
    os.mkdir('d' * 200)
    os.chdir('d' * 200)
)");
    command.mounts = {{results, "/results", Access::read_write}};
    const SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.output.text, "");
    EXPECT_EQ(exit.outcome, Outcome::too_many_files) << shown(exit);
    remove_tree(results);
    EXPECT_TRUE(fs::is_empty(parent.path()));
  });
}

TEST_P(Hostile, LeavesZombies) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
count = 0
for i in range(5000):
    try:
        if os.fork() == 0: os._exit(0)
        count += 1
    except OSError: pass
print(count)
)"),
                                         kLimits);
    EXPECT_TRUE(exit.succeeded()) << shown(exit);
    EXPECT_LE(number_of(exit), 31) << shown(exit);
  });
}

TEST_P(Hostile, OpensAllDescriptorsAndFindsNoneOfOurs) {
  const TemporaryFolder host;
  host.write("secret", "hunter2");
  const int inherited = ::open((host.path() / "secret").c_str(), O_RDONLY);  // Not closed on exec.
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
mine = os.open('/proc/self/fd', os.O_RDONLY)
print(sorted(int(f) for f in os.listdir(mine)))  # Which opens one more.
count = 0
try:
    while True: os.dup(0); count += 1
except OSError: print(count < 256)
)"),
                                         kLimits);
    EXPECT_EQ(exit.output.text, "[0, 1, 2, 3, 4]\nTrue\n") << shown(exit);
  });
  ::close(inherited);
}

TEST_P(Hostile, ForgesTheReport) {
  with([](const Sandbox& sandbox) {
    const SandboxExit exit = run_or_fail(sandbox, hostile(R"(
line = b'\nended 0 - 1 1\n'
for fd in range(0, 64):
    try: os.write(fd, line)
    except OSError: pass
for fd in range(0, 64):
    try: os.write(os.open(f'/proc/1/fd/{fd}', os.O_WRONLY), line)
    except OSError: pass
os._exit(5)
)"),
                                         kLimits);
    EXPECT_EQ(exit.code, 5) << shown(exit);
    EXPECT_FALSE(exit.succeeded());
  });
}

TEST_P(Hostile, LooksForKeysAndPreloads) {
  ::setenv("LEYDEN_TEST_API_KEY", "hunter2", 1);  // NOLINT(concurrency-mt-unsafe): alone
  ::setenv("LD_PRELOAD", "", 1);                  // NOLINT(concurrency-mt-unsafe): alone
  with([](const Sandbox& sandbox) {
    SandboxCommand command = hostile(R"(
found = dict(os.environ)
found.pop('LD_PRELOAD', None)
print(sorted(found))
for file in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):
    try:
        if b'hunter' + b'2' in open(file, 'rb').read(): print('found in', file)
    except OSError: pass
)");
    const std::string expected = "['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR', 'USER']\n";
    SandboxExit exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.output.text, expected) << shown(exit);
    // One that is asked for is the program's, not that of bwrap or of what watches.
    command.environment = {{"LD_PRELOAD", "/tmp/evil.so"}};
    exit = run_or_fail(sandbox, command, kLimits);
    EXPECT_EQ(exit.output.text, expected) << shown(exit);
    EXPECT_EQ(exit.error_output.text.substr(0, 9), "ERROR: ld") << shown(exit);
  });
  ::unsetenv("LEYDEN_TEST_API_KEY");  // NOLINT(concurrency-mt-unsafe): alone
  ::unsetenv("LD_PRELOAD");           // NOLINT(concurrency-mt-unsafe): alone
}

// How late a thread of ours that only sleeps is woken: what the machine's load adds to each thing that is waited for.
class Pulse {
 public:
  // The longest lateness of a beat that was due or came between the two.
  [[nodiscard]] double longest_ms(std::chrono::steady_clock::time_point from,
                                  std::chrono::steady_clock::time_point to) {
    const std::lock_guard lock(mutex_);
    double longest = 0;
    for (const Beat& beat : beats_) {
      if (beat.came < from || beat.due > to) continue;
      longest = std::max(longest,
                         std::chrono::duration<double, std::milli>(beat.came - beat.due).count());
    }
    return longest;
  }

 private:
  struct Beat {
    std::chrono::steady_clock::time_point due, came;
  };

  void beat(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto due = std::chrono::steady_clock::now() + 2ms;
      std::this_thread::sleep_until(due);
      const std::lock_guard lock(mutex_);
      beats_.push_back({due, std::chrono::steady_clock::now()});
      if (beats_.size() > 4000) beats_.pop_front();
    }
  }

  std::mutex mutex_;
  std::deque<Beat> beats_;
  std::jthread thread_{[this](const std::stop_token& stop) { beat(stop); }};
};

// Trees of daemons that left their session, their parents and heed no signal, each ended at its deadline.
struct EndedTrees {
  std::vector<double> late_ms;     // From the deadline to the end of the last process.
  std::vector<double> excused_ms;  // The same without what a sleeping thread was late by just then.
  int survivors = 0;
  int not_begun = 0;  // A machine so busy.
};

void end_one_tree(const Sandbox& sandbox, int run, Pulse& pulse, std::mutex& mutex,
                  EndedTrees& ended) {
  constexpr auto kDeadline = 500ms;
  const std::string marker = fmt::format("86400.{}{:04}1", ::getpid(), run);
  const SandboxExit exit =
      run_or_fail(sandbox,
                  shell(fmt::format(
                      "(setsid sh -c 'trap \"\" TERM HUP INT; (setsid sleep {0} &); sleep {0}' &);"
                      "trap '' TERM; echo on; sleep {0}; sleep {0}",
                      marker)),
                  {.wall_time = kDeadline});
  const auto end = std::chrono::steady_clock::now();
  if (exit.outcome != Outcome::timed_out) ADD_FAILURE() << shown(exit);
  int survivors = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto line = read_file(entry.path() / "cmdline", MiB);
    if (line && line->contains(marker)) ++survivors;
  }
  const std::chrono::duration<double, std::milli> late = exit.wall_time - kDeadline;
  const double excuse = pulse.longest_ms(
      end - std::chrono::duration_cast<std::chrono::steady_clock::duration>(late) - 20ms, end);
  const std::lock_guard lock(mutex);
  ended.late_ms.push_back(late.count());
  ended.excused_ms.push_back(late.count() - excuse);
  ended.survivors += survivors;
  ended.not_begun += exit.output.text != "on\n" ? 1 : 0;
}

std::ptrdiff_t within(const std::vector<double>& all, double ms) {
  return std::ranges::count_if(all, [ms](double one) { return one <= ms; });
}

// Deadline + 200 ms, each time. Fifty runs; with LEYDEN_SANDBOX_KILL_RUNS=1000 as many as the goal asks for. On a loaded machine everybody is late: what
// a thread that only sleeps was late by at that moment is not the sandbox's.
TEST_P(Hostile, IsGoneAfterItsDeadline) {
  const char* wanted = std::getenv("LEYDEN_SANDBOX_KILL_RUNS");
  const int runs = wanted != nullptr ? std::max(1, std::atoi(wanted)) : 50;
  with([runs](const Sandbox& sandbox) {
    std::mutex mutex;
    EndedTrees ended;
    std::atomic<int> next = 0;
    {
      Pulse pulse;
      std::vector<std::jthread> workers;
      workers.reserve(2);
      for (int i = 0; i < 2; ++i) {
        workers.emplace_back([&] {
          for (int run = next++; run < runs; run = next++)
            end_one_tree(sandbox, run, pulse, mutex, ended);
        });
      }
      workers.clear();
    }
    std::ranges::sort(ended.late_ms);
    double load = 0;
    (void)::getloadavg(&load, 1);
    std::printf(
        "  %d trees, load %.1f: %d survivors, %d not begun; gone after the deadline: median %.1f "
        "ms, "
        "max %.1f ms; within 200 ms %d, less what a sleeping thread was late by %d\n",
        runs, load, ended.survivors, ended.not_begun, ended.late_ms[ended.late_ms.size() / 2],
        ended.late_ms.back(), static_cast<int>(within(ended.late_ms, 200)),
        static_cast<int>(within(ended.excused_ms, 200)));
    EXPECT_EQ(ended.survivors, 0);
    EXPECT_EQ(within(ended.excused_ms, 200), runs);
  });
}

}  // namespace
}  // namespace leyden::sandbox
