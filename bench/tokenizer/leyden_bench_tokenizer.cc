// Leyden's side of bench/tokenizer: speaks the workers' protocol (README.md) on standard input and output.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/base/files.h"
#include "leyden/tokenizer/batch.h"
#include "leyden/tokenizer/load.h"

namespace {

using nlohmann::json;
using namespace leyden;
using namespace leyden::tokenizer;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Without the character that the end cuts.
std::string_view whole_characters(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80) --bytes;
  return text.substr(0, bytes);
}

struct Corpus {
  std::vector<std::string> texts;
  std::size_t bytes = 0;
};

Corpus read_corpus(const std::string& file, std::size_t bytes_max) {
  auto content = read_file(file);
  if (!content) throw std::runtime_error(content.error().message);
  Corpus corpus;
  if (file.ends_with(".records")) {
    for (std::size_t at = 0; at < content->size();) {
      std::uint32_t size = 0;
      if (content->size() - at >= sizeof size)
        std::memcpy(&size, content->data() + at, sizeof size);
      at += sizeof size;
      if (at > content->size() || content->size() - at < size) {
        throw std::runtime_error(file + " ends inside a record");
      }
      corpus.texts.push_back(content->substr(at, size));
      corpus.bytes += size;
      at += size;
    }
    return corpus;
  }
  if (!file.ends_with(".jsonl")) {
    corpus.texts.emplace_back(whole_characters(*content, bytes_max));
    corpus.bytes = corpus.texts.front().size();
    return corpus;
  }
  for (std::size_t at = 0; at < content->size() && corpus.bytes < bytes_max;) {
    const std::size_t end = std::min(content->find('\n', at), content->size());
    if (end > at) {
      corpus.texts.push_back(json::parse(content->substr(at, end - at)).get<std::string>());
      corpus.bytes += corpus.texts.back().size();
    }
    at = end + 1;
  }
  return corpus;
}

class Worker {
 public:
  json answer(const json& request) {
    const std::string command = request.at("cmd");
    if (command == "load") return load(request);
    if (command == "corpus") return read(request);
    if (command == "pass") return pass(request);
    if (command == "ids") return write_ids(request);
    throw std::runtime_error("no command \"" + command + "\"");
  }

 private:
  json load(const json& request) {
    const double start = wall_seconds();
    const json& files = request.at("files");
    const std::string key = files.contains("image")   ? "image"
                            : files.contains("ranks") ? "ranks"
                                                      : "json";
    auto loaded = load_tokenizer(files.at(key).get<std::string>(), request.at("encoding"));
    if (!loaded) throw std::runtime_error(loaded.error().message);
    tokenizer_ = *loaded;
    threads_ = request.value("threads", std::size_t{1});
    return {{"load_ms", (wall_seconds() - start) * 1000}, {"version", LEYDEN_VERSION}};
  }
  json read(const json& request) {
    Corpus& corpus = corpora_[request.at("name")];
    corpus = read_corpus(request.at("file"), request.value("bytes", ~std::size_t{0}));
    return {{"bytes", corpus.bytes}};
  }
  json pass(const json& request) {
    const Corpus& corpus = corpora_.at(request.at("name"));
    const double wall = wall_seconds();
    const double cpu = cpu_seconds();
    std::size_t tokens = 0;
    if (threads_ == 1) {
      // One buffer: a caller that encodes one text after the other keeps it.
      for (const std::string& text : corpus.texts) {
        ids_.clear();
        tokenizer_->encode_to(text, {}, ids_);
        tokens += ids_.size();
      }
    } else {
      std::vector<std::string_view> texts(corpus.texts.begin(), corpus.texts.end());
      std::vector<std::vector<std::string_view>> parts;
      for (std::string_view text : texts) parts.push_back(safe_parts(*tokenizer_, text, 64 * KiB));
      std::vector<std::string_view> all;
      for (const auto& some : parts) all.insert(all.end(), some.begin(), some.end());
      for (const TokenIds& ids : encode_batch(*tokenizer_, all, {}, threads_)) tokens += ids.size();
    }
    return {{"seconds", wall_seconds() - wall},
            {"cpu_seconds", cpu_seconds() - cpu},
            {"tokens", tokens}};
  }
  json write_ids(const json& request) {
    const Corpus& corpus = corpora_.at(request.at("name"));
    std::ofstream file(request.at("file").get<std::string>(), std::ios::binary);
    const bool counts = request.value("counts", false);
    std::size_t tokens = 0;
    for (const std::string& text : corpus.texts) {
      ids_.clear();
      if (counts) ids_.push_back(0);
      tokenizer_->encode_to(text, {}, ids_);
      if (counts) ids_.front() = static_cast<TokenId>(ids_.size() - 1);
      file.write(reinterpret_cast<const char*>(ids_.data()),
                 static_cast<std::streamsize>(ids_.size() * sizeof(TokenId)));
      tokens += ids_.size() - (counts ? 1 : 0);
    }
    if (!file.flush()) throw std::runtime_error("can't write the IDs");
    return {{"tokens", tokens}};
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::map<std::string, Corpus> corpora_;
  TokenIds ids_;
  std::size_t threads_ = 1;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::string_view(argv[1]) != "--serve") {
    std::cerr
        << "usage: leyden_bench_tokenizer --serve   (bench/tokenizer/README.md has the protocol)\n";
    return 2;
  }
  Worker worker;
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      const json request = json::parse(line);
      if (request.value("cmd", "") == "quit") break;
      answer = worker.answer(request);
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}
