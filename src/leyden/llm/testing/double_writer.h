#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/llm/testing/double_ask.h"
#include "leyden/llm/testing/double_faults.h"
#include "leyden/llm/testing/double_model.h"

namespace leyden::llm::testing {

// One of the answers to a request.
struct DoubleChoice {
  std::size_t prompt = 0;  // Which one of the request's.
  DoubleModel::Answer answer;
  std::size_t cached = 0;  // Of the prompt.
};

struct DoubleAnswers {
  DoubleAsk ask;
  DoubleFaults faults;
  std::vector<DoubleChoice> choices;
  std::string id;
  std::time_t created = 0;
  bool end_token = true;         // It is among the IDs, and counted.
  bool drops_split_ids = false;  // While streaming: see DoubleOptions.
};

// Puts answers into a server's words.
class DoubleWriter {
 public:
  // Both outlive it.
  DoubleWriter(const DoubleAnswers& answers, const DoubleModel& model)
      : answers_(answers), ask_(answers.ask), faults_(answers.faults), model_(model) {}

  // All at once.
  [[nodiscard]] nlohmann::json whole() const;

  // One event of a stream.
  struct Chunk {
    std::size_t choice = 0;
    TokenIds ids;
    std::string text;
    std::size_t generated = 0;  // IDs of the choice so far.
    bool first = false;         // Of the choice.
    bool last = false;
  };
  // Before all others, where it was asked for.
  [[nodiscard]] std::optional<nlohmann::json> progress_event() const;
  // All but those of usage and the end, in their order.
  [[nodiscard]] std::vector<Chunk> chunks() const;
  [[nodiscard]] nlohmann::json event(const Chunk& chunk) const;
  [[nodiscard]] std::optional<nlohmann::json> usage_event() const;
  [[nodiscard]] nlohmann::json error_event(const DoubleFaults::StreamError& error) const;

 private:
  using json = nlohmann::json;
  [[nodiscard]] TokenIds shown(const DoubleChoice& choice) const;
  [[nodiscard]] std::vector<Chunk> chunks_of(std::size_t choice) const;
  [[nodiscard]] json envelope() const;
  [[nodiscard]] json choice(const Chunk& chunk) const;
  [[nodiscard]] json native(const Chunk& chunk) const;
  [[nodiscard]] json ids(const TokenIds& ids) const;
  [[nodiscard]] json echo(std::size_t prompt) const;
  [[nodiscard]] json logprobs(const Chunk& chunk) const;
  [[nodiscard]] json native_logprobs(const TokenIds& ids) const;
  [[nodiscard]] json usage() const;
  [[nodiscard]] json timings(const DoubleChoice& choice) const;
  // A field that has nothing to say.
  void unset(json& object, const char* name, bool server_says_null) const;
  [[nodiscard]] bool closes_apart() const;

  const DoubleAnswers& answers_;
  const DoubleAsk& ask_;
  const DoubleFaults& faults_;
  const DoubleModel& model_;
};

}  // namespace leyden::llm::testing
