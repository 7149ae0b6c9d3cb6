// hikyaku policy content add, set, list, remove, export, test
#include <algorithm>

#include "apps/cli/access/directory_import.h"
#include "apps/cli/policy/content.h"
#include "apps/cli/policy/content_access.h"
#include "apps/cli/terminal/listing.h"
#include "services/filters/content.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::ContentPart;
using directory::ContentRow;
using directory::DirectoryResult;

constexpr std::string_view heading = "# hikyaku policy content";

DirectoryResult<Exit> add(Invocation& call, ContentStore& store) {
  ContentRow row{.name = call.value("NAME"), .pattern = call.value("PATTERN"), .recipient = call.value("--recipient"), .note = call.value("--note"), .added = std::chrono::floor<std::chrono::seconds>(SystemClock{}.wall())};
  const int parts = int{call.has("--header")} + int{call.has("--body")} + int{call.has("--attachment")} + int{call.has("--client")};
  if (parts != 1) return directory::refuse(directory::DirectoryFailure::BadValue, "Say where to look; give one of --header FIELD, --body, --attachment and --client.");
  row.part = call.has("--header") ? ContentPart::Header : call.has("--body") ? ContentPart::Body : call.has("--client") ? ContentPart::Client : ContentPart::Attachment;
  row.field = call.value("--header");
  row.action = directory::parse_content_action(call.value("--action", "refuse")).value_or(directory::ContentAction::Refuse);
  row.mode = directory::parse_content_mode(call.value("--mode", "enforce")).value_or(directory::ContentMode::Enforce);
  for (const auto& text : call.values("--and")) {
    auto condition = directory::parse_condition_text(text);
    if (!condition) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(condition).error());
    row.also.push_back(*std::move(condition));
  }
  auto normal = directory::normal_content_row(std::move(row));
  if (!normal) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(normal).error());
  TRY(changed, store.editor.set({*normal}));
  if (changed.unchanged == 0) tell_content(call);
  report_done(call, changed.replaced > 0 ? Words{"replaced", "置き換えた"} : changed.unchanged > 0 ? Words{"is there already", "既にある"} : Words{"added", "追加した"}, normal->name);
  return Exit::Done;
}

DirectoryResult<Exit> list(Invocation& call, ContentStore& store) {
  TRY(there, rows_now(store));
  Listing to(call, {{"NAME", "名前"}, {"WHERE", "場所"}, {"PATTERN", "パターン"}, {"ACTION", "動作"}, {"MODE", "適用"}, {"RECIPIENT", "宛先"}, {"ADDED", "追加"}, {"NOTE", "備考"}},
             {"There is no row. Add one: hikyaku policy content add exe .exe --attachment", "行はない。追加するには: hikyaku policy content add exe .exe --attachment"});
  for (const auto& row : there.rows) {
    const auto where = row.part == ContentPart::Header ? "header " + row.field : std::string(directory::content_part_name(row.part));
    auto pattern = row.pattern;
    for (const auto& condition : row.also) pattern += std::string(call.say({" and ", " かつ "})) + directory::condition_text(condition);
    to.json().object();
    write_content_row(to.json(), row);
    to.json().end_object();
    to.row({row.name, where, pattern, std::string(directory::content_action_name(row.action)), std::string(directory::content_mode_name(row.mode)), row.recipient, telemetry::stamp_text(row.added), row.note});
  }
  to.print();
  return Exit::Done;
}

// What is not named stays.
DirectoryResult<Exit> change(Invocation& call, ContentStore& store) {
  const auto names = call.values("NAME");
  const auto action = directory::parse_content_action(call.value("--action"));
  const auto mode = directory::parse_content_mode(call.value("--mode"));
  if (!action && !mode) return directory::refuse(directory::DirectoryFailure::BadValue, "Say what changes; give --mode or --action.");
  TRY(there, rows_now(store));
  std::vector<ContentRow> rows;
  for (const auto& name : names) {
    const auto row = std::ranges::find(there.rows, name, &ContentRow::name);
    if (row == there.rows.end()) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no row " + name + "; see: hikyaku policy content list");
    rows.push_back(*row);
    if (action) rows.back().action = *action;
    if (mode) rows.back().mode = *mode;
  }
  TRY(changed, store.editor.set(rows, run_of_content(call)));
  if (!call.has("--dry-run") && changed.replaced > 0) tell_content(call);
  report_done(call, call.has("--dry-run") ? Words{"rows would change", "行を変更することになる"} : Words{"rows changed", "行を変更した"}, std::to_string(changed.replaced));
  return Exit::Done;
}

DirectoryResult<Exit> remove(Invocation& call, ContentStore& store) {
  TRY(removed, store.editor.remove(call.values("NAME"), run_of_content(call)));
  if (removed == 0) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no such row; see: hikyaku policy content list");
  if (!call.has("--dry-run")) tell_content(call);
  report_done(call, call.has("--dry-run") ? Words{"rows would go", "行を削除することになる"} : Words{"rows removed", "行を削除した"}, std::to_string(removed));
  return Exit::Done;
}

DirectoryResult<Exit> export_rows(Invocation& call, ContentStore& store) {
  TRY(there, rows_now(store));
  call.print(heading);
  for (const auto& row : there.rows) call.print(directory::print_content_row(row));
  return Exit::Done;
}

// What the rows would find in a message as it stands in a file.
DirectoryResult<Exit> test(Invocation& call, ContentStore& store) {
  const auto text = read_file_argument(call);
  if (!text) return Exit::Failed;
  TRY(there, rows_now(store));
  const filters::ContentTable table(std::move(there.rows));
  Listing listing(call, {{"NAME", "名前"}, {"ACTION", "動作"}, {"MODE", "適用"}, {"RECIPIENT", "宛先"}, {"FOUND", "該当箇所"}}, {"No row finds anything in this message.", "このメールに該当する行はない。"});
  std::optional<io::IpAddress> client;
  if (const auto given = call.value("--client"); !given.empty()) {
    client = io::IpAddress::parse(given);
    if (!client) return directory::refuse(directory::DirectoryFailure::BadValue, "\"" + given + "\" is no address; write --client 192.0.2.7.");
  }
  for (const auto& found : table.inspect(*text, client)) {
    const auto action = directory::content_action_name(found.row->action), mode = directory::content_mode_name(found.row->mode);
    listing.json().object().member("name", found.row->name).member("action", action).member("mode", mode).member("recipient", found.row->recipient).member("found", found.evidence).end_object();
    listing.row({found.row->name, std::string(action), std::string(mode), found.row->recipient, found.evidence});
  }
  listing.print();
  return Exit::Done;
}

}  // namespace

Command policy_content_add_command() {
  return {.name = "policy content add",
          .help = {"refuse, keep, tag or pass mail by what is in it", "内容によってメールを拒否、隔離、印付け、または許可する"},
          .options = {{"NAME", OptionKind::Argument, {"of the row; one that is there is replaced", "行の名前。同じ名前の行は置き換える"}},
                      {"PATTERN", OptionKind::Argument, {"words, or /expression/; of attachments also .exe and application/x-msdownload", "語句または /正規表現/。添付ファイルは .exe や application/x-msdownload も可"}},
                      {"--header", OptionKind::Value, {"look at this header field, decoded; * for any", "このヘッダー(復号後)を調べる。* ならすべて"}},
                      {"--body", OptionKind::Flag, {"look at the text, decoded", "本文(復号後)を調べる"}},
                      {"--attachment", OptionKind::Flag, {"look at names and types of attachments", "添付ファイルの名前と種類を調べる"}},
                      {"--client", OptionKind::Flag, {"look at the address that the mail comes from: PATTERN is 192.0.2.7 or 192.0.2.0/24", "送信元のアドレスを調べる。PATTERN は 192.0.2.7 か 192.0.2.0/24 の形"}},
                      {"--and", OptionKind::Value, {"this must be found too: \"header Subject: words\", \"body: words\", \"attachment: .exe\", \"client: 192.0.2.0/24\"; may be given several times", "これにも該当するときだけ。\"header Subject: 語句\"、\"body: 語句\"、\"attachment: .exe\"、\"client: 192.0.2.0/24\"。複数指定できる"}, {}, false, true},
                      {"--action", OptionKind::Value, {"refuse (550, usual), quarantine, tag (X-Content-Filter), or pass: later rows are not looked at", "refuse(550、既定)、quarantine(隔離)、tag(X-Content-Filter を付ける)、pass(以降の行を調べない)"}, {"refuse", "quarantine", "tag", "pass"}, true},
                      {"--mode", OptionKind::Value, {"enforce (usual), shadow (only logged) or off", "enforce(既定)、shadow(記録のみ)、off"}, {"enforce", "shadow", "off"}, true},
                      {"--recipient", OptionKind::Value, {"only mail for user@domain, or a domain", "この宛先(user@domain またはドメイン)のメールだけ"}},
                      {"--note", OptionKind::Value, {"why, for whoever looks at the row later", "理由(後で行を見る人のために)"}}},
          .run = [](Invocation& call) { return with_content(call, add); },
          .more = {"Rows count at once, in the order of their names. Words are found as people read them: full and half width and letter case are alike. Archives are not opened.",
                   "行はすぐに有効になり、名前の順に調べる。語句は人が読む形で照合する(全角・半角、大文字・小文字を区別しない)。圧縮ファイルの中は調べない。"}};
}

Command policy_content_set_command() {
  return {.name = "policy content set",
          .help = {"change what rows do; what is not named stays", "行の動作や適用を変更する。指定しないものはそのまま"},
          .options = {{"NAME", OptionKind::Arguments, {"as it is listed", "一覧に出る名前"}},
                      {"--mode", OptionKind::Value, {"enforce, shadow (only logged) or off", "enforce、shadow(記録のみ)、off"}, {"enforce", "shadow", "off"}, true},
                      {"--action", OptionKind::Value, {"refuse, quarantine, tag or pass", "動作: refuse、quarantine、tag、pass"}, {"refuse", "quarantine", "tag", "pass"}, true},
                      {"--dry-run", OptionKind::Flag, {"only tell how many would change", "件数だけを示す"}}},
          .run = [](Invocation& call) { return with_content(call, change); }};
}

Command policy_content_list_command() { return {.name = "policy content list", .help = {"the rows about what is in mail", "内容についての行を表示する"}, .run = [](Invocation& call) { return with_content(call, list); }}; }

Command policy_content_remove_command() {
  return {.name = "policy content remove",
          .help = {"take back rows", "行を取り消す"},
          .options = {{"NAME", OptionKind::Arguments, {"as it is listed", "一覧に出る名前"}}, {"--dry-run", OptionKind::Flag, {"only tell how many would go", "件数だけを示す"}}},
          .run = [](Invocation& call) { return with_content(call, remove); }};
}

Command policy_content_export_command() {
  return {.name = "policy content export", .help = {"the rows as text", "行をテキストで書き出す"}, .run = [](Invocation& call) { return with_content(call, export_rows); },
          .own_form = true, .json_by = "policy content list"};
}

Command policy_content_test_command() {
  return {.name = "policy content test",
          .help = {"what the rows find in a message", "メールに該当する行を調べる"},
          .options = {{"FILE", OptionKind::Argument, {"the message, - for standard input", "メールのファイル。- なら標準入力"}}, {"--client", OptionKind::Value, {"as if it came from this address", "このアドレスから届いたものとして調べる"}}},
          .run = [](Invocation& call) { return with_content(call, test); }};
}

}  // namespace hikyaku::cli
