// SqliteRows: the rows of one partition in its database, and the log of its last commits with their request ids.
//
//   kv(key, value)                                  the partition's map
//   requests(slot, version, request, allocated)     a ring: the commit with version v lies at slot v % remembered
//
// The partition's version is the largest in the ring, so a commit writes no row for it alone.
#pragma once

#include "storage/batch.h"
#include "storage/sqlite_database.h"

namespace hikyaku::storage {

class SqliteRows final : public Rows {
 public:
  static constexpr std::uint64_t format = 1;  // PRAGMA user_version; 0: an empty file

  // Makes the tables in a new file. Broken for a file of a newer format. The caller holds the partition's lock.
  StoreResult<> open(SqliteDatabase& database, std::uint32_t remembered_requests);
  // Before the database is closed.
  void close();

  StoreResult<std::optional<std::string>> get(std::string_view key) override;
  StoreResult<> put(std::string_view key, std::string_view value) override;
  StoreResult<> erase(std::string_view key) override;
  StoreResult<> erase_range(std::string_view from, std::string_view until) override;
  StoreResult<Page> scan(const Scan& range);

  // Reads what other connections committed since the last call; the version now. Inside the transaction it is for.
  StoreResult<Version> catch_up();
  [[nodiscard]] Version version() const { return Version(version_); }
  // What a commit with that request id was answered, when it is among the remembered ones.
  StoreResult<std::optional<Committed>> find(const RequestId& request);
  StoreResult<Committed> remember(const RequestId& request, std::vector<std::uint64_t> first_allocated);
  // After a rollback: what was remembered since may be void.
  void forget() { loaded_ = false; }

  [[nodiscard]] Statement& begin() { return begin_; }
  [[nodiscard]] Statement& begin_immediate() { return begin_immediate_; }
  [[nodiscard]] Statement& commit() { return commit_; }
  [[nodiscard]] Statement& rollback() { return rollback_; }

  // Removes everything: afterwards the file is a partition to which nothing was ever committed.
  StoreResult<> erase_all();

 private:
  StoreResult<> load();
  StoreResult<> step_done(Query& query);

  SqliteDatabase* database_ = nullptr;
  Statement get_, put_, erase_, erase_range_, erase_from_;
  Statement scan_[4];  // forwards, forwards to the end, backwards, backwards from the end
  Statement request_at_, all_requests_, remember_;
  Statement begin_, begin_immediate_, commit_, rollback_;
  std::uint64_t version_ = 0;
  bool loaded_ = false;
  std::vector<std::uint64_t> request_hash_;  // by slot; 0: none
};

}  // namespace hikyaku::storage
