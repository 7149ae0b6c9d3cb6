// Opening what the data folder holds, from a command: as the user the services run as, so that a command given by root
// leaves no file behind that the services cannot write.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "apps/cli/command.h"
#include "io/posix_disk.h"
#include "services/directory/editor.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::cli {

// Whether the folder may be read, or is not there yet; else the reason was printed. Takes on no other user.
[[nodiscard]] bool may_look_into(const Invocation& call, const std::string& folder);
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
using DirectoryWork = std::function<directory::DirectoryResult<>(Invocation& call, directory::Editor& editor)>;
[[nodiscard]] Exit with_directory(Invocation& call, const DirectoryWork& work);

[[nodiscard]] directory::Editor::Run run_of(const Invocation& call);  // by --dry-run
// Says what was done, in one line or as JSON.
void report_done(const Invocation& call, const Words& what, std::string_view about);

}  // namespace hikyaku::cli
