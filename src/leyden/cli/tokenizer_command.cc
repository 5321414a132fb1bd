#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <random>

#include "leyden/base/clock.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/terminal.h"
#include "leyden/cli/text_inputs.h"
#include "leyden/tokenizer/engine/fast_encoder.h"
#include "leyden/tokenizer/engine/merge_tables.h"
#include "leyden/tokenizer/image/image.h"
#include "leyden/tokenizer/load.h"
#include "leyden/tokenizer/pipeline_encoder.h"

namespace leyden::cli {
namespace {

using namespace tokenizer;

struct Flags {
  std::string name;
  std::vector<std::string> inputs;
  std::size_t random_texts = 20'000;
  std::string output;
  bool as_json = false;
};

std::string_view model_name(const TokenizerSpec& spec) {
  if (const auto* bpe = std::get_if<BpeSpec>(&spec.model))
    return bpe->byte_level ? "BPE on bytes" : "BPE on characters";
  if (std::holds_alternative<UnigramSpec>(spec.model)) return "Unigram";
  return std::holds_alternative<WordPieceSpec>(spec.model) ? "WordPiece" : "WordLevel";
}

nlohmann::json describe(const TokenizerSpec& spec, engine::Isa isa) {
  nlohmann::json out = {{"name", spec.name},
                        {"model", model_name(spec)},
                        {"vocabulary_size", spec.vocabulary_size},
                        {"added_tokens", spec.added.size()},
                        {"fingerprint", fingerprint(spec).hex()},
                        {"simd", engine::isa_name(isa)},
                        {"engine", "general"}};
  if (const auto* bpe = std::get_if<BpeSpec>(&spec.model)) {
    out["merges"] = bpe->merges.size();
    if (auto analysis = engine::analyze_merges(*bpe, spec.vocabulary_size)) {
      out["tokens_never_made_by_merging"] = analysis->unreachable.size();
      out["tokens_made_against_rank_order"] = analysis->against_order.size();
    }
  }
  if (engine::make_fast_encoder(spec, isa) != nullptr) out["engine"] = "fused";
  return out;
}

void print(const nlohmann::json& facts, bool as_json) {
  if (as_json) {
    write_stdout(json_line(facts));
    return;
  }
  std::string out;
  for (const auto& [key, value] : facts.items()) {
    std::string name = key;
    std::ranges::replace(name, '_', ' ');
    out += fmt::format("{:<34} {}\n", name,
                       value.is_string() ? value.get<std::string>() : value.dump());
  }
  write_stdout(out);
}

int run_info(const Flags& flags, const Context& context) {
  auto spec = open_tokenizer_spec(context.settings, flags.name);
  if (!spec) return report(spec.error());
  print(describe(*spec, load_options(context.settings).isa), flags.as_json);
  return kDone;
}

// Whitespace, marks, contractions, letters and digits of many scripts, emoji, names of special tokens: what tokenizers disagree on.
std::string random_text(std::mt19937_64& random) {
  constexpr std::string_view kEdges[] = {
      " ",  "  ",  "\n",  "\r\n", "\t",     "\u00A0", "\u3000", "\u0085", "\uFEFF",  "a",
      "B",  "the", " of", "é",    "ß",      "ǅ",      "中",     "한",     "か",      "1",
      "23", "½",   "٣",   ".",    ",",      "'",      "'s",     "'LL",    "'\u017F", "’",
      "/",  "--",  "_",   "(",    "\u0301", "\u200D", "😀",     "▁",      "<s>",     ">"};
  std::string text;
  for (std::size_t i = 1 + random() % 40; i > 0; --i) {
    if (random() % 12 != 0) {
      text += kEdges[random() % std::size(kEdges)];
      continue;
    }
    char32_t point = static_cast<char32_t>(random() % (random() % 2 == 0 ? 0x3000 : 0x110000));
    if (point >= 0xD800 && point < 0xE000) point = U'x';
    utf8::append(text, point);
  }
  return text;
}

// Whether an image holds what its specification compiles to; nullopt where `name` is no image.
std::optional<bool> is_as_compiled(const std::string& name, const TokenizerSpec& spec) {
  auto file = MappedFile::open(name);
  if (!file || !image::has_magic(file->bytes())) return std::nullopt;
  auto compiled = image::compile(spec);
  return compiled && *compiled == as_text(file->bytes());
}

int run_verify(const Flags& flags, const Context& context) {
  auto spec = open_tokenizer_spec(context.settings, flags.name);
  if (!spec) return report(spec.error());
  nlohmann::json facts = describe(*spec, load_options(context.settings).isa);
  if (auto same = is_as_compiled(flags.name, *spec)) {
    facts["image_as_compiled"] = *same;
    if (!*same) {
      return report(
          {Errc::corrupt,
           flags.name +
               ": the image holds other tables than its specification gives: another build of "
               "Leyden made it, or somebody changed it; compile it again"});
    }
  }
  auto general = PipelineEncoder::make(*spec);
  if (!general) return report(general.error());
  std::vector<std::string> texts;
  auto inputs = expand_inputs(flags.inputs);
  if (!inputs) return report(inputs.error());
  for (const TextInput& input : *inputs) {
    auto text = read_input(input.name);
    if (!text) return report(text.error());
    texts.push_back(utf8::replace_invalid(*text));
  }
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < flags.random_texts; ++i) texts.push_back(random_text(random));

  std::uint64_t different = 0;
  std::uint64_t compared = 0;
  ProgressBar bar("comparing");
  std::vector<engine::Isa> isas = {engine::Isa::plain};
  if (engine::best_isa() != engine::Isa::plain) isas.push_back(engine::Isa::avx2);
  if (engine::best_isa() == engine::Isa::avx512) isas.push_back(engine::Isa::avx512);
  for (engine::Isa isa : isas) {
    auto fast = engine::make_fast_encoder(*spec, isa);
    if (fast == nullptr) break;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (context.stop.stop_requested()) return kInterrupted;
      if (texts[i].empty()) continue;
      bar.update(i, texts.size(), engine::isa_name(isa));
      TokenIds ours;
      TokenIds theirs;
      fast->encode(texts[i], true, ours);
      (*general)->encode(texts[i], true, theirs);
      compared += texts[i].size();
      if (ours != theirs || fast->count(texts[i], true) != theirs.size()) ++different;
    }
  }
  facts["texts"] = texts.size();
  facts["bytes_compared"] = compared;
  facts["texts_different"] = different;
  print(facts, flags.as_json);
  if (different > 0) {
    print_error(
        fmt::format("{} of {} texts differ between the fused and the general engine: a bug of "
                    "Leyden's; please report it",
                    different, texts.size()));
    return kBug;
  }
  return kDone;
}

// "gemma3.leyden", in the working folder, of /models/gemma3.json.
std::string image_name(std::string name) {
  for (std::string_view end : {".json", ".tiktoken", ".model", ".gguf", ".leyden"}) {
    if (name.size() <= end.size() || !name.ends_with(end)) continue;
    name.resize(name.size() - end.size());
    break;
  }
  return name + ".leyden";
}

int run_compile(const Flags& flags, const Context& context) {
  auto spec = open_tokenizer_spec(context.settings, flags.name);
  if (!spec) return report(spec.error());
  auto content = image::compile(*spec);
  if (!content) return report(content.error());
  const std::string file = flags.output.empty() ? image_name(spec->name) : flags.output;
  if (auto written = write_file_atomically(file, *content); !written)
    return report(written.error());
  // The first load is the proof that the next ones work.
  SystemClock clock;
  const auto start = clock.now();
  auto loaded = load_tokenizer(file, spec->name, load_options(context.settings));
  const double load_ms = ms_between(start, clock.now());
  if (!loaded) return report(loaded.error());
  const bool mapped = engine::build_fast_tables(*spec).has_value();
  print({{"file", file},
         {"bytes", content->size()},
         {"fingerprint", (*loaded)->fingerprint().hex()},
         {"load_ms", std::round(load_ms * 100) / 100},
         {"tables", mapped ? "mapped" : "made at each load"}},
        flags.as_json);
  if (!mapped) {
    print_warning(
        "no fused tables are known for this kind of tokenizer: the image holds its specification "
        "alone, and loads "
        "slower than images of other kinds");
  }
  return kDone;
}

}  // namespace

void add_tokenizer_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "tokenizer", "What a tokenizer is, whether the engine does it right, images of it");
  command->require_subcommand(1);
  command->footer("Example: leyden tokenizer info o200k_base");
  auto add = [&](const char* name, const char* help, int (*act)(const Flags&, const Context&)) {
    CLI::App* sub = command->add_subcommand(name, help);
    sub->add_option("tokenizer", flags->name,
                    "A name or a file, as for `leyden tokenize --tokenizer`")
        ->required();
    sub->add_flag("--json", flags->as_json, "JSON on standard output");
    sub->footer(std::string("Example: leyden tokenizer ") + name + " cl100k_base");
    sub->callback([flags, &run, act] {
      run = [flags, act](const Context& context) { return act(*flags, context); };
    });
    return sub;
  };
  add("info", "Kind, sizes, fingerprint, which engine encodes it", run_info);
  CLI::App* verify =
      add("verify", "Proves the vocabulary and compares the fused engine with the general one",
          run_verify);
  verify->add_option("input", flags->inputs, "Files or folders to compare on, too");
  verify->add_option("--random", flags->random_texts, "Random texts to compare on")
      ->capture_default_str();
  CLI::App* compile = add("compile",
                          "Writes an image, which loads in milliseconds and whose memory processes "
                          "share; every command takes it as a tokenizer",
                          run_compile);
  compile->add_option("-o,--output", flags->output,
                      "File to write (default: the tokenizer's name with .leyden, in the working "
                      "folder)");
}

}  // namespace leyden::cli
