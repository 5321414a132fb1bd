#include <charconv>
#include <functional>
#include <memory>

#include <simdjson.h>

#include "leyden/base/utf8.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/text_inputs.h"
#include "leyden/tokenizer/batch.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::optional<std::string> tokenizer;
  std::vector<std::string> inputs;
  std::string file = "-";
  std::optional<std::string> text;  // Empty text is text, too.
  std::size_t threads = 0;
  bool parse_special = false;
  bool add_special = false;
  bool as_json = false;

  [[nodiscard]] tokenizer::EncodeOptions options() const {
    return {.special =
                parse_special ? tokenizer::SpecialPolicy::all() : tokenizer::SpecialPolicy::none(),
            .add_special_tokens = add_special};
  }
};

std::string joined(TokenIdsView ids, std::string_view separator) {
  std::string out;
  out.reserve(ids.size() * 7);
  char digits[16];
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += separator;
    out.append(digits, std::to_chars(digits, digits + sizeof(digits), ids[i]).ptr);
  }
  return out;
}

// Calls `each(name, text)` for what the flags name; nullptr for the name where there is only one text.
Result<void> for_each_text(
    const Flags& flags, const Context& context,
    const std::function<void(const std::string* name, const std::string& text)>& each) {
  if (flags.text) {
    each(nullptr, *flags.text);
    return {};
  }
  std::vector<std::string> names = flags.inputs.empty() ? std::vector{flags.file} : flags.inputs;
  auto inputs = expand_inputs(names);
  if (!inputs) return std::unexpected(inputs.error());
  const bool several = inputs->size() != 1 || names.front() != inputs->front().name;
  std::uint64_t total = 0;
  for (const TextInput& input : *inputs) total += input.size_bytes;
  std::uint64_t done = 0;
  ProgressBar bar("reading");
  for (const TextInput& input : *inputs) {
    if (context.stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
    if (several) bar.update(done, total, input.name);
    auto text = read_input(input.name);
    if (!text) return std::unexpected(text.error());
    each(several ? &input.name : nullptr, *text);
    done += input.size_bytes;
  }
  return {};
}

int run_tokenize(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  auto done = for_each_text(flags, context, [&](const std::string* name, const std::string& text) {
    const TokenIds ids =
        tokenizer::encode_parallel(**tokenizer, text, flags.options(), flags.threads);
    if (flags.as_json) {
      std::string file =
          name == nullptr ? ""
                          : "\"file\":" + nlohmann::json(utf8::replace_invalid(*name)).dump() + ",";
      write_stdout(
          fmt::format("{{{}\"ids\":[{}],\"count\":{}}}\n", file, joined(ids, ","), ids.size()));
    } else {
      write_stdout((name == nullptr ? "" : *name + ": ") + joined(ids, " ") + "\n");
    }
  });
  return done ? kDone : report(done.error());
}

int run_count(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  std::uint64_t total = 0;
  std::uint64_t total_bytes = 0;
  bool several = false;
  auto done = for_each_text(flags, context, [&](const std::string* name, const std::string& text) {
    const std::size_t count = (*tokenizer)->count(text, flags.options());
    total += count;
    total_bytes += text.size();
    several = several || name != nullptr;
    if (flags.as_json) {
      nlohmann::json line = {{"count", count}, {"bytes", text.size()}};
      if (name != nullptr) line["file"] = *name;
      write_stdout(json_line(line));
    } else {
      write_stdout(name == nullptr ? fmt::format("{}\n", count)
                                   : fmt::format("{:>10}  {}\n", count, *name));
    }
  });
  if (!done) return report(done.error());
  if (several) {
    write_stdout(flags.as_json ? json_line({{"total", total}, {"bytes", total_bytes}})
                               : fmt::format("{:>10}  in all, {} bytes\n", total, total_bytes));
  }
  return kDone;
}

// {"ids":[1,2]}, [1,2] or 1 2: what `tokenize` prints and what people type.
Result<TokenIds> parse_ids(const std::string& input) {
  TokenIds ids;
  std::size_t first = input.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (input[first] == '{' || input[first] == '[')) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (auto error = parser.parse(input).get(root); error != simdjson::SUCCESS) {
      return fail(Errc::invalid_argument, "the IDs are not valid JSON ({})",
                  simdjson::error_message(error));
    }
    simdjson::dom::array array;
    if (root.get(array) != simdjson::SUCCESS && root["ids"].get(array) != simdjson::SUCCESS) {
      return fail(Errc::invalid_argument,
                  "the JSON holds no array \"ids\": give {{\"ids\":[1,2,3]}}");
    }
    for (simdjson::dom::element element : array) {
      std::uint64_t id = 0;
      if (element.get(id) != simdjson::SUCCESS || id > 0xFFFFFFFFU) {
        return fail(Errc::invalid_argument, "entry {} of \"ids\" is not a token ID", ids.size());
      }
      ids.push_back(static_cast<TokenId>(id));
    }
    return ids;
  }
  std::string_view rest = input;
  while (true) {
    std::size_t begin = rest.find_first_not_of(" \t\r\n,");
    if (begin == std::string_view::npos) return ids;
    rest.remove_prefix(begin);
    TokenId id = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id);
    if (error != std::errc{})
      return fail(Errc::invalid_argument, "entry {} is not a token ID", ids.size());
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    ids.push_back(id);
  }
}

int run_detokenize(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  auto input = read_input(flags.file);
  if (!input) return report(input.error());
  auto ids = parse_ids(*input);
  if (!ids) return report(ids.error());
  auto text = (*tokenizer)->decode(*ids);
  if (!text) return report(text.error());
  if (!flags.as_json) {
    write_stdout(*text);
    return kDone;
  }
  nlohmann::json out = {{"text", utf8::replace_invalid(*text)},
                        {"count", ids->size()},
                        {"valid_utf8", utf8::is_valid(*text)}};
  write_stdout(json_line(out));
  return kDone;
}

}  // namespace

void add_tokenize_commands(CLI::App& app, Run& run) {
  constexpr const char* kTokenizerHelp =
      "cl100k_base, o200k_base, a model's name, or a tokenizer.json, .tiktoken or GGUF file "
      "[default: the model's, else o200k_base]";
  auto flags = std::make_shared<Flags>();
  CLI::App* tokenize = app.add_subcommand(
      "tokenize", "Text to token IDs, exactly as the reference tokenizer does it");
  tokenize->add_option("--tokenizer", flags->tokenizer, kTokenizerHelp);
  auto add_input = [&](CLI::App& command) {
    CLI::Option* inputs = command.add_option("input", flags->inputs,
                                             "Files, folders, - for standard input [default: -]");
    CLI::Option* file =
        command.add_option("--file", flags->file, "One file, as an option")->excludes(inputs);
    command.add_option("--text", flags->text, "The text itself")->excludes(file)->excludes(inputs);
    command.add_flag(
        "--parse-special", flags->parse_special,
        "\"<|im_start|>\" in the text becomes the control token; never do this to foreign text");
    command.add_flag("--add-special", flags->add_special,
                     "With what the tokenizer puts around a text: BOS, [CLS], </s>");
  };
  add_input(*tokenize);
  tokenize->add_option("--threads", flags->threads, "0: as many as there are cores")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  tokenize->add_flag(
      "--json", flags->as_json,
      "{\"ids\":[...],\"count\":n}; a line for each of several inputs, with its \"file\"");
  tokenize->footer(
      "Bytes that are not UTF-8 count as U+FFFD.\nExample: echo hello | leyden tokenize "
      "--tokenizer o200k_base --json");
  tokenize->callback([flags, &run] {
    run = [flags](const Context& context) { return run_tokenize(*flags, context); };
  });

  CLI::App* count = app.add_subcommand("count", "How many tokens a text has");
  count->add_option("--tokenizer", flags->tokenizer, kTokenizerHelp);
  add_input(*count);
  count->add_flag("--json", flags->as_json,
                  "{\"count\":n,\"bytes\":n}; a line for each of several inputs, and a \"total\"");
  count->footer("Example: leyden count --tokenizer o200k_base src/");
  count->callback([flags, &run] {
    run = [flags](const Context& context) { return run_count(*flags, context); };
  });

  CLI::App* detokenize = app.add_subcommand("detokenize", "Token IDs to text");
  detokenize->add_option("--tokenizer", flags->tokenizer, kTokenizerHelp);
  detokenize->add_option("--file,file", flags->file, "What to read; - is standard input")
      ->capture_default_str();
  detokenize->add_flag("--json", flags->as_json,
                       "{\"text\":...,\"count\":n}; without it the bytes as they are");
  detokenize->footer(
      "Reads {\"ids\":[1,2]}, [1,2] or 1 2.\nExample: leyden tokenize --text hello --json | leyden "
      "detokenize");
  detokenize->callback([flags, &run] {
    run = [flags](const Context& context) { return run_detokenize(*flags, context); };
  });
}

}  // namespace leyden::cli
