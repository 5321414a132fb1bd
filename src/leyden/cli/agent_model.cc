#include "leyden/cli/agent_model.h"

#include <utility>

#include "leyden/cli/exit_code.h"
#include "leyden/cli/open_index.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {

Result<void> AgentModel::add_record(const std::filesystem::path& file, llm::AnswerRecord::Mode mode,
                                    bool with_prompts) {
  auto record = llm::AnswerRecord::open(file, mode);
  if (!record) return std::unexpected(record.error());
  llm::RecordedModel::PromptText text;
  if (with_prompts)
    text = [tokenizer = opened_.tokenizer](TokenIdsView ids) {
      return tokenizer->decode(ids).value_or("");
    };
  records_.push_back(*std::move(record));
  servers_.push_back(
      std::make_unique<llm::RecordedModel>(*records_.back(), server_, std::move(text)));
  server_ = servers_.back().get();
  return {};
}

std::expected<std::unique_ptr<AgentModel>, int> AgentModel::open(const AgentModelOptions& options,
                                                                 const Context& context,
                                                                 std::string& why) {
  using Mode = llm::AnswerRecord::Mode;
  const bool wanted = options.choice.name || !options.choice.servers.empty() ||
                      !options.replay.empty() ||
                      (!options.offline && !context.settings.llm.urls.empty());
  if (!wanted) return nullptr;
  std::unique_ptr<AgentModel> out(new AgentModel);
  out->replaying_ = !options.replay.empty();
  if (out->replaying_) {
    auto tokenizer = open_tokenizer(context.settings, options.choice.tokenizer);
    if (!tokenizer) return std::unexpected(report(tokenizer.error()));
    out->opened_.tokenizer = *std::move(tokenizer);
    if (auto added = out->add_record(options.replay, Mode::replay, false); !added)
      return std::unexpected(report(added.error()));
  } else {
    auto opened = open_model(options.choice, context);
    if (!opened) {
      if (opened.error() != kEnvironment) return std::unexpected(opened.error());
      why = "the model could not be reached: standard error says why";
      print_warning("going on without the model");
      return nullptr;
    }
    out->opened_ = *std::move(opened);
    out->server_ = out->opened_.server.get();
  }
  if (!out->replaying_ && !options.journal.empty()) {
    if (auto added = out->add_record(options.journal, Mode::resume, false); !added)
      return std::unexpected(report(added.error()));
  }
  if (!options.record.empty()) {
    if (auto added = out->add_record(options.record, options.resumed ? Mode::resume : Mode::fresh,
                                     options.record_prompts);
        !added)
      return std::unexpected(report(added.error()));
  }
  // Makes the index where there is none yet.
  if (auto index = open_index(context.settings, false); !index)
    return std::unexpected(report(index.error()));
  auto session =
      Session::open(context.settings, out->opened_.tokenizer, options.agent,
                    {.secret = {},
                     .system_prompt = options.system_prompt,
                     .sent = out->opened_.sent.get(),
                     .degraded_reason = {},
                     .caching = options.no_token_cache ? rag::PassageEncoder::Caching::off
                                                       : rag::PassageEncoder::Caching::on});
  if (!session) return std::unexpected(report(session.error()));
  out->session_ = *std::move(session);
  return out;
}

}  // namespace leyden::cli
