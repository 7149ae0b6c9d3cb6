#include "storage/sqlite_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <new>

#include "storage/sqlite_locks.h"

namespace hikyaku::storage {
namespace {

// What SQLite sees as a file. It owns the memory and calls only through `base.pMethods`.
struct DiskFile {
  sqlite3_file base;
  struct State {
    io::Disk& disk;
    std::unique_ptr<io::File> file;
    std::string path;
    std::shared_ptr<DatabaseLocks> locks;
    bool name_unsynced = false;     // a journal or log opened for making: its folder is synced with its first flush
    bool removed_at_close = false;
    int level = SQLITE_LOCK_NONE;
    DatabaseLocks::Held slots{};
  };
  State* state;
};

DiskFile::State& state(sqlite3_file* file) { return *reinterpret_cast<DiskFile*>(file)->state; }
io::Disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<io::Disk*>(vfs->pAppData); }

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string(".") : path.substr(0, std::max<std::size_t>(slash, 1));
}

int code(const io::DiskError& error, int otherwise) { return error.kind == io::DiskFailure::NoSpace ? SQLITE_FULL : otherwise; }

int close_file(sqlite3_file* file) {
  auto* all = reinterpret_cast<DiskFile*>(file);
  const auto last = std::unique_ptr<DiskFile::State>(std::exchange(all->state, nullptr));
  last->locks->unlock_slots(last->slots, 0, DatabaseLocks::slots);
  last->locks->unlock(last->level, SQLITE_LOCK_NONE);
  last->file.reset();
  if (last->removed_at_close) static_cast<void>(last->disk.remove(last->path));
  all->base.pMethods = nullptr;
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* into, int octets, sqlite3_int64 offset) {
  const auto size = static_cast<std::size_t>(octets);
  const auto read = state(file).file->read_at(static_cast<std::uint64_t>(offset), std::span(static_cast<char*>(into), size));
  if (!read) return SQLITE_IOERR_READ;
  if (*read == size) return SQLITE_OK;
  std::memset(static_cast<char*>(into) + *read, 0, size - *read);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int octets, sqlite3_int64 offset) {
  const std::string_view part(static_cast<const char*>(from), static_cast<std::size_t>(octets));
  const auto written = state(file).file->write_at(static_cast<std::uint64_t>(offset), part);
  return written ? SQLITE_OK : code(written.error(), SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 octets) {
  const auto resized = state(file).file->resize(static_cast<std::uint64_t>(octets));
  return resized ? SQLITE_OK : code(resized.error(), SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* file, int) {
  auto& own = state(file);
  if (const auto flushed = own.file->flush(); !flushed) return code(flushed.error(), SQLITE_IOERR_FSYNC);
  if (!own.name_unsynced) return SQLITE_OK;
  if (!own.disk.sync_folder(folder_of(own.path))) return SQLITE_IOERR_DIR_FSYNC;
  own.name_unsynced = false;
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* octets) {
  const auto size = state(file).file->size();
  if (!size) return SQLITE_IOERR_FSTAT;
  *octets = static_cast<sqlite3_int64>(*size);
  return SQLITE_OK;
}

int lock_file(sqlite3_file* file, int level) { return state(file).locks->lock(state(file).level, level) ? SQLITE_OK : SQLITE_BUSY; }
int unlock_file(sqlite3_file* file, int level) { return state(file).locks->unlock(state(file).level, level), SQLITE_OK; }
int check_reserved(sqlite3_file* file, int* reserved) { return *reserved = state(file).locks->is_reserved() ? 1 : 0, SQLITE_OK; }

int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 512; }
// io::Disk promises no more: not even that the rest of a sector survives a torn write to it.
int characteristics(sqlite3_file*) { return 0; }

int map_shared(sqlite3_file* file, int region, int octets, int extend, void volatile** at) {
  *at = state(file).locks->region(region, octets, extend != 0);
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* file, int first, int count, int flags) {
  auto& own = state(file);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) return own.locks->unlock_slots(own.slots, first, count), SQLITE_OK;
  return own.locks->lock_slots(own.slots, first, count, (flags & SQLITE_SHM_EXCLUSIVE) != 0) ? SQLITE_OK : SQLITE_BUSY;
}

void barrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }

int unmap_shared(sqlite3_file* file, int remove) {
  auto& own = state(file);
  own.locks->unlock_slots(own.slots, 0, DatabaseLocks::slots);
  if (remove != 0) own.locks->drop_index();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods methods = {
    .iVersion = 2, .xClose = close_file, .xRead = read_file, .xWrite = write_file, .xTruncate = truncate_file,
    .xSync = sync_file, .xFileSize = size_of_file, .xLock = lock_file, .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved, .xFileControl = control, .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics, .xShmMap = map_shared, .xShmLock = lock_shared, .xShmBarrier = barrier,
    .xShmUnmap = unmap_shared, .xFetch = nullptr, .xUnfetch = nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  static std::atomic<std::uint64_t> temporary{0};
  auto* all = new (file) DiskFile{};
  const std::string path = name != nullptr ? name : ".sqlite-temporary-" + std::to_string(temporary++);
  const bool make = (flags & SQLITE_OPEN_CREATE) != 0, exclusive = (flags & SQLITE_OPEN_EXCLUSIVE) != 0;
  const auto mode = exclusive ? io::OpenMode::CreateNew : make ? io::OpenMode::Create
                    : (flags & SQLITE_OPEN_READWRITE) != 0 ? io::OpenMode::ReadWrite : io::OpenMode::Read;
  auto opened = disk_of(vfs).open(path, mode);
  if (!opened) return code(opened.error(), SQLITE_CANTOPEN);
  const auto key = std::to_string(reinterpret_cast<std::uintptr_t>(vfs->pAppData)) + path;
  all->state = new DiskFile::State{disk_of(vfs), std::move(*opened), path, DatabaseLocks::of(key)};
  const int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  all->state->name_unsynced = make && (flags & journals) != 0;
  all->state->removed_at_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  all->base.pMethods = &methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& disk = disk_of(vfs);
  if (const auto removed = disk.remove(name); !removed)
    return removed.error().kind == io::DiskFailure::NotFound ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  return sync_folder != 0 && !disk.sync_folder(folder_of(name)) ? SQLITE_IOERR_DIR_FSYNC : SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  const auto info = disk_of(vfs).info(name);
  if (!info && info.error().kind != io::DiskFailure::NotFound) return SQLITE_IOERR_ACCESS;
  *answer = info && (flags != SQLITE_ACCESS_EXISTS || info->size > 0) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int octets, char* out) {
  if (std::strlen(name) >= static_cast<std::size_t>(octets)) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

}  // namespace

struct SqliteVfs::Registered {
  sqlite3_vfs vfs{};
};

SqliteVfs::SqliteVfs(io::Disk& disk) : registered_(std::make_unique<Registered>()) {
  static std::atomic<std::uint64_t> number{0};
  name_ = "hikyaku-" + std::to_string(number++);
  auto& vfs = registered_->vfs;
  vfs = *sqlite3_vfs_find(nullptr);  // time, randomness and sleeping stay the system's
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(DiskFile);
  vfs.mxPathname = 1024;
  vfs.pNext = nullptr;
  vfs.zName = name_.c_str();
  vfs.pAppData = &disk;
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  sqlite3_vfs_register(&vfs, 0);
}

SqliteVfs::~SqliteVfs() { sqlite3_vfs_unregister(&registered_->vfs); }

}  // namespace hikyaku::storage
