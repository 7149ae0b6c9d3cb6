#include "apps/cli/hold/view.h"

#include "apps/cli/access/data_access.h"
#include "apps/cli/language/server_sentences.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/terminal/when_text.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {
namespace {

Words scope_words(directory::HoldScope scope) {
  switch (scope) {
    case directory::HoldScope::Destination: return {"destination", "配送先"};
    case directory::HoldScope::Route: return {"route", "経路"};
    case directory::HoldScope::Sender: return {"sender", "送信者"};
    case directory::HoldScope::Account: return {"account", "アカウント"};
    case directory::HoldScope::All: return {"all mail", "すべて"};
    case directory::HoldScope::Chosen: return {"chosen:", "選択したメール:"};
    case directory::HoldScope::SentBy: return {"sent by", "送信したアカウント"};
  }
  return {"", ""};
}

Words stage_words(directory::HoldStage stage) {
  switch (stage) {
    case directory::HoldStage::Planned: return {"planned", "予定"};
    case directory::HoldStage::Running: return {"running", "実施中"};
    case directory::HoldStage::Ended: return {"ended", "終了"};
  }
  return {"", ""};
}

Words action_words(directory::HoldAction action) {
  switch (action) {
    case directory::HoldAction::Keep: return {"accept and keep", "受信して保管"};
    case directory::HoldAction::OtherRoute: return {"send by another route", "別経路へ配送"};
    case directory::HoldAction::Refuse: return {"refuse for now (451)", "一時拒否(451)"};
  }
  return {"", ""};
}

// To the minute: what people plan by.
std::string end_text(const Invocation& call, const directory::Hold& hold) {
  return hold.end == WallTime::max() ? std::string(call.say({"until released", "解除まで"})) : minute_text(hold.end);
}

// Ours in the reader's language, a person's as it is.
std::string reason_text(const Invocation& call, const directory::Hold& hold) { return call.language == Language::Japanese ? in_japanese(hold.reason) : hold.reason; }

}  // namespace

std::string selector_text(const Invocation& call, const directory::Hold& hold) {
  std::string text(call.say(scope_words(hold.scope)));
  return hold.pattern.empty() ? text : text + " " + hold.pattern;
}

namespace {

// No new mail comes under a hold of chosen mail.
bool is_empty(const directory::Hold& hold, WallTime now, std::optional<std::uint64_t> kept) { return kept == 0U && hold.scope == directory::HoldScope::Chosen && hold.runs(now); }

Words state_words(const directory::Hold& hold, WallTime now, std::optional<std::uint64_t> kept) {
  return is_empty(hold, now, kept) ? Words{"empty", "空"} : stage_words(hold.stage(now));
}

std::string new_mail_text(const Invocation& call, const directory::Hold& hold) {
  if (hold.scope == directory::HoldScope::Chosen) return std::string(call.say({"not concerned", "対象外"}));
  return std::string(call.say(action_words(hold.action))) + (hold.other_route.empty() ? "" : " " + hold.other_route);
}

}  // namespace

void write_hold(telemetry::JsonWriter& json, const directory::Hold& hold, WallTime now, std::optional<std::uint64_t> kept) {
  json.object().member("id", hold.id).member("scope", scope_name(hold.scope)).member("pattern", hold.pattern);
  json.member("stage", is_empty(hold, now, kept) ? "empty" : stage_name(hold.stage(now))).member("reason", hold.reason).member("owner", hold.owner);
  json.member("action", hold.scope == directory::HoldScope::Chosen ? "none" : action_name(hold.action));
  if (hold.action == directory::HoldAction::OtherRoute) json.member("other_route", hold.other_route);
  json.member("created", telemetry::stamp_text(hold.created)).member("start", telemetry::stamp_text(hold.start));
  if (hold.end != WallTime::max()) json.member("end", telemetry::stamp_text(hold.end));
  if (kept) json.member("recipients", *kept);
  json.end_object();
}

void print_holds(Invocation& call, const std::vector<directory::Hold>& holds, WallTime now, const KeptByHold& kept) {
  if (holds.empty()) return call.print(call.say({"No mail is held.", "保留はない。"}));
  auto table = headed_table(call, {{"ID", "番号"}, {"STATE", "状態"}, {"MAIL", "対象"}, {"FROM", "開始"}, {"TO", "終了"}, {"NEW MAIL", "新着"}, {"BY", "実施者"}, {"REASON", "理由"}});
  std::string empty;
  const auto state = [&](const directory::Hold& hold) {
    const auto found = kept.find(hold.id);
    const auto count = found == kept.end() ? std::nullopt : std::optional(found->second);
    if (empty.empty() && is_empty(hold, now, count)) empty = std::to_string(hold.id);
    return std::string(call.say(state_words(hold, now, count)));
  };
  for (const auto& hold : holds)
    table.add({std::to_string(hold.id), state(hold), selector_text(call, hold), minute_text(hold.start), end_text(call, hold),
               new_mail_text(call, hold), hold.owner, reason_text(call, hold)});
  call.print(table.text());
  if (!empty.empty())
    call.print(std::string(call.say({"Empty: all its mail is gone, and no new mail comes under a hold of chosen mail. To end it: hikyaku hold release ",
                                     "空: 対象のメールはすべてなくなった。選択したメールの保留に新着メールは入らない。終えるには: hikyaku hold release "})) + empty);
}

void print_hold(Invocation& call, const directory::Hold& hold, WallTime now, std::optional<std::uint64_t> kept) {
  if (call.json) {
    telemetry::JsonWriter json;
    write_hold(json, hold, now, kept);
    return call.print(json.take());
  }
  FactSheet sheet(call);
  sheet.add({"Hold", "保留"}, std::to_string(hold.id));
  sheet.add({"State", "状態"}, std::string(call.say(state_words(hold, now, kept))));
  sheet.add({"Mail", "対象"}, selector_text(call, hold));
  sheet.add({"Reason", "理由"}, reason_text(call, hold));
  sheet.add({"By", "実施者"}, hold.owner + ", " + minute_text(hold.created));
  sheet.add({"From", "開始"}, minute_text(hold.start));
  sheet.add({"To", "終了"}, end_text(call, hold));
  sheet.add({"New mail", "新着"}, new_mail_text(call, hold));
  sheet.print();
}

std::vector<directory::Hold> running_holds(const directory::Snapshot& directory, WallTime now) {
  std::vector<directory::Hold> running;
  for (const auto& hold : directory.contents().holds)
    if (hold.runs(now)) running.push_back(hold);
  return running;
}

std::shared_ptr<const directory::Snapshot> directory_now(Invocation& call) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return nullptr;
  auto snapshot = access->editor().read();
  return snapshot ? *std::move(snapshot) : nullptr;
}

}  // namespace hikyaku::cli
