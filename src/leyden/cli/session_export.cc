#include "leyden/cli/session_export.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {

using nlohmann::json;

std::string utc(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string_view finish_name(prompt::TurnEnd end) {
  return end == prompt::TurnEnd::stop ? "stop" : "length";
}

std::string_view reasoning_name(prompt::ReasoningPolicy policy) {
  return policy == prompt::ReasoningPolicy::keep_sampled ? "keep_sampled" : "as_template";
}

namespace {

json facts_json(const prompt::Session& session) {
  return {{"session", session.facts.name},
          {"tenant", session.facts.tenant},
          {"model", session.facts.model},
          {"tokenizer", session.facts.tokenizer_name},
          {"tokenizer_fingerprint", session.facts.tokenizer.hex()},
          {"chat_format", session.facts.chat_format}};
}

// As many as the response has IDs; null for an inferred end.
json logprobs_json(const prompt::Turn& turn) {
  json out = json::array();
  for (const float logprob : turn.logprobs) out.push_back(logprob);
  if (turn.end_inferred) out.push_back(nullptr);
  return out;
}

json reward_json(const prompt::Turn& turn) { return turn.reward ? json(*turn.reward) : json(); }

json turn_json(const prompt::Session& session, const prompt::Turn& turn) {
  json out = facts_json(session);
  std::vector<int> mask(turn.prompt.size(), 0);
  mask.resize(turn.prompt.size() + turn.response.size(), 1);
  const auto& reused = turn.prompt_tokens_reused;
  out.update({{"turn", turn.number},
              {"at", utc(turn.at)},
              {"prompt_ids", turn.prompt},
              {"response_ids", turn.response},
              {"loss_mask", mask},
              {"logprobs", turn.logprobs.empty() ? json() : logprobs_json(turn)},
              {"end_inferred", turn.end_inferred},
              {"reward", reward_json(turn)},
              {"finish", finish_name(turn.end)},
              {"prompt_tokens_reused", reused ? json(*reused) : json()},
              {"question", turn.question},
              {"answer", turn.answer}});
  return out;
}

// Turns that go on from the exact IDs before, as one sequence.
class UnbrokenTurns {
 public:
  // False: the turn does not go on from here.
  [[nodiscard]] bool takes(const prompt::Turn& turn) const {
    return turns_.empty() || turn.shared == ids_.size();
  }
  void add(const prompt::Turn& turn) {
    const TokenIdsView added = turn.prompt.subspan(ids_.size());
    ids_.insert(ids_.end(), added.begin(), added.end());
    ids_.insert(ids_.end(), turn.response.begin(), turn.response.end());
    mask_.resize(mask_.size() + added.size(), 0);
    mask_.resize(ids_.size(), 1);
    for (std::size_t i = 0; i < added.size(); ++i) logprobs_.push_back(nullptr);
    json said = logprobs_json(turn);
    said.get_ref<json::array_t&>().resize(
        turn.response.size());  // Null where the server gave none.
    logprobs_.insert(logprobs_.end(), said.begin(), said.end());
    with_logprobs_ |= !turn.logprobs.empty();
    turns_.push_back(turn.number);
    rewards_.push_back(reward_json(turn));
    finish_.push_back(finish_name(turn.end));
  }
  [[nodiscard]] bool empty() const { return turns_.empty(); }
  [[nodiscard]] json to_json(const prompt::Session& session) const {
    json out = facts_json(session);
    out.update({{"turns", turns_},
                {"ids", ids_},
                {"loss_mask", mask_},
                {"logprobs", with_logprobs_ ? logprobs_ : json()},
                {"rewards", rewards_},
                {"finish", finish_}});
    return out;
  }

 private:
  TokenIds ids_;
  std::vector<int> mask_;
  json logprobs_ = json::array();
  bool with_logprobs_ = false;
  std::vector<std::size_t> turns_;
  json rewards_ = json::array();
  json finish_ = json::array();
};

}  // namespace

Result<void> export_session(prompt::SessionLedger& ledger, const prompt::Session& session,
                            bool whole,
                            const std::function<Result<bool>(std::string_view)>& write) {
  UnbrokenTurns run;
  prompt::TurnReader reader = ledger.turns(session);
  const auto write_run = [&]() -> Result<bool> {
    return run.empty() ? true : write(json_line(run.to_json(session)));
  };
  while (true) {
    auto turn = reader.next();
    if (!turn) return std::unexpected(turn.error());
    if (!*turn) break;
    Result<bool> read_on = true;
    if (!whole) {
      read_on = write(json_line(turn_json(session, **turn)));
    } else {
      if (!run.takes(**turn)) {
        read_on = write_run();
        run = {};
      }
      run.add(**turn);
    }
    if (!read_on) return std::unexpected(read_on.error());
    if (!*read_on) return {};
  }
  auto written = write_run();
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<ExportOutput> ExportOutput::open(const std::string& file) {
  ExportOutput out(file, -1);
  if (file.empty()) return out;
  // What people said: for its owner only.
  out.descriptor_ = ::open(out.partial().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out.descriptor_ < 0)
    return fail(Errc::unavailable, "can't write {}: {}", file,
                std::generic_category().message(errno));
  return out;
}

ExportOutput::ExportOutput(ExportOutput&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

ExportOutput::~ExportOutput() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial().c_str());
}

Result<bool> ExportOutput::write(std::string_view text) {
  if (descriptor_ < 0) return write_stdout(text);
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return fail(Errc::unavailable, "can't write {}: {}", file_,
                  std::generic_category().message(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> ExportOutput::finish() {
  if (descriptor_ < 0) return {};
  if (::fsync(descriptor_) != 0 || std::rename(partial().c_str(), file_.c_str()) != 0)
    return fail(Errc::unavailable, "can't write {}: {}", file_,
                std::generic_category().message(errno));
  ::close(std::exchange(descriptor_, -1));
  return {};
}

}  // namespace leyden::cli
