// Vectors: what int8 costs, how long a scan takes, how a graph is made and searched, how fast a static model embeds. Prints JSON lines.
//
//   leyden_bench_vectors scan [--dimensions 256,384] [--counts 1000,10000,100000]
//   leyden_bench_vectors graph --count 100000 --dimensions 256 [--ef 64,128,256]
//   leyden_bench_vectors embed --models FOLDER FILE...
//   leyden_bench_vectors vectors --models FOLDER FILE    (a JSON list of texts; a vector on each line, for tests/reference/embeddings.py)
//   leyden_bench_vectors quick          (a tiny run of the first two, for ctest)
//
// Vectors are synthetic: around count / 100 centres, normalised; seed 42. Queries are further ones of the same kind. Exact answers are those
// of float32, computed here.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/base/digest.h"
#include "leyden/rag/static_embedder.h"
#include "leyden/retrieval/vectors/hnsw_graph.h"
#include "leyden/retrieval/vectors/testing/clustered_vectors.h"
#include "leyden/retrieval/vectors/vector_hit.h"

namespace {

using namespace leyden;
using namespace leyden::retrieval;

constexpr std::size_t kTop = 10;

// Of this process's processor time: others on the machine make it longer, but not by much. All is done on one thread.
double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double seconds_since(double begin) { return now() - begin; }

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(5);
}

struct Data {
  std::size_t dimensions = 0;
  std::vector<Vector> queries;
  Bytes codes;
  std::vector<std::set<std::int64_t>> exact;  // By float32, of each query.
};

// Vectors are kept as codes only: a million would not fit beside them as floats.
Data make_data(std::size_t dimensions, std::size_t count, std::size_t queries) {
  testing::ClusteredVectors make(dimensions, std::max<std::size_t>(count / 100, 1), 42);
  Data out{.dimensions = dimensions, .queries = {}, .codes = {}, .exact = {}};
  for (std::size_t i = 0; i < queries; ++i) out.queries.push_back(make.next());
  const std::size_t bytes = code_bytes(dimensions);
  out.codes.resize(count * bytes);
  std::vector<BestHits> best(queries, BestHits(kTop));
  for (std::size_t i = 0; i < count; ++i) {
    const Vector vector = make.next();
    encode_vector(vector, out.codes.data() + i * bytes);
    for (std::size_t q = 0; q < queries; ++q) {
      float sum = 0;
      for (std::size_t d = 0; d < dimensions; ++d) sum += out.queries[q][d] * vector[d];
      best[q].offer({static_cast<std::int64_t>(i + 1), sum});
    }
  }
  for (BestHits& each : best) {
    std::set<std::int64_t> ids;
    for (const VectorHit& hit : each.take()) ids.insert(hit.passage);
    out.exact.push_back(std::move(ids));
  }
  return out;
}

std::vector<VectorHit> scan(const Data& data, const Vector& query) {
  const QueryCode code(query);
  const std::size_t bytes = code_bytes(data.dimensions);
  BestHits best(kTop);
  for (std::size_t i = 0; i * bytes < data.codes.size(); ++i) {
    const VectorHit hit{static_cast<std::int64_t>(i + 1),
                        code.inner_product(data.codes.data() + i * bytes)};
    if (best.wants(hit)) best.offer(hit);
  }
  return best.take();
}

double share_of(const Data& data, const std::vector<std::vector<VectorHit>>& found) {
  std::size_t same = 0, all = 0;
  for (std::size_t q = 0; q < found.size(); ++q) {
    all += data.exact[q].size();
    for (const VectorHit& hit : found[q]) same += data.exact[q].count(hit.passage);
  }
  return static_cast<double>(same) / static_cast<double>(all);
}

void bench_scan(std::size_t dimensions, std::size_t count) {
  const Data data = make_data(dimensions, count, 50);
  std::vector<std::vector<VectorHit>> found;
  for (const Vector& query : data.queries) found.push_back(scan(data, query));
  const auto begin = now();
  std::size_t done = 0;
  while (seconds_since(begin) < 0.5) (void)scan(data, data.queries[done++ % data.queries.size()]);
  fmt::print(
      R"({{"bench":"scan","vectors":{},"dimensions":{},"us_per_query":{:.1f},"recall_at_10":{:.4f},"bytes_per_vector":{}}})"
      "\n",
      count, dimensions, seconds_since(begin) * 1e6 / static_cast<double>(done),
      share_of(data, found), code_bytes(dimensions) + 16);
  std::fflush(stdout);
}

void bench_graph(std::size_t dimensions, std::size_t count, const std::vector<std::size_t>& efs) {
  const Data data = make_data(dimensions, count, 100);
  const std::size_t bytes = code_bytes(dimensions);
  auto begin = now();
  auto graph = must(HnswGraph::make(dimensions, {}));
  if (auto room = graph->reserve(count); !room) std::exit(5);
  for (std::size_t i = 0; i < count; ++i) {
    auto added = graph->add(static_cast<std::int64_t>(i + 1),
                            BytesView(data.codes).subspan(i * bytes, bytes));
    if (!added) std::exit(5);
  }
  const double build = seconds_since(begin);
  const auto file = std::filesystem::temp_directory_path() / "leyden-bench-vectors-graph";
  begin = now();
  if (!graph->save(file, "0123456789abcdef")) std::exit(5);
  const double save = seconds_since(begin);
  const auto file_bytes = std::filesystem::file_size(file);
  const std::size_t memory = graph->memory_bytes();
  graph.reset();
  double load = 0;
  for (const std::size_t ef : efs) {
    begin = now();
    graph = must(HnswGraph::load(file, "0123456789abcdef", dimensions, {.ef_search = ef}));
    load = seconds_since(begin);
    std::vector<std::vector<VectorHit>> found;
    begin = now();
    for (const Vector& query : data.queries) {
      BestHits best(kTop);
      for (const auto& hit : graph->search(query, kTop, [](std::int64_t) { return true; }))
        best.offer({hit.id, hit.score});
      found.push_back(best.take());
    }
    fmt::print(
        R"({{"bench":"graph","vectors":{},"dimensions":{},"links":16,"ef_construction":200,"ef_search":{},"recall_at_10":{:.4f},"us_per_query":{:.1f},"built_per_s":{:.0f},"build_s":{:.1f},"memory_mb":{:.1f},"file_mb":{:.1f},"save_s":{:.2f},"load_s":{:.2f}}})"
        "\n",
        count, dimensions, ef, share_of(data, found),
        seconds_since(begin) * 1e6 / static_cast<double>(found.size()),
        static_cast<double>(count) / build, build, static_cast<double>(memory) / 1e6,
        static_cast<double>(file_bytes) / 1e6, save, load);
    std::fflush(stdout);
  }
  std::filesystem::remove(file);
}

std::unique_ptr<rag::StaticEmbedder> open_static(const std::filesystem::path& models) {
  return must(rag::StaticEmbedder::open({.weights = models / "wordllama-256.safetensors",
                                         .tokenizer = models / "wordllama-256.tokenizer.json",
                                         .name = "wordllama-256"}));
}

void print_vectors(const std::filesystem::path& models, const std::string& name) {
  const auto embedder = open_static(models);
  std::ifstream file(name, std::ios::binary);
  const auto texts = nlohmann::json::parse(file).get<std::vector<std::string>>();
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  for (const Vector& vector : must(embedder->embed(views, TextRole::passage, Deadline::never())))
    fmt::print("{}\n", nlohmann::json(vector).dump());
}

void bench_embed(const std::filesystem::path& models, const std::vector<std::string>& files) {
  auto begin = now();
  const auto embedder = open_static(models);
  const double open = seconds_since(begin);
  std::vector<std::string> texts;  // Of about 1,000 bytes, as passages are.
  Hasher hash;
  for (const std::string& name : files) {
    std::ifstream file(name, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    hash.field(all);
    for (std::size_t at = 0; at < all.size(); at += 1000) texts.push_back(all.substr(at, 1000));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::size_t bytes = 0, done = 0;
  begin = now();
  while (seconds_since(begin) < 2) {
    (void)must(embedder->embed(views, TextRole::passage, Deadline::never()));
    done += texts.size();
    for (const auto& text : texts) bytes += text.size();
  }
  const double took = seconds_since(begin);
  fmt::print(
      R"({{"bench":"embed","model":"wordllama-256","input":"{}","texts":{},"open_s":{:.2f},"texts_per_s":{:.0f},"mb_per_s":{:.1f}}})"
      "\n",
      hash.finish().hex().substr(0, 16), texts.size(), open, static_cast<double>(done) / took,
      static_cast<double>(bytes) / took / 1e6);
}

std::vector<std::size_t> numbers(std::string_view text) {
  std::vector<std::size_t> out(1, 0);
  for (const char c : text) {
    if (c == ',') {
      out.push_back(0);
    } else {
      out.back() = out.back() * 10 + static_cast<std::size_t>(c - '0');
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::vector<std::size_t> dimensions{256, 384}, counts{1'000, 10'000, 100'000}, efs{64, 128, 256};
  std::filesystem::path models;
  std::vector<std::string> files;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const bool has_value = name.starts_with("--") && i + 1 < arguments.size();
    if (!has_value) {
      files.push_back(name);
    } else if (const std::string& value = arguments[++i]; name == "--dimensions") {
      dimensions = numbers(value);
    } else if (name == "--counts" || name == "--count") {
      counts = numbers(value);
    } else if (name == "--ef") {
      efs = numbers(value);
    } else if (name == "--models") {
      models = value;
    } else {
      fmt::print(stderr, "unknown option {}\n", name);
      return 2;
    }
  }
  const std::string what = arguments.empty() ? "" : arguments.front();
  if (what == "scan") {
    for (const std::size_t d : dimensions)
      for (const std::size_t count : counts) bench_scan(d, count);
  } else if (what == "graph") {
    for (const std::size_t d : dimensions)
      for (const std::size_t count : counts) bench_graph(d, count, efs);
  } else if (what == "embed") {
    bench_embed(models, files);
  } else if (what == "vectors" && files.size() == 1) {
    print_vectors(models, files.front());
  } else if (what == "quick") {
    bench_scan(32, 500);
    bench_graph(32, 500, {64});
  } else {
    fmt::print(stderr,
               "scan, graph, embed, vectors or quick: see the top of leyden_bench_vectors.cc\n");
    return 2;
  }
  return 0;
}
