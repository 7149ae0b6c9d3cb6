// hikyaku alias add
#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

// An alias of an account's own name that leads only elsewhere.
bool diverts_an_account(const directory::Snapshot& snapshot, const std::string& pattern) {
  const auto address = directory::parse_address(pattern);
  const auto* account = address ? snapshot.account(*address) : nullptr;
  if (account == nullptr) return false;
  const auto resolved = snapshot.resolve(*address);
  return std::ranges::none_of(resolved.local, [&](const auto& target) { return target.account == account->id; });
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY_VOID(editor.add_alias(call.value("ALIAS"), call.values("TARGET")));
  report_done(call, {"added", "追加した"}, call.value("ALIAS"));
  TRY(snapshot, editor.read());
  if (diverts_an_account(*snapshot, call.value("ALIAS")) && !call.json)
    call.print(call.say({"Note: there is an account of that name, which gets no mail any more. To keep a copy, name it as a target too.",
                         "注意: 同名のアカウントには今後メールが届かない。コピーを残すには、行き先にその宛先自身も加える。"}));
  const auto normal = directory::normal_alias_pattern(call.value("ALIAS"));
  const auto* alias = normal ? snapshot->alias(*normal) : nullptr;
  if (alias != nullptr) warn_of_loops(call, *snapshot, alias->pattern);
  if (alias != nullptr) warn_of_lost_targets(call, snapshot->lost_targets(*alias));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command alias_add_command() {
  return {.name = "alias add",
          .help = {"send mail for an address to others (*@domain: everything else)", "別名を追加する(*@domain は残り全部)"},
          .options = {{"ALIAS", OptionKind::Argument, {"name@domain, prefix*@domain or *@domain", "name@domain、prefix*@domain、または *@domain"}},
                      {"TARGET", OptionKind::Arguments, {"where it goes", "転送先"}}},
          .run = run};
}

}  // namespace hikyaku::cli
