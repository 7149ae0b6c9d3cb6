// hikyaku domain recipients: who has mail on the inner server of a relay domain, as far as reception asks.
#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_views.h"
#include "apps/cli/access/table_import.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/members.h"
#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/relay_recipients.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::DirectoryResult;
using directory::RelayRecipient;

const Option domain_argument{"DOMAIN", OptionKind::Argument, {"a domain whose users are on another server", "利用者が別のサーバにいるドメイン"}};
const Option source_option{"--source", OptionKind::Value, {"whose list it is (operator)", "リストの出所(既定は operator)"}};
const Option dry_run_option{"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}};

std::string source_of(const Invocation& call) { return call.value("--source", "operator"); }

std::string text_of(const RelayRecipient& row) { return row.local_part + "@" + row.domain; }

DirectoryResult<const directory::Domain*> named_domain(const directory::Snapshot& snapshot, const Invocation& call) {
  const auto* domain = snapshot.domain(call.value("DOMAIN"));
  if (domain == nullptr) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no domain " + call.value("DOMAIN") + "; see: hikyaku domain list");
  return domain;
}

// ---- mode ------------------------------------------------------------------------------------------------------------

Exit run_mode(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    const auto check = directory::parse_recipient_check(asked.value("MODE"));
    if (!check) return directory::refuse(directory::DirectoryFailure::BadValue, "The mode is any, list or ask.");
    TRY_VOID(editor.set_recipient_check(asked.value("DOMAIN"), *check));
    report_done(asked, {"the check of its recipients is changed", "宛先の確かめ方を変更した"}, asked.value("DOMAIN"));
    return {};
  });
}

// ---- list, export ------------------------------------------------------------------------------------------------------

DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& snapshot) {
  TRY(domain, named_domain(snapshot, to.call()));
  const auto containing = ascii_lower(to.call().value("WORD")), source = to.call().value("--source");
  for (const auto& row : snapshot.relay_recipients(domain->name)) {
    if (row.local_part.find(containing) == std::string::npos || (!source.empty() && row.source != source)) continue;
    const auto added = telemetry::stamp_text(row.added);
    to.json().object().member("address", text_of(row)).member("source", row.source).member("added", added).end_object();
    to.row({text_of(row), row.source, added});
  }
  return {};
}

Exit run_list(Invocation& call) {
  return list_directory(call, {{"ADDRESS", "アドレス"}, {"SOURCE", "出所"}, {"ADDED", "追加"}},
                        {"The list is empty. Import one: hikyaku domain recipients import DOMAIN FILE", "リストは空。取り込むには: hikyaku domain recipients import ドメイン ファイル"}, add_rows);
}

Exit run_export(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    TRY(snapshot, editor.read());
    TRY(domain, named_domain(*snapshot, asked));
    std::string last;
    for (const auto& row : snapshot->relay_recipients(domain->name))  // by user, of each source
      if (text_of(row) != last) asked.print(last = text_of(row));
    return {};
  });
}

// ---- add, remove, import -------------------------------------------------------------------------------------------------

Exit run_add(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    TRY(changed, editor.add_relay_recipients(asked.value("DOMAIN"), asked.values("ADDRESS"), source_of(asked), SystemClock{}.wall(), run_of(asked)));
    report_members(asked, changed, {"is listed already", "は既にある"});
    return {};
  });
}

Exit run_remove(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    std::vector<std::string> named;
    for (const auto& text : asked.values("ADDRESS")) named.push_back(directory::fold_pattern(text));
    const auto source = asked.value("--source");
    if (named.empty() == source.empty()) return directory::refuse(directory::DirectoryFailure::BadValue, "Name addresses, or a --source all of whose rows go; one of the two.");
    const auto selects = [&](const RelayRecipient& row) { return source.empty() ? std::ranges::find(named, text_of(row)) != named.end() : row.source == source; };
    TRY(removed, editor.remove_relay_recipients(asked.value("DOMAIN"), selects, run_of(asked)));
    directory::Editor::MembersChanged changed;
    changed.removed = removed;
    report_members(asked, changed, {"", ""});
    return {};
  });
}

std::vector<directory::KeyedRow> keyed(const std::vector<std::string>& addresses) {
  std::vector<directory::KeyedRow> rows;
  for (const auto& address : addresses) rows.push_back({address, address});
  return rows;
}

// Whom this source's list has no more goes.
DirectoryResult<Exit> replace(Invocation& call, directory::Editor& editor, const std::string& domain, const std::vector<std::string>& addresses) {
  TRY(snapshot, editor.read());
  std::vector<std::string> former;
  for (const auto& row : snapshot->relay_recipients(domain))
    if (row.source == source_of(call)) former.push_back(text_of(row));
  const auto changes = unordered_changes(keyed(former), keyed(addresses));
  const bool really = may_replace(call, changes);
  const auto mode = really ? directory::Editor::Run::Really : directory::Editor::Run::Dry;
  TRY_VOID(editor.add_relay_recipients(domain, addresses, source_of(call), SystemClock{}.wall(), mode));
  const auto no_more = [&](const RelayRecipient& row) { return row.source == source_of(call) && !std::ranges::binary_search(addresses, text_of(row)); };
  if (really || addresses.empty()) TRY_VOID(editor.remove_relay_recipients(domain, no_more, mode));  // dry, it would not see who comes
  return report_table(call, changes, {"Mail for who is removed is refused where the list counts (mode list).", "一覧で確かめるドメイン(mode list)では、削除した利用者宛てのメールを拒否する。"});
}

DirectoryResult<Exit> work_import(Invocation& call, directory::Editor& editor, const std::string& text) {
  const auto domain = directory::fold_domain(call.value("DOMAIN"));
  auto parsed = directory::parse_relay_recipients(text, domain);
  if (call.has("--replace")) return parsed.bad.empty() ? replace(call, editor, domain, parsed.addresses) : refuse_table(call, std::move(parsed.bad));
  TRY(changed, editor.add_relay_recipients(domain, parsed.addresses, source_of(call), SystemClock{}.wall(), run_of(call)));
  return report_import(call, changed.added, std::move(parsed.bad), changed.unchanged.size());
}

Exit run_import(Invocation& call) { return import_text(call, work_import); }

}  // namespace

Command domain_recipients_mode_command() {
  return {.name = "domain recipients mode",
          .help = {"how RCPT knows the users of a relay domain", "中継ドメインの利用者を RCPT でどう確かめるか"},
          .options = {domain_argument,
                      {"MODE", OptionKind::Argument, {"any: taken without asking; list: who is listed; ask: the inner server is asked by SMTP", "any は確かめない、list は一覧にある宛先だけ、ask は中継先に SMTP で尋ねる"}, {"any", "list", "ask"}, true}},
          .run = run_mode};
}

Command domain_recipients_list_command() {
  return {.name = "domain recipients list",
          .help = {"the users of a relay domain that are listed", "一覧にある中継ドメインの利用者を表示する"},
          .options = {domain_argument, {"WORD", OptionKind::OptionalArgument, {"only users whose name contains it", "名前にこの語を含む利用者だけ"}}, {"--source", OptionKind::Value, {"only of this source", "この出所のものだけ"}}},
          .run = run_list};
}

Command domain_recipients_add_command() {
  return {.name = "domain recipients add",
          .help = {"add users to the list of a relay domain", "中継ドメインの一覧に利用者を加える"},
          .options = {domain_argument, {"ADDRESS", OptionKind::Arguments, {"who has mail there", "利用者のアドレス"}}, source_option, dry_run_option},
          .run = run_add};
}

Command domain_recipients_remove_command() {
  return {.name = "domain recipients remove",
          .help = {"take users off the list of a relay domain", "中継ドメインの一覧から利用者を除く"},
          .options = {domain_argument, {"ADDRESS", OptionKind::OptionalArgument, {"who has no mail there any more", "除く利用者のアドレス"}, {}, false, true}, {"--source", OptionKind::Value, {"all of this source", "この出所のものすべて"}}, dry_run_option},
          .run = run_remove};
}

Command domain_recipients_import_command() {
  auto options = table_import_options({source_option, {"--replace", OptionKind::Flag, {"whom this source has no more goes, with --yes; nothing is done when a row is bad", "この出所のうち、ファイルにない利用者を除く(--yes が要る)。誤った行があれば何もしない"}}});
  options.insert(options.begin(), domain_argument);
  return {.name = "domain recipients import",
          .help = {"take a list of users: one address a line, or Postfix's relay_recipient_maps", "利用者の一覧を取り込む。1 行 1 アドレス、または Postfix の relay_recipient_maps"},
          .options = std::move(options),
          .run = run_import,
          .more = {"Then let it count: hikyaku domain recipients mode DOMAIN list", "取り込んだら有効にする: hikyaku domain recipients mode ドメイン list"}};
}

Command domain_recipients_export_command() {
  return {.name = "domain recipients export",
          .help = {"the listed users as text, for `domain recipients import`", "一覧をテキストで書き出す(domain recipients import で読める)"},
          .options = {domain_argument},
          .run = run_export,
          .own_form = true,
          .json_by = "domain recipients list"};
}

}  // namespace hikyaku::cli
