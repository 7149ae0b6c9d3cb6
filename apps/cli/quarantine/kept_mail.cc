#include "apps/cli/quarantine/kept_mail.h"

#include <algorithm>

#include "apps/cli/access/operator_log.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/terminal/when_text.h"
#include "apps/service/data_folders.h"
#include "base/cursor.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using quarantine::Entry, quarantine::Store;

const std::vector<Option> filters = {
    {"--sender", OptionKind::Value, {"only mail of this sender (\"<>\": none)", "この送信者のメールだけ(\"<>\" は空の送信者)"}},
    {"--recipient", OptionKind::Value, {"only mail for this recipient", "この宛先のメールだけ"}},
    {"--why", OptionKind::Value, {"only mail whose reason holds this text", "理由にこの文字列を含むメールだけ"}}};

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

void write(telemetry::JsonWriter& json, const Entry& entry) {
  json.object().member("id", entry.envelope.id.text()).member("taken", telemetry::stamp_text(entry.taken)).member("why", entry.why);
  json.member("sender", entry.envelope.reverse_path.text()).key("recipients").array();
  for (const auto& to : entry.envelope.recipients) json.text(to.address.text());
  json.end_array().member("client", entry.envelope.client_address).member("account", entry.envelope.account).member("octets", entry.envelope.body_octets).end_object();
}

}  // namespace

std::vector<Option> with_kept_filters(std::vector<Option> options) {
  options.insert(options.end(), filters.begin(), filters.end());
  return options;
}

Exit list_kept(Invocation& call, const KeptKind& kind) {
  const auto mail = kind.open(call);
  if (!mail) return Exit::Failed;
  const auto contents = mail->store.list();
  if (!contents) return call.fail(contents.error().what);
  Listing listing(call, {{"ID", "追跡 ID"}, {"TAKEN", "受信"}, {"SENDER", "送信者"}, {"FOR", "宛先"}, {"SIZE", "サイズ"}, {"WHY", "理由"}}, contents->entries.empty() ? kind.none : Words{"None of them is meant.", "該当するものはない。"});
  for (const auto& entry : contents->entries) {
    if (!is_meant(call, entry)) continue;
    write(listing.json(), entry);
    listing.row({entry.envelope.id.text(), minute_text(entry.taken), sender_text(entry), recipients_text(entry), std::to_string(entry.envelope.body_octets), entry.why});
  }
  listing.print();
  for (const auto& name : contents->damaged) call.fail(name + std::string(call.say({": damaged; it cannot be released, only deleted", ": 破損しており、解放できない(削除はできる)"})));
  return contents->damaged.empty() ? Exit::Done : Exit::Problem;
}

namespace {

std::optional<TraceId> id_of(const Invocation& call, const std::string& text, const KeptKind& kind) {
  const auto id = TraceId::parse(text);
  if (!id) call.fail(text + std::string(call.say(kind.no_id)));
  return id;
}

Exit fail_to_find(const Invocation& call, const TraceId& id, const spool::SpoolError& error, const KeptKind& kind) {
  return call.fail(error.kind == spool::SpoolFailure::NotFound ? id.text() + std::string(call.say(kind.not_there)) : error.what);
}

}  // namespace

Exit show_kept(Invocation& call, const KeptKind& kind) {
  const auto id = id_of(call, call.value("ID"), kind);
  if (!id) return Exit::Failed;
  const auto mail = kind.open(call);
  if (!mail) return Exit::Failed;
  const auto entry = mail->store.find(*id);
  if (!entry) return fail_to_find(call, *id, entry.error(), kind);
  std::string text;
  if (call.has("--text")) {
    const quarantine::To to = [&](std::string_view piece) -> spool::SpoolResult<> { return text += piece, spool::SpoolResult<>{}; };
    const auto read = mail->read ? mail->read(*id, to) : mail->store.read(*id, to);
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
  sheet.add({"Taken", "受信"}, minute_text(entry->taken));
  sheet.add({"Sender", "送信者"}, sender_text(*entry));
  for (const auto& to : entry->envelope.recipients) sheet.add({"For", "宛先"}, to.address.text());
  sheet.add({"Client", "クライアント"}, entry->envelope.client_address);
  sheet.add({"Login", "ログイン"}, entry->envelope.account);
  sheet.add({"Size", "サイズ"}, std::to_string(entry->envelope.body_octets));
  sheet.print();
  return Exit::Done;
}

namespace {

enum class Damaged : std::uint8_t { No, Too };
// The ids given, or all that the filters mean. Nothing: the reason was printed.
std::optional<std::vector<TraceId>> chosen(const Invocation& call, Store& store, const KeptKind& kind, Damaged damaged) {
  std::vector<TraceId> ids;
  for (const auto& text : call.values("ID")) {
    const auto id = id_of(call, text, kind);
    if (!id) return std::nullopt;
    const auto entry = store.find(*id);
    const bool is_there = entry || (damaged == Damaged::Too && entry.error().kind != spool::SpoolFailure::NotFound);
    if (!is_there) return fail_to_find(call, *id, entry.error(), kind), std::nullopt;
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

Exit conclude(Invocation& call, const KeptKind& kind, const std::vector<quarantine::Released>& done, const Words& what, std::string_view key) {
  OperatorLog log(call);
  const std::string by = calling_user();
  for (const auto& one : done) {
    telemetry::Fields said{.by = by, .text = what.en};
    if (one.as == TraceId{}) said.message = one.from;
    else said.message = one.as, said.parent = one.from;
    log.log().write(kind.changed, said);
    if (one.as != TraceId{})
      log.log().write(telemetry::events::mail_generated, {.message = one.as, .parent = one.from, .sender = one.sender, .null_sender = one.sender.empty(), .recipient = one.recipient, .by = by});
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

}  // namespace

Exit release_kept(Invocation& call, const KeptKind& kind) {
  const auto mail = kind.open(call);
  if (!mail) return Exit::Failed;
  const auto ids = chosen(call, mail->store, kind, Damaged::No);
  if (!ids) return Exit::Failed;
  const auto settings = call.settings();
  std::vector<quarantine::Released> done;
  spool::SpoolResult<> trouble;
  const quarantine::ReleaseOptions options{.spool_folder = apps::folder::in(settings->node.data(), apps::folder::spool), .node = static_cast<std::uint16_t>(settings->node.id()),
                                           .reserve_octets = settings->spool.reserve().octets, .field = kind.field, .read = mail->read};
  const auto released = ids->empty() ? spool::SpoolResult<>{} : quarantine::release(mail->disk, mail->store, *ids, options, SystemClock{}.wall(), [&](const auto& one) {
    done.push_back(one);
    if (auto noted = mail->released ? mail->released(one) : spool::SpoolResult<>{}; !noted) trouble = std::move(noted);
  });
  if (!done.empty() && mail->changed) mail->changed();
  const auto told = conclude(call, kind, done, {"released as", "解放した。新しい追跡 ID:"}, "released");
  if (!released) return call.fail(released.error().what);
  return trouble ? told : call.fail(trouble.error().what);
}

Exit delete_kept(Invocation& call, const KeptKind& kind) {
  const auto mail = kind.open(call);
  if (!mail) return Exit::Failed;
  const auto ids = chosen(call, mail->store, kind, Damaged::Too);
  if (!ids) return Exit::Failed;
  std::vector<quarantine::Released> done;
  std::string trouble;
  for (const auto& id : *ids) {
    const auto removed = mail->store.remove(id);
    if (!removed) {
      trouble = removed.error().what;
      break;
    }
    done.push_back({id, {}});
  }
  if (!done.empty() && mail->changed) mail->changed();
  const auto told = conclude(call, kind, done, {"deleted", "削除した"}, "deleted");
  return trouble.empty() ? told : call.fail(trouble);
}

}  // namespace hikyaku::cli
