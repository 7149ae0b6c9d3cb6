// hikyaku policy replay: what changed rules would have done to recorded sessions.
#include <algorithm>
#include <fstream>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/dns_look.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "io/posix_disk.h"
#include "services/policy/access_table.h"
#include "services/policy/look_up.h"
#include "services/policy/policy_settings.h"
#include "services/policy/replay.h"
#include "services/policy/session_journal.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::DirectoryFailure;
using directory::DirectoryResult;
using directory::refuse;
using policy::Replay;

constexpr std::size_t most_shown = 10, questions_at_once = 200, most_questions = 20'000;
constexpr int most_rounds = 12;  // an answer may lead to the next question: SPF, names

struct Plan {
  policy::PolicySettings settings;
  policy::Config changed;
  std::string our_name;
  WallTime from{};
  std::vector<std::string> files;
};

struct Facts {
  std::unique_ptr<Replay> replay;
  std::size_t unreadable = 0, gaps = 0;  // gaps: lines that found no room when they were to be recorded
  std::map<policy::Question, policy::Answer> asked;  // anew
};

// "s25r=enforce"
DirectoryResult<> change_rule(policy::Config& config, const std::string& text) {
  const auto equals = text.find('=');
  const auto rule = policy::rule_named(text.substr(0, equals));
  const auto mode = equals == std::string::npos ? std::nullopt : policy::mode_named(text.substr(equals + 1));
  if (!rule || !mode) return refuse(DirectoryFailure::BadValue, "\"" + text + "\" changes no rule; write one such as s25r=enforce, dnsbl=shadow or spf=off (see: hikyaku policy rules).");
  if (policy::entry_of(*rule).stage == policy::Stage::Content || *rule == policy::RuleId::Rate)
    return refuse(DirectoryFailure::BadValue, "The rule " + text.substr(0, equals) + " cannot be replayed: what it looks at is not recorded.");
  config.modes[static_cast<std::size_t>(*rule)] = *mode;
  return {};
}

DirectoryResult<Plan> plan_of(Invocation& call, directory::Editor& editor) {
  const auto settings = call.settings();
  if (!settings) return refuse(DirectoryFailure::BadValue, "The settings cannot be read.");
  TRY(snapshot, editor.read());
  Plan plan{.settings = policy::policy_settings(*settings), .changed = {}, .our_name = settings->node.hostname(), .from = {}, .files = {}};
  plan.settings.rules.access = std::make_shared<const policy::AccessTable>(snapshot->contents().access);
  plan.changed = plan.settings.rules;
  for (const auto& text : call.values("--rule")) TRY_VOID(change_rule(plan.changed, text));
  if (const auto scope = call.value("--greylist"); !scope.empty())
    plan.changed.greylist = scope == "nobody" ? policy::GreylistScope::Nobody : scope == "suspects" ? policy::GreylistScope::Suspects : policy::GreylistScope::Everybody;
  const auto now = SystemClock{}.wall();
  plan.from = now - duration_of(call, "--last").value_or(std::chrono::days{30});
  io::PosixDisk disk;
  plan.files = policy::session_files(disk, apps::folder::in(settings->node.data(), apps::folder::policy), plan.from);
  if (plan.files.empty()) return refuse(DirectoryFailure::NotFound, "No sessions are recorded of that time; they are once [policy] replay_days is more than 0 and strangers came.");
  return plan;
}

void run_once(const Plan& plan, Facts& facts) {
  facts.replay = std::make_unique<Replay>(plan.settings.rules, plan.changed, plan.settings.greylist, plan.our_name);
  facts.unreadable = facts.gaps = 0;
  for (const auto& [question, answer] : facts.asked) facts.replay->know(question, answer);
  for (const auto& path : plan.files) {
    std::ifstream file(path, std::ios::binary);
    std::string line;
    for (bool heading = true; std::getline(file, line); heading = false) {
      if (line.empty() || (heading && line == policy::sessions_heading)) continue;
      auto record = policy::parse_session_line(line);
      if (!record) facts.replay->lost();
      if (!record && line != policy::sessions_gap) ++facts.unreadable;
      else if (!record) ++facts.gaps;
      else if (record->attempt.now >= plan.from) facts.replay->take(*std::move(record));
      else facts.replay->remember(*std::move(record));
    }
  }
}

Task<void> ask_some(io::Loop& loop, io::Resolver& resolver, const std::vector<policy::Question>& some, Facts& facts) {
  policy::Answers answers;
  for (const auto& question : some) (void)answers.ask(question.type, question.name);
  auto looking = policy::look_up(loop, {std::shared_ptr<void>{}, &resolver}, answers, loop.after(std::chrono::seconds{20}));
  co_await std::move(looking);
  for (const auto& [question, answer] : answers.known()) facts.asked[question] = answer;
}

Task<void> ask_missing(io::Loop& loop, io::Resolver& resolver, const Plan& plan, Facts& facts) {
  for (int round = 0; round < most_rounds; ++round) {
    std::vector<policy::Question> missing;
    for (const auto& question : facts.replay->totals().missing)
      if (!facts.asked.contains(question) && facts.asked.size() + missing.size() < most_questions) missing.push_back(question);
    if (missing.empty()) co_return;
    for (std::size_t from = 0; from < missing.size(); from += questions_at_once) {
      const std::vector<policy::Question> some(missing.begin() + static_cast<std::ptrdiff_t>(from), missing.begin() + static_cast<std::ptrdiff_t>(std::min(missing.size(), from + questions_at_once)));
      auto asking = ask_some(loop, resolver, some, facts);
      co_await std::move(asking);
    }
    run_once(plan, facts);
  }
}

// ---- what is shown ---------------------------------------------------------------------------------------------------------

void add_count(telemetry::JsonWriter& json, std::string_view name, const policy::ReplayCount& count) {
  json.key(name).object().member("taken", count.taken).member("put_off", count.deferred).member("refused", count.refused).member("unknown", count.unknown).end_object();
}

void add_ranking(telemetry::JsonWriter& json, std::string_view name, const Replay::Ranking& ranking) {
  json.key(name).array();
  for (const auto& [what, count] : ranking) json.object().member("name", what).member("count", count).end_object();
  json.end_array();
}

void print_json(const Invocation& call, const Facts& facts, std::size_t top) {
  const auto& totals = facts.replay->totals();
  telemetry::JsonWriter json;
  json.object().member("records", totals.records).member("unreadable", std::uint64_t{facts.unreadable}).member("gaps", std::uint64_t{facts.gaps}).member("first", telemetry::stamp_text(totals.first)).member("last", telemetry::stamp_text(totals.last));
  json.member("as_then", totals.as_then);
  add_count(json, "then", totals.then);
  add_count(json, "now", totals.now);
  add_count(json, "changed", totals.changed);
  json.member("newly_stopped", totals.newly_stopped).member("newly_taken", totals.newly_taken).member("newly_stopped_taken_then", totals.newly_stopped_taken_then);
  json.member("missing_answers", std::uint64_t{totals.missing.size()}).member("asked_anew", std::uint64_t{facts.asked.size()});
  json.key("by_rule").array();
  for (const auto& [rule, more] : totals.by_rule)
    json.object().member("rule", rule).member("more", static_cast<std::uint64_t>(std::max<std::int64_t>(more, 0))).member("fewer", static_cast<std::uint64_t>(std::max<std::int64_t>(-more, 0))).end_object();
  json.end_array();
  add_ranking(json, "clients", facts.replay->top_clients(top));
  add_ranking(json, "senders", facts.replay->top_senders(top));
  add_ranking(json, "recipients", facts.replay->top_recipients(top));
  json.key("stopped").array();
  for (const auto& one : facts.replay->victims(top))
    json.object().member("client", one.client).member("client_name", one.client_name).member("sender", one.sender).member("recipient", one.recipient).member("rule", one.rule).member("evidence", one.evidence)
        .member("tries", one.tries).member("taken_then", one.taken_then).flag("refused", one.refused).flag("came_in_later", one.came_in_later).member("likely_percent", std::uint64_t{static_cast<unsigned>(one.likely.percent)}).end_object();
  call.print(json.end_array().end_object().take());
}

std::string signed_text(std::int64_t number) { return (number > 0 ? "+" : "") + std::to_string(number); }

void print_table(const Invocation& call, const policy::ReplayTotals& totals) {
  auto table = headed_table(call, {{"", ""}, {"TAKEN", "受付"}, {"PUT OFF", "保留"}, {"REFUSED", "拒否"}, {"UNKNOWN", "不明"}});
  const auto row = [&](const Words& name, const policy::ReplayCount& count) {
    table.add({std::string(call.say(name)), std::to_string(count.taken), std::to_string(count.deferred), std::to_string(count.refused), std::to_string(count.unknown)});
  };
  row({"then", "当時の応答"}, totals.then);
  row({"rules as they are", "今の規則"}, totals.now);
  row({"rules as changed", "変更後の規則"}, totals.changed);
  call.print(table.text());
}

void print_ranking(const Invocation& call, const Words& what, const Replay::Ranking& ranking) {
  if (ranking.empty()) return;
  std::string line(call.say(what));
  for (const auto& [name, count] : ranking) line += " " + name + " (" + std::to_string(count) + ")";
  call.print(line);
}

void print_words(const Invocation& call, const Facts& facts, std::size_t top) {
  const auto& totals = facts.replay->totals();
  call.print(std::to_string(totals.records) + std::string(call.say({" recipients of strangers' mail, ", " 件の宛先(見知らぬ相手のメール)、"})) + telemetry::stamp_text(totals.first) + " - " + telemetry::stamp_text(totals.last));
  print_table(call, totals);
  std::string rules;
  for (const auto& [rule, more] : totals.by_rule)
    if (more != 0) rules += " " + rule + " " + signed_text(more);
  if (!rules.empty()) call.print(std::string(call.say({"by rule:", "規則ごとの増減:"})) + rules);
  call.print(std::string(call.say({"stopped only by the change: ", "変更によって新たに止まる: "})) + std::to_string(totals.newly_stopped) + std::string(call.say({", of them taken then: ", "、うち当時は受け付けた: "})) +
             std::to_string(totals.newly_stopped_taken_then) + std::string(call.say({"; let in only by the change: ", "。変更によって新たに通る: "})) + std::to_string(totals.newly_taken));
  print_ranking(call, {"clients:", "クライアント:"}, facts.replay->top_clients(top));
  print_ranking(call, {"senders:", "差出人:"}, facts.replay->top_senders(top));
  print_ranking(call, {"recipients:", "宛先:"}, facts.replay->top_recipients(top));
  const auto stopped = facts.replay->victims(top);
  if (!stopped.empty()) {
    auto table = headed_table(call, {{"LIKELY", "正当"}, {"TRIES", "回数"}, {"TAKEN THEN", "当時受付"}, {"CLIENT", "クライアント"}, {"SENDER", "差出人"}, {"RECIPIENT", "宛先"}, {"RULE", "規則"}});
    for (const auto& one : stopped)
      table.add({std::to_string(one.likely.percent) + "%" + (one.came_in_later ? std::string(call.say({", came in later", "、後に受付"})) : ""), std::to_string(one.tries), std::to_string(one.taken_then),
                 one.client + (one.client_name.empty() ? "" : " " + one.client_name), one.sender, one.recipient, one.rule});
    call.print(table.text());
  }
}

// What the figures do not say.
void print_limits(const Invocation& call, const Facts& facts, bool asks) {
  const auto& totals = facts.replay->totals();
  if (totals.changed.unknown + totals.now.unknown > 0)
    call.print(std::to_string(std::max(totals.changed.unknown, totals.now.unknown)) + std::string(call.say(asks ? Words{" recipients cannot be judged: DNS gives no answer now either.", " 件は判定できない。DNS が今も答えない。"}
                                                                                   : Words{" recipients cannot be judged: what the rules need of DNS was not asked then. --ask-dns asks now, and answers may have changed.",
                                                                                           " 件は判定できない。必要な DNS の応答を当時検索していない。--ask-dns で今検索できるが、応答は変わっているかもしれない。"})));
  if (!facts.asked.empty()) call.print(std::to_string(facts.asked.size()) + std::string(call.say({" answers are of today, not of then.", " 件の DNS 応答は当時でなく今のもの。"})));
  if (facts.unreadable > 0) call.print(std::to_string(facts.unreadable) + std::string(call.say({" lines of the record could not be read.", " 行は読めなかった。"})));
  if (facts.gaps > 0) call.print(std::to_string(facts.gaps) + std::string(call.say({" times lines found no room in the record ([policy] replay_space).", " 回、記録に空きがなく([policy] replay_space)一部を残せなかった。"})));
  call.print(call.say({"Not known: who was greylisted before this time begins, whether who was taken then would have come again, rates, and rules about the text. Access rows are those of today.",
                       "分からないこと: この期間より前のグレイリストの記憶、当時受け付けた相手が再送したかどうか、頻度の制限、本文についての規則。許可と拒否の行は今のもの。"}));
}

DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(plan, plan_of(call, editor));
  Facts facts;
  run_once(plan, facts);
  if (call.has("--ask-dns")) {
    const auto trouble = with_resolver(*call.settings(), {}, [&](io::Loop& loop, io::Resolver& resolver) { return ask_missing(loop, resolver, plan, facts); });
    if (!trouble.empty()) return refuse(DirectoryFailure::Unavailable, trouble);
  }
  if (call.json) return print_json(call, facts, most_shown), DirectoryResult<>{};
  print_words(call, facts, most_shown);
  print_limits(call, facts, call.has("--ask-dns"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command policy_replay_command() {
  return {.name = "policy replay",
          .help = {"what changed rules would have refused in recorded sessions", "規則を変えていたら何を拒否したかを、記録した受信から示す"},
          .options = {value_option("--last", Takes::Duration, {"how far back: 30d (usual), 12h", "さかのぼる期間。30d(既定)、12h など"}),
                      {"--rule", OptionKind::Value, {"a change: NAME=enforce, NAME=shadow, NAME=off", "変更する規則。名前=enforce、名前=shadow、名前=off"}, {}, false, true},
                      {"--greylist", OptionKind::Value, {"who would be greylisted: nobody, suspects, everybody", "グレイリストの対象を変える: nobody、suspects、everybody"}, {"nobody", "suspects", "everybody"}, true},
                      {"--ask-dns", OptionKind::Flag, {"ask DNS now for what was not asked then", "当時検索していない DNS を今検索する"}}},
          .run = run,
          .more = {"hikyaku policy replay --last 7d --rule s25r=enforce --greylist suspects", "例: hikyaku policy replay --last 7d --rule s25r=enforce --greylist suspects"}};
}

}  // namespace hikyaku::cli
