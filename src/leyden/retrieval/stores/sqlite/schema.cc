#include "leyden/retrieval/stores/sqlite/schema.h"

#include "leyden/retrieval/vectors/vector_store.h"

namespace leyden::retrieval {
namespace {

// Every scope has words of its own: its word statistics are its own, too. Passages' ids only grow and are never given again: postings
// are appended, and what is kept elsewhere under such an id never means another passage. Texts stand apart from
// the passages, so that a page of the file holds many of these.
constexpr const char* kTables = R"(
CREATE TABLE documents(
  id INTEGER PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scopes(id), root BLOB NOT NULL, path BLOB NOT NULL, name TEXT NOT NULL,
  language TEXT NOT NULL, chunking TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  read_ns INTEGER NOT NULL, UNIQUE(scope, root, path));
CREATE INDEX documents_by_name ON documents(scope, name, language);
CREATE INDEX documents_by_language ON documents(scope, language);
CREATE TABLE passages(
  id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents(id), first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL, bytes INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX passages_of_document ON passages(document);
CREATE TABLE texts(passage INTEGER PRIMARY KEY REFERENCES passages(id), context TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE words(
  scope INTEGER NOT NULL, word TEXT NOT NULL, passages INTEGER NOT NULL, frequency_max INTEGER NOT NULL, length_code_min INTEGER NOT NULL,
  tail BLOB NOT NULL, PRIMARY KEY(scope, word)) WITHOUT ROWID;
CREATE TABLE postings(
  scope INTEGER NOT NULL, word TEXT NOT NULL, last INTEGER NOT NULL, block BLOB NOT NULL, PRIMARY KEY(scope, word, last)) WITHOUT ROWID;
)";

// `length`: of all its passages, in halves of a word.
constexpr const char* kScopes = R"(
CREATE TABLE scopes(
  id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, collection TEXT NOT NULL, passages INTEGER NOT NULL DEFAULT 0,
  length INTEGER NOT NULL DEFAULT 0, UNIQUE(tenant, collection));
CREATE TABLE refill(scope INTEGER NOT NULL REFERENCES scopes(id), root BLOB NOT NULL, PRIMARY KEY(scope, root)) WITHOUT ROWID;
)";

// Version 1 kept words in FTS5 tables and said neither language nor chunking. What can be read again is not converted: the folders
// that were indexed are noted, and searches say that they are to be indexed again. The next update drops the old tables.
constexpr const char* kFromVersion1 = R"(
CREATE TABLE refill(scope INTEGER NOT NULL REFERENCES scopes(id), root BLOB NOT NULL, PRIMARY KEY(scope, root)) WITHOUT ROWID;
INSERT INTO refill SELECT DISTINCT scope, root FROM documents;
ALTER TABLE scopes ADD COLUMN passages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
DROP TABLE passages;
DROP TABLE documents;
)";

}  // namespace

const sql::FileKind& index_file_kind() {
  static const sql::FileKind kind{
      .application_id = 0x4C59444E,  // "LYDN"
      .schema_version = 2,
      .schema = std::string(kScopes) + kTables + std::string(kVectorSchema),
      .upgrades = {std::string(kFromVersion1) + kTables + std::string(kVectorSchema)},
      .when_damaged = "delete it and run `leyden index` again",
      .when_absent = " is not there, nothing is indexed yet: run `leyden index FOLDER` first"};
  return kind;
}

}  // namespace leyden::retrieval
