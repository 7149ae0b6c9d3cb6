#include "apps/cli/list/members.h"

#include <algorithm>

#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

void report_members(const Invocation& call, const directory::Editor::MembersChanged& changed, const Words& same) {
  constexpr std::size_t most_named = 20;
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("dry_run", call.has("--dry-run")).member("added", std::uint64_t{changed.added}).member("removed", std::uint64_t{changed.removed});
    json.key("unchanged").array();
    for (const auto& member : changed.unchanged) json.text(member);
    call.print(json.end_array().end_object().take());
    return;
  }
  for (std::size_t i = 0; i < std::min(changed.unchanged.size(), most_named); ++i) call.print(changed.unchanged[i] + " " + std::string(call.say(same)));
  if (changed.unchanged.size() > most_named)
    call.print("... " + std::to_string(changed.unchanged.size() - most_named) + std::string(call.say({" more", " 件"})));
  const bool dry = call.has("--dry-run");
  call.print(std::string(call.say(dry ? Words{"would be added: ", "加わる人: "} : Words{"added: ", "加えた人: "})) + std::to_string(changed.added) +
             std::string(call.say(dry ? Words{", would be removed: ", "、外れる人: "} : Words{", removed: ", "、外した人: "})) + std::to_string(changed.removed));
}

}  // namespace hikyaku::cli
