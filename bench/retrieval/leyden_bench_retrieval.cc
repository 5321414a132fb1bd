// Indexes, lists and searches for bench.py, and says what it took:
//
//   leyden_bench_retrieval index INDEX FOLDER                            rates, memory, size, as JSON
//   leyden_bench_retrieval list INDEX                                    every passage, a JSON line each
//   leyden_bench_retrieval search INDEX QUERIES [--top-k 10] [--threads 1] [--rounds 1] [--ranking words]
//
// INDEX is a file, or a database as postgresql://...
// QUERIES is a JSON array of {"query": "...", "paths": [...], "languages": [...]}, the filters optional. Prints the hits of each query and
// times of the last round: the first of several fills the caches.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/rag/static_embedder.h"
#include "leyden/retrieval/stores/postgres/postgres_index.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"

namespace leyden::bench {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string index;
  std::string input;
  std::size_t top_k = 10;
  std::size_t threads = 1;
  std::size_t rounds = 1;
  std::string ranking = "words";
  std::string static_model;  // Of `leyden model get`: the file's path without ".safetensors".
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Of this program alone: getrusage() would count what its parent had before.
double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

void require(const auto& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

struct Opened {
  std::unique_ptr<rag::StaticEmbedder> embedder;  // Outlives the index.
  std::unique_ptr<retrieval::Index> index;
  retrieval::Index* operator->() const { return index.get(); }
  retrieval::Index& operator*() const { return *index; }
};

Opened open(const Options& options, bool read_only) {
  Opened out;
  if (!options.static_model.empty()) {
    auto embedder =
        rag::StaticEmbedder::open({.weights = options.static_model + ".safetensors",
                                   .tokenizer = options.static_model + ".tokenizer.json",
                                   .name = "bench"});
    require(embedder);
    out.embedder = *std::move(embedder);
  }
  auto index = options.index.starts_with("postgresql://")
                   ? retrieval::open_postgres_index({.url = options.index,
                                                     .read_only = read_only,
                                                     .embedder = out.embedder.get(),
                                                     .searches_max = options.threads})
                   : retrieval::open_sqlite_index({.file = options.index,
                                                   .read_only = read_only,
                                                   .embedder = out.embedder.get(),
                                                   .searches_max = options.threads});
  require(index);
  out.index = *std::move(index);
  return out;
}

void index_folder(const Options& options) {
  auto index = open(options, false);
  std::uint64_t bytes = 0;
  const auto begin = Clock::now();
  auto report = index->update(options.input, {},
                              [&](const auto& progress) { bytes = progress.bytes_total; }, {});
  require(report);
  const double seconds = seconds_since(begin);
  const auto size = [&](const std::string& ending) {
    std::error_code error;
    const auto bytes_of_file = std::filesystem::file_size(options.index + ending, error);
    return error ? 0 : static_cast<double>(bytes_of_file) / 1e6;
  };
  std::cout << json{{"passages", report->passages_total},
                    {"text_mb", static_cast<double>(bytes) / 1e6},
                    {"seconds", seconds},
                    {"mb_per_second", static_cast<double>(bytes) / 1e6 / seconds},
                    {"passages_per_second", static_cast<double>(report->passages_added) / seconds},
                    {"peak_memory_mb", peak_memory_mb()},
                    {"index_mb", size("")},
                    {"wal_mb", size("-wal")}}
            << "\n";
}

void list(const Options& options) {
  auto index = open(options, true);
  for (std::uint64_t after = 0;;) {
    auto page = index->list({}, {.after = after, .limit = 10'000});
    require(page);
    for (const auto& passage : page->passages) {
      std::cout << json{{"document", passage.document},
                        {"first_line", passage.first_line},
                        {"context", passage.context},
                        {"text", passage.text}}
                << "\n";
    }
    after = page->next;
    if (after == 0) return;
  }
}

retrieval::Ranking ranking_of(const std::string& name) {
  for (const auto ranking : {retrieval::Ranking::best, retrieval::Ranking::words,
                             retrieval::Ranking::vectors, retrieval::Ranking::fused}) {
    if (name == to_string(ranking)) return ranking;
  }
  throw std::runtime_error("no such ranking: " + name);
}

void search(const Options& options) {
  std::ifstream file(options.input);
  const json queries = json::parse(file);
  std::vector<retrieval::SearchRequest> requests;
  for (const json& query : queries) {
    requests.push_back(
        {.query = query.at("query"),
         .top_k = options.top_k,
         .filter = {.paths = query.value("paths", std::vector<std::string>()),
                    .languages = query.value("languages", std::vector<std::string>())},
         .ranking = ranking_of(options.ranking)});
  }
  auto index = open(options, true);
  std::vector<retrieval::SearchAnswer> answers(requests.size());
  std::vector<double> milliseconds(requests.size());
  double seconds = 0;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    std::atomic<std::size_t> next = 0;
    const auto begin = Clock::now();
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < options.threads; ++i) {
        threads.emplace_back([&] {
          for (std::size_t at = next++; at < requests.size(); at = next++) {
            const auto start = Clock::now();
            auto answer = index->search(requests[at]);
            milliseconds[at] = seconds_since(start) * 1e3;
            if (answer) answers[at] = *std::move(answer);
          }
        });
      }
    }
    seconds = seconds_since(begin);
  }
  json hits = json::array();
  for (const auto& answer : answers) {
    json of_query = json::array();
    for (const auto& passage : answer.passages)
      of_query.push_back({passage.document, passage.first_line, passage.score});
    hits.push_back(std::move(of_query));
  }
  std::ranges::sort(milliseconds);
  const auto at_share = [&](double share) {
    return milliseconds[static_cast<std::size_t>(share *
                                                 static_cast<double>(milliseconds.size() - 1))];
  };
  std::cout << json{{"queries_per_second", static_cast<double>(requests.size()) / seconds},
                    {"ms_p50", at_share(0.5)},
                    {"ms_p95", at_share(0.95)},
                    {"ms_max", milliseconds.back()},
                    {"peak_memory_mb", peak_memory_mb()},
                    {"hits", std::move(hits)}}
            << "\n";
}

}  // namespace
}  // namespace leyden::bench

int main(int argc, char** argv) {
  using namespace leyden::bench;
  CLI::App app("Indexes, lists and searches for bench.py");
  Options options;
  app.require_subcommand(1);
  auto* indexing = app.add_subcommand("index");
  indexing->add_option("index", options.index)->required();
  indexing->add_option("folder", options.input)->required();
  auto* listing = app.add_subcommand("list");
  listing->add_option("index", options.index)->required();
  auto* searching = app.add_subcommand("search");
  searching->add_option("index", options.index)->required();
  searching->add_option("queries", options.input)->required();
  searching->add_option("--top-k", options.top_k)->check(CLI::PositiveNumber);
  searching->add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  searching->add_option("--rounds", options.rounds)->check(CLI::PositiveNumber);
  searching->add_option("--ranking", options.ranking);
  for (auto* command : {indexing, searching})
    command->add_option("--static-model", options.static_model);
  CLI11_PARSE(app, argc, argv);
  try {
    if (*indexing) index_folder(options);
    if (*listing) list(options);
    if (*searching) search(options);
  } catch (const std::exception& error) {
    std::cerr << "leyden_bench_retrieval: " << error.what() << "\n";
    return 1;
  }
}
