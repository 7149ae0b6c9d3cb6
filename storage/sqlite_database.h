// One SQLite connection and its prepared statements, as C++ objects. Errors come as StoreError; waits for another
// process's lock end at the deadline set. Not thread-safe: the owner has a lock.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/engine.h"

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace hikyaku::storage {

class SqliteDatabase;

// A prepared statement. Use: Query(statement).bind(...).step(); the Query's end resets it.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement();

 private:
  friend class Query;
  sqlite3_stmt* statement_ = nullptr;
};

// One run of a Statement. Octets given are not copied: they must live until the end of the Query.
class Query {
 public:
  explicit Query(Statement& statement) : statement_(statement.statement_) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::string_view octets);
  Query& bind(std::uint64_t number);
  // SQLITE_ROW, SQLITE_DONE or an error code.
  int step();
  // Of the current row, valid until the next step.
  [[nodiscard]] std::string_view octets(int column) const;
  [[nodiscard]] std::uint64_t number(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class SqliteDatabase {
 public:
  SqliteDatabase() = default;
  ~SqliteDatabase() { close(); }
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Makes the file when missing. `vfs`: a registered name, empty for SQLite's own.
  StoreResult<> open(const std::string& path, const std::string& vfs);
  void close();
  [[nodiscard]] bool is_open() const { return connection_ != nullptr; }

  StoreResult<> run(const char* sql);
  // The one number that `sql` answers.
  StoreResult<std::uint64_t> number(const char* sql);
  StoreResult<> prepare(Statement& into, const char* sql);
  // Runs a statement that answers no rows.
  StoreResult<> run(Statement& statement);

  void set_deadline(Deadline deadline) { deadline_ = deadline; }
  [[nodiscard]] int changes() const;  // rows changed since open
  [[nodiscard]] bool in_transaction() const;
  // Calls of SQLite that failed since open.
  [[nodiscard]] std::uint64_t errors() const { return errors_; }
  // What the last failing call says, counted. FULL is NoSpace, BUSY is Timeout, all else Broken.
  [[nodiscard]] StoreError error(int code);

  // Copies as much of the write-ahead log into the database file as readers permit, both flushed; with Truncate the log
  // becomes empty too, when nobody reads it. The caller holds the partition's lock. Frames left in the log.
  enum class Checkpoint : std::uint8_t { Copy, Truncate };
  StoreResult<std::uint32_t> checkpoint(Checkpoint how);
  // The log's file, or null while there is none.
  [[nodiscard]] sqlite3_file* log_file() const;
  // Frames in the log after this connection's last commit; 0 before its first.
  [[nodiscard]] std::uint32_t log_frames() const { return log_frames_; }

 private:
  static int wait_for_lock(void* self, int tries);
  static int after_commit(void* self, sqlite3*, const char*, int frames);

  sqlite3* connection_ = nullptr;
  Deadline deadline_{};
  std::uint32_t log_frames_ = 0;
  std::uint64_t errors_ = 0;
};

}  // namespace hikyaku::storage
