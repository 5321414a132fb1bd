#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "leyden/base/deadline.h"
#include "leyden/base/result.h"
#include "leyden/retrieval/stores/sqlite/word_search.h"
#include "leyden/retrieval/words.h"
#include "leyden/sql/database.h"

namespace leyden::retrieval {

// A connection for searches with what it keeps from one to the next. One thread's at a time.
struct Reader {
  explicit Reader(sql::Database opened) : database(std::move(opened)), words(database) {}
  sql::Database database;
  WordSearch words;
  WordSplitter splitter;
};

// As many readers as may search at once, opened when first needed. Whoever asks for one when all are in use waits, in the order
// of asking. Thread-safe; outlives what it has lent.
class ReaderPool {
 public:
  ReaderPool(std::filesystem::path file, sql::Database first, std::size_t readers_max);

  class Lent {
   public:
    Lent(ReaderPool& pool, std::unique_ptr<Reader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Lent(Lent&&) noexcept = default;
    Lent& operator=(Lent&&) = delete;
    ~Lent() {
      if (reader_) pool_->give_back(std::move(reader_));
    }
    Reader* operator->() const { return reader_.get(); }
    Reader& operator*() const { return *reader_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Reader> reader_;
  };
  // Errors: timed_out: no reader came free in time; those of opening the file.
  [[nodiscard]] Result<Lent> take(Deadline deadline);

 private:
  struct Waiter {
    std::condition_variable called;
    bool is_called = false;  // A place is its own: an idle reader, or leave to open one.
  };
  void give_back(std::unique_ptr<Reader> reader);

  std::filesystem::path file_;
  std::size_t readers_max_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_;
  std::size_t in_use_ = 0;
  std::list<Waiter> waiting_;
};

}  // namespace leyden::retrieval
