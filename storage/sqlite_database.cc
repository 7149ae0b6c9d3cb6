#include "storage/sqlite_database.h"

#include <sqlite3.h>

#include <thread>

namespace hikyaku::storage {

Statement::~Statement() { sqlite3_finalize(statement_); }

Query::~Query() { sqlite3_reset(statement_); }

Query& Query::bind(std::string_view octets) {
  // A null pointer would bind NULL instead of an empty blob.
  sqlite3_bind_blob64(statement_, ++bound_, octets.data() == nullptr ? "" : octets.data(), octets.size(), SQLITE_STATIC);
  return *this;
}

Query& Query::bind(std::uint64_t number) {
  sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(number));
  return *this;
}

int Query::step() { return sqlite3_step(statement_); }

std::string_view Query::octets(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::uint64_t Query::number(int column) const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column)); }

StoreResult<> SqliteDatabase::open(const std::string& path, const std::string& vfs) {
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &connection_, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    auto problem = error(code);
    close();
    return failure(std::move(problem));
  }
  sqlite3_extended_result_codes(connection_, 1);
  sqlite3_busy_handler(connection_, &SqliteDatabase::wait_for_lock, this);
  // In place of automatic checkpoints; the pragma that turns those off would remove the hook again.
  sqlite3_wal_hook(connection_, &SqliteDatabase::after_commit, this);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // io::Disk promises nothing about the rest of a sector that an unflushed write shares: the end of a commit is padded.
  int powersafe_overwrite = 0;
  sqlite3_file_control(connection_, "main", SQLITE_FCNTL_POWERSAFE_OVERWRITE, &powersafe_overwrite);
  return {};
}

void SqliteDatabase::close() {
  sqlite3_close_v2(connection_);
  connection_ = nullptr;
  log_frames_ = 0;
}

StoreResult<> SqliteDatabase::run(const char* sql) {
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(error(code));
  return {};
}

StoreResult<std::uint64_t> SqliteDatabase::number(const char* sql) {
  Statement statement;
  TRY_VOID(prepare(statement, sql));
  Query query(statement);
  const int code = query.step();
  if (code != SQLITE_ROW) return failure(error(code));
  return query.number(0);
}

StoreResult<> SqliteDatabase::prepare(Statement& into, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  into = Statement(statement);
  if (code != SQLITE_OK) return failure(error(code));
  return {};
}

StoreResult<> SqliteDatabase::run(Statement& statement) {
  const int code = Query(statement).step();
  if (code != SQLITE_DONE && code != SQLITE_ROW) return failure(error(code));
  return {};
}

int SqliteDatabase::changes() const { return sqlite3_total_changes(connection_); }
bool SqliteDatabase::in_transaction() const { return is_open() && sqlite3_get_autocommit(connection_) == 0; }

StoreError SqliteDatabase::error(int code) {
  ++errors_;
  const char* what = connection_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection_);
  const char* name = connection_ == nullptr ? "" : sqlite3_db_filename(connection_, "main");
  auto text = std::string(name == nullptr ? "" : name) + ": " + what + " (" + std::to_string(code) + ")";
  switch (code & 0xff) {
    case SQLITE_FULL: return {StoreFailure::NoSpace, std::move(text)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {StoreFailure::Timeout, std::move(text)};
    default: return {StoreFailure::Broken, std::move(text)};
  }
}

StoreResult<std::uint32_t> SqliteDatabase::checkpoint(Checkpoint how) {
  int in_log = 0, copied = 0;
  set_deadline({});  // readers are not waited for: what they hold up is copied next time
  const int mode = how == Checkpoint::Truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(connection_, "main", mode, &in_log, &copied);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return failure(error(code));
  // A truncation is as volatile as a write, and old frames must not come back behind a new header.
  auto* log = log_file();
  if (how == Checkpoint::Truncate && code == SQLITE_OK && log != nullptr)
    if (const int flushed = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL); flushed != SQLITE_OK) return failure(error(flushed));
  return static_cast<std::uint32_t>(std::max(in_log - copied, 0));
}

sqlite3_file* SqliteDatabase::log_file() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return file == nullptr || file->pMethods == nullptr ? nullptr : file;
}

int SqliteDatabase::wait_for_lock(void* self, int) {
  const auto* database = static_cast<SqliteDatabase*>(self);
  if (std::chrono::steady_clock::now() >= database->deadline_) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return 1;
}

int SqliteDatabase::after_commit(void* self, sqlite3*, const char*, int frames) {
  static_cast<SqliteDatabase*>(self)->log_frames_ = static_cast<std::uint32_t>(frames);
  return SQLITE_OK;
}

}  // namespace hikyaku::storage
