// Holds as people and programs read them.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "apps/cli/command.h"
#include "services/directory/directory.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// "destination a.example", "送信者 <>".
[[nodiscard]] std::string selector_text(const Invocation& call, const directory::Hold& hold);
// How many recipients holds keep, by their ids, as far as that was looked at.
using KeptByHold = std::map<std::uint64_t, std::uint64_t>;
// As a table. Of those in `kept` no new mail comes under the hold: without any it is called empty.
void print_holds(Invocation& call, const std::vector<directory::Hold>& holds, WallTime now, const KeptByHold& kept = {});
// `kept`: recipients; nothing: nobody looked.
void print_hold(Invocation& call, const directory::Hold& hold, WallTime now, std::optional<std::uint64_t> kept = std::nullopt);
void write_hold(telemetry::JsonWriter& json, const directory::Hold& hold, WallTime now, std::optional<std::uint64_t> kept = std::nullopt);

// The directory as it is now; null: it cannot be read, and the reason was printed when the data folder was at fault.
[[nodiscard]] std::shared_ptr<const directory::Snapshot> directory_now(Invocation& call);
[[nodiscard]] std::vector<directory::Hold> running_holds(const directory::Snapshot& directory, WallTime now);

}  // namespace hikyaku::cli
