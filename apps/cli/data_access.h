// Opening what the data folder holds, from a command: as the user the services run as, so that a command given by root
// leaves no file behind that the services cannot write.
#pragma once

#include <memory>
#include <optional>

#include "apps/cli/command.h"
#include "io/posix_disk.h"
#include "services/directory/editor.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::cli {

// Becomes the user of the data folder when root. False: the reason was printed.
[[nodiscard]] bool enter_data_folder(Invocation& call);

// The directory and the password verifiers, with what it takes to change them. Other processes may have them open.
class DirectoryAccess {
 public:
  // Nothing: the reason was printed.
  [[nodiscard]] static std::unique_ptr<DirectoryAccess> open(Invocation& call);
  [[nodiscard]] directory::Editor& editor() { return *editor_; }
  ~DirectoryAccess();  // what was changed is told in the log

 private:
  io::PosixDisk disk_;
  std::unique_ptr<storage::SqliteEngine> directory_, secrets_;
  std::unique_ptr<directory::Editor> editor_;
  Invocation* call_ = nullptr;
  struct Versions {
    std::uint64_t directory = 0, secrets = 0;
    friend bool operator==(const Versions&, const Versions&) = default;
  };
  [[nodiscard]] Versions versions();
  Versions before_;
};

// Runs a command on the directory: opens, calls, and prints what went wrong.
using DirectoryWork = directory::DirectoryResult<> (*)(Invocation& call, directory::Editor& editor);
[[nodiscard]] Exit with_directory(Invocation& call, DirectoryWork work);

// A whole file, or standard input for "-". Nothing: the reason was printed.
[[nodiscard]] std::optional<std::string> read_input(const Invocation& call, const std::string& file);
// The report of an import: rows taken, rows refused with their lines, and how many were there already, which is no failure.
struct RefusedRow {
  std::size_t line = 0;
  std::string why;
};
[[nodiscard]] Exit report_import(const Invocation& call, std::size_t taken, std::vector<RefusedRow> refused, std::size_t there_already = 0);
// Says what was done, in one line or as JSON.
void report_done(const Invocation& call, const Words& what, std::string_view about);

}  // namespace hikyaku::cli
