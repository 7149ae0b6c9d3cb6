// hikyaku quarantine list, show, release, delete
#include <algorithm>

#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/listing.h"
#include "apps/cli/operator_log.h"
#include "apps/service/data_folders.h"
#include "base/cursor.h"
#include "services/quarantine/release.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using quarantine::Entry, quarantine::Store;

const std::vector<Option> filters = {
    {"--sender", OptionKind::Value, {"only mail of this sender (\"<>\": none)", "この送信者のメールだけ(\"<>\" は空の送信者)"}},
    {"--recipient", OptionKind::Value, {"only mail for this recipient", "この宛先のメールだけ"}},
    {"--why", OptionKind::Value, {"only mail whose reason holds this text", "理由にこの文字列を含むメールだけ"}}};

std::vector<Option> with_filters(std::vector<Option> options) {
  options.insert(options.end(), filters.begin(), filters.end());
  return options;
}

std::string sender_text(const Entry& entry) {
  auto text = entry.envelope.reverse_path.text();
  return text.empty() ? "<>" : text;
}

bool has_text(std::string_view text, std::string_view part) { return ascii_lower(text).find(ascii_lower(part)) != std::string::npos; }

bool is_meant(const Invocation& call, const Entry& entry) {
  if (call.has("--sender") && !equal_ignoring_case(sender_text(entry), call.value("--sender"))) return false;
  if (call.has("--why") && !has_text(entry.why, call.value("--why"))) return false;
  if (!call.has("--recipient")) return true;
  return std::ranges::any_of(entry.envelope.recipients, [&](const Recipient& to) { return equal_ignoring_case(to.address.text(), call.value("--recipient")); });
}

std::string recipients_text(const Entry& entry) {
  const auto& all = entry.envelope.recipients;
  if (all.empty()) return {};
  return all.front().address.text() + (all.size() > 1 ? " +" + std::to_string(all.size() - 1) : "");
}

std::string minute(WallTime when) {
  auto text = telemetry::stamp_text(when).substr(0, 16);
  text[10] = ' ';
  return text;
}

void write(telemetry::JsonWriter& json, const Entry& entry) {
  json.object().member("id", entry.envelope.id.text()).member("taken", telemetry::stamp_text(entry.taken)).member("why", entry.why);
  json.member("sender", entry.envelope.reverse_path.text()).key("recipients").array();
  for (const auto& to : entry.envelope.recipients) json.text(to.address.text());
  json.end_array().member("client", entry.envelope.client_address).member("account", entry.envelope.account).member("octets", entry.octets).end_object();
}

struct Access {
  io::PosixDisk disk;
  Store store;
  explicit Access(const settings::Settings& settings) : store(disk, apps::folder::in(settings.node.data(), apps::folder::quarantine)) {}
};

// Nothing: the reason was printed.
std::unique_ptr<Access> open(Invocation& call) {
  if (!enter_data_folder(call)) return nullptr;
  auto access = std::make_unique<Access>(*call.settings());
  const auto made = access->disk.make_folder(apps::folder::in(call.settings()->node.data(), apps::folder::quarantine));
  if (!made) return call.fail(made.error().what), nullptr;
  // What reception left is taken over with deliver stopped, too.
  if (const auto gathered = access->store.gather(); !gathered) return call.fail(gathered.error().what), nullptr;
  return access;
}

Exit run_list(Invocation& call) {
  const auto access = open(call);
  if (!access) return Exit::Failed;
  const auto contents = access->store.list();
  if (!contents) return call.fail(contents.error().what);
  Listing listing(call, {{"ID", "追跡 ID"}, {"TAKEN", "受信"}, {"SENDER", "送信者"}, {"FOR", "宛先"}, {"SIZE", "サイズ"}, {"WHY", "理由"}}, {"The quarantine is empty.", "隔離したメールはない。"});
  for (const auto& entry : contents->entries) {
    if (!is_meant(call, entry)) continue;
    write(listing.json(), entry);
    listing.row({entry.envelope.id.text(), minute(entry.taken), sender_text(entry), recipients_text(entry), std::to_string(entry.octets), entry.why});
  }
  listing.print();
  for (const auto& name : contents->damaged) call.fail(name + std::string(call.say({": damaged; it cannot be released, only deleted", ": 破損しており、解放できない(削除はできる)"})));
  return contents->damaged.empty() ? Exit::Done : Exit::Problem;
}

std::optional<TraceId> id_of(const Invocation& call, const std::string& text) {
  const auto id = TraceId::parse(text);
  if (!id) call.fail(text + std::string(call.say({" is no trace id; see: hikyaku quarantine list", " は追跡 ID ではない。hikyaku quarantine list で確認する"})));
  return id;
}

Exit run_show(Invocation& call) {
  const auto id = id_of(call, call.value("ID"));
  if (!id) return Exit::Failed;
  const auto access = open(call);
  if (!access) return Exit::Failed;
  const auto entry = access->store.find(*id);
  if (!entry) return call.fail(entry.error().what);
  std::string text;
  if (call.has("--text")) {
    const auto read = access->store.read(*id, [&](std::string_view piece) -> spool::SpoolResult<> { return text += piece, spool::SpoolResult<>{}; });
    if (!read) return call.fail(read.error().what);
    return call.print(text), Exit::Done;
  }
  if (call.json) {
    telemetry::JsonWriter json;
    write(json, *entry);
    return call.print(json.take()), Exit::Done;
  }
  FactSheet sheet(call);
  sheet.add({"Message", "メール"}, id->text());
  sheet.add({"Why", "理由"}, entry->why);
  sheet.add({"Taken", "受信"}, minute(entry->taken));
  sheet.add({"Sender", "送信者"}, sender_text(*entry));
  for (const auto& to : entry->envelope.recipients) sheet.add({"For", "宛先"}, to.address.text());
  sheet.add({"Client", "クライアント"}, entry->envelope.client_address);
  sheet.add({"Login", "ログイン"}, entry->envelope.account);
  sheet.add({"Size", "サイズ"}, std::to_string(entry->octets));
  sheet.print();
  return Exit::Done;
}

enum class Damaged : std::uint8_t { No, Too };
// The ids given, or all that the filters mean. Nothing: the reason was printed.
std::optional<std::vector<TraceId>> chosen(const Invocation& call, Store& store, Damaged damaged) {
  std::vector<TraceId> ids;
  for (const auto& text : call.values("ID")) {
    const auto id = id_of(call, text);
    if (!id) return std::nullopt;
    const auto entry = store.find(*id);
    const bool is_there = entry || (damaged == Damaged::Too && entry.error().kind != spool::SpoolFailure::NotFound);
    if (!is_there) return call.fail(entry.error().what), std::nullopt;
    ids.push_back(*id);
  }
  if (!ids.empty()) return ids;
  if (call.has("--damaged")) {
    const auto contents = store.list();
    if (!contents) return call.fail(contents.error().what), std::nullopt;
    for (const auto& name : contents->damaged)
      if (const auto id = TraceId::parse(name)) ids.push_back(*id);
    return ids;
  }
  if (!call.has("--all") && !call.has("--sender") && !call.has("--recipient") && !call.has("--why"))
    return call.fail(Words{"name messages by their ids, by --sender, --recipient or --why, or say --all", "追跡 ID、--sender、--recipient、--why、または --all で対象を指定する"}), std::nullopt;
  const auto contents = store.list();
  if (!contents) return call.fail(contents.error().what), std::nullopt;
  for (const auto& entry : contents->entries)
    if (is_meant(call, entry)) ids.push_back(entry.envelope.id);
  return ids;
}

Exit conclude(Invocation& call, const std::vector<quarantine::Released>& done, const Words& what, std::string_view key) {
  OperatorLog log(call);
  const std::string by = calling_user();
  for (const auto& one : done) {
    telemetry::Fields said{.by = by, .text = what.en};
    if (one.as == TraceId{}) said.message = one.from;
    else said.message = one.as, said.parent = one.from;
    log.log().write(telemetry::events::quarantine_changed, said);
  }
  if (!call.json) {
    for (const auto& one : done) call.print(one.from.text() + ": " + std::string(call.say(what)) + (one.as == TraceId{} ? "" : " " + one.as.text()));
    if (done.empty()) call.print(call.say({"No message is meant.", "対象のメールはない。"}));
    return Exit::Done;
  }
  telemetry::JsonWriter json;
  json.object().key(key).array();
  for (const auto& one : done) {
    json.object().member("id", one.from.text());
    if (one.as != TraceId{}) json.member("as", one.as.text());
    json.end_object();
  }
  call.print(json.end_array().end_object().take());
  return Exit::Done;
}

Exit run_release(Invocation& call) {
  const auto access = open(call);
  if (!access) return Exit::Failed;
  const auto ids = chosen(call, access->store, Damaged::No);
  if (!ids) return Exit::Failed;
  const auto settings = call.settings();
  std::vector<quarantine::Released> done;
  const quarantine::ReleaseOptions options{apps::folder::in(settings->node.data(), apps::folder::spool), static_cast<std::uint16_t>(settings->node.id()), settings->spool.reserve().octets};
  const auto released = ids->empty() ? spool::SpoolResult<>{} : quarantine::release(access->disk, access->store, *ids, options, SystemClock{}.wall(), [&](const auto& one) { done.push_back(one); });
  const auto told = conclude(call, done, {"released as", "解放した。新しい追跡 ID:"}, "released");
  return released ? told : call.fail(released.error().what);
}

Exit run_delete(Invocation& call) {
  const auto access = open(call);
  if (!access) return Exit::Failed;
  const auto ids = chosen(call, access->store, Damaged::Too);
  if (!ids) return Exit::Failed;
  std::vector<quarantine::Released> done;
  std::string trouble;
  for (const auto& id : *ids) {
    const auto removed = access->store.remove(id);
    if (!removed) {
      trouble = removed.error().what;
      break;
    }
    done.push_back({id, {}});
  }
  const auto told = conclude(call, done, {"deleted", "削除した"}, "deleted");
  return trouble.empty() ? told : call.fail(trouble);
}

}  // namespace

Command quarantine_list_command() {
  return {.name = "quarantine list", .help = {"mail that is kept from its recipients", "隔離したメールの一覧"}, .options = with_filters({}), .run = run_list};
}

Command quarantine_show_command() {
  return {.name = "quarantine show",
          .help = {"one quarantined message", "隔離したメール 1 通"},
          .options = {{"ID", OptionKind::Argument, {"its trace id", "追跡 ID"}}, {"--text", OptionKind::Flag, {"print its text as it came: it may be infected", "受信したままの本文を出す(感染しているかもしれない)"}}},
          .run = run_show};
}

Command quarantine_release_command() {
  return {.name = "quarantine release",
          .help = {"deliver quarantined mail to its recipients after all", "隔離したメールを宛先に配送する"},
          .options = with_filters({{.name = "ID", .kind = OptionKind::OptionalArgument, .help = {"trace ids", "追跡 ID"}, .repeated = true}, {"--all", OptionKind::Flag, {"all that is there", "すべて"}}}),
          .run = run_release,
          .more = {"It goes on as a new mail, whose header says that it was released; it is not scanned again. deliver may run or be stopped.",
                   "新しい追跡 ID のメールとして配送し、解放したことをヘッダーに記す。再スキャンはしない。deliver は動いていても止まっていてもよい。"}};
}

Command quarantine_delete_command() {
  return {.name = "quarantine delete",
          .help = {"delete quarantined mail for good", "隔離したメールを完全に削除する"},
          .options = with_filters({{.name = "ID", .kind = OptionKind::OptionalArgument, .help = {"trace ids, of damaged ones too", "追跡 ID(破損したものも可)"}, .repeated = true}, {"--all", OptionKind::Flag, {"all that is there", "すべて"}}, {"--damaged", OptionKind::Flag, {"all whose files are damaged or cannot be read", "ファイルが破損したもの、読めないもののすべて"}}}),
          .run = run_delete};
}

}  // namespace hikyaku::cli
