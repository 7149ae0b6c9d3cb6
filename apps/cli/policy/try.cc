// hikyaku policy test (files that end in _test are unit tests): what reception would say to a stranger, rule by rule, by the very function it uses.
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/dns_look.h"
#include "apps/cli/access/lists_told.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "apps/service/data_folders.h"
#include "services/directory/recipient_judgement.h"
#include "services/directory/srs_secrets.h"
#include "services/policy/access_table.h"
#include "services/policy/client_name.h"
#include "services/policy/greylist_store.h"
#include "services/policy/judge.h"
#include "services/policy/look_up.h"
#include "services/policy/policy_settings.h"
#include "services/policy/recipient_reply.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using policy::Finding;

struct Question {
  policy::Attempt attempt;
  policy::PolicySettings policy;
  policy::GreylistMemory memory{};
  policy::Answers answers;
  policy::Judgement judgement;
  directory::RecipientAnswer recipient;
  std::optional<smtp::Reply> refusal, held;  // of the recipient: before all rules, and behind them
  std::string exempt_because;                // no rule looks at this client
  std::map<std::string, policy::ListStatus> lists_off;  // configured, and not asked
};

// Reception leaves lists alone that are not what they should be, and so does the try.
void leave_out(std::vector<policy::DnsList>& lists, const std::map<std::string, policy::ListStatus>& told, std::map<std::string, policy::ListStatus>& off) {
  std::erase_if(lists, [&](const policy::DnsList& list) {
    const auto status = told.find(list.zone);
    if (status == told.end() || !status->second.off) return false;
    off.insert(*status);
    return true;
  });
}

std::string_view verdict_name(Finding::Verdict verdict) {
  switch (verdict) {
    case Finding::Verdict::Nothing: return "pass";
    case Finding::Verdict::Allow: return "allow";
    case Finding::Verdict::Defer: return "defer";
    case Finding::Verdict::Refuse: break;
  }
  return "refuse";
}

Task<void> ask(io::Loop& loop, io::Resolver& resolver, Question& question) {
  const auto deadline = loop.after(question.policy.patience);
  const policy::GreylistLook look = [&question](const policy::GreylistKey& key, WallTime now) { return question.memory.look(key, now); };
  for (;;) {
    question.judgement = policy::judge(question.attempt, question.policy.rules, look, question.answers);
    if (question.judgement.complete) co_return;
    auto looking = policy::look_up(loop, {std::shared_ptr<void>{}, &resolver}, question.answers, deadline);
    co_await std::move(looking);
  }
}

bool by_rule(const Question& question) { return !question.refusal && question.exempt_because.empty() && question.judgement.decided_by.has_value(); }

// What RCPT is answered; nothing: 250.
std::optional<smtp::Reply> answer_to(const Question& question) {
  if (question.refusal) return question.refusal;
  if (by_rule(question)) {
    const auto& finding = question.judgement.findings[*question.judgement.decided_by];
    if (finding.verdict == Finding::Verdict::Refuse || finding.verdict == Finding::Verdict::Defer) return finding.reply;
  }
  return question.held;
}

std::string_view verdict_of(const Question& question) {
  if (const auto reply = answer_to(question)) return reply->is_permanent() ? "refuse" : "defer";
  return question.exempt_because.empty() ? verdict_name(question.judgement.verdict) : "exempt";
}

// The end of the verdict in words.
std::string outcome(const Invocation& call, const Question& question) {
  const auto reply = answer_to(question);
  if (reply && !by_rule(question))
    return std::string(call.say(reply->is_permanent() ? Words{"refused for its recipient: ", "宛先により拒否する: "} : Words{"put off for its recipient: ", "宛先により保留する: "})) + reply->line();
  if (!question.exempt_because.empty()) return std::string(call.say({"taken: no rule looks at this client: ", "受け付ける。規則の対象外: "})) + question.exempt_because;
  const auto& judged = question.judgement;
  if (!reply) return std::string(call.say({"taken: no rule in force objects", "受け付ける。適用中の規則に反しない"}));
  const auto& finding = judged.findings[*judged.decided_by];
  return std::string(call.say(finding.verdict == Finding::Verdict::Refuse ? Words{"refused by ", "拒否する: "} : Words{"put off by ", "保留する: "})) + std::string(policy::entry_of(finding.rule).name) + ": " + finding.reply.line();
}

void show(Invocation& call, const Question& question) {
  const auto& judged = question.judgement;
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().member("client", question.attempt.client.to_string()).member("sender", question.attempt.reverse_path.text()).member("recipient", question.attempt.recipient.text());
    const auto reply = answer_to(question);
    json.member("verdict", verdict_of(question)).member("reply", reply ? reply->line() : "").key("findings").array();
    for (const auto& finding : judged.findings)
      json.object().member("rule", policy::entry_of(finding.rule).name).member("mode", policy::mode_name(finding.mode)).member("found", verdict_name(finding.verdict))
          .member("reply", finding.reply.code != 0 ? finding.reply.line() : "").member("evidence", finding.evidence).end_object();
    json.end_array().key("dns").array();
    for (const auto& [asked, answer] : question.answers.known()) {
      json.object().member("name", asked.name).key("records").array();
      for (const auto& record : answer.records) json.text(record);
      json.end_array().flag("failed", answer.kind == policy::Answer::Kind::Failure).end_object();
    }
    json.end_array().key("lists_off").array();
    for (const auto& [zone, list] : question.lists_off) json.object().member("list", zone).member("why", policy::state_name(list.found)).member("since", telemetry::stamp_text(list.since)).end_object();
    call.print(json.end_array().end_object().take());
    return;
  }
  for (const auto& entry : policy::rules()) {
    if (entry.stage == policy::Stage::Content) continue;
    const auto mode = question.policy.rules.mode(entry.id);
    std::string line = std::string(entry.name) + " (" + std::string(policy::mode_name(mode)) + "): ";
    const auto found = std::ranges::find(judged.findings, entry.id, &Finding::rule);
    if (found != judged.findings.end()) line += std::string(verdict_name(found->verdict)) + ": " + found->evidence;
    else line += call.say(mode == policy::Mode::Off ? Words{"not asked", "調べない"} : Words{"nothing found", "該当なし"});
    call.print(line);
  }
  for (const auto& [asked, answer] : question.answers.known()) {
    std::string line = "  DNS " + asked.name + ":";
    for (const auto& record : answer.records) line += " " + record;
    if (answer.kind == policy::Answer::Kind::Nothing) line += call.say({" nothing", " なし"});
    if (answer.kind == policy::Answer::Kind::Failure) line += call.say({" no answer", " 応答なし"});
    call.print(line);
  }
  for (const auto& [zone, list] : question.lists_off)
    call.print("  DNS " + zone + ": " + std::string(call.say({"switched off by the server since ", "サーバが使用を停止している。開始: "})) + telemetry::stamp_text(list.since).substr(0, 16) + std::string(call.say({": ", "、理由: "})) +
               std::string(call.say(trouble_of(list.found))));
  using OnInner = directory::RecipientAnswer::OnInnerServer;
  if (question.recipient.on_inner == OnInner::Ask || question.recipient.on_inner == OnInner::AskHeld)
    call.print(call.say({"Whether the recipient exists is asked of the inner server at RCPT; here it was not asked.", "宛先の有無は RCPT のとき中継先のサーバに尋ねる。ここでは尋ねていない。"}));
  call.print(outcome(call, question));
}

// By what answers RCPT in reception, with the quotas as deliver publishes them and the secrets of rewritten senders.
directory::DirectoryResult<> judge_recipient(Question& question, const settings::Settings& settings, const directory::Snapshot& snapshot) {
  io::PosixDisk disk;
  const auto engine = storage::SqliteEngine::open(disk, apps::folder::in(settings.node.data(), apps::folder::srs));
  if (!engine) return directory::refuse(engine.error());
  directory::SrsSecrets srs(**engine);
  if (const auto read = srs.read(SystemClock{}.now() + 5s); !read) return failure(read.error());
  std::vector<io::IpNetwork> relay_networks;
  for (const auto& text : settings.smtp.relay_networks())
    if (const auto network = io::IpNetwork::parse(text)) relay_networks.push_back(*network);
  const auto address = question.attempt.client.to_string();
  directory::QuotaReader quotas(apps::folder::in(settings.node.data(), apps::folder::quota_used));
  question.recipient = directory::judge_recipient(snapshot, {question.attempt.recipient, question.attempt.reverse_path, {}, address}, {relay_networks, quotas, *srs.current()});
  const bool may_relay = settings::address_is_in(address, settings.smtp.relay_networks()) || snapshot.network(address).relay == directory::Enabled::Yes;
  const policy::RcptTerms terms{.smtp = settings.smtp, .always_taken = policy::is_always_taken(question.attempt.recipient), .may_relay = may_relay, .name_rules = question.policy.rules.name_rules};
  question.refusal = policy::answer_of(question.recipient, terms).refusal;
  question.held = policy::held_back(question.recipient, terms).refusal;
  return {};
}

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor) {
  const auto settings = call.settings();
  if (!settings) return directory::refuse(directory::DirectoryFailure::BadValue, "The settings cannot be read.");
  TRY(snapshot, editor.read());
  if (!call.has("--client")) return directory::refuse(directory::DirectoryFailure::BadValue, "--client is missing; give the client's address: --client 192.0.2.7.");
  if (!call.has("--to")) return directory::refuse(directory::DirectoryFailure::BadValue, "--to is missing; give a recipient: --to user@example.jp.");
  const auto client = io::IpAddress::parse(call.value("--client"));
  if (!client) return directory::refuse(directory::DirectoryFailure::BadValue, "\"" + call.value("--client") + "\" is no address; write --client 192.0.2.7.");
  Question question{.policy = policy::policy_settings(*settings)};
  question.attempt = {.client = *client, .helo = call.value("--helo", "client.invalid"), .our_name = settings->node.hostname(), .now = SystemClock{}.wall()};
  TRY(recipient, wanted_address(call.value("--to")));
  question.attempt.recipient = recipient;
  if (const auto from = call.value("--from"); !from.empty() && from != "<>") {
    TRY(sender, wanted_address(from));
    question.attempt.reverse_path.address = sender;
    question.attempt.sender_is = policy::whose(snapshot->resolve(sender).kind);
  }
  question.policy.rules.access = std::make_shared<const policy::AccessTable>(snapshot->contents().access);
  const auto told = lists_told(*settings);
  leave_out(question.policy.rules.dnsbl, told, question.lists_off);
  leave_out(question.policy.rules.dnswl, told, question.lists_off);
  io::PosixDisk disk;
  question.memory = policy::read_greylist(disk, apps::folder::in(settings->node.data(), apps::folder::policy), question.policy.greylist, SystemClock{}.wall());
  TRY_VOID(judge_recipient(question, *settings, *snapshot));
  auto& exempt_because = question.exempt_because;
  const auto address = client->to_string();
  if (settings::address_is_in(address, settings->smtp.relay_networks())) exempt_because = "[smtp] relay_networks";
  else if (settings::address_is_in(address, question.policy.exempt)) exempt_because = "[policy] exempt_networks";
  else if (snapshot->network(address).relay == directory::Enabled::Yes) exempt_because = "network list";
  else if (policy::is_always_taken(recipient)) exempt_because = "postmaster";
  const auto trouble = with_resolver(*settings, {}, [&question](io::Loop& loop, io::Resolver& resolver) { return ask(loop, resolver, question); });
  if (!trouble.empty()) return directory::refuse(directory::DirectoryFailure::Unavailable, trouble);
  show(call, question);
  return answer_to(question) ? Exit::Problem : Exit::Done;
}

Exit run(Invocation& call) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto done = work(call, access->editor());
  return done ? *done : call.fail(done.error().what);
}

}  // namespace

Command policy_test_command() {
  return {.name = "policy test",
          .help = {"what reception would say to a stranger, rule by rule, and why", "見知らぬ相手への応答を、規則ごとに理由とともに示す"},
          .options = {{"--client", OptionKind::Value, {"the client's address", "クライアントのアドレス"}},
                      {"--to", OptionKind::Value, {"a recipient", "宛先"}},
                      {"--from", OptionKind::Value, {"the envelope's sender; otherwise the empty one", "差出人(エンベロープ FROM)。省くと空"}},
                      {"--helo", OptionKind::Value, {"what it says in EHLO", "EHLO で名乗る名前"}}},
          .run = run,
          .more = {"DNS is asked now; nothing is remembered of the try. The recipient is looked up as at RCPT, but no inner server is asked. Lists that the server has switched off are named, not asked. Exit status 3: it would not be taken.", "DNS は実際に検索するが(サーバが使用を停止したリストは示すだけ)、試したことは記録しない。宛先の有無も RCPT と同じく調べるが、中継先のサーバには尋ねない。終了ステータス 3: 受け付けない。"}};
}

}  // namespace hikyaku::cli
