#include "apps/cli/policy/access_options.h"

#include "apps/cli/value.h"
#include "services/policy/danger.h"

namespace hikyaku::cli {

std::vector<Option> who_options() {
  return {{"--sender", OptionKind::Flag, {"PATTERN is about the envelope sender", "PATTERN は送信者(エンベロープ)"}},
          {"--recipient", OptionKind::Flag, {"PATTERN is about the recipient", "PATTERN は宛先"}}};
}

directory::AccessWho who_of(const Invocation& call) {
  if (call.has("--sender")) return directory::AccessWho::Sender;
  return call.has("--recipient") ? directory::AccessWho::Recipient : directory::AccessWho::Client;
}

std::vector<Option> row_options() {
  return {{"--source", OptionKind::Value, {"whose rows these are, to take them back by; usually \"operator\"", "行の出所(まとめて取り消すときに使う)。省くと operator"}},
          {"--note", OptionKind::Value, {"why, for whoever looks at the row later", "理由(後で行を見る人のために)"}},
          value_option("--until", Takes::TimeToCome, {"the row counts until then: +30d, \"2026-11-25 18:00\"", "行の有効期限。+30d、\"2026-11-25 18:00\" など"})};
}

std::optional<directory::AccessRow> row_of(const Invocation& call, WallTime now) {
  directory::AccessRow row{.who = who_of(call), .source = call.value("--source", "operator"), .note = call.value("--note"), .added = std::chrono::floor<std::chrono::seconds>(now)};
  if (const auto until = time_of(call, "--until", now)) row.expires = std::chrono::floor<std::chrono::seconds>(*until);
  return row;
}

void warn_of_dangers(const Invocation& call, const directory::Contents& directory, const std::vector<directory::AccessRow>& rows) {
  if (call.json) return;
  directory::Contents only_these;
  only_these.domains = directory.domains, only_these.access = rows;
  for (const auto& danger : policy::find_dangers({.directory = only_these}))
    call.print(std::string(call.say({"Warning: ", "警告: "})) + danger.what + ": " + std::string(call.say({danger.why, danger.why_ja})));
}

}  // namespace hikyaku::cli
