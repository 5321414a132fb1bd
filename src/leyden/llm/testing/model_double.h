#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/base/guarded.h"
#include "leyden/llm/testing/double_ask.h"
#include "leyden/llm/testing/double_dialect.h"
#include "leyden/llm/testing/double_faults.h"
#include "leyden/llm/testing/double_model.h"
#include "leyden/llm/testing/double_reply.h"
#include "leyden/llm/testing/double_writer.h"
#include "leyden/net/testing/scripted_server.h"

namespace leyden::llm::testing {

struct DoubleOptions {
  Dialect dialect = Dialect::vllm;
  const tokenizer::Tokenizer& tokenizer;  // Outlives the double.
  std::string model = "double";
  std::size_t context_tokens = 4096;
  std::string api_key;              // Empty: none is wanted.
  std::shared_ptr<ssl_ctx_st> tls;  // Null: http.
  std::optional<TokenId> end_token;
  // The end token is the last of the IDs, and counted.
  bool shows_end_token = true;
  // llama.cpp's server says nothing after a token that ends within a character, so that a stream lacks its ID
  // (tools/server/server-context.cpp: process_token, send_partial_response; an answer in one piece has all).
  bool llamacpp_drops_split_ids = true;
};

// So far.
struct DoubleCounts {
  std::map<std::string, std::size_t> requests;  // By path.
  std::size_t generations_begun = 0;
  std::size_t generations_ended = 0;    // In full.
  std::size_t generations_aborted = 0;  // The client left.
  std::size_t generations_cut = 0;      // By a fault.
  std::size_t tokens_written = 0;       // In streams.
  std::size_t connections_accepted = 0;
  std::size_t connections_open = 0;  // Now.
};

// A request for generations, as it came.
struct DoubleSeen {
  std::string path;
  net::HttpFields fields;
  nlohmann::json body;
};

// A server on 127.0.0.1 that speaks as a server of models does, and is wrong on demand. It shares no code with the client.
// Thread-safe. Two greedy requests for the same prompt get the same answer; `seed` chooses another where the temperature is
// not 0.
class ModelDouble {
 public:
  explicit ModelDouble(DoubleOptions options);
  // Ends all connections.
  ~ModelDouble();
  ModelDouble(const ModelDouble&) = delete;
  ModelDouble& operator=(const ModelDouble&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] net::Endpoint endpoint() const { return server_->endpoint(); }
  [[nodiscard]] const DoubleOptions& options() const { return options_; }

  // For the requests that come from now on; the count of the first ones begins anew.
  void set(DoubleFaults faults);

  // As if another server had been started at the same address: nothing is remembered of prompts.
  void swap_model(std::string name, const tokenizer::Tokenizer& tokenizer,
                  std::size_t context_tokens, bool cut_connections = false);
  void cut_connections();

  [[nodiscard]] DoubleCounts counts() const;
  // The last requests for generations (256 of them), the oldest first.
  [[nodiscard]] std::vector<DoubleSeen> seen() const;

  // What it answers to a prompt, greedily and of this length.
  [[nodiscard]] DoubleModel::Answer answer(TokenIdsView prompt, std::size_t max_tokens) const;

 private:
  using Went = DoubleReply::Went;
  struct State {
    std::shared_ptr<const DoubleModel> model;
    double started = 0;
    std::shared_ptr<const DoubleFaults> faults = std::make_shared<DoubleFaults>();
    std::size_t faulty = 0;  // Requests that met them.
    DoubleCounts counts;
    std::deque<DoubleSeen> seen;
    std::set<net::testing::Peer*> open;
    std::uint64_t asks = 0;
  };

  void talk(net::testing::Peer& peer);
  [[nodiscard]] bool stops_before_reading(net::testing::Peer& peer);
  [[nodiscard]] std::shared_ptr<const DoubleFaults> faults_for(bool generation);
  [[nodiscard]] bool is_generation(std::string_view path) const;
  [[nodiscard]] bool has_key(const DoubleRequest& request) const;
  Went answer_request(DoubleReply& reply, const DoubleRequest& request, const DoubleFaults& faults);
  Went generate(DoubleReply& reply, const DoubleRequest& request, const nlohmann::json& body,
                const DoubleModel& model, const DoubleFaults& faults);
  Went complain(DoubleReply& reply, const Complaint& complaint) const;
  void think(DoubleAnswers& answers, std::size_t prompt, std::size_t max_tokens,
             const DoubleModel& model);
  Went write_whole(DoubleReply& reply, const DoubleWriter& writer);
  Went write_stream(DoubleReply& reply, const DoubleAnswers& answers, const DoubleWriter& writer);
  void count(std::size_t DoubleCounts::* what, std::size_t more = 1);

  const DoubleOptions options_;
  Guarded<State> state_;
  PrefixMemory memory_;
  std::unique_ptr<net::testing::ScriptedServer> server_;  // Last: its scripts use the rest.
};

}  // namespace leyden::llm::testing
