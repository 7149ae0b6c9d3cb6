#include "storage/sqlite_rows.h"

#include <sqlite3.h>

#include "base/checksum.h"
#include "base/wire.h"

namespace hikyaku::storage {
namespace {

constexpr const char* tables =
    "CREATE TABLE IF NOT EXISTS kv(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS requests(slot INTEGER PRIMARY KEY, version INTEGER NOT NULL, request BLOB NOT NULL,"
    " allocated BLOB NOT NULL);"
    "PRAGMA user_version=1;";

std::uint64_t hash(std::string_view request) {
  return request.empty() ? 0 : std::max<std::uint64_t>(checksum(request), 1);
}

}  // namespace

StoreResult<> SqliteRows::open(SqliteDatabase& database, std::uint32_t remembered_requests) {
  database_ = &database;
  TRY(written_by, database.number("PRAGMA user_version"));
  if (written_by > format)
    return failure(StoreError{StoreFailure::Broken, "the index has format " + std::to_string(written_by) +
                                                        ", written by a newer program: run that one"});
  if (written_by == 0) {
    TRY_VOID(database.run("BEGIN IMMEDIATE"));
    auto made = database.run(tables);
    if (made) made = database.run("COMMIT");
    if (!made) {
      static_cast<void>(database.run("ROLLBACK"));
      return made;
    }
  }
  const std::pair<Statement*, const char*> statements[] = {
      {&get_, "SELECT value FROM kv WHERE key=?1"},
      {&put_, "INSERT INTO kv VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=excluded.value"},
      {&erase_, "DELETE FROM kv WHERE key=?1"},
      {&erase_range_, "DELETE FROM kv WHERE key>=?1 AND key<?2"},
      {&erase_from_, "DELETE FROM kv WHERE key>=?1"},
      {&scan_[0], "SELECT key,value FROM kv WHERE key>=?1 AND key<?2 ORDER BY key"},
      {&scan_[1], "SELECT key,value FROM kv WHERE key>=?1 ORDER BY key"},
      {&scan_[2], "SELECT key,value FROM kv WHERE key>=?1 AND key<?2 ORDER BY key DESC"},
      {&scan_[3], "SELECT key,value FROM kv WHERE key>=?1 ORDER BY key DESC"},
      {&request_at_, "SELECT version,request,allocated FROM requests WHERE slot=?1"},
      {&all_requests_, "SELECT version,request FROM requests"},
      {&remember_, "REPLACE INTO requests VALUES(?1,?2,?3,?4)"},
      {&begin_, "BEGIN"},
      {&begin_immediate_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
  };
  for (const auto& [statement, sql] : statements) TRY_VOID(database.prepare(*statement, sql));
  request_hash_.assign(remembered_requests, 0);
  forget();
  return {};
}

void SqliteRows::close() {
  for (auto* statement : {&get_, &put_, &erase_, &erase_range_, &erase_from_, &scan_[0], &scan_[1], &scan_[2], &scan_[3],
                          &request_at_, &all_requests_, &remember_, &begin_, &begin_immediate_, &commit_, &rollback_})
    *statement = Statement();
  forget();
}

StoreResult<> SqliteRows::step_done(Query& query) {
  if (const int code = query.step(); code != SQLITE_DONE) return failure(database_->error(code));
  return {};
}

StoreResult<std::optional<std::string>> SqliteRows::get(std::string_view key) {
  Query query(get_);
  const int code = query.bind(key).step();
  if (code == SQLITE_DONE) return std::optional<std::string>{};
  if (code != SQLITE_ROW) return failure(database_->error(code));
  return std::string(query.octets(0));
}

StoreResult<> SqliteRows::put(std::string_view key, std::string_view value) {
  Query query(put_);
  return step_done(query.bind(key).bind(value));
}

StoreResult<> SqliteRows::erase(std::string_view key) {
  Query query(erase_);
  return step_done(query.bind(key));
}

StoreResult<> SqliteRows::erase_range(std::string_view from, std::string_view until) {
  Query query(until.empty() ? erase_from_ : erase_range_);
  query.bind(from);
  if (!until.empty()) query.bind(until);
  return step_done(query);
}

StoreResult<Page> SqliteRows::scan(const Scan& range) {
  Query query(scan_[(range.backwards ? 2 : 0) + (range.until.empty() ? 1 : 0)]);
  query.bind(range.from);
  if (!range.until.empty()) query.bind(range.until);
  Page page;
  std::size_t octets = 0;
  int code = query.step();
  for (; code == SQLITE_ROW; code = query.step()) {
    const auto key = query.octets(0), value = query.octets(1);
    octets += key.size() + value.size();
    page.more = !page.rows.empty() && (page.rows.size() >= range.limit_rows || octets > range.limit_octets);
    if (page.more) return page;
    page.rows.push_back({std::string(key), std::string(value)});
  }
  if (code != SQLITE_DONE) return failure(database_->error(code));
  return page;
}

StoreResult<Version> SqliteRows::catch_up() {
  while (loaded_) {
    Query query(request_at_);
    const int code = query.bind((version_ + 1) % request_hash_.size()).step();
    if (code != SQLITE_DONE && code != SQLITE_ROW) return failure(database_->error(code));
    if (code == SQLITE_DONE || query.number(0) <= version_) return Version(version_);
    if (query.number(0) > version_ + 1) break;
    ++version_;
    request_hash_[version_ % request_hash_.size()] = hash(query.octets(1));
  }
  TRY_VOID(load());
  return Version(version_);
}

StoreResult<> SqliteRows::load() {
  std::ranges::fill(request_hash_, 0);
  version_ = 0;
  Query query(all_requests_);
  int code = query.step();
  for (; code == SQLITE_ROW; code = query.step()) {
    const auto version = query.number(0);
    version_ = std::max(version_, version);
    request_hash_[version % request_hash_.size()] = hash(query.octets(1));
  }
  if (code != SQLITE_DONE) return failure(database_->error(code));
  loaded_ = true;
  return {};
}

StoreResult<std::optional<Committed>> SqliteRows::find(const RequestId& request) {
  const auto wanted = hash(request.value());
  if (wanted == 0) return std::nullopt;
  auto at = request_hash_.begin();
  while ((at = std::find(at, request_hash_.end(), wanted)) != request_hash_.end()) {
    Query query(request_at_);
    const int code = query.bind(static_cast<std::uint64_t>(at++ - request_hash_.begin())).step();
    if (code != SQLITE_ROW) return failure(database_->error(code));
    if (query.octets(1) != request.value()) continue;
    Committed outcome{Version(query.number(0)), {}, true};
    WireReader in(query.octets(2));
    while (!in.broken() && !in.complete()) outcome.first_allocated.push_back(in.varint());
    if (in.broken()) return failure(StoreError{StoreFailure::Broken, "a remembered request is damaged"});
    return outcome;
  }
  return std::nullopt;
}

StoreResult<Committed> SqliteRows::remember(const RequestId& request, std::vector<std::uint64_t> first_allocated) {
  WireWriter allocated;
  for (const auto number : first_allocated) allocated.varint(number);
  const auto version = version_ + 1, slot = version % request_hash_.size();
  Query query(remember_);
  TRY_VOID(step_done(query.bind(slot).bind(version).bind(request.value()).bind(allocated.bytes())));
  version_ = version;
  request_hash_[slot] = hash(request.value());
  return Committed{Version(version), std::move(first_allocated), false};
}

StoreResult<> SqliteRows::erase_all() {
  forget();
  return database_->run("DELETE FROM kv; DELETE FROM requests;");
}

}  // namespace hikyaku::storage
