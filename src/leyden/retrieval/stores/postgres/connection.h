#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/base/bytes.h"
#include "leyden/base/deadline.h"
#include "leyden/base/result.h"

struct pg_conn;
struct pg_result;

// PostgreSQL's protocol through libpq: values, rows, a connection.
namespace leyden::retrieval::postgres {

// A statement's values for $1, $2, ...
class Values {
 public:
  Values& add(std::string_view text);  // Without NUL.
  Values& add(std::int64_t number);
  Values& add_bytes(BytesView bytes);
  Values& add_numbers(std::span<const std::int64_t> numbers);  // bigint[], integer[]
  Values& add_reals(std::span<const double> numbers);          // float8[], each exactly
  Values& add_texts(std::span<const std::string> texts);       // text[], without NUL
  [[nodiscard]] const std::vector<std::string>& all() const { return values_; }

 private:
  std::vector<std::string> values_;
};

// "\x6869": bytes as SQL has them.
void append_bytes(std::string& out, BytesView bytes);

// The rows of an answer. Views live as long as it does; columns count from 0.
class Rows {
 public:
  explicit Rows(pg_result* result);
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool is_null(std::size_t row, int column) const;
  [[nodiscard]] std::int64_t number(std::size_t row, int column) const;    // Of any integer type.
  [[nodiscard]] double real(std::size_t row, int column) const;            // float8
  [[nodiscard]] std::string_view text(std::size_t row, int column) const;  // text, bytea

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

struct ConnectionOptions {
  std::string url;  // postgresql://...
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds call_timeout{30'000};  // Of one statement; the server ends it, too.
};

// Names server and database in messages. Errors: invalid_argument: no PostgreSQL URL (never repeats it: it may hold a password).
[[nodiscard]] Result<std::string> server_name(const std::string& url);

// One connection. No call outlasts its deadline (but for the name service's, within open()). Errors name host and database, never a
// password, a statement's values or text: unavailable (not reachable, refused, without rights, gone meanwhile), timed_out, overloaded (too
// many connections), not_found (no such database), corrupt (tables are not ours), internal. Confined to one thread.
class Connection {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const ConnectionOptions& options,
                                                                Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Result<Rows> run(const std::string& sql, const Values& values = {},
                                 Deadline deadline = Deadline::never());
  // COPY ... FROM STDIN, in its text format.
  [[nodiscard]] Result<void> copy(const std::string& sql, std::string_view data);

  // Nothing more comes from it: open another.
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  Connection(pg_conn* connection, std::string name, std::chrono::milliseconds call_timeout)
      : connection_(connection), name_(std::move(name)), call_timeout_(call_timeout) {}
  [[nodiscard]] Result<void> establish(Deadline deadline);
  [[nodiscard]] Result<void> wait(short events, Deadline deadline);
  [[nodiscard]] Result<void> flush(Deadline deadline);
  // The answer to what was sent, up to its end.
  [[nodiscard]] Result<Rows> receive(Deadline deadline);
  [[nodiscard]] std::unexpected<Error> gone();
  [[nodiscard]] std::unexpected<Error> too_late();
  [[nodiscard]] std::unexpected<Error> refused(const pg_result* result) const;
  [[nodiscard]] Deadline limit(Deadline deadline) const;

  pg_conn* connection_;
  std::string name_;
  std::chrono::milliseconds call_timeout_;
  bool lost_ = false;
};

// BEGIN ... COMMIT; rolled back when destroyed before.
class Transaction {
 public:
  enum class Kind { write, snapshot };
  [[nodiscard]] static Result<Transaction> begin(Connection& connection, Kind kind);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace leyden::retrieval::postgres
