// Runs calls of the tested code and says what came of each, one JSON object a line: the main program of a probe. A call that ends its process (a crash, undefined
// behaviour that a sanitizer sees, an endless loop) costs that process; the others go on in a new one.
//
//     probe REQUEST ANSWERS
//
// request: mode, milliseconds a call may take, probes that were reached before, inputs, mutants each with its number and inputs
// modes:   explore  which inputs reach a probe that none did before
//          confirm  every input twice, each in a process of its own, with all that it reaches and what it gives
//          mutants  which input tells which mutant from the original
#pragma once

#include <cxxabi.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <typeinfo>

#include "leyden_clock.c"

#include "leyden_probes.h"
#include "leyden_values.hpp"

namespace leyden {

constexpr int kAgain = 8;                // How often a call is made anew that does not give the same twice.
constexpr int kSteady = 4;               // Runs that all notice a mutant where answers vary: it is no accident.
constexpr std::size_t kTextMax = 1500;  // What is longer makes no readable test.

inline std::string json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20 || code >= 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(code));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

inline std::string json(const Claim& one) {
  return "[" + json(one.path) + "," + json(one.kind) + "," + json(one.text) + (one.before.empty() ? "" : "," + json(one.before)) + "]";
}

inline std::string json(const Claims& claims) {
  std::string out;
  for (const Claim& one : claims)
    out += (out.empty() ? "" : ",") + json(one);
  return "[" + out + "]";
}

inline std::string name_of(const std::type_info& type) {
  int status = 0;
  char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string out = name != nullptr ? name : type.name();
  std::free(name);
  return out;
}

// What came of a call, as it is told, and what a test of it would look at.
struct Told {
  std::string line;                // Without braces.
  std::string head;                // Outcome, error, what was printed.
  std::vector<std::string> shown;  // Claims that the test makes,
  std::vector<std::string> all;    // and all that hold.
  bool has_value() const { return line.compare(0, 17, "\"outcome\":\"value\"") == 0; }

  // Whether a test that was made of `expected` fails here.
  bool fails(const Told& expected) const {
    return head != expected.head || std::any_of(expected.shown.begin(), expected.shown.end(), [&](const std::string& one) { return std::find(all.begin(), all.end(), one) == all.end(); });
  }
};

// What came of one call; the generated code tells it.
class Answer {
 public:
  // Everything before the observed call is done.
  void ready() { ready_ = true; }
  template <class T>
  void result(const T& value) {
    // Of an object some will do.
    constexpr bool is_object = Own<T>::is_object || Own<std::remove_cv_t<std::remove_pointer_t<T>>>::is_object;
    sayable_ = claim_all(value, "@", claims_, is_object ? 8 : 24);
    valued_ = true;
  }
  // Of arguments and the object: what is different behind the call, or some of it.
  template <class T>
  Claims before(const T& value, const std::string& name) {
    Claims claims;
    if (!claim_all(value, name, claims)) claims.clear();
    return claims;
  }
  template <class T>
  void after(const T& value, const std::string& name, const Claims& before, bool always = false) {
    constexpr std::size_t kShownMax = 8;
    Claims claims;
    may_change() = always;
    const bool sayable = claim_all(value, name, claims);
    may_change() = false;
    if (!sayable) return;
    Claims shown;
    for (const Claim& one : claims) {
      if (!contains(before, one)) shown.push_back(one);
    }
    if (shown.empty() && always) shown = claims;
    if (shown.size() > kShownMax) shown.resize(kShownMax);
    all_.insert(all_.end(), claims.begin(), claims.end());
    changed_.insert(changed_.end(), shown.begin(), shown.end());
  }
  bool gave_value() const { return valued_; }

  Told told(bool failed, const std::string& error, const std::string& printed) const {
    if (failed && !ready_) return {"\"outcome\":\"broken\"", "broken", {}, {}};
    if (failed) {
      const std::string line = "\"outcome\":\"error\",\"error\":" + json(error) + ",\"raised\":" + std::to_string(leyden_thrown);
      return {line, line, {}, {}};
    }
    const std::string claims = sayable_ ? json(claims_) : "[]";
    const std::string changed = json(changed_);
    if ((valued_ && !sayable_ && changed_.empty()) || claims.size() + changed.size() + printed.size() > kTextMax) return {"\"outcome\":\"unsayable\"", "unsayable", {}, {}};
    Told out;
    out.line = "\"outcome\":\"value\",\"form\":\"claims\",\"text\":" + json(claims) + (changed_.empty() ? "" : ",\"changed\":{\"\":" + json(changed) + "}") +
               (printed.empty() ? "" : ",\"printed\":" + json(quoted(printed, '"')));
    out.head = "value" + json(printed);
    if (sayable_) add(claims_, out.shown);
    add(changed_, out.shown);
    add(claims_, out.all);
    add(all_, out.all);
    return out;
  }

 private:
  template <class T>
  static bool claim_all(const T& value, const std::string& name, Claims& out, std::size_t claims_most = 40) {
    described() = {std::addressof(value)};
    claims_max() = claims_most;
    return claim(value, name, out);
  }
  static bool contains(const Claims& all, const Claim& one) {
    return std::any_of(all.begin(), all.end(), [&](const Claim& other) { return other.path == one.path && other.kind == one.kind && other.text == one.text; });
  }
  static void add(const Claims& from, std::vector<std::string>& to) {
    for (const Claim& one : from) to.push_back(json(one));
  }

  bool ready_ = false, sayable_ = true, valued_ = false;
  Claims claims_, changed_, all_;
};

// Tells what a call gives, if it gives anything.
template <class Call>
void give(Answer& out, Call call) {
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
  } else {
    out.result(call());
  }
}

// Generated: makes the objects, runs the steps.
void run_input(std::size_t function, Request& in, Answer& out);

// Generated: whether calls may well give something else each time, since the code draws lots, looks at the clock or remembers.
extern const bool varies;

struct Shared {
  volatile std::size_t current;
  Questions questions;
  unsigned char hits[LEYDEN_PROBES_MAX];
  unsigned char seen[LEYDEN_PROBES_MAX];
};

class Probe {
 public:
  Probe(const char* request, const char* answers) : in_(all_of(request)), answers_(::open(answers, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644)) {
    shared_ = static_cast<Shared*>(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    printed_ = temporary();
    errors_ = temporary();
    leyden_hits = shared_->hits;
    questions() = &shared_->questions;
  }

  int run() {
    const std::string mode = in_.text();
    limit_ms_ = in_.number();
    for (std::int64_t count = in_.number(); count > 0; --count) shared_->seen[in_.number()] = 1;
    for (std::int64_t count = in_.number(); count > 0; --count) {
      const auto function = static_cast<std::size_t>(in_.number());
      const auto size = static_cast<std::size_t>(in_.number());
      in_.next();
      inputs_.push_back({function, in_.at()});
      in_.go_to(in_.at() + size);
    }
    if (mode == "explore") explore();
    if (mode == "confirm") confirm();
    if (mode == "mutants") mutants();
    answer("{\"done\":true}");
    return 0;
  }

 private:
  struct Input {
    std::size_t function, at;
  };

  static std::string all_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static int temporary() {
    char path[] = "/tmp/leyden-XXXXXX";
    const int out = ::mkstemp(path);
    ::unlink(path);
    return out;
  }
  void answer(std::string line) {
    line += '\n';
    if (::write(answers_, line.data(), line.size()) < 0) ::_exit(9);
  }

  // What a file holds, which is emptied.
  static std::string taken(int file, std::size_t bytes_max) {
    std::string out;
    const off_t size = ::lseek(file, 0, SEEK_END);
    if (size > 0) {
      out.resize(std::min(static_cast<std::size_t>(size), bytes_max));
      const ssize_t got = ::pread(file, out.data(), out.size(), 0);
      out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      if (::ftruncate(file, 0) == 0) ::lseek(file, 0, SEEK_SET);
    }
    return out;
  }

  void time_limit(std::int64_t ms) const {
    const itimerval of_processor{{0, 0}, {ms / 1000, ms % 1000 * 1000}};
    const itimerval of_wall{{0, 0}, {ms == 0 ? 0 : 2 + ms / 100, 0}};
    ::setitimer(ITIMER_PROF, &of_processor, nullptr);
    ::setitimer(ITIMER_REAL, &of_wall, nullptr);
  }

  // One call, in this process.
  Told call(const Input& input) {
    in_.go_to(input.at);
    passed() = {};
    leyden_thrown = 0;
    Answer out;
    bool failed = false;
    std::string error;
    time_limit(limit_ms_);
    try {
      run_input(input.function, in_, out);
    } catch (const std::exception& caught) {
      failed = true;
      error = name_of(typeid(caught));
    } catch (...) {
      failed = true;
      const std::type_info* type = abi::__cxa_current_exception_type();
      error = type != nullptr ? name_of(*type) : "";
    }
    std::cout.flush();
    std::fflush(stdout);
    time_limit(0);
    return out.told(failed, error, taken(printed_, kTextMax + 1));
  }

  // What a test says must hold tomorrow, too.
  Told call_on_another_day(const Input& input, int number) {
    ::setenv("LEYDEN_CLOCK", std::to_string(-34567890 - 3200107L * number).c_str(), 1);
    Told out = call(input);
    ::unsetenv("LEYDEN_CLOCK");
    return out;
  }

  static double processor_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  }

  template <class Work>
  int in_child(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(printed_, 1);
      ::dup2(errors_, 2);
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }
  // Whether it was a question about an object that has ended the process: it is not asked again.
  bool was_a_question() {
    Questions& all = shared_->questions;
    const std::size_t asked = std::exchange(all.asked, 0);
    if (asked == 0 || all.forbidden[asked] != 0) return false;
    all.forbidden[asked] = 1;
    taken(errors_, 1);
    taken(printed_, 1);
    return true;
  }
  void allow_all_questions() {
    shared_->questions.asked = 0;
    std::memset(shared_->questions.forbidden, 0, sizeof shared_->questions.forbidden);
  }
  static bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  std::string death(int status) {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGPROF || signal == SIGALRM) {
      taken(errors_, 4096);
      return "\"outcome\":\"time\"";
    }
    return "\"outcome\":\"broken\",\"signal\":" + std::to_string(signal) + ",\"said\":" + json(taken(errors_, 4096));
  }

  std::string hits(bool fresh_only) {
    std::string out;
    for (std::size_t i = 0; i < LEYDEN_PROBES_MAX; ++i) {
      if (!shared_->hits[i] || (fresh_only && shared_->seen[i])) continue;
      if (fresh_only) shared_->seen[i] = 1;
      out += (out.empty() ? "" : ",") + std::to_string(i);
    }
    return "[" + out + "]";
  }

  void explore_from(std::size_t first) {
    for (std::size_t i = first; i < inputs_.size(); ++i) {
      shared_->current = i;
      std::memset(shared_->hits, 0, sizeof shared_->hits);
      const double begin = processor_ms();
      const Told told = call(inputs_[i]);
      const double ms = processor_ms() - begin;
      std::string fresh;
      if (told.has_value() || (leyden_thrown != 0 && told.line.find("\"outcome\":\"error\"") == 0)) {
        fresh = hits(true);
        fresh = fresh == "[]" ? "" : ",\"fresh\":" + fresh;
      }
      answer("{\"input\":" + std::to_string(i) + ",\"ms\":" + std::to_string(ms) + "," + told.line + fresh + "}");
    }
  }

  void explore() {
    answer("{\"loaded\":" + hits(true) + "}");
    // What one input does not bear none is asked: here it only counts where calls come to.
    allow_all_questions();
    for (std::size_t next = 0; next < inputs_.size();) {
      const int status = in_child([&] { explore_from(next); });
      if (ended_well(status)) break;
      next = shared_->current;
      if (was_a_question()) continue;
      answer("{\"input\":" + std::to_string(next) + "," + death(status) + "}");
      ++next;
    }
  }

  void confirm_one(std::size_t input) {
    std::memset(shared_->hits, 0, sizeof shared_->hits);
    const Told told = call(inputs_[input]);
    const std::string reached = hits(false);
    const Told again = call_on_another_day(inputs_[input], 0);
    const bool same = again.line == told.line;
    std::string others;
    // What varies by its nature comes to its end, at least.
    if (!same && varies && told.has_value()) {
      others = ",\"ends\":true,\"others\":[{" + again.line + "}";
      for (int i = 1; i < kAgain; ++i) others += ",{" + call_on_another_day(inputs_[input], i).line + "}";
      others += "]";
    }
    answer("{\"input\":" + std::to_string(input) + ",\"stable\":" + (same ? "true" : "false") + ",\"reached\":" + reached + "," + told.line + others + "}");
  }

  void confirm() {
    for (std::size_t i = 0; i < inputs_.size();) {
      const int status = in_child([&] { confirm_one(i); });
      if (!ended_well(status) && was_a_question()) continue;
      if (!ended_well(status)) answer("{\"input\":" + std::to_string(i) + "," + death(status) + "}");
      allow_all_questions();
      ++i;
    }
  }

  // What an input gives without mutants, and which questions it does not bear.
  struct Expected {
    Told told;
    bool varies = false;
    Questions questions{};
  };

  Expected expected(const Input& input) {
    const int told = temporary();
    allow_all_questions();
    for (;;) {
      const int status = in_child([&] {
        const Told first = call(input);
        const bool same = !varies || call_on_another_day(input, 0).line == first.line;
        std::string text = (same ? "s" : "v") + first.head;
        if (same) {
          for (const std::string& one : first.shown) text += '\n' + one;
        } else if (const std::string kinds = common_kinds(input, first); !kinds.empty()) {
          text += '\n' + kinds;
        }
        if (::write(told, text.data(), text.size()) < 0) ::_exit(9);
      });
      if (ended_well(status) || !was_a_question()) break;
    }
    Expected out;
    std::istringstream lines(taken(told, 1 << 20));
    ::close(told);
    std::getline(lines, out.told.head);
    out.varies = out.told.head.compare(0, 1, "v") == 0;
    out.told.head.erase(0, 1);
    for (std::string line; std::getline(lines, line);) out.told.shown.push_back(line);
    out.questions = shared_->questions;
    return out;
  }

  // Letters and digits of a text that is the result stand for their kind. Empty: it is another one.
  static std::string kinds_of(const Told& told) {
    if (told.shown.size() != 1 || told.shown[0].find("\"eq\",\"\\\"") == std::string::npos) return {};
    std::string out = told.shown[0];
    for (char& one : out) {
      if (one >= 'a' && one <= 'z') one = 'a';
      if (one >= 'A' && one <= 'Z') one = 'A';
      if (one >= '0' && one <= '9') one = '0';
    }
    return out;
  }
  std::string common_kinds(const Input& input, const Told& first) {
    const std::string out = kinds_of(first);
    for (int i = 0; i < kAgain; ++i) {
      if (kinds_of(call_on_another_day(input, i)) != out) return {};
    }
    return out;
  }

  bool notices(std::size_t input, const Expected& expected) {
    shared_->current = input;
    std::memcpy(&shared_->questions, &expected.questions, sizeof expected.questions);
    if (!expected.varies) return call(inputs_[input]).fails(expected.told);
    for (int i = 0; i < kSteady; ++i) {
      const Told told = call(inputs_[input]);
      if (told.has_value() && (expected.told.shown.empty() || kinds_of(told) == expected.told.shown[0])) return false;
    }
    return true;
  }

  void mutants() {
    std::vector<Expected> all;
    all.reserve(inputs_.size());
    for (const Input& input : inputs_) all.push_back(expected(input));
    for (std::int64_t count = in_.number(); count > 0; --count) {
      leyden_mutant = static_cast<int>(in_.number());
      std::vector<std::size_t> tried;
      for (std::int64_t inputs = in_.number(); inputs > 0; --inputs) tried.push_back(static_cast<std::size_t>(in_.number()));
      if (tried.empty()) continue;
      const std::size_t at = in_.at();
      shared_->current = tried.front();
      const int status = in_child([&] {
        for (const std::size_t i : tried) {
          if (notices(i, all[i])) ::_exit(1);
        }
      });
      taken(errors_, 1);
      taken(printed_, 1);
      in_.go_to(at);
      answer("{\"mutant\":" + std::to_string(leyden_mutant) + (ended_well(status) ? "" : ",\"killer\":" + std::to_string(shared_->current)) + "}");
    }
  }

  Request in_;
  int answers_;
  int printed_ = 0, errors_ = 0;
  std::int64_t limit_ms_ = 100;
  std::vector<Input> inputs_;
  Shared* shared_ = nullptr;
};

}  // namespace leyden

int main(int, char** arguments) {
  return leyden::Probe(arguments[1], arguments[2]).run();
}
