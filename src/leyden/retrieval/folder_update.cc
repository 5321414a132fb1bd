#include "leyden/retrieval/folder_update.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/document_text.h"
#include "leyden/retrieval/folder_walk.h"
#include "leyden/syntax/language.h"

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;

// A file that was changed this shortly before it was read may change again within the same tick of the file system's clock.
constexpr std::int64_t kRacyNs = 2'000'000'000;
std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// One update: what it needs to know and what it has found out so far.
class Update {
 public:
  Update(DocumentSink& sink, const UpdateOptions& options, BatchLimits limits,
         const std::function<void(const UpdateProgress&)>& on_progress, std::stop_token stop)
      : sink_(sink),
        options_(options),
        limits_(limits),
        on_progress_(on_progress),
        stop_(std::move(stop)),
        chunking_(options.chunk.name()) {}

  Result<UpdateReport> run(const fs::path& folder) {
    if (auto found = find_files(folder); !found) return std::unexpected(found.error());
    if (auto loaded = load_known(); !loaded) return std::unexpected(loaded.error());
    for (std::size_t next = 0; next < files_.size();) {
      if (auto done = batch(next); !done) return std::unexpected(done.error());
    }
    if (auto removed = remove_vanished(); !removed) return std::unexpected(removed.error());
    if (auto counted = count(); !counted) return std::unexpected(counted.error());
    bool nothing = report_.files_added + report_.files_changed + report_.files_unchanged +
                       report_.files_removed ==
                   0;
    if (nothing) return nothing_indexed(folder);
    return std::move(report_);
  }

 private:
  Result<void> find_files(const fs::path& folder) {
    std::error_code error;
    fs::path canonical = fs::canonical(folder, error);
    if (error) return fail(Errc::not_found, "no such folder: {}", folder.string());
    if (fs::is_regular_file(canonical, error)) {
      root_ = canonical.parent_path().string();
      single_ = canonical.filename().string();
      files_.push_back(
          {.path = *single_, .absolute = canonical, .size_bytes = fs::file_size(canonical, error)});
    } else {
      root_ = canonical.string();
      auto walked = walk_folder(
          canonical,
          [&](const FoundFile& file) {
            files_.push_back(file);
            return !stop_.stop_requested();
          },
          [&](const std::string& path, const Error& problem) {
            report_.skipped.push_back({.document = utf8::replace_invalid(path),
                                       .code = problem.code,
                                       .reason = problem.message});
            unread_folders_.push_back(path);
          });
      if (!walked) return walked;
    }
    for (const FoundFile& file : files_) progress_.bytes_total += file.size_bytes;
    progress_.files_total = files_.size();
    report_.files_seen = files_.size();
    return {};
  }

  Result<void> load_known() {
    auto known = sink_.known_documents(root_);
    if (!known) return std::unexpected(known.error());
    known_ = *std::move(known);
    if (single_) std::erase_if(known_, [&](const auto& one) { return one.first != *single_; });
    return {};
  }

  // Some files in one transaction.
  Result<void> batch(std::size_t& next) {
    if (auto begun = sink_.begin(); !begun) return begun;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < limits_.files && next < files_.size() && bytes < limits_.bytes;
         ++i, ++next) {
      if (stop_.stop_requested()) {
        if (auto kept = sink_.commit(); !kept) return kept;
        return fail(Errc::cancelled, "interrupted: what was read so far is kept");
      }
      const FoundFile& file = files_[next];
      std::string name = utf8::replace_invalid(file.path);
      progress_.document = name;
      if (on_progress_) on_progress_(progress_);
      if (auto done = update_file(file, name); !done) return done;
      ++progress_.files_done;
      progress_.bytes_done += file.size_bytes;
      bytes += file.size_bytes;
    }
    return sink_.commit();
  }

  Result<void> update_file(const FoundFile& file, const std::string& name) {
    auto found = known_.find(file.path);
    const KnownDocument* known = found == known_.end() ? nullptr : &found->second;
    auto keep = [&] { seen_.insert(file.path); };
    if (file.size_bytes > options_.file_bytes_max) {
      // An older, smaller version of it would answer for what is no longer there: it goes.
      skip(name, Errc::invalid_argument,
           fmt::format("{} is {} MiB, above the limit of {} MiB: index it with --max-file-mib {}",
                       name, file.size_bytes / MiB, options_.file_bytes_max / MiB,
                       file.size_bytes / MiB + 1));
      return {};
    }
    struct stat status{};
    if (::stat(file.absolute.c_str(), &status) != 0) {
      if (errno == ENOENT) return {};  // Gone since the walk.
      skip(name, Errc::unavailable,
           fmt::format("can't read {}: {}", name, std::generic_category().message(errno)));
      keep();
      return {};
    }
    std::int64_t mtime_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    const bool same_chunking = known != nullptr && known->chunking == chunking_;
    if (same_chunking && known->size == status.st_size && known->mtime_ns == mtime_ns &&
        mtime_ns + kRacyNs < known->read_ns) {
      ++report_.files_unchanged;
      keep();
      return {};
    }
    std::int64_t read_ns = now_ns();
    auto content = read_file(file.absolute, options_.file_bytes_max);
    if (!content) {
      skip(name, content.error().code,
           content.error().message + ": make it readable or add it to .gitignore");
      keep();  // What it said before is better than nothing.
      return {};
    }
    report_.bytes_read += content->size();
    if (auto binary = binary_reason(*content)) {
      ++report_.files_binary;
      if (single_) binary_ = fmt::format("{} {}", name, *binary);
      return {};
    }
    keep();
    DocumentRecord record{.root = root_,
                          .path = file.path,
                          .name = name,
                          .language = {},
                          .chunking = chunking_,
                          .digest = Hasher().field(*content).finish(),
                          .size = status.st_size,
                          .mtime_ns = mtime_ns,
                          .read_ns = read_ns};
    if (same_chunking && known->digest == record.digest) {
      ++report_.files_unchanged;
      return sink_.touch(known->id, record);
    }
    ++(known != nullptr ? report_.files_changed : report_.files_added);
    return put(known != nullptr ? known->id : 0, record, document_text(*content));
  }

  Result<void> put(std::int64_t id, DocumentRecord& record, const std::string& text) {
    record.language = syntax::to_string(syntax::detect_language(record.name, text));
    const std::vector<Chunk> parts = chunk(record.name, text, options_.chunk);
    std::vector<PassageDraft> passages;
    passages.reserve(parts.size());
    for (const Chunk& part : parts) {
      const std::string_view body =
          std::string_view(text).substr(part.begin, part.end - part.begin);
      passages.push_back({.context = part.context,
                          .text = body,
                          .first_line = part.first_line,
                          .last_line = part.last_line,
                          .content = passage_content(record.name, part.context, body)});
    }
    return sink_.put(id, record, passages);
  }

  // Indexed before under this root and not seen now, but not below a folder that could not be read.
  Result<void> remove_vanished() {
    if (auto begun = sink_.begin(); !begun) return begun;
    for (const auto& [path, document] : known_) {
      bool unread = std::ranges::any_of(
          unread_folders_, [&](const std::string& folder) { return path.starts_with(folder); });
      if (seen_.contains(path) || unread) continue;
      if (auto removed = sink_.remove(document.id); !removed) return removed;
      ++report_.files_removed;
    }
    if (auto complete = sink_.complete(root_); !complete) return complete;
    return sink_.commit();
  }

  Result<void> count() {
    const PassageCounts counts = sink_.counts();
    report_.passages_added = counts.added;
    report_.passages_removed = counts.removed;
    report_.passages_kept = counts.kept;
    auto total = sink_.passages_total();
    if (!total) return std::unexpected(total.error());
    report_.passages_total = *total;
    return {};
  }

  std::unexpected<Error> nothing_indexed(const fs::path& folder) const {
    if (!binary_.empty())
      return fail(Errc::invalid_argument, "{}: name a text file or a folder", binary_);
    if (!report_.skipped.empty())
      return std::unexpected(Error{report_.skipped.front().code, report_.skipped.front().reason});
    return fail(Errc::invalid_argument, "nothing to index: no text files in {} ({} binary)",
                folder.string(), report_.files_binary);
  }

  void skip(const std::string& name, Errc code, std::string reason) {
    report_.skipped.push_back({.document = name, .code = code, .reason = std::move(reason)});
  }

  DocumentSink& sink_;
  const UpdateOptions& options_;
  BatchLimits limits_;
  const std::function<void(const UpdateProgress&)>& on_progress_;
  std::stop_token stop_;
  std::string chunking_;
  std::string root_;
  std::optional<std::string> single_;  // One file was named, not a folder.
  std::vector<FoundFile> files_;
  std::vector<std::string> unread_folders_;
  std::map<std::string, KnownDocument> known_;
  std::set<std::string> seen_;
  std::string binary_;
  UpdateProgress progress_;
  UpdateReport report_;
};

}  // namespace

Result<UpdateReport> update_from_folder(
    DocumentSink& sink, const fs::path& folder, const UpdateOptions& options, BatchLimits batch,
    const std::function<void(const UpdateProgress&)>& on_progress, std::stop_token stop) {
  return Update(sink, options, batch, on_progress, std::move(stop)).run(folder);
}

}  // namespace leyden::retrieval
