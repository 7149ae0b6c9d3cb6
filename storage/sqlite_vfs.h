// SqliteVfs: SQLite's files on any io::Disk, so that the whole embedded engine runs on a simulated one. Its locks and
// its shared memory exist in this process only, common to all SqliteVfs of one disk; on the real file system the engine
// uses SQLite's own "unix" files, whose locks other processes see.
#pragma once

#include <memory>
#include <string>

#include "io/disk.h"

namespace hikyaku::storage {

class SqliteVfs {
 public:
  // Registers itself with SQLite under a name of its own. `disk` must outlive it.
  explicit SqliteVfs(io::Disk& disk);
  // No database may be open in it any more.
  ~SqliteVfs();
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Registered;
  std::string name_;
  std::unique_ptr<Registered> registered_;
};

}  // namespace hikyaku::storage
