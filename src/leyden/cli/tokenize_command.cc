#include <charconv>
#include <cstdio>
#include <memory>

#include <fcntl.h>
#include <unistd.h>

#include <simdjson.h>

#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::optional<std::string> tokenizer;
  std::string file = "-";
  std::optional<std::string> text;  // Empty text is text, too.
  bool parse_special = false;
  bool as_json = false;
};

// A file, a pipe, or standard input for "-".
Result<std::string> read_input(const std::string& file) {
  if (file != "-") {
    auto content = read_file(file);
    // Pipes such as <(command) are no regular files, and fine to read.
    if (content || content.error().code != Errc::invalid_argument ||
        std::filesystem::is_directory(file))
      return content;
  }
  int fd = file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::not_found, "can't open {}", file);
  std::string content;
  while (true) {
    std::size_t size = content.size();
    content.resize(size + std::max<std::size_t>(64 * KiB, size / 2));
    ssize_t got = ::read(fd, content.data() + size, content.size() - size);
    content.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
  }
  if (fd != STDIN_FILENO) ::close(fd);
  return content;
}

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

int run_tokenize(const Flags& flags, const Context& context) {
  auto tokenizer = open_tokenizer(context.settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  Result<std::string> text = flags.text ? Result<std::string>(*flags.text) : read_input(flags.file);
  if (!text) return report(text.error());
  tokenizer::EncodeOptions options;
  if (flags.parse_special) options.special = tokenizer::SpecialPolicy::all();
  TokenIds ids = (*tokenizer)->encode(*text, options);
  write_stdout(flags.as_json
                   ? fmt::format("{{\"ids\":[{}],\"count\":{}}}\n", joined(ids, ","), ids.size())
                   : joined(ids, " ") + "\n");
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
  CLI::Option* file =
      tokenize->add_option("--file", flags->file, "What to read; - is standard input")
          ->capture_default_str();
  tokenize->add_option("--text", flags->text, "The text itself")->excludes(file);
  tokenize->add_flag(
      "--parse-special", flags->parse_special,
      "\"<|im_start|>\" in the text becomes the control token; never do this to foreign text");
  tokenize->add_flag("--json", flags->as_json, "{\"ids\":[...],\"count\":n}");
  tokenize->footer(
      "Bytes that are not UTF-8 count as U+FFFD.\nExample: echo hello | leyden tokenize "
      "--tokenizer o200k_base --json");
  tokenize->callback([flags, &run] {
    run = [flags](const Context& context) { return run_tokenize(*flags, context); };
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
