// What the commands of quarantine and of escrow share: mail that is kept from its recipients is listed, shown, released and deleted in one way. Beside the
// services, which may run or be stopped.
#pragma once

#include <memory>

#include "apps/cli/command.h"
#include "io/posix_disk.h"
#include "services/quarantine/release.h"
#include "services/telemetry/events.h"

namespace hikyaku::cli {

// One of the two, opened. Of the functions those may be empty that a kind does not need.
struct KeptMail {
  explicit KeptMail(std::string folder) : store(disk, std::move(folder)) {}
  KeptMail(const KeptMail&) = delete;
  KeptMail& operator=(const KeptMail&) = delete;

  io::PosixDisk disk;
  quarantine::Store store;
  quarantine::ReadText read;  // the text; empty: as it stands in the store
  std::function<spool::SpoolResult<>(const quarantine::Released&)> released;  // each, when it is durable and no longer in the store
  std::function<void()> changed;                                            // after all
};

struct KeptKind {
  std::unique_ptr<KeptMail> (*open)(Invocation& call);  // null: the reason was printed
  const telemetry::Event& changed;
  std::string_view field;  // of the header of what is released
  Words none, no_id, not_there;  // nothing is kept; a text is no id; an id is of none that is kept
};

[[nodiscard]] std::vector<Option> with_kept_filters(std::vector<Option> options);  // --sender, --recipient, --why
Exit list_kept(Invocation& call, const KeptKind& kind);
Exit show_kept(Invocation& call, const KeptKind& kind);
Exit release_kept(Invocation& call, const KeptKind& kind);
Exit delete_kept(Invocation& call, const KeptKind& kind);

}  // namespace hikyaku::cli
