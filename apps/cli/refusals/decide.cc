// hikyaku refusals allow, hikyaku refusals deny: an access row for the network of one who was put off.
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/policy/access_options.h"
#include "services/policy/greylist.h"

namespace hikyaku::cli {

namespace {

using directory::AccessAction;

// A client's name in DNS has a domain: a word alone is no client that the ledger could have named.
bool is_a_word(const std::string& pattern) { return pattern.find_first_of("./:") == std::string::npos; }

directory::DirectoryResult<> decide(Invocation& call, directory::Editor& editor, AccessAction action) {
  std::vector<directory::AccessRow> rows;
  for (const auto& given : call.values("CLIENT")) {
    auto normal = directory::normal_access_pattern(directory::AccessWho::Client, given);
    if (!normal) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(normal).error());
    if (is_a_word(*normal))
      return directory::refuse(directory::DirectoryFailure::BadValue, "\"" + given + "\" is neither an address nor a network nor a domain name; write one such as 192.0.2.7, 192.0.2.0/24, mail.a.example or .a.example.");
    // Servers of one house stand side by side: the network that the ledger names.
    const auto address = io::IpAddress::parse(*normal);
    rows.push_back({.pattern = address && action == AccessAction::Allow ? policy::network_of(*address) : *std::move(normal), .action = action, .source = "refusals",
                    .note = call.value("--note"), .added = std::chrono::floor<std::chrono::seconds>(SystemClock{}.wall())});
  }
  TRY_VOID(editor.set_access(rows));
  for (const auto& row : rows) report_done(call, action == AccessAction::Allow ? Words{"allowed from now on", "今後は通す"} : Words{"denied from now on", "今後は拒否する"}, row.pattern);
  TRY(snapshot, editor.read());
  warn_of_dangers(call, snapshot->contents(), rows);
  return {};
}

std::vector<Option> options() {
  return {{"CLIENT", OptionKind::Arguments, {"a network as `refusals list` shows it, an address, or a name", "refusals list に出るネットワーク、アドレス、または名前"}},
          {"--note", OptionKind::Value, {"why", "理由"}}};
}

}  // namespace

Command refusals_allow_command() {
  return {.name = "refusals allow",
          .help = {"let who was put off in from now on (an address: its /24 or /64)", "保留した相手を今後は通す(アドレスならその /24 か /64)"},
          .options = options(),
          .run = [](Invocation& call) { return with_directory(call, [](Invocation& asked, directory::Editor& editor) { return decide(asked, editor, AccessAction::Allow); }); }};
}

Command refusals_deny_command() {
  return {.name = "refusals deny",
          .help = {"refuse who was put off from now on (554)", "保留した相手を今後は拒否する(554)"},
          .options = options(),
          .run = [](Invocation& call) { return with_directory(call, [](Invocation& asked, directory::Editor& editor) { return decide(asked, editor, AccessAction::Refuse); }); }};
}

}  // namespace hikyaku::cli
