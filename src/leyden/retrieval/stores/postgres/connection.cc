#include "leyden/retrieval/stores/postgres/connection.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <utility>

#include <libpq-fe.h>
#include <poll.h>

#include "leyden/base/utf8.h"

namespace leyden::retrieval::postgres {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

template <class T>
std::int64_t from_network(const char* bytes) {
  std::make_unsigned_t<T> out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out = static_cast<std::make_unsigned_t<T>>(out << 8) | static_cast<unsigned char>(bytes[i]);
  return static_cast<T>(out);
}

// What libpq or the server says, as one line without its prefix.
std::string sentence(const char* message) {
  std::string out = utf8::short_line(message == nullptr ? "" : message, 300);
  for (const std::string_view prefix : {"FATAL: ", "ERROR: "}) {
    if (const auto at = out.find(prefix); at != std::string::npos) out.erase(0, at + prefix.size());
  }
  return out;
}

}  // namespace

Values& Values::add(std::string_view text) {
  values_.emplace_back(text);
  return *this;
}

Values& Values::add(std::int64_t number) {
  values_.push_back(std::to_string(number));
  return *this;
}

Values& Values::add_bytes(BytesView bytes) {
  append_bytes(values_.emplace_back(), bytes);
  return *this;
}

Values& Values::add_numbers(std::span<const std::int64_t> numbers) {
  values_.push_back(fmt::format("{{{}}}", fmt::join(numbers, ",")));
  return *this;
}

Values& Values::add_reals(std::span<const double> numbers) {
  values_.push_back(fmt::format("{{{}}}", fmt::join(numbers, ",")));
  return *this;
}

Values& Values::add_texts(std::span<const std::string> texts) {
  std::string& out = values_.emplace_back("{");
  for (const std::string& text : texts) {
    out += out.size() == 1 ? "\"" : ",\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  out += '}';
  return *this;
}

void append_bytes(std::string& out, BytesView bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\x";
  for (const std::byte byte : bytes) {
    out += kHex[std::to_integer<unsigned>(byte) >> 4];
    out += kHex[std::to_integer<unsigned>(byte) & 15];
  }
}

Rows::Rows(pg_result* result) : result_(result) {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }
bool Rows::is_null(std::size_t row, int column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::int64_t Rows::number(std::size_t row, int column) const {
  const std::string_view bytes = text(row, column);
  switch (bytes.size()) {
    case 1:
      return bytes[0];
    case 2:
      return from_network<std::int16_t>(bytes.data());
    case 4:
      return from_network<std::int32_t>(bytes.data());
    case 8:
      return from_network<std::int64_t>(bytes.data());
    default:
      return 0;  // NULL.
  }
}

double Rows::real(std::size_t row, int column) const {
  return std::bit_cast<double>(number(row, column));
}

std::string_view Rows::text(std::size_t row, int column) const {
  return {PQgetvalue(result_.get(), static_cast<int>(row), column),
          static_cast<std::size_t>(PQgetlength(result_.get(), static_cast<int>(row), column))};
}

Result<std::string> server_name(const std::string& url) {
  char* problem = nullptr;
  const bool is_url = url.starts_with("postgresql://") || url.starts_with("postgres://");
  std::unique_ptr<PQconninfoOption, FreeOptions> options(
      is_url ? PQconninfoParse(url.c_str(), &problem) : nullptr);
  PQfreemem(problem);  // It quotes the URL.
  if (!options) {
    return fail(Errc::invalid_argument,
                "the index's URL must be as postgresql://user:password@host:5432/database, with "
                "special characters of its parts as %XX");
  }
  std::string host = "this machine";
  std::string database;
  std::string user;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string_view key = option->keyword;
    if (key == "host") host = option->val;
    if (key == "port") host += fmt::format(":{}", option->val);
    if (key == "dbname") database = option->val;
    if (key == "user") user = option->val;
  }
  if (database.empty()) database = user.empty() ? "the user's" : user;
  return utf8::one_line(fmt::format("PostgreSQL at {}, database {}", host, database));
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options,
                                                     Deadline deadline) {
  auto name = server_name(options.url);
  if (!name) return std::unexpected(name.error());
  // Those after dbname go before the URL's own, those before it behind.
  const char* keys[] = {
      "application_name", "keepalives_idle", "keepalives_interval", "keepalives_count",
      "tcp_user_timeout", "dbname",          "client_encoding",     nullptr};
  const char* values[] = {"leyden", "10", "5", "3", "30000", options.url.c_str(), "UTF8", nullptr};
  std::unique_ptr<Connection> out(new Connection(PQconnectStartParams(keys, values, 1),
                                                 *std::move(name), options.call_timeout));
  const Deadline connected =
      Deadline::at(std::min(deadline.when(), Deadline::after(options.connect_timeout).when()));
  if (auto done = out->establish(connected); !done) return std::unexpected(done.error());
  // Ends what the server still computes when nobody waits any more. And no statement of ours takes so long that compiling it to machine
  // code would pay. Not among the startup packet's options: poolers refuse those.
  auto set =
      out->run("SELECT set_config('statement_timeout', $1, false), set_config('jit', 'off', false)",
               Values().add(std::to_string(options.call_timeout.count())), connected);
  if (!set) return std::unexpected(set.error());
  return out;
}

Connection::~Connection() { PQfinish(connection_); }

Result<void> Connection::establish(Deadline deadline) {
  if (connection_ == nullptr) return fail(Errc::unavailable, "{}: no memory", name_);
  auto step =
      PQstatus(connection_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (step != PGRES_POLLING_OK) {
    if (step == PGRES_POLLING_FAILED) {
      lost_ = true;
      const std::string why = sentence(PQerrorMessage(connection_));
      if (PQconnectionNeedsPassword(connection_) != 0)
        return fail(Errc::unavailable, "{}: it wants a password, and the URL has none", name_);
      const bool full = why.find("too many") != std::string::npos;
      return fail(full ? Errc::overloaded : Errc::unavailable, "{}: {}", name_, why);
    }
    auto ready = wait(step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
    if (!ready) return ready;
    step = PQconnectPoll(connection_);
  }
  if (PQsetnonblocking(connection_, 1) != 0) return gone();
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  return {};
}

Result<void> Connection::wait(short events, Deadline deadline) {
  while (true) {
    pollfd one{.fd = PQsocket(connection_), .events = events, .revents = 0};
    if (one.fd < 0) return gone();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<Deadline::SteadyClock::duration>(deadline.left(), std::chrono::hours(1)));
    const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return gone();
    if (deadline.passed()) return too_late();
  }
}

Result<void> Connection::flush(Deadline deadline) {
  while (true) {
    const int left = PQflush(connection_);
    if (left < 0) return gone();
    if (left == 0) return {};
    if (auto ready = wait(POLLIN | POLLOUT, deadline); !ready) return ready;
    if (PQconsumeInput(connection_) == 0) return gone();
  }
}

Result<Rows> Connection::receive(Deadline deadline) {
  Rows last(nullptr);
  Result<void> good;
  while (true) {
    while (PQisBusy(connection_) != 0) {
      if (auto ready = wait(POLLIN, deadline); !ready) return std::unexpected(ready.error());
      if (PQconsumeInput(connection_) == 0) return gone();
    }
    pg_result* result = PQgetResult(connection_);
    if (result == nullptr) break;
    Rows rows(result);
    const auto status = PQresultStatus(result);
    if (status == PGRES_COPY_IN) return rows;  // It has no end before the data's.
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && good) good = refused(result);
    last = std::move(rows);
  }
  if (PQstatus(connection_) == CONNECTION_BAD) return gone();
  if (!good) return std::unexpected(good.error());
  return last;
}

Result<Rows> Connection::run(const std::string& sql, const Values& values, Deadline deadline) {
  if (lost_) return gone();
  deadline = limit(deadline);
  std::vector<const char*> pointers;
  for (const std::string& value : values.all()) pointers.push_back(value.c_str());
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(pointers.size()), nullptr,
                        pointers.data(), nullptr, nullptr, 1) == 0)
    return gone();
  if (auto sent = flush(deadline); !sent) return std::unexpected(sent.error());
  return receive(deadline);
}

Result<void> Connection::copy(const std::string& sql, std::string_view data) {
  const Deadline deadline = limit(Deadline::never());
  if (auto begun = run(sql, {}, deadline); !begun) return std::unexpected(begun.error());
  constexpr std::size_t kPiece = 64 * 1024;
  for (std::size_t at = 0; at < data.size();) {
    const std::string_view piece = data.substr(at, kPiece);
    const int put = PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size()));
    if (put < 0) return gone();
    if (put > 0) at += piece.size();
    if (auto sent = flush(deadline); !sent) return sent;
  }
  while (true) {
    const int ended = PQputCopyEnd(connection_, nullptr);
    if (ended < 0) return gone();
    if (auto sent = flush(deadline); !sent) return sent;
    if (ended > 0) break;
  }
  auto answer = receive(deadline);
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Deadline Connection::limit(Deadline deadline) const {
  return Deadline::at(std::min(deadline.when(), Deadline::after(call_timeout_).when()));
}

std::unexpected<Error> Connection::gone() {
  lost_ = true;
  return fail(Errc::unavailable, "{}: the connection was lost", name_);
}

std::unexpected<Error> Connection::too_late() {
  lost_ = true;  // Its answer would be taken for the next statement's.
  return fail(Errc::timed_out, "{}: no answer in time", name_);
}

std::unexpected<Error> Connection::refused(const pg_result* result) const {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  // These name tables, roles and limits; other messages may quote what was sent.
  const std::string why = sentence(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  if (state == "57014") return fail(Errc::timed_out, "{}: no answer in time", name_);
  if (state == "42501") return fail(Errc::unavailable, "{}: {}: GRANT it", name_, why);
  if (state.starts_with("53"))
    return fail(state == "53300" ? Errc::overloaded : Errc::unavailable, "{}: {}", name_, why);
  if (state.starts_with("57P") || state.starts_with("08") || state.starts_with("25"))
    return fail(Errc::unavailable, "{}: {}", name_, why);
  if (state.starts_with("40") || state == "55P03")
    return fail(Errc::unavailable, "{}: others write what this would: try again", name_);
  if (state == "42P01" || state == "42703" || state == "3F000")
    return fail(Errc::corrupt,
                "{}: its schema leyden is not as Leyden made it ({}): drop it and index again",
                name_, why);
  return fail(Errc::internal, "{}: a statement failed, SQLSTATE {}", name_, state);
}

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
  auto begun = connection.run(kind == Kind::write
                                  ? "BEGIN"
                                  : "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!begun) return std::unexpected(begun.error());
  return Transaction(connection);
}

Result<void> Transaction::commit() {
  auto committed = std::exchange(connection_, nullptr)->run("COMMIT");
  if (!committed) return std::unexpected(committed.error());
  return {};
}

Transaction::~Transaction() {
  if (connection_ != nullptr && !connection_->lost()) (void)connection_->run("ROLLBACK");
}

}  // namespace leyden::retrieval::postgres
