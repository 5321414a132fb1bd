#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leyden {

enum class Severity : std::uint8_t {
  ok,
  note,     // Right for some, not needed, or not to be seen from here.
  warning,  // Works now and will hurt.
  problem,  // Does not work, or loses what it promises.
};

// What a look at a store or a server found, for a person.
struct Finding {
  std::string id;  // What was looked at, for scripts.
  Severity severity = Severity::ok;
  std::string where;  // A server or a path.
  std::string seen;
  std::string advice;  // What to change; empty when ok.
};

// Gathers findings about one place. Confined to one thread.
class Findings {
 public:
  explicit Findings(std::string where) : where_(std::move(where)) {}

  void ok(std::string_view id, std::string seen) {
    add(Severity::ok, id, std::move(seen), std::string());
  }
  void note(std::string_view id, std::string seen, std::string advice) {
    add(Severity::note, id, std::move(seen), std::move(advice));
  }
  void warning(std::string_view id, std::string seen, std::string advice) {
    add(Severity::warning, id, std::move(seen), std::move(advice));
  }
  void problem(std::string_view id, std::string seen, std::string advice) {
    add(Severity::problem, id, std::move(seen), std::move(advice));
  }
  void add(Severity severity, std::string_view id, std::string seen, std::string advice) {
    all_.push_back({std::string(id), severity, where_, std::move(seen), std::move(advice)});
  }

  [[nodiscard]] std::vector<Finding>& all() { return all_; }

 private:
  std::string where_;
  std::vector<Finding> all_;
};

}  // namespace leyden
