#include "leyden/tokenizer/loaders/rank_files.h"

#include <algorithm>
#include <array>
#include <string>

#include "leyden/base/result.h"
#include "leyden/tokenizer/pretokenizers/pattern_regexes.h"

// OpenAI: tiktoken_ext/openai_public.py of tiktoken 0.14.0 (MIT). Meta: llama3/tokenizer.py and llama4/tokenizer.py of llama-models
// 0.3.0, which build tiktoken encodings of their own.
namespace leyden::tokenizer {
namespace {

// Patterns are spelled as Hugging Face does. tiktoken 0.14 has them with possessive quantifiers and the whitespace rule in parts,
// which cuts differently in places where the IDs are the same (no token holds a newline with more whitespace behind it).
constexpr std::string_view kR50kFile =
    "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930";
constexpr std::string_view kP50kFile =
    "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069";
constexpr std::string_view kCl100kFile =
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7";
constexpr std::string_view kO200kFile =
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d";
constexpr std::string_view kLlama3File =
    "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55";
constexpr std::string_view kLlama4File =
    "d0bdbaf59b0762c8c807617e2d8ea51420eb1b1de266df2495be755c8e0ed6ed";

constexpr std::array kRankFiles = {
    RankFile{kR50kFile, "r50k_base", regexes::kGpt2, {}},
    // The same ranks, published as vocab.bpe and encoder.json.
    RankFile{kR50kFile, "gpt2", regexes::kGpt2, {}, true},
    RankFile{kP50kFile, "p50k_base", regexes::kGpt2, {}},
    RankFile{kP50kFile, "p50k_edit", regexes::kGpt2, {}, true},
    RankFile{kCl100kFile, "cl100k_base", regexes::kCl100k, {}},
    RankFile{kO200kFile, "o200k_base", regexes::kO200k, {}},
    RankFile{kO200kFile, "o200k_harmony", regexes::kO200k, {}, true},
    RankFile{kLlama3File, "llama3", regexes::kCl100k, "<|begin_of_text|>"},
    RankFile{kLlama4File, "llama4", regexes::kO200k, "<|begin_of_text|>"},
};

class Specials {
 public:
  void add(TokenId id, std::string text) {
    tokens_.push_back({.id = id, .text = std::move(text), .special = true});
  }
  // IDs from `first` on, one after the other.
  void number_from(TokenId first) { next_ = first; }
  void add(std::string_view text) { add(next_++, fmt::format("<|{}|>", text)); }
  // NAME_FIRST, NAME_FIRST+1, ..., `count` of them.
  void add_numbered(std::string_view name, int count, int first) {
    for (int i = first; i < first + count; ++i) add(fmt::format("{}_{}", name, i));
  }
  [[nodiscard]] bool has(TokenId id) const {
    return std::ranges::count(tokens_, id, &AddedToken::id) != 0;
  }
  [[nodiscard]] TokenId next() const { return next_; }
  std::vector<AddedToken> take() { return std::move(tokens_); }

 private:
  std::vector<AddedToken> tokens_;
  TokenId next_ = 0;
};

void add_harmony(Specials& specials) {
  specials.add(200018, "<|endofprompt|>");
  specials.add(199998, "<|startoftext|>");
  specials.add(199999, "<|endoftext|>");
  specials.add(200002, "<|return|>");
  specials.add(200003, "<|constrain|>");
  specials.add(200005, "<|channel|>");
  specials.add(200006, "<|start|>");
  specials.add(200007, "<|end|>");
  specials.add(200008, "<|message|>");
  specials.add(200012, "<|call|>");
  for (TokenId id = 200000; id < 201088; ++id) {
    // 200018 has two names: "<|endofprompt|>", which decoding gives, and its number.
    if (id >= 200013 || !specials.has(id)) specials.add(id, fmt::format("<|reserved_{}|>", id));
  }
}

// 256 of them.
void add_llama3(Specials& specials) {
  constexpr TokenId kFirst = 128000;
  specials.number_from(kFirst);
  for (std::string_view name :
       {"begin_of_text", "end_of_text", "reserved_special_token_0", "reserved_special_token_1",
        "finetune_right_pad_id", "step_id", "start_header_id", "end_header_id", "eom_id", "eot_id",
        "python_tag", "image"}) {
    specials.add(name);
  }
  specials.add_numbered("reserved_special_token", 244, 2);
}

// 2048 of them.
void add_llama4(Specials& specials) {
  constexpr TokenId kFirst = 200000;
  specials.number_from(kFirst);
  for (std::string_view name : {"begin_of_text", "end_of_text", "fim_prefix", "fim_middle",
                                "fim_suffix", "header_start", "header_end", "eom", "eot", "step"}) {
    specials.add(name);
  }
  specials.add_numbered("text_post_train_reserved_special_token", 6, 0);
  for (std::string_view name : {"python_start", "python_end", "finetune_right_pad"}) {
    specials.add(name);
  }
  specials.add_numbered("text_post_train_reserved_special_token", 61, 8);
  specials.add("image_start");
  specials.add("image_end");
  specials.add_numbered("vision_reserved_special_token", 2, 0);
  specials.add("tile_x_separator");
  specials.add("tile_y_separator");
  specials.add_numbered("vision_reserved_special_token", 4, 2);
  specials.add("image");
  specials.add_numbered("vision_reserved_special_token", 1, 6);
  specials.add("patch");
  specials.add_numbered("vision_reserved_special_token", 1041, 7);
  specials.add_numbered("reasoning_reserved_special_token", 8, 0);
  specials.add("reasoning_thinking_start");
  specials.add("reasoning_thinking_end");
  specials.add_numbered("reserved_special_token", static_cast<int>(kFirst + 2048 - specials.next()),
                        0);
}

}  // namespace

const RankFile* find_rank_file(std::string_view sha256, std::string_view name) {
  const RankFile* found = nullptr;
  for (const RankFile& candidate : kRankFiles) {
    if (candidate.sha256 == sha256 && (!candidate.by_name_only || candidate.name == name)) {
      found = &candidate;
    }
  }
  return found;
}

std::vector<AddedToken> special_tokens(const RankFile& file) {
  Specials specials;
  if (file.name == "o200k_harmony") {
    add_harmony(specials);
  } else if (file.name == "llama3") {
    add_llama3(specials);
  } else if (file.name == "llama4") {
    add_llama4(specials);
  } else if (file.name == "cl100k_base") {
    specials.add(100257, "<|endoftext|>");
    specials.add(100258, "<|fim_prefix|>");
    specials.add(100259, "<|fim_middle|>");
    specials.add(100260, "<|fim_suffix|>");
    specials.add(100276, "<|endofprompt|>");
  } else if (file.name == "o200k_base") {
    specials.add(199999, "<|endoftext|>");
    specials.add(200018, "<|endofprompt|>");
  } else {  // r50k_base, gpt2, p50k_base, p50k_edit.
    specials.add(50256, "<|endoftext|>");
    if (file.name == "p50k_edit") {
      specials.add(50281, "<|fim_prefix|>");
      specials.add(50282, "<|fim_middle|>");
      specials.add(50283, "<|fim_suffix|>");
    }
  }
  return specials.take();
}

}  // namespace leyden::tokenizer
