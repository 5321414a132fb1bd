#include "leyden/retrieval/stores/sqlite/sqlite_update.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leyden/base/deadline.h"
#include "leyden/base/files.h"
#include "leyden/base/stoppable_wait.h"
#include "leyden/base/utf8.h"
#include "leyden/retrieval/document_text.h"
#include "leyden/retrieval/folder_walk.h"
#include "leyden/retrieval/query.h"

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;

// A file that was changed this shortly before it was read may change again within the same tick of the file system's clock.
constexpr std::int64_t kRacyNs = 2'000'000'000;
constexpr std::size_t kBatchFiles = 64;
constexpr std::uint64_t kBatchBytes = 4 * MiB;

struct KnownDocument {
  std::int64_t id = 0;
  Digest digest;
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t read_ns = 0;
};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Digest passage_digest(std::string_view name, std::string_view context, std::string_view text) {
  return Hasher().field(name).field(context).field(text).finish();
}

// One update: what it needs to know and what it has found out so far.
class Update {
 public:
  Update(sql::Database& database, const UpdateOptions& options,
         const std::function<void(const UpdateProgress&)>& on_progress, std::stop_token stop)
      : database_(database), options_(options), on_progress_(on_progress), stop_(std::move(stop)) {}

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
    auto transaction = sql::Transaction::begin(database_);
    if (!transaction) return std::unexpected(transaction.error());
    if (auto made = sql::Statement(database_,
                                   "INSERT OR IGNORE INTO scopes(tenant, collection) VALUES(?, ?)")
                        .bind(options_.scope.tenant)
                        .bind(options_.scope.collection)
                        .run();
        !made) {
      return made;
    }
    sql::Statement find(database_, "SELECT id FROM scopes WHERE tenant = ? AND collection = ?");
    find.bind(options_.scope.tenant).bind(options_.scope.collection);
    if (auto row = find.step(); !row) return std::unexpected(row.error());
    scope_ = find.number(0);
    find.reset();
    table_ = text_table(scope_);
    if (auto made = database_.execute("CREATE VIRTUAL TABLE IF NOT EXISTS " + table_ +
                                      " USING fts5(name, body, parts, tokenize = 'porter "
                                      "unicode61 remove_diacritics 2')");
        !made) {
      return made;
    }
    if (auto committed = transaction->commit(); !committed) return committed;

    sql::Statement known(
        database_,
        "SELECT path, id, digest, size, mtime_ns, read_ns FROM documents WHERE scope = "
        "? AND root = ?");
    known.bind(scope_).bind(as_bytes(root_));
    while (true) {
      auto row = known.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      std::string path(as_text(known.blob(0)));
      if (single_ && path != *single_) continue;
      known_.emplace(
          std::move(path),
          KnownDocument{known.number(1), Digest::from_bytes(known.blob(2)).value_or(Digest{}),
                        known.number(3), known.number(4), known.number(5)});
    }
  }

  // Some files in one transaction: whoever is killed loses these at most.
  Result<void> batch(std::size_t& next) {
    auto transaction = sql::Transaction::begin(database_);
    if (!transaction) return std::unexpected(transaction.error());
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < kBatchFiles && next < files_.size() && bytes < kBatchBytes;
         ++i, ++next) {
      if (stop_.stop_requested())
        return fail(Errc::cancelled, "interrupted: what was read so far is kept");
      const FoundFile& file = files_[next];
      std::string name = utf8::replace_invalid(file.path);
      progress_.document = name;
      if (on_progress_) on_progress_(progress_);
      if (auto done = update_file(file, name); !done) return done;
      ++progress_.files_done;
      progress_.bytes_done += file.size_bytes;
      bytes += file.size_bytes;
    }
    return transaction->commit();
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
           fmt::format("can't read {}: {}", name,
                       std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
      keep();
      return {};
    }
    std::int64_t mtime_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    if (known != nullptr && known->size == status.st_size && known->mtime_ns == mtime_ns &&
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
    if (auto binary = binary_reason(*content)) {
      ++report_.files_binary;
      if (single_) binary_ = fmt::format("{} {}", name, *binary);
      return {};
    }
    keep();
    Digest digest = Hasher().field(*content).finish();
    auto size = static_cast<std::int64_t>(status.st_size);
    if (known != nullptr && known->digest == digest) {
      ++report_.files_unchanged;
      sql::Statement touch(database_,
                           "UPDATE documents SET size = ?, mtime_ns = ?, read_ns = ? WHERE id = ?");
      return touch.bind(size).bind(mtime_ns).bind(read_ns).bind(known->id).run();
    }
    std::int64_t id = 0;
    if (known != nullptr) {
      ++report_.files_changed;
      id = known->id;
      sql::Statement change(
          database_,
          "UPDATE documents SET digest = ?, size = ?, mtime_ns = ?, read_ns = ? WHERE id = ?");
      if (auto changed =
              change.bind(digest.bytes).bind(size).bind(mtime_ns).bind(read_ns).bind(id).run();
          !changed)
        return changed;
    } else {
      ++report_.files_added;
      sql::Statement add(database_,
                         "INSERT INTO documents(scope, root, path, name, digest, size, mtime_ns, "
                         "read_ns) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
      if (auto added = add.bind(scope_)
                           .bind(as_bytes(root_))
                           .bind(as_bytes(file.path))
                           .bind(name)
                           .bind(digest.bytes)
                           .bind(size)
                           .bind(mtime_ns)
                           .bind(read_ns)
                           .run();
          !added) {
        return added;
      }
      id = database_.last_insert_id();
    }
    return replace_passages(id, name, document_text(*content));
  }

  // Passages whose content is the same keep their row; only their place is written anew.
  Result<void> replace_passages(std::int64_t document, const std::string& name,
                                const std::string& text) {
    std::multimap<Digest, std::int64_t> old;
    sql::Statement existing(database_, "SELECT id, content FROM passages WHERE document = ?");
    existing.bind(document);
    while (true) {
      auto row = existing.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      old.emplace(Digest::from_bytes(existing.blob(1)).value_or(Digest{}), existing.number(0));
    }
    sql::Statement move(database_,
                        "UPDATE passages SET first_line = ?, last_line = ? WHERE id = ?");
    sql::Statement add(
        database_,
        "INSERT INTO passages(document, first_line, last_line, bytes, content) VALUES(?, "
        "?, ?, ?, ?)");
    sql::Statement add_text(
        database_, "INSERT INTO " + table_ + "(rowid, name, body, parts) VALUES(?, ?, ?, ?)");
    for (const Chunk& part : chunk(name, text, options_.chunk)) {
      std::string_view body = std::string_view(text).substr(part.begin, part.end - part.begin);
      Digest content = passage_digest(name, part.context, body);
      auto first_line = static_cast<std::int64_t>(part.first_line);
      auto last_line = static_cast<std::int64_t>(part.last_line);
      if (auto same = old.find(content); same != old.end()) {
        if (auto moved = move.bind(first_line).bind(last_line).bind(same->second).run(); !moved)
          return moved;
        old.erase(same);
        ++report_.passages_kept;
        continue;
      }
      if (auto added = add.bind(document)
                           .bind(first_line)
                           .bind(last_line)
                           .bind(static_cast<std::int64_t>(body.size()))
                           .bind(content.bytes)
                           .run();
          !added) {
        return added;
      }
      if (auto added = add_text.bind(database_.last_insert_id())
                           .bind(name)
                           .bind(body)
                           .bind(camel_parts(body))
                           .run();
          !added)
        return added;
      ++report_.passages_added;
    }
    for (const auto& [content, id] : old) {
      if (auto removed = remove_passage(id); !removed) return removed;
    }
    return {};
  }

  Result<void> remove_passage(std::int64_t id) {
    if (auto removed =
            sql::Statement(database_, "DELETE FROM " + table_ + " WHERE rowid = ?").bind(id).run();
        !removed)
      return removed;
    ++report_.passages_removed;
    return sql::Statement(database_, "DELETE FROM passages WHERE id = ?").bind(id).run();
  }

  // Indexed before under this root and not seen now, but not below a folder that could not be read.
  Result<void> remove_vanished() {
    auto transaction = sql::Transaction::begin(database_);
    if (!transaction) return std::unexpected(transaction.error());
    for (const auto& [path, document] : known_) {
      bool unread = std::ranges::any_of(
          unread_folders_, [&](const std::string& folder) { return path.starts_with(folder); });
      if (seen_.contains(path) || unread) continue;
      sql::Statement passages(database_, "SELECT id FROM passages WHERE document = ?");
      passages.bind(document.id);
      std::vector<std::int64_t> ids;
      while (true) {
        auto row = passages.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        ids.push_back(passages.number(0));
      }
      for (std::int64_t id : ids) {
        if (auto removed = remove_passage(id); !removed) return removed;
      }
      if (auto removed = sql::Statement(database_, "DELETE FROM documents WHERE id = ?")
                             .bind(document.id)
                             .run();
          !removed)
        return removed;
      ++report_.files_removed;
    }
    return transaction->commit();
  }

  Result<void> count() {
    sql::Statement all(
        database_,
        "SELECT count(*) FROM passages p JOIN documents d ON d.id = p.document WHERE d.scope = ?");
    all.bind(scope_);
    if (auto row = all.step(); !row) return std::unexpected(row.error());
    report_.passages_total = static_cast<std::uint64_t>(all.number(0));
    all.reset();
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

  sql::Database& database_;
  const UpdateOptions& options_;
  const std::function<void(const UpdateProgress&)>& on_progress_;
  std::stop_token stop_;
  std::string root_;
  std::optional<std::string> single_;  // One file was named, not a folder.
  std::vector<FoundFile> files_;
  std::vector<std::string> unread_folders_;
  std::int64_t scope_ = 0;
  std::string table_;
  std::map<std::string, KnownDocument> known_;
  std::set<std::string> seen_;
  std::string binary_;
  UpdateProgress progress_;
  UpdateReport report_;
};

}  // namespace

Result<UpdateLock> UpdateLock::take(const fs::path& index_file, const std::stop_token& stop) {
  std::string path = index_file.string() + ".lock";
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(Errc::unavailable, "can't make {}: {}", path,
                std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  UpdateLock lock(fd);
  const Deadline give_up = Deadline::after(std::chrono::seconds(10));
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (give_up.passed()) {
      return fail(Errc::overloaded, "another process is updating {}: wait for it to end",
                  index_file.string());
    }
    if (!wait_unless_stopped(stop, Deadline::after(std::chrono::milliseconds(50))))
      return fail(Errc::cancelled, "interrupted while waiting for another update");
  }
  return lock;
}

UpdateLock::~UpdateLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<UpdateReport> update_scope(sql::Database& database, const fs::path& folder,
                                  const UpdateOptions& options,
                                  const std::function<void(const UpdateProgress&)>& on_progress,
                                  std::stop_token stop) {
  return Update(database, options, on_progress, std::move(stop)).run(folder);
}

}  // namespace leyden::retrieval
