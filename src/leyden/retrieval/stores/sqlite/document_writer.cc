#include "leyden/retrieval/stores/sqlite/document_writer.h"

#include <map>
#include <vector>

namespace leyden::retrieval {

DocumentWriter::DocumentWriter(sql::Database& database, std::int64_t scope)
    : database_(database),
      scope_(scope),
      postings_(database, scope),
      add_document_(database,
                    "INSERT INTO documents(scope, root, path, name, language, chunking, digest, "
                    "size, mtime_ns, read_ns) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      change_document_(database,
                       "UPDATE documents SET language = ?, chunking = ?, digest = ?, size = ?, "
                       "mtime_ns = ?, read_ns = ? WHERE id = ?"),
      touch_document_(database,
                      "UPDATE documents SET size = ?, mtime_ns = ?, read_ns = ? WHERE id = ?"),
      name_of_document_(database, "SELECT name FROM documents WHERE id = ?"),
      remove_document_(database, "DELETE FROM documents WHERE id = ?"),
      passages_of_(database, "SELECT id, content FROM passages WHERE document = ? ORDER BY id"),
      add_passage_(database,
                   "INSERT INTO passages(document, first_line, last_line, bytes, content) "
                   "VALUES(?, ?, ?, ?, ?)"),
      add_text_(database, "INSERT INTO texts(passage, context, text) VALUES(?, ?, ?)"),
      move_passage_(database, "UPDATE passages SET first_line = ?, last_line = ? WHERE id = ?"),
      find_text_(database, "SELECT context, text FROM texts WHERE passage = ?"),
      remove_text_(database, "DELETE FROM texts WHERE passage = ?"),
      remove_passage_(database, "DELETE FROM passages WHERE id = ?"),
      change_totals_(
          database, "UPDATE scopes SET passages = passages + ?, length = length + ? WHERE id = ?") {
}

Result<void> DocumentWriter::put(std::int64_t id, const DocumentRecord& record,
                                 std::span<const PassageDraft> passages) {
  std::multimap<Digest, std::int64_t> old;
  if (id == 0) {
    if (auto added = add_document_.bind(scope_)
                         .bind(as_bytes(record.root))
                         .bind(as_bytes(record.path))
                         .bind(record.name)
                         .bind(record.language)
                         .bind(record.chunking)
                         .bind(record.digest.bytes)
                         .bind(record.size)
                         .bind(record.mtime_ns)
                         .bind(record.read_ns)
                         .run();
        !added)
      return added;
    id = database_.last_insert_id();
  } else {
    if (auto changed = change_document_.bind(record.language)
                           .bind(record.chunking)
                           .bind(record.digest.bytes)
                           .bind(record.size)
                           .bind(record.mtime_ns)
                           .bind(record.read_ns)
                           .bind(id)
                           .run();
        !changed)
      return changed;
    passages_of_.bind(id);
    while (true) {
      auto row = passages_of_.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      old.emplace(Digest::from_bytes(passages_of_.blob(1)).value_or(Digest{}),
                  passages_of_.number(0));
    }
  }
  for (const PassageDraft& passage : passages) {
    if (auto same = old.find(passage.content); same != old.end()) {
      if (auto moved = move_passage_.bind(static_cast<std::int64_t>(passage.first_line))
                           .bind(static_cast<std::int64_t>(passage.last_line))
                           .bind(same->second)
                           .run();
          !moved)
        return moved;
      old.erase(same);
      ++counts_.kept;
      continue;
    }
    if (auto added = add_passage(id, record.name, passage); !added) return added;
  }
  for (const auto& [content, passage] : old) {
    if (auto removed = remove_passage(passage, record.name); !removed) return removed;
  }
  return {};
}

Result<void> DocumentWriter::add_passage(std::int64_t document, std::string_view name,
                                         const PassageDraft& passage) {
  const std::int64_t length =
      postings_.count({.name = name, .context = passage.context, .text = passage.text});
  if (auto added = add_passage_.bind(document)
                       .bind(static_cast<std::int64_t>(passage.first_line))
                       .bind(static_cast<std::int64_t>(passage.last_line))
                       .bind(static_cast<std::int64_t>(passage.text.size()))
                       .bind(passage.content.bytes)
                       .run();
      !added)
    return added;
  const std::int64_t id = database_.last_insert_id();
  postings_.add(id);
  if (auto added = add_text_.bind(id).bind(passage.context).bind(passage.text).run(); !added)
    return added;
  ++counts_.added;
  ++passages_change_;
  length_change_ += length;
  return {};
}

Result<void> DocumentWriter::remove_passage(std::int64_t id, std::string_view name) {
  find_text_.bind(id);
  auto found = find_text_.step();
  if (!found) return std::unexpected(found.error());
  if (!*found)
    return fail(Errc::corrupt,
                "the index holds a passage without text: delete it and run `leyden index` again");
  length_change_ -=
      postings_.count({.name = name, .context = find_text_.text(0), .text = find_text_.text(1)});
  postings_.remove(id);
  --passages_change_;
  ++counts_.removed;
  find_text_.reset();
  if (auto removed = remove_text_.bind(id).run(); !removed) return removed;
  return remove_passage_.bind(id).run();
}

Result<void> DocumentWriter::touch(std::int64_t id, const DocumentRecord& record) {
  return touch_document_.bind(record.size)
      .bind(record.mtime_ns)
      .bind(record.read_ns)
      .bind(id)
      .run();
}

Result<void> DocumentWriter::remove(std::int64_t id) {
  name_of_document_.bind(id);
  auto found = name_of_document_.step();
  if (!found) return std::unexpected(found.error());
  const std::string name(name_of_document_.text(0));
  name_of_document_.reset();
  std::vector<std::int64_t> passages;
  passages_of_.bind(id);
  while (true) {
    auto row = passages_of_.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    passages.push_back(passages_of_.number(0));
  }
  for (const std::int64_t passage : passages) {
    if (auto removed = remove_passage(passage, name); !removed) return removed;
  }
  return remove_document_.bind(id).run();
}

Result<void> DocumentWriter::flush() {
  if (auto flushed = postings_.flush(); !flushed) return flushed;
  if (auto changed = change_totals_.bind(passages_change_).bind(length_change_).bind(scope_).run();
      !changed)
    return changed;
  passages_change_ = 0;
  length_change_ = 0;
  return {};
}

}  // namespace leyden::retrieval
