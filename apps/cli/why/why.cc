// hikyaku why ID|DOMAIN: where the time went, which limit binds, what would help. The first line is what to do first.
#include <cstdio>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/why/facts.h"
#include "io/socket_address.h"
#include "services/directory/address_text.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using delivery::Cause;
using delivery::CauseClock;
using delivery::Health;

std::uint64_t micros(CauseClock::Micros time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count())); }
bool japanese(const Invocation& call) { return call.language == Language::Japanese; }
std::string of_two(const Invocation& call, const std::string& english, const std::string& words) { return japanese(call) ? words : english; }
std::string minute(WallTime when) {
  auto text = telemetry::stamp_text(when).substr(0, 19);
  text[10] = ' ';
  return text;
}

// ---- JSON

void write_causes(telemetry::JsonWriter& json, const CauseClock& spent) {
  json.member("elapsed_us", micros(spent.total())).key("spent_us").object();
  for (std::size_t n = 0; n < delivery::causes; ++n)
    if (const auto time = spent.of(static_cast<Cause>(n)); time.count() > 0) json.member(delivery::cause_name(static_cast<Cause>(n)), micros(time));
  json.end_object();
}

void write_suggestions(telemetry::JsonWriter& json, const Invocation& call, const std::vector<delivery::Suggestion>& suggestions) {
  json.key("suggestions").array();
  for (const auto& one : suggestions)
    json.object().member("advice", delivery::advice_name(one.advice)).member("text", of_two(call, one.english, one.japanese)).end_object();
  json.end_array();
}

void write_policy(telemetry::JsonWriter& json, const Invocation& call, const delivery::WhyFacts& facts) {
  if (facts.policy.empty()) return;
  json.key("records").array();
  for (const auto& one : facts.policy)
    json.object().member("record", delivery::record_name(one.record)).member("state", delivery::state_name(one.state))
        .member("text", of_two(call, one.english, one.japanese)).end_object();
  json.end_array();
}

void write_state(telemetry::JsonWriter& json, const delivery::WhyFacts& facts, const std::vector<std::string>& hosts) {
  json.flag("deliver_runs", facts.server.has_value()).member("destination", facts.destination).key("hosts").array();
  for (const auto& host : hosts) json.text(host);
  json.end_array().member("waiting", facts.waiting);
  if (!facts.hold.empty()) json.member("hold", facts.hold_id);
  if (facts.failure) json.member("class", delivery::class_name(*facts.failure));
  if (!facts.reply.empty()) json.member("reply", facts.reply);
  if (facts.next_try) json.member("next_try", telemetry::stamp_text(*facts.next_try));
  if (facts.gives_up) json.member("gives_up", telemetry::stamp_text(*facts.gives_up));
  if (facts.state) {
    const auto& state = *facts.state;
    const bool known = state.known == delivery::Knowledge::Evidence;
    json.key("state").object().member("health", known ? delivery::health_name(static_cast<Health>(state.health)) : "unknown").member("limit", std::uint64_t{state.limit});
    json.member("most", std::uint64_t{state.most}).member("in_use", std::uint64_t{state.in_use}).member("fresh", state.fresh).member("retry", state.retry);
    json.member("deferred", state.deferred).member("waits_for", delivery::cause_name(state.fresh_waits_for));
    if (state.drained_in) json.member("drained_in_s", static_cast<std::uint64_t>(state.drained_in->count() / 1'000'000'000));
    json.end_object();
  }
  if (facts.last_tried) json.member("last_try", telemetry::stamp_text(*facts.last_tried));
  if (facts.redirected) {
    const auto& other = *facts.redirected;
    json.key("redirected").object().member("to", other.to);
    if (other.at != WallTime{}) json.member(other.hold != 0 ? "reason" : "by", other.by).member("at", telemetry::stamp_text(other.at));
    if (other.hold != 0) json.member("hold", other.hold);
    else if (other.recipients > 0) json.member("recipients", other.recipients);
    json.end_object();
  }
  if (facts.server) {
    const auto& server = *facts.server;
    json.key("slots").object().member("all", std::uint64_t{server.lanes.slots}).member("fresh_in_use", std::uint64_t{server.fresh_in_use});
    json.member("retry_in_use", std::uint64_t{server.retry_in_use}).member("reserved_fresh", std::uint64_t{server.lanes.reserved_fresh});
    json.member("reserved_retry", std::uint64_t{server.lanes.reserved_retry}).end_object();
  }
}

// ---- text

void print_suggestions(const Invocation& call, const std::vector<delivery::Suggestion>& suggestions) {
  bool first = true;
  for (const auto& one : suggestions) {
    const auto text = of_two(call, one.english, one.japanese);
    call.print(first ? text : std::string(call.say({"Also: ", "さらに: "})) + text);
    first = false;
  }
}

void print_causes(const Invocation& call, const CauseClock& spent) {
  TextTable table;
  const auto total = std::max<std::int64_t>(1, spent.total().count());
  for (std::size_t n = 0; n < delivery::causes; ++n) {
    const auto cause = static_cast<Cause>(n);
    const auto time = spent.of(cause);
    if (time.count() <= 0) continue;
    char part[16];
    std::snprintf(part, sizeof part, "%.1f %%", 100.0 * static_cast<double>(time.count()) / static_cast<double>(total));
    table.add({"   ", std::string(delivery::cause_name(cause)), delivery::time_text(time, japanese(call)), part, std::string(delivery::cause_words(cause, japanese(call)))});
  }
  const auto text = table.text();
  if (!text.empty()) call.print(std::string_view(text).substr(0, text.size() - 1));
}

void print_recipient(const Invocation& call, const ExplainedRecipient& one) {
  std::string line = one.recipient + ": ";
  const bool held = one.now && one.now->item.hold != 0;
  if (held) line += call.say({"held", "保留中"});
  else if (one.now) line += delivery::place_words(one.now->place, japanese(call));
  else if (one.logged && one.logged->delivered()) line += call.say({"delivered", "配送済み"});
  else if (one.logged && one.logged->given_up()) line += std::string(call.say({"given up", "配送断念"})) + (one.logged->reply.empty() ? "" : std::string(call.say({" (", "("})) + one.logged->reply + std::string(call.say({")", ")"})));
  else if (one.logged && one.logged->went_on()) line += call.say({"went on as new mails", "転送先への新しいメールになった"});
  else line += call.say({"not here any more", "ここにはもうない"});
  line += std::string(call.say({", ", "、"})) + delivery::time_text(one.spent.total(), japanese(call)) + std::string(call.say({" since it was accepted", "(受信から)"}));
  call.print(line);
  print_causes(call, one.spent);
}

void print_state(const Invocation& call, const delivery::WhyFacts& facts, const std::vector<std::string>& hosts) {
  FactSheet sheet(call);
  std::string list;
  for (const auto& host : hosts) list += (list.empty() ? "" : ", ") + host;
  sheet.add({"Destination", "配送先"}, facts.destination);
  sheet.add({"Hosts", "ホスト"}, list.empty() ? facts.dns_words : list);
  if (facts.state) {
    const auto& state = *facts.state;
    const auto unknown = delivery::unknown_state_text(facts, japanese(call));
    sheet.add({"State", "状態"}, !unknown.empty() ? unknown : std::string(delivery::health_words(static_cast<Health>(state.health), japanese(call))) +
                                                              (state.since == WallTime{} ? "" : std::string(call.say({" since ", "、"})) + minute(state.since)));
    sheet.add({"Deliveries", "配送"}, std::to_string(state.in_use) + std::string(call.say({" run, ", " 件実行中、"})) + std::to_string(state.fresh) + std::string(call.say({" new and ", " 件が新着待ち、"})) +
                                  std::to_string(state.retry) + std::string(call.say({" retries wait for a slot, ", " 件が再送待ち、"})) + std::to_string(state.deferred) + std::string(call.say({" are deferred", " 件が再送時刻待ち"})));
    sheet.add({"Limit", "上限"}, std::to_string(state.limit) + std::string(call.say({" at once now; by the settings ", "(現在)、設定では "})) + std::to_string(state.most));
    if (state.fresh + state.retry > 0) sheet.add({"Binds", "制約"}, std::string(delivery::cause_words(state.fresh_waits_for, japanese(call))));
    if (state.drained_in) sheet.add({"Drained in", "解消見込み"}, delivery::time_text(*state.drained_in, japanese(call)));
  }
  if (facts.server)
    sheet.add({"All slots", "全体の配送枠"}, std::to_string(facts.server->fresh_in_use + facts.server->retry_in_use) + " / " + std::to_string(facts.server->lanes.slots) +
                                           std::string(call.say({", of those for new mail ", "、うち新着専用 "})) + std::to_string(facts.server->lanes.reserved_fresh) +
                                           std::string(call.say({", for retries ", "、再送専用 "})) + std::to_string(facts.server->lanes.reserved_retry));
  sheet.add({"Last reply", "直前の応答"}, facts.reply);
  if (facts.waiting > 0) sheet.add({"Waiting", "待ち"}, std::to_string(facts.waiting) + std::string(call.say({" recipients", " 宛先"})));
  if (facts.next_try) sheet.add({"Next try", "次回"}, minute(*facts.next_try));
  if (facts.gives_up) sheet.add({"Gives up", "打切り"}, minute(*facts.gives_up));
  for (const auto& one : facts.policy) sheet.add({record_name(one.record), record_name(one.record)}, std::string(delivery::state_name(one.state)) + ": " + of_two(call, one.english, one.japanese));
  sheet.print();
}

// ---- mail that went on as new mails

struct Became {
  Descendants mails;
  std::uint64_t recipients = 0, delivered = 0, given_up = 0;
  std::vector<std::string> reasons;  // of the first that were given up
  [[nodiscard]] std::uint64_t waiting() const { return recipients - std::min(recipients, delivered + given_up); }
};
constexpr std::size_t most_counted = 1'000, most_named = 10;

Became became_of(const std::string& log_folder, const TraceId& id) {
  Became became;
  became.mails = descendants_of(log_folder, id, most_counted);
  for (const auto& [child, message] : read_logged_messages(log_folder, became.mails.ids)) {
    became.recipients += message.copies;
    for (const auto& [address, one] : message.recipients) {
      if (one.went_on()) became.recipients -= std::min<std::uint64_t>(became.recipients, 1);  // its own copies count
      if (one.delivered()) ++became.delivered;
      if (!one.given_up()) continue;
      ++became.given_up;
      if (became.reasons.size() < most_named) became.reasons.push_back(address + ": " + one.reply);
    }
  }
  return became;
}

void write_became(telemetry::JsonWriter& json, const Became& became) {
  json.key("became").object().member("mails", std::uint64_t{became.mails.ids.size() + became.mails.left_out}).member("recipients", became.recipients);
  json.member("delivered", became.delivered).member("given_up", became.given_up).member("waiting", became.waiting()).key("messages").array();
  for (std::size_t n = 0; n < became.mails.ids.size() && n < most_named; ++n) json.text(became.mails.ids[n].text());
  json.end_array().end_object();
}

void print_became(const Invocation& call, const Became& became) {
  const auto mails = std::to_string(became.mails.ids.size() + became.mails.left_out), all = std::to_string(became.recipients);
  const auto delivered = std::to_string(became.delivered), waiting = std::to_string(became.waiting()), given_up = std::to_string(became.given_up);
  call.print(japanese(call) ? "新しいメール " + mails + " 通(宛先 " + all + ")になった: 配送断念 " + given_up + "、待ち " + waiting + "、配送済み " + delivered
                            : "It became " + mails + (mails == "1" ? " mail to " : " mails to ") + all + (all == "1" ? " recipient: " : " recipients: ") + given_up + " given up, " + waiting + " waiting, " + delivered + " delivered");
  for (const auto& reason : became.reasons) call.print("    " + std::string(call.say({"given up: ", "配送断念: "})) + reason);
  for (std::size_t n = 0; n < became.mails.ids.size() && n < most_named; ++n) call.print("    hikyaku why " + became.mails.ids[n].text());
  const auto named = std::min(became.mails.ids.size(), most_named);
  if (const auto more = became.mails.ids.size() + became.mails.left_out - named; more > 0)
    call.print("    " + std::string(call.say({"and ", "ほか "})) + std::to_string(more) + std::string(call.say({" more", " 通"})));
}

// ---- mail that tells of it: reports to its sender, notices, dead letters

constexpr std::size_t most_tellings = 100;

std::vector<Descendants::Telling> tellings_of(const std::string& log_folder, const TraceId& id) {
  auto tellings = descendants_of(log_folder, id, most_tellings).telling;
  std::erase_if(tellings, [&](const auto& one) { return one.of != id; });
  return tellings;
}

void write_tellings(telemetry::JsonWriter& json, const std::vector<Descendants::Telling>& tellings) {
  if (tellings.empty()) return;
  json.key("told_by").array();
  for (const auto& one : tellings) json.object().member("message", one.id.text()).member("kind", one.kind).member("to", one.to).end_object();
  json.end_array();
}

void print_tellings(const Invocation& call, const std::vector<Descendants::Telling>& tellings) {
  for (std::size_t n = 0; n < tellings.size() && n < most_named; ++n) {
    const auto& one = tellings[n];
    const Words what = one.kind == "report" ? Words{"A report went to ", "エラーメールなどの通知を作成: 宛先 "}
                     : one.kind == "notice" ? Words{"A notice of the delay went to ", "遅延の通知を作成: 宛先 "}
                                            : Words{"A dead letter went to ", "管理者宛の控えを作成: 宛先 "};
    call.print(std::string(call.say(what)) + one.to + std::string(call.say({": hikyaku why ", "(hikyaku why "})) + one.id.text() + std::string(call.say({"", ")"})));
  }
}

// ---- the two questions

// Whoever was given up, then whoever still waits, then whoever took longest.
const ExplainedRecipient& worst_of(const std::vector<ExplainedRecipient>& all) {
  const auto rank = [](const ExplainedRecipient& one) {
    return std::tuple(!one.now && one.logged && one.logged->given_up(), one.now.has_value(), one.spent.total());
  };
  return *std::ranges::max_element(all, {}, rank);
}

Exit explain_message(Invocation& call, const TraceId& id) {
  WhyGathering why(call, {id, ""});
  const auto logged = read_logged_message(why.log_folder(), id);
  const auto recipients = why.recipients_of(logged);
  if (recipients.empty())
    return call.fail(Words{"nothing is known of this message here: no attempt in the logs, not in the queue. Remedy: hikyaku trace shows every line that names it.",
                           "このメールの記録はない(配送の試みも、キューにもない)。hikyaku trace で全ログを調べられる。"});
  const auto& worst = worst_of(recipients);
  const bool is_over = !worst.now && worst.logged && worst.logged->went_on();
  std::optional<Became> became;
  if (std::ranges::any_of(recipients, [](const auto& one) { return one.logged && one.logged->went_on(); })) became = became_of(why.log_folder(), id);
  const auto tellings = tellings_of(why.log_folder(), id);
  const auto facts = why.facts_of(worst);
  const auto suggestions = is_over ? std::vector<delivery::Suggestion>{} : delivery::diagnose(facts);
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().member("message", id.text()).member("about", worst.recipient);
    write_suggestions(json, call, suggestions);
    write_state(json, facts, why.hosts());
    write_policy(json, call, facts);
    if (became) write_became(json, *became);
    if (logged.parent) json.member("parent", logged.parent->text());
    write_tellings(json, tellings);
    json.key("recipients").array();
    for (const auto& one : recipients) {
      json.object().member("recipient", one.recipient).member("place", one.now && one.now->item.hold != 0 ? "held" : one.now ? delivery::place_name(one.now->place) : one.logged && one.logged->delivered() ? "delivered" : one.logged && one.logged->went_on() ? "became" : one.logged && one.logged->given_up() ? "given_up" : "ended");
      if (one.logged && one.logged->given_up() && !one.logged->reply.empty()) json.member("reason", one.logged->reply);
      json.member("accepted_at", telemetry::stamp_text(one.spent.since())).member("until", telemetry::stamp_text(one.spent.until()));
      write_causes(json, one.spent);
      json.end_object();
    }
    call.print(json.end_array().end_object().take());
    return Exit::Done;
  }
  print_suggestions(call, suggestions);
  if (became) print_became(call, *became);
  print_tellings(call, tellings);
  if (logged.parent) call.print(std::string(call.say({"It came of ", "元のメール: "})) + logged.parent->text());
  for (const auto& one : recipients) print_recipient(call, one);
  if (worst.now || worst.logged->given_up()) print_state(call, facts, why.hosts());
  return Exit::Done;
}

Exit explain_domain(Invocation& call, const std::string& domain, const std::string& address = {}) {
  WhyGathering why(call, {std::nullopt, domain});
  const auto facts = why.facts_of_domain(domain, address);
  const auto suggestions = delivery::diagnose(facts);
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().member("domain", domain);
    if (!facts.address.empty()) json.member("address", facts.address);
    write_suggestions(json, call, suggestions);
    write_state(json, facts, why.hosts());
    write_policy(json, call, facts);
    call.print(json.end_object().take());
    return Exit::Done;
  }
  print_suggestions(call, suggestions);
  print_state(call, facts, why.hosts());
  return Exit::Done;
}

Exit run(Invocation& call) {
  if (!call.settings()) return Exit::Failed;
  if (call.has("--address") && !io::IpAddress::parse(call.value("--address")))
    return call.fail("\"" + call.value("--address") + "\" is no address. Remedy: write 203.0.113.7 or 2001:db8::7");
  if (!enter_data_folder(call)) return Exit::Failed;
  const std::string what = call.value("ID|DOMAIN");
  if (const auto id = TraceId::parse(what)) return explain_message(call, *id);
  if (what.find(':') != std::string::npos) return explain_domain(call, what);
  const auto domain = directory::fold_domain(what.substr(what.rfind('@') + 1));
  if (!directory::is_domain(domain))
    return call.fail("\"" + what + "\" is neither a trace id nor a domain. Remedy: hikyaku why B... (in the 250 reply, the Received line and every log line), or hikyaku why example.jp");
  return explain_domain(call, domain, what.find('@') == std::string::npos ? "" : what);
}

}  // namespace

Command why_command() {
  return {.name = "why",
          .help = {"where a message's time went, or how mail for a domain stands: which limit binds, and what would help",
                   "メールの時間が何に費やされたか、または宛先ドメインの状況。どの制限が効いているか、何をすればよいかを示す"},
          .options = {{"ID|DOMAIN", OptionKind::Argument, {"a trace id, a domain or an address of it, or a destination of queue destinations", "追跡 ID、宛先ドメインまたはそのアドレス、queue destinations の配送先"}},
                      {"--address", OptionKind::Value, {"our address as others see it, for the check of SPF and PTR; default: this machine's on the way there", "SPF と PTR の確認に使う、外から見える自サーバのアドレス。省略時は相手への経路のアドレス"}},
                      {"--selector", OptionKind::Value, {"of our DKIM key, to be looked for", "確認する DKIM セレクタ"}}},
          .run = run,
          .more = {"The first line is what to do first. The causes of a message's time add up to the time since it was accepted.",
                   "最初の行が、まず行うべきこと。メールの時間の内訳は、合計すると受信からの経過時間に等しい。"}};
}

}  // namespace hikyaku::cli
