#include "storage/sqlite_partition.h"

#include <sqlite3.h>

#include <new>
#include <thread>

#include "base/checksum.h"

namespace hikyaku::storage {
namespace {

void initialize_page(void* data) { (new (data) PartitionPage{})->lock.initialize(); }

}  // namespace

StoreError store_error(io::DiskError error) {
  switch (error.kind) {
    case io::DiskFailure::NotFound: return {StoreFailure::NotFound, std::move(error.what)};
    case io::DiskFailure::NoSpace: return {StoreFailure::NoSpace, std::move(error.what)};
    default: return {StoreFailure::Broken, std::move(error.what)};
  }
}

StoreResult<std::shared_ptr<SqlitePartition>> SqlitePartition::open(const SqliteHome& home, const PartitionName& name) {
  const auto folder = home.root + "/" + name.value();
  if (auto made = home.disk.make_folder(folder); !made) return failure(store_error(std::move(made.error())));
  if (home.sharing == Sharing::ThisProcess) {
    const auto key = std::to_string(reinterpret_cast<std::uintptr_t>(&home.disk)) + folder;
    auto page = SharedPage::in_this_process(key, sizeof(PartitionPage), initialize_page);
    return std::make_shared<SqlitePartition>(home, name, std::move(page));
  }
  TRY(page, SharedPage::map_file(folder + "/index.lock", sizeof(PartitionPage), initialize_page));
  return std::make_shared<SqlitePartition>(home, name, std::move(page));
}

SqlitePartition::SqlitePartition(const SqliteHome& home, const PartitionName& name, std::shared_ptr<SharedPage> page)
    : home_(home),
      folder_(home.root + "/" + name.value()),
      hash_(checksum(name.value())),
      shared_(std::move(page)),
      page_(*static_cast<PartitionPage*>(shared_->data())),
      erasures_(page_.erasures),
      blobs_(home, folder_, page_) {}

SqlitePartition::~SqlitePartition() {
  const FairHold fair(page_.lock, std::chrono::steady_clock::now() + std::chrono::seconds{1});
  close_database();
}

SqlitePartition::Turn::Turn(SqlitePartition& partition, Deadline deadline) : fair(partition.page_.lock, deadline) {
  if (!fair.held()) return;
  if (fair.after_death()) partition.page_.log_settled = 0;
  own = std::unique_lock(partition.mutex_, std::defer_lock);
  if (own.try_lock_until(deadline)) partition.database_.set_deadline(deadline);
}

bool SqlitePartition::stale() const { return page_.unlinked != 0 || page_.erasures != erasures_; }

StoreError SqlitePartition::late() const { return {StoreFailure::Timeout, folder_ + ": its lock was not free in time"}; }

// ---- opening and closing ------------------------------------------------------------------------------------------

StoreResult<> SqlitePartition::open_database(Deadline deadline) {
  if (suspect_) close_database();
  if (database_.is_open()) return {};
  const auto path = folder_ + "/index.sqlite";
  const auto before = home_.disk.info(path);
  const bool fresh = !before && before.error().kind == io::DiskFailure::NotFound;
  database_.set_deadline(deadline);
  auto opened = database_.open(path, home_.vfs);
  if (opened)
    opened = database_.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                           "PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY;");
  synchronous_ = Durability::Flushed;
  if (opened) opened = rows_.open(database_, home_.limits.remembered_requests);
  if (opened && fresh) page_.log_settled = 1;  // a log that this connection alone wrote was never recovered
  if (!opened) close_database();
  return opened;
}

// Of the partition's files, its folder and all above it up to the root's own name; once a boot, whoever made them.
StoreResult<> SqlitePartition::make_names_durable() {
  if (page_.named != 0) return {};
  for (std::string_view at = folder_; at.size() >= home_.root.size(); at = at.substr(0, at.rfind('/'))) {
    if (auto synced = home_.disk.sync_folder(at); !synced) return failure(store_error(std::move(synced.error())));
    if (!at.contains('/')) break;
  }
  page_.named = 1;
  return {};
}

void SqlitePartition::close_database() {
  rows_.close();
  database_.close();
  suspect_ = false;
}

bool SqlitePartition::close_when_idle() {
  const FairHold fair(page_.lock, std::chrono::steady_clock::now());
  const std::unique_lock own(mutex_, std::try_to_lock);
  if (!fair.held() || !own.owns_lock()) return false;
  // A short log is read again in no time; a long one is better copied now, while nobody waits.
  const auto file = home_.disk.info(folder_ + "/index.sqlite-wal");
  if (database_.is_open() && !stale() && file && file->size > 256 << 10)
    if (!database_.checkpoint(SqliteDatabase::Checkpoint::Truncate)) page_.index_suspect = 1;
  close_database();
  return true;
}

// ---- reading ------------------------------------------------------------------------------------------------------

template <class T, class Read>
SqlitePartition::Answer<T> SqlitePartition::read(Deadline deadline, Read&& use) {
  std::unique_lock own(mutex_, std::defer_lock);
  if (!own.try_lock_until(deadline)) return failure(late());
  if (!database_.is_open() || suspect_) {
    own.unlock();
    Turn turn(*this, deadline);
    if (!turn.held()) return failure(late());
    if (stale()) return std::nullopt;
    if (auto opened = open_database(deadline); !opened) return failure(std::move(opened.error()));
    own = std::move(turn.own);
  }
  if (stale()) return std::nullopt;
  database_.set_deadline(deadline);
  StoreResult<T> result = use();
  if (!result && result.error().kind == StoreFailure::Broken) suspect_ = true;
  if (database_.in_transaction()) static_cast<void>(database_.run(rows_.rollback()));
  return result;
}

SqlitePartition::Answer<std::optional<std::string>> SqlitePartition::get(std::string_view key, Deadline deadline) {
  return read<std::optional<std::string>>(deadline, [&] { return rows_.get(key); });
}

SqlitePartition::Answer<Page> SqlitePartition::scan(const Scan& range, Deadline deadline) {
  return read<Page>(deadline, [&]() -> StoreResult<Page> {
    TRY_VOID(database_.run(rows_.begin()));
    TRY(version, rows_.catch_up());
    TRY(page, rows_.scan(range));
    page.version = version;
    return page;
  });
}

SqlitePartition::Answer<Version> SqlitePartition::version(Deadline deadline) {
  Turn turn(*this, deadline);
  if (!turn.held()) return failure(late());
  if (stale()) return std::nullopt;
  if (auto opened = open_database(deadline); !opened) return failure(std::move(opened.error()));
  auto version = rows_.catch_up();
  if (version) home_.watch.learned(hash_, *version);
  else suspect_ = true;
  return version;
}

// ---- writing ------------------------------------------------------------------------------------------------------

std::optional<GroupCommit::Outcomes> SqlitePartition::commit_group(const std::vector<Batch>& batches, Durability durability,
                                                                   const Fence& fence, Deadline deadline) {
  Turn turn(*this, deadline);
  if (!turn.held()) return GroupCommit::Outcomes(batches.size(), failure(late()));
  if (stale()) return std::nullopt;
  if (auto ready = prepare_to_write(durability, deadline); !ready)
    return GroupCommit::Outcomes(batches.size(), failure(ready.error()));
  auto outcomes = run_group(batches, durability, fence, deadline);
  if (!suspect_) checkpoint_when_due();
  return outcomes;
}

StoreResult<> SqlitePartition::prepare_to_write(Durability durability, Deadline deadline) {
  TRY_VOID(open_database(deadline));
  TRY_VOID(make_names_durable());
  if (page_.index_suspect != 0) TRY_VOID(write_log_again());
  if (page_.log_settled == 0) {
    TRY_VOID(empty_log(deadline));
    page_.log_settled = 1;
  }
  if (durability == synchronous_) return {};
  // NORMAL flushes nothing at a commit, but still what a restarted log and a checkpoint need to stay whole.
  TRY_VOID(database_.run(durability == Durability::Flushed ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  synchronous_ = durability;
  return {};
}

GroupCommit::Outcomes SqlitePartition::run_group(const std::vector<Batch>& batches, Durability durability, const Fence& fence,
                                                 Deadline) {
  GroupCommit group(database_, rows_, home_.limits, fence);
  if (auto applied = group.apply(batches); !applied) {
    suspect_ |= applied.error().kind == StoreFailure::Broken;
    return GroupCommit::Outcomes(batches.size(), failure(applied.error()));
  }
  if (!group.changed()) {
    static_cast<void>(database_.run(rows_.rollback()));
    // An outcome that is told again with Flushed must be as durable as it says.
    if (group.repeated() && durability == Durability::Flushed && page_.index_unflushed != 0)
      if (auto touched = touch(); !touched) group.fail(touched.error());
    return group.take_outcomes();
  }
  home_.watch.begin(hash_);
  if (auto committed = commit_transaction(durability); !committed) {
    group.fail(committed.error());
  } else {
    home_.watch.done(hash_, rows_.version());
  }
  return group.take_outcomes();
}

StoreResult<> SqlitePartition::commit_transaction(Durability durability) {
  sqlite3_int64 log_octets = 0;
  if (auto* log = database_.log_file()) log->pMethods->xFileSize(log, &log_octets);
  page_.index_unflushed = 1;
  if (auto committed = database_.run(rows_.commit()); !committed) {
    rows_.forget();
    if (database_.in_transaction()) static_cast<void>(database_.run(rows_.rollback()));
    return undo_log_growth(log_octets, std::move(committed.error()));
  }
  if (durability == Durability::Flushed) page_.index_unflushed = 0;
  return {};
}

// A commit that failed may have left whole frames behind the log's end, where the next recovery would find them. On a
// full disk they can be cut off, so that NoSpace means what it says; after a failing flush nobody knows.
StoreResult<> SqlitePartition::undo_log_growth(std::int64_t octets_before, StoreError error) {
  if (error.kind == StoreFailure::Timeout) return failure(std::move(error));
  auto* log = database_.log_file();
  sqlite3_int64 octets = 0;
  const bool cut = error.kind == StoreFailure::NoSpace && log != nullptr &&
                   log->pMethods->xFileSize(log, &octets) == SQLITE_OK && octets > octets_before &&
                   log->pMethods->xTruncate(log, octets_before) == SQLITE_OK;
  if (cut) return failure(std::move(error));
  page_.index_suspect = 1;
  page_.log_settled = 0;
  suspect_ = true;
  return failure(StoreError{StoreFailure::OutcomeUnknown, std::move(error.what)});
}

// A commit that changes nothing anybody reads, flushed: everything before it in the log is flushed with it, and the
// log's end is padded, so that what is written next cannot tear it.
StoreResult<> SqlitePartition::touch() {
  TRY_VOID(database_.run(rows_.begin_immediate()));
  TRY_VOID(database_.run("PRAGMA user_version=1"));
  return commit_transaction(Durability::Flushed);
}

SqlitePartition::Answer<> SqlitePartition::flush(Deadline deadline) {
  if (auto flushed = blobs_.flush(deadline); !flushed) return flushed;
  Turn turn(*this, deadline);
  if (!turn.held()) return failure(late());
  if (stale()) return std::nullopt;
  if (page_.index_unflushed == 0) return StoreResult<>{};
  if (auto ready = prepare_to_write(Durability::Flushed, deadline); !ready) return ready;
  return touch();
}

// After a flush failed the kernel takes the log's pages for clean, and flushing again would lie. Writing the same
// octets makes them dirty.
StoreResult<> SqlitePartition::write_log_again() {
  TRY_VOID(rows_.catch_up());  // so that the log is open
  auto* log = database_.log_file();
  sqlite3_int64 octets = 0;
  if (log == nullptr) return failure(StoreError{StoreFailure::Broken, folder_ + ": the log cannot be opened"});
  int code = log->pMethods->xFileSize(log, &octets);
  std::string chunk(64 << 10, '\0');
  for (sqlite3_int64 at = 0; code == SQLITE_OK && at < octets; at += static_cast<sqlite3_int64>(chunk.size())) {
    const int part = static_cast<int>(std::min<sqlite3_int64>(octets - at, static_cast<sqlite3_int64>(chunk.size())));
    code = log->pMethods->xRead(log, chunk.data(), part, at);
    if (code == SQLITE_OK) code = log->pMethods->xWrite(log, chunk.data(), part, at);
  }
  if (code == SQLITE_OK) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return failure(database_.error(code));
  page_.index_suspect = 0;
  return {};
}

void SqlitePartition::checkpoint_when_due() {
  if (database_.log_frames() < home_.checkpoint_frames) return;
  // Readers held up earlier ones for long: the log grew, and shrinks only by being emptied.
  const bool much = database_.log_frames() > 8 * home_.checkpoint_frames;
  const auto left = database_.checkpoint(much ? SqliteDatabase::Checkpoint::Truncate : SqliteDatabase::Checkpoint::Copy);
  if (left) return;
  page_.index_suspect = 1;
  suspect_ = true;
}

SqlitePartition::Answer<BlobPacks*> SqlitePartition::blobs(Deadline deadline) {
  if (stale()) return std::nullopt;
  if (page_.named != 0) return &blobs_;
  Turn turn(*this, deadline);
  if (!turn.held()) return failure(late());
  if (stale()) return std::nullopt;
  if (auto ready = prepare_to_write(synchronous_, deadline); !ready) return failure(std::move(ready.error()));
  return &blobs_;
}

// ---- erasing ------------------------------------------------------------------------------------------------------

// SQLite pads a flushed commit to the end of its sector, but the padding is not flushed: after a power cut, or the
// death of a writer, the recovered log may end inside that sector, and a torn write there would take the commit with
// it. So the log is begun anew before the first write after such an event.
StoreResult<> SqlitePartition::empty_log(Deadline deadline) {
  TRY_VOID(rows_.catch_up());  // so that the log is open
  for (;;) {
    TRY_VOID(database_.checkpoint(SqliteDatabase::Checkpoint::Truncate));
    sqlite3_int64 octets = 0;
    auto* log = database_.log_file();
    if (log == nullptr || (log->pMethods->xFileSize(log, &octets) == SQLITE_OK && octets == 0)) return {};
    if (std::chrono::steady_clock::now() >= deadline) return failure(late());
    std::this_thread::sleep_for(std::chrono::milliseconds{1});  // readers in other processes finish their pages
  }
}

// First all is erased by one flushed commit, then the log is emptied into the file, then the files go. Whatever
// a crash leaves is a partition to which nothing was ever committed. The page's file goes last: whoever still waits for
// the lock in it finds it unlinked and starts anew.
SqlitePartition::Answer<> SqlitePartition::erase(Deadline deadline) {
  Turn turn(*this, deadline);
  if (!turn.held()) return failure(late());
  if (stale()) return std::nullopt;
  const auto work = [&]() -> StoreResult<> {
    TRY_VOID(prepare_to_write(Durability::Flushed, deadline));
    TRY_VOID(database_.run(rows_.begin_immediate()));
    TRY_VOID(rows_.erase_all());
    home_.watch.begin(hash_);
    TRY_VOID(commit_transaction(Durability::Flushed));
    ++page_.erasures;
    home_.watch.done(hash_, Version(0));
    TRY_VOID(empty_log(deadline));
    close_database();
    page_.named = 0, page_.index_unflushed = 1, page_.log_settled = 0;
    TRY_VOID(blobs_.remove_all());
    for (const char* name : {"/index.sqlite-wal", "/index.sqlite-shm", "/index.sqlite", "/index.lock"}) {
      auto removed = home_.disk.remove(folder_ + name);
      if (!removed && removed.error().kind != io::DiskFailure::NotFound) return failure(store_error(std::move(removed.error())));
    }
    if (home_.sharing == Sharing::Processes) page_.unlinked = 1;
    if (auto synced = home_.disk.sync_folder(folder_); !synced) return failure(store_error(std::move(synced.error())));
    return {};
  };
  auto erased = work();
  if (!erased) {
    if (database_.in_transaction()) static_cast<void>(database_.run(rows_.rollback()));
    suspect_ = true;
  }
  return erased;
}

}  // namespace hikyaku::storage
