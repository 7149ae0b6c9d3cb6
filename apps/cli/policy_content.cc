// hikyaku policy content add, list, remove, import, export, test
#include <algorithm>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "apps/cli/data_access.h"
#include "apps/cli/directory_import.h"
#include "apps/cli/listing.h"
#include "apps/cli/operator_log.h"
#include "apps/cli/policy_content.h"
#include "apps/service/data_folders.h"
#include "services/directory/content_store.h"
#include "services/filters/content.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::ContentEditor;
using directory::ContentPart;
using directory::ContentRow;
using directory::DirectoryResult;

constexpr std::string_view heading = "# hikyaku policy content";

// The rows of this server, as a command has them.
struct Store {
  storage::Engine& engine;
  ContentEditor editor;
};

using Work = DirectoryResult<Exit> (*)(Invocation& call, Store& store);
Exit with_store(Invocation& call, Work work) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const std::string& data = call.settings()->node.data();
  io::PosixDisk disk;
  auto engine = storage::SqliteEngine::open(disk, apps::folder::in(data, apps::folder::directory));
  if (!engine) return call.fail(engine.error().what);
  std::string why;
  Store store{**engine, ContentEditor(**engine, directory::SeenPage::open(apps::folder::in(data, "run/directory-seen"), why))};
  const auto done = work(call, store);
  return done ? *done : call.fail(done.error().what);
}

// A change is told in the log, with who made it.
void tell(Invocation& call) {
  OperatorLog log(call);
  const std::string by = calling_user();
  log.log().write(telemetry::events::directory_changed, {.by = by, .text = call.command});
}

ContentEditor::Run run_of_content(const Invocation& call) { return call.has("--dry-run") ? ContentEditor::Run::Dry : ContentEditor::Run::Really; }
Deadline soon() { return std::chrono::steady_clock::now() + 10s; }

// A whole file, or standard input for "-". Nothing: the reason was printed.
std::optional<std::string> read_input(const Invocation& call) {
  const auto file = call.value("FILE");
  if (file == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  std::error_code none;
  if (std::filesystem::is_directory(file, none)) return call.fail(file + ": " + std::strerror(EISDIR)), std::nullopt;
  std::ifstream in(file, std::ios::binary);
  if (!in) return call.fail(file + ": " + std::strerror(errno)), std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

DirectoryResult<Exit> add(Invocation& call, Store& store) {
  ContentRow row{.name = call.value("NAME"), .pattern = call.value("PATTERN"), .recipient = call.value("--recipient"), .note = call.value("--note"), .added = std::chrono::floor<std::chrono::seconds>(SystemClock{}.wall())};
  const int parts = int{call.has("--header")} + int{call.has("--body")} + int{call.has("--attachment")};
  if (parts != 1) return directory::refuse(directory::DirectoryFailure::BadValue, "Say where to look; give one of --header FIELD, --body and --attachment.");
  row.part = call.has("--header") ? ContentPart::Header : call.has("--body") ? ContentPart::Body : ContentPart::Attachment;
  row.field = call.value("--header");
  row.action = directory::parse_content_action(call.value("--action", "refuse")).value_or(directory::ContentAction::Refuse);
  row.mode = directory::parse_content_mode(call.value("--mode", "enforce")).value_or(directory::ContentMode::Enforce);
  auto normal = directory::normal_content_row(std::move(row));
  if (!normal) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(normal).error());
  TRY(changed, store.editor.set({*normal}));
  if (changed.unchanged == 0) tell(call);
  report_done(call, changed.replaced > 0 ? Words{"replaced", "置き換えた"} : changed.unchanged > 0 ? Words{"is there already", "既にある"} : Words{"added", "追加した"}, normal->name);
  return Exit::Done;
}

DirectoryResult<Exit> list(Invocation& call, Store& store) {
  TRY(there, directory::read_content(store.engine, soon()));
  Listing to(call, {{"NAME", "名前"}, {"WHERE", "場所"}, {"PATTERN", "パターン"}, {"ACTION", "動作"}, {"MODE", "適用"}, {"RECIPIENT", "宛先"}, {"ADDED", "追加"}, {"NOTE", "備考"}},
             {"There is no row. Add one: hikyaku policy content add exe .exe --attachment", "行はない。追加するには: hikyaku policy content add exe .exe --attachment"});
  for (const auto& row : there.rows) {
    const auto where = row.part == ContentPart::Header ? "header " + row.field : std::string(directory::content_part_name(row.part));
    to.json().object().member("name", row.name).member("part", directory::content_part_name(row.part)).member("field", row.field).member("pattern", row.pattern).member("action", directory::content_action_name(row.action))
        .member("mode", directory::content_mode_name(row.mode)).member("recipient", row.recipient).member("added", telemetry::stamp_text(row.added)).member("note", row.note).end_object();
    to.row({row.name, where, row.pattern, std::string(directory::content_action_name(row.action)), std::string(directory::content_mode_name(row.mode)), row.recipient, telemetry::stamp_text(row.added), row.note});
  }
  to.print();
  return Exit::Done;
}

DirectoryResult<Exit> remove(Invocation& call, Store& store) {
  TRY(removed, store.editor.remove(call.values("NAME"), run_of_content(call)));
  if (removed == 0) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no such row; see: hikyaku policy content list");
  if (!call.has("--dry-run")) tell(call);
  report_done(call, call.has("--dry-run") ? Words{"rows would go", "行を削除することになる"} : Words{"rows removed", "行を削除した"}, std::to_string(removed));
  return Exit::Done;
}

DirectoryResult<Exit> import(Invocation& call, Store& store) {
  const auto text = read_input(call);
  if (!text) return Exit::Failed;
  std::vector<ContentRow> rows;
  std::vector<directory::BadRow> bad;
  std::string_view rest = *text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    auto words = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), words.size() + 1));
    if (words.ends_with('\r')) words.remove_suffix(1);
    if (words.empty() || words.starts_with('#')) continue;
    auto row = directory::parse_content_row(words);
    if (row) rows.push_back(*std::move(row));
    else bad.push_back({line, "This is no row of hikyaku policy content export; export the rows again."});
  }
  TRY(changed, store.editor.set(rows, run_of_content(call)));
  if (!call.has("--dry-run") && changed.added + changed.replaced > 0) tell(call);
  return report_import(call, changed.added + changed.replaced, std::move(bad), changed.unchanged);
}

DirectoryResult<Exit> export_rows(Invocation& call, Store& store) {
  TRY(there, directory::read_content(store.engine, soon()));
  call.print(heading);
  for (const auto& row : there.rows) call.print(directory::print_content_row(row));
  return Exit::Done;
}

// What the rows would find in a message as it stands in a file.
DirectoryResult<Exit> test(Invocation& call, Store& store) {
  const auto text = read_input(call);
  if (!text) return Exit::Failed;
  TRY(there, directory::read_content(store.engine, soon()));
  const filters::ContentTable table(std::move(there.rows));
  Listing listing(call, {{"NAME", "名前"}, {"ACTION", "動作"}, {"MODE", "適用"}, {"RECIPIENT", "宛先"}, {"FOUND", "該当箇所"}}, {"No row finds anything in this message.", "このメールに該当する行はない。"});
  for (const auto& found : table.inspect(*text)) {
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
                      {"--action", OptionKind::Value, {"refuse (550, usual), quarantine, tag (X-Content-Filter), or pass: later rows are not looked at", "refuse(550、既定)、quarantine(隔離)、tag(X-Content-Filter を付ける)、pass(以降の行を調べない)"}, {"refuse", "quarantine", "tag", "pass"}, true},
                      {"--mode", OptionKind::Value, {"enforce (usual), shadow (only logged) or off", "enforce(既定)、shadow(記録のみ)、off"}, {"enforce", "shadow", "off"}, true},
                      {"--recipient", OptionKind::Value, {"only mail for user@domain, or a domain", "この宛先(user@domain またはドメイン)のメールだけ"}},
                      {"--note", OptionKind::Value, {"why, for whoever looks at the row later", "理由(後で行を見る人のために)"}}},
          .run = [](Invocation& call) { return with_store(call, add); },
          .more = {"Rows count at once, in the order of their names. Words are found as people read them: full and half width and letter case are alike. Archives are not opened.",
                   "行はすぐに有効になり、名前の順に調べる。語句は人が読む形で照合する(全角・半角、大文字・小文字を区別しない)。圧縮ファイルの中は調べない。"}};
}

Command policy_content_list_command() { return {.name = "policy content list", .help = {"the rows about what is in mail", "内容についての行を表示する"}, .run = [](Invocation& call) { return with_store(call, list); }}; }

Command policy_content_remove_command() {
  return {.name = "policy content remove",
          .help = {"take back rows", "行を取り消す"},
          .options = {{"NAME", OptionKind::Arguments, {"as it is listed", "一覧に出る名前"}}, {"--dry-run", OptionKind::Flag, {"only tell how many would go", "件数だけを示す"}}},
          .run = [](Invocation& call) { return with_store(call, remove); }};
}

Command policy_content_import_command() {
  return {.name = "policy content import", .help = {"take rows that `policy content export` wrote", "policy content export で書き出した行を取り込む"}, .options = import_options(), .run = [](Invocation& call) { return with_store(call, import); }};
}

Command policy_content_export_command() {
  return {.name = "policy content export", .help = {"the rows as text", "行をテキストで書き出す"}, .run = [](Invocation& call) { return with_store(call, export_rows); }};
}

Command policy_content_test_command() {
  return {.name = "policy content test",
          .help = {"what the rows find in a message", "メールに該当する行を調べる"},
          .options = {{"FILE", OptionKind::Argument, {"the message, - for standard input", "メールのファイル。- なら標準入力"}}},
          .run = [](Invocation& call) { return with_store(call, test); }};
}

}  // namespace hikyaku::cli
