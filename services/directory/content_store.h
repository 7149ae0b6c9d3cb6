// Where content rows are kept: in the directory's partition, but in no snapshot, for only reception goes by them (told by `auth`), and every process keeps a snapshot.
// One row each, "c" and its name. All calls block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/directory/content.h"
#include "services/directory/error.h"
#include "services/directory/seen_page.h"
#include "storage/engine.h"

namespace hikyaku::directory {

struct ContentRows {
  std::vector<ContentRow> rows;  // by name
  storage::Version version;      // of the directory, at which they were read
};
[[nodiscard]] DirectoryResult<ContentRows> read_content(storage::Engine& engine, Deadline deadline);

// Changes them; a call returns when every running service has seen it.
class ContentEditor {
 public:
  ContentEditor(storage::Engine& engine, std::shared_ptr<SeenPage> seen) : engine_(engine), seen_(std::move(seen)) {}

  enum class Run : std::uint8_t { Really, Dry };
  struct Changed {
    std::size_t added = 0, replaced = 0, unchanged = 0;
  };
  // A row of the same name is replaced. All in one commit; what cannot be is BadValue.
  DirectoryResult<Changed> set(const std::vector<ContentRow>& rows, Run run = Run::Really);
  // How many went.
  DirectoryResult<std::size_t> remove(const std::vector<std::string>& names, Run run = Run::Really);

 private:
  using Changes = std::vector<storage::Change>;
  DirectoryResult<> edit(Run run, const std::function<DirectoryResult<Changes>(const std::vector<ContentRow>&)>& decide);
  DirectoryResult<> wait_until_seen(storage::Version version) const;

  storage::Engine& engine_;
  std::shared_ptr<SeenPage> seen_;
};

}  // namespace hikyaku::directory
